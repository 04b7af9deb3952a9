"""What is typed beside much that is due: from the command's request to its `users.profile.set` at Slack.

The whole app in a process of its own (`app.py serve`, on PostgreSQL with and without a second replica, `app.py
worker`), a Slack that answers after 100 ms, and people of quiet workspaces who type, 0.3 s apart.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa

from bench import http, slack_stub
from bench.table import Row, percentile
from services.domain.calendars import Changes
from services.domain.model import Event, PersonKey, Span, Status
from services.domain.reasons import Reason, ReasonCode
from services.platform.crypto import Encryptor, new_key
from services.store import schema
from services.store.calendar_tables import CALENDARS
from services.store.db import Database
from services.store.events import EventStore
from services.store.tables import OVERRIDES, PEOPLE, WORKSPACES
from services.store.timeline import SpanStore
from tests.support import postgres

TYPERS = 6
MEETINGS, A_WORKSPACE = 1_800, 8
STALE, EVENTS = 3_000, 12
ENDLESS, OF_THEIRS = 64, 400
SLOW = 60
ANSWERS_AFTER = 0.1


@dataclass(frozen=True, slots=True)
class Typed:
    """Seconds until the command was answered, and until its status was at Slack."""

    answered: float
    written: float


def rows() -> list[Row]:
    measured: list[Row] = []
    binaries = postgres.binaries()
    with ExitStack() as stack:
        address = stack.enter_context(postgres.cluster(binaries)) if binaries else ""
        for name, url, replicas in (("SQLite", "", 1), ("PostgreSQL", address, 1), ("two replicas", address, 2)):
            if name != "SQLite" and not address:
                continue
            for what, seed in (
                ("nothing else", nothing),
                ("1,800 meetings", meetings),
                ("3,000 stale people", stale),
                ("64 endless", endless),
            ):
                measured += _rows(f"{name}, {what}", asyncio.run(_measure(url, replicas, seed)))
            if replicas > 1:
                measured += _rows(f"{name}, a slow call", asyncio.run(_measure(url, replicas, slow_calls)))
    return measured


def _rows(where: str, typed: Sequence[Typed]) -> list[Row]:
    written = [1000 * one.written for one in typed]
    answered = [1000 * one.answered for one in typed]
    each = ", ".join(f"{value:,.0f}" for value in written)
    return [
        Row(f"/quo → users.profile.set, {where}: worst", max(written), "ms", 1000, "promised", each),
        Row(f"/quo answered, {where}: worst", max(answered), "ms", 3000, "Slack's 3 s",
            f"p50 {percentile(answered, 0.5):,.0f} ms"),
    ]  # fmt: skip


# ── the load ────────────────────────────────────────────────────────────────────────────────────────


class Seed:
    """Writes people straight into the app's tables."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        self.database, self.encryptor = database, encryptor
        self._workspaces: set[str] = set()

    async def people(self, keys: Sequence[PersonKey], edge: datetime | None, **columns: Any) -> None:
        """People with a stored timeline: nothing until `edge` (None: for a week), a meeting from then on."""
        now = datetime.now(UTC)
        free, ends = Reason(ReasonCode.NOTHING), None if edge is None else edge + timedelta(hours=1)
        until = edge or now + timedelta(days=8)
        spans = {key: [Span(now - timedelta(days=1), until, Status(), "nothing", free)] for key in keys}
        if edge is not None and ends is not None:
            shows = Status("In a meeting", ":spiral_calendar_pad:", ends)
            for key in keys:
                spans[key].append(Span(edge, ends, shows, "meeting", Reason(ReasonCode.EVENT), uid="e"))
        people = [
            {
                "team_id": key.team_id, "user_id": key.user_id, "zone": "UTC", "locale": "en-US", "created_at": now,
                "token": self.encryptor.seal(f"xoxp-{key.user_id}", "people.token", key.team_id, key.user_id),
                "scopes": "", "grant_state": "ok", "granted_at": now, "preferences": "{}", "due_at": until,
                "resolved_until": now + timedelta(days=8),
            } | columns
            for key in keys
        ]  # fmt: skip
        teams = {key.team_id for key in keys} - self._workspaces
        self._workspaces |= teams
        workspaces = [
            {
                "team_id": team, "name": "", "installed_at": now,
                "bot_token": self.encryptor.seal(f"xoxb-{team}", "workspaces.bot_token", team),
            }
            for team in sorted(teams)
        ]  # fmt: skip
        async with self.database.write() as connection:
            if workspaces:
                await connection.execute(sa.insert(WORKSPACES), workspaces)
            await connection.execute(sa.insert(PEOPLE), people)
            await SpanStore(self.encryptor).replace(connection, spans)

    async def events(self, keys: Sequence[PersonKey], many: int) -> None:
        """A calendar of so many meetings from now on for each, about two a day."""
        start, store = datetime.now(UTC) + timedelta(hours=3), EventStore(self.database, self.encryptor)
        calendars = [
            {"team_id": key.team_id, "user_id": key.user_id, "calendar_id": "c", "provider": "ics",
             "address_digest": "d", "created_at": start}
            for key in keys
        ]  # fmt: skip
        at = [start + timedelta(hours=13 * n) for n in range(many)]
        events = tuple(
            Event("c", f"e{n}", begin, begin + timedelta(hours=1), title="Plan") for n, begin in enumerate(at)
        )
        async with self.database.write() as connection:
            await connection.execute(sa.insert(CALENDARS), calendars)
            for key in keys:
                await store.apply(connection, [await store.prepare(key, "c", Changes(events=events))])

    async def make_stale(self, like: str) -> None:
        """As if the events of everybody whose id is like that had just changed."""
        async with self.database.write() as connection:
            await connection.execute(
                sa.update(PEOPLE).where(PEOPLE.c.user_id.like(like)).values(stale=True, due_at=datetime.now(UTC))
            )


