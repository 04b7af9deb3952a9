"""Writes stay within Slack's limits, what matters most goes first, and refusals are obeyed."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from emulators.faults import Fault
from services.domain.model import Event, EventType, PersonKey
from tests.support.databases import BOTH
from tests.support.engine import GET, SET, TEAM, RunningEngine, absence, meeting, until

ALERTS = Path(__file__).resolve().parents[2] / "deploy" / "alerts.yaml"


async def test_hundred_and_twenty_people_due_at_once_are_all_written_and_slack_never_refuses(
    engine: RunningEngine,
) -> None:
    await engine.replica().start()
    start = engine.clock.now() + timedelta(hours=1)
    keys = [await engine.person(f"U{number}", team_id=TEAM) for number in range(120)]
    for key in keys:
        await engine.has(key, meeting(start, 60))
    await engine.settled(30)
    engine.clock.move(hours=1)
    await until(lambda: len(engine.written()) == 42, 60)  # a minute's worth goes at once, a little is kept back
    while len(engine.written()) < 120:
        assert engine.clock.now() < start + timedelta(minutes=3)  # two minutes are enough, as Slack counts
        engine.clock.move(seconds=5)
        await engine.rests()
    await engine.settled(60)
    assert sorted(call.user_id for call in engine.calls(SET)) == sorted(key.user_id for key in keys)
    assert {call.http_status for call in engine.calls()} == {200}


@pytest.mark.slow
async def test_alert_tells_of_a_workspace_whose_calendars_want_more_than_slack_takes(engine: RunningEngine) -> None:
    replica = engine.replica()
    await replica.start()
    now = engine.clock.now()
    for number in range(60):
        await engine.has(await engine.person(f"U{number}"), meeting(now, 60))
    await until(lambda: len(engine.written()) == 42, 60)
    (rule,) = re.findall(r"expr: max by \(method\) \(statusquo_budget_used_ratio\) > ([\d.]+)", ALERTS.read_text())
    (workspace,) = replica.workspaces.owned
    assert workspace.budget.used(now)[SET] > float(rule)


async def test_what_was_typed_goes_first_then_absences_then_meetings_then_the_rest(engine: RunningEngine) -> None:
    replica = engine.replica(at_once=1)
    now = engine.clock.now()
    focus = Event(calendar_id="c1", uid="f", start=now, end=now + timedelta(hours=1), type=EventType.FOCUS)
    for user_id, event in (("UFOCUS", focus), ("UMEET", meeting(now)), ("UOUT", absence(now))):
        await engine.has(await engine.person(user_id), event)
    await engine.says(await engine.person("UTYPED"), "Lunch", until=now + timedelta(hours=1))
    await replica.tick()  # all four wait for the sender
    await replica.start()
    await until(lambda: len(engine.written()) == 4)
    assert [call.user_id for call in engine.calls(SET)] == ["UTYPED", "UOUT", "UMEET", "UFOCUS"]


@BOTH
async def test_more_urgent_wish_overtakes_those_that_wait_for_the_budget(engine: RunningEngine) -> None:
    await engine.replica(limits={SET: 2, GET: 95}).start()
    now = engine.clock.now()
    for number in range(5):
        await engine.has(await engine.person(f"U{number}"), meeting(now, 60))
    await until(lambda: len(engine.written()) == 2)
    await engine.says(await engine.person("UTYPED"), "Lunch", until=now + timedelta(hours=1))
    await until(engine.ticked)
    engine.clock.move(seconds=61)
    await until(lambda: len(engine.written()) == 4)
    assert "UTYPED" in {call.user_id for call in engine.calls(SET)[2:]}  # one of the two that the budget lets through


async def test_what_is_typed_does_not_wait_for_the_minute_that_an_hours_start_used_up(engine: RunningEngine) -> None:
    await engine.replica(limits={SET: 12, GET: 95}).start()
    now = engine.clock.now()
    for number in range(14):
        await engine.has(await engine.person(f"U{number}"), meeting(now, 60))
    await until(lambda: len(engine.written()) == 10)
    await engine.says(await engine.person("UTYPED"), "Lunch", until=now + timedelta(hours=1))
    await until(lambda: engine.written("UTYPED") == ["Lunch"])
    assert len(engine.written()) == 11


async def test_status_that_changed_while_waiting_is_written_once_with_the_newest(engine: RunningEngine) -> None:
    await engine.replica(limits={SET: 1, GET: 95}).start()
    now = engine.clock.now()
    await engine.has(await engine.person("U1"), meeting(now, 60))
    await until(lambda: engine.written() == ["In a meeting"])
    waiting = await engine.person("U2")
    for number, text in enumerate(["One", "Two", "Three"]):
        await engine.says(waiting, text, until=now + timedelta(hours=1), name=f"o{number}")
        await until(engine.ticked)
        engine.clock.move(seconds=1)
    engine.clock.move(seconds=60)
    await until(lambda: len(engine.written()) == 2)
    await engine.settled()
    assert engine.written("U2") == ["Three"]


async def test_one_person_is_written_to_at_most_ten_times_a_minute(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    now = engine.clock.now()
    for number in range(14):
        await engine.says(key, f"Text {number}", until=now + timedelta(hours=1), name=f"o{number}")
        await until(engine.ticked)
        if number < 9:
            await until(lambda number=number: engine.status()[0] == f"Text {number}")  # type: ignore[misc]  # the loop's value
        engine.clock.move(seconds=1)
    engine.clock.move(seconds=60)
    await until(lambda: engine.status()[0] == "Text 13")
    assert {call.http_status for call in engine.calls()} == {200}
    assert len(engine.written()) == 10


async def test_retry_after_is_obeyed_and_another_workspace_is_not_held_up(engine: RunningEngine) -> None:
    await engine.replica().start()
    now = engine.clock.now()
    engine.slack.faults.add(Fault(SET, retry_after=30, team_id=TEAM))
    await engine.has(await engine.person("U1"), meeting(now))
    await until(lambda: len(engine.calls(SET)) == 1)
    await engine.has(await engine.person("U2", team_id="T2"), meeting(now))
    await until(lambda: engine.status("U2")[0] == "In a meeting")
    engine.clock.move(seconds=29)
    await nothing_happens(engine)
    assert len(engine.calls(SET, user="U1")) == 1
    engine.clock.move(seconds=1)
    await until(lambda: engine.status("U1")[0] == "In a meeting")
    assert [call.http_status for call in engine.calls(SET, user="U1")] == [429, 200]


async def test_one_refusal_holds_up_twenty_who_type_for_as_long_as_it_says_and_no_longer(engine: RunningEngine) -> None:
    await engine.replica().start()
    now = engine.clock.now()
    engine.slack.faults.add(Fault(SET, retry_after=1, team_id=TEAM))
    await engine.says(await engine.person("U0"), "Lunch", until=now + timedelta(hours=1))
    await until(lambda: len(engine.calls(SET)) == 1)
    for number in range(1, 20):
        await engine.says(await engine.person(f"U{number}"), "Lunch", until=now + timedelta(hours=1))
    await until(engine.ticked)
    engine.clock.move(seconds=1)
    await until(lambda: len(engine.written()) == 20)


async def test_ratelimited_in_a_200_is_obeyed_with_growing_pauses(engine: RunningEngine) -> None:
    await engine.replica().start()
    engine.slack.faults.add(Fault(SET, error="ratelimited", times=2))
    await engine.has(await engine.person(), meeting(engine.clock.now()))
    await until(lambda: len(engine.calls(SET)) == 1)
    await nothing_happens(engine)
    engine.clock.move(seconds=5)
    await until(lambda: len(engine.calls(SET)) == 2)
    await nothing_happens(engine)  # the answer is worked in before time goes on
    engine.clock.move(seconds=5)
    await nothing_happens(engine)
    assert len(engine.calls(SET)) == 2
    engine.clock.move(seconds=5)
    await until(lambda: engine.status()[0] == "In a meeting")
    assert len(engine.calls(SET)) == 3


async def nothing_happens(engine: RunningEngine) -> None:
    """What has gone wrong once is not tried again at this instant."""
    before = len(engine.slack.calls)
    await engine.rests()
    assert len(engine.slack.calls) == before


async def test_new_owner_of_a_lane_does_not_burst(engine: RunningEngine) -> None:
    limits = {SET: 5, GET: 95}
    now = engine.clock.now()
    keys: list[PersonKey] = [await engine.person(f"U{number}") for number in range(12)]
    for key in keys:
        await engine.has(key, meeting(now, 60))
    first = engine.replica(limits=limits)
    await first.start()
    await until(lambda: len(engine.written()) == 5)
    await first.stop()
    engine.clock.move(seconds=10)
    second = engine.replica(limits=limits)
    await second.start()
    await engine.rests()
    assert len(engine.written()) == 5
    engine.clock.move(seconds=51)
    await until(lambda: len(engine.written()) == 10)


async def test_lane_that_may_not_write_still_delivers_notices(engine: RunningEngine) -> None:
    await engine.replica(limits={SET: 1, GET: 95}).start()
    now = engine.clock.now()
    for number in range(2):
        await engine.has(await engine.person(f"U{number}"), meeting(now, 60))
    await until(lambda: len(engine.written()) == 1)
    key = await engine.person("U5", granted=False)
    async with engine.database.write() as connection:
        await engine.replicas[0].notices.tell(connection, key, "calendar/c1")
    await until(lambda: len(engine.slack.direct_messages("U5")) == 1)
    assert len(engine.written()) == 1
