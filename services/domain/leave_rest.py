"""What is left of a leave calendar's line when the name is off: a type of leave, or nothing that counts. Pure.

product.md, "Leave calendars": what is left after the name, signs, numbers and units has to *be* a type of the list,
or nothing. What may be a part of a longer name is no type and no date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from services.domain import leave_words as listed
from services.domain.leave_spelling import TitleWord, Words
from services.domain.leave_types import (
    AGREED,
    COPULAS,
    DATE_WORDS,
    DAYS,
    FULL_OR_HALF,
    HOURS,
    LINKS,
    MINUTES,
    NUMBER_ENDINGS,
    OF_YEARS,
    SAFE_LINKS,
    SHORT_DATE_WORDS,
    WEEKS,
    WHICH_HALF,
    Phrases,
    Types,
    phrase_at,
)  # fmt: skip
from services.domain.leave_words import SURNAMES_TOO

_LAST_OF_A_MONTH = 31
_YEARS = range(1990, 2101)
_LAST_MINUTE = 59
_PARTS = re.compile(
    r"[:|/\u2014\u2022>\u00b7;=()\[\]{}<【】〔〕「」『』・\n~*!]|\s[\u2010-\u2013-]+|[\u2010-\u2013-]+\s"
)
_BETWEEN_NUMBERS = frozenset({".", ",", "/", "\u2044", " / "})


class PartKind(Enum):
    """What a part of a title says."""

    TYPE = auto()
    LENGTH = auto()  # 9 days, half day, all day
    TERM = auto()  # 3 months, 4 hours, 5 j
    HALF = auto()  # which half of the day
    DATE = auto()
    YEARS = auto()  # of service, or of age
    AGREED = auto()


@dataclass(frozen=True, slots=True)
class TitlePart:
    """The words of a title from `start` to before `end`, and what they say."""

    kind: PartKind
    start: int
    end: int


class Gap(Enum):
    """What stands between two words: nothing that parts them, a space or a comma, or a sign that sets them apart."""

    GLUED = auto()
    PLAIN = auto()
    SIGN = auto()


def gap_of(text: str) -> Gap:
    """Return what a gap is. "Lee-Meyer" is not to be taken apart."""
    if _PARTS.search(text) or any(unicodedata.category(sign) == "So" for sign in text):
        return Gap.SIGN
    return Gap.PLAIN if "," in text or "_" in text or any(map(str.isspace, text)) else Gap.GLUED


def is_leave(words: Words, start: int, end: int, types: Types, *, sure: bool, bare: bool) -> bool:
    """Return whether what is left of a title is leave of whoever is named from `start` to before `end`.

    Of words that may be a longer name's ("Carlos Alberto Reyes", "Ann Lee-Meyer") none may touch it. A name that has
    such a word itself ("Teresa May") has to be set apart by signs, unless it is `sure`: tied by hand. `bare`: whether a
    name may stand without a type.
    """
    before, after = _up_to(words, start), _from(words, end, types) if end > start else end
    left, right = _parts(words, 0, before, types), _parts(words, after, len(words), types)
    if left is None or right is None:
        return False
    if end > start:
        several = sum(part.kind is PartKind.TYPE for part in (*left, *right)) > 1
        gap_before, gap_after = gap_of(words[before].gap), gap_of(words[after].gap if after < len(words) else " ")
        if left and not _may_touch(words, left[-1], left[-1].end - 1, gap_before, types, several=several):
            return False
        if right and not _may_touch(words, right[0], right[0].start, gap_after, types, several=several):
            return False
        gaps = [gap for parts, gap in ((left, gap_before), (right, gap_after)) if parts]
        if not sure and not _is_clear(words[start:end], gaps):
            return False
    kinds = {part.kind for part in (*left, *right)}
    return _is_whole(words, left) and _is_whole(words, right) and _says_leave(kinds, bare=bare)


def _up_to(words: Words, start: int) -> int:
    """Return where what stands before a name ends: "Dr." belongs to the name."""
    while start and words[start - 1].text in listed.ADDRESSED and gap_of(words[start].gap) is Gap.PLAIN:
        start -= 1
    return start


def _from(words: Words, end: int, types: Types) -> int:
    """Return where what stands after a name begins: "Ann Lee's leave", "Ann Lee is on leave"."""
    after = words[end : end + 2]
    if after and after[0].text == "s" and after[0].gap == "'":
        return end + 1
    is_said = len(after) > 1 and after[0].text in COPULAS and not after[0].capital
    return end + int(is_said and phrase_at(words, end + 1, len(words), types.phrases) > 0)


def _may_touch(words: Words, part: TitlePart, at: int, gap: Gap, types: Types, *, several: bool) -> bool:
    """Return whether a part may stand beside a name, with its word `at` next to it."""
    word = words[at]
    if gap is Gap.GLUED or (part.kind is PartKind.DATE and word.number and not _is_dated(words, part, at)):
        return False
    if part.kind is PartKind.HALF:
        return gap is Gap.SIGN and word.text not in {"am", "pm"}  # "(PM)" is a product manager
    if gap is Gap.SIGN:
        return True
    if part.kind is PartKind.TYPE:
        return not several and not _may_be_a_surname(words, part, at, types)
    is_lead = part.kind is not PartKind.DATE or word.text in SAFE_LINKS
    return word.number or (is_lead and not word.capital)  # Till, Paid


def _is_dated(words: Words, part: TitlePart, at: int) -> bool:
    """Return whether a number beside a name is of a date: "Ann Lee 2" is another Ann Lee."""
    word = words[at]
    if int(word.text[:9]) in _YEARS:
        return True
    near = words[at + 1 : part.end][:1] if at == part.start else words[part.start : at][-1:]
    between = near[0].gap if near and at == part.start else word.gap
    if not near or (near[0].number and not between.strip()):
        return False
    is_sure = at == part.start or part.end - part.start == 2 or near[0].number  # noqa: PLR2004 - May 2, not "3 May 2"
    return is_sure and near[0].text not in LINKS


def _may_be_a_surname(words: Words, part: TitlePart, at: int, types: Types) -> bool:
    """Return whether what touches a name is written as a part of it: "Anna Lena Frei", "Ann Winter vacation".

    "Anna Lena frei" and "Ann Paid Vacation" are not.
    """
    if not words[at].capital:
        return False
    is_known = words[at].text in SURNAMES_TOO | DATE_WORDS
    if part.end == part.start + 1:
        return is_known
    rest = (part.start + 1, part.end) if at == part.start else (part.start, part.end - 1)
    is_type = phrase_at(words, rest[0], rest[1], types.phrases) == rest[1] - rest[0]
    return is_type and (is_known or not any(word.capital for word in words[rest[0] : rest[1]]))


def _is_clear(name: Words, gaps: Iterable[Gap]) -> bool:
    """Return whether a name cannot be a shorter one and a date.

    "[Vacation] Teresa May" is, "PTO Teresa, May" is not.
    """
    if not any(word.text in DATE_WORDS for word in name):
        return True
    comma = next((at for at, word in enumerate(name) if at and "," in word.gap), len(name))
    return all(gap is Gap.SIGN for gap in gaps) and not any(word.text in DATE_WORDS for word in name[comma:])


def _is_whole(words: Words, parts: list[TitlePart]) -> bool:
    """Return whether no two types run into each other, no two words are one, and no weekday or month stands alone."""
    dates_by_types = set()
    for one, other in pairwise(parts):
        gap = gap_of(words[other.start].gap)
        kinds = {one.kind, other.kind}
        if gap is Gap.GLUED and not _may_be_glued(words[one.end - 1], words[other.start]):
            return False
        if gap is not Gap.SIGN and kinds == {PartKind.TYPE}:
            return False
        if gap is not Gap.SIGN and kinds == {PartKind.TYPE, PartKind.DATE}:
            dates_by_types |= {one.start, other.start}
    for part in parts:
        said = words[part.start : part.end]
        is_sure = said[0].text in SAFE_LINKS or any(word.number for word in said) or part.start in dates_by_types
        if part.kind is PartKind.DATE and not is_sure:
            return False
    return True


def _may_be_glued(one: TitleWord, other: TitleWord) -> bool:
    """Return whether two words without a gap are two: 9days, 有給休暇取得; "sick-Reyes" is one."""
    return one.number or other.number or (one.gapless and other.gapless)


def _says_leave(kinds: set[PartKind], *, bare: bool) -> bool:
    """Return whether there is a type, or nothing but a length in days: a name and a date may be a birthday."""
    if PartKind.TYPE in kinds or not bare:
        return PartKind.TYPE in kinds
    return not kinds or (PartKind.LENGTH in kinds and kinds <= {PartKind.LENGTH, PartKind.HALF})


def _parts(words: Words, at: int, end: int, types: Types) -> list[TitlePart] | None:
    """Return what some words say, one after the other; None where there is one that says something else."""
    found = []
    while at < end:
        part = _part(words, at, end, types)
        if part is None:
            return None
        found.append(part)
        at = part.end
    return found


def _part(words: Words, at: int, end: int, types: Types) -> TitlePart | None:
    days = length_at(words, at, end, DAYS)
    found = [
        (phrase_at(words, at, end, types.phrases), PartKind.TYPE),
        (phrase_at(words, at, end, FULL_OR_HALF), PartKind.LENGTH),
        (phrase_at(words, at, end, WHICH_HALF), PartKind.HALF),
        (phrase_at(words, at, end, AGREED), PartKind.AGREED),
        (length_at(words, at, end, OF_YEARS), PartKind.YEARS),
        (days, PartKind.TERM if len(words[at + days - 1].text) == 1 else PartKind.LENGTH),
        (max(length_at(words, at, end, units) for units in (WEEKS, HOURS, MINUTES)), PartKind.TERM),
        (_date_at(words, at, end), PartKind.DATE),
    ]
    size, kind = max(found, key=lambda each: each[0])
    return TitlePart(kind, at, at + size) if size else None


def length_at(words: Words, start: int, end: int, units: Phrases) -> int:
    """Return how many words from `start` on are numbers and a unit: 3 days, 0.5 d, 1 1/2 Tage."""
    at = start
    while at < min(start + 3, end) and words[at].number and (at == start or _is_fraction(words, start, at)):
        at += 1
    size = phrase_at(words, at, end, units) if start < at < end else 0
    return at - start + size if size and gap_of(words[at].gap) is not Gap.SIGN else 0


def _is_fraction(words: Words, start: int, at: int) -> bool:
    """Return whether a number goes on with what began at `start`: 0.5, 1/2, and 1 before 1/2; "2 3" are two."""
    following = words[at + 1 : at + 2]
    is_before_one = words[at].gap == " " and following and following[0].number and following[0].gap in {"/", "\u2044"}
    return words[at].gap in _BETWEEN_NUMBERS or (at == start + 1 and bool(is_before_one))


def _date_at(words: Words, start: int, end: int) -> int:
    """Return how many words from `start` on say when: 3 May, 3.–5.8.2026, until Friday, 9:30, 5月3日."""
    at = said = start
    while at < end:
        if _is_when(words, at, start, end):
            said = at + 1
        elif not (words[at].text in LINKS and at + 1 < end and _leads_on(words, at)):
            break
        at += 1
    return said - start


def _is_when(words: Words, at: int, start: int, end: int) -> bool:
    """Return whether a word says when, among those from `start` to before `end`."""
    word = words[at]
    if word.number:
        is_next = at > start and words[at - 1].number and not word.gap.strip()  # "2 3.5." are two
        return not is_next and _is_of_time(words, at) and not (at > start and length_at(words, at, end, DAYS))
    before, after = words[max(start, at - 1) : at], words[at + 1 : min(at + 2, end)]
    if (
        any(near.number or near.text in SHORT_DATE_WORDS for near in (*before, *after))
        and word.text in SHORT_DATE_WORDS
    ):
        return True
    return word.text in DATE_WORDS or (word.text in NUMBER_ENDINGS and any(near.number for near in before))


def _leads_on(words: Words, at: int) -> bool:
    """Return whether a time follows a word that leads to one."""
    following = words[at + 1]
    if words[at].text in SAFE_LINKS:
        return following.number or following.text in DATE_WORDS | SHORT_DATE_WORDS | LINKS
    return following.number or following.text in {"le", "el", "au"}


def _is_of_time(words: Words, at: int) -> bool:
    """Return whether a number may be a part of a date or a time: "PTO 101" is a course."""
    value = int(words[at].text[:9])
    if value <= _LAST_OF_A_MONTH or value in _YEARS:
        return True
    return value <= _LAST_MINUTE and at > 0 and words[at - 1].number and words[at].gap in {":", "."}
