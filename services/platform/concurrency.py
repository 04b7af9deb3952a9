"""How much is done, and held in memory, at a time; and in threads what takes the loop too long.

The threads are not the loop's default executor: that looks up the names of hosts, Slack's too, and must never be full.
What holds the interpreter for long (`re`, `json` on megabytes) is not for them: a thread does not help there, a process
does.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import ParamSpec, TypeVar

from services.domain.request_errors import OverloadedError

P = ParamSpec("P")
T = TypeVar("T")
Key = TypeVar("Key")

ARRIVING = 64 * 1024 * 1024
"""Bytes of requests that are being answered: 64 of the largest, thousands of Slack's."""

FETCHED = 192 * 1024 * 1024
"""Bytes of answers (feeds, files, what servers list) that are being read: seven of the largest. With what arrives, a
quarter of a small server's GiB; without a bound 32 fetches alone could have 800 MiB."""

WAIT = 5
"""Seconds after which who finds no room may ask again."""

LARGE = 64 * 1024
"""Bytes from which on sealing, opening and compressing are not done on the loop: half a millisecond or so."""

_THREADS = 4


async def first_of(*events: asyncio.Event, seconds: float) -> None:
    """Return once one of `events` is set, or after so many seconds of real time."""
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def remember(known: OrderedDict[Key, T], key: Key, value: T, most: int) -> None:
    """Keep `value` as the newest in `known`, and of all the `most` newest."""
    known[key] = value
    known.move_to_end(key)
    while len(known) > most:
        known.popitem(last=False)


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


class Bodies:
    """Counts the bytes of bodies from the moment they come until they are let go of."""

    def __init__(self, most: int) -> None:
        """At most `most` bytes."""
        self._most = most
        self.held = 0

    def take(self, size: int) -> None:
        """Make room for so many bytes more. Raises OverloadedError, at once, where there is none."""
        if self.held + size > self._most:
            raise OverloadedError("too many bodies at a time", retry_after=WAIT)
        self.held += size

    def give(self, size: int) -> None:
        """They are let go of."""
        self.held -= size

    def give_with(self, holder: object, size: int) -> None:
        """Give the same as soon as nobody has `holder` any more."""
        weakref.finalize(holder, self.give, size)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="off-loop")


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `work` gives, done in a thread: sealing, compressing, digests, lists of thousands."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), partial(work, *args, **kwargs))


async def off_loop_if(large: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the same, in a thread only where it is `large`."""
    return await off_loop(work, *args, **kwargs) if large else work(*args, **kwargs)
