"""How often a loop of the engine looks, while it is rung for all the time: a thousand times a second."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from services.engine.due import MANY, PACE, Engine
from services.ports import Report
from tests.support.clocks import ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime


pytestmark = pytest.mark.usefixtures("virtual_time")

RINGS = 200 * 0.001
"""For so many seconds."""


class Work:
    """Is due whenever something was asked for, and does all of it at once."""

    name = "work"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked = self.looks = 0
        self.most = 1_000_000
        self.runs: list[int] = []
        self.all_done = asyncio.Event()

    async def next_due(self) -> datetime | None:
        self.looks += 1
        return self.clock.now() if self.asked else None

    async def run_due(self) -> Report:
        done = min(self.asked, self.most)
        self.asked -= done
        self.runs.append(done)
        if not self.asked:
            self.all_done.set()
        return Report(done=done)


class Idle:
    """A sender that has nothing to send."""

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()


@asynccontextmanager
async def running(work: Work, pace: float = PACE) -> AsyncIterator[Engine]:
    engine = Engine([work], Idle(), work.clock, poll=5, pace=pace)  # type: ignore[arg-type]  # nothing is sent
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


async def test_what_is_asked_for_in_a_row_is_done_together(clock: ManualClock) -> None:
    work = Work(clock)
    async with running(work) as engine:
        for _ in range(200):
            work.asked += 1
            engine.wake_signal.wake()
            await asyncio.sleep(0.001)
        work.all_done.clear()
        work.asked += 1
        engine.wake_signal.wake()
        async with asyncio.timeout(5):
            await work.all_done.wait()
    assert sum(work.runs) == 201
    assert len(work.runs) <= RINGS / PACE + 2
    assert work.looks <= 2 * (RINGS / PACE + 2) + 4


async def test_rings_that_mean_others_cost_little(clock: ManualClock) -> None:
    work = Work(clock)
    async with running(work) as engine:
        for _ in range(200):
            engine.wake_signal.wake()
            await asyncio.sleep(0.001)
        assert work.looks <= RINGS / PACE + 3
    assert work.runs == []


async def test_crowd_is_worked_off_without_a_rest(clock: ManualClock) -> None:
    work = Work(clock)
    work.asked, work.most = 100 * MANY, MANY
    async with running(work, pace=3600), asyncio.timeout(5):
        await work.all_done.wait()
    assert work.runs == [MANY] * 100
