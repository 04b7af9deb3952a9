"""The process dies at any moment: whoever starts after it finds everything in the database, and repeats nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from emulators.faults import Fault
from services.domain.model import PersonKey
from tests.support.engine import SET, Replica, World, meeting, until


class Killed(BaseException):
    """What the process dies of; no guard catches it."""


def dies(replica: Replica, where: str) -> asyncio.Event:
    """Have `replica` die at a step, once; the event tells that it has."""
    died = asyncio.Event()
    owner, name, after = {
        "before the read": (replica.writer._profiles, "read", False),
        "after the read": (replica.writer._profiles, "read", True),
        "before the intent": (replica.queue, "intend", False),
        "after the intent": (replica.queue, "intend", True),
        "before the write": (replica.writer._profiles, "write", False),
        "after the write": (replica.writer._profiles, "write", True),
        "before the record": (replica.queue, "settle", False),
        "after the record": (replica.queue, "settle", True),
    }[where]
    whole: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def step(*args: Any) -> Any:
        if died.is_set():
            raise Killed
        if after:
            await whole(*args)
        died.set()
        replica.sender._stopping = True
        raise Killed

    setattr(owner, name, step)
    return died


STEPS = [
    "before the read", "after the read", "before the intent", "after the intent", "before the write",
    "after the write", "before the record", "after the record",
]  # fmt: skip


@pytest.mark.parametrize("where", STEPS)
async def test_death_at_any_step_of_a_write_loses_nothing_and_repeats_nothing(world: World, where: str) -> None:
    doomed = world.replica()
    died = dies(doomed, where)
    key = await world.person()
    world.slack.type_status("U1", "Reading", ":books:")
    start = world.clock.now() + timedelta(hours=1)
    await world.has(key, meeting(start))
    await doomed.start()
    await world.settled()
    world.clock.move(hours=1)
    await until(died.is_set)
    await doomed.stop()
    world.replicas.remove(doomed)

    await world.replica().start()
    world.clock.move(seconds=20)
    await until(lambda: world.status()[0] == "In a meeting")
    await world.settled()
    assert world.written() == ["In a meeting"]
    world.clock.move(minutes=30)
    await until(lambda: world.status()[:2] == ("Reading", ":books:"))
    await world.settled()
    assert world.written() == ["In a meeting", "Reading"]


@pytest.mark.parametrize("where", STEPS)
async def test_death_at_any_step_of_putting_back_loses_no_own_status(world: World, where: str) -> None:
    first = world.replica()
    key = await world.person()
    world.slack.type_status("U1", "Reading", ":books:")
    await world.has(key, meeting(world.clock.now() + timedelta(hours=1)))
    await first.start()
    await world.settled()
    world.clock.move(hours=1)
    await until(lambda: world.status()[0] == "In a meeting")
    await world.settled()
    died = dies(first, where)
    world.clock.move(minutes=30)
    await until(died.is_set)
    await first.stop()
    world.replicas.remove(first)

    await world.replica().start()
    world.clock.move(seconds=20)
    await until(lambda: world.status()[:2] == ("Reading", ":books:"))
    await world.settled()
    assert world.written() == ["In a meeting", "Reading"]
    world.clock.move(hours=1)
    await world.settled()
    assert world.status()[:2] == ("Reading", ":books:")


async def test_death_in_mid_tick_leaves_everybody_due(world: World) -> None:
    replica = world.replica()
    key = await world.person()
    await world.has(key, meeting(world.clock.now()))

    async def die(*_: Any, **__: Any) -> None:
        raise Killed

    replica.leases.tell = die  # type: ignore[method-assign]  # the last step before the commit
    with pytest.raises(Killed):
        await replica.timelines.run_due()
    assert await world.column(key, "due_at") is not None
    assert await world.column(key, "stale")
    assert await world.pending() == 0
    world.clock.move_to(await world.column(key, "due_at"))
    await world.replica().start()
    await until(lambda: world.status()[0] == "In a meeting")


async def test_stop_finishes_the_call_in_flight_and_takes_up_nothing_new(world: World) -> None:
    world.slack.faults.add(Fault(SET, latency=0.4))
    replica = world.replica(at_once=1)
    now = world.clock.now()
    keys: list[PersonKey] = [await world.person(f"U{number}") for number in range(3)]
    for key in keys:
        await world.has(key, meeting(now))
    await replica.start()
    reading = asyncio.Event()
    write = replica.writer._profiles.write

    async def told(*args: Any) -> Any:
        reading.set()
        return await write(*args)

    replica.writer._profiles.write = told  # type: ignore[method-assign]  # tells when the call begins
    await reading.wait()
    await replica.stop()
    assert len(world.written()) == 1
    assert await world.pending() == 2
    done = next(key for key in keys if world.status(key.user_id)[0])
    memory = await world.memory(done)
    assert memory.standing.applied is not None
    assert memory.standing.pending is None
