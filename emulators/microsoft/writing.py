"""Writing events of the default calendar: POST, PATCH and DELETE, and finding one by its extended property.

learn.microsoft.com/graph/api/user-post-events, …/event-update, …/event-delete, …/singlevaluelegacyextendedproperty-get.
Stricter than Graph: what is not known here is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from emulators.books import Moment
from emulators.microsoft.events import MicrosoftAccount, MicrosoftEntry
from emulators.microsoft.subscriptions import graph_error

_CHANGES = frozenset({"subject", "isAllDay", "start", "end"})
_KNOWN = _CHANGES | {"transactionId", "showAs", "isReminderOn", "singleValueExtendedProperties"}
_PROPERTY = re.compile(r"String \{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\} Name [A-Za-z]+")
_FILTER = re.compile(r"singleValueExtendedProperties/Any\(ep: ep/id eq '([^']+)' and ep/value eq '([^']+)'\)")
_SHOWN = frozenset({"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"})


class MicrosoftWriting:
    """Writes to the default calendars of accounts."""

    def find(self, account: MicrosoftAccount, query: Mapping[str, str]) -> list[dict[str, str]]:
        """The ids of the events with that property. Raises ApiError for any other question."""
        asked = _FILTER.fullmatch(query.get("$filter", ""))
        if asked is None or query.get("$select") != "id" or not _PROPERTY.fullmatch(asked[1]):
            raise graph_error(400, "ErrorInvalidUrlQuery", "This query is not known here.")
        wanted = (asked[1], asked[2])
        return [{"id": one.id} for one in account.main.entries.values() if wanted in one.properties]

    def create(self, account: MicrosoftAccount, body: Mapping[str, Any]) -> MicrosoftEntry:
        """Make an event; one with a `transactionId` that was sent before is the one that was made then."""
        _check(body, _KNOWN)
        transaction = body.get("transactionId", "")
        known = [one for one in account.main.entries.values() if transaction and one.transaction == transaction]
        if known:
            return known[0]
        if body.get("showAs", "busy") not in _SHOWN:
            raise graph_error(400, "ErrorInvalidPropertySet", "showAs")
        properties = tuple((one["id"], one["value"]) for one in body.get("singleValueExtendedProperties", []))
        if not all(_PROPERTY.fullmatch(name) for name, _ in properties):
            raise graph_error(400, "ErrorInvalidPropertyId", "The id of an extended property.")
        start, end = _times(body)
        return account.main.add(
            MicrosoftEntry(
                str(body.get("subject", "")), start, end, zone=account.zone, show_as=body.get("showAs", "busy"),
                transaction=transaction, properties=properties,
            )
        )  # fmt: skip

    def change(self, account: MicrosoftAccount, event_id: str, body: Mapping[str, Any]) -> MicrosoftEntry:
        """Change an event's times and title. Raises ApiError."""
        _check(body, _CHANGES)
        if event_id not in account.main.entries:
            raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        start, end = _times(body)
        return account.main.change(event_id, start=start, end=end, title=str(body.get("subject", "")))

    def remove(self, account: MicrosoftAccount, event_id: str) -> None:
        """Delete an event. Raises ApiError."""
        if event_id not in account.main.entries:
            raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        account.main.remove(event_id)


def _check(body: Mapping[str, Any], known: frozenset[str]) -> None:
    if not set(body) <= known:
        raise graph_error(400, "RequestBodyRead", f"Not known here: {sorted(set(body) - known)}")


def _times(body: Mapping[str, Any]) -> tuple[Moment, Moment]:
    found: list[datetime] = []
    for name in ("start", "end"):
        try:
            wall, zone = datetime.fromisoformat(body[name]["dateTime"]), ZoneInfo(body[name]["timeZone"])
        except (KeyError, TypeError, ValueError) as error:
            raise graph_error(400, "ErrorInvalidPropertySet", f"{name} cannot be read.") from error
        if wall.tzinfo is not None:
            raise graph_error(400, "ErrorInvalidPropertySet", f"{name} has an offset.")
        found.append(wall.replace(tzinfo=zone))
    start, end = found
    if end <= start:
        raise graph_error(400, "ErrorPropertyValidationFailure", "The event ends before it starts.")
    if not body.get("isAllDay"):
        return start, end
    if any(at.time() != time() for at in found) or body["start"]["timeZone"] != body["end"]["timeZone"]:
        raise graph_error(400, "ErrorInvalidPropertySet", "All-day events begin and end at midnight in one zone.")
    return start.date(), end.date()
