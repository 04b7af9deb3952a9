"""The types of leave that count, and what never is leave, in titles of leave calendars. Pure.

product.md, "Leave calendars": only types on the workspace's list count; birthdays, anniversaries and company holidays
never do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice

from services.domain import leave_words as listed
from services.domain.leave_spelling import HAN, TitleWord, Words, phrases_of, words_of, written
from services.domain.titles import words as titles

Phrase = tuple[str, ...]
Phrases = Mapping[str, tuple[Phrase, ...]]  # by their first word

MOST_TYPES = 200
"""Additions of one workspace to the list."""

_MOST_CATEGORIES = 20
_LONGEST_CATEGORY = 200
_LONGEST_GAPLESS = 14
_WITHIN_A_PHRASE = re.compile(r"[\s_]*|[.'\u2010-\u2015-][\s_]?")


def phrases_by_first(phrases: Iterable[Phrase]) -> Phrases:
    """Phrases as `phrase_at` looks for them."""
    found: dict[str, set[Phrase]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], set()).add(phrase)
    return {first: tuple(each) for first, each in found.items()}


def phrases_in(*lists: str) -> Iterator[Phrase]:
    """Yield the phrases of lists of `leave_words`, in each fold."""
    for phrase in (phrase for text in lists for phrase in text.split("|")):
        yield from phrases_of(phrase)


def _words(*lists: str) -> frozenset[str]:
    return frozenset("".join(phrase) for phrase in phrases_in(*lists))


_TYPES = frozenset(phrases_in(titles.ABSENT, titles.LEAVE, listed.MORE_TYPES))
_NEVER = phrases_by_first(phrases_in(listed.BIRTHDAYS, listed.COMPANY, "|".join(listed.BIRTHDAY_SIGNS)))
_COMPANY = phrases_by_first(phrases_in(listed.COMPANY))
_SHUTDOWNS = phrases_by_first(phrases_in(listed.SHUTDOWNS))
_HOLIDAYS = phrases_by_first(phrases_in(listed.HOLIDAY_NAMES))
AGREED = phrases_by_first(phrases_in(listed.AGREED))
FULL_OR_HALF = phrases_by_first(phrases_in(listed.HALVES, listed.FULL))
WHICH_HALF = phrases_by_first(phrases_in(listed.FORENOON, listed.AFTERNOON))
DAYS = phrases_by_first(phrases_in(listed.DAYS, listed.HALVES, listed.FULL))
WEEKS = phrases_by_first(phrases_in(listed.WEEKS))
HOURS = phrases_by_first(phrases_in(listed.HOURS))
MINUTES = phrases_by_first(phrases_in(listed.MINUTES))
OF_YEARS = phrases_by_first(phrases_in(listed.YEARS))
DATE_WORDS = _words(listed.MONTHS_AND_DAYS)
SHORT_DATE_WORDS = _words(listed.SHORT_MONTHS_AND_DAYS)
LINKS = _words(listed.LINKS, listed.SAFE_LINKS) | {"jusqu"}
SAFE_LINKS = _words(listed.SAFE_LINKS) | {"jusqu"}
NUMBER_ENDINGS = _words(listed.AFTER_NUMBERS)
COPULAS = _words(listed.COPULAS)
_BESIDES = (_NEVER, _HOLIDAYS, AGREED, FULL_OR_HALF, WHICH_HALF, DAYS, WEEKS, HOURS, MINUTES, OF_YEARS)
_KNOWN = frozenset(
    word for table in _BESIDES for phrases in table.values() for phrase in phrases for word in phrase
) | (DATE_WORDS | SHORT_DATE_WORDS | LINKS | NUMBER_ENDINGS | COPULAS | listed.ADDRESSED | listed.HONORIFICS | {"s"})
_LEADS_TO_A_TYPE = frozenset({"の", "は"})
_BEHIND_A_NAME = sorted(
    {*listed.HONORIFICS, *_LEADS_TO_A_TYPE, *(name + link for name in listed.HONORIFICS for link in _LEADS_TO_A_TYPE)},
    key=lambda said: (-len(said), said),
)


class Types:
    """The types of leave that count: the list, and what a workspace added to it."""

    def __init__(self, additions: Collection[str] = ()) -> None:
        """Of `additions` at most `MOST_TYPES` count."""
        never = {phrase for phrases in _NEVER.values() for phrase in phrases}
        own = {phrase for text in sorted(additions)[:MOST_TYPES] for phrase in phrases_of(text)} - never
        self.phrases = phrases_by_first(_TYPES | own)
        self._known = _KNOWN | {word for phrase in _TYPES | own for word in phrase}
        self._gapless = frozenset(word for word in self._known if HAN.match(word) or not word.isascii())

    def knows(self, word: TitleWord) -> bool:
        """Return whether a word may be of anything but a name."""
        return word.number or word.text in self._known or word.other in self._known

    def words_of(self, title: str) -> list[TitleWord]:
        """Return the words of a title that `written` gave.

        Of a script without gaps, what is known in it is taken apart.
        """
        found: list[TitleWord] = []
        for word in words_of(title):
            found += self._parts(word) if word.gapless else [word]
        return found

    def _parts(self, word: TitleWord) -> list[TitleWord]:
        """有給休暇取得 as its words; 田中太郎さんの休暇 as the name and what follows; a name as it is."""
        if known := self._segments(word.text):
            return _cut(word, known, 0)
        for said in _BEHIND_A_NAME:
            at = word.text.find(said, 2)
            if at < 0 or (said in _LEADS_TO_A_TYPE and not HAN.match(word.text[at - 1])):
                continue
            rest = word.text[at + len(said) :]
            if known := self._segments(rest) if rest else [] if said in listed.HONORIFICS else None:
                return [*_cut(word, [word.text[:at]], 0), *_cut(word, known, at + len(said), gap=":")]
            if known is not None:
                return _cut(word, [word.text[:at]], 0)
        return [word]

    def _segments(self, text: str) -> list[str] | None:
        """Return a text without gaps as words that are all known, the longest first; None where one is not."""
        found, at = [], 0
        while at < len(text):
            sizes = range(min(_LONGEST_GAPLESS, len(text) - at), 0, -1)
            size = next((size for size in sizes if text[at : at + size] in self._gapless), 0)
            if not size:
                return None
            found.append(text[at : at + size])
            at += size
        return found


@lru_cache(maxsize=64)
def types_of(additions: frozenset[str]) -> Types:
    """Return the list with the `additions` of a workspace."""
    return Types(additions)


def _cut(word: TitleWord, texts: Iterable[str], at: int, gap: str | None = None) -> list[TitleWord]:
    found = []
    for text in texts:
        start = word.start + at
        found.append(TitleWord(text, text, word.gap if at == 0 else gap or "", start, start + len(text)))
        at, gap = at + len(text), None
    return found


def phrase_at(words: Words, at: int, end: int, phrases: Phrases) -> int:
    """Return how many words from `at` on are one of `phrases`; 0 where none is."""
    first = words[at]
    found = phrases.get(first.text, ())
    if first.other != first.text:
        found += phrases.get(first.other, ())
    length = 0
    for phrase in found:
        size = len(phrase)
        if length < size <= end - at and (size == 1 or _is_phrase(words, at, phrase)):
            length = size
    return length


def _is_phrase(words: Words, at: int, phrase: Phrase) -> bool:
    """Return whether the words that follow the first one are those of a phrase: the last one tells it soonest."""
    for behind in range(len(phrase) - 1, 0, -1):
        word = words[at + behind]
        if phrase[behind] not in {word.text, word.other} or not _WITHIN_A_PHRASE.fullmatch(word.gap):
            return False
    return True


def is_never_leave(words: Words, types: Types) -> bool:
    """Return whether a title is of a birthday, an anniversary or a company's holiday; "birthday leave" is not."""
    at = 0
    while at < len(words):
        of_a_type = phrase_at(words, at, len(words), types.phrases)
        never = phrase_at(words, at, len(words), _NEVER)
        if never and never >= of_a_type:
            return True
        at += max(of_a_type, 1)
    return False


