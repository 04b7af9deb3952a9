"""One entry: the components that share a UID, put together into its occurrences (RFC 5545 §3.8.4.4, §3.8.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from services.calendars.ics.bounds import EARLIEST, LATEST, Reach
from services.calendars.ics.content import Component, Property
from services.calendars.ics.recurrence import Budget, expanded
from services.calendars.ics.rule import Frequency, Rule, RuleProblemError, parsed
from services.calendars.ics.times import Times, times_of
from services.calendars.ics.values import DAY, Length, Moment, ValueProblemError, added, basic, moment, moments
from services.calendars.ics.zones import Zone, Zones

MOST_OCCURRENCES = 10_000
_MARGIN = 2 * DAY

Key = datetime | str
"""What names an occurrence within its entry: a UTC instant, a floating wall-clock time, or `date` text of a day."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence before it becomes an `Event`: which component speaks, and when. `wall` where it floats."""

    component: Component
    name: str
    start: datetime
    end: datetime
    all_day: bool = False
    wall: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """A RECURRENCE-ID component: which occurrence it replaces, and its own times."""

    component: Component
    of: Moment
    times: Times
    onwards: bool


class Series:
    """The occurrences of one entry that overlap a window, and what is wrong with it.

    `start` and `end` are aware UTC; `problems` collects sentences. Nothing here raises on bad input.
    """

    def __init__(
        self, components: Sequence[Component], zones: Zones, start: datetime, end: datetime, budget: Budget
    ) -> None:
        self.zones = zones
        self.start = start
        self.end = end
        self.budget = budget
        self.problems: list[str] = []
        self._components = components

    def occurrences(self) -> list[Occurrence]:
        """All that overlap `[start, end)`; those without length where their instant is inside."""
        self.budget.next_series()
        masters = _newest([component for component in self._components if component.first("RECURRENCE-ID") is None])
        changes = [component for component in self._components if component.first("RECURRENCE-ID") is not None]
        found: list[Occurrence] = []
        readable: list[tuple[Component, Times]] = []
        for component in masters:
            times = self._times(component)
            if times is not None:
                readable.append((component, times))
        if not readable:
            return self._alone(changes)
        several = len(readable) > 1
        for index, (component, times) in enumerate(readable):
            found.extend(self._of_master(component, times, () if index else changes, named=several))
        return found

    # ── reading ────────────────────────────────────────────────────────────────────────────────────

    def _times(self, component: Component, start: Moment | None = None, fallback: Times | None = None) -> Times | None:
        try:
            line = component.first("DTSTART")
            if line is not None:
                times = times_of(component, self.zones, moment(line, self.zones))
            elif start is not None:
                times = times_of(component, self.zones, start, fallback)
            else:
                self.problems.append("DTSTART is missing.")
                return None
        except ValueProblemError as problem:
            self.problems.append(str(problem))
            return None
        except OverflowError:
            self.problems.append("Its times are outside of the calendar.")
            return None
        if times.problem:
            self.problems.append(times.problem)
        return times

    def _changes(self, components: Sequence[Component], master: Times | None) -> list[_Change]:
        found: list[_Change] = []
        for component in components:
            line = component.all("RECURRENCE-ID")[0]
            try:
                of = moment(line, self.zones, default=None if master is None else master.written)
            except ValueProblemError as problem:
                self.problems.append(str(problem))
                continue
            times = self._times(component, of, master)
            if times is not None:
                onwards = line.params.get("RANGE", "").upper() == "THISANDFUTURE"
                found.append(_Change(component, of, times, onwards))
        return found

    def _key(self, at: Moment, master: Times) -> Key:
        """The name of the occurrence that `at` means, whatever zone or type it is written in."""
        zone = master.start.zone
        if master.start.date:
            return self._wall(at, master).date().isoformat()
        if at.date:
            return at.wall.date().isoformat()
        if zone.floating:
            return self._wall(at, master)
        return at.instant() if not at.zone.floating else zone.utc(at.wall)

    def _wall(self, at: Moment, master: Times) -> datetime:
        """`at` on the master's wall clock."""
        if at.date or at.zone.floating or at.zone == master.written:
            return at.wall
        if master.start.date and at.wall.time() == time():
            return at.wall
        return master.written.wall(at.instant())

    # ── expanding ──────────────────────────────────────────────────────────────────────────────────

    def _alone(self, components: Sequence[Component]) -> list[Occurrence]:
        """Instances that came without their series: an invitation to one of them."""
        best: dict[Key, _Change] = {}
        for change in self._changes(components, None):
            key = change.of.wall if change.of.zone.floating or change.of.date else change.of.instant()
            if key not in best or _precedence(best[key].component) <= _precedence(change.component):
                best[key] = change
        return [found for change in best.values() for found in self._change(change, _name(change.of))]

    def _of_master(
        self, component: Component, times: Times, changes: Sequence[Component], *, named: bool
    ) -> Iterator[Occurrence]:
        try:
            yield from self._set(component, times, self._changes(changes, times), named=named)
        except OverflowError:
            self.problems.append("Its times are outside of the calendar.")

    def _set(self, component: Component, times: Times, changes: list[_Change], *, named: bool) -> Iterator[Occurrence]:
        if not changes and not any(component.all(name) for name in ("RRULE", "RDATE", "EXDATE", "EXRULE")):
            yield from self._own(component, times, times.start.wall, times, named=named)
            return
        best: dict[Key, _Change] = {}
        for change in changes:
            key = self._key(change.of, times)
            if key not in best or _precedence(best[key].component) <= _precedence(change.component):
                best[key] = change
        onwards = (
            sorted((self._wall(change.of, times), change) for change in best.values() if change.onwards)
            if any(change.onwards for change in best.values())
            else []
        )
        removed = self._removed(component, times)
        used: set[int] = set()
        kept = 0
        for wall, period_end in self._walls(component, times, [change for _, change in onwards]):
            keys = self._keys(wall, times)
            if not removed.isdisjoint(keys):
                continue
            named_here = next((best[key] for key in keys if key in best), None)
            if named_here is not None:
                if id(named_here) not in used:
                    used.add(id(named_here))
                    yield from self._change(named_here, self._named(wall, times))
                continue
            later = next((change for at, change in reversed(onwards) if at <= wall), None)
            for found in (
                self._own(component, times, wall, times, named=True, period_end=period_end)
                if later is None
                else self._moved(later, wall, times)
            ):
                kept += 1
                if kept > MOST_OCCURRENCES:
                    self.problems.append(
                        f"It has more than {MOST_OCCURRENCES:,} occurrences here: the rest is left out."
                    )
                    return
                yield found
        for key, change in best.items():
            if id(change) not in used and key not in removed:
                yield from self._change(change, self._named(self._wall(change.of, times), times))

    def _keys(self, wall: datetime, times: Times) -> tuple[Key, ...]:
        day = wall.date().isoformat()
        if times.start.date:
            return (day,)
        return (wall if times.start.zone.floating else times.start.zone.utc(wall), day)

    def _walls(
        self, component: Component, times: Times, onwards: list[_Change]
    ) -> list[tuple[datetime, Moment | Length | None]]:
        """The wall-clock starts near the window, in order, and the ends of those that an RDATE period gives one."""
        longest = max([times.longest, *(change.times.longest for change in onwards)])
        shift = max(
            (abs(change.times.start.wall - self._wall(change.of, times)) for change in onwards), default=timedelta()
        )
        reach = self._reach(times, longest, shift)
        found: dict[datetime, Moment | Length | None] = {}
        lines = component.all("RRULE")
        if not lines:
            found[times.start.wall] = None
        for line in lines:
            self._expand(line, times, reach, found)
        for line in component.all("RDATE"):
            try:
                for item in moments(line, self.zones, times.written):
                    start, end = (item, None) if isinstance(item, Moment) else item
                    wall = self._wall(start, times)
                    if times.start.date:
                        wall = wall.replace(hour=0, minute=0, second=0)
                    elif start.date:
                        # A day as a further date of a timed entry: at its usual time.
                        wall = datetime.combine(wall, times.start.wall.time())
                    found[wall] = end
            except ValueProblemError as problem:
                self.problems.append(str(problem))
        return sorted(found.items(), key=lambda item: item[0])

    def _reach(self, times: Times, longest: timedelta, shift: timedelta) -> Reach:
        """Which starts can matter, where occurrences last up to `longest` and are moved by up to `shift`."""
        zone = times.start.zone
        return Reach(
            _clamped(zone, self.start, -(longest + shift + _MARGIN)), _clamped(zone, self.end, shift + _MARGIN)
        )

    def _expand(
        self,
        line: Property,
        times: Times,
        reach: Reach,
        found: dict[datetime, Moment | Length | None],
        *,
        first: bool = True,
    ) -> None:
        begin = times.start.wall
        if first:
            found.setdefault(begin, None)
        try:
            rule = parsed(line.value)
            if times.start.date:
                rule = _of_days(rule)
            until = self._until(rule, times)
            kept = 0
            for wall in expanded(rule, begin, until, reach, self.budget, first=first):
                if wall >= reach.lower or wall == begin:
                    found.setdefault(wall, None)
                    kept += 1
                    if kept > MOST_OCCURRENCES:
                        # One more than may be listed is enough to know that there are too many.
                        break
        except (RuleProblemError, ValueProblemError) as problem:
            self.problems.append(str(problem))

    def _until(self, rule: Rule, times: Times) -> datetime | None:
        """UNTIL on the wall clock of DTSTART, inclusive, whatever type it was written in (RFC 5545 §3.3.10)."""
        if not rule.until:
            return None
        until = moment(Property("UNTIL", rule.until, {}), self.zones, default=times.written)
        if times.start.date:
            return datetime.combine(until.wall, time())
        if until.date:
            # A day names all of that day: programs that write it mean the last day on which it takes place.
            return until.wall + DAY - timedelta(seconds=1) if until.wall < LATEST else until.wall
        if times.start.zone.floating or until.zone == times.start.zone:
            return until.wall
        if until.wall > LATEST or until.wall < EARLIEST:
            return until.wall
        return times.start.zone.wall(until.instant())

    def _removed(self, component: Component, times: Times) -> set[Key]:
        removed: set[Key] = set()
        for line in component.all("EXDATE"):
            try:
                for item in moments(line, self.zones, times.written):
                    removed.add(self._key(item if isinstance(item, Moment) else item[0], times))
            except ValueProblemError as problem:
                self.problems.append(str(problem))
        for line in component.all("EXRULE"):
            found: dict[datetime, Moment | Length | None] = {}
            reach = self._reach(times, times.longest, timedelta())
            self._expand(line, times, reach, found, first=False)
            removed.update(self._keys(wall, times)[0] for wall in found)
        return removed

    # ── occurrences ────────────────────────────────────────────────────────────────────────────────

    def _named(self, wall: datetime, times: Times) -> str:
        return _name(Moment(wall, times.start.zone, times.start.date))

    def _own(
        self,
        component: Component,
        times: Times,
        wall: datetime,
        master: Times,
        *,
        named: bool,
        period_end: Moment | Length | None = None,
    ) -> Iterator[Occurrence]:
        zone = times.start.zone
        try:
            start = zone.utc(wall)
            if isinstance(period_end, Moment):
                end = max(period_end.instant(), start)
            elif isinstance(period_end, Length):
                end = max(added(wall, period_end, zone), start)
            else:
                end = times.end(wall)
        except OverflowError:
            return
        if start < self.end and (end > self.start or (start == end and start >= self.start)):
            name = self._named(wall, master) if named else ""
            floats = (wall, zone.wall(end)) if zone.floating else None
            yield Occurrence(component, name, start, end, times.start.date, floats)

    def _change(self, change: _Change, name: str) -> Iterator[Occurrence]:
        for found in self._own(change.component, change.times, change.times.start.wall, change.times, named=False):
            yield replace(found, name=name)

    def _moved(self, change: _Change, wall: datetime, master: Times) -> Iterator[Occurrence]:
        """An occurrence after a THISANDFUTURE change: moved by as much as that one was (RFC 5545 §3.8.4.4)."""
        zone = change.times.start.zone
        origin = change.of
        if origin.zone != zone and not (origin.date or origin.zone.floating):
            was = zone.wall(origin.instant())
        else:
            was = origin.wall
        here = wall
        if not (master.start.zone.floating or master.start.zone == zone):
            here = zone.wall(master.start.zone.utc(wall))
        name = self._named(wall, master)
        for found in self._own(
            change.component, change.times, here + (change.times.start.wall - was), change.times, named=False
        ):
            yield replace(found, name=name)


