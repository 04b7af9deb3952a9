"""What the page shows, as JSON: members, messages, views, calendars, the clock, the calls."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from demo.books import Book
from demo.clock import DemoClock
from demo.log import ToldPush
from demo.people import NAMES, PERSONAS
from emulators.slack import LocalSlack
from emulators.slack.presence import AWAY
from emulators.slack.state import SlackMessage, ViewState

_ABOUT = {persona.user_id: persona.about for persona in PERSONAS}
_MESSAGES = 60
_FACE = "image_192"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif"})


def members(slack: LocalSlack) -> list[dict[str, Any]]:
    """The people, as a member list shows them; `muted_until` is 0 where no end is known."""
    return [
        {
            "id": member.user_id,
            "name": member.real_name,
            "handle": member.name,
            "title": member.title,
            "about": _ABOUT.get(member.user_id, ""),
            "connected": member.user_id in _ABOUT,
            "face": _here(slack, slack.photos.fields(member)[_FACE]),
            "muted": slack.dnd.muted(member.user_id),
            "muted_until": member.snooze.end if member.snooze else 0,
            "away": slack.presence.of(member.user_id) == AWAY,
            "text": member.text,
            "emoji": member.emoji,
            "expiration": member.expiration,
            "zone": member.tz,
        }
        for member in slack.members.values()
        if not member.is_bot
    ]


def channels(slack: LocalSlack) -> list[dict[str, str]]:
    """The channels, for menus of them."""
    return [
        {"id": channel.channel_id, "name": channel.name} for channel in slack.channels.values() if not channel.person
    ]


def own_emoji(slack: LocalSlack) -> dict[str, str]:
    """The workspaces' own emoji: addresses as the page asks for them, or `alias:name`."""
    return {name: _here(slack, at) for team in slack.workspaces.values() for name, at in team.emoji.items()}


def _here(slack: LocalSlack, address: str) -> str:
    """An address of the local Slack as the page knows it, by whatever name the page itself was asked for."""
    return address.removeprefix(slack.url.removesuffix("slack"))


def messages(slack: LocalSlack, user_id: str) -> list[dict[str, Any]]:
    """What a person sees: the channel, what is for their eyes only, and what the app told them directly."""
    own = slack.direct_channel(user_id).channel_id
    seen = [
        message
        for message in slack.messages
        if (message.only_for == user_id or not message.only_for)
        and (message.channel_id == own or not slack.channels[message.channel_id].person)
    ]
    return [_message(slack, message, own) for message in seen[-_MESSAGES:]]


def _message(slack: LocalSlack, message: SlackMessage, own: str) -> dict[str, Any]:
    sender = slack.members.get(message.user_id)
    return {
        "ts": message.ts,
        "at": message.at.timestamp(),
        "sender": sender.real_name if sender else "Slackbot",
        "sender_id": message.user_id,
        "bot": message.bot,
        "only_you": bool(message.only_for),
        "direct": message.channel_id == own,
        "thread": message.thread_ts,
        "text": message.text,
        "blocks": message.blocks,
        "file": _file(slack, message),
    }


def _file(slack: LocalSlack, message: SlackMessage) -> dict[str, str] | None:
    """The file that was sent with a message, whose text is its name."""
    place = (message.channel_id, message.user_id, message.text)
    sent = [file for file in slack.files.values() if (file.channel_id, file.user_id, file.name) == place]
    if not sent:
        return None
    size = f"{max(len(sent[-1].content), 100) / 1000:.1f} KB"
    picture = f"files/{sent[-1].file_id}" if sent[-1].mimetype in PICTURES else ""
    return {"name": message.text, "size": size, "picture": picture}


def view(state: ViewState | None) -> dict[str, Any] | None:
    """A Home tab or modal; None where there is none."""
    if state is None:
        return None
    return {"id": state.view_id, "hash": state.hash, **state.view}


def book(name: str, book: Book, now: datetime, last: ToldPush | None) -> dict[str, Any]:
    """A person's day in one of their books, in their zone; `last` is what the app was told of it last."""
    local = now.astimezone(book.zone)
    midnight = datetime.combine(local.date(), time(), book.zone)
    calendars = book.calendars()
    return {
        "id": name,
        "name": NAMES[name],
        "account": book.account,
        "watched": any(watched for _, watched in calendars),
        "calendars": [{"name": name, "watched": watched} for name, watched in calendars],
        "told": {"at": last.at.timestamp(), "ok": last.ok, "status": last.status} if last else None,
        "zone": book.zone.key,
        "day": local.date().isoformat(),
        "midnight": midnight.timestamp(),
        "hours": ((midnight + timedelta(days=1)).astimezone(UTC) - midnight.astimezone(UTC)).total_seconds() / 3600,
        "entries": [
            one.as_json() | {"from": start.timestamp(), "to": end.timestamp()}
            for one in book.on(local.date())
            for start, end in [one.instants(book.zone)]
        ],
    }


def clock(clock: DemoClock) -> dict[str, Any]:
    """The clock bar."""
    return {
        "now": clock.now().timestamp(),
        "speed": clock.speed,
        "paused": clock.paused,
        "jumping": clock.jumping,
    }
