"""The times of Graph's events: a date and time, and the name of a zone. Pure.

learn.microsoft.com/graph/api/resources/datetimetimezone. UTC is asked for, but the answer's own zone is what counts: a
name of Windows' or IANA's, or `tzone://Microsoft/…`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.calendars.ical.zones import UTC_ZONE, IanaZone, Zone, iana_name, translated

_NOON = time(12)


class UnreadableError(Exception):
    """Why a time cannot be read, without the event's title."""


def _zone(name: str) -> Zone:
    """The zone of a name of Windows', IANA's, or `tzone://Microsoft/Utc`."""
    if name.strip().casefold() in {"", "utc", "tzone://microsoft/utc"}:
        return UTC_ZONE
    iana = iana_name(name)
    found = translated(name) if iana is None else IanaZone(ZoneInfo(iana))
    if found is None:
        raise UnreadableError("its time zone is not known")
    return found


def _parsed(text: str) -> datetime:
    """An ISO 8601 date and time; Graph's seven digits of fraction are cut to microseconds."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableError("its times cannot be read") from None


def instant(text: str, name: str) -> datetime:
    """The UTC instant of a date and time in the zone of that name, or with an offset of its own.

    Raises UnreadableError.
    """
    at = _parsed(text)
    if at.tzinfo is None:
        return _zone(name).utc(at)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise UnreadableError("its times cannot be read") from None


def day(text: str, name: str, original: str, person: ZoneInfo) -> date:
    """The date that an all-day event starts or ends on: that of its midnight, wherever that is.

    Graph gives midnight in whatever zone it answers in. A time that is none is an instant, and a date only where it
    is midnight: where the event was made (`original`), else where the person is; failing both, the nearest counts.

    Raises UnreadableError.
    """
    at = _parsed(text)
    wall = at.replace(tzinfo=None)
    if wall.time() == time():
        return wall.date()
    at_utc = instant(text, name)
    zones: list[Zone] = [IanaZone(person)]
    with suppress(UnreadableError):  # tzone://Microsoft/Custom names no zone
        zones.insert(0, _zone(original))
    walls = [zone.wall(at_utc) for zone in zones]
    for candidate in walls:
        if candidate.time() == time():
            return candidate.date()
    nearest = walls[0].date()
    return nearest if walls[0].time() < _NOON or nearest == date.max else nearest + timedelta(days=1)
