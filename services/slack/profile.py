"""A person's status on their Slack profile: read and set with their own token.

users.profile.get and users.profile.set are called without `user`, so that a token can reach no profile but
its owner's (docs.slack.dev, users.profile.set). Slack returns text with `&amp; &lt; &gt;` escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.domain.errors import SlackUnavailableError
from services.domain.model import Status
from services.domain.text import unescape
from services.slack.client import SlackClients

GET = "users.profile.get"
SET = "users.profile.set"
TEST = "auth.test"


def status_of(profile: Mapping[str, Any]) -> Status:
    """Return the status that a profile object (of a response or an event) shows. Expiration 0 means never.

    Raises SlackUnavailableError for one that makes no sense: taken for an empty status, it would be overwritten.
    """
    text, emoji = profile.get("status_text") or "", profile.get("status_emoji") or ""
    if not isinstance(text, str) or not isinstance(emoji, str):
        raise SlackUnavailableError("not a profile")
    try:
        seconds = int(profile.get("status_expiration") or 0)
        expiration = datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise SlackUnavailableError("not a profile") from error
    return Status(text=unescape(text), emoji=emoji, expiration=expiration)


def profile_of(status: Status) -> dict[str, object]:
    """Return what users.profile.set takes. Clearing needs both fields empty; an omitted expiration means never."""
    expiration = 0 if status.expiration is None else int(status.expiration.timestamp())
    return {
        "status_text": status.text,
        "status_emoji": status.emoji,
        "status_expiration": 0 if status.empty else expiration,
    }


class SlackProfiles:
    """Reads and writes profiles."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def owner(self, token: str) -> str:
        """Return the user id that `token` belongs to. Raises SlackError."""
        answer = await self._clients.call(token, TEST, plain=True)
        return str(answer.get("user_id") or "")

    async def name(self, token: str) -> tuple[str, str]:
        """Return the user id that `token` belongs to, and what Slack calls them (`username`). Raises SlackError."""
        answer = await self._clients.call(token, TEST, plain=True)
        return str(answer.get("user_id") or ""), str(answer.get("user") or "")

    async def read(self, token: str) -> Status:
        """Return what the profile of the token's owner shows. Raises SlackError."""
        return returned_status(await self._clients.call(token, GET, plain=True, http_verb="GET"), GET)

    async def whole(self, token: str) -> Mapping[str, Any]:
        """Return all of the profile of the token's owner, as Slack gives it. Raises SlackError."""
        return returned_profile(await self._clients.call(token, GET, plain=True, http_verb="GET"), GET)

    async def write(self, token: str, status: Status) -> Status:
        """Set the status of the token's owner; gives what Slack made of it, which may differ. Raises SlackError."""
        profile = {"profile": profile_of(status)}
        return returned_status(await self._clients.call(token, SET, plain=True, json=profile), SET)


def returned_status(answer: Mapping[str, Any], method: str) -> Status:
    """Return the status in an answer to `method`. Raises SlackUnavailableError."""
    return status_of(returned_profile(answer, method))


def returned_profile(answer: Mapping[str, Any], method: str) -> Mapping[str, Any]:
    """Return the profile in an answer to `method`. Raises SlackUnavailableError."""
    profile = answer.get("profile")
    if not isinstance(profile, dict):
        raise SlackUnavailableError("no_profile", method=method)
    return profile
