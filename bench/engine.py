"""The engine: how late an edge is met, how many due people are reconciled a second."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import app
from bench import slack_stub
from bench.table import Row, percentile
from services.domain.model import Effect, PersonKey, Photo, Span, Status, Stretch
from services.domain.reasons import Reason, ReasonCode
from services.engine.effects import AFTER_STATUSES
from services.platform.clock import SystemClock
from services.platform.crypto import Encryptor, new_key
from services.slack import scopes
from services.slack.client import SlackClients
from services.slack.profile import GET, SET, TEST, profile_of
from services.store import schema
from services.store.db import Database
from services.store.person_rows import mark_due
from services.store.stretches import replace_stretches
from services.store.tables import OVERRIDES, PEOPLE, WORKSPACES
from services.store.timeline import SpanStore
from tests.support import postgres
from tests.support.replica import Replica

PERSONS, TYPERS = 2_000, 10
EDGES, APART = 150, 0.1
EDGES_WITH_EFFECTS, THOSE_APART = 75, 0.3
UNLIMITED = dict.fromkeys(("users.profile.set", "users.profile.get", "auth.test"), 10**9)


def rows() -> list[Row]:
    gc.freeze()  # as `app.py serve` does
    gc.set_threshold(app.YOUNG)
    measured = asyncio.run(_edges())
    measured.append(asyncio.run(_edges_with_effects(measured[-1].ours)))
    for workspaces in (100, 1000):
        measured += asyncio.run(_due_people("sqlite", workspaces))
        with _cluster() as address:
            if address:
                measured += asyncio.run(_due_people("postgresql", workspaces, address))
    return measured


# ── an edge ─────────────────────────────────────────────────────────────────────────────────────────


async def _edges() -> list[Row]:
    """Single edges on an idle machine, each in a workspace of its own."""
    async with _app() as (replica, stub):
        late = await _late(replica, stub, EDGES, APART)
    return [
        Row("edge → users.profile.set, p50", percentile(late, 0.5), "ms", 250, "promised", "read, intent, write"),
        Row("edge → users.profile.set, p99", percentile(late, 0.99), "ms", 250, "promised", f"{EDGES} single edges"),
    ]


async def _edges_with_effects(without: float) -> Row:
    """The same, where a snooze, away and a photo begin with each of those statuses."""
    many = EDGES_WITH_EFFECTS
    async with _app(after_statuses=AFTER_STATUSES) as (replica, stub):
        late = await _late(replica, stub, many, THOSE_APART, effects=True)
        while set((await stub.put_on()).values()) != {many}:  # another process is looked at
            await asyncio.sleep(0.5)
    note = f"{many} snoozes, {many} away, {many} photos drawn and sent meanwhile"
    return Row("edge → users.profile.set, p99, all effects on", percentile(late, 0.99), "ms", without, "without", note)


async def _late(
    replica: Replica, stub: slack_stub.Stub, many: int, apart: float, *, effects: bool = False
) -> list[float]:
    """How late each edge's status was at Slack, in ms; all but the first. `apart` in seconds."""
    start = datetime.now(UTC) + timedelta(seconds=3)
    edges = {f"U{n}": start + timedelta(seconds=apart * n) for n in range(many)}
    keys = {PersonKey(f"T{user_id}", user_id): edge for user_id, edge in edges.items()}
    await _seed(replica, keys)
    if effects:
        await _seed_effects(replica, keys)
    await replica.start()
    written = await stub.writes(many)
    late = [1000 * (written[user_id] - edge.timestamp()) for user_id, edge in edges.items()][10:]
    assert min(late) > 0
    return late


# ── a full minute ───────────────────────────────────────────────────────────────────────────────────


async def _due_people(kind: str, workspaces: int, address: str = "") -> list[Row]:
    """People due at one instant, limits lifted: tick, read, write, record, audit; and some who type meanwhile."""
    async with _app(address, limits=UNLIMITED, person_limit=10**9) as (replica, stub):
        edge = datetime.now(UTC) - timedelta(seconds=1)
        keys = {PersonKey(f"T{n % workspaces}", f"U{n}"): edge for n in range(PERSONS)}
        typers = [PersonKey(f"T{n * 7 % workspaces}", f"UTYPER{n}") for n in range(TYPERS)]
        await _seed(replica, keys | dict.fromkeys(typers, datetime.now(UTC) + timedelta(days=8)))
        plain = await _plain_calls(replica, list(keys))
        await stub.forget()
        began = time.time()
        await replica.start()
        typed = await asyncio.gather(*(_type(replica, key, 0.2 + 0.1 * n) for n, key in enumerate(typers)))
        written = await stub.writes(PERSONS + TYPERS)
        took = max(at for user_id, at in written.items() if user_id[1:].isdigit()) - began
        waited = [1000 * (written[key.user_id] - at) for key, at in zip(typers, typed, strict=True)]
    where = f"{kind}, {workspaces:,} workspaces"
    return [
        Row(f"{PERSONS:,} due people, {where}", PERSONS / took, "people/s", plain, "the same three calls by the SDK",
            f"{took:.1f} s, every one read, written and audited"),
        Row(f"typed meanwhile, {where}: worst of {TYPERS}", max(waited), "ms", 1000, "promised", "stored → at Slack"),
    ]  # fmt: skip


