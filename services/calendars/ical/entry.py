"""One entry of a file, the components that share a UID: the events that it makes in a window, and what they say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.calendars.ical.content import Component, Property, Raw, RawCalendar
from services.calendars.ical.dates import Window, zones_of
from services.calendars.ical.recurrence import ExpansionBudget
from services.calendars.ical.series import Series
from services.calendars.ical.values import ValueProblemError, ZonedTime, added, basic, duration, moments
from services.calendars.ical.zones import LAST, Zones
from services.domain.calendars import AHEAD, BEHIND, Connection, Problem
from services.domain.mail_addresses import is_no_persons, mail_domain, mail_domains, organizer_text
from services.domain.model import LONGEST_TEXT, Event, EventType, Organizer, Response, ShowAs, Visibility
from services.domain.titles import is_public_calendar

MOST_PERIODS = 10_000
"""Busy times of one VFREEBUSY that are read."""

_MOST_PROBLEMS = 20  # of one entry
_YEAR = timedelta(days=366)
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
_VISIBILITIES = {"": Visibility.DEFAULT, "PUBLIC": Visibility.DEFAULT, "CONFIDENTIAL": Visibility.CONFIDENTIAL}
_OF_A_SERIES = ("RRULE", "RDATE", "RECURRENCE-ID")
_BIRTHDAY_UID = re.compile(r"birthday_|^b\d+@facebook\.com$", re.IGNORECASE)
_MOST_CATEGORIES, _LONGEST_CATEGORY = 10, 64
_BIRTHDAY_CATEGORIES = frozenset(
    {"birthday", "birthdays", "geburtstag", "geburtstage", "anniversaire", "cumpleaños", "誕生日"}
)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked of a file: whose it is, where the person is, and the window (aware UTC, half-open)."""

    calendar_id: str
    addresses: tuple[str, ...]
    zone: ZoneInfo
    start: datetime
    end: datetime

    @classmethod
    def ahead(cls, connection: Connection, now: datetime) -> ReadRequest:
        """Return what is asked of a calendar at `now`: from a day before it to 60 days after it."""
        return cls(connection.calendar_id, connection.addresses, connection.zone, now - BEHIND, now + AHEAD)

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "calendar_id": self.calendar_id,
            "addresses": self.addresses,
            "zone": self.zone.key,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> ReadRequest:
        """Return the reverse of `as_json`."""
        start, end = datetime.fromisoformat(value["start"]), datetime.fromisoformat(value["end"])
        return cls(value["calendar_id"], tuple(value["addresses"]), ZoneInfo(value["zone"]), start, end)


@dataclass(slots=True)
class Readout:
    """What a file, or a part of it, gave."""

    events: list[Event] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def by_uid(components: Iterable[Raw]) -> dict[str, list[Raw]]:
    """Return the components by UID, in the order of the file.

    One without a UID (RFC 5545 §3.8.4.7 demands one) is named by what it says, the same as long as that is unchanged.
    A UID longer than any program's is cut, and told from others by its digest.
    """
    groups: dict[str, list[Raw]] = {}
    for raw in components:
        uid = raw.uid
        if not uid:
            stamps = (b"DTSTAMP", b"LAST-MODIFIED")
            lines = [line for line in raw.lines.split(b"\n") if not line.upper().startswith(stamps)]
            uid = "none-" + hashlib.blake2b(b"\n".join(lines), digest_size=12).hexdigest()
        if len(uid) > LONGEST_TEXT:
            digest = hashlib.blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
            uid = f"{uid[: LONGEST_TEXT - len(digest) - 1]}-{digest}"
        groups.setdefault(uid, []).append(raw)
    return groups


