"""A calendar of 10,000 events: stored whole, and stored again with one of them changed.

From what its reader found to the commit, on SQLite. The peer is sqlite3 by itself: as many rows of as many bytes
inserted in one transaction, nothing sealed, nothing compared.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.table import Row, median
from services.domain.calendars import Changes, FetchOutcome, Health
from services.domain.host_limits import HostLimits
from services.domain.model import Event, PersonKey
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from services.store import schema
from services.store.calendar_tables import EVENTS
from services.store.stores import Stores
from services.store.tables import PEOPLE, WORKSPACES

MANY, TIMES = 10_000, 3
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = timedelta(minutes=15)
PEER = "sqlite3, as many bytes inserted"


def rows() -> Sequence[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        first, again = asyncio.run(_ours(Path(folder)))
        alone = _alone(Path(folder))
    return [
        Row(f"{MANY:,} events: stored whole", first, "ms", alone, PEER, "compared, sealed, written"),
        Row(f"{MANY:,} events: stored, one changed", again, "ms", alone, PEER, "compared, one row written"),
    ]


def _events() -> list[Event]:
    starts = (NOW + timedelta(hours=number) for number in range(MANY))
    return [
        Event("", f"m{number}@bench.example", start, start + timedelta(hours=1), title=f"Meeting {number}")
        for number, start in enumerate(starts)
    ]


async def _ours(folder: Path) -> tuple[float, float]:
    """Milliseconds for the whole, and for one changed event."""
    url, key, events = f"sqlite+aiosqlite:///{folder / 'bench.db'}", PersonKey("T1", "U1"), _events()
    async with Stores.at(url, [new_key()], SystemClock()) as stores:
        await schema.upgrade(stores.database)
        async with stores.database.write() as connection:
            await connection.execute(sa.insert(WORKSPACES).values(team_id=key.team_id, installed_at=NOW))
            person = {"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW}
            await connection.execute(sa.insert(PEOPLE).values(**person))
        await stores.calendars.add(key, "ics", "https://bench.example/a.ics", "bench.example", NOW)
        first = await _stored(stores, events, NOW)
        again = []
        for time_ in range(1, TIMES + 1):
            events[time_] = replace(events[time_], title="Moved")
            again.append(await _stored(stores, events, NOW + time_ * LATER))
        assert await stores.database.scalar(sa.select(sa.func.count()).select_from(EVENTS)) == MANY
    return first, median(again)


async def _stored(stores: Stores, events: Sequence[Event], now: datetime) -> float:
    (claimed,) = await stores.calendars.claim(now, now + timedelta(minutes=2), HostLimits())
    began = time.perf_counter()
    await stores.calendars.save(
        claimed, Changes(events=tuple(events), state=b""), FetchOutcome(Health.OK, due_at=now + LATER), now
    )
    return 1000 * (time.perf_counter() - began)


def _alone(folder: Path) -> float:
    """Milliseconds for the same rows, sealed as they are, from one file into another one."""
    with sqlite3.connect(folder / "bench.db") as ours:
        found = ours.execute("SELECT * FROM events").fetchall()
        (made,) = ours.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()
    taken = []
    for number in range(TIMES):
        with sqlite3.connect(folder / f"alone{number}.db") as alone:
            alone.execute("PRAGMA journal_mode=WAL")
            alone.execute(made)
            alone.commit()
            began = time.perf_counter()
            alone.executemany(f"INSERT INTO events VALUES ({', '.join('?' * len(found[0]))})", found)  # noqa: S608 - no value of a row
            alone.commit()
            taken.append(1000 * (time.perf_counter() - began))
    return median(taken)
