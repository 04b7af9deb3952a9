"""Who writes to which workspace: one process at a time, because Slack's limits are those of a workspace.

`OneProcess` owns all of them. Several processes on one PostgreSQL have its session advisory locks (`AdvisoryLocks`):
one connection holds all locks of a process (its manual, 13.3.5 "Advisory Locks"), and they end with the session, so a
process that is killed leaves its workspaces to the others as soon as PostgreSQL sees the closed socket. One that
stands still, or is cut off, is asked nothing for so long that PostgreSQL ends its session. LISTEN and the locks need
a connection of their own, no transaction-pooling proxy.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial
from typing import Any, Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.platform.concurrency import first_of
from services.platform.logs import guarded
from services.store.db import plain_address

Wake = Callable[[bool], None]
"""Called where there is something new to write; True where somebody typed it just now."""


class Leases(Protocol):
    """Which workspaces are this process' own, and how processes tell each other of what is to be written."""

    @property
    def certain(self) -> bool:
        """Whether what was acquired is still this process' own."""
        ...

    async def acquire(self, teams: Collection[str]) -> set[str]:
        """Return those of `teams` that are this process' own from now on: nobody else owned them."""
        ...

    async def release(self, teams: Collection[str]) -> None:
        """Leave `teams` to whoever wants them."""
        ...

    async def tell(self, transaction: AsyncConnection, typed: bool) -> Callable[[], None] | None:
        """Have the senders of all processes look, once `transaction` is committed; what to call then."""
        ...

    async def run(self, wake: Wake, lost: Callable[[], None], stop: asyncio.Event) -> None:
        """Hold what is acquired until `stop` is set. `lost` is called where another process may own it by now."""
        ...


class OneProcess:
    """The only process there is owns every workspace."""

    certain = True

    def __init__(self) -> None:
        self._wake: Wake | None = None

    async def acquire(self, teams: Collection[str]) -> set[str]:
        """Return all of them."""
        return set(teams)

    async def release(self, teams: Collection[str]) -> None:
        """Nobody else wants them."""

    async def tell(self, transaction: AsyncConnection, typed: bool) -> Callable[[], None] | None:
        """Return what wakes the sender."""
        return self._wake and partial(self._wake, typed)

    async def run(self, wake: Wake, lost: Callable[[], None], stop: asyncio.Event) -> None:
        """Pass on what is told until `stop` is set."""
        self._wake = wake
        await stop.wait()
        self._wake = None


log = structlog.get_logger(__name__)

CHANNEL = "statusquo_writes"
SPACE = 0x5347
"""What our keys are mixed with: another program on the same database may have locks of its own."""

SILENT = 5.0
"""Seconds of silence after which PostgreSQL (14 and newer) ends the session, and with it the locks."""

BEATS = 5
"""So many times in those PostgreSQL is asked for something."""

RECONNECT = 1.0
_FIRST_WITH_IDLE_TIMEOUT = 14

_LOCK = "SELECT team FROM unnest($1::text[]) AS team WHERE pg_try_advisory_lock(hashtextextended(team, $2))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(team, $2)) FROM unnest($1::text[]) AS team"


class AdvisoryLocks:
    """Leases over one connection to PostgreSQL."""

    def __init__(self, database_url: str, *, silent: float = SILENT, reconnect: float = RECONNECT) -> None:
        """`database_url` is the PostgreSQL that holds the tables; `silent` in seconds, see `SILENT`.

        `reconnect`: after so many seconds it is tried anew.
        """
        self._dsn = plain_address(database_url)
        self._silent, self._reconnect = silent, reconnect
        self._process = secrets.token_hex(4)
        self._wake: Wake | None = None
        self._connection: Any = None
        self._held: set[str] = set()  # by the connection: PostgreSQL counts how often a session takes a lock
        self._using = asyncio.Lock()
        self._heard = 0.0

    @property
    def certain(self) -> bool:
        """Whether PostgreSQL cannot have ended the session yet."""
        connected = self._connection is not None and not self._connection.is_closed()
        return connected and time.monotonic() - self._heard < self._silent * 0.8

    async def acquire(self, teams: Collection[str]) -> set[str]:
        """Try each lock that is not held already; those that another session holds are left out."""
        held = self._held
        held |= {row["team"] for row in await self._ask(_LOCK, set(teams) - held)}
        return held & set(teams) if held is self._held else set()

    async def release(self, teams: Collection[str]) -> None:
        """Unlock."""
        self._held -= set(teams)
        await self._ask(_UNLOCK, teams)

    async def tell(self, transaction: AsyncConnection, typed: bool) -> Callable[[], None] | None:
        """NOTIFY in `transaction` for the others; this process' own sender is woken without that way round."""
        await transaction.execute(select(func.pg_notify(CHANNEL, f"{self._process}{int(typed)}")))
        return self._wake and partial(self._wake, typed)

    async def run(self, wake: Wake, lost: Callable[[], None], stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set; where the connection is lost, everything is."""
        self._wake = wake
        while not stop.is_set():
            with guarded("leases_lost"):
                await self._hold(wake, lost, stop)
            lost()
            if not stop.is_set():
                await first_of(stop, seconds=self._reconnect)
        self._wake = None

    async def _hold(self, wake: Wake, lost: Callable[[], None], stop: asyncio.Event) -> None:
        import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types

        def told(*news: Any) -> None:
            if not news[-1].startswith(self._process):
                wake(news[-1].endswith("1"))

        connection = await asyncpg.connect(self._dsn, timeout=10)
        try:
            if connection.get_server_version().major >= _FIRST_WITH_IDLE_TIMEOUT:
                await connection.execute(f"SET idle_session_timeout = {round(self._silent * 1000)}")
            await connection.add_listener(CHANNEL, told)
            self._heard, self._connection = time.monotonic(), connection
            wake(True)  # nobody heard what was told before
            while not stop.is_set() and not connection.is_closed():
                if not self.certain:
                    log.warning("stood_still", seconds=round(time.monotonic() - self._heard, 1))
                    lost()
                await self._ask("SELECT $1::text[], $2::bigint", ())
                await first_of(stop, seconds=self._silent / BEATS)
        finally:
            self._connection, self._held = None, set()
            connection.terminate()

    async def _ask(self, query: str, teams: Collection[str]) -> list[Any]:
        connection = self._connection
        if connection is None:
            return []
        async with self._using:
            asked_at = time.monotonic()
            with ExitStack() as broken_off:
                broken_off.callback(connection.terminate)  # nobody knows what it has done
                found: list[Any] = await connection.fetch(query, list(teams), SPACE, timeout=self._silent)
                broken_off.pop_all()
            self._heard = max(self._heard, asked_at)
        return found
