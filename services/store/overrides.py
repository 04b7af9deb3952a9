"""What people asked for by hand: stored with its text sealed, in one transaction with making its person due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.model import Override, OverrideKind, PersonKey
from services.store.columns import Vault
from services.store.deliveries import Claim, claim_all
from services.store.engine import Database
from services.store.grouped import Grouped
from services.store.marks import insert_for, mark_all_due, mark_due
from services.store.models import OverrideRow

_COLUMN = "overrides.content"


@dataclass(frozen=True, slots=True)
class _Addition:
    """An override to be stored."""

    key: PersonKey
    override: Override
    now: datetime
    delivery: str


class OverrideStore:
    """The overrides of all people."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """`vault` seals text and emoji."""
        self._database = database
        self._vault = vault
        self._additions: Grouped[_Addition, bool] = Grouped(database, self._add_all)

    async def add(self, key: PersonKey, override: Override, now: datetime, *, delivery: str = "") -> bool:
        """Store `override`; False, and nothing is changed, where one with its id is stored already.

        `delivery` is the id of the delivery that asked for it: taken in before, it changes nothing either, also
        where the override has been taken back since. Overrides that arrive together share one transaction.
        """
        return await self._additions.put(_Addition(key, override, now, delivery))

    async def _add_all(self, connection: AsyncConnection, additions: Sequence[_Addition]) -> list[bool]:
        claims = {at: Claim(one.key.team_id, one.delivery, one.now) for at, one in enumerate(additions) if one.delivery}
        repeated = {
            at
            for at, first in zip(claims, await claim_all(connection, list(claims.values())), strict=True)
            if not first
        }
        fresh: dict[tuple[str, str, str], int] = {}
        for at, one in enumerate(additions):
            if at not in repeated:
                fresh.setdefault((one.key.team_id, one.key.user_id, one.override.id), at)
        if not fresh:
            return [False] * len(additions)
        stored = await connection.execute(
            insert_for(connection, OverrideRow)
            .on_conflict_do_nothing()
            .returning(OverrideRow.team_id, OverrideRow.user_id, OverrideRow.override_id),
            [self._row(additions[at]) for _, at in sorted(fresh.items())],
        )
        added = {fresh[row.team_id, row.user_id, row.override_id] for row in stored}
        due: dict[PersonKey, datetime] = {}
        for at in sorted(added):
            due.setdefault(additions[at].key, additions[at].now)
        await mark_all_due(connection, due)
        return [at in added for at in range(len(additions))]

    def _row(self, addition: _Addition) -> dict[str, object]:
        key, override = addition.key, addition.override
        content = json.dumps({"text": override.text, "emoji": override.emoji})
        return {
            "team_id": key.team_id,
            "user_id": key.user_id,
            "override_id": override.id,
            "kind": override.kind.value,
            "start_at": override.start,
            "end_at": override.end,
            "created_at": override.created_at,
            "content": self._vault.seal(content, _COLUMN, key.team_id, key.user_id, override.id),
        }

    async def remove(self, key: PersonKey, override_id: str, now: datetime) -> Override | None:
        """Take one back as if it had never been asked for; None where it is gone already. Raises SealError."""
        mine = and_(_of(key), OverrideRow.override_id == override_id)
        async with self._database.write() as connection:
            row = (await connection.execute(select(OverrideRow).where(mine))).one_or_none()
            if row is None:
                return None
            await connection.execute(delete(OverrideRow).where(mine))
            await mark_due(connection, key, now)
            return self._override(row)

    async def end(self, key: PersonKey, now: datetime, *, kinds: frozenset[OverrideKind]) -> list[Override]:
        """End those of `kinds` that run now; gives them as they were. Raises SealError."""
        mine = and_(_of(key), _running(now), OverrideRow.kind.in_([kind.value for kind in kinds]))
        async with self._database.write() as connection:
            rows = (await connection.execute(select(OverrideRow).where(mine).order_by(OverrideRow.created_at))).all()
            if rows:
                await connection.execute(delete(OverrideRow).where(mine, OverrideRow.start_at >= now))
                await connection.execute(update(OverrideRow).where(mine).values(end_at=now))
                await mark_due(connection, key, now)
            return [self._override(row) for row in rows]

    async def cancel_coming(self, key: PersonKey, now: datetime, *, kind: OverrideKind) -> list[Override]:
        """Take back those of `kind` that have not begun; gives them. Raises SealError."""
        mine = and_(_of(key), OverrideRow.start_at > now, OverrideRow.kind == kind.value)
        async with self._database.write() as connection:
            rows = (await connection.execute(select(OverrideRow).where(mine).order_by(OverrideRow.start_at))).all()
            if rows:
                await connection.execute(delete(OverrideRow).where(mine))
                await mark_due(connection, key, now)
            return [self._override(row) for row in rows]

    async def standing(self, key: PersonKey, now: datetime) -> list[Override]:
        """Those that run or are still to come, in the order they were asked for. Raises SealError."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(OverrideRow)
                .where(_of(key), or_(OverrideRow.end_at.is_(None), OverrideRow.end_at > now))
                .order_by(OverrideRow.created_at)
            )
            return [self._override(row) for row in rows]

    def _override(self, row: Row[Any]) -> Override:
        content = json.loads(self._vault.open(row.content, _COLUMN, row.team_id, row.user_id, row.override_id) or "{}")
        return Override(
            id=row.override_id,
            start=row.start_at,
            end=row.end_at,
            created_at=row.created_at,
            kind=OverrideKind(row.kind),
            text=content.get("text", ""),
            emoji=content.get("emoji", ""),
        )


def _of(key: PersonKey) -> ColumnElement[bool]:
    return and_(OverrideRow.team_id == key.team_id, OverrideRow.user_id == key.user_id)


def _running(now: datetime) -> ColumnElement[bool]:
    return and_(OverrideRow.start_at <= now, or_(OverrideRow.end_at.is_(None), OverrideRow.end_at > now))
