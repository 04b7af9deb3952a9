"""How late the event loop is by its own doing: what everybody waits for when something computes on it, or beside it.

A machine that is busy with others makes a loop late, too; that is nobody's fault here. So each lateness counts only as
far as the loop's own thread computed meanwhile; and, with some room, as far as the whole process did: a thread that
holds the interpreter (`re`, `json` on megabytes) stops the loop, threads that take turns with it only slow it down.
Collecting garbage does not count: the heap is that of all the tests that this process has run. Neither does what is
done while the loop does not run: between a test's fixtures, itself and their ends pytest computes, for a failed one
longer than half a second.
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
"""Seconds that the loop of a scenario may be late, on a machine that is as quick as `PLAIN` says."""

PLAIN = 0.02
"""Seconds of a thread for what `slowness` measures: a third more than where the limits were chosen."""

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
        self._run_loop = self._loop.run_forever
        self._loop.run_forever = self._run  # type: ignore[method-assign]
        gc.callbacks.append(self._collected)
        self._next()

    def stop(self) -> None:
        self._rest()
        gc.callbacks.remove(self._collected)
        self._loop.run_forever = self._run_loop  # type: ignore[method-assign]

    def _run(self) -> None:
        """Run the loop as ever; it is watched from here to its end, or until `stop`."""
        self._rest(look=False)
        self._next()
        try:
            self._run_loop()
        finally:
            self._rest()

    def _rest(self, *, look: bool = True) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            if look:
                self._look()

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


def slowness() -> float:
    """How many times longer than `PLAIN` this machine takes for plain Python just now, at least 1."""
    began = time.thread_time()
    sum(number % 7 for number in range(300_000))
    return max(1.0, (time.thread_time() - began) / PLAIN)


@asynccontextmanager
async def watched(limit: float = LIMIT, what: str = "") -> AsyncIterator[LoopWatch]:
    """Fails where the loop was late by more than `limit` seconds meanwhile."""
    watch = LoopWatch()
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()
    if watch.worst > limit or watch.beside > limit + ROOM:
        limit *= slowness()
    assert watch.worst <= limit, f"the loop was late by {watch.worst:.2f} s of its own {what}"
    assert watch.beside <= limit + ROOM, f"the loop was held up for {watch.beside:.2f} s by threads {what}"
