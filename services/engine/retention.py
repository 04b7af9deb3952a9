"""What nobody needs any more is deleted: used-up states, deliveries that cannot come again, an old audit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from services.ports import Clock, Report

EVERY = timedelta(hours=1)
AUDIT_KEPT = timedelta(days=30)


class Closet(Protocol):
    """Where it lies: `store.closet.ClosetStore`."""

    async def clear_out(self, now: datetime, *, audit_before: datetime) -> int:
        """Delete what is over at `now`, and the audit from before `audit_before`; how many rows that were."""
        ...


class Housekeeping:
    """DueWork "housekeeping": hourly, and once at start."""

    name = "housekeeping"

    def __init__(self, closet: Closet, clock: Clock) -> None:
        """`clock` says when an hour has passed."""
        self._closet = closet
        self._clock = clock
        self._due = clock.now()

    async def next_due(self) -> datetime | None:
        """When the next hour begins."""
        return self._due

    async def run_due(self) -> Report:
        """Clear out once."""
        now = self._clock.now()
        self._due = now + EVERY
        return Report(done=1, changed=await self._closet.clear_out(now, audit_before=now - AUDIT_KEPT))
