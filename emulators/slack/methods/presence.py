"""Do not disturb and presence, of the token's own person."""

from __future__ import annotations

from typing import Any

from emulators.slack.errors import RefusalError
from emulators.slack.methods.people import slack_owner
from emulators.slack.request import ApiRequest
from emulators.slack.state import Member


def set_snooze(request: ApiRequest) -> dict[str, Any]:
    """dnd.setSnooze: so many minutes from now."""
    text = request.text("num_minutes")
    if not text:
        raise RefusalError("missing_duration")
    if not text.isdecimal() or int(text) == 0:
        raise RefusalError("snooze_failed")
    member = slack_owner(request)
    member.snooze_until = int(request.now.timestamp()) + int(text) * 60
    request.slack.member_changed(member)
    return {"ok": True, **_snooze(request, member)}


def end_snooze(request: ApiRequest) -> dict[str, Any]:
    """dnd.endSnooze."""
    member = slack_owner(request)
    if not member.snooze_until:
        raise RefusalError("snooze_not_active")
    member.snooze_until = 0
    request.slack.member_changed(member)
    return {"ok": True, "dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, "snooze_enabled": False}


def end_dnd(request: ApiRequest) -> dict[str, Any]:
    """dnd.endDnd: nobody here has scheduled hours of quiet."""
    raise RefusalError("not_in_dnd")


def dnd_info(request: ApiRequest) -> dict[str, Any]:
    """dnd.info of a person."""
    member = request.slack.member(request.text("user") or request.owner.user_id)
    quiet = {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
    return {"ok": True, **quiet, **_snooze(request, member)}


def get_presence(request: ApiRequest) -> dict[str, Any]:
    """users.getPresence."""
    member = request.slack.member(request.text("user") or request.owner.user_id)
    away = member.presence == "away" or not member.active
    body: dict[str, Any] = {"ok": True, "presence": "away" if away else "active"}
    if member.user_id == request.owner.user_id:
        body |= {
            "online": member.active,
            "auto_away": False,
            "manual_away": member.presence == "away",
            "connection_count": int(member.active),
        }
    return body


def set_presence(request: ApiRequest) -> dict[str, Any]:
    """users.setPresence: `auto` or `away`."""
    wanted = request.text("presence")
    if wanted not in {"auto", "away"}:
        raise RefusalError("invalid_presence")
    member = slack_owner(request)
    member.presence = wanted
    request.slack.member_changed(member)
    return {"ok": True}


def _snooze(request: ApiRequest, member: Member) -> dict[str, Any]:
    if not member.snooze_until:
        return {"snooze_enabled": False}
    left = member.snooze_until - int(request.now.timestamp())
    return {"snooze_enabled": True, "snooze_endtime": member.snooze_until, "snooze_remaining": max(0, left)}