async def _type(replica: Replica, key: PersonKey, after: float) -> float:
    """Type a status `after` so many seconds; when it was stored (Unix seconds)."""
    await asyncio.sleep(after)
    now = datetime.now(UTC)
    content = replica.encryptor.seal(
        '{"text": "Lunch", "emoji": ":pizza:"}', "overrides.content", key.team_id, key.user_id, "o"
    )
    async with replica.database.write() as connection:
        await connection.execute(
            sa.insert(OVERRIDES).values(
                team_id=key.team_id, user_id=key.user_id, override_id="o", kind="status", start_at=now,
                end_at=now + timedelta(hours=1), created_at=now, content=content,
            )
        )  # fmt: skip
        await mark_due(connection, key, now, typed=True)
    replica.engine.wake_signal.wake()
    return now.timestamp()


async def _plain_calls(replica: Replica, keys: list[PersonKey]) -> float:
    """People a second when nothing is done but the calls, through the SDK, by as many tasks as write profiles."""
    clients = SlackClients(replica.api_url)
    todo = iter(keys)
    profile = profile_of(Status("In a meeting", ":spiral_calendar_pad:"))

    async def work() -> None:
        for key in todo:
            token = f"xoxp-{key.user_id}"
            await clients.call(token, TEST)
            await clients.call(token, GET, http_verb="GET")
            await clients.call(token, SET, json={"profile": profile})

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(100)))
    took = time.perf_counter() - began
    await clients.close()
    return len(keys) / took


# ── the app ─────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _app(url: str = "", **options: Any) -> AsyncIterator[tuple[Replica, slack_stub.Stub]]:
    with tempfile.TemporaryDirectory() as directory:
        database = Database(url or f"sqlite+aiosqlite:///{Path(directory) / 'bench.db'}", pool_size=10)
        await schema.upgrade(database)
        async with slack_stub.running() as stub:
            replica = Replica(database, Encryptor([new_key()]), SystemClock(), stub.api_url, poll=1.0, **options)
            yield replica, stub
            await replica.stop()
        await database.close()


async def _seed(replica: Replica, edges: dict[PersonKey, datetime]) -> None:
    """People whose timeline is stored: nothing until their edge, then a meeting."""
    now = datetime.now(UTC)
    spans = {
        key: (
            Span(edge - timedelta(days=1), edge, Status(), "nothing", Reason(ReasonCode.NOTHING)),
            Span(edge, edge + timedelta(hours=1),
                 Status("In a meeting", ":spiral_calendar_pad:", edge + timedelta(hours=1)), "meeting",
                 Reason(ReasonCode.EVENT), uid="e"),
        )
        for key, edge in edges.items()
    }  # fmt: skip
    people = [
        {
            "team_id": key.team_id, "user_id": key.user_id, "zone": "UTC", "locale": "en-US", "created_at": now,
            "token": replica.encryptor.seal(f"xoxp-{key.user_id}", "people.token", key.team_id, key.user_id),
            "scopes": "", "grant_state": "ok", "refresh_seq": 0, "preferences": "{}", "due_at": edge, "stale": False,
            "resolved_until": now + timedelta(days=8),
        }
        for key, edge in edges.items()
    ]  # fmt: skip
    teams = sorted({key.team_id for key in edges})
    async with replica.database.write() as connection:
        await connection.execute(
            sa.insert(WORKSPACES), [{"team_id": team, "name": "", "installed_at": now} for team in teams]
        )
        await connection.execute(sa.insert(PEOPLE), people)
        await SpanStore(replica.encryptor).replace(connection, spans)


async def _seed_effects(replica: Replica, edges: dict[PersonKey, datetime]) -> None:
    """From their edge on, for an hour, they are muted, away, and have another photo."""
    carried = (Effect.DND, Effect.AWAY, Effect.PHOTO)
    stretches = {
        key: [
            Stretch(effect, edge, edge + timedelta(hours=1), photo=Photo() if effect is Effect.PHOTO else None)
            for effect in carried
        ]
        for key, edge in edges.items()
    }
    async with replica.database.write() as connection:
        allowed = scopes.joined([*scopes.USER, *scopes.USER_OPTIONAL])
        await connection.execute(sa.update(PEOPLE).values(scopes=allowed))
        await replace_stretches(connection, stretches, datetime.now(UTC))


@contextmanager
def _cluster() -> Iterator[str]:
    binaries = postgres.binaries()
    if binaries is None:
        yield ""
        return
    with postgres.cluster(binaries) as address:
        asyncio.run(_create(address))
        yield f"{address}bench"


async def _create(address: str) -> None:
    database = Database(f"{address}postgres")
    async with database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(sa.text("CREATE DATABASE bench"))
    await database.close()
