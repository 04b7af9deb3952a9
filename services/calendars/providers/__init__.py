"""The providers of calendars, as `calendars.provider` has them, and what people call them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GOOGLE = "google"
MICROSOFT = "microsoft"
CALDAV = "caldav"
ICS = "ics"
HOOK = "hook"
FILE = "file"

PUSHING = frozenset({GOOGLE, MICROSOFT})
"""Those that tell of changes when they are asked to."""

NAMES: Mapping[str, str] = MappingProxyType(
    {GOOGLE: "Google Calendar", MICROSOFT: "Microsoft 365", CALDAV: "CalDAV", ICS: "ICS"}
)
"""Names of products, the same in every language. What comes to a hook or as a file is of no provider."""


def named(provider: str) -> str:
    """The provider's name; what has none is called what it is."""
    return NAMES.get(provider, provider)
