"""The dates that rules and lists give: of a series (RFC 5545 §3.8.5), and of a file's own time zones (§3.6.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from services.calendars.ical.content import Component, Property, Raw, RawCalendar
from services.calendars.ical.recurrence import (
    ExpansionBudget,
    Frequency,
    Reach,
    RecurrenceRule,
    RuleProblemError,
    expanded,
    parsed,
)
from services.calendars.ical.values import (
    DAY,
    Duration,
    Times,
    ValueProblemError,
    ZonedTime,
    basic,
    moment,
    moments,
)
from services.calendars.ical.zone_names import iana_name
from services.calendars.ical.zones import EARLIEST, LATEST, IanaZone, RuleZone, Zone, Zones, plus

_MARGIN = timedelta(hours=26)
"""More than any wall clock was ever moved at once (a day, when Samoa crossed the date line)."""

Key = datetime | str
"""What names an occurrence within its series: a UTC instant, a floating wall-clock time, or the text of a day."""

_OFFSET = re.compile(r"([+-]?)(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_SINCE = datetime(1969, 1, 1)  # noqa: DTZ001 - a wall-clock time: rules are worked out in detail from here on


# ── a series ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for (aware UTC, half-open), the file's zones, and what it may cost."""

    start: datetime
    end: datetime
    zones: Zones
    budget: ExpansionBudget


