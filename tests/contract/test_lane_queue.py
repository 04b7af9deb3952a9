"""PgQueuer as the owner of lanes: one owner in the fleet, jobs that live and die with our transactions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.engine.queue_leases import QueueRunner
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.models import Lane
from tests.clocks import ManualClock
from tests.world import Replica, World, meeting, open_world, until

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Lanes:
    """Drains that take as long as they are told, and what became of them."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.drained: list[str] = []
        self.nudged: list[str] = []
        self.running: set[str] = set()
        self.waiting: set[str] = set()
        self.abandoned = asyncio.Event()

    async def drain(self, team_id: str, *, typed: bool = False) -> None:
        assert team_id not in self.running, "a lane has one owner"
        self.running.add(team_id)
        try:
            async with asyncio.timeout(self.seconds):
                await self.abandoned.wait()
        except TimeoutError:
            pass
        self.running.discard(team_id)
        self.drained.append(team_id)

    def nudge(self, team_id: str, *, typed: bool = False) -> bool:
        self.nudged.append(team_id)
        return team_id in self.running

    async def waits(self, team_id: str) -> bool:
        return team_id in self.waiting

    def abandon(self) -> None:
        self.abandoned.set()


class Running:
    """A queue runner in a task."""

    def __init__(self, url: str, lanes: Lanes, *, heartbeat: float = 2.0) -> None:
        self.runner = QueueRunner(url, heartbeat=timedelta(seconds=heartbeat))
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self.runner.run(lanes, self.stop))

    async def ready(self) -> None:
        await until(lambda: self.runner._manager is not None)

    async def end(self) -> None:
        self.stop.set()
        await self.task


@pytest.fixture
async def lanes() -> Lanes:
    return Lanes()


@pytest.fixture
async def running(database: Database, lanes: Lanes) -> AsyncIterator[Running]:
    made = Running(database.url, lanes)
    await made.ready()
    yield made
    await made.end()


async def jobs(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(sa.text("SELECT count(*) FROM pgqueuer")) or 0)


async def wake(database: Database, running: Running, *teams: str, fail: bool = False) -> None:
    async with database.write() as connection:
        await connection.execute(sa.insert(Lane).values(team_id=f"L{time.monotonic_ns()}", budget="{}"))
        await running.runner.wake(connection, dict.fromkeys(teams, False))
        if fail:
            raise RuntimeError


async def test_woken_lanes_are_drained(database: Database, running: Running, lanes: Lanes) -> None:
    await wake(database, running, "T1", "T2")
    await until(lambda: sorted(lanes.drained) == ["T1", "T2"])
    await until(lambda: none_left(database))


async def none_left(database: Database) -> bool:
    return await jobs(database) == 0


async def test_rollback_takes_the_job_along(database: Database, running: Running, lanes: Lanes) -> None:
    with pytest.raises(RuntimeError):
        await wake(database, running, "T1", fail=True)
    assert await jobs(database) == 0
    await wake(database, running, "T2")
    await until(lambda: lanes.drained == ["T2"])


async def test_wake_outside_of_a_begun_transaction_is_refused(database: Database, running: Running) -> None:
    async with database.engine.connect() as connection:
        with pytest.raises(RuntimeError, match="open transaction"):
            await running.runner.wake(connection, {"T1": False})
    assert await jobs(database) == 0


async def test_lane_that_is_being_drained_is_not_drained_by_another(database: Database, lanes: Lanes) -> None:
    slow = Lanes(seconds=1.0)
    first, second = Running(database.url, slow), Running(database.url, slow)
    await first.ready()
    await second.ready()
    for _ in range(10):
        await wake(database, first, "T1")
        await wake(database, second, "T1")
        await asyncio.sleep(0.05)
    await until(lambda: slow.drained != [])
    await until(lambda: slow.nudged.count("T1") == 2 * 20)  # each process hears of each wake
    await first.end()
    await second.end()


async def test_lane_moves_when_its_owner_loses_its_connection(database: Database) -> None:
    stuck, taking_over = Lanes(seconds=60), Lanes()
    first = Running(database.url, stuck)
    await first.ready()
    await wake(database, first, "T1")
    await until(lambda: stuck.running == {"T1"})
    second = Running(database.url, taking_over)
    await second.ready()
    async with database.write() as connection:
        await connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND query LIKE '%pgqueuer%'"
            )
        )
    await until(lambda: stuck.running == set(), 15)  # it let go by itself
    await until(lambda: taking_over.drained == ["T1"] or stuck.drained.count("T1") >= 1, 15)
    await wake_again(database, second)
    await until(lambda: "T1" in taking_over.drained or stuck.drained.count("T1") > 1, 15)
    await first.end()
    await second.end()


async def wake_again(database: Database, running: Running) -> None:
    await running.ready()
    await wake(database, running, "T1")


async def test_stop_waits_for_drains_that_run(database: Database) -> None:
    slow = Lanes(seconds=0.5)
    one = Running(database.url, slow)
    await one.ready()
    await wake(database, one, "T1")
    await until(lambda: slow.running == {"T1"})
    one.stop.set()
    await one.task
    assert slow.running == set()


async def test_statuses_are_written_through_the_queue(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    async with open_world(database, encryptor, clock) as world:
        replica = world.replica(runner=QueueRunner(database.url))
        await replica.start()
        await until(lambda: connected(replica))
        keys = [await world.person(f"U{number}", team_id=f"T{number % 3}") for number in range(9)]
        for key in keys:
            await world.has(key, meeting(world.clock.now()))
        await until(lambda: len(world.written()) == 9)
        await world.settled()


def connected(replica: Replica) -> bool:
    runner = replica.runner
    return isinstance(runner, QueueRunner) and runner._manager is not None


async def test_two_replicas_share_lanes_and_never_exceed_a_limit(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    async with open_world(database, encryptor, clock) as world:
        other = Database(database.url)
        try:
            for store in (database, other):
                await world.replica(database=store, runner=QueueRunner(database.url)).start()
            start = world.clock.now() + timedelta(hours=1)
            keys = [await world.person(f"U{number}", team_id=f"T{number % 4}") for number in range(240)]
            for key in keys:
                await world.has(key, meeting(start, 60))
            await world.settled(60)
            world.clock.move(hours=1)
            await until(lambda: len(world.written()) == 4 * 40, 60)
            for _ in range(70):
                world.clock.move(seconds=1)
                await asyncio.sleep(0.02)
            await until(lambda: len(world.written()) == 240, 60)
            assert all(call.ok for call in world.calls())
        finally:
            await World.close(world)
            world.replicas.clear()
            await other.close()


async def test_wish_made_while_a_drain_ends_has_the_lane_drained_again_at_once(database: Database) -> None:
    """PgQueuer deletes the job a moment after its end; until then the lane's key is taken by nobody who looks."""
    lanes = Wished()
    one = Running(database.url, lanes)
    await one.ready()
    lanes.wish = lambda: wake(database, one, "T1")
    await wake(database, one, "T1")
    await until(lambda: lanes.drained == ["T1", "T1"], 2)
    await one.end()


class Wished(Lanes):
    """Lanes in which somebody wishes for something right after the first drain has looked for the last time."""

    wish: Any = None

    async def drain(self, team_id: str, *, typed: bool = False) -> None:
        await super().drain(team_id)
        if len(self.drained) == 1:
            await self.wish()
            self.waiting.add(team_id)

    async def waits(self, team_id: str) -> bool:
        waited = await super().waits(team_id)
        self.waiting.clear()
        return waited
