"""CalDAV with Radicale as the peer: what a person connects, and what follows what they do in their calendar."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.calendars.ical.expand import Expander
from services.calendars.providers.caldav.discovery import CaldavDirectory
from services.calendars.providers.caldav.source import CaldavSource
from services.domain.calendars import Health, OfferedCalendar
from services.domain.errors import CalendarGoneError, CalendarRefusedError, CredentialsRefusedError
from services.platform.net import GuardedClient
from tests.support.caldav_account import Account, account, meeting
from tests.support.radicale_server import PASSWORD, Radicale, running
from tests.support.subscriptions import ANN, Subscriptions


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with running(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def calendar(radicale: Radicale) -> str:
    """The address of a calendar of this test's own."""
    return await radicale.make_calendar(f"work-{uuid4().hex[:8]}")


@pytest.fixture
def ann(client: GuardedClient, calendar: str) -> Account:
    return account(client, calendar)


def files(*components: str) -> bytes:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", *components, "END:VCALENDAR", ""]
    ).encode()


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def directory(client: GuardedClient) -> CaldavDirectory:
    return CaldavDirectory(client, client.rules)


@pytest.fixture
async def team(radicale: Radicale) -> AsyncIterator[str]:
    address = await radicale.make_calendar("team", "Team", user="bob")
    yield address
    await radicale.delete(address, user="bob")


@pytest.mark.parametrize("place", ["", "/", "/bob/", "/.well-known/caldav"])
async def test_calendars_are_found_from_the_host_the_principal_and_the_home(
    radicale: Radicale, directory: CaldavDirectory, team: str, place: str
) -> None:
    offer, credentials = await directory.offer(radicale.url + place, "bob", PASSWORD)
    assert (offer.subject, offer.name) == (f"{radicale.url}/bob/", "bob")
    assert offer.calendars == (OfferedCalendar(team, "Team", main=True),)
    assert credentials == {"user": "bob", "password": PASSWORD, "addresses": []}


async def test_calendar_that_was_typed_is_the_main_one(
    radicale: Radicale, directory: CaldavDirectory, calendar: str
) -> None:
    tasks = await radicale.make_calendar(f"tasks-{uuid4().hex[:8]}", component="VTODO")
    other = await radicale.make_calendar(f"other-{uuid4().hex[:8]}")
    offer, _ = await directory.offer(calendar.rstrip("/"), "ann", PASSWORD)
    assert [one.address for one in offer.calendars if one.main] == [calendar]
    assert {one.address: one.main for one in offer.calendars}[other] is False
    assert tasks not in {one.address for one in offer.calendars}


@pytest.mark.parametrize(("user", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("", PASSWORD), ("ann", "")])
async def test_wrong_password_is_said_so(
    radicale: Radicale, directory: CaldavDirectory, user: str, password: str
) -> None:
    with pytest.raises(CredentialsRefusedError) as caught:
        await directory.offer(radicale.url, user, password)
    assert caught.value.field == "caldav_password"


# ── following ───────────────────────────────────────────────────────────────────────────────────────


async def test_empty_calendar_has_no_events(ann: Account) -> None:
    changes = await ann.fetch()
    assert (changes.full, changes.unchanged, changes.events, changes.problems) == (True, False, (), ())


async def test_what_is_added_moved_and_deleted_is_followed(radicale: Radicale, calendar: str, ann: Account) -> None:
    await radicale.put(calendar, "one.ics", meeting("One"))
    assert await ann.starts() == [("One", "11-25T10:00")]
    await radicale.put(calendar, "two.ics", meeting("Two", 26))
    changes = await ann.fetch()
    assert (changes.full, changes.replaced) == (False, {"Two@example.org"})
    await radicale.put(calendar, "one.ics", meeting("One", 27))
    assert await ann.starts() == [("One", "11-27T10:00"), ("Two", "11-26T10:00")]
    await radicale.delete(calendar, "two.ics")
    assert await ann.starts() == [("One", "11-27T10:00")]
    await radicale.delete(calendar, "one.ics")
    assert await ann.starts() == []


async def test_nothing_new_is_nothing_to_write(radicale: Radicale, calendar: str, ann: Account) -> None:
    await radicale.put(calendar, "one.ics", meeting("One"))
    first = await ann.fetch()
    again = await ann.fetch()
    assert (again.unchanged, again.full, again.state) == (True, False, first.state)


async def test_series_follows_its_exceptions(radicale: Radicale, calendar: str, ann: Account) -> None:
    series = (
        "BEGIN:VEVENT", "UID:daily", "DTSTAMP:20261101T000000Z", "DTSTART:20261125T100000Z", "DTEND:20261125T110000Z",
        "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Daily", "END:VEVENT",
    )  # fmt: skip
    moved = (
        "BEGIN:VEVENT", "UID:daily", "DTSTAMP:20261102T000000Z", "RECURRENCE-ID:20261126T100000Z",
        "DTSTART:20261126T150000Z", "DTEND:20261126T160000Z", "SUMMARY:Daily", "END:VEVENT",
    )  # fmt: skip
    await radicale.put(calendar, "d.ics", files(*series))
    assert await ann.starts() == [("Daily", f"11-{day}T10:00") for day in (25, 26, 27)]
    await radicale.put(calendar, "d.ics", files(*series, *moved))
    assert await ann.starts() == [("Daily", "11-25T10:00"), ("Daily", "11-26T15:00"), ("Daily", "11-27T10:00")]
    without = (*series[:-2], "EXDATE:20261126T100000Z", *series[-2:])
    await radicale.put(calendar, "d.ics", files(*without))
    assert await ann.starts() == [("Daily", "11-25T10:00"), ("Daily", "11-27T10:00")]
    await radicale.delete(calendar, "d.ics")
    assert await ann.starts() == []


