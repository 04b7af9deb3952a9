"""The whole app, started; and its install side alone, with Slack's answers to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from io import StringIO
from pathlib import Path

import pytest

from services.platform import logs, readers
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.databases import of_kind
from tests.support.install_side import InstallSide, open_install_side
from tests.support.log_lines import put_back
from tests.support.loop_watch import LoopWatch, watched
from tests.support.oauth_stub import OAuthStub, answer, oauth_stub
from tests.support.office import Office, office_in
from tests.support.quick_sqlite import ask_here
from tests.support.readers import ReaderHere
from tests.support.running_app import RunningApp, open_running_app
from tests.support.stepped_app import SteppedApp, open_stepped_app


@pytest.fixture(autouse=True)
async def loop_watch() -> AsyncIterator[LoopWatch]:
    """In every scenario: nothing that the program does on its loop takes longer than half a second."""
    async with watched() as watch:
        yield watch


@pytest.fixture
def reader_processes() -> None:
    """What strangers sent is read by processes of their own, as in earnest: for what is about them."""


@pytest.fixture(autouse=True)
def _readers_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "reader_processes" not in request.fixturenames:
        monkeypatch.setattr(readers, "_Reader", ReaderHere)


@pytest.fixture(autouse=True)
def _sqlite_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_here(request, monkeypatch)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database: SQLite, unless a test says `BOTH`."""
    yield from of_kind(request, tmp_path)


@pytest.fixture
async def running_app(database_url: str, clock: ManualClock) -> AsyncIterator[RunningApp]:
    """The app; nobody has installed it yet."""
    async with open_running_app(clock, database_url) as made:
        yield made


@pytest.fixture
async def app(sqlite_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[SteppedApp]:
    """Ann in Berlin, Tuesday 24 November 2026, 10:00 there; the app goes on step by step."""
    database = Database(sqlite_url)
    async with open_stepped_app(database, encryptor, clock) as made:
        yield made
    await database.close()


@pytest.fixture
async def office(running_app: RunningApp) -> Office:
    """Ann, Ben and Cat in a channel with the app, which may answer for who is out."""
    return await office_in(running_app)


@pytest.fixture(autouse=True)
def logs_put_back() -> Iterator[None]:
    """In every scenario: a command that is run in this process has logs go where it was told, and no further."""
    with put_back():
        yield


@pytest.fixture
def written(logs_put_back: None) -> StringIO:  # it comes first, and goes last
    """Everything that is logged, at the most talkative level."""
    stream = StringIO()
    logs.configure("DEBUG", "json", stream)
    return stream


@pytest.fixture
async def stub() -> AsyncIterator[OAuthStub]:
    async with oauth_stub() as found:
        yield found


@pytest.fixture
async def install_side(
    database: Database, encryptor: Encryptor, clock: ManualClock, stub: OAuthStub
) -> AsyncIterator[InstallSide]:
    """The install side, which nobody has used yet."""
    async with open_install_side(database, encryptor, clock, stub) as found:
        yield found


@pytest.fixture
async def installed(install_side: InstallSide) -> InstallSide:
    """Installed by Ann."""
    install_side.stub.members["U1"] = {"tz": "Europe/Berlin", "locale": "en-GB"}
    await install_side.install(answer())
    return install_side
