"""Work that outlives the request that began it: each piece has an owner, is awaited on stop, and fails aloud."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

import structlog

from handlers.errors import sheltered

log = structlog.get_logger(__name__)

T = TypeVar("T")

DRAIN_SECONDS = 10.0


class Background:
    """Owns tasks until they are done."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin `work`. Somebody has to await the task, or to `leave` it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def leave(self, work: Awaitable[Any], **where: object) -> None:
        """Begin `work` that nobody waits for: what goes wrong is recorded, with `where` it happened."""
        self.start(sheltered(work, **where))

    async def close(self, seconds: float = DRAIN_SECONDS) -> None:
        """Wait until all is done; what takes longer than `seconds` is given up."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("background_given_up", tasks=len(late))
            await asyncio.gather(*late, return_exceptions=True)


async def within(task: asyncio.Task[Any], seconds: float) -> bool:
    """Whether `task` is done within that time; it goes on where it is not."""
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)
