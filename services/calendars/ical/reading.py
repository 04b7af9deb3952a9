"""A whole file: its calendars put together, read at once or against what is remembered of it.

What did not change since is neither parsed nor expanded. The work of a reader process, but for `ReadState.of_same`, by
which the app itself knows a file that is the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from services.calendars.ical.content import Component, Raw, RawCalendar, calendars
from services.calendars.ical.entry import EntryReader, Readout, ReadRequest, by_uid
from services.calendars.ical.recurrence import ExpansionBudget
from services.calendars.ical.zone_names import iana_name
from services.domain.calendars import Changes, Problem
from services.domain.errors import CalendarTooCostlyError, NotACalendarError
from services.domain.model import Event

MOST_EVENTS = 10_000
"""Events of one calendar in the two months that are kept: 160 a day."""

MOST_TEXT = 4 * 1024 * 1024
"""Characters of all that they say, together: each occurrence of a series has a row of its own."""

READS = 3
"""What of an entry is read. It grows when more is: what was remembered of a file before is then worth nothing, and the
file is read whole at the next look that is due anyway, once."""

_MOST_GROUPS = 32  # of calendars of one file that contradict each other
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
            "version": READS,
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
        """Return what is remembered of the file as a whole, without its entries: quick, however many those are.

        None where it was written by another version of this module.
        """
        try:
            head = json.loads((state or b"").partition(b"\n")[0])
        except ValueError:
            return None
        if not isinstance(head, dict) or head.get("version") != READS:
            return None
        floor = None if head["floor"] is None else timedelta(seconds=head["floor"])
        return cls(body=bytes.fromhex(head["body"]), asked=head["asked"], name=head["name"], floor=floor)

    @classmethod
    def of_same(cls, state: bytes | None, data: bytes, asked: ReadRequest) -> ReadState | None:
        """Return the same, where this very body was read for this question; else None."""
        head = cls.head(state)
        same = head is not None and head.asked == asked_key(asked) and head.body == body_digest(data)
        return head if same else None

    @classmethod
    def load(cls, state: bytes | None) -> ReadState | None:
        """Return the reverse of `dump`; None as `head`."""
        head = cls.head(state)
        if state is None or head is None:
            return None
        shown, _, packed = zlib.decompress(state[state.index(b"\n") + 1 :]).partition(b"\n")
        step = 2 * _SIZE
        entries = {packed[at : at + _SIZE]: packed[at + _SIZE : at + step] for at in range(0, len(packed), step)}
        sizes = {uid: (events, text) for uid, (events, text) in json.loads(shown).items()}
        return replace(head, entries=entries, shown=sizes)


def body_digest(data: bytes) -> bytes:
    """Return the hash of a whole file."""
    return hashlib.blake2b(data, digest_size=16).digest()


def asked_key(asked: ReadRequest) -> str:
    """Return what a memory was made for; for anything else the file must be read again."""
    return json.dumps([sorted(asked.addresses), asked.zone.key, asked.start.isoformat(), asked.end.isoformat()])


def _update(digest: hashlib.blake2b, components: Iterable[Raw]) -> None:
    for raw in components:
        digest.update(b"\0" + raw.lines)
        _update(digest, raw.children)


def _entry_digest(components: Sequence[Raw], context: bytes) -> bytes:
    """Return the digest of an entry in its context.

    Google stamps every component anew for every download: only the order of the DTSTAMPs means anything.
    """
    digest = hashlib.blake2b(context, digest_size=_SIZE)
    stamps: list[bytes] = []
    for raw in components:
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
    """Return what a feed's body says, as changes since `state` was made. Raises NotACalendarError for a half file too.

    CalendarTooCostlyError for a calendar that would have more events, or say more, than any person's does.
    """
    found = calendars(data)
    if not found:
        raise NotACalendarError("no BEGIN:VCALENDAR")
    if not all(calendar.whole for calendar in found):
        raise NotACalendarError("no END:VCALENDAR")
    before = ReadState.load(state)
    if before is not None and before.asked != asked_key(asked):
        before = None
    budget = ExpansionBudget()
    digests: dict[str, bytes] = {}
    parts: list[tuple[EntryReader, str, list[Raw]]] = []
    name: str | None = None
    floor: timedelta | None = None
    for calendar in merged(found):
        reader = EntryReader(calendar, asked, budget)
        name, floor = name or reader.name, floor or reader.floor
        # What the meaning of every component hangs on: the calendar's own lines and its VTIMEZONEs.
        digest = hashlib.blake2b(calendar.lines, digest_size=_SIZE)
        _update(digest, calendar.zones)
        context = digest.digest()
        for uid, components in by_uid(calendar.events or calendar.busy).items():
            digests[uid] = digests.get(uid, b"") + _entry_digest(components, context)
            parts.append((reader, uid, components))
    keys = {uid: hashlib.blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest() for uid in digests}
    now = {keys[uid]: body_digest(entry)[:_SIZE] for uid, entry in digests.items()}
    changed = {uid for uid, key in keys.items() if before is None or before.entries.get(key) != now[key]}
    reading = Readout()
    for reader, uid, components in parts:
        if uid in changed:
            reader.read(uid, components, reading)
        if len(reading.events) > MOST_EVENTS:
            break  # it is refused below, as soon as that is certain
    shown = {problem.uid: (0, 0) for problem in reading.problems}
    for event in reading.events:
        events, text = shown.get(event.uid, (0, 0))
        shown[event.uid] = events + 1, text + _size(event)
    gone: frozenset[str] = frozenset()
    if before is not None:
        gone = frozenset(uid for uid in before.shown if uid not in digests)
        shown |= {uid: size for uid, size in before.shown.items() if uid not in changed and uid not in gone}
    if sum(events for events, _ in shown.values()) > MOST_EVENTS or sum(text for _, text in shown.values()) > MOST_TEXT:
        raise CalendarTooCostlyError("events")
    memory = ReadState(body_digest(data), asked_key(asked), now, shown, name, floor)
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


def _size(event: Event) -> int:
    """Return how many characters an event's texts have."""
    texts = event.title, event.location, event.organizer_text, event.guest, *event.guest_domains, *event.categories
    return sum(map(len, texts))


