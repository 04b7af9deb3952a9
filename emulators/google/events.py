"""Entries and calendars as version 3 of the Calendar API writes them, and partial answers (the `fields` parameter)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from emulators.books import LocalAccount, LocalCalendar, LocalEntry, LocalOccurrence, Moment

KINDS = frozenset({"default", "outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail"})


@dataclass(frozen=True, slots=True)
class GoogleEntry(LocalEntry):
    """An entry, or a series, in Google's words.

    `kind` is the API's `eventType`. `response` is one's own answer, empty where nobody asked. `place` is `homeOffice`,
    `officeLocation` or `customLocation`, `label` its name. `recurrence` are lines as in the API.
    """

    kind: str = "default"
    response: str = ""
    guests: int = 0
    visibility: str = "default"
    free: bool = False
    status: str = "confirmed"
    place: str = ""
    label: str = ""
    recurrence: tuple[str, ...] = ()
    end_unspecified: bool = False
    organizer: str = ""
    private: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(self.kind)

    @property
    def uid(self) -> str:
        """Its `iCalUID`."""
        return f"{self.id}@google.com"

    @property
    def rules(self) -> Sequence[str]:
        """The lines of its recurrence."""
        return self.recurrence


GoogleAccount = LocalAccount[GoogleEntry]
GoogleCalendar = LocalCalendar[GoogleEntry]


def item(account: GoogleAccount, calendar: GoogleCalendar, found: LocalOccurrence[GoogleEntry]) -> dict[str, Any]:
    """One occurrence. A cancelled one has only the fields that the reference guarantees."""
    entry = found.entry
    body: dict[str, Any] = {"kind": "calendar#event", "etag": f'"{calendar.revisions[entry.id]}"', "id": _id(found)}
    if found.original is not None:
        body |= {"recurringEventId": entry.id, "originalStartTime": _time(found.original, calendar, entry)}
    if found.gone or entry.cancelled:
        return body | {"status": "cancelled"}
    who = {"email": entry.organizer or calendar.id, "self": not entry.organizer}
    body |= {
        "status": entry.status,
        "htmlLink": f"https://www.google.com/calendar/event?eid={_id(found)}",
        "iCalUID": entry.uid,
        "eventType": entry.kind,
        "creator": who,
        "organizer": who,
        "start": _time(entry.start, calendar, entry),
        "end": _time(entry.end, calendar, entry),
        "sequence": 0,
        "reminders": {"useDefault": True},
    }
    if entry.private:
        body["extendedProperties"] = {"private": dict(entry.private)}
    return body | dict(_optional(account, entry))


def gone(entry_id: str, revision: int) -> dict[str, Any]:
    """What is told of an entry that is deleted (…/guides/sync: those are always in what changed since)."""
    return {"kind": "calendar#event", "etag": f'"{revision}"', "id": entry_id, "status": "cancelled"}


def master(account: GoogleAccount, calendar: GoogleCalendar, entry: GoogleEntry) -> dict[str, Any]:
    """A series as one item, as it is listed without `singleEvents`."""
    found = item(account, calendar, LocalOccurrence(entry))
    return found | ({"recurrence": list(entry.recurrence)} if entry.recurrence and not entry.cancelled else {})


def _optional(account: GoogleAccount, entry: GoogleEntry) -> Iterator[tuple[str, Any]]:
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
        others: list[dict[str, Any]] = [
            {"email": f"guest{number}@example.net", "displayName": f"Guest {number}", "responseStatus": "needsAction"}
            for number in range(1, entry.guests + 1)
        ]
        if entry.organizer and others:  # who organizes is one of them
            others[0] = {"email": entry.organizer, "organizer": True, "responseStatus": "accepted"}
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


def listed(calendar: GoogleCalendar) -> dict[str, Any]:
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
    return found | ({"primary": True} if calendar.main else {})


def _id(found: LocalOccurrence[GoogleEntry]) -> str:
    original = found.original
    if original is None:
        return found.entry.id
    if isinstance(original, datetime):
        return f"{found.entry.id}_{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{found.entry.id}_{original:%Y%m%d}"


def _time(moment: Moment, calendar: GoogleCalendar, entry: GoogleEntry) -> dict[str, str]:
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
        whole, *within = name.split("/")
        below: dict[str, Any] = {}
        tree[whole] = below
        for one in within:  # a/b/c selects as a(b(c)) does
            below[one] = below = {}
        name = whole
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
