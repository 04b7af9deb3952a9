"""Many feeds of several hosts: who waits for whom, and what one's trouble costs the others."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from services.calendars.sync.sync import CalendarSync
from services.domain.calendars import Changes, Connection, Health
from services.ports import Report
from tests.support.sites import Site
from tests.support.stored_calendars import room
from tests.support.subscriptions import ANN, BOB, NOW, QUARTER, House, calendar


@pytest.mark.parametrize("as_date", [False, True])
async def test_host_that_asks_to_wait_is_left_alone_by_everybody(house: House, site: Site, as_date: bool) -> None:
    wait = format_datetime(NOW + timedelta(minutes=45), usegmt=True) if as_date else "2700"
    site.gives(b"", 429, Retry_After=wait)
    await house.connections.connect_feed(ANN, site.url("/ann.ics"))
    await house.run()
    site.gives(calendar("One"))
    await house.connections.connect_feed(BOB, site.url("/bob.ics"))
    await house.connections.sync_now(ANN)
    assert await house.run() == Report()
    assert await house.sync.next_due() == NOW + timedelta(minutes=45)
    assert await house.wait_and_run(minutes=44) == Report()
    assert await house.wait_and_run(minutes=1) == Report(done=2, changed=2)
    assert [request.path for request in site.seen] == ["/ann.ics", "/ann.ics", "/bob.ics"]


async def test_busy_host_does_not_hold_up_another(house: House, site: Site) -> None:
    async with Site("127.0.0.2") as other:
        site.gives(b"", 503, Retry_After="600")
        other.gives(calendar("One"))
        await house.connections.connect_feed(ANN, site.url())
        await house.connections.connect_feed(BOB, other.url())
        assert await house.run() == Report(done=2, changed=1, failed=1)
    assert await house.titles(BOB) == ["One"]


async def test_one_calendars_trouble_does_not_stop_the_others(house: House, site: Site) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/bad":
            return web.Response(body=b"<html>")
        return web.Response(body=calendar(request.path[1:]))

    site.answer = answer
    for path in ("/a", "/bad", "/b"):
        await house.connections.connect_feed(ANN, site.url(path))
    assert await house.run() == Report(done=3, changed=2, failed=1)
    assert sorted(await house.titles()) == ["a", "b"]


async def test_mistake_of_ours_in_one_calendar_does_not_stop_the_others_and_leaks_nothing(
    house: House, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.gives(calendar("One"))

    class Crashing:
        async def fetch(self, connection: Connection, now: datetime) -> Changes:
            raise KeyError("Dinner with Ann")

    house.sources["odd"] = Crashing()
    await house.store.add(BOB, "odd", "x", "odd.example", NOW)
    await house.store.add(BOB, "unheard of", "x", "unheard.example", NOW)
    await house.connections.connect_feed(ANN, site.url())
    assert await house.run() == Report(done=3, changed=1, failed=2)
    assert [shown.health for shown in await house.connections.list(BOB)] == [Health.FAILING, Health.FAILING]
    assert "Dinner" not in "".join(capsys.readouterr())


async def test_slow_host_delays_only_its_own_calendars(house: House, site: Site) -> None:
    house.short_of_time()
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
            await house.connections.connect_feed(BOB, slow.url(f"/{number}"))
        await house.connections.connect_feed(ANN, site.url())
        started = time.monotonic()
        assert await house.run() == Report(done=1, changed=1)
        assert time.monotonic() - started < 3
        assert (await house.titles(), most) == (["Quick"], 2)
        release.set()
        reports = [await house.run() for _ in range(2)]
        assert (sum(report.done for report in reports), most) == (5, 2)


async def test_slow_fetch_that_lost_its_claim_writes_nothing(house: House, site: Site) -> None:
    house.short_of_time()
    release = asyncio.Event()
    answers = iter(["Old", "New"])

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        title = next(answers)
        if title == "Old":
            await release.wait()
        return web.Response(body=calendar(title))

    site.answer = answer
    await house.connections.connect_feed(ANN, site.url())
    assert await house.run() == Report()
    other = CalendarSync(house.store, house.sources, house.clock, house.wake_signal, interval=QUARTER)
    house.clock.move(minutes=2)
    assert await other.run_due() == Report(done=1, changed=1)
    await house.person_is_due()
    release.set()
    assert await house.run() == Report(done=1)
    assert (await house.titles(), await house.person_is_due()) == (["New"], False)


async def test_two_replicas_share_the_work_and_fetch_each_calendar_once(house: House, site: Site) -> None:
    site.gives(calendar("One"))
    for number in range(15):
        for key in (ANN, BOB):
            await house.connections.connect_feed(key, site.url(f"/{key.user_id}/{number}"))
    replicas = [
        CalendarSync(house.store, house.sources, house.clock, house.wake_signal, interval=QUARTER) for _ in range(2)
    ]
    reports = await asyncio.gather(*(replica.run_due() for replica in replicas))
    reports += [await house.run()]
    assert sum(report.changed for report in reports) == 30
    assert len({request.path for request in site.seen}) == len(site.seen) == 30
    for replica in replicas:
        await replica.close()


async def test_fetch_broken_off_by_a_stop_is_done_after_its_lease(house: House, site: Site) -> None:
    usual = house.sync
    house.short_of_time()

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    site.answer = hang
    await house.connections.connect_feed(ANN, site.url())
    await house.run()
    await house.sync.close()
    house.sync = usual
    site.gives(calendar("One"))
    assert await house.run() == Report()
    assert await house.wait_and_run(minutes=2) == Report(done=1, changed=1)


async def test_fetch_that_takes_long_keeps_its_claim_and_a_push_meanwhile_is_not_lost(house: House, site: Site) -> None:
    go_on = asyncio.Event()

    async def slow(_request: web.BaseRequest) -> web.StreamResponse:
        await go_on.wait()
        return web.Response(body=calendar("One"))

    site.answer = slow
    calendar_id = await house.connections.connect_feed(ANN, site.url())
    house.sync = CalendarSync(
        house.store, house.sources, house.clock, house.wake_signal, interval=QUARTER, chance=lambda: 0.0, turn=0.2,
        lease=timedelta(seconds=0.3),
    )  # fmt: skip
    assert await house.run() == Report()
    for _ in range(3):
        house.clock.move(seconds=0.25)
        await asyncio.sleep(0.15)
    assert await house.store.claim(house.clock.now(), house.clock.now() + QUARTER, room()) == ()
    house.clock.move(seconds=0.01)
    assert await house.connections.sync_now(ANN) == 1
    go_on.set()
    while not (await house.run()).done:
        await asyncio.sleep(0.01)
    assert await house.titles() == ["One"]
    view = await house.view()
    assert view.calendar_id == calendar_id
    assert len(site.seen) == 2 or view.due_at == house.clock.now()


async def test_calendar_that_a_dead_process_was_fetching_is_taken_up_at_the_start(house: House, site: Site) -> None:
    site.gives(calendar("One"))
    await house.connections.connect_feed(ANN, site.url())
    now = house.clock.now()
    (lost,) = await house.store.claim(now, now + timedelta(minutes=2), room())
    assert await house.run() == Report()
    assert await house.store.take_up(now) == 1
    assert await house.run() == Report(done=1, changed=1)
    assert not await house.store.prolong(lost, now + timedelta(minutes=4))  # were it alive, it could do no harm
    assert await house.store.take_up(now) == 0


async def test_forty_calendars_of_ten_hosts_are_all_fetched(house: House) -> None:
    sites = [Site(f"127.0.1.{number}") for number in range(1, 11)]
    async with asyncio.TaskGroup() as group:
        for one in sites:
            group.create_task(one.__aenter__())
    for number in range(20):
        for key in (ANN, BOB):
            one = sites[number % 10]
            one.gives(calendar("One"))
            await house.connections.connect_feed(key, one.url(f"/{number}"))
    assert await house.run() == Report(done=40, changed=40)
    assert [len(one.seen) for one in sites] == [4] * 10
    for one in sites:
        await one.__aexit__()
