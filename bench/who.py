"""Who is out of a workspace of ten thousand: one query over what is stored, names and profiles opened."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.table import Row, median
from services.platform.crypto import Encryptor, new_key
from services.store import schema
from services.store.absences import AbsenceStore
from services.store.db import Database
from services.store.tables import WORKSPACES
from tests.support import postgres
from tests.support.absences import are_out

MEMBERS, OUT, OTHERS = 10_000, 500, 2_000
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TRIES = 30


def rows() -> list[Row]:
    found = asyncio.run(_measured("sqlite"))
    binaries = postgres.binaries()
    if binaries is not None:
        with postgres.cluster(binaries) as address:
            found += asyncio.run(_measured("postgresql", address))
    return found


async def _measured(kind: str, address: str = "") -> list[Row]:
    encryptor = Encryptor([new_key()])
    async with _database(address) as database:
        for team_id, members, out in (("T1", MEMBERS, OUT), ("T2", OTHERS, OTHERS)):
            async with database.write() as connection:
                await connection.execute(sa.insert(WORKSPACES).values(team_id=team_id, installed_at=NOW))
            names = [f"Member {number:05}" for number in range(members)]
            await are_out(database, encryptor, team_id, names, NOW, out=out)
        if not database.is_sqlite:
            async with database.write() as connection:
                await connection.execute(sa.text("ANALYZE"))
        store, took = AbsenceStore(database, encryptor), list[float]()
        for _ in range(TRIES):
            began = time.perf_counter()
            found = await store.out("T1", NOW, NOW + DAY, now=NOW)
            took.append(1000 * (time.perf_counter() - began))
            assert len(found) == OUT
        channel = [f"UMANY{number:06}" for number in range(0, MEMBERS, 200)]
        began = time.perf_counter()
        for _ in range(TRIES):
            found = await store.out("T1", NOW, NOW + 60 * DAY, now=NOW, among=channel)
        of_channel = 1000 * (time.perf_counter() - began) / TRIES
    return [
        Row(f"who is out of {MEMBERS:,} members, {kind}", median(took), "ms", 50, "promised",
            f"{OUT} out, each with name and profile; {MEMBERS:,} more to come; worst {max(took):.0f} ms"),
        Row(f"the same of a channel of 50, 60 days, {kind}", of_channel, "ms", 50, "promised"),
    ]  # fmt: skip


@asynccontextmanager
async def _database(address: str) -> AsyncIterator[Database]:
    """A migrated one: of PostgreSQL at `address`, or a file."""
    with tempfile.TemporaryDirectory() as directory:
        url = f"{address}bench_who" if address else f"sqlite+aiosqlite:///{Path(directory, 'who.db')}"
        if address:
            server = Database(f"{address}postgres")
            async with server.engine.connect() as connection:
                autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await autocommit.execute(sa.text("CREATE DATABASE bench_who"))
            await server.close()
        database = Database(url)
        await schema.upgrade(database)
        try:
            yield database
        finally:
            await database.close()