class Dates:
    """The starts of one series, on the wall clock of its DTSTART. `problems` collects sentences."""

    def __init__(self, component: Component, times: Times, window: Window, problems: list[str]) -> None:
        self._component = component
        self._times = times
        self._window = window
        self._problems = problems

    def key(self, at: ZonedTime) -> Key:
        """Return the name of the occurrence that `at` means, in whatever zone or type it is written."""
        zone = self._times.start.zone
        if self._times.start.date:
            return self.wall(at).date().isoformat()
        if at.date:
            return at.wall.date().isoformat()
        if zone.floating:
            return self.wall(at)
        return zone.utc(at.wall) if at.zone.floating else at.instant()

    def keys(self, wall: datetime) -> tuple[Key, ...]:
        """Return all names that the occurrence starting at `wall` goes by."""
        start, day = self._times.start, wall.date().isoformat()
        if start.date:
            return (day,)
        return (wall if start.zone.floating else start.zone.utc(wall), day)

    def wall(self, at: ZonedTime) -> datetime:
        """`at` on the series' wall clock."""
        written = self._times.written
        if at.date or at.zone.floating or at.zone == written:
            return at.wall
        if self._times.start.date and at.wall.time() == time():
            return at.wall
        return written.wall(at.instant())

    def name(self, wall: datetime) -> str:
        """Return how the occurrence starting at `wall` is called outside: as its RECURRENCE-ID would be."""
        return name_of(ZonedTime(wall, self._times.start.zone, self._times.start.date))

    def starts(self, longest: timedelta, shift: timedelta) -> list[tuple[datetime, ZonedTime | Duration | None]]:
        """Return the starts near the window in order, where occurrences last up to `longest`, moved by up to `shift`.

        Each with its end, where an RDATE gives it one of its own.
        """
        start = self._times.start
        lines = self._component.all("RRULE")
        found: dict[datetime, ZonedTime | Duration | None] = {} if lines else {start.wall: None}
        found |= dict.fromkeys(self._expand(lines, self._reach(longest, shift)))
        for at, end in self._listed("RDATE"):
            wall = self.wall(at)
            if start.date:
                wall = datetime.combine(wall, time())
            elif at.date and end is None:
                # A day as one more date of an entry that has a time: at that time.
                wall = datetime.combine(wall, start.wall.time())
            found[wall] = ZonedTime(end.wall, start.zone) if isinstance(end, ZonedTime) and end.date else end
        return sorted(found.items(), key=lambda item: item[0])

    def removed(self) -> set[Key]:
        """Return the names of what EXDATE and EXRULE take away."""
        removed = {self.key(at) for at, _ in self._listed("EXDATE")}
        lines = self._component.all("EXRULE")
        if lines:
            # Deprecated by RFC 5545 §A.3, still written: a rule whose times are taken out.
            taken = self._expand(lines, self._reach(self._times.longest, timedelta()), first=False)
            removed.update(self.keys(wall)[0] for wall in taken)
        return removed

    def _listed(self, name: str) -> Iterator[tuple[ZonedTime, ZonedTime | Duration | None]]:
        """Yield the dates of all lists of that name, which cost as much as those of a rule; none of a bad list."""
        for line in self._component.all(name):
            try:
                self._window.budget.spend(line.value.count(","))
                found = moments(line, self._window.zones, self._times.written)
            except (ValueProblemError, RuleProblemError) as problem:
                self._problems.append(str(problem))
                continue
            yield from found

    def _expand(self, lines: list[Property], reach: Reach, *, first: bool = True) -> set[datetime]:
        """Return the times of rules near `reach`. What is wrong with one becomes a sentence."""
        begin, budget = self._times.start.wall, self._window.budget
        found: set[datetime] = set()
        rules: list[tuple[RecurrenceRule, datetime | None, bool]] = []
        for line in lines:
            try:
                rule = parsed(line.value)
                if self._times.start.date:
                    rule = _of_days(rule)
                until = self._until(rule)
                # Whether DTSTART is one of the rule's own times, so that it is no extra one for the other rules.
                fits = len(lines) > 1 and any(
                    True for _ in expanded(rule, begin, None, Reach(begin, begin), budget, first=False)
                )
                rules.append((rule, until, fits))
            except (RuleProblemError, ValueProblemError) as problem:
                # Whatever the rule meant, the first time is told by DTSTART.
                self._problems.append(str(problem))
                if first:
                    found.add(begin)
        fitting = any(fits for _, _, fits in rules)
        for rule, until, fits in rules:
            if until is not None and until < begin:
                # How Google and Confluence write a series of which everything was deleted.
                continue
            counts = first and (fits or not fitting)
            try:
                for wall in expanded(rule, begin, until, reach, budget, first=counts):
                    if wall >= reach.lower or wall == begin:
                        found.add(wall)
            except RuleProblemError as problem:
                self._problems.append(str(problem))
        return found

    def _until(self, rule: RecurrenceRule) -> datetime | None:
        """UNTIL on the wall clock of DTSTART, inclusive, whatever type it was written in (RFC 5545 §3.3.10)."""
        if not rule.until:
            return None
        start = self._times.start
        until = moment(Property("UNTIL", rule.until, {}), self._window.zones, default=self._times.written)
        if start.date:
            # Outlook writes the midnight of the last day, in UTC; others write its end. Only the first is a midnight.
            local = start.zone.wall(until.instant())
            return local if local.time() == time() else datetime.combine(until.wall, time())
        if until.date:
            # A day names all of that day: programs that write it mean the last day on which it takes place.
            return until.wall + DAY - timedelta(seconds=1) if until.wall < LATEST else until.wall
        if start.zone.floating or until.zone == start.zone or not EARLIEST < until.wall < LATEST:
            return until.wall
        return start.zone.wall(until.instant())

    def _reach(self, longest: timedelta, shift: timedelta) -> Reach:
        zone, margin = self._times.start.zone, shift + _MARGIN
        lower = plus(zone.wall(self._window.start), -(longest + margin))
        upper = plus(zone.wall(self._window.end), margin)
        return Reach(min(max(lower, EARLIEST), LATEST), min(max(upper, EARLIEST), LATEST))


def name_of(at: ZonedTime) -> str:
    """Return an occurrence's original start in the form that RECURRENCE-ID has: stable when the occurrence is moved."""
    if at.date:
        return basic(at.wall)[:8]
    return basic(at.wall if at.zone.floating else at.instant())


