"""The wall clock: its ends, and the zones that turn its times into UTC instants and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from services.calendars.ical.zone_names import iana_name, meant

FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - a wall-clock time
LAST = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - a wall-clock time
EARLIEST = datetime(1, 1, 3)  # noqa: DTZ001 - from here on every zone has an instant for it
LATEST = datetime(9999, 12, 29)  # noqa: DTZ001 - up to here every zone has an instant for it


def plus(wall: datetime, length: timedelta) -> datetime:
    """`wall` and `length` later (or earlier), at the end of the calendar where that would be beyond it."""
    if length >= timedelta():
        return wall + length if LAST - wall > length else LAST
    return wall + length if wall - FIRST > -length else FIRST


@dataclass(frozen=True, slots=True)
class IanaZone:
    """A zone of the IANA database. PEP 495's fold 0 is RFC 5545's rule for overlaps and gaps."""

    zone: ZoneInfo
    floating: bool = False  # only where the person happens to be

    def utc(self, wall: datetime) -> datetime:
        """Return the UTC instant of a naive wall-clock time."""
        if not EARLIEST < wall < LATEST:
            return wall.replace(tzinfo=UTC)  # an offset would lead out of the calendar
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def wall(self, instant: datetime) -> datetime:
        """Return the naive wall-clock time of an instant."""
        wall = instant.replace(tzinfo=None)
        return instant.astimezone(self.zone).replace(tzinfo=None, fold=0) if EARLIEST < wall < LATEST else wall


@dataclass(frozen=True, slots=True)
class FixedZone:
    """A fixed offset from UTC."""

    offset: timedelta
    floating: bool = False

    def utc(self, wall: datetime) -> datetime:
        """Return the UTC instant of a naive wall-clock time."""
        return plus(wall, -self.offset).replace(tzinfo=UTC)

    def wall(self, instant: datetime) -> datetime:
        """Return the naive wall-clock time of an instant."""
        return plus(instant.replace(tzinfo=None), self.offset)


UTC_ZONE = FixedZone(timedelta())


@dataclass(frozen=True, slots=True)
class RuleZone:
    """A file's own VTIMEZONE: when (naive UTC, ascending) its offset changes, and the offsets before and between.

    `walls` are the wall-clock times from which on the new offset holds: the later of both readings of an onset, so
    that of two times the first is meant, and in a gap the offset before it (RFC 5545 §3.3.5).
    """

    onsets: tuple[datetime, ...]
    walls: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]
    floating: bool = False

    def utc(self, wall: datetime) -> datetime:
        """Return the UTC instant of a naive wall-clock time."""
        return plus(wall, -self.offsets[bisect_right(self.walls, wall)]).replace(tzinfo=UTC)

    def wall(self, instant: datetime) -> datetime:
        """Return the naive wall-clock time of an instant."""
        naive = instant.replace(tzinfo=None)
        return plus(naive, self.offsets[bisect_right(self.onsets, naive)])


Zone = IanaZone | FixedZone | RuleZone
"""Where a wall-clock time is. None of them ever fails, also at the ends of the calendar."""


def translated(tzid: str) -> Zone | None:
    """Return the zone of a name that is neither IANA's nor the file's own: Windows', a display name, an offset."""
    found = meant(tzid)
    if found is None:
        return None
    return IanaZone(found) if isinstance(found, ZoneInfo) else FixedZone(found)


class Zones:
    """The zones of one file, as its components name them. Remembers which names were unknown.

    A name that the IANA database knows is read by that database even where the file brings a VTIMEZONE of that name:
    the copies in files are often years old (no Mexican rule after 2022, one rule for all years), and Google and
    Outlook do the same. Any other name is first looked for among the file's VTIMEZONEs (RFC 5545 §3.6.5), and only
    then translated.
    """

    def __init__(self, person: ZoneInfo, own: Mapping[str, Callable[[], Zone | None]], calendar: str = "") -> None:
        """`own` reads the file's VTIMEZONEs by TZID when asked, each once; `calendar` is its X-WR-TIMEZONE."""
        self.dates = IanaZone(person, floating=True)
        self._own = {tzid.strip().casefold(): cache(read) for tzid, read in own.items()}
        self._known: dict[str, Zone] = {}
        self.unknown: set[str] = set()
        self.floating: Zone = (self._find(calendar.strip()) if calendar.strip() else None) or self.dates

    def named(self, tzid: str) -> Zone:
        """Return the zone of a TZID; an unknown one is floating (RFC 5545 has no rule) and is added to `unknown`."""
        zone = self._known.get(tzid)
        if zone is None:
            zone = self._find(tzid.strip())
            if zone is None:
                self.unknown.add(tzid)
                return self.floating
            self._known[tzid] = zone
        return zone

    def _find(self, tzid: str) -> Zone | None:
        name = iana_name(tzid)
        read = self._own.get(tzid.casefold()) or self._own.get(tzid.replace("\\", "").casefold())
        if name is not None and (read is None or name == tzid or name.casefold() != tzid.casefold()):
            return UTC_ZONE if name in {"UTC", "Etc/UTC"} else IanaZone(ZoneInfo(name))
        # Also for a name that differs from IANA's in its case: Google writes those with a VTIMEZONE that is another's.
        own = None if read is None else read()
        if own is not None:
            return own
        return translated(tzid) if name is None else IanaZone(ZoneInfo(name))
