"""Time zones as files name them: IANA names, Windows names, vendors' prefixes, display names, own VTIMEZONEs.

A name that the IANA database knows is read by that database even where the file brings a VTIMEZONE of that name: the
copies in files are often years old (no Mexican rule after 2022, one rule for all years), and Google and Outlook do the
same. Any other name is first looked for among the file's VTIMEZONEs (RFC 5545 §3.6.5), and only then translated.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Protocol
from zoneinfo import ZoneInfo

from services.calendars.ical.zone_names import meant

FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - a wall-clock time
LAST = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - a wall-clock time
EARLIEST = datetime(1, 1, 3)  # noqa: DTZ001 - from here on every zone has an instant for it
LATEST = datetime(9999, 12, 29)  # noqa: DTZ001 - up to here every zone has an instant for it


@dataclass(frozen=True, slots=True)
class Reach:
    """The wall-clock times that matter, both inclusive."""

    lower: datetime
    upper: datetime


def plus(wall: datetime, length: timedelta) -> datetime:
    """`wall` and `length` later (or earlier), at the end of the calendar where that would be beyond it."""
    if length >= timedelta():
        return wall + length if LAST - wall > length else LAST
    return wall + length if wall - FIRST > -length else FIRST


_OFFSET_NAME = re.compile(r"\(?(?:UTC|GMT|Z)?\s*([+-])(\d{1,2})(?::?(\d\d))?\)?(?::00)?", re.IGNORECASE)
_DISPLAY = re.compile(r"\((?:UTC|GMT)\s*(?:([+-])(\d{1,2})(?:[:.]?(\d\d))?)?\)\s*(.*)", re.IGNORECASE | re.DOTALL)
_MOST_HOURS = 24
_NAMES = 4096  # what is remembered of names; they are strangers'
_LONGEST_NAME = 200
"""Characters of a name that may be one we know; a file's own VTIMEZONE may be called as it likes."""
_MOST_PARTS = 3  # of an IANA name: America/Argentina/Buenos_Aires


class Zone(Protocol):
    """Where a wall-clock time is: turns naive wall-clock times into UTC instants and back."""

    @property
    def floating(self) -> bool:
        """Whether it is only where the person happens to be."""
        ...

    def utc(self, wall: datetime) -> datetime:
        """The UTC instant of a naive wall-clock time; never an error, also at the ends of the calendar."""
        ...

    def wall(self, instant: datetime) -> datetime:
        """The naive wall-clock time of a UTC instant; never an error, also at the ends of the calendar."""
        ...


@dataclass(frozen=True, slots=True)
class IanaZone:
    """A zone of the IANA database. PEP 495's fold 0 is RFC 5545's rule for overlaps and gaps."""

    zone: ZoneInfo
    floating: bool = False

    def utc(self, wall: datetime) -> datetime:
        """The UTC instant of a naive wall-clock time."""
        if not EARLIEST < wall < LATEST:
            return wall.replace(tzinfo=UTC)  # an offset would lead out of the calendar
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def wall(self, instant: datetime) -> datetime:
        """The naive wall-clock time of an instant."""
        wall = instant.replace(tzinfo=None)
        return instant.astimezone(self.zone).replace(tzinfo=None, fold=0) if EARLIEST < wall < LATEST else wall


@dataclass(frozen=True, slots=True)
class FixedZone:
    """A fixed offset from UTC."""

    offset: timedelta
    floating: bool = False

    def utc(self, wall: datetime) -> datetime:
        """The UTC instant of a naive wall-clock time."""
        return plus(wall, -self.offset).replace(tzinfo=UTC)

    def wall(self, instant: datetime) -> datetime:
        """The naive wall-clock time of an instant."""
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
        """The UTC instant of a naive wall-clock time."""
        return plus(wall, -self.offsets[bisect_right(self.walls, wall)]).replace(tzinfo=UTC)

    def wall(self, instant: datetime) -> datetime:
        """The naive wall-clock time of an instant."""
        naive = instant.replace(tzinfo=None)
        return plus(naive, self.offsets[bisect_right(self.onsets, naive)])


