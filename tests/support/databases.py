"""Migrated databases to take copies of, so that no test migrates one anew."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from services.store import schema
from services.store.db import Database

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""On a test of the whole app: it is about what differs between the databases, so it runs on each."""


def of_kind(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    """The address of an empty, migrated database of the kind that is `request.param`; for one test."""
    if request.param == "sqlite":
        path = directory / "statusquo.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    template = request.getfixturevalue("migrated_postgres")
    yield template.name
    asyncio.run(template.clear())


async def migrate(url: str) -> None:
    """Bring the empty database at `url` up to date."""
    database = Database(url)
    await schema.upgrade(database)
    await database.close()


class PostgresTemplate:
    """One migrated database of PostgreSQL, emptied after each test: making one for each takes far longer."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._dsn = server.replace("postgresql+asyncpg", "postgresql")
        self._shape: list[str] = []
        self._database = f"statusquo_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        self.name = server + self._database

    async def create(self) -> None:
        admin = await asyncpg.connect(self._dsn + "postgres")
        await admin.execute(f"DROP DATABASE IF EXISTS {self._database} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {self._database}")
        await admin.close()
        await migrate(self.name)
        own = await asyncpg.connect(self._dsn + self._database)
        self._shape = await _shape(own)
        await own.close()

    async def clear(self) -> None:
        """Empty every table; a test that changed the schema, or left a transaction open, costs a new database."""
        own = await asyncpg.connect(self._dsn + self._database)
        try:
            tables = await own.fetch(
                "SELECT quote_ident(tablename) AS name FROM pg_tables"
                " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            )
            await own.execute("SET lock_timeout = '1s'")
            await own.execute(f"TRUNCATE {', '.join(row['name'] for row in tables)} CASCADE")
            clean = await _shape(own) == self._shape
        except asyncpg.LockNotAvailableError:
            clean = False
        finally:
            await own.close()
        if not clean:
            await self.create()


async def _shape(connection: asyncpg.Connection) -> list[str]:
    columns = await connection.fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name NOT LIKE 'pgqueuer%' ORDER BY 1"
    )
    steps = await connection.fetch("SELECT version_num AS name FROM alembic_version")
    return [row["name"] for row in (*columns, *steps)]
