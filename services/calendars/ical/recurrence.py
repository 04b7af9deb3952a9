"""Recurrence rules (RFC 5545 §3.3.10): read leniently, expanded in wall-clock time near a window, within a budget.

Written here because python-dateutil walks from the start of a rule whatever is asked, never ends on a rule that never
matches, counts BYSETPOS from the middle of the first week, gives a whole week for BYWEEKNO without BYDAY and every
month for BYMONTHDAY without BYMONTH. The tests hold it against dateutil wherever both should agree.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from itertools import product
from math import prod

from services.calendars.ical.zones import LAST, plus

_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class RuleProblemError(ValueError):
    """A rule that cannot be followed; the message is a sentence."""


class Frequency(IntEnum):
    """FREQ, from rare to often."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """One rule. `until` is the value as written; `by_day` has (ordinal or 0, weekday with 0 = Monday)."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: str = ""
    week_start: int = 0
    by_month: tuple[int, ...] = ()
    by_week: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_position: tuple[int, ...] = ()


def parsed(value: str) -> RecurrenceRule:
    """Parse a rule. Parts that nobody defined are skipped; a rule without a sense raises RuleProblemError."""
    parts: dict[str, str] = {}
    for part in value.upper().split(";"):
        key, equals, text = part.partition("=")
        if equals and text.strip():
            parts[key.strip()] = text.strip().strip('"')
    try:
        frequency = Frequency[parts["FREQ"]]
    except KeyError:
        raise RuleProblemError("RRULE has no frequency that I know.") from None
    if parts.get("RSCALE", "GREGORIAN") not in {"GREGORIAN", "GREGORY"}:
        raise RuleProblemError("RRULE counts in another calendar than the Gregorian.")
    if parts.get("SKIP", "OMIT") != "OMIT":
        raise RuleProblemError("RRULE moves days that do not exist (SKIP), which I do not do.")
    # COUNT=-1 is how some programs write "for ever"; INTERVAL=0 how some write 1.
    count = _integer("COUNT", parts.get("COUNT", "-1"))
    if count == 0 or count < -1:
        raise RuleProblemError(f"RRULE has COUNT={count}.")
    return RecurrenceRule(
        frequency=frequency,
        interval=max(1, min(abs(_integer("INTERVAL", parts.get("INTERVAL", "1"))), 10**7)),
        count=count if count > 0 else None,
        until=parts.get("UNTIL", ""),
        week_start=_WEEKDAYS.index(parts["WKST"]) if parts.get("WKST") in _WEEKDAYS else 0,
        by_month=_numbers(parts, "BYMONTH", 1, 12),
        by_week=_numbers(parts, "BYWEEKNO", 1, 53, negative=True),
        by_year_day=_numbers(parts, "BYYEARDAY", 1, 366, negative=True),
        by_month_day=_numbers(parts, "BYMONTHDAY", 1, 31, negative=True),
        by_day=_days(parts.get("BYDAY", ""), ordinals=frequency <= Frequency.MONTHLY),
        by_hour=_numbers(parts, "BYHOUR", 0, 23),
        by_minute=_numbers(parts, "BYMINUTE", 0, 59),
        by_second=tuple(sorted({min(second, 59) for second in _numbers(parts, "BYSECOND", 0, 60)})),
        by_position=_numbers(parts, "BYSETPOS", 1, 366, negative=True),
    )


def _integer(name: str, text: str) -> int:
    try:
        return int(text[:12])
    except ValueError:
        raise RuleProblemError(f"RRULE has a {name} that is no number.") from None


def _numbers(parts: dict[str, str], name: str, low: int, high: int, *, negative: bool = False) -> tuple[int, ...]:
    """Return a list of numbers, sorted. One outside of its range names no day: dropped, unless nothing is left."""
    if name not in parts:
        return ()
    found = {_integer(name, text.strip()) for text in parts[name].split(",") if text.strip()}
    good = {number for number in found if low <= (abs(number) if negative else number) <= high}
    if not good:
        raise RuleProblemError(f"RRULE has a {name} that names nothing.")
    return tuple(sorted(good))


