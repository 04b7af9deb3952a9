"""A process that dies in the middle of what it does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.replica import Replica


class Killed(BaseException):
    """What the process dies of; no guard catches it."""


def dies_at(
    replica: Replica, owner: Any, step: str, *, after: bool, counts: Callable[..., bool] = lambda *_: True
) -> asyncio.Event:
    """Have `replica` die before or after its first call of `owner.step` that `counts`; the event tells that it has."""
    died = asyncio.Event()
    whole: Callable[..., Awaitable[Any]] = getattr(owner, step)

    async def deadly(*args: Any, **more: Any) -> Any:
        if not counts(*args):
            return await whole(*args, **more)
        if died.is_set():
            raise Killed
        if after:
            await whole(*args, **more)
        died.set()
        replica.sender._stopping = True
        raise Killed

    setattr(owner, step, deadly)
    return died
