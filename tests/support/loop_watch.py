"""How late the event loop is by its own doing: what everybody waits for when something computes on it, or beside it.

A machine that is busy with others makes a loop late, too; that is nobody's fault here. So each lateness counts only as
far as the loop's own thread computed meanwhile; and, with some room, as far as the whole process did: a thread that
holds the interpreter (`re`, `json` on megabytes) stops the loop, threads that take turns with it only slow it down.
Collecting garbage does not count: the heap is that of all the tests that this process has run.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SLOWER = 1 if sys.gettrace() is None else 10
"""Where coverage is measured, what is plain Python takes up to ten times as long: `make test` is strict."""

LIMIT = 0.5 * SLOWER
"""Seconds that the loop of a scenario may be late."""

ROOM = 0.3
"""Seconds more, where other threads computed."""

_TICK = 0.02


class LoopWatch:
    """Looks at the running loop every now and then."""

    def __init__(self) -> None:
        self.worst = self.beside = 0.0
        self._handle: asyncio.TimerHandle | None = None
        self._collecting = self._began = 0.0

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        gc.callbacks.append(self._collected)
        self._next()

    def stop(self) -> None:
        assert self._handle is not None
        self._handle.cancel()
        self._look()
        gc.callbacks.remove(self._collected)

    def _collected(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self._collecting += time.perf_counter() - self._began

    def _next(self) -> None:
        self._due, self._own, self._all = self._loop.time() + _TICK, time.thread_time(), time.process_time()
        self._collecting = 0.0
        self._handle = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._look()
        self._next()

    def _look(self) -> None:
        late = self._loop.time() - self._due - self._collecting
        self.worst = max(self.worst, min(late, time.thread_time() - self._own))
        self.beside = max(self.beside, min(late, time.process_time() - self._all))


@asynccontextmanager
async def watched(limit: float = LIMIT, what: str = "") -> AsyncIterator[LoopWatch]:
    """Fails where the loop was late by more than `limit` seconds meanwhile."""
    watch = LoopWatch()
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()
    assert watch.worst <= limit, f"the loop was late by {watch.worst:.2f} s of its own {what}"
    assert watch.beside <= limit + ROOM, f"the loop was held up for {watch.beside:.2f} s by threads {what}"
