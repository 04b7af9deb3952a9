"""What `/metrics` asks the database for: counts, kept a while, and gone where it does not answer."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from services.domain.people import LEAVE
from services.engine import measuring
from services.engine.leases import OneProcess
from services.engine.measuring import Measuring, size
from services.engine.workspaces import OwnedWorkspaces
from services.platform.crypto import Encryptor, SealedBytes
from services.platform.metrics import Metrics
from services.slack.limits import Budget
from services.slack.profile import GET, SET
from services.store.calendar_tables import CALENDARS, WATCHES
from services.store.db import Database
from services.store.stores import Stores
from services.store.tables import PEOPLE, PROFILE_STATES, WORKSPACES
from services.store.workspace_tables import OPERATOR_FAULTS, WORKSPACE_BUDGETS
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH

NOW = ManualClock().now()
SOON, LATER = NOW + timedelta(minutes=30), NOW + timedelta(days=2)


class Measured:
    """A process that is looked at."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        stores, clock = Stores(database, encryptor, ManualClock()), ManualClock()
        self.metrics = Metrics()
        self.owned = OwnedWorkspaces(OneProcess(), stores.budgets, clock)
        self.measuring = Measuring(self.metrics, stores.measures, self.owned, clock)

    async def look(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Every gauge with its labels' values, as it is told."""
        await self.measuring.measure()
        return {
            family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
            for family in self.metrics.registry.collect()
            if family.type == "gauge"
        }


@pytest.fixture
def measured(database: Database, encryptor: Encryptor) -> Measured:
    return Measured(database, encryptor)


async def _waits(database: Database, team: str, *writes: dict[str, Any], people: int = 0, **more: Any) -> None:
    """A workspace in which so many people have something pending, and `people` have nothing."""
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id=team, installed_at=NOW, **more))
        for number, write in enumerate([*writes, *[None] * people]):
            key = {"team_id": team, "user_id": f"U{number}"}
            await connection.execute(sa.insert(PEOPLE).values(**key, created_at=NOW, grant_state="ok"))
            if write is not None:
                row = {"seq": 2, "sent": 1, "wished_at": NOW - timedelta(seconds=6), **write}
                await connection.execute(sa.insert(PROFILE_STATES).values(**key, **row))


@BOTH
async def test_what_waits_is_told_by_size_and_what_is_late_by_what_it_waits_for(
    database: Database, measured: Measured
) -> None:
    full, spent = Budget(), Budget()
    for made, calls in ((full, 42), (spent, 20)):
        for _ in range(calls):
            made.done(made.take(SET, NOW), NOW)
    young, put_off, done = {"wished_at": NOW - timedelta(seconds=4)}, {"not_before": SOON}, {"sent": 2}
    await _waits(database, "T1", {}, young, put_off, done, {"not_before": NOW - timedelta(seconds=1)})
    await _waits(database, "T2", {}, {}, {}, people=8)
    await _waits(database, "T3", {}, people=1)
    await _waits(database, "T4", done, people=1)
    await _waits(database, "T5", {}, {})
    async with database.write() as connection:
        fault = {"team_id": "T5", "fault": "slack_tokens", "since": NOW, "seen_at": NOW}
        await connection.execute(sa.insert(OPERATOR_FAULTS).values(fault))
        for team, budget in (("T2", full), ("T3", spent)):
            values = {"team_id": team, "budget": budget.to_json(NOW, owned=False)}
            await connection.execute(sa.insert(WORKSPACE_BUDGETS).values(values))
    told = await measured.look()
    assert told["statusquo_database_up"] == {(): 1}
    assert told["statusquo_pending_wishes"] == {
        ("1-10",): 7, ("11-100",): 3, ("101-1000",): 0, ("1001+",): 0,
    }  # fmt: skip
    assert told["statusquo_late_statuses"] == {("limit",): 3, ("retry",): 1, ("fault",): 2, ("other",): 3}


@BOTH
async def test_without_a_worker_edges_and_what_was_typed_are_late_before_anybody_makes_a_wish_of_them(
    database: Database, measured: Measured
) -> None:
    await _waits(database, "T1", {}, people=5)
    long_ago, just_now = NOW - timedelta(seconds=6), NOW - timedelta(seconds=4)
    of_leave = {"team_id": "T1", "user_id": LEAVE, "created_at": NOW, "due_at": long_ago}
    people: list[dict[str, Any]] = [
        {"due_at": long_ago},  # is late by what waits already
        {"due_at": long_ago}, {"due_at": long_ago, "stale": True, "typed": True}, {"due_at": just_now},
        {"due_at": long_ago, "stale": True}, {"due_at": LATER},
    ]  # fmt: skip
    async with database.write() as connection:
        await connection.execute(sa.insert(PEOPLE).values(of_leave))
        for number, columns in enumerate(people):
            theirs = sa.update(PEOPLE).where(PEOPLE.c.user_id == f"U{number}")
            await connection.execute(theirs.values({"stale": False, "typed": False, **columns}))
    late = (await measured.look())["statusquo_late_statuses"]
    assert late == {("limit",): 0, ("retry",): 0, ("fault",): 0, ("other",): 3}


