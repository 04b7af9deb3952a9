"""People, the stores of their calendars and events, and their keys for agents."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from services.platform.crypto import Encryptor
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.events import EventStore
from services.store.person_rows import NoticeStore
from services.store.tables import PEOPLE, WORKSPACES
from tests.support.agents import KeyProcess, people_with_grants
from tests.support.clocks import ManualClock
from tests.support.stored_calendars import CAT
from tests.support.subscriptions import ANN, BOB, NOW


@pytest.fixture
async def people(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(WORKSPACES), [{"team_id": team, "installed_at": NOW} for team in ("T1", "T2")])
        await connection.execute(
            insert(PEOPLE),
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
async def process(database: Database, encryptor: Encryptor, clock: ManualClock) -> KeyProcess:
    await people_with_grants(database, clock.now())
    return KeyProcess(database, encryptor, clock)
