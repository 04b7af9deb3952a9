"""Tells whoever watches (the demo's page, a test) what changed in the local Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Hub:
    """Changes as `{"kind": …, …}` dicts, to every watcher. A watcher that falls 10,000 behind loses the oldest."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[dict[str, Any]]] = set()

    def publish(self, kind: str, **facts: Any) -> None:
        """Tell the watchers."""
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait({"kind": kind, **facts})

    @contextmanager
    def watching(self) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        """A queue of the changes from now on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(10_000)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)
