"""Entries and calendars as Graph writes them (learn.microsoft.com/graph/api/resources/event, …/calendar)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from emulators.books import LocalAccount, LocalCalendar, LocalEntry, Moment

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
class Recurrence:
    """Every `interval` days, or weeks; `count` times, or up to and including `until`, or for ever."""

    every: str = "daily"
    interval: int = 1
    count: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class MicrosoftEntry(LocalEntry):
    """A single entry, or the master of a series, in Graph's words.

    `show_as` free, tentative, busy, oof, workingElsewhere, unknown; `response` none, organizer, tentativelyAccepted,
    accepted, declined, notResponded; `sensitivity` normal, personal, private, confidential; `organizer` the address of
    whoever invites, empty for the account itself.
    """

    show_as: str = "busy"
    response: str = "organizer"
    sensitivity: str = "normal"
    guests: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    organizer: str = ""
    recurrence: Recurrence | None = None
    transaction: str = ""
    categories: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def rules(self) -> Sequence[str]:
        """Its recurrence as RFC 5545 has it."""
        rule = self.recurrence
        if rule is None:
            return ()
        ends = f";COUNT={rule.count}" if rule.count is not None else ""
        ends += f";UNTIL={rule.until:%Y%m%d}T235959" if rule.until else ""
        return (f"RRULE:FREQ={rule.every.upper()};INTERVAL={rule.interval}{ends}",)


MicrosoftAccount = LocalAccount[MicrosoftEntry]
MicrosoftCalendar = LocalCalendar[MicrosoftEntry]


@dataclass(frozen=True, slots=True)
class In:
    """The zone that times are written in, and what it is called."""

    zone: ZoneInfo
    name: str


IN_UTC = In(ZoneInfo("UTC"), "UTC")


def windows_name(zone: str) -> str:
    """Windows' name of an IANA zone, where we know it."""
    return _WINDOWS.get(zone, zone)


def calendar(found: MicrosoftCalendar, account: MicrosoftAccount, selected: frozenset[str]) -> dict[str, Any]:
    """A calendar, with the properties selected, or all."""
    whole = {
        "id": found.id,
        "name": found.name,
        "color": "auto",
        "isDefaultCalendar": found.main,
        "canEdit": found.owner == account.address,
        "canShare": found.owner == account.address,
        "canViewPrivateItems": found.owner == account.address,
        "owner": {"name": account.name if found.owner == account.address else found.owner, "address": found.owner},
    }
    return {name: value for name, value in whole.items() if not selected or name in selected}


def event(
    entry: MicrosoftEntry, account: MicrosoftAccount, zone: In, *, kind: str, identifier: str = "", series: str = ""
) -> dict[str, Any]:
    """An event with all that a client of calendars may look at."""
    identifier = identifier or entry.id
    return {
        **_bare(entry, zone, kind=kind, identifier=identifier),
        "seriesMasterId": series or None,
        "iCalUId": hashlib.sha256(identifier.encode()).hexdigest().upper(),
        "originalStartTimeZone": windows_name(entry.zone or "UTC"),
        "originalEndTimeZone": windows_name(entry.zone or "UTC"),
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
        "organizer": {
            "emailAddress": {"name": entry.organizer or account.name, "address": entry.organizer or account.address}
        },
        "recurrence": _recurrence(entry),
        "categories": list(entry.categories),
        **({"transactionId": entry.transaction} if entry.transaction else {}),
    }


def occurrence(entry: MicrosoftEntry, zone: In, *, identifier: str, series: str) -> dict[str, Any]:
    """What a delta says of an instance that is as its series is."""
    return {**_bare(entry, zone, kind="occurrence", identifier=identifier), "seriesMasterId": series}


def instance_id(entry: MicrosoftEntry, day: date) -> str:
    """The id of the instance that a series has on `day`; it keeps it wherever it is moved."""
    return f"{entry.id.rstrip('=')}_{day:%Y%m%d}="


def removed(identifier: str) -> dict[str, Any]:
    """What is deleted, or not in the window any more."""
    return {"@odata.type": _TYPE, "id": identifier, "@removed": {"reason": "deleted"}}


def _bare(entry: MicrosoftEntry, zone: In, *, kind: str, identifier: str) -> dict[str, Any]:
    digest = hashlib.sha256(repr((identifier, entry)).encode()).hexdigest()[:20]
    return {
        "@odata.type": _TYPE,
        "@odata.etag": f'W/"{digest}"',
        "id": identifier,
        "type": kind,
        "start": _moment(entry.start, zone),
        "end": _moment(entry.end, zone),
    }


def _moment(at: Moment, zone: In) -> dict[str, str]:
    """Whole days begin at midnight, in whatever zone the answer is."""
    wall = at.astimezone(zone.zone) if isinstance(at, datetime) else datetime.combine(at, time(), UTC)
    return {"dateTime": f"{wall:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": zone.name}


def _attendee(address: str, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": {"response": "none", "time": _NEVER},
        "emailAddress": {"name": address, "address": address},
    }


def _recurrence(entry: MicrosoftEntry) -> dict[str, Any] | None:
    rule = entry.recurrence
    if rule is None:
        return None
    kind = "noEnd" if rule.count is None and rule.until is None else "endDate" if rule.count is None else "numbered"
    first = (
        entry.start.astimezone(ZoneInfo(entry.zone or "UTC")).date()
        if isinstance(entry.start, datetime)
        else entry.start
    )
    return {
        "pattern": {"type": rule.every, "interval": rule.interval},
        "range": {
            "type": kind,
            "startDate": first.isoformat(),
            "endDate": rule.until.isoformat() if rule.until else "0001-01-01",
            "recurrenceTimeZone": windows_name(entry.zone or "UTC"),
            "numberOfOccurrences": rule.count or 0,
        },
    }
