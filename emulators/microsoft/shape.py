"""Entries and calendars as Graph writes them (learn.microsoft.com/graph/api/resources/event, …/calendar)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from emulators.microsoft.mailbox import Account, Entry, LocalCalendar

_WINDOWS = {
    "UTC": "UTC",
    "Europe/Berlin": "W. Europe Standard Time",
    "Europe/London": "GMT Standard Time",
    "America/New_York": "Eastern Standard Time",
    "America/Los_Angeles": "Pacific Standard Time",
    "Asia/Tokyo": "Tokyo Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "Australia/Sydney": "AUS Eastern Standard Time",
}
_NEVER = "0001-01-01T00:00:00Z"
_TYPE = "#microsoft.graph.event"


@dataclass(frozen=True, slots=True)
class In:
    """The zone that times are written in, and what it is called."""

    zone: ZoneInfo
    name: str


IN_UTC = In(ZoneInfo("UTC"), "UTC")


def windows_name(zone: str) -> str:
    """Windows' name of an IANA zone, where we know it."""
    return _WINDOWS.get(zone, zone)


def calendar(found: LocalCalendar, account: Account, selected: frozenset[str]) -> dict[str, Any]:
    """A calendar, with the properties selected, or all."""
    whole = {
        "id": found.id,
        "name": found.name,
        "color": "auto",
        "isDefaultCalendar": found.default,
        "canEdit": found.owner == account.address,
        "canShare": found.owner == account.address,
        "canViewPrivateItems": found.owner == account.address,
        "owner": {"name": account.name if found.owner == account.address else found.owner, "address": found.owner},
    }
    return {name: value for name, value in whole.items() if not selected or name in selected}


def event(
    entry: Entry, account: Account, zone: In, *, kind: str, identifier: str = "", series: str = ""
) -> dict[str, Any]:
    """An event with all that a client of calendars may look at."""
    identifier = identifier or entry.id
    return {
        **_bare(entry, zone, kind=kind, identifier=identifier),
        "seriesMasterId": series or None,
        "iCalUId": hashlib.sha256(identifier.encode()).hexdigest().upper(),
        "originalStartTimeZone": windows_name(entry.zone),
        "originalEndTimeZone": windows_name(entry.zone),
        "subject": entry.title,
        "bodyPreview": "",
        "body": {"contentType": "html", "content": ""},
        "location": {"displayName": entry.location, "locationType": "default"},
        "importance": "normal",
        "sensitivity": entry.sensitivity,
        "isAllDay": entry.all_day,
        "isCancelled": entry.cancelled,
        "isDraft": False,
        "isOrganizer": entry.response == "organizer",
        "showAs": entry.show_as,
        "responseStatus": {"response": entry.response, "time": _NEVER},
        "attendees": [
            *(_attendee(address, "required") for address in entry.guests),
            *(_attendee(address, "resource") for address in entry.rooms),
        ],
        "organizer": {"emailAddress": {"name": account.name, "address": account.address}},
        "recurrence": _recurrence(entry),
    }


def occurrence(entry: Entry, zone: In, *, identifier: str, series: str) -> dict[str, Any]:
    """What a delta says of an instance that is as its series is."""
    return {**_bare(entry, zone, kind="occurrence", identifier=identifier), "seriesMasterId": series}


def removed(identifier: str) -> dict[str, Any]:
    """What is deleted, or not in the window any more."""
    return {"@odata.type": _TYPE, "id": identifier, "@removed": {"reason": "deleted"}}


def _bare(entry: Entry, zone: In, *, kind: str, identifier: str) -> dict[str, Any]:
    digest = hashlib.sha256(repr((identifier, entry)).encode()).hexdigest()[:20]
    return {
        "@odata.type": _TYPE,
        "@odata.etag": f'W/"{digest}"',
        "id": identifier,
        "type": kind,
        "start": _moment(entry.start, zone),
        "end": _moment(entry.end, zone),
    }


def _moment(at: datetime | date, zone: In) -> dict[str, str]:
    """Whole days begin at midnight, in whatever zone the answer is."""
    wall = at.astimezone(zone.zone) if isinstance(at, datetime) else datetime.combine(at, time(), UTC)
    return {"dateTime": f"{wall:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": zone.name}


def _attendee(address: str, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": {"response": "none", "time": _NEVER},
        "emailAddress": {"name": address, "address": address},
    }


def _recurrence(entry: Entry) -> dict[str, Any] | None:
    rule = entry.recurrence
    if rule is None:
        return None
    kind = "noEnd" if rule.count is None and rule.until is None else "endDate" if rule.count is None else "numbered"
    first = entry.start.astimezone(ZoneInfo(entry.zone)).date() if isinstance(entry.start, datetime) else entry.start
    return {
        "pattern": {"type": rule.every, "interval": rule.interval},
        "range": {
            "type": kind,
            "startDate": first.isoformat(),
            "endDate": rule.until.isoformat() if rule.until else "0001-01-01",
            "recurrenceTimeZone": windows_name(entry.zone),
            "numberOfOccurrences": rule.count or 0,
        },
    }
