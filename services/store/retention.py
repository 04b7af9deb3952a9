"""Deletes what is over, of all workspaces, a few hundred rows a transaction.

What is to go is looked for in reads, which hold nobody up; what changed in between stays. So also after the time for
which something is kept was made shorter, whoever writes waits for some milliseconds at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from services.store.agent_models import AgentChangeRow, AskedPhotoRow
from services.store.agents import old_changes
from services.store.db import Database
from services.store.effect_models import ReplyRow
from services.store.forgotten import ForgottenRow
from services.store.keeper import forgotten_kept
from services.store.models import Base, Delivery, OAuthState, OverrideRow, Write
from services.store.person_rows import chunks, one_of, tuples
from services.store.undo_models import UndoRow
from services.store.workspace_models import DigestPostRow, KeptRow, KeptWriteRow

DELIVERIES_KEPT = timedelta(hours=25)
"""Slack retries for five minutes, and hourly for 24 hours where Delayed Events is on."""

ANSWERS_KEPT = timedelta(hours=1)
"""Whoever waits for a photo has read what came of it within seconds."""

REPLIES_KEPT = timedelta(days=2)
"""A day of somebody's begins and ends within two of ours."""

BACKUPS_KEPT = timedelta(days=35)
"""Who was forgotten is known for as long as a backup may be left that they are in."""

AT_ONCE = 20_000
"""Rows that are looked for at once: their keys are held in memory."""


class RetentionStore:
    """Deletes what nobody needs any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete_old(
        self, now: datetime, *, audit_before: datetime, deliveries_kept: timedelta = DELIVERIES_KEPT,
        backups_kept: timedelta = BACKUPS_KEPT,
    ) -> int:  # fmt: skip
        """Delete what is over at `now`, and the audit from before `audit_before`; how many rows that were."""
        leftovers: tuple[tuple[type[Base], ColumnElement[bool]], ...] = (
            (Delivery, Delivery.seen_at < now - deliveries_kept),
            (OAuthState, OAuthState.expires_at < now),
            (Write, Write.at < audit_before),
            (OverrideRow, OverrideRow.end_at < audit_before),
            (AskedPhotoRow, AskedPhotoRow.asked_at < now - ANSWERS_KEPT),
            (UndoRow, UndoRow.expires_at < now),
            (ReplyRow, ReplyRow.created_at < now - REPLIES_KEPT),
            (KeptWriteRow, KeptWriteRow.at < audit_before),
            (DigestPostRow, DigestPostRow.begun_at < audit_before),
            (AgentChangeRow, old_changes(audit_before)),
            (KeptRow, forgotten_kept(now)),
            (ForgottenRow, ForgottenRow.at < now - backups_kept),
        )
        return sum([await self._delete(table, is_over) for table, is_over in leftovers])

    async def _delete(self, table: type[Base], is_over: ColumnElement[bool]) -> int:
        key = [column for column in table.__table__.c if column.primary_key]  # all of them texts
        done, found = 0, AT_ONCE
        while found == AT_ONCE:
            rows = await self._database.fetch(select(*key).where(is_over).limit(AT_ONCE))
            found = len(rows)
            for some in chunks(rows):
                those = delete(table).where(one_of(key, "rows"), is_over)
                done += await self._database.execute(those, {"rows": tuples(some)})
        return done
