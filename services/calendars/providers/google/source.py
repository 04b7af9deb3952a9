"""Google calendars: a token tells whether something changed, a window tells what is.

`events.list` with a sync token answers what changed since, but not within a window: with `singleEvents` it goes on
expanding series into the far future, and a window cannot be asked for with it. So the token is only asked whether there
is anything, and the window is listed anew when there is, when the token is lost, and once a day, because events slide
into it (developers.google.com/workspace/calendar/api/v3/reference/events/list, …/guides/sync).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from services.calendars.ports import AccessTokens
from services.calendars.providers.api import ApiAnswer, authorized, name_in, rfc3339
from services.calendars.providers.google.api import KIND, GoogleApi, items, reasons, token_in
from services.calendars.providers.google.events import FIELDS, EventContext, event_of, zone_of
from services.domain.calendars import AHEAD, BEHIND, Changes, Connection, Problem
from services.domain.errors import CalendarError, CalendarTooCostlyError
from services.domain.model import Event
from services.platform.concurrency import off_loop_if

EVERY = timedelta(days=1)
"""How long a listed window serves."""

MOST_PAGES = 40
MOST_ITEMS = 20_000
"""Items of one window; nobody has that many in two months."""

_OFF_LOOP = 250
_LOST = frozenset({"fullSyncRequired", "updatedMinTooLongAgo", "invalidSyncToken"})
_LIST = {
    # the same for every request: a token is only good for the parameters of the request that gave it
    "singleEvents": "true",
    "maxResults": "2500",
    "prettyPrint": "false",
    "fields": f"kind,summary,timeZone,nextPageToken,nextSyncToken,items({FIELDS})",
}


@dataclass(frozen=True, slots=True)
class _SyncState:
    """What `state` holds: when the window was listed, for which zone, and the token that tells of changes since."""

    listed: datetime
    zone: str
    token: str = field(default="", repr=False)
    version: Literal[3] = 3
    """3: entries of our own are known by their property. A token is good for the fields that it was given for."""

    def serves(self, connection: Connection, now: datetime) -> bool:
        """Return whether the token alone can tell that nothing is different."""
        return bool(self.token) and self.zone == connection.zone.key and timedelta() <= now - self.listed < EVERY


@dataclass(slots=True)
class _Window:
    """What the pages of a window gave so far."""

    asked: EventContext
    name: str = ""
    token: str = ""
    count: int = 0
    events: dict[str, tuple[object, Event]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read(self, entries: Sequence[Any]) -> None:
        """Add a page's items. One that comes again, because it changed meanwhile, replaces itself."""
        for item in entries:
            found = event_of(item, self.asked)
            if isinstance(found, Problem):
                self.problems.append(found)
            elif found is not None:
                own = item["id"]
                known = self.events.get(found.id)
                if known is not None and known[0] != own:  # two copies of one entry, as an import can leave them
                    found = replace(found, uid=own, occurrence="")
                self.events[found.id] = (own, found)


@dataclass(frozen=True, slots=True)
class GoogleSource:
    """`ports.Source` for Google calendars."""

    api: GoogleApi
    tokens: AccessTokens

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """Return all events from a day ago to 60 days ahead, or word that nothing changed. Raises a `CalendarError`."""
        return await authorized(self.tokens, connection, partial(self._fetch, connection, now))

    async def _fetch(self, connection: Connection, now: datetime, token: str) -> Changes:
        try:
            memory = msgspec.json.decode(connection.state or b"", type=_SyncState)
        except msgspec.DecodeError:  # nothing, or what another version of this program wrote
            memory = None
        asks_what_is_new = memory is not None and memory.serves(connection, now)
        if memory is not None and asks_what_is_new:
            newer = await self._unchanged(connection, memory, token)
            if newer is not None:
                return Changes(state=msgspec.json.encode(newer), unchanged=True, full=False)
        window = _Window(EventContext(connection.calendar_id, connection.zone))
        between = {"timeMin": rfc3339(now - BEHIND), "timeMax": rfc3339(now + AHEAD)}
        async with aclosing(self._pages(connection, token, between)) as pages:
            async for answer in pages:
                body = self.api.body(answer, KIND)
                found = items(body)
                window.count += len(found)
                if window.count > MOST_ITEMS:
                    raise CalendarTooCostlyError("more events than one calendar can have")
                window.name = name_in(body.get("summary")) or window.name
                window.asked = replace(window.asked, calendar_zone=zone_of(body.get("timeZone")))
                await off_loop_if(len(found) >= _OFF_LOOP, window.read, found)
                window.token = token_in(body, "nextSyncToken")
        return Changes(
            state=msgspec.json.encode(_SyncState(now, connection.zone.key, window.token)),
            events=tuple(event for _, event in window.events.values()),
            problems=tuple(window.problems),
            name=window.name or None,
            told=asks_what_is_new,
        )

    async def _unchanged(self, connection: Connection, memory: _SyncState, token: str) -> _SyncState | None:
        """Return the memory with its newer token if nothing changed; None if something did, or if the token is lost."""
        async with aclosing(self._pages(connection, token, {"syncToken": memory.token})) as pages:
            async for answer in pages:
                # 410, or a 400 that can only be about the token: the one parameter that is not our own choice.
                others = reasons(answer.body) - _LOST - {"invalid", "badRequest"}
                if answer.status == HTTPStatus.GONE or (answer.status == HTTPStatus.BAD_REQUEST and not others):
                    return None
                body = self.api.body(answer, KIND)
                if items(body):
                    return None
                newer = token_in(body, "nextSyncToken")
                if newer:
                    return replace(memory, token=newer)
        return None  # the last page brought no token to go on with

    async def _pages(
        self, connection: Connection, token: str, query: Mapping[str, str]
    ) -> AsyncGenerator[ApiAnswer, None]:
        """Return the answers to a list request, page by page. An unhappy one is the last."""
        path = f"calendars/{quote(connection.address, safe='')}/events"
        page = ""
        for _ in range(MOST_PAGES):
            asked = {**_LIST, **query, **({"pageToken": page} if page else {})}
            answer = await self.api.send("GET", path, token=token, query=asked)
            yield answer
            before, page = page, token_in(answer.body, "nextPageToken")
            if not page:
                return
            if page == before:
                raise CalendarError("the same page again")
        raise CalendarTooCostlyError("more pages than one calendar can have")
