"""What the providers of calendars are called: names of products, the same in every language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GOOGLE = "google"
MICROSOFT = "microsoft"
CALDAV = "caldav"

NAMES: Mapping[str, str] = MappingProxyType(
    {GOOGLE: "Google Calendar", MICROSOFT: "Microsoft 365", CALDAV: "CalDAV", "ics": "ICS"}
)


def named(provider: str) -> str:
    """The provider's name; what has none is called what it is."""
    return NAMES.get(provider, provider)
