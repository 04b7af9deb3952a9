"""What is written in channels that the app was invited to: looked through for mentions of people who are out.

docs.slack.dev, events message.channels and message.groups: every message of every such channel is delivered, up to
30,000 an hour and workspace. So it is decided before Bolt and before anything is stored; nearly all are passed over by
a look at a few fields and into memory. No text is stored or logged, and direct messages are no part of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.slack.payloads import Payload, instant_of
from services.domain.mentions import Mention, mentioned
from services.slack.members import SLACKBOT
from services.usecases.replies import Replies

_CHANNELS = frozenset({"channel", "group"})
_SAID = frozenset({None, "thread_broadcast"})
"""Subtypes of what a person says: `thread_broadcast` is a reply in a thread that they sent to the channel, too."""

PASSED_OVER, TOLD_OF = "passed_over", "told_of"


def is_in_channel(payload: Payload) -> bool:
    """Return whether a payload, checked, tells of a message in a channel: also of its edit or deletion."""
    if payload.get("type") != "event_callback":
        return False
    event = payload["event"]
    return event["type"] == "message" and event.get("channel_type") in _CHANNELS


@dataclass(frozen=True, slots=True)
class Mentions:
    """Takes messages in channels. `replies` is None where the operator allows none."""

    replies: Replies | None

    async def take(self, payload: Payload) -> str:
        """Look through a message; what became of it, a label of the metric. Nothing of it is worth an answer."""
        replies = self.replies
        if replies is None:
            return PASSED_OVER
        event = payload["event"]
        text, author = event.get("text"), event.get("user")
        if not text or "<@" not in text or event.get("subtype") not in _SAID:
            return PASSED_OVER
        if event.get("bot_id") or event.get("hidden") or event.get("edited") or not author or author == SLACKBOT:
            return PASSED_OVER
        installed: dict[str, Any] = next(iter(payload.get("authorizations") or ()), payload)
        team_id, org = installed.get("team_id") or "", installed.get("enterprise_id") or ""
        home = replies.out.home(team_id, org)
        people = tuple(user for user in mentioned(text) if replies.out.holds(home, user)) if home else ()
        if not people or not _is_colleague(payload, event, team_id, org if home == org else ""):
            return PASSED_OVER
        thread, channel, ts = event.get("thread_ts") or "", event.get("channel"), event.get("ts")
        at = instant_of(ts)
        if at is None or not isinstance(author, str) or not isinstance(channel, str):
            return PASSED_OVER
        mention = Mention(home, team_id, author, people, channel, "" if thread == ts else thread, at)
        return TOLD_OF if await replies.take(mention) else PASSED_OVER


def _is_colleague(payload: Payload, event: Payload, team_id: str, org: str) -> bool:
    """Return whether the author is of the workspace, or of the org (where that is what installed the app).

    docs.slack.dev, "Slack Connect": `user_team` and `team` are the author's. Whose workspace of an org another one is,
    nobody says: then it is enough that the channel is shared with nobody outside of it.
    """
    teams = {event[name] for name in ("user_team", "team", "source_team") if event.get(name)}
    if teams <= {team_id, org}:
        return bool(teams) or payload.get("is_ext_shared_channel") is not True
    return bool(org) and payload.get("is_ext_shared_channel") is False
