"""Who writes to which workspace: one process at a time, because Slack's limits are those of a workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.store.db import after_commit

Wake = Callable[[bool], None]
"""Called where there is something new to write; True where somebody typed it just now."""


class Leases(Protocol):
    """Which workspaces are this process' own, and how processes tell each other of what is to be written."""

    @property
    def certain(self) -> bool:
        """Whether what was acquired is still this process' own."""
        ...

    async def acquire(self, teams: Collection[str]) -> set[str]:
        """Those of `teams` that are this process' own from now on: nobody else owned them."""
        ...

    async def release(self, teams: Collection[str]) -> None:
        """Leave `teams` to whoever wants them."""
        ...

    async def tell(self, transaction: AsyncConnection, *, typed: bool) -> None:
        """Have the senders of all processes look, once `transaction` is committed."""
        ...

    async def run(self, wake: Wake, lost: Callable[[], None], stop: asyncio.Event) -> None:
        """Hold what is acquired until `stop` is set. `lost` is called where another process may own it by now."""
        ...


class OneProcess:
    """The only process there is owns every workspace."""

    certain = True

    def __init__(self) -> None:
        self._wake: Wake | None = None

    async def acquire(self, teams: Collection[str]) -> set[str]:
        """All of them."""
        return set(teams)

    async def release(self, teams: Collection[str]) -> None:
        """Nobody else wants them."""

    async def tell(self, transaction: AsyncConnection, *, typed: bool) -> None:
        """Wake the sender after the commit."""
        if self._wake is not None:
            wake = self._wake
            after_commit(transaction, lambda: wake(typed))

    async def run(self, wake: Wake, lost: Callable[[], None], stop: asyncio.Event) -> None:
        """Pass on what is told until `stop` is set."""
        self._wake = wake
        await stop.wait()
        self._wake = None
