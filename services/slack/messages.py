"""Direct messages and views, with the workspace's bot token."""

from __future__ import annotations

from typing import Any

from services.slack.client import SlackClients

POST = "chat.postMessage"
PUBLISH = "views.publish"
OPEN = "views.open"


class SlackMessages:
    """Posts direct messages."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def post(self, token: str, user_id: str, message: dict[str, Any]) -> None:
        """Send `message` to `user_id` in the app's own conversation with them. Raises SlackError.

        chat.postMessage takes a user id as `channel` and opens the conversation itself.
        """
        await self._clients.call(token, POST, json={"channel": user_id, **message})


class SlackViews:
    """Publishes views with the workspace's bot token."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def publish(self, token: str, user_id: str, view: dict[str, Any]) -> None:
        """Make `view` the Home tab of `user_id`. Raises SlackError."""
        await self._clients.call(token, PUBLISH, json={"user_id": user_id, "view": view})

    async def open_modal(self, token: str, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal for whoever made `trigger_id`, which is good for three seconds. Raises SlackError."""
        await self._clients.call(token, OPEN, json={"trigger_id": trigger_id, "view": view})
