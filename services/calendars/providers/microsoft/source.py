"""Calendars of Microsoft 365: the delta of a calendar view, followed page by page, believed only when it is whole.

learn.microsoft.com/graph/api/event-delta; learn.microsoft.com/graph/delta-query-events. What is not documented, and was
seen: an occurrence that is deleted leaves no trace; its series is sent anew, master and remaining occurrences
(microsoft-graph-docs#4501). So what is left out means something, or does not; where it would make events disappear,
everything is read anew instead of believing it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

import msgspec

from services.calendars.ports import AccessTokens
from services.calendars.providers.api import authorized, rfc3339
from services.calendars.providers.microsoft.api import GraphApi, calendar_path, entries, escaped, needs_resync
from services.calendars.providers.microsoft.events import Item, ItemKind, Removed, Say, event, item
from services.domain.calendars import AHEAD, BEHIND, SHORT, Changes, Connection, Problem
from services.domain.errors import CalendarError, CalendarTooCostlyError, CalendarUnreachableError
from services.domain.model import Event
from services.domain.people import LEAVE


class _StoredDelta(msgspec.Struct):
    """How a `DeltaState` is stored; an item is a list of its fields."""

    start: datetime
    until: datetime
    zone: str
    addresses: tuple[str, ...]
    link: str
    items: list[
        tuple[str, ItemKind, str, tuple[str, str] | None, tuple[str, str] | None, Mapping[Say, str | bool | int]]
    ]
    version: Literal[3] = 3
    """3: what an event says of its organizer and its guests' domains is read, too."""


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
        items = [(one.id, one.kind, one.master, one.start, one.end, one.said) for one in self.items.values()]
        stored = _StoredDelta(self.start, self.until, self.zone, self.addresses, self.link, items)
        return zlib.compress(msgspec.json.encode(stored))

    @classmethod
    def load(cls, state: bytes | None) -> DeltaState | None:
        """Return the reverse of `dump`; None for nothing, and for what another version of this program wrote."""
        try:
            stored = msgspec.json.decode(zlib.decompress(state or b""), type=_StoredDelta)
        except (zlib.error, msgspec.DecodeError):
            return None
        items = {one[0]: Item(*one) for one in stored.items}
        return cls(stored.start, stored.until, stored.zone, stored.addresses, stored.link, items)

    def serves(self, connection: Connection, now: datetime) -> bool:
        """Say whether the window reaches far enough, and guests were counted for the person's addresses."""
        return self.addresses == connection.addresses and self.start <= now and self.until - now >= SHORT


def applied(known: Mapping[str, Item], came: Sequence[Item | Removed]) -> dict[str, Item] | None:
    """Return the items after a round, in which of several entries of one id the last holds.

    None where that cannot be told: something of a series came, or its master went, and not all of its occurrences
    were spoken of.
    """
    last: dict[str, Item | Removed] = {}
    for entry in came:
        last.pop(entry.id, None)
        last[entry.id] = entry
    # An entry speaks of its series; of its own, where it is a master or may have been one.
    spoken = {entry.master if isinstance(entry, Item) and entry.master else entry.id for entry in last.values()}
    if any(found.master in spoken and found.id not in last for found in known.values() if found.master):
        return None
    items = {i: found for i, found in known.items() if i not in last}
    items.update((i, entry) for i, entry in last.items() if isinstance(entry, Item))
    return items


def masters_to_ask_for(items: Mapping[str, Item], came: Sequence[Item | Removed] = ()) -> list[str]:
    """List the ids of series masters that are needed and unknown; then of those whose occurrences `came` alone.

    Such a master may have changed: what is known of it holds until it can be asked.
    """
    brought = {entry.id for entry in came}
    missing = {found.master for found in items.values() if found.needs_master} - items.keys()
    stale = {entry.master for entry in came if isinstance(entry, Item) and entry.needs_master} - brought
    return [*sorted(missing), *sorted(stale - missing)]


def pruned(items: Mapping[str, Item]) -> dict[str, Item]:
    """Return the items without the masters that no occurrence is of."""
    used = {found.master for found in items.values()}
    return {i: found for i, found in items.items() if found.kind is not ItemKind.MASTER or i in used}


PAGE = 100
MOST_PAGES = 300
MOST_ITEMS = 20_000
MOST_MASTERS = 100
"""How many series masters are asked for in one fetch; the others wait for the next one."""

_REFUSALS = range(400, 500)
_PREFER = {"Prefer": f'outlook.timezone="UTC", odata.maxpagesize={PAGE}'}
_READ_OF_MASTER = (
    "id,type,subject,location,start,end,isAllDay,isCancelled,isOrganizer,showAs,sensitivity,responseStatus,attendees,organizer,"
    "originalStartTimeZone"
)


def _is_of_leave(connection: Connection) -> bool:
    return connection.key.user_id == LEAVE


class _ResyncError(Exception):
    """The delta link is worth nothing any more."""


