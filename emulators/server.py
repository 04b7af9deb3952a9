"""What the local services have in common on the web: listening, the requests under way, faults, and a list of calls."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from emulators import consent
from emulators.books import LocalAccount
from emulators.faults import Fault, Faults
from emulators.oauth import ApiError, CodeFlow, OAuthError
from emulators.pushes import PushSender


@dataclass(frozen=True, slots=True)
class ServedCall:
    """A request that was answered (`status` 0: the connection was closed). `query` is only kept of the API's."""

    method: str
    path: str
    query: Mapping[str, str]
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


class LocalServer:
    """`await start()` listens on loopback; or mount `web` elsewhere, set `url` (no slash), `open()` and `close()`."""

    web: web.Application

    def __init__(self) -> None:
        self.url = ""
        self.faults = Faults()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on a free port by default; returns the address."""
        self._runner = web.AppRunner(self.web, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        self.open()
        return self.url

    def open(self) -> None:
        """Begin what runs beside the requests."""

    async def close(self) -> None:
        """End what runs beside the requests."""

    async def stop(self) -> None:
        """Stop listening, and all that runs."""
        await self.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()


class CalendarServer(LocalServer):
    """Google or Microsoft: accounts, consent and tokens, an API below `api_path`, pushes."""

    api_path = ""
    brand: consent.Brand
    oauth: CodeFlow
    pushes: PushSender

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, LocalAccount[Any]] = {}
        self.calls: deque[ServedCall] = deque(maxlen=5000)
        self._under_way = 0
        self.web = web.Application(middlewares=[self._around], client_max_size=2**20)
        self.web.on_cleanup.append(self._cleanup)

    @property
    def busy(self) -> bool:
        """Whether requests or pushes are under way."""
        return self._under_way > 0 or self.pushes.busy

    async def allow(self, link: str, account: str, *, allow: bool = True, without: tuple[str, ...] = ()) -> str:
        """Somebody follows the app's link and decides, leaving out scopes: where their browser goes. OAuthError."""
        return self.oauth.decide(consent.query_of(link), self.accounts[account].address, allow=allow, without=without)

    async def settled(self) -> None:
        """Wait until every push was taken, lost, or given up on."""
        await self.pushes.settled()

    async def close(self) -> None:
        """Drop the pushes that are still on their way."""
        await self.pushes.close()

    def failed(self, fault: Fault) -> Mapping[str, Any]:
        """What the API says to a fault without a body of its own."""
        raise NotImplementedError

    # ── the web ─────────────────────────────────────────────────────────────────────────────────────

    async def consent_page(self, request: web.Request) -> web.Response:
        """The page that asks; for a link that is no good, one that says so."""
        query = dict(request.query)
        try:
            self.oauth.check(query)
        except OAuthError as error:
            return consent.blocked(error.error, error.description)
        accounts = {one.address: one.name for one in self.accounts.values()}
        return consent.page(self.brand, accounts, self.oauth.scopes_of(query["scope"]), query)

    async def consent_given(self, request: web.Request) -> web.Response:
        """The page was answered."""
        form = await request.post()
        query, account = {k: str(v) for k, v in form.items()}, str(form.get("account", ""))
        if account not in self.accounts:
            return consent.blocked("invalid_account")
        try:
            asked = self.oauth.scopes_of(query.get("scope", ""))
            without = asked - {str(one) for one in form.getall("granted", [])} if self.brand.choose_scopes else ()
            allow = query.get("decision") == self.brand.allow
            return consent.sent_on(self.oauth.decide(query, account, allow=allow, without=without))
        except OAuthError as error:
            return consent.blocked(error.error, error.description)

    async def token(self, request: web.Request) -> web.Response:
        """The token endpoint."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        return web.json_response(self.oauth.token(form), headers={"Cache-Control": "no-store"})

    async def _cleanup(self, _application: web.Application) -> None:
        await self.close()

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(urlsplit(self.url).path)
        self._under_way += 1
        try:
            answer = await self._answer(request, handler, self.faults.at_path(path))
        finally:
            self._under_way -= 1
        query = dict(request.query) if path.startswith(self.api_path) else {}
        headers = {name: request.headers[name] for name in ("Prefer", "Content-Type") if name in request.headers}
        self.calls.append(ServedCall(request.method, path, query, answer.status if answer else 0, headers))
        if answer is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return answer

    async def _answer(self, request: web.Request, handler: Handler, fault: Fault | None) -> web.StreamResponse | None:
        """The answer, with its fault; None where the connection is to be closed instead."""
        answer: web.StreamResponse = web.Response()
        if fault is None or fault.after or fault.truncate:
            try:
                answer = await handler(request)
            except ApiError as error:
                answer = web.json_response(error.body, status=error.status, headers=error.headers)
            except web.HTTPException as error:
                answer = error
        if fault is None:
            return answer
        if fault.drop:
            return None
        if fault.truncate:
            whole = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
            return web.Response(body=whole[: len(whole) // 2], status=answer.status, content_type="application/json")
        said = self.failed(fault) if fault.body is None else fault.body
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = fault.headers | ({"Retry-After": f"{fault.retry_after:g}"} if fault.retry_after else {})
        status = fault.status or (429 if fault.retry_after else 503)
        return web.Response(body=body, status=status, headers=headers, content_type="application/json")


async def json_object(request: web.Request, refusal: ApiError) -> dict[str, Any]:
    """The JSON object of a request. Raises `refusal` where there is none."""
    try:
        found = json.loads(await request.read())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise refusal
    return found
