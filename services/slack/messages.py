"""Posting direct messages with the workspace's bot token."""

from __future__ import annotations

from typing import Any

from services.slack.client import SlackClients

POST = "chat.postMessage"


class SlackMessages:
    """Posts direct messages."""

    def __init__(self, clients: SlackClients) -> None:
        """`clients` carry the calls."""
        self._clients = clients

    async def post(self, token: str, user_id: str, message: dict[str, Any]) -> None:
        """Send `message` to `user_id` in the app's own conversation with them. Raises SlackError.

        chat.postMessage takes a user id as `channel` and opens the conversation itself.
        """
        await self._clients.call(token, POST, json={"channel": user_id, **message})
