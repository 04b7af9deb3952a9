"""SQLite by shorter ways than aiosqlite's and SQLAlchemy's: a connection, and a reader of a few rows.

aiosqlite runs every step of the driver in a thread of its own: opening a cursor, executing, fetching, closing, each
time with two switches between threads. `QuickConnection` makes one step of the whole of a statement, and none of a
commit or rollback where nothing has begun: a read of one statement takes one hop instead of six. What begins a
transaction goes along with its first statement.

SQLAlchemy takes ten times as long around a query of one row as SQLite takes for it. `PointReader` has a query compiled
once, by SQLAlchemy, with the types of its parameters and columns; the queries of everybody who asks meanwhile go to one
thread together.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

import aiosqlite
from sqlalchemy import Dialect, Select
from sqlalchemy.exc import OperationalError

T = TypeVar("T")

_STATEMENTS = 512
"""Prepared statements that a connection keeps: about as many as the app has."""


def _connect(path: str) -> sqlite3.Connection:
    # No transaction by itself: `write` begins them. In one step, in the connection's thread: nobody is stopped halfway.
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=_STATEMENTS)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class QuickConnection(aiosqlite.Connection):
    """aiosqlite's connection, as far as SQLAlchemy uses it: to be awaited, as its `async_creator` is to give it."""

    def __init__(self, path: str) -> None:
        super().__init__(lambda: _connect(path), iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy has it: a process that ends waits for no idle connection
        self.begins = False
        """Whether the next statement begins a transaction: one that writes, from its first read on."""

    def stop(self) -> asyncio.Future[Any] | None:
        """End the thread. Of a connection that could not be opened nobody waits for it, and the loop may end first."""
        if self._connection is None:
            end = aiosqlite.core._STOP_RUNNING_SENTINEL  # noqa: SLF001  # nothing else ends the thread
            self._tx.put_nowait((None, lambda: end))
            return None
        return super().stop()

    def cursor(self) -> _QuickCursor:  # type: ignore[override]  # SQLAlchemy enters it, and needs no more than that
        """Give a cursor; nothing is opened."""
        return _QuickCursor(self)

    async def in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` makes of the connection, in the connection's thread."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite's own steps go through it
        return done

    async def commit(self) -> None:
        """End the transaction, where one has begun."""
        self.begins = False
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Take the transaction back, where one has begun."""
        self.begins = False
        if self.in_transaction:
            await super().rollback()


class _QuickCursor:
    """One statement and its rows, which are fetched along with it."""

    def __init__(self, connection: QuickConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        return await self._run(lambda connection: connection.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        return await self._run(lambda connection: connection.executemany(sql, parameters))

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """Close nothing: nothing is open."""

    async def _run(self, work: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> Self:
        def run(connection: sqlite3.Connection) -> None:
            if self._connection.begins:
                connection.execute("BEGIN IMMEDIATE").close()
                self._connection.begins = False
            cursor = work(connection)
            try:
                self.description = cursor.description
                self._rows = [] if cursor.description is None else cursor.fetchall()
                self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        await self._connection.in_thread(run)
        return self


_Statement = tuple[str, list[Any]]
_Found = list[list[Any]] | sqlite3.Error
_Query = tuple[Sequence[_Statement], asyncio.Future[list[list[Any]]]]


class PointReader:
    """Reads from the file of an SQLite database, in a thread of its own."""

    def __init__(self, path: str, dialect: Dialect) -> None:
        self._path = path  # opened by the first query
        self._dialect = dialect
        self._thread = ThreadPoolExecutor(1, "statusquo-reads")
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[_Query] = []
        self._is_reading = False

    async def rows(self, asked: Sequence[tuple[Select[*tuple[Any, ...]], Mapping[str, Any]]]) -> list[list[Any]]:
        """Read the rows of each query, columns as attributes. Raises SQLAlchemy's OperationalError."""
        prepared = []
        for statement, _ in asked:
            if statement not in _PREPARED:
                _PREPARED[statement] = _Prepared(statement, self._dialect)
            prepared.append(_PREPARED[statement])
        statements = [(one.sql, one.bound(given)) for one, (_, given) in zip(prepared, asked, strict=True)]
        answer: asyncio.Future[list[list[Any]]] = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, answer))
        if not self._is_reading:
            self._read()
        return [one.rows(rows) for one, rows in zip(prepared, await answer, strict=True)]

    async def close(self) -> None:
        """Close the file, and end the thread."""
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    def _read(self) -> None:
        """Have the thread read what everybody waits for; then what was asked meanwhile."""
        group, self._waiting, self._is_reading = self._waiting, [], True
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._thread, self._execute, [one for one, _ in group])
        except RuntimeError as error:  # the database is closed
            self._is_reading = False
            for _, answer in group:
                answer.set_exception(OperationalError(None, None, error))
            return
        reading.add_done_callback(lambda done: self._answer(group, done))

    def _answer(self, group: Sequence[_Query], done: asyncio.Future[list[_Found]]) -> None:
        self._is_reading = False
        if self._waiting:
            self._read()
        for (_, answer), found in zip(group, done.result(), strict=True):
            if answer.done():  # nobody waits for it any more
                continue
            if isinstance(found, sqlite3.Error):
                answer.set_exception(OperationalError(None, None, found))
            else:
                answer.set_result(found)

    def _execute(self, asked: Sequence[Sequence[_Statement]]) -> list[_Found]:
        found: list[_Found] = []
        for statements in asked:
            try:
                if self._connection is None:
                    self._connection = sqlite3.connect(self._path, isolation_level=None)
                    self._connection.execute("PRAGMA busy_timeout=5000")
                    self._connection.execute("PRAGMA query_only=ON")
                found.append([self._connection.execute(*statement).fetchall() for statement in statements])
            except sqlite3.Error as error:
                found.append(error)
        return found


class _Prepared:
    """A query as SQLite takes it, and how its parameters and columns are turned into its values and back."""

    def __init__(self, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        binds = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._parameters = [(name, binds[name]) for name in compiled.positiontup or ()]
        columns = statement.selected_columns
        self._row: Any = namedtuple("Row", columns.keys(), rename=True)  # type: ignore[misc]  # its names are only known here
        made = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        self._made = [(place, make) for place, make in enumerate(made) if make is not None]

    def bound(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the values of its parameters, as SQLite takes them."""
        values = {**self._constants, **given}
        return [values[name] if bind is None else bind(values[name]) for name, bind in self._parameters]

    def rows(self, found: Sequence[Any]) -> list[Any]:
        """Rows with attributes, of rows as SQLite gives them."""
        rows = []
        for one in found:
            values = list(one)
            for place, make in self._made:
                values[place] = make(values[place])
            rows.append(self._row._make(values))
        return rows


_PREPARED: WeakKeyDictionary[Select[*tuple[Any, ...]], _Prepared] = WeakKeyDictionary()
"""Of all databases: SQLite's dialect is the same for each."""
