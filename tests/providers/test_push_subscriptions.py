"""Promises of pushes: asked for, renewed ahead of their end, replaced; and what a push may and may not do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from services.calendars.sync.push_subscriptions import LEASE
from services.domain.errors import SignatureError
from services.domain.model import PersonKey
from services.platform.crypto import digest_of
from services.ports import Report
from services.store.models import Calendar, WatchRow
from tests.support.calendar_stack import ANN, NOW, PROVIDERS, Bureau

both = pytest.mark.parametrize("provider", PROVIDERS)


async def watched(bureau: Bureau, provider: str) -> Any:
    """Ann's calendar is connected, read and watched; its watch's row."""
    await bureau.connects(provider)
    await bureau.works()
    ((row),) = await bureau.rows(sa.select(WatchRow.watch_id, WatchRow.remote_id, WatchRow.expires_at))
    return row


async def quiet_due(bureau: Bureau) -> datetime:
    """When the calendar is due, after everything was done."""
    due: datetime = await bureau.calendar(Calendar.due_at)
    assert due > bureau.clock.now()
    return due


@both
async def test_connected_calendar_is_watched_and_looked_at_again_once_it_is(bureau: Bureau, provider: str) -> None:
    _, remote_id, expires_at = await watched(bureau, provider)
    assert remote_id
    assert NOW + timedelta(days=6) < expires_at <= NOW + timedelta(days=7)
    assert bureau.watched(provider) == 1
    assert [view.watched for view in await bureau.calendars.connections.list(ANN)] == [True]
    assert set(bureau.answers) <= {200, 202}


@both
async def test_push_makes_the_calendar_due_and_the_moved_event_is_read(bureau: Bureau, provider: str) -> None:
    await watched(bureau, provider)
    await quiet_due(bureau)
    bureau.add(provider, "Pushed")
    await (bureau.google if provider == "google" else bureau.microsoft).settled()
    assert await bureau.calendar(Calendar.due_at) == bureau.clock.now()
    await bureau.works()
    assert await bureau.titles() == ["Pushed"]


@both
async def test_push_that_is_lost_is_made_up_for_by_the_next_look(bureau: Bureau, provider: str) -> None:
    await watched(bureau, provider)
    due = await quiet_due(bureau)
    assert due - bureau.clock.now() <= timedelta(minutes=16.5)
    await bureau.rows(sa.select(WatchRow.watch_id))
    async with bureau.database.write() as connection:
        await connection.execute(sa.delete(WatchRow))
    bureau.add(provider, "Unheard of")
    await bureau.works()
    assert await bureau.titles() == []
    bureau.clock.move_to(due)
    await bureau.works()
    assert await bureau.titles() == ["Unheard of"]


async def test_google_channel_is_replaced_before_it_ends_and_the_old_one_is_stopped(bureau: Bureau) -> None:
    old, _, expires_at = await watched(bureau, "google")
    bureau.clock.move_to(NOW + (expires_at - NOW) * 0.76)
    await bureau.works()
    ((new, ends),) = await bureau.rows(sa.select(WatchRow.watch_id, WatchRow.expires_at))
    assert new != old
    assert ends > expires_at
    assert list(bureau.google.channels.open) == [new]


async def test_microsoft_subscription_is_prolonged_as_it_is(bureau: Bureau) -> None:
    old, remote_id, expires_at = await watched(bureau, "microsoft")
    bureau.clock.move_to(NOW + (expires_at - NOW) * 0.76)
    await bureau.works()
    ((new, remote, ends),) = await bureau.rows(sa.select(WatchRow.watch_id, WatchRow.remote_id, WatchRow.expires_at))
    assert (new, remote) == (old, remote_id)
    assert ends > expires_at


@both
async def test_watch_that_ended_while_we_were_down_is_made_anew(bureau: Bureau, provider: str) -> None:
    old, _, expires_at = await watched(bureau, provider)
    bureau.clock.move_to(expires_at + timedelta(hours=1))
    await bureau.works()
    ((new, ends),) = await bureau.rows(sa.select(WatchRow.watch_id, WatchRow.expires_at))
    assert new != old
    assert ends > bureau.clock.now()
    bureau.add(provider, "After all")
    await bureau.works()
    assert await bureau.titles() == ["After all"]


async def test_lifecycle_removed_subscription_is_made_anew_and_nothing_is_missed(bureau: Bureau) -> None:
    old, *_ = await watched(bureau, "microsoft")
    bureau.microsoft.faults.lose = 1
    bureau.add("microsoft", "While it was gone")
    await bureau.microsoft.settled()
    bureau.microsoft.lifecycle("subscriptionRemoved")
    bureau.microsoft.subscriptions.all.clear()
    await bureau.works()
    ((new,),) = await bureau.rows(sa.select(WatchRow.watch_id))
    assert new != old
    assert bureau.watched("microsoft") == 1
    assert await bureau.titles() == ["While it was gone"]


async def test_lifecycle_missed_has_the_calendar_looked_at(bureau: Bureau) -> None:
    await watched(bureau, "microsoft")
    await quiet_due(bureau)
    bureau.microsoft.lifecycle("missed")
    await bureau.microsoft.settled()
    assert await bureau.calendar(Calendar.due_at) == bureau.clock.now()


async def test_lifecycle_reauthorization_renews_the_subscription_at_once(bureau: Bureau) -> None:
    _, _, before = await watched(bureau, "microsoft")
    bureau.clock.move(hours=5)
    await bureau.works()
    bureau.microsoft.lifecycle("reauthorizationRequired")
    await bureau.works()
    ((after,),) = await bureau.rows(sa.select(WatchRow.expires_at))
    assert after == before + timedelta(hours=5)


@both
async def test_push_with_another_secret_changes_nothing(bureau: Bureau, provider: str) -> None:
    watch_id, *_ = await watched(bureau, provider)
    due = await quiet_due(bureau)
    for act in (
        bureau.calendars.push_receiver.changed,
        bureau.calendars.push_receiver.renew,
        bureau.calendars.push_receiver.ended,
    ):
        with pytest.raises(SignatureError):
            await act(watch_id, "x" * 43)
        assert not await act("f" * 32, "x" * 43)
    with pytest.raises(SignatureError):
        await bureau.calendars.push_receiver.changed(watch_id, "")
    assert await quiet_due(bureau) == due
    assert await bureau.counts() == (1, 1, 1)


async def test_push_about_another_resource_is_refused(bureau: Bureau) -> None:
    watch_id, remote_id, _ = await watched(bureau, "google")
    token = bureau.google.channels.open[watch_id].token
    with pytest.raises(SignatureError):
        await bureau.calendars.push_receiver.changed(watch_id, token, remote_id="another")
    assert await bureau.calendars.push_receiver.changed(watch_id, token, remote_id=remote_id)


async def test_secret_is_kept_as_a_digest(bureau: Bureau) -> None:
    watch_id, *_ = await watched(bureau, "google")
    token = bureau.google.channels.open[watch_id].token
    assert await bureau.rows(sa.select(WatchRow.secret)) == [(digest_of(token),)]


async def test_forged_pushes_over_http_are_refused_and_strange_ones_dropped(bureau: Bureau) -> None:
    watch_id, remote_id, _ = await watched(bureau, "google")
    due = await quiet_due(bureau)
    wrong = {
        "X-Goog-Channel-ID": watch_id, "X-Goog-Channel-Token": "x" * 43, "X-Goog-Resource-State": "exists",
        "X-Goog-Resource-ID": remote_id, "X-Goog-Message-Number": "7",
    }  # fmt: skip
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{bureau.url}/webhooks/google", headers=wrong) as answer:
            assert answer.status >= 400
        async with session.post(
            f"{bureau.url}/webhooks/google", headers={**wrong, "X-Goog-Channel-ID": "0" * 32}
        ) as answer:
            assert answer.status == 200
    assert await quiet_due(bureau) == due


async def test_calendar_that_never_pushes_is_looked_at_and_asked_again_tomorrow(bureau: Bureau) -> None:
    bureau.google.faults.add("/watch", status=400, reason="pushNotSupportedForRequestedResource", times=99)
    await bureau.connects("google")
    await bureau.works()
    assert await bureau.counts() == (1, 1, 0)
    assert await bureau.calendar(Calendar.watch_due_at) == NOW + timedelta(days=1)
    assert await quiet_due(bureau) <= NOW + timedelta(minutes=5.5)  # asked more often: it does not tell


async def test_watch_that_fails_is_tried_again_later_each_time(bureau: Bureau) -> None:
    bureau.google.faults.add("/watch", status=503, times=4)
    await bureau.connects("google")
    waits = []
    for _ in range(5):
        before = bureau.clock.now()
        await bureau.works()
        waits.append(await bureau.calendar(Calendar.watch_due_at) - before)
        bureau.clock.move_to(before + waits[-1])
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (10, 20, 40, 80)]
    assert bureau.watched("google") == 1


async def test_calendar_that_is_gone_when_the_promise_comes_is_not_watched(bureau: Bureau) -> None:
    await bureau.connects("google")
    now = bureau.clock.now()
    (task,) = await bureau.stores.watches.claim(now, now + timedelta(minutes=2), 10)
    await bureau.stores.watches.begin(task.connection, "w" * 32, digest_of("s"), now)
    (calendar,) = await bureau.calendars.connections.list(ANN)
    await bureau.calendars.connections.disconnect(ANN, calendar.calendar_id)
    account = (await bureau.calendars.accounts.list(ANN))[0]
    assert account.lost is False
    assert await bureau.calendars.push_subscriptions.run_due() == Report()
    assert await bureau.counts() == (1, 0, 0)


async def test_watch_of_a_calendar_is_claimed_by_one_replica(bureau: Bureau) -> None:
    await bureau.connects("google")
    other = bureau.replica()
    reports = [await bureau.calendars.push_subscriptions.run_due(), await other.push_subscriptions.run_due()]
    assert sorted(report.done for report in reports) == [0, 1]


async def test_push_for_a_lost_account_asks_nobody(bureau: Bureau) -> None:
    await watched(bureau, "google")
    bureau.revoke("google")
    bureau.clock.move(hours=2)
    await bureau.works()
    bureau.google.calls.clear()
    bureau.add("google", "Too late")
    await bureau.works()
    assert list(bureau.google.calls) == []


@both
async def test_account_that_is_mended_while_its_watch_fails_is_watched_all_the_same(
    bureau: Bureau, provider: str
) -> None:
    await bureau.connects(provider)
    now = bureau.clock.now()
    (task,) = await bureau.stores.watches.claim(now, now + LEASE, 10)
    bureau.clock.move(seconds=20)
    await bureau.connects(provider)
    await bureau.stores.watches.put_off(task, None, task.failures + 1)
    assert await bureau.stores.watches.next_due() == bureau.clock.now()
    await bureau.works()
    assert bureau.watched(provider) == 1


async def test_forgotten_person_is_watched_no_more(bureau: Bureau) -> None:
    await watched(bureau, "google")
    cleanups = await bureau.stores.accounts.cleanups("T1", "U1")
    assert await bureau.stores.accounts.cleanups("T1", "U2") == []
    assert await bureau.stores.accounts.cleanups("T1") == cleanups
    now = bureau.clock.now()
    assert await bureau.stores.leavers.begin(PersonKey("T1", "U1"), now, now)
    bureau.calendars.cleanup.begin(cleanups)
    await bureau.calendars.cleanup.close()
    assert bureau.watched("google") == 0
    assert [grant.revoked for grant in bureau.google.oauth.grants] == [True]
