"""The rows of a workspace's lane: who is to be written to, most urgent first, and what came of it.

A wish is pending while `seq > sent`. Marking it done names the `seq` that was carried out, so that a wish
made meanwhile stays pending, and a late record of a former owner of the lane changes nothing (the fence).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import StatusQuoError
from services.domain.model import OwnStatusPolicy, PersonKey, Span
from services.domain.profile_state import (
    HOME_LIVES,
    AuditEntry,
    Home,
    PendingWrite,
    ProfileState,
    WriteIntent,
    WriteResult,
)
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.due import own_status
from services.store.facts import pause_of
from services.store.group_commit import Grouped, in_one_transaction
from services.store.models import Lane, Notice, Person, ProfileStateRow, SpanRow, Workspace
from services.store.notices import NoticeStore, unsent
from services.store.profile_states import ProfileStateStore, is_waiting
from services.store.spans import SpanStore
from services.store.write_records import WriteResults, save_budgets
from services.store.writes import AuditStore

_PENDING = is_waiting()


class WriteQueue:
    """Wishes, standings, audit and budget of lanes. Each method is one transaction."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore, writes: AuditStore) -> None:
        """`notices` and `writes` are recorded in the same transactions."""
        self._database = database
        self._encryptor = encryptor
        self._records = WriteResults(database, encryptor, notices, writes)
        self._intend = Grouped(self._records.intend)
        self._settle = Grouped(self._records.settle)
        self._budgets = Grouped(in_one_transaction(database, self._save_budgets))
        self._spans = SpanStore(encryptor)
        self._standings = ProfileStateStore(encryptor)

    # ── what there is to do ─────────────────────────────────────────────────────────────────────────

    async def busy(self, now: datetime, team_id: str = "") -> list[str]:
        """The workspaces whose lane has something to do at `now`; `team_id` asks for one of them alone."""
        looks = [
            select(ProfileStateRow.team_id).where(_PENDING, _not_before(now)),
            select(Notice.team_id).where(unsent(now)),
            select(Person.team_id).where(_looked_at(now), Person.home_stale),
        ]
        if team_id:
            looks = [look.where(look.selected_columns.team_id == team_id) for look in looks]
        async with self._database.read() as connection:
            return sorted((await connection.execute(union(*looks))).scalars())

    async def wishes(self, team_id: str, now: datetime, limit: int, *, only: str = "") -> list[PendingWrite]:
        """The most urgent pending wishes of a workspace at `now`; `only` one person's."""
        statement = (
            select(
                ProfileStateRow.seq, ProfileStateRow.urgency, ProfileStateRow.wished_at,
                ProfileStateRow.failures, ProfileStateRow.memory,
                ProfileStateRow.team_id, ProfileStateRow.user_id, Person.grant_state, Person.granted_at,
                Person.token, Person.preferences,
                Person.paused_from, Person.paused_until, SpanRow.start_at, SpanRow.end_at, SpanRow.rule, SpanRow.kind,
                SpanRow.override, SpanRow.reason, SpanRow.uid, SpanRow.content,
            )
            .join_from(ProfileStateRow, Person, _same(ProfileStateRow, Person))
            .outerjoin(
                SpanRow, and_(_same(ProfileStateRow, SpanRow), SpanRow.start_at <= now, SpanRow.end_at > now)
            )
            .where(ProfileStateRow.team_id == team_id, _PENDING, _not_before(now))
            .order_by(ProfileStateRow.urgency, ProfileStateRow.wished_at, ProfileStateRow.user_id)
            .limit(limit)
        )  # fmt: skip
        if only:
            statement = statement.where(ProfileStateRow.user_id == only)
        async with self._database.read() as connection:
            return [self._wish(row) for row in await connection.execute(statement)]

    async def rest(self, team_id: str, now: datetime) -> tuple[datetime | None, bool]:
        """When the first wish that is put off may be tried again, and whether there is anything else to do now."""
        put_off = select(func.min(ProfileStateRow.not_before)).where(
            ProfileStateRow.team_id == team_id, _PENDING, ProfileStateRow.not_before > now
        )
        told = exists().where(Notice.team_id == team_id, unsent(now))
        homes = exists().where(Person.team_id == team_id, _looked_at(now), Person.home_stale)
        async with self._database.read() as connection:
            row = (await connection.execute(select(put_off.scalar_subquery(), told | homes))).one()
        return row[0], bool(row[1])

    def _wish(self, row: Any) -> PendingWrite:
        key = PersonKey(row.team_id, row.user_id)
        token: str | None = None
        span: Span | None = None
        memory, policy = ProfileState(), OwnStatusPolicy.COVER_AND_RESTORE
        try:
            policy = own_status(row.preferences)
            token = self._encryptor.open(row.token, "people.token", key.team_id, key.user_id)
            memory = self._standings.open(row.memory, key)
            span = None if row.start_at is None else self._spans.span(row)
        except (StatusQuoError, ValueError):
            token = None  # something cannot be read: nothing may be written before it can
        return PendingWrite(
            key=key, seq=row.seq, urgency=row.urgency, since=row.wished_at, failures=row.failures,
            granted=row.grant_state == "ok", granted_at=row.granted_at, token=token, policy=policy,
            pause=pause_of(row.paused_from, row.paused_until), memory=memory, span=span,
        )  # fmt: skip

    # ── what came of a wish: see `WriteResults` ──────────────────────────────────────────────────────

    async def intend(self, wish: PendingWrite, memory: ProfileState, budget: str) -> bool:
        """As `WriteResults.intend`, sharing its transaction with others."""
        return await self._intend.put(WriteIntent(wish, memory, budget))

    async def settle(self, wish: PendingWrite, memory: ProfileState, attempt: AuditEntry | None, budget: str) -> None:
        """As `WriteResults.settle`, sharing its transaction with others."""
        await self._settle.put(WriteResult(wish, memory, attempt, budget))

    async def drop(self, wish: PendingWrite, *, unresolved: bool = False, now: datetime) -> None:
        """As `WriteResults.drop`."""
        await self._records.drop(wish, unresolved=unresolved, now=now)

    async def postpone(
        self, wish: PendingWrite, until: datetime, attempt: AuditEntry | None, notice: str, budget: str
    ) -> None:
        """As `WriteResults.postpone`."""
        await self._records.postpone(wish, until, attempt, notice, budget)

    async def lose_grant(self, wish: PendingWrite, attempt: AuditEntry) -> None:
        """As `WriteResults.lose_grant`."""
        await self._records.lose_grant(wish, attempt)

    # ── the lane's own ──────────────────────────────────────────────────────────────────────────────

    async def budget(self, team_id: str) -> str:
        """The budget's state as the last owner of the lane stored it."""
        async with self._database.read() as connection:
            return await connection.scalar(select(Lane.budget).where(Lane.team_id == team_id)) or ""

    async def save_budget(self, team_id: str, budget: str) -> None:
        """Store the budget's state, sharing a transaction with others."""
        await self._budgets.put((team_id, budget))

    async def _save_budgets(self, connection: AsyncConnection, budgets: Sequence[tuple[str, str]]) -> list[None]:
        await save_budgets(connection, dict(budgets))
        return [None] * len(budgets)

    async def bot_token(self, team_id: str) -> str | None:
        """The workspace's bot token; None where it is not installed (any more). Raises SealError."""
        async with self._database.read() as connection:
            sealed = await connection.scalar(select(Workspace.bot_token).where(Workspace.team_id == team_id))
        return self._encryptor.open(sealed, "workspaces.bot_token", team_id)

    async def homes(self, team_id: str, now: datetime, limit: int) -> list[Home]:
        """People of the workspace whose Home tab is stale, and who have opened it within `HOME_LIVES`."""
        async with self._database.read() as connection:
            users = (
                await connection.execute(
                    select(Person.user_id)
                    .where(Person.team_id == team_id, _looked_at(now), Person.home_stale)
                    .order_by(Person.home_opened_at, Person.user_id)
                    .limit(limit)
                )
            ).scalars()
            return [Home(PersonKey(team_id, user_id)) for user_id in users]

    async def home_taken(self, key: PersonKey, *, stale: bool) -> None:
        """Its Home tab is being made from what is stored now (`stale` False), or could not be published (True)."""
        async with self._database.write() as connection:
            await connection.execute(update(Person).where(*_is(Person, key)).values(home_stale=stale))


def _is(table: type[Person] | type[ProfileStateRow], key: PersonKey) -> tuple[Any, Any]:
    return table.team_id == key.team_id, table.user_id == key.user_id


def _same(left: Any, right: Any) -> Any:
    return and_(left.team_id == right.team_id, left.user_id == right.user_id)


def _looked_at(now: datetime) -> Any:
    return Person.home_opened_at > now - HOME_LIVES


def _not_before(now: datetime) -> Any:
    return or_(ProfileStateRow.not_before.is_(None), ProfileStateRow.not_before <= now)
