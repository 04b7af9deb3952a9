"""What a list says goes on over days in which timelines are resolved anew: what is one span stays one."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from services.domain.lines import Routine, complete, put
from services.domain.model import EventType, Location, Look, PersonKey
from services.store.overrides import OverrideStore
from services.store.preferences import Lines, LineStore
from tests.support.engine import RunningEngine, meeting, until

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ALL_DAYS = frozenset(range(7))


async def has_list(engine: RunningEngine, key: PersonKey, lines: Lines) -> None:
    await LineStore(engine.database, engine.encryptor).change(key, engine.clock.now(), lambda _: lines)
    engine.ring()


async def days_pass(engine: RunningEngine, days: int) -> None:
    """Each a day after a morning at nine: at twelve, at one, and the next at nine."""
    for hours in (3, 1, 20) * days:
        engine.clock.move(hours=hours)
        await engine.rests()


async def test_what_is_asked_for_without_an_end_is_written_once_whatever_days_pass(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    await engine.says(key, "Writing")
    await engine.rests()
    await days_pass(engine, 9)
    assert engine.written() == ["Writing"]
    assert engine.status() == ("Writing", ":pizza:", 0)


async def test_it_yields_to_a_daily_meeting_and_shows_again(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    now = engine.clock.now()
    await engine.says(key, "Writing")
    await engine.has(key, *(meeting(now + timedelta(days=day, hours=3), 60, f"m{day}") for day in range(1, 3)))
    await engine.rests()
    await days_pass(engine, 3)
    assert engine.written() == ["Writing", *["In a meeting", "Writing"] * 2]


async def test_own_status_typed_over_it_is_put_back_after_meetings_instead_of_it(engine: RunningEngine) -> None:
    key = await engine.person()
    now = engine.clock.now()
    await engine.says(key, "Writing")
    engine.clock.move(seconds=1)
    await engine.replica().start()
    await engine.has(key, *(meeting(now + timedelta(days=day, hours=3), 60, f"m{day}") for day in range(1, 3)))
    await until(lambda: engine.written() == ["Writing"])
    await engine.rests()
    engine.slack.type_status("U1", "Mine", ":books:")
    await days_pass(engine, 3)
    assert engine.written() == ["Writing", *["In a meeting", "Mine"] * 2]


@pytest.mark.parametrize("hours", [None, 8])
async def test_same_words_typed_again_are_written_over_what_was_typed_in_between(
    engine: RunningEngine, hours: int | None
) -> None:
    key = await engine.person()
    end = hours and engine.clock.now() + timedelta(hours=hours)
    await engine.replica().start()
    await engine.says(key, "Writing", until=end)
    await until(lambda: engine.written() == ["Writing"])
    engine.clock.move(minutes=10)
    engine.slack.type_status("U1", "Mine", ":books:")
    await engine.rests()
    engine.clock.move(minutes=10)
    await engine.says(key, "Writing", until=end, name="o2")
    await until(lambda: engine.written() == ["Writing"] * 2)
    await engine.rests()
    engine.clock.move(minutes=10)
    engine.slack.type_status("U1", "Tea", ":tea:")
    await days_pass(engine, 2)
    assert engine.written() == ["Writing"] * 2
    assert engine.status() == ("Tea", ":tea:", 0)


async def typed_in_between(engine: RunningEngine) -> PersonKey:
    """Writing, for two days; then Mine, typed in Slack."""
    key = await engine.person()
    await engine.says(key, "Writing")
    engine.clock.move(seconds=1)
    await engine.replica().start()
    await until(lambda: engine.written() == ["Writing"])
    await engine.rests()
    await days_pass(engine, 2)
    engine.slack.type_status("U1", "Mine", ":books:")
    await engine.rests()
    engine.clock.move(minutes=10)
    return key


async def test_same_words_typed_again_and_taken_back_give_way_to_what_was_typed_in_between(
    engine: RunningEngine,
) -> None:
    key = await typed_in_between(engine)
    await engine.says(key, "Writing", name="o2")
    await until(lambda: engine.written() == ["Writing"] * 2)
    await engine.rests()
    engine.clock.move(minutes=5)
    await OverrideStore(engine.database, engine.encryptor).remove(key, "o2", engine.clock.now())
    engine.ring()
    await until(lambda: engine.status() == ("Mine", ":books:", 0))


async def test_same_words_typed_again_until_an_end_go_on_as_they_were_without_one(engine: RunningEngine) -> None:
    key = await typed_in_between(engine)
    await engine.says(key, "Writing", until=engine.clock.now() + timedelta(hours=1), name="o2")
    await until(lambda: engine.written() == ["Writing"] * 2)
    await engine.rests()
    await days_pass(engine, 3)
    assert engine.written() == ["Writing"] * 2
    assert engine.status() == ("Writing", ":pizza:", 0)


async def test_same_words_typed_again_where_nothing_was_done_by_hand_are_not_written_again(
    engine: RunningEngine,
) -> None:
    await engine.replica().start()
    key = await engine.person()
    await engine.says(key, "Writing")
    await engine.rests()
    engine.clock.move(minutes=10)
    await engine.says(key, "Writing", name="o2")
    await engine.rests()
    await days_pass(engine, 2)
    assert engine.written() == ["Writing"]


async def test_own_status_typed_while_a_routine_of_all_days_is_on_is_never_covered_by_it(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    always = Routine("r", Look("Around", ":wave:"), ALL_DAYS, time(), time())
    await has_list(engine, key, put(complete(()), always))
    await engine.rests()
    engine.clock.move(minutes=10)
    await engine.rests()
    engine.slack.type_status("U1", "Mine", ":books:")
    await days_pass(engine, 3)
    assert engine.written() == ["Around"]


async def test_own_status_typed_while_working_at_home_for_days_is_never_covered(engine: RunningEngine) -> None:
    await engine.replica().start()
    key = await engine.person()
    midnight = engine.clock.now().replace(hour=0)
    days = [
        meeting(midnight + timedelta(days=day), 24 * 60, f"w{day}", type=EventType.WORKING_LOCATION,
                working_location=Location.HOME)
        for day in range(14)
    ]  # fmt: skip
    await engine.has(key, *days)
    await engine.rests()
    engine.clock.move(minutes=10)
    await engine.rests()
    engine.slack.type_status("U1", "Mine", ":books:")
    await days_pass(engine, 3)
    assert engine.written() == ["Working from home"]