@dataclass(slots=True)
class _Round:
    """What a round has brought: complete once there is a `link` for the next one."""

    came: list[Item | Removed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    link: str = ""


@dataclass(frozen=True, slots=True)
class MicrosoftSource:
    """`ports.Source` for calendars of Microsoft 365 and Outlook.com."""

    api: GraphApi
    tokens: AccessTokens

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """Return all events of the window, or that none of them changed. Raises a `CalendarError`."""
        memory = DeltaState.load(connection.state)
        if memory is not None and not memory.serves(connection, now):
            memory = None
        return await authorized(self.tokens, connection, lambda token: self._fetch(token, connection, memory, now))

    async def _fetch(self, token: str, connection: Connection, memory: DeltaState | None, now: datetime) -> Changes:
        found, items = _Round(), None
        if memory is not None:
            with suppress(_ResyncError):
                found = await self._round(token, memory.link, connection)
                items = applied(memory.items, found.came)
        if memory is not None and items is not None:
            after = replace(memory, link=found.link, items=items, zone=connection.zone.key)
            same = not found.came and not found.problems and memory.zone == connection.zone.key
            if same and not masters_to_ask_for(items):
                return Changes(state=after.dump(), unchanged=True, full=False)
            return replace(await self._changes(token, connection, after, found), told=bool(found.came))
        # Only a full round can tell.
        start, until = (now - BEHIND).astimezone(UTC), (now + AHEAD).astimezone(UTC)
        window = {"startDateTime": rfc3339(start), "endDateTime": rfc3339(until)}
        path = f"{calendar_path(connection.address)}/calendarView/delta"
        try:
            found = await self._round(token, path, connection, window)
        except _ResyncError:
            raise CalendarUnreachableError("a reset of a round that has just begun") from None
        items = applied({}, found.came) or {}
        fresh = DeltaState(start, until, connection.zone.key, connection.addresses, found.link, items)
        return await self._changes(token, connection, fresh, found)

    async def _changes(self, token: str, connection: Connection, memory: DeltaState, found: _Round) -> Changes:
        """Return all events of `memory`, once its series masters are asked for.

        Without the series that are gone meanwhile.
        """
        items, problems = dict(memory.items), found.problems
        for identifier in masters_to_ask_for(memory.items, found.came)[:MOST_MASTERS]:
            answer = await self.api.call(
                "GET",
                f"{calendar_path(connection.address)}/events/{escaped(identifier)}",
                token,
                query={"$select": _READ_OF_MASTER + (",categories" if _is_of_leave(connection) else "")},
                headers={"Prefer": 'outlook.timezone="UTC"'},
                expected=(HTTPStatus.NOT_FOUND,),
            )
            master = item(answer.body, connection.addresses, of_leave=_is_of_leave(connection))
            if answer.status == HTTPStatus.NOT_FOUND:
                problems.append(Problem(identifier, "its series is not there any more"))
                items = {i: kept for i, kept in items.items() if kept.master != identifier}
            elif isinstance(master, Item):
                items[identifier] = replace(master, id=identifier, kind=ItemKind.MASTER, master="")
        items = pruned(items)
        read = [
            event(one, items.get(one.master), calendar_id=connection.calendar_id, zone=connection.zone)
            for one in items.values()
        ]
        return Changes(
            state=replace(memory, items=items).dump(),
            events=tuple(one for one in read if isinstance(one, Event)),
            problems=(*problems, *(one for one in read if isinstance(one, Problem))),
        )

    async def _round(
        self, token: str, path: str, connection: Connection, query: Mapping[str, str] | None = None
    ) -> _Round:
        """Return every page of a round, from `path` on.

        Raises _ResyncError, or a `CalendarError` for one that breaks off.
        """
        found = _Round()
        seen: set[str] = set()
        while len(seen) < MOST_PAGES:
            seen.add(path)
            answer = await self.api.call("GET", path, token, query=query, headers=_PREFER, expected=_REFUSALS)
            # Our part of a link is its token alone: one that is called bad is one that is not known any more.
            badly = query is None and answer.status == HTTPStatus.BAD_REQUEST
            if badly or needs_resync(answer.status, answer.body):
                raise _ResyncError
            self.api.require_happy(answer)
            for raw in entries(answer):
                read = item(raw, connection.addresses, of_leave=_is_of_leave(connection))
                if read is None:
                    found.problems.append(Problem("", "an entry without an id"))
                else:
                    found.came.append(read)
            if len(found.came) + len(found.problems) > MOST_ITEMS:
                raise CalendarTooCostlyError("more entries than we read")
            onward, last = answer.body.get("@odata.nextLink"), answer.body.get("@odata.deltaLink")
            path = self.api.onward(last if onward is None else onward)
            if onward is None:
                found.link = path
                return found
            if path in seen:
                raise CalendarError("pages that lead in a circle")
            query = None  # a link holds all that was asked
        raise CalendarTooCostlyError("more pages than we read")
