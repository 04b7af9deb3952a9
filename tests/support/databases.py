"""Migrated databases to take copies of, so that no test migrates one anew."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from services.store import schema
from services.store.db import Database

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""On a test outside of stores and engine: it is about statements or locks that differ, so it runs on each database."""


SQLITE_FIRST = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
"""On a scenario whose statements other tests ask of each database: PostgreSQL has its turn in the slow run."""


class _Compiled(LRUCache[Any, Any]):
    """Compiled statements of all engines: what one test has compiled, the next one need not; a third of its time."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_of_any_engine(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_of_any_engine(key), compiled)


def _of_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return (type(dialect), *statement)


_COMPILED = _Compiled(5000)
_make_engine = Engine.__init__


# SQLAlchemy asks its constructor which options it takes: the one that the program gives is named
def _make_engine_that_shares(
    engine: Engine, pool: Any, dialect: Any, url: Any, hide_parameters: bool = False, **options: Any
) -> None:
    _make_engine(engine, pool, dialect, url, hide_parameters=hide_parameters, **options)
    engine._compiled_cache = _COMPILED


Engine.__init__ = _make_engine_that_shares  # type: ignore[method-assign]  # as it is in a program that has one engine


def of_kind(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    """The address of an empty, migrated database of the kind that is `request.param`; for one test."""
    if request.param == "sqlite":
        path = directory / "statusquo.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    template = request.getfixturevalue("migrated_postgres")
    yield template.name
    template.clear()


async def migrate(url: str) -> None:
    """Bring the empty database at `url` up to date."""
    database = Database(url)
    await schema.upgrade(database)
    await database.close()


class PostgresTemplate:
    """One migrated database of PostgreSQL, emptied after each test: making one for each takes far longer.

    So does a new connection for each emptying: PostgreSQL reads its catalogue anew for each. This one has a loop of its
    own, as it outlives those of the tests.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._dsn = server.replace("postgresql+asyncpg", "postgresql")
        self._loop = asyncio.new_event_loop()
        self._own: asyncpg.Connection | None = None
        self._shape: list[str] = []
        self._emptying = ""
        self._database = f"statusquo_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        self.name = server + self._database
        self._loop.run_until_complete(self._create())

    def clear(self) -> None:
        """Empty every table; a test that changed the schema, or left a transaction open, costs a new database."""
        self._loop.run_until_complete(self._clear())

    def close(self) -> None:
        """Nobody needs it any more."""
        self._loop.run_until_complete(self._let_go())
        self._loop.close()

    async def _create(self) -> None:
        await self._let_go()
        admin = await asyncpg.connect(self._dsn + "postgres")
        await admin.execute(f"DROP DATABASE IF EXISTS {self._database} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {self._database}")
        await admin.close()
        await migrate(self.name)
        self._own = await self._connect()
        self._shape = await _shape(self._own)
        tables = await self._own.fetch(
            "SELECT quote_ident(tablename) AS name FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        # TRUNCATE makes every table and index anew, which takes fifty times as long.
        self._emptying = "; ".join(
            ["SET session_replication_role = replica", *(f"DELETE FROM {row['name']}" for row in tables)]  # noqa: S608  # its own tables' names
        )

    async def _clear(self) -> None:
        if self._own is None or self._own.is_closed():  # a test had the server end all that was connected to it
            self._own = await self._connect()
        try:
            await self._own.execute(self._emptying)
            clean = await _shape(self._own) == self._shape
        except asyncpg.PostgresError:
            clean = False
        if not clean:
            await self._create()

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._dsn + self._database, server_settings={"lock_timeout": "1s"})

    async def _let_go(self) -> None:
        if self._own is not None:
            await self._own.close(timeout=5)
            self._own = None


async def _shape(connection: asyncpg.Connection) -> list[str]:
    columns = await connection.fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name NOT LIKE 'pgqueuer%' ORDER BY 1"
    )
    steps = await connection.fetch("SELECT version_num AS name FROM alembic_version")
    return [row["name"] for row in (*columns, *steps)]
