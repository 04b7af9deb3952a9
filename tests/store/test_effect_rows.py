"""The rows of effects: found by their index, replaced with the timeline, and never twice in somebody's hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.decisions import Action
from services.domain.effects import DueEffect, PresenceMemory
from services.domain.model import Effect, Pause, PersonKey, Photo, Picture, Stretch
from services.domain.profile_state import AuditEntry
from services.domain.reasons import Reason, ReasonCode
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.effect_tables import EFFECTS, STRETCHES
from services.store.effects import _DUE, _NEXT_DUE, EffectStore
from services.store.person_rows import NoticeStore, mark_effects_due
from services.store.preferences import PreferenceStore
from services.store.stretches import replace_stretches
from services.store.tables import PEOPLE, WORKSPACES
from services.store.timeline import AuditStore
from tests.support.clocks import ManualClock

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN, BEN = PersonKey("T1", "U1"), PersonKey("T1", "U2")
MUTED = Stretch(Effect.DND, NOW, NOW + HOUR, rule="meeting")
AWAY = Stretch(Effect.AWAY, NOW, NOW + HOUR, rule="meeting")
LATER = Stretch(Effect.AWAY, NOW + 2 * HOUR, NOW + 3 * HOUR, rule="focus")
PHOTO = Stretch(Effect.PHOTO, NOW, NOW + HOUR, ends=False, rule="x", photo=Photo(Picture.CUP, "top"))


@pytest.fixture
async def store(database: Database, encryptor: Encryptor) -> EffectStore:
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id="T1", name="", installed_at=NOW))
        for key in (ANN, BEN):
            token = encryptor.seal("xoxp", "people.token", *(key.team_id, key.user_id))
            await connection.execute(
                sa.insert(PEOPLE).values(
                    team_id=key.team_id, user_id=key.user_id, created_at=NOW, granted_at=NOW, grant_state="ok",
                    token=token, scopes="users:write",
                )
            )  # fmt: skip
    clock = ManualClock()
    return EffectStore(database, encryptor, NoticeStore(database, clock), AuditStore(database, encryptor))


async def carries(database: Database, *stretches: Stretch, now: datetime = NOW, key: PersonKey = ANN) -> bool:
    """Have these be all that are stored; whether the sender looks for it."""
    told: list[bool] = []

    async def sender(_: AsyncConnection, typed: bool) -> None:
        told.append(typed)

    database.sender = sender
    async with database.write() as connection:
        await replace_stretches(connection, {key: stretches}, now)
    return bool(told)


async def away(store: EffectStore, now: datetime = NOW) -> DueEffect:
    (found,) = await store.due(Effect.AWAY, now, 10)
    return found


async def test_what_is_due_is_read_with_all_that_it_needs(store: EffectStore, database: Database) -> None:
    assert await carries(database, AWAY, LATER, PHOTO)
    found = await away(store)
    assert (found.key, found.stretch, found.next_at, found.token) == (ANN, AWAY, LATER.start, "xoxp")
    assert (found.memory, found.pause, found.leaving, found.scopes) == (PresenceMemory(), None, False, {"users:write"})
    (photo,) = await store.due(Effect.PHOTO, NOW, 10)
    assert photo.stretch == PHOTO
    assert await store.due(Effect.DND, NOW, 10) == []
    assert await store.due(Effect.AWAY, NOW, 10, others={"T1"}) == []
    assert await store.due(Effect.AWAY, NOW, 10, full={"T1"}) == []


async def test_same_stretches_once_more_make_nothing_due(store: EffectStore, database: Database) -> None:
    await carries(database, AWAY, PHOTO, LATER)
    due = await away(store)
    await store.settle(due, PresenceMemory(owed=True, sent=True), NOW + HOUR)
    assert not await carries(database, LATER, AWAY, PHOTO)
    assert await store.due(Effect.AWAY, NOW, 10) == []
    assert not await carries(database, AWAY, LATER, replace(PHOTO, end=NOW + 9 * HOUR))  # the window has moved
    async with database.read() as connection:
        end = sa.select(STRETCHES.c.end_at).where(STRETCHES.c.effect == "photo")
        assert await connection.scalar(end) == NOW + 9 * HOUR
    assert await carries(database, replace(AWAY, end=NOW + 2 * HOUR), PHOTO)
    assert (await away(store)).memory == PresenceMemory(owed=True, sent=True)


async def test_what_has_ended_is_not_stored_and_makes_nothing_due(store: EffectStore, database: Database) -> None:
    await carries(database, AWAY, LATER)
    await store.settle(await away(store), PresenceMemory(), None)
    later = NOW + HOUR
    assert not await carries(database, AWAY, LATER, now=later)
    assert not await carries(database, LATER, now=later)
    assert await store.due(Effect.AWAY, later, 10) == []


async def test_only_what_was_read_last_may_be_done_and_by_one_alone(store: EffectStore, database: Database) -> None:
    await carries(database, AWAY)
    one, other = await away(store), await away(store)
    taken = await store.take_up(one, PresenceMemory(owed=True))
    assert taken is not None
    assert await store.take_up(other, PresenceMemory(owed=True)) is None
    await store.settle(other, PresenceMemory(), NOW + HOUR)  # the fence: what they record is out of date
    assert (await away(store)).memory == PresenceMemory(owed=True)
    async with database.write() as connection:
        await mark_effects_due(connection, [ANN], NOW)
    assert await store.take_up(taken, PresenceMemory()) is None  # something else is wanted
    entry = AuditEntry(NOW, Action.WRITE, Reason(ReasonCode.AWAY), "done", effect=Effect.AWAY)
    await store.settle(taken, PresenceMemory(owed=True, sent=True), NOW + HOUR, entry)
    again = await away(store)  # what was done is remembered, and it is looked at once more
    assert again.memory == PresenceMemory(owed=True, sent=True)
    assert again.due_at == NOW


@pytest.mark.parametrize("changed", ["pause", "grant", "granted anew"])
async def test_nothing_is_done_for_whom_has_paused_or_has_another_grant(
    store: EffectStore, database: Database, changed: str
) -> None:
    await carries(database, AWAY)
    due = await away(store)
    if changed == "pause":
        await PreferenceStore(database).pause(ANN, Pause(NOW), NOW)
    else:
        values = {"grant_state": "lost"} if changed == "grant" else {"granted_at": NOW + HOUR}
        await database.execute(sa.update(PEOPLE).values(values))
    assert await store.take_up(due, PresenceMemory(owed=True)) is None


async def test_what_is_owed_comes_first(store: EffectStore, database: Database) -> None:
    await carries(database, AWAY)
    await carries(database, AWAY, now=NOW - HOUR, key=BEN)
    assert [one.key for one in await store.due(Effect.AWAY, NOW, 10)] == [BEN, ANN]
    ann = next(one for one in await store.due(Effect.AWAY, NOW, 10) if one.key == ANN)
    await store.settle(ann, PresenceMemory(owed=True), NOW)
    assert [one.key for one in await store.due(Effect.AWAY, NOW, 10)] == [ANN, BEN]
    assert [one.key for one in await store.due(Effect.AWAY, NOW, 10, full={"T1"})] == [ANN]


async def test_what_is_put_off_is_due_later_or_once_it_is_made_due(store: EffectStore, database: Database) -> None:
    await carries(database, AWAY)
    await store.put_off(await away(store), NOW + HOUR)
    assert await store.due(Effect.AWAY, NOW, 10) == []
    assert await store.next_due(Effect.AWAY, NOW) == NOW + HOUR
    assert (await away(store, NOW + HOUR)).failures == 1
    async with database.write() as connection:
        await mark_effects_due(connection, [ANN], NOW)
    assert (await away(store)).failures == 0


async def test_due_effects_are_found_by_their_index(store: EffectStore, database: Database) -> None:
    given = {"effect": "dnd", "now": 1, "others": "[]", "full": "[]", "most": 9}
    plans = []
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # as if the table were large
        for query in (_DUE, _NEXT_DUE):
            compiled = query.compile(dialect=database.engine.dialect)
            values = tuple(given.get(name, 0) for name in compiled.positiontup or ())
            explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
            rows = await connection.exec_driver_sql(explain + str(compiled), values)
            plans.append("\n".join(str(row[-1]) for row in rows))
    for plan in plans:
        assert "ix_effects_due" in plan
        assert "SCAN" not in plan.replace("SCAN json_each", "")
    assert await database.fetch(sa.select(EFFECTS)) == []
