"""From what was said to instants: the reading of every ambiguity is decided here, and nowhere else.

- A date without a year is the next one; a range of dates that is running counts from now; one that would
  have to wrap around more than half a year ends before it starts.
- A weekday is the next such day, today included while it lasts; "next friday" is the one of the next calendar
  week (weeks begin on Monday).
- A range that has begun is the one that runs, if it began within half a year: "20 nov - 25 nov" on 23 November; else
  it is next year's: "2 jan - 24 dec" in November. A year that is said once, at either end, places both.
- A time of day without a day is the next such time: "until 13:30" at 14:00 is tomorrow's, and the answer says so.
  So is a range of times that has passed.
- "until 9" reads a clock face: 9:00 or 21:00, whichever comes next. With a day, 7 to 12 are before noon's end
  and 1 to 6 after it.
- A wall time that a zone skips is read with the offset before the gap; of one that occurs twice the first, or
  the second once the first has passed.
- Minutes and hours pass; days and weeks are counted on the calendar.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain.errors import EndsBeforeItStartsError, TimeInThePastError, TimeNotUnderstoodError, TooFarAwayError
from services.domain.times.values import Day, DayKind, Length, Moment, Part, TimeExpression, TimeOfDay

MOST = timedelta(days=731)
"""How far off an end may be."""

_DAY = timedelta(days=1)
_HALF_YEAR = timedelta(days=183)
_MIDNIGHT = TimeOfDay(0)
_FIRST_OFFICE_HOUR = 7
_PARTS = {
    Part.MORNING: (TimeOfDay(6), TimeOfDay(9), TimeOfDay(12)),
    Part.AFTERNOON: (TimeOfDay(12), TimeOfDay(13), TimeOfDay(18)),
    Part.EVENING: (TimeOfDay(18), TimeOfDay(18), TimeOfDay(24)),
}
"""It begins; "until" it; it ends."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when somebody speaks: the instant (UTC), and their zone."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The date where they are."""
        return self.date_of(self.now)

    def date_of(self, instant: datetime) -> date:
        """Return the date of an instant where they are."""
        return instant.astimezone(self.zone).date()

    def instant(self, day: date, clock: TimeOfDay) -> datetime:
        """Return the UTC instant of a wall time: the one that is still to come, of two."""
        wall = datetime.combine(day, time()) + timedelta(hours=clock.hour, minutes=clock.minute)
        first = wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        second = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        return second if first <= self.now < second else first


Interval = tuple[datetime, datetime]


def interval(said: TimeExpression, here: Here) -> Interval:
    """Return when something begins and ends, in UTC; it begins now where nothing else was said.

    Raises TimeNotUnderstoodError, TimeInThePastError, EndsBeforeItStartsError or TooFarAwayError.
    """
    try:
        start, end = _interval(said, here)
    except OverflowError as error:
        raise TooFarAwayError("beyond the calendar") from error
    return checked(start, end, here)


def checked(start: datetime, end: datetime, here: Here) -> Interval:
    """Return what lies ahead of an interval (UTC).

    Raises as `interval` does where nothing does, or its end is too far off.
    """
    if end <= here.now:
        raise TimeInThePastError("the end has passed")
    start = max(start, here.now)
    if end <= start:
        raise EndsBeforeItStartsError("the end is not after the start")
    if end - here.now > MOST:
        raise TooFarAwayError("the end is too far off")
    return start, end


def _interval(said: TimeExpression, here: Here) -> Interval:
    if said.length is not None:
        start = here.now if said.start is None else _begin(said.start, here)
        return start, _after(max(start, here.now), said.length, here)
    if said.end is None:
        if said.start is None:
            raise TimeNotUnderstoodError("nothing was said")
        return _whole(said.start, here)
    if said.start is None:
        return here.now, _until(said.end, here, exclusive=said.exclusive)
    return _between(said.start, said.end, here, exclusive=said.exclusive)


def _until(moment: Moment, here: Here, *, exclusive: bool = False) -> datetime:
    """Return the instant at which something ends that lasts until `moment`.

    `exclusive`: a day ends it when it begins.
    """
    if moment.after is not None:
        return _after(here.now, moment.after, here)
    clock = moment.clock or (_PARTS[moment.part][1] if moment.part else None)
    if moment.day is None:
        return _next_time(clock or _MIDNIGHT, here)
    if clock is None and (exclusive or not moment.day.included):
        clock = _MIDNIGHT
    return _first(_instants(moment.day, clock, here), here.now)


def _begin(moment: Moment, here: Here) -> datetime:
    if moment.after is not None:
        return _after(here.now, moment.after, here) if moment.after != Length() else here.now
    clock = moment.clock or (_PARTS[moment.part][0] if moment.part else None)
    if moment.day is None:
        return _next_time(clock or _MIDNIGHT, here)
    if clock is None:
        return here.instant(_running_day(moment.day, here), _MIDNIGHT)
    return _first(_instants(moment.day, clock, here), here.now)


def _whole(moment: Moment, here: Here) -> Interval:
    """Return a day, a part of it, a week, or what is left of a day from a time on."""
    if moment.part is not None and moment.day is not None:
        first, _, last = _PARTS[moment.part]
        for day in _dates(moment.day, here):
            if (end := here.instant(day, last)) > here.now:
                return here.instant(day, first), end
        raise TimeInThePastError("that part of the day is over")
    if moment.is_day and moment.day is not None:
        day = _running_day(moment.day, here)
        return here.instant(day, _MIDNIGHT), here.instant(_day_after(moment.day, day), _MIDNIGHT)
    start = _begin(moment, here)
    days = moment.after is not None and not moment.after.minutes
    wall = here.date_of(start)
    return here.instant(wall, _MIDNIGHT) if days else start, here.instant(wall + _DAY, _MIDNIGHT)


def _between(start: Moment, end: Moment, here: Here, *, exclusive: bool) -> Interval:
    if start.after is not None:
        return _begin(start, here), _until(end, here, exclusive=exclusive)
    if end.after is not None:
        raise TimeNotUnderstoodError("a range that ends in a while")
    first = start.clock or (_PARTS[start.part][0] if start.part else None)
    last = end.clock or (_PARTS[end.part][2] if end.part else None)
    if start.day is None:
        return _from_time(first or _MIDNIGHT, Moment(end.day, last), here, exclusive=exclusive)
    if end.day is None:
        day = _running_day(start.day, here) if first is None else here.date_of(_begin(start, here))
        return _times(first, last or _MIDNIGHT, day, here)
    first_day, last_day = start.day, end.day
    if first_day.kind is DayKind.DATE and last_day.year and not first_day.year:  # a year that is said once
        first_day = replace(first_day, year=last_day.year - (not _later_in_year(first_day, last_day)))
    for day in _dates(first_day, here, past=True):
        begin = here.instant(day, office(first or _MIDNIGHT))
        finish = _end(last_day, last, here, begin, exclusive=exclusive)
        said_once = last_day.kind is DayKind.DATE and not last_day.year
        if said_once and finish - begin > _HALF_YEAR and not _later_in_year(first_day, last_day):
            raise EndsBeforeItStartsError("the dates are in the wrong order")
        stale = first_day.kind is DayKind.DATE and here.now - begin > _HALF_YEAR
        if (finish > here.now and not stale) or first_day.year:
            return begin, finish
    raise TimeInThePastError("the range has passed")


def _from_time(first: TimeOfDay, end: Moment, here: Here, *, exclusive: bool) -> Interval:
    if end.day is None:
        today = _times(first, end.clock or _MIDNIGHT, here.today, here)
        return today if today[1] > here.now else _times(first, end.clock or _MIDNIGHT, here.today + _DAY, here)
    if end.clock is not None and (_minutes(first) < _minutes(end.clock) or (first.bare and end.clock.loose)):
        return _times(first, end.clock, here.date_of(_begin(end, here)), here)
    return _next_time(first, here), _end(end.day, end.clock, here, here.now, exclusive=exclusive)


def _times(start: TimeOfDay | None, end: TimeOfDay, day: date, here: Here) -> Interval:
    """From one time of day, or its beginning, to another on `day`, over midnight where the second is the smaller."""
    if start is None:
        return here.instant(day, _MIDNIGHT), here.instant(day, office(end))
    begins = [replace(office(start), loose=False)] if start.loose else [start]
    if start.bare:
        begins.append(replace(start, hour=(begins[0].hour + 12) % 24, loose=False))
        if not end.loose:
            begins.sort(key=lambda clock: (_minutes(clock) >= _minutes(end), -_minutes(clock)))
    found: list[Interval] = []
    for begin in begins:
        finish = end
        if end.loose:
            faces = (replace(end, hour=end.hour % 12, loose=False), replace(end, hour=end.hour % 12 + 12, loose=False))
            finish = next((face for face in faces if _minutes(face) > _minutes(begin)), faces[0])
        last = day if _minutes(finish) > _minutes(begin) else day + _DAY
        found.append((here.instant(day, begin), here.instant(last, finish)))
    return next((pair for pair in found if pair[1] > here.now), found[0])


def _end(day: Day, clock: TimeOfDay | None, here: Here, start: datetime, *, exclusive: bool = False) -> datetime:
    """Return the end of a range that began at `start`: the end of the named day, or the named time of it."""
    if day.kind in {DayKind.WEEKDAY, DayKind.DATE, DayKind.DAY_OF_MONTH}:
        here = replace(here, now=start)
    ends = _instants(day, _MIDNIGHT if exclusive and clock is None else clock, here)
    if day.year:
        return next(ends)
    try:
        return _first(ends, start)
    except TimeInThePastError:  # "friday - tomorrow": its end is still to come, and before its beginning
        raise EndsBeforeItStartsError("the end is before the start") from None


def _dates(day: Day, here: Here, *, past: bool = False) -> Iterator[date]:
    """Yield the dates that a day may mean, the nearest first; `past`: also last year's, for a range that still runs."""
    today = here.today
    monday = today - timedelta(days=today.weekday())
    match day.kind:
        case DayKind.OFFSET:
            yield today + day.number * _DAY
        case DayKind.WEEKDAY:
            first = today + ((day.number - today.weekday()) % 7) * _DAY + 7 * day.ahead * _DAY
            yield first
            yield first + 7 * _DAY
        case DayKind.WEEKDAY_OF_WEEK:
            yield monday + (7 * day.ahead + day.number) * _DAY
        case DayKind.WEEK:
            yield monday + 7 * day.ahead * _DAY
        case DayKind.WEEKEND:
            saturday = monday + (7 * day.ahead + 5) * _DAY
            yield saturday
            yield saturday + 7 * _DAY
        case DayKind.MONTH:
            yield _months_on(today.replace(day=1), day.ahead)
        case DayKind.DAY_OF_MONTH:
            for ahead in [day.ahead] if day.ahead else range(13):  # this month's, then each next one's; or one month's
                with suppress(ValueError):  # it has no such day
                    yield _months_on(today.replace(day=1), ahead).replace(day=day.number)
        case _:
            yield from _years(day, today, past=past)


