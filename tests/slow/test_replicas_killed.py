"""Processes killed with SIGKILL in mid-work: nothing is lost, no limit is broken, nothing visible is repeated."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from emulators.slack import ApiCall
from emulators.slack.state import Channel
from services.domain.digests import Schedule
from services.domain.model import Effect
from services.platform.clock import SystemClock
from services.platform.crypto import Encryptor, new_key
from services.slack import scopes
from services.store.db import Database
from services.store.digests import Digest, DigestStore
from services.store.keeper import mark_kept_due
from services.store.person_rows import NoticeStore
from services.store.workspace_tables import DIGEST_POSTS, DIGESTS, KEPT, LEAVES
from tests.support.engine import SET, RunningEngine, meeting, open_engine, until

pytestmark = pytest.mark.slow

WORKSPACES, PEOPLE = 20, 60
LEAVES_ROOM = 24
"""Writes of a workspace in a minute, after which another owner may make some at once, whatever was not stored."""

GOES_ON = timedelta(seconds=30)
"""Until another owner writes to a workspace: some two seconds (docs/architecture.md), or as many times that as there
are others who want the processor. It is less than a window: nobody waits for one to pass, or for the dead process."""


class Process:
    """A replica in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, engine: RunningEngine, key: str) -> Process:
        environment = os.environ | {
            "DATABASE_URL": engine.database.url, "SLACK_API_URL": engine.slack.api_url, "ENCRYPTION_KEYS": key,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.slow.replica_process", env=environment, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        made = cls(process)
        assert process.stdout is not None
        while b"ready" not in await process.stdout.readline():
            assert process.returncode is None, "the replica ended before it was ready"
        made.drain = asyncio.create_task(cls._read(process.stdout))
        return made

    drain: asyncio.Task[None]

    @staticmethod
    async def _read(lines: asyncio.StreamReader) -> None:
        while await lines.readline():
            pass

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self.drain

    async def end(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await self._process.wait()
        await self.drain
        return self._process.returncode or 0


@asynccontextmanager
async def a_world(url: str, key: str) -> AsyncIterator[RunningEngine]:
    database = Database(url)
    try:
        async with open_engine(database, Encryptor([key]), SystemClock()) as engine:
            yield engine
    finally:
        await database.close()


def repeated(calls: list[ApiCall]) -> list[ApiCall]:
    """Writes that set what the profile showed already: the same as that person's write before."""
    by_person: dict[str, list[ApiCall]] = defaultdict(list)
    for call in calls:
        if call.ok:
            by_person[call.user_id].append(call)
    return [
        later
        for writes in by_person.values()
        for earlier, later in pairwise(writes)
        if earlier.arguments["profile"] == later.arguments["profile"]
    ]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_replica_killed_in_mid_drain_loses_nothing_and_breaks_no_limit(database_url: str) -> None:
    key = new_key()
    async with a_world(database_url, key) as engine:
        start = engine.clock.now() + timedelta(seconds=75)
        for number in range(WORKSPACES * PEOPLE):
            person = await engine.person(f"U{number}", team_id=f"T{number % WORKSPACES}")
            await engine.has(person, meeting(start, 120))
        doomed, survivor = await Process.start(engine, key), await Process.start(engine, key)
        await until(lambda: len(engine.written()) >= 150, 200)
        killed_at = await kill_now(engine, doomed)
        busy = {f"T{number}" for number in range(WORKSPACES)}
        await until(lambda: len(engine.written()) == WORKSPACES * PEOPLE, 150)
        assert await survivor.end() == 0
        # whoever takes over counts what may have been written and not stored: the others' minute is used up
        before = Counter(call.team_id for call in engine.calls(SET) if call.at <= killed_at)
        moved = {
            team_id: min(call.at for call in engine.calls(SET) if call.team_id == team_id and call.at > killed_at)
            for team_id in busy
            if before[team_id] <= LEAVES_ROOM
        }
        assert moved
        assert max(at - killed_at for at in moved.values()) < GOES_ON
        assert {call.http_status for call in engine.calls()} == {200}
        assert all(call.ok for call in engine.calls())
        assert repeated(engine.calls(SET)) == []
        assert {engine.status(f"U{number}")[0] for number in range(WORKSPACES * PEOPLE)} == {"In a meeting"}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_replica_killed_while_digests_are_due_has_none_posted_twice(database_url: str) -> None:
    key, count = new_key(), 40
    async with a_world(database_url, key) as engine:
        channels = [await channel_with_the_app(engine, f"T{number}") for number in range(count)]
        due = engine.clock.now() + timedelta(minutes=1, seconds=20)
        store = DigestStore(engine.database, NoticeStore(engine.database, engine.clock))
        at = due.replace(second=0, microsecond=0)
        for channel in channels:
            schedule = Schedule(frozenset(range(7)), at.time(), ZoneInfo("UTC"))
            await store.put(
                Digest(channel.team_id, channel.channel_id, schedule, "en-GB", silent=False), engine.clock.now()
            )
        doomed, survivor = await Process.start(engine, key), await Process.start(engine, key)
        await until(lambda: any(engine.slack.talk.posted(one.channel_id) for one in channels), 150)
        await kill_now(engine, doomed)
        before = {one.channel_id for one in channels if engine.slack.talk.posted(one.channel_id)}
        await until(lambda: nothing_due(engine, DIGESTS), 150)  # no other follows
        assert await survivor.end() == 0
        posts = {one.channel_id: len(engine.slack.talk.posted(one.channel_id)) for one in channels}
        async with engine.database.read() as connection:
            begun = sa.select(DIGEST_POSTS.c.channel_id).where(DIGEST_POSTS.c.outcome == "")
            died_in = set((await connection.scalars(begun)).all())
        # what the dead one had taken up is nobody's: rather not at all than twice
        assert {channel_id for channel_id, times in posts.items() if times != 1} <= died_in
        assert max(posts.values()) == 1
        assert len(before) < sum(posts.values()), "it was killed when all was done"


async def channel_with_the_app(engine: RunningEngine, team_id: str) -> Channel:
    """A channel of a workspace, in which the app is, and a member."""
    person = await engine.person(f"U{team_id}", team_id=team_id, allows=[*scopes.USER])
    engine.slack.install(team_id).scopes |= scopes.FOR_DIGEST
    channel = engine.slack.talk.create("project", team_id, {person.user_id})
    engine.slack.talk.invite_app(channel.channel_id)
    return channel


async def kill_now(engine: RunningEngine, process: Process) -> datetime:
    at = engine.clock.now()
    await process.kill()
    return at


@pytest.mark.timeout(400)
async def test_process_killed_again_and_again_repeats_nothing_visible(sqlite_url: str) -> None:
    key = new_key()
    dice = random.Random(20261124)  # noqa: S311  # moments to die at, no secrets
    async with a_world(sqlite_url, key) as engine:
        start = engine.clock.now() + timedelta(seconds=8)
        count = 120
        for number in range(count):
            person = await engine.person(f"U{number}", team_id=f"T{number % 4}")
            await engine.has(person, meeting(start + timedelta(seconds=number // 10), 120))
        for _ in range(12):
            process = await Process.start(engine, key)
            await asyncio.sleep(dice.uniform(0.2, 1.5))  # other processes work until they are killed
            await process.kill()
        process = await Process.start(engine, key)
        await until(lambda: all(engine.status(f"U{number}")[0] == "In a meeting" for number in range(count)), 120)
        await until(lambda: nothing_pending(engine), 60)
        assert await process.end() == 0
        assert repeated(engine.calls(SET)) == []
        assert all(call.ok for call in engine.calls())


@pytest.mark.timeout(400)
async def test_process_killed_again_and_again_leaves_nobody_muted_or_away(sqlite_url: str) -> None:
    key = new_key()
    dice = random.Random(20261128)  # noqa: S311  # moments to die at, no secrets
    async with a_world(sqlite_url, key) as engine:
        count, lasts = 24, timedelta(seconds=45)
        allows = [*scopes.USER, *scopes.USER_OPTIONAL]
        now = engine.clock.now()
        for number in range(count):
            person = await engine.person(f"U{number}", team_id=f"T{number % 6}", allows=allows)
            ends = now + lasts + timedelta(seconds=number / 2)
            await engine.says(person, "Focusing", until=ends, effects=(Effect.DND, Effect.AWAY))
        engine.slack.dnd.snooze("U0", 30)
        engine.slack.presence.toggle("U1", away=True)
        for _ in range(3):
            process = await Process.start(engine, key)
            await asyncio.sleep(dice.uniform(0.5, 3))  # other processes work until they are killed
            await process.kill()
        process = await Process.start(engine, key)
        await until(lambda: engine.clock.now() > now + lasts + timedelta(seconds=5), 90)
        await process.kill()  # while it takes them back
        owed = len(engine.slack.left_behind())
        restarted = time.monotonic()
        process = await Process.start(engine, key)
        await until(lambda: engine.clock.now() > now + lasts + timedelta(seconds=count / 2), 60)
        await until(lambda: [what for _, what in engine.slack.left_behind() if what == "presence"] == [], 90)
        assert owed > 0
        assert time.monotonic() - restarted < 60
        assert await process.end() == 0
        assert engine.slack.trespasses() == []
        assert engine.slack.presence.away_by("U1") == "person"
        assert engine.slack.dnd.running("U0") is not None
        changed = Counter(one.user_id for one in engine.slack.changes if one.what == "presence" and one.by == "app")
        assert set(changed.values()) == {2}, changed  # away and back again, nobody twice


@pytest.mark.timeout(400)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_replica_killed_while_keepers_drain_sets_nobodys_status_twice(database_url: str) -> None:
    key = new_key()
    teams, members = 6, 34
    async with a_world(database_url, key) as engine:
        start = engine.clock.now() + timedelta(seconds=15)
        stores = engine.replica()  # never started: the processes are
        for number in range(teams):
            team_id = f"T{number}"
            admin = await engine.person(f"UADMIN{number}", team_id=team_id, admin=True)
            engine.slack.membership.set_role(admin.user_id, "admin")
            users = [f"U{number}X{place}" for place in range(members)]
            for user_id in users:
                engine.slack.add_person(user_id, user_id.lower(), team_id=team_id)
            await stores.keepers.consent(admin, engine.clock.now())
            async with engine.database.write() as connection:
                rows = [
                    {"team_id": team_id, "user_id": user_id, "leave_id": "l1", "calendar_id": "c", "all_day": False,
                     "start_at": start, "end_at": start + timedelta(hours=2, minutes=place)}
                    for place, user_id in enumerate(users)
                ]  # fmt: skip
                await connection.execute(sa.insert(LEAVES), rows)
                await mark_kept_due(connection, team_id, users, engine.clock.now())
        engine.replicas.remove(stores)
        await stores.stop()
        doomed, survivor = await Process.start(engine, key), await Process.start(engine, key)
        await until(lambda: len(engine.written()) >= teams * 10, 120)
        await kill_now(engine, doomed)
        await until(lambda: len(engine.written()) >= teams * members, 240)
        await until(lambda: nothing_due(engine, KEPT), 60)  # nobody is looked at any more
        assert await survivor.end() == 0
        set_for = Counter(call.arguments["user"] for call in engine.calls(SET) if call.ok)
        assert (len(set_for), max(set_for.values())) == (teams * members, 1)
        assert all(call.ok for call in engine.calls()), [call for call in engine.calls() if not call.ok][:3]
        assert {call.user_id for call in engine.calls(SET)} == {f"UADMIN{number}" for number in range(teams)}


async def nothing_due(engine: RunningEngine, table: sa.Table) -> bool:
    async with engine.database.read() as connection:
        due = sa.select(sa.func.count()).select_from(table).where(table.c.due_at <= engine.clock.now())
        return not await connection.scalar(due)


async def nothing_pending(engine: RunningEngine) -> bool:
    return await engine.pending() == 0
