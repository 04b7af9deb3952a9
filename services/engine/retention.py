"""What nobody needs any more is deleted: used-up states, deliveries that cannot come again, an old audit."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.ports import Clock, Report
from services.store.retention import BACKUPS_KEPT, DELIVERIES_KEPT, RetentionStore

EVERY = timedelta(hours=1)
AUDIT_KEPT = timedelta(days=30)


class Retention:
    """DueWork "retention": hourly, and once at start."""

    name = "retention"

    def __init__(
        self,
        rows: RetentionStore,
        clock: Clock,
        *,
        audit_kept: timedelta = AUDIT_KEPT,
        deliveries_kept: timedelta = DELIVERIES_KEPT,
        backups_kept: timedelta = BACKUPS_KEPT,
    ) -> None:
        """`clock` says when an hour has passed; the others for how long what is kept for a time is."""
        self._rows = rows
        self._clock = clock
        self._audit_kept = audit_kept
        self._deliveries_kept = deliveries_kept
        self._backups_kept = backups_kept
        self._due = clock.now()

    async def next_due(self) -> datetime | None:
        """When the next hour begins."""
        return self._due

    async def run_due(self) -> Report:
        """Delete once."""
        now = self._clock.now()
        self._due = now + EVERY
        changed = await self._rows.delete_old(
            now, audit_before=now - self._audit_kept, deliveries_kept=self._deliveries_kept,
            backups_kept=self._backups_kept,
        )  # fmt: skip
        return Report(done=1, changed=changed)
