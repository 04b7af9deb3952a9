"""Connections to a database: why there is none, and whether those that were idle still work."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from services.platform.concurrency import off_loop
from services.store import db
from services.store.connecting import said_by
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


def test_file_that_another_process_has_to_itself_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as moving, closing(sqlite3.connect(path, timeout=0)) as other:
        moving.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("SELECT * FROM sqlite_master")
        refused = OperationalError("SELECT", None, caught.value)
    assert said_by(refused) == (
        "SQLite says: database is locked; another process has the file to itself, as `app.py move` does until it is "
        "done: wait for that"
    )
    assert said_by(sqlite3.OperationalError("disk I/O error")) == "SQLite says: disk I/O error"


def test_file_that_cannot_be_opened_or_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    todo = "; have its folder there, and let this user write to both"
    with pytest.raises(sqlite3.OperationalError) as nowhere:
        sqlite3.connect(tmp_path / "nowhere" / "x.db")
    assert said_by(nowhere.value) == f"SQLite says: unable to open database file{todo}"
    sqlite3.connect(tmp_path / "x.db").close()
    only_read = closing(sqlite3.connect(f"file:{tmp_path}/x.db?mode=ro", uri=True))
    with only_read as read, pytest.raises(sqlite3.OperationalError) as refused:
        read.execute("CREATE TABLE x (y)")
    assert said_by(refused.value) == f"SQLite says: attempt to write a readonly database{todo}"


async def test_file_is_its_writers_from_the_first_read_of_a_transaction_on_and_only_for_that_transaction(
    sqlite_url: str, tmp_path: Path
) -> None:
    database, tables = Database(sqlite_url), sa.text("SELECT count(*) FROM workspaces")
    with closing(sqlite3.connect(tmp_path / "statusquo.db", timeout=0, isolation_level=None)) as other:
        async with database.write() as connection:
            await connection.execute(tables)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        async with database.write():
            pass  # nothing was to be written after all
        async with database.read() as connection:
            await connection.execute(tables)
            other.execute("BEGIN IMMEDIATE")
    await database.close()


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
