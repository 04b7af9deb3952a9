"""The calendars of a Google account: `calendarList.list`, or its main calendar alone where that was not allowed.

developers.google.com/workspace/calendar/api/v3/reference/calendarList/list
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.calendars.providers.google.api import GoogleApi, items, token_in
from services.calendars.providers.google.events import LONGEST_ID, sound
from services.calendars.providers.google.source import KIND, LONGEST_NAME
from services.domain.calendars import Offer, OfferedCalendar
from services.domain.errors import CalendarError, CalendarRefusedError

PRIMARY = "primary"
"""What the API calls the main calendar of whoever asks."""

MOST_PAGES = 10

_LIST_KIND = "calendar#calendarList"
_READABLE = frozenset({"reader", "writerWithoutPrivateAccess", "writer", "owner"})
_LIST = {
    "minAccessRole": "reader",  # with less there is free and busy, but no events
    "maxResults": "250",
    "fields": "kind,nextPageToken,items(id,summary,summaryOverride,primary,accessRole,deleted)",
}
_GLIMPSE = {"maxResults": "50", "fields": "kind,summary,items(organizer(email,self))"}


class GoogleDirectory:
    """`ports.Directory` for Google accounts."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    async def offer(self, credential: str) -> Offer:
        """Whose account a token is for, and its calendars, the main one first. Raises a `CalendarError`."""
        try:
            entries = await self._entries(credential)
        except CalendarRefusedError:  # the permission to see the list was left out
            return await self._main_alone(credential)
        main = next((entry for entry in entries if entry.get("primary") is True), None)
        if main is None:
            return await self._main_alone(credential)
        calendars = sorted(map(_offered, entries), key=lambda one: (not one.main, one.name.casefold(), one.address))
        return Offer(main["id"], _name_of(main), tuple(calendars), address=main["id"])

    async def _entries(self, credential: str) -> Sequence[Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        page = ""
        for _ in range(MOST_PAGES):
            query = {**_LIST, **({"pageToken": page} if page else {})}
            body = self._api.body(await self._api.get("users/me/calendarList", credential, query), _LIST_KIND)
            found |= {entry["id"]: entry for entry in items(body) if _usable(entry)}
            page = token_in(body, "nextPageToken")
            if not page:
                break
        return list(found.values())

    async def _main_alone(self, credential: str) -> Offer:
        """The main calendar, whose id nobody tells without the list.

        Whoever organizes an event of their own calendar is that calendar: its address is the account's. Where there is
        none, the calendar's name has to do, which is the same address unless it was renamed.
        """
        body = self._api.body(await self._api.get(f"calendars/{PRIMARY}/events", credential, _GLIMPSE), KIND)
        name = _text(body.get("summary"))
        organizers = [entry.get("organizer") for entry in items(body) if isinstance(entry, Mapping)]
        own = [one for one in organizers if isinstance(one, Mapping) and one.get("self") is True]
        address = next(filter(None, (_text(one.get("email"), LONGEST_ID) for one in own)), "")
        subject = address or name
        if not subject:
            raise CalendarError("an account without a name")
        return Offer(subject, name or subject, (OfferedCalendar(PRIMARY, name or subject, main=True),), address)


def _usable(entry: object) -> bool:
    """Whether an entry is a calendar whose events can be read, with an id that can be part of an address."""
    if not isinstance(entry, Mapping) or entry.get("deleted") is True or str(entry.get("accessRole")) not in _READABLE:
        return False
    address = entry.get("id")
    if not isinstance(address, str) or not 0 < len(address) <= LONGEST_ID:
        return False
    return address.isprintable() and address not in {".", ".."}


def _offered(entry: Mapping[str, Any]) -> OfferedCalendar:
    return OfferedCalendar(entry["id"], _name_of(entry), main=entry.get("primary") is True)


def _name_of(entry: Mapping[str, Any]) -> str:
    """What the person calls the calendar, else what it is called, else its id."""
    return _text(entry.get("summaryOverride")) or _text(entry.get("summary")) or str(entry["id"])[:LONGEST_NAME]


def _text(value: object, longest: int = LONGEST_NAME) -> str:
    return sound(value.strip()[:longest]) if isinstance(value, str) else ""
