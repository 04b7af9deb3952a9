"""Connections to PostgreSQL that are kept: whether they still work is asked of those that were idle."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from services.platform.concurrency import off_loop
from services.store import db
from services.store.db import Database
from services.store.sqlite_driver import QuickConnection

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def end_others(database: Database) -> None:
    """As if PostgreSQL had been started anew."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    async with database.write() as connection:
        await connection.execute(sa.text(f"{others} AND pid <> pg_backend_pid()"))


async def test_sqlite_connection_that_never_opened_ends_without_the_loop(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    connection = QuickConnection(str(tmp_path / "x.db"))
    waited_for: list[object] = []
    put = connection._tx.put_nowait
    connection._tx = SimpleNamespace(put_nowait=lambda one: (waited_for.append(one[0]), put(one)))  # type: ignore[assignment]
    with pytest.raises(sqlite3.DatabaseError):
        await connection
    assert waited_for[1:] == [None]
    await off_loop(connection._thread.join)


@POSTGRESQL
async def test_connection_that_broke_while_it_was_idle_is_replaced(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, database = Database(database_url), Database(database_url)
    async with database.read(), database.write():  # two are kept
        pass
    await end_others(other)
    monkeypatch.setattr(db, "TRUSTED", 0.0)
    assert await database.scalar(sa.select(sa.literal(1))) == 1
    async with database.write() as connection:
        assert await connection.scalar(sa.select(sa.literal(2))) == 2
    await other.close()
    await database.close()


@POSTGRESQL
async def test_connection_that_worked_just_now_is_not_asked(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "TRUSTED", 60.0)
    database = Database(database_url)
    asked: list[object] = []
    monkeypatch.setattr(database.engine.dialect, "do_ping", asked.append)
    for _ in range(3):
        assert await database.scalar(sa.select(sa.literal(1))) == 1
    assert asked == []
    monkeypatch.setattr(db, "TRUSTED", 0.0)
    assert await database.scalar(sa.select(sa.literal(1))) == 1
    assert len(asked) == 1
    await database.close()
