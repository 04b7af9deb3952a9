"""What the page shows, as JSON: members, messages, views, calendars, the clock, the calls."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from demo.books import Book
from demo.clock import DemoClock
from demo.people import NAMES, PERSONAS
from demo.pushed import Told
from demo.reasons import Why
from emulators.slack import ApiCall, LocalSlack
from emulators.slack.state import SlackMessage, ViewState
from emulators.slack.text import unescape

_ABOUT = {persona.user_id: persona.about for persona in PERSONAS}
_MESSAGES = 60


def members(slack: LocalSlack) -> list[dict[str, Any]]:
    """The people, as a member list shows them."""
    return [
        {
            "id": member.user_id,
            "name": member.real_name,
            "handle": member.name,
            "title": member.title,
            "about": _ABOUT.get(member.user_id, ""),
            "avatar": f"avatars/{member.user_id}.svg",
            "text": member.text,
            "emoji": member.emoji,
            "expiration": member.expiration,
            "zone": member.tz,
            "locale": member.locale,
        }
        for member in slack.members.values()
        if not member.is_bot
    ]


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
        "text": message.text,
        "blocks": message.blocks,
        "file": _file(slack, message),
    }


def _file(slack: LocalSlack, message: SlackMessage) -> dict[str, str] | None:
    """The file that was sent with a message, whose text is its name."""
    place = (message.channel_id, message.user_id, message.text)
    sizes = [len(file.content) for file in slack.files.values() if (file.channel_id, file.user_id, file.name) == place]
    return {"name": message.text, "size": f"{sizes[-1] / 1000:.1f} KB"} if sizes else None


def view(state: ViewState | None) -> dict[str, Any] | None:
    """A Home tab or modal; None where there is none."""
    if state is None:
        return None
    return {"id": state.view_id, "hash": state.hash, **state.view}


def book(name: str, book: Book, now: datetime, last: Told | None) -> dict[str, Any]:
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


def call(slack: LocalSlack, entry: ApiCall, why: Why | None, viewer: str) -> dict[str, Any]:
    """A line of the log, with un-escaped status. What an event is called is for its owner's eyes alone."""
    profile = entry.arguments.get("profile")
    person = entry.user_id
    if entry.method == "users.profile.set" and isinstance(profile, dict):
        status: dict[str, Any] | None = {
            "text": unescape(str(profile.get("status_text", ""))),
            "emoji": str(profile.get("status_emoji", "")),
            "expiration": int(profile.get("status_expiration") or 0),
        }
    elif why is not None and why.left is not None:
        status = {"text": why.left[0], "emoji": why.left[1], "expiration": 0, "left": True}
    else:
        status = None
        person = str(entry.arguments.get("user_id") or entry.arguments.get("user") or person)
    member = slack.members.get(person)
    reason = why.sentence if why else ""
    if why and why.title and person == viewer:
        reason = f"“{why.title}”. {reason}"
    return {
        "number": entry.number,
        "at": entry.at.timestamp(),
        "method": entry.method,
        "person": member.real_name if member else "",
        "bot": member.is_bot if member else True,
        "status": status,
        "ok": entry.ok,
        "result": "ok" if entry.ok else entry.error,
        "reason": reason,
    }


def told(slack: LocalSlack, entry: Told, viewer: str) -> dict[str, Any]:
    """A push as a line of the log. What a calendar is called is for its owner's eyes alone."""
    which = f"“{entry.calendar}”" if entry.user_id == viewer else "a calendar"
    return {
        "number": entry.number,
        "at": entry.at.timestamp(),
        "push": NAMES[entry.provider],
        "person": slack.member(entry.user_id).real_name,
        "ok": entry.ok,
        "result": str(entry.status) if entry.status else "no answer",
        "says": f"{which} is watched from now on" if entry.hello else f"something changed in {which}",
        "reason": "",
    }
