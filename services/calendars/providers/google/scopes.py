"""What we ask of Google, each scope with its reason: the least that tells an event's type and a calendar's name.

`calendar.events.freebusy` is less, but gives no event types, and `calendar.events.owned.readonly` leaves out the
calendars that others share (scopes and descriptions: the API's discovery document, `auth.oauth2.scopes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REQUIRED = "https://www.googleapis.com/auth/calendar.events.readonly"
"""Without this one there is nothing to read."""

LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
"""Without this one the main calendar is offered alone: Google lets people leave single permissions out."""

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        REQUIRED: "read events: when, of which type, one's own answer; and hear of their changes",
        LIST: "offer an account's calendars by name",
    }
)
