"""The demo's calendars: what is filled in on the page is what an ICS reader finds in the feed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import icalendar
import pytest
from aiohttp import ClientSession, web

from demo.books import DayEvent, NotAnEntryError
from demo.feeds import Feed, Feeds
from demo.people import PERSONAS, Persona, plans_of
from demo.serving import first_morning

MONDAY = date(2026, 11, 23)


@pytest.fixture
def calendar() -> Feed:
    return Feed("Ann's calendar", "ann@example.com", "Europe/Berlin")


def only_event(calendar: Feed) -> icalendar.Event:
    events = icalendar.Calendar.from_ical(calendar.ics()).walk("VEVENT")
    assert len(events) == 1
    return events[0]


def test_timed_entry_is_written_in_utc(calendar: Feed) -> None:
    calendar.book.add({"title": "Planning", "day": "2026-11-23", "start": "09:00", "end": "10:30"})
    event = only_event(calendar)
    assert event.decoded("DTSTART") == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert event.decoded("DTEND") == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert str(event["SUMMARY"]) == "Planning"


def test_entry_that_ends_before_it_starts_ends_the_next_day(calendar: Feed) -> None:
    calendar.book.add({"title": "Night shift", "day": "2026-11-23", "start": "22:00", "end": "06:00"})
    assert only_event(calendar).decoded("DTEND") == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def test_all_day_entry_has_dates_with_an_exclusive_end(calendar: Feed) -> None:
    calendar.book.add({"title": "Urlaub", "day": "2026-11-23", "all_day": True, "days": 3, "kind": "out_of_office"})
    event = only_event(calendar)
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (MONDAY, date(2026, 11, 26))
    assert str(event["X-MICROSOFT-CDO-BUSYSTATUS"]) == "OOF"


def test_flags_are_written_as_calendars_write_them(calendar: Feed) -> None:
    flags = {"private": True, "declined": True, "free": True}
    calendar.book.add({"title": "Secret", "day": "2026-11-23", "start": "09:00", "end": "10:00", **flags})
    event = only_event(calendar)
    assert (str(event["CLASS"]), str(event["TRANSP"])) == ("PRIVATE", "TRANSPARENT")
    assert event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


def test_odd_and_long_titles_survive_escaping_and_folding(calendar: Feed) -> None:
    title = "Läuft; wirklich, ja \\ " + "日本語🎉" * 20
    calendar.book.add({"title": title, "day": "2026-11-23"})
    assert str(only_event(calendar)["SUMMARY"]) == title
    assert max(len(line) for line in calendar.ics().split(b"\r\n")) <= 75


def test_focus_is_said_in_the_title_because_feeds_have_no_other_place(calendar: Feed) -> None:
    calendar.book.add({"title": "Search index", "day": "2026-11-23", "kind": "focus"})
    assert str(only_event(calendar)["SUMMARY"]) == "Focus time: Search index"


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " ", "day": "2026-11-23"},
        {"title": "x" * 201, "day": "2026-11-23"},
        {"title": "x", "day": "tomorrow"},
        {"title": "x", "day": "2026-11-23", "kind": "party"},
        {"title": "x", "day": "2026-11-23", "start": "10:00", "end": "10:00"},
        {"title": "x", "day": "2026-11-23", "all_day": True, "days": 61},
    ],
)
def test_entry_filled_in_wrongly_is_refused_and_changes_nothing(calendar: Feed, fields: dict[str, object]) -> None:
    before = calendar.ics()
    with pytest.raises(NotAnEntryError):
        calendar.book.add(fields)
    assert calendar.ics() == before


def test_change_keeps_what_is_not_named(calendar: Feed) -> None:
    calendar.book.add({"title": "Planning", "day": "2026-11-23", "private": True})
    (entry,) = calendar.book.on(MONDAY)
    calendar.book.change(entry.id, {"start": "11:00", "end": "12:00"}, series=False)
    changed = DayEvent(entry.id, "Planning", MONDAY, time(11), time(12), private=True)
    assert calendar.book.on(MONDAY) == [changed]
    calendar.book.remove(entry.id, series=False)
    assert calendar.book.on(MONDAY) == []
    assert b"Planning" not in calendar.ics()


@pytest.fixture
async def served(calendar: Feed) -> AsyncIterator[tuple[Feeds, str]]:
    feeds = Feeds()
    feeds.by_person["U1"] = calendar
    runner = web.AppRunner(feeds.web)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield feeds, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_feed_that_did_not_change_answers_304(served: tuple[Feeds, str], calendar: Feed) -> None:
    address = f"{served[1]}/{calendar.secret}.ics"
    async with ClientSession() as session:
        async with session.get(address) as first:
            etag = first.headers["ETag"]
        async with session.get(address, headers={"If-None-Match": etag}) as second:
            unchanged = second.status
        calendar.book.add({"title": "New", "day": "2026-11-23"})
        async with session.get(address, headers={"If-None-Match": etag}) as third:
            changed = third.status
        async with session.get(f"{served[1]}/guess.ics") as fourth:
            unknown = fourth.status
    assert (unchanged, changed, unknown) == (304, 200, 404)


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.name)
def test_every_persona_has_a_calendar_that_can_be_read(persona: Persona) -> None:
    calendar = Feed("x", "x@example.com", persona.tz)
    plans = list(plans_of(persona.feed, MONDAY))
    for plan in plans:
        calendar.book.add(plan)
    events = icalendar.Calendar.from_ical(calendar.ics()).walk("VEVENT")
    assert len(events) == len(plans) == len(calendar.book.on(MONDAY)) > 0
    assert ZoneInfo(persona.tz).key == persona.tz


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 22, 3, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, 55, tzinfo=UTC)),  # a Sunday
        (datetime(2026, 11, 25, 20, 0, tzinfo=UTC), datetime(2026, 11, 25, 8, 55, tzinfo=UTC)),
        (datetime(2026, 7, 1, 20, 0, tzinfo=UTC), datetime(2026, 7, 1, 7, 55, tzinfo=UTC)),  # summer time
    ],
)
def test_demo_begins_on_a_weekday_morning(now: datetime, expected: datetime) -> None:
    assert first_morning(now) == expected
