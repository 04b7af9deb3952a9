"""What is typed, cut into tokens: words of time, numbers, markers, signs and text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from re import Match
from typing import Any

from services.domain.times.lexicon import Lexicon, Sense
from services.domain.times.values import Day, DayKind, TimeOfDay

_TWO_DIGIT_YEARS = 2000
_SHORT_YEAR = 2  # digits
_YEARS = (1970, 2999)
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS = len(_DAYS_IN_MONTH)
_MINUTES = 60
_DAY_END = 24

_CJK = "\u3005-\u30ff\u3400-\u9fff"
_TEXT = re.compile(rf"(?:(?![{_CJK}])[\w'])+(?:\.[0-9]+)*|.", re.DOTALL)  # v2.0 is one word
_RUN = re.compile(rf"(?:(?![{_CJK}])\w)+(?:-(?:(?![{_CJK}])\w)+)*")
_DATES = (
    re.compile(r"(?P<y>[0-9]{4})([-/.])(?P<m>[0-9]{1,2})\2(?P<d>[0-9]{1,2})(?![0-9])(?:t(?=[0-9]))?"),
    re.compile(r"(?:(?P<y>[0-9]{4})年)?(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日?(?!間)"),
    re.compile(
        r"(?P<d>[0-9]{1,2})\.\s?(?P<m>[0-9]{1,2})\.(?:\s?(?P<y>[0-9]{4}|[0-9]{2})(?![0-9:.h]|\s?uhr))?(?![0-9])"
    ),
)
_ORDERED = re.compile(r"(?P<a>[0-9]{1,2})([/-])(?P<b>[0-9]{1,2})(?:\2(?P<y>[0-9]{4}|(?<=/)[0-9]{2}))?(?![0-9/])")
_ALONE = re.compile(rf"(?<![0-9/-]){_ORDERED.pattern}")
_TIME = re.compile(r"(?P<h>[0-9]{1,3}):(?P<m>[0-9]{1,2})(?::[0-9]{2})?(?![0-9:])")
_DOTTED = re.compile(r"(?P<a>[0-9]{1,2})\.(?P<b>[0-9]{1,2})(?![0-9.:])")
_HOUR_MINUTE = re.compile(r"(?P<h>[0-9]{1,3})\s?h\s?(?P<m>[0-9]{1,2})(?P<unit>\s?(?:min|mn|m))?(?![a-z0-9:.,])")
_NUMBER = re.compile(r"(?P<n>[0-9]{1,4}(?:[.,][0-9]{1,2}(?![0-9.]))?|\.[0-9]{1,2})(?![0-9:])")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|o|a|e)(?![a-z0-9])|\.(?=\s*(?:[a-z(~-]|$))")
_CENTURY = re.compile(r"'(?P<y>[0-9]{2})(?![0-9a-z:.])")
_COMPOUND = re.compile(r"[0-9]{1,4}-([a-z]+)(?:-[a-z0-9]+)*(?![a-z0-9])")
_TAKES_MORE = frozenset({Sense.NUMBER, Sense.CLOCK, Sense.UNIT})
"""What another word may stand right behind."""

_BEFORE_ABOUT = frozenset({Sense.UNTIL, Sense.FOR, Sense.FROM, Sense.BACK, Sense.AT})
_DOMAIN = re.compile(r"\.[a-z]{2,}")
_ABBREVIATED = 4  # letters
_SIGNS = {
    "-": {Sense.DASH: ""}, "~": {Sense.DASH: ""}, ",": {Sense.COMMA: ""}, "、": {Sense.COMMA: ""}, "&": {Sense.AND: ""},
    "+": {Sense.AND: ""},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number:
    """A number: `ordinal` as in 24th, `digits` that were typed (0 for a word)."""

    value: float
    ordinal: bool = False
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """One of them, in folded text from `start` to `end`. Text means nothing.

    `weak` speaks of time only beside a number or another word of time, `strong` by itself.
    """

    start: int
    end: int
    means: Mapping[Sense, Any] = field(default_factory=dict)
    weak: bool = False
    strong: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it is a word of which nothing is known."""
        return not self.means or Sense.NAME in self.means


