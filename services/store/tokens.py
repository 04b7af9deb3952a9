"""The renewal of rotated tokens, people's and bots', by one replica at a time.

The fence of a renewal is the refresh token itself: a pair is kept only where the refresh token that bought it is still
the one stored. It is compared opened, so that re-sealing under a new key in between does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import PersonKey
from services.domain.people import Renewed
from services.platform.crypto import Encryptor
from services.store.db import Database, Store
from services.store.grants import end_grant
from services.store.person_rows import NoticeStore, of_person
from services.store.tables import PEOPLE, WORKSPACES

LEASE = timedelta(seconds=20)
"""How long a claimed renewal is left to its replica: longer than its exchange, which begins at once. Shorter than
Slack's grace for a refresh token that was used: where the answer was lost, the same one is tried again while it is
still good."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """The columns of a person's token, or of a bot's."""

    table: Table[Any]
    token: str
    refresh: str
    expires: str

    def column(self, name: str) -> str:
        return f"{self.table.name}.{name}"


_PERSON = _Kind(PEOPLE, "token", "refresh_token", "token_expires_at")
_BOT = _Kind(WORKSPACES, "bot_token", "bot_refresh_token", "bot_expires_at")
_NEXT_DUE = select(
    *(
        select(func.min(kind.table.c.refresh_due_at)).scalar_subquery().label(kind.table.name)
        for kind in (_PERSON, _BOT)
    )
)


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """A token whose renewal this replica has claimed: a person's, or a workspace's bot's where `user_id` is "".

    `refresh` is None where it cannot be opened; `seq` is the number of the claim.
    """

    team_id: str
    user_id: str
    refresh: str | None = field(repr=False)
    seq: int

    @property
    def kind(self) -> _Kind:
        """Which columns it is about."""
        return _PERSON if self.user_id else _BOT

    @property
    def place(self) -> tuple[str, ...]:
        """The key of its row."""
        return (self.team_id, self.user_id) if self.user_id else (self.team_id,)

    @property
    def row(self) -> ColumnElement[bool]:
        """Match its row."""
        key = self.kind.table.primary_key
        return and_(*(column == part for column, part in zip(key, self.place, strict=True)))


class TokenStore(Store):
    """The rotated tokens of people and bots."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore) -> None:
        super().__init__(database, encryptor)
        self._notices = notices

    async def next_due(self) -> datetime | None:
        """Return when the first renewal is due."""
        ((found,),) = await self._database.rows((_NEXT_DUE, {}))
        return min((due for due in found if due is not None), default=None)

    async def claim(self, now: datetime, until: datetime, limit: int) -> list[TokenClaim]:
        """Claim at most `limit` renewals due at `now`; no other replica takes them up before `until`."""
        claims: list[TokenClaim] = []
        async with self._database.write() as connection:
            for kind in (_PERSON, _BOT):
                due_at = kind.table.c.refresh_due_at
                due = select(kind.table).where(due_at <= now).order_by(due_at).limit(limit - len(claims))
                rows = (await connection.execute(due.with_for_update(skip_locked=True))).all()
                claims += [await self._claim(connection, kind, row, until) for row in rows]
        return claims

    async def claim_person(self, key: PersonKey, now: datetime, until: datetime) -> TokenClaim | None:
        """Claim a person's renewal although it is not due; None where another replica has claimed it just now."""
        async with self._database.write() as connection:
            theirs = select(PEOPLE).where(of_person(PEOPLE, key)).with_for_update()
            row = (await connection.execute(theirs)).one_or_none()
            if row is None or (row.refresh_due_at is not None and now < row.refresh_due_at <= now + LEASE):
                return None
            return await self._claim(connection, _PERSON, row, until)

    async def renewed(self, claim: TokenClaim, fresh: Renewed, expires_at: datetime, due_at: datetime) -> bool:
        """Keep the new pair; False where what is kept has been replaced since (a new grant) or is gone."""
        kind, place = claim.kind, claim.place
        pair = {
            kind.token: self._encryptor.seal(fresh.access, kind.column(kind.token), *place),
            kind.refresh: self._encryptor.seal(fresh.refresh, kind.column(kind.refresh), *place),
            kind.expires: expires_at,
            "refresh_due_at": due_at,
        }
        async with self._database.write() as connection:
            if not await self._still(connection, claim):
                return False
            await connection.execute(update(claim.kind.table).where(claim.row).values(pair))
        return True

    async def put_off(self, claim: TokenClaim, until: datetime) -> None:
        """Try again at `until`."""
        async with self._database.write() as connection:
            if claim.refresh is None or await self._still(connection, claim):
                await connection.execute(update(claim.kind.table).where(claim.row).values(refresh_due_at=until))

    async def lost(self, claim: TokenClaim, now: datetime, said: str = "") -> None:
        """Lose the grant: its refresh token is worth nothing any more, as Slack `said`.

        Unless it was replaced or claimed since.
        """
        async with self._database.write() as connection:
            if not await self._still(connection, claim, unclaimed=True):
                return
            if claim.kind is _BOT:
                await connection.execute(update(claim.kind.table).where(claim.row).values(refresh_due_at=None))
                return
            await end_grant(connection, self._notices, PersonKey(claim.team_id, claim.user_id), now, said=said)

    async def _claim(self, connection: AsyncConnection, kind: _Kind, row: Row[Any], until: datetime) -> TokenClaim:
        claim = TokenClaim(row.team_id, row.user_id if kind is _PERSON else "", None, row.refresh_seq + 1)
        await connection.execute(
            update(claim.kind.table).where(claim.row).values(refresh_due_at=until, refresh_seq=claim.seq)
        )
        refresh = self._readable(getattr(row, kind.refresh), kind.column(kind.refresh), *claim.place)
        return replace(claim, refresh=refresh)

    async def _still(self, connection: AsyncConnection, claim: TokenClaim, *, unclaimed: bool = False) -> bool:
        """Return whether the refresh token is still the one kept, `unclaimed`: by nobody else since; locks its row."""
        kind = claim.kind
        stored = select(kind.table).where(claim.row).with_for_update()
        row = (await connection.execute(stored)).one_or_none()
        if row is None or (unclaimed and row.refresh_seq != claim.seq):
            return False
        kept = self._readable(getattr(row, kind.refresh), kind.column(kind.refresh), *claim.place)
        return kept is not None and kept == claim.refresh
