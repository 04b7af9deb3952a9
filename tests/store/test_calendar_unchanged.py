"""A replica that stands still (its machine is paused, the network to it is gone) while it has a transaction open."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from services.domain.model import PersonKey
from services.store.db import Database
from services.store.person_rows import lock_people
from services.store.tables import PEOPLE, WORKSPACES
from tests.support.subscriptions import NOW

ANN = PersonKey("T1", "U1")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_transaction_that_stands_still_lets_go_of_what_it_has_locked(database_url: str) -> None:
    other, still = Database(database_url), Database(database_url, longest_idle=0.1)
    async with other.write() as connection:
        await connection.execute(insert(WORKSPACES).values(team_id="T1", installed_at=NOW))
        await connection.execute(insert(PEOPLE).values(team_id="T1", user_id="U1", created_at=NOW))

    async def stand_still() -> None:
        async with still.write() as locked:
            assert await lock_people(locked, [ANN]) == [ANN]
            async with asyncio.timeout(5), other.write() as connection:
                assert await lock_people(connection, [ANN]) == [ANN]
            await lock_people(locked, [ANN])

    with pytest.raises(DBAPIError):
        await stand_still()
    async with still.write() as connection:  # it goes on with a connection of its own
        assert await lock_people(connection, [ANN]) == [ANN]
    await other.close()
    await still.close()
