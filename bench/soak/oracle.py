"""What a profile is to show at each instant, told from the days that were thought up, without the program's own code.

The rules are those of docs, in their plain cases: out of office over meetings over focus over routines; neighbours that
say the same are one; what somebody asks for by command is over all; a status of their own with an end stays until then;
one without an end is covered by what begins after it and shows again in between; who takes a status off is left alone
until something else begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NOTHING = ("", "")
ABSENCE, MEETING, FOCUS, ROUTINE = range(4)
"""Who wins: the smallest."""

Shown = tuple[str, str]
"""Text and emoji."""


@dataclass(slots=True)
class Wish:
    """Something of a calendar or a routine: it says `shows` during [start, end), while it stands there itself.

    It stood there from `known` to `gone`.
    """

    start: datetime
    end: datetime
    layer: int
    shows: Shown
    known: datetime = EVER
    gone: datetime = NEVER

    def at(self, instant: datetime) -> bool:
        return self.start <= instant < self.end and self.known <= instant < self.gone


@dataclass(slots=True)
class Act:
    """Something done by hand at an instant.

    `command`: asked for with /quo until `end`. `own`: typed in Slack, until `end`, or without one (`endless`), and
    taken off at `end`. `back`: what the calendar showed was taken off in Slack.
    """

    what: str
    at: datetime
    end: datetime = NEVER
    shows: Shown = NOTHING
    endless: bool = False


@dataclass(slots=True)
class Days:
    """All that somebody's profile follows from."""

    wishes: list[Wish] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of time in which the same is shown."""

    start: datetime
    end: datetime
    shows: Shown


def planned(wishes: Sequence[Wish], start: datetime, end: datetime) -> list[Segment]:
    """What calendars and routines alone say during [start, end)."""
    instants = {instant for one in wishes for instant in (one.start, one.end, one.known, one.gone)}
    return _segments(instants, start, end, lambda at: _highest(wishes, at))


def expected(days: Days, start: datetime, end: datetime) -> list[Segment]:
    """What the profile is to show during [start, end)."""
    calendar = planned(days.wishes, start - timedelta(days=3), end + timedelta(days=3))
    starts = [one.start for one in calendar]

    def running(at: datetime) -> Segment:
        return calendar[bisect_right(starts, at) - 1]

    def shows(at: datetime) -> Shown:
        span = running(at)
        for act in reversed(days.acts):
            if not act.at <= at < act.end:
                continue
            if act.what == "back":
                if span.start <= act.at:
                    return NOTHING
            elif not act.endless or span.shows == NOTHING or span.start <= act.at:
                return act.shows
        return span.shows

    instants = {*starts, *(act.at for act in days.acts), *(act.end for act in days.acts)}
    return _segments(instants, start, end, shows)


def _segments(instants: Iterable[datetime], start: datetime, end: datetime, shows: object) -> list[Segment]:
    found: list[Segment] = []
    edges = [start, *sorted(instant for instant in set(instants) if start < instant < end), end]
    for since, until in pairwise(edges):
        what = shows(since)  # type: ignore[operator]  # an instant → Shown
        if found and found[-1].shows == what:
            found[-1] = Segment(found[-1].start, until, what)
        else:
            found.append(Segment(since, until, what))
    return found


def _highest(wishes: Sequence[Wish], at: datetime) -> Shown:
    best = min((one for one in wishes if one.at(at)), key=lambda one: one.layer, default=None)
    return NOTHING if best is None else best.shows
