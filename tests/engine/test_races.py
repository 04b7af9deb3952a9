"""What changes between a look at the profile and the write: on PostgreSQL while somebody waits for a row, on both
databases while Slack is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from services.domain.model import Action, OverrideKind, Pause, PersonKey, Reason, ReasonCode, Standing, Status
from services.domain.profile_state import AuditEntry, PendingWrite, ProfileState
from services.engine.limits import Budget
from services.store.models import Person
from services.store.overrides import OverrideStore
from services.store.preferences import PreferenceStore
from tests.support.engine import SET, Replica, World, meeting
from tests.support.locks import somebody_waits

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite's one writer waits before it reads."""

LUNCH = Status("Lunch", ":sandwich:")
MEETING = Status("In a meeting", ":spiral_calendar_pad:")


async def wished(world: World, replica: Replica, key: PersonKey) -> PendingWrite:
    """The person's wish, as a lane takes it up."""
    await replica.tick()
    ((wish,), _) = await replica.queue.most_urgent(world.clock.now(), 10)
    return wish


async def kept(replica: Replica, wish: PendingWrite) -> None:
    """Carry `wish` out."""
    await replica.writer.carry_out(wish, replica.writer.take(wish, Budget()))


async def at_rest(world: World, replica: Replica, key: PersonKey) -> None:
    """Do all that is due, and all that is wished for."""
    await replica.tick()
    await replica.sender.drain()
    assert await world.pending() == 0


# ── lock first, read second ─────────────────────────────────────────────────────────────────────────


@on_postgresql
async def test_status_typed_while_our_intent_waits_for_its_row_stops_the_write(world: World) -> None:
    replica, key = world.replica(), await world.person()
    await world.has(key, meeting(world.clock.now()))
    wish = await wished(world, replica, key)
    looked_at = world.clock.now()
    world.clock.move(seconds=1)
    intended = ProfileState(Standing(pending=MEETING, looked_at=looked_at))
    async with world.database.write() as typing:
        assert await replica.standings.see(typing, key, LUNCH, world.clock.now())
        intending = asyncio.create_task(replica.queue.intend(wish, intended))
        await somebody_waits(world.database)
    assert not await intending
    assert (await world.memory(key)).standing.own == LUNCH


@on_postgresql
async def test_status_typed_while_our_record_waits_for_its_row_is_put_back_afterwards(world: World) -> None:
    replica, key = world.replica(), await world.person()
    await world.has(key, meeting(world.clock.now()))
    wish = await wished(world, replica, key)
    looked_at = world.clock.now()
    assert await replica.queue.intend(wish, ProfileState(Standing(pending=MEETING, looked_at=looked_at)))
    world.clock.move(seconds=1)
    done = ProfileState(Standing(applied=MEETING, wanted=MEETING, looked_at=looked_at))
    attempt = AuditEntry(world.clock.now(), Action.WRITE, Reason(ReasonCode.PROFILE_FREE), "done", status=MEETING)
    async with world.database.write() as typing:
        assert await replica.standings.see(typing, key, LUNCH, world.clock.now())
        settling = asyncio.create_task(replica.queue.settle(wish, done, attempt))
        await somebody_waits(world.database)
    await settling
    assert (await world.memory(key)).standing.covered == LUNCH


@on_postgresql
async def test_pause_that_was_waited_for_is_the_one_that_ends(world: World) -> None:
    key, now = await world.person(), world.clock.now()
    choices = PreferenceStore(world.database)
    async with world.database.write() as pausing:
        await pausing.execute(sa.update(Person).values(paused_from=now))
        resuming = asyncio.create_task(choices.pause(key, None, now))
        await somebody_waits(world.database)
    assert await resuming == Pause(now, None)


# ── what is taken back while Slack is asked ─────────────────────────────────────────────────────────

Change = Callable[[World, PersonKey], Awaitable[None]]


async def ends_what_was_typed(world: World, key: PersonKey) -> None:
    await OverrideStore(world.database, world.encryptor).end(key, world.clock.now(), kinds=frozenset(OverrideKind))


async def undoes_what_was_typed(world: World, key: PersonKey) -> None:
    await OverrideStore(world.database, world.encryptor).remove(key, "o1", world.clock.now())


async def cancels_the_meeting(world: World, key: PersonKey) -> None:
    await world.has(key)


async def pauses(world: World, key: PersonKey) -> None:
    await PreferenceStore(world.database).pause(key, Pause(world.clock.now(), None), world.clock.now())


async def loses_the_grant(world: World, key: PersonKey) -> None:
    await world.change(key, grant_state="lost")


async def overtaken(world: World, replica: Replica, wish: PendingWrite, change: Change) -> None:
    """Carry `wish` out, while whose reading of the profile `change` happens and is taken up by a tick."""
    read = replica.writer._profiles.read

    async def read_and_be_overtaken(token: str) -> Status:
        found = await read(token)
        await change(world, wish.key)
        await replica.tick()
        return found

    replica.writer._profiles.read = read_and_be_overtaken  # type: ignore[method-assign]  # the moment is what is tested
    await kept(replica, wish)
    replica.writer._profiles.read = read  # type: ignore[method-assign]


@pytest.mark.parametrize("change", [ends_what_was_typed, undoes_what_was_typed, pauses, loses_the_grant])
async def test_typed_status_that_is_taken_back_while_the_profile_is_read_is_not_written(
    world: World, change: Change
) -> None:
    replica, key = world.replica(), await world.person()
    await world.says(key, "Lunch")
    wish = await wished(world, replica, key)
    await overtaken(world, replica, wish, change)
    await at_rest(world, replica, key)
    assert world.calls(SET) == []
    assert world.status() == ("", "", 0)


async def test_meeting_that_is_cancelled_while_the_profile_is_read_is_not_shown(world: World) -> None:
    replica, key = world.replica(), await world.person()
    await world.has(key, meeting(world.clock.now(), 60))
    wish = await wished(world, replica, key)
    await overtaken(world, replica, wish, cancels_the_meeting)
    await at_rest(world, replica, key)
    assert world.calls(SET) == []


async def test_what_is_typed_and_taken_back_during_a_meeting_leaves_the_meeting(world: World) -> None:
    replica, key = world.replica(), await world.person()
    await world.has(key, meeting(world.clock.now(), 60))
    await at_rest(world, replica, key)
    await world.says(key, "Lunch")
    wish = await wished(world, replica, key)
    await overtaken(world, replica, wish, undoes_what_was_typed)
    await at_rest(world, replica, key)
    assert world.written() == ["In a meeting"]
    assert world.status()[0] == "In a meeting"