def _days(text: str, *, ordinals: bool) -> tuple[tuple[int, int], ...]:
    """BYDAY. An ordinal means something only in months and years (RFC 5545 §3.3.10); elsewhere it is left out."""
    if not text:
        return ()
    found: set[tuple[int, int]] = set()
    for item in text.split(","):
        match = _BYDAY.fullmatch(item.strip())
        if match is None:
            if not item.strip():
                continue
            raise RuleProblemError("RRULE has a BYDAY that is no weekday.")
        ordinal = int(match[1]) if match[1] and ordinals else 0
        found.add((ordinal, _WEEKDAYS.index(match[2])))
    return tuple(sorted(found))


_UNIT = {
    Frequency.WEEKLY: timedelta(weeks=1),
    Frequency.DAILY: timedelta(days=1),
    Frequency.HOURLY: timedelta(hours=1),
    Frequency.MINUTELY: timedelta(minutes=1),
    Frequency.SECONDLY: timedelta(seconds=1),
}
_WEEK = 7
_OCCURRENCE = 4
"""What making an occurrence costs, in steps."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The wall-clock times that matter, both inclusive."""

    lower: datetime
    upper: datetime


class ExpansionBudget:
    """How many steps expanding may take: a series its share, and all costly series of a file together theirs."""

    def __init__(self, whole: int = 800_000, each: int = 200_000, free: int = 2_000) -> None:
        """Count a step, one period looked at or one time made: some microseconds.

        The first `free` of a series do not count for the file: a large calendar of ordinary series may go on.
        """
        self._whole = whole
        self._each = each
        self._free = free
        self._left = each

    def next_series(self) -> None:
        """Begin another series."""
        self._left = self._each

    def note_occurrence(self) -> None:
        """Take what an occurrence in the window costs; what its own series still may is left as it is."""
        if self._each - self._left > self._free:
            self._whole -= _OCCURRENCE

    def spend(self, steps: int = 1) -> None:
        """Take steps. Raises RuleProblemError when they are used up."""
        self._left -= steps
        costly = self._each - self._left > self._free
        if costly:
            self._whole -= steps
        if self._left < 0 or (costly and self._whole < 0):
            raise RuleProblemError("RRULE takes too long to expand.")


def expanded(
    rule: RecurrenceRule,
    start: datetime,
    until: datetime | None,
    reach: Reach,
    budget: ExpansionBudget,
    *,
    first: bool = True,
) -> Iterator[datetime]:
    """Yield the naive times of the rule from `start` on, in order, up to `until` and `reach.upper` (both inclusive).

    With `first`, `start` is the first of them and counted whether it fits or not (RFC 5545 §3.8.5.3); without, as in
    an EXRULE, only where it fits. Times before `reach.lower` may be left out. Raises RuleProblemError over budget.
    """
    last = reach.upper if until is None else min(reach.upper, until)
    left = rule.count
    if left is not None and (step := _even_step(rule)) is not None:
        # Times at an even distance need not be counted one by one.
        most = (LAST - start) // step
        last, left = min(last, start + step * min(left - 1, most)), None
    # What is counted must be counted from the start.
    lower = start if left is not None else max(reach.lower, start)
    if first:
        yield start
        left = None if left is None else left - 1
    sets = _by_the_clock if rule.frequency >= Frequency.HOURLY else _by_days
    for found in sets(rule, start, lower, last, budget):
        size, times = len(found), found
        if rule.by_position:
            chosen = {at - 1 if at > 0 else size + at for at in rule.by_position}
            times = [found[at] for at in sorted(chosen) if 0 <= at < size]
        for at in times:
            if at < start or (first and at == start):
                continue
            if at > last or left == 0:
                return
            if left is not None:
                left -= 1
            yield at
        if left == 0:
            return


def _even_step(rule: RecurrenceRule) -> timedelta | None:
    """Return the distance between the times of a rule that has one and the same between all of them."""
    unit = _UNIT.get(rule.frequency)
    parts = (rule.by_month, rule.by_week, rule.by_year_day, rule.by_month_day, rule.by_day, rule.by_position)
    if unit is None or any(parts) or rule.by_hour or rule.by_minute or rule.by_second:
        return None
    return unit * rule.interval


