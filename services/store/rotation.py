"""Re-sealing everything with the newest key, while the app runs.

Each value is swapped only if it is still the one that was read, so that a write of the running app in between
is never undone; what the app writes meanwhile is under the newest key anyway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, func, or_, select, update

from services.crypto import Sealer
from services.errors import SealError
from services.ports import Report
from services.store.columns import Sealed, SealedBytes
from services.store.engine import Database
from services.store.models import Base

BATCH = 500


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """One column that holds ciphertext, of one table."""

    table: Table
    column: Column[bytes]

    @property
    def name(self) -> str:
        """Such as `people.token`."""
        return f"{self.table.name}.{self.column.name}"


def sealed_columns() -> Iterator[SealedColumn]:
    """Every sealed column of the schema."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                yield SealedColumn(table, column)


class Rotation:
    """Walks a column in the order of its table's key, a batch a transaction."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        """`sealer` holds the new key first and every older one after it."""
        self._database = database
        self._sealer = sealer

    async def count(self) -> int:
        """How many sealed values there are."""
        found = 0
        for sealed in sealed_columns():
            async with self._database.read() as connection:
                found += await connection.scalar(select(func.count(sealed.column))) or 0
        return found

    async def run(self) -> AsyncIterator[Report]:
        """Re-seal everything; a report for each batch. A value without its key counts as failed, and stays."""
        for sealed in sealed_columns():
            after: tuple[object, ...] | None = None
            more = True
            while more:
                report, after = await self._batch(sealed, after)
                yield report
                more = after is not None

    async def _batch(
        self, sealed: SealedColumn, after: tuple[object, ...] | None
    ) -> tuple[Report, tuple[object, ...] | None]:
        """Re-seal those whose keys come after `after`; the report, and the last key or None at the end."""
        keys = list(sealed.table.primary_key.columns)
        statement = select(*keys, sealed.column).where(sealed.column.is_not(None)).order_by(*keys).limit(BATCH)
        if after is not None:
            statement = statement.where(_beyond(keys, after))
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        changed = failed = 0
        async with self._database.write() as connection:
            for *key, value in rows:
                if self._sealer.is_newest(value):
                    continue
                try:
                    fresh = SealedBytes(self._sealer.reseal(value))
                except SealError:
                    failed += 1
                    continue
                same = and_(*(column == part for column, part in zip(keys, key, strict=True)), sealed.column == value)
                await connection.execute(update(sealed.table).where(same).values({sealed.column: fresh}))
                changed += 1
        last = tuple(rows[-1][:-1]) if len(rows) == BATCH else None
        return Report(done=len(rows), changed=changed, failed=failed), last


def _beyond(keys: Sequence[Column[Any]], after: tuple[object, ...]) -> ColumnElement[bool]:
    """`keys > after`, in the order of the key, spelled out: the column types bind each part."""
    return or_(
        *(
            and_(*(keys[before] == after[before] for before in range(position)), keys[position] > after[position])
            for position in range(len(keys))
        )
    )
