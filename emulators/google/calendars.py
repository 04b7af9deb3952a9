"""Accounts, their calendars, and the entries in them, as whoever sits at the keyboard changes them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from emulators.google.recurrence import Moment, occurrences

KINDS = frozenset({"default", "outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail"})


@dataclass(slots=True)
class Entry:
    """One entry, or a series. Times are aware, or days (the end exclusive).

    `kind` is the API's `eventType`. `response` is one's own answer, empty where nobody asked. `place` is `homeOffice`,
    `officeLocation` or `customLocation`, `label` its name. `recurrence` are lines as in the API; `changes` are the
    occurrences of a series, by their original start, that are different (None: cancelled).
    """

    title: str
    start: Moment
    end: Moment
    kind: str = "default"
    response: str = ""
    guests: int = 0
    visibility: str = "default"
    free: bool = False
    status: str = "confirmed"
    location: str = ""
    place: str = ""
    label: str = ""
    zone: str = ""
    recurrence: tuple[str, ...] = ()
    end_unspecified: bool = False
    organizer: str = ""
    id: str = ""
    uid: str = ""
    cancelled: bool = False
    revision: int = 0
    changes: dict[Moment, Entry | None] = field(default_factory=dict)

    @property
    def all_day(self) -> bool:
        """Whether it takes whole days."""
        return not isinstance(self.start, datetime)


@dataclass(frozen=True, slots=True)
class Instance:
    """One occurrence: `original` is the start that its series gives it, None for a single entry."""

    entry: Entry
    start: Moment
    end: Moment
    original: Moment | None = None
    cancelled: bool = False


class Calendar:
    """A calendar of an account. Every change counts `revision` up and is told to `on_change`."""

    def __init__(
        self,
        calendar_id: str,
        name: str,
        zone: str = "UTC",
        *,
        role: str = "owner",
        primary: bool = False,
        pushes: bool = True,
        on_change: Callable[[Calendar], None] = lambda _: None,
    ) -> None:
        """`pushes`: whether it can be watched; holidays, for one, cannot."""
        self.id = calendar_id
        self.name = name
        self.override = ""
        self.zone = zone
        self.role = role
        self.primary = primary
        self.pushes = pushes
        self.on_change = on_change
        self.entries: dict[str, Entry] = {}
        self.revision = 0

    def add(self, entry: Entry) -> Entry:
        """Put an entry into the calendar; it gets an `id` and a `uid` unless it has them."""
        if entry.kind not in KINDS:
            raise ValueError(entry.kind)
        entry.id = entry.id or secrets.token_hex(13)
        entry.uid = entry.uid or f"{entry.id}@google.com"
        self.entries[entry.id] = entry
        return self._changed(entry)

    def change(self, entry_id: str, **fields: Any) -> Entry:
        """Change any fields of an entry. A series with other times loses its changed occurrences."""
        entry = self.entries[entry_id]
        if {"start", "recurrence"} & set(fields):
            entry.changes = {}
        for name, value in fields.items():
            setattr(entry, name, value)
        return self._changed(entry)

    def move(self, entry_id: str, start: Moment, end: Moment | None = None) -> Entry:
        """Give an entry another time; without an `end` it stays as long as it was."""
        entry = self.entries[entry_id]
        return self.change(entry_id, start=start, end=_later(start, length_of(entry)) if end is None else end)

    def cancel(self, entry_id: str) -> Entry:
        """Delete an entry, or a whole series."""
        return self.change(entry_id, cancelled=True)

    def change_instance(self, entry_id: str, original: Moment, **fields: Any) -> Entry:
        """Change one occurrence of a series, which would start at `original`."""
        entry = self.entries[entry_id]
        found = entry.changes.get(original) or self._plain(entry, original)
        entry.changes[original] = replace(found, **fields)
        return self._changed(entry)

    def move_instance(self, entry_id: str, original: Moment, start: Moment, end: Moment | None = None) -> Entry:
        """Give one occurrence of a series another time."""
        entry = self.entries[entry_id]
        ends = _later(start, length_of(entry)) if end is None else end
        return self.change_instance(entry_id, original, start=start, end=ends)

    def cancel_instance(self, entry_id: str, original: Moment) -> Entry:
        """Delete one occurrence of a series."""
        entry = self.entries[entry_id]
        entry.changes[original] = None
        return self._changed(entry)

    def zone_changed(self, zone: str) -> None:
        """Put the calendar into another zone; nothing in it moves."""
        self.zone = zone
        self.revision += 1
        self.on_change(self)

    def instances(self, entry: Entry, until: datetime) -> Iterator[Instance]:
        """The occurrences of an entry up to `until`, cancelled ones included."""
        if not entry.recurrence:
            yield Instance(entry, entry.start, entry.end, cancelled=entry.cancelled)
            return
        reach = max([until, *map(self.instant, entry.changes)])  # one from later may have been moved to before
        for original in occurrences(entry.start, entry.recurrence, ZoneInfo(entry.zone or self.zone), reach):
            changed = entry.changes.get(original, self._plain(entry, original))
            if changed is None or entry.cancelled:
                plain = self._plain(entry, original)
                yield Instance(plain, plain.start, plain.end, original, cancelled=True)
            else:
                yield Instance(changed, changed.start, changed.end, original)

    def instant(self, moment: Moment) -> datetime:
        """When a day begins in the calendar's zone; an instant as it is."""
        if isinstance(moment, datetime):
            return moment
        return datetime.combine(moment, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def _plain(self, entry: Entry, original: Moment) -> Entry:
        """An occurrence as its series says. Its end is as far from its start on the wall as the first one's."""
        if not isinstance(original, datetime) or not isinstance(entry.start, datetime):
            return replace(entry, start=original, end=original + length_of(entry))
        zone = ZoneInfo(entry.zone or self.zone)
        length: timedelta = _wall(entry.end, zone) - _wall(entry.start, zone)
        end = (_wall(original, zone) + length).replace(tzinfo=zone).astimezone(UTC)
        return replace(entry, start=original, end=end)

    def _changed(self, entry: Entry) -> Entry:
        self.revision += 1
        entry.revision = self.revision
        self.on_change(self)
        return entry


def length_of(entry: Entry) -> timedelta:
    """How long an entry is: days, or time that really passes."""
    start, end = entry.start, entry.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        return end.astimezone(UTC) - start.astimezone(UTC)
    return datetime.combine(end, time()) - datetime.combine(start, time())


def _later(moment: Moment, length: timedelta) -> Moment:
    return moment.astimezone(UTC) + length if isinstance(moment, datetime) else moment + length


def _wall(moment: Moment, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    return moment.astimezone(zone).replace(tzinfo=None)


class Account:
    """A Google account: its address, and its calendars by id. The first is the primary one; its id is the address."""

    def __init__(
        self, address: str, name: str = "", zone: str = "UTC", *, on_change: Callable[[Calendar], None] = lambda _: None
    ) -> None:
        self.address = address
        self.name = name or address
        self._on_change = on_change
        self.calendars: dict[str, Calendar] = {}
        self.add_calendar(address, address, zone, primary=True)

    @property
    def primary(self) -> Calendar:
        """The main calendar."""
        return self.calendars[self.address]

    def add_calendar(self, calendar_id: str, name: str, zone: str = "UTC", **options: Any) -> Calendar:
        """One more calendar; `options` are those of `Calendar`."""
        found = Calendar(calendar_id, name, zone, on_change=self._on_change, **options)
        self.calendars[calendar_id] = found
        return found