@BOTH
async def test_what_there_is_is_told_and_what_has_missed_its_renewal(database: Database, measured: Measured) -> None:
    ending, lasting = {"token_expires_at": SOON}, {"token_expires_at": LATER}
    people: list[dict[str, Any]] = [
        {"grant_state": "ok", **ending}, {"grant_state": "ok", **lasting}, {"grant_state": "ok"},
        {"grant_state": "lost", **ending}, {},
    ]  # fmt: skip
    await _waits(database, "T1", bot_token=SealedBytes(b"x"), bot_expires_at=SOON)
    await _waits(database, "T2", bot_token=None, bot_expires_at=SOON)
    row = {"team_id": "T1", "user_id": "U0", "address_digest": "", "created_at": NOW}
    async with database.write() as connection:
        for number, columns in enumerate(people):
            key = {"team_id": "T1", "user_id": f"U{number}"}
            await connection.execute(sa.insert(PEOPLE).values(**key, created_at=NOW, **columns))
        await connection.execute(sa.insert(PEOPLE).values(team_id="T1", user_id=LEAVE, created_at=NOW))
        for number, (health, due_at, failures, expires_at) in enumerate(
            [
                ("ok", SOON, 1, SOON), ("ok", SOON, 0, SOON), ("failing", None, 1, SOON), ("ok", SOON, 1, LATER),
                ("failing", SOON, 2, None),
            ]
        ):  # fmt: skip
            values = {**row, "calendar_id": f"c{number}", "provider": "google", "address_digest": str(number)}
            made = sa.insert(CALENDARS).values(**values, health=health, watch_due_at=due_at, watch_failures=failures)
            await connection.execute(made)
            watch = {"team_id": "T1", "user_id": "U0", "watch_id": str(number), "secret": "", "created_at": NOW}
            values = {**watch, "calendar_id": f"c{number}", "expires_at": expires_at}
            await connection.execute(sa.insert(WATCHES).values(values))
        gone = {"team_id": "T1", "user_id": "UGONE", "created_at": NOW}
        await connection.execute(sa.insert(PEOPLE).values(**gone, grant_state="deactivated", deactivated_at=NOW))
        at_rest = {**gone, "calendar_id": "r", "provider": "google", "address_digest": "r", "health": "failing"}
        await connection.execute(sa.insert(CALENDARS).values(**at_rest))
    told = await measured.look()
    assert told["statusquo_people"] == {("ok",): 3, ("lost",): 1, ("none",): 1, ("deactivated",): 1}
    assert told["statusquo_workspaces"] == {(): 2}
    assert told["statusquo_calendars"] == {("google", "ok"): 3, ("google", "failing"): 2}
    assert told["statusquo_tokens_ending"] == {("grant",): 1, ("bot",): 1, ("watch",): 1}


async def test_budget_is_told_of_the_workspace_that_has_used_most(database: Database, measured: Measured) -> None:
    await _waits(database, "T1")
    await _waits(database, "T2")
    await measured.owned.own({"T1", "T2"})
    for one, writes, reads in zip(measured.owned.owned, (12, 25), (19, 0), strict=True):
        for method, calls in ((SET, writes), (GET, reads)):
            for _ in range(calls):
                one.budget.take(method, NOW)
    assert (await measured.look())["statusquo_budget_used_ratio"] == {(SET,): 0.5, (GET,): 0.2}
    measured.owned.lost()
    assert (await measured.look())["statusquo_budget_used_ratio"] == {}


async def test_database_that_does_not_answer_leaves_the_rest_and_nothing_that_was(
    database: Database, measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _waits(database, "T1", {})
    monkeypatch.setattr(measuring, "FRESH", 0.0)
    assert (await measured.look())["statusquo_late_statuses"]["other",] == 1
    fetch = database.fetch

    async def broken(*_given: object) -> None:
        raise OperationalError(json.dumps({}), None, ConnectionError("down"))

    monkeypatch.setattr(database, "fetch", broken)
    told = await measured.look()
    assert told["statusquo_database_up"] == {(): 0}
    gone = ("late_statuses", "pending_wishes", "people", "calendars", "tokens_ending")
    assert [told[f"statusquo_{name}"] for name in gone] == [{}] * len(gone)
    assert len(told["statusquo_info"]) == 1
    monkeypatch.setattr(database, "fetch", fetch)
    told = await measured.look()
    assert (told["statusquo_database_up"], told["statusquo_people"]) == ({(): 1}, {("ok",): 1})


async def test_database_is_asked_once_in_a_while_however_many_look(
    database: Database, measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _waits(database, "T1", {})
    before = await measured.look()
    monkeypatch.setattr(database, "fetch", None)
    assert await measured.look() == before


@pytest.mark.parametrize(
    ("people", "name"), [(1, "1-10"), (10, "1-10"), (11, "11-100"), (1000, "101-1000"), (1001, "1001+")]
)
def test_size_of_a_workspace_is_one_of_four(people: int, name: str) -> None:
    assert size(people) == name
