"""Times of day and lengths of the grammar, read from tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from services.domain.times.lexicon import Lexicon, Sense
from services.domain.times.tokens import Number, Token
from services.domain.times.values import Length, Part, TimeOfDay

_NOON = 12
_DAY_END = 24
_HOUR = 60
_TEN = 10
_NIGHT_IS_OVER = 5
_TWO_DIGITS = 2  # "09" is nine in the morning


class Parts:
    """Reads one line. Each method gives what was read and the position behind it, or None."""

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon) -> None:
        """`tokens` are of one line, cut with `lexicon`."""
        self._tokens = tokens
        self._lexicon = lexicon

    # What is asked for again and again at one place is remembered; most lines ask for nothing.

    @cached_property
    def length(self) -> Callable[[int], tuple[Length, int] | None]:
        """A length, remembered by position."""
        return cache(self._length)

    @cached_property
    def _clock(self) -> Callable[[int, bool], tuple[TimeOfDay, int] | None]:
        return cache(self._any_clock)

    def means(self, at: int, kind: Sense) -> Any:
        """What the token here means as such a kind; None where it is no such thing."""
        return self._tokens[at].means.get(kind) if at < len(self._tokens) else None

    def speaks(self, at: int) -> bool:
        """Whether the token here is more than text or a sign."""
        return (
            at < len(self._tokens)
            and not self._tokens[at].is_text
            and not self.is_(at, Sense.SIGN, Sense.SLIP, Sense.COMMA, Sense.DASH)
        )

    def is_(self, at: int, *kinds: Sense) -> bool:
        """Whether the token here can mean one of these."""
        return at < len(self._tokens) and not self._tokens[at].means.keys().isdisjoint(kinds)

    def _skip(self, at: int, *kinds: Sense) -> int:
        return at + 1 if self.is_(at, *kinds) else at

    def _whole(self, at: int, most: int) -> int | None:
        """A whole number up to `most`, as it was typed or written out."""
        number: Number | None = self.means(at, Sense.NUMBER)
        if number is None or not number.value.is_integer() or number.value > most:
            return None
        return int(number.value)

    # ── times of day ────────────────────────────────────────────────────────────────────────────────

    def clock(self, at: int, *, bare: bool = False) -> tuple[TimeOfDay, int] | None:
        """A time of day; a number alone only where `bare`, or behind an "at"."""
        return self._clock(at, bare)

    def _any_clock(self, at: int, bare: bool) -> tuple[TimeOfDay, int] | None:
        begin = self._skip(at, Sense.AT)
        half = self.means(begin, Sense.AMPM) if self.is_(begin + 1, Sense.NUMBER, Sense.CLOCK) else None
        begin = begin if half is None else begin + 1
        if self._whole(begin, _NOON) == _NOON and self.is_(begin + 1, Sense.CLOCK):
            begin += 1  # 12 noon
        marked = begin > at or (at > 0 and self.is_(at - 1, Sense.AT))
        found = self._face(begin) or self._hour(begin, bare=bare or begin > at, marked=marked)
        if found is None:
            return None
        clock, end = found
        after = self.means(end, Sense.AMPM)
        if after is not None and half in {None, after}:
            half, end = after, end + 1  # tonight 10pm
        if half is not None:
            halved = _of_half(clock, half)
            return (halved, end) if halved else None
        return clock, end

    def _face(self, at: int) -> tuple[TimeOfDay, int] | None:
        """15:30, noon, half past 1, ten past 3."""
        clock: TimeOfDay | None = self.means(at, Sense.CLOCK)
        if clock is not None and (plus := self.means(at + 1, Sense.PLUS)) is not None:
            return _shifted(clock.hour, int(plus)), at + 2
        if clock is not None:
            return clock, self._skip(at + 1, Sense.OCLOCK)
        if (shift := self.means(at, Sense.PAST)) and (hour := self._whole(at + 1, _NOON)) is not None:
            return _shifted(hour, int(shift)), self._skip(at + 2, Sense.OCLOCK)
        minutes, to = self._whole(at, _HOUR - 1), at + 1
        if minutes is None:
            return None
        to = self._skip(to, Sense.UNIT)
        sign = 1 if self.means(to, Sense.PAST) == "" else -1 if self.is_(to, Sense.BEFORE) else 0
        if not sign:
            return None
        more = self.means(to + 1, Sense.PAST)
        hour = self._whole(to + 2 if more else to + 1, _NOON)
        return None if hour is None else (_shifted(hour, int(more or 0) + sign * minutes), to + (3 if more else 2))

    def _hour(self, at: int, *, bare: bool, marked: bool) -> tuple[TimeOfDay, int] | None:
        """A number with a word that makes it an hour; or one alone, where that is expected."""
        hour, number = self._whole(at, _DAY_END), self.means(at, Sense.NUMBER)
        if hour is None or number.ordinal:
            return None
        named = self.is_(at + 1, Sense.OCLOCK)
        minute, end = self._minute(at + 2) if named else (0, at + 1)
        if (named or bare) and not minute and (shift := self._shift(end, added=marked)):
            return _shifted(hour, shift[0]), shift[1]
        if not (named or bare or self.is_(end, Sense.AMPM)) or (hour == _DAY_END and minute):
            return None
        if not named and self.is_(end, Sense.UNIT) and not self.is_(end, Sense.AMPM):
            return None
        face = 1 <= hour < _NOON + (not named) and (number.digits < _TWO_DIGITS or hour >= _TEN)
        return TimeOfDay(
            hour, minute, loose=face and (not minute or self._lexicon.english), bare=not (named or marked)
        ), end

    def _minute(self, at: int) -> tuple[int, int]:
        """The minutes behind an hour: the 30 of 14 heures 30."""
        minute = self._whole(at, _HOUR - 1)
        if minute is None or (self.is_(at + 1, Sense.UNIT, Sense.OCLOCK) and not self.is_(at + 1, Sense.MINUTE)):
            return 0, at
        return minute, self._skip(at + 1, Sense.MINUTE)

    def _shift(self, at: int, *, added: bool) -> tuple[int, int] | None:
        """Minutes from the hour before: y media, moins le quart, menos diez; y diez only where they may be `added`."""
        if (plus := self.means(at, Sense.PLUS)) is not None:
            return int(plus), at + 1
        sign = -1 if self.is_(at, Sense.MINUS) else added and self.is_(at, Sense.AND)
        minutes = self._whole(at + 1, _HOUR - 1)
        if not sign or minutes is None or self.is_(at + 2, Sense.OCLOCK, Sense.AMPM, Sense.UNIT):
            return None
        return sign * minutes, at + 2

    # ── lengths ─────────────────────────────────────────────────────────────────────────────────────

    def _length(self, at: int) -> tuple[Length, int] | None:
        """A length of time: `45m`, `1h30`, `2 hours and 15 minutes`, `half an hour`, `3 days`."""
        total, end, begin = Length(), at, at
        while found := self._amount(begin):
            length, end = found
            total = Length(total.minutes + length.minutes, total.days + length.days, total.months + length.months)
            begin = self._skip(self._skip(end, Sense.COMMA), Sense.AND)
        return (total, end) if end > at else None

    def _amount(self, at: int) -> tuple[Length, int] | None:
        """One number and its unit."""
        if (minutes := self.means(at, Sense.COMPACT)) is not None:
            return Length(minutes), at + 1
        begin = self._skip(at, Sense.ARTICLE)
        if (minutes := self.means(begin, Sense.SPELL)) is not None:
            return Length(int(minutes)), begin + 1
        counted = self._count(at)
        end = self._skip(counted[1], Sense.NEXT) if counted else at
        unit: str | None = self.means(end, Sense.UNIT)
        if counted is None or unit is None:
            return None
        size, end = counted[0] * int(unit[1:]), end + 1
        if unit == "m60":
            more, end = self._more(end)
            size += more
        return (_length(unit[0], size), end) if unit[0] == "m" or size.is_integer() else None

    def _more(self, at: int) -> tuple[int, int]:
        """Minutes behind hours, without their unit: et demie; the 30 of "1 hour 30", where it is the last word."""
        if (plus := self.means(at, Sense.PLUS)) is not None:
            return int(plus), at + 1
        minutes = self._whole(at, _HOUR - 1)
        return (0, at) if minutes is None or at + 1 < len(self._tokens) else (minutes, at + 1)

    def _count(self, at: int) -> tuple[float, int] | None:
        number: Number | None = self.means(at, Sense.NUMBER)
        if number is not None:
            if self.means(at + 1, Sense.PLUS) == "30" and self.is_(at + 2, Sense.UNIT):
                return number.value + 0.5, at + 2
            if self.is_(at + 1, Sense.UNIT, Sense.NEXT):
                return number.value, at + 1
        begin = self._skip(at, Sense.ARTICLE)
        if (fraction := self.means(begin, Sense.FRACTION)) is not None:
            return float(fraction), begin + 1
        return (1.0, begin) if begin > at else None


def in_part(clock: TimeOfDay | None, part: Part | None) -> TimeOfDay | None:
    """The time of day that a number on the clock's face is, in a part of the day: 8 in the evening is 20:00.

    None where it is in no such part: 3 in the evening.
    """
    if clock is None or part is None or not clock.loose:
        return clock
    if part is Part.EVENING and clock.hour < _NIGHT_IS_OVER:
        return None
    return replace(clock, hour=clock.hour % _NOON + _NOON * (part is not Part.MORNING), loose=False)


def _length(unit: str, size: float) -> Length:
    if unit == "m":
        return Length(round(size))
    return Length(days=int(size)) if unit == "d" else Length(months=int(size))


def _shifted(hour: int, minutes: int) -> TimeOfDay:
    """Minutes past an hour of the clock's face, or before it."""
    total = (hour or _NOON if minutes < 0 else hour) * _HOUR + minutes
    hour, minute = divmod(total, _HOUR)
    hour = hour or _NOON if minutes < 0 else hour
    return TimeOfDay(hour, minute, loose=1 <= hour <= _NOON)


def _of_half(clock: TimeOfDay, half: str) -> TimeOfDay | None:
    """3 pm is 15; 15 pm is 15; 15 am is nothing."""
    if clock.hour > _NOON:
        return replace(clock, loose=False) if half == "pm" else None
    return TimeOfDay(clock.hour % _NOON + _NOON * (half == "pm"), clock.minute)
