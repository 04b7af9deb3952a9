"""Push channels against a local Google: opened, heard, ended; and what is lost, doubled or late."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from aiohttp import web

from emulators.google import GoogleEntry
from services.calendars.providers.google.api import GoogleApi
from services.calendars.providers.google.push import GoogleWatcher
from services.domain.calendars import Watch
from services.domain.errors import AccessRefusedError, CalendarError, CalendarGoneError, PushNotPossibleError
from services.platform.net import GuardedClient
from tests.support.clocks import ManualClock
from tests.support.google_account import ANN, NOW, ConnectedGoogle, at, open_connected
from tests.support.sites import Site

SECRET = "s" * 43


@pytest.fixture
async def connected(clock: ManualClock) -> AsyncIterator[ConnectedGoogle]:
    async with open_connected(clock) as opened:
        yield opened


async def watch(connected: ConnectedGoogle, watch_id: str = "w1") -> Watch:
    made = await connected.watcher.watch(connected.connection, watch_id, SECRET, connected.clock.now())
    await connected.google.settled()
    return made


async def test_channel_lasts_a_week_and_opens_with_a_sync_message(connected: ConnectedGoogle) -> None:
    made = await watch(connected)
    (push,) = connected.receiver.pushes
    assert made == Watch("w1", push.resource_id, NOW + timedelta(days=7))
    assert (push.watch_id, push.secret, push.state, push.number) == ("w1", SECRET, "sync", 1)
    assert connected.receiver.headers[0]["X-Goog-Channel-Expiration"] == "Tue, 01 Dec 2026 09:00:00 GMT"
    assert SECRET not in repr(push)


async def test_sync_message_may_come_before_the_answer(connected: ConnectedGoogle) -> None:
    connected.google.late_watch = True
    await connected.watcher.watch(connected.connection, "w1", SECRET, NOW)
    assert connected.receiver.states() == [("sync", 1)]


async def test_every_kind_of_change_is_told(connected: ConnectedGoogle) -> None:
    await watch(connected)
    calendar = connected.calendar
    entry = calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11), recurrence=("RRULE:FREQ=DAILY;COUNT=3",)))
    calendar.change(entry.id, title="Other")
    calendar.cancel_instance(entry.id, at(25, 10))
    calendar.move_instance(entry.id, at(26, 10), at(26, 12))
    calendar.move(entry.id, at(24, 12))
    calendar.cancel(entry.id)
    connected.account.add_calendar("Other", "other@group.calendar.google.com").add(
        GoogleEntry("Elsewhere", date(2026, 11, 25), date(2026, 11, 26))
    )
    await connected.google.settled()
    numbers = sorted(push.number for push in connected.receiver.pushes)
    assert [push.state for push in connected.receiver.pushes[1:]] == ["exists"] * 6
    assert len(set(numbers)) == 7
    assert numbers[-1] > 7


async def test_push_and_fetch_show_the_moved_meeting(connected: ConnectedGoogle) -> None:
    entry = connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.fetch()
    await watch(connected)
    connected.calendar.move(entry.id, at(24, 14))
    await connected.google.settled()
    assert connected.receiver.pushes[-1].state == "exists"
    assert [event.start for event in await connected.events()] == [at(24, 14)]


async def test_lost_doubled_and_disordered_messages(connected: ConnectedGoogle) -> None:
    entry = connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await watch(connected)
    connected.google.faults.lose = 1
    connected.calendar.change(entry.id, title="Lost")
    await connected.google.settled()
    assert connected.receiver.states() == [("sync", 1)]
    assert await connected.titles() == ["Lost"]
    connected.google.faults.twice = True
    connected.calendar.change(entry.id, title="Twice")
    await connected.google.settled()
    first, second = connected.receiver.states()[1:]
    assert first == second
    connected.google.faults.twice, connected.google.faults.hold = False, True
    connected.calendar.change(entry.id, title="A")
    connected.calendar.change(entry.id, title="B")
    await connected.google.pushes.release(backwards=True)
    last, before = connected.receiver.states()[3:]
    assert last[1] > before[1]


async def test_message_is_sent_again_after_a_failure_that_passes_and_not_after_a_refusal(
    connected: ConnectedGoogle,
) -> None:
    connected.google.pushes.pauses = (0.0, 0.0)
    connected.receiver.statuses = [503, 500]
    await watch(connected)
    assert connected.receiver.states() == [("sync", 1)] * 3
    connected.receiver.statuses = [404]
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.google.settled()
    assert [(push.status, push.tries) for push in connected.google.pushes.sent] == [(200, 3), (404, 1)]


async def test_channel_that_ended_tells_nothing_more(connected: ConnectedGoogle, clock: ManualClock) -> None:
    made = await watch(connected)
    clock.move_to(made.expires_at)
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.google.settled()
    assert connected.receiver.states() == [("sync", 1)]


async def test_there_is_no_renewal_but_a_second_channel_beside_the_first(connected: ConnectedGoogle) -> None:
    made = await watch(connected)
    assert await connected.watcher.renew(connected.connection, made, NOW) is None
    await watch(connected, "w2")
    connected.calendar.add(GoogleEntry("Sync", at(24, 10), at(24, 11)))
    await connected.google.settled()
    assert sorted(push.watch_id for push in connected.receiver.pushes) == ["w1", "w1", "w2", "w2"]
    await connected.watcher.stop(connected.tokens.kept, made)
    connected.calendar.add(GoogleEntry("Again", at(24, 10), at(24, 11)))
    await connected.google.settled()
    assert connected.receiver.pushes[-1].watch_id == "w2"
    assert len(connected.receiver.pushes) == 5


async def test_stop_of_a_channel_that_is_gone_is_well(connected: ConnectedGoogle) -> None:
    made = await watch(connected)
    await connected.watcher.stop(connected.tokens.kept, made)
    await connected.watcher.stop(connected.tokens.kept, made)
    assert [call.status for call in connected.google.calls if call.path.endswith("/stop")] == [204, 404]


async def test_stop_that_is_refused_is_an_error(connected: ConnectedGoogle) -> None:
    made = await watch(connected)
    connected.google.oauth.expire_access_tokens()
    with pytest.raises(AccessRefusedError):
        await connected.watcher.stop(connected.tokens.kept, made)
    assert list(connected.google.channels.open) == ["w1"]


async def test_watch_renews_a_token_that_is_refused(connected: ConnectedGoogle) -> None:
    connected.google.oauth.expire_access_tokens()
    await watch(connected)
    assert connected.tokens.renewals == 1


async def test_calendar_or_address_that_can_have_no_channel(connected: ConnectedGoogle) -> None:
    connected.calendar.pushes = False
    with pytest.raises(PushNotPossibleError, match="pushNotSupportedForRequestedResource"):
        await watch(connected)
    connected.calendar.pushes = True
    for address in ("http://quo.example/webhooks/google", "ftp://quo.example/", "nonsense"):
        with pytest.raises(PushNotPossibleError, match="webhookUrlNotHttps"):
            await GoogleWatcher(connected.api, connected.tokens, address).watch(connected.connection, "w1", SECRET, NOW)
    assert connected.tokens.renewals == 0


async def test_address_that_google_does_not_accept_is_no_refused_token(connected: ConnectedGoogle) -> None:
    connected.google.faults.add("/watch", status=401, reason="push.webhookUrlUnauthorized")
    with pytest.raises(PushNotPossibleError):
        await watch(connected)
    assert connected.tokens.renewals == 0


async def test_watch_id_that_is_taken_is_an_error_that_passes(connected: ConnectedGoogle) -> None:
    await watch(connected)
    with pytest.raises(CalendarError) as raised:
        await watch(connected)
    assert type(raised.value) is CalendarError


async def test_watch_of_a_calendar_that_is_gone(connected: ConnectedGoogle) -> None:
    del connected.account.calendars[ANN]
    with pytest.raises(CalendarGoneError):
        await watch(connected)


@pytest.fixture
async def hostile(site: Site, client: GuardedClient, connected: ConnectedGoogle) -> GoogleWatcher:
    api = GoogleApi(client, site.url("/calendar/v3/"), connected.clock)
    return GoogleWatcher(api, connected.tokens, "https://quo.example/webhooks/google")


@pytest.mark.parametrize(
    ("expiration", "expires_at"),
    [
        (None, NOW + timedelta(days=7)),
        ("1796374800000", datetime(2026, 12, 4, 9, tzinfo=UTC)),
        (1796374800000, datetime(2026, 12, 4, 9, tzinfo=UTC)),
        ("9" * 30, NOW + timedelta(days=31)),
    ],
)
async def test_end_of_a_channel_is_what_google_says(
    hostile: GoogleWatcher, site: Site, connected: ConnectedGoogle, expiration: object, expires_at: datetime
) -> None:
    asked = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append((request.path, json.loads(await request.read())))
        return web.json_response({"resourceId": "r", **({"expiration": expiration} if expiration else {})})

    site.answer = answer
    assert await hostile.watch(connected.connection, "w1", SECRET, NOW) == Watch("w1", "r", expires_at)
    assert asked == [
        (
            f"/calendar/v3/calendars/{ANN}/events/watch",
            {
                "id": "w1",
                "type": "web_hook",
                "address": "https://quo.example/webhooks/google",
                "token": SECRET,
                "params": {"ttl": "604800"},
            },
        )
    ]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[]",
        "<html>",
        '{"resourceId": 7}',
        '{"resourceId": ""}',
        '{"resourceId": "' + "r" * 300 + '"}',
        '{"resourceId": "r", "expiration": "soon"}',
        '{"resourceId": "r", "expiration": {}}',
        '{"resourceId": "r", "expiration": "0"}',
        '{"resourceId": "r", "expiration": 1e999}',
    ],
)
async def test_answer_that_is_no_channel_is_an_error(
    hostile: GoogleWatcher, site: Site, connected: ConnectedGoogle, body: str
) -> None:
    site.gives(body.encode())
    with pytest.raises(CalendarError):
        await hostile.watch(connected.connection, "w1", SECRET, NOW)