class EntryReader:
    """Reads the entries of one calendar of a file.

    `name` is what the calendar calls itself: NAME (RFC 7986 §5.1), or X-WR-CALNAME. `floor` is how long it asks not
    to be fetched again: REFRESH-INTERVAL (RFC 7986 §5.7), or X-PUBLISHED-TTL.
    """

    def __init__(self, calendar: RawCalendar, asked: ReadRequest, budget: ExpansionBudget) -> None:
        self._asked = asked
        self._addresses = frozenset(address.strip().casefold() for address in asked.addresses)
        properties = Component(calendar.lines)
        self.name = properties.text("NAME").strip() or properties.text("X-WR-CALNAME").strip() or None
        self.floor: timedelta | None = None
        for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
            try:
                length = duration(name, properties.value(name)).whole
            except ValueProblemError:
                continue  # absent or unreadable: the calendar asks for nothing
            if length > timedelta():
                self.floor = length
                break
        self._cancels = properties.word("METHOD") == "CANCEL"
        self._is_public = is_public_calendar(self.name or "")
        until = min(asked.end.replace(tzinfo=None), LAST - 2 * _YEAR) + 2 * _YEAR
        self._window = Window(asked.start, asked.end, zones_of(calendar, asked.zone, until, budget), budget)

    def read(self, uid: str, raws: Sequence[Raw], into: Readout) -> None:
        """Add the events and problems of the entry `uid` to `into`."""
        unknown = self._window.zones.unknown
        unknown.clear()
        problems: list[str] = []
        components = [Component(raw.lines) for raw in raws if raw.whole]
        if len(components) < len(raws):
            problems.append(f"It has no end: END:{raws[0].name} is missing.")
        read = self._busy_times if raws[0].name == "VFREEBUSY" else self._occurrences
        try:
            into.events.extend(read(uid, components, problems))
        except OverflowError:
            problems.append("Its times are outside of the calendar.")
        for name in sorted(unknown):
            short = " ".join(name.split())[:80]
            problems.append(f'The time zone "{short}" is unknown: its times are taken as local.')
        into.problems.extend(Problem(uid, problem) for problem in list(dict.fromkeys(problems))[:_MOST_PROBLEMS])

    def _occurrences(self, uid: str, components: Sequence[Component], problems: list[str]) -> Iterator[Event]:
        said: dict[int, Event] = {}
        for one in Series(components, self._window, problems).occurrences():
            event = said.get(id(one.component))
            if event is None:
                event = said[id(one.component)] = self._event(uid, one.component)
            yield replace(event, occurrence=one.name, start=one.start, end=one.end, all_day=one.all_day, wall=one.wall)

    def _event(self, uid: str, component: Component) -> Event:
        """Return what a VEVENT says besides its times: who answers, how it blocks time, who may see it."""
        status = component.word("STATUS")
        # X-MICROSOFT-CDO-BUSYSTATUS says more than TRANSP (MS-OXCICAL 2.1.3.1.1.20.31), so it wins.
        show_as = _SHOW_AS.get(component.word("X-MICROSOFT-CDO-BUSYSTATUS"))
        if show_as is None:
            show_as = ShowAs.FREE if component.word("TRANSP") == "TRANSPARENT" else ShowAs.BUSY
        organizer = Organizer.PUBLIC if self._is_public else _organizer(component, self._addresses)
        response, others, domains = _answer(component, self._addresses, organizer)
        return Event(
            calendar_id=self._asked.calendar_id,
            uid=uid,
            start=self._asked.start,
            end=self._asked.start,
            type=EventType.BIRTHDAY if _is_birthday(component, uid) else EventType.DEFAULT,
            show_as=show_as,
            response=response,
            cancelled=self._cancels or status in {"CANCELLED", "CANCELED"},
            tentative=status == "TENTATIVE",
            # PUBLIC is the default (RFC 5545 §3.8.1.3): written out it says no more. An unknown word is private.
            visibility=_VISIBILITIES.get(component.word("CLASS"), Visibility.PRIVATE),
            title=component.text("SUMMARY")[:LONGEST_TEXT],
            location=component.text("LOCATION")[:LONGEST_TEXT],
            guests=len(others),
            organizer=organizer,
            organizer_text=_organizer_text(component),
            guest_domains=domains,
            # RFC 5545 §3.8.5: a rule or dates make a series, and §3.8.4.4 names the one of it that is changed.
            recurring=any(component.all(name) for name in _OF_A_SERIES),
            guest=next(iter(others)) if len(others) == 1 else "",
            categories=_categories(component)[:_MOST_CATEGORIES],
        )

    def _busy_times(self, uid: str, components: Sequence[Component], problems: list[str]) -> Iterator[Event]:
        """Yield the busy times of VFREEBUSYs (RFC 5545 §3.6.4), where a calendar publishes nothing else, as meetings.

        They have no title. An unknown FBTYPE is busy (RFC 5545 §3.2.9).
        """
        for component in components:
            values = (
                (kind, replace(line, value=value))
                for line in component.all("FREEBUSY")
                if (kind := line.params.get("FBTYPE", "").upper()) != "FREE"
                for value in line.value.split(",")
            )
            for seen, (kind, line) in enumerate(values):
                if seen == MOST_PERIODS:
                    problems.append(f"Only its first {MOST_PERIODS} busy times are read.")
                    break
                show_as = ShowAs.TENTATIVE if kind == "BUSY-TENTATIVE" else ShowAs.BUSY
                for start, end in _periods(line, self._window.zones, problems):
                    if start < end and start < self._window.end and end > self._window.start:
                        name = f"{basic(start)}/{basic(end)}"
                        yield Event(self._asked.calendar_id, uid, start, end, name, show_as=show_as)


