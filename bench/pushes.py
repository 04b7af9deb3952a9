"""From a push to the status: a meeting is moved at a local Google or Microsoft, and the app sets users.profile.set.

The app, Slack and the peer run in processes of their own, the provider in this one. The peer is `bench.bare_sync`: the
same HTTP calls, and nothing else. Times count from the move, just before its push is sent, to the call's arrival.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import sqlalchemy as sa

from bench import bare_sync, slack_stub
from bench.http import app, free_port
from bench.providers import Google, Microsoft, Provider, until
from bench.table import Row, percentile
from services.domain.model import PersonKey
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from services.store import schema
from services.store.calendar_tables import CALENDARS
from services.store.stores import Stores
from services.store.tables import PEOPLE, WORKSPACES

PERSONS, TEAMS = 500, 25
"""Twenty people in each: what is measured is not Slack's limit of a workspace."""

MOVED, ROUNDS = 50, 4
"""So many calendars are moved so often, one at a time: no person meets Slack's limit of ten writes a minute."""

SPREAD = 1.0
"""Seconds within which everybody's push is sent."""

ACKNOWLEDGED = 3000
PROMISED = 1000


def rows() -> list[Row]:
    return asyncio.run(_measured(Google(), Google())) + asyncio.run(_measured(Microsoft(), Microsoft()))


