"""Reading feeds in worker processes: what changed, what it may cost, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.expand import Expander
from services.domain.calendars import Changes
from services.domain.errors import CalendarTooCostlyError, NotACalendarError
from tests.support.engine import until
from tests.support.few import few
from tests.support.icsfile import asked, at, ics, reading, vevent


@pytest.fixture
async def expander() -> AsyncIterator[Expander]:
    reader = Expander(workers=2)
    yield reader
    await reader.close()


async def _read(
    expander: Expander, data: bytes, memory: bytes | None = None, zone: str = "Europe/Berlin", calendar: str = "cal"
) -> Changes:
    asked = ReadRequest(calendar, ("ann@example.com",), ZoneInfo(zone), at("2026-03-01"), at("2026-04-01"))
    return await expander.read(data, asked, memory)


def _feed(*days: int, stamp: str = "20260101T000000Z", extra: tuple[str, ...] = ()) -> bytes:
    entries = [
        line
        for day in days
        for line in vevent(f"DTSTAMP:{stamp}", f"DTSTART;TZID=Europe/Berlin:202603{day:02}T100000", uid=f"day-{day}")
    ]
    return ics(*extra, *entries)


async def test_a_first_reading_is_full(expander: Expander) -> None:
    extra = ("X-WR-CALNAME:Work\\, mine", "REFRESH-INTERVAL;VALUE=DURATION:PT4H", "X-PUBLISHED-TTL:PT1H")
    changes = await _read(expander, _feed(1, 2, extra=extra))
    assert (changes.full, changes.unchanged, changes.name, changes.floor) == (
        True,
        False,
        "Work, mine",
        timedelta(hours=4),
    )
    assert [(event.uid, event.calendar_id, event.start) for event in changes.events] == [
        ("day-1", "cal", at("2026-03-01T09:00")),
        ("day-2", "cal", at("2026-03-02T09:00")),
    ]


async def test_the_same_bytes_are_unchanged_and_keep_what_is_remembered(expander: Expander) -> None:
    first = await _read(expander, _feed(1, extra=("X-PUBLISHED-TTL:PT1H",)))
    again = await _read(expander, _feed(1, extra=("X-PUBLISHED-TTL:PT1H",)), first.state)
    assert again == Changes(state=first.state, unchanged=True, full=False, floor=timedelta(hours=1))


async def test_only_entries_that_changed_are_replaced(expander: Expander) -> None:
    first = await _read(expander, _feed(1, 2, 3))
    data = _feed(1, 2, 3).replace(b"20260302T100000", b"20260304T100000").replace(b"UID:day-3", b"UID:day-9")
    changes = await _read(expander, data, first.state)
    assert (changes.full, changes.replaced) == (False, frozenset({"day-2", "day-3", "day-9"}))
    assert [(event.uid, event.start.day) for event in changes.events] == [("day-2", 4), ("day-9", 3)]
    back = await _read(expander, _feed(1, 2, 3), changes.state)
    assert back.replaced == frozenset({"day-2", "day-3", "day-9"})


async def test_new_stamps_on_every_entry_change_nothing(expander: Expander) -> None:
    first = await _read(expander, _feed(1, 2))
    changes = await _read(expander, _feed(1, 2, stamp="20260109T120000Z"), first.state)
    assert (changes.unchanged, changes.events, changes.replaced) == (True, (), frozenset())


async def test_a_changed_zone_of_the_file_changes_every_entry(expander: Expander) -> None:
    def zone(offset: str) -> tuple[str, ...]:
        standard = ("BEGIN:STANDARD", "DTSTART:20000101T000000", f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}")
        return ("BEGIN:VTIMEZONE", "TZID:Ours", *standard, "END:STANDARD", "END:VTIMEZONE")

    entry = vevent("DTSTART;TZID=Ours:20260310T100000")
    first = await _read(expander, ics(*zone("+0100"), *entry))
    changes = await _read(expander, ics(*zone("+0300"), *entry), first.state)
    assert (changes.full, changes.replaced, changes.events[0].start) == (False, {"a"}, at("2026-03-10T07:00"))


async def test_a_memory_made_for_another_zone_is_not_used(expander: Expander) -> None:
    first = await _read(expander, _feed(1))
    changes = await _read(expander, _feed(1), first.state, zone="Asia/Tokyo")
    assert (changes.full, len(changes.events)) == (True, 1)


@pytest.mark.parametrize("state", few([b"rubbish", b"", b"x\x9c"]))
async def test_a_memory_that_cannot_be_read_is_not_used(expander: Expander, state: bytes) -> None:
    assert (await _read(expander, _feed(1), state)).full


@pytest.mark.parametrize("data", few([_feed(1)[:-20], b"<html></html>", b"", _feed(1, 2)[:150]], quick=2))
async def test_what_is_no_whole_calendar_is_refused(expander: Expander, data: bytes) -> None:
    with pytest.raises(NotACalendarError):
        await _read(expander, data)


async def test_a_calendar_without_entries_is_one(expander: Expander) -> None:
    assert (await _read(expander, ics())).events == ()


def _heavy() -> bytes:
    """A calendar that is all right, but takes many seconds."""
    entries = (vevent("DTSTART:19700201T000000Z", "RRULE:FREQ=DAILY;COUNT=40", uid=str(n)) for n in range(60_000))
    return ics(*(line for entry in entries for line in entry))


async def test_a_costly_calendar_is_given_up_and_stalls_no_other() -> None:
    expander = Expander(workers=2, seconds=1.5)
    try:
        await asyncio.gather(_read(expander, _feed(1)), _read(expander, _feed(2)))  # both processes are up
        costly = asyncio.create_task(_read(expander, _heavy()))
        await until(lambda: expander.readers.idle.qsize() == 1)
        assert len((await _read(expander, _feed(1, 2))).events) == 2
        assert not costly.done()
        with pytest.raises(CalendarTooCostlyError, match="time"):
            await costly
        assert len((await _read(expander, _feed(1))).events) == 1
    finally:
        await expander.close()


@pytest.mark.slow  # whose turn it is shows in real time
async def test_calendars_that_were_too_costly_never_hold_every_process() -> None:
    expander = Expander(workers=2, seconds=3.0)
    heavy = _heavy()
    try:
        for calendar in ("one", "two"):
            with pytest.raises(CalendarTooCostlyError):
                await _read(expander, heavy, calendar=calendar)
        await _read(expander, _feed(1))
        costly = [asyncio.create_task(_read(expander, heavy, calendar=calendar)) for calendar in ("one", "two")]
        await until(lambda: expander.readers.idle.qsize() == 1)  # one of them waits until the other has ended
        assert len((await _read(expander, _feed(1, 2))).events) == 2
        assert not any(task.done() for task in costly)
        assert [type(error) for error in await asyncio.gather(*costly, return_exceptions=True)] == [
            CalendarTooCostlyError,
            CalendarTooCostlyError,
        ]
    finally:
        await expander.close()


async def test_a_calendar_that_needs_too_much_memory_is_given_up() -> None:
    expander = Expander(workers=1, memory=160 * 2**20)
    try:
        large = ics(*vevent("DTSTART:20260301T000000Z", "DESCRIPTION:" + "x" * (60 * 2**20)))
        with pytest.raises(CalendarTooCostlyError):
            await _read(expander, large)
        assert len((await _read(expander, _feed(1))).events) == 1
    finally:
        await expander.close()


async def test_a_reading_that_is_cancelled_leaves_its_process_fit_for_the_next() -> None:
    expander = Expander(workers=1)
    try:
        await _read(expander, _feed(1))
        task = asyncio.create_task(_read(expander, _heavy()))
        await until(expander.readers.idle.empty)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [event.uid for event in (await _read(expander, _feed(3))).events] == ["day-3"]
    finally:
        await expander.close()


async def test_every_detail_of_an_event_comes_back_from_the_worker(expander: Expander) -> None:
    data = ics(
        *vevent(
            "DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260312", "SUMMARY:Holiday 🎄", "LOCATION:Sea",
            "CLASS:PRIVATE", "STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "CATEGORIES:Birthday",
            "RRULE:FREQ=YEARLY",
            "ATTENDEE;PARTSTAT=TENTATIVE:mailto:ann@example.com", "ATTENDEE:mailto:bob@example.com",
        )
    )  # fmt: skip
    here = reading(data, asked("2026-03-01", "2026-04-01", "Europe/Berlin", "ann@example.com")).events
    assert list((await _read(expander, data)).events) == here
