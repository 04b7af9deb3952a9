"""Work that takes the loop too long, in threads of its own: sealing, compressing, digests, lists of thousands.

Not in the loop's default executor: that looks up the names of hosts, Slack's too, and must never be full. And nothing
that holds the interpreter for long (`re`, `json` on megabytes): a thread does not help there, a process does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LARGE = 64 * 1024
"""Bytes from which on sealing, opening and compressing are not done on the loop: half a millisecond or so."""

_THREADS = 4


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="off-loop")


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` gives, done in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), partial(work, *args, **kwargs))


async def off_loop_if(large: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same, in a thread only where it is `large`."""
    return await off_loop(work, *args, **kwargs) if large else work(*args, **kwargs)
