"""What is remembered of a feed between two fetches, so that what did not change is neither parsed nor expanded."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.calendars.ical.lex import Raw, RawCalendar
from services.calendars.ical.reading import Entry, ReadRequest

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
