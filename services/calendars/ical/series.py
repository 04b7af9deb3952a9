"""The occurrences of one entry: its series (RFC 5545 §3.8.5) and the components that change it (§3.8.4.4)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from services.calendars.ical.content import Component
from services.calendars.ical.dates import Dates, Key, Window, name_of
from services.calendars.ical.values import (
    Duration,
    Times,
    ValueProblemError,
    ZonedTime,
    added,
    moment,
    times_of,
)
from services.calendars.ical.zones import plus
from services.domain.model import WallTimes

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
        """Yield all that overlap the window; those without length where their instant is inside."""
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
        """Return the times of a component; of a change without DTSTART those of the occurrence that it changes."""
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

    def _changes(
        self, components: Sequence[Component], master: Times | None, key: Callable[[ZonedTime], Key]
    ) -> dict[Key, _Change]:
        """Return the newest change of each occurrence that is changed, by the name of that."""
        newest: dict[Key, _Change] = {}
        for component in components:
            line = component.all("RECURRENCE-ID")[0]
            try:
                of = moment(line, self._window.zones, default=None if master is None else master.written)
            except ValueProblemError as problem:
                self._problems.append(str(problem))
                continue
            times = self._times(component, of, master)
            if times is None:
                continue
            change = _Change(component, of, times, line.params.get("RANGE", "").upper() == "THISANDFUTURE")
            known = newest.setdefault(key(of), change)
            if _precedence(known.component) <= _precedence(component):
                newest[key(of)] = change
        return newest

    # ── putting together ───────────────────────────────────────────────────────────────────────────

    def _alone(self, components: Sequence[Component]) -> Iterator[Occurrence]:
        """Instances that came without their series: an invitation to one of them."""
        changes = self._changes(components, None, lambda of: of.wall if of.zone.floating or of.date else of.instant())
        for change in changes.values():
            yield from self._changed(change, name_of(change.of))

    def _of_master(
        self, component: Component, times: Times, components: Sequence[Component], *, named: bool
    ) -> Iterator[Occurrence]:
        dates = Dates(component, times, self._window, self._problems)
        changes = self._changes(components, times, dates.key)
        if changes or any(component.all(name) for name in ("RRULE", "RDATE", "EXDATE", "EXRULE")):
            yield from self._expanded(component, times, dates, changes)
        else:
            name = dates.name(times.start.wall) if named else ""
            yield from self._placed(component, times, times.start.wall, name)

    def _expanded(
        self, component: Component, times: Times, dates: Dates, changes: Mapping[Key, _Change]
    ) -> Iterator[Occurrence]:
        onwards = sorted(
            ((dates.wall(change.of), change) for change in changes.values() if change.onwards), key=itemgetter(0)
        )
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
            change = next((changes[key] for key in keys if key in changes), None)
            if change is not None:
                if id(change) not in used:
                    used.add(id(change))
                    yield from self._changed(change, dates.name(wall))
                continue
            before = bisect_right(onwards, wall, key=itemgetter(0))
            if before:
                found = self._moved(onwards[before - 1][1], wall, times, dates.name(wall))
            else:
                found = self._placed(component, times, wall, dates.name(wall), period_end)
            for occurrence in found:
                kept += 1
                self._window.budget.note_occurrence()
                if kept > MOST_OCCURRENCES:
                    self._problems.append(f"It repeats more than {MOST_OCCURRENCES:,} times: the rest is left out.")
                    return
                yield occurrence
        for key, change in changes.items():
            if id(change) not in used and key not in removed and not _is_left_over(change.component, component):
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
        """Yield the occurrence that starts at `wall`, if it overlaps the window."""
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
        """Yield an occurrence after a THISANDFUTURE change: moved by as much as that one was (RFC 5545 §3.8.4.4)."""
        zone = change.times.start.zone
        was = change.of.wall
        if change.of.zone != zone and not (change.of.date or change.of.zone.floating):
            was = zone.wall(change.of.instant())
        here = wall
        if not master.start.zone.floating and master.start.zone != zone:
            here = zone.wall(master.start.zone.utc(wall))
        return self._placed(change.component, change.times, plus(here, change.times.start.wall - was), name)


def _precedence(component: Component) -> tuple[int, str, str]:
    """RFC 5546 §2.1.5: the higher SEQUENCE, then the later DTSTAMP; LAST-MODIFIED where those say nothing."""
    return component.number("SEQUENCE"), component.word("DTSTAMP"), component.word("LAST-MODIFIED")


def _newest_first(components: list[Component]) -> Iterator[list[Component]]:
    """Yield the versions of an entry, those together between which nothing tells an order.

    Programs that give every entry the same UID exist: of those alike, all that differ in time are kept.
    """
    if len(components) < 2:  # noqa: PLR2004 - nothing to choose between
        yield components
        return
    ranked = sorted(((_precedence(component), component) for component in components), key=itemgetter(0), reverse=True)
    for _, alike in groupby(ranked, key=itemgetter(0)):
        yield list({(one.value("DTSTART"), one.value("RRULE")): one for _, one in alike}.values())


def _is_left_over(change: Component, master: Component) -> bool:
    """Return whether a change of an occurrence that is none (any more) is a former version of the whole series.

    Confluence leaves those behind: with rules of their own, an older SEQUENCE and a RECURRENCE-ID.
    """
    has_rules = any(change.all(name) for name in ("RRULE", "RDATE", "EXDATE"))
    return has_rules and change.number("SEQUENCE") < master.number("SEQUENCE")
