"""Claiming who is due, what waits to be written and its fence, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.domain.decisions import Action
from services.domain.profile_state import AuditEntry, ProfileState, Resolution
from services.domain.reasons import Reason, ReasonCode
from services.store.db import Database
from tests.support.databases import BOTH
from tests.support.engine import RunningEngine

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For what takes several processes: SQLite has one."""


@BOTH
async def test_batch_takes_those_due_longest_first_and_leaves_the_rest(engine: RunningEngine) -> None:
    replica = engine.replica()
    now = engine.clock.now()
    for number in range(5):
        await engine.person(f"U{number}", due_at=now - timedelta(minutes=number), stale=False)
    await engine.person("ULATER", due_at=now + timedelta(seconds=1), stale=False)
    async with replica.due.batch(now, 3) as batch:
        assert [person.key.user_id for person in batch.people] == ["U4", "U3", "U2"]
    assert await replica.due.next_due() == now - timedelta(minutes=4)


@BOTH
async def test_batch_that_fails_leaves_everybody_due(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person(stale=False)
    now = engine.clock.now()
    with pytest.raises(RuntimeError):  # noqa: PT012  # the block is the transaction
        async with replica.due.batch(now, 10) as batch:
            await batch.save([Resolution(key, now + timedelta(days=1), urgency=2)])
            raise RuntimeError
    assert await engine.column(key, "due_at") == now
    assert await engine.pending() == 0


@on_postgresql
async def test_replicas_share_out_due_people_each_exactly_once(engine: RunningEngine, database_url: str) -> None:
    other = Database(database_url)
    try:
        mine, theirs = engine.replica(), engine.replica(database=other)
        now = engine.clock.now()
        for number in range(40):
            await engine.person(f"U{number}", stale=False)
        async with mine.due.batch(now, 25) as first, theirs.due.batch(now, 25) as second:
            taken = [person.key.user_id for person in [*first.people, *second.people]]
            await first.save([Resolution(person.key, now + timedelta(days=1)) for person in first.people])
            await second.save([Resolution(person.key, now + timedelta(days=1)) for person in second.people])
        assert sorted(taken) == sorted(f"U{number}" for number in range(40))
        assert await mine.due.next_due() == now + timedelta(days=1)
    finally:
        await other.close()


@BOTH
async def test_wish_that_waits_keeps_its_place_and_takes_the_better_urgency(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person(stale=False)
    now = engine.clock.now()
    for minutes, urgency in ((0, 3), (1, 1), (2, 3)):
        async with replica.due.batch(now + timedelta(minutes=minutes), 10) as batch:
            await batch.save([Resolution(key, now, urgency=urgency)])
    ((wish,), _) = await replica.queue.most_urgent(now, 10)
    assert (wish.seq, wish.urgency) == (3, 1)


@BOTH
async def test_record_of_an_older_wish_leaves_the_newer_one_pending(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person(stale=False)
    now = engine.clock.now()
    async with replica.due.batch(now, 10) as batch:
        await batch.save([Resolution(key, now, urgency=2)])
    ((old,), _) = await replica.queue.most_urgent(now, 10)
    async with replica.due.batch(now, 10) as batch:
        await batch.save([Resolution(key, now, urgency=2)])
    ((new,), _) = await replica.queue.most_urgent(now, 10)
    attempt = AuditEntry(now, Action.WRITE, Reason(ReasonCode.PROFILE_FREE), "done")
    await replica.queue.settle(old, ProfileState(decided="old"), attempt)
    assert await engine.pending() == 1
    await replica.queue.settle(new, ProfileState(decided="new"), attempt)
    assert await engine.pending() == 0
    await replica.queue.settle(old, ProfileState(decided="late"), attempt)
    assert (await engine.memory(key)).decided == "new"


@BOTH
async def test_wish_that_is_put_off_waits_and_what_is_typed_does_not(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person(stale=False)
    now = engine.clock.now()
    async with replica.due.batch(now, 10) as batch:
        await batch.save([Resolution(key, now, urgency=2)])
    ((wish,), _) = await replica.queue.most_urgent(now, 10)
    await replica.queue.postpone(wish, now + timedelta(minutes=1), None, "")
    assert await replica.queue.most_urgent(now, 10) == ([], False)
    assert await replica.queue.next_at(now) == now + timedelta(minutes=1)
    async with replica.due.batch(now, 10) as batch:
        await batch.save([Resolution(key, now, urgency=0)])
    ((typed,), _) = await replica.queue.most_urgent(now, 10)
    assert typed.failures == 1


@BOTH
async def test_most_urgent_of_all_workspaces_come_first_and_those_of_others_are_left_out(engine: RunningEngine) -> None:
    replica = engine.replica()
    now = engine.clock.now()
    keys = [await engine.person(f"U{number}", team_id=f"T{number}", stale=False) for number in range(5)]
    async with replica.due.batch(now, 10) as batch:
        await batch.save(
            [Resolution(key, now, urgency=urgency) for key, urgency in zip(keys, (2, 0, 1, 0, 2), strict=True)]
        )
    ((first,), _) = await replica.queue.most_urgent(now, 1)
    await replica.queue.postpone(first, now + timedelta(minutes=1), None, "")
    left, more = await replica.queue.most_urgent(now, 10, others=["T2"], full=["T0", "T3"])
    assert (first.key, [one.key for one in left], more) == (keys[1], [keys[3], keys[4]], False)
    found, more = await replica.queue.most_urgent(now + timedelta(minutes=1), 2, under_way={keys[3]: left[0]})
    assert ([one.key for one in found], more) == ([keys[1]], True)


@BOTH
async def test_notice_is_told_once_until_it_worked_in_between(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person(stale=False)

    async def tell() -> int:
        async with engine.database.write() as connection:
            await replica.notices.tell(connection, key, "grant")
        due = await replica.notices.due(engine.clock.now(), 10)
        for notice in due:
            await replica.notices.sent(notice, engine.clock.now())
        return len(due)

    assert [await tell(), await tell()] == [1, 0]
    async with engine.database.write() as connection:
        await replica.notices.worked(connection, "grant", key)
    assert await tell() == 1


@BOTH
async def test_notice_that_cannot_be_sent_is_given_up_after_some_tries(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person(stale=False)
    async with engine.database.write() as connection:
        await replica.notices.tell(connection, key, "grant")
    tries = 0
    while due := await replica.notices.due(engine.clock.now(), 10):
        tries += 1
        await replica.notices.failed(due[0], engine.clock.now())
        engine.clock.move(hours=2)
    assert tries == 5