class Lexer:
    """Cuts folded text."""

    def __init__(self, text: str, lexicon: Lexicon, *, month_first: bool) -> None:
        """`month_first`: 3/4 is 4 March, where no other date of the line shows its order."""
        self._text = text
        self._lexicon = lexicon
        self._month_first = month_first if (shown := _shown_order(text)) is None else shown

    def tokens(self) -> list[Token]:
        """Return all of it; blanks stand between tokens."""
        numbers = (self._date, self._ordered, self._time, self._dotted, self._compact, self._compound, self._number)
        found: list[Token] = []
        at = 0
        while at < len(self._text):
            if self._text[at] == " ":
                at += 1
                continue
            token = None
            if self._text[at] in "0123456789.'":
                token = next((read for number in numbers if (read := number(at))), None)
            if token is None and found and found[-1].end == at and not _TAKES_MORE.isdisjoint(found[-1].means):
                token = self._word(at, glued=True)
            token = token or self._word(at) or self._other(at, found)
            found.append(token)
            at = token.end
        return found

    # ── what begins with a digit ────────────────────────────────────────────────────────────────────

    def _date(self, at: int) -> Token | None:
        found = next((found for pattern in _DATES if (found := pattern.match(self._text, at))), None)
        return None if found is None else _dated(found, self._day(found["d"], found["m"], found["y"]))

    def _ordered(self, at: int) -> Token | None:
        found = _ORDERED.match(self._text, at)
        if found is None or (found[2] == "-" and not found["y"]):
            return None
        if found[0] == "24/7":
            return Token(at, found.end())
        orders = [(found["b"], found["a"]), (found["a"], found["b"])]
        days = [self._day(day, month, found["y"]) for day, month in (orders if self._month_first else orders[::-1])]
        return _dated(found, days[0] or days[1])

    def _time(self, at: int) -> Token | None:
        found = _TIME.match(self._text, at)
        if found is None:
            return None
        clock = self._clock(found["h"], found["m"])
        if clock is None:
            known = len(found["m"]) > 1  # 1:1 and 16:9 are no times
            return Token(at, found.end(), {Sense.UNREAD: ""} if known else {}, strong=known)
        return Token(at, found.end(), {Sense.CLOCK: clock}, strong=True)

    def _dotted(self, at: int) -> Token | None:
        """24.12 is a day, 15.30 a time, 1.5 a number; several where it may be several."""
        found = _DOTTED.match(self._text, at)
        if found is None:
            return None
        day, clock = self._day(found["a"], found["b"], None), self._clock(found["a"], found["b"])
        form = self._lexicon.find(self._text, found.end() + self._text.startswith(" ", found.end()), glued=True)
        follows = self._lexicon.words[form].means if form else {}
        if clock and {Sense.OCLOCK, Sense.AMPM} & follows.keys() and Sense.UNIT not in follows:
            return Token(at, found.end(), {Sense.CLOCK: clock}, strong=True)
        means: dict[Sense, Any] = {Sense.NUMBER: Number(float(found[0]), digits=len(found[0]))}
        is_version = self._lexicon.english and len(found["b"]) == 1  # Release 1.5
        if not is_version and (len(found["b"]) == 2 or not follows):  # noqa: PLR2004  # digits of a minute
            means |= {Sense.DATE: day} if day else {}
            means |= {Sense.CLOCK: clock} if clock else {}
        if self._text[found.end() : found.end() + 1].isalpha() and not follows:
            return None
        return Token(at, found.end(), means, weak=True)

    def _compact(self, at: int) -> Token | None:
        """1h30 is a length, 14h30 may be a time of day."""
        found = _HOUR_MINUTE.match(self._text, at)
        if found is None:
            return None
        means: dict[Sense, Any] = {Sense.COMPACT: int(found["h"]) * _MINUTES + int(found["m"])}
        if not found["unit"] and len(found["m"]) > 1 and (clock := self._clock(found["h"], found["m"])):
            means[Sense.CLOCK] = clock
        return Token(at, found.end(), means, strong=True)

    def _compound(self, at: int) -> Token | None:
        """1-on-1 and 3-day are words, the second one of time."""
        found = _COMPOUND.match(self._text, at)
        if found is None or (word := self._lexicon.words.get(found[1])) is None:
            return None
        if Sense.UNIT in word.means:
            return Token(at, found.end(), {Sense.UNREAD: ""}, strong=True)
        return None if word.strong or word.weak or "-" not in found[0][found.end(1) - at :] else Token(at, found.end())

    def _number(self, at: int) -> Token | None:
        if short := _CENTURY.match(self._text, at):  # 1 Jan '27
            return Token(at, short.end(), {Sense.NUMBER: Number(float(full_year(short["y"])), digits=4)})
        found = _NUMBER.match(self._text, at)
        if found is None:
            return None
        value = Number(float(found["n"].replace(",", ".")), digits=len(found["n"]))
        end = found.end()
        glued = self._lexicon.find(self._text, end, glued=True)
        ordinal = _ORDINAL.match(self._text, end)
        if ordinal and end + len(glued) < ordinal.end():
            return Token(at, ordinal.end(), {Sense.NUMBER: replace(value, ordinal=True)})
        after = self._text[end : end + 1]
        if after.isascii() and (after.isalpha() or after == "_") and not glued:
            return None  # 5k, 45x
        return Token(at, end, {Sense.NUMBER: value})

    def _day(self, number: str, month: str, year: str | None) -> Day | None:
        return day_of(int(number), int(month), full_year(year), included=DayKind.DATE in self._lexicon.included)

    def _clock(self, hour: str, minute: str) -> TimeOfDay | None:
        h, m = int(hour), int(minute)
        if len(minute) != 2 or m >= _MINUTES or h > _DAY_END or (h == _DAY_END and m):  # noqa: PLR2004  # digits
            return None
        exact = hour.startswith("0") or not self._lexicon.english
        return TimeOfDay(h, m, loose=1 <= h < 12 and not exact)  # noqa: PLR2004  # a clock face

    # ── words and signs ─────────────────────────────────────────────────────────────────────────────

    def _word(self, at: int, *, glued: bool = False) -> Token | None:
        """Return the longest known word; `glued`: right behind a number."""
        form = self._lexicon.find(self._text, at, glued=glued)
        if not form:
            return None
        word, end = self._lexicon.words[form], at + len(form)
        if _DOMAIN.match(self._text, end) and len(form) > _ABBREVIATED:
            return None  # Monday.com
        means: dict[Sense, Any] = dict(word.means)
        if Sense.NUMBER in means:
            means[Sense.NUMBER] = Number(float(means[Sense.NUMBER]))
        if Sense.CLOCK in means:
            means[Sense.CLOCK] = TimeOfDay(int(means[Sense.CLOCK]))
        if {Sense.MONTH, Sense.WEEKDAY} & means.keys() and self._text.startswith(".", end):
            end += 1
        return Token(at, end, means, weak=word.weak, strong=word.strong)

    def _other(self, at: int, before: list[Token]) -> Token:
        sign = _SIGNS.get(self._text[at])
        if self._text[at] == "~" and before and not _BEFORE_ABOUT.isdisjoint(before[-1].means):
            sign = {Sense.AT: ""}  # until ~3pm
        if self._text[at] == "+" and before and before[-1].end == at and before[-1].is_text:
            sign = sign if self._text[at + 1 : at + 2].isalnum() else {}  # C++
        if sign is not None:
            return Token(at, at + 1, sign)
        found = (_RUN if self._text[at] in "0123456789" else _TEXT).match(self._text, at)
        end = found.end() if found else at + 1
        form = self._text[at:end]
        if not form[0].isalnum():
            return Token(at, end, {Sense.SIGN: form})
        slip = self._lexicon.slip(form, counted=bool(before) and Sense.NUMBER in before[-1].means)
        return Token(at, end, {Sense.SLIP: slip} if slip else {})


