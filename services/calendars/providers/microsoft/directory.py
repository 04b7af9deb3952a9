"""The calendars of an account of Microsoft 365.

learn.microsoft.com/graph/api/user-list-calendars; learn.microsoft.com/graph/api/resources/calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.calendars.providers.microsoft.api import GraphApi
from services.domain.calendars import Offer, OfferedCalendar
from services.domain.errors import CalendarError

MOST_PAGES = 20
MOST_CALENDARS = 500
LONGEST_NAME = 200

_LONGEST_ID = 1024
_QUERY = {"$select": "id,name,isDefaultCalendar,owner,canEdit", "$top": "100"}


class MicrosoftDirectory:
    """`ports.Directory` of Microsoft 365 and Outlook.com."""

    def __init__(self, api: GraphApi) -> None:
        """`api` is Microsoft Graph."""
        self._api = api

    async def offer(self, credential: str) -> Offer:
        """The account of an access token, known by its own calendar's owner, and its calendars, that one first.

        Calendars that others share come along, as Graph lists them. Raises a `CalendarError`.
        """
        found: list[Mapping[str, Any]] = []
        path, query = "me/calendars", dict(_QUERY)
        for _ in range(MOST_PAGES):
            answer = await self._api.call("GET", path, credential, query=query)
            value = answer.body.get("value")
            if not isinstance(value, list):
                raise CalendarError("a page without its list")
            found += [raw for raw in value if isinstance(raw, Mapping) and _text(raw.get("id"), _LONGEST_ID)]
            onward = answer.body.get("@odata.nextLink")
            if onward is None or len(found) >= MOST_CALENDARS:
                break
            path, query = self._api.onward(onward), {}
        found.sort(key=lambda raw: raw.get("isDefaultCalendar") is not True)  # stable: the others stay in their order
        owner = next((address for address in map(_owner, found) if address), "")
        if not owner:
            raise CalendarError("no calendar with an owner")
        calendars = {
            raw["id"]: OfferedCalendar(
                address=raw["id"],
                name=_text(raw.get("name"), LONGEST_NAME) or owner,
                main=raw.get("isDefaultCalendar") is True,
            )
            for raw in found[:MOST_CALENDARS]
        }
        own = next((_owner(raw) for raw in found if raw.get("isDefaultCalendar") is True), "")
        return Offer(owner.casefold(), owner, tuple(calendars.values()), address=own)


def _owner(raw: Mapping[str, Any]) -> str:
    owner = raw.get("owner")
    return _text(owner.get("address"), LONGEST_NAME) if isinstance(owner, Mapping) else ""


def _text(value: object, longest: int) -> str:
    """A text without what cannot be stored; "" for none, and for an id that was cut would be another."""
    text = value.strip().encode("utf-8", "replace").decode() if isinstance(value, str) else ""
    return text if len(text) <= longest else text[:longest] if longest == LONGEST_NAME else ""