def _months_on(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one that there is."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _years(day: Day, today: date, *, past: bool) -> Iterator[date]:
    found = False
    for candidate in [day.year] if day.year else range(today.year - past, today.year + 9):
        try:
            date_ = date(candidate, day.month, day.number)
        except ValueError:
            continue  # 29 February of another year
        found = True
        if day.weekday in {None, date_.weekday()}:
            yield date_
        elif date_ >= today:
            raise TimeNotUnderstoodError("another weekday than the date's")
    if not found:
        raise TimeNotUnderstoodError("no such date")


def _running_day(day: Day, here: Here) -> date:
    """Return the nearest date of `day` that is not over."""
    for found in _dates(day, here):
        if here.instant(_day_after(day, found), _MIDNIGHT) > here.now:
            return found
    raise TimeInThePastError("that day is over")


def _day_after(day: Day, begin: date) -> date:
    if day.kind is DayKind.WEEK:
        return begin + 7 * _DAY
    if day.kind is DayKind.WEEKEND:
        return begin + 2 * _DAY
    if day.kind is DayKind.MONTH:
        return _months_on(begin, 1)
    return begin + _DAY


def _instants(day: Day, clock: TimeOfDay | None, here: Here) -> Iterator[datetime]:
    """Yield when it is `clock` on such a day, or (None) when it ends."""
    for found in _dates(day, here):
        yield here.instant(_day_after(day, found), _MIDNIGHT) if clock is None else here.instant(found, office(clock))


def _first(instants: Iterator[datetime], after: datetime) -> datetime:
    found = next((instant for instant in instants if instant > after), None)
    if found is None:
        raise TimeInThePastError("that time has passed")
    return found


def _next_time(clock: TimeOfDay, here: Here) -> datetime:
    faces = [replace(clock, hour=clock.hour % 12 + half) for half in (0, 12)] if clock.loose else [clock]
    return min(
        instant
        for day in (here.today, here.today + _DAY, here.today + 2 * _DAY)
        for face in faces
        if (instant := here.instant(day, face)) > here.now
    )


def _after(start: datetime, length: Length, here: Here) -> datetime:
    days = length.days + 31 * length.months
    if not length.minutes and not days:
        raise TimeNotUnderstoodError("no length")
    if days > MOST.days or length.minutes > MOST.days * 24 * 60:
        raise TooFarAwayError("the length is too great")
    if not days:
        return start + timedelta(minutes=length.minutes)
    local = start.astimezone(here.zone).replace(tzinfo=None)
    wall = datetime.combine(_months_on(local.date(), length.months) + length.days * _DAY, local.time())
    return wall.replace(tzinfo=here.zone).astimezone(UTC) + timedelta(minutes=length.minutes)


def office(clock: TimeOfDay) -> TimeOfDay:
    """Return a loose time on a day: 7 to 12 as it is, 1 to 6 after noon."""
    if not clock.loose or clock.hour >= _FIRST_OFFICE_HOUR:
        return clock
    return replace(clock, hour=clock.hour + 12)


def _later_in_year(start: Day, end: Day) -> bool:
    return (start.month, start.number) <= (end.month, end.number)


def _minutes(clock: TimeOfDay) -> int:
    return clock.hour * 60 + clock.minute
