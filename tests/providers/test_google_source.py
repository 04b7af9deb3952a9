"""Google calendars against a local Google: what is asked, what is believed, and that no failure clears anything."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from emulators.google import GoogleEntry
from services.calendars.providers.google.events import FIELDS
from services.domain.errors import (
    CalendarError,
    CalendarUnreachableError,
)
from services.domain.model import Event, EventType, Location, Organizer, Response, ShowAs, Visibility, WallTimes
from tests.support.clocks import ManualClock
from tests.support.few import few
from tests.support.google_account import ANN, NOW, ConnectedGoogle, at, open_connected

WEEKDAYS = ("RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",)


@pytest.fixture
async def connected(clock: ManualClock) -> AsyncIterator[ConnectedGoogle]:
    assert clock.now() == NOW
    async with open_connected(clock) as opened:
        yield opened


def standup(connected: ConnectedGoogle) -> GoogleEntry:
    return connected.calendar.add(
        GoogleEntry("Standup", at(23, 8), at(23, 8, 15), recurrence=("RRULE:FREQ=DAILY;COUNT=5",), zone="Europe/Berlin")
    )


# ── the first time ──────────────────────────────────────────────────────────────────────────────────


async def test_first_sync_gives_the_window_and_what_each_entry_is(connected: ConnectedGoogle) -> None:
    calendar = connected.calendar
    sync = calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11), response="accepted", guests=2, location="Room 1"))
    calendar.add(GoogleEntry("Away", at(25, 8), at(25, 16), kind="outOfOffice"))
    calendar.add(GoogleEntry("Deep work", at(26, 8), at(26, 9), kind="focusTime"))
    calendar.add(
        GoogleEntry("", date(2026, 11, 27), date(2026, 11, 28), kind="workingLocation", place="homeOffice", free=True)
    )
    calendar.add(GoogleEntry("Maybe", at(28, 8), at(28, 9), status="tentative", visibility="private", free=True))
    calendar.add(GoogleEntry("Long ago", at(20, 8), at(20, 9)))
    calendar.add(GoogleEntry("Far away", at(24, 8) + timedelta(days=61), at(24, 9) + timedelta(days=61)))
    changes = await connected.fetch()
    assert (changes.full, changes.unchanged, changes.problems, changes.name) == (True, False, (), ANN)
    own = Organizer.PERSON
    assert list(changes.events) == [
        Event(
            "C1", sync.uid, at(24, 10), at(24, 11), title="Sync", response=Response.ACCEPTED, guests=2,
            location="Room 1", organizer=own, organizer_text=ANN, guest_domains=frozenset({"example.net"}),
        ),
        Event("C1", changes.events[1].uid, at(25, 8), at(25, 16), type=EventType.OUT_OF_OFFICE, organizer=own,
              organizer_text=ANN, title="Away"),
        Event("C1", changes.events[2].uid, at(26, 8), at(26, 9), type=EventType.FOCUS, organizer=own,
              organizer_text=ANN, title="Deep work"),
        Event(
            "C1", changes.events[3].uid, at(26, 23), at(27, 23), all_day=True,
            wall=WallTimes(datetime(2026, 11, 27), datetime(2026, 11, 28)), type=EventType.WORKING_LOCATION,
            show_as=ShowAs.FREE, working_location=Location.HOME, organizer=own, organizer_text=ANN,
        ),
        Event(
            "C1", changes.events[4].uid, at(28, 8), at(28, 9), tentative=True, visibility=Visibility.PRIVATE,
            show_as=ShowAs.FREE, title="Maybe", organizer=own, organizer_text=ANN,
        ),
    ]  # fmt: skip
    (call,) = connected.google.calls
    assert (call.path, call.query) == (
        f"/calendar/v3/calendars/{ANN}/events",
        {
            "singleEvents": "true",
            "maxResults": "2500",
            "prettyPrint": "false",
            "fields": f"kind,summary,timeZone,nextPageToken,nextSyncToken,items({FIELDS})",
            "timeMin": "2026-11-23T09:00:00Z",
            "timeMax": "2027-01-23T09:00:00Z",
        },
    )


async def test_no_description_and_no_name_of_a_guest_is_asked_for(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11), response="accepted", guests=2))
    await connected.fetch()
    query = connected.google.calls[0].query
    page = connected.google.lists.events(connected.account, connected.calendar, query)
    assert page["items"][0]["attendees"] == [
        {"self": True, "responseStatus": "accepted", "email": ANN},
        {"responseStatus": "needsAction", "email": "guest1@example.net"},
        {"responseStatus": "needsAction", "email": "guest2@example.net"},
    ]
    assert "Notes of" not in json.dumps(page)


async def test_many_pages_are_one_window_with_the_last_pages_token(
    connected: ConnectedGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulators.google.sync._MOST_EVENTS", 3)
    for number in range(8):
        connected.calendar.add(GoogleEntry(f"E{number}", at(24, 10 + number), at(24, 11 + number)))
    assert await connected.titles() == [f"E{number}" for number in range(8)]
    assert connected.asked() == ["window", "window+", "window+"]
    assert (await connected.fetch()).unchanged
    assert connected.asked() == ["token"]


async def test_page_that_is_lost_in_the_middle_changes_nothing(
    connected: ConnectedGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulators.google.sync._MOST_EVENTS", 3)
    for number in range(8):
        connected.calendar.add(GoogleEntry(f"E{number}", at(24, 10 + number), at(24, 11 + number)))
    for fault in (
        {"status": 503},
        {"status": 410, "reason": "fullSyncRequired"},
        {"truncate": True},
        {"drop": True, "times": 2},
    ):
        connected.google.faults.add("/events", skip=1, **fault)
        with pytest.raises(CalendarError):
            await connected.fetch()
    assert connected.connection.state is None
    assert len(await connected.titles()) == 8


# ── what changed ────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_new_costs_one_question_and_keeps_the_newer_token(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.fetch()
    assert connected.asked() == ["window"]
    again = await connected.fetch()
    assert (again.unchanged, again.full, again.events) == (True, False, ())
    assert connected.asked() == ["token"]


async def test_entry_added_changed_moved_and_cancelled(connected: ConnectedGoogle) -> None:
    await connected.fetch()
    sync = connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    (event,) = await connected.events()
    connected.calendar.change(sync.id, title="Sync up", free=True)
    (changed,) = await connected.events()
    assert changed == dataclasses.replace(event, title="Sync up", show_as=ShowAs.FREE)
    connected.calendar.move(sync.id, at(24, 15))
    (moved,) = await connected.events()
    assert moved == dataclasses.replace(changed, start=at(24, 15), end=at(24, 16))
    connected.asked()
    connected.calendar.cancel(sync.id)
    assert await connected.events() == []
    assert connected.asked() == ["token", "window"]
    assert (await connected.fetch()).unchanged


async def test_own_answer_to_an_invitation_is_followed(connected: ConnectedGoogle) -> None:
    sync = connected.calendar.add(
        GoogleEntry("Sync", at(24, 10), at(24, 11), response="needsAction", guests=1, organizer="b@x.org")
    )
    answers = {"needsAction": Response.NEEDS_ACTION, "tentative": Response.TENTATIVE, "declined": Response.DECLINED}
    for answer, response in answers.items():
        connected.calendar.change(sync.id, response=answer)
        (event,) = await connected.events()
        assert (event.response, event.guests) == (response, 1)


async def test_one_occurrence_moved_and_one_cancelled(connected: ConnectedGoogle) -> None:
    series = standup(connected)
    events = await connected.events()
    assert [(event.uid, event.occurrence, event.start) for event in events] == [
        (series.uid, f"202611{day}T080000Z", at(day, 8)) for day in range(24, 28)
    ]
    connected.calendar.move_instance(series.id, at(25, 8), at(25, 14))
    connected.calendar.cancel_instance(series.id, at(26, 8))
    now = {event.occurrence: event.start for event in await connected.events()}
    assert now == {
        "20261124T080000Z": at(24, 8),
        "20261125T080000Z": at(25, 14),
        "20261127T080000Z": at(27, 8),
    }


async def test_series_cancelled_as_a_whole(connected: ConnectedGoogle) -> None:
    series = standup(connected)
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.fetch()
    connected.calendar.cancel(series.id)
    assert await connected.titles() == ["Sync"]


async def test_endless_series_is_not_followed_beyond_the_window(connected: ConnectedGoogle) -> None:
    await connected.fetch()
    connected.asked()
    connected.calendar.add(GoogleEntry("Daily", at(23, 8), at(23, 9), recurrence=WEEKDAYS, zone="Europe/Berlin"))
    events = await connected.events()
    assert len(events) == 44
    assert events[-1].start == datetime(2027, 1, 22, 8, tzinfo=UTC)
    assert connected.asked() == ["token", "window"]


async def test_all_day_entries_and_wall_clock_series_over_the_change_of_the_clocks(
    connected: ConnectedGoogle, clock: ManualClock
) -> None:
    clock.move_to(datetime(2027, 3, 26, 9, tzinfo=UTC))
    connected.calendar.add(GoogleEntry("Fair", date(2027, 3, 27), date(2027, 3, 30)))
    connected.calendar.add(
        GoogleEntry(
            "Standup", datetime(2027, 3, 27, 8, tzinfo=UTC), datetime(2027, 3, 27, 8, 15, tzinfo=UTC),
            recurrence=("RRULE:FREQ=DAILY;COUNT=2",), zone="Europe/Berlin",
        )
    )  # fmt: skip
    fair, first, second = await connected.events()
    assert (fair.start, fair.end) == (datetime(2027, 3, 26, 23, tzinfo=UTC), datetime(2027, 3, 29, 22, tzinfo=UTC))
    assert (fair.end - fair.start, fair.all_day) == (timedelta(hours=71), True)
    assert (first.start, second.start) == (
        datetime(2027, 3, 27, 8, tzinfo=UTC), datetime(2027, 3, 28, 7, tzinfo=UTC),
    )  # fmt: skip


async def test_person_in_another_zone_has_the_window_read_anew(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Fair", date(2026, 11, 27), date(2026, 11, 28)))
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.fetch()
    connected.connection = dataclasses.replace(connected.connection, zone=ZoneInfo("America/New_York"))
    sync, fair = await connected.events()
    assert (fair.start, fair.end, sync.start) == (at(27, 5), at(28, 5), at(24, 10))


async def test_calendar_in_another_zone_moves_nothing(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Fair", date(2026, 11, 27), date(2026, 11, 28)))
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    before = await connected.events()
    connected.calendar.zone_changed("Asia/Tokyo")
    connected.connection = dataclasses.replace(connected.connection, state=None)
    assert await connected.events() == before


# ── the window and the token ────────────────────────────────────────────────────────────────────────


async def test_window_is_listed_anew_once_a_day(connected: ConnectedGoogle, clock: ManualClock) -> None:
    connected.calendar.add(GoogleEntry("Later", at(24, 10) + timedelta(days=60), at(24, 11) + timedelta(days=60)))
    assert await connected.titles() == []
    clock.move(hours=23, minutes=59)
    assert (await connected.fetch()).unchanged
    clock.move(minutes=1)
    connected.asked()
    assert await connected.titles() == ["Later"]
    assert connected.asked() == ["window"]


async def test_lost_token_means_the_window_and_nothing_is_cleared(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.fetch()
    connected.asked()
    connected.google.expire_sync_tokens()
    assert await connected.titles() == ["Sync"]
    assert connected.asked() == ["token", "window"]
    assert (await connected.fetch()).unchanged


async def test_token_called_invalid_means_the_window(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.fetch()
    connected.google.faults.add("/events", status=400, reason="invalid")
    assert await connected.titles() == ["Sync"]


async def test_lost_token_and_then_an_outage_changes_nothing(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.fetch()
    kept = connected.connection.state
    connected.google.expire_sync_tokens()
    connected.google.faults.add("/events", skip=1, status=503)
    with pytest.raises(CalendarUnreachableError):
        await connected.fetch()
    assert connected.connection.state == kept
    assert await connected.titles() == ["Sync"]


async def test_state_of_another_version_means_the_window(connected: ConnectedGoogle) -> None:
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    connected.connection = dataclasses.replace(connected.connection, state=b'{"version": 0, "token": "x"}')
    assert await connected.titles() == ["Sync"]
    assert connected.asked() == ["window"]


async def test_what_a_release_stored_that_read_less_is_listed_anew_once(connected: ConnectedGoogle) -> None:
    standup(connected)
    stored = json.loads((await connected.fetch()).state or b"")
    assert connected.asked() == ["window"]
    state = json.dumps({**stored, "version": 1}).encode()
    connected.connection = dataclasses.replace(connected.connection, state=state)
    again = await connected.fetch()
    assert (again.full, {event.recurring for event in again.events}) == (True, {True})
    assert (await connected.fetch()).unchanged
    assert connected.asked() == ["window", "token"]


async def test_state_and_connection_show_no_secret(connected: ConnectedGoogle) -> None:
    changes = await connected.fetch()
    assert changes.state is not None
    token = json.loads(changes.state)["token"]
    assert token
    assert token not in repr(changes)


@pytest.mark.parametrize("seed", few(range(4)))
async def test_whatever_happens_in_between_the_events_are_those_of_a_first_sync(
    connected: ConnectedGoogle, clock: ManualClock, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - edits that can be repeated
    known: dict[str, Event] = {}
    for _ in range(40):
        _edit(connected, chance)
        if chance.random() < 0.2:
            connected.google.expire_sync_tokens()
        if chance.random() < 0.2:
            connected.google.faults.add(
                "/events", status=chance.choice([401, 410, 429, 500, 503]), truncate=chance.random() < 0.3
            )
        clock.move(hours=chance.choice([0, 1, 20]))
        with suppress(CalendarError):
            changes = await connected.fetch()
            if changes.full:
                known = {event.id: event for event in changes.events}
        connected.google.faults.clear()
        if chance.random() < 0.5:
            changes = await connected.fetch()
            known = {event.id: event for event in changes.events} if changes.full else known
            first = await connected.source.fetch(dataclasses.replace(connected.connection, state=None), clock.now())
            upcoming = {event.id: event for event in first.events if event.start < clock.now() + timedelta(days=59)}
            assert {name: known.get(name) for name in upcoming} == upcoming
            assert {name for name, event in known.items() if event.end > clock.now()} <= {
                event.id for event in first.events
            }


def _edit(connected: ConnectedGoogle, chance: random.Random) -> None:
    """One thing that a person does to their calendar."""
    calendar, now = connected.calendar, connected.clock.now()
    start = now + timedelta(hours=chance.randrange(-48, 24 * 70))
    entries = [entry for entry in calendar.entries.values() if not entry.cancelled]
    if not entries or chance.random() < 0.4:
        rules = ("RRULE:FREQ=DAILY;COUNT=9",) if chance.random() < 0.5 else ()
        calendar.add(GoogleEntry("New", start, start + timedelta(hours=1), recurrence=rules, zone="Europe/Berlin"))
        return
    entry = chance.choice(entries)
    what = chance.randrange(4)
    if what == 0:
        calendar.cancel(entry.id)
    elif what == 1:
        calendar.move(entry.id, start)
    elif not entry.recurrence:
        calendar.change(entry.id, title=f"Changed {what}", free=chance.random() < 0.5)
    else:
        originals = [one.original for one in calendar.occurrences(entry, now + timedelta(days=100)) if not one.gone]
        original = chance.choice([one for one in originals if one is not None])
        if what == 2:
            calendar.cancel_instance(entry.id, original)
        else:
            calendar.move_instance(entry.id, original, start)
