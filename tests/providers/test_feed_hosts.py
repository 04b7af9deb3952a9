"""Many feeds of several hosts: who waits for whom, and what one's trouble costs the others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from services.domain.calendars import Changes, Connection, Health
from services.ports import Report
from tests.support.databases import BOTH
from tests.support.sites import Site
from tests.support.stored_calendars import room
from tests.support.subscriptions import ANN, BOB, NOW, QUARTER, Subscriptions, calendar


@pytest.mark.parametrize("as_date", [False, True])
async def test_host_that_asks_to_wait_is_left_alone_by_everybody(
    subscribed: Subscriptions, site: Site, as_date: bool
) -> None:
    wait = format_datetime(NOW + timedelta(minutes=45), usegmt=True) if as_date else "2700"
    site.gives(b"", 429, Retry_After=wait)
    await subscribed.connections.connect_feed(ANN, site.url("/ann.ics"))
    await subscribed.run()
    site.gives(calendar("One"))
    await subscribed.connections.connect_feed(BOB, site.url("/bob.ics"))
    await subscribed.connections.sync_now(ANN)
    assert await subscribed.run() == Report()
    assert await subscribed.sync.next_due() == NOW + timedelta(minutes=45)
    assert await subscribed.wait_and_run(minutes=44) == Report()
    assert await subscribed.wait_and_run(minutes=1) == Report(done=2, changed=2)
    assert [request.path for request in site.seen] == ["/ann.ics", "/ann.ics", "/bob.ics"]


async def test_busy_host_does_not_hold_up_another(subscribed: Subscriptions, site: Site) -> None:
    async with Site("127.0.0.2") as other:
        site.gives(b"", 503, Retry_After="600")
        other.gives(calendar("One"))
        await subscribed.connections.connect_feed(ANN, site.url())
        await subscribed.connections.connect_feed(BOB, other.url())
        assert await subscribed.run() == Report(done=2, changed=1, failed=1)
    assert await subscribed.titles(BOB) == ["One"]


async def test_one_calendars_trouble_does_not_stop_the_others(subscribed: Subscriptions, site: Site) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/bad":
            return web.Response(body=b"<html>")
        return web.Response(body=calendar(request.path[1:]))

    site.answer = answer
    for path in ("/a", "/bad", "/b"):
        await subscribed.connections.connect_feed(ANN, site.url(path))
    assert await subscribed.run() == Report(done=3, changed=2, failed=1)
    assert sorted(await subscribed.titles()) == ["a", "b"]


async def test_mistake_of_ours_in_one_calendar_does_not_stop_the_others_and_leaks_nothing(
    subscribed: Subscriptions, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.gives(calendar("One"))

    class Crashing:
        async def fetch(self, connection: Connection, now: datetime) -> Changes:
            raise KeyError("Dinner with Ann")

    subscribed.sources["odd"] = Crashing()
    await subscribed.store.add(BOB, "odd", "x", "odd.example", NOW)
    await subscribed.store.add(BOB, "unheard of", "x", "unheard.example", NOW)
    await subscribed.connections.connect_feed(ANN, site.url())
    assert await subscribed.run() == Report(done=3, changed=1, failed=2)
    assert [shown.health for shown in await subscribed.connections.list(BOB)] == [Health.FAILING, Health.FAILING]
    assert "Dinner" not in "".join(capsys.readouterr())


async def test_slow_host_delays_only_its_own_calendars(subscribed: Subscriptions, site: Site) -> None:
    subscribed.short_of_time()
    release = asyncio.Event()
    at_once = most = 0

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await release.wait()
        at_once -= 1
        return web.Response(body=calendar("Slow"))

    async with Site("127.0.0.2") as slow:
        slow.answer = hang
        site.gives(calendar("Quick"))
        for number in range(5):
            await subscribed.connections.connect_feed(BOB, slow.url(f"/{number}"))
        await subscribed.connections.connect_feed(ANN, site.url())
        assert await subscribed.run() == Report(done=1, changed=1)
        assert (await subscribed.titles(), most) == (["Quick"], 2)
        release.set()
        reports = [await subscribed.run() for _ in range(2)]
        assert (sum(report.done for report in reports), most) == (5, 2)


@BOTH
async def test_slow_fetch_that_lost_its_claim_writes_nothing(subscribed: Subscriptions, site: Site) -> None:
    release = asyncio.Event()
    answers = iter(["Old", "New"])

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        title = next(answers)
        if title == "Old":
            await release.wait()
        return web.Response(body=calendar(title))

    site.answer = answer
    await subscribed.connections.connect_feed(ANN, site.url())
    assert await subscribed.run_out_of_time(site) == Report()
    other = replace(subscribed.sync)
    subscribed.clock.move(minutes=2)
    assert await other.run_due() == Report(done=1, changed=1)
    await subscribed.person_is_due()
    release.set()
    assert await subscribed.run() == Report(done=1)
    assert (await subscribed.titles(), await subscribed.person_is_due()) == (["New"], False)


@BOTH
async def test_two_replicas_share_the_work_and_fetch_each_calendar_once(subscribed: Subscriptions, site: Site) -> None:
    site.gives(calendar("One"))
    for number in range(15):
        for key in (ANN, BOB):
            await subscribed.connections.connect_feed(key, site.url(f"/{key.user_id}/{number}"))
    replicas = [replace(subscribed.sync) for _ in range(2)]
    reports = await asyncio.gather(*(replica.run_due() for replica in replicas))
    while (more := await subscribed.run()).done:  # what each passed over, because the other one held its row
        reports.append(more)
    assert sum(report.changed for report in reports) == 30
    assert len({request.path for request in site.seen}) == len(site.seen) == 30
    for replica in replicas:
        await replica.close()


@BOTH
async def test_fetch_broken_off_by_a_stop_is_done_after_its_lease(subscribed: Subscriptions, site: Site) -> None:
    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    site.answer = hang
    await subscribed.connections.connect_feed(ANN, site.url())
    await subscribed.run_out_of_time(site)
    await subscribed.sync.close()
    subscribed.sync = replace(subscribed.sync)
    site.gives(calendar("One"))
    assert await subscribed.run() == Report()
    assert await subscribed.wait_and_run(minutes=2) == Report(done=1, changed=1)


@BOTH
async def test_fetch_that_takes_long_keeps_its_claim_and_a_push_meanwhile_is_not_lost(
    subscribed: Subscriptions, site: Site
) -> None:
    go_on = asyncio.Event()

    async def slow(_request: web.BaseRequest) -> web.StreamResponse:
        await go_on.wait()
        return web.Response(body=calendar("One"))

    site.answer = slow
    calendar_id = await subscribed.connections.connect_feed(ANN, site.url())
    subscribed.sync = replace(subscribed.sync, lease=timedelta(seconds=0.15))
    assert await subscribed.run_out_of_time(site) == Report()
    prolong = subscribed.store.prolong
    prolonged = asyncio.Event()

    async def prolongs(*args: Any) -> None:
        await prolong(*args)
        prolonged.set()

    subscribed.store.prolong = prolongs  # type: ignore[method-assign]  # to know when
    for _ in range(3):
        prolonged.clear()
        await prolonged.wait()
        subscribed.clock.move(seconds=0.125)
    assert await subscribed.store.claim(subscribed.clock.now(), subscribed.clock.now() + QUARTER, room()) == ()
    subscribed.clock.move(seconds=0.01)
    assert await subscribed.connections.sync_now(ANN) == 1
    go_on.set()
    while not (await subscribed.run()).done:
        await asyncio.sleep(0)
    assert await subscribed.titles() == ["One"]
    view = await subscribed.view()
    assert view.calendar_id == calendar_id
    assert len(site.seen) == 2 or view.due_at == subscribed.clock.now()


@BOTH
async def test_calendar_that_a_dead_process_was_fetching_is_taken_up_at_the_start(
    subscribed: Subscriptions, site: Site
) -> None:
    site.gives(calendar("One"))
    await subscribed.connections.connect_feed(ANN, site.url())
    now = subscribed.clock.now()
    (lost,) = await subscribed.store.claim(now, now + timedelta(minutes=2), room())
    assert await subscribed.run() == Report()
    assert await subscribed.store.take_up(now) == 1
    assert await subscribed.run() == Report(done=1, changed=1)
    assert not await subscribed.store.prolong(lost, now + timedelta(minutes=4))  # were it alive, it could do no harm
    assert await subscribed.store.take_up(now) == 0


async def test_forty_calendars_of_ten_hosts_are_all_fetched(subscribed: Subscriptions) -> None:
    sites = [Site(f"127.0.1.{number}") for number in range(1, 11)]
    async with asyncio.TaskGroup() as group:
        for one in sites:
            group.create_task(one.__aenter__())
    for number in range(20):
        for key in (ANN, BOB):
            one = sites[number % 10]
            one.gives(calendar("One"))
            await subscribed.connections.connect_feed(key, one.url(f"/{number}"))
    assert await subscribed.run() == Report(done=40, changed=40)
    assert [len(one.seen) for one in sites] == [4] * 10
    for one in sites:
        await one.__aexit__()
