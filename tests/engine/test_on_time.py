"""Statuses change when events start, and are gone when they end: the engine against a local Slack."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.platform.clock import SystemClock
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.engine import GET, SET, World, absence, meeting, open_world, until


async def test_status_is_written_at_the_edge_with_the_end_of_its_span(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    start = world.clock.now() + timedelta(hours=1)
    await world.has(key, meeting(start))
    await world.settled()
    assert world.calls() == []
    world.clock.move(minutes=60)
    await until(lambda: world.written() == ["In a meeting"])
    end = int((start + timedelta(minutes=30)).timestamp())
    assert world.status() == ("In a meeting", ":spiral_calendar_pad:", end)


async def test_profile_is_read_once_and_left_where_slack_cleared_it_at_the_end(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    await world.has(key, meeting(world.clock.now()))
    await until(lambda: world.written() == ["In a meeting"])
    await world.settled()
    world.slack.calls.clear()
    world.clock.move(minutes=30)
    await world.settled()
    assert world.calls() == []
    world.clock.move(seconds=20)
    await until(lambda: len(world.calls(GET)) == 1)
    await world.settled()
    world.clock.move(hours=3)
    await world.settled()
    assert [call.method for call in world.calls()] == [GET]
    assert world.status() == ("", "", 0)


async def test_status_is_cleared_where_slack_did_not_clear_it_at_the_end(world: World) -> None:
    world.slack.expiry.works = False
    await world.replica().start()
    key = await world.person()
    await world.has(key, meeting(world.clock.now()))
    await until(lambda: world.written() == ["In a meeting"])
    await world.settled()
    world.clock.move(minutes=30)
    await world.settled()
    assert world.status()[0] == "In a meeting"
    world.clock.move(seconds=20)
    await until(lambda: world.status() == ("", "", 0))
    assert world.written() == ["In a meeting", ""]


async def test_short_meeting_inside_of_an_absence_needs_no_write(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    now = world.clock.now()
    await world.has(key, absence(now), meeting(now + timedelta(hours=1)))
    await until(lambda: len(world.written()) == 1)
    await world.settled()
    for _ in range(5):
        world.clock.move(minutes=30)
        await world.settled()
    assert world.written() == ["Out of office until 17:00"]


async def test_own_status_is_covered_for_the_meeting_and_put_back_after_it(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    world.slack.type_status("U1", "Reading & writing", ":books:")
    start = world.clock.now() + timedelta(hours=1)
    await world.has(key, meeting(start))
    await world.settled()
    world.clock.move(hours=1)
    await until(lambda: world.status()[0] == "In a meeting")
    await world.settled()
    world.clock.move(minutes=30)
    await until(lambda: world.status() == ("Reading & writing", ":books:", 0))
    await world.settled()
    assert world.written() == ["In a meeting", "Reading & writing"]


async def test_absence_longer_than_the_window_is_written_with_its_real_end(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    start = world.clock.now()
    await world.has(key, absence(start, hours=24 * 30))
    await until(lambda: len(world.written()) == 1)
    assert world.status()[2] == int((start + timedelta(days=30)).timestamp())
    for _ in range(12):
        world.clock.move(days=1)
        await world.settled()
    assert len(world.written()) == 1


async def test_event_beyond_the_first_window_is_met_without_any_change_of_facts(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    start = world.clock.now() + timedelta(days=12)
    await world.has(key, meeting(start))
    await world.settled()
    for _ in range(12):
        assert world.written() == []
        world.clock.move(days=1)
        await world.settled()
    assert world.written() == ["In a meeting"]


async def test_change_of_facts_that_changes_nothing_now_costs_no_call(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    now = world.clock.now()
    await world.has(key, meeting(now))
    await until(lambda: len(world.written()) == 1)
    await world.settled()
    world.slack.calls.clear()
    await world.has(key, meeting(now), meeting(now + timedelta(hours=4), uid="m2"))
    await world.settled()
    assert world.calls() == []


async def test_moved_event_takes_its_status_along(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    now = world.clock.now()
    await world.has(key, meeting(now))
    await until(lambda: len(world.written()) == 1)
    await world.settled()
    await world.has(key, meeting(now + timedelta(hours=2)))
    await until(lambda: world.status() == ("", "", 0))
    await world.settled()
    world.clock.move(hours=2)
    await until(lambda: world.status()[0] == "In a meeting")
    assert world.written() == ["In a meeting", "", "In a meeting"]


async def test_override_is_written_at_once_over_a_meeting_and_the_meeting_comes_back(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    now = world.clock.now()
    await world.has(key, meeting(now, 120))
    await until(lambda: len(world.written()) == 1)
    await world.says(key, "Lunch", until=now + timedelta(minutes=45))
    await until(lambda: world.status()[:2] == ("Lunch", ":pizza:"))
    await world.settled()
    world.clock.move(minutes=45)
    await until(lambda: world.status()[0] == "In a meeting")
    assert world.written() == ["In a meeting", "Lunch", "In a meeting"]


async def test_idle_person_is_met_again_after_the_app_was_down_for_days(world: World) -> None:
    first = world.replica()
    await first.start()
    key = await world.person()
    start = world.clock.now() + timedelta(days=10)
    await world.has(key, meeting(start, 60))
    await world.settled()
    await first.stop()
    world.clock.move_to(start + timedelta(minutes=10))
    await world.replica().start()
    await until(lambda: world.status()[0] == "In a meeting")


@pytest.mark.slow  # real time: the bench has the row
async def test_edge_is_met_within_a_quarter_of_a_second(database: Database, encryptor: Encryptor) -> None:
    async with open_world(database, encryptor, SystemClock()) as world:
        await world.replica(poll=1.0).start()
        await world.person("U9")  # opens connections; warm like an app that has been running
        key = await world.person()
        start = world.clock.now() + timedelta(seconds=1.5)
        await world.has(key, meeting(start))
        await until(lambda: world.written() == ["In a meeting"])
        (call,) = world.calls(SET)
        assert timedelta(0) <= call.at - start < timedelta(milliseconds=250)


async def test_one_person_who_cannot_be_read_does_not_hold_up_the_others(world: World) -> None:
    await world.replica().start()
    lost = await world.person("U1")
    others = [await world.person(f"U{number}") for number in range(2, 6)]
    await world.change(lost, preferences='{"show": 5}')
    for key in [lost, *others]:
        await world.has(key, meeting(world.clock.now()))
    await until(lambda: len(world.written()) == 4)
    assert {call.user_id for call in world.calls(SET)} == {key.user_id for key in others}


async def test_timelines_are_resolved_a_few_at_a_time_and_a_crowd_is_ticked_at_once(world: World) -> None:
    replica = world.replica()
    for number in range(70):
        await world.person(f"U{number}", granted=False)
    assert [(await replica.timelines.run_due()).done for _ in range(4)] == [32, 32, 6, 0]
    world.clock.move(days=1)
    assert (await replica.reconciler.run_due()).done == 70
    assert await replica.timelines.next_due() == world.clock.now()  # a day has passed: what is stored runs short


async def test_clock_standing_still_makes_no_calls(world: World, clock: ManualClock) -> None:
    await world.replica().start()
    key = await world.person()
    await world.has(key, meeting(clock.now()))
    await until(lambda: len(world.written()) == 1)
    await world.settled()
    before = len(world.slack.calls)
    for _ in range(20):
        world.ring()
        await world.settled()
    assert len(world.slack.calls) == before
