"""What a migration locks, and for how long, on 100,000 people: measured while somebody reads and somebody writes.

The table that this prints stands in docs/upgrade.md.
"""

# ruff: noqa: S608 - statements are made of the tables' own names, and of numbers

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from services.store import schema
from services.store.db import Database

pytestmark = pytest.mark.slow

PEOPLE, TEAMS, EVENTS = 100_000, 50, 5
FROM = "0005"
READ = "SELECT due_at FROM people WHERE team_id = 'T{team}' AND user_id = 'U{number}'"
WRITE = "UPDATE people SET due_at = due_at WHERE team_id = 'T{team}' AND user_id = 'U{number}'"

Connected = Callable[[], AbstractContextManager[Callable[[str], None]]]
"""A connection of its thread's own, as what runs a statement."""

_GIVEN = {
    "team_id": f"'T' || (n % {TEAMS})", "user_id": "'U' || n", "calendar_id": "'C' || n", "address_digest": "'d' || n",
    "event_id": "'e' || k", "start_at": "1795000000000000 + k", "end_at": "1795003600000000 + k",
    "due_at": "1795000000000000",
}  # fmt: skip


def filled(connection: Connection, numbers: str) -> None:
    """Teams, and in each of these tables a row for each of `numbers` (n), of events `EVENTS` (k)."""
    tables = sa.MetaData()
    tables.reflect(connection)

    def insert(name: str, rows: str) -> None:
        values = {}
        for column in tables.tables[name].columns:
            if column.name in _GIVEN:
                values[column.name] = _GIVEN[column.name]
            elif not column.nullable:
                values[column.name] = {bool: "false", int: "0", str: "''"}.get(column.type.python_type, "''")
        names, chosen = ", ".join(values), ", ".join(values.values())
        connection.exec_driver_sql(f"INSERT INTO {name} ({names}) SELECT {chosen} FROM {rows}")

    insert("workspaces", f"(SELECT n, 0 AS k FROM {numbers} AS a WHERE n < {TEAMS}) AS b")
    for name in ("people", "standings", "calendars"):
        insert(name, f"(SELECT n, 0 AS k FROM {numbers} AS a) AS b")
    events = " UNION ALL ".join(f"SELECT {k} AS k" for k in range(EVENTS))
    insert("events", f"(SELECT n, k FROM {numbers} AS a, ({events}) AS c) AS b")


def measured(connected: Connected, statement: str, stop: threading.Event, waits: list[float]) -> threading.Thread:
    """A thread that runs the statement for one person after the other; how long each took, in seconds."""

    def run() -> None:
        with connected() as call:
            for number in itertools.cycle(range(0, PEOPLE, 997)):
                if stop.is_set():
                    return
                began = time.monotonic()
                call(statement.format(team=number % TEAMS, number=number))
                waits.append(time.monotonic() - began)
                stop.wait(0.001)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


async def step_by_step(database: Database, connected: Connected, kind: str) -> list[str]:
    """Run each step by itself while somebody reads and writes; a line of the table for each."""
    lines = []
    for step in [one for one in schema._steps() if one > FROM]:
        stop, reads, writes = threading.Event(), list[float](), list[float]()
        threads = [measured(connected, READ, stop, reads), measured(connected, WRITE, stop, writes)]
        while not (reads and writes) and all(thread.is_alive() for thread in threads):
            await asyncio.sleep(0)
        began = time.monotonic()
        async with database.write() as connection:
            await connection.run_sync(lambda one: command.upgrade(schema.configuration(connection=one), step))  # noqa: B023  # it is awaited
        took = time.monotonic() - began
        count = len(writes)
        while len(writes) == count and all(thread.is_alive() for thread in threads):
            await asyncio.sleep(0)
        stop.set()
        for thread in threads:
            thread.join()
        lines.append(f"| {step} | {kind} | {took:.2f} | {max(reads):.2f} | {max(writes):.2f} |")
    return lines


@pytest.fixture
def empty(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database without any table."""
    name = f"measured_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    dsn = postgres_server.replace("postgresql+asyncpg", "postgresql")

    async def run(statement: str) -> None:
        admin = await asyncpg.connect(dsn + "postgres")
        await admin.execute(statement)
        await admin.close()

    asyncio.run(run(f"CREATE DATABASE {name}"))
    yield postgres_server + name
    asyncio.run(run(f"DROP DATABASE {name} WITH (FORCE)"))


async def test_steps_on_postgresql(empty: str) -> None:
    @contextmanager
    def connected() -> Iterator[Callable[[str], None]]:
        with asyncio.Runner() as loop:
            connection = loop.run(asyncpg.connect(empty.replace("postgresql+asyncpg", "postgresql")))
            yield lambda statement: loop.run(connection.execute(statement)) and None
            loop.run(connection.close())

    database = Database(empty, longest_idle=600)
    async with database.write() as connection:
        await connection.run_sync(lambda one: command.upgrade(schema.configuration(connection=one), FROM))
        await connection.run_sync(filled, f"(SELECT generate_series(0, {PEOPLE - 1}) AS n)")
    async with database.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).exec_driver_sql("VACUUM ANALYZE")
    lines = await step_by_step(database, connected, "PostgreSQL")
    assert await schema.current(database) == schema.head()
    await database.close()
    print("\n".join(lines))  # noqa: T201  # for docs/upgrade.md


async def test_steps_on_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "statusquo.db"

    @contextmanager
    def connected() -> Iterator[Callable[[str], None]]:
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
            yield lambda statement: connection.execute(statement).fetchall() and None

    database = Database(f"sqlite+aiosqlite:///{file}")
    async with database.write() as connection:
        await connection.run_sync(lambda one: command.upgrade(schema.configuration(connection=one), FROM))
        numbers = (
            f"(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {PEOPLE - 1}) SELECT n FROM s)"
        )
        await connection.run_sync(filled, numbers)
    lines = await step_by_step(database, connected, "SQLite")
    assert await schema.current(database) == schema.head()
    await database.close()
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("SELECT count(*) FROM people").fetchone() == (PEOPLE,)
    print("\n".join(lines))  # noqa: T201  # for docs/upgrade.md
