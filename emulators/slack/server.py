"""The local Slack on the web: `/api/…`, response URLs, the consent page, avatars."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import ClientSession, ClientTimeout, CookieJar, web

from emulators import consent
from emulators.faults import Fault
from emulators.slack import oauth
from emulators.slack.calls import Call, redacted
from emulators.slack.errors import RefusalError, rate_limited
from emulators.slack.methods import admitted, apps
from emulators.slack.request import ApiRequest, read
from emulators.slack.state import AppConfig, Token
from emulators.slack.workplace import Workplace
from services.ports import Clock

_EXCHANGE = "oauth.v2.access"
_TEST = "api.test"


class _DroppedError(Exception):
    """The connection breaks before the call is done."""

    def __init__(self, fault: Fault) -> None:
        super().__init__("dropped")
        self.fault = fault


def _owner(token: Token | None) -> tuple[str, str, str]:
    return (token.team_id, token.user_id, token.kind) if token else ("", "", "")


class LocalSlack(Workplace):
    """A Slack on loopback.

    `await slack.start()` listens (`slack.url`, `slack.api_url`, `slack.authorize_url`), `await slack.stop()` ends it;
    or mount `slack.web` elsewhere and set `slack.url`. Set `slack.app.request_url` to the app's `/slack/events`.
    """

    def __init__(self, clock: Clock, app: AppConfig | None = None) -> None:
        super().__init__(clock, app)
        self.busy = 0
        self.web = web.Application(client_max_size=2**21)
        self.web.add_routes(
            [
                web.route("*", "/api/{method}", self._api),
                web.post("/commands/{team}/{secret}", self._respond),
                web.post("/actions/{team}/{secret}", self._respond),
                web.get("/oauth/v2/authorize", self._consent_page),
                web.post("/oauth/v2/authorize", self._consent),
                web.get("/avatars/{user}.svg", self._avatar),
                web.get("/files-pri/{team}-{file}/download/{name}", self._file),
            ]
        )
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` is to be."""
        return f"{self.url}/api/"

    @property
    def authorize_url(self) -> str:
        """What `SLACK_AUTHORIZE_URL` is to be."""
        return f"{self.url}/oauth/v2/authorize"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on a free port by default; returns the address."""
        self._runner = web.AppRunner(self.web, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        self.open()
        return self.url

    def open(self) -> None:
        """Begin deliveries and expiry, where the routes are mounted in another application."""
        self.deliveries.start()
        self.expiry.start()

    async def close(self) -> None:
        """End deliveries and expiry."""
        await self.expiry.stop()
        await self.deliveries.stop()

    async def stop(self) -> None:
        """Stop listening, and all that runs."""
        await self.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> LocalSlack:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def allow(
        self, link: str, user_id: str, *, allow: bool = True, without: tuple[str, ...] = (), org_wide: bool = False
    ) -> tuple[int, str]:
        """A person follows the app's install link in a browser (cookies kept) and decides; status and page they end on.

        `link` is the app's own address that redirects here (`/slack/install`, or a grant link).
        """
        jar = CookieJar(unsafe=True)  # loopback addresses have cookies too
        async with ClientSession(timeout=ClientTimeout(total=20), cookie_jar=jar) as browser:
            async with browser.get(link, allow_redirects=False) as first:
                where = first.headers.get("Location", "")
                if not where:
                    return first.status, await first.text()
            query = dict(parse_qsl(urlsplit(where).query))
            back = self.oauth.decide(query, user_id, allow=allow, without=without, org_wide=org_wide)
            async with browser.get(back, allow_redirects=True) as last:
                return last.status, await last.text()

    # ── the web ─────────────────────────────────────────────────────────────────────────────────────

    async def _api(self, request: web.Request) -> web.StreamResponse:
        self.busy += 1
        self.expiry.sweep()
        try:
            return await self._answer(request)
        finally:
            self.busy -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        now = self.clock.now()
        arguments: dict[str, Any] = {}
        token: Token | None = None
        fault: Fault | None = None
        headers: dict[str, str] = {}
        status = 200
        try:
            arguments, value, basic = await read(request)
            if method == _EXCHANGE:
                fault = await self._fault(method, None)
                body = self.oauth.access(arguments, basic, now)
            elif method == _TEST and not value:  # the one method that needs no token
                body = apps.api_test(ApiRequest(self, method, arguments, now))
            else:
                token = self.tokens.check(value, now)
                known = admitted(self, method, token, now, headers)
                fault = await self._fault(method, token)
                body = known.do(ApiRequest(self, method, arguments, now, token, basic))
        except RefusalError as refusal:
            status, body = refusal.status, refusal.body()
            headers |= refusal.headers
        except _DroppedError as dropped:
            fault, body = dropped.fault, {"ok": False, "error": "dropped"}
        ok, error = bool(body["ok"]), str(body.get("error", ""))
        self._note(Call(now, method, *_owner(token), redacted(arguments), ok, error, status, body, self.number()))
        if fault is not None and fault.drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return web.json_response(body, status=status, headers=headers)

    async def _fault(self, method: str, token: Token | None) -> Fault | None:
        """Meet the next fault, before the call is done. A dropped connection is returned, to be dropped."""
        fault = self.faults.at_method(method, token.team_id if token else "", token.user_id if token else "")
        if fault is None:
            return None
        if fault.latency:
            await asyncio.sleep(fault.latency)
        if fault.drop and not fault.after:
            raise _DroppedError(fault)
        if fault.retry_after:
            refusal = rate_limited(fault.retry_after)
            refusal.status = fault.status or refusal.status
            raise refusal
        if fault.error or fault.status:
            fields = fault.body if isinstance(fault.body, dict) else {}
            raise RefusalError(fault.error or "internal_error", status=fault.status or 200, **fields)
        return fault

    def _note(self, call: Call) -> None:
        self.calls.add(call)
        self.hub.publish("call", call=call)

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        try:
            self.people.respond(request.match_info["secret"], body)
        except RefusalError as refusal:
            return web.json_response(refusal.body(), status=refusal.status)
        return web.json_response({"ok": True})

    async def _consent_page(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        wrong = self.oauth.problem(query)
        if wrong:
            return consent.blocked(wrong)
        person = request.cookies.get("person", "")
        return oauth.page(self, query, person)

    async def _consent(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        person, decision = form.pop("account", ""), form.pop("decision", "")
        try:
            where = self.oauth.decide(form, person, allow=decision == "allow")
        except RefusalError as refusal:
            return consent.blocked(refusal.code)
        return consent.sent_on(where)

    async def _file(self, request: web.Request) -> web.Response:
        """A private file, for a token of its workspace that may read files; others are sent to sign in."""
        self.busy += 1
        try:
            scheme, _, value = request.headers.get("Authorization", "").partition(" ")
            token = self.tokens.check(value if scheme == "Bearer" else "", self.clock.now())
            file = self.files.get(request.match_info["file"])
            if file is None or "files:read" not in token.scopes or token.team_id != file.team_id:
                raise web.HTTPNotFound
            self.conversations.given.append(file.file_id)
            return web.Response(body=file.content, content_type=file.mimetype)
        except RefusalError:
            raise web.HTTPFound(f"{self.url}/signin") from None
        finally:
            self.busy -= 1

    async def _avatar(self, request: web.Request) -> web.Response:
        member = self.members.get(request.match_info["user"])
        if member is None or not member.avatar:
            raise web.HTTPNotFound
        return web.Response(text=member.avatar, content_type="image/svg+xml")
