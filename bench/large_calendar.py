"""A Google calendar with 2,000 events in its window: read for the first time, and looked at again unchanged.

From the claim of the calendar to the commit, on SQLite. The peer is the same requests alone, answers parsed as JSON.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import sqlalchemy as sa

from bench.bare_sync import Follower
from bench.providers import Google
from bench.table import Row, median
from services.domain.model import PersonKey
from services.engine.due import LoopWakeSignal
from services.platform import settings
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from services.platform.metrics import Metrics
from services.slack.client import SlackClients
from services.slack.oauth import SlackAuthority
from services.store import schema
from services.store.calendar_tables import EVENTS
from services.store.stores import Stores
from services.store.tables import PEOPLE, WORKSPACES
from services.wiring import calendars as wiring

ENTRIES = 2_000
PERSONS, LOOKS = 5, 30
PEER = "the same requests alone"


def rows() -> list[Row]:
    return asyncio.run(_measured())


async def _measured() -> list[Row]:
    google, clock = Google(), SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            google.serving(),
            Stores.at(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", [new_key()], clock) as stores,
        ):
            config = settings.load(google.settings(), dotenv=None)
            slack = SlackClients("http://127.0.0.1:9/")  # nobody asks it anything here
            made = wiring.compose(
                config,
                stores,
                slack,
                SlackAuthority(slack, "", ""),
                clock=clock,
                wake_signal=LoopWakeSignal(),
                metrics=Metrics(),
            )
            await schema.upgrade(stores.database)
            first, again = await _ours(google, stores, made)
            for close in (*made.closing, slack.close):
                await close()
            bare_first, bare_again = await _alone(google)
    return [
        Row(f"Google, {ENTRIES:,} events: first sync", median(first), "ms", median(bare_first), PEER,
            "stored, titles sealed"),
        Row(f"Google, {ENTRIES:,} events: looked at, unchanged", median(again), "ms", median(bare_again), PEER,
            "claimed, asked by token, put down"),
    ]  # fmt: skip


async def _ours(google: Google, stores: Stores, made: wiring.Calendars) -> tuple[list[float], list[float]]:
    first, again = [], []
    async with stores.database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES), [{"team_id": "T1", "installed_at": _now()}])
    for number in range(PERSONS):
        key, mail = PersonKey("T1", f"U{number}"), f"p{number}@bench.example"
        google.add(mail, ENTRIES - 1)
        async with stores.database.write() as connection:
            await connection.execute(
                sa.insert(PEOPLE), [{"team_id": key.team_id, "user_id": key.user_id, "created_at": _now()}]
            )
        offer, credentials = google.connected(mail)
        account, _ = await stores.accounts.connect(key, google.name, offer, credentials.to_json(), _now())
        main = offer.calendars[0]
        await stores.calendars.add(
            key, google.name, main.address, "127.0.0.1", _now(), name=main.name, account_id=account
        )
        first.append(await _run(made))
        async with stores.database.read() as connection:
            kept = await connection.scalar(
                sa.select(sa.func.count()).select_from(EVENTS).where(EVENTS.c.user_id == key.user_id)
            )
        assert kept == ENTRIES, kept
    for _ in range(LOOKS):
        await stores.calendars.due_now(PersonKey("T1", "U0"), _now())
        again.append(await _run(made))
    return first, again


async def _run(made: wiring.Calendars) -> float:
    began = time.perf_counter()
    report = await made.sync.run_due()
    assert (report.done, report.failed) == (1, 0)
    return 1000 * (time.perf_counter() - began)


async def _alone(google: Google) -> tuple[list[float], list[float]]:
    first = []
    async with aiohttp.ClientSession() as session:
        for number in range(PERSONS):
            mail = f"p{number}@bench.example"
            alone = Follower(google.name, google.calendar(mail), google.connected(mail)[1].access, "")
            first.append(await _listed(alone, session))
        again = [await _listed(alone, session) for _ in range(LOOKS)]
    return first, again


async def _listed(alone: Follower, session: aiohttp.ClientSession) -> float:
    began = time.perf_counter()
    await alone.listed(session)
    return 1000 * (time.perf_counter() - began)


def _now() -> datetime:
    return datetime.now(UTC)
