"""Which emoji exist: Slack's standard set (shipped as data) and those of a workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

from services.domain.emoji import DATA

_SYNTAX = re.compile(r"^:([^:\s]+)(?:::skin-tone-([2-6]))?:$")
_TONES = {str(tone): chr(0x1F3FB + tone - 2) for tone in range(2, 7)}


@cache
def standard() -> Mapping[str, str]:
    """Name → Unicode of every standard emoji (names as Slack spells them: github.com/iamcal/emoji-data)."""
    names: dict[str, str] = json.loads(DATA.read_text(encoding="utf-8"))["emoji"]
    return names


@cache
def toned() -> frozenset[str]:
    """The names that take `::skin-tone-2:` to `::skin-tone-6:`."""
    return frozenset(json.loads(DATA.read_text(encoding="utf-8"))["skin_tones"])


def problem(emoji: str, custom: Mapping[str, str]) -> str | None:
    """Slack's error code for an emoji that a status may not have; None for a good one (`:name:`)."""
    found = _SYNTAX.match(emoji)
    if found is None:
        return "profile_status_set_failed_not_emoji_syntax"
    name, tone = found.groups()
    if tone is not None and name not in toned():
        return "profile_status_set_failed_not_valid_emoji"
    if name not in standard() and name not in custom:
        return "profile_status_set_failed_not_valid_emoji"
    return None


def character(emoji: str) -> str:
    """The Unicode of a standard `:name:`, with its skin tone; empty for a workspace's own emoji."""
    found = _SYNTAX.match(emoji)
    if found is None:
        return ""
    name, tone = found.groups()
    base = standard().get(name, "")
    return base + _TONES.get(tone or "", "") if base else ""
