"""Who is out as bytes that other programs read: the same for the same facts, with ids that stay."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
import vobject

from services.calendars.ical.writing import CalendarHead, absence_calendar, latest_day
from services.store.absences import Absent
from tests.support.icsfile import asked, reading

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OUT = Absent(
    "U1", "Ann Lee", NOW, NOW + timedelta(hours=4), None, None, "", told_ahead=True, id="a", seq=3, changed_at=NOW
)
DAYS = replace(OUT, first_day=date(2026, 11, 25), return_day=date(2026, 11, 27), start=NOW + timedelta(hours=14))


async def written(*absences: Absent, now: datetime = NOW, team_id: str = "T1") -> bytes:
    head = CalendarHead("Out of office", "quo.example", latest_day(now))
    return await absence_calendar(absences, head, team_id=team_id, title=lambda who: f"{who}: out of office")


async def events(*absences: Absent, now: datetime = NOW, team_id: str = "T1") -> list[icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(await written(*absences, now=now, team_id=team_id))
    return list(calendar.walk("VEVENT"))


async def test_same_facts_make_the_same_bytes_at_any_time() -> None:
    assert await written(OUT, DAYS) == await written(OUT, DAYS, now=NOW + timedelta(days=9))


async def test_id_is_of_the_person_and_the_absence_and_tells_neither() -> None:
    """Two people can have one event in their calendars, from which both are absent."""
    ann, ben, other = await events(OUT, replace(OUT, user_id="U2"), replace(OUT, id="b"))
    (elsewhere,) = await events(OUT, team_id="T2")
    (later,) = await events(replace(OUT, until=NOW + timedelta(days=2), seq=4, name="Ann Hall"))
    assert len({one["UID"] for one in (ann, ben, other, elsewhere)}) == 4
    assert (later["UID"], later["SEQUENCE"]) == (ann["UID"], 4)


async def test_absence_without_an_end_goes_on_to_the_end_of_today_wherever_that_is_last() -> None:
    endless = replace(OUT, until=None), replace(DAYS, until=None, return_day=None, first_day=date(2026, 11, 20))
    timed, whole = await events(*endless)
    assert timed["DTEND"].dt == datetime(2026, 11, 25, tzinfo=UTC)
    assert (whole["DTSTART"].dt, whole["DTEND"].dt) == (date(2026, 11, 20), date(2026, 11, 25))
    timed, whole = await events(*endless, now=NOW + timedelta(hours=1))  # it is the 25th in Kiritimati
    assert (timed["DTEND"].dt, whole["DTEND"].dt) == (datetime(2026, 11, 26, tzinfo=UTC), date(2026, 11, 26))
    assert timed["LAST-MODIFIED"].dt == datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "absent",
    [replace(DAYS, return_day=None), replace(DAYS, first_day=None), replace(DAYS, return_day=DAYS.first_day)],
)
async def test_what_is_no_whole_day_at_both_ends_has_its_times(absent: Absent) -> None:
    (found,) = await events(absent)
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (absent.start, absent.until)


async def test_calendar_in_which_nobody_is_out_is_one_all_the_same() -> None:
    body = await written()
    assert reading(body, asked()).events == []
    assert [one.name for one in vobject.readOne(body.decode()).components()] == ["VTIMEZONE"]


async def test_thousand_absences_leave_others_their_turn() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    body = await written(*(replace(OUT, user_id=f"U{number}") for number in range(1000)))
    task.cancel()
    assert body.count(b"BEGIN:VEVENT") == 1000
    assert turns >= 100
