"""One item of `events.list` with `singleEvents=true` as an event. Pure; nothing in an item is trusted.

Fields: the `Event` resource, developers.google.com/workspace/calendar/api/v3/reference/events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.calendars.providers.api import inner, text_in
from services.domain.calendars import Problem
from services.domain.entries import PROPERTY
from services.domain.mail_addresses import is_no_persons, mail_domains, organizer_text
from services.domain.model import (
    LONGEST_TEXT,
    Event,
    EventType,
    Location,
    Organizer,
    Response,
    ShowAs,
    Visibility,
    WallTimes,
)

FIELDS = (
    "id,iCalUID,recurringEventId,originalStartTime,status,start,end,eventType,transparency,visibility,summary,location,"
    "workingLocationProperties,attendees(self,resource,responseStatus,email),organizer(self,email,displayName),"
    f"extendedProperties/private/{PROPERTY}"
)
"""What is asked of each item: no description, no name of a guest, no link ever travels to us.

Of a guest's address its domain alone is kept. `recurringEventId` stands in each occurrence of a series, a changed one
as well, and `recurrence` in a series alone, which `singleEvents` never lists: it is not asked for.
"""

LONGEST_ID = 1024
LONGEST_ZONE = 64

_HOLIDAYS = "#holiday@group.v.calendar.google.com"
_DAY = timedelta(days=1)
_EARLIEST = datetime(1, 1, 3)  # noqa: DTZ001 - a wall-clock time; from here to there every zone has an instant for it
_LATEST = datetime(9999, 12, 28)  # noqa: DTZ001 - see above

_TYPES = {
    "outOfOffice": EventType.OUT_OF_OFFICE,
    "focusTime": EventType.FOCUS,
    "workingLocation": EventType.WORKING_LOCATION,
    "birthday": EventType.BIRTHDAY,
}
_RESPONSES = {
    "accepted": Response.ACCEPTED,
    "declined": Response.DECLINED,
    "tentative": Response.TENTATIVE,
    "needsAction": Response.NEEDS_ACTION,
}
_VISIBILITIES = {str(one): one for one in Visibility}
_PLACES = {"homeOffice": Location.HOME, "officeLocation": Location.OFFICE, "customLocation": Location.ELSEWHERE}


@dataclass(frozen=True, slots=True)
class EventContext:
    """Whose calendar is read: our id of it, the person's zone, and the zone that the calendar itself names, if any."""

    calendar_id: str
    zone: ZoneInfo
    calendar_zone: ZoneInfo | None = None


class _UnreadableError(Exception):
    """The message is a sentence that names no title."""


def event_of(item: object, asked: EventContext) -> Event | Problem | None:
    """Return the event, or why the item cannot be read; None for one of ours, and for a deleted one.

    A deleted one may hold nothing but its id.
    """
    if not isinstance(item, Mapping):
        return Problem("", "It is no object.")
    cancelled = item.get("status") == "cancelled"
    if cancelled and not (item.get("start") and item.get("end")):
        return None
    if inner(item, "extendedProperties", "private", PROPERTY) is not None:  # what was asked for here is known anyway
        return None
    try:
        uid, occurrence = _identity(item, asked)
        start, end, wall = _times(item, asked)
    except _UnreadableError as error:
        return Problem(text_in(item.get("id"), LONGEST_ID), str(error))
    kind = _TYPES.get(text_in(item.get("eventType"), LONGEST_ZONE), EventType.DEFAULT)
    place, label = _place(item) if kind is EventType.WORKING_LOCATION else (None, "")
    organizer = _organizer(item.get("organizer"))
    response, guests, guest = _attendance(item.get("attendees"))
    visibility = item.get("visibility")
    if visibility is None or visibility == "":
        visibility = Visibility.DEFAULT
    return Event(
        calendar_id=asked.calendar_id,
        uid=uid,
        start=start,
        end=end,
        occurrence=occurrence,
        all_day=bool(item["start"].get("date")),
        wall=wall,
        type=kind,
        show_as=ShowAs.FREE if item.get("transparency") == "transparent" else ShowAs.BUSY,
        response=response,
        cancelled=cancelled,
        tentative=item.get("status") == "tentative",
        # one that we do not know is private, so that nothing of it is shown by mistake
        visibility=_VISIBILITIES.get(str(visibility), Visibility.PRIVATE),
        title=text_in(item.get("summary"), LONGEST_TEXT),
        location=text_in(item.get("location"), LONGEST_TEXT) or label,
        working_location=place,
        guests=guests,
        organizer=organizer,
        organizer_text=organizer_text(*_named(item.get("organizer"))),
        guest_domains=_guest_domains(item, organizer),
        recurring=bool(text_in(item.get("recurringEventId"), LONGEST_ID)),
        guest=guest if guests == 1 else "",
    )


def zone_of(name: object) -> ZoneInfo | None:
    """Return the zone of an IANA name; None for anything else."""
    if not isinstance(name, str) or not name or len(name) > LONGEST_ZONE or not name.isascii():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError: "../x"; OSError: the name of a directory
        return None


