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

from services.domain.titles.tokens import (
    ABSENCES,
    AFTER_ABSENCE,
    AFTER_NUMBERS,
    AFTER_TIME,
    AMBIGUOUS,
    COPULAS,
    FOCUS,
    GIVEN_NAMES,
    HALVES,
    HONORIFICS,
    LINKED,
    LINKS,
    LONGEST,
    MISTAKEN,
    NOT_NAMES,
    PARTICLES,
    PLACES,
    PREDICATES,
    PUBLIC_CALENDARS,
    REASONS,
    TIME,
    TitleToken,
    Tokens,
    phrase_at,
    says_nothing,
    spellings,
    texts,
    tokens_of,
    words_in,
)

_MOST_OF_A_NAME = 4


@dataclass(frozen=True, slots=True)
class Own:
    """The words of a person's names; `certain` are those that can be nothing else and stand alone."""

    every: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()


@lru_cache(maxsize=1024)
def own_names(names: tuple[str, ...]) -> Own:
    """The words of `names` in each spelling: Jörg, Joerg, Jorg; 山田, 太郎, 山田太郎."""
    found: set[str] = set()
    for spelling in (spelling for name in names for spelling in spellings(name[:LONGEST].casefold())):
        parts = [word.rstrip("'") for word in words_in(spelling)]
        found.update(parts)
        found.update(part.replace("ae", "a").replace("oe", "o").replace("ue", "u") for part in parts)
        found.update(("".join(parts), "".join(reversed(parts))))  # as Japanese writes them, and addresses
    every = frozenset(word for word in found if word and not word.isdecimal())
    return Own(every, frozenset(word for word in every - NOT_NAMES if len(word) > 1))


def own_at(tokens: Tokens, start: int, own: Own) -> int:
    """How many tokens from `start` on are the person's own name, with what belongs to it ("Ann's", 山田さん)."""
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
    belongs = after in HONORIFICS or (after == "s" and tokens[start + length - 1].text.endswith("'"))
    return length + int(belongs)


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before an absence: how many words of the own name, and which words that are none of it."""

    own: int
    others: Tokens


def before(tokens: Tokens, start: int, own: Own) -> Before:
    """What stands before the token at `start`, without what says which half of the day, and without "is"."""
    others: list[TitleToken] = []
    front = tokens[:start]
    at = mine = 0
    while at < start:
        if length := own_at(front, at, own):
            mine += length
        elif length := length_at(tokens[: start + 1], at):
            length = min(length, start - at)  # 3 days of vacation, 3 días libres
        elif not (length := phrase_at(front, at, HALVES)):
            length = 1
            if not ((at > 0 and front[at].text in COPULAS) or _says_when(front[at], tokens[start])):
                others.append(front[at])
        at += length
    return Before(mine, others)


def length_at(tokens: Tokens, start: int) -> int:
    """How many tokens from `start` on say how long: 3 days, 0.5 d, 1/2, 8 hours."""
    at = start
    while at < len(tokens) and tokens[at].number and (at == start or tokens[at].gap in {"/", ".", ","}):
        at += 1
    if at == start:
        return 0
    if at < len(tokens) and (tokens[at].text in AFTER_NUMBERS or tokens[at].text in TIME):
        return at + 1 - start
    return at - start if at > start + 1 and tokens[at - 1].gap == "/" else 0


def _says_when(token: TitleToken, absent: TitleToken) -> bool:
    """Whether a word says when, as Japanese does before it says what: 明日から休暇."""
    is_time = token.text in TIME or token.text in AFTER_TIME or token.text in LINKS
    return (token.gapless and is_time) or (absent.gapless and token.number)


def is_addressed(front: Tokens) -> bool:
    """Whether words before an absence show by their form that they are a name: 田中さん, "Bob's"."""
    return any(token.text in HONORIFICS or token.text == "s" for token in front)


def is_name(tokens: Tokens, title: Tokens, *, known: bool) -> bool:
    """Whether words of a title may be a person's name; where it has to be `known`, one of them is a given name.

    Where the title has capitals and small letters, a name has a capital.
    """
    parts = [token for token in tokens if token.text not in HONORIFICS and token.text != "s"]
    if not 0 < len(parts) <= _MOST_OF_A_NAME or any(token.number for token in parts):
        return False
    if all(len(token.bare) == 1 for token in parts):
        return False
    if len(parts) > 1 and parts[-1].bare in PARTICLES:
        return False  # Calendrier de congés
    if any(len(token.bare) > 1 and token.bare in NOT_NAMES and token.bare not in PARTICLES for token in parts):
        return False
    given = any(token.bare in GIVEN_NAMES for token in parts)
    if given and len(parts) == 1:
        return True
    letters = "".join(token.shape for token in title)
    one_case = letters in {letters.upper(), letters.lower()}
    capitals = all(token.shape[0].isupper() or token.gapless or token.bare in PARTICLES for token in parts)
    return (given or not known) and (one_case or capitals)


_MOST_BEFORE = 8  # words before an absence: a name, and which half of the day
_LAST_OF_A_MONTH = 31
_YEARS = range(1990, 2101)
_MOST_OF_A_UNIT = 999
_TOPIC = re.compile(r"[:\u2013\u2014|,;(\[【「]|\s-+\s")


class Whose(Enum):
    """Whose absence a title is."""

    NOBODYS = "nobody's"
    OWN = "own"
    ANOTHERS = "another's"


@lru_cache(maxsize=4096)
def absence(title: str, names: tuple[str, ...] = ()) -> Whose:
    """Whose absence a title is, if it is one. `names` are what its person is called.

    "Ann – vacation" is Ann's own, and another's for anybody else, or where the person's names are not known.
    """
    if says_nothing(title):
        return Whose.NOBODYS
    tokens, own = tokens_of(title), own_names(names)
    for start in range(min(len(tokens), _MOST_BEFORE + 1)):
        length = phrase_at(tokens, start, ABSENCES)
        if length and not phrase_at(tokens, start, MISTAKEN):
            end = _end_of_when_and_where(tokens, start + length, own)
            if end == len(tokens):
                return _whose(tokens, start, length, own)
            if start == 0 and tokens[end].apart and is_name(tokens[end:], tokens, known=True):
                return Whose.ANOTHERS  # "[Vacation] Bob Smith"
    return Whose.NOBODYS


@lru_cache(maxsize=4096)
def is_focus(title: str, names: tuple[str, ...] = ()) -> bool:
    """Whether a title is time to oneself: it starts so, and then only says when, or after a sign what for."""
    if says_nothing(title):
        return False
    tokens, own = tokens_of(title), own_names(names)
    start = own_at(tokens, 0, own)
    length = phrase_at(tokens, start, FOCUS)
    if not length:
        return False
    end = _end_of_when_and_where(tokens, start + length, own)
    return end == len(tokens) or (end == start + length and _names_a_topic(tokens, end))


def _names_a_topic(tokens: Tokens, at: int) -> bool:
    """Whether what follows focus is set apart: "Focus: report", not "Focus (the magazine) interview"."""
    gap = tokens[at].gap
    return _TOPIC.search(gap) is not None and not ("(" in gap and any(")" in token.gap for token in tokens[at + 1 :]))


def is_public_calendar(name: str) -> bool:
    """Whether a calendar's own name says that it is one of public holidays ("Holidays in Spain", 日本の祝日)."""
    tokens = tokens_of(name)
    return any(phrase_at(tokens, start, PUBLIC_CALENDARS) for start in range(len(tokens)))


