"""What people asked for by hand (overrides), and which deliveries of Slack were taken in already.

Each is stored, what it says sealed, in one transaction with making its person due. Slack sends a delivery again whose
answer it did not get within three seconds; every request waits for its claim to be durable, so requests that arrive
together share one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Delete, Update, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import ChangedSinceError, NotGrantedError
from services.domain.model import Override, OverrideKind, PersonKey
from services.domain.undo import Change, ended
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.db import Database, Store
from services.store.due import ProfileStateStore
from services.store.entries import mark_entries_due
from services.store.facts import override_of
from services.store.group_commit import Grouped
from services.store.person_rows import (
    insert_for,
    lock_one,
    lock_people,
    lock_staying,
    mark_all_due,
    mark_due,
    of_people,
    of_person,
    those,
    upsert,
)
from services.store.tables import DELIVERIES, OVERRIDES
from services.store.undos import UndoStore

_STANDING = (
    select(OVERRIDES)
    .where(of_people(OVERRIDES), or_(OVERRIDES.c.end_at.is_(None), OVERRIDES.c.end_at > bindparam("now")))
    .order_by(OVERRIDES.c.created_at)
)
_Addition = tuple[PersonKey, Override, datetime]
"""An override of somebody, to be stored now."""


class OverrideStore(Store):
    """The overrides of all people."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._profile_states = ProfileStateStore(encryptor)
        self._additions: Grouped[_Addition, bool] = Grouped(database, self._add_all)

    async def add(self, key: PersonKey, override: Override, now: datetime) -> bool:
        """Store `override`; False, and nothing is changed, where one with its id was stored before.

        That one may have been taken back since: its id is of the request that asked for it, which counts once.
        Overrides that arrive together share one transaction. Raises NotGrantedError for somebody unknown.
        """
        return await self._additions.put((key, override, now))

    async def put(self, key: PersonKey, override: Override, now: datetime) -> None:
        """Store `override` in the place of the one with its id, where there is one. Raises NotGrantedError."""
        row = override_row(self._encryptor, key, override)
        fresh = {name: row[name] for name in ("kind", "start_at", "end_at", "created_at", "content")}
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            await connection.execute(upsert(connection, OVERRIDES, row, fresh))
            await mark_due(connection, key, now, typed=True)

    async def _add_all(self, additions: Sequence[_Addition]) -> list[bool]:
        claims = [
            DeliveryClaim(key.team_id, f"override/{key.user_id}/{override.id}", now) for key, override, now in additions
        ]
        async with self._database.write() as connection:
            if await lock_staying(connection, keys := {key for key, _, _ in additions}) != keys:
                raise NotGrantedError("unknown person")
            first = await claim_all(connection, claims)
            fresh = [one for one, is_first in zip(additions, first, strict=True) if is_first]
            if fresh:
                rows = [override_row(self._encryptor, key, override) for key, override, _ in fresh]
                rows.sort(key=lambda row: (row["team_id"], row["user_id"], row["override_id"]))
                await connection.execute(insert_for(connection, OVERRIDES).on_conflict_do_nothing(), rows)
                due: dict[PersonKey, datetime] = {}
                for key, _, now in fresh:
                    due.setdefault(key, now)
                await mark_all_due(connection, due, typed=True)
        return first

    async def remove(self, key: PersonKey, override_id: str, now: datetime) -> Override | None:
        """Take one back as if it had never been asked for; None where it is gone already. Raises SealError."""
        mine = and_(of_person(OVERRIDES, key), OVERRIDES.c.override_id == override_id)
        found, _ = await self._change(key, now, mine, delete(OVERRIDES).where(mine))
        return found[0] if found else None

    async def remove_new(self, key: PersonKey, override_id: str, now: datetime, since: datetime) -> Override | None:
        """Return the same for one that was asked for after `since` and is not over; else None."""
        lasts = or_(OVERRIDES.c.end_at.is_(None), OVERRIDES.c.end_at > now)
        is_it = and_(OVERRIDES.c.override_id == override_id, OVERRIDES.c.created_at > since, lasts)
        mine = and_(of_person(OVERRIDES, key), is_it)
        found, _ = await self._change(key, now, mine, delete(OVERRIDES).where(mine))
        return found[0] if found else None

    async def end(
        self,
        key: PersonKey,
        now: datetime,
        *,
        kinds: frozenset[OverrideKind],
        override_id: str = "",
        undos: UndoStore | None = None,
    ) -> tuple[list[Override], str]:
        """End those of `kinds` that run now, or that one of them. Raises SealError.

        Gives them as they were, and what `undos` have taking that back, "" where none was ended.
        """
        running = and_(OVERRIDES.c.start_at <= now, or_(OVERRIDES.c.end_at.is_(None), OVERRIDES.c.end_at > now))
        mine = and_(of_person(OVERRIDES, key), running, OVERRIDES.c.kind.in_([kind.value for kind in kinds]))
        if override_id:
            mine = and_(mine, OVERRIDES.c.override_id == override_id)
        begun_now = delete(OVERRIDES).where(mine, OVERRIDES.c.start_at >= now)
        end = update(OVERRIDES).where(mine).values(end_at=now)
        return await self._change(key, now, mine, begun_now, end, undos=undos)

    async def cancel_coming(
        self, key: PersonKey, now: datetime, *, kind: OverrideKind, undos: UndoStore | None = None
    ) -> tuple[list[Override], str]:
        """Take back those of `kind` that have not begun; gives them, by start, and the same. Raises SealError."""
        mine = and_(of_person(OVERRIDES, key), OVERRIDES.c.start_at > now, OVERRIDES.c.kind == kind.value)
        found, undo_id = await self._change(key, now, mine, delete(OVERRIDES).where(mine), undos=undos)
        return sorted(found, key=lambda override: override.start), undo_id

    async def _change(
        self,
        key: PersonKey,
        now: datetime,
        mine: ColumnElement[bool],
        *changes: Delete | Update,
        undos: UndoStore | None = None,
    ) -> tuple[list[Override], str]:
        """Make `changes` where there are overrides that match `mine`; gives these as they were, in order.

        And what `undos` have taking back that they were ended.
        """
        undo_id = ""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            rows = (await connection.execute(select(OVERRIDES).where(mine).order_by(OVERRIDES.c.created_at))).all()
            found = [override_of(row, self._encryptor) for row in rows]
            if found:
                for change in changes:
                    await connection.execute(change)
                await mark_due(connection, key, now, typed=True)
                await mark_entries_due(connection, key, [one.id for one in found], now)
                if undos is not None:
                    undo_id = await undos.keep(connection, key, Change(overrides=ended(found, now)), now)
        return found, undo_id

    async def put_back(
        self, key: PersonKey, changes: Sequence[tuple[Override | None, Override | None]], now: datetime
    ) -> None:
        """Put each override back as it was, before it became what it is: (before, after), None where there is none.

        Raises ChangedSinceError, and changes nothing, where one of them is another one by now; NotGrantedError.
        """
        ids = [one.id for change in changes for one in change if one is not None]
        mine = and_(of_person(OVERRIDES, key), OVERRIDES.c.override_id.in_(ids))
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            rows = (await connection.execute(select(OVERRIDES).where(mine))).all()
            there = {row.override_id: override_of(row, self._encryptor) for row in rows}
            left = {after.id: after for _, after in changes if after is not None}
            if there != left:
                raise ChangedSinceError("the override was changed since")
            await connection.execute(delete(OVERRIDES).where(mine))
            for before, _ in changes:
                if before is not None:
                    await connection.execute(insert(OVERRIDES).values(**override_row(self._encryptor, key, before)))
            await mark_due(connection, key, now, typed=True)
            await mark_entries_due(connection, key, ids, now)

    async def look_again(self, key: PersonKey, now: datetime) -> None:
        """Have the profile looked at once more, as after an override, whatever was decided or put off before."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            memory = await self._profile_states.load(connection, key)
            await self._profile_states.save(connection, key, replace(memory, decided="", override=True))
            await mark_due(connection, key, now, typed=True)

    async def standing(self, key: PersonKey, now: datetime) -> list[Override]:
        """Return those that run or are still to come, in the order they were asked for. Raises SealError."""
        (rows,) = await self._database.rows((_STANDING, those([key], now=now)))
        return [override_of(row, self._encryptor) for row in rows]


def override_row(encryptor: Encryptor, key: PersonKey, override: Override) -> dict[str, Any]:
    """Return an override as it is stored."""
    effects, stand_in = set(override.effects), override.stand_in
    content = json_values.OverrideJson(override.text, override.emoji, effects, stand_in).to_json()
    return {
        "team_id": key.team_id,
        "user_id": key.user_id,
        "override_id": override.id,
        "kind": override.kind.value,
        "start_at": override.start,
        "end_at": override.end,
        "created_at": override.created_at,
        "content": encryptor.seal(content, "overrides.content", key.team_id, key.user_id, override.id),
    }


_LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """A delivery that somebody wants to have taken in first."""

    team_id: str
    delivery_id: str
    seen_at: datetime


class DeliveryStore:
    """Tells a delivery from its repetition."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claims: Grouped[DeliveryClaim, bool] = Grouped(database, self._claim_all)

    async def claim(self, team_id: str, delivery_id: str, now: datetime) -> bool:
        """Return whether this is the first time; from now on it is not."""
        return await self._claims.put(DeliveryClaim(team_id, delivery_id, now))

    async def _claim_all(self, claims: Sequence[DeliveryClaim]) -> list[bool]:
        async with self._database.write() as connection:
            return await claim_all(connection, claims)

    async def claimed(self, team_id: str, delivery_id: str) -> bool:
        """Return whether it was claimed already."""
        async with self._database.read() as connection:
            return await connection.scalar(select(DELIVERIES.c.seen_at).where(_is(team_id, delivery_id))) is not None

    async def release(self, team_id: str, delivery_id: str) -> None:
        """Note that it was not dealt with after all: let it come again."""
        await self._database.execute(delete(DELIVERIES).where(_is(team_id, delivery_id)))


