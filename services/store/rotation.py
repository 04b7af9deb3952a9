"""Re-sealing everything with the newest key as AES-GCM, while the app runs.

Values are read, re-sealed and swapped in three steps, the second outside of any transaction, so many bytes at a time.
Each is swapped only if it is still the one that was read, so that a write of the running app in between is never
undone; what the app writes meanwhile is under the newest key anyway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import SealError
from services.platform.crypto import Encryptor, SealedBytes
from services.ports import Report
from services.store.columns import Sealed
from services.store.db import Database
from services.store.models import Base

BATCH = 100
BYTES = 1 << 20
"""So many values, and so many bytes, are taken up at a time; a value that is larger by itself."""


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


def row_of(key: Sequence[object]) -> tuple[str, ...]:
    """A row's key as the stores seal for it: numbers and texts as they are, times as ISO 8601 (UTC)."""
    return tuple(part.isoformat() if isinstance(part, datetime) else str(part) for part in key)


@dataclass(frozen=True, slots=True)
class Swap:
    """The value of one row, as it was read and as it shall be."""

    key: tuple[object, ...]
    old: SealedBytes
    new: SealedBytes


class Rotation:
    """Walks a column in the order of its table's key, a batch a transaction."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` holds the new key first and every older one after it."""
        self._database = database
        self._encryptor = encryptor

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
        """Re-seal some of those whose keys come after `after`; the report, and the last key or None at the end."""
        rows, more = await self._some(sealed, after)
        swaps: list[Swap] = []
        failed = 0
        for key, value in rows:
            try:
                fresh = self._encryptor.reseal(value, sealed.name, *row_of(key))
            except SealError:
                failed += 1
                continue
            if fresh is not None:
                swaps.append(Swap(key, value, fresh))
        changed = await self._swap(sealed, swaps) if swaps else 0
        return Report(done=len(rows), changed=changed, failed=failed), rows[-1][0] if more else None

    async def _some(
        self, sealed: SealedColumn, after: tuple[object, ...] | None
    ) -> tuple[Sequence[tuple[tuple[object, ...], SealedBytes]], bool]:
        """Keys and values after `after`: `BATCH` of `BYTES` in all at most, one at least; whether there may be more."""
        keys = list(sealed.table.primary_key.columns)
        where = [sealed.column.is_not(None), *([] if after is None else [_beyond(keys, after)])]
        async with self._database.read() as connection:
            sizes = select(func.length(sealed.column)).where(*where).order_by(*keys).limit(BATCH)
            totals = list(accumulate((await connection.execute(sizes)).scalars()))
            fitting = max(1, sum(total <= BYTES for total in totals))
            values = select(*keys, sealed.column).where(*where).order_by(*keys).limit(fitting)
            rows = [(tuple(key), value) for *key, value in await connection.execute(values)]
        return rows, bool(rows) and (fitting < len(totals) or len(totals) == BATCH)

    async def _swap(self, sealed: SealedColumn, swaps: Sequence[Swap]) -> int:
        """Put the new values in the place of the old ones, where these are still there; how many were.

        Who holds many rows waits for none: rows that the app has locked get a transaction each, after the others.
        """
        changed, began = 0, time.monotonic()
        busy: list[Swap] = []
        async with self._database.write() as connection:
            for swap in swaps:
                if await _is_free(connection, sealed, swap):
                    changed += await _put(connection, sealed, swap)
                else:
                    busy.append(swap)
        for swap in busy:
            async with self._database.write() as connection:
                changed += await _put(connection, sealed, swap)
        await asyncio.sleep(time.monotonic() - began)  # the app, which waits for SQLite's writer, gets half of the time
        return changed


def _unchanged(sealed: SealedColumn, swap: Swap) -> ColumnElement[bool]:
    keys = sealed.table.primary_key.columns
    return and_(*(column == part for column, part in zip(keys, swap.key, strict=True)), sealed.column == swap.old)


async def _is_free(connection: AsyncConnection, sealed: SealedColumn, swap: Swap) -> bool:
    """Whether the row is ours until the transaction ends. SQLite's writer is alone anyway."""
    if connection.dialect.name == "sqlite":
        return True
    row = select(*sealed.table.primary_key.columns).where(_unchanged(sealed, swap))
    return (await connection.execute(row.with_for_update(key_share=True, skip_locked=True))).first() is not None


async def _put(connection: AsyncConnection, sealed: SealedColumn, swap: Swap) -> int:
    found = update(sealed.table).where(_unchanged(sealed, swap)).values({sealed.column: swap.new})
    return (await connection.execute(found)).rowcount


def _beyond(keys: Sequence[Column[Any]], after: tuple[object, ...]) -> ColumnElement[bool]:
    """`keys > after`, in the order of the key, spelled out: the column types bind each part."""
    return or_(
        *(
            and_(*(keys[before] == after[before] for before in range(position)), keys[position] > after[position])
            for position in range(len(keys))
        )
    )
