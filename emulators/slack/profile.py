"""Statuses: what users.profile.set accepts, what it makes of it, and their expiry.

Rules: docs.slack.dev/reference/methods/users.profile.set and …/apis/web-api/user-presence-and-status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from emulators.slack import emoji
from emulators.slack.core import SlackCore
from emulators.slack.errors import RefusalError
from emulators.slack.state import Member
from emulators.slack.text import unescape

TEXT_LIMIT = 100
DEFAULT_EMOJI = ":speech_balloon:"
_MOST_FIELDS = 50
_LONGEST_NAME = 255
_WRITABLE = {"status_text", "status_emoji", "status_expiration"}


def apply(slack: SlackCore, member: Member, profile: Mapping[str, Any]) -> bool:
    """Set what `profile` names on a member; whether the status changed. Raises RefusalError with Slack's code."""
    if len(profile) > _MOST_FIELDS or any(len(name) > _LONGEST_NAME for name in profile):
        raise RefusalError("invalid_profile")
    if not _WRITABLE & profile.keys():
        return False
    before = (member.text, member.emoji, member.expiration)
    text = unescape(_string(profile.get("status_text", member.text)))
    icon = _string(profile.get("status_emoji", member.emoji))
    expiration = _seconds(profile.get("status_expiration", 0))
    if len(text.encode("utf-16-le")) // 2 > TEXT_LIMIT:  # the strictest way to count: Slack does not say how it does
        raise RefusalError("too_long", limit=TEXT_LIMIT, field="status_text")
    if not text and icon:
        raise RefusalError("must_clear_both_status_text_and_status_emoji")
    if icon:
        code = emoji.problem(icon, slack.workspaces[member.team_id].emoji)
        if code is not None:
            raise RefusalError(code)
    elif text:
        icon = DEFAULT_EMOJI
    if not text or 0 < expiration <= slack.clock.now().timestamp():
        text, icon, expiration = "", "", 0
    member.text, member.emoji, member.expiration = text, icon, expiration
    member.updated = int(slack.clock.now().timestamp())
    return (text, icon, expiration) != before


def _string(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RefusalError("invalid_profile")
    return value


def _seconds(value: Any) -> int:
    if value in (None, ""):
        return 0
    try:
        seconds = int(value)
    except (TypeError, ValueError) as error:
        raise RefusalError("invalid_profile") from error
    if seconds < 0:
        raise RefusalError("invalid_profile")
    return seconds


class Expiry:
    """Resets statuses and snoozes when their time has come on the clock. No event is sent: Slack documents none."""

    def __init__(self, slack: SlackCore, changed: Callable[[Member], None]) -> None:
        self._slack = slack
        self._changed = changed
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.works = True  # a test's knob: Slack's expiry has failed before

    def start(self) -> None:
        """Watch the clock."""
        self._task = asyncio.create_task(self._run(), name="slack-expiry")

    async def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def look(self) -> None:
        """Something has got another expiration."""
        self._wake.set()

    def sweep(self) -> None:
        """Reset what has expired by now."""
        if not self.works:
            return
        now = self._slack.clock.now().timestamp()
        for member in self._slack.members.values():
            if 0 < member.snooze_until <= now:
                member.snooze_until = 0
                self._changed(member)
            if 0 < member.expiration <= now:
                member.text, member.emoji, member.expiration = "", "", 0
                member.updated = int(now)
                self._changed(member)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            self.sweep()
            now = self._slack.clock.now().timestamp()
            ends = [end for m in self._slack.members.values() for end in (m.expiration, m.snooze_until) if end > now]
            until = datetime.fromtimestamp(min(ends), UTC) if ends else None
            await self._slack.clock.wait(until, self._wake)
