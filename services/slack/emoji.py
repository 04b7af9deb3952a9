"""The emoji of a workspace, with its bot token (docs.slack.dev, "emoji.list"; scope `emoji:read`, Tier 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.domain import emoji
from services.domain.errors import SlackUnavailableError
from services.platform.concurrency import off_loop
from services.slack.client import SlackClients

LIST = "emoji.list"
LONGEST_LIST = 16 * 1024 * 1024
"""Bytes of a list: 100,000 emoji with their addresses."""


class SlackEmoji:
    """Reads the list."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def read(self, token: str) -> dict[str, str]:
        """Return the workspace's own, and what it has of the standard ones that our table has not: see `emoji.listed`.

        Raises SlackError, ScopeMissingError where the workspace has not allowed it.
        """
        wanted = {"include_categories": "true"}
        answer = await self._clients.call(token, LIST, plain=True, http_verb="GET", params=wanted, most=LONGEST_LIST)
        found = answer.get("emoji")
        if not isinstance(found, dict):
            raise SlackUnavailableError("no_emoji", method=LIST)
        return await off_loop(emoji.listed, found, _standard(answer))


def _standard(answer: Mapping[str, Any]) -> list[object]:
    """Return the standard names in `categories`, of which an answer need not have any."""
    categories = answer.get("categories")
    names: list[object] = []
    for category in categories if isinstance(categories, list) else ():
        listed = category.get("emoji_names") if isinstance(category, dict) else None
        names += listed if isinstance(listed, list) else ()
    return names
