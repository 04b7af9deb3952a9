"""A strict stand-in for the part of Slack that gives tokens and says whose they are, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer

CLIENT_ID = "111.222"
CLIENT_SECRET = "sample-client-secret"
BOT_SCOPES = "chat:write,commands,files:read,im:history,users.profile:read,users:read,users:read.email"
USER_SCOPES = "users.profile:read,users.profile:write"


def answer(
    user: str = "U1",
    *,
    team: str | None = "T1",
    bot: str | None = "xoxb-1",
    token: str | None = "xoxp-1",
    user_scopes: str = USER_SCOPES,
    enterprise: str | None = None,
    rotates: bool = False,
) -> dict[str, Any]:
    """oauth.v2.access's answer, as docs.slack.dev shows it."""
    org_wide = team is None
    found: dict[str, Any] = {
        "ok": True,
        "app_id": "A1",
        "authed_user": {"id": user},
        "team": None if org_wide else {"id": team, "name": f"Team {team}"},
        "enterprise": None if enterprise is None else {"id": enterprise, "name": f"Org {enterprise}"},
        "is_enterprise_install": org_wide,
    }
    if bot is not None:
        found |= {"access_token": bot, "token_type": "bot", "scope": BOT_SCOPES, "bot_user_id": "UBOT"}
        if rotates:
            found |= {"expires_in": 43200, "refresh_token": f"xoxe-1-{bot}"}
    if token is not None:
        found["authed_user"] |= {"access_token": token, "token_type": "user", "scope": user_scopes}
        if rotates:
            found["authed_user"] |= {"expires_in": 43200, "refresh_token": f"xoxe-1-{token}"}
    return found


@dataclass
class OAuthStub:
    """`codes`: what each code, once, is worth. `owners`: whose each living token is, `scopes`: what it may do.

    `down`: answers 503 to all.
    """

    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    redirect_uri: str = ""
    down: bool = False
    url: str = ""

    def grant(self, code: str, found: dict[str, Any]) -> None:
        """Make `code` worth `found`, whose tokens live from then on."""
        self.codes[code] = found

    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            arguments |= await request.json()
        elif request.can_read_body:
            arguments |= dict(await request.post())
        self.calls.append((method, arguments))
        if self.down:
            return web.Response(status=503, text="upstream connect error")
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        if handler is None:
            return web.json_response({"ok": False, "error": "unknown_method"})
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        headers = {"x-oauth-scopes": self.scopes[token]} if token in self.scopes else {}
        return web.json_response(handler(request, arguments), headers=headers)

    def _oauth_v2_access(self, request: web.Request, arguments: dict[str, Any]) -> dict[str, Any]:
        basic = BasicAuth.decode(request.headers["Authorization"])
        if (basic.login, basic.password) != (CLIENT_ID, CLIENT_SECRET):
            return {"ok": False, "error": "bad_client_secret"}
        if arguments.get("redirect_uri") != self.redirect_uri:
            return {"ok": False, "error": "bad_redirect_uri"}
        found = self.codes.pop(arguments.get("code", ""), None)
        if found is None:
            return {"ok": False, "error": "invalid_code"}
        if "access_token" in found:
            self.owners[found["access_token"]] = found["bot_user_id"]
        if "access_token" in found.get("authed_user", {}):
            self.owners[found["authed_user"]["access_token"]] = found["authed_user"]["id"]
        return found

    def _owner(self, request: web.Request) -> str | None:
        return self.owners.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    def _auth_test(self, request: web.Request, _arguments: dict[str, Any]) -> dict[str, Any]:
        owner = self._owner(request)
        if owner is None:
            return {"ok": False, "error": "invalid_auth"}
        return {"ok": True, "user_id": owner, "team_id": "T1", "team": "Team T1", "bot_id": "B1"}

    def _auth_revoke(self, request: web.Request, _arguments: dict[str, Any]) -> dict[str, Any]:
        owner = self._owner(request)
        if owner is None:
            return {"ok": False, "error": "invalid_auth"}
        token = request.headers["Authorization"].removeprefix("Bearer ")
        del self.owners[token]
        self.revoked.append(token)
        return {"ok": True, "revoked": True}

    def _users_info(self, request: web.Request, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._owner(request) is None:
            return {"ok": False, "error": "invalid_auth"}
        member = self.members.get(arguments["user"])
        if member is None:
            return {"ok": False, "error": "user_not_found"}
        found = dict(member)
        if arguments.get("include_locale") != "true":
            found.pop("locale", None)
        return {"ok": True, "user": {"id": arguments["user"], **found}}

    def _views_open(self, request: web.Request, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": self._owner(request) is not None, "view": arguments["view"]}


@asynccontextmanager
async def oauth_stub() -> AsyncIterator[OAuthStub]:
    stub = OAuthStub()
    application = web.Application()
    application.router.add_route("*", "/api/{method}", stub._handle)
    async with TestServer(application, host="127.0.0.1") as server:
        stub.url = str(server.make_url("/api/"))
        yield stub
