"""Slack's escaping of `&`, `<` and `>` (docs.slack.dev/messaging/formatting-message-text), and of what people type."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9._-]+)")
_CHANNEL = re.compile(r"(?<![\w#])#([a-z0-9_-]+)")
_ADDRESS = re.compile(r"https?://[^\s<>]+|webcals?://[^\s<>]+")


def escape(text: str) -> str:
    """`text` as Slack stores and returns it. What is escaped already stays as it is."""
    return unescape(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """`text` as a person reads it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed(text: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """The `text` of a slash command with `should_escape` on: `@ann` → `<@U…>`, `#x` → `<#C…|x>`, addresses in `<>`.

    `people` maps handles to user ids, `channels` names to channel ids.
    """
    parts: list[str] = []
    position = 0
    for address in _ADDRESS.finditer(text):
        parts.append(_words(text[position : address.start()], people, channels))
        parts.append(f"<{escape(address.group())}>")
        position = address.end()
    parts.append(_words(text[position:], people, channels))
    return "".join(parts)


def _words(text: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    def mention(found: re.Match[str]) -> str:
        user = people.get(found.group(1).lower())
        return f"<@{user}>" if user else found.group()

    def channel(found: re.Match[str]) -> str:
        known = channels.get(found.group(1))
        return f"<#{known}|{found.group(1)}>" if known else found.group()

    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CHANNEL.sub(channel, _MENTION.sub(mention, plain))
