"""People, their calendars as they are kept, and servers on loopback that they subscribe to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert

from services.calendars.accounts.disconnecting import ProviderCleanup
from services.calendars.connections import Connections
from services.calendars.ports import Source
from services.calendars.providers.feed import FeedSource
from services.calendars.sync.sync import CalendarSync
from services.platform.crypto import Encryptor
from services.platform.net import AddressRules, GuardedClient
from services.store.accounts import AccountStore
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.events import EventStore
from services.store.models import Person, Workspace
from services.store.notices import NoticeStore
from tests.bureau import Bureau, open_bureau
from tests.clocks import ManualClock
from tests.kept_calendars import CAT
from tests.sites import Site
from tests.subscriptions import ANN, BOB, NOW, QUARTER, House, Reader
from tests.world import CountingWakeSignal


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as started:
        yield started


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    opened = GuardedClient(AddressRules(private=True), seconds=5)
    yield opened
    await opened.close()


@pytest.fixture
async def house(
    database: Database, encryptor: Encryptor, client: GuardedClient, clock: ManualClock
) -> AsyncIterator[House]:
    async with database.write() as connection:
        await connection.execute(insert(Workspace), [{"team_id": "T1", "installed_at": NOW}])
        await connection.execute(
            insert(Person), [{"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW} for key in (ANN, BOB)]
        )
    events = EventStore(database, encryptor)
    store = CalendarStore(database, encryptor, events, NoticeStore(database, clock))
    reader, wake_signal = Reader(), CountingWakeSignal()
    sources: dict[str, Source] = {"ics": FeedSource(client, reader)}
    sync = CalendarSync(store, sources, clock, wake_signal, interval=QUARTER, chance=lambda: 0.0)
    accounts, cleanup = AccountStore(database, encryptor, NoticeStore(database, clock)), ProviderCleanup({}, {}, clock)
    connections = Connections(store, client.rules, clock, wake_signal, accounts=accounts, cleanup=cleanup)
    yield House(database, events, store, sync, connections, reader, wake_signal, clock, accounts, sources)
    await sync.close()


@pytest.fixture
async def people(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(Workspace), [{"team_id": team, "installed_at": NOW} for team in ("T1", "T2")])
        await connection.execute(
            insert(Person),
            [
                {"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW, "zone": "Europe/Berlin"}
                for key in (ANN, BOB, CAT)
            ],
        )


@pytest.fixture
def events(database: Database, encryptor: Encryptor) -> EventStore:
    return EventStore(database, encryptor)


@pytest.fixture
def store(
    database: Database, encryptor: Encryptor, events: EventStore, people: None, clock: ManualClock
) -> CalendarStore:
    return CalendarStore(database, encryptor, events, NoticeStore(database, clock))


@pytest.fixture
async def bureau(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[Bureau]:
    """The calendars' part of the app with a local Google and a local Microsoft."""
    async with open_bureau(database, encryptor, clock) as opened:
        yield opened
