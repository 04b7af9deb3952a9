"""Rate limits as documented (docs.slack.dev/apis/web-api/rate-limits): per method and workspace, and per profile."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime

_WINDOW = 60.0
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
"""Requests a minute; Slack promises "at least"."""
METHOD_TIERS = {
    "apps.uninstall": 1,
    "auth.revoke": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "chat.update": 3,
    "conversations.open": 3,
    "dnd.endDnd": 2,
    "dnd.endSnooze": 2,
    "dnd.info": 3,
    "dnd.setSnooze": 2,
    "dnd.teamInfo": 2,
    "emoji.list": 2,
    "files.info": 4,
    "team.info": 3,
    "users.getPresence": 3,
    "users.info": 4,
    "users.list": 2,
    "users.profile.get": 4,
    "users.profile.set": 3,
    "users.setPresence": 2,
    "views.open": 4,
    "views.publish": 4,
    "views.push": 4,
    "views.update": 4,
}
_SPECIAL = {"auth.test": 600, "chat.postMessage": 60}
_PER_PERSON = 10


class Limits:
    """Sliding windows of a minute, on the injected clock. `enabled=False` lets everything through."""

    def __init__(self) -> None:
        self.enabled = True
        self._seen: dict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def check(self, method: str, team_id: str, now: datetime) -> float:
        """0 and one use less where the method may be called in this workspace; else seconds until it may."""
        most = _SPECIAL.get(method) or TIERS.get(METHOD_TIERS.get(method, 0), 0)
        return self._take((method, team_id), most, now) if most else 0.0

    def check_profile(self, token: str, user_id: str, now: datetime) -> float:
        """The same for the profile limits: one token sets one person's profile 10 times a minute."""
        return self._take(("profile", token, user_id), _PER_PERSON, now)

    def reset(self) -> None:
        """Forget what was used."""
        self._seen.clear()

    def _take(self, key: tuple[str, ...], most: int, now: datetime) -> float:
        if not self.enabled:
            return 0.0
        instant = now.timestamp()
        seen = self._seen[key]
        while seen and seen[0] <= instant - _WINDOW:
            seen.popleft()
        if len(seen) >= most:
            return seen[0] + _WINDOW - instant
        seen.append(instant)
        return 0.0
