"""Who runs the lanes: a port of two methods, and the runner for one process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.store.engine import after_commit


class Drain(Protocol):
    """What a runner runs: `services.engine.lane.Lanes`."""

    async def drain(self, team_id: str) -> None:
        """Drain one lane. Never raises."""
        ...

    def nudge(self, team_id: str) -> bool:
        """Have a lane that this process drains look again; False when it does not drain it."""
        ...

    def abandon(self) -> None:
        """Let go of every lane that this process drains: another one may have taken them over."""
        ...


class Runner(Protocol):
    """Runs lanes, each by one owner in the whole fleet."""

    async def wake(self, transaction: AsyncConnection, lanes: Iterable[str]) -> None:
        """Have `lanes` drained once `transaction`, in which something was written before, is committed."""
        ...

    async def run(self, drain: Drain, stop: asyncio.Event) -> None:
        """Run until `stop` is set and the drains have ended."""
        ...


class EmbeddedRunner:
    """One process: one asyncio task for each busy lane, over the same tables."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._drain: Drain | None = None

    async def wake(self, transaction: AsyncConnection, lanes: Iterable[str]) -> None:
        """Start a drain of each of `lanes` after the commit."""
        named = tuple(lanes)
        after_commit(transaction, lambda: self._start(named))

    async def run(self, drain: Drain, stop: asyncio.Event) -> None:
        """Take up drains until `stop` is set, then wait for those that run."""
        self._drain = drain
        await stop.wait()
        self._drain = None
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _start(self, lanes: Iterable[str]) -> None:
        if self._drain is None:
            return
        for team_id in lanes:
            if team_id in self._tasks:
                self._again.add(team_id)  # the drain may have looked for the last time already
                self._drain.nudge(team_id)
                continue
            task = asyncio.create_task(self._drain.drain(team_id))
            self._tasks[team_id] = task
            task.add_done_callback(lambda _, team_id=team_id: self._ended(team_id))  # type: ignore[misc]  # a default binds the loop's value

    def _ended(self, team_id: str) -> None:
        del self._tasks[team_id]
        if team_id in self._again:
            self._again.discard(team_id)
            self._start([team_id])
