"""The Web API's door, `/api/…`: arguments, token, scopes, limits, faults, the answer, and the list of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from emulators.faults import Fault
from emulators.slack.methods import ApiRequest, admitted, arguments_of
from emulators.slack.state import ApiCall, RefusalError, SlackToken, rate_limited, redacted

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

_EXCHANGE, _TEST, _SOCKET = "oauth.v2.access", "api.test", "apps.connections.open"


class _DroppedError(Exception):
    """The connection breaks before the call is done."""


class WebApi:
    """Answers calls of methods."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A call, which counts as under way until it is answered."""
        self._slack.busy += 1
        self._slack.expiry.sweep()
        try:
            return await self._answer(request)
        finally:
            self._slack.busy -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        slack, method = self._slack, request.match_info["method"]
        now = slack.clock.now()
        arguments: dict[str, Any] = {}
        token: SlackToken | None = None
        headers: dict[str, str] = {}
        status, drop, fault = 200, False, None
        try:
            arguments, value, basic = await arguments_of(request)
            if method == _EXCHANGE:
                fault = await self._fault(method, None)
                body = slack.oauth.access(arguments, basic, now)
            elif method == _TEST:  # needs no token
                fault = await self._fault(method, None)
                body = {"ok": True, "args": redacted(arguments)}
            elif method == _SOCKET:
                body = _connection(slack, value)
            else:
                token = slack.tokens.check(value, now)
                known = admitted(slack, method, token, now, headers)
                fault = await self._fault(method, token)
                body = known.do(ApiRequest(slack, arguments, now, token))
            if fault is not None:
                await fault.wait()
                drop = fault.drop
                _refuse(fault)
        except RefusalError as refusal:
            status, body = refusal.status, refusal.body
            headers |= refusal.headers
        except _DroppedError:
            drop, body = True, {"ok": False, "error": "dropped"}
        whose = (token.team_id, token.user_id) if token else ("", "")
        ok, error = bool(body["ok"]), str(body.get("error", ""))
        call = ApiCall(now, method, *whose, redacted(arguments), ok, error, status, slack.number())
        slack.calls.add(call)
        slack.hub.publish("call", entry=call)
        if drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return web.json_response(body, status=status, headers=headers)

    async def _fault(self, method: str, token: SlackToken | None) -> Fault | None:
        """Meet the next fault, before the call is done; the one that is to be met after it."""
        whose = (token.team_id, token.user_id) if token else ("", "")
        fault = self._slack.faults.at_method(method, *whose)
        if fault is None or fault.after:
            return fault
        await fault.wait()
        if fault.drop:
            raise _DroppedError
        _refuse(fault)
        return None


def _connection(slack: LocalSlack, value: str) -> dict[str, Any]:
    """apps.connections.open, for an app-level token alone; nobody is there at the address. Raises RefusalError."""
    if not value:
        raise RefusalError("not_authed")
    if value != slack.app.app_token:
        raise RefusalError("not_allowed_token_type" if value.startswith("xox") else "invalid_auth")
    return {"ok": True, "url": f"{slack.url.replace('http', 'ws', 1)}/link"}


def _refuse(fault: Fault) -> None:
    if fault.retry_after:
        refusal = rate_limited(fault.retry_after)
        refusal.status = fault.status or refusal.status
        raise refusal
    if fault.error or fault.status:
        fields = fault.body if isinstance(fault.body, dict) else {}
        raise RefusalError(fault.error or "internal_error", status=fault.status or 200, **fields)
