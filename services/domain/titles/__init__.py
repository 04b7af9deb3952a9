"""What an entry's title says of its person: that they are absent, or want to concentrate. Pure.

product.md, "A title that is an absence": naming an absence is not being absent. After signs, emoji and the person's
own name a title has to *start* with an absence (`titles.words`), and what follows may only say when, where, for how
long or which half of the day. Whatever else stands there makes it an ordinary title: a missed absence is better than
a false one. Case, accents, width and emoji never matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from services.domain.titles import names as proper
from services.domain.titles import words

_LONGEST = 1000  # characters of a title that is looked at: no absence is longer
_MOST_WORDS = 40
_MOST_BEFORE = 8  # words before an absence: a name, and which half of the day
_MOST_OF_A_NAME = 4
_LAST_OF_A_MONTH = 31
_YEARS = range(1990, 2101)
_MOST_OF_A_UNIT = 999
_CJK = r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_GAPLESS = re.compile(f"[{_CJK}]+")
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W\d_{_CJK}]+'?|\d+")
_ASCII_WORD = re.compile("[a-z]+'?")
_COMBINING = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans("łŁøØđĐı\u2044\u2019\u2018`\u00b4\u02bc", "lLoOdDi/'''''")  # what Unicode does not take apart
_SHORTCODE = re.compile(r"(?<!\S):[a-z][a-z0-9_+-]*:(?!\S)", re.IGNORECASE)
_SAYS_NOTHING = frozenset({"So", "Sk", "Cf", "Cn", "Co", "Cs", "Mn", "Me"})
_ASKS = re.compile("[?\u00bf\uff1f]")
_WITHIN_A_PHRASE = re.compile(r"[\s_.'\-\u2010-\u2015]*")
_APART = re.compile(r"[:\u2013\u2014|/•>·,;=()\[\]{}<【】〔〕「」『』・]|\s-+\s|\n")
_TOPIC = re.compile(r"[:\u2013\u2014|,;(\[【「]|\s-+\s")


@dataclass(frozen=True, slots=True)
class _Token:
    """A number, a word, or of Japanese a known word or what is between two; `gap` is what stands before it.

    `shape` is it as it was written, `text` the same for comparison.
    """

    text: str
    gap: str
    shape: str

    @property
    def number(self) -> bool:
        return self.text.isdecimal()

    @property
    def gapless(self) -> bool:
        return _GAPLESS.match(self.text) is not None  # of a script that has no gaps between words

    @property
    def apart(self) -> bool:
        """Whether a colon, a dash or a bracket sets it apart from what stands before it."""
        return _APART.search(self.gap) is not None

    @property
    def bare(self) -> str:
        """Its text without the apostrophe of "Ann's"."""
        return self.text.rstrip("'")


Tokens = Sequence[_Token]
Phrases = Mapping[str, tuple[tuple[str, ...], ...]]  # by their first word, the longest first


def _tokens_of(title: str) -> tuple[_Token, ...]:
    """The words of a title; none where it asks something, or has more of them than an absence may have."""
    if len(title) > _LONGEST or _ASKS.search(title):
        return ()
    text = _folded(title)
    if not text.isascii():
        text = "".join(" " if unicodedata.category(sign) in _SAYS_NOTHING else sign for sign in text)
    text = _SHORTCODE.sub(" ", text)
    found: list[_Token] = []
    at = 0
    for match in _TOKEN.finditer(text):
        gap, at = text[at : match.start()], match.end()
        for shape in _segments(match[0], after_number=bool(found) and found[-1].number and not gap):
            found.append(_Token(shape.casefold(), gap, shape))
            gap = ""
        if len(found) > _MOST_WORDS:
            return ()
    return tuple(found)


def _says_nothing(title: str) -> bool:
    """Whether no word of a title begins an absence or focus: true of most titles, and quickly told of ASCII ones."""
    return title.isascii() and FIRST_WORDS.isdisjoint(_ASCII_WORD.findall(title[:_LONGEST].casefold()))


def words_in(text: str) -> tuple[str, ...]:
    """The words of a phrase or a name, for comparison."""
    return tuple(word.casefold() for word in _TOKEN.findall(_folded(text)))


def _spellings(text: str) -> set[str]:
    """A small-lettered text as it is, and with ae for ä."""
    return {text, text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")}


def _phrase_at(tokens: Tokens, start: int, phrases: Phrases) -> int:
    """How many tokens from `start` on are one of `phrases`; 0 where none is."""
    if start >= len(tokens):
        return 0
    for phrase in phrases.get(tokens[start].text, ()):
        here = tokens[start : start + len(phrase)]
        if _texts(here) == phrase and all(_WITHIN_A_PHRASE.fullmatch(token.gap) for token in here[1:]):
            return len(phrase)
    return 0


def _texts(tokens: Tokens) -> tuple[str, ...]:
    return tuple(token.text for token in tokens)


def _folded(text: str) -> str:
    """`text` in one width and without accents; kana keep their marks."""
    if text.isascii():
        return text
    text = _COMBINING.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", text).translate(_LETTERS)


def _segments(run: str, *, after_number: bool) -> Iterator[str]:
    """A run of Japanese as its known words, the longest first, and what is between them; any other word as it is.

    A known word of one character is one only by itself, after a number, or after another known word.
    """
    if not _GAPLESS.match(run):
        yield run
        return
    unknown = at = 0
    while at < len(run):
        alone = len(run) == 1 or (at == unknown and (at > 0 or after_number))
        sizes = range(min(_LONGEST_GAPLESS, len(run) - at), 0 if alone else 1, -1)
        length = next((size for size in sizes if run[at : at + size] in _KNOWN_GAPLESS), 0)
        if not length:
            at += 1
            continue
        if unknown < at:
            yield run[unknown:at]
        yield run[at : at + length]
        unknown = at = at + length
    if unknown < at:
        yield run[unknown:]


def _listed(*lists: str) -> Iterator[str]:
    """The phrases of lists of `words` or `names`, in each spelling."""
    for listed in lists:
        for phrase in listed.split("|"):
            yield from _spellings(" ".join(phrase.split()))


def _words_of(*lists: str) -> frozenset[str]:
    return frozenset("".join(words_in(phrase)) for phrase in _listed(*lists))


def _phrases_of(*lists: str) -> Phrases:
    found: dict[str, set[tuple[str, ...]]] = {}
    for phrase in map(words_in, _listed(*lists)):
        found.setdefault(phrase[0], set()).add(phrase)
    return {first: tuple(sorted(phrases, key=len, reverse=True)) for first, phrases in found.items()}


ABSENCES = _phrases_of(words.ABSENT, words.LEAVE, words.PUBLIC_HOLIDAYS)
PREDICATES = frozenset(map(words_in, _listed(words.ABSENT)))
PUBLIC_CALENDARS = _phrases_of(words.PUBLIC_CALENDARS)
FOCUS = _phrases_of(words.FOCUS)
FIRST_WORDS = ABSENCES.keys() | FOCUS.keys()
MISTAKEN = _phrases_of(words.MISTAKEN)
HALVES = _phrases_of(words.HALVES, words.SELVES)
REASONS = _words_of(words.REASONS)
PLACES = _phrases_of(proper.COUNTRIES, proper.CITIES, proper.REGIONS)
LINKED = _phrases_of(proper.SPOTS, proper.BOTH)
AMBIGUOUS = frozenset(map(words_in, _listed(proper.SPOTS, proper.BOTH)))
TIME = _words_of(words.TIME)
AFTER_NUMBERS = _words_of(words.AFTER_NUMBERS)
AFTER_TIME = _words_of(words.AFTER_TIME)
AFTER_ABSENCE = _words_of(words.AFTER_ABSENCE)
LINKS = _words_of(words.LINKS)
HONORIFICS = _words_of(words.HONORIFICS)
COPULAS = _words_of(words.COPULAS) | HONORIFICS
PARTICLES = _words_of(words.NAME_PARTICLES)
GIVEN_NAMES = frozenset(proper.GIVEN_NAMES.split())
NOT_NAMES = (_words_of(proper.NOT_NAMES) | TIME | LINKS | ABSENCES.keys()) - GIVEN_NAMES
_KNOWN_GAPLESS = frozenset(
    phrase
    for phrase in _listed(
        words.ABSENT, words.LEAVE, words.PUBLIC_HOLIDAYS, words.PUBLIC_CALENDARS, words.FOCUS, words.TIME,
        words.AFTER_NUMBERS, words.AFTER_TIME, words.AFTER_ABSENCE, words.LINKS, words.COPULAS, words.HONORIFICS,
        proper.NOT_NAMES, words.SELVES, words.REASONS, proper.COUNTRIES, proper.CITIES, proper.REGIONS,
    )
    if _GAPLESS.fullmatch(phrase)
)  # fmt: skip
_LONGEST_GAPLESS = max(map(len, _KNOWN_GAPLESS))


@dataclass(frozen=True, slots=True)
class _Own:
    """The words of a person's names; `certain` are those that can be nothing else and stand alone."""

    every: frozenset[str]
    certain: frozenset[str]