def _by_days(
    rule: RecurrenceRule, start: datetime, lower: datetime, last: datetime, budget: ExpansionBudget
) -> Iterator[list[datetime]]:
    """Yield the set of each year, month, week or day from about `lower` on until one begins after `last`."""
    parts = (rule.by_hour or (start.hour,), rule.by_minute or (start.minute,), rule.by_second or (start.second,))
    budget.spend(prod(map(len, parts)) - 1)  # before it is made: a full clock has 86,400 times
    clock = [time(*at) for at in product(*parts)]
    rule = _completed(rule, start)
    for begin in _periods(rule, start.date(), lower.date(), last.date()):
        budget.spend()
        days = _days_of(rule, begin)
        budget.spend(len(days) * len(clock))
        yield [datetime.combine(day, at) for day in days for at in clock]


def _periods(rule: RecurrenceRule, start: date, lower: date, last: date) -> Iterator[date]:
    """Yield the first day of each period, from the last one that begins no later than `lower`."""
    step = rule.interval
    if rule.frequency == Frequency.YEARLY:
        for year in range(start.year + (lower.year - start.year) // step * step, last.year + 1, step):
            yield date(year, 1, 1)
        return
    if rule.frequency == Frequency.MONTHLY:
        first, now, end = (day.year * 12 + day.month - 1 for day in (start, lower, last))
        for month in range(first + (now - first) // step * step, end + 1, step):
            yield date(month // 12, month % 12 + 1, 1)
        return
    first, now, end = start.toordinal(), lower.toordinal(), last.toordinal()
    if rule.frequency == Frequency.WEEKLY:
        first -= (start.weekday() - rule.week_start) % _WEEK
        step *= _WEEK
    for ordinal in range(first + (now - first) // step * step, end + 1, step):
        yield date.fromordinal(max(ordinal, 1))


def _completed(rule: RecurrenceRule, start: date) -> RecurrenceRule:
    """Take what a rule leaves open from DTSTART (RFC 5545 §3.3.10): its weekday, its day, its month."""
    named = rule.by_day or rule.by_month_day or rule.by_year_day or rule.by_week
    weekday = ((0, start.weekday()),)
    if rule.frequency == Frequency.WEEKLY:
        # Only where nothing names a day; BYMONTHDAY and the like are forbidden here, but are written.
        return rule if named else replace(rule, by_day=weekday)
    if rule.frequency == Frequency.MONTHLY:
        return rule if named else replace(rule, by_month_day=(start.day,))
    if rule.frequency == Frequency.DAILY or rule.by_day or rule.by_year_day:
        return rule
    if rule.by_week:
        return rule if rule.by_month_day else replace(rule, by_day=weekday)
    # Its month for BYMONTHDAY alone, as libical and ical.js have it (dateutil takes every month).
    return replace(rule, by_month=rule.by_month or (start.month,), by_month_day=rule.by_month_day or (start.day,))


def _days_of(rule: RecurrenceRule, begin: date) -> list[date]:
    """Return the days of the period from `begin` on, by the table of RFC 5545 §3.3.10 (expand or limit), in order."""
    year, first = begin.year, begin.toordinal()
    if rule.frequency == Frequency.DAILY:
        days = [begin]
    elif rule.frequency == Frequency.WEEKLY:
        end = min(first + _WEEK, date.max.toordinal() + 1)
        days = [date.fromordinal(day) for day in range(first, end)]
    elif rule.frequency == Frequency.MONTHLY:
        days = _of_month(rule, year, begin.month) if not rule.by_month or begin.month in rule.by_month else []
    elif rule.by_year_day and not rule.by_month_day and not rule.by_week:
        size = 365 + isleap(year)
        numbers = sorted({_from_end(day, size) for day in rule.by_year_day} - {0})
        days = [date.fromordinal(first + number - 1) for number in numbers]
    else:
        days = [day for month in rule.by_month or range(1, 13) for day in _of_month(rule, year, month)]
    return [day for day in days if _allows(rule, day)]


def _of_month(rule: RecurrenceRule, year: int, month: int) -> list[date]:
    size = monthrange(year, month)[1]
    numbers = sorted({_from_end(day, size) for day in rule.by_month_day or range(1, size + 1)} - {0})
    return [date(year, month, number) for number in numbers]


def _from_end(number: int, size: int) -> int:
    """Return a day number counted from the start; 0 where there is no such day."""
    at = number if number > 0 else size + 1 + number
    return at if 1 <= at <= size else 0


def _allows(rule: RecurrenceRule, day: date) -> bool:
    """Return whether every BY part about days lets `day` pass."""
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_month_day and not _among(day.day, monthrange(day.year, day.month)[1], rule.by_month_day):
        return False
    if rule.by_year_day and not _among(day.timetuple().tm_yday, 365 + isleap(day.year), rule.by_year_day):
        return False
    if rule.by_day:
        ordinals = [ordinal for ordinal, weekday in rule.by_day if weekday == day.weekday()]
        if not ordinals or (0 not in ordinals and not _is_nth(rule, day, ordinals)):
            return False
    return not rule.by_week or _among(*week_number(day, rule.week_start), rule.by_week)


def _among(number: int, size: int, wanted: tuple[int, ...]) -> bool:
    """Return whether the `number`-th of `size` is named, counted from the start or (negative) from the end."""
    return number in wanted or number - size - 1 in wanted


def _is_nth(rule: RecurrenceRule, day: date, ordinals: list[int]) -> bool:
    """Return whether `day` is one of those, the second (2) or the last (-1), of its weekday in the month or year."""
    if rule.frequency == Frequency.MONTHLY or rule.by_month:
        position, size = day.day, monthrange(day.year, day.month)[1]
    else:
        position, size = day.timetuple().tm_yday, 365 + isleap(day.year)
    return (position - 1) // _WEEK + 1 in ordinals or -((size - position) // _WEEK + 1) in ordinals


def week_number(day: date, week_start: int) -> tuple[int, int]:
    """Return the week that `day` is in, and how many its year has: week 1 holds at least four days."""
    middle = day.toordinal() - (day.weekday() - week_start) % _WEEK + 3
    middle = min(max(middle, 1), date.max.toordinal())
    anchor = date.fromordinal(middle)
    number = (anchor.timetuple().tm_yday - 1) // _WEEK + 1
    size = 365 + isleap(anchor.year)
    return number, number + (size - anchor.timetuple().tm_yday) // _WEEK


def _by_the_clock(
    rule: RecurrenceRule, start: datetime, lower: datetime, last: datetime, budget: ExpansionBudget
) -> Iterator[list[datetime]]:
    """Yield the set of each hour, minute or second; days, hours and minutes that cannot match are leapt over."""
    step = _UNIT[rule.frequency] * rule.interval
    minutes, seconds = rule.by_minute or (start.minute,), rule.by_second or (start.second,)
    base = start.replace(second=0) if rule.frequency < Frequency.SECONDLY else start
    if rule.frequency == Frequency.HOURLY:
        base = base.replace(minute=0)
    at = base + (lower - base) // step * step if lower > base else base
    while at <= last:
        budget.spend()
        skip = _blocked(rule, at)
        if skip is None:
            if rule.frequency == Frequency.SECONDLY:
                times = [at]
            elif rule.frequency == Frequency.MINUTELY:
                times = [at.replace(second=second) for second in seconds]
            else:
                times = [at.replace(minute=minute, second=second) for minute in minutes for second in seconds]
            budget.spend(len(times))
            yield times
            skip = at + step
        jump = -((at - skip) // step)  # rounded up: the first period at or after `skip`
        if LAST - at < step * jump:
            return
        at += step * jump


def _blocked(rule: RecurrenceRule, at: datetime) -> datetime | None:
    """Return when the earliest next period may match, where the one at `at` cannot; None where it can."""
    if not _allows(rule, at.date()):
        return plus(datetime.combine(at, time()), timedelta(days=1))
    if rule.by_hour and at.hour not in rule.by_hour:
        return plus(at.replace(minute=0, second=0), timedelta(hours=1))
    if rule.frequency >= Frequency.MINUTELY and rule.by_minute and at.minute not in rule.by_minute:
        return plus(at.replace(second=0), timedelta(minutes=1))
    if rule.frequency == Frequency.SECONDLY and rule.by_second and at.second not in rule.by_second:
        return plus(at, timedelta(seconds=1))
    return None
