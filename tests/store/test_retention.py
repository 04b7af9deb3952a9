from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.asks import AskedStatus
from services.domain.model import PersonKey
from services.engine.retention import Retention
from services.platform.crypto import Encryptor
from services.platform.settings import Settings
from services.ports import Report
from services.store import retention
from services.store.budgets import BudgetStore
from services.store.db import Database
from services.store.oauth_states import OAuthStateStore, Ticket
from services.store.overrides import DeliveryStore
from services.store.retention import KeptFor, RetentionStore
from services.store.stores import Stores
from services.store.tables import DELIVERIES, OAUTH_STATES, OVERRIDES, PEOPLE, WORKSPACES, WRITES
from tests.support.clocks import ManualClock

ANN, BOB = PersonKey("T1", "U1"), PersonKey("T1", "U2")
KEPT = KeptFor.of(Settings())


async def left(database: Database) -> tuple[int, int]:
    async with database.read() as connection:
        states = await connection.scalar(sa.select(sa.func.count()).select_from(OAUTH_STATES))
        deliveries = await connection.scalar(sa.select(sa.func.count()).select_from(DELIVERIES))
    return states or 0, deliveries or 0


async def test_housekeeping_keeps_what_may_still_be_needed_and_deletes_the_rest(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    work = Retention(RetentionStore(database), clock, KEPT)
    await OAuthStateStore(database, encryptor).issue(Ticket("state"), clock.now() + timedelta(minutes=10))
    await DeliveryStore(database).claim("T1", "Ev1", clock.now())
    assert await work.next_due() == clock.now()
    assert await work.run_due() == Report(done=1, changed=0)
    assert await left(database) == (1, 1)
    assert await work.next_due() == clock.now() + timedelta(hours=1)
    clock.move(hours=1)
    assert await work.run_due() == Report(done=1, changed=1)
    assert await left(database) == (0, 1)
    clock.move(hours=25)
    assert await work.run_due() == Report(done=1, changed=1)
    assert await left(database) == (0, 0)


async def test_what_was_stored_while_its_workspace_was_uninstalled_is_deleted(
    database: Database, clock: ManualClock, encryptor: Encryptor
) -> None:
    states, budgets, end = OAuthStateStore(database, encryptor), BudgetStore(database, encryptor), timedelta(days=1)
    await database.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=clock.now()))
    for team_id in ("T1", "T2"):
        await states.issue(Ticket("grant_link", team_id, "U1"), clock.now() + end)
        await budgets.save_budgets({team_id: "{}"})
    await states.issue(Ticket("state"), clock.now() + end)
    assert await RetentionStore(database).delete_old(clock.now(), KEPT) == 2
    assert await budgets.budgets(["T1", "T2"]) == {"T1": "{}"}
    rows = await database.fetch(sa.select(OAUTH_STATES.c.team_id, OAUTH_STATES.c.user_id))
    assert sorted(tuple(row) for row in rows) == [("", ""), ("T1", "U1")]


async def test_overrides_are_forgotten_a_month_after_their_end_and_open_ones_never(
    database: Database, clock: ManualClock, encryptor: Encryptor
) -> None:
    now = clock.now()
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=now))
        await connection.execute(sa.insert(PEOPLE).values(team_id="T1", user_id="U1", created_at=now))
        for name, end in (("ended", now), ("open", None)):
            content = encryptor.seal("{}", "overrides.content", "T1", "U1", name)
            await connection.execute(
                sa.insert(OVERRIDES).values(
                    team_id="T1", user_id="U1", override_id=name, kind="status", start_at=now, end_at=end,
                    created_at=now, content=content,
                )
            )  # fmt: skip
    work = Retention(RetentionStore(database), clock, KEPT)
    clock.move(days=30)
    assert (await work.run_due()).changed == 0
    clock.move(seconds=1)
    assert (await work.run_due()).changed == 1
    async with database.read() as connection:
        assert list(await connection.scalars(sa.select(OVERRIDES.c.override_id))) == ["open"]


async def test_times_are_the_operators_and_many_rows_go_in_small_transactions(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1000)
    now = clock.now()
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=now))
        await connection.execute(sa.insert(PEOPLE).values(team_id="T1", user_id="U1", created_at=now))
        old = {"team_id": "T1", "user_id": "U1", "at": now - timedelta(days=2), "action": "write", "reason": "{}"}
        await connection.execute(
            sa.insert(WRITES), [old | {"write_id": f"W{number}", "outcome": "ok"} for number in range(2500)]
        )
        await connection.execute(sa.insert(WRITES).values(old | {"write_id": "W", "outcome": "ok", "at": now}))
        seen = {"team_id": "T1", "delivery_id": "Ev1", "seen_at": now - timedelta(hours=26)}
        await connection.execute(sa.insert(DELIVERIES).values(seen))
    most = 0

    def count(_connection: object, cursor: Any, statement: str, *_rest: object) -> None:
        nonlocal most
        if statement.startswith("DELETE FROM writes"):
            most = max(most, cursor.rowcount)

    sa.event.listen(database.engine.sync_engine, "after_cursor_execute", count)
    times = replace(KEPT, audit=timedelta(days=1), deliveries=timedelta(hours=27))
    assert (await Retention(RetentionStore(database), clock, times).run_due()).changed == 2500
    assert 0 < most <= 500
    async with database.read() as connection:
        assert list(await connection.scalars(sa.select(WRITES.c.write_id))) == ["W"]
        assert list(await connection.scalars(sa.select(DELIVERIES.c.delivery_id))) == ["Ev1"]


async def test_what_waits_for_a_grant_is_forgotten_after_a_week(
    database: Database, clock: ManualClock, encryptor: Encryptor
) -> None:
    now, people = clock.now(), Stores(database, encryptor, clock).people
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", installed_at=now))
        for key in (ANN, BOB):
            await connection.execute(sa.insert(PEOPLE).values(team_id="T1", user_id=key.user_id, created_at=now))
    for key in (ANN, BOB):
        await people.ask(key, AskedStatus("Lunch", "", now, None), now)
    work = Retention(RetentionStore(database), clock, KEPT)
    clock.move(days=7)
    await people.ask(BOB, AskedStatus("Tea", "", now, None), clock.now())
    assert (await work.run_due()).changed == 0
    clock.move(seconds=1)
    assert (await work.run_due()).changed == 1
    assert await people.asked(ANN) is None
    assert await people.asked(BOB) == (AskedStatus("Tea", "", now, None), now + timedelta(days=7))
