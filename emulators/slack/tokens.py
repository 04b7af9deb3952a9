"""Tokens: issued, rotated, revoked (docs.slack.dev/authentication/tokens, …/using-token-rotation)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from emulators.slack.errors import RefusalError
from emulators.slack.state import Token

ROTATION_SECONDS = 43_200
"""Lifetime of a rotated token."""
_ACTIVE_TOKENS = 2


class TokenBook:
    """All tokens by value. Scopes are additive over installs."""

    def __init__(self) -> None:
        self.by_value: dict[str, Token] = {}

    def bot(self, team_id: str) -> Token | None:
        """The workspace's (or org's) newest live bot token."""
        return self._newest("bot", team_id, None)

    def user(self, user_id: str) -> Token | None:
        """The person's newest live user token."""
        return self._newest("user", None, user_id)

    def issue(
        self,
        kind: str,
        team_id: str,
        user_id: str,
        scopes: Iterable[str],
        *,
        enterprise_id: str | None = None,
        org_wide: bool = False,
        rotate_at: datetime | None = None,
    ) -> Token:
        """The token of a grant: the live one with more scopes, or a new one; `rotate_at` (now) makes it expire."""
        old = self.bot(team_id) if kind == "bot" else self.user(user_id)
        granted = set(scopes) | (old.scopes if old else set())
        if old is not None and rotate_at is None and not old.refresh:
            old.scopes = granted
            return old
        prefix = "xoxb" if kind == "bot" else "xoxp"
        token = Token(
            value=f"{prefix}-{secrets.token_hex(16)}",
            kind=kind,
            team_id=team_id,
            user_id=user_id,
            scopes=granted,
            enterprise_id=enterprise_id,
            org_wide=org_wide,
        )
        if rotate_at is not None:
            token.value = f"xoxe.{prefix}-1-{secrets.token_hex(24)}"
            token.refresh = f"xoxe-1-{secrets.token_hex(24)}"
            token.expires_at = int(rotate_at.timestamp()) + ROTATION_SECONDS
        self.by_value[token.value] = token
        return token

    def refresh(self, refresh_token: str, now: datetime) -> Token:
        """A new token for a refresh token, which is used up by it; of the live tokens the two newest stay.

        Raises RefusalError `invalid_refresh_token`.
        """
        old = next((t for t in self.by_value.values() if t.refresh == refresh_token and not t.revoked), None)
        if old is None or not refresh_token:
            raise RefusalError("invalid_refresh_token")
        old.refresh = ""
        prefix = "xoxb" if old.kind == "bot" else "xoxp"
        new = Token(
            value=f"xoxe.{prefix}-1-{secrets.token_hex(24)}",
            kind=old.kind,
            team_id=old.team_id,
            user_id=old.user_id,
            scopes=set(old.scopes),
            enterprise_id=old.enterprise_id,
            org_wide=old.org_wide,
            refresh=f"xoxe-1-{secrets.token_hex(24)}",
            expires_at=int(now.timestamp()) + ROTATION_SECONDS,
        )
        self.by_value[new.value] = new
        live = [t for t in self._of(new.kind, new.team_id, new.user_id) if not t.revoked]
        for token in live[:-_ACTIVE_TOKENS]:
            token.revoked = True
        return new

    def check(self, value: str, now: datetime) -> Token:
        """The live token of that value.

        Raises RefusalError `not_authed`, `invalid_auth`, `token_revoked`, `token_expired`.
        """
        if not value:
            raise RefusalError("not_authed")
        token = self.by_value.get(value)
        if token is None:
            raise RefusalError("invalid_auth")
        if token.revoked:
            raise RefusalError("token_revoked")
        if token.expires_at is not None and now.timestamp() >= token.expires_at:
            raise RefusalError("token_expired")
        return token

    def of_team(self, team_id: str) -> list[Token]:
        """The live tokens of a workspace or org."""
        return [t for t in self.by_value.values() if not t.revoked and team_id in (t.team_id, t.enterprise_id)]

    def _of(self, kind: str, team_id: str | None, user_id: str | None) -> list[Token]:
        return [
            t
            for t in self.by_value.values()
            if t.kind == kind
            and (team_id is None or t.team_id == team_id)
            and (user_id is None or t.user_id == user_id)
        ]

    def _newest(self, kind: str, team_id: str | None, user_id: str | None) -> Token | None:
        live = [t for t in self._of(kind, team_id, user_id) if not t.revoked]
        return live[-1] if live else None
