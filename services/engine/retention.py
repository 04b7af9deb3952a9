"""What nobody needs any more is deleted: used-up states, deliveries that cannot come again, an old audit."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.ports import Clock, Report
from services.store.retention import KeptFor, RetentionStore

EVERY = timedelta(hours=1)


class Retention:
    """DueWork "retention": hourly, and once at start."""

    name = "retention"

    def __init__(self, rows: RetentionStore, clock: Clock, kept: KeptFor) -> None:
        """`clock` says when an hour has passed."""
        self._rows = rows
        self._clock = clock
        self._kept = kept
        self._due = clock.now()

    async def next_due(self) -> datetime | None:
        """Return when the next hour begins."""
        return self._due

    async def run_due(self) -> Report:
        """Delete once."""
        now = self._clock.now()
        self._due = now + EVERY
        changed = await self._rows.delete_old(now, self._kept)
        return Report(done=1, changed=changed)
