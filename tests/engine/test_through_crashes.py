"""The process dies at any moment: whoever starts after it finds everything in the database, and repeats nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from emulators.faults import Fault
from services.domain.model import PersonKey
from tests.support.crashes import Killed, dies_at
from tests.support.databases import BOTH
from tests.support.engine import SET, RunningEngine, meeting, until
from tests.support.replica import Replica


def dies(replica: Replica, where: str) -> asyncio.Event:
    """Have `replica` die at a step, once; the event tells that it has."""
    owner, step, after = {
        "before the read": (replica.writer._profiles, "read", False),
        "after the read": (replica.writer._profiles, "read", True),
        "before the intent": (replica.queue, "intend", False),
        "after the intent": (replica.queue, "intend", True),
        "before the write": (replica.writer._profiles, "write", False),
        "after the write": (replica.writer._profiles, "write", True),
        "before the record": (replica.queue, "settle", False),
        "after the record": (replica.queue, "settle", True),
    }[where]
    return dies_at(replica, owner, step, after=after)


STEPS = [
    "before the read", "after the read", "before the intent", "after the intent", "before the write",
    "after the write", "before the record", "after the record",
]  # fmt: skip
QUICK = {
    ("sqlite", "after the intent"), ("sqlite", "before the write"), ("sqlite", "before the record"),
    ("postgresql", "after the write"),
}  # fmt: skip
"""Around the call, where what is stored and what shows differ; the others where there is time."""

AT_ANY_STEP = pytest.mark.parametrize(
    ("database_url", "where"),
    [
        pytest.param(database, where, marks=[] if (database, where) in QUICK else pytest.mark.slow)
        for database in ("sqlite", "postgresql")
        for where in STEPS
    ],
    indirect=["database_url"],
)


@AT_ANY_STEP
async def test_death_at_any_step_of_a_write_loses_nothing_and_repeats_nothing(
    engine: RunningEngine, where: str
) -> None:
    doomed = engine.replica()
    died = dies(doomed, where)
    key = await engine.person()
    engine.slack.type_status("U1", "Reading", ":books:")
    start = engine.clock.now() + timedelta(hours=1)
    await engine.has(key, meeting(start))
    await doomed.start()
    await engine.settled()
    engine.clock.move(hours=1)
    await until(died.is_set)

    await engine.replaced(doomed)
    engine.clock.move(seconds=20)
    await until(lambda: engine.status()[0] == "In a meeting")
    await engine.settled()
    assert engine.written() == ["In a meeting"]
    engine.clock.move(minutes=30)
    await until(lambda: engine.status()[:2] == ("Reading", ":books:"))
    await engine.settled()
    assert engine.written() == ["In a meeting", "Reading"]


@AT_ANY_STEP
async def test_death_at_any_step_of_putting_back_loses_no_own_status(engine: RunningEngine, where: str) -> None:
    first = engine.replica()
    key = await engine.person()
    engine.slack.type_status("U1", "Reading", ":books:")
    await engine.has(key, meeting(engine.clock.now() + timedelta(hours=1)))
    await first.start()
    await engine.settled()
    engine.clock.move(hours=1)
    await until(lambda: engine.status()[0] == "In a meeting")
    await engine.settled()
    died = dies(first, where)
    engine.clock.move(minutes=30)
    await until(died.is_set)

    await engine.replaced(first)
    engine.clock.move(seconds=20)
    await until(lambda: engine.status()[:2] == ("Reading", ":books:"))
    await engine.settled()
    assert engine.written() == ["In a meeting", "Reading"]
    engine.clock.move(hours=1)
    await engine.settled()
    assert engine.status()[:2] == ("Reading", ":books:")


@BOTH
async def test_death_in_mid_tick_leaves_everybody_due(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person()
    await engine.has(key, meeting(engine.clock.now()))

    async def die(*_: Any, **__: Any) -> None:
        raise Killed

    engine.database.sender = die  # the last step before the commit
    with pytest.raises(Killed):
        await replica.timelines.run_due()
    assert await engine.column(key, "due_at") is not None
    assert await engine.column(key, "stale")
    assert await engine.pending() == 0
    engine.clock.move_to(await engine.column(key, "due_at"))
    await engine.replica().start()
    await until(lambda: engine.status()[0] == "In a meeting")


async def test_stop_finishes_the_call_in_flight_and_takes_up_nothing_new(engine: RunningEngine) -> None:
    go = asyncio.Event()
    engine.slack.faults.add(Fault(SET, until=go))
    replica = engine.replica(at_once=1)
    now = engine.clock.now()
    keys: list[PersonKey] = [await engine.person(f"U{number}") for number in range(3)]
    for key in keys:
        await engine.has(key, meeting(now))
    await replica.start()
    reading = asyncio.Event()
    write = replica.writer._profiles.write

    async def told(*args: Any) -> Any:
        reading.set()
        return await write(*args)

    replica.writer._profiles.write = told  # type: ignore[method-assign]  # tells when the call begins
    await reading.wait()
    asyncio.get_running_loop().call_later(0.05, go.set)
    await replica.stop()
    assert len(engine.written()) == 1
    assert await engine.pending() == 2
    done = next(key for key in keys if engine.status(key.user_id)[0])
    memory = await engine.memory(done)
    assert memory.standing.applied is not None
    assert memory.standing.pending is None
