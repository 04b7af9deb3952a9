"""What a thousand people with ordinary calendars take: disk on each database, memory, and the processor's time."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench import http, slack_stub
from bench.idle import cpu_seconds, family, mebibytes
from bench.table import Row
from bench.typed import Seed, on_both
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor, new_key
from services.store import schema
from services.store.db import Database
from services.store.tables import PEOPLE, WRITES

PERSONS, A_WORKSPACE = 1_000, 500
MEETINGS = 170
"""For each: four a working day, in the two months that are kept."""

AUDIT = 350
"""Lines of the audit for each: sixteen a working day, for thirty days."""

START, TOGETHER = 40.0, 20
"""Seconds until meetings begin, and of how many in each workspace: so many that Slack's limits hold nobody up."""

CALM, LONGEST = 3.0, 240.0
"""Seconds: how long nothing has to be left to do, and how long all of it may take."""


def rows() -> list[Row]:
    return on_both(_measured)


async def _measured(name: str, url: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        address, key = url or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", new_key()
        database = Database(address)
        await schema.upgrade(database)
        empty = await _size(database)
        async with slack_stub.running() as stub:
            before, _, _ = await _served(stub, address, key, database)
            await seed(database, Encryptor([key]), PERSONS)
            memory, used, took = await _served(stub, address, key, database)
        disk = await _size(database) - empty
        async with slack_stub.running() as stub:
            an_edge = await _edges(stub, address, key, database)
        await database.close()
    each = f"{MEETINGS} events, {AUDIT} lines of the audit each"
    return [
        Row(f"{name}: disk for 1,000 people", disk / 2**20 / (PERSONS / 1000), "MiB", note=each),
        Row(f"{name}: memory, {PERSONS:,} people", memory, "MiB", before, "with none", "all timelines resolved"),
        Row(f"{name}: processor for a timeline resolved", 1000 * used / PERSONS, "ms", note=f"{took:.0f} s for all"),
        Row(f"{name}: processor for a status written at its edge", 1000 * an_edge, "ms", note="read, set, recorded"),
    ]


async def _served(stub: slack_stub.Stub, address: str, key: str, database: Database) -> tuple[float, float, float]:
    """Serve until nothing is left to do: MiB, seconds of a core, and seconds that it took, without the start."""
    port = http.free_port()
    environment = http.settings(stub.api_url, port) | {"DATABASE_URL": address, "ENCRYPTION_KEYS": key}
    with http.process("app.py", "serve", **environment) as process:
        await asyncio.to_thread(http.wait_for, port, "/readyz")
        began, used = time.monotonic(), sum(cpu_seconds(pid) for pid in family(process.pid))
        rests = began
        waits = sa.select(sa.exists().where(PEOPLE.c.stale))
        while time.monotonic() - rests < CALM:
            if await database.scalar(waits):
                rests = time.monotonic()
            if time.monotonic() - began > LONGEST:
                raise TimeoutError("the timelines are not resolved")
            await asyncio.sleep(0.25)
        now = family(process.pid)
        used = sum(cpu_seconds(pid) for pid in now) - used
        return sum(mebibytes(pid) for pid in now), used, rests - began


async def _edges(stub: slack_stub.Stub, address: str, key: str, database: Database) -> float:
    """Seconds of a core for each of `PERSONS` whose meetings begin together, in workspaces that are small enough."""
    edge = datetime.now(UTC) + timedelta(seconds=START)
    await Seed(database, Encryptor([key])).people(
        [PersonKey(f"TE{number // TOGETHER}", f"UE{number}") for number in range(PERSONS)], edge
    )
    port = http.free_port()
    environment = http.settings(stub.api_url, port) | {"DATABASE_URL": address, "ENCRYPTION_KEYS": key}
    with http.process("app.py", "serve", **environment) as process:
        await asyncio.to_thread(http.wait_for, port, "/readyz")
        while datetime.now(UTC) < edge - timedelta(seconds=1):
            await asyncio.sleep(0.1)
        used = sum(cpu_seconds(pid) for pid in family(process.pid))
        async with asyncio.timeout(LONGEST):
            await stub.writes(PERSONS)
        return (sum(cpu_seconds(pid) for pid in family(process.pid)) - used) / PERSONS


async def seed(database: Database, encryptor: Encryptor, people: int) -> None:
    """So many people with an ordinary calendar and an ordinary past, whose timelines are to be resolved."""
    made = Seed(database, encryptor)
    keys = [PersonKey(f"T{number // A_WORKSPACE}", f"U{number:06}") for number in range(people)]
    for first in range(0, people, A_WORKSPACE):
        some = keys[first : first + A_WORKSPACE]
        await made.people(some, None)
        await made.events(some, MEETINGS)
        await _audit(database, encryptor, some)
    await made.make_stale("U%")


async def _audit(database: Database, encryptor: Encryptor, keys: Sequence[PersonKey]) -> None:
    now = datetime.now(UTC)
    content = '{"text": "In a meeting", "emoji": ":spiral_calendar_pad:", "uid": "e1"}'
    for key in keys:
        lines = [
            {
                "team_id": key.team_id, "user_id": key.user_id, "write_id": f"W{key.user_id}{number}",
                "at": now - timedelta(hours=2 * number), "action": "write", "reason": '{"code": "event"}',
                "rule": "meeting", "event_digest": "e" * 32, "outcome": "done",
                "content": encryptor.seal(content, "writes.content", key.team_id, f"W{key.user_id}{number}"),
            }
            for number in range(AUDIT)
        ]  # fmt: skip
        async with database.write() as connection:
            await connection.execute(sa.insert(WRITES), lines)


async def _size(database: Database) -> int:
    """The bytes that it takes on disk."""
    if not database.is_sqlite:
        return int((await database.fetch(sa.select(sa.func.pg_database_size(sa.func.current_database()))))[0][0])
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        return int(pages) * int((await connection.exec_driver_sql("PRAGMA page_size")).scalar_one())
