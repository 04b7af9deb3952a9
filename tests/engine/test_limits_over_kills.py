"""Slack's limits hold over every kill and handover, whatever of a budget was not stored at that moment."""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.domain.model import PersonKey
from services.domain.profile_state import PendingWrite, ProfileState, Urgency
from services.engine.leases import OneProcess
from services.engine.profile_writer import ProfileWriter
from services.engine.workspaces import OwnedWorkspace, OwnedWorkspaces
from services.slack.calls import Calls, token_digest
from services.slack.profile import GET, SET
from tests.engine.test_owned_workspaces import Stored
from tests.support.clocks import ManualClock
from tests.support.few import few

OF_A_WORKSPACE, OF_A_PERSON = 50, 10
"""Calls of users.profile.set that Slack takes in any minute (docs.slack.dev: Tier 3, "Profile update limits")."""

MINUTE = timedelta(minutes=1)


@dataclass
class Seen:
    """Slack's count of one kind: when each call arrived, by whose it was."""

    most: int
    arrived: dict[str, deque[datetime]] = field(default_factory=dict)
    busiest: int = 0

    def count(self, whose: str, at: datetime) -> None:
        calls = self.arrived.setdefault(whose, deque())
        calls.append(at)
        while calls[0] <= at - MINUTE:
            calls.popleft()
        self.busiest = max(self.busiest, len(calls))
        assert self.busiest <= self.most


class Process:
    """What a process knows of one workspace; its calls reach Slack somewhere between their start and their end."""

    def __init__(self, stored: Stored, clock: ManualClock) -> None:
        queue: Any = stored
        self.clock = clock
        self.owned = OwnedWorkspaces(OneProcess(), queue, clock)
        nothing: Any = None
        self.writer = ProfileWriter(
            nothing, queue, clock, nothing, nothing, unknown_emoji=nothing, judge=nothing, wake_signal=nothing
        )  # fmt: skip
        self.under_way: dict[str, tuple[Calls, Any]] = {}

    async def own(self) -> OwnedWorkspace:
        await self.owned.own({"T1"})
        one = self.owned.get("T1")
        assert one is not None
        return one

    def start(self, workspace: OwnedWorkspace, user_id: str, urgency: int) -> bool:
        """As the sender does: where there is room for this person, and for one more whose calls are not stored."""
        write = pending(user_id, urgency, self.clock.now())
        if user_id in self.under_way or not self.owned.may_take(workspace, user_id):
            return False
        if self.writer.ready_at(write, workspace.budget) is not None:
            return False
        calls = self.writer.take(write, workspace.budget)
        self.owned.take(workspace, user_id)
        self.under_way[user_id] = calls, None
        return True

    async def goes_on(self, user_id: str, seen: tuple[Seen, Seen], *, written: bool) -> None:
        """Its read ends, and its write begins and arrives; or its write ends, or is not needed."""
        calls, call = self.under_way[user_id]
        if call is None and written:
            with calls.making(GET):
                pass
            call = calls.making(SET)
            call.__enter__()
            self.under_way[user_id] = calls, call
            seen[0].count("", self.clock.now())
            seen[1].count(user_id, self.clock.now())
            return
        if call is not None:
            call.__exit__(None, None, None)
        calls.close()
        del self.under_way[user_id]


def pending(user_id: str, urgency: int, now: datetime) -> PendingWrite:
    any_of: Any = None
    return PendingWrite(
        PersonKey("T1", user_id), 1, urgency, now, 0, granted=True, granted_at=now, token="xoxp", policy=any_of,
        pause=None, memory=ProfileState(owner=token_digest("xoxp")), span=None,
    )  # fmt: skip


@pytest.mark.parametrize("seed", few([0, 2, *range(4, 20)]))
async def test_limits_hold_however_often_a_process_is_killed_or_hands_over(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # orders of steps, no secrets
    stored, clock = Stored(), ManualClock()
    seen = Seen(OF_A_WORKSPACE), Seen(OF_A_PERSON)
    people = [f"U{number}" for number in range(dice.choice([3, 12, 80]))]
    kills = dice.choice([0.001, 0.004, 0.02])
    process = Process(stored, clock)
    workspace = await process.own()
    did: Counter[str] = Counter()
    for _ in range(6_000):
        what = dice.random()
        if what < kills:
            did["killed"] += 1
            process = Process(stored, clock)
            workspace = await process.own()
        elif what < kills * 1.2:
            did["handed over"] += 1
            while process.under_way:  # what is under way is recorded before
                await process.goes_on(next(iter(process.under_way)), seen, written=True)
            await process.owned._release(every=True)
            process = Process(stored, clock)
            workspace = await process.own()
        elif what < 0.08:
            await process.owned.store()
        elif what < 0.45:
            urgency = dice.choice([Urgency.TYPED, Urgency.MEETING])
            did["started"] += process.start(workspace, dice.choice(people), urgency)
        elif what < 0.8 and process.under_way:
            await process.goes_on(dice.choice(list(process.under_way)), seen, written=dice.random() < 0.9)
        else:
            clock.move(seconds=dice.choice([0.01, 0.05, 0.1, 0.5, 1.0]))
    assert did["started"] > 100
    assert did["killed"]
