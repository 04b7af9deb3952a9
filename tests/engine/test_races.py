"""What changes between a look at the profile and the write: on PostgreSQL while somebody waits for a row, on both
databases while Slack is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from services.domain.decisions import Action, Standing
from services.domain.model import OverrideKind, Pause, PersonKey, Status
from services.domain.profile_state import AuditEntry, PendingWrite, ProfileState
from services.domain.reasons import Reason, ReasonCode
from services.slack.limits import Budget
from services.store.overrides import OverrideStore
from services.store.preferences import PreferenceStore
from services.store.tables import PEOPLE
from services.store.undos import UndoStore
from tests.support.databases import BOTH
from tests.support.engine import SET, RunningEngine, meeting
from tests.support.locks import somebody_waits
from tests.support.replica import Replica

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite's one writer waits before it reads."""

LUNCH = Status("Lunch", ":sandwich:")
MEETING = Status("In a meeting", ":spiral_calendar_pad:")


async def wished(engine: RunningEngine, replica: Replica, key: PersonKey) -> PendingWrite:
    """The person's pending write, as the sender takes it up."""
    await replica.tick()
    ((wish,), _) = await replica.queue.most_urgent(engine.clock.now(), 10)
    return wish


async def kept(replica: Replica, wish: PendingWrite) -> None:
    """Carry `wish` out."""
    await replica.writer.carry_out(wish, replica.writer.take(wish, Budget()))


async def at_rest(engine: RunningEngine, replica: Replica, key: PersonKey) -> None:
    """Do all that is due, and all that is wished for."""
    await replica.tick()
    await replica.sender.drain()
    assert await engine.pending() == 0


# ── lock first, read second ─────────────────────────────────────────────────────────────────────────


@on_postgresql
async def test_status_typed_while_our_intent_waits_for_its_row_stops_the_write(engine: RunningEngine) -> None:
    replica, key = engine.replica(), await engine.person()
    await engine.has(key, meeting(engine.clock.now()))
    wish = await wished(engine, replica, key)
    looked_at = engine.clock.now()
    engine.clock.move(seconds=1)
    intended = ProfileState(Standing(pending=MEETING, looked_at=looked_at))
    async with engine.database.write() as typing:
        assert await replica.profile_states.see(typing, key, LUNCH, engine.clock.now())
        intending = asyncio.create_task(replica.queue.intend(wish, intended))
        await somebody_waits(engine.database)
    assert not await intending
    assert (await engine.memory(key)).standing.own == LUNCH


@on_postgresql
async def test_status_typed_while_our_record_waits_for_its_row_is_put_back_afterwards(engine: RunningEngine) -> None:
    replica, key = engine.replica(), await engine.person()
    await engine.has(key, meeting(engine.clock.now()))
    wish = await wished(engine, replica, key)
    looked_at = engine.clock.now()
    assert await replica.queue.intend(wish, ProfileState(Standing(pending=MEETING, looked_at=looked_at)))
    engine.clock.move(seconds=1)
    done = ProfileState(Standing(applied=MEETING, wanted=MEETING, looked_at=looked_at))
    attempt = AuditEntry(engine.clock.now(), Action.WRITE, Reason(ReasonCode.PROFILE_FREE), "done", status=MEETING)
    async with engine.database.write() as typing:
        assert await replica.profile_states.see(typing, key, LUNCH, engine.clock.now())
        settling = asyncio.create_task(replica.queue.settle(wish, done, attempt))
        await somebody_waits(engine.database)
    await settling
    assert (await engine.memory(key)).standing.covered == LUNCH


@on_postgresql
async def test_pause_that_was_waited_for_is_the_one_that_ends(engine: RunningEngine) -> None:
    key, now = await engine.person(), engine.clock.now()
    choices, undos = PreferenceStore(engine.database), UndoStore(engine.database, engine.encryptor)
    async with engine.database.write() as pausing:
        await pausing.execute(sa.update(PEOPLE).values(paused_from=now))
        resuming = asyncio.create_task(choices.pause(key, None, now, undos))
        await somebody_waits(engine.database)
    await resuming
    assert [one.change.pause for one in await undos.list(key, now)] == [(Pause(now, None), None)]


# ── what is taken back while Slack is asked ─────────────────────────────────────────────────────────

Change = Callable[[RunningEngine, PersonKey], Awaitable[None]]


async def ends_what_was_typed(engine: RunningEngine, key: PersonKey) -> None:
    await OverrideStore(engine.database, engine.encryptor).end(key, engine.clock.now(), kinds=frozenset(OverrideKind))


async def undoes_what_was_typed(engine: RunningEngine, key: PersonKey) -> None:
    await OverrideStore(engine.database, engine.encryptor).remove(key, "o1", engine.clock.now())


async def cancels_the_meeting(engine: RunningEngine, key: PersonKey) -> None:
    await engine.has(key)


async def pauses(engine: RunningEngine, key: PersonKey) -> None:
    await PreferenceStore(engine.database).pause(key, Pause(engine.clock.now(), None), engine.clock.now())


async def loses_the_grant(engine: RunningEngine, key: PersonKey) -> None:
    await engine.change(key, grant_state="lost")


async def overtaken(engine: RunningEngine, replica: Replica, wish: PendingWrite, change: Change) -> None:
    """Carry `wish` out, while whose reading of the profile `change` happens and is taken up by a tick."""
    read = replica.writer._profiles.read

    async def read_and_be_overtaken(token: str) -> Status:
        found = await read(token)
        await change(engine, wish.key)
        await replica.tick()
        return found

    replica.writer._profiles.read = read_and_be_overtaken  # type: ignore[method-assign]  # the moment is what is tested
    await kept(replica, wish)
    replica.writer._profiles.read = read  # type: ignore[method-assign]


@pytest.mark.parametrize("change", [ends_what_was_typed, undoes_what_was_typed, pauses, loses_the_grant])
async def test_typed_status_that_is_taken_back_while_the_profile_is_read_is_not_written(
    engine: RunningEngine, change: Change
) -> None:
    replica, key = engine.replica(), await engine.person()
    await engine.says(key, "Lunch")
    wish = await wished(engine, replica, key)
    await overtaken(engine, replica, wish, change)
    await at_rest(engine, replica, key)
    assert engine.calls(SET) == []
    assert engine.status() == ("", "", 0)


@BOTH
async def test_meeting_that_is_cancelled_while_the_profile_is_read_is_not_shown(engine: RunningEngine) -> None:
    replica, key = engine.replica(), await engine.person()
    await engine.has(key, meeting(engine.clock.now(), 60))
    wish = await wished(engine, replica, key)
    await overtaken(engine, replica, wish, cancels_the_meeting)
    await at_rest(engine, replica, key)
    assert engine.calls(SET) == []


@BOTH
async def test_what_is_typed_and_taken_back_during_a_meeting_leaves_the_meeting(engine: RunningEngine) -> None:
    replica, key = engine.replica(), await engine.person()
    await engine.has(key, meeting(engine.clock.now(), 60))
    await at_rest(engine, replica, key)
    await engine.says(key, "Lunch")
    wish = await wished(engine, replica, key)
    await overtaken(engine, replica, wish, undoes_what_was_typed)
    await at_rest(engine, replica, key)
    assert engine.written() == ["In a meeting"]
    assert engine.status()[0] == "In a meeting"