async def meetings(seed: Seed) -> None:
    """Meetings of many workspaces, all of which begin in three seconds."""
    keys = [PersonKey(f"TM{n // A_WORKSPACE}", f"UM{n}") for n in range(MEETINGS)]
    await seed.people(keys, datetime.now(UTC) + timedelta(seconds=START + 1))


async def stale(seed: Seed) -> None:
    """People whose timelines are to be resolved anew."""
    keys = [PersonKey(f"TS{n // A_WORKSPACE}", f"US{n}") for n in range(STALE)]
    await seed.people(keys, None)
    await seed.events(keys, EVENTS)


async def endless(seed: Seed) -> None:
    """People with a status without an end, and meetings for the better part of a year."""
    keys = [PersonKey(f"TS{n // A_WORKSPACE}", f"US{n}") for n in range(ENDLESS)]
    await seed.people(keys, None)
    await seed.events(keys, OF_THEIRS)
    now = datetime.now(UTC)
    content = '{"text": "Available", "emoji": ":wave:"}'
    async with seed.database.write() as connection:
        await connection.execute(
            sa.insert(OVERRIDES),
            [
                {"team_id": key.team_id, "user_id": key.user_id, "override_id": "o", "kind": "status", "start_at": now,
                 "created_at": now,
                 "content": seed.encryptor.seal(content, "overrides.content", key.team_id, key.user_id, "o")}
                for key in keys
            ],
        )  # fmt: skip


async def slow_calls(seed: Seed) -> None:
    """In the workspaces of those who type: somebody whose profile takes five seconds to be read."""
    at = datetime.now(UTC) + timedelta(seconds=START)
    await seed.people([PersonKey(f"TQ{n}", f"USLOW{n}") for n in range(SLOW)], at)


async def nothing(seed: Seed) -> None:
    """What a command takes on this machine by itself."""


START = 15.0
"""Seconds from the seeding until the load begins: the app has started by then."""


# ── those who type ──────────────────────────────────────────────────────────────────────────────────


async def _measure(url: str, replicas: int, load: Any) -> list[Typed]:
    async with _running(url, replicas, load) as (port, stub, seed, begins):
        await asyncio.sleep(max(0.0, begins - time.time()))
        await seed.make_stale("US%" if load in (stale, endless) else "nobody")
        await asyncio.sleep(1.0)
        async with aiohttp.ClientSession() as session:
            return await asyncio.gather(*(_type(session, port, stub, number) for number in range(TYPERS)))


async def _type(session: aiohttp.ClientSession, port: int, stub: slack_stub.Stub, number: int) -> Typed:
    await asyncio.sleep(0.3 * number)
    body, headers = http.signed("/quo", "Lunch", f"{number}.{time.time_ns()}", team=f"TQ{number}", user=f"UQ{number}")
    began = time.time()
    async with session.post(f"http://127.0.0.1:{port}/slack/events", data=body, headers=headers) as answer:
        assert answer.status == 200, answer.status
        await answer.read()
    answered = time.time() - began
    written = await stub.until(session, f"UQ{number}", 0) - began
    return Typed(answered, written)


@asynccontextmanager
async def _running(url: str, replicas: int, load: Any) -> AsyncIterator[tuple[int, slack_stub.Stub, Seed, float]]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        address = await new_database(url) if url else f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        key = new_key()
        database = Database(address)
        await schema.upgrade(database)
        seed = Seed(database, Encryptor([key]))
        await seed.people([PersonKey(f"TQ{number}", f"UQ{number}") for number in range(TYPERS)], None)
        async with slack_stub.running(ANSWERS_AFTER) as stub:
            begins = time.time() + START
            await load(seed)
            port = http.free_port()
            environment = http.settings(stub.api_url, port) | {"DATABASE_URL": address, "ENCRYPTION_KEYS": key}
            stack.enter_context(http.process("app.py", "serve", **environment))
            for _ in range(replicas - 1):
                stack.enter_context(http.process("app.py", "worker", **environment))
            await asyncio.to_thread(http.wait_for, port, "/readyz")
            yield port, stub, seed, begins
            stack.close()
        await database.close()


async def new_database(server: str) -> str:
    """A new database on that server."""
    database = Database(f"{server}postgres")
    async with database.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(sa.text("DROP DATABASE IF EXISTS bench WITH (FORCE)"))
        await alone.execute(sa.text("CREATE DATABASE bench"))
    await database.close()
    return f"{server}bench"


def on_both(measure: Callable[[str, str], Coroutine[Any, Any, list[Row]]]) -> list[Row]:
    """The rows that `measure(name, url)` gives for SQLite (url "") and, where it is installed, for PostgreSQL."""
    measured = asyncio.run(measure("SQLite", ""))
    binaries = postgres.binaries()
    if binaries is not None:
        with postgres.cluster(binaries) as server:
            measured += asyncio.run(measure("PostgreSQL", asyncio.run(new_database(server))))
    return measured
