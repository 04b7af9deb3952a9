"""Messages: chat.* and conversations.open."""

from __future__ import annotations

from typing import Any

from emulators.slack.core import with_block_ids
from emulators.slack.errors import RefusalError
from emulators.slack.interactions import as_message
from emulators.slack.kit import problems_of_blocks
from emulators.slack.request import ApiRequest
from emulators.slack.state import Channel, Message


def open_conversation(request: ApiRequest) -> dict[str, Any]:
    """conversations.open with one person."""
    users = [user for user in request.text("users").split(",") if user]
    if len(users) != 1:
        raise RefusalError("users_list_not_supplied" if not users else "not_enough_users")
    channel = request.slack.direct_channel(users[0])
    return {"ok": True, "channel": {"id": channel.channel_id, "is_im": True, "user": users[0]}}


def post_message(request: ApiRequest) -> dict[str, Any]:
    """chat.postMessage into a channel, or to a person by their id."""
    channel = _channel(request)
    text, blocks = _content(request)
    message = request.slack.post(channel.channel_id, request.owner.user_id, text, blocks)
    body = as_message(request.slack, message)
    return {"ok": True, "channel": channel.channel_id, "ts": message.ts, "message": body}


def post_ephemeral(request: ApiRequest) -> dict[str, Any]:
    """chat.postEphemeral to one person in a channel."""
    channel = _channel(request)
    reader = request.slack.member(request.text("user"))
    text, blocks = _content(request)
    message = request.slack.post(channel.channel_id, request.owner.user_id, text, blocks, only_for=reader.user_id)
    return {"ok": True, "message_ts": message.ts}


def update(request: ApiRequest) -> dict[str, Any]:
    """chat.update of a message of one's own."""
    message = _own_message(request)
    message.text, blocks = _content(request)
    message.blocks = with_block_ids(blocks)
    request.slack.hub.publish("message_changed", message=message)
    return {"ok": True, "channel": message.channel_id, "ts": message.ts, "text": message.text}


def delete(request: ApiRequest) -> dict[str, Any]:
    """chat.delete of a message of one's own."""
    message = _own_message(request)
    request.slack.messages.remove(message)
    request.slack.hub.publish("message_gone", message=message)
    return {"ok": True, "channel": message.channel_id, "ts": message.ts}


def _channel(request: ApiRequest) -> Channel:
    name = request.text("channel")
    if name in request.slack.members:
        return request.slack.direct_channel(name)
    if name not in request.slack.channels:
        raise RefusalError("channel_not_found")
    return request.slack.channels[name]


def _content(request: ApiRequest) -> tuple[str, list[dict[str, Any]]]:
    text, blocks = request.text("text"), request.parsed("blocks", "invalid_blocks_format") or []
    if not text and not blocks:
        raise RefusalError("no_text")
    wrong = problems_of_blocks(blocks, "message")
    if wrong:
        raise RefusalError("invalid_blocks", errors=wrong, response_metadata={"messages": wrong})
    return text, blocks


def _own_message(request: ApiRequest) -> Message:
    for message in request.slack.messages:
        if message.ts == request.text("ts") and message.channel_id == request.text("channel"):
            if message.user_id != request.owner.user_id:
                raise RefusalError("cant_update_message")
            return message
    raise RefusalError("message_not_found")
