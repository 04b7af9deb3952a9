"""Items of a Google calendar, as its API tells of them, and what the program reads in them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from services.calendars.providers.google.events import EventContext, event_of
from services.domain.model import Event

BERLIN = ZoneInfo("Europe/Berlin")
ASKED = EventContext("C1", BERLIN)


def item(**fields: Any) -> dict[str, Any]:
    """A meeting from 11:00 to 12:00 in Berlin, with these fields; `...`: without it."""
    timed = {
        "id": "e1",
        "iCalUID": "e1@google.com",
        "status": "confirmed",
        "start": {"dateTime": "2026-11-24T11:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-24T12:00:00+01:00", "timeZone": "Europe/Berlin"},
    }
    return {name: value for name, value in {**timed, **fields}.items() if value is not ...}


def read(asked: EventContext = ASKED, **fields: Any) -> Event:
    """The event that such an item is."""
    found = event_of(item(**fields), asked)
    assert isinstance(found, Event), found
    return found
