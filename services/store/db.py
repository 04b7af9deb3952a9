"""The database, the same code on SQLite and PostgreSQL: engine, transactions, small reads.

SQLite has one writer: every write transaction of the process goes through one lock (without it stalls of
seconds were measured), with WAL, `synchronous=FULL` and a busy timeout for readers of another process.

aiosqlite runs every step of the driver in a thread of its own: opening a cursor, executing, fetching, closing, each
time with two switches between threads. `_QuickConnection` makes one step of the whole of a statement, and none of a
commit or rollback where nothing has begun: a read of one statement takes one hop instead of six.

SQLAlchemy takes ten times as long around a query of one row as SQLite takes for it. `_PointReader` has a query compiled
once, by SQLAlchemy, with the types of its parameters and columns; the queries of everybody who asks meanwhile go to one
thread together.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

import aiosqlite
from sqlalchemy import Dialect, Row, Select, UpdateBase, event, make_url
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from services.domain.operator_errors import DatabaseError, SealError
from services.platform.crypto import Encryptor

T = TypeVar("T")

_STATEMENTS = 512
"""Prepared statements that a connection keeps: about as many as the app has."""


def _connect(path: str) -> sqlite3.Connection:
    # No transaction by itself: `write` begins them. In one step, in the connection's thread: nobody is stopped halfway.
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=_STATEMENTS)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


class _QuickConnection(aiosqlite.Connection):
    """aiosqlite's connection, as far as SQLAlchemy uses it: to be awaited, as its `async_creator` is to give it."""

    def __init__(self, path: str) -> None:
        super().__init__(lambda: _connect(path), iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy has it: a process that ends waits for no idle connection

    def cursor(self) -> _QuickCursor:  # type: ignore[override]  # SQLAlchemy enters it, and needs no more than that
        return _QuickCursor(self)

    async def in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` makes of the connection, in the connection's thread."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite's own steps go through it
        return done

    async def commit(self) -> None:
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()


class _QuickCursor:
    """One statement and its rows, which are fetched along with it."""

    def __init__(self, connection: _QuickConnection) -> None:
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


Query = tuple[Select[*tuple[Any, ...]], Mapping[str, Any]]
"""A query that is built once, and its parameters. None of them may be a list."""

_Statement = tuple[str, list[Any]]
_Found = list[list[Any]] | sqlite3.Error
_Query = tuple[Sequence[_Statement], asyncio.Future[list[list[Any]]]]


class _PointReader:
    """Reads from the file of an SQLite database, in a thread of its own."""

    def __init__(self, path: str, dialect: Dialect) -> None:
        self._path = path  # opened by the first query
        self._dialect = dialect
        self._thread = ThreadPoolExecutor(1, "statusquo-reads")
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[_Query] = []
        self._is_reading = False

    async def rows(self, asked: Sequence[Query]) -> list[list[Any]]:
        """The rows of each query, their columns as attributes. Raises SQLAlchemy's OperationalError."""
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
        """The values of its parameters, as SQLite takes them."""
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

_CONNECTIONS = 16
"""To an SQLite file. Those beyond would be opened, a thread and four pragmas each, for one transaction alone."""

LONGEST_IDLE = 15.0
"""Seconds after which PostgreSQL ends a transaction in which nothing happens, and its connection.

A process that stands still in the middle of one (its machine is paused, or cut off from the network) holds its
locks, and whoever types meanwhile waits for them. Ours last milliseconds.
"""

TRUSTED = 1.0
"""Seconds for which a connection to PostgreSQL that worked is taken to work still.

After that it is asked first, which takes three round trips, as much as most of what is then asked of it.
"""

LONGEST_END = 5.0
"""Seconds that a database which is closed waits for grouped transactions: whoever asked for them may have gone."""


def _make_room(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"{folder}: {error.strerror}") from None


def plain_address(url: str) -> str:
    """A PostgreSQL's address as PostgreSQL's own programs read it, libpq's parameters in its query.

    www.postgresql.org/docs/current/libpq-connect.html; SQLAlchemy's users write `ssl` for `sslmode`.
    """
    parsed = make_url(url).set(drivername="postgresql")
    query = {{"ssl": "sslmode"}.get(name, name): value for name, value in parsed.query.items()}
    return parsed.set(query=query).render_as_string(hide_password=False)


class Database:
    """An engine and how to open a short transaction on it."""

    def __init__(self, url: str, *, pool_size: int = 5, longest_idle: float = LONGEST_IDLE) -> None:
        """`url` is `sqlite+aiosqlite:///file` or `postgresql+asyncpg://…`.

        `longest_idle`: seconds, see `LONGEST_IDLE`.
        """
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.url = url
        self.under_way: set[asyncio.Task[None]] = set()
        self._points: _PointReader | None = None
        if self.is_sqlite:
            if parsed.database and parsed.database != ":memory:":
                _make_room(Path(parsed.database).parent)
            path = parsed.database or ":memory:"
            self.engine: AsyncEngine = create_async_engine(
                url,
                async_creator=lambda: _QuickConnection(path),
                pool_size=_CONNECTIONS,
                max_overflow=0,
                pool_use_lifo=True,
            )
            self._points = _PointReader(path, self.engine.dialect)
        else:
            # not SQLAlchemy but the driver reads the address: as PostgreSQL's programs do, `?sslmode=require` too
            self.engine = create_async_engine(
                "postgresql+asyncpg://",
                connect_args={"dsn": plain_address(url)},
                pool_size=pool_size,
                max_overflow=pool_size,
            )
            event.listen(self.engine.sync_engine, "connect", partial(_patience, seconds=longest_idle))
            event.listen(self.engine.sync_engine, "checkin", _worked)
            event.listen(self.engine.sync_engine, "checkout", partial(_ask_whether_it_works, self.engine.dialect))
        self._writer = asyncio.Lock()
        # PostgreSQL: each statement by itself sees the same as within READ COMMITTED, two round trips less
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; nothing is committed."""
        async with self._reader.connect() as connection:
            yield connection

    async def rows(self, *asked: Query) -> list[Sequence[Any]]:
        """The rows of a few small queries, each built once, such as a person's own; nothing is committed."""
        if self._points is not None:
            return list(await self._points.rows(asked))
        async with self.read() as connection:
            return [(await connection.execute(*one)).all() for one in asked]

    async def scalar(self, statement: Select[T], parameters: Mapping[str, Any] | None = None) -> T | None:
        """The value of the first row of such a query; None where there is no row."""
        (rows,) = await self.rows((statement, parameters or {}))
        return rows[0][0] if rows else None

    async def fetch(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of any query by itself; nothing is committed."""
        async with self.read() as connection:
            return (await connection.execute(statement, parameters)).all()

    async def fetch_one(self, statement: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]] | None:
        """The row of a query that has one at most."""
        async with self.read() as connection:
            return (await connection.execute(statement)).one_or_none()

    async def execute(self, statement: UpdateBase, parameters: Mapping[str, Any] | None = None) -> int:
        """Change rows by one statement, a transaction by itself; how many there were."""
        async with self.write() as connection:
            return (await connection.execute(statement, parameters)).rowcount

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
                # The driver by itself would begin only at the first change: what was read before could be out of date
                # by then, if another process (a command line, a second worker) writes too. No listener to an event of
                # the engine's does this: with one, SQLAlchemy looks for more of them at each step of each statement.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                _hooks[connection] = hooks
                yield connection
        for hook in hooks:
            hook()

    async def close(self) -> None:
        """Give back every connection, once what is under way for nobody any more has ended; `LONGEST_END` ends it."""
        if self.under_way:
            _, late = await asyncio.wait(set(self.under_way), timeout=LONGEST_END)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._points is not None:
            await self._points.close()
        await self.engine.dispose()


class Store:
    """Queries over one database; each method that takes no connection is one short transaction."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        self._database = database
        self._encryptor = encryptor

    def _readable(self, sealed: bytes | None, column: str, *place: str) -> str | None:
        """Open a text; None where there is none, or its key is gone."""
        try:
            return self._encryptor.open(sealed, column, *place)
        except SealError:
            return None


_hooks: WeakKeyDictionary[AsyncConnection, list[Callable[[], None]]] = WeakKeyDictionary()


def after_commit(transaction: AsyncConnection, hook: Callable[[], None]) -> None:
    """Call `hook` once the commit of a transaction of `Database.write` has returned; never after a rollback.

    SQLAlchemy's own "commit" event comes too early: it fires before the database has the rows.
    """
    _hooks[transaction].append(hook)


def _patience(connection: Any, _record: object, *, seconds: float) -> None:
    # Not among what a connection starts with: a proxy between us and PostgreSQL may refuse what it does not know.
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {round(seconds * 1000)}")
    cursor.close()
    connection.commit()


def _worked(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["worked_at"] = time.monotonic()


def _ask_whether_it_works(dialect: Any, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Have a connection that was idle for longer than `TRUSTED` replaced, and the others, where it is broken."""
    if time.monotonic() - record.info.get("worked_at", float("inf")) > TRUSTED:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
