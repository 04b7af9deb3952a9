"""Slack's tokens: given, renewed, revoked, and whose they are (oauth.v2.access, auth.test, auth.revoke, users.info).

The shape of oauth.v2.access's answer: docs.slack.dev, "Installing with OAuth" and "Token rotation".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.domain.errors import SlackRefusedError, SlackShutError, SlackUnavailableError
from services.domain.members import Role
from services.domain.operator_errors import WrongRedirectError
from services.domain.people import Member, OAuthAnswer, Renewed, Tokens
from services.slack import scopes
from services.slack.client import SlackClients
from services.slack.members import INFO, SlackMembers, mapping, parse_colleague, parse_member, role_of, slack_id, text

ACCESS = "oauth.v2.access"
TEST = "auth.test"
REVOKE = "auth.revoke"


class SlackAuthority:
    """Exchanges codes, renews and revokes tokens, knows members."""

    def __init__(self, clients: SlackClients, client_id: str, client_secret: str) -> None:
        """`client_id` and `client_secret` are our app's."""
        self._clients = clients
        self._app = {"client_id": client_id, "client_secret": client_secret}

    async def exchange(self, code: str, redirect_uri: str, now: datetime) -> OAuthAnswer:
        """Return the tokens for `code`, whose life is counted from `now`. Raises SlackError, WrongRedirectError."""
        params = {"code": code, "redirect_uri": redirect_uri}
        try:
            answer = await self._clients.call(None, ACCESS, params=params, auth=self._app)
        except SlackRefusedError as error:
            if error.reason == "bad_redirect_uri":
                raise WrongRedirectError(error.reason) from None
            raise
        return parse_answer(answer, now)

    async def takes_app(self) -> bool:
        """Return whether Slack takes our id and secret, by a code that is none.

        Raises SlackError where it does not say.
        """
        try:
            await self._clients.call(None, ACCESS, params={"code": "none"}, auth=self._app)
        except SlackShutError:
            return False
        except SlackRefusedError as error:
            if error.reason != "invalid_code":
                raise
        return True

    async def renew(self, refresh_token: str) -> Renewed:
        """Return the new pair for a token that rotates (docs.slack.dev, "Using token rotation").

        An access token lives 12 hours; a refresh token is good for one use, the old one for a short grace after it.
        Raises SlackError; GrantLostError where Slack does not know the refresh token any more.
        """
        data = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = await self._clients.call(None, ACCESS, data=data, auth=self._app)
        access, refresh, seconds = answer.get("access_token"), answer.get("refresh_token"), answer.get("expires_in")
        if not isinstance(access, str) or not isinstance(refresh, str) or not isinstance(seconds, int):
            raise SlackUnavailableError("no_tokens", method=ACCESS)
        return Renewed(access, refresh, seconds)

    async def member(self, token: str, user_id: str) -> Member:
        """Return the zone, language, address and name of a person. Raises SlackError."""
        params = {"user": user_id, "include_locale": "true"}
        return parse_member((await self._clients.call(token, INFO, http_verb="GET", params=params)).get("user"))

    async def colleague(self, token: str, user_id: str, homes: Collection[str]) -> Member | None:
        """Return the member, where they are a person of one of `homes` (workspaces, or an org). Raises SlackError."""
        params = {"user": user_id, "include_locale": "true"}
        return parse_colleague(
            (await self._clients.call(token, INFO, http_verb="GET", params=params)).get("user"), homes
        )

    async def account(self, token: str, user_id: str) -> Member | None:
        """Return somebody, also what their profile shows, as a bot's `token` may see them; None for the deactivated.

        Raises SlackError.
        """
        user = await SlackMembers(self._clients).whole(token, user_id, locale=False)
        return None if user.get("deleted") is True else parse_member(user)

    async def is_admin(self, token: str, user_id: str) -> bool:
        """Return whether that member may manage the workspace: an admin or an owner of it. Raises SlackError."""
        user = (await self._clients.call(token, INFO, http_verb="GET", params={"user": user_id})).get("user")
        return role_of(mapping(user)) >= Role.ADMIN

    async def owner(self, token: str) -> str:
        """Return the user id that `token` belongs to. Raises SlackError."""
        answer = await self._clients.call(token, TEST)
        return slack_id(answer.get("user_id"))

    async def revoke(self, token: str) -> None:
        """Make `token` worth nothing. Raises SlackError."""
        await self._clients.call(token, REVOKE)

    async def install_of(self, bot_token: str) -> OAuthAnswer:
        """Return the install that a bot token given by the operator belongs to. Raises SlackError."""
        answer, granted = await self._clients.introduce(bot_token)
        found = OAuthAnswer(
            team_id=slack_id(answer.get("team_id")),
            enterprise_id=slack_id(answer.get("enterprise_id")),
            org_wide=answer.get("is_enterprise_install") is True,
            name=text(answer.get("team")),
            app_id=slack_id(answer.get("app_id")),
            user_id=slack_id(answer.get("user_id")),
            bot_user_id=slack_id(answer.get("user_id")),
            bot_id=slack_id(answer.get("bot_id")),
            bot=Tokens(bot_token, scopes.parse(granted)),
        )
        return _required(found)


def parse_answer(answer: Mapping[str, Any], now: datetime) -> OAuthAnswer:
    """Return what oauth.v2.access gave, from its JSON.

    Raises SlackRefusedError where no token or nobody's id is in it.
    """
    user = mapping(answer.get("authed_user"))
    team = mapping(answer.get("team"))
    enterprise = mapping(answer.get("enterprise"))
    found = OAuthAnswer(
        team_id=slack_id(team.get("id")),
        enterprise_id=slack_id(enterprise.get("id")),
        org_wide=answer.get("is_enterprise_install") is True,
        name=text(team.get("name")) or text(enterprise.get("name")),
        app_id=slack_id(answer.get("app_id")),
        user_id=slack_id(user.get("id")),
        bot_user_id=slack_id(answer.get("bot_user_id")),
        bot=_tokens(answer, now),
        user=_tokens(user, now),
    )
    return _required(found)


def _required(answer: OAuthAnswer) -> OAuthAnswer:
    """`answer`, where it holds a token and somebody's id. Raises SlackRefusedError."""
    if answer.bot is None and answer.user is None:
        raise SlackRefusedError("no_token", method=ACCESS)
    if not answer.home or not answer.user_id:
        raise SlackRefusedError("no_ids", method=ACCESS)
    return answer


def _tokens(part: Mapping[str, Any], now: datetime) -> Tokens | None:
    access = text(part.get("access_token"))
    if not access:
        return None
    seconds = part.get("expires_in")
    return Tokens(
        access=access,
        scopes=scopes.parse(part.get("scope")),
        refresh=text(part.get("refresh_token")) or None,
        expires_at=now + timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else None,
    )
