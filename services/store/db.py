"""The database, the same code on SQLite and PostgreSQL: engine, transactions, small reads.

SQLite has one writer: every write transaction of the process goes through one lock (without it stalls of
seconds were measured), with WAL, `synchronous=FULL` and a busy timeout for readers of another process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Row, Select, UpdateBase, event, make_url, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from services.domain.operator_errors import DatabaseError, SealError
from services.platform.crypto import Encryptor
from services.store.sqlite_driver import PointReader, QuickConnection

log = structlog.get_logger(__name__)

T = TypeVar("T")

Query = tuple[Select[*tuple[Any, ...]], Mapping[str, Any]]
"""A query that is built once, and its parameters. None of them may be a list."""

Tell = Callable[[AsyncConnection, bool], Awaitable[Callable[[], None] | None]]
"""Does in a transaction what has somebody look at what it changes, and returns what to call once it is committed.

It takes whether somebody typed it just now.
"""

_CONNECTIONS = 16
"""To an SQLite file. Those beyond would be opened, a thread and four pragmas each, for one transaction alone."""

LONGEST_IDLE = 15.0
"""Seconds after which PostgreSQL ends a transaction in which nothing happens, and its connection.

A process that stands still in the middle of one (its machine is paused, or cut off from the network) holds its
locks, and whoever types meanwhile waits for them. Ours last milliseconds.
"""

LONGEST_CONNECT = 10.0
"""Seconds until PostgreSQL lets a connection in, or is taken for silent."""

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name = current_setting('application_name')"
)
_GONE_WITHIN, _LOOK_EVERY = 2.0, 0.1
"""Seconds for which PostgreSQL may show a connection that its client has closed; between two looks."""

TRUSTED = 1.0
"""Seconds for which a connection to PostgreSQL that worked is taken to work still.

After that it is asked first, which takes three round trips, as much as most of what is then asked of it.
"""

LONGEST_END = 5.0
"""Seconds that a database which is closed waits for grouped transactions: whoever asked for them may have gone."""


_NO_ROOM = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")
"""How SQLite's names of errors begin where nothing reaches the disk (sqlite.org/rescode.html)."""

TRY_AGAIN = 5.0
"""Seconds between two tries whether something reaches the disk again, where somebody asks."""


def _make_room(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"{folder}: {error.strerror}") from None


