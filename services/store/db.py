"""The database connection, the same code on SQLite and PostgreSQL.

SQLite has one writer: every write transaction of the process goes through one lock (without it stalls of
seconds were measured), with WAL, `synchronous=FULL` and a busy timeout for readers of another process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Select, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.store import sqlite_driver
from services.store.point_reads import Asked, PointReader

_CONNECTIONS = 16
"""To an SQLite file. Those beyond would be opened, a thread and four pragmas each, for one transaction alone."""

LONGEST_IDLE = 15.0
"""Seconds after which PostgreSQL ends a transaction in which nothing happens, and its connection.

A process that stands still in the middle of one (its machine is paused, or cut off from the network) holds its
locks, and whoever types meanwhile waits for them. Ours last milliseconds.
"""


class Database:
    """An engine and how to open a short transaction on it."""

    def __init__(self, url: str, *, pool_size: int = 5, longest_idle: float = LONGEST_IDLE) -> None:
        """`url` is `sqlite+aiosqlite:///file` or `postgresql+asyncpg://…`.

        `longest_idle`: seconds, see `LONGEST_IDLE`.
        """
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.url = url
        self._points: PointReader | None = None
        if self.is_sqlite:
            if parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            path = parsed.database or ":memory:"
            self.engine: AsyncEngine = create_async_engine(
                url,
                async_creator=lambda: sqlite_driver.connect(path),
                pool_size=_CONNECTIONS,
                max_overflow=0,
                pool_use_lifo=True,
            )
            event.listen(self.engine.sync_engine, "connect", _pragmas)
            event.listen(self.engine.sync_engine, "begin", _begin)
            self._points = PointReader(path, self.engine.dialect)
        else:
            self.engine = create_async_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
            event.listen(self.engine.sync_engine, "connect", partial(_patience, seconds=longest_idle))
        self._writer = asyncio.Lock()
        # PostgreSQL: each statement by itself sees the same as within READ COMMITTED, two round trips less
        alone = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reader = self.engine.execution_options(**{_READING: True}, **alone)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; nothing is committed."""
        async with self._reader.connect() as connection:
            yield connection

    async def rows(self, *asked: Asked) -> list[Sequence[Any]]:
        """The rows of a few small queries, each built once, such as a person's own; nothing is committed."""
        if self._points is not None:
            return list(await self._points.rows(asked))
        async with self.read() as connection:
            return [(await connection.execute(*one)).all() for one in asked]

    async def scalar(self, statement: Select[*tuple[Any, ...]]) -> Any:
        """The value of the first row of such a query; None where there is no row."""
        (rows,) = await self.rows((statement, {}))
        return rows[0][0] if rows else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One short transaction: committed at the end, rolled back on any error. No network inside."""
        hooks: list[Callable[[], None]] = []
        if not self.is_sqlite:
            async with self.engine.begin() as connection:
                _hooks[connection] = hooks
                yield connection
        else:
            async with self._writer, self.engine.begin() as connection:
                _hooks[connection] = hooks
                yield connection
        for hook in hooks:
            hook()

    async def close(self) -> None:
        """Give back every connection."""
        if self._points is not None:
            await self._points.close()
        await self.engine.dispose()


_hooks: WeakKeyDictionary[AsyncConnection, list[Callable[[], None]]] = WeakKeyDictionary()


def after_commit(transaction: AsyncConnection, hook: Callable[[], None]) -> None:
    """Call `hook` once the commit of a transaction of `Database.write` has returned; never after a rollback.

    SQLAlchemy's own "commit" event comes too early: it fires before the database has the rows.
    """
    _hooks[transaction].append(hook)


_READING = "statusquo_reading"


def _begin(connection: Connection) -> None:
    """Take SQLite's writer lock at the start of a writing transaction.

    The driver by itself would begin only at the first change, so that what a transaction has read before could be
    out of date by then, if another process (a command line, a second worker) writes too.
    """
    if not connection.get_execution_options().get(_READING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _patience(connection: Any, _record: object, *, seconds: float) -> None:
    # Not among what a connection starts with: a proxy between us and PostgreSQL may refuse what it does not know.
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {round(seconds * 1000)}")
    cursor.close()
    connection.commit()


def _pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
