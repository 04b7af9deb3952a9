"""People who subscribe to servers on loopback, and who connect accounts at a local Google and Microsoft."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from services.calendars.accounts import ProviderCleanup
from services.calendars.connections import Connections
from services.calendars.ports import Source
from services.calendars.providers.ics import FeedSource
from services.calendars.sync import CalendarSync
from services.platform.addresses import AddressRules
from services.platform.crypto import Encryptor
from services.platform.net import GuardedClient
from services.store.accounts import AccountStore
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.events import EventStore
from services.store.person_rows import NoticeStore
from services.store.tables import PEOPLE, WORKSPACES
from tests.support.calendar_stack import CalendarStack, open_stack
from tests.support.clocks import ManualClock
from tests.support.databases import of_kind
from tests.support.engine import CountingWakeSignal
from tests.support.faults import UNASKED
from tests.support.quick_sqlite import ask_here
from tests.support.subscriptions import ANN, BOB, NOW, QUARTER, Reader, Subscriptions


@pytest.fixture(autouse=True)
def _sqlite_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_here(request, monkeypatch)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database: SQLite, unless a test says `BOTH`."""
    yield from of_kind(request, tmp_path)


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    opened = GuardedClient(AddressRules(private=True), seconds=5)
    yield opened
    await opened.close()


@pytest.fixture
async def subscribed(
    database: Database, encryptor: Encryptor, client: GuardedClient, clock: ManualClock
) -> AsyncIterator[Subscriptions]:
    async with database.write() as connection:
        await connection.execute(insert(WORKSPACES), [{"team_id": "T1", "installed_at": NOW}])
        await connection.execute(
            insert(PEOPLE), [{"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW} for key in (ANN, BOB)]
        )
    events = EventStore(database, encryptor)
    store = CalendarStore(database, encryptor, events, NoticeStore(database, clock))
    reader, wake_signal = Reader(), CountingWakeSignal()
    sources: dict[str, Source] = {"ics": FeedSource(client, reader)}
    sync = CalendarSync(store, sources, clock, wake_signal, faults=UNASKED, interval=QUARTER, chance=lambda: 0.0)
    accounts, cleanup = AccountStore(database, encryptor, NoticeStore(database, clock)), ProviderCleanup({}, {}, clock)
    connections = Connections(store, client.rules, clock, wake_signal, accounts=accounts, cleanup=cleanup)
    yield Subscriptions(database, events, store, sync, connections, reader, wake_signal, clock, accounts, sources)
    await sync.close()


@pytest.fixture
async def stack(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[CalendarStack]:
    """The calendars' part of the app with a local Google and a local Microsoft."""
    async with open_stack(database, encryptor, clock) as opened:
        yield opened
