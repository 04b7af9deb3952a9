"""What people asked for by hand: stored with its text sealed, in one transaction with making its person due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import NotGrantedError
from services.domain.model import Override, OverrideKind, PersonKey
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.deliveries import DeliveryClaim, claim_all
from services.store.group_commit import Grouped, in_one_transaction
from services.store.marks import insert_for, lock_one, lock_people, lock_staying, mark_all_due, mark_due
from services.store.models import OverrideRow
from services.store.profile_states import ProfileStateStore

_COLUMN = "overrides.content"
_ROWS = OverrideRow.__table__
_STANDING = (
    select(_ROWS)
    .where(
        _ROWS.c.team_id == bindparam("team"),
        _ROWS.c.user_id == bindparam("user"),
        or_(_ROWS.c.end_at.is_(None), _ROWS.c.end_at > bindparam("now")),
    )
    .order_by(_ROWS.c.created_at)
)


@dataclass(frozen=True, slots=True)
class _Addition:
    """An override to be stored."""

    key: PersonKey
    override: Override
    now: datetime


class OverrideStore:
    """The overrides of all people."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` seals text and emoji."""
        self._database = database
        self._encryptor = encryptor
        self._standings = ProfileStateStore(encryptor)
        self._additions: Grouped[_Addition, bool] = Grouped(in_one_transaction(database, self._add_all))

    async def add(self, key: PersonKey, override: Override, now: datetime) -> bool:
        """Store `override`; False, and nothing is changed, where one with its id was stored before.

        That one may have been taken back since: its id is of the request that asked for it, which counts once.
        Overrides that arrive together share one transaction. Raises NotGrantedError for somebody unknown.
        """
        return await self._additions.put(_Addition(key, override, now))

    async def put(self, key: PersonKey, override: Override, now: datetime) -> None:
        """Store `override` in the place of the one with its id, where there is one. Raises NotGrantedError."""
        row = self._row(_Addition(key, override, now))
        fresh = {name: row[name] for name in ("kind", "start_at", "end_at", "created_at", "content")}
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            await connection.execute(
                insert_for(connection, OverrideRow)
                .values(**row)
                .on_conflict_do_update(index_elements=["team_id", "user_id", "override_id"], set_=fresh)
            )
            await mark_due(connection, key, now, typed=True)

    async def _add_all(self, connection: AsyncConnection, additions: Sequence[_Addition]) -> list[bool]:
        if await lock_staying(connection, keys := {one.key for one in additions}) != keys:
            raise NotGrantedError("unknown person")
        claims = [
            DeliveryClaim(one.key.team_id, f"override/{one.key.user_id}/{one.override.id}", one.now)
            for one in additions
        ]
        first = await claim_all(connection, claims)
        fresh = [one for one, is_first in zip(additions, first, strict=True) if is_first]
        if fresh:
            rows = sorted(map(self._row, fresh), key=lambda row: (row["team_id"], row["user_id"], row["override_id"]))
            await connection.execute(insert_for(connection, OverrideRow).on_conflict_do_nothing(), rows)
            due: dict[PersonKey, datetime] = {}
            for one in fresh:
                due.setdefault(one.key, one.now)
            await mark_all_due(connection, due, typed=True)
        return first

    def _row(self, addition: _Addition) -> dict[str, Any]:
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
            "content": self._encryptor.seal(content, _COLUMN, key.team_id, key.user_id, override.id),
        }

    async def remove(self, key: PersonKey, override_id: str, now: datetime) -> Override | None:
        """Take one back as if it had never been asked for; None where it is gone already. Raises SealError."""
        mine = and_(_of(key), OverrideRow.override_id == override_id)
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            row = (await connection.execute(select(OverrideRow).where(mine))).one_or_none()
            if row is None:
                return None
            await connection.execute(delete(OverrideRow).where(mine))
            await mark_due(connection, key, now, typed=True)
            return self._override(row)

    async def end(self, key: PersonKey, now: datetime, *, kinds: frozenset[OverrideKind]) -> list[Override]:
        """End those of `kinds` that run now; gives them as they were. Raises SealError."""
        mine = and_(_of(key), _running(now), OverrideRow.kind.in_([kind.value for kind in kinds]))
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            rows = (await connection.execute(select(OverrideRow).where(mine).order_by(OverrideRow.created_at))).all()
            if rows:
                await connection.execute(delete(OverrideRow).where(mine, OverrideRow.start_at >= now))
                await connection.execute(update(OverrideRow).where(mine).values(end_at=now))
                await mark_due(connection, key, now, typed=True)
            return [self._override(row) for row in rows]

    async def cancel_coming(self, key: PersonKey, now: datetime, *, kind: OverrideKind) -> list[Override]:
        """Take back those of `kind` that have not begun; gives them. Raises SealError."""
        mine = and_(_of(key), OverrideRow.start_at > now, OverrideRow.kind == kind.value)
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            rows = (await connection.execute(select(OverrideRow).where(mine).order_by(OverrideRow.start_at))).all()
            if rows:
                await connection.execute(delete(OverrideRow).where(mine))
                await mark_due(connection, key, now, typed=True)
            return [self._override(row) for row in rows]

    async def look_again(self, key: PersonKey, now: datetime) -> None:
        """Have the profile looked at once more, as after an override, whatever was decided or put off before."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            memory = await self._standings.load(connection, key)
            await self._standings.save(connection, key, replace(memory, decided="", override=True))
            await mark_due(connection, key, now, typed=True)

    async def standing(self, key: PersonKey, now: datetime) -> list[Override]:
        """Those that run or are still to come, in the order they were asked for. Raises SealError."""
        (rows,) = await self._database.rows((_STANDING, {"team": key.team_id, "user": key.user_id, "now": now}))
        return [self._override(row) for row in rows]

    def _override(self, row: Row[Any]) -> Override:
        content = json.loads(
            self._encryptor.open(row.content, _COLUMN, row.team_id, row.user_id, row.override_id) or "{}"
        )
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
