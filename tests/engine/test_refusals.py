"""What Slack refuses for good: a few tries, far apart, each with its reason. Blocked is told once, until it worked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emulators.faults import Fault
from services.domain.model import PersonKey
from services.slack.limits import Budget
from tests.support.engine import GET, SET, RunningEngine, meeting
from tests.support.replica import Replica

REFUSED = [(SET, "too_long"), (GET, "user_not_found")]
BLOCKED = [(SET, "access_denied"), (GET, "enterprise_is_restricted")]


async def passes(engine: RunningEngine, replica: Replica, key: PersonKey, **time: float) -> None:
    """Let `time` pass in steps of half an hour, doing at each whatever may be done."""
    for _ in range(int(timedelta(**time) / timedelta(minutes=30))):
        await due(engine, replica, key)
        engine.clock.move(minutes=30)


async def due(engine: RunningEngine, replica: Replica, key: PersonKey) -> None:
    await replica.tick()
    for wish in (await replica.queue.most_urgent(engine.clock.now(), 1))[0]:
        await replica.writer.carry_out(wish, replica.writer.take(wish, Budget()))


async def in_a_long_meeting(engine: RunningEngine, replica: Replica) -> PersonKey:
    key = await engine.person()
    await engine.has(key, meeting(engine.clock.now(), 60 * 24))
    return key


@pytest.mark.parametrize(("method", "code"), REFUSED)
async def test_what_slack_refuses_is_tried_a_few_times_and_leaves_its_reason(
    engine: RunningEngine, method: str, code: str
) -> None:
    replica = engine.replica()
    key = await in_a_long_meeting(engine, replica)
    engine.slack.faults.add(Fault(method, error=code, times=None))
    await passes(engine, replica, key, hours=4)
    tries = len(engine.calls(GET))
    assert tries == 4
    lines = await replica.writes.recent(key, 100)
    assert [line.reason.code for line in lines] == ["refused"] * tries
    assert lines[0].outcome.endswith(f":{code}")
    engine.slack.faults.clear()
    await passes(engine, replica, key, hours=1)
    assert len(engine.calls(GET)) == tries  # nothing has changed
    await engine.has(key, meeting(engine.clock.now(), 60, uid="another"))
    await due(engine, replica, key)
    assert engine.status()[0] == "In a meeting"


async def test_refusal_that_passes_is_made_good_within_two_minutes(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await in_a_long_meeting(engine, replica)
    engine.slack.faults.add(Fault(SET, error="invalid_profile"))
    await due(engine, replica, key)
    engine.clock.move(minutes=2)
    await due(engine, replica, key)
    assert engine.status()[0] == "In a meeting"
    assert (await engine.memory(key)).refusals == 0


async def test_refusal_of_one_status_does_not_hold_up_the_next(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person()
    now = engine.clock.now()
    await engine.has(key, meeting(now, 30), meeting(now + timedelta(minutes=30), 30, uid="next", show_as="oof"))
    engine.slack.faults.add(Fault(SET, error="too_long"))
    await due(engine, replica, key)
    engine.clock.move(minutes=30)
    await due(engine, replica, key)
    assert engine.status()[0] != ""


@pytest.mark.parametrize(("method", "code"), BLOCKED)
async def test_blocked_is_told_once_and_again_only_after_it_worked(
    engine: RunningEngine, method: str, code: str
) -> None:
    replica = engine.replica()
    key = await in_a_long_meeting(engine, replica)
    engine.slack.faults.add(Fault(method, error=code, times=None))
    await passes(engine, replica, key, hours=4)
    assert len(engine.calls(GET)) == 3  # at once, after one hour, after two more
    assert [line.reason.code for line in await replica.writes.recent(key, 100)] == ["blocked"] * 3
    assert await told(engine, replica, key) == ["blocked"]
    engine.slack.faults.clear()
    await passes(engine, replica, key, hours=5)
    assert engine.status()[0] == "In a meeting"
    assert await told(engine, replica, key) == []
    engine.slack.faults.add(Fault(method, error=code, times=None))
    await engine.has(key, meeting(engine.clock.now(), 60, uid="another"))
    await due(engine, replica, key)
    assert await told(engine, replica, key) == ["blocked"]


async def told(engine: RunningEngine, replica: Replica, key: PersonKey) -> list[str]:
    """What the person is to be told, now sent."""
    notices = await replica.notices.due(engine.clock.now(), 10)
    for notice in notices:
        await replica.notices.sent(notice, engine.clock.now())
    return [notice.subject for notice in notices]


async def test_outage_that_lasts_leaves_one_line(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await in_a_long_meeting(engine, replica)
    engine.slack.faults.add(Fault(SET, status=503, times=None))
    await passes(engine, replica, key, hours=4)
    assert len(engine.calls(SET)) == 8
    assert [line.reason.code for line in await replica.writes.recent(key, 100)] == ["unreachable"]


async def test_emoji_that_is_refused_in_place_of_another_leaves_its_reason(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await in_a_long_meeting(engine, replica)
    engine.slack.faults.add(Fault(SET, error="profile_status_set_failed_not_valid_emoji", times=None))
    await passes(engine, replica, key, hours=2)
    assert len(engine.calls(SET)) == 2
    assert [line.reason.code for line in await replica.writes.recent(key, 100)] == ["refused"]