def _is(team_id: str, delivery_id: str) -> ColumnElement[bool]:
    return and_(DELIVERIES.c.team_id == team_id, DELIVERIES.c.delivery_id == delivery_id[:_LONGEST_ID])


async def claim_all(connection: AsyncConnection, claims: Sequence[DeliveryClaim]) -> list[bool]:
    """Of each claim whether it is the first, within a transaction; of several alike the first of them is."""
    fresh: dict[tuple[str, str], DeliveryClaim] = {}
    for claim in claims:
        fresh.setdefault((claim.team_id, claim.delivery_id[:_LONGEST_ID]), claim)
    if not fresh:
        return []
    rows = [
        {"team_id": team_id, "delivery_id": delivery_id, "seen_at": claim.seen_at}
        for (team_id, delivery_id), claim in sorted(fresh.items(), key=lambda one: one[0])
    ]  # in one order everywhere, so that replicas never deadlock
    found = await connection.execute(
        insert_for(connection, DELIVERIES)
        .on_conflict_do_nothing(index_elements=["team_id", "delivery_id"])
        .returning(DELIVERIES.c.team_id, DELIVERIES.c.delivery_id),
        rows,
    )
    first = {id(fresh[row.team_id, row.delivery_id]) for row in found}
    return [id(claim) in first for claim in claims]
