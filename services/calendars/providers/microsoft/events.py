"""Graph's events and their times as ours. Pure; nothing that Graph says is trusted to be of its documented form.

learn.microsoft.com/graph/api/resources/event; …/datetimetimezone: UTC is asked for, but the answer's own zone is what
counts, a name of Windows' or IANA's, or `tzone://Microsoft/…`. In a delta of a calendar view, the occurrences of a
series say little besides their times: what they do not say is as their series master says it
(microsoft-graph-docs#7632).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, TypeGuard
from zoneinfo import ZoneInfo

from services.calendars.ical.zone_names import iana_name
from services.calendars.ical.zones import UTC_ZONE, IanaZone, Zone, translated
from services.calendars.providers.api import inner, text_in
from services.domain.calendars import Problem
from services.domain.entries import PROPERTY
from services.domain.mail_addresses import is_no_persons, mail_domains, organizer_text
from services.domain.model import LONGEST_TEXT, Event, Organizer, Response, ShowAs, Visibility, WallTimes

_NOON = time(12)


class UnreadableError(Exception):
    """Why a time cannot be read, without the event's title."""


def _zone(name: str) -> Zone:
    """Return the zone of a name of Windows', IANA's, or `tzone://Microsoft/Utc`."""
    if name.strip().casefold() in {"", "utc", "tzone://microsoft/utc"}:
        return UTC_ZONE
    iana = iana_name(name)
    found = translated(name) if iana is None else IanaZone(ZoneInfo(iana))
    if found is None:
        raise UnreadableError("its time zone is not known")
    return found


def _parsed(text: str) -> datetime:
    """Return an ISO 8601 date and time; Graph's seven digits of fraction are cut to microseconds."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableError("its times cannot be read") from None


def instant(text: str, name: str) -> datetime:
    """Return the UTC instant of a time in the zone of that name, or with its own offset. Raises UnreadableError."""
    at = _parsed(text)
    if at.tzinfo is None:
        return _zone(name).utc(at)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise UnreadableError("its times cannot be read") from None


def day(text: str, name: str, original: str, person: ZoneInfo) -> date:
    """Return the date that an all-day event starts or ends on: that of its midnight, wherever that is.

    Graph gives midnight in whatever zone it answers in. A time that is none is an instant, and a date only where it
    is midnight: where the event was made (`original`), else where the person is; failing both, the nearest counts.

    Raises UnreadableError.
    """
    at = _parsed(text)
    wall = at.replace(tzinfo=None)
    if wall.time() == time():
        return wall.date()
    at_utc = instant(text, name)
    zones: list[Zone] = [IanaZone(person)]
    with suppress(UnreadableError):  # tzone://Microsoft/Custom names no zone
        zones.insert(0, _zone(original))
    walls = [zone.wall(at_utc) for zone in zones]
    for candidate in walls:
        if candidate.time() == time():
            return candidate.date()
    nearest = walls[0].date()
    return nearest if walls[0].time() < _NOON or nearest == date.max else nearest + timedelta(days=1)


LONGEST_ID = 1024
MOST_ATTENDEES = 1000
"""Exchange Online takes 500 of them."""

_LONGEST_ZONE = 100
_MOST_CATEGORIES, _LONGEST_CATEGORY = 10, 64
_RESOURCE = "resource"
_SHOW_AS = {
    "free": ShowAs.FREE,
    "tentative": ShowAs.TENTATIVE,
    "busy": ShowAs.BUSY,
    "oof": ShowAs.OUT_OF_OFFICE,
    "workingelsewhere": ShowAs.WORKING_ELSEWHERE,
}
_RESPONSES = {
    "tentativelyaccepted": Response.TENTATIVE,
    "accepted": Response.ACCEPTED,
    "declined": Response.DECLINED,
    "notresponded": Response.NEEDS_ACTION,
}
_VISIBILITIES = {
    "": Visibility.DEFAULT,
    "normal": Visibility.DEFAULT,
    "personal": Visibility.PRIVATE,
    "private": Visibility.PRIVATE,
    "confidential": Visibility.CONFIDENTIAL,
}


class ItemKind(StrEnum):
    """Graph's `type` of an event."""

    SINGLE = "singleInstance"
    OCCURRENCE = "occurrence"
    EXCEPTION = "exception"
    MASTER = "seriesMaster"


