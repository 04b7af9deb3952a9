"""Direct messages, what one member of a channel sees alone, and views, with the workspace's bot token."""

from __future__ import annotations

from typing import Any

from services.slack.client import SlackClients

POST = "chat.postMessage"
POST_EPHEMERAL = "chat.postEphemeral"
PUBLISH = "views.publish"
OPEN = "views.open"


class SlackMessages:
    """Posts messages, to one person each or into a channel."""

    def __init__(self, clients: SlackClients) -> None:
        self._clients = clients

    async def post(self, token: str, user_id: str, message: dict[str, Any]) -> None:
        """Send `message` to `user_id` in the app's own conversation with them. Raises SlackError.

        chat.postMessage takes a user id as `channel` and opens the conversation itself.
        """
        await self._clients.call(token, POST, json={"channel": user_id, **message})

    async def post_in_channel(self, token: str, channel_id: str, message: dict[str, Any]) -> str:
        """Post `message` where everybody in the channel sees it; gives its `ts`. No address in it is unfurled.

        Raises SlackError: ChannelRefusedError where the channel does not take it.
        """
        plain = {"channel": channel_id, "unfurl_links": False, "unfurl_media": False}
        answer = await self._clients.call(token, POST, json={**plain, **message})
        return str(answer.get("ts") or "")

    async def post_ephemeral(
        self, token: str, channel_id: str, user_id: str, message: dict[str, Any], *, thread: str = ""
    ) -> None:
        """Show `message` to that member of a channel alone, in the thread that began with the message `thread`.

        Slack shows it to whoever is active, until they reload (docs.slack.dev, chat.postEphemeral). Raises SlackError.
        """
        place = {"channel": channel_id, "user": user_id} | ({"thread_ts": thread} if thread else {})
        await self._clients.call(token, POST_EPHEMERAL, json={**place, **message})


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


def with_button(text: str, label: str, url: str = "", action: str = "open_link") -> dict[str, Any]:
    """Return a message of one sentence with a button: a link to `url`, or a click that does `action`.

    Without a `label` there is none. Nothing in `text` is markup.
    """
    blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "plain_text", "text": text[:3000]}}]
    button: dict[str, Any] = {"type": "button", "text": {"type": "plain_text", "text": label[:75]}, "action_id": action}
    if url:
        button["url"] = url
    if label:
        blocks.append({"type": "actions", "elements": [button]})
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