def _periods(line: Property, zones: Zones, problems: list[str]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the periods of a FREEBUSY in UTC; what is none becomes a sentence in `problems`."""
    try:
        found = moments(line, zones, zones.floating)
    except ValueProblemError as problem:
        problems.append(str(problem))
        return
    for start, end in found:
        if end is None:
            problems.append("FREEBUSY is not a period.")
            continue
        yield start.instant(), end.instant() if isinstance(end, ZonedTime) else added(start.wall, end, start.zone)


def _answer(
    component: Component, addresses: frozenset[str], organizer: Organizer
) -> tuple[Response, set[str], frozenset[str]]:
    """Return the person's own answer, who else is invited (rooms and resources are no people), and their domains.

    Whoever asks for the person's time is among those whose domains are told: programs differ in whether they write
    them down as an attendee, too (RFC 5545 §3.8.4.1).
    """
    mine = Response.NONE
    others: set[str] = set()
    domains: list[str] = []
    asks = component.first("ORGANIZER")
    for line in component.all("ATTENDEE"):
        named = _addresses(line)
        if not addresses.isdisjoint(named):
            # RFC 5545 §3.2.12: an attendee whose line says nothing has not answered.
            mine = _RESPONSES.get(line.params.get("PARTSTAT", "").upper(), Response.NEEDS_ACTION)
        elif line.params.get("CUTYPE", "").upper() not in {"ROOM", "RESOURCE"}:
            others.add(min(named, default=line.value))
            domains.append(_reached_at(named))
    if asks is not None and not addresses.isdisjoint(_addresses(asks)) and mine != Response.DECLINED:
        mine = Response.NONE
    if asks is not None and organizer is Organizer.OTHER:
        domains.append(_reached_at(_addresses(asks)))
    return mine, others, mail_domains(domains)


def _organizer_text(component: Component) -> str:
    """Return who organizes, by ORGANIZER's CN (RFC 5545 §3.2.2) and address."""
    line = component.first("ORGANIZER")
    return "" if line is None else organizer_text(line.params.get("CN", ""), _reached_at(_addresses(line)))


def _reached_at(named: Iterable[str]) -> str:
    """Return the first of somebody's addresses that mail reaches them at; "" where there is none."""
    return next(filter(mail_domain, named), "")


def _organizer(component: Component, addresses: frozenset[str]) -> Organizer:
    """Return who asks.

    An only guest who is asked for no answer, by PARTSTAT (RFC 5545 §3.2.12) or RSVP, is told something.
    """
    line = component.first("ORGANIZER")
    if line is None:
        return Organizer.NOBODY
    named = _addresses(line)
    if not addresses.isdisjoint(named):
        return Organizer.PERSON
    asks = any(
        "PARTSTAT" in guest.params or guest.params.get("RSVP", "").upper() == "TRUE"
        for guest in component.all("ATTENDEE")
    )
    return Organizer.SYSTEM if any(map(is_no_persons, named)) or not asks else Organizer.OTHER


def _addresses(line: Property) -> tuple[str, ...]:
    """Return the mail addresses of an ATTENDEE or ORGANIZER.

    Its value (RFC 6068) and its EMAIL parameters (RFC 7986).
    """
    value = line.value.strip()
    named = [value[7:] if value[:7].lower() == "mailto:" else value]
    named += [text for name, text in line.params.items() if name.endswith("EMAIL")]
    texts = (text.strip().strip("<>").casefold().removeprefix("mailto:") for text in named)
    return tuple(dict.fromkeys(text for text in texts if text))


def _is_birthday(component: Component, uid: str) -> bool:
    if component.word("X-GOOGLE-EVENT-TYPE") == "BIRTHDAY" or component.word("X-YAHOO-EVENT-STATUS") == "BIRTHDAY":
        return True
    if _BIRTHDAY_UID.search(uid):
        return True
    return any(word.casefold() in _BIRTHDAY_CATEGORIES for word in _categories(component))


def _categories(component: Component) -> tuple[str, ...]:
    """Return the words of CATEGORIES (RFC 5545 §3.8.1.2)."""
    words = (word.strip() for line in component.all("CATEGORIES") for word in line.value.split(","))
    return tuple(word[:_LONGEST_CATEGORY] for word in words if word)
