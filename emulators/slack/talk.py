"""Channels with members, what is said in them, and what the app is told of it and says itself.

docs.slack.dev/reference/events/message.channels and message.groups: an app hears of the channels that its bot is a
member of, with `channels:history` and `groups:history`; an edit comes as `message_changed`, hidden, and so does a
deletion. docs.slack.dev/reference/methods/chat.postEphemeral: seen by somebody who is active and a member, in a thread
only "if there is already an active thread", by the ts of its parent; gone after a reload, so Slack keeps none.
docs.slack.dev/apis/slack-connect: people of other workspaces in shared channels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from emulators.slack.kit import problems_of_blocks
from emulators.slack.people import as_message
from emulators.slack.state import Channel, RefusalError, SlackMember, SlackMessage, with_block_ids
from emulators.slack.text import typed

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

_TOKEN = re.compile(r"(<[@#!][^<>\s]+>)")


class ChannelTalk:
    """What happens in channels. `unseen` are the ephemeral messages that Slack took and showed to nobody."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self.unseen: list[SlackMessage] = []

    # ── channels ────────────────────────────────────────────────────────────────────────────────────

    def create(
        self, name: str, team_id: str, members: Iterable[str] = (), *, private: bool = False, shared: bool = False
    ) -> Channel:
        """A new channel; `shared` with other workspaces, whose people may be members too."""
        channel_id = f"C0{self._slack.number():08d}"
        channel = Channel(channel_id, team_id, name, private=private, shared=shared, members=set(members))
        self._slack.channels[channel_id] = channel
        return channel

    def invite_app(self, channel_id: str) -> None:
        """The app is invited into a channel."""
        self.join(channel_id, self._slack.bot_of(self._slack.channels[channel_id].team_id).user_id)

    def join(self, channel_id: str, user_id: str) -> None:
        """Somebody, or a bot, comes into a channel."""
        channel, member = self._slack.channels[channel_id], self._slack.member(user_id)
        if user_id in channel.members:
            return
        channel.members.add(user_id)
        event = {"type": "member_joined_channel", "user": user_id, "channel": channel_id, "team": member.team_id}
        self._tell(channel, event | {"channel_type": "G" if channel.private else "C"})

    def leave(self, channel_id: str, user_id: str) -> None:
        """Somebody, or a bot, leaves a channel."""
        self._slack.channels[channel_id].members.discard(user_id)

    # ── what is said ────────────────────────────────────────────────────────────────────────────────

    def say(
        self, user_id: str, channel_id: str, text: str, *, thread_ts: str = "", broadcast: bool = False
    ) -> SlackMessage:
        """A person says something in a channel: `@ann` and `<@U…>` mention people.

        `thread_ts` is the parent's; `broadcast`: the reply is sent to the channel too (`thread_broadcast`).
        """
        channel, member = self._slack.channels[channel_id], self._slack.member(user_id)
        message = self._slack.post(channel_id, user_id, self._written(text, channel), bot=False, thread_ts=thread_ts)
        subtype = {"subtype": "thread_broadcast"} if broadcast and thread_ts else {}
        self._tell(channel, self._event(channel, message, member) | subtype, member)
        return message

    def says_as_bot(self, channel_id: str, text: str, *, subtype: bool = False) -> SlackMessage:
        """Another app says something: with `bot_id`, and as `bot_message` where it is an older one (`subtype`)."""
        channel = self._slack.channels[channel_id]
        message = self._slack.post(channel_id, "" if subtype else "U0OTHERBOT", self._written(text, channel))
        event = {
            "type": "message", "channel": channel_id, "text": message.text, "ts": message.ts, "bot_id": "B0OTHERBOT",
            "app_id": "A0OTHERAPP", "team": channel.team_id,
        }  # fmt: skip
        kind = {"subtype": "bot_message", "username": "reminders"} if subtype else {"user": "U0OTHERBOT"}
        self._tell(channel, event | kind)
        return message

    def edit(self, message: SlackMessage, text: str) -> None:
        """Somebody edits what they said: `message_changed`, hidden."""
        channel, member = self._slack.channels[message.channel_id], self._slack.member(message.user_id)
        before = as_message(self._slack, message)
        message.text = self._written(text, channel)
        edited = {"user": member.user_id, "ts": self._slack.timestamp()}
        self._slack.hub.publish("message_changed", message=message)
        self._hidden(
            channel, member, subtype="message_changed", previous_message=before,
            message=as_message(self._slack, message) | {"edited": edited},
        )  # fmt: skip

    def delete(self, message: SlackMessage) -> None:
        """Somebody deletes what they said: `message_deleted`, hidden."""
        channel, member = self._slack.channels[message.channel_id], self._slack.member(message.user_id)
        self._slack.messages.remove(message)
        self._slack.hub.publish("message_gone", message=message)
        before = as_message(self._slack, message)
        self._hidden(channel, member, subtype="message_deleted", deleted_ts=message.ts, previous_message=before)

    def thread(self, ts: str) -> list[SlackMessage]:
        """The replies in a thread that everybody sees, oldest first; none where it is not active."""
        return [one for one in self._slack.messages if one.thread_ts == ts and not one.only_for]

    # ── what the app says ───────────────────────────────────────────────────────────────────────────

    def place(self, name: str, bot: SlackMember) -> Channel:
        """Where the app may write: a channel, or a person by their id. Raises RefusalError."""
        if name in self._slack.members:
            return self._slack.direct_channel(name)
        channel = self._slack.channels.get(name)
        if channel is not None and channel.person:
            return channel
        inside = channel is not None and bot.user_id in channel.members
        if channel is None or (not inside and (channel.private or channel.team_id != bot.team_id)):
            raise RefusalError("channel_not_found")
        if channel.archived:
            raise RefusalError("is_archived")
        if not inside:
            raise RefusalError("not_in_channel")
        return channel

    def app_said(self, message: SlackMessage, bot: SlackMember) -> None:
        """The app hears of its own messages in channels, too."""
        channel = self._slack.channels[message.channel_id]
        if not channel.person:
            self._tell(channel, self._event(channel, message, bot) | {"bot_id": bot.bot_id, "app_id": self._app_id})

    def show_to(
        self, member: SlackMember, channel: Channel, text: str, blocks: list[dict[str, Any]] | None, *,
        sender: SlackMember, thread_ts: str = "",
    ) -> SlackMessage:  # fmt: skip
        """An ephemeral message is shown, or, where Slack would not show it, is in `unseen` alone."""
        if member.connections and (not thread_ts or self.thread(thread_ts)):
            return self._slack.post(
                channel.channel_id, sender.user_id, text, blocks, only_for=member.user_id, thread_ts=thread_ts
            )
        lost = SlackMessage(
            self._slack.timestamp(), channel.channel_id, sender.user_id, text, with_block_ids(blocks or []),
            self._slack.clock.now(), only_for=member.user_id, bot=True, thread_ts=thread_ts,
        )  # fmt: skip
        self.unseen.append(lost)
        return lost

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def _app_id(self) -> str:
        return self._slack.app.app_id

    def _written(self, text: str, channel: Channel) -> str:
        """The text as Slack keeps it; what is a mention in its own words stays."""
        everybody = self._slack.members.values()
        known = [one for one in everybody if one.team_id == channel.team_id or one.user_id in channel.members]
        people = {one.name.lower(): one.user_id for one in known}
        names = {one.name: one.channel_id for one in self._slack.channels.values() if one.team_id == channel.team_id}
        parts = _TOKEN.split(text)
        return "".join(part if number % 2 else typed(part, people, names) for number, part in enumerate(parts))

    def _event(self, channel: Channel, message: SlackMessage, member: SlackMember) -> dict[str, Any]:
        event = {
            "type": "message", "channel": channel.channel_id, "user": member.user_id, "text": message.text,
            "ts": message.ts, "team": member.team_id,
        }  # fmt: skip
        if message.thread_ts:
            parent = next((one.user_id for one in self._slack.messages if one.ts == message.thread_ts), "")
            event |= {"thread_ts": message.thread_ts, "parent_user_id": parent}
        if member.team_id != channel.team_id:
            event |= {"user_team": member.team_id, "source_team": member.team_id}
        return event

    def _hidden(self, channel: Channel, member: SlackMember, **facts: Any) -> None:
        event = {"type": "message", "channel": channel.channel_id, "hidden": True, "ts": self._slack.timestamp()}
        self._tell(channel, event | facts, member)

    def _tell(self, channel: Channel, event: dict[str, Any], author: SlackMember | None = None) -> None:
        """The app, where its bot is a member."""
        bot = self._slack.bot_of(channel.team_id)
        if bot.user_id not in channel.members:
            return
        message = event["type"] == "message"
        kind = {"channel_type": "group" if channel.private else "channel"} if message else {}
        name = ("message.groups" if channel.private else "message.channels") if message else ""
        foreign = author.team_id if author is not None and author.team_id != channel.team_id else ""
        self._slack.deliveries.event(
            channel.team_id, event | kind, subscription=name, shared=channel.shared, foreign=foreign
        )


