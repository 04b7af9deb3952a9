"""Fixtures that every suite shares: a zone that is not UTC, a migrated database of each kind, keys, a clock."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.crypto import Sealer, new_key
from services.store import schema
from services.store.columns import Vault
from services.store.engine import Database
from tests import postgres
from tests.clocks import ManualClock
from tests.world import World, open_world

os.environ["TZ"] = "Pacific/Chatham"  # UTC+12:45: a naive time or a local date shows at once
time.tzset()

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture
def clock() -> ManualClock:
    """Stands at Tuesday 24 November 2026, 09:00 UTC."""
    return ManualClock()


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return Sealer([new_key()])


@pytest.fixture
def vault(sealer: Sealer) -> Vault:
    return Vault(sealer)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating anew for each test would take most of the suite's time."""
    path = tmp_path_factory.mktemp("template") / "statusquo.db"

    async def migrate() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await schema.upgrade(database)
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running PostgreSQL, ending in "/": TEST_POSTGRES_URL, or a cluster of our own."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given.rstrip("/") + "/"
        return
    bin_dir = postgres.binaries()
    if bin_dir is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed, and CI tests on it too")
        pytest.skip("PostgreSQL is not installed: the SQLite half of this test has run")
    with postgres.cluster(bin_dir) as address:
        yield address


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The name of a migrated database to copy."""

    async def migrate() -> None:
        await _administer(postgres_server, "CREATE DATABASE template_statusquo")
        database = Database(postgres_server + "template_statusquo")
        await schema.upgrade(database)
        await database.close()

    asyncio.run(migrate())
    return "template_statusquo"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database; every test that takes it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "statusquo.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("migrated_postgres")
    name = f"test_{os.getpid()}_{time.monotonic_ns()}"
    asyncio.run(_administer(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield server + name
    asyncio.run(_administer(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database, for what does not depend on the kind."""
    path = tmp_path / "statusquo.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database, closed afterwards."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def world(database: Database, vault: Vault, clock: ManualClock) -> AsyncIterator[World]:
    """People in a local Slack, and the app's engine, on a clock that stands still until it is moved."""
    async with open_world(database, vault, clock) as made:
        yield made


async def _administer(server: str, statement: str) -> None:
    engine = create_async_engine(server + "postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(sa.text(statement))
    await engine.dispose()
