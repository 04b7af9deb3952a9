"""Nobody waits for somebody else: what was typed goes first, timelines are resolved between two transactions, lanes
that wait rest. On both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.domain.model import PersonKey, ShowAs, Status
from services.domain.profile_state import HOME_LIVES
from services.domain.text import ENGLISH, DefaultTexts
from services.engine.leases import AdvisoryLocks
from services.engine.resolve import Timelines
from services.platform.crypto import Encryptor
from services.slack.limits import Budget
from services.slack.profile import SlackProfiles
from services.store.db import Database
from services.store.due import LEASE
from services.store.tables import PROFILE_STATES
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import GET, SET, RunningEngine, absence, meeting, open_engine, until
from tests.support.replica import Replica
from tests.support.statements import statements

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For what takes several processes: SQLite has one."""


# ── the tick ────────────────────────────────────────────────────────────────────────────────────────


@BOTH
async def test_typed_and_edges_do_not_stand_behind_timelines_that_are_resolved_anew(engine: RunningEngine) -> None:
    replica, now = engine.replica(), engine.clock.now()
    for number in range(3):
        await engine.person(f"USTALE{number}", due_at=now - timedelta(hours=1))
    edge = await engine.person("UEDGE", stale=False)
    typed = await engine.person("UTYPED", due_at=None, stale=False)
    await engine.says(typed, "Lunch")
    async with replica.due.batch(now, 1) as batch:
        assert [person.key for person in batch.people] == [edge]
    assert list(await replica.due.claim_stale(now, 1, typed=True)) == [typed]
    assert len(await replica.due.claim_stale(now, 10, typed=False)) == 3