async def test_all_day_over_a_change_of_clocks_is_the_persons_days(
    radicale: Radicale, calendar: str, ann: Account
) -> None:
    holiday = (
        "BEGIN:VEVENT", "UID:days", "DTSTAMP:20261101T000000Z", "DTSTART;VALUE=DATE:20261031",
        "DTEND;VALUE=DATE:20261103", "SUMMARY:Days", "END:VEVENT",
    )  # fmt: skip
    ann.now = ann.now.replace(month=10, day=20)
    ann.connection = replace(ann.connection, zone=ZoneInfo("America/New_York"))
    await radicale.put(calendar, "days.ics", files(*holiday))
    await ann.fetch()
    (event,) = ann.held.values()
    assert (event.all_day, f"{event.start:%m-%dT%H:%M}", f"{event.end:%m-%dT%H:%M}") == (
        True, "10-31T04:00", "11-03T05:00",
    )  # fmt: skip
    ann.connection = replace(ann.connection, zone=ZoneInfo("Asia/Tokyo"))
    changes = await ann.fetch()
    assert (changes.full, [f"{event.start:%m-%dT%H:%M}" for event in changes.events]) == (True, ["10-30T15:00"])


async def test_token_that_the_server_has_forgotten_costs_only_what_differs(
    radicale: Radicale, calendar: str, ann: Account
) -> None:
    await radicale.put(calendar, "one.ics", meeting("One"))
    await radicale.put(calendar, "two.ics", meeting("Two"))
    await ann.fetch()
    radicale.forget_tokens()
    await radicale.delete(calendar, "one.ics")
    await radicale.put(calendar, "three.ics", meeting("Three"))
    changes = await ann.fetch()
    assert (changes.full, changes.replaced) == (False, {"One@example.org", "Three@example.org"})
    assert ann.kept() == [("Three", "11-25T10:00"), ("Two", "11-25T10:00")]


async def test_password_that_is_refused_later_changes_nothing(radicale: Radicale, calendar: str, ann: Account) -> None:
    await radicale.put(calendar, "one.ics", meeting("One"))
    await ann.fetch()
    ann.connection = replace(ann.connection, credentials={"user": "ann", "password": "changed"})
    with pytest.raises(CalendarRefusedError) as caught:
        await ann.fetch()
    assert (caught.value.reason, ann.kept()) == ("http 401", [("One", "11-25T10:00")])


async def test_calendar_that_was_deleted_is_gone(radicale: Radicale, calendar: str, ann: Account) -> None:
    await ann.fetch()
    await radicale.delete(calendar)
    with pytest.raises(CalendarGoneError):
        await ann.fetch()


async def test_window_moves_without_anything_being_fetched_again(
    radicale: Radicale, calendar: str, ann: Account
) -> None:
    weekly = (
        "BEGIN:VEVENT", "UID:weekly", "DTSTAMP:20261101T000000Z", "DTSTART:20261125T100000Z",
        "DTEND:20261125T110000Z", "RRULE:FREQ=MONTHLY", "SUMMARY:Monthly", "END:VEVENT",
    )  # fmt: skip
    await radicale.put(calendar, "w.ics", files(*weekly))
    assert await ann.starts() == [("Monthly", "11-25T10:00"), ("Monthly", "12-25T10:00")]
    ann.now = ann.now.replace(month=12, day=26)
    assert await ann.starts() == [("Monthly", "01-25T10:00"), ("Monthly", "12-25T10:00")]


# ── kept ────────────────────────────────────────────────────────────────────────────────────────────


async def test_calendar_that_was_connected_is_kept_true(
    radicale: Radicale, directory: CaldavDirectory, calendar: str, subscribed: Subscriptions, client: GuardedClient
) -> None:
    expander = Expander(workers=1)
    subscribed.sources["caldav"] = CaldavSource(client, expander)
    await radicale.put(calendar, "one.ics", meeting("One"))
    _, credentials = await directory.offer(calendar, "ann", PASSWORD)
    now = subscribed.clock.now()
    await subscribed.store.add(ANN, "caldav", calendar, "127.0.0.1", now, credentials=credentials, name="Work")
    await subscribed.run()
    assert await subscribed.titles() == ["One"]
    await radicale.put(calendar, "two.ics", meeting("Two", 26))
    await radicale.delete(calendar, "one.ics")
    await subscribed.wait_and_run(minutes=16)
    assert await subscribed.titles() == ["Two"]
    await radicale.delete(calendar)
    for minutes in (16, 1, 2):
        await subscribed.wait_and_run(minutes=minutes)
    view = await subscribed.view()
    assert (await subscribed.titles(), view.health, view.problem, view.name) == (
        ["Two"], Health.BROKEN, "CalendarGoneError", "Work",
    )  # fmt: skip
    await expander.close()