def _shown_order(text: str) -> bool | None:
    """Return whether months stand first in its dates; None where none shows it, or they differ: 12/24-1/2 is of one."""
    found = [(one, int(one["a"]), int(one["b"])) for one in _ALONE.finditer(text) if one[2] == "/" and one[0] != "24/7"]
    shown = {b > _MONTHS for _, a, b in found if (a > _MONTHS) is not (b > _MONTHS)}
    return shown.pop() if len(shown) == 1 else None


def day_of(number: int, month: int, year: int, *, included: bool) -> Day | None:
    """Return a date, if there is such a one in some year; `year` 0 where none was said."""
    if not 1 <= month <= len(_DAYS_IN_MONTH) or not 1 <= number <= _DAYS_IN_MONTH[month - 1]:
        return None
    if year and not is_year(year):
        return None
    return Day(DayKind.DATE, number, month, year, included=included)


def is_year(number: float) -> bool:
    """Return whether a number can be a year."""
    return _YEARS[0] <= number <= _YEARS[1]


def full_year(said: str | None) -> int:
    """27 is 2027; 0 where nothing was said."""
    if not said:
        return 0
    return int(said) if len(said) > _SHORT_YEAR else _TWO_DIGIT_YEARS + int(said)


def _dated(found: Match[str], day: Day | None) -> Token:
    means: dict[Sense, Any] = {Sense.UNREAD: ""} if day is None else {Sense.DATE: day}
    return Token(found.start(), found.end(), means, strong=True)
