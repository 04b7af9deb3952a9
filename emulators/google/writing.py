"""Writing events: insert, patch and delete.

…/calendar/api/v3/reference/events/insert, …/patch, …/delete; out of office: …/guides/calendar-status. Stricter than
Google: what is not known here is refused, and so are ids that were used before, by whatever is gone meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from emulators.books import LocalOccurrence
from emulators.google.events import GoogleAccount, GoogleCalendar, GoogleEntry, item
from emulators.google.oauth import google_error

_ID = re.compile(r"[a-v0-9]{5,1024}")
_TIMES = frozenset({"start", "end", "summary"})
_KNOWN = _TIMES | {
    "id", "eventType", "outOfOfficeProperties", "transparency", "visibility", "reminders", "extendedProperties",
}  # fmt: skip
_DECLINES = frozenset({"declineNone", "declineAllConflictingInvitations", "declineOnlyNewConflictingInvitations"})
_LONGEST_PROPERTY = (44, 1024)


class GoogleWriting:
    """Writes to calendars. `consumers` are the addresses of accounts that are not Workspace's."""

    def __init__(self) -> None:
        self.consumers: set[str] = set()

    def insert(
        self, account: GoogleAccount, calendar: GoogleCalendar, body: Mapping[str, Any], query: Mapping[str, str]
    ) -> dict[str, Any]:
        """Make an event. Raises ApiError."""
        _check(calendar, body, query, _KNOWN)
        identifier = body.get("id", "")
        if identifier and not _ID.fullmatch(identifier):
            raise google_error(400, "invalid", "Invalid resource id value.")
        if identifier in calendar.revisions:
            raise google_error(409, "duplicate", "The requested identifier already exists.")
        kind = body.get("eventType", "default")
        if kind not in {"default", "outOfOffice"}:
            raise google_error(400, "eventTypeRestriction", "Invalid event type.")
        if kind == "outOfOffice":
            self._check_away(account, calendar, body)
        elif "outOfOfficeProperties" in body:
            raise google_error(400, "malformedOutOfOfficeEvent")
        private = body.get("extendedProperties", {}).get("private", {})
        for name, value in private.items():
            if not isinstance(value, str) or len(name) > _LONGEST_PROPERTY[0] or len(value) > _LONGEST_PROPERTY[1]:
                raise google_error(400, "invalid", "Invalid extended property.")
        made = calendar.add(
            GoogleEntry(
                str(body.get("summary", "")), *_times(body), id=identifier, kind=kind, private=tuple(private.items()),
                free=body.get("transparency") == "transparent", visibility=body.get("visibility", "default"),
            )
        )  # fmt: skip
        return item(account, calendar, LocalOccurrence(made))

    def patch(
        self,
        account: GoogleAccount,
        calendar: GoogleCalendar,
        event_id: str,
        body: Mapping[str, Any],
        query: Mapping[str, str],
    ) -> dict[str, Any]:
        """Change an event's times and title. Raises ApiError."""
        _check(calendar, body, query, _TIMES)
        if event_id not in calendar.entries:
            raise google_error(404, "notFound", "Not Found")
        start, end = _times(body)
        calendar.change(event_id, start=start, end=end, title=str(body.get("summary", "")))
        return item(account, calendar, LocalOccurrence(calendar.entries[event_id]))

    def delete(self, calendar: GoogleCalendar, event_id: str, query: Mapping[str, str]) -> None:
        """Delete an event. Raises ApiError, also for one that is deleted already."""
        _check(calendar, {}, query, _TIMES)
        if event_id not in calendar.entries:
            known = event_id in calendar.revisions
            raise google_error(410 if known else 404, "deleted" if known else "notFound", "Resource has been deleted")
        calendar.remove(event_id)

    def _check_away(self, account: GoogleAccount, calendar: GoogleCalendar, body: Mapping[str, Any]) -> None:
        if not calendar.main:
            raise google_error(400, "eventTypeRestriction", "Out of office events belong to the primary calendar.")
        if account.address in self.consumers:
            raise google_error(400, "eventTypeRestriction", "This account cannot have out of office events.")
        declines = body.get("outOfOfficeProperties", {}).get("autoDeclineMode")
        has_days = any("date" in body.get(name, {}) for name in ("start", "end"))
        if declines not in _DECLINES or has_days or body.get("transparency", "opaque") != "opaque":
            raise google_error(400, "malformedOutOfOfficeEvent")


def _check(calendar: GoogleCalendar, body: Mapping[str, Any], query: Mapping[str, str], known: frozenset[str]) -> None:
    if calendar.role != "owner":
        raise google_error(403, "requiredAccessLevel", "You need to have owner access to this calendar.")
    if not set(body) <= known or not set(query) <= {"sendUpdates"}:
        raise google_error(400, "invalidParameter", f"Not known here: {sorted(set(body) - known)} {sorted(query)}")
    if query.get("sendUpdates", "none") != "none":
        raise google_error(400, "invalidParameter", "Nobody is to be told.")


def _times(body: Mapping[str, Any]) -> tuple[datetime, datetime]:
    found = []
    for name in ("start", "end"):
        try:
            said = body[name]
            at = datetime.fromisoformat(said["dateTime"])
            ZoneInfo(said["timeZone"])
        except (KeyError, TypeError, ValueError) as error:
            raise google_error(400, "required", f"Missing or bad {name} time.") from error
        if at.tzinfo is None:
            raise google_error(400, "invalid", f"{name} has no offset")
        found.append(at)
    if found[1] <= found[0]:
        raise google_error(400, "timeRangeEmpty", "The specified time range is empty.")
    return found[0], found[1]
