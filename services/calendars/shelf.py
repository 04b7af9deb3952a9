"""A shelf of calendar files: what a calendar is made of where it does not come as one file.

A CalDAV collection, what was sent to a hook and a file given by hand are sets of iCalendar resources by key. They are
kept whole in the calendar's `state` and expanded together, so that an entry whose parts stand in two of them is one
entry. A resource that cannot be read costs itself and no other.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from services.calendars.ics.content import Component
from services.calendars.ics.lex import Raw, RawCalendar, calendars, unfolded
from services.calendars.ics.values import ValueProblemError, duration
from services.calendars.window import AHEAD, BEHIND, SHORT
from services.errors import CalendarTooLargeError
from services.ports import Changes, Connection, Expander, Problem

MOST_BYTES = 25 * 1024 * 1024
"""What all resources of a shelf may have together: as much as a feed."""

PAST = timedelta(days=31)
"""A resource whose last day is longer ago than this is not kept: it can make no event any more."""

_MAGIC = b"shelf 1\n"
_OFF_LOOP = 256 * 1024
_LONGEST_STAY = timedelta(days=366)
_HEAD = b"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n"
_REPEATS = ("RRULE", "RDATE")
_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID")


@dataclass(frozen=True, slots=True)
class Resource:
    """One iCalendar file: `text` is UTF-8 and unfolded. `whole` is false where it cannot be read at all.

    `until` is its last day in any zone, give or take one; None where it may have none, or where that is not certain.
    """

    text: bytes = field(repr=False)
    whole: bool = True
    until: date | None = None

    @classmethod
    def of(cls, data: bytes) -> Resource | None:
        """What was received; None for a calendar without any VEVENT."""
        text = unfolded(data).strip() + b"\n"
        found = calendars(text)
        if not found or not all(calendar.whole for calendar in found):
            return cls(text, whole=False)
        if not any(calendar.events for calendar in found):
            return None
        return cls(text, until=_last_day(found))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The resources of a calendar, and for whom and which window they were expanded last.

    `tag` and `extra` (JSON) are the source's own. A shelf never changes: `with_changes` makes another one.
    """

    resources: Mapping[str, Resource] = field(default_factory=dict, repr=False)
    tag: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    start: datetime | None = None
    until: datetime | None = None
    zone: str = ""
    addresses: tuple[str, ...] = ()
    memory: bytes | None = field(default=None, repr=False)

    @classmethod
    def load(cls, state: bytes | None) -> Shelf | None:
        """The reverse of `dump`; None for nothing, and for what another version of this program wrote."""
        if state is None or not state.startswith(_MAGIC):
            return None
        line, _, rest = zlib.decompress(state[len(_MAGIC) :]).partition(b"\n")
        head = json.loads(line)
        at = head["memory"] or 0
        resources: dict[str, Resource] = {}
        for key, length, whole, until in head["resources"]:
            last = None if until is None else date.fromisoformat(until)
            resources[key] = Resource(rest[at : at + length], whole, last)
            at += length
        return cls(
            resources=MappingProxyType(resources),
            tag=head["tag"],
            extra=MappingProxyType(head["extra"]),
            start=_instant(head["start"]),
            until=_instant(head["until"]),
            zone=head["zone"],
            addresses=tuple(head["addresses"]),
            memory=None if head["memory"] is None else rest[: head["memory"]],
        )

    @classmethod
    async def loaded(cls, state: bytes | None) -> Shelf | None:
        """`load`, off the event loop where it is large."""
        if state is None or len(state) < _OFF_LOOP:
            return cls.load(state)
        return await asyncio.to_thread(cls.load, state)

    def dump(self) -> bytes:
        """As bytes, compressed: a line of JSON, the expander's memory, the texts."""
        ordered = sorted(self.resources.items())
        head = {
            "tag": self.tag,
            "extra": dict(self.extra),
            "start": None if self.start is None else self.start.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "zone": self.zone,
            "addresses": self.addresses,
            "memory": None if self.memory is None else len(self.memory),
            "resources": [
                [key, len(one.text), one.whole, None if one.until is None else one.until.isoformat()]
                for key, one in ordered
            ],
        }
        texts = [one.text for _, one in ordered]
        return _MAGIC + zlib.compress(b"".join([json.dumps(head).encode(), b"\n", self.memory or b"", *texts]), 1)

    def with_changes(
        self,
        put: Mapping[str, bytes | Resource] = MappingProxyType({}),
        dropped: Collection[str] = (),
        *,
        now: datetime,
    ) -> Shelf:
        """The shelf with `put` on it (key → file, as received or read) and without `dropped`. Pure, but not quick.

        A file without an entry, or whose entries are all long past `now`, is not kept. Raises CalendarTooLargeError.
        """
        resources = {key: one for key, one in self.resources.items() if key not in dropped}
        for key, data in put.items():
            resources.pop(key, None)
            one = data if isinstance(data, Resource) else Resource.of(data)
            if one is not None and not _is_past(one, now):
                resources[key] = one
        if sum(len(one.text) for one in resources.values()) > MOST_BYTES:
            raise CalendarTooLargeError("resources", resources=len(resources))
        return replace(self, resources=MappingProxyType(resources))

    def serves(self, connection: Connection, now: datetime) -> bool:
        """Whether it was expanded for this person as they are, and reaches far enough from `now` on."""
        return (
            self.start is not None
            and self.until is not None
            and self.start <= now
            and self.until - now >= SHORT
            and self.zone == connection.zone.key
            and self.addresses == connection.addresses
        )

    async def changes(self, expander: Expander, connection: Connection, now: datetime) -> Changes:
        """The events of all resources from a day before `now` to 60 days after it; only what differs from last time.

        `state` of the result is the dump of the shelf as it is now. `name` and `floor` are left to the source.
        Raises what `expander` raises; then the state of before stays good.
        """
        asked = self
        if self.start is None or self.until is None or not self.serves(connection, now):
            kept = {key: one for key, one in self.resources.items() if not _is_past(one, now)}
            asked = replace(
                self,
                resources=MappingProxyType(kept),
                start=now - BEHIND,
                until=now + AHEAD,
                zone=connection.zone.key,
                addresses=connection.addresses,
                memory=None,
            )
        read = await expander.read(
            asked.together(),
            calendar_id=connection.calendar_id,
            addresses=connection.addresses,
            zone=connection.zone,
            start=asked.start or now,
            end=asked.until or now,
            memory=asked.memory,
        )
        broken = tuple(
            Problem(key, "It is no whole calendar file.") for key, one in asked.resources.items() if not one.whole
        )
        changes = replace(
            read,
            unchanged=read.unchanged and not broken,
            problems=read.problems + broken,
            name=None,
            floor=None,
        )
        return replace(changes, state=await replace(asked, memory=read.state).dumped())

    async def dumped(self) -> bytes:
        """`dump`, off the event loop where it is large."""
        if sum(len(one.text) for one in self.resources.values()) + len(self.memory or b"") < _OFF_LOOP:
            return self.dump()
        return await asyncio.to_thread(self.dump)

    def together(self) -> bytes:
        """One file of all resources that can be read, by key: the same for the same content, however it came about."""
        # An empty calendar goes first: what is said of the whole then does not hang on which resource is the first.
        return _HEAD + b"".join(one.text for _, one in sorted(self.resources.items()) if one.whole)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _is_past(resource: Resource, now: datetime) -> bool:
    return resource.whole and resource.until is not None and resource.until < (now - PAST).date()


def _last_day(found: Collection[RawCalendar]) -> date | None:
    days: list[date] = []
    for calendar in found:
        for raw in calendar.events:
            day = _last_of(raw)
            if day is None:
                return None
            days.append(day)
    return max(days, default=None)


def _last_of(raw: Raw) -> date | None:
    """The last day of a component that does not repeat; None whenever anything about it is not plain."""
    component = Component(raw)
    if not raw.whole or any(component.all(name) for name in _REPEATS):
        return None
    days: list[date] = []
    for name in _TIMES:
        for line in component.all(name):
            if "RANGE" in line.params:
                return None
            try:
                days.append(date.fromisoformat(line.value.strip().replace("-", "")[:8]))
            except ValueError:
                return None
    if not component.all("DTSTART"):
        return None
    stay = timedelta()
    for line in component.all("DURATION"):
        try:
            stay = max(stay, duration("DURATION", line.value).whole)
        except ValueProblemError:
            return None
    last = max(days)
    return last + stay + timedelta(days=1) if stay < _LONGEST_STAY and last.year < date.max.year - 2 else None
