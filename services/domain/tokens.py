"""Slack's tokens as its OAuth gives them, and when those that expire are to be renewed. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

AHEAD = timedelta(hours=2)
"""A token is renewed this long before it expires, and up to `SPREAD` earlier, so that not all come at once."""

SPREAD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token as Slack gave it; `refresh` and `expires_at` only where the app rotates its tokens."""

    access: str = field(repr=False)
    scopes: frozenset[str] = frozenset()
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def refresh_due_at(self, team_id: str, user_id: str = "") -> datetime | None:
        """When it is to be renewed; None where it does not expire."""
        if self.expires_at is None or self.refresh is None:
            return None
        return refresh_due(self.expires_at, team_id, user_id)


@dataclass(frozen=True, slots=True)
class OAuthAnswer:
    """What oauth.v2.access gave: the bot's tokens, the user's tokens, or both."""

    team_id: str
    enterprise_id: str
    org_wide: bool
    name: str
    app_id: str
    user_id: str
    bot_user_id: str = ""
    bot_id: str = ""
    bot: Tokens | None = None
    user: Tokens | None = None

    @property
    def home(self) -> str:
        """The id that the workspace is kept under: the team's, the org's for an org-wide install."""
        return self.enterprise_id if self.org_wide or not self.team_id else self.team_id


@dataclass(frozen=True, slots=True)
class Renewed:
    """A fresh pair; `seconds` is how long the access token lives."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int


def refresh_due(expires_at: datetime, team_id: str, user_id: str) -> datetime:
    """When a token that expires at `expires_at` is to be renewed; spread by its owner, the same each time."""
    spread = int.from_bytes(hashlib.sha256(f"{team_id}/{user_id}".encode()).digest()[:4], "big") / 2**32
    return expires_at - AHEAD - SPREAD * spread
