"""The demo's accounts: what is edited on the page is what Google and Microsoft keep, and the app is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from demo import shown
from demo.books import FEED, Book, NotAnEntryError
from demo.clock import DemoClock
from demo.feeds import Feeds, sample
from demo.log import DemoLog
from demo.people import PERSONAS, open_books
from demo.seed import people_the_workspace
from demo.serving import signing_in
from emulators.google import LocalGoogle
from emulators.google.channels import WatchChannel
from emulators.microsoft import LocalMicrosoft
from emulators.pushes import SentPush
from emulators.slack import LocalSlack
from services.domain.calendars import GOOGLE, MICROSOFT

MONDAY = date(2026, 3, 23)
"""The week after, the clocks change in London."""
TUESDAY = MONDAY + timedelta(days=1)
MAYA, JONAS = "U0MAYA0001", "U0JONAS001"
PLANNING: Mapping[str, Any] = {"title": "Planning", "day": "2026-03-23", "start": "10:00", "end": "10:30"}


@dataclass
class Town:
    clock: DemoClock
    slack: LocalSlack
    google: LocalGoogle
    microsoft: LocalMicrosoft
    books: dict[str, dict[str, Book]]


@pytest.fixture
def town() -> Town:
    clock = DemoClock(datetime(2026, 3, 23, 8, 55, tzinfo=UTC))
    slack = LocalSlack(clock)
    people_the_workspace(slack)
    google, microsoft = LocalGoogle(clock.now), LocalMicrosoft(clock.now)
    return Town(clock, slack, google, microsoft, open_books(Feeds(), google, microsoft, MONDAY))


@pytest.fixture(params=[GOOGLE, MICROSOFT])
def book(request: pytest.FixtureRequest, town: Town) -> Book:
    return town.books[MAYA][request.param]


def titles(book: Book, day: date = MONDAY) -> list[str]:
    return [one.title for one in book.on(day)]


def times(book: Book, title: str, day: date = MONDAY) -> list[str]:
    return [f"{it.start:%H:%M}-{it.end:%H:%M}" for it in book.on(day) if it.title == title]


def id_of(book: Book, title: str, day: date = MONDAY) -> str:
    return next(one.id for one in book.on(day) if one.title == title)


def test_everybody_has_something_at_each_provider_that_their_feed_has_not(town: Town) -> None:
    for persona in PERSONAS:
        own = town.books[persona.user_id]
        feed = set(titles(own[FEED]))
        for provider in (GOOGLE, MICROSOFT):
            assert len(own[provider].calendars()) >= 2
            assert titles(own[provider])
            assert not feed & set(titles(own[provider]))


def test_event_is_added_changed_and_deleted(book: Book) -> None:
    book.add({**PLANNING, "calendar": 1})
    found = next(one for one in book.on(MONDAY) if one.title == "Planning")
    assert (found.calendar, found.series) == (1, False)
    book.change(found.id, {"start": "12:00", "end": "13:00", "title": "Lunch", "free": True}, series=False)
    assert times(book, "Lunch") == ["12:00-13:00"]
    assert next(one.free for one in book.on(MONDAY) if one.title == "Lunch")
    book.remove(id_of(book, "Lunch"), series=False)
    assert not {"Planning", "Lunch"} & set(titles(book))


@pytest.mark.parametrize("kind", ["meeting", "focus", "out_of_office", "elsewhere"])
@pytest.mark.parametrize("mark", ["private", "declined", "tentative"])
def test_kind_and_marks_come_back_as_they_were_filled_in(book: Book, kind: str, mark: str) -> None:
    book.add({**PLANNING, "kind": kind, mark: True})
    entry = next(one for one in book.on(MONDAY) if one.title == "Planning")
    marks = [name for name in ("private", "declined", "tentative") if getattr(entry, name)]
    assert (entry.kind, marks) == (kind, [mark])


def test_all_day_event_covers_its_days(book: Book) -> None:
    book.add({"title": "Holiday", "day": "2026-03-23", "all_day": True, "days": 2})
    covered = [number for number in range(-1, 4) if "Holiday" in titles(book, MONDAY + timedelta(days=number))]
    assert covered == [0, 1]


def test_one_of_a_series_is_moved_and_cancelled_alone(book: Book) -> None:
    book.add({**PLANNING, "repeat": "daily"})
    book.change(id_of(book, "Planning"), {"start": "14:00", "end": "14:30"}, series=False)
    assert (times(book, "Planning"), times(book, "Planning", TUESDAY)) == (["14:00-14:30"], ["10:00-10:30"])
    book.change(id_of(book, "Planning"), {"start": "15:00", "end": "15:30"}, series=False)
    assert times(book, "Planning") == ["15:00-15:30"]
    book.remove(id_of(book, "Planning", TUESDAY), series=False)
    assert times(book, "Planning", TUESDAY) == []
    assert times(book, "Planning", MONDAY + timedelta(days=2)) == ["10:00-10:30"]


def test_series_is_moved_and_deleted_whole(book: Book) -> None:
    book.add({**PLANNING, "repeat": "weekly"})
    week = MONDAY + timedelta(days=7)  # after the change of the clocks
    book.change(id_of(book, "Planning", week), {"start": "16:00", "end": "17:00"}, series=True)
    assert (times(book, "Planning"), times(book, "Planning", week)) == (["16:00-17:00"], ["16:00-17:00"])
    book.remove(id_of(book, "Planning", week), series=True)
    assert times(book, "Planning") == times(book, "Planning", week) == []


def test_renamed_series_keeps_what_was_changed_in_it(book: Book) -> None:
    book.add({**PLANNING, "repeat": "daily"})
    book.change(id_of(book, "Planning", TUESDAY), {"start": "14:00", "end": "14:30"}, series=False)
    book.change(id_of(book, "Planning"), {"title": "Retro"}, series=True)
    assert times(book, "Retro") == ["10:00-10:30"]
    assert times(book, "Planning", TUESDAY) == ["14:00-14:30"]


@pytest.mark.parametrize("entry_id", ["", "x", "9~a~", "0~nothing~", "0~~2026-03-23", "0~a~tomorrow"])
def test_event_that_is_not_there_is_a_key_error(book: Book, entry_id: str) -> None:
    with pytest.raises(KeyError):
        book.change(entry_id, {"title": "Other"}, series=False)
    with pytest.raises(KeyError):
        book.remove(entry_id, series=True)


def test_occurrence_that_its_series_has_not_is_a_key_error(book: Book) -> None:
    book.add({**PLANNING, "repeat": "weekly"})
    wrong = id_of(book, "Planning").replace("2026-03-23", "2026-03-24")
    with pytest.raises(KeyError):
        book.remove(wrong, series=False)


@pytest.mark.parametrize("calendar", [7, "main", None])
def test_calendar_that_is_not_there_is_refused_in_a_sentence(book: Book, calendar: object) -> None:
    with pytest.raises(NotAnEntryError, match="one of the account's calendars"):
        book.add({**PLANNING, "calendar": calendar})


def push(state: str, channel_id: str, status: int) -> SentPush:
    headers = {"X-Goog-Channel-ID": channel_id, "X-Goog-Resource-State": state}
    return SentPush("http://127.0.0.1/x", headers, status=status)


def test_google_push_is_noted_with_its_answer(town: Town) -> None:
    log = DemoLog(town.slack, town.google, town.microsoft, Mock())
    address = "maya@gmail.example"
    channel = WatchChannel("c1", "t", "http://127.0.0.1/x", address, address, "r", town.clock.now() + timedelta(days=1))
    town.google.channels.open["c1"] = channel
    for state, status in (("sync", 200), ("exists", 503)):
        town.google.pushes.on_answer(
            SentPush(channel.address, {"X-Goog-Channel-ID": "c1", "X-Goog-Resource-State": state}, status=status)
        )
    town.google.pushes.on_answer(
        SentPush("", {"X-Goog-Channel-ID": "gone", "X-Goog-Resource-State": "exists"}, status=200)
    )
    assert [(one.hello, one.ok) for one in log.latest(9)] == [(True, True), (False, False)]
    last = log.last_push(MAYA, GOOGLE)
    assert last is not None
    assert (last.status, log.last_push(MAYA, MICROSOFT)) == (503, None)
    assert address in log.line(last, MAYA)["says"]
    assert address not in str(log.line(last, JONAS))
    assert shown.book(GOOGLE, town.books[MAYA][GOOGLE], town.clock.now(), last)["watched"]


def test_push_of_a_subscription_that_is_gone_is_not_noted(town: Town) -> None:
    log = DemoLog(town.slack, town.google, town.microsoft, Mock())
    town.microsoft.pushes.on_answer(
        SentPush("http://127.0.0.1/x", body={"value": [{"subscriptionId": "gone"}]}, status=202)
    )
    assert log.latest(9) == []


async def test_consent_page_chooses_the_account_of_whoever_looks(town: Town) -> None:
    application = web.Application(middlewares=[signing_in(town.books, town.clock)])
    application.add_subapp("/google", town.google.web)
    application.add_subapp("/microsoft", town.microsoft.web)
    town.clock.set_speed(60)
    async with TestServer(application, host="127.0.0.1") as server, ClientSession() as browser:
        url = server.make_url("/google/o/oauth2/v2/auth?scope=a%20b")
        async with browser.get(url, headers={"Cookie": f"person={JONAS}"}, allow_redirects=False) as answer:
            assert answer.status == 302
            sent = URL(answer.headers["Location"])
        assert dict(sent.query) == {"scope": "a b", "login_hint": "jonas@gmail.example"}
        theirs = server.make_url("/microsoft/common/oauth2/v2.0/authorize")
        async with browser.get(theirs, allow_redirects=False) as answer:
            assert answer.status == 400  # nobody that is known here: the page answers for itself
    assert town.clock.speed == 1


def test_sample_file_begins_in_five_minutes(town: Town) -> None:
    text = sample(town.clock.now(), "maya@example.com", "Europe/London").decode()
    assert "DTSTART:20260323T090000Z" in text
    assert "X-WR-CALNAME:Offsite" in text