class Say(StrEnum):
    """What we read of an event besides its times, by the names under which it is kept."""

    SHOW_AS = "show"
    SENSITIVITY = "sensitivity"
    RESPONSE = "response"
    CANCELLED = "cancelled"
    ALL_DAY = "all_day"
    TITLE = "title"
    LOCATION = "location"
    GUESTS = "guests"
    ZONE = "zone"
    ORGANIZER = "organizer"
    ORGANIZER_TEXT = "organizer_text"
    GUEST_DOMAINS = "domains"
    GUEST = "guest"
    CATEGORIES = "categories"


_NEEDED: Final = frozenset({Say.SHOW_AS, Say.SENSITIVITY, Say.RESPONSE, Say.CANCELLED, Say.ALL_DAY, Say.TITLE})


@dataclass(frozen=True, slots=True)
class Item:
    """What we read of one event. `said` has only what Graph said; `start` and `end` are (dateTime, timeZone)."""

    id: str
    kind: ItemKind = ItemKind.SINGLE
    master: str = ""
    start: tuple[str, str] | None = None
    end: tuple[str, str] | None = None
    said: Mapping[Say, str | bool | int] = field(default_factory=dict, repr=False)

    @property
    def needs_master(self) -> bool:
        """Whether it cannot be understood without its series master."""
        return bool(self.master) and self.kind is not ItemKind.MASTER and not self.said.keys() >= _NEEDED


@dataclass(frozen=True, slots=True)
class Removed:
    """An event that is deleted, or not in the window any more."""

    id: str


def item(raw: object, addresses: Collection[str], *, of_leave: bool = False) -> Item | Removed | None:
    """Return what is kept of one entry of a delta's `value`; None for what has no usable id.

    One of ours is as good as removed. `addresses` are the person's: they are no guest of theirs. What has a wrong type
    counts as not said. Of an entry `of_leave` its categories are kept, and an only guest.
    """
    if not isinstance(raw, Mapping):
        return None
    identifier = raw.get("id")
    if not _is_id(identifier):
        return None
    if "@removed" in raw or text_in(raw.get("transactionId"), LONGEST_ID).startswith(PROPERTY):
        return Removed(identifier)  # what was asked for here is known anyway
    master = raw.get("seriesMasterId")
    try:
        kind = ItemKind(raw.get("type") or ItemKind.SINGLE)
    except ValueError:
        kind = ItemKind.SINGLE
    mine = frozenset(address.strip().casefold() for address in addresses)
    return Item(
        id=identifier,
        kind=kind,
        master=master if _is_id(master) and kind not in {ItemKind.SINGLE, ItemKind.MASTER} else "",
        start=_moment(raw.get("start")),
        end=_moment(raw.get("end")),
        said=_said(raw, mine) | (_said_of_leave(raw) if of_leave else {}),
    )


def event(found: Item, master: Item | None, *, calendar_id: str, zone: ZoneInfo) -> Event | Problem | None:
    """Return the event that an item is, with its series `master` where that is known; None for a master itself.

    `zone` is the person's: all-day events follow it. A Problem, where it cannot be said when the event is.
    """
    if found.kind is ItemKind.MASTER:
        return None
    if found.needs_master and master is None:
        return Problem(found.id, "its series is not known")
    said = {**(master.said if master is not None and found.master else {}), **found.said}
    if found.start is None or found.end is None:
        return Problem(found.id, "it has no start or no end")
    all_day = said.get(Say.ALL_DAY) is True
    wall = None
    try:
        if all_day:
            made_in = str(said.get(Say.ZONE, ""))
            first, last = (day(*moment, made_in, zone) for moment in (found.start, found.end))
            wall = WallTimes(datetime.combine(first, time()), datetime.combine(last, time()))
            start, end = (IanaZone(zone).utc(at) for at in (wall.start, wall.end))
        else:
            start, end = instant(*found.start), instant(*found.end)
    except UnreadableError as error:
        return Problem(found.id, str(error))
    return Event(
        calendar_id=calendar_id,
        uid=found.id,
        start=start,
        end=end,
        all_day=all_day,
        wall=wall,
        show_as=_SHOW_AS.get(_word(said.get(Say.SHOW_AS)), ShowAs.BUSY),
        response=_RESPONSES.get(_word(said.get(Say.RESPONSE)), Response.NONE),
        cancelled=said.get(Say.CANCELLED) is True,
        visibility=_VISIBILITIES.get(_word(said.get(Say.SENSITIVITY)), Visibility.PRIVATE),
        title=str(said.get(Say.TITLE, "")),
        location=str(said.get(Say.LOCATION, "")),
        guests=int(said.get(Say.GUESTS, 0)),
        organizer=Organizer(str(said.get(Say.ORGANIZER, ""))),
        organizer_text=str(said.get(Say.ORGANIZER_TEXT, "")),
        guest_domains=frozenset(str(said.get(Say.GUEST_DOMAINS, "")).split()),
        # `type`: an exception is an occurrence that was changed; learn.microsoft.com/graph/api/resources/event
        recurring=found.kind is not ItemKind.SINGLE,
        guest=str(said.get(Say.GUEST, "")),
        categories=tuple(str(said.get(Say.CATEGORIES, "")).splitlines()),
    )


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isascii() and value.isprintable()


