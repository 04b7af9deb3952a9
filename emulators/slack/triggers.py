"""Trigger ids (3 s, single use) and response URLs (30 min, five uses).

docs.slack.dev/interactivity/handling-user-interaction. Both count real time: they are about the network.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from emulators.slack.errors import RefusalError

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 1_800.0
RESPONSE_USES = 5


@dataclass(slots=True)
class _Trigger:
    user_id: str
    made: float
    used: bool = False


@dataclass(slots=True)
class ResponsePlace:
    """Where a response URL leads: a person in a channel, and the message whose button was clicked."""

    user_id: str
    channel_id: str
    message_ts: str
    made: float
    left: int = RESPONSE_USES


class Triggers:
    """What was handed out."""

    def __init__(self) -> None:
        self._triggers: dict[str, _Trigger] = {}
        self._places: dict[str, ResponsePlace] = {}

    def trigger(self, user_id: str) -> str:
        """A new trigger id."""
        trigger_id = f"{secrets.randbelow(10**10)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = _Trigger(user_id, time.monotonic())
        return trigger_id

    def use(self, trigger_id: str) -> str:
        """Whose trigger it is; used up by this. Raises RefusalError with Slack's code."""
        found = self._triggers.get(trigger_id)
        if found is None:
            raise RefusalError("invalid_trigger_id")
        if found.used:
            raise RefusalError("exchanged_trigger_id")
        if time.monotonic() - found.made > TRIGGER_SECONDS:
            raise RefusalError("expired_trigger_id")
        found.used = True
        return found.user_id

    def response(self, user_id: str, channel_id: str, message_ts: str = "") -> str:
        """The secret part of a new response URL."""
        secret = secrets.token_urlsafe(24)
        self._places[secret] = ResponsePlace(user_id, channel_id, message_ts, time.monotonic())
        return secret

    def respond(self, secret: str) -> ResponsePlace:
        """Where to respond; one use less. Raises RefusalError `used_url` or `expired_url`."""
        place = self._places.get(secret)
        if place is None or time.monotonic() - place.made > RESPONSE_SECONDS:
            raise RefusalError("expired_url", status=404)
        if place.left <= 0:
            raise RefusalError("used_url", status=404)
        place.left -= 1
        return place
