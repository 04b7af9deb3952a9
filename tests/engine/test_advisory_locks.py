"""PostgreSQL's advisory locks as the owners of workspaces: one owner in the fleet, news that live with a commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.model import PersonKey
from services.engine.leases import AdvisoryLocks
from services.platform.crypto import Encryptor
from services.slack.limits import LIMITS, WINDOW
from services.store.db import Database, tell_sender
from tests.support.clocks import ManualClock
from tests.support.engine import SET, RunningEngine, meeting, open_engine, until

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Holding:
    """Leases that are held in a task, and what they were told."""

    def __init__(self, url: str, *, silent: float = 5.0) -> None:
        self.leases = AdvisoryLocks(url, silent=silent, reconnect=0.05)
        self.woken: list[bool] = []
        self.lost = 0
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self.leases.run(self.woken.append, self._lose, self.stop))

    def _lose(self) -> None:
        self.lost += 1

    async def end(self) -> None:
        self.stop.set()
        await self.task


@asynccontextmanager
async def holding(url: str, *, silent: float = 5.0) -> AsyncIterator[Holding]:
    made = Holding(url, silent=silent)
    try:
        await until(lambda: made.woken == [True])  # whatever was told before, nobody heard
        yield made
    finally:
        await made.end()


async def end_sessions(database: Database) -> None:
    """As if the network between PostgreSQL and whoever owns workspaces were cut."""
    async with database.write() as connection:
        await connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE l.locktype = 'advisory' AND d.datname = current_database()"
            )
        )


@pytest.mark.parametrize("name", ["sslmode", "ssl"])
async def test_workspaces_are_owned_also_where_the_address_says_how_the_way_is_sealed(
    database_url: str, name: str
) -> None:
    async with holding(f"{database_url}?{name}=disable") as made:
        assert await made.leases.acquire({"T1"}) == {"T1"}


async def test_workspace_has_one_owner_until_it_is_released(database: Database) -> None:
    async with holding(database.url) as one, holding(database.url) as other:
        assert await one.leases.acquire({"T1", "T2"}) == {"T1", "T2"}
        assert await other.leases.acquire({"T2", "T3"}) == {"T3"}
        await one.leases.release({"T2"})
        assert await other.leases.acquire({"T1", "T2"}) == {"T2"}


async def test_workspace_that_was_acquired_twice_is_free_once_it_is_released(database: Database) -> None:
    """PostgreSQL counts how often a session has taken a lock."""
    async with holding(database.url) as one, holding(database.url) as other:
        for _ in range(2):
            assert await one.leases.acquire({"T1"}) == {"T1"}
        await one.leases.release({"T1"})
        assert await other.leases.acquire({"T1"}) == {"T1"}


async def test_nothing_is_certain_from_the_moment_in_which_the_connection_is_closed(database: Database) -> None:
    async with holding(database.url) as one, holding(database.url) as other:
        await one.leases.acquire({"T1"})
        connection = one.leases._connection
        await end_sessions(database)
        while not connection.is_closed():
            await asyncio.sleep(0)
        assert not one.leases.certain
        await until(lambda: acquired(other, "T1"))


async def test_connection_that_failed_to_answer_is_given_up_with_all_that_it_may_hold(database: Database) -> None:
    async with holding(database.url, silent=0.5) as one, holding(database.url) as other:
        async with database.engine.connect() as connection:
            await connection.execute(sa.text("SELECT pg_advisory_lock(42)"))
            with pytest.raises(TimeoutError):
                await one.leases._ask("SELECT pg_advisory_lock(42), $1::text[], $2::bigint", ())
        assert not one.leases.certain
        await until(lambda: one.lost >= 1)
        await until(lambda: acquired(other, "T1"))


async def test_workspaces_are_another_ones_once_their_owner_is_gone(database: Database) -> None:
    async with holding(database.url) as other:
        async with holding(database.url) as one:
            await one.leases.acquire({"T1"})
        await until(lambda: acquired(other, "T1"))


async def acquired(of: Holding, team_id: str) -> bool:
    return await of.leases.acquire({team_id}) == {team_id}


async def test_owner_that_is_cut_off_knows_that_it_owns_nothing_and_comes_back(database: Database) -> None:
    async with holding(database.url) as one, holding(database.url) as other:
        await one.leases.acquire({"T1"})
        await end_sessions(database)
        await until(lambda: acquired(other, "T1"))
        await until(lambda: one.lost >= 1)
        assert await one.leases.acquire({"T2"}) == set()
        await until(lambda: one.woken == [True, True])  # connected again
        assert await one.leases.acquire({"T1", "T2"}) == {"T2"}


async def test_owner_that_stands_still_loses_its_workspaces(database: Database) -> None:
    async with holding(database.url, silent=0.6) as one, holding(database.url) as other:
        assert one.leases.certain
        await one.leases.acquire({"T1"})
        async with one.leases._using:  # nothing more is asked, as where the process is stopped
            await until(lambda: not one.leases.certain)
            await until(lambda: acquired(other, "T1"))


async def test_news_reach_everybody_once_they_are_committed(database: Database) -> None:
    async with holding(database.url) as one, holding(database.url) as other:
        database.sender = one.leases.tell
        with suppress(ZeroDivisionError):
            async with database.write() as connection:
                tell_sender(connection, typed=True)
                raise ZeroDivisionError
        async with database.write() as connection:
            tell_sender(connection)
            assert one.woken == other.woken == [True]
        await until(lambda: one.woken == other.woken == [True, False])


@pytest.mark.slow
async def test_statuses_are_written_by_whoever_owns_their_workspace(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    async with open_engine(database, encryptor, clock) as engine:
        await engine.replica(leases=AdvisoryLocks(database.url)).start()
        keys = [await engine.person(f"U{number}", team_id=f"T{number % 3}") for number in range(9)]
        for key in keys:
            await engine.has(key, meeting(engine.clock.now()))
        await until(lambda: len(engine.written()) == 9)
        await engine.settled()


@pytest.mark.parametrize(
    ("people", "limits"),
    [(12, LIMITS | {SET: 5}), pytest.param(100, LIMITS, marks=pytest.mark.slow)],
    ids=["limited to a few", "limited by Slack"],
)
async def test_two_replicas_share_workspaces_and_never_exceed_a_limit(
    database: Database, encryptor: Encryptor, clock: ManualClock, people: int, limits: dict[str, int]
) -> None:
    async with open_engine(database, encryptor, clock) as engine:
        other = Database(database.url)
        try:
            for store in (database, other):
                await engine.replica(database=store, leases=AdvisoryLocks(database.url), limits=limits).start()
            start = engine.clock.now() + timedelta(hours=1)
            keys = [await engine.person(f"U{number}", team_id=f"T{number % 2}") for number in range(people)]
            for key in keys:
                await engine.has(key, meeting(start, 60))
            await engine.settled(60)
            engine.clock.move(hours=1)
            await until(engine.written, 60)
            for _ in range(12):  # a replica that loses its place on a busy machine takes what it had allowed for used
                await engine.rests()
                if len(engine.written()) == people:
                    break
                engine.clock.move(seconds=14)
            assert len(engine.written()) == people
            assert all(call.ok for call in engine.calls())
            assert max(busiest(engine, keys, team_id) for team_id in ("T0", "T1")) <= limits[SET]
        finally:
            await RunningEngine.close(engine)
            engine.replicas.clear()
            await other.close()


def busiest(engine: RunningEngine, keys: list[PersonKey], team_id: str) -> int:
    """The most writes that a workspace has seen in any minute."""
    theirs = {key.user_id for key in keys if key.team_id == team_id}
    written = [call.at for call in engine.calls(SET) if call.user_id in theirs]
    return max(sum(at <= one < at + WINDOW for one in written) for at in written)
