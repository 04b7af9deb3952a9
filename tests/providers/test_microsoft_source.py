"""Reading a calendar of Microsoft 365, against a local Microsoft on loopback."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from emulators.faults import Fault
from emulators.microsoft import MicrosoftEntry, Recurrence
from services.calendars.providers.microsoft import source as source_module
from services.calendars.providers.microsoft.source import DeltaState
from services.domain.calendars import Changes, Problem
from services.domain.errors import (
    CalendarUnreachableError,
)
from services.domain.model import Response, ShowAs, Visibility, WallTimes
from services.domain.people import leave_key
from tests.support.clocks import ManualClock
from tests.support.microsoft_account import ADDRESS, BERLIN, Mailbox, open_mailbox, times, titles

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
async def mailbox(clock: ManualClock) -> AsyncIterator[Mailbox]:
    async with open_mailbox(clock) as opened:
        yield opened


def standup(mailbox: Mailbox, count: int = 5) -> MicrosoftEntry:
    """Daily at 10:00 UTC for `count` days, the first one today, with a guest and a room."""
    start, end = mailbox.at(1)
    return mailbox.calendar.add(
        MicrosoftEntry(
            "Standup", start, end, zone="Europe/Berlin", location="Room 3", recurrence=Recurrence(count=count),
            guests=(ADDRESS.upper(), "bob@contoso.example"), rooms=("room3@contoso.example",), response="accepted",
        )
    )  # fmt: skip


# ── the first round ─────────────────────────────────────────────────────────────────────────────────


async def test_first_round_gives_all_events_of_the_window(mailbox: Mailbox) -> None:
    start, end = mailbox.at(1)
    mailbox.calendar.add(
        MicrosoftEntry(
            "Offer", start, end, show_as="tentative", response="notResponded", sensitivity="private",
            location="Room 1", guests=(ADDRESS, "bob@contoso.example", "cat@contoso.example"),
        )
    )  # fmt: skip
    mailbox.add("Too late", 24 * 61)
    mailbox.add("Too early", -26)
    changes = await mailbox.fetch()
    (event,) = changes.events
    assert (event.calendar_id, event.start, event.end, event.occurrence) == ("C1", start, end, "")
    assert (event.title, event.location, event.guests, event.all_day) == ("Offer", "Room 1", 2, False)
    assert (event.show_as, event.response, event.visibility) == (
        ShowAs.TENTATIVE, Response.NEEDS_ACTION, Visibility.PRIVATE
    )  # fmt: skip
    assert (changes.full, changes.unchanged, changes.problems) == (True, False, ())
    (call,) = mailbox.microsoft.calls
    now = mailbox.clock.now()
    assert call.query == {
        "startDateTime": f"{now - DAY:%Y-%m-%dT%H:%M:%SZ}", "endDateTime": f"{now + 60 * DAY:%Y-%m-%dT%H:%M:%SZ}"
    }  # fmt: skip
    assert call.headers["Prefer"] == 'outlook.timezone="UTC", odata.maxpagesize=100'


async def test_leave_calendar_tells_the_only_guest_and_the_categories_of_each_entry(mailbox: Mailbox) -> None:
    start, end = mailbox.at(1)
    told = {"guests": ("bob@contoso.example",), "categories": ("Who's Out",), "response": "organizer"}
    mailbox.calendar.add(MicrosoftEntry("Vacation", start, end, **told))
    mailbox.calendar.add(MicrosoftEntry("Course", start, end, zone="UTC", recurrence=Recurrence(count=2), **told))
    plain = await mailbox.fetch()
    assert {(event.guest, event.categories) for event in plain.events} == {("", ())}
    mailbox.connection = dataclasses.replace(mailbox.connection, key=leave_key("T1"), state=None)
    changes = await mailbox.fetch()
    assert len(changes.events) == 3
    assert {(event.guest, event.categories) for event in changes.events} == {("bob@contoso.example", ("Who's Out",))}


async def test_default_calendar_needs_no_id(mailbox: Mailbox) -> None:
    mailbox.add("Offer")
    mailbox.connection = dataclasses.replace(mailbox.connection, address="")
    assert titles(await mailbox.fetch()) == ["Offer"]
    assert mailbox.microsoft.calls[0].path == "/v1.0/me/calendarView/delta"


async def test_round_of_many_pages_is_read_to_its_end(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_PREFER", {"Prefer": "odata.maxpagesize=2"})
    for number in range(5):
        mailbox.add(f"Meeting {number}", 1 + number)
    assert titles(await mailbox.fetch()) == [f"Meeting {number}" for number in range(5)]
    assert mailbox.deltas() == [200, 200, 200]


async def test_series_is_read_as_its_master_says(mailbox: Mailbox) -> None:
    standup(mailbox, 3)
    changes = await mailbox.fetch()
    start, end = mailbox.at(1)
    assert times(changes, "Standup") == [(start + n * DAY, end + n * DAY) for n in range(3)]
    assert {(e.location, e.guests, e.response, e.show_as) for e in changes.events} == {
        ("Room 3", 1, Response.ACCEPTED, ShowAs.BUSY)
    }
    assert len({event.uid for event in changes.events}) == 3


async def test_entry_that_comes_twice_is_as_it_came_last(mailbox: Mailbox) -> None:
    mailbox.microsoft.odd.repeat_items = True
    mailbox.add("As it is")
    assert titles(await mailbox.fetch()) == ["As it is"]


async def test_master_that_no_round_brings_is_asked_for(mailbox: Mailbox) -> None:
    mailbox.microsoft.odd.omit_masters = True
    series = standup(mailbox, 2)
    assert titles(await mailbox.fetch()) == ["Standup", "Standup"]
    asked = [call.path for call in mailbox.microsoft.calls if not call.path.endswith("/delta")]
    assert asked == [f"/v1.0/me/calendars/{mailbox.calendar.id}/events/{series.id}"]
    assert (await mailbox.fetch()).unchanged


async def test_master_that_may_have_changed_is_asked_for_again(mailbox: Mailbox) -> None:
    mailbox.microsoft.odd.omit_masters = True
    series = standup(mailbox, 2)
    await mailbox.fetch()
    mailbox.calendar.change(series.id, title="Daily")
    assert titles(await mailbox.fetch()) == ["Daily", "Daily"]


async def test_instance_removed_from_a_series_without_its_master_is_gone(mailbox: Mailbox) -> None:
    mailbox.microsoft.odd.omit_masters = True
    series = standup(mailbox, 2)
    await mailbox.fetch()
    mailbox.calendar.remove_instance(series.id, mailbox.at(1)[0].date())
    assert len((await mailbox.fetch()).events) == 1


async def test_series_whose_master_is_gone_meanwhile_is_gone(mailbox: Mailbox) -> None:
    mailbox.microsoft.odd.omit_masters = True
    standup(mailbox, 2)
    mailbox.add("Offer", 5)
    mailbox.microsoft.faults.add(Fault("/events/", status=404, body={"error": {"code": "ErrorItemNotFound"}}))
    changes = await mailbox.fetch()
    assert titles(changes) == ["Offer"]
    assert [found.problem for found in changes.problems] == ["its series is not there any more"]
    assert (await mailbox.fetch()).unchanged


async def test_masters_beyond_those_of_one_fetch_come_with_the_next(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "MOST_MASTERS", 1)
    mailbox.microsoft.odd.omit_masters = True
    standup(mailbox, 1)
    standup(mailbox, 1)
    first = await mailbox.fetch()
    assert (titles(first), [p.problem for p in first.problems]) == (["Standup"], ["its series is not known"])
    assert titles(await mailbox.fetch()) == ["Standup", "Standup"]
    assert (await mailbox.fetch()).unchanged


# ── further rounds ──────────────────────────────────────────────────────────────────────────────────


async def test_round_without_entries_changes_nothing_but_the_link(mailbox: Mailbox) -> None:
    mailbox.add("Offer")
    first = await mailbox.fetch()
    again = await mailbox.fetch()
    assert again == Changes(state=again.state, unchanged=True, full=False)
    assert again.state not in (None, first.state)


async def test_changed_moved_new_and_removed_entries_are_seen(mailbox: Mailbox) -> None:
    mailbox.microsoft.odd.repeat_items = True
    changed, moved, removed = mailbox.add("Old title", 1), mailbox.add("Moved", 2), mailbox.add("Removed", 3)
    mailbox.add("Stays", 4)
    await mailbox.fetch()
    mailbox.deltas()
    mailbox.calendar.change(changed.id, title="New title")
    mailbox.calendar.move(moved.id, *mailbox.at(6))
    mailbox.calendar.remove(removed.id)
    mailbox.add("New", 5)
    changes = await mailbox.fetch()
    assert titles(changes) == ["New title", "Stays", "New", "Moved"]
    assert times(changes, "Moved") == [mailbox.at(6)]
    assert (changes.full, mailbox.deltas()) == (True, [200])


async def test_entry_moved_out_of_the_window_is_gone(mailbox: Mailbox) -> None:
    entry = mailbox.add("Offer")
    mailbox.add("Stays")
    await mailbox.fetch()
    mailbox.calendar.move(entry.id, *mailbox.at(24 * 90))
    assert titles(await mailbox.fetch()) == ["Stays"]


async def test_cancelled_meeting_says_so(mailbox: Mailbox) -> None:
    entry = mailbox.add("Offer")
    await mailbox.fetch()
    mailbox.calendar.cancel(entry.id)
    assert [event.cancelled for event in (await mailbox.fetch()).events] == [True]


@pytest.mark.parametrize("named", [True, False])
async def test_removed_instance_is_gone_although_nothing_says_so(mailbox: Mailbox, named: bool) -> None:
    mailbox.microsoft.odd.name_lost_instances = named
    series = standup(mailbox, 3)
    await mailbox.fetch()
    start, end = mailbox.at(1)
    mailbox.calendar.remove_instance(series.id, start.date() + DAY)
    assert times(await mailbox.fetch(), "Standup") == [(start, end), (start + 2 * DAY, end + 2 * DAY)]


async def test_cancelled_instance_says_so(mailbox: Mailbox) -> None:
    series = standup(mailbox, 3)
    await mailbox.fetch()
    mailbox.calendar.cancel_instance(series.id, mailbox.at(1)[0].date() + DAY)
    changes = await mailbox.fetch()
    assert [e.cancelled for e in sorted(changes.events, key=lambda e: e.start)] == [False, True, False]


async def test_moved_instance_keeps_its_identity(mailbox: Mailbox) -> None:
    series = standup(mailbox, 2)
    before = await mailbox.fetch()
    mailbox.deltas()
    start, end = mailbox.at(4)
    mailbox.calendar.change_instance(series.id, start.date(), start=start, end=end, title="Standup, late")
    after = await mailbox.fetch()
    assert times(after, "Standup, late") == [(start, end)]
    assert {event.uid for event in after.events} == {event.uid for event in before.events}
    assert mailbox.deltas() == [200]


async def test_removed_series_is_gone(mailbox: Mailbox) -> None:
    series = standup(mailbox)
    mailbox.add("Stays", 4)
    await mailbox.fetch()
    mailbox.calendar.remove(series.id)
    assert titles(await mailbox.fetch()) == ["Stays"]


async def test_series_with_another_title_is_not_read_anew(mailbox: Mailbox) -> None:
    series = standup(mailbox, 2)
    await mailbox.fetch()
    mailbox.deltas()
    mailbox.calendar.change(series.id, title="Daily")
    assert titles(await mailbox.fetch()) == ["Daily", "Daily"]
    assert mailbox.deltas() == [200]


# ── the window, and its token ───────────────────────────────────────────────────────────────────────


async def test_forgotten_token_means_everything_anew(mailbox: Mailbox) -> None:
    mailbox.add("Offer", 1)
    await mailbox.fetch()
    mailbox.add("New", 2)
    mailbox.microsoft.deltas.forget()
    mailbox.deltas()
    assert titles(await mailbox.fetch()) == ["Offer", "New"]
    assert mailbox.deltas() == [410, 200]


@pytest.mark.parametrize(
    ("status", "code"),
    [(410, ""), (400, "syncStateNotFound"), (404, "resyncRequired"), (409, "SyncStateInvalid"), (400, "BadRequest")],
)
async def test_resync_in_any_form_means_everything_anew(mailbox: Mailbox, status: int, code: str) -> None:
    mailbox.add("Offer")
    await mailbox.fetch()
    mailbox.microsoft.faults.add(Fault("/delta", status=status, body={"error": {"code": code}}))
    assert titles(await mailbox.fetch()) == ["Offer"]


async def test_resync_without_end_is_an_outage(mailbox: Mailbox) -> None:
    mailbox.add("Offer")
    await mailbox.fetch()
    mailbox.microsoft.faults.add(Fault("/delta", status=410, times=2))
    with pytest.raises(CalendarUnreachableError):
        await mailbox.fetch()
    assert (await mailbox.fetch()).unchanged


async def test_window_is_moved_before_it_runs_short(mailbox: Mailbox) -> None:
    mailbox.add("Far away", 24 * 75)
    assert titles(await mailbox.fetch()) == []
    mailbox.clock.move(days=30)
    assert (await mailbox.fetch()).unchanged
    mailbox.clock.move(seconds=1)
    mailbox.deltas()
    assert titles(await mailbox.fetch()) == ["Far away"]


async def test_other_addresses_of_the_person_count_the_guests_anew(mailbox: Mailbox) -> None:
    mailbox.add("Offer", guests=(ADDRESS, "ann@home.example"))
    assert [event.guests for event in (await mailbox.fetch()).events] == [1]
    mailbox.connection = dataclasses.replace(mailbox.connection, addresses=(ADDRESS, "ANN@home.example"))
    assert [event.guests for event in (await mailbox.fetch()).events] == [0]


async def test_what_a_release_stored_that_read_less_is_read_whole_once(mailbox: Mailbox) -> None:
    mailbox.add("Offer", guests=("bob@customer.example",))
    first = await mailbox.fetch()
    stored = json.loads(zlib.decompress(first.state or b""))
    assert stored["version"] == 3
    before = zlib.compress(json.dumps({**stored, "version": 2}).encode())
    assert DeltaState.load(before) is None
    mailbox.connection = dataclasses.replace(mailbox.connection, state=before)
    again = await mailbox.fetch()
    assert (again.full, again.events) == (True, first.events)
    assert again.events[0].guest_domains == {"customer.example"}
    assert (await mailbox.fetch()).unchanged


async def test_state_of_another_version_is_no_state(mailbox: Mailbox) -> None:
    mailbox.add("Offer")
    mailbox.connection = dataclasses.replace(mailbox.connection, state=b"of the year 2031")
    assert titles(await mailbox.fetch()) == ["Offer"]


# ── zones and whole days ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"), ("America/New_York", "America/New_York"),
        ("UTC", "tzone://Microsoft/Utc"), ("Asia/Kolkata", "India Standard Time"),
    ],
)  # fmt: skip
async def test_times_in_another_zone_than_asked_for_are_the_same_instants(
    mailbox: Mailbox, zone: str, name: str
) -> None:
    mailbox.microsoft.odd.answer_zone, mailbox.microsoft.odd.answer_zone_name = zone, name
    mailbox.add("Offer")
    mailbox.calendar.add(MicrosoftEntry("Away", date(2026, 11, 26), date(2026, 11, 27), show_as="oof"))
    changes = await mailbox.fetch()
    assert times(changes, "Offer") == [mailbox.at(1)]
    (away,) = [event.wall for event in changes.events if event.all_day]
    assert away == WallTimes(datetime(2026, 11, 26), datetime(2026, 11, 27))


async def test_unknown_zone_is_a_problem_of_its_entry(mailbox: Mailbox) -> None:
    entry = mailbox.add("Secret title")
    odd = mailbox.microsoft.odd
    odd.answer_zone, odd.answer_zone_name = "Europe/Berlin", "tzone://Microsoft/Custom"
    changes = await mailbox.fetch()
    assert (changes.events, changes.problems) == ((), (Problem(entry.id, "its time zone is not known"),))


async def test_whole_days_over_a_change_of_the_clocks_last_as_long_as_the_days(clock: ManualClock) -> None:
    clock.move_to(datetime(2027, 3, 20, 9, tzinfo=UTC))
    async with open_mailbox(clock) as mailbox:
        mailbox.calendar.add(
            MicrosoftEntry("Week off", date(2027, 3, 27), date(2027, 3, 29), zone="America/New_York", show_as="oof")
        )
        (event,) = (await mailbox.fetch()).events
        assert (event.all_day, event.show_as) == (True, ShowAs.OUT_OF_OFFICE)
        assert event.wall == WallTimes(datetime(2027, 3, 27), datetime(2027, 3, 29))
        assert (event.start, event.end - event.start) == (datetime(2027, 3, 26, 23, tzinfo=UTC), timedelta(hours=47))


async def test_series_keeps_to_the_wall_clock_over_a_change_of_the_clocks(clock: ManualClock) -> None:
    clock.move_to(datetime(2027, 3, 20, 9, tzinfo=UTC))
    async with open_mailbox(clock) as mailbox:
        start = datetime(2027, 3, 27, 9, tzinfo=BERLIN)
        rule = Recurrence(count=2)
        mailbox.calendar.add(MicrosoftEntry("Yoga", start, start + HOUR, zone="Europe/Berlin", recurrence=rule))
        changes = await mailbox.fetch()
        assert [at for at, _ in times(changes, "Yoga")] == [
            datetime(2027, 3, 27, 8, tzinfo=UTC), datetime(2027, 3, 28, 7, tzinfo=UTC)
        ]  # fmt: skip


async def test_person_who_moves_to_another_zone_takes_whole_days_along(mailbox: Mailbox) -> None:
    mailbox.calendar.add(MicrosoftEntry("Away", date(2026, 11, 26), date(2026, 11, 27)))
    await mailbox.fetch()
    mailbox.deltas()
    mailbox.connection = dataclasses.replace(mailbox.connection, zone=ZoneInfo("Asia/Tokyo"))
    (event,) = (await mailbox.fetch()).events
    assert event.start == datetime(2026, 11, 25, 15, tzinfo=UTC)
    assert mailbox.deltas() == [200]
    assert (await mailbox.fetch()).unchanged