@lru_cache(maxsize=1024)
def _own_names(names: tuple[str, ...]) -> _Own:
    """The words of `names` in each spelling: Jörg, Joerg, Jorg; 山田, 太郎, 山田太郎."""
    found: set[str] = set()
    for spelling in (spelling for name in names for spelling in _spellings(name[:_LONGEST].casefold())):
        parts = [word.rstrip("'") for word in words_in(spelling)]
        found.update(parts)
        found.update(part.replace("ae", "a").replace("oe", "o").replace("ue", "u") for part in parts)
        found.update(("".join(parts), "".join(reversed(parts))))  # as Japanese writes them, and addresses
    every = frozenset(word for word in found if word and not word.isdecimal())
    return _Own(every, frozenset(word for word in every - NOT_NAMES if len(word) > 1))


def _own_at(tokens: Tokens, start: int, own: _Own) -> int:
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


def _length_at(tokens: Tokens, start: int) -> int:
    """How many tokens from `start` on say how long: 3 days, 0.5 d, 1/2, 8 hours."""
    at = start
    while at < len(tokens) and tokens[at].number and (at == start or tokens[at].gap in {"/", ".", ","}):
        at += 1
    if start < at < len(tokens) and (tokens[at].text in AFTER_NUMBERS or tokens[at].text in TIME):
        return at + 1 - start
    return at - start if at > start + 1 and tokens[at - 1].gap == "/" else 0


