"""Accounts, their calendars and the entries in them, as whoever sits at the keyboard changes them.

Google and Microsoft differ in what they say of an entry (`GoogleEntry`, `MicrosoftEntry`), not in how it is kept.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

Moment = datetime | date
"""A day, or an aware instant."""

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"})
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class LocalEntry:
    """An entry, or a series. Times are aware, or days (the end exclusive).

    A series keeps to the wall clock of `zone` (IANA; the calendar's while empty). `changes` are the occurrences that
    are different, by the day that the series gives them; `gone` are the days of those that were deleted.
    """

    title: str
    start: Moment
    end: Moment
    zone: str = ""
    location: str = ""
    cancelled: bool = False
    id: str = ""
    changes: dict[date, Any] = field(default_factory=dict, repr=False)
    gone: frozenset[date] = frozenset()

    @property
    def all_day(self) -> bool:
        """Whether it takes whole days."""
        return not isinstance(self.start, datetime)

    @property
    def rules(self) -> Sequence[str]:
        """The lines of its recurrence (RFC 5545); none for a single one."""
        return ()


E = TypeVar("E", bound=LocalEntry)


@dataclass(frozen=True, slots=True)
class LocalOccurrence(Generic[E]):
    """One occurrence of a series: `day` and `original` are where the series has it. None for a single entry."""

    entry: E
    original: Moment | None = None
    day: date | None = None
    changed: bool = False
    gone: bool = False


@dataclass(slots=True)
class LocalCalendar(Generic[E]):
    """One calendar. Every edit raises `revision` and is told to `on_change` (entry's id; created, updated, deleted).

    `role`, `override` (its name in the account's list) and `pushes` (whether it can be watched) are Google's; `owner`
    is Microsoft's: another address than the account's where the calendar is shared.
    """

    id: str
    name: str
    zone: str = "UTC"
    main: bool = False
    owner: str = ""
    role: str = "owner"
    override: str = ""
    pushes: bool = True
    on_change: Callable[[LocalCalendar[Any], str, str], None] = lambda *_: None
    entries: dict[str, E] = field(default_factory=dict)
    revision: int = 0
    revisions: dict[str, int] = field(default_factory=dict)
    """Of each entry that is or was there: when it was changed last."""
    lost: dict[tuple[str, date], int] = field(default_factory=dict)
    """Of each occurrence that is gone: since when."""

    def add(self, entry: E) -> E:
        """Put an entry into the calendar; it gets an id unless it has one."""
        made = entry.id or made_id(f"{self.id}/{self.revision}/{entry.title}")
        return self._keep(replace(entry, id=made), "created")

    def change(self, entry_id: str, **fields: Any) -> E:
        """Change any fields. A series with another start or rule loses its changed occurrences. Raises KeyError."""
        if {"start", "recurrence"} & set(fields):
            fields = {"changes": {}, "gone": frozenset(), **fields}
        return self._keep(replace(self.entries[entry_id], **fields), "updated")

    def move(self, entry_id: str, start: Moment, end: Moment | None = None) -> E:
        """Give an entry another time; without an `end` it stays as long as it was."""
        return self.change(entry_id, start=start, end=self._end(entry_id, start, end))

    def cancel(self, entry_id: str) -> E:
        """Its organizer cancels an entry, or a series: it stays, and says so."""
        return self.change(entry_id, cancelled=True)

    def remove(self, entry_id: str) -> None:
        """Delete an entry, or a series. Raises KeyError."""
        del self.entries[entry_id]
        self._touch(entry_id, "deleted")

    def change_instance(self, entry_id: str, on: Moment, **fields: Any) -> E:
        """Change the occurrence that a series has `on` a day, or with that start. Raises KeyError."""
        series = self.entries[entry_id]
        found, day = self.occurrence(series, on)
        changed = replace(found.entry, **fields)
        self._keep(replace(series, changes={**series.changes, day: changed}), "updated")
        return changed

    def move_instance(self, entry_id: str, on: Moment, start: Moment, end: Moment | None = None) -> E:
        """Give one occurrence another time."""
        return self.change_instance(entry_id, on, start=start, end=self._end(entry_id, start, end))

    def cancel_instance(self, entry_id: str, on: Moment) -> E:
        """Its organizer cancels one occurrence: it stays, and says so."""
        return self.change_instance(entry_id, on, cancelled=True)

    def remove_instance(self, entry_id: str, on: Moment) -> None:
        """Delete one occurrence. Raises KeyError."""
        series = self.entries[entry_id]
        _, day = self.occurrence(series, on)
        changes = {at: entry for at, entry in series.changes.items() if at != day}
        self.lost[series.id, day] = self.revision + 1
        self._keep(replace(series, changes=changes, gone=series.gone | {day}), "updated")

    def zone_changed(self, zone: str) -> None:
        """Put the calendar into another zone; nothing in it moves."""
        self.zone = zone
        self._touch("", "updated")

    def occurrences(self, entry: E, until: datetime) -> Iterator[LocalOccurrence[E]]:
        """The occurrences of an entry that start up to `until`, those that are gone included."""
        if not entry.rules:
            yield LocalOccurrence(entry)
            return
        zone = self.zone_of(entry)
        latest = max(entry.changes, default=date.min)  # one from later may have been moved to before
        reach = max(until, self.instant(latest) + timedelta(days=2)) if entry.changes else until
        length = _wall(entry.end, zone) - _wall(entry.start, zone)
        for original in occurrences(entry.start, entry.rules, zone, reach):
            day = original.astimezone(zone).date() if isinstance(original, datetime) else original
            wall = _wall(original, zone) + length
            end = wall.replace(tzinfo=zone).astimezone(UTC) if isinstance(original, datetime) else wall.date()
            plain = replace(entry, start=original, end=end, changes={}, gone=frozenset())
            found = entry.changes.get(day, plain)
            yield LocalOccurrence(found, original, day, day in entry.changes, day in entry.gone or entry.cancelled)

    def occurrence(self, series: E, on: Moment) -> tuple[LocalOccurrence[E], date]:
        """The one that a series has on a day, or with that start; and the day. Raises KeyError."""
        day = on.astimezone(self.zone_of(series)).date() if isinstance(on, datetime) else on
        for found in self.occurrences(series, self.instant(day) + timedelta(days=2)):
            if found.day == day and not found.gone:
                return found, day
        raise KeyError(on)

    def zone_of(self, entry: E) -> ZoneInfo:
        """The zone whose wall clock an entry keeps to."""
        return ZoneInfo(entry.zone or self.zone)

    def instant(self, moment: Moment) -> datetime:
        """When a day begins in the calendar's zone; an instant as it is. UTC."""
        if isinstance(moment, datetime):
            return moment.astimezone(UTC)
        return datetime.combine(moment, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def _end(self, entry_id: str, start: Moment, end: Moment | None) -> Moment:
        entry = self.entries[entry_id]
        if end is not None:
            return end
        length = _wall(entry.end, UTC) - _wall(entry.start, UTC)
        return start.astimezone(UTC) + length if isinstance(start, datetime) else start + length

    def _keep(self, entry: E, change: str) -> E:
        self.entries[entry.id] = entry
        self._touch(entry.id, change)
        return entry

    def _touch(self, entry_id: str, change: str) -> None:
        self.revision += 1
        self.revisions[entry_id] = self.revision
        self.on_change(self, entry_id, change)


@dataclass(slots=True)
class LocalAccount(Generic[E]):
    """Somebody's account: an address, and its calendars by id. The first one is the main one."""

    address: str
    name: str
    zone: str
    on_change: Callable[[LocalCalendar[Any], str, str], None]
    calendars: dict[str, LocalCalendar[E]] = field(default_factory=dict)

    @property
    def main(self) -> LocalCalendar[E]:
        """The main calendar."""
        return next(one for one in self.calendars.values() if one.main)

    def add_calendar(self, name: str, calendar_id: str = "", **options: Any) -> LocalCalendar[E]:
        """One more calendar; `options` are those of `LocalCalendar`."""
        made = calendar_id or made_id(f"{self.address}/{len(self.calendars)}/{name}")
        options = {"owner": self.address, "main": not self.calendars, **options}
        self.calendars[made] = LocalCalendar(made, name, on_change=self.on_change, **options)
        return self.calendars[made]


def made_id(seed: str) -> str:
    """An id of letters and digits, the same for the same seed; as long as Exchange's."""
    return "AAMkAD" + base64.b32encode(hashlib.sha512(seed.encode()).digest()[:40]).decode().lower()


# ── recurrence ──────────────────────────────────────────────────────────────────────────────────────


def occurrences(start: Moment, rules: Sequence[str], zone: ZoneInfo, until: datetime) -> Iterator[Moment]:
    """The starts of a series that begins at `start`, in order, up to `until`; the time on the wall stays over DST.

    RFC 5545's DAILY, WEEKLY with BYDAY and YEARLY; INTERVAL, COUNT, UNTIL; EXDATE. Raises ValueError for other rules.
    """
    rule = _rule(rules)
    left_out = {wall for line in rules if line.startswith("EXDATE") for wall in _walls_of(line.split(":", 1)[1], zone)}
    last = next(_walls_of(rule.get("UNTIL", ""), zone), None)
    end = until.astimezone(zone).replace(tzinfo=None)
    count = min(int(rule.get("COUNT", _MOST)), _MOST)
    for number, wall in enumerate(_walls(_wall(start, zone), rule)):
        if number >= count or wall > end or (last is not None and wall > last):
            return
        if wall not in left_out:
            yield wall.replace(tzinfo=zone).astimezone(UTC) if isinstance(start, datetime) else wall.date()


def _rule(rules: Sequence[str]) -> dict[str, str]:
    lines = [line.removeprefix("RRULE:") for line in rules if line.startswith("RRULE:")]
    if len(lines) != 1:
        raise ValueError("a series has one RRULE")
    rule = dict(part.split("=", 1) for part in lines[0].upper().split(";"))
    if not set(rule) <= _KNOWN or rule.get("FREQ") not in {"DAILY", "WEEKLY", "YEARLY"}:
        raise ValueError(lines[0])
    return rule


def _walls(first: datetime, rule: dict[str, str]) -> Iterator[datetime]:
    every = int(rule.get("INTERVAL", "1"))
    if rule["FREQ"] == "YEARLY":
        for year in range(first.year, 9990, every):
            if (first.month, first.day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
                yield first.replace(year=year)
    elif rule["FREQ"] == "DAILY":
        for number in range(_MOST):
            yield first + timedelta(days=every * number)
    else:
        days = sorted(_DAYS.index(day) for day in rule["BYDAY"].split(",")) if "BYDAY" in rule else [first.weekday()]
        monday = first - timedelta(days=first.weekday())
        for week in range(_MOST):
            for day in days:
                found = monday + timedelta(days=7 * every * week + day)
                if found >= first:
                    yield found


def _walls_of(text: str, zone: ZoneInfo) -> Iterator[datetime]:
    """DATEs and DATE-TIMEs, separated by commas, as times on the wall in `zone`."""
    for one in filter(None, text.split(",")):
        found = datetime.fromisoformat(one)
        yield found if found.tzinfo is None else _wall(found, zone)


def _wall(moment: Moment, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    return moment.astimezone(zone).replace(tzinfo=None)
