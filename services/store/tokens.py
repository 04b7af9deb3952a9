"""Rotated tokens: which are due for renewal, claimed by one replica, and the new pair kept.

The fence is the refresh token itself: a pair is kept only where the refresh token that bought it is still the
one stored. It is compared opened, so that re-sealing under a new key in between does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import SealError
from services.domain.model import PersonKey
from services.domain.people import Renewed
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.models import Person, Workspace
from services.store.notices import NoticeStore

LEASE = timedelta(seconds=20)
"""How long a claimed renewal is left to its replica: longer than its exchange, which begins at once. Shorter than
Slack's grace for a refresh token that was used: where the answer was lost, the same one is tried again while it is
still good."""


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """A token whose renewal this replica has claimed: a person's, or a workspace's bot's where `user_id` is "".

    `refresh` is None where it cannot be opened; `seq` is the number of the claim.
    """

    team_id: str
    user_id: str
    refresh: str | None = field(repr=False)
    seq: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """The columns of a person's token, or of a bot's."""

    table: type[Person] | type[Workspace]
    token: str
    refresh: str
    expires: str

    def where(self, claim: TokenClaim) -> list[ColumnElement[bool]]:
        where: list[ColumnElement[bool]] = [self.table.team_id == claim.team_id]
        if self.table is Person:
            where.append(Person.user_id == claim.user_id)
        return where

    def row(self, claim: TokenClaim) -> tuple[str, ...]:
        return (claim.team_id, claim.user_id) if claim.user_id else (claim.team_id,)

    def column(self, name: str) -> str:
        return f"{self.table.__tablename__}.{name}"


_PERSON = _Kind(Person, "token", "refresh_token", "token_expires_at")
_BOT = _Kind(Workspace, "bot_token", "bot_refresh_token", "bot_expires_at")


_NEXT_DUE = [select(func.min(kind.table.refresh_due_at)) for kind in (_PERSON, _BOT)]


class TokenStore:
    """The rotated tokens of people and bots."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore) -> None:
        """`encryptor` seals; `notices` tells people whose grant is lost."""
        self._database = database
        self._encryptor = encryptor
        self._notices = notices

    async def next_due(self) -> datetime | None:
        """When the first renewal is due."""
        found = [rows[0][0] for rows in await self._database.rows(*((next_due, {}) for next_due in _NEXT_DUE))]
        return min((due for due in found if due is not None), default=None)

    async def claim(self, now: datetime, until: datetime, limit: int) -> list[TokenClaim]:
        """Claim at most `limit` renewals due at `now`; no other replica takes them up before `until`."""
        claims: list[TokenClaim] = []
        async with self._database.write() as connection:
            for kind in (_PERSON, _BOT):
                rows = (
                    await connection.execute(
                        select(kind.table.__table__)
                        .where(kind.table.refresh_due_at <= now)
                        .order_by(kind.table.refresh_due_at)
                        .limit(limit - len(claims))
                        .with_for_update(skip_locked=True)
                    )
                ).all()
                claims += [await self._claim(connection, kind, row, until) for row in rows]
        return claims

    async def claim_person(self, key: PersonKey, now: datetime, until: datetime) -> TokenClaim | None:
        """Claim a person's renewal although it is not due; None where another replica has claimed it just now."""
        async with self._database.write() as connection:
            row = (
                await connection.execute(
                    select(Person.__table__)
                    .where(Person.team_id == key.team_id, Person.user_id == key.user_id)
                    .with_for_update()
                )
            ).one_or_none()
            if row is None or (row.refresh_due_at is not None and now < row.refresh_due_at <= now + LEASE):
                return None
            return await self._claim(connection, _PERSON, row, until)

    async def renewed(self, claim: TokenClaim, fresh: Renewed, expires_at: datetime, due_at: datetime) -> bool:
        """Keep the new pair; False where what is kept has been replaced since (a new grant) or is gone."""
        kind = _kind(claim)
        async with self._database.write() as connection:
            if not await self._still(connection, kind, claim):
                return False
            row = kind.row(claim)
            await connection.execute(
                update(kind.table)
                .where(*kind.where(claim))
                .values(
                    {
                        kind.token: self._encryptor.seal(fresh.access, kind.column(kind.token), *row),
                        kind.refresh: self._encryptor.seal(fresh.refresh, kind.column(kind.refresh), *row),
                        kind.expires: expires_at,
                        "refresh_due_at": due_at,
                    }
                )
            )
        return True

    async def put_off(self, claim: TokenClaim, until: datetime) -> None:
        """Try again at `until`."""
        kind = _kind(claim)
        async with self._database.write() as connection:
            if claim.refresh is not None and not await self._still(connection, kind, claim):
                return
            await connection.execute(update(kind.table).where(*kind.where(claim)).values(refresh_due_at=until))

    async def lost(self, claim: TokenClaim) -> None:
        """The refresh token is worth nothing any more; unless it was replaced or claimed since, the grant is lost."""
        kind = _kind(claim)
        async with self._database.write() as connection:
            if not await self._still(connection, kind, claim):
                return
            seq = await connection.scalar(select(kind.table.refresh_seq).where(*kind.where(claim)))
            if seq != claim.seq:
                return
            values: dict[str, Any] = {"refresh_due_at": None}
            if kind is _PERSON:
                values |= {"grant_state": "lost", "home_stale": True}
            await connection.execute(update(kind.table).where(*kind.where(claim)).values(**values))
            if kind is _PERSON:
                await self._notices.tell(connection, PersonKey(claim.team_id, claim.user_id), "grant")

    async def _claim(self, connection: AsyncConnection, kind: _Kind, row: Row[Any], until: datetime) -> TokenClaim:
        user_id = row.user_id if kind is _PERSON else ""
        claim = TokenClaim(row.team_id, user_id, None, row.refresh_seq + 1)
        try:
            refresh = self._encryptor.open(getattr(row, kind.refresh), kind.column(kind.refresh), *kind.row(claim))
        except SealError:
            refresh = None
        await connection.execute(
            update(kind.table).where(*kind.where(claim)).values(refresh_due_at=until, refresh_seq=claim.seq)
        )
        return replace(claim, refresh=refresh)

    async def _still(self, connection: AsyncConnection, kind: _Kind, claim: TokenClaim) -> bool:
        sealed = await connection.scalar(
            select(kind.table.__table__.c[kind.refresh]).where(*kind.where(claim)).with_for_update()
        )
        try:
            kept = self._encryptor.open(sealed, kind.column(kind.refresh), *kind.row(claim))
        except SealError:
            return False
        return kept is not None and kept == claim.refresh


def _kind(claim: TokenClaim) -> _Kind:
    return _PERSON if claim.user_id else _BOT
