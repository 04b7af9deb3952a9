"""Who is out in a workspace, by what we wrote on profiles; and what is remembered of one profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.domain.model import Kind, PersonKey, Standing
from services.platform.concurrency import off_loop
from services.store.db import Database
from services.store.models import ProfileStateRow, SpanRow
from services.store.profile_states import ProfileStateStore

MOST_AWAY = 5000
"""People listed at once: more than any answer has room for."""


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody whose profile says that they are out, until when (None: without an end), and what it says."""

    user_id: str
    until: datetime | None
    text: str
    emoji: str


class AbsenceStore:
    """Reads what profiles show."""

    def __init__(self, database: Database, standings: ProfileStateStore) -> None:
        """`standings` opens memories."""
        self._database = database
        self._standings = standings

    async def standing(self, key: PersonKey) -> Standing:
        """What we know of the person's profile; an empty memory for somebody unknown. Raises SealError."""
        (rows,) = await self._database.rows(self._standings.asked(key))
        return self._standings.open(rows[0].memory if rows else None, key).standing

    async def away(self, team_id: str, now: datetime, users: Sequence[str] = ()) -> list[Away]:
        """Who is out of office by what **we wrote on their profile**, so nothing that Slack does not show anyway.

        `users` narrows it; at most `MOST_AWAY`. Raises SealError.
        """
        query = (
            select(SpanRow.user_id, SpanRow.start_at, ProfileStateRow.memory)
            .join(
                ProfileStateRow,
                (ProfileStateRow.team_id == SpanRow.team_id) & (ProfileStateRow.user_id == SpanRow.user_id),
            )
            .where(
                SpanRow.team_id == team_id,
                SpanRow.start_at <= now,
                SpanRow.end_at > now,
                SpanRow.kind == Kind.OUT_OF_OFFICE.value,
            )
            .order_by(SpanRow.user_id)
        )
        if users:
            query = query.where(SpanRow.user_id.in_(users))
        async with self._database.read() as connection:
            rows = (await connection.execute(query.limit(MOST_AWAY))).all()
        return await off_loop(self._shown, team_id, rows, now)

    def _shown(self, team_id: str, rows: Sequence[Any], now: datetime) -> list[Away]:
        found = []
        for row in rows:
            applied = self._standings.open(row.memory, PersonKey(team_id, row.user_id)).standing.applied
            if applied is not None and not applied.empty and (applied.expiration is None or applied.expiration > now):
                found.append(Away(row.user_id, applied.expiration, applied.text, applied.emoji))
        return found
