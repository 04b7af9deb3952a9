"""Writes stay within Slack's limits, what matters most goes first, and refusals are obeyed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from emulators.faults import Fault
from services.domain.model import Event, EventType, PersonKey
from tests.support.engine import GET, SET, TEAM, World, absence, meeting, until


async def test_hundred_and_twenty_people_due_at_once_are_all_written_and_slack_never_refuses(world: World) -> None:
    await world.replica().start()
    start = world.clock.now() + timedelta(hours=1)
    keys = [await world.person(f"U{number}", team_id=TEAM) for number in range(120)]
    for key in keys:
        await world.has(key, meeting(start, 60))
    await world.settled(30)
    world.clock.move(hours=1)
    await until(lambda: len(world.written()) == 40, 60)  # a minute's worth goes at once, a little is kept back
    for _ in range(
        300
    ):  # two minutes are enough, but what is noted late, on a busy machine, is free again as much later
        if len(world.written()) == 120:
            break
        world.clock.move(seconds=1)
        await asyncio.sleep(0.005)  # what has been answered is taken note of at this second, not later
    await world.settled(60)
    assert sorted(call.user_id for call in world.calls(SET)) == sorted(key.user_id for key in keys)
    assert {call.http_status for call in world.calls()} == {200}


async def test_what_was_typed_goes_first_then_absences_then_meetings_then_the_rest(world: World) -> None:
    replica = world.replica(at_once=1)
    now = world.clock.now()
    focus = Event(calendar_id="c1", uid="f", start=now, end=now + timedelta(hours=1), type=EventType.FOCUS)
    for user_id, event in (("UFOCUS", focus), ("UMEET", meeting(now)), ("UOUT", absence(now))):
        await world.has(await world.person(user_id), event)
    await world.says(await world.person("UTYPED"), "Lunch", until=now + timedelta(hours=1))
    await replica.tick()  # all four wait for the sender
    await replica.start()
    await until(lambda: len(world.written()) == 4)
    assert [call.user_id for call in world.calls(SET)] == ["UTYPED", "UOUT", "UMEET", "UFOCUS"]


async def test_more_urgent_wish_overtakes_those_that_wait_for_the_budget(world: World) -> None:
    await world.replica(limits={SET: 2, GET: 95}).start()
    now = world.clock.now()
    for number in range(5):
        await world.has(await world.person(f"U{number}"), meeting(now, 60))
    await until(lambda: len(world.written()) == 2)
    await world.says(await world.person("UTYPED"), "Lunch", until=now + timedelta(hours=1))
    await until(world.ticked)
    world.clock.move(seconds=61)
    await until(lambda: len(world.written()) == 4)
    assert "UTYPED" in {call.user_id for call in world.calls(SET)[2:]}  # one of the two that the budget lets through


async def test_what_is_typed_does_not_wait_for_the_minute_that_an_hours_start_used_up(world: World) -> None:
    await world.replica(limits={SET: 12, GET: 95}).start()
    now = world.clock.now()
    for number in range(14):
        await world.has(await world.person(f"U{number}"), meeting(now, 60))
    await until(lambda: len(world.written()) == 10)
    await world.says(await world.person("UTYPED"), "Lunch", until=now + timedelta(hours=1))
    await until(lambda: world.written("UTYPED") == ["Lunch"])
    assert len(world.written()) == 11


async def test_status_that_changed_while_waiting_is_written_once_with_the_newest(world: World) -> None:
    await world.replica(limits={SET: 1, GET: 95}).start()
    now = world.clock.now()
    await world.has(await world.person("U1"), meeting(now, 60))
    await until(lambda: world.written() == ["In a meeting"])
    waiting = await world.person("U2")
    for number, text in enumerate(["One", "Two", "Three"]):
        await world.says(waiting, text, until=now + timedelta(hours=1), name=f"o{number}")
        await until(world.ticked)
        world.clock.move(seconds=1)
    world.clock.move(seconds=60)
    await until(lambda: len(world.written()) == 2)
    await world.settled()
    assert world.written("U2") == ["Three"]


async def test_one_person_is_written_to_at_most_ten_times_a_minute(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    now = world.clock.now()
    for number in range(14):
        await world.says(key, f"Text {number}", until=now + timedelta(hours=1), name=f"o{number}")
        await until(world.ticked)
        if number < 9:
            await until(lambda number=number: world.status()[0] == f"Text {number}")  # type: ignore[misc]  # the loop's value
        world.clock.move(seconds=1)
    world.clock.move(seconds=60)
    await until(lambda: world.status()[0] == "Text 13")
    assert {call.http_status for call in world.calls()} == {200}
    assert len(world.written()) == 10


async def test_retry_after_is_obeyed_and_another_workspace_is_not_held_up(world: World) -> None:
    await world.replica().start()
    now = world.clock.now()
    world.slack.faults.add(Fault(SET, retry_after=30, team_id=TEAM))
    await world.has(await world.person("U1"), meeting(now))
    await until(lambda: len(world.calls(SET)) == 1)
    await world.has(await world.person("U2", team_id="T2"), meeting(now))
    await until(lambda: world.status("U2")[0] == "In a meeting")
    world.clock.move(seconds=29)
    await nothing_happens(world)
    assert len(world.calls(SET, user="U1")) == 1
    world.clock.move(seconds=1)
    await until(lambda: world.status("U1")[0] == "In a meeting")
    assert [call.http_status for call in world.calls(SET, user="U1")] == [429, 200]


async def test_one_refusal_holds_up_twenty_who_type_for_as_long_as_it_says_and_no_longer(world: World) -> None:
    await world.replica().start()
    now = world.clock.now()
    world.slack.faults.add(Fault(SET, retry_after=1, team_id=TEAM))
    await world.says(await world.person("U0"), "Lunch", until=now + timedelta(hours=1))
    await until(lambda: len(world.calls(SET)) == 1)
    for number in range(1, 20):
        await world.says(await world.person(f"U{number}"), "Lunch", until=now + timedelta(hours=1))
    await until(world.ticked)
    world.clock.move(seconds=1)
    await until(lambda: len(world.written()) == 20)


async def test_ratelimited_in_a_200_is_obeyed_with_growing_pauses(world: World) -> None:
    await world.replica().start()
    world.slack.faults.add(Fault(SET, error="ratelimited", times=2))
    await world.has(await world.person(), meeting(world.clock.now()))
    await until(lambda: len(world.calls(SET)) == 1)
    await nothing_happens(world)
    world.clock.move(seconds=5)
    await until(lambda: len(world.calls(SET)) == 2)
    await nothing_happens(world)  # the answer is worked in before time goes on
    world.clock.move(seconds=5)
    await nothing_happens(world)
    assert len(world.calls(SET)) == 2
    world.clock.move(seconds=5)
    await until(lambda: world.status()[0] == "In a meeting")
    assert len(world.calls(SET)) == 3


async def nothing_happens(world: World) -> None:
    """Give whatever might wrongly happen time to happen."""
    before = len(world.slack.calls)
    await asyncio.sleep(0.3)
    assert len(world.slack.calls) == before


async def test_new_owner_of_a_lane_does_not_burst(world: World) -> None:
    limits = {SET: 5, GET: 95}
    now = world.clock.now()
    keys: list[PersonKey] = [await world.person(f"U{number}") for number in range(12)]
    for key in keys:
        await world.has(key, meeting(now, 60))
    first = world.replica(limits=limits)
    await first.start()
    await until(lambda: len(world.written()) == 5)
    await first.stop()
    world.clock.move(seconds=10)
    second = world.replica(limits=limits)
    await second.start()
    await nothing_happens_to_writes(world)
    assert len(world.written()) == 5
    world.clock.move(seconds=51)
    await until(lambda: len(world.written()) == 10)


async def nothing_happens_to_writes(world: World) -> None:
    before = len(world.calls(SET))
    await asyncio.sleep(0.3)
    assert len(world.calls(SET)) == before


async def test_lane_that_may_not_write_still_delivers_notices(world: World) -> None:
    await world.replica(limits={SET: 1, GET: 95}).start()
    now = world.clock.now()
    for number in range(2):
        await world.has(await world.person(f"U{number}"), meeting(now, 60))
    await until(lambda: len(world.written()) == 1)
    key = await world.person("U5", granted=False)
    async with world.database.write() as connection:
        await world.replicas[0].notices.tell(connection, key, "calendar/c1")
    await until(lambda: len(world.slack.direct_messages("U5")) == 1)
    assert len(world.written()) == 1
