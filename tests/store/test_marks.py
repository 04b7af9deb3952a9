from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from services.domain.model import PersonKey
from services.store import person_rows
from services.store.db import Database
from services.store.tables import PEOPLE, WORKSPACES

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ANN = PersonKey("T1", "U1")


@pytest.fixture
async def people(database: Database) -> Database:
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=NOW))
        await connection.execute(sa.insert(PEOPLE).values(team_id="T1", user_id="U1", created_at=NOW))
    return database


async def test_person_marked_twice_is_due_at_the_earlier_instant_and_stays_stale(people: Database) -> None:
    later = NOW + timedelta(hours=1)
    async with people.write() as connection:
        await person_rows.mark_due(connection, ANN, later, stale=True)
        await person_rows.mark_due(connection, ANN, NOW, stale=False)
        await person_rows.mark_due(connection, ANN, later, stale=False)
        row = (await connection.execute(sa.select(PEOPLE.c.due_at, PEOPLE.c.stale))).one()
    assert tuple(row) == (NOW, True)
