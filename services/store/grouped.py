"""Small facts of many requests, one transaction for those that arrive together.

A commit waits for the disk, and SQLite has one writer: a request that commits by itself waits for everybody before
it. Here those that wait meanwhile go into the next transaction together. Each is answered after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from services.store.engine import Database

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 200
"""Facts in one transaction."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]


class Grouped(Generic[Item, Result]):
    """Writes facts of one kind, in the order in which they came."""

    def __init__(
        self, database: Database, write: Callable[[AsyncConnection, Sequence[Item]], Awaitable[Sequence[Result]]]
    ) -> None:
        """`write` writes several facts in the transaction that it is given, and tells what became of each."""
        self._database = database
        self._write = write
        self._waiting: list[_Waiting[Item, Result]] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Result:
        """Write `item`, alone or along with others, all or nothing of it; what became of it, once it is committed.

        Raises what writing it raised. Facts that fail together are tried again one by one, so that none of them
        fails for another's sake. To give up waiting takes nothing back.
        """
        mine: _Waiting[Item, Result] = _Waiting(item, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        if self._writing is None:
            # A task of its own: were it somebody's request, their hanging up would end everybody's transaction.
            self._writing = asyncio.create_task(self._write_waiting())
        return await mine.answer

    async def _write_waiting(self) -> None:
        group: list[_Waiting[Item, Result]] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                if not await self._written(group) and len(group) > 1:
                    for one in group:
                        await self._written([one])
        finally:
            self._writing = None
            for left in (*group, *self._waiting):  # nobody, unless the program ends
                left.answer.cancel()
            self._waiting = []

    async def _written(self, group: Sequence[_Waiting[Item, Result]]) -> bool:
        """Write a group and answer it; False where that failed. What failed alone is answered by its error."""
        (found,) = await asyncio.gather(self._transaction([one.item for one in group]), return_exceptions=True)
        if isinstance(found, BaseException):
            if len(group) == 1 and not group[0].answer.done():
                group[0].answer.set_exception(found)
            return False
        for one, result in zip(group, found, strict=True):
            if not one.answer.done():
                one.answer.set_result(result)
        return True

    async def _transaction(self, items: Sequence[Item]) -> Sequence[Result]:
        async with self._database.write() as connection:
            return await self._write(connection, items)