async def _measured(provider: Provider, peer: Provider) -> list[Row]:
    async with _world(provider, peer) as world:
        ours, theirs = await _one_by_one(world)
        burst = await _burst(world, world.ours, "U")
        await asyncio.sleep(2)
        bare = await _burst(world, world.peer, "peer-")
    name, bare_name = world.ours.name.capitalize(), "bare aiohttp loop, the same calls"
    note = f"{len(ours)} pushes, one at a time"
    together = f"{PERSONS} calendars pushed in {SPREAD:.0f} s, {TEAMS} workspaces"
    return [
        Row(f"{name}: push → users.profile.set, p50", percentile(ours, 0.5), "ms", percentile(theirs, 0.5), bare_name,
            note),
        Row(f"{name}: push → users.profile.set, p99", percentile(ours, 0.99), "ms", PROMISED, "promised",
            f"bare loop {percentile(theirs, 0.99):.0f} ms"),
        Row(f"{name}: burst, webhook acknowledged, p99", percentile(burst.acknowledged, 0.99), "ms", ACKNOWLEDGED,
            "Microsoft's 3 s", together),
        Row(f"{name}: burst, until all {PERSONS} statuses are set", burst.seconds, "s", bare.seconds, bare_name,
            f"push → status p50 {percentile(burst.late, 0.5):.1f} s"),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """The app with everybody's calendars synced and watched; the peer has a provider of its own."""

    ours: Provider
    peer: Provider
    stub: slack_stub.Stub
    session: aiohttp.ClientSession


@dataclass(frozen=True, slots=True)
class Burst:
    """Of each push: milliseconds until it was acknowledged, seconds until its status was set; and of all."""

    acknowledged: list[float]
    late: list[float]
    seconds: float


async def _one_by_one(world: World) -> tuple[list[float], list[float]]:
    """Milliseconds of each push, ours and the peer's in turn, after a first round that is not counted."""
    late: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for person in range(MOVED):
            for provider, user, found in zip((world.ours, world.peer), ("U", "peer-"), late, strict=True):
                await asyncio.sleep(random.uniform(0.03, 0.1))  # noqa: S311 - the loops' rests are met at any moment
                now = _now()
                end = now.replace(second=0, microsecond=0) + timedelta(minutes=30 + number)
                began = time.time()
                provider.move(_mail(person), now - timedelta(minutes=1), end)
                arrived = await world.stub.until(world.session, f"{user}{person}", int(end.timestamp()))
                if number:
                    found.append(1000 * (arrived - began))
    return late


async def _burst(world: World, provider: Provider, user: str) -> Burst:
    now = _now()
    end = now.replace(second=0, microsecond=0) + timedelta(hours=3)
    provider.answered.clear()
    sent: list[float] = []
    for person in range(PERSONS):
        sent.append(time.time())
        provider.move(_mail(person), now - timedelta(minutes=1), end)
        await asyncio.sleep(max(0.0, sent[0] + SPREAD * (person + 1) / PERSONS - time.time()))
    wanted = [(f"{user}{person}", int(end.timestamp())) for person in range(PERSONS)]
    while not set(wanted) <= (ends := await world.stub.ends()).keys():
        assert time.time() < sent[0] + 120, f"{len(set(wanted) - ends.keys())} statuses are missing"
        await asyncio.sleep(0.25)  # another process is looked at
    acknowledged = [1000 * (provider.answered[_mail(person)] - at) for person, at in enumerate(sent)]
    return Burst(
        acknowledged, [ends[one] - at for one, at in zip(wanted, sent, strict=True)], max(ends.values()) - sent[0]
    )


# ── the app, and whose calendars it keeps ───────────────────────────────────────────────────────────


@asynccontextmanager
async def _world(ours: Provider, peer: Provider) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stub = await stack.enter_async_context(slack_stub.running())
        for provider in (ours, peer):
            await stack.enter_async_context(provider.serving())
            for person in range(PERSONS):
                provider.add(_mail(person))
        key, port = new_key(), free_port()
        stores = await stack.enter_async_context(
            Stores.at(f"sqlite+aiosqlite:///{folder}/bench.db", [key], SystemClock())
        )
        await _store(stores, ours)
        settings = {**ours.settings(), "ENCRYPTION_KEYS": key, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        await asyncio.to_thread(stack.enter_context, app(folder, stub.api_url, port, **settings))
        await until(lambda: _at_rest(stores, ours), 120)
        await stack.enter_async_context(
            bare_sync.running(peer, [_mail(person) for person in range(PERSONS)], stub.api_url)
        )
        await asyncio.sleep(1)
        yield World(ours, peer, stub, await stack.enter_async_context(aiohttp.ClientSession()))


async def _store(stores: Stores, provider: Provider) -> None:
    """People who granted, each with an account and its calendar, as they are once somebody has connected it."""
    await schema.upgrade(stores.database)
    now = _now()
    keys = [PersonKey(f"T{number % TEAMS}", f"U{number}") for number in range(PERSONS)]
    async with stores.database.write() as connection:
        await connection.execute(
            sa.insert(WORKSPACES),
            [{"team_id": team, "installed_at": now} for team in sorted({key.team_id for key in keys})],
        )
        await connection.execute(
            sa.insert(PEOPLE),
            [
                {"team_id": key.team_id, "user_id": key.user_id, "created_at": now, "grant_state": "ok",
                 "due_at": now, "stale": True,
                 "token": stores.encryptor.seal(f"xoxp-{key.user_id}", "people.token", key.team_id, key.user_id)}
                for key in keys
            ],
        )  # fmt: skip
    for number, key in enumerate(keys):
        offer, credentials = provider.connected(_mail(number))
        account_id, _ = await stores.accounts.connect(key, provider.name, offer, credentials.to_json(), now)
        main = offer.calendars[0]
        await stores.calendars.add(
            key, provider.name, main.address, "127.0.0.1", now, name=main.name, account_id=account_id
        )


async def _at_rest(stores: Stores, provider: Provider) -> bool:
    """Whether every calendar is synced and watched, and nothing is due."""
    due = sa.or_(CALENDARS.c.due_at <= _now(), CALENDARS.c.health != "ok", CALENDARS.c.leased_until.is_not(None))
    async with stores.database.read() as connection:
        left = await connection.scalar(sa.select(sa.func.count()).select_from(CALENDARS).where(due))
    return left == 0 and provider.watched == PERSONS


def _mail(person: int) -> str:
    return f"p{person}@bench.example"


def _now() -> datetime:
    return datetime.now(UTC)
