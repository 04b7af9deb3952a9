"""Slack answers nobody for a while, and then again: whoever waits for that waits no longer than it takes to notice."""

from __future__ import annotations

from emulators.faults import Fault
from services.engine.outage import ASK_EVERY
from tests.support.engine import GET, RunningEngine, meeting, until

PEOPLE = ("U1", "U2", "U3")


async def in_meetings(engine: RunningEngine) -> None:
    for user_id in PEOPLE:
        await engine.has(await engine.person(user_id), meeting(engine.clock.now(), 60, uid=user_id))
    await engine.rests()


def shown(engine: RunningEngine) -> list[str]:
    return [engine.status(user_id)[0] for user_id in PEOPLE]


async def passes(engine: RunningEngine, seconds: float) -> None:
    """Time goes by, and what is to be done on the way is done when its time has come."""
    end = engine.clock.now().timestamp() + seconds
    while engine.clock.now().timestamp() < end:
        engine.clock.move_to(engine.clock.now() + ASK_EVERY)
        await engine.rests()


async def test_once_slack_answers_again_all_that_waited_are_written_at_once(engine: RunningEngine) -> None:
    outage = engine.slack.faults.add(Fault("*", status=503, times=None))
    await engine.replica().start()
    await in_meetings(engine)
    await passes(engine, 90)
    assert len(engine.calls(GET)) <= 6 * len(PEOPLE)
    assert len(engine.calls("api.test")) <= 91 / ASK_EVERY.total_seconds() + 1
    engine.slack.faults.remove(outage)
    engine.clock.move_to(engine.clock.now() + ASK_EVERY)
    await until(lambda: shown(engine) == ["In a meeting"] * len(PEOPLE))
    await engine.rests()
    asked = len(engine.calls("api.test"))
    await passes(engine, 20)
    assert len(engine.calls("api.test")) == asked


async def test_one_method_that_fails_is_no_outage_and_hastens_nobody(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(GET, status=503, times=None))
    await engine.replica().start()
    await in_meetings(engine)
    await passes(engine, 60)
    assert 4 * len(PEOPLE) <= len(engine.calls(GET)) <= 6 * len(PEOPLE)  # 0, 2, 6, 14, 30 s, or a little later


async def test_who_starts_after_an_outage_tries_what_waits_at_once(engine: RunningEngine) -> None:
    outage = engine.slack.faults.add(Fault("*", status=503, times=None))
    replica = engine.replica()
    await replica.start()
    await in_meetings(engine)
    await passes(engine, 70)
    engine.slack.faults.remove(outage)
    await engine.replaced(replica)
    await until(lambda: shown(engine) == ["In a meeting"] * len(PEOPLE))
