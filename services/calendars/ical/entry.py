"""What a VEVENT says besides its times: who answers, how it blocks time, who may see it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from services.calendars.ical.content import Component, Property
from services.domain.calendars import is_no_persons
from services.domain.model import LONGEST_TEXT, EventType, Organizer, Response, ShowAs, Visibility

_SHOW_AS = {
    "FREE": ShowAs.FREE,
    "TENTATIVE": ShowAs.TENTATIVE,
    "BUSY": ShowAs.BUSY,
    "OOF": ShowAs.OUT_OF_OFFICE,
    "WORKINGELSEWHERE": ShowAs.WORKING_ELSEWHERE,
}
_RESPONSES = {
    "ACCEPTED": Response.ACCEPTED,
    "DECLINED": Response.DECLINED,
    "TENTATIVE": Response.TENTATIVE,
    "NEEDS-ACTION": Response.NEEDS_ACTION,
    # Somebody else goes instead (RFC 5546 §2.1.3).
    "DELEGATED": Response.DECLINED,
}
_BIRTHDAY_UID = re.compile(r"birthday_|^b\d+@facebook\.com$", re.IGNORECASE)
_BIRTHDAY_CATEGORIES = frozenset(
    {"birthday", "birthdays", "geburtstag", "geburtstage", "anniversaire", "cumpleaños", "誕生日"}
)


@dataclass(frozen=True, slots=True)
class Details:
    """The part of an `Event` that all occurrences of one component share."""

    type: EventType
    show_as: ShowAs
    response: Response
    cancelled: bool
    tentative: bool
    visibility: Visibility
    title: str
    location: str
    guests: int
    organizer: Organizer


def details(
    component: Component, uid: str, addresses: Collection[str], *, cancelled: bool, public: bool = False
) -> Details:
    """What `component` says. `addresses` are the person's, case-folded.

    `cancelled` where its calendar's METHOD is, `public` where its calendar is one of public holidays.
    """
    status = component.word("STATUS")
    response, guests = _answer(component, addresses)
    return Details(
        type=EventType.BIRTHDAY if _is_birthday(component, uid) else EventType.DEFAULT,
        show_as=_show_as(component),
        response=response,
        cancelled=cancelled or status in {"CANCELLED", "CANCELED"},
        tentative=status == "TENTATIVE",
        visibility=_visibility(component.word("CLASS")),
        title=component.text("SUMMARY")[:LONGEST_TEXT],
        location=component.text("LOCATION")[:LONGEST_TEXT],
        guests=guests,
        organizer=Organizer.PUBLIC if public else _organizer(component, addresses),
    )


def _show_as(component: Component) -> ShowAs:
    """X-MICROSOFT-CDO-BUSYSTATUS says more than TRANSP (MS-OXCICAL 2.1.3.1.1.20.31), so it wins."""
    busy = _SHOW_AS.get(component.word("X-MICROSOFT-CDO-BUSYSTATUS"))
    if busy is not None:
        return busy
    return ShowAs.FREE if component.word("TRANSP") == "TRANSPARENT" else ShowAs.BUSY


def _visibility(word: str) -> Visibility:
    """CLASS. PUBLIC is its default (RFC 5545 §3.8.1.3), so written out it says no more; unknown words are private."""
    if word in {"", "PUBLIC"}:
        return Visibility.DEFAULT
    return Visibility.CONFIDENTIAL if word == "CONFIDENTIAL" else Visibility.PRIVATE


def _answer(component: Component, addresses: Collection[str]) -> tuple[Response, int]:
    """The person's own answer, and how many other people are invited (rooms and resources are no people)."""
    mine = Response.NONE
    others: set[str] = set()
    for line in component.all("ATTENDEE"):
        named = _addresses(line)
        if not named.isdisjoint(addresses):
            # RFC 5545 §3.2.12: an attendee whose line says nothing has not answered.
            mine = _RESPONSES.get(line.params.get("PARTSTAT", "").upper(), Response.NEEDS_ACTION)
        elif line.params.get("CUTYPE", "").upper() not in {"ROOM", "RESOURCE"}:
            others.add(min(named, default=line.value))
    organizer = component.first("ORGANIZER")
    if organizer is not None and not _addresses(organizer).isdisjoint(addresses) and mine != Response.DECLINED:
        mine = Response.NONE
    return mine, len(others)


def _organizer(component: Component, addresses: Collection[str]) -> Organizer:
    """Who asks. An only guest who is asked for no answer, by PARTSTAT (RFC 5545 §3.2.12) or RSVP, is told something."""
    line = component.first("ORGANIZER")
    if line is None:
        return Organizer.NOBODY
    named = _addresses(line)
    if not named.isdisjoint(addresses):
        return Organizer.PERSON
    asks = any(
        "PARTSTAT" in guest.params or guest.params.get("RSVP", "").upper() == "TRUE"
        for guest in component.all("ATTENDEE")
    )
    return Organizer.SYSTEM if any(map(is_no_persons, named)) or not asks else Organizer.OTHER


def _addresses(line: Property) -> set[str]:
    """The mail addresses of an ATTENDEE or ORGANIZER: its value (RFC 6068) and its EMAIL parameters (RFC 7986)."""
    value = line.value.strip()
    named = {value[7:] if value[:7].lower() == "mailto:" else value}
    named.update(text for name, text in line.params.items() if name.endswith("EMAIL"))
    return {text.strip().strip("<>").casefold().removeprefix("mailto:") for text in named if text.strip()}


def _is_birthday(component: Component, uid: str) -> bool:
    if component.word("X-GOOGLE-EVENT-TYPE") == "BIRTHDAY" or component.word("X-YAHOO-EVENT-STATUS") == "BIRTHDAY":
        return True
    if _BIRTHDAY_UID.search(uid):
        return True
    words = (word.strip().casefold() for line in component.all("CATEGORIES") for word in line.value.split(","))
    return any(word in _BIRTHDAY_CATEGORIES for word in words)
