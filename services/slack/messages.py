"""What the bot says to a person by itself: that something needs them, with a button that leads there.

A PURE builder, and posting with the workspace's bot token.
"""

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


def notice(text: str, label: str, url: str) -> dict[str, Any]:
    """A message of one sentence with a link button; `url` "" leaves the button out. Nothing in `text` is markup."""
    blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "plain_text", "text": text[:3000]}}]
    if url:
        button = {"type": "button", "text": {"type": "plain_text", "text": label[:75]}, "url": url,
                  "action_id": "open_link"}  # fmt: skip
        blocks.append({"type": "actions", "elements": [button]})
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
