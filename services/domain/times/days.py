"""Days, dates and moments of the grammar, read from tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, cached_property

from services.domain.times.lexicon import Sense
from services.domain.times.parts import Parts, in_part
from services.domain.times.tokens import Number, day_of, is_year
from services.domain.times.values import Day, DayKind, Length, Moment, Part

_MONTH = 31
_LAST_HOUR = 23
_YEAR_DIGITS = 4
_TODAY = Day(DayKind.OFFSET, 0, included=True)
_WEEK_UNIT = "d7"
_LONG = frozenset({DayKind.WEEK, DayKind.MONTH})
_HALVES = {"am": Part.MORNING, "pm": Part.AFTERNOON}
_STRETCHES = _LONG | {DayKind.WEEKEND}


class Days(Parts):
    """Reads one line. Each method gives what was read and the position behind it, or None."""

    @cached_property
    def date(self) -> Callable[[int], tuple[Day, int] | None]:
        """A date, remembered by position."""
        return cache(self._date)

    @cached_property
    def _moment(self) -> Callable[[int, bool, bool], tuple[Moment, int] | None]:
        return cache(self._any_moment)

    @cached_property
    def _day(self) -> Callable[[int, bool], tuple[Day, int] | None]:
        return cache(self._any_day)

    # ── days ────────────────────────────────────────────────────────────────────────────────────────

    def day(self, at: int, *, dated: bool = False) -> tuple[Day, int] | None:
        """A day, a weekend, a week or a month by name, or a date; a number alone where it is `dated`."""
        begin = self._skip(at, Sense.INCLUDING)
        if self.is_(begin, Sense.END):
            begin += 1
        included = begin > at
        on = self._skip(begin, Sense.ON)
        found = self._day(on, dated or on > begin) or self._day(begin, dated)
        if found is None:
            return None
        day, end = found
        if self.is_(end, Sense.INCLUDING):
            included, end = True, end + 1
        return (replace(day, included=True) if included else day), end

    def _any_day(self, at: int, dated: bool) -> tuple[Day, int] | None:
        return (
            self._weekday(at)
            or self._named(at)
            or self.date(at)
            or self._week_on(at)
            or self._of_month(at, dated=dated)
        )

    def _named(self, at: int) -> tuple[Day, int] | None:
        if (distance := self.means(at, Sense.DAY)) is not None:
            number = int(distance)
            if later := self._in_days(at + 1):
                return Day(DayKind.OFFSET, number + later[0]), later[1]
            return Day(DayKind.OFFSET, number, included=number == 0 or "offset" in self._lexicon.included), at + 1
        for kind, said in (
            (Sense.WEEKEND, DayKind.WEEKEND),
            (Sense.WEEK, DayKind.WEEK),
            (Sense.RELMONTH, DayKind.MONTH),
        ):
            if (ahead := self.means(at, kind)) is not None:
                return self._within(
                    Day(said, ahead=int(ahead), included=said is not DayKind.WEEKEND and ahead == "0"), at + 1
                )
        if later := self._in_days(at):
            return Day(DayKind.OFFSET, later[0], included="offset" in self._lexicon.included), later[1]
        return None

    def _within(self, stretch: Day, at: int) -> tuple[Day, int]:
        """Next week tuesday; 来月5日."""
        begin = self._skip(self._skip(at, Sense.COMMA), Sense.ON, Sense.AT, Sense.OF)
        if stretch.kind is DayKind.WEEK and (weekday := self.means(begin, Sense.WEEKDAY)) is not None:
            return self._weekday_of(int(weekday), stretch.ahead), begin + 1
        number = self.day_number(begin)
        if stretch.kind is DayKind.MONTH and number and self.is_(number[1] - 1, Sense.DAYMARK):
            return self._month_day(number[0], stretch.ahead), number[1]
        return stretch, at

    def _weekday(self, at: int) -> tuple[Day, int] | None:
        number = self.means(at, Sense.WEEKDAY)
        next_ = coming = False
        if number is None and self.is_(at, Sense.NEXT, Sense.COMING):
            number = self.means(at + 1, Sense.WEEKDAY)
            coming = self.is_(at, Sense.COMING)
            next_, at = not coming, at + 1
        if number is None:
            return None
        end = at + 1
        if date := self.date(self._skip(self._skip(end, Sense.COMMA), Sense.ON)):
            return replace(date[0], weekday=int(number)), date[1]
        if later := self._in_days(end, weeks=True):
            return self._coming(int(number), later[0] // 7), later[1]
        week = self._skip(self._skip(end, Sense.COMMA), Sense.OF, Sense.ON, Sense.IN)
        if (ahead := self.means(week, Sense.WEEK)) is not None and not next_:
            return self._weekday_of(int(number), int(ahead)), week + 1
        if next_:
            return self._weekday_of(int(number), 1), end
        return self._coming(int(number), 0), self._skip(end, Sense.COMING)

    def _weekday_of(self, number: int, ahead: int) -> Day:
        return Day(DayKind.WEEKDAY_OF_WEEK, number, ahead=ahead, included="weekday" in self._lexicon.included)

    def _coming(self, number: int, ahead: int) -> Day:
        return Day(DayKind.WEEKDAY, number, ahead=ahead, included="weekday" in self._lexicon.included)

    def _week_on(self, at: int) -> tuple[Day, int] | None:
        """A week on tuesday."""
        weeks = 1 if self.is_(at, Sense.ARTICLE) else self._whole(at, 100)
        if weeks is None or self.means(at + 1, Sense.UNIT) != _WEEK_UNIT or not self.is_(at + 2, Sense.ON):
            return None
        weekday = self.means(at + 3, Sense.WEEKDAY)
        return None if weekday is None else (self._coming(int(weekday), weeks), at + 4)

    def _in_days(self, at: int, *, weeks: bool = False) -> tuple[int, int] | None:
        found = self.later(at)
        after = found[0].after if found else None
        if found is None or after is None or after.minutes or after.months or (weeks and after.days % 7):
            return None
        return after.days, found[1]

    def later(self, at: int) -> tuple[Moment, int] | None:
        """In two hours; 3 days from now."""
        begin = self._skip(at, Sense.IN)
        found = self.length(begin)
        if found is None:
            return None
        length, end = found
        if begin > at:
            return Moment(after=length), self._skip(end, Sense.LATER)
        return (Moment(after=length), end + 1) if self.is_(end, Sense.LATER) else None

    # ── dates ───────────────────────────────────────────────────────────────────────────────────────

    def _date(self, at: int) -> tuple[Day, int] | None:
        """24 December, Dec 24 2026, 24.12., 2026-12-24."""
        if (day := self.means(at, Sense.DATE)) is not None:
            return self._with_weekday(day, at + 1)
        number, month = self.day_number(at), self.means(at, Sense.MONTH)
        if number and number[1] == at + 1:
            named = self._skip(at + 1, Sense.OF)
            return self._dated(number[0], self.means(named, Sense.MONTH), named + 1)
        after = self.day_number(at + 1)
        if month is None or after is None or self.is_(after[1], Sense.AMPM, Sense.OCLOCK, Sense.UNIT):
            return None
        return self._dated(after[0], month, after[1])

    def _dated(self, number: int, month: str | None, at: int) -> tuple[Day, int] | None:
        if month is None:
            return None
        year = self._skip(self._skip(at, Sense.COMMA), Sense.OF)
        said: Number | None = self.means(year, Sense.NUMBER)
        spoken = int(said.value) if said and said.digits == _YEAR_DIGITS and is_year(said.value) else 0
        day = day_of(number, int(month), spoken, included="date" in self._lexicon.included)
        return (day, year + 1 if spoken else at) if day else None

    def day_in(self, month: str, at: int) -> tuple[Day, int] | None:
        """The day of a month that was said before: the 27 2026 of Dec 24-27 2026."""
        number = self.day_number(at)
        return self._dated(number[0], month, number[1]) if number else None

    def _with_weekday(self, day: Day, at: int) -> tuple[Day, int]:
        """12月24日(木), 12月24日木曜日."""
        weekday = self.means(at, Sense.WEEKDAY) if self._lexicon.counted else None
        return (day, at) if weekday is None else (replace(day, weekday=int(weekday)), at + 1)

    def day_number(self, at: int) -> tuple[int, int] | None:
        """A number that can be a day of a month: 24, 24th, 24日."""
        ordinal = self.means(at, Sense.ORDINAL)
        number = int(ordinal) if ordinal is not None else self._whole(at, _MONTH)
        if not number or self.is_(at + 1, Sense.OCLOCK, Sense.AMPM, Sense.UNIT, Sense.PLUS):
            return None
        return number, self._skip(at + 1, Sense.DAYMARK)

    def _of_month(self, at: int, *, dated: bool) -> tuple[Day, int] | None:
        """The 5th; 5th of next month."""
        found = self.day_number(at)
        if found is None:
            return None
        number, end = found
        month = self._skip(end, Sense.OF, Sense.ON)
        if (ahead := self.means(month, Sense.RELMONTH)) is not None:
            return self._month_day(number, int(ahead)), month + 1
        said: Number | None = self.means(at, Sense.NUMBER)
        if (dated and (said is None or said.digits)) or end > at + 1 or (said is not None and said.ordinal):
            return self._month_day(number, 0), end
        return None

    def _month_day(self, number: int, ahead: int) -> Day:
        return Day(DayKind.DAY_OF_MONTH, number, ahead=ahead, included="date" in self._lexicon.included)

    # ── moments ─────────────────────────────────────────────────────────────────────────────────────

    def moment(self, at: int, *, bare: bool = False, dated: bool = False) -> tuple[Moment, int] | None:
        """A day, a part of it, a time of day, or some of these together; from now on, or in a while."""
        return self._moment(at, bare, dated)

    def _any_moment(self, at: int, bare: bool, dated: bool) -> tuple[Moment, int] | None:
        if self.is_(at, Sense.NOW):
            return Moment(after=Length()), at + 1
        if found := self.day(at, dated=dated):
            return self._in_day(*found)
        return self.later(at) or self._part(at) or self._timely(at, bare=bare)

    def _timely(self, at: int, *, bare: bool) -> tuple[Moment, int] | None:
        """A time of day, and its day behind it."""
        clock = self.clock(at, bare=bare)
        if clock is None:
            return None
        part = self.means(clock[1], Sense.PART)
        if part is not None and (timed := in_part(clock[0], Part(part))):
            return Moment(_TODAY, timed), clock[1] + 1  # 18h ce soir
        day = self.day(self._skip(clock[1], Sense.COMMA))
        if day and day[0].kind not in _STRETCHES:
            return Moment(day[0], clock[0]), day[1]
        return Moment(None, clock[0]), clock[1]

    def _in_day(self, day: Day, end: int) -> tuple[Moment, int]:
        """The day, and what of it."""
        after = self._skip(end, Sense.COMMA)
        for begin in (after, self._skip(after, Sense.AT, Sense.ON)):
            part = self.means(begin, Sense.PART) or _HALVES.get(self.means(begin, Sense.AMPM))
            if part is not None and day.kind not in _LONG and not self._is_half(begin):
                return self._timed(Moment(day, part=Part(part)), begin + 1)
        clock = self.clock(after, bare=self._ends_after_number(after) and self._whole(after, _LAST_HOUR) is not None)
        if clock and day.kind not in _STRETCHES:
            return Moment(day, clock[0]), clock[1]
        return Moment(day), end

    def _part(self, at: int) -> tuple[Moment, int] | None:
        part = self.means(at, Sense.PART)
        if part is None or self._is_half(at):
            return None
        found = self._timed(Moment(_TODAY, part=Part(part)), at + 1)
        day = self.day(self._skip(found[1], Sense.OF)) if found[0].part else None
        return (replace(found[0], day=day[0]), day[1]) if day else found

    def _is_half(self, at: int) -> bool:
        """Whether this says which half of the day the number behind it is of: 午後3時."""
        return self.is_(at, Sense.AMPM) and self.is_(at + 1, Sense.NUMBER, Sense.CLOCK)

    def _timed(self, moment: Moment, end: int) -> tuple[Moment, int]:
        """Tonight at 8: the part tells which 8 it is."""
        begin = self._skip(end, Sense.COMMA)
        found = self.clock(begin, bare=self._ends_after_number(begin))
        if found is None:
            return moment, end
        clock = in_part(found[0], moment.part)
        return (Moment(moment.day, clock), found[1]) if clock else (moment, end)

    def _ends_after_number(self, at: int) -> bool:
        """Whether a number here is the last thing said, or the first half of a range."""
        return self.is_(at, Sense.NUMBER) and (
            at + 1 == len(self._tokens)
            or self.is_(
                at + 1,
                Sense.TO,
                Sense.DASH,
                Sense.FOR,
                Sense.UNTIL,
                Sense.SUFFIX_UNTIL,
                Sense.COMMA,
            )
        )
