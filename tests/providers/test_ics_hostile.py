"""Calendars that are made to stop their reader: each takes about as long as its size, and gives no more than it may."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from services.calendars.ical import dates
from services.calendars.ical import reading as ics_reading
from services.calendars.ical.content import Component, Raw
from services.calendars.ical.ics_collection import IcsCollection
from services.calendars.ical.itip import worked_in
from services.calendars.ical.reading import read
from services.calendars.ical.recurrence import ExpansionBudget
from services.calendars.ical.zones import Zone
from services.domain.calendars import Arrival, Changes
from services.domain.errors import CalendarTooCostlyError, NotACalendarError
from services.domain.model import LONGEST_TEXT
from tests.support import hostile_shapes as shapes
from tests.support.costs import dearer
from tests.support.few import few
from tests.support.icsfile import asked, events, ics, reading, vevent
from tests.support.running_app import at

NOW = at("09:00")
WINDOW = asked("2026-11-23", "2027-01-23")
SIZE = 24 * 1024
DEARER = 30
"""How many times what as many bytes of ordinary entries take; the slowest takes three times that, what was quadratic
took hundreds."""

SPENDING = {"zones", "entries that repeat", "every second", "full day", "full year", "instances onwards", "rules"}
"""These use up what a file may spend, whatever their size."""

FEW = ("folded", "lines without a name", "long names", "newlines", "quotes", "zone of slashes")
"""One of each kind: lines, their parts and what they name. The slow suite has every shape."""


@pytest.mark.parametrize("name", few([*FEW, *sorted(shapes.CALENDARS.keys() - SPENDING - {*FEW})], quick=len(FEW)))
def test_no_shape_takes_long_to_read(name: str) -> None:
    body, ordinary = shapes.CALENDARS[name](SIZE), shapes.CALENDARS["entries"](SIZE)
    assert len(body) > SIZE / 2
    found: list[Changes] = []

    def reads() -> None:
        with suppress(NotACalendarError, CalendarTooCostlyError):
            found.append(read(body, WINDOW, None))

    assert dearer(reads, than=lambda: read(ordinary, WINDOW, None)) < DEARER
    for one in found:
        assert (
            max((len(event.uid + event.title + event.location) for event in one.events), default=0) <= 3 * LONGEST_TEXT
        )
        assert max((len(problem.problem) for problem in one.problems), default=0) <= LONGEST_TEXT


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
@pytest.mark.parametrize(
    "name", few(["the same entry", "instances", "zones", "lines without a name", "ends that nothing has"], quick=2)
)
def test_no_shape_takes_long_to_be_worked_in(name: str, method: str) -> None:
    def works_in(shape: str, method: str) -> None:
        body = shapes.as_message(shapes.CALENDARS[shape](SIZE), method)
        worked_in(IcsCollection(), [Arrival(1, NOW, body), Arrival(2, NOW + timedelta(seconds=1), body)], NOW)

    assert dearer(lambda: works_in(name, method), than=lambda: works_in("entries", "REQUEST")) < DEARER


def test_a_title_and_a_place_are_cut_where_they_enter() -> None:
    (event,) = events("DTSTART:20260301T100000Z", f"SUMMARY:{'t' * 5_000}", f"LOCATION:{'p' * 5_000}")
    assert (event.title, event.location) == ("t" * 1_000, "p" * 1_000)


def test_long_uids_are_cut_and_still_told_apart() -> None:
    lines = [line for end in "ab" for line in vevent("DTSTART:20260301T100000Z", uid="u" * 5_000 + end)]
    uids = {event.uid for event in reading(ics(*lines)).events}
    assert [len(uid) for uid in uids] == [1_000, 1_000]


def test_ordinary_series_beside_costly_ones_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ics_reading, "ExpansionBudget", lambda: ExpansionBudget(whole=20_000, each=5_000))
    full = f"RRULE:FREQ=YEARLY;{shapes.FULL}"
    costly = [line for n in range(40) for line in vevent("DTSTART:20260301T100000Z", full, uid=str(n))]
    ordinary = vevent("DTSTART:20260301T100000Z", "RRULE:FREQ=DAILY;COUNT=3", uid="ordinary")
    found = reading(ics(*costly, *ordinary), asked("2026-03-01", "2026-05-01"))
    assert sum(event.uid == "ordinary" for event in found.events) == 3
    assert len(found.problems) == 40


def test_zones_of_a_file_have_one_budget_and_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, free, spent = 20_000, 500, 0
    worked_out: list[str] = []

    class Counted(ExpansionBudget):
        def spend(self, steps: int = 1) -> None:
            nonlocal spent
            spent += steps
            super().spend(steps)

    def own_zone(raw: Raw, until: datetime, budget: ExpansionBudget) -> Zone | None:
        worked_out.append(Component(raw.lines).text("TZID"))
        return of_file(raw, until, budget)

    of_file = dates._own_zone
    monkeypatch.setattr(dates, "_own_zone", own_zone)
    monkeypatch.setattr(ics_reading, "ExpansionBudget", lambda: Counted(whole, 5_000, free))
    zones = shapes.CALENDARS["zones"](SIZE // 2)
    again = [line for number in range(3) for line in vevent("DTSTART;TZID=Z0:20261125T100000Z", uid=f"again {number}")]
    found = reading(zones.replace(b"END:VCALENDAR\r\n", "\r\n".join([*again, "END:VCALENDAR", ""]).encode()), WINDOW)
    assert len(found.events) == len(worked_out) + 3
    assert len(worked_out) == len(set(worked_out)) > 45
    assert whole < spent < whole + free * (len(worked_out) + 1)


def test_components_inside_one_another_are_bounded_and_cost_their_entry_alone() -> None:
    deep = ["BEGIN:VEVENT", "UID:deep", "DTSTART:20260301T100000Z", *["BEGIN:X"] * 40, *["END:X"] * 40, "END:VEVENT"]
    found = reading(ics(*deep, *vevent("DTSTART:20260301T100000Z", uid="good")))
    assert [event.uid for event in found.events] == ["good"]
    assert [(one.uid, one.problem) for one in found.problems] == [("deep", "It has no end: END:VEVENT is missing.")]


@pytest.mark.slow
def test_what_a_calendar_may_say_in_all_is_bounded() -> None:
    lines = [line for n in range(20) for line in vevent(
        "DTSTART:20260101T000000Z", "RRULE:FREQ=MINUTELY;COUNT=4000", f"SUMMARY:{'t' * 1_000}", uid=str(n)
    )]  # fmt: skip
    with pytest.raises(CalendarTooCostlyError):
        read(ics(*lines), asked(), None)


def test_what_a_calendar_may_say_in_all_is_bounded_however_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ics_reading, "MOST_EVENTS", 50)
    series = [vevent("DTSTART:20260101T000000Z", "RRULE:FREQ=DAILY;COUNT=20", uid=str(n)) for n in range(3)]
    first = read(ics(*series[0]), asked(), None)
    second = read(ics(*series[0], *series[1]), asked(), first.state)
    assert (first.full, second.full, len(first.events), len(second.events)) == (True, False, 20, 20)
    with pytest.raises(CalendarTooCostlyError):
        read(ics(*series[0], *series[1], *series[2]), asked(), second.state)
    assert len(read(ics(*series[1], *series[2]), asked(), second.state).events) == 20
