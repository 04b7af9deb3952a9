"""Time that passes by itself where the loop has nothing left to do: whoever waits is done at once, and exactly then."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest


class VirtualTime:
    """What `time.monotonic`, and with it the loop that runs, tells from now on.

    For what waits on this loop alone: neither for a thread nor for another process.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        selector: Any = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]  # of asyncio's own loops
        self._select = selector.select
        monkeypatch.setattr(selector, "select", self._leap)
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def passes(self, seconds: float) -> None:
        """Let it pass while something keeps the loop."""
        self.now += seconds

    def _leap(self, patience: float | None) -> list[Any]:
        found: list[Any] = self._select(None if patience is None else 0)
        if patience is not None and not found:
            self.now += max(0.0, patience)
        return found