async def test_edge_is_met_by_what_is_stored_before_it_is_resolved_anew(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person()
    await engine.has(key, meeting(engine.clock.now() + timedelta(days=1)))
    await replica.tick()
    engine.clock.move(days=1)
    assert (await replica.reconciler.run_due()).changed == 1
    assert await engine.column(key, "stale") is True
    assert await replica.timelines.next_due() == engine.clock.now()
    await replica.tick()
    assert await engine.column(key, "due_at") > engine.clock.now()


@BOTH
async def test_no_connection_is_held_while_a_timeline_is_resolved(engine: RunningEngine) -> None:
    replica = engine.replica()
    await engine.person()
    held: list[int] = []

    def default_texts(locale: str) -> DefaultTexts:
        held.append(engine.database.engine.pool.checkedout())  # type: ignore[attr-defined]  # both kinds have a queue
        return ENGLISH

    timelines = Timelines(replica.due, engine.clock, typed=False, default_texts=default_texts)
    assert (await timelines.run_due()).done == 1
    assert held == [0]


@BOTH
async def test_facts_that_change_while_a_timeline_is_resolved_win(engine: RunningEngine) -> None:
    replica, now = engine.replica(), engine.clock.now()
    key = await engine.person()
    claimed = await replica.due.claim_stale(now, 10, typed=False)
    await engine.says(key, "Lunch")
    async with replica.due.unchanged(claimed, now) as batch:
        assert batch.people == []
    assert (await replica.typed.run_due()).done == 1
    assert await engine.column(key, "stale") is False
    async with replica.due.unchanged(claimed, now) as batch:
        assert batch.people == []  # another replica has been faster


@on_postgresql
async def test_replicas_share_out_timelines_and_take_over_what_one_has_left(
    engine: RunningEngine, database_url: str
) -> None:
    other = Database(database_url)
    try:
        mine, theirs, now = engine.replica(), engine.replica(database=other), engine.clock.now()
        for number in range(6):
            await engine.person(f"U{number}")
        first = await mine.due.claim_stale(now, 4, typed=False)
        second = await theirs.due.claim_stale(now, 4, typed=False)
        assert (len(first), len(second), set(first) & set(second)) == (4, 2, set())
        assert await theirs.due.claim_stale(now, 9, typed=False) == {}
        assert len(await theirs.due.claim_stale(now + LEASE, 9, typed=False)) == 6
    finally:
        await other.close()


async def test_open_ended_status_is_not_looked_for_an_end_of(engine: RunningEngine) -> None:
    replica, now = engine.replica(), engine.clock.now()
    key = await engine.person()
    free = [meeting(now + timedelta(days=day), uid=f"m{day}", show_as=ShowAs.FREE) for day in range(30)]
    await engine.has(key, *free)
    await engine.says(key, "Available")
    with statements(engine.database) as executed:
        assert (await replica.typed.run_due()).done == 1
    assert sum(one.startswith("SELECT events.") for one in executed) == 1


# ── the sender ──────────────────────────────────────────────────────────────────────────────────────


class Held(SlackProfiles):
    """Slack, but for the first profile that is read: that takes until `go`."""

    def __init__(self, replica: Replica) -> None:
        super().__init__(replica.clients)
        self.held, self.go = asyncio.Event(), asyncio.Event()

    async def read(self, token: str) -> Status:
        if not self.held.is_set():
            self.held.set()
            await self.go.wait()
        return await super().read(token)


def held(replica: Replica) -> Held:
    replica.writer._profiles = made = Held(replica)
    return made


@BOTH
async def test_typed_status_waits_for_no_place_that_others_have(engine: RunningEngine) -> None:
    """Neither in its own workspace, where somebody's profile is read for long, nor among those of the process."""
    replica = engine.replica(at_once=1)
    profiles = held(replica)
    for number in range(3):
        await engine.has(await engine.person(f"USLOW{number}", team_id=f"T{number}"), meeting(engine.clock.now()))
    beside = [await engine.person(f"UBESIDE{number}", team_id=f"T{number}") for number in range(3)]
    quiet = await engine.person("UQUIET", team_id="T9")
    await replica.start()
    await profiles.held.wait()
    for key in (*beside, quiet):
        await engine.says(key, "Lunch")
    await until(lambda: len(engine.written()) == 6)
    assert {"UBESIDE0", "UBESIDE1", "UBESIDE2", "UQUIET"} <= {call.user_id for call in engine.calls(SET)}
    profiles.go.set()
    await until(lambda: len(engine.written()) == 7)


async def test_wish_that_was_read_with_a_span_that_has_ended_stays_to_be_done(engine: RunningEngine) -> None:
    """It may have been made at the end of that span, between the sender's look at the clock and at its rows."""
    replica, start = engine.replica(), engine.clock.now()
    key = await engine.person()
    await engine.has(key, meeting(start), absence(start + timedelta(minutes=30)))
    await replica.tick()
    engine.clock.move(minutes=30)
    assert (await replica.reconciler.run_due()).changed == 1
    ((wish,), _) = await replica.queue.most_urgent(start, 10)
    assert await replica.writer.carry_out(wish, replica.writer.take(wish, Budget())) is False
    assert await engine.pending() == 1


async def test_override_that_begins_by_itself_is_no_more_urgent_than_an_absence(engine: RunningEngine) -> None:
    """Else those of a whole lunch hour would stand before who types now."""
    replica, now = engine.replica(), engine.clock.now()
    key = await engine.person()
    await engine.says(key, "Lunch", until=now + timedelta(hours=1))
    await replica.tick()
    assert await urgencies(engine) == [0]
    await engine.change(key, stale=True, home_stale=True)
    await replica.tick()
    assert await urgencies(engine) == [0]  # it has not been carried out, and keeps its place
    async with engine.database.write() as connection:
        await connection.execute(sa.update(PROFILE_STATES).values(sent=PROFILE_STATES.c.seq))
    await engine.change(key, stale=True, home_stale=True)
    await replica.tick()
    assert await urgencies(engine) == [1]


async def urgencies(engine: RunningEngine) -> list[int]:
    async with engine.database.read() as connection:
        return list((await connection.execute(sa.select(PROFILE_STATES.c.urgency))).scalars())


async def test_workspace_that_waits_for_its_budget_is_not_looked_at(engine: RunningEngine) -> None:
    replica = engine.replica(limits={SET: 1, GET: 95}, poll=60, look=60)
    for number in range(4):
        await engine.has(await engine.person(f"U{number}"), meeting(engine.clock.now(), 60))
    await replica.start()
    await until(lambda: len(engine.written()) == 1)
    await until(lambda: replica.engine.at_rest)
    with statements(engine.database) as executed:
        for _ in range(20):
            engine.clock.move(seconds=1)
            await asyncio.sleep(0)
    looks = [one for one in executed if "standings" in one]
    assert len(looks) < 3, "a moved clock is no reason to look; what somebody did before may be one"


@on_postgresql
async def test_owner_of_a_workspace_hears_of_what_was_typed_here(
    database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    """It does not wait until a call that it has in hand has ended."""
    async with open_engine(database, encryptor, clock) as engine:
        other = Database(database.url)
        try:
            options = {"poll": 60, "look": 60}
            owner = engine.replica(leases=AdvisoryLocks(database.url), **options)
            await owner.start()
            profiles = held(owner)
            await engine.has(await engine.person("USLOW"), meeting(clock.now()))
            await profiles.held.wait()
            here = engine.replica(database=other, leases=AdvisoryLocks(database.url), **options)
            await here.start()
            typed = await engine.person("UTYPED", due_at=None, stale=False)
            engine.replicas.remove(owner)  # only this one is woken
            await engine.says(typed, "Lunch")
            await until(lambda: len(engine.calls(SET)) == 1)
            assert engine.written("UTYPED") == ["Lunch"]
            profiles.go.set()
            await owner.stop()
        finally:
            await RunningEngine.close(engine)
            engine.replicas.clear()
            await other.close()


# ── looks at the tables, and Home tabs ──────────────────────────────────────────────────────────────


@BOTH
async def test_looks_for_what_is_due_read_no_whole_table(engine: RunningEngine) -> None:
    replica = engine.replica()
    await engine.person()
    with statements(engine.database) as executed:
        assert await replica.queue.most_urgent(engine.clock.now(), 9) == ([], False)
        assert await replica.queue.next_at(engine.clock.now()) is None
        assert await replica.notices.due(engine.clock.now(), 9) == []
        assert await replica.homes.stale(engine.clock.now(), 9) == []
        await replica.due.next_due()
        await replica.due.next_stale(typed=True)
    plans = []
    async with engine.database.engine.connect() as connection:
        sqlite = engine.database.is_sqlite
        if not sqlite:
            await connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # as if the tables were large
        for one in executed:
            plain = (
                one.replace("json_each(?)", "json_each('[]')").replace("?", "0")
                if sqlite
                else sa.text(numbered(one)).text
            )
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
            plans += [str(row[-1]) for row in await connection.exec_driver_sql(explain + plain)]
    whole = [line for line in plans if "Seq Scan" in line or ("SCAN " in line and "INDEX" not in line)]
    assert whole == []
    names = ["ix_standings_most_urgent", "ix_people_home_opened_at", "ix_people_edge_due", "ix_people_stale_due"]
    if sqlite:  # where all tables are small, PostgreSQL may begin with any of the three that notices are joined from
        names.append("ix_notices_unsent")
    assert [name for name in names if not any(name in line for line in plans)] == []


def numbered(statement: str) -> str:
    for number in range(9, 0, -1):
        statement = statement.replace(f"${number}::BIGINT", "0").replace(f"${number}::INTEGER", "0")
        statement = statement.replace(f"${number}::VARCHAR", "'[]'").replace(f"${number}", "0")
    return statement


async def test_home_tab_is_published_at_an_edge_for_ten_minutes_after_it_was_opened(engine: RunningEngine) -> None:
    replica = engine.replica()
    now = engine.clock.now()
    looking = await engine.person("U1", home_opened_at=now - HOME_LIVES / 2)
    before = await engine.person("U2", home_opened_at=now - HOME_LIVES)
    for key in (looking, before):
        await engine.has(key, meeting(now + timedelta(minutes=1)))
    await replica.tick()
    assert await stale_homes(engine, replica) == [looking]
    await replica.homes.taken(looking, stale=False)
    await replica.homes.taken(before, stale=False)
    engine.clock.move(minutes=1)
    await replica.tick()
    assert await stale_homes(engine, replica) == [looking]
    assert await engine.column(before, "home_stale") is False  # nothing is even written for it
    engine.clock.move_to(now + HOME_LIVES)
    assert await stale_homes(engine, replica) == []


async def stale_homes(engine: RunningEngine, replica: Replica) -> list[PersonKey]:
    return await replica.homes.stale(engine.clock.now(), 10)
