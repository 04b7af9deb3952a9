"""What a source remembers of a calendar, and what a round of a delta makes of it. Pure.

learn.microsoft.com/graph/delta-query-events. What is not documented, and was seen: an occurrence that is deleted leaves
no trace; its series is sent anew, master and remaining occurrences (microsoft-graph-docs#4501). So what is left out
means something, or does not; where it would make events disappear, everything is read anew instead of believing it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.calendars.providers.microsoft.events import Item, ItemKind, Removed, Say
from services.domain.calendars import SHORT, Connection

_VERSION = 2


@dataclass(frozen=True, slots=True)
class DeltaState:
    """A source's `state`: the window, for whom it was read, the delta link, and the items as they were last seen."""

    start: datetime
    until: datetime
    zone: str
    addresses: tuple[str, ...]
    link: str = field(repr=False)
    items: Mapping[str, Item] = field(repr=False)

    def dump(self) -> bytes:
        """Compressed JSON: items of one calendar resemble each other."""
        value = {
            "version": _VERSION,
            "start": self.start.isoformat(),
            "until": self.until.isoformat(),
            "zone": self.zone,
            "addresses": self.addresses,
            "link": self.link,
            "items": [[i.id, i.kind, i.master, i.start, i.end, i.said] for i in self.items.values()],
        }
        return zlib.compress(json.dumps(value, separators=(",", ":")).encode())

    @classmethod
    def load(cls, state: bytes | None) -> DeltaState | None:
        """The reverse of `dump`; None for nothing, and for what another version of this program wrote."""
        if state is None:
            return None
        try:
            value = json.loads(zlib.decompress(state))
        except (zlib.error, ValueError):
            return None
        if not isinstance(value, dict) or value.get("version") != _VERSION:
            return None
        return cls(
            start=datetime.fromisoformat(value["start"]),
            until=datetime.fromisoformat(value["until"]),
            zone=value["zone"],
            addresses=tuple(value["addresses"]),
            link=value["link"],
            items={found[0]: _item(found) for found in value["items"]},
        )

    def serves(self, connection: Connection, now: datetime) -> bool:
        """Whether the window reaches far enough, and guests were counted for the addresses that the person has."""
        return self.addresses == connection.addresses and self.start <= now and self.until - now >= SHORT


def _item(kept: list[Any]) -> Item:
    identifier, kind, master, start, end, said = kept
    return Item(
        id=identifier,
        kind=ItemKind(kind),
        master=master,
        start=None if start is None else (start[0], start[1]),  # JSON knows no tuples
        end=None if end is None else (end[0], end[1]),
        said={Say(name): value for name, value in said.items()},
    )


def applied(known: Mapping[str, Item], came: Sequence[Item | Removed]) -> dict[str, Item] | None:
    """The items after a round, in which of several entries of one id the last holds.

    None where that cannot be told: something of a series came, or its master went, and not all of its occurrences
    were spoken of.
    """
    last: dict[str, Item | Removed] = {}
    for entry in came:
        last.pop(entry.id, None)
        last[entry.id] = entry
    spoken = {_series(entry) for entry in last.values()}
    if any(found.master in spoken and found.id not in last for found in known.values() if found.master):
        return None
    items = {i: found for i, found in known.items() if i not in last}
    items.update((i, entry) for i, entry in last.items() if isinstance(entry, Item))
    return items


def _series(entry: Item | Removed) -> str:
    """The series that an entry speaks of, if it does: its own, where it is a master or may have been one."""
    return entry.master if isinstance(entry, Item) and entry.master else entry.id


def masters_to_ask_for(items: Mapping[str, Item], came: Sequence[Item | Removed] = ()) -> list[str]:
    """The ids of series masters that are needed and not known; then of those whose occurrences `came` without them.

    Such a master may have changed: what is known of it holds until it can be asked.
    """
    brought = {entry.id for entry in came}
    missing = {found.master for found in items.values() if found.needs_master} - items.keys()
    stale = {entry.master for entry in came if isinstance(entry, Item) and entry.needs_master} - brought
    return [*sorted(missing), *sorted(stale - missing)]


def pruned(items: Mapping[str, Item]) -> dict[str, Item]:
    """The items without the masters that no occurrence is of."""
    used = {found.master for found in items.values()}
    return {i: found for i, found in items.items() if found.kind is not ItemKind.MASTER or i in used}