class Zones:
    """The zones of one file, as its components name them. Remembers which names were unknown."""

    def __init__(self, person: ZoneInfo, own: Mapping[str, Callable[[], Zone | None]], calendar: str = "") -> None:
        """`own` reads the file's VTIMEZONEs by TZID when asked, each once; `calendar` is its X-WR-TIMEZONE."""
        self.person = IanaZone(person, floating=True)
        self._own = {tzid.strip().casefold(): cache(read) for tzid, read in own.items()}
        self._known: dict[str, Zone] = {}
        self.unknown: set[str] = set()
        self.dates = self.person
        self.floating: Zone = self.person
        if calendar.strip():
            self.floating = self._find(calendar.strip()) or self.person

    def named(self, tzid: str) -> Zone:
        """The zone of a TZID; an unknown one is floating (RFC 5545 has no rule) and is added to `unknown`."""
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


@cache
def _iana() -> Mapping[str, str]:
    """Every name of the IANA database by its folded form: of the tzdata package, so the same on every machine."""
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return {name.casefold(): name for name in text.split()}


def iana_name(tzid: str) -> str | None:
    """The IANA name that a TZID is or ends with (`/mozilla.org/20050126_1/Europe/Berlin`), in its right spelling."""
    return _iana_name(tzid) if len(tzid) <= _LONGEST_NAME else None


@lru_cache(maxsize=_NAMES)
def _iana_name(tzid: str) -> str | None:
    names = _iana()
    cleaned = tzid.strip().strip("\"'").replace(" ", "_").casefold()
    if cleaned in names:
        return names[cleaned]
    if "/" not in cleaned:
        return None
    parts = [part for part in cleaned.split("/") if part]
    # Only what looks like a path of a vendor may be cut: `…/Europe/Berlin`, never the `UTC` of `tzone://Microsoft/Utc`.
    for index in range(max(0, len(parts) - _MOST_PARTS), len(parts)):
        tail = "/".join(parts[index:])
        if tail in names and ("/" in tail or tail in {"utc", "gmt", "zulu"}):
            return names[tail]
    return None


@cache
def _windows() -> Mapping[str, str]:
    """Windows zone names (CLDR windowsZones, as icalendar ships it) by their folded form."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - only odd files pay its import

    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


def translated(tzid: str) -> Zone | None:
    """A zone for a name that is neither IANA's nor the file's own: Windows', a display name, an offset."""
    return _translated(tzid) if len(tzid) <= _LONGEST_NAME else None


@lru_cache(maxsize=_NAMES)
def _translated(tzid: str) -> Zone | None:
    cleaned = re.sub(r"\s+", " ", tzid.strip().strip("\"'")).replace("tzone://Microsoft/", "")
    if cleaned.upper() in {"Z", "ZULU", "COORDINATED UNIVERSAL TIME"}:
        return UTC_ZONE
    bare = re.sub(r"[ _-]?\d+$", "", cleaned)  # Exchange numbers its copies: "Eastern Standard Time 1"
    standard = re.sub(r"\bDaylight\b|\bSummer\b", "Standard", cleaned)
    for name in (cleaned, bare, standard, f"{cleaned} Standard Time"):
        zone = _windows().get(name.casefold())
        if zone is not None and zone.casefold() in _iana():
            return IanaZone(ZoneInfo(zone))
    offset = _OFFSET_NAME.fullmatch(cleaned)
    if offset is not None:
        return _fixed(offset[1], offset[2], offset[3])
    display = _DISPLAY.fullmatch(cleaned)
    if display is not None:
        return _displayed(display)
    for name in _plain_names(cleaned):
        if name.casefold() in _iana():
            return IanaZone(ZoneInfo(_iana()[name.casefold()]))
    return None


