"""OAuth v2: the consent page, its codes, and oauth.v2.access (docs.slack.dev/authentication/installing-with-oauth)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from emulators import consent
from emulators.slack.core import SlackCore
from emulators.slack.errors import RefusalError
from emulators.slack.state import Token

_BRAND = consent.Brand("Slack, as the demo has it", "Status Quo asks for permission", "#007a5a")
CODE_LIFETIME = timedelta(minutes=10)


@dataclass(slots=True)
class SlackGrant:
    """What a person allowed: a code waits to be exchanged for it."""

    user_id: str
    bot_scopes: frozenset[str]
    user_scopes: frozenset[str]
    redirect_uri: str
    expires_at: datetime
    org_wide: bool
    used: bool = False


class SlackConsent:
    """Codes that were handed out."""

    def __init__(self, slack: SlackCore) -> None:
        self._slack = slack
        self._codes: dict[str, SlackGrant] = {}

    def problem(self, query: dict[str, str]) -> str:
        """Why the consent page cannot be shown for such a link; empty when it can."""
        if query.get("client_id") != self._slack.app.client_id:
            return "invalid_client_id"
        if not _scopes(query.get("scope", "")) and not _scopes(query.get("user_scope", "")):
            return "invalid_scope_requested"
        allowed = self._slack.app.redirect_urls
        redirect = query.get("redirect_uri", "") or (allowed[0] if allowed else "")
        if not redirect or (allowed and not any(redirect.startswith(url) for url in allowed)):
            return "bad_redirect_uri"
        return ""

    def decide(
        self,
        query: dict[str, str],
        user_id: str,
        *,
        allow: bool = True,
        without: Iterable[str] = (),
        org_wide: bool = False,
    ) -> str:
        """A person presses Allow or Deny; where their browser goes. `without` are scopes they left out."""
        wrong = self.problem(query)
        if wrong:
            raise RefusalError(wrong)
        allowed = self._slack.app.redirect_urls
        redirect = query.get("redirect_uri", "") or allowed[0]
        state = query.get("state", "")
        if not allow:
            return _with(redirect, {"error": "access_denied", "state": state})
        member = self._slack.member(user_id)
        if query.get("team") and query["team"] != member.team_id:
            raise RefusalError("invalid_team_for_non_distributed_app")
        left_out = frozenset(without)
        code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(24)}"
        self._codes[code] = SlackGrant(
            user_id,
            _scopes(query.get("scope", "")) - left_out,
            _scopes(query.get("user_scope", "")) - left_out,
            query.get("redirect_uri", ""),
            self._slack.clock.now() + CODE_LIFETIME,
            org_wide,
        )
        return _with(redirect, {"code": code, "state": state})

    def access(self, arguments: Mapping[str, Any], basic: tuple[str, str] | None, now: datetime) -> dict[str, Any]:
        """oauth.v2.access: a code, or a refresh token, for tokens. The client's secret is in `basic` or `arguments`."""

        def text(name: str, default: str = "") -> str:
            return str(arguments.get(name) or default)

        client = basic[0] if basic else text("client_id")
        secret = basic[1] if basic else text("client_secret")
        if client != self._slack.app.client_id:
            raise RefusalError("invalid_client_id")
        if not secrets.compare_digest(secret.encode(), self._slack.app.client_secret.encode()):
            raise RefusalError("bad_client_secret")
        if text("grant_type") == "refresh_token":
            return self._refreshed(self._slack.tokens.refresh(text("refresh_token"), now))
        if text("grant_type", "authorization_code") != "authorization_code":
            raise RefusalError("invalid_grant_type")
        consent = self._codes.get(text("code"))
        if consent is None or now >= consent.expires_at:
            raise RefusalError("invalid_code")
        if consent.used:
            raise RefusalError("code_already_used")
        if consent.redirect_uri != text("redirect_uri"):
            raise RefusalError("bad_redirect_uri")
        consent.used = True
        return self._granted(consent, now)

    def _granted(self, consent: SlackGrant, now: datetime) -> dict[str, Any]:
        slack = self._slack
        member = slack.member(consent.user_id)
        workspace = slack.workspaces[member.team_id]
        org = workspace.enterprise_id if consent.org_wide else None
        rotate = now if slack.app.token_rotation else None
        body: dict[str, Any] = {
            "ok": True,
            "app_id": slack.app.app_id,
            "authed_user": {"id": member.user_id},
            "team": None if org else {"id": workspace.team_id, "name": workspace.name},
            "enterprise": {"id": org, "name": workspace.enterprise_name or ""} if org else None,
            "is_enterprise_install": org is not None,
        }
        if workspace.enterprise_id and not org:
            body["enterprise"] = {"id": workspace.enterprise_id, "name": workspace.enterprise_name or ""}
        issue = partial(
            slack.tokens.issue, enterprise_id=workspace.enterprise_id, org_wide=org is not None, rotate_at=rotate
        )
        if consent.bot_scopes:
            bot = slack.bot_of(workspace.team_id)
            token = issue("bot", org or workspace.team_id, bot.user_id, consent.bot_scopes)
            body |= {**_described(token), "token_type": "bot", "bot_user_id": bot.user_id}
        if consent.user_scopes:
            token = issue("user", org or workspace.team_id, member.user_id, consent.user_scopes)
            body["authed_user"] |= {**_described(token), "token_type": "user"}
        return body

    def _refreshed(self, token: Token) -> dict[str, Any]:
        workspace = self._slack.workspaces.get(token.team_id)
        body: dict[str, Any] = {
            "ok": True,
            "app_id": self._slack.app.app_id,
            **_described(token),
            "token_type": token.kind,
            "team": {"id": workspace.team_id, "name": workspace.name} if workspace else None,
            "enterprise": {"id": token.enterprise_id} if token.enterprise_id else None,
            "is_enterprise_install": token.org_wide,
        }
        if token.kind == "bot":
            body["bot_user_id"] = token.user_id
        else:
            body["user_id"] = token.user_id
        return body


def page(slack: SlackCore, query: dict[str, str], person: str) -> web.Response:
    """The consent page: who signs in, what the app asks for, Allow and Cancel."""
    workspaces = {team_id: workspace.name for team_id, workspace in slack.workspaces.items()}
    people = {m.user_id: f"{m.real_name}, {workspaces[m.team_id]}" for m in slack.members.values() if not m.is_bot}
    asked = _scopes(query.get("scope", "")) | _scopes(query.get("user_scope", ""))
    return consent.page(_BRAND, people, asked, query, person)


def _described(token: Token) -> dict[str, Any]:
    described: dict[str, Any] = {"scope": ",".join(sorted(token.scopes)), "access_token": token.value}
    if token.refresh:
        described |= {"refresh_token": token.refresh, "expires_in": 43_200}
    return described


def _scopes(text: str) -> frozenset[str]:
    return frozenset(scope for scope in text.replace(" ", ",").split(",") if scope)


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"
