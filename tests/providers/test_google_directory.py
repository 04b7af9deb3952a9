"""Whose account it is and which calendars it has, against a local Google."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from emulators.google import GoogleEntry
from services.calendars.providers.google.api import LIST, GoogleApi, GoogleDirectory
from services.domain.calendars import Offer, OfferedCalendar
from services.domain.errors import AccessRefusedError, CalendarBusyError, CalendarError, CalendarRefusedError
from services.platform.net import GuardedClient
from tests.support.clocks import ManualClock
from tests.support.google_account import ANN, ConnectedGoogle, at, open_connected
from tests.support.sites import Site


@pytest.fixture
async def connected(clock: ManualClock) -> AsyncIterator[ConnectedGoogle]:
    async with open_connected(clock) as opened:
        yield opened


async def test_calendars_that_can_be_read_are_offered_the_main_one_first(connected: ConnectedGoogle) -> None:
    for name, role in (
        ("Team", "writer"),
        ("holidays", "reader"),
        ("Boss", "freeBusyReader"),
        ("Desk", "owner"),
    ):
        connected.account.add_calendar(name, f"{name}@group.calendar.google.com", role=role)
    connected.account.calendars["Team@group.calendar.google.com"].override = "Our team"
    connected.account.add_calendar("Shared", "shared@x.org", role="writerWithoutPrivateAccess")
    connected.account.main.name = "Ann at work"
    assert await connected.directory.offer(connected.tokens.kept) == Offer(
        ANN,
        "Ann at work",
        (
            OfferedCalendar(ANN, "Ann at work", main=True),
            OfferedCalendar("Desk@group.calendar.google.com", "Desk"),
            OfferedCalendar("holidays@group.calendar.google.com", "holidays"),
            OfferedCalendar("Team@group.calendar.google.com", "Our team"),
            OfferedCalendar("shared@x.org", "Shared"),
        ),
        address=ANN,
    )


async def test_many_calendars_come_in_pages(connected: ConnectedGoogle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulators.google.sync._MOST_CALENDARS", 4)
    for number in range(10):
        connected.account.add_calendar(f"C{number}", f"c{number}@group.calendar.google.com")
    offer = await connected.directory.offer(connected.tokens.kept)
    assert [calendar.name for calendar in offer.calendars] == [ANN, *(f"C{number}" for number in range(10))]
    assert len(connected.google.calls) == 3


async def test_main_calendar_alone_where_the_list_was_not_allowed(connected: ConnectedGoogle) -> None:
    await connected.tokens.allow(LIST)
    offer = await connected.directory.offer(connected.tokens.kept)
    assert offer == Offer(ANN, ANN, (OfferedCalendar("primary", ANN, main=True),))
    assert [call.status for call in connected.google.calls] == [403, 200]


async def test_subject_stays_though_the_main_calendar_was_renamed(connected: ConnectedGoogle) -> None:
    await connected.tokens.allow(LIST)
    connected.calendar.name = "Ann at work"
    connected.calendar.add(GoogleEntry("Asked", at(24, 10), at(24, 11), organizer="b@x.org"))
    connected.calendar.add(GoogleEntry("Own", at(24, 10), at(24, 11)))
    offer = await connected.directory.offer(connected.tokens.kept)
    assert offer == Offer(ANN, "Ann at work", (OfferedCalendar("primary", "Ann at work", main=True),), address=ANN)


async def test_nothing_is_offered_where_neither_list_nor_events_may_be_read(connected: ConnectedGoogle) -> None:
    connected.google.faults.add("/calendar/v3/", status=403, reason="insufficientPermissions", times=2)
    with pytest.raises(CalendarRefusedError):
        await connected.directory.offer(connected.tokens.kept)


async def test_quota_and_a_refused_token_are_no_missing_permission(connected: ConnectedGoogle) -> None:
    connected.google.faults.add("/calendar/v3/", status=403, reason="userRateLimitExceeded")
    with pytest.raises(CalendarBusyError):
        await connected.directory.offer(connected.tokens.kept)
    connected.google.oauth.expire_access_tokens()
    with pytest.raises(AccessRefusedError):
        await connected.directory.offer(connected.tokens.kept)
    assert len(connected.google.calls) == 2


async def test_list_that_is_hostile_offers_what_can_be_read(
    site: Site, client: GuardedClient, connected: ConnectedGoogle
) -> None:
    directory = GoogleDirectory(GoogleApi(client, site.url("/calendar/v3/"), connected.clock))
    entries = [
        None, 7, [], {}, {"id": None, "accessRole": "owner"}, {"id": "..", "accessRole": "owner"},
        {"id": "\ud800", "accessRole": "owner"}, {"id": "x" * 2000, "accessRole": "owner"},
        {"id": "a", "accessRole": ["owner"]} , {"id": "gone", "accessRole": "owner", "deleted": True},
        {"id": "b", "accessRole": "owner", "summary": ["x"]},
        {"id": ANN, "accessRole": "owner", "primary": True, "summary": "A" * 999},
    ]  # fmt: skip
    site.gives(json.dumps({"kind": "calendar#calendarList", "items": entries}).encode())
    offer = await directory.offer("t")
    assert (offer.subject, offer.name) == (ANN, "A" * 200)
    assert [calendar.address for calendar in offer.calendars] == [ANN, "b"]


@pytest.mark.parametrize("body", ["", "{}", "<html>", '{"kind": "calendar#events", "items": []}'])
async def test_answer_that_is_no_list_is_an_error(
    site: Site, client: GuardedClient, connected: ConnectedGoogle, body: str
) -> None:
    site.gives(body.encode())
    with pytest.raises(CalendarError):
        await GoogleDirectory(GoogleApi(client, site.url("/calendar/v3/"), connected.clock)).offer("t")


async def test_account_that_nobody_can_name_is_an_error(
    site: Site, client: GuardedClient, connected: ConnectedGoogle
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        kind = "calendar#calendarList" if request.path.endswith("List") else "calendar#events"
        return web.json_response({"kind": kind, "items": [{"organizer": {"self": True, "email": 7}}, {"organizer": 1}]})

    site.answer = answer
    with pytest.raises(CalendarError, match="without a name"):
        await GoogleDirectory(GoogleApi(client, site.url("/calendar/v3/"), connected.clock)).offer("t")
