"""A whole file: which entries it has, and the events they make in a window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.calendars.ical.bounds import LAST
from services.calendars.ical.busy import busy_events
from services.calendars.ical.content import Component
from services.calendars.ical.dates import Window
from services.calendars.ical.entry import Details, details
from services.calendars.ical.lex import Raw, RawCalendar
from services.calendars.ical.recurrence import ExpansionBudget
from services.calendars.ical.series import Occurrence, Series
from services.calendars.ical.values import ValueProblemError, duration
from services.calendars.ical.vtimezone import zones_of
from services.calendars.ical.zones import Zones, iana_name
from services.domain.calendars import Problem
from services.domain.model import LONGEST_TEXT, Event, WallTimes
from services.domain.titles import is_public_calendar

_YEAR = timedelta(days=366)

_MOST_PROBLEMS = 20  # of one entry
_MOST_GROUPS = 32  # of calendars of one file that contradict each other


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked of a file: whose it is, where the person is, and the window (aware UTC, half-open)."""

    calendar_id: str
    addresses: tuple[str, ...]
    zone: ZoneInfo
    start: datetime
    end: datetime


@dataclass(slots=True)
class Readout:
    """What a file, or a part of it, gave."""

    events: list[Event] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """All components of one UID in one calendar of the file."""

    uid: str
    components: tuple[Raw, ...]


def entries(calendar: RawCalendar) -> Iterator[Entry]:
    """The calendar's VEVENTs by UID, in the order of the file. One without a UID is named by what it says.

    A UID longer than any program's is cut, and told from others by its digest.
    """
    return _by_uid(calendar.events)


def readable_entries(calendar: RawCalendar) -> Iterator[Entry]:
    """The calendar's VEVENTs by UID; where it has none, its VFREEBUSYs."""
    return _by_uid(calendar.events or calendar.busy)


def _by_uid(components: Iterable[Raw]) -> Iterator[Entry]:
    groups: dict[str, list[Raw]] = {}
    for raw in components:
        uid = raw.uid or _nameless(raw)
        if len(uid) > LONGEST_TEXT:
            digest = hashlib.blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
            uid = f"{uid[: LONGEST_TEXT - len(digest) - 1]}-{digest}"
        groups.setdefault(uid, []).append(raw)
    for uid, group in groups.items():
        yield Entry(uid, tuple(group))


def _nameless(raw: Raw) -> str:
    """A UID for a component that has none (RFC 5545 §3.8.4.7 demands one): the same as long as it is unchanged."""
    lines = [line for line in raw.lines.split(b"\n") if not line.upper().startswith((b"DTSTAMP", b"LAST-MODIFIED"))]
    return "none-" + hashlib.blake2b(b"\n".join(lines), digest_size=12).hexdigest()


class EntryReader:
    """Reads entries of one calendar of a file."""

    def __init__(self, calendar: RawCalendar, asked: ReadRequest, budget: ExpansionBudget) -> None:
        self._asked = asked
        self._budget = budget
        self._addresses = frozenset(address.strip().casefold() for address in asked.addresses)
        self.properties = Component(Raw("VCALENDAR", calendar.lines))
        self._cancels = self.properties.word("METHOD") == "CANCEL"
        self._is_public = is_public_calendar(self.name or "")
        until = min(asked.end.replace(tzinfo=None), LAST - 2 * _YEAR) + 2 * _YEAR
        self._zones: Zones = zones_of(calendar, asked.zone, until, budget)

    @property
    def name(self) -> str | None:
        """What the calendar calls itself: NAME (RFC 7986 §5.1), or X-WR-CALNAME."""
        return self.properties.text("NAME").strip() or self.properties.text("X-WR-CALNAME").strip() or None

    @property
    def floor(self) -> timedelta | None:
        """How long the calendar asks not to be fetched again: REFRESH-INTERVAL (RFC 7986 §5.7), X-PUBLISHED-TTL."""
        for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
            try:
                length = duration(name, self.properties.value(name)).whole
            except ValueProblemError:
                continue  # absent or unreadable: the calendar asks for nothing
            if length > timedelta():
                return length
        return None

    def read(self, entry: Entry, into: Readout) -> None:
        """Add the events and problems of `entry` to `into`."""
        self._zones.unknown.clear()
        problems: list[str] = []
        whole = [raw for raw in entry.components if raw.whole]
        if len(whole) < len(entry.components):
            problems.append(f"It has no end: END:{entry.components[0].name} is missing.")
        window = Window(self._asked.start, self._asked.end, self._zones, self._budget)
        components = [Component(raw) for raw in whole]
        found: list[Occurrence] = []
        busy: list[Event] = []
        try:
            if entry.components[0].name == "VFREEBUSY":
                for component in components:
                    busy.extend(busy_events(component, self._asked.calendar_id, entry.uid, window, problems))
            else:
                series = Series(components, window)
                try:
                    found.extend(series.occurrences())
                finally:
                    problems.extend(series.problems)
        except OverflowError:
            problems.append("Its times are outside of the calendar.")
        problems.extend(
            f'The time zone "{_short(name)}" is unknown: its times are taken as local.'
            for name in sorted(self._zones.unknown)
        )
        into.problems.extend(Problem(entry.uid, problem) for problem in list(dict.fromkeys(problems))[:_MOST_PROBLEMS])
        into.events.extend(busy)
        said: dict[int, Details] = {}
        for occurrence in found:
            at = id(occurrence.component)
            if at not in said:
                said[at] = details(
                    occurrence.component, entry.uid, self._addresses, cancelled=self._cancels, public=self._is_public
                )
            into.events.append(_event(self._asked.calendar_id, entry.uid, occurrence, said[at]))


