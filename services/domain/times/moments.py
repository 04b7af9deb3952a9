"""Times of day, lengths, days and moments of the grammar, read from tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from services.domain.times.lexicon import Lexicon, Sense
from services.domain.times.tokens import Number, Token, day_of, is_year
from services.domain.times.values import Day, DayKind, Length, Moment, Part, TimeOfDay

TODAY = Day(DayKind.OFFSET, 0, included=True)
RUNNING = frozenset({DayKind.WEEK, DayKind.MONTH})
STRETCHES = RUNNING | {DayKind.WEEKEND}

_NOON = 12
_DAY_END = 24
_HOUR = 60
_TEN = 10
_MONTH = 31
_NIGHT_IS_OVER = 5
_TWO_DIGITS = 2  # "09" is nine in the morning
_YEAR_DIGITS = 4
_WEEK_UNIT = "d7"
_HALVES = {"am": Part.MORNING, "pm": Part.AFTERNOON}


class Moments:
    """Reads one line. Each method gives what was read and the position behind it, or None."""

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon) -> None:
        """`tokens` are of one line, cut with `lexicon`."""
        self._tokens = tokens
        self._lexicon = lexicon
        # What is asked for again and again at one place is remembered.
        self.clock: Callable[[int, bool], tuple[TimeOfDay, int] | None] = cache(self._clock)
        self.length: Callable[[int], tuple[Length, int] | None] = cache(self._length)
        self.date: Callable[[int], tuple[Day, int] | None] = cache(self._date)
        self._any_day: Callable[[int, bool], tuple[Day, int] | None] = cache(self._day)
        self._any_moment: Callable[[int, bool, bool], tuple[Moment, int] | None] = cache(self._moment)

    def means(self, at: int, kind: Sense) -> Any:
        """Return what the token here means as such a kind; None where it is no such thing."""
        return self._tokens[at].means.get(kind) if 0 <= at < len(self._tokens) else None

    def is_(self, at: int, *kinds: Sense) -> bool:
        """Return whether the token here can mean one of these."""
        return 0 <= at < len(self._tokens) and not self._tokens[at].means.keys().isdisjoint(kinds)

    def _skip(self, at: int, *kinds: Sense) -> int:
        return at + 1 if self.is_(at, *kinds) else at

    def _whole(self, at: int, most: int) -> int | None:
        """Return a whole number up to `most`, as it was typed or written out."""
        number: Number | None = self.means(at, Sense.NUMBER)
        if number is None or not number.value.is_integer() or number.value > most:
            return None
        if number.digits > len(str(most)):
            return None  # 2.0
        return int(number.value)

    # ── times of day ────────────────────────────────────────────────────────────────────────────────

    def _clock(self, at: int, bare: bool) -> tuple[TimeOfDay, int] | None:
        """Return a time of day; a number alone only where `bare`, or behind an "at"."""
        begin = self._skip(at, Sense.AT)
        half = self.means(begin, Sense.AMPM) if self.is_(begin + 1, Sense.NUMBER, Sense.CLOCK) else None
        begin = begin if half is None else begin + 1
        if self._whole(begin, _NOON) == _NOON and self.is_(begin + 1, Sense.CLOCK):
            begin += 1  # 12 noon
        marked = begin > at or self.is_(at - 1, Sense.AT)
        found = self._face(begin) or self._hour(begin, bare=bare or begin > at, marked=marked)
        if found is None:
            return None
        clock, end = found
        after = self.means(end, Sense.AMPM)
        if after is not None and half in {None, after}:
            half, end = after, end + 1  # tonight 10pm
        if half is None:
            return clock, end
        if clock.hour > _NOON:  # 15 pm is 15; 15 am is nothing
            return (replace(clock, loose=False), end) if half == "pm" else None
        return TimeOfDay(clock.hour % _NOON + _NOON * (half == "pm"), clock.minute), end

    def _face(self, at: int) -> tuple[TimeOfDay, int] | None:
        """15:30, noon, half past 1, ten past 3."""
        clock: TimeOfDay | None = self.means(at, Sense.CLOCK)
        if clock is not None and (plus := self.means(at + 1, Sense.PLUS)) is not None:
            return _shifted(clock.hour, int(plus)), at + 2
        if clock is not None:
            return clock, self._skip(at + 1, Sense.OCLOCK)
        if (shift := self.means(at, Sense.PAST)) and (hour := self._whole(at + 1, _NOON)) is not None:
            return _shifted(hour, int(shift)), self._skip(at + 2, Sense.OCLOCK)
        minutes, to = self._whole(at, _HOUR - 1), self._skip(at + 1, Sense.UNIT)
        sign = 1 if self.means(to, Sense.PAST) == "" else -1 if self.is_(to, Sense.BEFORE) else 0
        if minutes is None or not sign:
            return None
        more = self.means(to + 1, Sense.PAST)
        hour = self._whole(to + 2 if more else to + 1, _NOON)
        return None if hour is None else (_shifted(hour, int(more or 0) + sign * minutes), to + (3 if more else 2))

    def _hour(self, at: int, *, bare: bool, marked: bool) -> tuple[TimeOfDay, int] | None:
        """Return a number with a word that makes it an hour; or one alone, where that is expected."""
        hour, number = self._whole(at, _DAY_END), self.means(at, Sense.NUMBER)
        if hour is None or number.ordinal:
            return None
        named = self.is_(at + 1, Sense.OCLOCK)
        minute, end = 0, at + 1 + named
        behind = self._whole(end, _HOUR - 1) if named else None
        if behind is not None and (self.is_(end + 1, Sense.MINUTE) or not self.is_(end + 1, Sense.UNIT, Sense.OCLOCK)):
            minute, end = behind, self._skip(end + 1, Sense.MINUTE)  # 14 heures 30
        if (named or bare) and not minute and (shift := self._shift(end, added=marked)):
            return _shifted(hour, shift[0]), shift[1]
        if not (named or bare or self.is_(end, Sense.AMPM)) or (hour == _DAY_END and minute):
            return None
        if not named and self.is_(end, Sense.UNIT) and not self.is_(end, Sense.AMPM):
            return None
        face = 1 <= hour < _NOON + (not named) and (number.digits < _TWO_DIGITS or hour >= _TEN)
        loose = face and (not minute or self._lexicon.english)
        return TimeOfDay(hour, minute, loose=loose, bare=not (named or marked)), end

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
        """Return a length of time: `45m`, `1h30`, `2 hours and 15 minutes`, `half an hour`, `3 days`."""
        total, end, begin = Length(), at, at
        while found := self._amount(begin):
            length, end = found
            total = Length(total.minutes + length.minutes, total.days + length.days, total.months + length.months)
            begin = self._skip(self._skip(end, Sense.COMMA), Sense.AND)
        return (total, end) if end > at else None

    def _amount(self, at: int) -> tuple[Length, int] | None:
        """Return one number and its unit."""
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
        if unit == "m60":  # minutes without their unit: et demie; the 30 of "1 hour 30", where it is the last word
            more = self.means(end, Sense.PLUS)
            if more is None and end + 1 == len(self._tokens):
                more = self._whole(end, _HOUR - 1)
            size, end = size + int(more or 0), end + (more is not None)
        if unit[0] == "m":
            return Length(round(size)), end
        if not size.is_integer():
            return None
        return Length(days=int(size)) if unit[0] == "d" else Length(months=int(size)), end

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

    def later(self, at: int) -> tuple[Length, int] | None:
        """In two hours; 3 days from now."""
        begin = self._skip(at, Sense.IN)
        found = self.length(begin)
        if found is None:
            return None
        length, end = found
        after = self._skip(end, Sense.LATER)
        return (length, after) if begin > at or after > end else None

    def _in_days(self, at: int) -> tuple[int, int] | None:
        found = self.later(at)
        return None if found is None or found[0].minutes or found[0].months else (found[0].days, found[1])

    # ── days ────────────────────────────────────────────────────────────────────────────────────────

    def day(self, at: int, *, dated: bool = False) -> tuple[Day, int] | None:
        """Return a day, a weekend, a week or a month by name, or a date; a number alone where it is `dated`."""
        begin = self._skip(self._skip(at, Sense.INCLUDING), Sense.END)
        on = self._skip(begin, Sense.ON)
        found = (self._any_day(on, True) if on > begin else None) or self._any_day(begin, dated)
        if found is None:
            return None
        day, end = found
        after = self._skip(end, Sense.INCLUDING)
        return (replace(day, included=True) if begin > at or after > end else day), after

    def _day(self, at: int, dated: bool) -> tuple[Day, int] | None:
        return self._weekday(at) or self._named(at) or self.date(at) or self._week_on(at) or self._of_month(at, dated)

    def _made(self, kind: DayKind, number: int, ahead: int = 0) -> Day:
        return Day(kind, number, ahead=ahead, included=kind in self._lexicon.included)

    def _weekday(self, at: int) -> tuple[Day, int] | None:
        """Tuesday; next tuesday; tuesday, 24 december; tuesday in two weeks; tuesday of next week."""
        number, is_next = self.means(at, Sense.WEEKDAY), False
        if number is None and self.is_(at, Sense.NEXT, Sense.COMING):
            number, is_next, at = self.means(at + 1, Sense.WEEKDAY), not self.is_(at, Sense.COMING), at + 1
        if number is None:
            return None
        number, end = int(number), at + 1
        behind = self._skip(end, Sense.COMMA)
        if date := self.date(self._skip(behind, Sense.ON)):
            return replace(date[0], weekday=number), date[1]
        if (later := self._in_days(end)) and later[0] % 7 == 0:
            return self._made(DayKind.WEEKDAY, number, later[0] // 7), later[1]
        week = self._skip(behind, Sense.OF, Sense.ON, Sense.IN)
        if is_next:
            return self._made(DayKind.WEEKDAY_OF_WEEK, number, 1), end
        if (ahead := self.means(week, Sense.WEEK)) is not None:
            return self._made(DayKind.WEEKDAY_OF_WEEK, number, int(ahead)), week + 1
        return self._made(DayKind.WEEKDAY, number), self._skip(end, Sense.COMING)

    def _named(self, at: int) -> tuple[Day, int] | None:
        """Today; tomorrow; in 3 days; a weekend, a week or a month."""
        if (distance := self.means(at, Sense.DAY)) is not None:
            number = int(distance)
            if later := self._in_days(at + 1):
                return Day(DayKind.OFFSET, number + later[0]), later[1]
            return TODAY if number == 0 else self._made(DayKind.OFFSET, number), at + 1
        if stretch := self._stretch(at):
            return stretch
        later = self._in_days(at)
        return (self._made(DayKind.OFFSET, later[0]), later[1]) if later else None

    def _stretch(self, at: int) -> tuple[Day, int] | None:
        """Return the weekend; next week, and in it tuesday; next month, and 来月5日."""
        if (ahead := self.means(at, Sense.WEEKEND)) is not None:
            return Day(DayKind.WEEKEND, ahead=int(ahead)), at + 1
        begin = self._skip(self._skip(at + 1, Sense.COMMA), Sense.ON, Sense.AT, Sense.OF)
        if (ahead := self.means(at, Sense.WEEK)) is not None:
            if (weekday := self.means(begin, Sense.WEEKDAY)) is not None:
                return self._made(DayKind.WEEKDAY_OF_WEEK, int(weekday), int(ahead)), begin + 1
            return Day(DayKind.WEEK, ahead=int(ahead), included=ahead == "0"), at + 1
        if (ahead := self.means(at, Sense.RELMONTH)) is None:
            return None
        number = self._day_number(begin)
        if number and self.is_(number[1] - 1, Sense.DAYMARK):
            return self._made(DayKind.DAY_OF_MONTH, number[0], int(ahead)), number[1]
        return Day(DayKind.MONTH, ahead=int(ahead), included=ahead == "0"), at + 1

    def _week_on(self, at: int) -> tuple[Day, int] | None:
        """Return a week on tuesday."""
        weeks = 1 if self.is_(at, Sense.ARTICLE) else self._whole(at, 100)
        if weeks is None or self.means(at + 1, Sense.UNIT) != _WEEK_UNIT or not self.is_(at + 2, Sense.ON):
            return None
        weekday = self.means(at + 3, Sense.WEEKDAY)
        return None if weekday is None else (self._made(DayKind.WEEKDAY, int(weekday), weeks), at + 4)

    # ── dates ───────────────────────────────────────────────────────────────────────────────────────

    def _date(self, at: int) -> tuple[Day, int] | None:
        """24 December, Dec 24 2026, 24.12., 2026-12-24."""
        if (day := self.means(at, Sense.DATE)) is not None:
            weekday = self.means(at + 1, Sense.WEEKDAY) if self._lexicon.counted else None  # 12月24日(木)
            return (day, at + 1) if weekday is None else (replace(day, weekday=int(weekday)), at + 2)
        number, month = self._day_number(at), self.means(at, Sense.MONTH)
        if number and number[1] == at + 1:
            named = self._skip(at + 1, Sense.OF)
            return self._dated(number[0], self.means(named, Sense.MONTH), named + 1)
        after = self._day_number(at + 1)
        if after is None or self.is_(after[1], Sense.AMPM, Sense.OCLOCK, Sense.UNIT):
            return None
        return self._dated(after[0], month, after[1])

    def _dated(self, number: int, month: str | None, at: int) -> tuple[Day, int] | None:
        if month is None:
            return None
        year = self._skip(self._skip(at, Sense.COMMA), Sense.OF)
        said: Number | None = self.means(year, Sense.NUMBER)
        spoken = int(said.value) if said and said.digits == _YEAR_DIGITS and is_year(said.value) else 0
        day = day_of(number, int(month), spoken, included=DayKind.DATE in self._lexicon.included)
        return (day, year + 1 if spoken else at) if day else None

    def _day_number(self, at: int) -> tuple[int, int] | None:
        """Return a number that can be a day of a month: 24, 24th, 24日."""
        ordinal = self.means(at, Sense.ORDINAL)
        number = int(ordinal) if ordinal is not None else self._whole(at, _MONTH)
        if not number or self.is_(at + 1, Sense.OCLOCK, Sense.AMPM, Sense.UNIT, Sense.PLUS):
            return None
        return number, self._skip(at + 1, Sense.DAYMARK)

    def _of_month(self, at: int, dated: bool) -> tuple[Day, int] | None:
        """Return the 5th; 5th of next month."""
        found = self._day_number(at)
        if found is None:
            return None
        number, end = found
        month = self._skip(end, Sense.OF, Sense.ON)
        if (ahead := self.means(month, Sense.RELMONTH)) is not None:
            return self._made(DayKind.DAY_OF_MONTH, number, int(ahead)), month + 1
        said: Number | None = self.means(at, Sense.NUMBER)
        if (dated and (said is None or said.digits)) or end > at + 1 or (said is not None and said.ordinal):
            return self._made(DayKind.DAY_OF_MONTH, number), end
        return None

    # ── moments ─────────────────────────────────────────────────────────────────────────────────────

    def moment(self, at: int, *, bare: bool = False, dated: bool = False) -> tuple[Moment, int] | None:
        """Return a day, a part of it, a time of day, or some of these together; from now on, or in a while."""
        return self._any_moment(at, bare, dated)

    def _moment(self, at: int, bare: bool, dated: bool) -> tuple[Moment, int] | None:
        if self.is_(at, Sense.NOW):
            return Moment(after=Length()), at + 1
        if found := self.day(at, dated=dated):
            return self._in_day(*found)
        if later := self.later(at):
            return Moment(after=later[0]), later[1]
        return self._part(at) or self._timely(at, bare)

    def _in_day(self, day: Day, end: int) -> tuple[Moment, int]:
        """Return the day, and what of it."""
        after = self._skip(end, Sense.COMMA)
        for begin in (after, self._skip(after, Sense.AT, Sense.ON)):
            part = self.means(begin, Sense.PART) or _HALVES.get(self.means(begin, Sense.AMPM))
            if part is not None and day.kind not in RUNNING and not self._is_half(begin):
                return self._timed(Moment(day, part=Part(part)), begin + 1)
        clock = self.clock(after, self._ends_after_number(after) and self._whole(after, _DAY_END - 1) is not None)
        if clock and day.kind not in STRETCHES:
            return Moment(day, clock[0]), clock[1]
        return Moment(day), end

    def _part(self, at: int) -> tuple[Moment, int] | None:
        part = self.means(at, Sense.PART)
        if part is None or self._is_half(at):
            return None
        found = self._timed(Moment(TODAY, part=Part(part)), at + 1)
        day = self.day(self._skip(found[1], Sense.OF)) if found[0].part else None
        return (replace(found[0], day=day[0]), day[1]) if day else found

    def _timely(self, at: int, bare: bool) -> tuple[Moment, int] | None:
        """Return a time of day, and its day behind it."""
        found = self.clock(at, bare)
        if found is None:
            return None
        clock, end = found
        part = self.means(end, Sense.PART)
        if part is not None and (timed := in_part(clock, Part(part))):
            return Moment(TODAY, timed), end + 1  # 18h ce soir
        day = self.day(self._skip(end, Sense.COMMA))
        if day and day[0].kind not in STRETCHES:
            return Moment(day[0], clock), day[1]
        return Moment(None, clock), end

    def _timed(self, moment: Moment, end: int) -> tuple[Moment, int]:
        """Tonight at 8: the part tells which 8 it is."""
        begin = self._skip(end, Sense.COMMA)
        found = self.clock(begin, self._ends_after_number(begin))
        clock = in_part(found[0], moment.part) if found else None
        return (Moment(moment.day, clock), found[1]) if found and clock else (moment, end)

    def _is_half(self, at: int) -> bool:
        """Return whether this says which half of the day the number behind it is of: 午後3時."""
        return self.is_(at, Sense.AMPM) and self.is_(at + 1, Sense.NUMBER, Sense.CLOCK)

    def _ends_after_number(self, at: int) -> bool:
        """Return whether a number here is the last thing said, or the first half of a range."""
        ends = (Sense.TO, Sense.DASH, Sense.FOR, Sense.UNTIL, Sense.SUFFIX_UNTIL, Sense.COMMA)
        return self.is_(at, Sense.NUMBER) and (at + 1 == len(self._tokens) or self.is_(at + 1, *ends))


def in_part(clock: TimeOfDay | None, part: Part | None) -> TimeOfDay | None:
    """Return the time of day that a number on the clock's face is, in a part of the day: 8 in the evening is 20:00.

    None where it is in no such part: 3 in the evening.
    """
    if clock is None or part is None or not clock.loose:
        return clock
    if part is Part.EVENING and clock.hour < _NIGHT_IS_OVER:
        return None
    return replace(clock, hour=clock.hour % _NOON + _NOON * (part is not Part.MORNING), loose=False)


def _shifted(hour: int, minutes: int) -> TimeOfDay:
    """Minutes past an hour of the clock's face, or before it."""
    total = (hour or _NOON if minutes < 0 else hour) * _HOUR + minutes
    hour, minute = divmod(total, _HOUR)
    hour = hour or _NOON if minutes < 0 else hour
    return TimeOfDay(hour, minute, loose=1 <= hour <= _NOON)
