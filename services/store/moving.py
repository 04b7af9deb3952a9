"""An SQLite installation copied into PostgreSQL: row by row as it is stored, in one order, and compared afterwards.

What is sealed is sealed for its table, column and row key, so it is copied as it is and opens with the same keys.
Who copies has the file to itself: as long as its lock is held no other process opens it, and it is only given where
none has it open (sqlite.org/pragma.html, "locking_mode"). How far the copy has come stands in a table of the target's
own, changed in the transaction of each batch: so a copy that was killed goes on after its last one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    StaticPool,
    String,
    Table,
    Text,
    collate,
    create_engine,
    delete,
    func,
    inspect,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import InputError
from services.domain.operator_errors import NewerDatabaseError
from services.platform.atomic_files import appearing
from services.store import schema
from services.store.columns import Sealed, UtcInstant
from services.store.db import Database
from services.store.moved import MARK, marker_of, place_after_move
from services.store.tables import METADATA

ROWS, BYTES = 1000, 8 << 20
"""So many rows, and so many bytes of what is sealed, are a batch; a row that is larger by itself."""

_OURS = {"alembic_version", MARK}


def _plain(table: Table) -> Table:
    """Return the same table with its values as they are stored: instants as numbers, what is sealed as bytes."""
    kinds: dict[type, Any] = {UtcInstant: BigInteger(), Sealed: LargeBinary()}
    columns = [Column(one.name, kinds.get(type(one.type), one.type), primary_key=one.primary_key) for one in table.c]
    return Table(table.name, _PLAIN, *columns)


_PLAIN = MetaData()
TABLES = tuple(_plain(table) for table in METADATA.sorted_tables)
"""Every table, those that others refer to before these."""

_MARK = Table(
    MARK, _PLAIN,
    Column("source", String(64)), Column("state", Text), Column("at_table", Integer), Column("after", Text),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Position:
    """How far a copy has come: the number of the table that is next, and the key of its last row, if any."""

    table: int = 0
    after: tuple[Any, ...] | None = None

    def rest(self) -> Iterator[tuple[Table, tuple[Any, ...] | None]]:
        """Yield the tables from there on, each with the key after which its rows are still to come."""
        for number, table in enumerate(TABLES[self.table :], self.table):
            yield table, self.after if number == self.table else None


@dataclass(frozen=True, slots=True)
class Compared:
    """A table on both sides: how many rows, and the SHA-256 over them in the order of their keys."""

    name: str
    rows: tuple[int, int]
    digests: tuple[str, str]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return self.rows[0] == self.rows[1] and self.digests[0] == self.digests[1]


# ── the file that is moved ──────────────────────────────────────────────────────────────────────────


class SqliteSource:
    """The SQLite database, to itself: nobody else opens it as long as this is open."""

    def __init__(self, file: Path) -> None:
        """Take a file. Raises InputError where there is none, somebody has it open, or it is not up to date.

        NewerDatabaseError where it is ahead of this code.
        """
        self.marker, self.path = marker_of(file), file.resolve()
        if not self.path.is_file():
            raise InputError(f"There is no database at {self.path}.")
        self._engine = create_engine(
            URL.create("sqlite", database=str(self.path)), poolclass=StaticPool, isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False, "timeout": 1.0},
        )  # fmt: skip
        self._connection = self._engine.connect()
        try:
            self._connection.exec_driver_sql("PRAGMA locking_mode=EXCLUSIVE")
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            self._connection.exec_driver_sql("COMMIT")
            self._connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            step = self._connection.scalar(text("SELECT version_num FROM alembic_version"))
            schema.check_not_newer(step)
        except NewerDatabaseError:
            self.close()
            raise
        except DBAPIError as error:
            self.close()
            if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_BUSY":
                raise InputError("Status Quo runs with this database. Stop every process of it, then move.") from None
            raise InputError(f"{self.path} is no database that can be moved. SQLite says: {error.orig}") from None
        if step != schema.head():
            self.close()
            raise InputError(f"The database is at step {step}, not {schema.head()}. Run `app.py migrate` first.")
        stat = self.path.stat()
        self.id = hashlib.sha256(str(self.path).encode()).hexdigest()
        self.state = f"{stat.st_size}/{stat.st_mtime_ns}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others have it."""
        self._connection.close()
        self._engine.dispose()

    def count(self, position: Position) -> int:
        """Return how many rows there are from there on."""
        left = 0
        for table, after in position.rest():
            rows = _in_order(table, after).subquery()
            left += self._connection.scalar(select(func.count()).select_from(rows)) or 0
        return left

    def batches(self, table: Table, after: tuple[Any, ...] | None) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a table after that key, in the order of the keys, some at a time."""
        some: list[tuple[Any, ...]] = []
        size = 0
        for row in self._connection.execution_options(yield_per=ROWS).execute(_in_order(table, after)):
            some.append(tuple(row))
            size += sum(len(value) for value in row if isinstance(value, bytes))
            if len(some) >= ROWS or size >= BYTES:
                yield some
                some, size = [], 0
        if some:
            yield some

    def mark_as_moved(self, to: str, at: datetime) -> None:
        """Have no app start with the file any more."""
        with appearing(self.marker) as part:
            part.write_text(json.dumps({"to": to, "at": at.isoformat(timespec="seconds")}) + "\n")


def _in_order(table: Table, after: tuple[Any, ...] | None = None) -> Select[*tuple[Any, ...]]:
    key = list(table.primary_key.columns)
    rows = select(*table.c).order_by(*key)
    if after is None:
        return rows
    bound = [literal(value, column.type) for value, column in zip(after, key, strict=True)]
    return rows.where(tuple_(*key) > tuple_(*bound))


# ── the database that it is moved to ────────────────────────────────────────────────────────────────


class PostgresTarget:
    """The PostgreSQL database: empty at first, or with an unfinished copy of the very same file."""

    def __init__(self, database: Database, source: SqliteSource) -> None:
        self._database = database
        self._source = source

    async def begin(self) -> Position:
        """Make the tables, unless they are there; where the copy is to go on.

        Raises InputError, and nothing is changed, where anything else is in the database; DatabaseError where there is
        none. Where the file has changed since the copy began, it begins anew.
        """
        async with self._database.read() as connection:
            await self._check(connection)
        await schema.upgrade(self._database)
        async with self._database.write() as connection:
            await schema.lock(connection, seconds=schema.TURN)
            if await self._check(connection):
                await connection.run_sync(_MARK.create)
                await connection.execute(_MARK.insert().values(self._mark(Position())))
                return Position()
            mark = (await connection.execute(select(_MARK))).one()
            if mark.state != self._source.state:
                for table in reversed(TABLES):
                    await connection.execute(delete(table))
                await connection.execute(update(_MARK).values(self._mark(Position())))
                return Position()
        after = json.loads(mark.after)
        return Position(mark.at_table, None if after is None else tuple(after))

    async def _check(self, connection: AsyncConnection) -> bool:
        """Return whether it is empty. Raises InputError where it is neither that, nor a copy of this file.

        An empty one is nothing for a file that was moved elsewhere: two installations would go on from there.
        """
        names = set(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))
        known = {table.name for table in TABLES}
        if strange := sorted(names - known - _OURS):
            raise InputError(f"The database at --to holds something else ({strange[0]}). Give it one of its own.")
        if _MARK.name in names:
            if await connection.scalar(select(_MARK.c.source)) != self._source.id:
                raise InputError("The database at --to holds an unfinished move of another file.")
            return False
        for name in sorted(known & names):
            if await connection.scalar(select(literal(1)).select_from(_PLAIN.tables[name]).limit(1)):
                raise InputError(f"The database at --to holds an installation already ({name}). It has to be empty.")
        if (place := place_after_move(self._source.path)) is not None:
            raise InputError(
                f"{self._source.path} was moved to {place} already, where all goes on. If what has come since is to be "
                f"lost, delete {self._source.marker}, and move it again."
            )
        return True

    def _mark(self, position: Position) -> dict[str, Any]:
        after = json.dumps(position.after)
        return {"source": self._source.id, "state": self._source.state, "at_table": position.table, "after": after}

    async def copy(self, position: Position) -> AsyncIterator[int]:
        """Copy everything from there on, a transaction a batch; gives how many rows each had."""
        for number, (table, after) in enumerate(position.rest(), position.table):
            key = [table.c.keys().index(column.name) for column in table.primary_key.columns]
            for rows in self._source.batches(table, after):
                last = tuple(rows[-1][place] for place in key)
                async with self._database.write() as connection:
                    await connection.execute(update(_MARK).values(self._mark(Position(number, last))))
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    await driver.copy_records_to_table(table.name, records=rows, columns=table.c.keys())
                yield len(rows)
            async with self._database.write() as connection:
                await connection.execute(update(_MARK).values(self._mark(Position(number + 1))))

    async def compare(self) -> AsyncIterator[Compared]:
        """Yield every table, here and in the file."""
        for table in TABLES:
            here, there = _Digest(), _Digest()
            for rows in self._source.batches(table, None):
                here.add(rows)
            async with self._database.write() as connection:  # rows that come bit by bit want a transaction
                async for some in (await connection.stream(_as_sqlite_orders(table))).partitions(ROWS):
                    there.add(some)
            yield Compared(table.name, (here.rows, there.rows), (here.hex(), there.hex()))

    async def distrust(self) -> None:
        """Have the next try begin anew."""
        async with self._database.write() as connection:
            await connection.execute(update(_MARK).values(state=""))

    async def finish(self) -> None:
        """Let an app start with it."""
        async with self._database.write() as connection:
            await connection.run_sync(_MARK.drop)


def _as_sqlite_orders(table: Table) -> Select[*tuple[Any, ...]]:
    """Return all rows, texts in the order of their bytes as SQLite has them, not of a language."""
    key = table.primary_key.columns
    order = [collate(column, "C") if isinstance(column.type, String) else column for column in key]
    return select(*table.c).order_by(*order)


class _Digest:
    """SHA-256 over rows, each as MessagePack has it."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def add(self, rows: Sequence[Any]) -> None:
        self.rows += len(rows)
        for row in rows:
            self._hash.update(msgspec.msgpack.encode(tuple(row)))

    def hex(self) -> str:
        return self._hash.hexdigest()
