"""Whether the app is at work: has tasks that neither run for ever nor wait for the clock."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from demo.clock import DemoClock

_APP = tuple(str(Path(__file__).resolve().parent.parent / part) for part in ("services", "handlers"))


class AppWork:
    """Sees the app's tasks by the files of their code. `settled` is called once its loops run and little else does."""

    def __init__(self, clock: DemoClock) -> None:
        self._clock = clock
        self._loops: frozenset[asyncio.Task[Any]] = frozenset()

    def settled(self) -> None:
        """The tasks of now are the loops that run as long as the app."""
        self._loops = frozenset(_tasks())

    def under_way(self) -> bool:
        """Whether something is being done for which the clock has to wait."""
        return any(task not in self._loops and not self._clock.parks(task) for task in _tasks())


def _tasks() -> list[asyncio.Task[Any]]:
    found = []
    for task in asyncio.all_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if code is not None and code.co_filename.startswith(_APP):
            found.append(task)
    return found
