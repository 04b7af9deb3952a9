"""When a series takes place: the starts that RRULE and RDATE give and EXDATE and EXRULE take (RFC 5545 §3.8.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from services.calendars.ical.bounds import EARLIEST, LATEST, Reach, plus
from services.calendars.ical.content import Component, Property
from services.calendars.ical.recurrence import ExpansionBudget, expanded
from services.calendars.ical.rule import Frequency, RecurrenceRule, RuleProblemError, parsed
from services.calendars.ical.times import Times
from services.calendars.ical.values import DAY, Duration, ValueProblemError, ZonedTime, basic, moment, moments
from services.calendars.ical.zones import Zone, Zones

_MARGIN = timedelta(hours=26)
"""More than any wall clock was ever moved at once (a day, when Samoa crossed the date line)."""

Key = datetime | str
"""What names an occurrence within its series: a UTC instant, a floating wall-clock time, or the text of a day."""

Starts = dict[datetime, ZonedTime | Duration | None]
"""Wall-clock starts, with the end of those to which an RDATE period gives one of their own."""


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

    # ── names ──────────────────────────────────────────────────────────────────────────────────────

    def key(self, at: ZonedTime) -> Key:
        """The name of the occurrence that `at` means, in whatever zone or type it is written."""
        zone = self._times.start.zone
        if self._times.start.date:
            return self.wall(at).date().isoformat()
        if at.date:
            return at.wall.date().isoformat()
        if zone.floating:
            return self.wall(at)
        return zone.utc(at.wall) if at.zone.floating else at.instant()

    def keys(self, wall: datetime) -> tuple[Key, ...]:
        """All names that the occurrence starting at `wall` goes by."""
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
        """How the occurrence starting at `wall` is called outside: as its RECURRENCE-ID would be."""
        return name_of(ZonedTime(wall, self._times.start.zone, self._times.start.date))

    # ── starts ─────────────────────────────────────────────────────────────────────────────────────

    def starts(self, longest: timedelta, shift: timedelta) -> list[tuple[datetime, ZonedTime | Duration | None]]:
        """The starts near the window in order, where occurrences last up to `longest`, moved by up to `shift`."""
        reach = self._reach(longest, shift)
        found: Starts = {}
        lines = self._component.all("RRULE")
        if not lines:
            found[self._times.start.wall] = None
        self._expand(lines, reach, found)
        for line in self._component.all("RDATE"):
            try:
                self._add(self._moments(line), found)
            except (ValueProblemError, RuleProblemError) as problem:
                self._problems.append(str(problem))
        return sorted(found.items(), key=lambda item: item[0])

    def removed(self) -> set[Key]:
        """The names of what EXDATE and EXRULE take away."""
        removed: set[Key] = set()
        for line in self._component.all("EXDATE"):
            try:
                for item in self._moments(line):
                    removed.add(self.key(item if isinstance(item, ZonedTime) else item[0]))
            except (ValueProblemError, RuleProblemError) as problem:
                self._problems.append(str(problem))
        lines = self._component.all("EXRULE")
        if lines:
            # Deprecated by RFC 5545 §A.3, still written: a rule whose times are taken out.
            taken: Starts = {}
            self._expand(lines, self._reach(self._times.longest, timedelta()), taken, first=False)
            removed.update(self.keys(wall)[0] for wall in taken)
        return removed

    def _moments(self, line: Property) -> list[ZonedTime | tuple[ZonedTime, ZonedTime | Duration]]:
        """The dates of a list, which cost as much as those of a rule."""
        self._window.budget.spend(line.value.count(","))
        return moments(line, self._window.zones, self._times.written)

    def _add(self, items: Iterable[ZonedTime | tuple[ZonedTime, ZonedTime | Duration]], found: Starts) -> None:
        start = self._times.start
        for item in items:
            at, end = (item, None) if isinstance(item, ZonedTime) else item
            wall = self.wall(at)
            if start.date:
                wall = datetime.combine(wall, time())
            elif at.date and end is None:
                # A day as one more date of an entry that has a time: at that time.
                wall = datetime.combine(wall, start.wall.time())
            if isinstance(end, ZonedTime) and end.date:
                end = ZonedTime(end.wall, start.zone)
            found[wall] = end

    def _expand(self, lines: list[Property], reach: Reach, found: Starts, *, first: bool = True) -> None:
        begin = self._times.start.wall
        rules: list[tuple[RecurrenceRule, datetime | None, bool]] = []
        for line in lines:
            try:
                rule = parsed(line.value)
                if self._times.start.date:
                    rule = _of_days(rule)
                rules.append((rule, self._until(rule), len(lines) > 1 and self._fits(rule)))
            except (RuleProblemError, ValueProblemError) as problem:
                # Whatever the rule meant, the first time is told by DTSTART.
                self._problems.append(str(problem))
                if first:
                    found.setdefault(begin)
        fitting = any(fits for _, _, fits in rules)
        for rule, until, fits in rules:
            if until is not None and until < begin:
                # How Google and Confluence write a series of which everything was deleted.
                continue
            counts = first and (fits or not fitting)
            try:
                for wall in expanded(rule, begin, until, reach, self._window.budget, first=counts):
                    if wall >= reach.lower or wall == begin:
                        found.setdefault(wall)
            except RuleProblemError as problem:
                self._problems.append(str(problem))

    def _fits(self, rule: RecurrenceRule) -> bool:
        """Whether DTSTART is one of the rule's own times, so that it is no extra one for the other rules."""
        begin = self._times.start.wall
        return any(True for _ in expanded(rule, begin, None, Reach(begin, begin), self._window.budget, first=False))

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
        zone = self._times.start.zone
        return Reach(
            _clamped(zone, self._window.start, -(longest + shift + _MARGIN)),
            _clamped(zone, self._window.end, shift + _MARGIN),
        )


def name_of(at: ZonedTime) -> str:
    """An occurrence's original start in the form that RECURRENCE-ID has: stable when the occurrence is moved."""
    if at.date:
        return basic(at.wall)[:8]
    return basic(at.wall if at.zone.floating else at.instant())


def _of_days(rule: RecurrenceRule) -> RecurrenceRule:
    """A rule for whole days: its parts about the time of day mean nothing (RFC 5545 §3.3.10)."""
    if rule.frequency >= Frequency.HOURLY:
        raise RuleProblemError("RRULE repeats within the day, but DTSTART is a day.")
    return replace(rule, by_hour=(), by_minute=(), by_second=())


def _clamped(zone: Zone, instant: datetime, shift: timedelta) -> datetime:
    return min(max(plus(zone.wall(instant), shift), EARLIEST), LATEST)
