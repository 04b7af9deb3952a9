"""Entries of ours in a Google account's main calendar.

developers.google.com/workspace/calendar/api/v3/reference/events/insert: an id of the client's choosing (letters a to v,
digits), 409 where it was used before; …/guides/calendar-status: out of office is of the main calendar, has times
rather than days, and belongs to Workspace accounts. Any other account gets a plain busy entry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from services.calendars.providers.api import rfc3339
from services.calendars.providers.google.api import PRIMARY, WRITE, GoogleApi, reasons
from services.domain.entries import PROPERTY, CalendarEntry
from services.domain.errors import CalendarGoneError

_EVENTS = f"calendars/{PRIMARY}/events"
_NOBODY = {"sendUpdates": "none"}
_SCOPES = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})


@dataclass(frozen=True, slots=True)
class GoogleEntries:
    """`ports.EntryWriter` of Google accounts."""

    api: GoogleApi

    def may(self, scopes: Collection[str]) -> bool:
        """As `ports.EntryWriter`."""
        return WRITE in scopes

    async def put(self, token: str, entry: CalendarEntry, remote_id: str) -> str:
        """As `ports.EntryWriter`."""
        if remote_id:
            return await self._change(token, entry, remote_id)
        away = {
            "eventType": "outOfOffice",
            "outOfOfficeProperties": {"autoDeclineMode": "declineNone"},
            "transparency": "opaque",
        }
        answer = await self._insert(token, entry, away)
        is_refused = answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}
        if is_refused and not reasons(answer.body) & _SCOPES and not _is_quota(answer.body):
            answer = await self._insert(token, entry, {"transparency": "opaque"})
        if answer.status == HTTPStatus.CONFLICT:  # the answer to a try before was lost
            return await self._change(token, entry, entry.id)
        self.api.body(answer)
        return entry.id

    async def delete(self, token: str, remote_id: str) -> None:
        """As `ports.EntryWriter`."""
        answer = await self.api.send("DELETE", _path(remote_id), token=token, query=_NOBODY)
        if answer.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            self.api.body(answer)

    async def _insert(self, token: str, entry: CalendarEntry, kind: Mapping[str, Any]) -> Any:
        body = {
            "id": entry.id,
            **_times(entry),
            "summary": entry.title,
            "reminders": {"useDefault": False},
            "extendedProperties": {"private": {PROPERTY: "1"}},
            **kind,
        }
        return await self.api.send("POST", _EVENTS, token=token, query=_NOBODY, body=body)

    async def _change(self, token: str, entry: CalendarEntry, remote_id: str) -> str:
        body = {**_times(entry), "summary": entry.title}
        answer = await self.api.send("PATCH", _path(remote_id), token=token, query=_NOBODY, body=body)
        if answer.status == HTTPStatus.GONE or answer.body.get("status") == "cancelled":
            raise CalendarGoneError("deleted")
        self.api.body(answer)
        return remote_id


def _times(entry: CalendarEntry) -> dict[str, Any]:
    zone = entry.zone.key
    return {
        "start": {"dateTime": rfc3339(entry.start), "timeZone": zone},
        "end": {"dateTime": rfc3339(entry.end), "timeZone": zone},
    }


def _path(remote_id: str) -> str:
    return f"{_EVENTS}/{quote(remote_id, safe='')}"


def _is_quota(body: Mapping[str, Any]) -> bool:
    return any("Limit" in one or "quota" in one for one in reasons(body))
