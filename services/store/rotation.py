"""Every sealed value of the database, sealed anew with the newest key as AES-GCM, while the app runs.

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

from sqlalchemy import Column, ColumnElement, Update, and_, func, literal, select, tuple_, update

from services.domain.operator_errors import SealError
from services.platform.crypto import SealedBytes
from services.ports import Report
from services.store import agent_tables, calendar_tables, effect_tables, undo_tables, workspace_tables  # noqa: F401  # their tables belong to METADATA
from services.store.columns import Sealed
from services.store.db import Store
from services.store.tables import METADATA

BATCH = 100
BYTES = 1 << 20
"""So many values, and so many bytes, are taken up at a time; a value that is larger by itself."""


def sealed_columns() -> Iterator[Column[Any]]:
    """Yield every column of the schema that holds ciphertext; as text, one is such as `people.token`."""
    for table in METADATA.sorted_tables:
        yield from (stored for stored in table.columns if isinstance(stored.type, Sealed))


def row_of(key: Sequence[object]) -> tuple[str, ...]:
    """Return a row's key as the stores seal for it: numbers and texts as they are, times as ISO 8601 (UTC)."""
    return tuple(part.isoformat() if isinstance(part, datetime) else str(part) for part in key)


@dataclass(frozen=True, slots=True)
class Swap:
    """The value of one row, as it was read and as it shall be."""

    key: tuple[object, ...]
    old: SealedBytes
    new: SealedBytes


class Rotation(Store):
    """Walks a column in the order of its table's key, a batch a transaction.

    `encryptor` holds the new key first and every older one after it.
    """

    async def count(self) -> int:
        """Return how many sealed values there are."""
        found = 0
        for sealed in sealed_columns():
            async with self._database.read() as connection:
                found += await connection.scalar(select(func.count(sealed))) or 0
        return found

    async def run(self) -> AsyncIterator[Report]:
        """Re-seal everything; a report for each batch. A value without its key counts as failed, and stays."""
        for sealed in sealed_columns():
            after: tuple[object, ...] | None = None
            more = True
            while more:
                rows, more = await self._some(sealed, after)
                swaps: list[Swap] = []
                failed = 0
                for key, value in rows:
                    after = key
                    try:
                        fresh = self._encryptor.reseal(value, str(sealed), *row_of(key))
                    except SealError:
                        failed += 1
                        continue
                    if fresh is not None:
                        swaps.append(Swap(key, value, fresh))
                changed = await self._swap(sealed, swaps) if swaps else 0
                yield Report(done=len(rows), changed=changed, failed=failed)

    async def _some(
        self, sealed: Column[Any], after: tuple[object, ...] | None
    ) -> tuple[Sequence[tuple[tuple[object, ...], SealedBytes]], bool]:
        """Keys and values after `after`: `BATCH` of `BYTES` in all at most, one at least; whether there may be more."""
        keys = list(sealed.table.primary_key.columns)
        where: list[ColumnElement[bool]] = [sealed.is_not(None)]
        if after is not None:
            where.append(
                tuple_(*keys) > tuple_(*(literal(part, key.type) for key, part in zip(keys, after, strict=True)))
            )
        async with self._database.read() as connection:
            sizes = select(func.length(sealed)).where(*where).order_by(*keys).limit(BATCH)
            totals = list(accumulate((await connection.execute(sizes)).scalars()))
            fitting = max(1, sum(total <= BYTES for total in totals))
            values = select(*keys, sealed).where(*where).order_by(*keys).limit(fitting)
            rows = [(tuple(key), value) for *key, value in await connection.execute(values)]
        return rows, bool(rows) and (fitting < len(totals) or len(totals) == BATCH)

    async def _swap(self, sealed: Column[Any], swaps: Sequence[Swap]) -> int:
        """Put the new values in the place of the old ones, where these are still there; how many were.

        Who holds many rows waits for none: rows that the app has locked get a transaction each, after the others.
        """
        changed, began = 0, time.monotonic()
        busy: list[Swap] = []
        async with self._database.write() as connection:
            for swap in swaps:
                row = select(*sealed.table.primary_key.columns).where(_unchanged(sealed, swap))
                ours = row.with_for_update(key_share=True, skip_locked=True)
                # SQLite's writer is alone anyway
                if self._database.is_sqlite or (await connection.execute(ours)).first() is not None:
                    changed += (await connection.execute(_put(sealed, swap))).rowcount
                else:
                    busy.append(swap)
        for swap in busy:
            changed += await self._database.execute(_put(sealed, swap))
        await asyncio.sleep(time.monotonic() - began)  # the app, which waits for SQLite's writer, gets half of the time
        return changed


def _unchanged(sealed: Column[Any], swap: Swap) -> ColumnElement[bool]:
    keys = sealed.table.primary_key.columns
    return and_(*(column == part for column, part in zip(keys, swap.key, strict=True)), sealed == swap.old)


def _put(sealed: Column[Any], swap: Swap) -> Update:
    return update(sealed.table).where(_unchanged(sealed, swap)).values({sealed: swap.new})
