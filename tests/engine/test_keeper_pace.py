"""Many whose leave begins at once: Slack's pace, the longest absence first, and room for members' own statuses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.domain.model import PersonKey, Status
from services.slack.limits import KEPT
from tests.support.engine import SET, TEAM, RunningEngine, meeting
from tests.support.keeper import ADMIN, KeptWorkspace, a_kept_workspace

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

AT_ONCE = 4
"""Members whom one workspace's keeper looks at at the same time: so far may their order be another."""


async def many(kept: KeptWorkspace, count: int) -> list[str]:
    """Members whose leave begins at the same instant, in an hour; the later ones are away longer."""
    users = [f"U{number:04}" for number in range(count)]
    for user_id in users:
        kept.engine.slack.add_person(user_id, user_id.lower())
    await kept.slack_tells(*users)
    for number, user_id in enumerate(users):
        await kept.has_leave(user_id, begins=60, ends=600 + number)
    return users


async def drains(kept: KeptWorkspace, writes: int, *, step: float = 10.0, most: float = 60.0) -> float:
    """Let time pass until so many profiles were set; the minutes that it took."""
    began = kept.engine.clock.now()
    while len(kept.engine.written()) < writes:
        passed = (kept.engine.clock.now() - began) / timedelta(minutes=1)
        assert passed < most, f"{len(kept.engine.written())} of {writes} after {passed} minutes"
        kept.engine.clock.move(seconds=step)
        await kept.engine.rests()
    return (kept.engine.clock.now() - began) / timedelta(minutes=1)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [80, pytest.param(500, marks=pytest.mark.slow)])
async def test_absences_that_begin_at_once_drain_at_slacks_pace_longest_first(
    engine: RunningEngine, count: int
) -> None:
    kept = await a_kept_workspace(engine)
    users = await many(kept, count)
    typed = users[count // 2]
    await kept.goes_on(60)
    engine.clock.move(seconds=1)
    engine.slack.type_status(typed, "Still here", ":wave:")
    now = engine.clock.now()
    assert await kept.replica.kept.see(PersonKey(TEAM, typed), Status("Still here", ":wave:"), now, now)
    minutes = await drains(kept, count - 1)
    assert minutes < count / 26 + 1.5
    calls = engine.calls(SET)
    assert all(call.ok for call in engine.calls()), [call for call in engine.calls() if not call.ok][:3]
    assert {call.user_id for call in calls} == {ADMIN}
    order = [users.index(call.arguments["user"]) for call in calls]
    assert len(set(order)) == len(order) == count - 1
    wanted = sorted(order, reverse=True)
    assert max(abs(wanted.index(one) - place) for place, one in enumerate(order)) <= AT_ONCE
    assert kept.text(typed) == "Still here"
    assert {kept.text(one)[:19] for one in users if one != typed} == {"Out of office until"}


@pytest.mark.slow
async def test_members_own_statuses_come_first_and_leave_ten_a_minute_to_the_keeper(engine: RunningEngine) -> None:
    kept = await a_kept_workspace(engine)
    absent = await many(kept, 24)
    people = 80
    for number in range(people):
        key = await engine.person(f"UP{number}")
        await engine.has(key, meeting(kept.at(60), 90))
    await engine.rests()
    await kept.goes_on(60)

    def in_minute(number: int) -> tuple[int, int]:
        """How many statuses were set of the keeper's, and of members' own, in that minute."""
        since = kept.at(60) + timedelta(minutes=number)
        calls = [call for call in engine.calls(SET) if since <= call.at < since + timedelta(minutes=1)]
        of_keeper = sum("user" in call.arguments for call in calls)
        return of_keeper, len(calls) - of_keeper

    await drains(kept, len(absent) + people)
    assert all(call.ok for call in engine.calls())
    by_keeper, own = in_minute(0)
    assert 8 <= by_keeper <= 10  # at least ten in a minute of its own, which begins at its first call
    assert own >= 30  # the others are left for what people type
    assert sum(in_minute(number)[0] for number in range(3)) >= 22
    assert in_minute(1)[0] <= 12


async def test_what_is_to_be_taken_off_goes_before_whoever_waits(engine: RunningEngine) -> None:
    kept = await a_kept_workspace(engine)
    users = await many(kept, 60)
    await kept.goes_on(60)
    first = users[-1]
    assert kept.text(first) != ""
    await kept.replica.refusals.put(PersonKey(TEAM, first), "keeper", engine.clock.now())
    await kept.goes_on(61)
    assert kept.text(first) == ""
    assert len(engine.written()) < len(users)


async def test_admin_whose_token_it_is_is_written_to_in_between(engine: RunningEngine) -> None:
    kept = await a_kept_workspace(engine)
    await many(kept, 60)
    await kept.goes_on(60)
    for number in range(3):
        engine.clock.move(seconds=10)
        await engine.says(kept.admin, f"Busy {number}", name=f"o{number}")
        await engine.rests()
        assert kept.text(ADMIN) == f"Busy {number}"
    await drains(kept, 63)
    assert all(call.ok for call in engine.calls())
    assert KEPT not in {call.method for call in engine.calls()}
