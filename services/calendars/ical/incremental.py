"""Reading a feed against what is remembered of it, so that what did not change is neither parsed nor expanded.

The work of a worker process, but for `ReadState.head`, by which the app itself knows a file that is the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.calendars.ical.lex import Raw, RawCalendar, calendars
from services.calendars.ical.reading import Entry, EntryReader, Readout, ReadRequest, distinct, merged, readable_entries
from services.calendars.ical.recurrence import ExpansionBudget
from services.domain.calendars import Changes
from services.domain.errors import CalendarTooCostlyError, NotACalendarError

MOST_EVENTS = 10_000
"""Events of one calendar in the two months that are kept: 160 a day."""

MOST_TEXT = 4 * 1024 * 1024
"""Characters of their titles and places together: each occurrence of a series has a row of its own."""

_VERSION = 2
_STAMP = re.compile(rb"^DTSTAMP(?:;[^:\n]*)?:(.*)\n?", re.MULTILINE | re.IGNORECASE)
_SIZE = 8


@dataclass(frozen=True, slots=True)
class ReadState:
    """`body` is the hash of the whole file, `entries` the digest of each UID by the UID's own digest.

    `shown` are the UIDs (in full) that had events or problems in the window, with the number of their events and the
    characters of what these say: they must be named when they vanish.
    """

    body: bytes
    asked: str
    entries: dict[bytes, bytes] = field(default_factory=dict)
    shown: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    name: str | None = None
    floor: timedelta | None = None

    def dump(self) -> bytes:
        """As bytes: a line of JSON; compressed, the names of those shown and some 16 bytes for each entry."""
        head = {
            "version": _VERSION,
            "body": self.body.hex(),
            "asked": self.asked,
            "name": self.name,
            "floor": None if self.floor is None else self.floor.total_seconds(),
        }
        packed = b"".join(key + digest for key, digest in self.entries.items())
        shown = json.dumps(dict(sorted(self.shown.items()))).encode()
        return json.dumps(head).encode() + b"\n" + zlib.compress(shown + b"\n" + packed)

    @classmethod
    def head(cls, state: bytes | None) -> ReadState | None:
        """What is remembered of the file as a whole, without its entries: quick, however many those are.

        None where it was written by another version of this module.
        """
        try:
            head = json.loads((state or b"").partition(b"\n")[0])
        except ValueError:
            return None
        if not isinstance(head, dict) or head.get("version") != _VERSION:
            return None
        floor = None if head["floor"] is None else timedelta(seconds=head["floor"])
        return cls(body=bytes.fromhex(head["body"]), asked=head["asked"], name=head["name"], floor=floor)

    @classmethod
    def load(cls, state: bytes | None) -> ReadState | None:
        """The reverse of `dump`; None as `head`."""
        head = cls.head(state)
        if state is None or head is None:
            return None
        shown, _, packed = zlib.decompress(state[state.index(b"\n") + 1 :]).partition(b"\n")
        step = 2 * _SIZE
        entries = {packed[at : at + _SIZE]: packed[at + _SIZE : at + step] for at in range(0, len(packed), step)}
        sizes = {uid: (events, text) for uid, (events, text) in json.loads(shown).items()}
        return replace(head, entries=entries, shown=sizes)


def body_digest(data: bytes) -> bytes:
    """The hash of a whole file."""
    return hashlib.blake2b(data, digest_size=16).digest()


def asked_key(addresses: tuple[str, ...], zone: ZoneInfo, start: datetime, end: datetime) -> str:
    """What a memory was made for; for anything else the file must be read again."""
    return json.dumps([sorted(addresses), zone.key, start.isoformat(), end.isoformat()])


def key_of(asked: ReadRequest) -> str:
    """The same for a whole question."""
    return asked_key(asked.addresses, asked.zone, asked.start, asked.end)


def uid_digest(uid: str) -> bytes:
    """A short name for a UID."""
    return hashlib.blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


def context_of(calendar: RawCalendar) -> bytes:
    """The digest of what the meaning of every component of a calendar hangs on: its VTIMEZONEs and its own lines."""
    digest = hashlib.blake2b(calendar.lines, digest_size=_SIZE)
    for raw in _walk(calendar.zones):
        digest.update(b"\0" + raw.lines)
    return digest.digest()


def _walk(components: Iterable[Raw]) -> Iterable[Raw]:
    for raw in components:
        yield raw
        yield from _walk(raw.children)


def entry_digest(entry: Entry, context: bytes) -> bytes:
    """The digest of an entry's components in their context.

    Google stamps every component anew for every download: only the order of the DTSTAMPs means anything.
    """
    digest = hashlib.blake2b(context, digest_size=_SIZE)
    stamps: list[bytes] = []
    for raw in entry.components:
        stamp = _STAMP.search(raw.lines)
        if stamp is None:
            digest.update(raw.lines)
        else:
            stamps.append(stamp[1])
            digest.update(raw.lines[: stamp.start()] + raw.lines[stamp.end() :])
        digest.update(b"\0whole" if raw.whole else b"\0half")
    if len(stamps) > 1:
        ranks = {stamp: rank for rank, stamp in enumerate(sorted(set(stamps)))}
        digest.update(repr([ranks[stamp] for stamp in stamps]).encode())
    return digest.digest()


def read(data: bytes, asked: ReadRequest, state: bytes | None) -> Changes:
    """What a feed's body says, as changes since `state` was made. Raises NotACalendarError for a half file too.

    CalendarTooCostlyError for a calendar that would have more events, or say more, than any person's does.
    """
    found = calendars(data)
    if not found:
        raise NotACalendarError("no BEGIN:VCALENDAR")
    if not all(calendar.whole for calendar in found):
        raise NotACalendarError("no END:VCALENDAR")
    before = ReadState.load(state)
    if before is not None and before.asked != key_of(asked):
        before = None
    budget = ExpansionBudget()
    digests: dict[str, bytes] = {}
    parts: list[tuple[EntryReader, Entry]] = []
    name: str | None = None
    floor: timedelta | None = None
    for calendar in merged(found):
        reader = EntryReader(calendar, asked, budget)
        name, floor = name or reader.name, floor or reader.floor
        context = context_of(calendar)
        for entry in readable_entries(calendar):
            digests[entry.uid] = digests.get(entry.uid, b"") + entry_digest(entry, context)
            parts.append((reader, entry))
    now = {uid_digest(uid): body_digest(digest)[:8] for uid, digest in digests.items()}
    changed = {uid for uid in digests if before is None or before.entries.get(uid_digest(uid)) != now[uid_digest(uid)]}
    reading = Readout()
    for reader, entry in parts:
        if entry.uid in changed:
            reader.read(entry, reading)
        if len(reading.events) > MOST_EVENTS:
            break  # it is refused below, as soon as that is certain
    shown = {problem.uid: (0, 0) for problem in reading.problems}
    for event in reading.events:
        events, text = shown.get(event.uid, (0, 0))
        shown[event.uid] = events + 1, text + len(event.title) + len(event.location)
    gone: frozenset[str] = frozenset()
    if before is not None:
        gone = frozenset(uid for uid in before.shown if uid not in digests)
        shown |= {uid: size for uid, size in before.shown.items() if uid not in changed and uid not in gone}
    if sum(events for events, _ in shown.values()) > MOST_EVENTS or sum(text for _, text in shown.values()) > MOST_TEXT:
        raise CalendarTooCostlyError("events")
    memory = ReadState(body_digest(data), key_of(asked), now, shown, name, floor)
    nothing = before is not None and not changed and not gone
    return Changes(
        state=memory.dump(),
        unchanged=nothing,
        full=before is None,
        replaced=frozenset() if before is None else frozenset(changed) | gone,
        events=tuple(distinct(reading.events)),
        problems=tuple(reading.problems),
        name=name,
        floor=floor,
    )
