"""What an entry's title says of its person: that they are absent, or want to concentrate. Pure.

product.md, "A title that is an absence": naming an absence is not being absent. After signs, emoji and the person's
own name a title has to *start* with an absence (`titles.words`), and what follows may only say when, where, for how
long or which half of the day. Whatever else stands there makes it an ordinary title: a missed absence is better than
a false one. Case, accents, width and emoji never matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from services.domain.titles.spelling import spellings, words_in
from services.domain.titles.tokens import LONGEST, TitleToken, Tokens, phrase_at, texts_of, tokens_of
from services.domain.titles.vocabulary import vocabulary

_MOST_BEFORE = 8  # words before an absence: a name, and which half of the day
_MOST_OF_A_NAME = 4
_LAST_OF_A_MONTH = 31
_YEARS = range(1990, 2101)
_MOST_OF_A_UNIT = 999
_ASCII_WORD = re.compile("[a-z]+'?")
_TOPIC = re.compile(r"[:\u2013\u2014|,;(\[【「]|\s-+\s")


def _says_nothing(title: str) -> bool:
    """Return whether no word of a title begins an absence or focus.

    True of most titles, and quickly told of ASCII ones.
    """
    return title.isascii() and vocabulary().first_words.isdisjoint(_ASCII_WORD.findall(title[:LONGEST].casefold()))


@dataclass(frozen=True, slots=True)
class _Own:
    """The words of a person's names; `certain` are those that can be nothing else and stand alone."""

    every: frozenset[str]
    certain: frozenset[str]


@lru_cache(maxsize=1024)
def _own_names(names: tuple[str, ...]) -> _Own:
    """Return the words of `names` in each spelling: Jörg, Joerg, Jorg; 山田, 太郎, 山田太郎."""
    found: set[str] = set()
    for spelling in (spelling for name in names for spelling in spellings(name[:LONGEST].casefold())):
        parts = [word.rstrip("'") for word in words_in(spelling)]
        found.update(parts)
        found.update(part.replace("ae", "a").replace("oe", "o").replace("ue", "u") for part in parts)
        found.update(("".join(parts), "".join(reversed(parts))))  # as Japanese writes them, and addresses
    every = frozenset(word for word in found if word and not word.isdecimal())
    return _Own(every, frozenset(word for word in every - vocabulary().not_names if len(word) > 1))


def _own_at(tokens: Tokens, start: int, own: _Own) -> int:
    """Return how many tokens from `start` on are the person's own name, with what belongs to it ("Ann's", 山田さん)."""
    length = whole = 0
    for token in tokens[start:]:
        initial = len(token.text) == 1 and any(word.startswith(token.text) for word in own.every)
        if token.bare not in own.every and not initial:
            break
        length += 1
        whole += token.bare in own.every
    if not whole or (length == 1 and tokens[start].bare not in own.certain):
        return 0
    after = tokens[start + length].text if start + length < len(tokens) else ""
    belongs = after in vocabulary().honorifics or (after == "s" and tokens[start + length - 1].text.endswith("'"))
    return length + int(belongs)


def _length_at(tokens: Tokens, start: int) -> int:
    """Return how many tokens from `start` on say how long: 3 days, 0.5 d, 1/2, 8 hours."""
    words = vocabulary()
    at = start
    while at < len(tokens) and tokens[at].number and (at == start or tokens[at].gap in {"/", ".", ","}):
        at += 1
    if start < at < len(tokens) and (tokens[at].text in words.after_numbers or tokens[at].text in words.time):
        return at + 1 - start
    return at - start if at > start + 1 and tokens[at - 1].gap == "/" else 0


def _is_name(tokens: Tokens, title: Tokens, *, known: bool) -> bool:
    """Return whether words of a title may be a person's name; where it has to be `known`, one of them is a given name.

    Where the title has capitals and small letters, a name has a capital.
    """
    words = vocabulary()
    parts = [token for token in tokens if token.text not in words.honorifics and token.text != "s"]
    if not 0 < len(parts) <= _MOST_OF_A_NAME or any(token.number for token in parts):
        return False
    if all(len(token.bare) == 1 for token in parts) or (len(parts) > 1 and parts[-1].bare in words.particles):
        return False  # Calendrier de congés
    if any(
        len(token.bare) > 1 and token.bare in words.not_names and token.bare not in words.particles for token in parts
    ):
        return False
    given = any(token.bare in words.given_names for token in parts)
    if given and len(parts) == 1:
        return True
    letters = "".join(token.shape for token in title)
    one_case = letters in {letters.upper(), letters.lower()}
    capitals = all(token.shape[0].isupper() or token.gapless or token.bare in words.particles for token in parts)
    return (given or not known) and (one_case or capitals)


class Whose(Enum):
    """Whose absence a title is."""

    NOBODYS = "nobody's"
    OWN = "own"
    ANOTHERS = "another's"


