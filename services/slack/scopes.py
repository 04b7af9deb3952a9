"""What the app asks to be allowed, in one place, each scope with its reason; manifest.yml is tested against this.

Slack's scopes only add up, they are never taken back by a later install (docs.slack.dev, "Installing with OAuth"),
so nothing is asked that is not used, and what only some use is asked of them alone: of a person once they choose an
effect, of a workspace by an install for it. Whoever allows it may leave out those that the manifest calls optional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from services.domain.model import Effect

BOT: Mapping[str, str] = MappingProxyType(
    {
        "chat:write": "tell a person once that a calendar or a permission needs mending",
        "commands": "/quo and /ooo",
        "files:read": "look into a calendar, a picture or a list that somebody sends me",
        "im:history": "be sent what somebody writes to me, in the app's own conversation",
        "users.profile:read": "hear of a status that somebody typed",
        "users:read": "the person's zone and language",
        "users:read.email": "which attendee of an event is the person",
    }
)
BOT_OPTIONAL: Mapping[str, str] = MappingProxyType(
    {
        "channels:history": "tell who mentions somebody who is out, in channels that I was invited to",
        "channels:read": "a digest of who is out for a channel's members, and /quo who of them",
        "emoji:read": "offer the workspace's own emoji",
        "groups:history": "the same in private channels that I was invited to",
        "groups:read": "a digest for the members of a private channel that I was invited to",
    }
)
USER: Mapping[str, str] = MappingProxyType(
    {
        "users.profile:read": "read the status before writing it",
        "users.profile:write": "write the status, and the photo if one is chosen",
    }
)
USER_OPTIONAL: Mapping[str, str] = MappingProxyType(
    {
        "dnd:read": "see a snooze of one's own before setting one",
        "dnd:write": "mute notifications while a line of the list says so",
        "users:read": "see whether somebody is away by hand",
        "users:write": "show somebody as away while a line of the list says so",
    }
)
IDENTITY = frozenset({"users.profile:read"})
"""Asked only to hear from Slack whom a browser belongs to: the smallest that we have. Sign-in scopes (`identity.*`,
`openid`) are no part of this flow, and a permission that is given already loses nothing by it: scopes only add up."""

COMFORTS = frozenset({"files:read", "im:history", "users:read.email"})
"""Asked of every workspace, but without these everything works save a comfort: the person then says which address is
theirs, and sends no files."""

FOR_EFFECT: Mapping[Effect, frozenset[str]] = MappingProxyType(
    {
        Effect.DND: frozenset({"dnd:read", "dnd:write"}),
        Effect.AWAY: frozenset({"users:read", "users:write"}),  # only their own token is told of `manual_away`
        Effect.PHOTO: frozenset({"users.profile:write"}),
        Effect.REPLY: frozenset(),
    }
)
"""What a person has to allow for an effect."""

FOR_DIGEST = frozenset({"channels:read", "groups:read"})
"""What it takes to know who is in a channel: of public ones the first, of private ones the second."""

FOR_SLACKBOT: Mapping[str, str] = MappingProxyType({"mcp:connect": "be called by Slackbot, for whoever asks it"})
"""Asked only where the operator made the app with `app.py manifest --mcp`; elsewhere Slack does not know it of us."""

REPLIES, DIGESTS, SLACKBOT = "replies", "digests", "slackbot"
INSTALLS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        REPLIES: frozenset({"channels:history", "groups:history"}),
        "emoji": frozenset({"emoji:read"}),
        DIGESTS: FOR_DIGEST,
        SLACKBOT: frozenset(FOR_SLACKBOT),
    }
)
"""What a workspace has to allow, by what it is for, as the address of an install names it. Any of them is of use."""


def parse(scopes: object) -> frozenset[str]:
    """Return the scopes in Slack's comma-separated `scope`; none where it is no text."""
    if not isinstance(scopes, str):
        return frozenset()
    return frozenset(part for part in (part.strip() for part in scopes.split(",")) if part)


def joined(scopes: Iterable[str]) -> str:
    """Comma-separated and sorted, as Slack takes it and as it is stored."""
    return ",".join(sorted(scopes))


def missing(granted: Iterable[str]) -> frozenset[str]:
    """Return the user scopes that a grant lacks: with one missing, a status can be neither read nor written."""
    return frozenset(USER) - frozenset(granted)
