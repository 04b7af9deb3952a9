"""Fixtures that every suite shares: a zone that is not UTC, a migrated database of each kind, keys, a clock.

What the pure core's tests do not need is imported by the fixture that does: they start in a second.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.support import postgres
from tests.support.clocks import ManualClock
from tests.support.needed import missing

if TYPE_CHECKING:
    from services.platform.crypto import Encryptor
    from services.platform.net import GuardedClient
    from services.store.db import Database
    from tests.support.databases import PostgresTemplate
    from tests.support.engine import RunningEngine
    from tests.support.sites import Site
    from tests.support.virtual_time import VirtualTime

os.environ["TZ"] = "Pacific/Chatham"  # UTC+12:45: a naive time or a local date shows at once
time.tzset()

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest and tempfile make directories of their own in it
if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > 2**30:
    # Every commit of SQLite waits for the disk: a third of the time of a test that commits thirty times.
    os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)

# The normal run tries the same few examples each time: it is to fail by what was changed, not by chance.
# `make test-slow` looks for new ones, and more of them.
settings.register_profile(
    "quick", max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("quick")


gc.disable()  # until all is collected

_CLUSTER = pytest.StashKey[ExitStack]()

# What rich draws around every local of an error that is logged took a tenth of the scenarios' time.
structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback


def pytest_configure(config: pytest.Config) -> None:
    """Where tests run in several processes, one PostgreSQL serves them all: each has a database of its own there."""
    alone = not getattr(config.option, "numprocesses", None)
    bin_dir = postgres.binaries()
    if alone or hasattr(config, "workerinput") or "TEST_POSTGRES_URL" in os.environ or bin_dir is None:
        return
    stack = config.stash[_CLUSTER] = ExitStack()
    os.environ["TEST_POSTGRES_URL"] = stack.enter_context(postgres.cluster(bin_dir))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it."""
    if _CLUSTER in config.stash:
        config.stash[_CLUSTER].close()
        del os.environ["TEST_POSTGRES_URL"]


def pytest_sessionstart() -> None:
    """Where somebody else handles SIGINT, asyncio leaves it alone: else it looks up each run's own handler among the
    names of handlers, and, as it is none, writes the whole app out as a text, five times a test."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many orders of steps were tried on each database (tests/engine/interleavings)."""
    called = [report for reports in terminalreporter.stats.values() for report in reports]
    tried = [pair for report in called if getattr(report, "when", "") == "call" for pair in report.user_properties]
    orders: Counter[str] = Counter()
    for name, value in tried:
        if name == "orders":
            orders.update(dict([value]))
    if orders:
        counts = ", ".join(f"{count} on {database}" for database, count in sorted(orders.items()))
        terminalreporter.write_line(f"orders of two operations' steps tried: {counts}")


def pytest_collection_finish() -> None:
    """What all tests are made of stays until the end: to look through it for garbage took seconds at a time. So does
    the little garbage in it."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 50)  # a test makes much that lasts as long as the test


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """What is left of all tests is looked through once: else pytest and the interpreter do so a dozen times."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def clock() -> ManualClock:
    """Stands at Tuesday 24 November 2026, 09:00 UTC."""
    return ManualClock()


@pytest.fixture(scope="session")
def keys() -> list[str]:
    from services.platform.crypto import new_key

    return [new_key()]


@pytest.fixture(scope="session")
def encryptor(keys: list[str]) -> Encryptor:
    from services.platform.crypto import Encryptor

    return Encryptor(keys)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating anew for each test would take most of the suite's time."""
    from tests.support.databases import migrate

    path = tmp_path_factory.mktemp("template") / "statusquo.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
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
        missing("PostgreSQL", "the SQLite half of this test has run")
    with postgres.cluster(bin_dir) as address:
        yield address


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[PostgresTemplate]:
    from tests.support.databases import PostgresTemplate

    template = PostgresTemplate(postgres_server)
    yield template
    template.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database; every test that takes it runs on both kinds."""
    from tests.support.databases import of_kind

    yield from of_kind(request, tmp_path)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database, for what does not depend on the kind."""
    path = tmp_path / "statusquo.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def database_threads() -> None:
    """SQLite is asked in threads of its own, as in earnest: for what takes it long, or is about them."""


@pytest.fixture
async def virtual_time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    """Time passes by itself where the loop has nothing left to do."""
    from tests.support.virtual_time import VirtualTime

    return VirtualTime(monkeypatch)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database, closed afterwards."""
    from services.store.db import Database

    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def engine(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[RunningEngine]:
    """People in a local Slack, and the app's engine, on a clock that stands still until it is moved."""
    from tests.support.engine import open_engine

    async with open_engine(database, encryptor, clock) as made:
        yield made


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A web server on loopback."""
    from tests.support.sites import Site

    async with Site() as started:
        yield started


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    """The client of an intranet: it may visit the sites on loopback."""
    from services.platform.addresses import AddressRules
    from services.platform.net import GuardedClient

    opened = GuardedClient(AddressRules(private=True))
    yield opened
    await opened.close()
