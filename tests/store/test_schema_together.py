"""Processes that start together on one empty PostgreSQL, and an update that has to wait for somebody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from services.domain.operator_errors import DatabaseBusyError, DatabaseError
from services.store import schema
from services.store.db import Database


@pytest.fixture
async def empty(postgres_server: str) -> AsyncIterator[str]:
    """The address of a PostgreSQL database without any table."""
    name = f"empty_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    admin = await asyncpg.connect(postgres_server.replace("postgresql+asyncpg", "postgresql") + "postgres")
    await admin.execute(f"CREATE DATABASE {name}")
    yield postgres_server + name
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def closing(*databases: Database) -> None:
    for database in databases:
        await database.close()


async def test_replicas_that_start_together_all_come_up(empty: str) -> None:
    replicas = [Database(empty) for _ in range(5)]
    assert await asyncio.gather(*(schema.upgrade(one) for one in replicas), return_exceptions=True) == [None] * 5
    assert await schema.current(replicas[0]) == schema.head()
    assert await schema.drift(replicas[0]) == []
    await closing(*replicas)


async def test_replica_waits_for_the_one_that_updates_and_finds_it_done(empty: str) -> None:
    first, second = Database(empty), Database(empty)
    async with first.write() as connection:
        await schema.lock(connection, seconds=1)
        waiting = asyncio.create_task(schema.upgrade(second))
        while await _waiting(first) == 0:
            assert not waiting.done()
        await connection.run_sync(_to, "head")
    await waiting
    assert await schema.current(second) == schema.head()
    await closing(first, second)


async def test_update_that_another_process_does_not_finish_is_one_line(empty: str) -> None:
    first, second = Database(empty), Database(empty)
    async with first.write() as connection:
        await schema.lock(connection, seconds=1)
        with pytest.raises(DatabaseBusyError, match="another process"):
            await schema.upgrade(second, turn=0.05)
    await schema.upgrade(second)
    await closing(first, second)


async def test_update_gives_way_to_whoever_uses_a_table_and_is_tried_again(empty: str) -> None:
    """A statement that waits for a table holds up everybody who comes after it."""
    running, starting = Database(empty), Database(empty)
    async with running.write() as connection:
        await connection.run_sync(_to, "0002")
    async with running.write() as reader:
        await reader.execute(sa.text("SELECT count(*) FROM notices"))
        with pytest.raises(DatabaseBusyError, match="table"):
            await schema.upgrade(starting, table=0.05, tries=2)
        assert await schema.current(starting) == "0002"
        upgrading = asyncio.create_task(schema.upgrade(starting, table=0.05, tries=100))
        while await _waiting(running) == 0:
            assert not upgrading.done()
    await upgrading
    assert await schema.current(starting) == schema.head()
    await closing(running, starting)


async def test_update_that_the_database_refuses_is_one_line(empty: str) -> None:
    database = Database(empty)
    async with database.write() as connection:
        await connection.execute(sa.text("CREATE TABLE people (nothing integer)"))
    with pytest.raises(DatabaseError, match="DuplicateTableError"):
        await schema.upgrade(database)
    await closing(database)


async def test_database_that_is_not_there_is_told_in_the_drivers_word(empty: str) -> None:
    database = Database(empty + "_none")
    with pytest.raises(DatabaseError, match="InvalidCatalogNameError"):
        await schema.upgrade(database)
    await closing(database)


def _to(connection: Connection, step: str) -> None:
    command.upgrade(schema.configuration(connection=connection), step)


async def _waiting(database: Database) -> int:
    """How many wait for a lock."""
    async with database.read() as connection:
        found = await connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return found or 0
