"""The operator's faults as rows: said once by one of many, and gone with what they are of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from services.domain.faults import OperatorFault
from services.platform.crypto import Encryptor
from services.store.calendar_tables import CALENDARS
from services.store.db import Database
from services.store.faults import FIRST_LOOK, KNOWN_FOR, DueFault, FaultStore
from services.store.stores import Stores
from services.store.tables import NOTICES, PEOPLE, WORKSPACES
from services.store.workspace_tables import OPERATOR_FAULTS
from tests.support.clocks import ManualClock
from tests.support.faults import standing
from tests.support.locks import somebody_waits

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
GOOGLE, TOKENS = OperatorFault.GOOGLE_CLIENT, OperatorFault.SLACK_TOKENS


@pytest.fixture
async def stores(database: Database, encryptor: Encryptor, clock: ManualClock) -> Stores:
    now = clock.now()
    async with database.write() as connection:
        for team in ("T1", "T2"):
            await connection.execute(sa.insert(WORKSPACES).values(team_id=team, installed_at=now))
            await connection.execute(sa.insert(PEOPLE).values(team_id=team, user_id="U1", created_at=now))
    return Stores(database, encryptor, clock)


@pytest.fixture
async def other(database_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[FaultStore]:
    """Another process'."""
    database = Database(database_url)
    yield Stores(database, encryptor, clock).faults
    await database.close()


async def met(store: FaultStore, fault: OperatorFault = GOOGLE, team: str = "T1") -> bool:
    return await store.met(fault, "invalid_client", team)


async def subjects(database: Database) -> list[str]:
    return [row.subject for row in await database.fetch(sa.select(NOTICES.c.subject))]


async def test_of_many_who_meet_it_and_see_it_over_one_says_so(
    stores: Stores, other: FaultStore, clock: ManualClock, database: Database
) -> None:
    for _ in range(3):
        clock.move(seconds=KNOWN_FOR.total_seconds())  # nobody takes it for known any more
        found = await asyncio.gather(
            *(met(store, team=team) for store in (stores.faults, other) for team in ("T1", "T2", "T1"))
        )
        assert sorted(found) == [False] * 5 + [True]
        assert await standing(database) == [(GOOGLE, ""), (GOOGLE, "T1"), (GOOGLE, "T2")]
        over = await asyncio.gather(*(store.over(GOOGLE) for store in (stores.faults, other) * 2))
        assert sorted(over) == [False] * 3 + [True]
        assert await standing(database) == []


async def test_those_who_meet_it_and_those_who_see_it_over_never_wait_for_each_other(
    stores: Stores, other: FaultStore, clock: ManualClock, database: Database
) -> None:
    for store in (stores.faults, other):
        for team in ("T1", "T2"):
            await met(store, team=team)
    clock.move(seconds=KNOWN_FOR.total_seconds())
    said = await asyncio.gather(
        *(met(store, team=team) for store in (stores.faults, other) for team in ("T1", "T2") for _ in range(8)),
        *(store.over(GOOGLE) for store in (stores.faults, other) for _ in range(8)),
    )
    new, over = sum(said[:32]), sum(said[32:])
    assert 1 + new - over == len([team for _, team in await standing(database) if not team])


@on_postgresql
async def test_fault_that_is_met_while_it_is_said_to_be_over_stands(
    stores: Stores, other: FaultStore, database: Database
) -> None:
    await met(stores.faults)
    async with database.write() as ending:
        await ending.execute(sa.delete(OPERATOR_FAULTS))
        meeting = asyncio.create_task(met(other))
        await somebody_waits(database)
    assert await meeting
    assert await standing(database) == [(GOOGLE, ""), (GOOGLE, "T1")]


@on_postgresql
async def test_fault_of_a_workspace_that_is_being_deleted_is_nobodys(
    stores: Stores, other: FaultStore, database: Database
) -> None:
    async with database.write() as deleting:
        await deleting.execute(sa.delete(WORKSPACES).where(WORKSPACES.c.team_id == "T1"))
        meeting = asyncio.create_task(met(other, TOKENS))
        await somebody_waits(database)
    assert not await meeting
    assert await standing(database) == []


@on_postgresql
async def test_admins_are_told_nothing_of_what_is_over_while_they_are_looked_up(
    stores: Stores, other: FaultStore, clock: ManualClock, database: Database
) -> None:
    await met(stores.faults)
    async with database.write() as ending:
        await ending.execute(sa.delete(OPERATOR_FAULTS))
        telling = asyncio.create_task(other.tell(DueFault(GOOGLE, "T1", 0, clock.now()), ["U1"]))
        await somebody_waits(database)
    assert not await telling
    assert await subjects(database) == []


async def test_admins_are_told_once_by_whoever_comes_first(
    stores: Stores, other: FaultStore, clock: ManualClock, database: Database
) -> None:
    await met(stores.faults)
    due = DueFault(GOOGLE, "T1", 0, clock.now())
    told = await asyncio.gather(stores.faults.tell(due, ["U1", "UGONE"]), other.tell(due, ["U1"]))
    assert sorted(told) == [False, True]
    assert await subjects(database) == ["fault/google_client"]
    assert await stores.faults.over(GOOGLE)
    assert await subjects(database) == []


async def test_look_is_one_replicas_at_a_time(stores: Stores, other: FaultStore, clock: ManualClock) -> None:
    await met(stores.faults, TOKENS)
    now = clock.move(seconds=FIRST_LOOK.total_seconds())
    claims = await asyncio.gather(
        *(store.claim(now, now + timedelta(seconds=30), 8) for store in (stores.faults, other))
    )
    assert sorted(len(claim) for claim in claims) == [0, 1]


async def test_provider_that_refuses_one_calendar_still_is_not_well(
    stores: Stores, clock: ManualClock, database: Database
) -> None:
    row = {"team_id": "T1", "user_id": "U1", "provider": "google", "created_at": clock.now()}
    async with database.write() as connection:
        for number in (1, 2):
            its = {"calendar_id": f"c{number}", "address_digest": f"d{number}", "problem": "AppRefusedError"}
            await connection.execute(sa.insert(CALENDARS).values(row | its))
    await met(stores.faults)
    for number, over in ((1, False), (2, True)):
        await database.execute(sa.update(CALENDARS).where(CALENDARS.c.calendar_id == f"c{number}").values(problem=""))
        assert await stores.faults.over(GOOGLE) is over


async def test_what_nobody_has_met_for_long_is_over_unless_a_calendar_is_refused(
    stores: Stores, clock: ManualClock, database: Database
) -> None:
    await met(stores.faults)
    await met(stores.faults, OperatorFault.SLACK_REDIRECT, "")
    row = {"team_id": "T1", "user_id": "U1", "provider": "google", "created_at": clock.now()}
    refused = {"calendar_id": "c", "address_digest": "d", "problem": "AppRefusedError"}
    await database.execute(sa.insert(CALENDARS).values(row | refused))
    now: datetime = clock.move(days=2)
    await stores.faults.forget(now - timedelta(days=1))
    assert await standing(database) == [(GOOGLE, ""), (GOOGLE, "T1")]
    await stores.faults.forget(now - timedelta(days=1))  # taken as met
    assert await standing(database) == [(GOOGLE, ""), (GOOGLE, "T1")]


async def test_uninstall_takes_a_workspaces_faults_along(
    stores: Stores, clock: ManualClock, database: Database
) -> None:
    await met(stores.faults, TOKENS, "T1")
    await met(stores.faults, TOKENS, "T2")
    assert await stores.workspaces.delete("T1", clock.now())
    assert await standing(database) == [(TOKENS, "T2")]
