"""Statuses change when events start, and are gone when they end: the engine against a local Slack."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.platform.clock import SystemClock
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.tables import SPANS
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import GET, SET, RunningEngine, absence, meeting, open_engine, until


async def test_status_is_written_at_the_edge_with_the_end_of_its_span(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    start = engine.clock.now() + timedelta(hours=1)
    await engine.has(key, meeting(start))
    await engine.settled()
    assert engine.calls() == []
    engine.clock.move(minutes=60)
    await until(lambda: engine.written() == ["In a meeting"])
    end = int((start + timedelta(minutes=30)).timestamp())
    assert engine.status() == ("In a meeting", ":spiral_calendar_pad:", end)


async def test_profile_is_read_once_and_left_where_slack_cleared_it_at_the_end(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    await engine.has(key, meeting(engine.clock.now()))
    await until(lambda: engine.written() == ["In a meeting"])
    await engine.settled()
    engine.slack.calls.clear()
    engine.clock.move(minutes=30)
    await engine.settled()
    assert engine.calls() == []
    engine.clock.move(seconds=20)
    await until(lambda: len(engine.calls(GET)) == 1)
    await engine.settled()
    engine.clock.move(hours=3)
    await engine.settled()
    assert [call.method for call in engine.calls()] == [GET]
    assert engine.status() == ("", "", 0)


async def test_status_is_cleared_where_slack_did_not_clear_it_at_the_end(engine: RunningEngine) -> None:
    engine.slack.expiry.works = False
    await engine.replica().start()
    key = await engine.person()
    await engine.has(key, meeting(engine.clock.now()))
    await until(lambda: engine.written() == ["In a meeting"])
    await engine.settled()
    engine.clock.move(minutes=30)
    await engine.settled()
    assert engine.status()[0] == "In a meeting"
    engine.clock.move(seconds=20)
    await until(lambda: engine.status() == ("", "", 0))
    assert engine.written() == ["In a meeting", ""]


async def test_meeting_shows_once_an_own_status_has_ended_without_a_poll(engine: RunningEngine) -> None:
    """Its end is known from the look at the profile alone: the loops hear of it from the sender."""
    key, now = await engine.person(), engine.clock.now()
    engine.slack.type_status(key.user_id, "Dentist", ":tooth:", now + timedelta(minutes=10))
    await engine.has(key, meeting(now))
    await engine.replica(poll=60, look=60).start()
    await until(lambda: len(engine.calls(GET)) == 1)
    await engine.settled()
    engine.clock.move(minutes=10)
    await until(lambda: engine.written() == ["In a meeting"], 5)


async def test_timeline_that_reaches_no_further_is_made_at_once_without_a_poll(engine: RunningEngine) -> None:
    replica = engine.replica(poll=60, look=60)
    key = await engine.person()
    await engine.has(key, meeting(engine.clock.now()))
    await replica.tick()
    async with engine.database.write() as connection:
        await connection.execute(sa.delete(SPANS))
    await replica.start()
    await until(lambda: engine.written() == ["In a meeting"], 5)


async def test_short_meeting_inside_of_an_absence_needs_no_write(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    now = engine.clock.now()
    await engine.has(key, absence(now), meeting(now + timedelta(hours=1)))
    await until(lambda: len(engine.written()) == 1)
    await engine.settled()
    for _ in range(5):
        engine.clock.move(minutes=30)
        await engine.settled()
    assert engine.written() == ["Out of office until 17:00"]


@BOTH
async def test_own_status_is_covered_for_the_meeting_and_put_back_after_it(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    engine.slack.type_status("U1", "Reading & writing", ":books:")
    start = engine.clock.now() + timedelta(hours=1)
    await engine.has(key, meeting(start))
    await engine.settled()
    engine.clock.move(hours=1)
    await until(lambda: engine.status()[0] == "In a meeting")
    await engine.settled()
    engine.clock.move(minutes=30)
    await until(lambda: engine.status() == ("Reading & writing", ":books:", 0))
    await engine.settled()
    assert engine.written() == ["In a meeting", "Reading & writing"]


async def test_absence_longer_than_the_window_is_written_with_its_real_end(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    start = engine.clock.now()
    await engine.has(key, absence(start, hours=24 * 30))
    await until(lambda: len(engine.written()) == 1)
    assert engine.status()[2] == int((start + timedelta(days=30)).timestamp())
    for _ in range(12):
        engine.clock.move(days=1)
        await engine.settled()
    assert len(engine.written()) == 1


async def test_event_beyond_the_first_window_is_met_without_any_change_of_facts(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    start = engine.clock.now() + timedelta(days=12)
    await engine.has(key, meeting(start))
    await engine.settled()
    for _ in range(12):
        assert engine.written() == []
        engine.clock.move(days=1)
        await engine.settled()
    assert engine.written() == ["In a meeting"]


async def test_change_of_facts_that_changes_nothing_now_costs_no_call(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    now = engine.clock.now()
    await engine.has(key, meeting(now))
    await until(lambda: len(engine.written()) == 1)
    await engine.settled()
    engine.slack.calls.clear()
    await engine.has(key, meeting(now), meeting(now + timedelta(hours=4), uid="m2"))
    await engine.settled()
    assert engine.calls() == []


async def test_moved_event_takes_its_status_along(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    now = engine.clock.now()
    await engine.has(key, meeting(now))
    await until(lambda: len(engine.written()) == 1)
    await engine.settled()
    await engine.has(key, meeting(now + timedelta(hours=2)))
    await until(lambda: engine.status() == ("", "", 0))
    await engine.settled()
    engine.clock.move(hours=2)
    await until(lambda: engine.status()[0] == "In a meeting")
    assert engine.written() == ["In a meeting", "", "In a meeting"]


async def test_override_is_written_at_once_over_a_meeting_and_the_meeting_comes_back(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    now = engine.clock.now()
    await engine.has(key, meeting(now, 120))
    await until(lambda: len(engine.written()) == 1)
    await engine.says(key, "Lunch", until=now + timedelta(minutes=45))
    await until(lambda: engine.status()[:2] == ("Lunch", ":pizza:"))
    await engine.settled()
    engine.clock.move(minutes=45)
    await until(lambda: engine.status()[0] == "In a meeting")
    assert engine.written() == ["In a meeting", "Lunch", "In a meeting"]


async def test_idle_person_is_met_again_after_the_app_was_down_for_days(engine: RunningEngine) -> None:
    first = engine.replica()
    await first.start()
    key = await engine.person()
    start = engine.clock.now() + timedelta(days=10)
    await engine.has(key, meeting(start, 60))
    await engine.settled()
    await first.stop()
    engine.clock.move_to(start + timedelta(minutes=10))
    await engine.replica().start()
    await until(lambda: engine.status()[0] == "In a meeting")


@pytest.mark.slow  # real time: the bench has the row
async def test_edge_is_met_within_a_quarter_of_a_second(database: Database, encryptor: Encryptor) -> None:
    async with open_engine(database, encryptor, SystemClock()) as engine:
        await engine.replica(poll=1.0).start()
        await engine.person("U9")  # opens connections; warm like an app that has been running
        key = await engine.person()
        start = engine.clock.now() + timedelta(seconds=1.5)
        await engine.has(key, meeting(start))
        await until(lambda: engine.written() == ["In a meeting"])
        (call,) = engine.calls(SET)
        assert timedelta(0) <= call.at - start < timedelta(milliseconds=250)


async def test_one_person_who_cannot_be_read_does_not_hold_up_the_others(engine: RunningEngine) -> None:
    await engine.replica().start()
    lost = await engine.person("U1")
    others = [await engine.person(f"U{number}") for number in range(2, 6)]
    await engine.change(lost, preferences='{"show": 5}')
    for key in [lost, *others]:
        await engine.has(key, meeting(engine.clock.now()))
    await until(lambda: len(engine.written()) == 4)
    assert {call.user_id for call in engine.calls(SET)} == {key.user_id for key in others}


async def test_timelines_are_resolved_a_few_at_a_time_and_a_crowd_is_ticked_at_once(engine: RunningEngine) -> None:
    replica = engine.replica()
    for number in range(70):
        await engine.person(f"U{number}", granted=False)
    assert [(await replica.timelines.run_due()).done for _ in range(4)] == [32, 32, 6, 0]
    engine.clock.move(days=1)
    assert (await replica.reconciler.run_due()).done == 70
    assert await replica.timelines.next_due() == engine.clock.now()  # a day has passed: what is stored runs short


async def test_clock_standing_still_makes_no_calls(engine: RunningEngine, clock: ManualClock) -> None:
    await engine.replica().start()
    key = await engine.person()
    await engine.has(key, meeting(clock.now()))
    await until(lambda: len(engine.written()) == 1)
    await engine.settled()
    before = len(engine.slack.calls)
    for _ in range(20):
        engine.ring()
        await engine.settled()
    assert len(engine.slack.calls) == before
