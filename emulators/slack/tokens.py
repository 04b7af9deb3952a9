"""Tokens: issued, rotated, revoked; trigger ids and response URLs; rate limits.

docs.slack.dev/authentication/tokens, …/using-token-rotation, …/interactivity/handling-user-interaction,
…/apis/web-api/rate-limits. Triggers and response URLs count real time: they are about the network.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from emulators.slack.state import RefusalError, SlackToken

ROTATION_SECONDS = 43_200
"""Lifetime of a rotated token."""
_ACTIVE_TOKENS = 2
_RESPONSE_SECONDS = 1_800.0
_WINDOW, _A_SECOND = 60.0, 1.0
_PER_PERSON, _PER_TOKEN = 10, 30
_A_MINUTE = {
    "api.test": 0, "auth.revoke": 50, "auth.teams.list": 20, "auth.test": 600, "chat.postEphemeral": 100,
    "chat.postMessage": 60,
    "conversations.info": 50, "conversations.members": 100, "dnd.endDnd": 20, "dnd.endSnooze": 20, "dnd.info": 50,
    "dnd.setSnooze": 20, "dnd.teamInfo": 20, "emoji.list": 20, "files.info": 100, "users.conversations": 50,
    "users.deletePhoto": 20, "users.getPresence": 50, "users.info": 100, "users.list": 20, "users.profile.get": 100,
    "users.profile.set": 50, "users.setPhoto": 20, "users.setPresence": 20, "views.open": 100, "views.publish": 100,
    "views.push": 100, "views.update": 100,
}  # fmt: skip
"""Calls a minute and workspace by the methods' tiers; Slack promises "at least"."""


class TokenBook:
    """All tokens by value. Scopes are additive over installs."""

    def __init__(self) -> None:
        self.by_value: dict[str, SlackToken] = {}

    def bot(self, team_id: str) -> SlackToken | None:
        """The workspace's newest live bot token."""
        return next((t for t in reversed(self.of_team(team_id)) if t.kind == "bot"), None)

    def user(self, user_id: str) -> SlackToken | None:
        """The person's newest live user token."""
        live = [t for t in self.by_value.values() if (t.kind, t.user_id, t.revoked) == ("user", user_id, False)]
        return live[-1] if live else None

    def of_team(self, team_id: str) -> list[SlackToken]:
        """The live tokens of a workspace."""
        return [t for t in self.by_value.values() if not t.revoked and t.team_id == team_id]

    def issue(
        self, kind: str, team_id: str, user_id: str, scopes: Iterable[str], *, rotate_at: datetime | None = None
    ) -> SlackToken:
        """The token of a grant: the live one with more scopes, or a new one; `rotate_at` (now) makes it expire."""
        old = self.bot(team_id) if kind == "bot" else self.user(user_id)
        granted = set(scopes) | (old.scopes if old else set())
        if old is not None and rotate_at is None and not old.refresh:
            old.scopes = granted
            return old
        prefix = "xoxb" if kind == "bot" else "xoxp"
        token = SlackToken(f"{prefix}-{secrets.token_hex(16)}", kind, team_id, user_id, granted)
        if rotate_at is not None:
            token.value = f"xoxe.{prefix}-1-{secrets.token_hex(24)}"
            token.refresh = f"xoxe-1-{secrets.token_hex(24)}"
            token.expires_at = int(rotate_at.timestamp()) + ROTATION_SECONDS
        self.by_value[token.value] = token
        return token

    def refresh(self, refresh_token: str, now: datetime) -> SlackToken:
        """A new token for a refresh token, which is used up by it; of the live tokens the two newest stay.

        Raises RefusalError `invalid_refresh_token`.
        """
        old = next((t for t in self.by_value.values() if t.refresh == refresh_token and not t.revoked), None)
        if old is None or not refresh_token:
            raise RefusalError("invalid_refresh_token")
        old.refresh = ""
        new = self.issue(old.kind, old.team_id, old.user_id, old.scopes, rotate_at=now)
        live = [t for t in self.of_team(new.team_id) if (t.kind, t.user_id) == (new.kind, new.user_id)]
        for token in live[:-_ACTIVE_TOKENS]:
            token.revoked = True
        return new

    def check(self, value: str, now: datetime) -> SlackToken:
        """The live token of that value. Raises RefusalError with Slack's code."""
        token = self.by_value.get(value)
        if token is None:
            raise RefusalError("invalid_auth" if value else "not_authed")
        if token.revoked:
            raise RefusalError("account_inactive" if token.inactive else "token_revoked")
        if token.expires_at is not None and now.timestamp() >= token.expires_at:
            raise RefusalError("token_expired")
        return token