@lru_cache(maxsize=4096)
def absence(title: str, names: tuple[str, ...] = ()) -> Whose:
    """Return whose absence a title is, if it is one. `names` are what its person is called.

    "Ann – vacation" is Ann's own, and another's for anybody else, or where the person's names are not known.
    """
    words = vocabulary()
    if _says_nothing(title):
        return Whose.NOBODYS
    tokens, own = tokens_of(title), _own_names(names)
    for start in range(min(len(tokens), _MOST_BEFORE + 1)):
        length = phrase_at(tokens, start, words.absences)
        if length and not phrase_at(tokens, start, words.mistaken):
            end = _end_of_when_and_where(tokens, start + length, own)
            if end == len(tokens):
                return _whose(tokens, start, length, own)
            if start == 0 and tokens[end].apart and _is_name(tokens[end:], tokens, known=True):
                return Whose.ANOTHERS  # "[Vacation] Bob Smith"
    return Whose.NOBODYS


@lru_cache(maxsize=4096)
def is_focus(title: str, names: tuple[str, ...] = ()) -> bool:
    """Return whether a title is time to oneself: it starts so, and then only says when, or after a sign what for."""
    if _says_nothing(title):
        return False
    tokens, own = tokens_of(title), _own_names(names)
    start = _own_at(tokens, 0, own)
    length = phrase_at(tokens, start, vocabulary().focus)
    if not length:
        return False
    end = _end_of_when_and_where(tokens, start + length, own)
    if end == len(tokens):
        return True
    gap = tokens[end].gap  # set apart: "Focus: report", not "Focus (the magazine) interview"
    bracketed = "(" in gap and any(")" in token.gap for token in tokens[end + 1 :])
    return end == start + length and _TOPIC.search(gap) is not None and not bracketed


def is_public_calendar(name: str) -> bool:
    """Return whether a calendar's own name says that it is one of public holidays ("Holidays in Spain", 日本の祝日)."""
    tokens = tokens_of(name)
    return any(phrase_at(tokens, start, vocabulary().public_calendars) for start in range(len(tokens)))


def _whose(tokens: Tokens, start: int, length: int, own: _Own) -> Whose:
    """Return whose the absence at `start` is, by what stands before it."""
    words = vocabulary()
    others: list[TitleToken] = []  # neither of the own name nor "is", nor which half of the day
    front, absent = tokens[:start], tokens[start : start + length]
    at = mine = 0
    while at < start:
        token = front[at]
        if step := _own_at(front, at, own):
            mine += step
        elif step := _length_at(tokens[: start + 1], at):
            step = min(step, start - at)  # 3 days of vacation, 3 días libres
        elif not (step := phrase_at(front, at, words.halves)):
            step = 1
            is_time = token.text in words.time or token.text in words.after_time or token.text in words.links
            says_when = (token.gapless and is_time) or (absent[0].gapless and token.number)  # 明日から休暇
            if not ((at > 0 and token.text in words.copulas) or says_when):
                others.append(token)
        at += step
    if not others or front[-1].text in words.reasons:
        return Whose.OWN
    set_apart = absent[0].apart or (absent[0].gapless and absent[0].gap != "")
    is_addressed = any(token.text in words.honorifics or token.text == "s" for token in front)  # 田中さん, "Bob's"
    is_sure = set_apart or is_addressed or (texts_of(absent) in words.predicates and absent[0].text != "de")
    if not _is_name(others, tokens, known=not is_sure and len(others) == 1):
        return Whose.NOBODYS
    return Whose.OWN if mine > 1 else Whose.ANOTHERS  # Ana García is Ana García López


def _end_of_when_and_where(tokens: Tokens, start: int, own: _Own) -> int:
    """Up to which token from `start` on nothing but times, places, lengths, absences and the own name is said."""
    words = vocabulary()
    at = said = start  # `said`: up to where it makes sense to stop; "until" alone says nothing
    timed = False
    while at < len(tokens):
        text = tokens[at].text
        linked = at > said or tokens[at - 1].text in words.links or "@" in tokens[at].gap
        length = _said_at(tokens, at, linked=linked)
        timed = timed or length > 0
        if at == said and (
            (timed and text in words.after_time) or (text in words.after_absence and tokens[at - 1].gapless)
        ):
            length = length or 1
        if length := length or _own_at(tokens, at, own):
            at = said = at + length
        elif text in words.links:
            at += 1
        else:
            break
    return said


def _said_at(tokens: Tokens, at: int, *, linked: bool) -> int:
    """Return how many tokens from `at` on are a time, length, place or another absence.

    `linked`: after "in" or the like.
    """
    words = vocabulary()
    token = tokens[at]
    if token.number:
        return int(_is_of_time(tokens, at))
    if token.text in words.after_numbers and tokens[at - 1].number and len(token.gap) <= 1:
        return 1
    place = phrase_at(tokens, at, words.places)
    if linked:
        place = place or phrase_at(tokens, at, words.linked)
    elif texts_of(tokens[at : at + place]) in words.ambiguous:
        place = 0
    return max(place, phrase_at(tokens, at, words.absences), int(token.text in words.time))


def _is_of_time(tokens: Tokens, at: int) -> bool:
    """Return whether a number may be a part of a date, a time or a length: "PTO 101" is a course."""
    words = vocabulary()
    value = int(tokens[at].text[:9])
    if value <= _LAST_OF_A_MONTH or value in _YEARS:
        return True
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    is_minutes = tokens[at - 1].text == "h" or (tokens[at - 1].number and tokens[at].gap in {":", "."})
    return value <= _MOST_OF_A_UNIT and (is_minutes or after in words.time or after in words.after_numbers)
