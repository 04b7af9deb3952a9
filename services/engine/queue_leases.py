"""Several processes on one PostgreSQL: PgQueuer owns the lanes.

Its only job is "drain this workspace's lane". It is de-duplicated by workspace, so that a lane has one owner in
the fleet, and enqueued in the transaction that made the wish. The job's heartbeat tells that its owner is alive;
where it stops, another process takes the lane over. LISTEN needs a direct connection, no transaction-pooling proxy.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job
from sqlalchemy import ARRAY, Text, func, literal, make_url, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.engine.guard import guarded
from services.engine.leases import Drain

log = structlog.get_logger(__name__)

ENTRYPOINT = "drain_lane"
HEARTBEAT = timedelta(seconds=8)
"""A lane whose owner has not been heard of for this long is taken over."""

LOOK = timedelta(seconds=2)
"""How often a process looks for lanes without being notified: a lost owner notifies nobody."""

LANES_A_PROCESS = 10_000
"""More than have something to do: a lane costs little while it waits, and what was typed waits for no place."""

LANES_AT_ONCE = 10
NEWS = "statusquo_lanes"
"""The channel on which processes tell each other which lanes have news."""

WATCH = 0.5
RECONNECT = 1.0
KEEP_LOG = "1 day"
PRUNE_EVERY = 3600.0


class QueueRunner:
    """Runs lanes as PgQueuer jobs."""

    def __init__(self, database_url: str, *, heartbeat: timedelta = HEARTBEAT) -> None:
        """`database_url` is the PostgreSQL that holds the tables."""
        self._dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._heartbeat = heartbeat
        self._drain: Drain | None = None
        self._manager: QueueManager | None = None
        self._queries: Queries | None = None
        self._draining: set[str] = set()

    async def wake(self, transaction: AsyncConnection, lanes: Mapping[str, bool]) -> None:
        """Enqueue a drain of each of `lanes` in `transaction`, and nudge those that are being drained, wherever.

        The transaction must have executed a statement before: SQLAlchemy begins it with the first one, and an
        enqueue through the raw connection before that would commit on its own.
        """
        if self._manager is None or not lanes:
            return  # not connected yet: the rows are there, and the sweep finds them
        raw = await transaction.get_raw_connection()
        if raw.driver_connection is None or not transaction.in_transaction():
            raise RuntimeError("a wake needs an open transaction")
        await _enqueue(Queries(AsyncpgDriver(raw.driver_connection)), lanes)
        news = [f"{int(typed)}{team_id}" for team_id, typed in sorted(lanes.items())]
        await transaction.execute(select(func.pg_notify(NEWS, func.unnest(literal(news, ARRAY(Text))))))

    async def resume(self, lanes: Iterable[str]) -> None:
        """Enqueue a drain of each of `lanes` that this process does not drain; the database skips those of others."""
        named = dict.fromkeys(set(lanes) - self._draining, False)
        if self._queries is not None and named:
            await _enqueue(self._queries, named)

    async def run(self, drain: Drain, stop: asyncio.Event) -> None:
        """Take up drains until `stop` is set; connects again where the connection is lost."""
        self._drain = drain
        while not stop.is_set():
            with guarded("lane_queue_failed"):
                await self._run_once(drain, stop)
            if not stop.is_set():
                await _either(stop, RECONNECT)

    async def _run_once(self, drain: Drain, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=10)
        try:
            queries = Queries(AsyncpgDriver(connection))
            await _install(queries)
            manager = QueueManager(queries)

            @manager.entrypoint(ENTRYPOINT, accepts_context=False)
            async def drain_lane(job: Job) -> None:
                await self._drain_lane(drain, queries, job)

            connection.add_termination_listener(lambda _: drain.abandon())
            await connection.add_listener(NEWS, lambda *news: drain.nudge(news[-1][1:], typed=news[-1][0] == "1"))
            watch = asyncio.create_task(self._watch(manager, drain, queries, stop))
            self._manager, self._queries = manager, queries
            try:
                await manager.run(
                    dequeue_timeout=LOOK,
                    batch_size=LANES_AT_ONCE,
                    max_concurrent_tasks=LANES_A_PROCESS,
                    heartbeat_timeout=self._heartbeat,
                    shutdown_on_listener_failure=True,
                )
            finally:
                self._manager = self._queries = None
                drain.abandon()
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
        finally:
            await connection.close(timeout=5)

    async def _watch(self, manager: QueueManager, drain: Drain, queries: Queries, stop: asyncio.Event) -> None:
        """Pass `stop` on; let go of every lane where this process stood still for so long that it may have lost it."""
        last = time.monotonic()
        pruned = last - PRUNE_EVERY
        while not stop.is_set():
            await _either(stop, WATCH)
            now = time.monotonic()
            if now - last > self._heartbeat.total_seconds() / 2:
                log.warning("stood_still", seconds=round(now - last, 1))
                drain.abandon()
            last = now
            if now - pruned > PRUNE_EVERY:
                pruned = now
                with guarded("lane_log_not_pruned"):
                    await _prune(queries)
        manager.shutdown.set()

    async def _drain_lane(self, drain: Drain, queries: Queries, job: Job) -> None:
        """Drain a lane, and leave it so that what is wished for while the job ends has it drained again."""
        team_id = (job.payload or b"").decode()
        self._draining.add(team_id)
        try:
            await drain.drain(team_id, typed=job.priority > 0)
        finally:
            self._draining.discard(team_id)
        with guarded("lane_not_left", team_id=team_id):
            # PgQueuer deletes the job a moment later; until then its key would have a wake skipped that nobody sees.
            table = queries.qbe.settings.qualified.queue_table
            await queries.driver.execute(f"UPDATE {table} SET dedupe_key = NULL WHERE id = $1", job.id)  # noqa: S608  # PgQueuer's own, checked name
            if await drain.waits(team_id):
                await self.resume([team_id])


async def _enqueue(queries: Queries, lanes: Mapping[str, bool]) -> None:
    """A drain for each of `lanes`, but for those that are queued or being drained; what was typed is taken first."""
    typed, other = ([team_id for team_id in sorted(lanes) if lanes[team_id] is which] for which in (True, False))
    if typed:
        await queries.enqueue(*_jobs(typed, 1), dedupe_key=_keys(typed), on_conflict="update_priority")
    if other:
        await queries.enqueue(*_jobs(other, 0), dedupe_key=_keys(other), on_conflict="skip")


def _jobs(lanes: Sequence[str], priority: int) -> tuple[list[str], list[bytes | None], list[int]]:
    return [ENTRYPOINT] * len(lanes), [team_id.encode() for team_id in lanes], [priority] * len(lanes)


def _keys(lanes: Sequence[str]) -> list[str | None]:
    return [f"lane/{team_id}" for team_id in lanes]


async def _install(queries: Queries) -> None:
    """PgQueuer's own tables, as this version of it wants them; one process at a time."""
    async with queries.schema_lock():
        if await queries.schema_is_installed():
            await queries.upgrade()
        else:
            await queries.install()


async def _prune(queries: Queries) -> None:
    """PgQueuer keeps a log of every job for ever; a day is enough."""
    names = queries.qbe.settings.qualified
    await queries.driver.execute(
        f"DELETE FROM {names.queue_table_log} WHERE created < now() - interval '{KEEP_LOG}'"  # noqa: S608  # PgQueuer's own, checked names
    )
    await queries.driver.execute(
        f"DELETE FROM {names.statistics_table} WHERE created < now() - interval '{KEEP_LOG}'"  # noqa: S608  # PgQueuer's own, checked names
    )


async def _either(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
