"""Entries of ours in the default calendar of a Microsoft account.

learn.microsoft.com/graph/api/user-post-events. `transactionId` keeps a POST that is sent again from making a second
event, and comes back with the event, by which our own reader knows it: a delta of a calendar view gives no extended
properties. The extended property (…/api/singlevaluelegacyextendedproperty-get) is what an entry is found by whose id we
were never told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from services.calendars.providers.api import inner, text_in
from services.calendars.providers.microsoft.api import WRITE, GraphApi, entries, escaped
from services.calendars.providers.microsoft.events import LONGEST_ID
from services.domain.entries import PROPERTY, CalendarEntry
from services.domain.errors import CalendarError, CalendarGoneError

_EVENTS = "me/events"
PROPERTY_ID = f"String {{5d1a4b7e-6c0f-4c38-9a55-2f8f0f6f3c11}} Name {PROPERTY}"
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


@dataclass(frozen=True, slots=True)
class MicrosoftEntries:
    """`ports.EntryWriter` of Microsoft accounts."""

    api: GraphApi

    def may(self, scopes: Collection[str]) -> bool:
        """As `ports.EntryWriter`."""
        return WRITE in scopes

    async def put(self, token: str, entry: CalendarEntry, remote_id: str) -> str:
        """As `ports.EntryWriter`."""
        known = remote_id or await self._found(token, entry.id)
        if known:
            path = f"{_EVENTS}/{escaped(known)}"
            answer = await self.api.call("PATCH", path, token, body=_said(entry), expected=_GONE)
            if answer.status in _GONE:
                raise CalendarGoneError("deleted")
            return known
        body = {
            **_said(entry),
            "transactionId": entry.id,
            "showAs": "oof",
            "isReminderOn": False,
            "singleValueExtendedProperties": [{"id": PROPERTY_ID, "value": entry.id}],
        }
        answer = await self.api.call("POST", _EVENTS, token, body=body)
        made = text_in(answer.body.get("id"), LONGEST_ID)
        if not made:
            raise CalendarError("an event without an id")
        return made

    async def delete(self, token: str, remote_id: str) -> None:
        """As `ports.EntryWriter`."""
        await self.api.call("DELETE", f"{_EVENTS}/{escaped(remote_id)}", token, expected=_GONE)

    async def _found(self, token: str, entry_id: str) -> str:
        """Return the id of an entry that a try before made; "" where there is none. Raises a `CalendarError`."""
        has = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY_ID}' and ep/value eq '{entry_id}')"
        answer = await self.api.call("GET", _EVENTS, token, query={"$filter": has, "$select": "id"})
        found = (text_in(inner(one, "id"), LONGEST_ID) for one in entries(answer))
        return next(filter(None, found), "")


def _said(entry: CalendarEntry) -> dict[str, Any]:
    """Whole days begin and end at midnight in one zone; anything else is told in UTC."""
    if entry.days is None:
        start, end, zone = (f"{entry.start:%Y-%m-%dT%H:%M:%S}", f"{entry.end:%Y-%m-%dT%H:%M:%S}", "UTC")
    else:
        start, end, zone = (*(f"{day}T00:00:00" for day in entry.days), entry.zone.key)
    return {
        "subject": entry.title,
        "isAllDay": entry.days is not None,
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
    }
