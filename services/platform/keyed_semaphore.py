"""Semaphores by key: how much is done for one mailbox, or for one person, at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class KeyedSemaphore:
    """At most so many at once for each key; a key that nobody uses is forgotten."""

    def __init__(self, most: int) -> None:
        """`most` at once."""
        self._most = most
        self._gates: dict[str, tuple[asyncio.Semaphore, int]] = {}

    def users(self, key: str) -> int:
        """Return how many have a turn or wait for one."""
        return self._gates[key][1] if key in self._gates else 0

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Wait for a turn, and keep it."""
        gate, users = self._gates.get(key) or (asyncio.Semaphore(self._most), 0)
        self._gates[key] = gate, users + 1
        try:
            async with gate:
                yield
        finally:
            users = self._gates[key][1] - 1
            if users:
                self._gates[key] = gate, users
            else:
                del self._gates[key]