# ── the methods ─────────────────────────────────────────────────────────────────────────────────────


def post_message(request: ApiRequest) -> Answer:
    """chat.postMessage: into a channel or a thread of it, or to a person by their id."""
    channel = request.slack.talk.place(request.text("channel"), request.owner)
    text, blocks = _said(request)
    thread = request.text("thread_ts")
    message = request.slack.post(channel.channel_id, request.token.user_id, text, blocks, thread_ts=thread)
    request.slack.talk.app_said(message, request.owner)
    body = as_message(request.slack, message)
    return {"ok": True, "channel": channel.channel_id, "ts": message.ts, "message": body}


def post_ephemeral(request: ApiRequest) -> Answer:
    """chat.postEphemeral: to one member of a channel."""
    slack, user_id = request.slack, request.text("user")
    channel = slack.talk.place(request.text("channel"), request.owner)
    text, blocks = _said(request)
    if user_id not in slack.members or user_id not in (channel.members or {channel.person}):
        raise RefusalError("user_not_in_channel")
    message = slack.talk.show_to(
        slack.members[user_id], channel, text, blocks, sender=request.owner, thread_ts=request.text("thread_ts")
    )
    return {"ok": True, "message_ts": message.ts}


def _said(request: ApiRequest) -> tuple[str, list[dict[str, Any]] | None]:
    """Text and blocks. Raises RefusalError."""
    text, blocks = request.text("text"), request.parsed("blocks", "invalid_blocks_format")
    if not text and not blocks:
        raise RefusalError("no_text")
    wrong = problems_of_blocks(blocks or [], "message")
    if wrong:
        raise RefusalError("invalid_blocks", errors=wrong, response_metadata={"messages": wrong})
    return text, blocks
