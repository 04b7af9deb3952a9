"""Scheduling messages (iTIP, RFC 5546) worked into a set of entries: requests, additions, cancellations. Pure.

Each component becomes a resource of its own: the entry itself under its UID, each instance under UID and RECURRENCE-ID,
so that a message about one instance touches that one alone. What comes later by SEQUENCE, then DTSTAMP, holds
(RFC 5546 §2.1.5), in whatever order it arrives.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.calendars.ical.content import Component, Raw, RawCalendar, calendars
from services.calendars.ical.entry import ReadRequest, by_uid
from services.calendars.ical.ics_collection import IcsCollection
from services.calendars.ical.reading import read
from services.calendars.ical.values import ValueProblemError, basic, moment
from services.calendars.ical.zone_names import iana_name
from services.calendars.ical.zones import Zones
from services.domain.calendars import Arrival, Changes, Connection, Problem
from services.domain.errors import CalendarTooLargeError, NotACalendarError

MOST_ENTRIES = 5_000
"""Entries and changed instances that one calendar may have."""

MOST_LOOKS = 100_000
"""Entries and instances that are looked at for one message: twice what a calendar may have, ten times over."""

MOST_BYTES = 25 * 1024 * 1024

_ANSWERS = frozenset({"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"})
"""What attendees send to an organizer; none of it says that something takes place (RFC 5546 §1.4)."""

_LONGEST_TZID = 100
_PART = "\x1f"  # in no UID: control characters are dropped when a file is read
_NAME = re.compile(rb"^\s*([A-Za-z0-9_.-]+)[ \t]*[;:]")
_UNREAD = frozenset({b"DESCRIPTION", b"X-ALT-DESC", b"ATTACH", b"COMMENT", b"CONTACT", b"IMAGE", b"STYLED-DESCRIPTION"})
"""Long, private, and of no use here: not kept."""

_RULES = frozenset({b"RRULE", b"RDATE", b"EXDATE", b"EXRULE"})

Rank = tuple[int, str]
"""SEQUENCE and DTSTAMP: the later one holds."""


@dataclass(frozen=True, slots=True)
class Message:
    """One VCALENDAR: what it wants, and its entries by UID."""

    method: str
    calendar: RawCalendar
    entries: Mapping[str, tuple[Raw, ...]] = field(repr=False)


def messages(data: bytes, *, strict: bool = False) -> list[Message]:
    """Return what a body says. Raises NotACalendarError where it is no calendar, or half of one.

    Entries without an end are left out; where `strict`, they make all of it worth nothing.
    """
    found = calendars(data)
    if not found:
        raise NotACalendarError("no VCALENDAR")
    if not all(calendar.whole and (not strict or all(raw.whole for raw in calendar.events)) for calendar in found):
        raise NotACalendarError("only half of it")
    return [
        Message(
            Component(calendar.lines).word("METHOD"),
            calendar,
            {uid: tuple(raw for raw in raws if raw.whole) for uid, raws in by_uid(calendar.events).items()},
        )
        for calendar in found
    ]


def count(said: Iterable[Message]) -> int:
    """Return how many entries the messages are about that may change anything."""
    return sum(len(message.entries) for message in said if message.method not in _ANSWERS)


class Entries:
    """The entries of a calendar, and what messages make of them: `put` and `dropped` are for the collection."""

    def __init__(self, resources: Mapping[str, bytes]) -> None:
        """`resources` are what was made here before: key → text."""
        self._texts = dict(resources)
        self._keys: defaultdict[str, set[str]] = defaultdict(set)
        self._ranks: dict[str, Rank] = {}
        self._left = MOST_LOOKS
        self._size = sum(map(len, self._texts.values()))
        self.put: dict[str, bytes] = {}
        self.dropped: set[str] = set()
        for key in self._texts:
            self._keys[key.partition(_PART)[0]].add(key)

    def work_in(self, message: Message, received_at: datetime) -> None:
        """Do what `message` wants. Raises CalendarTooLargeError, after which nothing of this is to be used."""
        if message.method in _ANSWERS:
            return
        sender = _Sender(message.calendar, received_at)
        for uid, components in message.entries.items():
            masters: list[Raw] = []
            instances: list[Raw] = []
            for raw in components:
                (instances if _is_instance(raw) else masters).append(raw)
            if message.method == "CANCEL":
                for raw in masters:
                    self._cancel_all(uid, sender, raw)
                for raw in instances if self._keys[uid] else ():
                    self._put_instance(uid, sender, raw, cancelled=True)
                continue
            if message.method == "ADD":
                added = [raw for raw in map(_as_instance, masters) if _is_instance(raw)]
                instances, masters = [*added, *instances], []
            for raw in masters:
                self._put_master(uid, sender, raw)
            for raw in instances:
                self._put_instance(uid, sender, raw)

    def _put_master(self, uid: str, sender: _Sender, raw: Raw) -> None:
        rank = sender.rank(raw)
        if uid in self._texts and rank < self._rank(uid):
            return
        self._look_at(uid)
        for key in [key for key in self._keys[uid] if key != uid and _is_over(self._rank(key), rank)]:
            self._drop(uid, key)
        self._keep(uid, uid, sender.resource(raw, uid, rank))

    def _put_instance(self, uid: str, sender: _Sender, raw: Raw, *, cancelled: bool = False) -> None:
        key = uid + _PART + sender.instance(raw)
        rank = sender.rank(raw, self._rank(key if key in self._texts else uid)[0] if cancelled else 0)
        if (key in self._texts and rank < self._rank(key)) or (uid in self._texts and _is_over(rank, self._rank(uid))):
            return
        self._keep(uid, key, sender.resource(raw, uid, rank, cancelled=cancelled))

    def _cancel_all(self, uid: str, sender: _Sender, raw: Raw) -> None:
        """Cancel the whole entry. It stays, as cancelled: an older request that comes late changes nothing then."""
        self._look_at(uid)
        for key in list(self._keys[uid]):
            own = self._rank(key)
            rank = sender.rank(raw, own[0])
            if rank < own:
                continue
            (calendar,) = calendars(self._texts[key])
            again = _Sender(calendar, sender.received_at)
            self._keep(uid, key, again.resource(calendar.events[0], uid, rank, cancelled=True))

    def _look_at(self, uid: str) -> None:
        """Count what is looked at for each whole entry: an entry that is said ten thousand times is no calendar."""
        self._left -= 1 + len(self._keys[uid])
        if self._left < 0:
            raise CalendarTooLargeError("work", entries=len(self._texts))

    def _rank(self, key: str) -> Rank:
        if key not in self._texts:
            return 0, ""
        if key not in self._ranks:
            (calendar,) = calendars(self._texts[key])
            component = Component(calendar.events[0].lines)
            self._ranks[key] = component.number("SEQUENCE"), component.word("DTSTAMP")
        return self._ranks[key]

    def _keep(self, uid: str, key: str, text: bytes) -> None:
        self._drop(uid, key)
        self._size += len(text)
        if len(self._texts) >= MOST_ENTRIES or self._size > MOST_BYTES:
            raise CalendarTooLargeError("entries", entries=len(self._texts))
        self._keys[uid].add(key)
        self._texts[key] = self.put[key] = text
        self.dropped.discard(key)

    def _drop(self, uid: str, key: str) -> None:
        self._size -= len(self._texts.pop(key, b""))
        self._keys[uid].discard(key)
        self._ranks.pop(key, None)
        self.put.pop(key, None)
        self.dropped.add(key)


class _Sender:
    """What the components of one VCALENDAR have in common."""

    def __init__(self, calendar: RawCalendar, received_at: datetime) -> None:
        self.received_at = received_at
        own = Component(calendar.lines)
        zone = own.value("X-WR-TIMEZONE")
        zone = zone if len(zone) <= _LONGEST_TZID else ""
        self._zone_line = f"X-WR-TIMEZONE:{zone}".encode() if zone else b""
        # Without its own VTIMEZONEs, whose rules are only worked out where they cannot hold anybody up.
        self._zones = Zones(ZoneInfo("UTC"), {}, zone)
        self._own: dict[str, bytes] = {}
        for raw in calendar.zones:
            tzid = Component(raw.lines).text("TZID").strip()
            if len(tzid) <= _LONGEST_TZID and iana_name(tzid) != tzid:  # IANA's need no description
                self._own.setdefault(tzid, b"\n".join(_written(raw)))

    def rank(self, raw: Raw, otherwise: int = 0) -> Rank:
        """Return when `raw` was said. Without a DTSTAMP, when it arrived; without a SEQUENCE, `otherwise`."""
        component = Component(raw.lines)
        sequence = component.number("SEQUENCE") if component.value("SEQUENCE") else otherwise
        return sequence, component.word("DTSTAMP") or basic(self.received_at.astimezone(UTC))

    def instance(self, raw: Raw) -> str:
        """Return which instance `raw` is about, the same however its time is written.

        With a "+", all from that one on.
        """
        line = Component(raw.lines).all("RECURRENCE-ID")[0]
        onwards = "+" if line.params.get("RANGE", "").upper() == "THISANDFUTURE" else ""
        tzid, as_written = line.params.get("TZID", ""), line.value.strip()
        try:
            at = moment(line, self._zones) if len(tzid) <= _LONGEST_TZID else None
        except ValueProblemError:
            at = None
        if at is None or tzid in self._zones.unknown:
            return f"{as_written}@{tzid}{onwards}"
        if at.date:
            return f"{at.wall:%Y%m%d}{onwards}"
        return basic(at.wall if at.zone.floating else at.instant()) + onwards

    def resource(self, raw: Raw, uid: str, rank: Rank, *, cancelled: bool = False) -> bytes:
        """Return a calendar file of `raw` alone, with what is read of it and nothing else."""
        without = _UNREAD | {b"UID", b"SEQUENCE", b"DTSTAMP"} | ({b"STATUS"} if cancelled else set())
        said = [f"UID:{uid}".encode(), f"SEQUENCE:{rank[0]}".encode(), f"DTSTAMP:{rank[1]}".encode()]
        lines = [*said, *([b"STATUS:CANCELLED"] if cancelled else []), *_lines_without(raw.lines, without)]
        component = Component(raw.lines)
        times = (line for name in _TIMES for line in component.all(name))
        named = {line.params["TZID"] for line in times if "TZID" in line.params}
        zones = [self._own[tzid] for tzid in sorted(named & self._own.keys())]
        head = [b"BEGIN:VCALENDAR", b"VERSION:2.0", *([self._zone_line] if self._zone_line else [])]
        return b"\n".join([*head, *zones, b"BEGIN:VEVENT", *lines, b"END:VEVENT", b"END:VCALENDAR", b""])


_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")


def _is_instance(raw: Raw) -> bool:
    return bool(Component(raw.lines).all("RECURRENCE-ID"))


def _is_over(one: Rank, by: Rank) -> bool:
    """Return whether what was said of an instance is out of date once the whole entry was said anew, or the reverse.

    Neither number alone decides, because some programs count the changes of an instance by themselves.
    """
    return one != by and one[0] <= by[0] and one[1] <= by[1]


def _as_instance(raw: Raw) -> Raw:
    """ADD (RFC 5546 §3.2.4) brings an instance by its start alone; without one it brings none."""
    lines = list(_lines_without(raw.lines, _RULES))
    start = next((line for line in lines if _name(line) == b"DTSTART"), None)
    if start is not None:
        lines.insert(0, b"RECURRENCE-ID" + start.lstrip()[len(b"DTSTART") :])
    return Raw(raw.name, b"\n".join(lines))


def _lines_without(lines: bytes, names: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines but those properties. A line without a name goes with the one before it."""
    unwanted, keep = frozenset(names), True
    for line in lines.split(b"\n"):
        name = _name(line)
        keep = keep if name is None else name not in unwanted
        if keep and line.strip():
            yield line


