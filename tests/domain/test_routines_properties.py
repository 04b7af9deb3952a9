"""Routines are on by the wall clock of their person, in any zone, on any day; against asking instant by instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.domain.lines import Routine, complete
from services.domain.model import Look, PersonKey
from services.domain.people import PersonFacts
from services.domain.timeline import resolve

ZONES = st.sampled_from(
    ["Europe/Berlin", "UTC", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns",
     "America/Nuuk", "America/Santiago", "Asia/Kathmandu", "Africa/Casablanca"]
).map(ZoneInfo)  # fmt: skip
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
STARTS = st.integers(0, 700 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
DAY = timedelta(days=1)


def is_on(routine: Routine, day: date, wall: datetime) -> bool:
    """Whether the routine of that day is on, by the clock on the wall."""
    if day.weekday() not in routine.days or not (routine.first or day) <= day <= (routine.last or day):
        return False
    end = datetime.combine(day if routine.start < routine.end else day + DAY, routine.end)
    return datetime.combine(day, routine.start) <= wall < end


def moves(zone: ZoneInfo, at: datetime) -> bool:
    """Whether the clock is put forward or back within a day or so."""
    return len({(at + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-30, 31, 6)}) > 1


ROUTINES = st.builds(Routine, st.just("r"), st.just(Look("Lunch")), st.frozensets(st.integers(0, 6)), TIMES, TIMES)
BORDERS = st.none() | st.integers(0, 4)


@given(ZONES, STARTS, ROUTINES, BORDERS, BORDERS)
def test_routine_is_on_by_the_clock_on_the_wall(
    zone: ZoneInfo, start: datetime, routine: Routine, first: int | None, last: int | None
) -> None:
    routine = replace(
        routine,
        first=None if first is None else start.date() + first * DAY,
        last=None if last is None else start.date() + last * DAY,
    )
    end = start + 4 * DAY
    timeline = resolve(PersonFacts(PersonKey("T1", "U1"), zone, lines=complete((routine,))), start, end)
    at = start
    while at < end:
        if not moves(zone, at):
            wall = at.astimezone(zone).replace(tzinfo=None)
            expected = any(is_on(routine, day, wall) for day in (wall.date(), wall.date() - DAY))
            assert (timeline.at(at).rule == "r") == expected
        at += timedelta(minutes=45)
