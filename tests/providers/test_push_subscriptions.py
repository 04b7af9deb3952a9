"""Promises of pushes: asked for, renewed ahead of their end, replaced; and what a push may and may not do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from services.calendars.push_subscriptions import LEASE
from services.domain.model import PersonKey
from services.domain.request_errors import SignatureError
from services.platform.crypto import digest_of
from services.ports import Report
from services.store.calendar_tables import CALENDARS, WATCHES
from tests.support.calendar_stack import ANN, NOW, PROVIDERS, CalendarStack, each_on_both
from tests.support.databases import BOTH

both = pytest.mark.parametrize("provider", PROVIDERS)


async def watched(stack: CalendarStack, provider: str) -> Any:
    """Ann's calendar is connected, read and watched; its watch's row."""
    await stack.connects(provider)
    await stack.works()
    ((row),) = await stack.rows(sa.select(WATCHES.c.watch_id, WATCHES.c.remote_id, WATCHES.c.expires_at))
    return row


async def quiet_due(stack: CalendarStack) -> datetime:
    """When the calendar is due, after everything was done."""
    due: datetime = await stack.calendar(CALENDARS.c.due_at)
    assert due > stack.clock.now()
    return due


@each_on_both
async def test_connected_calendar_is_watched_and_looked_at_again_once_it_is(
    stack: CalendarStack, provider: str
) -> None:
    _, remote_id, expires_at = await watched(stack, provider)
    assert remote_id
    assert NOW + timedelta(days=6) < expires_at <= NOW + timedelta(days=7)
    assert stack.watched(provider) == 1
    assert [view.watched for view in await stack.calendars.connections.list(ANN)] == [True]
    assert set(stack.answers) <= {200, 202}


@each_on_both
async def test_push_makes_the_calendar_due_and_the_moved_event_is_read(stack: CalendarStack, provider: str) -> None:
    await watched(stack, provider)
    await quiet_due(stack)
    stack.add(provider, "Pushed")
    await (stack.google if provider == "google" else stack.microsoft).settled()
    assert await stack.calendar(CALENDARS.c.due_at) == stack.clock.now()
    await stack.works()
    assert await stack.titles() == ["Pushed"]


@both
async def test_push_that_is_lost_is_made_up_for_by_the_next_look(stack: CalendarStack, provider: str) -> None:
    await watched(stack, provider)
    due = await quiet_due(stack)
    assert due - stack.clock.now() <= timedelta(minutes=16.5)
    await stack.rows(sa.select(WATCHES.c.watch_id))
    async with stack.database.write() as connection:
        await connection.execute(sa.delete(WATCHES))
    stack.add(provider, "Unheard of")
    await stack.works()
    assert await stack.titles() == []
    stack.clock.move_to(due)
    await stack.works()
    assert await stack.titles() == ["Unheard of"]


@BOTH
async def test_google_channel_is_replaced_before_it_ends_and_the_old_one_is_stopped(stack: CalendarStack) -> None:
    old, _, expires_at = await watched(stack, "google")
    stack.clock.move_to(NOW + (expires_at - NOW) * 0.76)
    await stack.works()
    ((new, ends),) = await stack.rows(sa.select(WATCHES.c.watch_id, WATCHES.c.expires_at))
    assert new != old
    assert ends > expires_at
    assert list(stack.google.channels.open) == [new]


@BOTH
async def test_microsoft_subscription_is_prolonged_as_it_is(stack: CalendarStack) -> None:
    old, remote_id, expires_at = await watched(stack, "microsoft")
    stack.clock.move_to(NOW + (expires_at - NOW) * 0.76)
    await stack.works()
    ((new, remote, ends),) = await stack.rows(sa.select(WATCHES.c.watch_id, WATCHES.c.remote_id, WATCHES.c.expires_at))
    assert (new, remote) == (old, remote_id)
    assert ends > expires_at


@both
async def test_watch_that_ended_while_we_were_down_is_made_anew(stack: CalendarStack, provider: str) -> None:
    old, _, expires_at = await watched(stack, provider)
    stack.clock.move_to(expires_at + timedelta(hours=1))
    await stack.works()
    ((new, ends),) = await stack.rows(sa.select(WATCHES.c.watch_id, WATCHES.c.expires_at))
    assert new != old
    assert ends > stack.clock.now()
    stack.add(provider, "After all")
    await stack.works()
    assert await stack.titles() == ["After all"]


@BOTH
async def test_lifecycle_removed_subscription_is_made_anew_and_nothing_is_missed(stack: CalendarStack) -> None:
    old, *_ = await watched(stack, "microsoft")
    stack.microsoft.faults.lose = 1
    stack.add("microsoft", "While it was gone")
    await stack.microsoft.settled()
    stack.microsoft.lifecycle("subscriptionRemoved")
    stack.microsoft.subscriptions.all.clear()
    await stack.works()
    ((new,),) = await stack.rows(sa.select(WATCHES.c.watch_id))
    assert new != old
    assert stack.watched("microsoft") == 1
    assert await stack.titles() == ["While it was gone"]


async def test_lifecycle_missed_has_the_calendar_looked_at(stack: CalendarStack) -> None:
    await watched(stack, "microsoft")
    await quiet_due(stack)
    stack.microsoft.lifecycle("missed")
    await stack.microsoft.settled()
    assert await stack.calendar(CALENDARS.c.due_at) == stack.clock.now()


@BOTH
async def test_lifecycle_reauthorization_renews_the_subscription_at_once(stack: CalendarStack) -> None:
    _, _, before = await watched(stack, "microsoft")
    stack.clock.move(hours=5)
    await stack.works()
    stack.microsoft.lifecycle("reauthorizationRequired")
    await stack.works()
    ((after,),) = await stack.rows(sa.select(WATCHES.c.expires_at))
    assert after == before + timedelta(hours=5)


@each_on_both
async def test_push_with_another_secret_changes_nothing(stack: CalendarStack, provider: str) -> None:
    watch_id, *_ = await watched(stack, provider)
    due = await quiet_due(stack)
    for act in (
        stack.calendars.push_receiver.changed,
        stack.calendars.push_receiver.renew,
        stack.calendars.push_receiver.ended,
    ):
        with pytest.raises(SignatureError):
            await act(watch_id, "x" * 43)
        assert not await act("f" * 32, "x" * 43)
    with pytest.raises(SignatureError):
        await stack.calendars.push_receiver.changed(watch_id, "")
    assert await quiet_due(stack) == due
    assert await stack.counts() == (1, 1, 1)


async def test_push_about_another_resource_is_refused(stack: CalendarStack) -> None:
    watch_id, remote_id, _ = await watched(stack, "google")
    token = stack.google.channels.open[watch_id].token
    with pytest.raises(SignatureError):
        await stack.calendars.push_receiver.changed(watch_id, token, remote_id="another")
    assert await stack.calendars.push_receiver.changed(watch_id, token, remote_id=remote_id)


async def test_secret_is_kept_as_a_digest(stack: CalendarStack) -> None:
    watch_id, *_ = await watched(stack, "google")
    token = stack.google.channels.open[watch_id].token
    assert await stack.rows(sa.select(WATCHES.c.secret)) == [(digest_of(token),)]


async def test_forged_pushes_over_http_are_refused_and_strange_ones_dropped(stack: CalendarStack) -> None:
    watch_id, remote_id, _ = await watched(stack, "google")
    due = await quiet_due(stack)
    wrong = {
        "X-Goog-Channel-ID": watch_id, "X-Goog-Channel-Token": "x" * 43, "X-Goog-Resource-State": "exists",
        "X-Goog-Resource-ID": remote_id, "X-Goog-Message-Number": "7",
    }  # fmt: skip
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{stack.url}/webhooks/google", headers=wrong) as answer:
            assert answer.status >= 400
        async with session.post(
            f"{stack.url}/webhooks/google", headers={**wrong, "X-Goog-Channel-ID": "0" * 32}
        ) as answer:
            assert answer.status == 200
    assert await quiet_due(stack) == due


@BOTH
async def test_calendar_that_never_pushes_is_looked_at_and_asked_again_tomorrow(stack: CalendarStack) -> None:
    stack.google.faults.add("/watch", status=400, reason="pushNotSupportedForRequestedResource", times=99)
    await stack.connects("google")
    await stack.works()
    assert await stack.counts() == (1, 1, 0)
    assert await stack.calendar(CALENDARS.c.watch_due_at) == NOW + timedelta(days=1)
    assert await quiet_due(stack) <= NOW + timedelta(minutes=5.5)  # asked more often: it does not tell


@BOTH
async def test_watch_that_fails_is_tried_again_later_each_time(stack: CalendarStack) -> None:
    stack.google.faults.add("/watch", status=503, times=4)
    await stack.connects("google")
    waits = []
    for _ in range(5):
        before = stack.clock.now()
        await stack.works()
        waits.append(await stack.calendar(CALENDARS.c.watch_due_at) - before)
        stack.clock.move_to(before + waits[-1])
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (10, 20, 40, 80)]
    assert stack.watched("google") == 1


@BOTH
async def test_calendar_that_is_gone_when_the_promise_comes_is_not_watched(stack: CalendarStack) -> None:
    await stack.connects("google")
    now = stack.clock.now()
    (task,) = await stack.stores.watches.claim(now, now + timedelta(minutes=2), 10)
    await stack.stores.watches.begin(task.connection, "w" * 32, digest_of("s"), now)
    (calendar,) = await stack.calendars.connections.list(ANN)
    await stack.calendars.connections.disconnect(ANN, calendar.calendar_id)
    account = (await stack.calendars.accounts.list(ANN))[0]
    assert account.lost is False
    assert await stack.calendars.push_subscriptions.run_due() == Report()
    assert await stack.counts() == (1, 0, 0)


@BOTH
async def test_watch_of_a_calendar_is_claimed_by_one_replica(stack: CalendarStack) -> None:
    await stack.connects("google")
    other = stack.replica()
    reports = [await stack.calendars.push_subscriptions.run_due(), await other.push_subscriptions.run_due()]
    assert sorted(report.done for report in reports) == [0, 1]


async def test_push_for_a_lost_account_asks_nobody(stack: CalendarStack) -> None:
    await watched(stack, "google")
    stack.revoke("google")
    stack.clock.move(hours=2)
    await stack.works()
    stack.google.calls.clear()
    stack.add("google", "Too late")
    await stack.works()
    assert list(stack.google.calls) == []


@each_on_both
async def test_account_that_is_mended_while_its_watch_fails_is_watched_all_the_same(
    stack: CalendarStack, provider: str
) -> None:
    await stack.connects(provider)
    now = stack.clock.now()
    (task,) = await stack.stores.watches.claim(now, now + LEASE, 10)
    stack.clock.move(seconds=20)
    await stack.connects(provider)
    await stack.stores.watches.put_off(task, None, task.failures + 1)
    assert await stack.stores.watches.next_due() == stack.clock.now()
    await stack.works()
    assert stack.watched(provider) == 1


@BOTH
async def test_forgotten_person_is_watched_no_more(stack: CalendarStack) -> None:
    await watched(stack, "google")
    cleanups = await stack.stores.accounts.cleanups("T1", "U1")
    assert await stack.stores.accounts.cleanups("T1", "U2") == []
    assert await stack.stores.accounts.cleanups("T1") == cleanups
    now = stack.clock.now()
    assert await stack.stores.leavers.begin(PersonKey("T1", "U1"), now, now)
    stack.calendars.cleanup.begin(cleanups)
    await stack.calendars.cleanup.close()
    assert stack.watched("google") == 0
    assert [grant.revoked for grant in stack.google.oauth.grants] == [True]
