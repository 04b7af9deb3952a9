"""Values in their zones (RFC 5545 §3.3), read leniently, and when one VEVENT is: its start and end (§3.6.1, §3.8.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from services.calendars.ical.content import Component, Property
from services.calendars.ical.zones import UTC_ZONE, Zone, Zones, plus

_MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*([Zz]|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_DURATION = re.compile(
    r"([+-]?)PT?(?=.*\d)(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T?(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?",
    re.ASCII | re.IGNORECASE,
)
DAY = timedelta(days=1)


class ValueProblemError(ValueError):
    """A value that cannot be read; the message is a sentence that names the property and no title."""


@dataclass(frozen=True, slots=True)
class ZonedTime:
    """A wall-clock time in a zone; `date` where it is a whole day (then `wall` is its midnight)."""

    wall: datetime
    zone: Zone
    date: bool = False

    def instant(self) -> datetime:
        """Return the UTC instant. RFC 5545 §3.3.5: of two the first; in a gap, by the offset before it."""
        return self.zone.utc(self.wall)


@dataclass(frozen=True, slots=True)
class Duration:
    """A DURATION: nominal days, which keep the wall clock, and exact seconds, which do not (RFC 5545 §3.3.6)."""

    days: int = 0
    exact: timedelta = timedelta()

    @property
    def whole(self) -> timedelta:
        """Both together, for bounds."""
        return timedelta(days=self.days) + self.exact


def moment(line: Property, zones: Zones, value: str | None = None, default: Zone | None = None) -> ZonedTime:
    """Return a DATE or DATE-TIME. A local time in no zone is in `default`, else floating. Raises ValueProblemError."""
    text = (line.value if value is None else value).strip()
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueProblemError(f"{line.name} is not a date or time.")
    year, month, day, hour, minute, second, suffix = match.groups()
    try:
        midnight = datetime(int(year), int(month), int(day))  # noqa: DTZ001 - a wall-clock time, placed by its zone
    except ValueError:
        raise ValueProblemError(f"{line.name} is a day that does not exist.") from None
    if hour is None:  # VALUE=DATE does not make a day of a time: what is written is meant
        return ZonedTime(midnight, zones.dates, date=True)
    clock = timedelta(hours=int(hour), minutes=int(minute), seconds=min(int(second or 0), 59))
    if clock > DAY or int(minute) > 59:  # noqa: PLR2004 - minutes of an hour; 24:00 is midnight of the next day
        raise ValueProblemError(f"{line.name} is a time that does not exist.")
    try:
        wall = midnight + clock
        if suffix is None:
            tzid = line.params.get("TZID", "")
            return ZonedTime(wall, zones.named(tzid) if tzid else default or zones.floating)
        if suffix in "Zz":
            return ZonedTime(wall, UTC_ZONE)
        digits = suffix[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return ZonedTime(wall + offset if suffix[0] == "-" else wall - offset, UTC_ZONE)
    except OverflowError:
        raise ValueProblemError(f"{line.name} is a time outside of the calendar.") from None


def moments(line: Property, zones: Zones, default: Zone) -> list[tuple[ZonedTime, ZonedTime | Duration | None]]:
    """Return a comma-separated list of dates, times and periods (RDATE, EXDATE): each with the end of a period.

    Raises ValueProblemError.
    """
    found: list[tuple[ZonedTime, ZonedTime | Duration | None]] = []
    for item in line.value.split(","):
        if not item.strip():
            continue
        first, slash, second = item.partition("/")
        start = moment(line, zones, first, default)
        end: ZonedTime | Duration | None = None
        if second.strip().upper().startswith(("P", "+P", "-P")):
            end = duration(line.name, second)
        elif slash:
            end = moment(line, zones, second, default)
        found.append((start, end))
    return found


def duration(name: str, value: str) -> Duration:
    """Return a DURATION: weeks and days are nominal, hours to seconds are exact. Raises ValueProblemError."""
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueProblemError(f"{name} is not a duration.")
    sign = -1 if match[1] == "-" else 1
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    try:
        exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        length = Duration(sign * (weeks * 7 + days), sign * exact)
        return length if abs(length.whole) >= timedelta() else Duration()
    except OverflowError:
        raise ValueProblemError(f"{name} is longer than the calendar.") from None


def added(start: datetime, length: Duration, zone: Zone) -> datetime:
    """Return the UTC end of something that begins at wall-clock `start` in `zone` and lasts `length`."""
    end = zone.utc(plus(start, timedelta(days=length.days)))
    return plus(end.replace(tzinfo=None), length.exact).replace(tzinfo=UTC)


def basic(at: datetime) -> str:
    """Return a time in the basic form that RECURRENCE-ID uses: `20261124T150000Z`, without the Z where it is naive."""
    if at.tzinfo is not None:
        at = at.astimezone(UTC)
    digits = f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}{at.minute:02}{at.second:02}"
    return digits if at.tzinfo is None else digits + "Z"


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a component. `first_end` is the UTC end of its own start.

    Other occurrences end `length` (DURATION) or `wall_length` (DTEND) after they start. The second keeps the end on
    the wall clock, as every calendar shows it, also where RFC 5545 §3.8.5.3 would have the elapsed time kept.
    `written` is the zone that its dates were written in: an all-day entry of Exchange is midnights of some zone.
    """

    start: ZonedTime
    first_end: datetime
    written: Zone
    wall_length: timedelta = timedelta()
    length: Duration | None = None
    problem: str = ""

    @property
    def longest(self) -> timedelta:
        """A bound for how long an occurrence lasts."""
        return max(self.wall_length if self.length is None else self.length.whole, timedelta())

    def end(self, wall: datetime) -> datetime:
        """Return the UTC end of the occurrence that starts at `wall`."""
        if wall == self.start.wall:
            return self.first_end
        zone = self.start.zone
        end = zone.utc(plus(wall, self.wall_length)) if self.length is None else added(wall, self.length, zone)
        return max(end, zone.utc(wall))


