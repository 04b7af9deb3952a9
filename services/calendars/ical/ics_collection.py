"""A collection of calendar files: what a calendar is made of where it does not come as one file.

A CalDAV collection, what was sent to a hook and a file given by hand are sets of iCalendar resources by key. They are
kept in the calendar's `state` and expanded together, so that an entry whose parts stand in two of them is one
entry. Descriptions and attachments are not kept. A resource that cannot be read costs itself and no other.

What is in one is strangers': it is opened, read and changed in the reader processes. The app sees its `cover`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from services.calendars.ical.content import Component, Raw, calendars, unfolded
from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import READS, read
from services.calendars.ical.values import duration
from services.domain.calendars import SHORT, Changes, Problem
from services.domain.errors import CalendarTooLargeError

MOST_BYTES = 25 * 1024 * 1024
"""What all resources of a collection may have together: as much as a feed."""

PAST = timedelta(days=31)
"""A resource whose last day is longer ago than this is not kept: it can make no event any more."""

_MAGIC = b"shelf 2\n"
_OLD = b"shelf 1\n"
"""What was written before covers: all in one piece."""

_UNREAD = re.compile(
    rb"^(?:DESCRIPTION|X-ALT-DESC|STYLED-DESCRIPTION|ATTACH|COMMENT|CONTACT|CONFERENCE|IMAGE)[;:].*\n",
    re.MULTILINE | re.IGNORECASE,
)
"""Properties that nothing here reads, and that say more than the rest (RFC 5545 §3.8, RFC 7986 §5)."""

_LENGTH = 8
_LONGEST_STAY = timedelta(days=366)
_HEAD = b"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n"
_REPEATS = ("RRULE", "RDATE")
_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID")


@dataclass(frozen=True, slots=True)
class Resource:
    """One iCalendar file: `text` is UTF-8, unfolded, and without what nobody reads, such as descriptions.

    `whole` is false where it cannot be read at all.
    `until` is its last day in any zone, give or take one; None where it may have none, or where that is not certain.
    """

    text: bytes = field(repr=False)
    whole: bool = True
    until: date | None = None

    @classmethod
    def of(cls, data: bytes) -> Resource | None:
        """Return what was received; None for a calendar without any VEVENT."""
        text = _UNREAD.sub(b"", unfolded(data).strip() + b"\n")
        found = calendars(text)
        if not found or not all(calendar.whole for calendar in found):
            return cls(text, whole=False)
        if not any(calendar.events for calendar in found):
            return None
        last = max(_last_day(raw) for calendar in found for raw in calendar.events)
        return cls(text, until=None if last == date.max else last)


@dataclass(frozen=True, slots=True)
class IcsCollection:
    """The resources of a calendar, and for whom, for which window and by which `READS` they were expanded last.

    `tag` and `extra` (JSON) are the source's own. It never changes: `with_changes` makes another one.
    """

    resources: Mapping[str, Resource] = field(default_factory=dict, repr=False)
    tag: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    start: datetime | None = None
    until: datetime | None = None
    zone: str = ""
    addresses: tuple[str, ...] = ()
    reads: int = 0
    memory: bytes | None = field(default=None, repr=False)

    @classmethod
    def load(cls, state: bytes | None) -> IcsCollection | None:
        """Return the reverse of `dump`; None for nothing, and for what another version of this program wrote."""
        if state is None or not state.startswith((_MAGIC, _OLD)):
            return None
        collection = cls.cover(state)
        content = state[len(_OLD) :] if state.startswith(_OLD) else state[_content(state) :]
        line, _, rest = zlib.decompress(content).partition(b"\n")
        head = json.loads(line)
        at = head["memory"] or 0
        resources: dict[str, Resource] = {}
        for key, length, whole, until in head["resources"]:
            last = None if until is None else date.fromisoformat(until)
            resources[key] = Resource(rest[at : at + length], whole, last)
            at += length
        memory = None if head["memory"] is None else rest[: head["memory"]]
        return replace(collection or cls(), resources=resources, memory=memory)

    @classmethod
    def cover(cls, state: bytes | None) -> IcsCollection | None:
        """Return what is known of the collection without opening it; None as `load`."""
        if state is None or not state.startswith(_MAGIC):
            return cls() if state is not None and state.startswith(_OLD) else None
        head = json.loads(zlib.decompress(state[len(_MAGIC) + _LENGTH : _content(state)]))
        return cls(
            tag=head["tag"],
            extra=head["extra"],
            start=None if head["start"] is None else datetime.fromisoformat(head["start"]),
            until=None if head["until"] is None else datetime.fromisoformat(head["until"]),
            zone=head["zone"],
            addresses=tuple(head["addresses"]),
            reads=head.get("reads", 0),
        )

    def over(self, state: bytes) -> bytes:
        """Return the collection of `state` under this cover."""
        head = {
            "tag": self.tag,
            "extra": dict(self.extra),
            "start": None if self.start is None else self.start.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "zone": self.zone,
            "addresses": self.addresses,
            "reads": self.reads,
        }
        cover = zlib.compress(json.dumps(head).encode(), 1)
        return b"".join((_MAGIC, len(cover).to_bytes(_LENGTH, "big"), cover, state[_content(state) :]))

    def dump(self) -> bytes:
        """As bytes, compressed: the cover; a line of JSON, the expander's memory, the texts."""
        ordered = sorted(self.resources.items())
        head = {
            "memory": None if self.memory is None else len(self.memory),
            "resources": [
                [key, len(one.text), one.whole, None if one.until is None else one.until.isoformat()]
                for key, one in ordered
            ],
        }
        texts = [one.text for _, one in ordered]
        content = zlib.compress(b"".join([json.dumps(head).encode(), b"\n", self.memory or b"", *texts]), 1)
        return self.over(_MAGIC + bytes(_LENGTH) + content)

    def with_changes(
        self,
        put: Mapping[str, bytes | Resource] = MappingProxyType({}),
        dropped: Collection[str] = (),
        *,
        now: datetime,
    ) -> IcsCollection:
        """Return the collection with `put` in it (key → file, as received or read) and without `dropped`.

        Pure, but not quick. A file without an entry, or whose entries are all long past `now`, is not kept. Raises
        CalendarTooLargeError.
        """
        resources = {key: one for key, one in self.resources.items() if key not in dropped}
        for key, data in put.items():
            resources.pop(key, None)
            one = data if isinstance(data, Resource) else Resource.of(data)
            if one is not None and not _is_past(one, now):
                resources[key] = one
        if sum(len(one.text) for one in resources.values()) > MOST_BYTES:
            raise CalendarTooLargeError("resources", resources=len(resources))
        return replace(self, resources=resources)

    def serves(self, asked: ReadRequest, now: datetime) -> bool:
        """Return whether it was expanded for this person as they are, by what is read now, and reaches far enough."""
        return (
            self.start is not None
            and self.until is not None
            and self.start <= now
            and self.until - now >= SHORT
            and self.zone == asked.zone.key
            and self.addresses == asked.addresses
            and self.reads == READS
        )

    def changes(self, asked: ReadRequest, now: datetime) -> Changes:
        """Return the events of all resources; only what differs from last time, as long as its window still `serves`.

        `state` of the result is the dump of the collection as it is now. `name` and `floor` are left to the source.
        Raises what `read` raises; then the state of before stays good.
        """
        whole, start, until = self, self.start, self.until
        if start is None or until is None or not self.serves(asked, now):
            start, until = asked.start, asked.end
            kept = {key: one for key, one in self.resources.items() if not _is_past(one, now)}
            whole = replace(
                self, resources=kept, start=start, until=until, zone=asked.zone.key, addresses=asked.addresses,
                reads=READS, memory=None,
            )  # fmt: skip
        found = read(whole.together(), replace(asked, start=start, end=until), whole.memory)
        broken = tuple(
            Problem(key, "It is no whole calendar file.") for key, one in whole.resources.items() if not one.whole
        )
        return replace(
            found,
            unchanged=found.unchanged and not broken,
            problems=found.problems + broken,
            name=None,
            floor=None,
            state=replace(whole, memory=found.state).dump(),
        )

    def together(self) -> bytes:
        """Return one file of all resources that can be read, by key.

        The same for the same content, however it came about.
        """
        # An empty calendar goes first: what is said of the whole then does not hang on which resource is the first.
        return _HEAD + b"".join(one.text for _, one in sorted(self.resources.items()) if one.whole)


def _content(state: bytes) -> int:
    """Return where what is under the cover begins."""
    begin = len(_MAGIC) + _LENGTH
    return begin + int.from_bytes(state[len(_MAGIC) : begin], "big")


def _is_past(resource: Resource, now: datetime) -> bool:
    return resource.whole and resource.until is not None and resource.until < (now - PAST).date()


def _last_day(raw: Raw) -> date:
    """Return the last day of a component that does not repeat; `date.max` whenever anything about it is not plain."""
    component = Component(raw.lines)
    if not raw.whole or not component.all("DTSTART") or any(component.all(name) for name in _REPEATS):
        return date.max
    lines = [line for name in _TIMES for line in component.all(name)]
    if any("RANGE" in line.params for line in lines):
        return date.max
    try:
        last = max(date.fromisoformat(line.value.strip().replace("-", "")[:8]) for line in lines)
        stay = max([timedelta(), *(duration("DURATION", line.value).whole for line in component.all("DURATION"))])
    except ValueError:
        return date.max
    if stay >= _LONGEST_STAY or last.year >= date.max.year - 2:
        return date.max
    return last + stay + timedelta(days=1)
