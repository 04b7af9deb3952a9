"""Calendars of Microsoft 365: the delta of a calendar view, followed page by page, believed only when it is whole.

learn.microsoft.com/graph/api/event-delta; learn.microsoft.com/graph/delta-query-events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus

from services.calendars.ports import AccessTokens
from services.calendars.providers.api import authorized
from services.calendars.providers.microsoft.api import GraphApi, calendar_path, escaped, needs_resync
from services.calendars.providers.microsoft.delta_state import DeltaState, applied, masters_to_ask_for, pruned
from services.calendars.providers.microsoft.events import Item, ItemKind, Removed, event, item
from services.domain.calendars import AHEAD, BEHIND, Changes, Connection, Problem
from services.domain.errors import CalendarError, CalendarTooCostlyError, CalendarUnreachableError
from services.domain.model import Event

PAGE = 100
MOST_PAGES = 300
MOST_ITEMS = 20_000
MOST_MASTERS = 100
"""How many series masters are asked for in one fetch; the others wait for the next one."""

_PREFER = {"Prefer": f'outlook.timezone="UTC", odata.maxpagesize={PAGE}'}
_READ_OF_MASTER = (
    "id,type,subject,location,start,end,isAllDay,isCancelled,isOrganizer,showAs,sensitivity,responseStatus,attendees,organizer,"
    "originalStartTimeZone"
)


class _ResyncError(Exception):
    """The delta link is worth nothing any more."""


@dataclass(slots=True)
class _Round:
    """What a round has brought: complete once there is a `link` for the next one."""

    came: list[Item | Removed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    link: str = ""


class MicrosoftSource:
    """`ports.Source` for calendars of Microsoft 365 and Outlook.com."""

    def __init__(self, api: GraphApi, tokens: AccessTokens) -> None:
        """`tokens` gives access tokens with the scope Calendars.Read."""
        self._api = api
        self._tokens = tokens

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """All events of the window, or that none of them changed. Raises a `CalendarError`."""
        memory = DeltaState.load(connection.state)
        if memory is not None and not memory.serves(connection, now):
            memory = None
        return await authorized(self._tokens, connection, lambda token: self._fetch(token, connection, memory, now))

    async def _fetch(self, token: str, connection: Connection, memory: DeltaState | None, now: datetime) -> Changes:
        if memory is not None:
            changes = await self._incremental(token, connection, memory)
            if changes is not None:
                return changes
        start, until = (now - BEHIND).astimezone(UTC), (now + AHEAD).astimezone(UTC)
        window = {"startDateTime": _written(start), "endDateTime": _written(until)}
        path = f"{calendar_path(connection.address)}/calendarView/delta"
        try:
            found = await self._round(token, path, connection, window)
        except _ResyncError:
            raise CalendarUnreachableError("a reset of a round that has just begun") from None
        items = applied({}, found.came) or {}
        fresh = DeltaState(start, until, connection.zone.key, connection.addresses, found.link, items)
        return await self._changes(token, connection, fresh, found)

    async def _incremental(self, token: str, connection: Connection, memory: DeltaState) -> Changes | None:
        """What changed since `memory`; None where only a full round can tell."""
        try:
            found = await self._round(token, memory.link, connection)
        except _ResyncError:
            return None
        items = applied(memory.items, found.came)
        if items is None:
            return None
        after = replace(memory, link=found.link, items=items, zone=connection.zone.key)
        same = not found.came and not found.problems and memory.zone == connection.zone.key
        if same and not masters_to_ask_for(items):
            return Changes(state=after.dump(), unchanged=True, full=False)
        return await self._changes(token, connection, after, found)

    async def _changes(self, token: str, connection: Connection, memory: DeltaState, found: _Round) -> Changes:
        asked = masters_to_ask_for(memory.items, found.came)[:MOST_MASTERS]
        items, gone = await self._with_masters(token, connection, memory.items, asked)
        items = pruned(items)
        events, unread = _events(items, connection)
        return Changes(
            state=replace(memory, items=items).dump(), events=events, problems=(*found.problems, *gone, *unread)
        )

    # ── rounds ──────────────────────────────────────────────────────────────────────────────────────

    async def _round(
        self, token: str, path: str, connection: Connection, query: Mapping[str, str] | None = None
    ) -> _Round:
        """Every page of a round, from `path` on. Raises _ResyncError, or a `CalendarError` for one that breaks off."""
        found = _Round()
        seen: set[str] = set()
        while len(seen) < MOST_PAGES:
            seen.add(path)
            path, done = await self._page(token, path, connection, query, found)
            if done:
                found.link = path
                return found
            if path in seen:
                raise CalendarError("pages that lead in a circle")
            query = None  # a link holds all that was asked
        raise CalendarTooCostlyError("more pages than we read")

    async def _page(
        self, token: str, path: str, connection: Connection, query: Mapping[str, str] | None, found: _Round
    ) -> tuple[str, bool]:
        """Where to go on, and whether that is the next round already."""
        answer = await self._api.send("GET", path, token, query=query, headers=_PREFER)
        # Our part of such a request is its token alone, so one that is called bad is one that is not known any more.
        badly = query is None and answer.status == HTTPStatus.BAD_REQUEST
        if badly or needs_resync(answer.status, answer.body):
            raise _ResyncError
        self._api.require_happy(answer)
        value = answer.body.get("value")
        if not isinstance(value, list):
            raise CalendarError("a page without its list")
        for raw in value:
            read = item(raw, connection.addresses)
            if read is None:
                found.problems.append(Problem("", "an entry without an id"))
            else:
                found.came.append(read)
        if len(found.came) + len(found.problems) > MOST_ITEMS:
            raise CalendarTooCostlyError("more entries than we read")
        onward, last = answer.body.get("@odata.nextLink"), answer.body.get("@odata.deltaLink")
        return self._api.onward(last if onward is None else onward), onward is None

    async def _with_masters(
        self, token: str, connection: Connection, items: Mapping[str, Item], asked: Iterable[str]
    ) -> tuple[dict[str, Item], list[Problem]]:
        """The items with the series masters `asked` for, and without those of series that are gone meanwhile."""
        found, gone = dict(items), []
        for identifier in asked:
            answer = await self._api.call(
                "GET",
                f"{calendar_path(connection.address)}/events/{escaped(identifier)}",
                token,
                query={"$select": _READ_OF_MASTER},
                headers={"Prefer": 'outlook.timezone="UTC"'},
                expected=(HTTPStatus.NOT_FOUND,),
            )
            if answer.status == HTTPStatus.NOT_FOUND:
                gone.append(Problem(identifier, "its series is not there any more"))
                found = {i: kept for i, kept in found.items() if kept.master != identifier}
                continue
            master = item(answer.body, connection.addresses)
            if isinstance(master, Item):
                found[identifier] = replace(master, id=identifier, kind=ItemKind.MASTER, master="")
        return found, gone


def _events(items: Mapping[str, Item], connection: Connection) -> tuple[tuple[Event, ...], tuple[Problem, ...]]:
    read = [
        event(found, items.get(found.master), calendar_id=connection.calendar_id, zone=connection.zone)
        for found in items.values()
    ]
    return tuple(e for e in read if isinstance(e, Event)), tuple(p for p in read if isinstance(p, Problem))


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
