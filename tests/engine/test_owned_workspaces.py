"""What a process owns is its own alone, whatever fails meanwhile; and its budgets are stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.engine import workspaces
from services.engine.leases import OneProcess
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.slack.limits import ALLOWANCE, LIMITS, STATUS
from tests.support.clocks import ManualClock
from tests.support.engine import until

SET = "users.profile.set"


class Stored:
    """The budgets' table; `fails` of its next stores fail."""

    def __init__(self) -> None:
        self.budgets_stored: dict[str, str] = {}
        self.fails = 0
        self.while_read: Callable[[], None] = lambda: None

    async def budgets(self, teams: Collection[str]) -> dict[str, str]:
        self.while_read()
        return {team_id: self.budgets_stored[team_id] for team_id in teams if team_id in self.budgets_stored}

    async def save_budgets(self, budgets: Mapping[str, str]) -> None:
        await asyncio.sleep(0)
        if budgets and self.fails:
            self.fails -= 1
            raise OSError("database is away")
        self.budgets_stored.update(budgets)


class Acquiring(OneProcess):
    """Counts how often each workspace is acquired and released."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[str] = []

    async def acquire(self, teams: Collection[str]) -> set[str]:
        self.held += sorted(teams)
        return set(teams)

    async def release(self, teams: Collection[str]) -> None:
        for team_id in teams:
            self.held.remove(team_id)


@pytest.fixture
def stored() -> Stored:
    return Stored()


def made(stored: Stored, leases: OneProcess | None = None) -> OwnedWorkspaces:
    budgets: Any = stored
    return OwnedWorkspaces(leases or OneProcess(), budgets, ManualClock())


@asynccontextmanager
async def running(owned: OwnedWorkspaces) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(owned.run(stop))
    yield
    stop.set()
    await task


async def own(owned: OwnedWorkspaces, team_id: str = "T1") -> OwnedWorkspace:
    await owned.own({team_id})
    one = owned.get(team_id)
    assert one is not None
    return one


async def test_workspace_that_is_lost_while_it_is_being_acquired_is_not_owned(stored: Stored) -> None:
    """Its lock went with the connection, and another process may have it by now."""
    owned = made(stored)
    stored.while_read = owned.lost
    await owned.own({"T1"})
    assert owned.get("T1") is None
    stored.while_read = lambda: None
    assert await own(owned) is owned.get("T1")


async def test_stored_budget_that_cannot_be_read_is_told_of_and_holds_up_no_workspace(stored: Stored) -> None:
    stored.budgets_stored |= {"T1": "[]", "T2": "{}"}
    owned = made(stored)
    with capture_logs() as logged:
        await owned.own({"T1", "T2"})
    assert [(line["event"], line["team_id"]) for line in logged] == [("budget_unreadable", "T1")]
    assert {one.team_id for one in owned.owned} == {"T1", "T2"}
    now = ManualClock().now()
    for team_id, made_as_it_were in (("T1", ALLOWANCE), ("T2", 0)):
        budget = (await own(owned, team_id)).budget
        for _ in range(LIMITS[SET] - made_as_it_were):
            assert budget.ready_at(SET, now) is None
            budget.take(SET, now)
        assert budget.ready_at(SET, now) is not None


async def test_budget_that_could_not_be_stored_is_stored_soon_after(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody of that workspace would be written to: as many were as may be before it is stored."""
    monkeypatch.setattr(workspaces, "STORE_EVERY", 0.05)
    owned = made(stored)
    one = await own(owned)
    async with running(owned):
        stored.fails = 1
        for number in range(one.budget.allowance(STATUS)):
            owned.take(one, f"U{number}")
        await until(lambda: stored.fails == 0)
        await until(lambda: not one.unsaved[STATUS], 2)


async def test_workspace_that_could_not_be_released_is_released_later(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its lock stays with a process that does not use it."""
    monkeypatch.setattr(workspaces, "STORE_EVERY", 0.05)
    monkeypatch.setattr(workspaces, "IDLE", 0.05)
    leases = Acquiring()
    owned = made(stored, leases)
    await own(owned)
    async with running(owned):
        stored.fails = 1
        await until(lambda: leases.held == [], 2)
