"""Turns: so many at once, the others in the order in which they came, after those who go first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Turns:
    """Places, some of them kept for those who go first."""

    def __init__(self, places: int, kept: int) -> None:
        """`places` are everybody's; `kept` come on top, for those who go first alone."""
        self._places = places
        self._kept = kept
        self._taken = 0
        self._first: dict[Hashable, asyncio.Future[None]] = {}
        self._others: dict[Hashable, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def turn(self, name: Hashable, *, first: bool) -> AsyncIterator[None]:
        """Wait for a place, and have it for the time of the block. Each `name` waits once at a time."""
        await self._take(name, self._first if first else self._others)
        try:
            yield
        finally:
            self._taken -= 1
            self._admit()

    def go_first(self, name: Hashable) -> None:
        """Have who waits under that name go first from now on."""
        waiting = self._others.pop(name, None)
        if waiting is not None:
            self._first[name] = waiting
            self._admit()

    async def _take(self, name: Hashable, line: dict[Hashable, asyncio.Future[None]]) -> None:
        waiting = line[name] = asyncio.get_running_loop().create_future()
        self._admit()
        try:
            await waiting
        except asyncio.CancelledError:
            self._first.pop(name, None)
            self._others.pop(name, None)
            if waiting.done() and not waiting.cancelled():  # it was its turn just now
                self._taken -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        for line, places in ((self._first, self._places + self._kept), (self._others, self._places)):
            while line and self._taken < places:
                waiting = line.pop(next(iter(line)))
                if not waiting.done():  # cancelled a moment ago
                    self._taken += 1
                    waiting.set_result(None)
