"""A clock that goes as the world does, and leaps when it is told to; two processes can have the same one."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta


class SoakClock:
    """Implements `services.ports.Clock`.

    `base` (aware) is the time that it was at `since`, an instant of `time.monotonic`, which is the machine's: processes
    that are told the same two have the same time.
    """

    def __init__(self, base: datetime, since: float) -> None:
        self._base, self._since = base, since
        self._sleepers: dict[asyncio.Timeout, tuple[datetime, str]] = {}

    def now(self) -> datetime:
        """The current instant, in the zone of `base`."""
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    @property
    def origin(self) -> tuple[datetime, float]:
        """What another process is to be told to have the same time."""
        return self._base, self._since

    def set(self, base: datetime, since: float) -> None:
        """Go on from another instant; whoever waits for one that has passed by then wakes up."""
        self._base, self._since = base, since
        for timeout, (until, _) in self._sleepers.items():
            if not timeout.expired():
                timeout.reschedule(self._real(until))

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """Return at `until` or once `wake` is set; None waits for `wake` alone. Does not clear `wake`."""
        if until is None:
            await wake.wait()
            return
        if wake.is_set() or until <= self.now():
            return
        task = asyncio.current_task()
        timeout = asyncio.timeout_at(self._real(until))
        try:
            async with timeout:
                self._sleepers[timeout] = until, "" if task is None else task.get_name()
                await wake.wait()
        except TimeoutError:
            return
        finally:
            self._sleepers.pop(timeout, None)

    def sleepers(self) -> list[tuple[datetime, str]]:
        """What is waited for, and the names of the tasks that do."""
        return list(self._sleepers.values())

    def _real(self, until: datetime) -> float:
        return self._since + (until - self._base).total_seconds()
