"""Entries and calendars as the API writes them, and partial answers (the `fields` parameter)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from emulators.google.calendars import Account, Calendar, Entry, Instance
from emulators.google.recurrence import Moment


def item(account: Account, calendar: Calendar, instance: Instance) -> dict[str, Any]:
    """One occurrence. A cancelled one has only the fields that the reference guarantees."""
    entry = instance.entry
    found: dict[str, Any] = {"kind": "calendar#event", "etag": f'"{entry.revision}"', "id": _id(instance)}
    if instance.original is not None:
        found["recurringEventId"] = entry.id
        found["originalStartTime"] = _time(instance.original, calendar, entry)
    if instance.cancelled:
        return found | {"status": "cancelled"}
    found |= {
        "status": entry.status,
        "htmlLink": f"https://www.google.com/calendar/event?eid={_id(instance)}",
        "iCalUID": entry.uid,
        "eventType": entry.kind,
        "creator": {"email": entry.organizer or calendar.id, "self": not entry.organizer},
        "organizer": {"email": entry.organizer or calendar.id, "self": not entry.organizer},
        "start": _time(instance.start, calendar, entry),
        "end": _time(instance.end, calendar, entry),
        "sequence": 0,
        "reminders": {"useDefault": True},
    }
    return found | dict(_optional(account, entry))


def master(account: Account, calendar: Calendar, entry: Entry) -> dict[str, Any]:
    """A series as one item, as it is listed without `singleEvents`."""
    found = item(account, calendar, Instance(entry, entry.start, entry.end, cancelled=entry.cancelled))
    return found | ({"recurrence": list(entry.recurrence)} if entry.recurrence and not entry.cancelled else {})


def _optional(account: Account, entry: Entry) -> Iterator[tuple[str, Any]]:
    """Fields that are left out where they say nothing but the default."""
    if entry.title:
        yield "summary", entry.title
        yield "description", f"Notes of {entry.title}"
    if entry.location:
        yield "location", entry.location
    if entry.free:
        yield "transparency", "transparent"
    if entry.visibility != "default":
        yield "visibility", entry.visibility
    if entry.end_unspecified:
        yield "endTimeUnspecified", True
    if entry.response or entry.guests:
        own = {"email": account.address, "self": True, "responseStatus": entry.response or "accepted"}
        others = [
            {"email": f"guest{number}@example.net", "displayName": f"Guest {number}", "responseStatus": "needsAction"}
            for number in range(1, entry.guests + 1)
        ]
        yield "attendees", [own, *others]
    if entry.kind == "workingLocation":
        place: dict[str, Any] = {"type": entry.place}
        if entry.label:
            place[entry.place] = {"label": entry.label}
        yield "workingLocationProperties", place
    if entry.kind == "focusTime":
        yield "focusTimeProperties", {"chatStatus": "doNotDisturb"}
    if entry.kind == "outOfOffice":
        yield "outOfOfficeProperties", {"autoDeclineMode": "declineNone"}
    if entry.kind == "birthday":
        yield "birthdayProperties", {"type": "birthday"}


def listed(calendar: Calendar) -> dict[str, Any]:
    """A calendar in the account's list."""
    found: dict[str, Any] = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{calendar.revision}"',
        "id": calendar.id,
        "summary": calendar.name,
        "timeZone": calendar.zone,
        "accessRole": calendar.role,
        "selected": True,
    }
    if calendar.override:
        found["summaryOverride"] = calendar.override
    return found | ({"primary": True} if calendar.primary else {})


def _id(instance: Instance) -> str:
    original = instance.original
    if original is None:
        return instance.entry.id
    if isinstance(original, datetime):
        return f"{instance.entry.id}_{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{instance.entry.id}_{original:%Y%m%d}"


def _time(moment: Moment, calendar: Calendar, entry: Entry) -> dict[str, str]:
    """An EventDateTime: instants in the calendar's zone."""
    if not isinstance(moment, datetime):
        return {"date": moment.isoformat()}
    text = moment.astimezone(ZoneInfo(calendar.zone)).isoformat()
    return {"dateTime": text.replace("+00:00", "Z"), "timeZone": entry.zone or calendar.zone}


def partial(body: Mapping[str, Any], fields: str) -> dict[str, Any]:
    """What `fields` selects: `a,b(c,d)`. Raises ValueError for anything else."""
    tree, rest = _selection(fields)
    if rest:
        raise ValueError(fields)
    return {name: _selected(body[name], below) for name, below in tree.items() if name in body}


def _selection(text: str) -> tuple[dict[str, Any], str]:
    tree: dict[str, Any] = {}
    while True:
        size = next((index for index, sign in enumerate(text) if sign in ",()"), len(text))
        name, text = text[:size], text[size:]
        if not name:
            raise ValueError("a field without a name")
        tree[name] = {}
        if text.startswith("("):
            tree[name], text = _selection(text[1:])
            if not text.startswith(")"):
                raise ValueError("a parenthesis is missing")
            text = text[1:]
        if not text.startswith(","):
            return tree, text
        text = text[1:]


def _selected(value: Any, tree: Mapping[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_selected(one, tree) for one in value]
    if isinstance(value, Mapping):
        return {name: _selected(value[name], below) for name, below in tree.items() if name in value}
    return value
