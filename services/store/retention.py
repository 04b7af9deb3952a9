"""Deletes what is over, of all workspaces, a few hundred rows a transaction.

What is to go is looked for in reads, which hold nobody up; what changed in between stays. So also after the time for
which something is kept was made shorter, whoever writes waits for some milliseconds at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select

from services.platform.settings import Settings
from services.store.agent_tables import AGENT_CHANGES, ASKED_PHOTOS
from services.store.agents import old_changes
from services.store.db import Database
from services.store.effect_tables import REPLIES
from services.store.keeper import forgotten_kept
from services.store.person_rows import chunks, one_of, tuples
from services.store.tables import ASKS, DELIVERIES, OAUTH_STATES, OVERRIDES, WORKSPACES, WRITES
from services.store.undo_tables import UNDOS
from services.store.workspace_tables import DIGEST_POSTS, FORGOTTEN, KEPT, KEPT_WRITES, WORKSPACE_BUDGETS

ASKS_KEPT = timedelta(days=7)
"""Whoever has not granted by then has given it up; what they want meanwhile, they ask for anew."""

ANSWERS_KEPT = timedelta(hours=1)
"""Whoever waits for a photo has read what came of it within seconds."""

REPLIES_KEPT = timedelta(days=2)
"""A day of somebody's begins and ends within two of ours."""

AT_ONCE = 20_000
"""Rows that are looked for at once: their keys are held in memory."""


@dataclass(frozen=True, slots=True)
class KeptFor:
    """For how long the operator has things kept that are over: the audit, Slack's deliveries, and who was forgotten.

    Slack repeats a delivery for five minutes, and hourly for 24 hours where Delayed Events is on. Who was forgotten is
    known for as long as a backup may be left that they are in.
    """

    audit: timedelta
    deliveries: timedelta
    backups: timedelta

    @classmethod
    def of(cls, config: Settings) -> KeptFor:
        """Return what the settings say."""
        return cls(
            timedelta(days=config.audit_kept_days),
            timedelta(hours=config.deliveries_kept_hours),
            timedelta(days=config.backups_kept_days),
        )


class RetentionStore:
    """Deletes what nobody needs any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete_old(self, now: datetime, kept: KeptFor) -> int:
        """Delete what is over at `now`, and is not `kept` any longer; how many rows that were."""
        audit_before = now - kept.audit
        leftovers: tuple[tuple[Table[Any], ColumnElement[bool]], ...] = (
            (DELIVERIES, DELIVERIES.c.seen_at < now - kept.deliveries),
            (
                OAUTH_STATES,
                or_(OAUTH_STATES.c.expires_at < now, and_(OAUTH_STATES.c.user_id != "", _is_left(OAUTH_STATES))),
            ),
            (WORKSPACE_BUDGETS, _is_left(WORKSPACE_BUDGETS)),
            (WRITES, WRITES.c.at < audit_before),
            (OVERRIDES, OVERRIDES.c.end_at < audit_before),
            (ASKS, ASKS.c.asked_at < now - ASKS_KEPT),
            (ASKED_PHOTOS, ASKED_PHOTOS.c.asked_at < now - ANSWERS_KEPT),
            (UNDOS, UNDOS.c.expires_at < now),
            (REPLIES, REPLIES.c.created_at < now - REPLIES_KEPT),
            (KEPT_WRITES, KEPT_WRITES.c.at < audit_before),
            (DIGEST_POSTS, DIGEST_POSTS.c.begun_at < audit_before),
            (AGENT_CHANGES, old_changes(audit_before)),
            (KEPT, forgotten_kept(now)),
            (FORGOTTEN, FORGOTTEN.c.at < now - kept.backups),
        )
        return sum([await self._delete(table, is_over) for table, is_over in leftovers])

    async def _delete(self, table: Table[Any], is_over: ColumnElement[bool]) -> int:
        key = [column for column in table.c if column.primary_key]  # all of them texts
        done, found = 0, AT_ONCE
        while found == AT_ONCE:
            rows = await self._database.fetch(select(*key).where(is_over).limit(AT_ONCE))
            found = len(rows)
            for some in chunks(rows):
                those = delete(table).where(one_of(key, "rows"), is_over)
                done += await self._database.execute(those, {"rows": tuples(some)})
        return done


def _is_left(table: Table[Any]) -> ColumnElement[bool]:
    """State that a row is of a workspace that is gone: it was stored by what was under way at an uninstall."""
    return ~exists().where(WORKSPACES.c.team_id == table.c.team_id)
