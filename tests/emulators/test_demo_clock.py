"""The demo's clock: whatever its speed, nobody who waits for an instant is passed by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from demo.clock import DemoClock
from tests.support.engine import until

pytestmark = pytest.mark.usefixtures("virtual_time")

START = datetime(2026, 11, 23, 8, 55, tzinfo=UTC)


@pytest.fixture
async def demo_clock() -> AsyncIterator[DemoClock]:
    clock = DemoClock(START)
    clock.start()
    yield clock
    await clock.stop()


async def meets(clock: DemoClock, minutes: list[float], seen: list[float], work: int = 0) -> None:
    """Wait for each of these minutes in turn; note the minute at which the work after each wait was done.

    Work goes on until the clock has asked `work` times whether it does.
    """
    left = [0]
    before = clock.busy

    def busy() -> bool:
        left[0] = max(0, left[0] - 1)
        return left[0] > 0 or before()

    clock.busy = busy
    for minute in minutes:
        await clock.wait(START + timedelta(minutes=minute), asyncio.Event())
        left[0] = work
        await until(lambda: left == [0])
        seen.append((clock.now() - START).total_seconds() / 60)


async def test_jump_meets_every_edge_at_its_own_time_in_order(demo_clock: DemoClock) -> None:
    demo_clock.pause()
    seen: list[float] = []
    first = asyncio.create_task(meets(demo_clock, [5, 35, 65], seen, work=5))
    second = asyncio.create_task(meets(demo_clock, [20, 50], seen, work=10))
    await asyncio.sleep(0)
    await demo_clock.jump(START + timedelta(minutes=70))
    await asyncio.gather(first, second)
    assert seen == [5, 20, 35, 50, 65]
    assert demo_clock.now() == START + timedelta(minutes=70)


async def test_jump_reaches_an_edge_at_its_very_end(demo_clock: DemoClock) -> None:
    demo_clock.pause()
    seen: list[float] = []
    task = asyncio.create_task(meets(demo_clock, [15], seen))
    await asyncio.sleep(0)
    await demo_clock.jump(START + timedelta(minutes=15))
    await task
    assert seen == [15]


async def test_fast_clock_holds_at_an_edge_until_the_work_is_done(demo_clock: DemoClock) -> None:
    demo_clock.set_speed(600)
    seen: list[float] = []
    await asyncio.wait_for(meets(demo_clock, [1, 2, 3], seen, work=20), 5)
    assert seen == [1, 2, 3]


async def test_clock_holds_while_requests_are_under_way(demo_clock: DemoClock) -> None:
    under_way = True
    demo_clock.pause()
    waiting = asyncio.create_task(demo_clock.wait(START + timedelta(minutes=1), asyncio.Event()))
    asked = 0

    def busy() -> bool:
        nonlocal asked
        asked += waiting.done()
        return under_way and waiting.done()

    demo_clock.busy = busy
    await asyncio.sleep(0)
    jump = asyncio.create_task(demo_clock.jump(START + timedelta(hours=1)))
    await waiting
    await until(lambda: asked >= 20)
    assert demo_clock.now() == START + timedelta(minutes=1)
    under_way = False
    await asyncio.wait_for(jump, 5)
    assert demo_clock.now() == START + timedelta(hours=1)


async def test_paused_clock_stands_still_and_runs_on(demo_clock: DemoClock) -> None:
    demo_clock.pause()
    stood, began = demo_clock.now(), time.monotonic()
    await until(lambda: time.monotonic() > began)
    assert demo_clock.now() == stood
    demo_clock.resume()
    await until(lambda: demo_clock.now() > stood)
    assert demo_clock.now() - stood <= timedelta(seconds=time.monotonic() - began)


async def test_wake_ends_a_wait_without_moving_the_time(demo_clock: DemoClock) -> None:
    demo_clock.pause()
    stood = demo_clock.now()
    wake = asyncio.Event()
    waiting = asyncio.create_task(demo_clock.wait(START + timedelta(days=1), wake))
    await asyncio.sleep(0)
    assert demo_clock.sleepers() == START + timedelta(days=1)
    wake.set()
    await asyncio.wait_for(waiting, 5)
    assert (demo_clock.sleepers(), demo_clock.now(), wake.is_set()) == (None, stood, True)


async def test_clock_does_not_run_backwards(demo_clock: DemoClock) -> None:
    with pytest.raises(ValueError, match="backwards"):
        await demo_clock.jump(START - timedelta(seconds=1))


async def test_speed_can_be_changed_while_somebody_waits(demo_clock: DemoClock) -> None:
    waiting = asyncio.create_task(demo_clock.wait(START + timedelta(minutes=10), asyncio.Event()))
    await asyncio.sleep(0)
    assert not waiting.done()
    demo_clock.set_speed(3600)
    await asyncio.wait_for(waiting, 5)
    assert demo_clock.now() >= START + timedelta(minutes=10)


async def test_loop_that_looks_up_between_waits_misses_no_edge(demo_clock: DemoClock) -> None:
    """Like the engine: a wait that is given up each few milliseconds to ask, slowly, what is due next."""
    edges = [START + timedelta(minutes=minute) for minute in range(1, 6)]
    met = []

    async def loop() -> None:
        while edges:
            await asyncio.sleep(0.005)
            if edges[0] <= demo_clock.now():
                met.append((demo_clock.now(), edges.pop(0)))
                continue
            try:
                async with asyncio.timeout(0.01):
                    await demo_clock.wait(edges[0], asyncio.Event())
            except TimeoutError:
                continue

    demo_clock.set_speed(600)
    await asyncio.wait_for(loop(), 20)
    assert all(timedelta() <= at - edge < timedelta(minutes=1) for at, edge in met)  # each before the next one
    assert len(met) == 5


async def test_pause_ends_a_jump_where_it_is(demo_clock: DemoClock) -> None:
    waiting = asyncio.create_task(demo_clock.wait(START + timedelta(minutes=1), asyncio.Event()))
    demo_clock.busy = waiting.done
    await asyncio.sleep(0)
    jump = asyncio.create_task(demo_clock.jump(START + timedelta(days=1)))
    await waiting
    demo_clock.pause()
    await asyncio.wait_for(jump, 5)
    demo_clock.busy = lambda: False
    await until(lambda: not demo_clock._held)
    assert (demo_clock.now(), demo_clock.jumping) == (START + timedelta(minutes=1), False)
