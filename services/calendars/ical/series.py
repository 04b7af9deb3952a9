"""The occurrences of one entry: its series (RFC 5545 §3.8.5) and the components that change it (§3.8.4.4)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import groupby
from operator import itemgetter

from services.calendars.ical.content import Component, Property
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
    added,
    basic,
    moment,
    moments,
    times_of,
)
from services.calendars.ical.zones import EARLIEST, LATEST, Zone, Zones, plus
from services.domain.model import WallTimes

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


MOST_OCCURRENCES = 10_000


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence before it becomes an `Event`: which component speaks, and when. `wall` where it floats."""

    component: Component
    name: str
    start: datetime
    end: datetime
    all_day: bool = False
    wall: WallTimes | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """A RECURRENCE-ID component: which occurrence it replaces, and its own times."""

    component: Component
    of: ZonedTime
    times: Times
    onwards: bool


class Series:
    """The occurrences of one entry that overlap a window, and what is wrong with it.

    Bad input becomes sentences in `problems`; times at the very ends of the calendar may raise OverflowError.
    """

    def __init__(self, components: Sequence[Component], window: Window, problems: list[str]) -> None:
        self._components = components
        self._window = window
        self._problems = problems

    def occurrences(self) -> Iterator[Occurrence]:
        """All that overlap the window; those without length where their instant is inside."""
        self._window.budget.next_series()
        changes: list[Component] = []
        versions: list[Component] = []
        for component in self._components:
            (changes if component.all("RECURRENCE-ID") else versions).append(component)
        masters: list[tuple[Component, Times]] = []
        # A newer version that cannot be read does not make the one before it worth nothing.
        for alike in _newest_first(versions):
            masters = [(component, times) for component in alike if (times := self._times(component)) is not None]
            if masters:
                break
        if not masters:
            yield from self._alone(changes)
        for index, (component, times) in enumerate(masters):
            yield from self._of_master(component, times, () if index else changes, named=len(masters) > 1)

    # ── reading ────────────────────────────────────────────────────────────────────────────────────

    def _times(self, component: Component, start: ZonedTime | None = None, master: Times | None = None) -> Times | None:
        """The times of a component; of a change without DTSTART those of the occurrence that it changes."""
        try:
            line = component.first("DTSTART")
            if line is not None:
                times = times_of(component, self._window.zones, moment(line, self._window.zones))
            elif start is not None:
                times = times_of(component, self._window.zones, start, master)
            else:
                self._problems.append("DTSTART is missing.")
                return None
        except ValueProblemError as problem:
            self._problems.append(str(problem))
            return None
        if times.problem:
            self._problems.append(times.problem)
        return times

    def _changes(self, components: Sequence[Component], master: Times | None) -> list[_Change]:
        found: list[_Change] = []
        for component in components:
            line = component.all("RECURRENCE-ID")[0]
            try:
                of = moment(line, self._window.zones, default=None if master is None else master.written)
            except ValueProblemError as problem:
                self._problems.append(str(problem))
                continue
            times = self._times(component, of, master)
            if times is not None:
                found.append(_Change(component, of, times, line.params.get("RANGE", "").upper() == "THISANDFUTURE"))
        return found

    # ── putting together ───────────────────────────────────────────────────────────────────────────

    def _alone(self, components: Sequence[Component]) -> Iterator[Occurrence]:
        """Instances that came without their series: an invitation to one of them."""
        best: dict[Key, _Change] = {}
        for change in self._changes(components, None):
            key = change.of.wall if change.of.zone.floating or change.of.date else change.of.instant()
            _keep_newest(best, key, change)
        for change in best.values():
            yield from self._changed(change, name_of(change.of))

    def _of_master(
        self, component: Component, times: Times, components: Sequence[Component], *, named: bool
    ) -> Iterator[Occurrence]:
        dates = Dates(component, times, self._window, self._problems)
        changes = self._changes(components, times)
        if not changes and not any(component.all(name) for name in ("RRULE", "RDATE", "EXDATE", "EXRULE")):
            name = dates.name(times.start.wall) if named else ""
            yield from self._placed(component, times, times.start.wall, name)
            return
        best: dict[Key, _Change] = {}
        for change in changes:
            _keep_newest(best, dates.key(change.of), change)
        onwards = sorted(
            ((dates.wall(change.of), change) for change in best.values() if change.onwards), key=lambda pair: pair[0]
        )
        yield from self._expanded(component, times, dates, best, onwards)

    def _expanded(
        self,
        component: Component,
        times: Times,
        dates: Dates,
        best: dict[Key, _Change],
        onwards: list[tuple[datetime, _Change]],
    ) -> Iterator[Occurrence]:
        longest = max([times.longest, *(change.times.longest for _, change in onwards)])
        shift = max((abs(change.times.start.wall - at) for at, change in onwards), default=timedelta())
        starts = dates.starts(longest, shift)
        removed = dates.removed()
        used: set[int] = set()
        kept = 0
        for wall, period_end in starts:
            keys = dates.keys(wall)
            if not removed.isdisjoint(keys):
                continue
            named = next((best[key] for key in keys if key in best), None)
            if named is not None:
                if id(named) not in used:
                    used.add(id(named))
                    yield from self._changed(named, dates.name(wall))
                continue
            before = bisect_right(onwards, wall, key=lambda pair: pair[0])
            later = onwards[before - 1][1] if before else None
            found = (
                self._placed(component, times, wall, dates.name(wall), period_end)
                if later is None
                else self._moved(later, wall, times, dates.name(wall))
            )
            for occurrence in found:
                kept += 1
                self._window.budget.note_occurrence()
                if kept > MOST_OCCURRENCES:
                    self._problems.append(f"It repeats more than {MOST_OCCURRENCES:,} times: the rest is left out.")
                    return
                yield occurrence
        for key, change in best.items():
            if id(change) in used or key in removed or _is_left_over(change.component, component):
                continue
            yield from self._changed(change, dates.name(dates.wall(change.of)))

    # ── occurrences ────────────────────────────────────────────────────────────────────────────────

    def _placed(
        self,
        component: Component,
        times: Times,
        wall: datetime,
        name: str,
        period_end: ZonedTime | Duration | None = None,
    ) -> Iterator[Occurrence]:
        """The occurrence that starts at `wall`, if it overlaps the window."""
        zone = times.start.zone
        start = zone.utc(wall)
        if isinstance(period_end, ZonedTime):
            end = max(period_end.instant(), start)
        elif isinstance(period_end, Duration):
            end = max(added(wall, period_end, zone), start)
        else:
            end = times.end(wall)
        if start < self._window.end and (end > self._window.start or start == end >= self._window.start):
            floats = WallTimes(wall, zone.wall(end)) if zone.floating else None
            yield Occurrence(component, name, start, end, times.start.date, floats)

    def _changed(self, change: _Change, name: str) -> Iterator[Occurrence]:
        return self._placed(change.component, change.times, change.times.start.wall, name)

    def _moved(self, change: _Change, wall: datetime, master: Times, name: str) -> Iterator[Occurrence]:
        """An occurrence after a THISANDFUTURE change: moved by as much as that one was (RFC 5545 §3.8.4.4)."""
        zone = change.times.start.zone
        was = change.of.wall
        if change.of.zone != zone and not (change.of.date or change.of.zone.floating):
            was = zone.wall(change.of.instant())
        here = wall
        if not master.start.zone.floating and master.start.zone != zone:
            here = zone.wall(master.start.zone.utc(wall))
        return self._placed(change.component, change.times, plus(here, change.times.start.wall - was), name)


