"""Microsoft Graph's routes for calendars: /v1.0/me/… and /v1.0/subscriptions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from emulators.microsoft.delta import Round
from emulators.microsoft.events import (
    IN_UTC,
    In,
    MicrosoftAccount,
    MicrosoftCalendar,
    calendar,
    event,
    windows_name,
)
from emulators.microsoft.subscriptions import graph_error
from emulators.server import json_object

if TYPE_CHECKING:
    from emulators.microsoft.server import LocalMicrosoft

AT_ONCE = 4
"""Calls of one app to one mailbox at a time (learn.microsoft.com/graph/throttling-limits, Outlook)."""

_DEFAULT_PAGE, _LARGEST_PAGE = 10, 1000
_NOT_IN_DELTAS = frozenset({"$select", "$filter", "$expand", "$orderby", "$search", "$top", "$skip", "$count"})
_NOT_JSON = graph_error(400, "BadRequest", "Unable to read JSON request payload.")
_PAGE_SIZE = re.compile(r"odata\.maxpagesize=(\d+)")

Handler = Callable[[MicrosoftAccount, web.Request], Awaitable[web.Response]]


class Graph:
    """The routes."""

    def __init__(self, microsoft: LocalMicrosoft) -> None:
        self._microsoft = microsoft
        self._under_way: dict[str, int] = {}
        self.most_at_once = 0

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        under = "/v1.0"
        found: list[tuple[str, str, Handler]] = [
            ("GET", "/me/calendars", self._calendars),
            ("GET", "/me/calendarView/delta", self._delta),
            ("GET", "/me/calendars/{calendar}/calendarView/delta", self._delta),
            ("GET", "/me/events", self._find),
            ("POST", "/me/events", self._create),
            ("GET", "/me/events/{event}", self._event),
            ("PATCH", "/me/events/{event}", self._change),
            ("DELETE", "/me/events/{event}", self._remove),
            ("GET", "/me/calendars/{calendar}/events/{event}", self._event),
            ("GET", "/subscriptions", self._subscriptions),
            ("POST", "/subscriptions", self._subscribe),
            ("PATCH", "/subscriptions/{subscription}", self._renew),
            ("DELETE", "/subscriptions/{subscription}", self._unsubscribe),
            ("POST", "/subscriptions/{subscription}/reauthorize", self._reauthorize),
        ]
        return [web.route(method, under + path, self._admitted(handler)) for method, path, handler in found]

    def _admitted(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            account = self._account(request)
            self.enter(account.address)
            try:
                await asyncio.sleep(0)
                return await handler(account, request)
            finally:
                self.leave(account.address)

        return answer

    def _account(self, request: web.Request) -> MicrosoftAccount:
        grant = self._microsoft.oauth.grant_of(request.headers.get("Authorization", ""))
        if grant is None:
            raise graph_error(401, "InvalidAuthenticationToken", "Access token is empty, not valid, or expired.")
        if not grant.scopes & {"Calendars.Read", "Calendars.ReadWrite"}:
            raise graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return self._microsoft.accounts[grant.account]

    def enter(self, address: str) -> None:
        """A call begins. Raises ApiError."""
        count = self._under_way.get(address, 0)
        if count >= AT_ONCE:
            raise graph_error(
                429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", {"Retry-After": "1"}
            )
        self._under_way[address] = count + 1
        self.most_at_once = max(self.most_at_once, count + 1)

    def leave(self, address: str) -> None:
        """A call ends."""
        self._under_way[address] -= 1

    # ── calendars ───────────────────────────────────────────────────────────────────────────────────

    async def _calendars(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        selected = frozenset(filter(None, request.query.get("$select", "").split(",")))
        top, skip = int(request.query.get("$top", "10")), int(request.query.get("$skip", "0"))
        found = [calendar(each, account, selected) for each in account.calendars.values()]
        body: dict[str, Any] = {"value": found[skip : skip + top]}
        if skip + top < len(found):
            query = {**request.query, "$skip": str(skip + top)}
            body["@odata.nextLink"] = f"{self._microsoft.url}/v1.0/me/calendars?{urlencode(query)}"
        return web.json_response(body)

    async def _event(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        identifier = request.match_info["event"]
        zone = self._zone(request)
        within = request.match_info.get("calendar")
        for found in account.calendars.values():
            entry = found.entries.get(identifier)
            if entry is not None and within in (None, found.id):
                kind = "seriesMaster" if entry.rules else "singleInstance"
                return web.json_response(event(entry, account, zone, kind=kind))
        raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    async def _find(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        return web.json_response({"value": self._microsoft.writing.find(account, request.query)})

    async def _create(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        self._require_writing(request)
        entry = self._microsoft.writing.create(account, await json_object(request, _NOT_JSON))
        return web.json_response(event(entry, account, IN_UTC, kind="singleInstance"), status=201)

    async def _change(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        self._require_writing(request)
        body = await json_object(request, _NOT_JSON)
        entry = self._microsoft.writing.change(account, request.match_info["event"], body)
        return web.json_response(event(entry, account, IN_UTC, kind="singleInstance"))

    async def _remove(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        self._require_writing(request)
        self._microsoft.writing.remove(account, request.match_info["event"])
        return web.Response(status=204)

    def _require_writing(self, request: web.Request) -> None:
        grant = self._microsoft.oauth.grant_of(request.headers.get("Authorization", ""))
        if grant is None or "Calendars.ReadWrite" not in grant.scopes:
            raise graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")

    async def _delta(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        query = {name.casefold(): value for name, value in request.query.items()}
        unsupported = sorted(_NOT_IN_DELTAS & query.keys())
        if unsupported:
            raise graph_error(
                400,
                "ErrorInvalidUrlQuery",
                "The following parameters are not supported with change tracking over the 'CalendarView' resource: "
                f"'{', '.join(unsupported)}'.",
            )
        found, chosen = self._round(account, request, query)
        size = _PAGE_SIZE.search(request.headers.get("Prefer", ""))
        page, token, done = self._microsoft.deltas.page(
            found, min(max(int(size[1]), 1), _LARGEST_PAGE) if size else _DEFAULT_PAGE
        )
        path = "me" if "calendar" not in request.match_info else f"me/calendars/{quote(chosen.id, safe='=')}"
        link = f"{self._microsoft.url}/v1.0/{path}/calendarView/delta?"
        if done:
            links = {"@odata.deltaLink": f"{link}$deltatoken={token}"}
        else:
            links = {"@odata.nextLink": self._microsoft.odd.next_link or f"{link}$skiptoken={token}"}
        context = {"@odata.context": f"{self._microsoft.url}/v1.0/$metadata#Collection(event)"}
        return web.json_response({**context, **links, "value": page})

    def _round(
        self, account: MicrosoftAccount, request: web.Request, query: Mapping[str, str]
    ) -> tuple[Round, MicrosoftCalendar]:
        identifier = request.match_info.get("calendar", account.main.id)
        chosen = account.calendars.get(identifier)
        if chosen is None:
            raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        zone, deltas = self._zone(request), self._microsoft.deltas
        token = query.get("$deltatoken") or query.get("$skiptoken")
        if token is None:
            return deltas.begin(account, chosen, _window(query), zone), chosen
        known = deltas.find(token)
        if known is None or (known.address, known.calendar_id) != (account.address, chosen.id):
            raise graph_error(410, "SyncStateNotFound", "The sync state generation is not found.")
        return (known if "$skiptoken" in query else deltas.resume(account, chosen, known, zone)), chosen

    def _zone(self, request: web.Request) -> In:
        """The zone that was asked for; UTC otherwise, as documented."""
        forced = self._microsoft.odd.answer_zone
        if forced:
            return In(ZoneInfo(forced), self._microsoft.odd.answer_zone_name or windows_name(forced))
        asked = re.search(r'outlook\.timezone="([^"]+)"', request.headers.get("Prefer", ""))
        return IN_UTC if asked is None or asked[1] == "UTC" else In(ZoneInfo(asked[1]), windows_name(asked[1]))

    # ── subscriptions ───────────────────────────────────────────────────────────────────────────────

    async def _subscriptions(self, account: MicrosoftAccount, _request: web.Request) -> web.Response:
        return web.json_response({"value": [s.body() for s in self._microsoft.subscriptions.of(account)]})

    async def _subscribe(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        made = await self._microsoft.subscriptions.create(account, await json_object(request, _NOT_JSON))
        return web.json_response(made.body(with_state=True), status=201)

    async def _renew(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        body = await json_object(request, _NOT_JSON)
        found = self._microsoft.subscriptions.renew(account, request.match_info["subscription"], body)
        return web.json_response(found.body())

    async def _unsubscribe(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        self._microsoft.subscriptions.delete(account, request.match_info["subscription"])
        return web.Response(status=204)

    async def _reauthorize(self, account: MicrosoftAccount, request: web.Request) -> web.Response:
        self._microsoft.subscriptions.one(account, request.match_info["subscription"])
        return web.Response(status=204)


def _window(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    try:
        start, end = (datetime.fromisoformat(query[name]) for name in ("startdatetime", "enddatetime"))
    except (KeyError, ValueError):
        raise graph_error(
            400,
            "ErrorInvalidParameter",
            "This request requires a time window specified by StartDateTime and EndDateTime.",
        ) from None
    start, end = (at if at.tzinfo else at.replace(tzinfo=UTC) for at in (start, end))
    if end <= start:
        raise graph_error(400, "ErrorInvalidParameter", "The window ends before it starts.")
    return start, end
