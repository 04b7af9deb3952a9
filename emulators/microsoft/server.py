"""The local Microsoft on the web: the consent page, tokens, Graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from emulators.microsoft.delta import Deltas
from emulators.microsoft.faults import Fault, Faults
from emulators.microsoft.graph import Graph
from emulators.microsoft.mailbox import Account, LocalCalendar
from emulators.microsoft.oauth import OAuth, OAuthError, scopes_of
from emulators.microsoft.page import consent
from emulators.microsoft.push import Pushes
from emulators.microsoft.subscriptions import Subscription, Subscriptions

CLIENT_ID = "11111111-2222-4333-8444-555555555555"
CLIENT_SECRET = "the-local-microsoft-client-secret"  # noqa: S105 - of a server that only the demo and tests know


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came in, and the status it got; 0 where the connection was closed."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    headers: dict[str, str]


class LocalMicrosoft:
    """A Microsoft on loopback.

    `await microsoft.start()` listens; or mount `microsoft.web` elsewhere, set `microsoft.url` to where (without a slash
    at the end), and `await microsoft.close()` at the end. `settings` leads the app here.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        name: str = "Status Quo",
    ) -> None:
        """`now` tells the time, aware; `name` is the app's on the consent page."""
        self.now = now
        self.name = name
        self.url = ""
        self.accounts: dict[str, Account] = {}
        self.calls: list[Call] = []
        self.faults = Faults()
        self.oauth = OAuth(now, client_id, client_secret)
        self.deltas = Deltas(self.faults)
        self.pushes = Pushes(self.faults)
        self.subscriptions = Subscriptions(now, self.pushes)
        self.graph = Graph(self)
        self.web = web.Application(client_max_size=2**20, middlewares=[self._middleware()])
        self.web.add_routes(
            [
                web.get("/{tenant}/oauth2/v2.0/authorize", self._consent_page),
                web.post("/{tenant}/oauth2/v2.0/authorize", self._consent),
                web.post("/{tenant}/oauth2/v2.0/token", self._token),
                *self.graph.routes(),
            ]
        )
        self._runner: web.AppRunner | None = None

    @property
    def graph_url(self) -> str:
        """What MICROSOFT_GRAPH_URL is to be."""
        return f"{self.url}/v1.0/"

    @property
    def authority(self) -> str:
        """What MICROSOFT_AUTHORITY is to be."""
        return f"{self.url}/common"

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings that lead here."""
        return {
            "MICROSOFT_CLIENT_ID": self.oauth.client_id,
            "MICROSOFT_CLIENT_SECRET": self.oauth.client_secret,
            "MICROSOFT_GRAPH_URL": self.graph_url,
            "MICROSOFT_AUTHORITY": self.authority,
        }

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on a free port by default; returns the address."""
        self._runner = web.AppRunner(self.web, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.url

    async def close(self) -> None:
        """Drop what is on its way, and stop listening."""
        await self.pushes.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> LocalMicrosoft:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    # ── people ──────────────────────────────────────────────────────────────────────────────────────

    def add_account(self, address: str, name: str = "", zone: str = "Europe/Berlin") -> Account:
        """A person with an empty calendar."""
        account = Account(address, name or address, zone, self._changed)
        self.accounts[address] = account
        return account

    async def allow(self, link: str, account: str, *, accept: bool = True, without: tuple[str, ...] = ()) -> str:
        """A person follows a link to the consent page and decides; where their browser goes. Raises OAuthError."""
        query = dict(parse_qsl(urlsplit(link).query))
        return self.oauth.decide(query, self.accounts[account].address, accept=accept, without=frozenset(without))

    def lifecycle(self, event: str, subscription: Subscription | None = None) -> None:
        """Tell of all subscriptions, or of one: reauthorizationRequired, subscriptionRemoved or missed."""
        for found in [subscription] if subscription else list(self.subscriptions.all.values()):
            self.subscriptions.lifecycle(self.accounts[found.account], found, event)

    async def settled(self) -> None:
        """Return once every notification was taken, lost or given up."""
        await self.pushes.settled()

    def _changed(self, calendar: LocalCalendar, event_id: str, change: str) -> None:
        for account in self.accounts.values():
            if account.calendars.get(calendar.id) is calendar:
                self.subscriptions.changed(account, calendar, event_id, change)

    # ── the web ─────────────────────────────────────────────────────────────────────────────────────

    def _middleware(self) -> Middleware:
        @web.middleware
        async def recorded(request: web.Request, handler: Handler) -> web.StreamResponse:
            path = request.path.removeprefix(urlsplit(self.url).path)
            answer = await self._answer(request, handler, self.faults.take(request.method, path))
            headers = {name: request.headers[name] for name in ("Prefer", "Content-Type") if name in request.headers}
            status = 0 if answer is None else answer.status
            self.calls.append(Call(request.method, path, dict(request.query), status, headers))
            if answer is None:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)
            return answer

        return recorded

    async def _answer(self, request: web.Request, handler: Handler, fault: Fault | None) -> web.StreamResponse | None:
        """The answer, with its fault; None where the connection is to be closed instead."""
        answer: web.StreamResponse = web.Response()
        if fault is None or fault.after or fault.truncate:
            try:
                answer = await handler(request)
            except web.HTTPException as error:
                answer = error
        if fault is None:
            return answer
        if fault.drop:
            return None
        if fault.status:
            body = fault.body if isinstance(fault.body, bytes) else json.dumps(fault.body).encode()
            return web.Response(body=body, status=fault.status, headers=fault.headers, content_type="application/json")
        whole = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        return web.Response(body=whole[: len(whole) // 2], status=answer.status, content_type="application/json")

    async def _consent_page(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        try:
            self.oauth.check(query)
        except OAuthError as error:
            return web.Response(text=error.description, status=400)
        asked = sorted(scopes_of(query["scope"]))
        chosen = query.get("login_hint", "")
        text = consent(self.name, self.accounts.values(), asked, query, chosen)
        return web.Response(text=text, content_type="text/html")

    async def _consent(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        accept, account = form.pop("decision", "") == "accept", form.pop("account", "")
        if account not in self.accounts:
            return web.Response(text="AADSTS50020: There is no such account.", status=400)
        try:
            location = self.oauth.decide(form, account, accept=accept, without=frozenset())
        except OAuthError as error:
            return web.Response(text=error.description, status=400)
        return web.Response(status=302, headers={"Location": location})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            return web.json_response(self.oauth.token(form), headers={"Cache-Control": "no-store"})
        except OAuthError as error:
            return web.json_response(error.body(self.now()), status=error.status)
