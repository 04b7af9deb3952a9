"""How Slack shows a member, what users.profile.set accepts and makes of it, and how statuses expire.

docs.slack.dev/reference/methods/users.profile.set, …/apis/web-api/user-presence-and-status, …/objects/user-object.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from emulators.slack.state import RefusalError, SlackMember
from emulators.slack.text import escape, unescape
from services.domain.emoji import DATA

if TYPE_CHECKING:
    from emulators.slack.server import LocalSlack

_TEXT_LIMIT = 100
_DEFAULT_EMOJI = ":speech_balloon:"
_MOST_FIELDS, _LONGEST_NAME = 50, 255
_WRITABLE = {"status_text", "status_emoji", "status_expiration"}
_EMOJI = re.compile(r"^:([^:\s]+)(?:::skin-tone-([2-6]))?:$")


def apply(slack: LocalSlack, member: SlackMember, profile: Mapping[str, Any]) -> bool:
    """Set what `profile` names on a member; whether the status changed. Raises RefusalError with Slack's code."""
    if len(profile) > _MOST_FIELDS or any(len(name) > _LONGEST_NAME for name in profile):
        raise RefusalError("invalid_profile")
    if not _WRITABLE & profile.keys():
        return False
    before = (member.text, member.emoji, member.expiration)
    text = unescape(_string(profile.get("status_text", member.text)))
    icon = _string(profile.get("status_emoji", member.emoji))
    expiration = _seconds(profile.get("status_expiration", 0))
    if len(text.encode("utf-16-le")) // 2 > _TEXT_LIMIT:  # the strictest way to count: Slack does not say how it does
        raise RefusalError("too_long", limit=_TEXT_LIMIT, field="status_text")
    if not text and icon:
        raise RefusalError("must_clear_both_status_text_and_status_emoji")
    if icon:
        _check_emoji(icon, slack.workspaces[member.team_id].emoji)
    elif text:
        icon = _DEFAULT_EMOJI
    if not text or 0 < expiration <= slack.clock.now().timestamp():
        text, icon, expiration = "", "", 0
    member.text, member.emoji, member.expiration = text, icon, expiration
    member.updated = int(slack.clock.now().timestamp())
    return (text, icon, expiration) != before


@cache
def _standard() -> tuple[dict[str, str], frozenset[str]]:
    """The standard emoji by name, and the names of those that take a skin tone."""
    table = json.loads(DATA.read_text(encoding="utf-8"))
    return table["emoji"], frozenset(table["skin_tones"])


def standard_emoji() -> tuple[str, ...]:
    """The names of the standard emoji, in the order of Unicode's list."""
    return tuple(_standard()[0])


def _check_emoji(icon: str, custom: Mapping[str, str]) -> None:
    found = _EMOJI.match(icon)
    if found is None:
        raise RefusalError("profile_status_set_failed_not_emoji_syntax")
    name, tone = found.groups()
    names, toned = _standard()
    if (tone is not None and name not in toned) or (name not in names and name not in custom):
        raise RefusalError("profile_status_set_failed_not_valid_emoji")


def _string(value: Any) -> str:
    if not isinstance(value, str | None):
        raise RefusalError("invalid_profile")
    return value or ""


def _seconds(value: Any) -> int:
    try:
        seconds = int(value or 0)
    except (TypeError, ValueError) as error:
        raise RefusalError("invalid_profile") from error
    if seconds < 0:
        raise RefusalError("invalid_profile")
    return seconds


class Expiry:
    """Resets statuses and ends snoozes when their time has come on the clock; Slack documents no event for it."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending: dict[str, SlackMember] = {}  # whose status has an end: a few, of twenty thousand
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

    def look(self, member: SlackMember) -> None:
        """The status or the snooze of a member may have got another end."""
        if member.expiration:
            self._ending[member.user_id] = member
        else:
            self._ending.pop(member.user_id, None)
        self._wake.set()

    def sweep(self) -> None:
        """Reset what has expired by now."""
        now = self._slack.clock.now().timestamp()
        for member in list(self._ending.values()) if self.works else ():
            if 0 < member.expiration <= now:
                member.text, member.emoji, member.expiration, member.updated = "", "", 0, int(now)
                self._slack.member_changed(member)
        self._slack.dnd.sweep(now)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            self.sweep()
            now = self._slack.clock.now().timestamp()
            ends = [member.expiration for member in self._ending.values() if member.expiration > now]
            ends += self._slack.dnd.ends()
            await self._slack.clock.wait(datetime.fromtimestamp(min(ends), UTC) if ends else None, self._wake)


# ── how a member is shown ───────────────────────────────────────────────────────────────────────────


def profile_of(slack: LocalSlack, member: SlackMember, *, email: bool = False) -> dict[str, Any]:
    """The `profile` object. `email` only where the token has `users:read.email`."""
    first, _, last = member.real_name.partition(" ")
    first, last = member.first_name or first, member.last_name or last
    display_name = member.name if member.display_name is None else member.display_name
    profile: dict[str, Any] = {
        "title": member.title, "phone": "", "skype": "", "real_name": member.real_name,
        "real_name_normalized": member.real_name, "display_name": display_name, "display_name_normalized": display_name,
        "first_name": first, "last_name": last, "fields": {}, "status_text": escape(member.text),
        "status_text_canonical": "", "status_emoji": member.emoji, "status_expiration": member.expiration,
        "team": member.team_id, **slack.photos.fields(member),
    }  # fmt: skip
    if member.picture is not None:
        profile["is_custom_image"] = True
    if email and member.email:
        profile["email"] = member.email
    if member.is_bot:
        profile |= {"bot_id": member.bot_id, "api_app_id": slack.app.app_id}
    return profile


def user_of(slack: LocalSlack, member: SlackMember, *, locale: bool = False, email: bool = False) -> dict[str, Any]:
    """The `user` object; `locale` where the caller asked for it. Of who was deactivated, zone and role are left out."""
    user: dict[str, Any] = {
        "id": member.user_id, "team_id": member.team_id, "name": member.name, "deleted": member.deleted,
        "profile": profile_of(slack, member, email=email), "is_bot": member.is_bot, "is_app_user": False,
        "updated": member.updated,
    }  # fmt: skip
    if member.deleted:
        return user
    offset = slack.clock.now().astimezone(ZoneInfo(member.tz)).utcoffset()
    user |= {
        "color": "9f69e7", "real_name": member.real_name, "tz": member.tz,
        "tz_label": member.tz.rpartition("/")[2].replace("_", " "),
        "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
        "is_admin": member.rank > 1, "is_owner": member.is_owner or member.is_primary_owner,
        "is_primary_owner": member.is_primary_owner, "is_restricted": member.rank == 0,
        "is_ultra_restricted": member.is_ultra_restricted,
    }  # fmt: skip
    return user | ({"locale": member.locale} if locale else {})
