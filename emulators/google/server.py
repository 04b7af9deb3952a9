"""The local Google on the web: consent, tokens, and version 3 of the Calendar API.

Written from the published reference: the discovery document of `calendar:v3`, and the guides that the modules name.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from emulators.google import page
from emulators.google.calendars import Account, Calendar
from emulators.google.channels import Channels
from emulators.google.faults import ApiError, Fault, Faults
from emulators.google.oauth import READ_EVENTS, READ_LIST, Client, OAuth, OAuthError
from emulators.google.sync import Lists

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was answered. `query` is only kept of the Calendar API: elsewhere it holds secrets."""

    method: str
    path: str
    query: Mapping[str, str]
    status: int


class LocalGoogle:
    """A Google on loopback, or wherever `web` is mounted; whoever serves it sets `url`, without a slash at its end."""

    def __init__(self, now: Callable[[], datetime], client: Client | None = None) -> None:
        """`now` is the time it goes by, aware."""
        self.url = ""
        self.client = client or Client()
        self.faults = Faults()
        self.oauth = OAuth(self.client, now)
        self.lists = Lists(now)
        self.channels = Channels(now, self.faults)
        self.accounts: dict[str, Account] = {}
        self.calls: deque[Call] = deque(maxlen=5000)
        self._under_way = 0
        self.web = web.Application(middlewares=[self._around], client_max_size=2**20)
        self.web.add_routes(
            [
                web.get("/o/oauth2/v2/auth", self._consent_page),
                web.post("/o/oauth2/v2/auth", self._consent),
                web.post("/token", self._token),
                web.post("/revoke", self._revoke),
                web.get("/calendar/v3/users/me/calendarList", self._calendar_list),
                web.get("/calendar/v3/calendars/{calendar}/events", self._events),
                web.post("/calendar/v3/calendars/{calendar}/events/watch", self._watch),
                web.post("/calendar/v3/channels/stop", self._stop),
            ]
        )
        self.web.on_cleanup.append(self._cleanup)

    @property
    def api_url(self) -> str:
        """What `GOOGLE_API_URL` is to be."""
        return f"{self.url}/calendar/v3/"

    @property
    def authorize_url(self) -> str:
        """What `GOOGLE_AUTHORIZE_URL` is to be."""
        return f"{self.url}/o/oauth2/v2/auth"

    @property
    def token_url(self) -> str:
        """What `GOOGLE_TOKEN_URL` is to be."""
        return f"{self.url}/token"

    @property
    def revoke_url(self) -> str:
        """Where tokens are revoked."""
        return f"{self.url}/revoke"

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings that lead here."""
        return {
            "GOOGLE_CLIENT_ID": self.client.client_id,
            "GOOGLE_CLIENT_SECRET": self.client.client_secret,
            "GOOGLE_API_URL": self.api_url,
            "GOOGLE_AUTHORIZE_URL": self.authorize_url,
            "GOOGLE_TOKEN_URL": self.token_url,
        }

    @property
    def busy(self) -> bool:
        """Whether requests or messages are under way."""
        return self._under_way > 0 or self.channels.busy

    def add_account(self, address: str, name: str = "", zone: str = "UTC") -> Account:
        """A new account with its primary calendar."""
        account = Account(address, name, zone, on_change=self.channels.changed)
        self.accounts[address] = account
        return account

    async def allow(
        self, authorize_url: str, account: str, *, allow: bool = True, without: tuple[str, ...] = ()
    ) -> str:
        """Somebody follows the app's link and decides, leaving out the scopes `without`: where their browser is sent.

        Raises OAuthError for a link that is no good.
        """
        return self.oauth.decide(
            dict(parse_qsl(urlsplit(authorize_url).query)), self.accounts[account].address, allow=allow, without=without
        )

    def revoke_account(self, account: str) -> None:
        """The person takes the app's access away: their refresh tokens are `invalid_grant` from now on."""
        self.oauth.revoke_account(account)

    def expire_sync_tokens(self) -> None:
        """Every page and sync token that was handed out answers 410 from now on."""
        self.lists.epoch += 1

    def expire_access_tokens(self) -> None:
        """Every access token that was handed out answers 401 from now on."""
        self.oauth.expire_access()

    async def settled(self) -> None:
        """Wait until every message was taken, or given up on."""
        await self.channels.settled()

    async def close(self) -> None:
        """Drop the messages that are still on their way."""
        await self.channels.close()

    # ── the web ─────────────────────────────────────────────────────────────────────────────────────

    async def _cleanup(self, _application: web.Application) -> None:
        await self.close()

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._under_way += 1
        path = request.path.removeprefix(urlsplit(self.url).path)
        try:
            fault = self.faults.take(path)
            answer = await self._answer(request, handler, fault)
        finally:
            self._under_way -= 1
        query = dict(request.query) if path.startswith("/calendar/") else {}
        self.calls.append(Call(request.method, path, query, answer.status))
        return answer

    async def _answer(self, request: web.Request, handler: Handler, fault: Fault | None) -> web.StreamResponse:
        if fault is not None and fault.drop and request.transport is not None:
            request.transport.abort()
            return web.Response(status=499)
        if fault is not None and fault.status:
            return _failed(fault)
        try:
            answer = await handler(request)
        except ApiError as error:
            answer = web.json_response(error.body, status=error.status)
        except OAuthError as error:
            answer = web.json_response(error.body, status=error.status)
        if fault is not None and fault.late:
            return web.Response(status=503, text="upstream timed out")
        if fault is not None and fault.cut and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            return web.Response(
                body=answer.body[: len(answer.body) // 2], status=answer.status, content_type="application/json"
            )
        return answer

    async def _consent_page(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        wrong = self.oauth.problem(query)
        if wrong:
            return web.Response(text=page.blocked(wrong), status=400, content_type="text/html")
        shown = page.consent(self.client.name, self.accounts.values(), query)
        return web.Response(text=shown, content_type="text/html")

    async def _consent(self, request: web.Request) -> web.Response:
        form = await request.post()
        query = {name.removeprefix("query."): str(text) for name, text in form.items() if name.startswith("query.")}
        account = str(form.get("account", ""))
        wrong = self.oauth.problem(query) or ("" if account in self.accounts else "invalid_account")
        if wrong:
            return web.Response(text=page.blocked(wrong), status=400, content_type="text/html")
        left_out = set(query["scope"].split()) - {str(scope) for scope in form.getall("scope", [])}
        back = self.oauth.decide(query, account, allow=form.get("decision") == "allow", without=left_out)
        return web.Response(status=302, headers={"Location": back})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        return web.json_response(self.oauth.exchange({name: str(value) for name, value in form.items()}))

    async def _revoke(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.oauth.revoke(str(form.get("token") or request.query.get("token", "")))
        return web.json_response({})

    async def _calendar_list(self, request: web.Request) -> web.Response:
        account = self._account(request, READ_LIST)
        return web.json_response(self.lists.calendars(account, request.query))

    async def _events(self, request: web.Request) -> web.Response:
        account, calendar = self._calendar(request)
        return web.json_response(self.lists.events(account, calendar, request.query))

    async def _watch(self, request: web.Request) -> web.Response:
        account, calendar = self._calendar(request)
        channel, answer = self.channels.watch(account, calendar, await _object(request))
        self.channels.tell(channel, "sync")
        if self.faults.late_watch:
            await self.settled()
        return web.json_response(answer)

    async def _stop(self, request: web.Request) -> web.Response:
        self.channels.stop(self._account(request, READ_EVENTS | READ_LIST), await _object(request))
        return web.Response(status=204)

    def _account(self, request: web.Request, needed: frozenset[str]) -> Account:
        return self.accounts[self.oauth.account_of(request.headers.get("Authorization", ""), needed)]

    def _calendar(self, request: web.Request) -> tuple[Account, Calendar]:
        account = self._account(request, READ_EVENTS)
        calendar_id = request.match_info["calendar"]
        calendar = account.primary if calendar_id == "primary" else account.calendars.get(calendar_id)
        if calendar is None:
            raise ApiError(404, "notFound", "Not Found")
        return account, calendar


def _failed(fault: Fault) -> web.Response:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    if fault.text is not None:
        return web.Response(text=fault.text, status=fault.status, headers=headers)
    body = ApiError(fault.status, fault.reason, domain=fault.domain).body
    return web.json_response(body, status=fault.status, headers=headers)


async def _object(request: web.Request) -> Mapping[str, Any]:
    try:
        found = json.loads(await request.read())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiError(400, "parseError", "Parse Error")
    return found
