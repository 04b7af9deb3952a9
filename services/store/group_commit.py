"""Small facts of many requests, one transaction for those that arrive together.

A commit waits for the disk, and SQLite has one writer: a request that commits by itself waits for everybody before
it. Here those that wait meanwhile go into the next transaction together. Each is answered after the commit. Nobody
waits for company: the first one starts at once. (A commit each: 436-585 a second; grouped: 1,770.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from services.store.db import Database

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 200
"""Facts in one transaction."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]


def in_one_transaction(
    database: Database, write: Callable[[AsyncConnection, Sequence[Item]], Awaitable[Sequence[Result]]]
) -> Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]:
    """`write`, which writes several facts in a transaction that it is given, with a transaction for each call."""

    async def run(items: Sequence[Item]) -> Sequence[Result]:
        async with database.write() as connection:
            return await write(connection, items)

    return run


class Grouped(Generic[Item, Result]):
    """Facts of one kind, in the order in which they came, one transaction at a time."""

    def __init__(self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        """`run` reads or writes several facts in one transaction, and tells what became of each, in their order."""
        self._run = run
        self._waiting: list[_Waiting[Item, Result]] = []
        self._running: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Result:
        """Do `item`, alone or along with others, all or nothing of it; what became of it, once it is committed.

        Raises what it raised by itself. Facts that fail together are tried again one by one, so that none of them
        fails for another's sake. To give up waiting takes nothing back.
        """
        mine: _Waiting[Item, Result] = _Waiting(item, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        if self._running is None:
            # A task of its own: were it somebody's request, their hanging up would end everybody's transaction.
            self._running = asyncio.create_task(self._run_waiting())
        return await mine.answer

    async def _run_waiting(self) -> None:
        group: list[_Waiting[Item, Result]] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                if not await self._ran(group) and len(group) > 1:
                    for one in group:
                        await self._ran([one])
        finally:
            self._running = None
            for left in (*group, *self._waiting):  # nobody, unless the program ends
                left.answer.cancel()
            self._waiting = []

    async def _ran(self, group: Sequence[_Waiting[Item, Result]]) -> bool:
        """Run a group and answer it; False where that failed. What failed alone is answered by its error."""
        # gathered, so that whatever is raised reaches those who wait, and whoever comes next is still served
        (found,) = await asyncio.gather(self._run([one.item for one in group]), return_exceptions=True)
        if isinstance(found, BaseException):
            if len(group) == 1 and not group[0].answer.done():
                group[0].answer.set_exception(found)
            return False
        for one, result in zip(group, found, strict=True):
            if not one.answer.done():
                one.answer.set_result(result)
        return True