def times_of(component: Component, zones: Zones, start: ZonedTime, fallback: Times | None = None) -> Times:
    """Return the times of a component that starts at `start`. `fallback` gives the length where nothing else does.

    An end before the start is no length, never swapped; one that cannot be read is as good as none.
    """
    end_line, length_line = component.first("DTEND"), component.first("DURATION")
    problem = ""
    try:
        if end_line is not None:
            return _until(component, zones, start, moment(end_line, zones, default=start.zone))
        if length_line is not None:
            return _lasting(start, duration("DURATION", length_line.value))
    except ValueProblemError as error:
        # What begins does take place: only how long is not known.
        problem = f"{str(error).removesuffix('.')}: taken as none."
    if fallback is not None and fallback.length is not None:
        return replace(_lasting(start, fallback.length), problem=problem)
    if fallback is not None:
        end = start.zone.utc(plus(start.wall, fallback.wall_length))
        return Times(start, end, fallback.written, fallback.wall_length, problem=problem)
    if start.date:
        return _days(start, 1, problem)
    return Times(start, start.instant(), start.zone, problem=problem)


def _days(start: ZonedTime, days: int, problem: str = "") -> Times:
    length = timedelta(days=days)
    return Times(start, start.zone.utc(plus(start.wall, length)), start.zone, length, problem=problem)


def _until(component: Component, zones: Zones, start: ZonedTime, end: ZonedTime) -> Times:
    if start.date:
        # A time of day as the end of a day's entry: the day it falls on is in, unless it is that day's midnight.
        days = (end.wall.date() - start.wall.date()).days + (not end.date and end.wall.time() > time())
        # DTEND = DTSTART is how many programs write one day, though RFC 5545 §3.6.1 has the end exclusive.
        return _days(start, max(days, 1), "DTEND is before DTSTART: taken as one day." if days < 0 else "")
    if end.date:
        end = ZonedTime(end.wall, start.zone)
    if (
        component.word("X-MICROSOFT-CDO-ALLDAYEVENT") == "TRUE"
        and start.wall.time() == time() == end.wall.time()
        and end.wall > start.wall
    ):
        day = ZonedTime(start.wall, zones.dates, date=True)
        found = _days(day, (end.wall - start.wall).days)
        return Times(day, found.first_end, start.zone, found.wall_length)
    first, last = start.instant(), end.instant()
    if last < first:
        return Times(start, first, start.zone, problem="DTEND is before DTSTART: taken as no length.")
    return Times(start, last, start.zone, start.zone.wall(last) - start.wall)


def _lasting(start: ZonedTime, length: Duration) -> Times:
    if length.days < 0 or length.exact < timedelta():
        problem = "DURATION is negative: taken as none."
        return _days(start, 1, problem) if start.date else Times(start, start.instant(), start.zone, problem=problem)
    if start.date:
        return _days(start, max(-(-length.whole // DAY), 1))
    return Times(start, added(start.wall, length, start.zone), start.zone, length=length)
