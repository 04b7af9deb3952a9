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
from emulators.slack.notified import notified
from emulators.slack.people import as_message
from emulators.slack.state import Channel, RefusalError, SlackMember, SlackMessage, rate_limited, with_block_ids
from emulators.slack.text import typed

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

_LONGEST = 40_000
_LONGEST_BLOCKS = 13_200
"""Characters of all blocks of a message together; Slack gives no number (between 5,700 and 15,200 it was measured)."""
_TOKEN = re.compile(r"(<[@#!][^<>\s]+>)")


class ChannelTalk:
    """What happens in channels. `unseen` are the ephemeral messages that Slack took and showed to nobody."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self.unseen: list[SlackMessage] = []

    # ── channels ────────────────────────────────────────────────────────────────────────────────────

    def create(
        self, name: str, team_id: str, members: Iterable[str] = (), *, private: bool = False, shared: bool = False,
        creator: str = "",
    ) -> Channel:  # fmt: skip
        """A new channel; `shared` with other workspaces, whose people may be members too."""
        channel_id, at = f"C0{self._slack.number():08d}", int(self._slack.clock.now().timestamp())
        channel = Channel(
            channel_id, team_id, name, private=private, shared=shared, members=set(members), creator=creator, created=at
        )
        self._slack.channels[channel_id] = channel
        return channel

    def archive(self, channel_id: str, user_id: str = "") -> None:
        """Nobody writes there any more; the app is told of it, in a private channel where it is in it."""
        self._change(channel_id, "archive", user_id, archived=True)

    def unarchive(self, channel_id: str, user_id: str = "") -> None:
        """The channel is open again, without the app."""
        self._slack.channels[channel_id].members.discard(self._bot_id(channel_id))
        self._change(channel_id, "unarchive", user_id, archived=False)

    def delete_channel(self, channel_id: str) -> None:
        """There is no such channel any more; what was said there is gone."""
        self._change(channel_id, "deleted", "", archived=True)
        self._slack.messages[:] = [one for one in self._slack.messages if one.channel_id != channel_id]
        del self._slack.channels[channel_id]

    def invite_app(self, channel_id: str) -> None:
        """The app is invited into a channel."""
        self.join(channel_id, self._bot_id(channel_id))

    def join(self, channel_id: str, user_id: str) -> None:
        """Somebody, or a bot, comes into a channel."""
        self._move(channel_id, user_id, "member_joined_channel", inside=True)

    def leave(self, channel_id: str, user_id: str) -> None:
        """Somebody, or a bot, leaves a channel, or is removed from it."""
        self._move(channel_id, user_id, "member_left_channel", inside=False)

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

    def posted(self, channel_id: str) -> list[SlackMessage]:
        """What everybody in a channel sees, oldest first."""
        return [one for one in self._slack.messages if one.channel_id == channel_id and not one.only_for]

    def notified(self, message: SlackMessage) -> frozenset[str]:
        """The ids of those whom a message notifies: see `emulators.slack.notified`."""
        return notified(self._slack, message)

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
        if channel.refuses:
            raise RefusalError(channel.refuses)
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

    def _bot_id(self, channel_id: str) -> str:
        return self._slack.bot_of(self._slack.channels[channel_id].team_id).user_id

    def _move(self, channel_id: str, user_id: str, kind: str, *, inside: bool) -> None:
        """Somebody comes or goes. Of those in it the app is told, and of its own coming and going."""
        channel, member = self._slack.channels[channel_id], self._slack.member(user_id)
        if (user_id in channel.members) is inside:
            return
        event = {
            "type": kind, "user": user_id, "channel": channel_id, "team": member.team_id,
            "channel_type": "G" if channel.private else "C",
        }  # fmt: skip
        if inside:
            channel.members.add(user_id)
        self._tell(channel, event)
        channel.members.discard("" if inside else user_id)

    def _change(self, channel_id: str, what: str, user_id: str, *, archived: bool) -> None:
        """A channel is archived, open again, or deleted: `channel_…`, or `group_…` of a private one."""
        channel = self._slack.channels[channel_id]
        channel.archived = archived
        kind, scope = ("group", "groups:read") if channel.private else ("channel", "channels:read")
        if channel.private and self._bot_id(channel_id) not in channel.members:
            return
        event = {"type": f"{kind}_{what}", "channel": channel_id} | ({"user": user_id} if user_id else {})
        self._slack.deliveries.event(channel.team_id, event, needs=scope)

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
        needs = "" if message else "groups:read" if channel.private else "channels:read"
        self._slack.deliveries.event(
            channel.team_id, event | kind, subscription=name, shared=channel.shared, foreign=foreign, needs=needs
        )


# ── the methods ─────────────────────────────────────────────────────────────────────────────────────


def post_message(request: ApiRequest) -> Answer:
    """chat.postMessage: into a channel or a thread of it, or to a person by their id."""
    channel = request.slack.talk.place(request.text("channel"), request.owner)
    text, blocks = _said(request)
    wait = 0.0 if channel.person else request.slack.limits.check_post(channel.channel_id, request.now)
    if wait:
        raise rate_limited(wait)
    linked = request.flag("link_names") or request.text("parse") == "full"
    message = request.slack.post(
        channel.channel_id, request.token.user_id, text, blocks, thread_ts=request.text("thread_ts"), linked=linked
    )
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
    if len(text) > _LONGEST:
        raise RefusalError("msg_too_long")
    if _length(blocks) > _LONGEST_BLOCKS:
        raise RefusalError("msg_blocks_too_long")
    wrong = problems_of_blocks(blocks or [], "message")
    if wrong:
        raise RefusalError("invalid_blocks", errors=wrong, response_metadata={"messages": wrong})
    return text, blocks


def _length(part: Any) -> int:
    """The characters of all texts in blocks."""
    if isinstance(part, list):
        return sum(map(_length, part))
    if not isinstance(part, dict):
        return 0
    return sum(len(one) if name == "text" and isinstance(one, str) else _length(one) for name, one in part.items())
