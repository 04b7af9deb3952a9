"""When one VEVENT is: its start, and how its end follows from a start (RFC 5545 §3.6.1, §3.8.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from services.calendars.ical.bounds import plus
from services.calendars.ical.content import Component
from services.calendars.ical.values import DAY, Duration, ValueProblemError, ZonedTime, added, duration, moment
from services.calendars.ical.zones import Zone, Zones


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
        """The UTC end of the occurrence that starts at `wall`."""
        if wall == self.start.wall:
            return self.first_end
        zone = self.start.zone
        end = zone.utc(plus(wall, self.wall_length)) if self.length is None else added(wall, self.length, zone)
        return max(end, zone.utc(wall))


def times_of(component: Component, zones: Zones, start: ZonedTime, fallback: Times | None = None) -> Times:
    """The times of a component that starts at `start`. `fallback` gives the length where nothing else does.

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
    if fallback is not None:
        return replace(_like(start, fallback), problem=problem)
    if start.date:
        return _days(start, 1, problem)
    return Times(start, start.instant(), start.zone, problem=problem)


def _like(start: ZonedTime, other: Times) -> Times:
    if other.length is not None:
        return _lasting(start, other.length)
    return Times(start, start.zone.utc(plus(start.wall, other.wall_length)), other.written, other.wall_length)


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
    if length.negative:
        problem = "DURATION is negative: taken as none."
        return _days(start, 1, problem) if start.date else Times(start, start.instant(), start.zone, problem=problem)
    if start.date:
        return _days(start, max(-(-length.whole // DAY), 1))
    return Times(start, added(start.wall, length, start.zone), start.zone, length=length)