def _of_days(rule: Rule) -> Rule:
    """A rule for whole days: its parts about the time of day mean nothing (RFC 5545 §3.3.10)."""
    if rule.frequency >= Frequency.HOURLY:
        raise RuleProblemError("RRULE repeats within the day, but DTSTART is a day.")
    return replace(rule, by_hour=(), by_minute=(), by_second=())


def _name(at: Moment) -> str:
    """The occurrence's original start, in the form that RECURRENCE-ID has: stable when the occurrence is moved."""
    if at.date:
        return basic(at.wall)[:8]
    try:
        return basic(at.wall if at.zone.floating else at.instant())
    except OverflowError:
        return basic(at.wall)


def _clamped(zone: Zone, instant: datetime, shift: timedelta) -> datetime:
    wall = zone.wall(instant)
    if shift < timedelta():
        return wall + shift if wall - EARLIEST > -shift else EARLIEST
    return wall + shift if LATEST - wall > shift else LATEST


def _precedence(component: Component) -> tuple[int, str, str]:
    """RFC 5546 §2.1.5: the higher SEQUENCE, then the later DTSTAMP; LAST-MODIFIED where those say nothing."""
    return component.number("SEQUENCE"), component.word("DTSTAMP"), component.word("LAST-MODIFIED")


def _newest(components: list[Component]) -> list[Component]:
    """The components of an entry that hold: of several versions the newest.

    Programs that give every entry the same UID exist; where nothing tells an order, all that differ in time are kept.
    """
    if len(components) < 2:  # noqa: PLR2004 - nothing to choose between
        return components
    top = max(_precedence(component) for component in components)
    kept: dict[tuple[str, ...], Component] = {}
    for component in components:
        if _precedence(component) == top:
            kept[tuple(component.value(name) for name in ("DTSTART", "RRULE"))] = component
    return list(kept.values())