def _name(line: bytes) -> bytes | None:
    found = _NAME.match(line)
    return None if found is None else found[1].upper().rpartition(b".")[2]


def _written(raw: Raw) -> Iterator[bytes]:
    yield b"BEGIN:" + raw.name.encode()
    yield raw.lines
    for child in raw.children:
        yield from _written(child)
    yield b"END:" + raw.name.encode()


_WHOLE = "file"


def look(data: bytes, asked: ReadRequest, *, strict: bool) -> dict[str, Any]:
    """Return what is in something that was sent. Where `strict`, entries without an end make it worth nothing."""
    said = messages(data, strict=strict)
    found = read(data, asked, None)
    return {
        "entries": count(said),
        # Rather than news about another calendar (RFC 5546 §1.4: only PUBLISH is one by itself).
        "alone": all(message.method in {"", "PUBLISH"} for message in said),
        "name": found.name,
        "events": sum(not event.cancelled for event in found.events),
    }


def asked(connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> tuple[dict[str, Any], list[bytes]]:
    """Return the question to `arrivals`."""
    head = {
        **ReadRequest.ahead(connection, now).as_json(),
        "now": now.isoformat(),
        "arrivals": [[one.seq, one.received_at.isoformat(), one.content is None, one.whole] for one in arrivals],
    }
    return head, [connection.state or b"", *(one.content or b"" for one in arrivals)]


def arrivals(head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
    """`ical.worker`'s task: the changes, once what arrived is worked in."""
    state, *contents = blobs
    came = [
        Arrival(seq, datetime.fromisoformat(received_at), None if lost else content, whole)
        for (seq, received_at, lost, whole), content in zip(head["arrivals"], contents, strict=True)
    ]
    now = datetime.fromisoformat(head["now"])
    full, problems = worked_in(IcsCollection.load(state) or IcsCollection(), came, now)
    changes = full.changes(ReadRequest.of_json(head), now)
    return replace(changes, problems=(*changes.problems, *problems), unchanged=changes.unchanged and not problems)


def worked_in(
    collection: IcsCollection, arrivals: Sequence[Arrival], now: datetime
) -> tuple[IcsCollection, tuple[Problem, ...]]:
    """Return the collection with all that arrived, in its order. Pure. What cannot be worked in costs itself alone."""
    problems: list[Problem] = []
    for arrival in arrivals:
        try:
            collection = _with(collection, arrival, now)
        except NotACalendarError:
            problems.append(Problem("", "Something arrived that cannot be read."))
        except CalendarTooLargeError:
            problems.append(Problem("", "Something arrived for which there is no room any more."))
    return collection, tuple(problems)


def _with(collection: IcsCollection, arrival: Arrival, now: datetime) -> IcsCollection:
    if arrival.content is None:
        raise NotACalendarError("cannot be opened")
    if arrival.whole:
        # With what it has not got any more as dropped, and not an empty collection: what did not change stays known.
        return collection.with_changes({_WHOLE: arrival.content}, set(collection.resources), now=now)
    entries = Entries({key: one.text for key, one in collection.resources.items() if key != _WHOLE})
    given = collection.resources.get(_WHOLE)
    if given is not None and given.whole:  # news about a calendar that came in one piece: taken apart first
        for message in messages(given.text):
            entries.work_in(message, arrival.received_at)
        entries.dropped.add(_WHOLE)
    for message in messages(arrival.content):
        entries.work_in(message, arrival.received_at)
    return collection.with_changes(entries.put, entries.dropped, now=now)