def _keep_newest(best: dict[Key, _Change], key: Key, change: _Change) -> None:
    if key not in best or _precedence(best[key].component) <= _precedence(change.component):
        best[key] = change


def _precedence(component: Component) -> tuple[int, str, str]:
    """RFC 5546 §2.1.5: the higher SEQUENCE, then the later DTSTAMP; LAST-MODIFIED where those say nothing."""
    return component.number("SEQUENCE"), component.word("DTSTAMP"), component.word("LAST-MODIFIED")


def _newest_first(components: list[Component]) -> Iterator[list[Component]]:
    """The versions of an entry, those together between which nothing tells an order.

    Programs that give every entry the same UID exist: of those alike, all that differ in time are kept.
    """
    if len(components) < 2:  # noqa: PLR2004 - nothing to choose between
        yield components
        return
    ranked = sorted(((_precedence(component), component) for component in components), key=itemgetter(0), reverse=True)
    for _, alike in groupby(ranked, key=itemgetter(0)):
        kept: dict[tuple[str, ...], Component] = {}
        for _, component in alike:
            kept[tuple(component.value(name) for name in ("DTSTART", "RRULE"))] = component
        yield list(kept.values())


def _is_left_over(change: Component, master: Component) -> bool:
    """Whether a change of an occurrence that is none (any more) is a former version of the whole series.

    Confluence leaves those behind: with rules of their own, an older SEQUENCE and a RECURRENCE-ID.
    """
    has_rules = any(change.all(name) for name in ("RRULE", "RDATE", "EXDATE"))
    return has_rules and change.number("SEQUENCE") < master.number("SEQUENCE")
