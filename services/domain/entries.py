"""An absence as an entry of the person's own calendar: what it says, and how it is known again. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain.model import Override, OverrideKind

PROPERTY = "statusquo"
"""The name of the private property that an entry of ours has, and what its id begins with.

Google takes ids of the letters a to v and digits (developers.google.com/workspace/calendar/api/v3/reference/events).
"""

KEPT = timedelta(minutes=15)
"""How long an entry is remembered after it is over or taken back: longer than that can be taken back itself."""


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An entry as it is to be. `id` is of our choosing; `start` and `end` are UTC, `zone` is the person's."""

    id: str
    title: str
    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def days(self) -> tuple[date, date] | None:
        """The first day and the one after the last, where it takes whole days of `zone`."""
        first, after = (at.astimezone(self.zone).date() for at in (self.start, self.end))
        whole = (_midnight(first, self.zone), _midnight(after, self.zone)) == (self.start, self.end)
        return (first, after) if whole and first < after else None

    @property
    def digest(self) -> str:
        """What tells one state of it from another."""
        said = (self.id, self.title, self.start.isoformat(), self.end.isoformat(), self.zone.key)
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def entry_id(team_id: str, override_id: str, account_id: str, number: int) -> str:
    """Return the id of an override's entry in an account; `number` counts those that were taken back before."""
    seed = "\x1f".join((team_id, override_id, account_id, str(number)))
    return PROPERTY + hashlib.sha256(seed.encode()).hexdigest()[:32]


def wanted(override: Override | None, entry_id: str, title: str, zone: ZoneInfo) -> CalendarEntry | None:
    """Return the entry that an override has; None where it is gone, has no end, or is over before it began."""
    if override is None or override.kind is not OverrideKind.OUT_OF_OFFICE or override.end is None:
        return None
    start, end = (at.astimezone(UTC) for at in (override.start, override.end))
    return CalendarEntry(entry_id, title, start, end, zone) if start < end else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
