"""Choosing among a workspace's thirty thousand emoji: a search while somebody types, with the look at the table."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.table import Row, percentile
from services.domain.emoji import MOST_NAMES
from services.engine.due import LoopWakeSignal
from services.platform.clock import SystemClock
from services.platform.crypto import Encryptor, new_key
from services.store import schema
from services.store.db import Database
from services.store.emoji import EmojiStore
from services.store.tables import WORKSPACES
from services.store.workspaces import WorkspaceStore
from services.usecases.emoji import OFFERED, EmojiSearch

TEAM, TRIES = "T0BENCH001", 200
LIMIT = 20.0
"""Milliseconds: Slack's menus ask anew at each letter."""


def rows() -> list[Row]:
    """How long a search takes, on SQLite."""
    return asyncio.run(_measured())


async def _measured() -> list[Row]:
    now = datetime.now(UTC)
    own = {f"team_face_{number:05}": "" for number in range(MOST_NAMES)}
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder, 'emoji.db')}")
        await schema.upgrade(database)
        async with database.write() as connection:
            await connection.execute(sa.insert(WORKSPACES).values(team_id=TEAM, installed_at=now, emoji_due_at=now))
        store, clock = EmojiStore(database), SystemClock()
        await store.save(TEAM, own, read_at=now, due_at=now, until=now + timedelta(days=1))
        workspaces = WorkspaceStore(database, Encryptor([new_key()]))
        searching = EmojiSearch(store, workspaces, clock, LoopWakeSignal())
        began = time.perf_counter()
        await searching.search(TEAM, "face")
        first, took = 1000 * (time.perf_counter() - began), list[float]()
        for number in range(TRIES):
            began = time.perf_counter()
            assert len(await searching.search(TEAM, f"face_{number % 3}")) == OFFERED
            took.append(1000 * (time.perf_counter() - began))
        await database.close()
    note = f"p99 {percentile(took, 0.99):.1f} ms; the first one, which reads the table, {first:.0f} ms"
    return [Row(f"a search among {MOST_NAMES:,} emoji", percentile(took, 0.5), "ms", LIMIT, "promised", note)]