def plain_address(url: str) -> str:
    """Return a PostgreSQL's address as PostgreSQL's own programs read it, libpq's parameters in its query.

    www.postgresql.org/docs/current/libpq-connect.html; SQLAlchemy's users write `ssl` for `sslmode`. Our connections
    have a name, unless it gives them another one.
    """
    parsed = make_url(url).set(drivername="postgresql")
    query = {{"ssl": "sslmode"}.get(name, name): value for name, value in parsed.query.items()}
    query.setdefault("application_name", "statusquo")
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
        self.sender: Tell | None = None
        """Has the senders of all processes look once a transaction is committed: whoever makes one sets it."""
        self._points: PointReader | None = None
        if self.is_sqlite:
            if parsed.database and parsed.database != ":memory:":
                _make_room(Path(parsed.database).parent)
            path = parsed.database or ":memory:"
            self.engine: AsyncEngine = create_async_engine(
                url,
                async_creator=lambda: QuickConnection(path),
                pool_size=_CONNECTIONS,
                max_overflow=0,
                pool_use_lifo=True,
                hide_parameters=True,  # an error that is logged names the statement, not what it was about
            )
            self._points = PointReader(path, self.engine.dialect)
        else:
            # not SQLAlchemy but the driver reads the address: as PostgreSQL's programs do, `?sslmode=require` too
            self.engine = create_async_engine(
                "postgresql+asyncpg://",
                connect_args={"dsn": plain_address(url), "timeout": LONGEST_CONNECT},
                pool_size=pool_size,
                max_overflow=pool_size,
                hide_parameters=True,
            )
            event.listen(self.engine.sync_engine, "connect", partial(_patience, seconds=longest_idle))
            event.listen(self.engine.sync_engine, "checkin", _worked)
            event.listen(self.engine.sync_engine, "checkout", partial(_ask_whether_it_works, self.engine.dialect))
        self._writer = asyncio.Lock()
        self._not_written = ""  # SQLite's name for why the last change did not reach the disk
        self._tried_at = float("-inf")
        # PostgreSQL: each statement by itself sees the same as within READ COMMITTED, two round trips less
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading; nothing is committed."""
        async with self._reader.connect() as connection:
            yield connection

    async def rows(self, *asked: Query) -> list[Sequence[Any]]:
        """Return the rows of a few small queries, each built once, such as a person's own; nothing is committed."""
        if self._points is not None:
            return list(await self._points.rows(asked))
        async with self.read() as connection:
            return [(await connection.execute(*one)).all() for one in asked]

    async def scalar(self, statement: Select[T], parameters: Mapping[str, Any] | None = None) -> T | None:
        """Return the value of the first row of such a query; None where there is no row."""
        (rows,) = await self.rows((statement, parameters or {}))
        return rows[0][0] if rows else None

    async def fetch(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the rows of any query by itself; nothing is committed."""
        async with self.read() as connection:
            return (await connection.execute(statement, parameters)).all()

    async def fetch_one(self, statement: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]] | None:
        """Return the row of a query that has one at most."""
        async with self.read() as connection:
            return (await connection.execute(statement)).one_or_none()

    async def execute(self, statement: UpdateBase, parameters: Mapping[str, Any] | None = None) -> int:
        """Change rows by one statement, a transaction by itself; how many there were."""
        async with self.write() as connection:
            return (await connection.execute(statement, parameters)).rowcount

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open one short transaction: committed at the end, rolled back on any error. No network inside."""
        if not self.is_sqlite:
            async with self.engine.begin() as connection:
                yield connection
                committed = await self._tell(connection)
        else:
            async with self._writer, self._noted(), self.engine.begin() as connection:
                # The driver by itself would begin only at the first change: what was read before could be out of date
                # by then, if another process (a command line, a second worker) writes too. No listener to an event of
                # the engine's does this: with one, SQLAlchemy looks for more of them at each step of each statement.
                driver: Any = (await connection.get_raw_connection()).driver_connection
                driver.begins = True
                yield connection
                committed = await self._tell(connection)
        # SQLAlchemy's own "commit" event comes too early: it fires before the database has the rows
        if committed is not None:
            committed()

    async def _tell(self, transaction: AsyncConnection) -> Callable[[], None] | None:
        typed = _for_sender.get(transaction)
        return None if typed is None or self.sender is None else await self.sender(transaction, typed)

    async def others(self) -> int:
        """Return how many connections to this PostgreSQL database our other processes have, as its role may see."""
        until = time.monotonic() + _GONE_WITHIN
        while True:
            async with self.read() as connection:
                found = int((await connection.execute(_OTHERS)).scalar_one())
            if not found or time.monotonic() > until:
                return found
            await asyncio.sleep(_LOOK_EVERY)

    async def writable(self) -> str:
        """Say why nothing reaches the disk (SQLite's name for it), as far as the last change tells; "" where it does.

        Where it did not, it is tried again first, every `TRY_AGAIN` seconds at most, without changing anything.
        """
        if self._not_written and time.monotonic() - self._tried_at > TRY_AGAIN:
            await self.try_to_write()
        return self._not_written

    async def try_to_write(self) -> None:
        """Write the first page of an SQLite file as it is, so that `writable` tells."""
        if not self.is_sqlite:
            return
        self._tried_at = time.monotonic()
        with suppress(DBAPIError):  # which is noted, or is another's business
            async with self.write() as connection:
                version = (await connection.exec_driver_sql("PRAGMA user_version")).scalar()
                await connection.exec_driver_sql(f"PRAGMA user_version = {version}")
            self._written()

    @asynccontextmanager
    async def _noted(self) -> AsyncIterator[None]:
        """Note whether what was changed reaches the disk; say so once."""
        try:
            yield
        except DBAPIError as error:
            self._failed(str(getattr(error.orig, "sqlite_errorname", "")))
            raise

    def _failed(self, reason: str) -> None:
        if reason.startswith(_NO_ROOM):
            if not self._not_written:
                log.error("database_not_written", reason=reason)
            self._not_written = reason

    def _written(self) -> None:
        if self._not_written:
            log.info("database_written_again", reason=self._not_written)
        self._not_written = ""

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


_for_sender: WeakKeyDictionary[AsyncConnection, bool] = WeakKeyDictionary()


def tell_sender(transaction: AsyncConnection, *, typed: bool = False) -> None:
    """Have the sender look once a transaction of `Database.write` is committed, at once where somebody `typed`.

    It writes what that stores, or its chores see to it. However often it is told, it is once a transaction.
    """
    _for_sender[transaction] = typed or _for_sender.get(transaction, False)


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