def _said(raw: Mapping[str, Any], mine: Collection[str]) -> dict[Say, str | bool | int]:
    """Return everything that has its documented type. A null subject or location says that there is none."""
    said: dict[Say, str | bool | int] = {}
    for say, name in ((Say.SHOW_AS, "showAs"), (Say.SENSITIVITY, "sensitivity"), (Say.ZONE, "originalStartTimeZone")):
        if isinstance(raw.get(name), str):
            said[say] = text_in(raw[name], _LONGEST_ZONE)
    for say, name in ((Say.CANCELLED, "isCancelled"), (Say.ALL_DAY, "isAllDay")):
        if isinstance(raw.get(name), bool):
            said[say] = raw[name]
    if "subject" in raw:
        said[Say.TITLE] = text_in(raw["subject"], LONGEST_TEXT)
    if "location" in raw:
        said[Say.LOCATION] = text_in(inner(raw["location"], "displayName"), LONGEST_TEXT)
    if isinstance(raw.get("responseStatus"), Mapping):
        organizes = raw.get("isOrganizer") is True
        said[Say.RESPONSE] = "organizer" if organizes else text_in(inner(raw["responseStatus"], "response"), 64)
    address = text_in(inner(raw, "organizer", "emailAddress", "address"), LONGEST_ID)
    if isinstance(raw.get("isOrganizer"), bool):
        others = Organizer.SYSTEM if is_no_persons(address) else Organizer.OTHER
        said[Say.ORGANIZER] = Organizer.PERSON if raw["isOrganizer"] else others
    if "organizer" in raw:
        name = text_in(inner(raw["organizer"], "emailAddress", "name"), LONGEST_TEXT)
        said[Say.ORGANIZER_TEXT] = organizer_text(name, address)
    if isinstance(raw.get("attendees"), list):
        guests = _guests(raw["attendees"], mine)
        said[Say.GUESTS] = len(guests)
        # Whoever asks for the person's time is among those whose domains are told: Graph names them no attendee.
        asks = [address] if said.get(Say.ORGANIZER) is Organizer.OTHER else []
        said[Say.GUEST_DOMAINS] = " ".join(sorted(mail_domains([*guests, *asks])))
    return said


def _said_of_leave(raw: Mapping[str, Any]) -> dict[Say, str | bool | int]:
    """Return what tells whose leave an entry is, and what it is none by.

    Graph does not mark which attendee the mailbox itself is; where it organizes, it is none of them.
    """
    said: dict[Say, str | bool | int] = {}
    if isinstance(raw.get("attendees"), list):
        guests = _guests(raw["attendees"], ())
        said[Say.GUEST] = guests.pop() if len(guests) == 1 and raw.get("isOrganizer") is True else ""
    if isinstance(raw.get("categories"), list):
        words = [" ".join(text_in(one, _LONGEST_CATEGORY).split()) for one in raw["categories"][:_MOST_CATEGORIES]]
        said[Say.CATEGORIES] = "\n".join(filter(None, words))
    return said


def _guests(attendees: list[Any], mine: Collection[str]) -> set[str]:
    """Return the addresses of the other people who are invited; rooms and equipment (type `resource`) are no people."""
    others: set[str] = set()
    for attendee in attendees[:MOST_ATTENDEES]:
        address = inner(attendee, "emailAddress", "address")
        if isinstance(address, str) and address.strip() and _word(inner(attendee, "type")) != _RESOURCE:
            others.add(text_in(address.strip().casefold(), LONGEST_ID))
    return others.difference(mine)


def _word(value: object) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _moment(value: object) -> tuple[str, str] | None:
    """Return a dateTimeTimeZone; one without a zone is in UTC, as was asked for."""
    at, zone = inner(value, "dateTime"), inner(value, "timeZone")
    if not isinstance(at, str) or not 0 < len(at) <= LONGEST_TEXT:
        return None
    return text_in(at, 64), text_in(zone, _LONGEST_ZONE) or "UTC"
