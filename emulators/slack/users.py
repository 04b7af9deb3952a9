"""How Slack shows a member: the `user` and `profile` objects (docs.slack.dev/reference/objects/user-object)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from emulators.slack.core import SlackCore
from emulators.slack.state import Member
from emulators.slack.text import escape

_SIZES = (24, 32, 48, 72, 192, 512, 1024)


def profile_of(slack: SlackCore, member: Member, *, email: bool = False) -> dict[str, Any]:
    """The `profile` object. `email` only where the token has `users:read.email`."""
    first, _, last = member.real_name.partition(" ")
    picture = f"{slack.url}/avatars/{member.user_id}.svg"
    profile: dict[str, Any] = {
        "title": member.title,
        "phone": "",
        "skype": "",
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "display_name": member.name,
        "display_name_normalized": member.name,
        "first_name": first,
        "last_name": last,
        "fields": {},
        "status_text": escape(member.text),
        "status_text_canonical": "",
        "status_emoji": member.emoji,
        "status_expiration": member.expiration,
        "avatar_hash": member.avatar_hash,
        "team": member.team_id,
        **{f"image_{size}": picture for size in _SIZES},
    }
    if email and member.email:
        profile["email"] = member.email
    if member.is_bot:
        profile |= {"bot_id": member.bot_id, "api_app_id": slack.app.app_id}
    return profile


def user_of(slack: SlackCore, member: Member, *, locale: bool = False, email: bool = False) -> dict[str, Any]:
    """The `user` object; `locale` where the caller asked for it."""
    zone = ZoneInfo(member.tz)
    offset = slack.clock.now().astimezone(zone).utcoffset()
    workspace = slack.workspaces[member.team_id]
    user: dict[str, Any] = {
        "id": member.user_id,
        "team_id": member.team_id,
        "name": member.name,
        "deleted": member.deleted,
        "color": "9f69e7",
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz.rpartition("/")[2].replace("_", " "),
        "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
        "profile": profile_of(slack, member, email=email),
        "is_admin": member.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": member.is_bot,
        "is_app_user": False,
        "updated": member.updated,
    }
    if locale:
        user["locale"] = member.locale
    if workspace.enterprise_id is not None:
        user["enterprise_user"] = {
            "id": member.user_id,
            "enterprise_id": workspace.enterprise_id,
            "enterprise_name": workspace.enterprise_name or "",
            "is_admin": False,
            "is_owner": False,
            "teams": [member.team_id],
        }
    return user
