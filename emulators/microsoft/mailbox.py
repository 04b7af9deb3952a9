"""People's mailboxes: accounts, calendars, entries and series, edited by the demo's page and by tests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_MOST_INSTANCES = 5000

Notify = Callable[["LocalCalendar", str, str], None]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every `interval` days, or weeks; `count` times, or up to and including `until`, or for ever."""

    every: str = "daily"
    interval: int = 1
    count: int | None = None
    until: date | None = None

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days on which it happens from `first` on, up to and including `last`."""
        step = timedelta(days=self.interval * (7 if self.every == "weekly" else 1))
        last = last if self.until is None else min(last, self.until)
        for number in range(_MOST_INSTANCES if self.count is None else self.count):
            day = first + number * step
            if day > last:
                return
            yield day


@dataclass(frozen=True, slots=True)
class Entry:
    """A single entry, or the master of a series. Aware times; or dates for whole days, the end not included.

    The words are Graph's: `show_as` free, tentative, busy, oof, workingElsewhere, unknown; `response` none, organizer,
    tentativelyAccepted, accepted, declined, notResponded; `sensitivity` normal, personal, private, confidential.
    A series keeps to the wall clock of `zone` (IANA). `changed` holds instances by the day they were on, `removed`
    the days of those that are gone.
    """

    title: str
    start: datetime | date
    end: datetime | date
    zone: str = "UTC"
    show_as: str = "busy"
    response: str = "organizer"
    sensitivity: str = "normal"
    location: str = ""
    guests: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    cancelled: bool = False
    recurrence: Recurrence | None = None
    id: str = ""
    changed: dict[date, Entry] = field(default_factory=dict)
    removed: frozenset[date] = frozenset()

    @property
    def all_day(self) -> bool:
        """Whether it is of whole days."""
        return not isinstance(self.start, datetime)

    def instants(self) -> tuple[datetime, datetime]:
        """Start and end as UTC; whole days from midnight to midnight UTC, as Graph's windows see them."""
        return _instant(self.start), _instant(self.end)

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether it overlaps `[start, end)`."""
        first, last = self.instants()
        return first < end and (last > start or first == last >= start)

    def instances(self, start: datetime, end: datetime) -> Iterator[tuple[date, Entry, bool]]:
        """The instances of a series in `[start, end)`: the day in the series, the entry, whether it was changed."""
        if self.recurrence is None:
            return
        zone = ZoneInfo(self.zone)
        first = self.start.astimezone(zone).date() if isinstance(self.start, datetime) else self.start
        for day in self.recurrence.days(first, end.date() + timedelta(days=1)):
            if day in self.removed:
                continue
            found = self.changed.get(day) or self._on(day, first, zone)
            if found.touches(start, end):
                yield day, found, day in self.changed

    def _on(self, day: date, first: date, zone: ZoneInfo) -> Entry:
        shift = day - first
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            start, end = (at.astimezone(zone).replace(tzinfo=None) + shift for at in (self.start, self.end))
            return replace(self, start=start.replace(tzinfo=zone), end=end.replace(tzinfo=zone), recurrence=None)
        return replace(self, start=self.start + shift, end=self.end + shift, recurrence=None)

    def instance_id(self, day: date) -> str:
        """The id of the instance that the series has on `day`; it keeps it wherever it is moved."""
        return f"{self.id.rstrip('=')}_{day:%Y%m%d}="


def _instant(at: datetime | date) -> datetime:
    return at.astimezone(UTC) if isinstance(at, datetime) else datetime.combine(at, time(), UTC)


class LocalCalendar:
    """One calendar. Every edit is seen by deltas and told to who subscribed."""

    def __init__(self, identifier: str, name: str, owner: str, notify: Notify, *, default: bool = False) -> None:
        """`owner` is an address: another one's than the account's where the calendar is shared."""
        self.id = identifier
        self.name = name
        self.owner = owner
        self.default = default
        self.entries: dict[str, Entry] = {}
        self.version = 0
        self.versions: dict[str, int] = {}
        """Of each entry that is or was there: when it was changed last."""
        self.lost: dict[str, tuple[int, str]] = {}
        """Of each instance that is gone: since when, and its series."""
        self._notify = notify

    def add(self, entry: Entry) -> Entry:
        """Add an entry; with its id."""
        added = replace(entry, id=entry.id or made_id(f"{self.id}/{self.version}/{entry.title}"))
        return self._keep(added, "created")

    def change(self, entry_id: str, **fields: Any) -> Entry:
        """Change fields of an entry, or of a whole series. Raises KeyError."""
        return self._keep(replace(self.entries[entry_id], **fields), "updated")

    def move(self, entry_id: str, start: datetime | date, end: datetime | date) -> Entry:
        """Move an entry, or a whole series. Raises KeyError."""
        return self.change(entry_id, start=start, end=end)

    def cancel(self, entry_id: str) -> Entry:
        """Its organizer cancels a meeting, which stays in the calendar until it is removed. Raises KeyError."""
        return self.change(entry_id, cancelled=True)

    def remove(self, entry_id: str) -> None:
        """Delete an entry, or a whole series. Raises KeyError."""
        del self.entries[entry_id]
        self._touch(entry_id, "deleted")

    def change_instance(self, entry_id: str, day: date, **fields: Any) -> Entry:
        """Change (move, cancel) the instance that a series has on `day`. Raises KeyError, LookupError."""
        series = self.entries[entry_id]
        found = replace(self._instance(series, day), **fields)
        self._keep(replace(series, changed={**series.changed, day: found}), "updated")
        return found

    def cancel_instance(self, entry_id: str, day: date) -> Entry:
        """Its organizer cancels one instance, which stays in the calendar. Raises KeyError, LookupError."""
        return self.change_instance(entry_id, day, cancelled=True)

    def remove_instance(self, entry_id: str, day: date) -> None:
        """Delete the instance that a series has on `day`. Raises KeyError, LookupError."""
        series = self.entries[entry_id]
        self._instance(series, day)
        changed = {at: entry for at, entry in series.changed.items() if at != day}
        self.lost[series.instance_id(day)] = (self.version + 1, series.id)
        self._keep(replace(series, changed=changed, removed=series.removed | {day}), "updated")

    def _instance(self, series: Entry, day: date) -> Entry:
        """The instance as it is now. Raises LookupError."""
        around = datetime.combine(day, time(), UTC)
        early, late = around - timedelta(days=3), around + timedelta(days=4)
        known = series.changed.get(day)
        found = known or next((entry for at, entry, _ in series.instances(early, late) if at == day), None)
        if found is None:
            raise LookupError(day)
        return found

    def _keep(self, entry: Entry, change: str) -> Entry:
        self.entries[entry.id] = entry
        self._touch(entry.id, change)
        return entry

    def _touch(self, entry_id: str, change: str) -> None:
        self.version += 1
        self.versions[entry_id] = self.version
        self._notify(self, entry_id, change)


class Account:
    """A person at Microsoft."""

    def __init__(self, address: str, name: str, zone: str, notify: Notify) -> None:
        """With one calendar, the default one."""
        self.address = address
        self.name = name
        self.zone = zone
        self.object_id = _uuid(f"person/{address}")
        self.tenant_id = _uuid(f"tenant/{address.rpartition('@')[2]}")
        self.calendars: dict[str, LocalCalendar] = {}
        self.main = self.add_calendar("Calendar", notify=notify, default=True)
        self._notify = notify

    def add_calendar(
        self, name: str, *, owner: str = "", notify: Notify | None = None, default: bool = False
    ) -> LocalCalendar:
        """Another calendar; somebody else's, shared with this account, where there is an `owner`."""
        identifier = made_id(f"{self.address}/{len(self.calendars)}/{name}")
        made = LocalCalendar(identifier, name, owner or self.address, notify or self._notify, default=default)
        self.calendars[identifier] = made
        return made


def made_id(seed: str) -> str:
    """An id as Exchange writes them, the same for the same seed."""
    digest = hashlib.sha512(seed.encode()).digest()
    return "AAMkAD" + base64.urlsafe_b64encode(digest[:50]).decode()[:66] + "AAA="


def _uuid(seed: str) -> str:
    text = hashlib.sha256(seed.encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"