@dataclass(slots=True)
class ResponsePlace:
    """Where a response URL leads: a person in a channel, and the message whose button was clicked."""

    user_id: str
    channel_id: str
    message_ts: str
    left: int = 5
    made: float = field(default_factory=time.monotonic)


class Triggers:
    """Trigger ids (single use) and response URLs (30 min, five uses)."""

    def __init__(self, seconds: float = 3.0) -> None:
        """`seconds` is how long a trigger is good for: as long as an answer is waited for."""
        self._seconds = seconds
        self._triggers: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()
        self._places: dict[str, ResponsePlace] = {}

    def trigger(self, user_id: str) -> str:
        """A new trigger id."""
        trigger_id = f"{secrets.randbelow(10**10)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = (user_id, time.monotonic())
        return trigger_id

    def use(self, trigger_id: str) -> str:
        """Whose trigger it is; used up by this. Raises RefusalError with Slack's code."""
        user_id, made = self._triggers.get(trigger_id, ("", 0.0))
        if not user_id:
            raise RefusalError("invalid_trigger_id")
        if trigger_id in self._used:
            raise RefusalError("exchanged_trigger_id")
        if time.monotonic() - made > self._seconds:
            raise RefusalError("expired_trigger_id")
        self._used.add(trigger_id)
        return user_id

    def response(self, user_id: str, channel_id: str, message_ts: str = "") -> str:
        """The secret part of a new response URL."""
        secret = secrets.token_urlsafe(24)
        self._places[secret] = ResponsePlace(user_id, channel_id, message_ts)
        return secret

    def respond(self, secret: str) -> ResponsePlace:
        """Where to respond; one use less. Raises RefusalError `used_url` or `expired_url`."""
        place = self._places.get(secret)
        if place is None or time.monotonic() - place.made > _RESPONSE_SECONDS:
            raise RefusalError("expired_url", status=404)
        if place.left <= 0:
            raise RefusalError("used_url", status=404)
        place.left -= 1
        return place


class RateLimits:
    """Sliding windows of a minute, on the injected clock: per method and workspace, and per profile."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def check(self, method: str, team_id: str, now: datetime) -> float:
        """0 and one use less where the method may be called in this workspace; else seconds until it may."""
        return self._take((method, team_id), _A_MINUTE[method], now) if _A_MINUTE.get(method) else 0.0

    def check_profile(self, token: str, user_id: str, now: datetime) -> float:
        """The same for "profile update limits": 30 profiles a minute by one token, and one person's 10 times.

        Slack counts the 10 by token; here they are everybody's together. A call counts that is then refused for
        another reason, as nobody says that it does not.
        """
        wait = self._wait(("profiles", token), _PER_TOKEN, now)
        return max(wait, self._wait(("profile", user_id), _PER_PERSON, now)) or self._note(
            now, ("profiles", token), ("profile", user_id)
        )

    def check_post(self, channel_id: str, now: datetime) -> float:
        """The same for what is posted: a message a second in one channel."""
        return self._wait(("post", channel_id), 1, now, window=_A_SECOND) or self._note(now, ("post", channel_id))

    def _take(self, key: tuple[str, ...], most: int, now: datetime) -> float:
        return self._wait(key, most, now) or self._note(now, key)

    def _wait(self, key: tuple[str, ...], most: int, now: datetime, *, window: float = _WINDOW) -> float:
        instant = now.timestamp()
        seen = self._seen[key]
        while seen and seen[0] <= instant - window:
            seen.popleft()
        return seen[0] + window - instant if len(seen) >= most else 0.0

    def _note(self, now: datetime, *keys: tuple[str, ...]) -> float:
        for key in keys:
            self._seen[key].append(now.timestamp())
        return 0.0
