"""SQLite with one hop to its thread for each statement.

aiosqlite runs every step of the driver in a thread of its own: opening a cursor, executing, fetching, closing, each
time with two switches between threads. Here the whole of a statement is one step, and a commit or rollback where
nothing has begun is none at all. A read of one statement takes one hop instead of six.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar

import aiosqlite

T = TypeVar("T")

_STATEMENTS = 512
"""Prepared statements that a connection keeps: about as many as the app has."""


def connect(path: str) -> QuickConnection:
    """A connection to the file at `path`, to be awaited: what SQLAlchemy's `async_creator` is to give."""
    return QuickConnection(lambda: sqlite3.connect(path, cached_statements=_STATEMENTS), iter_chunk_size=64)


class QuickConnection(aiosqlite.Connection):
    """aiosqlite's connection, as far as SQLAlchemy uses it."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        """`connector` is run in the connection's own thread."""
        super().__init__(connector, iter_chunk_size)
        self._thread.daemon = True  # as SQLAlchemy has it: a process that ends waits for no idle connection

    def cursor(self) -> QuickCursor:  # type: ignore[override]  # SQLAlchemy enters it, and needs no more than that
        """A cursor, which is nothing yet."""
        return QuickCursor(self)

    async def in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` makes of the connection, in the connection's thread."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite's own steps go through it
        return done

    async def commit(self) -> None:
        """Commit what has begun."""
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Roll back what has begun."""
        if self.in_transaction:
            await super().rollback()


class QuickCursor:
    """One statement and its rows."""

    def __init__(self, connection: QuickConnection) -> None:
        """Nothing is done before the statement."""
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute a statement and fetch all of its rows."""
        return await self._run(lambda connection: connection.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute a statement once for each of `parameters`."""
        return await self._run(lambda connection: connection.executemany(sql, parameters))

    async def fetchall(self) -> list[Any]:
        """The rows, which are here already."""
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""

    async def _run(self, work: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> Self:
        def run(connection: sqlite3.Connection) -> None:
            cursor = work(connection)
            try:
                self.description = cursor.description
                self._rows = [] if cursor.description is None else cursor.fetchall()
                self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        await self._connection.in_thread(run)
        return self
