"""DATE, DATE-TIME, DURATION and PERIOD values (RFC 5545 §3.3), read leniently and placed in a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.calendars.ical.bounds import plus
from services.calendars.ical.content import Property
from services.calendars.ical.zones import UTC_ZONE, Zone, Zones

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
        """The UTC instant. RFC 5545 §3.3.5: of two the first; in a gap, by the offset before it."""
        return self.zone.utc(self.wall)


@dataclass(frozen=True, slots=True)
class Duration:
    """A DURATION: nominal days, which keep the wall clock, and exact seconds, which do not (RFC 5545 §3.3.6)."""

    days: int = 0
    exact: timedelta = timedelta()

    @property
    def negative(self) -> bool:
        """Whether it goes backwards."""
        return self.days < 0 or self.exact < timedelta()

    @property
    def whole(self) -> timedelta:
        """Both together, for bounds."""
        return timedelta(days=self.days) + self.exact


def moment(line: Property, zones: Zones, value: str | None = None, default: Zone | None = None) -> ZonedTime:
    """A DATE or DATE-TIME. A local time in no zone is in `default`, else floating. Raises ValueProblemError."""
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
        return ZonedTime(wall - _offset(suffix), UTC_ZONE)
    except OverflowError:
        raise ValueProblemError(f"{line.name} is a time outside of the calendar.") from None


def _offset(suffix: str) -> timedelta:
    if suffix in "Zz":
        return timedelta()
    digits = suffix[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if suffix[0] == "-" else size


def moments(line: Property, zones: Zones, default: Zone) -> list[ZonedTime | tuple[ZonedTime, ZonedTime | Duration]]:
    """A comma-separated list of dates, times and periods (RDATE, EXDATE). Raises ValueProblemError."""
    found: list[ZonedTime | tuple[ZonedTime, ZonedTime | Duration]] = []
    for item in line.value.split(","):
        if not item.strip():
            continue
        first, slash, second = item.partition("/")
        start = moment(line, zones, first, default)
        if not slash:
            found.append(start)
        elif second.strip().upper().startswith(("P", "+P", "-P")):
            found.append((start, duration(line.name, second)))
        else:
            found.append((start, moment(line, zones, second, default)))
    return found


def duration(name: str, value: str) -> Duration:
    """A DURATION: weeks and days are nominal, hours to seconds are exact. Raises ValueProblemError."""
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
    """The UTC end of something that begins at wall-clock `start` in `zone` and lasts `length`."""
    end = zone.utc(plus(start, timedelta(days=length.days)))
    return plus(end.replace(tzinfo=None), length.exact).replace(tzinfo=UTC)


def basic(at: datetime) -> str:
    """A time in the basic form that RECURRENCE-ID uses: `20261124T150000Z`, without the Z where it is naive."""
    if at.tzinfo is not None:
        at = at.astimezone(UTC)
    digits = f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}{at.minute:02}{at.second:02}"
    return digits if at.tzinfo is None else digits + "Z"