def _of_days(rule: RecurrenceRule) -> RecurrenceRule:
    """Return a rule for whole days: its parts about the time of day mean nothing (RFC 5545 §3.3.10)."""
    if rule.frequency >= Frequency.HOURLY:
        raise RuleProblemError("RRULE repeats within the day, but DTSTART is a day.")
    return replace(rule, by_hour=(), by_minute=(), by_second=())


# ── a file's own time zones ─────────────────────────────────────────────────────────────────────────


def zones_of(calendar: RawCalendar, person: ZoneInfo, until: datetime, budget: ExpansionBudget) -> Zones:
    """Return the zones that a calendar's components may name, with its own VTIMEZONEs good up to `until` (naive).

    What a VTIMEZONE takes is the file's to pay, in the series that is the first to name it.
    """
    own: dict[str, partial[Zone | None]] = {}
    for raw in calendar.zones:
        own.setdefault(Component(raw.lines).text("TZID"), partial(_own_zone, raw, until, budget))
    return Zones(person, own, Component(calendar.lines).value("X-WR-TIMEZONE"))


def _own_zone(raw: Raw, until: datetime, budget: ExpansionBudget) -> Zone | None:
    """Return the zone that a VTIMEZONE describes up to `until` (naive); None where no observance can be read."""
    onsets: list[tuple[datetime, timedelta, timedelta]] = []
    for child in raw.children:
        if child.name in {"STANDARD", "DAYLIGHT"}:
            observance = Component(child.lines)
            new = _offset(observance.value("TZOFFSETTO"))
            if new is None:
                continue
            old = _offset(observance.value("TZOFFSETFROM"))
            old = new if old is None else old
            try:
                # In UTC. Within a day of the calendar's first day there is no such instant; nothing is before it.
                onsets += [(max(at, EARLIEST) - old, old, new) for at in set(_onsets(observance, old, until, budget))]
            except (ValueProblemError, RuleProblemError):
                continue
    if not onsets:
        # libical's note of where a zone is: all that is left of one without rules.
        name = iana_name(Component(raw.lines).value("X-LIC-LOCATION"))
        return None if name is None else IanaZone(ZoneInfo(name))
    onsets.sort()
    return RuleZone(
        onsets=tuple(onset for onset, _, _ in onsets),
        walls=tuple(sorted(onset + max(old, new) for onset, old, new in onsets)),
        offsets=(onsets[0][1], *(new for _, _, new in onsets)),
    )


def _onsets(observance: Component, old: timedelta, until: datetime, budget: ExpansionBudget) -> Iterator[datetime]:
    """Yield when an observance begins: wall-clock times under the offset `old` before it, in no zone."""
    line = observance.first("DTSTART")
    if line is None:
        return
    nowhere = Zones(ZoneInfo("UTC"), {})
    start = moment(line, nowhere).wall
    yield start
    for dates in observance.all("RDATE"):
        budget.spend(dates.value.count(","))
        yield from (at.wall for at, _ in moments(dates, nowhere, nowhere.floating))
    for text in observance.all("RRULE"):
        rule = parsed(text.value)
        yield from expanded(rule, start, _last(rule.until, old), Reach(_SINCE, until), budget)


def _last(until: str, offset: timedelta) -> datetime | None:
    """UNTIL of an observance is UTC (RFC 5545 §3.6.5); as the wall clock of the offset before it."""
    if not until:
        return None
    digits = re.sub(r"[^0-9]", "", until)[:14].ljust(14, "0")
    try:
        at = datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall-clock time under `offset`
    except ValueError:
        return None
    return at + offset if until.endswith("Z") else at


def _offset(text: str) -> timedelta | None:
    """Return a UTC-OFFSET value (RFC 5545 §3.3.14)."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    if size >= timedelta(hours=24):
        return None
    return -size if match[1] == "-" else size
