"""A title as words: in one width, without accents, emoji and signs, Japanese as its known words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.domain.titles import names, words

LONGEST = 1000
"""Characters of a title that is looked at: no absence is longer."""

_MOST_WORDS = 40
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


@dataclass(frozen=True, slots=True)
class TitleToken:
    """A number, a word, or of Japanese a known word or what is between two; `gap` is what stands before it.

    `shape` is it as it was written, `text` the same for comparison.
    """

    text: str
    gap: str
    shape: str

    @property
    def number(self) -> bool:
        """Whether it is a number."""
        return self.text.isdecimal()

    @property
    def gapless(self) -> bool:
        """Whether it is of a script that has no gaps between words."""
        return _GAPLESS.match(self.text) is not None

    @property
    def apart(self) -> bool:
        """Whether a colon, a dash or a bracket sets it apart from what stands before it."""
        return _APART.search(self.gap) is not None

    @property
    def bare(self) -> str:
        """Its text without the apostrophe of "Ann's"."""
        return self.text.rstrip("'")


Tokens = Sequence[TitleToken]
Phrases = Mapping[str, tuple[tuple[str, ...], ...]]
"""Phrases by their first word, the longest first."""


def tokens_of(title: str) -> tuple[TitleToken, ...]:
    """The words of a title; none where it asks something, or has more of them than an absence may have."""
    if len(title) > LONGEST or _ASKS.search(title):
        return ()
    text = _folded(title)
    if not text.isascii():
        text = "".join(" " if unicodedata.category(sign) in _SAYS_NOTHING else sign for sign in text)
    text = _SHORTCODE.sub(" ", text)
    found: list[TitleToken] = []
    at = 0
    for match in _TOKEN.finditer(text):
        gap, at = text[at : match.start()], match.end()
        for shape in _segments(match[0], after_number=bool(found) and found[-1].number and not gap):
            found.append(TitleToken(shape.casefold(), gap, shape))
            gap = ""
        if len(found) > _MOST_WORDS:
            return ()
    return tuple(found)


def says_nothing(title: str) -> bool:
    """Whether no word of a title begins an absence or focus: true of most titles, and quickly told of ASCII ones."""
    return title.isascii() and FIRST_WORDS.isdisjoint(_ASCII_WORD.findall(title[:LONGEST].casefold()))


def words_in(text: str) -> tuple[str, ...]:
    """The words of a phrase or a name, for comparison."""
    return tuple(word.casefold() for word in _TOKEN.findall(_folded(text)))


def spellings(text: str) -> set[str]:
    """A small-lettered text as it is, and with ae for ä."""
    return {text, text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")}


def phrase_at(tokens: Tokens, start: int, phrases: Phrases) -> int:
    """How many tokens from `start` on are one of `phrases`; 0 where none is."""
    if start >= len(tokens):
        return 0
    for phrase in phrases.get(tokens[start].text, ()):
        here = tokens[start : start + len(phrase)]
        if texts(here) == phrase and all(_WITHIN_A_PHRASE.fullmatch(token.gap) for token in here[1:]):
            return len(phrase)
    return 0


def texts(tokens: Tokens) -> tuple[str, ...]:
    """What tokens are compared by."""
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


# ── the lists ───────────────────────────────────────────────────────────────────────────────────────


def _listed(*lists: str) -> Iterator[str]:
    """The phrases of lists of `words` or `names`, in each spelling."""
    for listed in lists:
        for phrase in listed.split("|"):
            yield from spellings(" ".join(phrase.split()))


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
PLACES = _phrases_of(names.COUNTRIES, names.CITIES, names.REGIONS)
LINKED = _phrases_of(names.SPOTS, names.BOTH)
AMBIGUOUS = frozenset(map(words_in, _listed(names.SPOTS, names.BOTH)))
TIME = _words_of(words.TIME)
AFTER_NUMBERS = _words_of(words.AFTER_NUMBERS)
AFTER_TIME = _words_of(words.AFTER_TIME)
AFTER_ABSENCE = _words_of(words.AFTER_ABSENCE)
LINKS = _words_of(words.LINKS)
HONORIFICS = _words_of(words.HONORIFICS)
COPULAS = _words_of(words.COPULAS) | HONORIFICS
PARTICLES = _words_of(words.NAME_PARTICLES)
GIVEN_NAMES = frozenset(names.GIVEN_NAMES.split())
NOT_NAMES = (_words_of(names.NOT_NAMES) | TIME | LINKS | ABSENCES.keys()) - GIVEN_NAMES
_KNOWN_GAPLESS = frozenset(
    phrase
    for phrase in _listed(
        words.ABSENT, words.LEAVE, words.PUBLIC_HOLIDAYS, words.PUBLIC_CALENDARS, words.FOCUS, words.TIME,
        words.AFTER_NUMBERS, words.AFTER_TIME, words.AFTER_ABSENCE, words.LINKS, words.COPULAS, words.HONORIFICS,
        names.NOT_NAMES, words.SELVES, words.REASONS, names.COUNTRIES, names.CITIES, names.REGIONS,
    )
    if _GAPLESS.fullmatch(phrase)
)  # fmt: skip
_LONGEST_GAPLESS = max(map(len, _KNOWN_GAPLESS))