def merged(calendars: Sequence[RawCalendar]) -> list[RawCalendar]:
    """Put calendars of a file together that say the same of themselves and do not contradict in their zones.

    Some exports write one VCALENDAR per component, so that a series and its changes stand in different ones.
    """
    if len(calendars) < 2:  # noqa: PLR2004 - nothing to put together
        return list(calendars)
    groups: dict[tuple[str, str], list[tuple[dict[str, Raw], list[RawCalendar]]]] = {}
    for calendar in calendars:
        zones: dict[str, Raw] = {}
        for raw in calendar.zones:
            tzid = Component(raw.lines).text("TZID").strip()
            if iana_name(tzid) != tzid:  # else its name says all (`Zones.named`)
                zones.setdefault(tzid.casefold(), raw)
        properties = Component(calendar.lines)
        alike = groups.setdefault((properties.word("METHOD"), properties.value("X-WR-TIMEZONE")), [])
        for known, together in alike[:_MOST_GROUPS]:
            # Whether every name means the same here and there: "Customized Time Zone" rarely does.
            if all(known.get(tzid, raw) == raw for tzid, raw in zones.items()):
                known.update(zones)
                together.append(calendar)
                break
        else:
            alike.append((zones, [calendar]))
    return [
        RawCalendar(
            together[0].lines,
            # Sorted, so that one more calendar with zones that others have changes nothing for those.
            tuple(known[tzid] for tzid in sorted(known)),
            tuple(raw for calendar in together for raw in calendar.events),
            all(calendar.whole for calendar in together),
            tuple(raw for calendar in together for raw in calendar.busy),
        )
        for alike in groups.values()
        for known, together in alike
    ]


def distinct(events: Iterable[Event]) -> list[Event]:
    """Return the events with one for each id: where a file says the same occurrence twice, the later one holds."""
    return list({event.id: event for event in events}.values())


def read_all(calendars: Sequence[RawCalendar], asked: ReadRequest) -> Readout:
    """Return every entry of every calendar of a file; of a half calendar those that are whole, and a problem."""
    reading, budget = Readout(), ExpansionBudget()
    for calendar in merged(calendars):
        if not calendar.whole:
            reading.problems.append(Problem("", "The file ends in the middle: END:VCALENDAR is missing."))
        reader = EntryReader(calendar, asked, budget)
        for uid, components in by_uid(calendar.events or calendar.busy).items():
            reader.read(uid, components, reading)
    reading.events = distinct(reading.events)
    return reading