def _short(name: str) -> str:
    return " ".join(name.split())[:80]


def _event(calendar_id: str, uid: str, occurrence: Occurrence, said: Details) -> Event:
    return Event(
        calendar_id=calendar_id,
        uid=uid,
        start=occurrence.start,
        end=occurrence.end,
        occurrence=occurrence.name,
        all_day=occurrence.all_day,
        wall=None if occurrence.wall is None else WallTimes(*occurrence.wall),
        type=said.type,
        show_as=said.show_as,
        response=said.response,
        cancelled=said.cancelled,
        tentative=said.tentative,
        visibility=said.visibility,
        title=said.title,
        location=said.location,
        guests=said.guests,
        organizer=said.organizer,
    )


def merged(calendars: Sequence[RawCalendar]) -> list[RawCalendar]:
    """The calendars of a file put together where they say the same of themselves and do not contradict in their zones.

    Some exports write one VCALENDAR per component, so that a series and its changes stand in different ones.
    """
    if len(calendars) < 2:  # noqa: PLR2004 - nothing to put together
        return list(calendars)
    groups: dict[tuple[str, str], list[_Together]] = {}
    for calendar in calendars:
        properties = Component(Raw("VCALENDAR", calendar.lines))
        like_it = groups.setdefault((properties.word("METHOD"), properties.value("X-WR-TIMEZONE")), [])
        zones = _zones_that_matter(calendar)
        group = next((one for one in like_it[:_MOST_GROUPS] if one.agrees(zones)), None)
        if group is None:
            group = _Together(calendar.lines)
            like_it.append(group)
        group.add(calendar, zones)
    return [group.calendar() for like_it in groups.values() for group in like_it]


@dataclass(slots=True)
class _Together:
    """Calendars of a file that are read as one."""

    lines: bytes
    zones: dict[str, Raw] = field(default_factory=dict)
    events: list[Raw] = field(default_factory=list)
    busy: list[Raw] = field(default_factory=list)
    whole: bool = True

    def agrees(self, zones: Mapping[str, Raw]) -> bool:
        """Whether every name means the same here and there: "Customized Time Zone" rarely does."""
        return all(self.zones.get(tzid, raw) == raw for tzid, raw in zones.items())

    def add(self, calendar: RawCalendar, zones: Mapping[str, Raw]) -> None:
        self.zones.update(zones)
        self.events.extend(calendar.events)
        self.busy.extend(calendar.busy)
        self.whole = self.whole and calendar.whole

    def calendar(self) -> RawCalendar:
        # Sorted, so that one more calendar with zones that others have changes nothing for those.
        zones = tuple(self.zones[tzid] for tzid in sorted(self.zones))
        return RawCalendar(self.lines, zones, tuple(self.events), self.whole, tuple(self.busy))


def _zones_that_matter(calendar: RawCalendar) -> dict[str, Raw]:
    """The calendar's VTIMEZONEs by TZID, the first of each, without those whose name says all (`Zones.named`)."""
    zones: dict[str, Raw] = {}
    for raw in calendar.zones:
        tzid = Component(raw).text("TZID").strip()
        if iana_name(tzid) != tzid:
            zones.setdefault(tzid.casefold(), raw)
    return zones


def distinct(events: Iterable[Event]) -> list[Event]:
    """The events with one for each id: where a file says the same occurrence twice, the later one holds."""
    return list({event.id: event for event in events}.values())


def read_all(calendars: Sequence[RawCalendar], asked: ReadRequest, budget: ExpansionBudget) -> Readout:
    """Every entry of every calendar of a file; of a half calendar those that are whole, and a problem."""
    reading = Readout()
    for calendar in merged(calendars):
        if not calendar.whole:
            reading.problems.append(Problem("", "The file ends in the middle: END:VCALENDAR is missing."))
        reader = EntryReader(calendar, asked, budget)
        for entry in readable_entries(calendar):
            reader.read(entry, reading)
    reading.events = distinct(reading.events)
    return reading