def _is_name(tokens: Tokens, title: Tokens, *, known: bool) -> bool:
    """Whether words of a title may be a person's name; where it has to be `known`, one of them is a given name.

    Where the title has capitals and small letters, a name has a capital.
    """
    parts = [token for token in tokens if token.text not in HONORIFICS and token.text != "s"]
    if not 0 < len(parts) <= _MOST_OF_A_NAME or any(token.number for token in parts):
        return False
    if all(len(token.bare) == 1 for token in parts) or (len(parts) > 1 and parts[-1].bare in PARTICLES):
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
    if _says_nothing(title):
        return Whose.NOBODYS
    tokens, own = _tokens_of(title), _own_names(names)
    for start in range(min(len(tokens), _MOST_BEFORE + 1)):
        length = _phrase_at(tokens, start, ABSENCES)
        if length and not _phrase_at(tokens, start, MISTAKEN):
            end = _end_of_when_and_where(tokens, start + length, own)
            if end == len(tokens):
                return _whose(tokens, start, length, own)
            if start == 0 and tokens[end].apart and _is_name(tokens[end:], tokens, known=True):
                return Whose.ANOTHERS  # "[Vacation] Bob Smith"
    return Whose.NOBODYS


@lru_cache(maxsize=4096)
def is_focus(title: str, names: tuple[str, ...] = ()) -> bool:
    """Whether a title is time to oneself: it starts so, and then only says when, or after a sign what for."""
    if _says_nothing(title):
        return False
    tokens, own = _tokens_of(title), _own_names(names)
    start = _own_at(tokens, 0, own)
    length = _phrase_at(tokens, start, FOCUS)
    if not length:
        return False
    end = _end_of_when_and_where(tokens, start + length, own)
    if end == len(tokens):
        return True
    gap = tokens[end].gap  # set apart: "Focus: report", not "Focus (the magazine) interview"
    bracketed = "(" in gap and any(")" in token.gap for token in tokens[end + 1 :])
    return end == start + length and _TOPIC.search(gap) is not None and not bracketed