def _whose(tokens: Tokens, start: int, length: int, own: Own) -> Whose:
    """Whose the absence at `start` is, by what stands before it."""
    front = before(tokens, start, own)
    absent = tokens[start : start + length]
    if not front.others or tokens[start - 1].text in REASONS:
        return Whose.OWN
    set_apart = tokens[start].apart or (tokens[start].gapless and tokens[start].gap != "")
    is_sure = set_apart or is_addressed(tokens[:start]) or (texts(absent) in PREDICATES and absent[0].text != "de")
    if not is_name(front.others, tokens, known=not is_sure and len(front.others) == 1):
        return Whose.NOBODYS
    return Whose.OWN if front.own > 1 else Whose.ANOTHERS  # Ana García is Ana García López


def _end_of_when_and_where(tokens: Tokens, start: int, own: Own) -> int:
    """Up to which token from `start` on nothing but times, places, lengths, absences and the own name is said."""
    at = said = start  # `said`: up to where it makes sense to stop; "until" alone says nothing
    timed = False
    while at < len(tokens):
        text = tokens[at].text
        linked = at > said or tokens[at - 1].text in LINKS or "@" in tokens[at].gap
        if length := _said_at(tokens, at, linked=linked):
            timed = True
        elif at == said and ((timed and text in AFTER_TIME) or (text in AFTER_ABSENCE and tokens[at - 1].gapless)):
            length = 1
        else:
            length = own_at(tokens, at, own)
        if length:
            at = said = at + length
        elif text in LINKS:
            at += 1
        else:
            break
    return said


def _said_at(tokens: Tokens, at: int, *, linked: bool) -> int:
    """How many tokens from `at` on are a time, length, place or another absence; `linked`: after "in" or the like."""
    token = tokens[at]
    if token.number:
        return int(_is_of_time(tokens, at))
    if token.text in AFTER_NUMBERS and tokens[at - 1].number and len(token.gap) <= 1:
        return 1
    place = phrase_at(tokens, at, PLACES)
    if linked:
        place = place or phrase_at(tokens, at, LINKED)
    elif texts(tokens[at : at + place]) in AMBIGUOUS:
        place = 0
    return max(place, phrase_at(tokens, at, ABSENCES), int(token.text in TIME))


def _is_of_time(tokens: Tokens, at: int) -> bool:
    """Whether a number may be a part of a date, a time or a length: "PTO 101" is a course."""
    value = int(tokens[at].text[:9])
    if value <= _LAST_OF_A_MONTH or value in _YEARS:
        return True
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    is_minutes = tokens[at - 1].text == "h" or (tokens[at - 1].number and tokens[at].gap in {":", "."})
    return value <= _MOST_OF_A_UNIT and (is_minutes or after in TIME or after in AFTER_NUMBERS)
