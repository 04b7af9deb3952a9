"""Deleting what is over, in the order in which it is cheapest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from services.store.db import Database
from services.store.deliveries import KEPT
from services.store.models import Delivery, OAuthState, OverrideRow, Write


class RetentionStore:
    """Deletes what nobody needs any more, of all workspaces."""

    def __init__(self, database: Database) -> None:
        """`database` holds it."""
        self._database = database

    async def delete_old(self, now: datetime, *, audit_before: datetime) -> int:
        """Delete what is over at `now`, and the audit from before `audit_before`; how many rows that were."""
        leftovers = (
            delete(Delivery).where(Delivery.seen_at < now - KEPT),
            delete(OAuthState).where(OAuthState.expires_at < now),
            delete(Write).where(Write.at < audit_before),
            delete(OverrideRow).where(OverrideRow.end_at < audit_before),
        )
        rows = 0
        for leftover in leftovers:
            async with self._database.write() as connection:
                rows += (await connection.execute(leftover)).rowcount
        return rows