def is_public_calendar(name: str) -> bool:
    """Whether a calendar's own name says that it is one of public holidays ("Holidays in Spain", 日本の祝日)."""
    tokens = _tokens_of(name)
    return any(_phrase_at(tokens, start, PUBLIC_CALENDARS) for start in range(len(tokens)))


def _whose(tokens: Tokens, start: int, length: int, own: _Own) -> Whose:
    """Whose the absence at `start` is, by what stands before it."""
    others: list[_Token] = []  # neither of the own name nor "is", nor which half of the day
    front, absent = tokens[:start], tokens[start : start + length]
    at = mine = 0
    while at < start:
        token = front[at]
        if step := _own_at(front, at, own):
            mine += step
        elif step := _length_at(tokens[: start + 1], at):
            step = min(step, start - at)  # 3 days of vacation, 3 días libres
        elif not (step := _phrase_at(front, at, HALVES)):
            step = 1
            is_time = token.text in TIME or token.text in AFTER_TIME or token.text in LINKS
            says_when = (token.gapless and is_time) or (absent[0].gapless and token.number)  # 明日から休暇
            if not ((at > 0 and token.text in COPULAS) or says_when):
                others.append(token)
        at += step
    if not others or front[-1].text in REASONS:
        return Whose.OWN
    set_apart = absent[0].apart or (absent[0].gapless and absent[0].gap != "")
    is_addressed = any(token.text in HONORIFICS or token.text == "s" for token in front)  # 田中さん, "Bob's"
    is_sure = set_apart or is_addressed or (_texts(absent) in PREDICATES and absent[0].text != "de")
    if not _is_name(others, tokens, known=not is_sure and len(others) == 1):
        return Whose.NOBODYS
    return Whose.OWN if mine > 1 else Whose.ANOTHERS  # Ana García is Ana García López


def _end_of_when_and_where(tokens: Tokens, start: int, own: _Own) -> int:
    """Up to which token from `start` on nothing but times, places, lengths, absences and the own name is said."""
    at = said = start  # `said`: up to where it makes sense to stop; "until" alone says nothing
    timed = False
    while at < len(tokens):
        text = tokens[at].text
        linked = at > said or tokens[at - 1].text in LINKS or "@" in tokens[at].gap
        length = _said_at(tokens, at, linked=linked)
        timed = timed or length > 0
        if at == said and ((timed and text in AFTER_TIME) or (text in AFTER_ABSENCE and tokens[at - 1].gapless)):
            length = length or 1
        if length := length or _own_at(tokens, at, own):
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
    place = _phrase_at(tokens, at, PLACES)
    if linked:
        place = place or _phrase_at(tokens, at, LINKED)
    elif _texts(tokens[at : at + place]) in AMBIGUOUS:
        place = 0
    return max(place, _phrase_at(tokens, at, ABSENCES), int(token.text in TIME))


def _is_of_time(tokens: Tokens, at: int) -> bool:
    """Whether a number may be a part of a date, a time or a length: "PTO 101" is a course."""
    value = int(tokens[at].text[:9])
    if value <= _LAST_OF_A_MONTH or value in _YEARS:
        return True
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    is_minutes = tokens[at - 1].text == "h" or (tokens[at - 1].number and tokens[at].gap in {":", "."})
    return value <= _MOST_OF_A_UNIT and (is_minutes or after in TIME or after in AFTER_NUMBERS)
