"""What the app asks to be allowed, in one place, each scope with its reason; manifest.yml is tested against this.

Slack's scopes only add up, they are never taken back by a later install (docs.slack.dev, "Installing with OAuth"),
so nothing is asked that is not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

BOT: Mapping[str, str] = MappingProxyType(
    {
        "chat:write": "tell a person once that a calendar or a permission needs mending",
        "commands": "/quo and /ooo",
        "files:read": "look into a calendar file that somebody sends me",
        "im:history": "be sent what somebody writes to me, in the app's own conversation",
        "users.profile:read": "hear of a status that somebody typed",
        "users:read": "the person's zone and language",
        "users:read.email": "which attendee of an event is the person",
    }
)
USER: Mapping[str, str] = MappingProxyType(
    {
        "users.profile:read": "read the status before writing it",
        "users.profile:write": "write the status",
    }
)
IDENTITY = frozenset({"users.profile:read"})
"""Asked only to hear from Slack whom a browser belongs to: the smallest that we have. Sign-in scopes (`identity.*`,
`openid`) are no part of this flow, and a permission that is given already loses nothing by it: scopes only add up."""

OPTIONAL = frozenset({"files:read", "im:history", "users:read.email"})
"""Without these everything works but a comfort: the person then says which address is theirs, and sends no files."""


def parse(scopes: object) -> frozenset[str]:
    """The scopes in Slack's comma-separated `scope`; none where it is no text."""
    if not isinstance(scopes, str):
        return frozenset()
    return frozenset(part for part in (part.strip() for part in scopes.split(",")) if part)


def joined(scopes: Iterable[str]) -> str:
    """Comma-separated and sorted, as Slack takes it and as it is stored."""
    return ",".join(sorted(scopes))


def missing(granted: Iterable[str]) -> frozenset[str]:
    """The user scopes that a grant lacks: with one missing, a status can be neither read nor written."""
    return frozenset(USER) - frozenset(granted)
