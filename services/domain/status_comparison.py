"""When two statuses are the same to Slack: text un-escaped, emoji without colons and skin tones, whole seconds."""

from __future__ import annotations

import re
from datetime import datetime

from services.domain.model import Status

DEFAULT_EMOJI = ":speech_balloon:"
"""What Slack shows where a text has no emoji (docs.slack.dev, "User presence and status")."""

_SKIN_TONE = re.compile(r"::?skin-tone-[2-6]")


def unescape(text: str) -> str:
    """Slack's `&lt;`, `&gt;` and `&amp;` as the characters they stand for (docs.slack.dev, "Escaping text")."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def whole_seconds(instant: datetime | None) -> datetime | None:
    """The instant as `status_expiration` can say it: its whole second."""
    return None if instant is None else instant.replace(microsecond=0)


def same(one: Status, other: Status) -> bool:
    """Whether Slack shows the same, until the same second. Two empty statuses are the same whatever their end."""
    if one.empty or other.empty:
        return one.empty and other.empty
    return _shown(one) == _shown(other) and whole_seconds(one.expiration) == whole_seconds(other.expiration)


def same_write(profile: Status, wanted: Status) -> bool:
    """Whether `profile` is what a write of `wanted` leaves behind, also where Slack put another emoji in its place."""
    if same(profile, wanted):
        return True
    text = _text(wanted)
    return (
        bool(text)
        and text == _text(profile)
        and wanted.expiration is not None
        and whole_seconds(profile.expiration) == whole_seconds(wanted.expiration)
    )


def _text(status: Status) -> str:
    return unescape(status.text).strip()


def _shown(status: Status) -> tuple[str, str]:
    text = _text(status)
    emoji = _SKIN_TONE.sub("", status.emoji.strip()).strip(":")
    if text and not emoji:
        emoji = DEFAULT_EMOJI.strip(":")
    return text, emoji
