"""A clock that a test moves by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Implements `services.ports.Clock`: time stands still until `move`."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> datetime:
        """Move ahead by `timedelta(**by)` and let sleepers look at the time."""
        return self.move_to(self._now + timedelta(**by))

    def move_to(self, instant: datetime) -> datetime:
        assert instant >= self._now, "time does not run backwards"
        self._now = instant
        self._moved.set()
        self._moved = asyncio.Event()
        return instant

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        while not wake.is_set() and (until is None or self._now < until):
            moved = asyncio.ensure_future(self._moved.wait())
            woken = asyncio.ensure_future(wake.wait())
            try:
                await asyncio.wait({moved, woken}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                moved.cancel()
                woken.cancel()
                await asyncio.gather(moved, woken, return_exceptions=True)
