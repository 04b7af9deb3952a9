"""What is remembered of a feed between two fetches, so that what did not change is neither parsed nor expanded."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.calendars.ics.lex import Raw, RawCalendar
from services.calendars.ics.reading import Asked, Entry

_VERSION = 2
_STAMP = re.compile(rb"^DTSTAMP(?:;[^:\n]*)?:(.*)\n?", re.MULTILINE | re.IGNORECASE)
_SIZE = 8


@dataclass(frozen=True, slots=True)
class Memory:
    """`body` is the hash of the whole file, `entries` the digest of each UID by the UID's own digest.

    `shown` are the UIDs (in full) that had events or problems in the window: those must be named when they vanish.
    """

    body: bytes
    asked: str
    entries: dict[bytes, bytes] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()
    name: str | None = None
    floor: timedelta | None = None

    def dump(self) -> bytes:
        """As bytes: some 16 for each entry, and the names of those shown."""
        head = {
            "version": _VERSION,
            "body": self.body.hex(),
            "asked": self.asked,
            "entries": len(self.entries),
            "name": self.name,
            "floor": None if self.floor is None else self.floor.total_seconds(),
            "shown": sorted(self.shown),
        }
        packed = b"".join(key + digest for key, digest in self.entries.items())
        return zlib.compress(json.dumps(head).encode() + b"\n" + packed)

    @classmethod
    def load(cls, state: bytes | None) -> Memory | None:
        """The reverse of `dump`; None where it was written by another version of this module."""
        if state is None:
            return None
        try:
            line, _, packed = zlib.decompress(state).partition(b"\n")
            head = json.loads(line)
        except (zlib.error, ValueError):
            return None
        if head.get("version") != _VERSION:
            return None
        step = 2 * _SIZE
        return cls(
            body=bytes.fromhex(head["body"]),
            asked=head["asked"],
            entries={packed[at : at + _SIZE]: packed[at + _SIZE : at + step] for at in range(0, len(packed), step)},
            shown=frozenset(head["shown"]),
            name=head["name"],
            floor=None if head["floor"] is None else timedelta(seconds=head["floor"]),
        )


def body_digest(data: bytes) -> bytes:
    """The hash of a whole file."""
    return hashlib.blake2b(data, digest_size=16).digest()


def asked_key(addresses: tuple[str, ...], zone: ZoneInfo, start: datetime, end: datetime) -> str:
    """What a memory was made for; for anything else the file must be read again."""
    return json.dumps([sorted(addresses), zone.key, start.isoformat(), end.isoformat()])


def key_of(asked: Asked) -> str:
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