def of_categories(categories: Iterable[str]) -> Iterator[Words]:
    """Yield an entry's categories as words: "Company Holidays" (BambooHR)."""
    for category in islice(categories, _MOST_CATEGORIES):
        yield words_of(written(category[:_LONGEST_CATEGORY]))


def names_a_holiday(words: Words, types: Types) -> bool:
    """Return whether a holiday is named in a title, beside types.

    "[Holidays] Good Friday", not "Christmas vacation".
    """
    at = 0
    while at < len(words):
        of_a_type = phrase_at(words, at, len(words), types.phrases)
        if phrase_at(words, at, len(words), _HOLIDAYS) > of_a_type:
            return True
        at += max(of_a_type, 1)
    return False


def is_company_holiday(words: Words, types: Types) -> bool:
    """Say whether a title is of a day that nobody works on: "Company Holiday - X", "[Holidays] May Day", Feiertag.

    It begins or ends with what such days are called, or nothing but such a day is named in it.
    """
    if not words:
        return False
    ends = (at for at in range(len(words)) if at + phrase_at(words, at, len(words), _COMPANY) == len(words))
    if phrase_at(words, 0, len(words), _COMPANY) or next(ends, None) is not None:
        return True
    shuts = any(phrase_at(words, at, len(words), _SHUTDOWNS) for at in range(len(words)))
    return (shuts or names_a_holiday(words, types)) and all(map(types.knows, words))


def has_type(words: Words, types: Types) -> bool:
    """Return whether a type stands anywhere in a title."""
    return any(phrase_at(words, at, len(words), types.phrases) for at in range(len(words)))
