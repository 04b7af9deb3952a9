"""Who runs the lanes: a port of two methods, and the runner for one process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.store.db import after_commit


class Drain(Protocol):
    """What a runner runs: `services.engine.sender.Lanes`."""

    async def drain(self, team_id: str, *, typed: bool = False) -> None:
        """Drain one lane; `typed`: something in it was, so it waits for no other lane. Never raises."""
        ...

    def nudge(self, team_id: str, *, typed: bool = False) -> bool:
        """Have a lane that this process drains look again; False when it does not, or has looked for the last time."""
        ...

    async def waits(self, team_id: str) -> bool:
        """Whether the lane has something to do."""
        ...

    def abandon(self) -> None:
        """Let go of every lane that this process drains: another one may have taken them over."""
        ...


class Runner(Protocol):
    """Runs lanes, each by one owner in the whole fleet."""

    async def wake(self, transaction: AsyncConnection, lanes: Mapping[str, bool]) -> None:
        """Have `lanes` drained once `transaction`, in which something was written before, is committed.

        Those first in which something was typed (True).
        """
        ...

    async def resume(self, lanes: Iterable[str]) -> None:
        """Have those of `lanes` drained that nobody drains; those that are being drained are left alone."""
        ...

    async def run(self, drain: Drain, stop: asyncio.Event) -> None:
        """Run until `stop` is set and the drains have ended."""
        ...


class EmbeddedRunner:
    """One process: one asyncio task for each busy lane, over the same tables."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, bool] = {}
        self._drain: Drain | None = None

    async def wake(self, transaction: AsyncConnection, lanes: Mapping[str, bool]) -> None:
        """Start a drain of each of `lanes` after the commit."""
        after_commit(transaction, lambda: self._start(lanes))

    async def resume(self, lanes: Iterable[str]) -> None:
        """Start a drain of each of `lanes` that has none."""
        self._start({team_id: False for team_id in lanes if team_id not in self._tasks})

    async def run(self, drain: Drain, stop: asyncio.Event) -> None:
        """Take up drains until `stop` is set, then wait for those that run."""
        self._drain = drain
        await stop.wait()
        self._drain = None
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _start(self, lanes: Mapping[str, bool]) -> None:
        if self._drain is None:
            return
        for team_id, typed in lanes.items():
            if team_id in self._tasks:
                if not self._drain.nudge(team_id, typed=typed):  # it has looked for the last time
                    self._again[team_id] = typed or self._again.get(team_id, False)
                continue
            task = asyncio.create_task(self._drain.drain(team_id, typed=typed))
            self._tasks[team_id] = task
            task.add_done_callback(lambda _, team_id=team_id: self._ended(team_id))  # type: ignore[misc]  # a default binds the loop's value

    def _ended(self, team_id: str) -> None:
        del self._tasks[team_id]
        if team_id in self._again:
            self._start({team_id: self._again.pop(team_id)})