def _identity(item: Mapping[str, Any], asked: EventContext) -> tuple[str, str]:
    """Return what an entry is called everywhere, and which occurrence of it this is.

    All occurrences of a series share their `iCalUID`; `originalStartTime` never changes, wherever one is moved to.
    """
    own = item.get("id")
    if not isinstance(own, str) or not 0 < len(own) <= LONGEST_ID:
        raise _UnreadableError("It has no id.")
    shared = item.get("iCalUID")
    if not isinstance(shared, str) or not 0 < len(shared) <= LONGEST_ID:
        return own, ""
    original = item.get("originalStartTime")
    if not isinstance(original, Mapping):
        # an occurrence that does not say which one it is, is still told apart by its own id
        return (own if item.get("recurringEventId") else shared), ""
    try:
        day = _date(original)
        if day is not None:
            return shared, f"{day:%Y%m%d}"
        instant, wall = _moment(original, asked)
    except _UnreadableError:
        return own, ""
    return shared, f"{wall:%Y%m%dT%H%M%S}" if instant is None else f"{instant:%Y%m%dT%H%M%SZ}"


def _times(item: Mapping[str, Any], asked: EventContext) -> tuple[datetime, datetime, WallTimes | None]:
    """Start and end, and the wall-clock times that an entry keeps wherever the person is, if it does."""
    start, end = item.get("start"), item.get("end")
    if not isinstance(start, Mapping):
        raise _UnreadableError("It has no start.")
    if not isinstance(end, Mapping):
        end = {}
    first = _date(start)
    if first is not None:  # whole days; the last one is exclusive, and at least a day later
        midnight = datetime.combine(first, time())
        wall = WallTimes(midnight, max(midnight + _DAY, datetime.combine(_date(end) or first, time())))
        return *wall.instants(asked.zone), wall
    begins, wall_start = _moment(start, asked)
    # Without an end it has no length: such an entry is shown to its owner, and never counts.
    ends, wall_end = _moment(end, asked) if end.get("dateTime") else (begins, wall_start)
    if begins is not None and ends is not None:
        return begins, max(begins, ends), None
    wall = WallTimes(wall_start, max(wall_start, wall_end))
    return *wall.instants(asked.zone), wall


def _date(value: Mapping[str, Any]) -> date | None:
    """`date` of an EventDateTime; None where it has none."""
    text = value.get("date")
    if text is None or text == "":
        return None
    try:
        found = date.fromisoformat(text)
    except (TypeError, ValueError):
        raise _UnreadableError("Its date cannot be read.") from None
    if not _EARLIEST.date() < found < _LATEST.date():
        raise _UnreadableError("Its date is outside of the calendar.")
    return found


def _moment(value: Mapping[str, Any], asked: EventContext) -> tuple[datetime | None, datetime]:
    """`dateTime` of an EventDateTime as an instant (UTC; None where it floats), and as the time it says.

    RFC 3339 with an offset; without one it is in `timeZone`, else in the calendar's zone, else wherever the person is.
    """
    text = value.get("dateTime")
    try:
        said = datetime.fromisoformat(text.upper())  # type: ignore[union-attr]  # what is no text raises, too
    except (AttributeError, TypeError, ValueError):
        raise _UnreadableError("Its time cannot be read.") from None
    wall = said.replace(tzinfo=None)
    if not _EARLIEST < wall < _LATEST:
        raise _UnreadableError("Its time is outside of the calendar.")
    if said.tzinfo is not None:
        return said.astimezone(UTC), wall
    zone = zone_of(value.get("timeZone")) or asked.calendar_zone
    return None if zone is None else said.replace(tzinfo=zone).astimezone(UTC), wall


def _attendance(attendees: object) -> tuple[Response, int, str]:
    """Return the person's own answer (`self` is the calendar's own entry), how many others there are, and the last.

    Rooms are none.
    """
    response, guests, guest = Response.NONE, 0, ""
    for attendee in attendees if isinstance(attendees, list) else ():
        if inner(attendee, "self") is True:
            response = _RESPONSES.get(text_in(attendee.get("responseStatus"), LONGEST_ZONE), Response.NONE)
        elif isinstance(attendee, Mapping) and attendee.get("resource") is not True:
            guests, guest = guests + 1, _named(attendee)[1]
    return response, guests, guest


def _guest_domains(item: Mapping[str, Any], organizer: Organizer) -> frozenset[str]:
    """List the mail domains of the other guests, and of whoever asks for the person's time: they need be no guest."""
    attendees = item.get("attendees")
    others = [
        _named(attendee)[1]
        for attendee in (attendees if isinstance(attendees, list) else ())
        if inner(attendee, "self") is not True and inner(attendee, "resource") is not True
    ]
    return mail_domains([*others, *([_named(item.get("organizer"))[1]] if organizer is Organizer.OTHER else [])])


def _named(somebody: object) -> tuple[str, str]:
    """Return the name and the address of an organizer or attendee."""
    return text_in(inner(somebody, "displayName"), LONGEST_TEXT), text_in(inner(somebody, "email"), LONGEST_TEXT)


def _organizer(organizer: object) -> Organizer:
    if not isinstance(organizer, Mapping):
        return Organizer.NOBODY
    address = text_in(organizer.get("email"), LONGEST_TEXT)
    if address.endswith(_HOLIDAYS):
        return Organizer.PUBLIC
    if organizer.get("self") is True:
        return Organizer.PERSON
    return Organizer.SYSTEM if is_no_persons(address) else Organizer.OTHER


def _place(item: Mapping[str, Any]) -> tuple[Location | None, str]:
    """Return where somebody works, and how they call it: by `type`, or where that is missing by the sub-field."""
    properties = item.get("workingLocationProperties")
    if not isinstance(properties, Mapping):
        return None, ""
    kind = properties.get("type")
    if not isinstance(kind, str) or kind not in _PLACES:
        kind = next((name for name in _PLACES if name in properties), "")
    return _PLACES.get(kind), text_in(inner(properties, kind, "label"), LONGEST_TEXT)
