"""OAuth v2: the consent page, its codes, and oauth.v2.access (docs.slack.dev/authentication/installing-with-oauth)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from emulators import consent
from emulators.oauth import CODE_LIFETIME, with_query
from emulators.slack.state import RefusalError, SlackToken
from emulators.slack.tokens import ROTATION_SECONDS

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

_BRAND = consent.Brand("Slack, as the demo has it", "Status Quo asks for permission", "#007a5a")


@dataclass(slots=True)
class SlackGrant:
    """What a person allowed: a code waits to be exchanged for it."""

    user_id: str
    bot_scopes: frozenset[str]
    user_scopes: frozenset[str]
    redirect_uri: str
    expires_at: datetime
    used: bool = False


class SlackConsent:
    """Codes that were handed out."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self._codes: dict[str, SlackGrant] = {}

    def problem(self, query: Mapping[str, str]) -> str:
        """Why the consent page cannot be shown for such a link; empty when it can."""
        if query.get("client_id") != self._slack.app.client_id:
            return "invalid_client_id"
        if not _asked(query):
            return "invalid_scope_requested"
        redirect, allowed = self._redirect(query), self._slack.app.redirect_urls
        good = redirect and (not allowed or any(redirect.startswith(url) for url in allowed))
        return "" if good else "bad_redirect_uri"

    def decide(self, query: Mapping[str, str], user_id: str, *, allow: bool = True, without: Iterable[str] = ()) -> str:
        """A person presses Allow or Cancel; where their browser goes. `without` are optional scopes they unticked.

        Raises RefusalError; ValueError for a scope that no page lets anybody leave out.
        """
        wrong = self.problem(query)
        if wrong:
            raise RefusalError(wrong)
        redirect, state = self._redirect(query), {"state": query.get("state", "")}
        if not allow:
            return with_query(redirect, {"error": "access_denied", **state})
        member = self._slack.member(user_id)
        if query.get("team") and query["team"] != member.team_id:
            raise RefusalError("invalid_team_for_non_distributed_app")
        if left := frozenset(without) - self.optional(query):
            raise ValueError(f"not optional, or not asked for: {', '.join(sorted(left))}")
        bot, user = (_scopes(query.get(name, "")) - frozenset(without) for name in ("scope", "user_scope"))
        code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(24)}"
        ends = self._slack.clock.now() + CODE_LIFETIME
        self._codes[code] = SlackGrant(user_id, bot, user, query.get("redirect_uri", ""), ends)
        return with_query(redirect, {"code": code, **state})

    def optional(self, query: Mapping[str, str]) -> frozenset[str]:
        """Of what a link asks for, the scopes that can be unticked (docs.slack.dev/changelog, "Optional scopes").

        One that is asked for as a bot's and as a user's is optional only as both.
        """
        app, bot, user = self._slack.app, _scopes(query.get("scope", "")), _scopes(query.get("user_scope", ""))
        return (bot | user) - (bot - app.bot_optional) - (user - app.user_optional)

    def page(self, query: dict[str, str], person: str) -> web.Response:
        """The consent page, where `person` is chosen beforehand; another one for a link that is no good."""
        wrong = self.problem(query)
        if wrong:
            return consent.blocked(wrong)
        teams = {team_id: team.name for team_id, team in self._slack.workspaces.items()}
        members = [one for one in self._slack.members.values() if not one.is_bot and not one.deleted]
        people = {member.user_id: f"{member.real_name}, {teams[member.team_id]}" for member in members}
        return consent.page(_BRAND, people, _asked(query), query, person, optional=self.optional(query))

    def access(self, arguments: Mapping[str, Any], basic: tuple[str, str] | None, now: datetime) -> dict[str, Any]:
        """oauth.v2.access: a code, or a refresh token, for tokens. The client's secret is in `basic` or `arguments`."""
        text = {name: str(value or "") for name, value in arguments.items()}
        client, secret = basic or (text.get("client_id", ""), text.get("client_secret", ""))
        if client != self._slack.app.client_id:
            raise RefusalError("invalid_client_id")
        if not secrets.compare_digest(secret.encode(), self._slack.app.client_secret.encode()):
            raise RefusalError("bad_client_secret")
        kind = text.get("grant_type") or "authorization_code"
        if kind == "refresh_token":
            return self._refreshed(self._slack.tokens.refresh(text.get("refresh_token", ""), now))
        if kind != "authorization_code":
            raise RefusalError("invalid_grant_type")
        grant = self._codes.get(text.get("code", ""))
        if grant is None or now >= grant.expires_at:
            raise RefusalError("invalid_code")
        if grant.used:
            raise RefusalError("code_already_used")
        if grant.redirect_uri != text.get("redirect_uri", ""):
            raise RefusalError("bad_redirect_uri")
        grant.used = True
        return self._granted(grant, now if self._slack.app.token_rotation else None)

    def _redirect(self, query: Mapping[str, str]) -> str:
        return query.get("redirect_uri", "") or next(iter(self._slack.app.redirect_urls), "")

    def _granted(self, grant: SlackGrant, rotate_at: datetime | None) -> dict[str, Any]:
        member, tokens = self._slack.member(grant.user_id), self._slack.tokens
        body = self._body(member.team_id) | {"authed_user": {"id": member.user_id}}
        if grant.bot_scopes:
            bot = self._slack.bot_of(member.team_id)
            token = tokens.issue("bot", member.team_id, bot.user_id, grant.bot_scopes, rotate_at=rotate_at)
            body |= {**_described(token), "bot_user_id": bot.user_id}
        if grant.user_scopes:
            token = tokens.issue("user", member.team_id, member.user_id, grant.user_scopes, rotate_at=rotate_at)
            body["authed_user"] |= _described(token)
        return body

    def _refreshed(self, token: SlackToken) -> dict[str, Any]:
        whose = {"bot_user_id" if token.kind == "bot" else "user_id": token.user_id}
        return self._body(token.team_id) | _described(token) | whose

    def _body(self, team_id: str) -> dict[str, Any]:
        team = {"id": team_id, "name": self._slack.workspaces[team_id].name}
        app_id = self._slack.app.app_id
        return {"ok": True, "app_id": app_id, "team": team, "enterprise": None, "is_enterprise_install": False}


def _described(token: SlackToken) -> dict[str, Any]:
    described = {"scope": ",".join(sorted(token.scopes)), "access_token": token.value, "token_type": token.kind}
    rotated = {"refresh_token": token.refresh, "expires_in": ROTATION_SECONDS} if token.refresh else {}
    return described | rotated


def _asked(query: Mapping[str, str]) -> frozenset[str]:
    return _scopes(query.get("scope", "")) | _scopes(query.get("user_scope", ""))


def _scopes(text: str) -> frozenset[str]:
    return frozenset(text.replace(",", " ").split())