def _plain_names(name: str) -> Iterator[str]:
    """IANA names that a plain one may mean: `US-Eastern` (Apple), `Eastern Time (US & Canada)` and `Berlin` (Rails)."""
    yield name.replace("-", "/", 1)
    for region, zone in _REGIONS.items():
        if name.casefold().startswith(region):
            yield zone
    city = name.casefold().replace(" ", "_")
    named = _cities().get(_CITY_NAMES.get(city, city), ())
    if len(named) == 1:
        yield named[0]
    yield from meant(name)


def _displayed(display: re.Match[str]) -> Zone | None:
    """`(UTC+01:00) Amsterdam, Berlin, Bern…`: the zone of the first city that has this winter offset, else the offset.

    Windows' display names list cities; where none is an IANA name, the part before may be a Windows name.
    """
    sign, hours, minutes, rest = display.groups()
    offset = _fixed(sign or "+", hours or "0", minutes)
    if offset is None:
        return None
    known = _windows().get(rest.strip().casefold()) or _windows().get(f"{rest.strip()} standard time".casefold())
    if known is not None:
        return IanaZone(ZoneInfo(known))
    words = [word.strip().replace(" ", "_").casefold() for word in re.split(r"[,;:/]|\band\b", rest)]
    cities = _cities()
    for word in words:
        for name in cities.get(_CITY_NAMES.get(word, word), ()):
            zone = ZoneInfo(name)
            if any(datetime(2026, month, 1, tzinfo=zone).utcoffset() == offset.offset for month in (1, 7)):
                return IanaZone(zone)
    for region, name in _REGIONS.items():
        zone = ZoneInfo(name)
        if region in rest.casefold() and datetime(2026, 1, 1, tzinfo=zone).utcoffset() == offset.offset:
            return IanaZone(zone)
    return None if rest.strip() and not offset else offset


_CITY_NAMES = {
    "bern": "zurich", "beijing": "shanghai", "chennai": "kolkata", "mumbai": "kolkata", "new_delhi": "kolkata",
    "osaka": "tokyo", "sapporo": "tokyo", "islamabad": "karachi", "abu_dhabi": "dubai", "kyiv": "kiev",
    "canberra": "sydney", "edinburgh": "london", "st._petersburg": "moscow", "brasilia": "sao_paulo",
    "saskatchewan": "regina", "arizona": "phoenix", "hawaii": "honolulu", "alaska": "anchorage",
    "newfoundland": "st_johns", "pretoria": "johannesburg", "harare": "harare", "wellington": "auckland",
}  # fmt: skip
"""Cities of Windows' display names that the IANA database knows by a neighbour."""

_REGIONS = {
    "western/central europe": "Europe/Berlin",
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
    "atlantic time": "America/Halifax",
    "baja california": "America/Tijuana",
}
"""Display names of Windows that name no city."""


@cache
def _cities() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in _iana().values():
        if "/" in name and not name.startswith("Etc/"):
            city = name.rsplit("/", 1)[1].casefold()
            found[city] = (*found.get(city, ()), name)
    return found


def _fixed(sign: str, hours: str, minutes: str | None) -> FixedZone | None:
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return None if size >= timedelta(hours=_MOST_HOURS) else FixedZone(-size if sign == "-" else size)


def rule_zone(onsets: Sequence[tuple[datetime, timedelta, timedelta]]) -> RuleZone | None:
    """A zone from (local onset as read before it, offset before, offset after); None where there is none."""
    if not onsets:
        return None
    # An onset within a day of the calendar's first day has no UTC instant; nothing is before it anyhow.
    ordered = sorted((max(onset, EARLIEST) - old, old, new) for onset, old, new in onsets)
    return RuleZone(
        onsets=tuple(onset for onset, _, _ in ordered),
        walls=tuple(sorted(onset + max(old, new) for onset, old, new in ordered)),
        offsets=(ordered[0][1], *(new for _, _, new in ordered)),
    )
