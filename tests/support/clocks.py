"""A clock that a test moves by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any


class ManualClock:
    """Implements `services.ports.Clock`: time stands still until `move`."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._sleepers: set[asyncio.Future[Any]] = set()

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> datetime:
        """Move ahead by `timedelta(**by)` and let sleepers look at the time."""
        return self.move_to(self._now + timedelta(**by))

    def move_to(self, instant: datetime) -> datetime:
        assert instant >= self._now, "time does not run backwards"
        self._now = instant
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)
        return instant

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        # One future that both set: the loops of a running app wait a hundred times a test, and two tasks for each time,
        # one for the clock and one for the event, took a tenth of it.
        while not wake.is_set() and (until is None or self._now < until):
            either: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self._sleepers.add(either)
            wake._waiters.append(either)
            try:
                await either
            finally:
                self._sleepers.discard(either)
                wake._waiters.remove(either)
