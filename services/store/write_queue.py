"""What waits to be written to profiles, most urgent first, of all workspaces; and what came of it.

A write is pending while `seq > sent`. Marking it done names the `seq` that was carried out, so that one that is wished
for meanwhile stays pending, and a late record of a former owner of the workspace changes nothing (the fence).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import and_, bindparam, func, or_, select, update

from services.domain.errors import SealError, StatusQuoError
from services.domain.model import OwnStatusPolicy, PersonKey, Span
from services.domain.profile_state import HOME_LIVES, AuditEntry, PendingWrite, ProfileState, WriteIntent, WriteResult
from services.platform.crypto import Encryptor
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.due import own_status
from services.store.facts import pause_of
from services.store.group_commit import Grouped
from services.store.models import Person, ProfileStateRow, SpanRow, Workspace, WorkspaceBudget
from services.store.notices import NoticeStore
from services.store.person_filter import named, names
from services.store.profile_states import ProfileStateStore, is_waiting
from services.store.spans import SpanStore
from services.store.write_results import WriteResults, save_budgets
from services.store.writes import AuditStore

log = structlog.get_logger(__name__)

_NOW = bindparam("now", type_=UtcInstant)
_PENDING = and_(is_waiting(), or_(ProfileStateRow.not_before.is_(None), ProfileStateRow.not_before <= _NOW))


def _same(left: Any, right: Any) -> Any:
    return and_(left.team_id == right.team_id, left.user_id == right.user_id)


_WRITES = (
    select(
        ProfileStateRow.seq, ProfileStateRow.urgency, ProfileStateRow.wished_at, ProfileStateRow.failures,
        ProfileStateRow.memory, ProfileStateRow.team_id, ProfileStateRow.user_id, Person.grant_state,
        Person.granted_at, Person.token, Person.preferences, Person.paused_from, Person.paused_until,
        SpanRow.start_at, SpanRow.end_at, SpanRow.rule, SpanRow.kind, SpanRow.override, SpanRow.reason, SpanRow.uid,
        SpanRow.content,
    )
    .join_from(ProfileStateRow, Person, _same(ProfileStateRow, Person))
    .outerjoin(
        SpanRow, and_(_same(ProfileStateRow, SpanRow), SpanRow.start_at <= _NOW, SpanRow.end_at > _NOW)
    )
    .where(_PENDING)
)  # fmt: skip
_MOST_URGENT = (
    _WRITES.where(
        ~named(ProfileStateRow.team_id, "others"),
        or_(ProfileStateRow.urgency == 0, ~named(ProfileStateRow.team_id, "full")),
    )
    # by user before workspace: of those that are due together, each workspace has some among the first
    .order_by(ProfileStateRow.urgency, ProfileStateRow.wished_at, ProfileStateRow.user_id, ProfileStateRow.team_id)
    .limit(bindparam("most"))
)
_ONE = _WRITES.where(ProfileStateRow.team_id == bindparam("team"), ProfileStateRow.user_id == bindparam("user"))
_NEXT = select(func.min(ProfileStateRow.not_before)).where(is_waiting(), ProfileStateRow.not_before > _NOW)
_BUDGETS = select(WorkspaceBudget.team_id, WorkspaceBudget.budget).where(named(WorkspaceBudget.team_id, "teams"))
_BOT_TOKENS = select(Workspace.team_id, Workspace.bot_token).where(named(Workspace.team_id, "teams"))
_HOMES = (
    select(Person.team_id, Person.user_id)
    .where(
        Person.home_opened_at > bindparam("since", type_=UtcInstant),
        Person.home_stale,
        ~named(Person.team_id, "others"),
    )
    .order_by(Person.home_opened_at, Person.team_id, Person.user_id)
    .limit(bindparam("most"))
)


class WriteQueue:
    """Pending writes, what came of them, budgets, Home tabs. Each method is one transaction."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore, writes: AuditStore) -> None:
        """`notices` and `writes` are recorded in the same transactions."""
        self._database = database
        self._encryptor = encryptor
        self._results = WriteResults(database, encryptor, notices, writes)
        self._confirm = Grouped(self._results.confirm)
        self._intend = Grouped(self._results.intend)
        self._settle = Grouped(self._results.settle)
        self._spans = SpanStore(encryptor)
        self._states = ProfileStateStore(encryptor)

    # ── what there is to do ─────────────────────────────────────────────────────────────────────────

    async def most_urgent(
        self,
        now: datetime,
        limit: int,
        *,
        others: Collection[str] = (),
        full: Collection[str] = (),
        under_way: Mapping[PersonKey, PendingWrite] = MappingProxyType({}),
        known: Mapping[PersonKey, PendingWrite] = MappingProxyType({}),
    ) -> tuple[list[PendingWrite], bool]:
        """The most urgent writes that are pending at `now`: what was typed, then absences, meetings, the rest.

        None of the workspaces `others`; of those that are `full` only what was typed. Without those that are
        `under_way` already; those that are `known` as they were read before. And whether there may be more.
        """
        given = {"now": now, "most": limit, "others": names(others), "full": names(full)}
        async with self._database.read() as connection:
            rows = (await connection.execute(_MOST_URGENT, given)).all()
        found: list[PendingWrite] = []
        for row in rows:
            key = PersonKey(row.team_id, row.user_id)
            if (begun := under_way.get(key)) is not None and begun.seq == row.seq:
                continue
            before = known.get(key)
            found.append(before if before is not None and before.seq == row.seq else self._pending(key, row))
        return found, len(rows) == limit

    async def pending(self, key: PersonKey, now: datetime) -> PendingWrite | None:
        """What is pending for one person at `now`."""
        async with self._database.read() as connection:
            rows = await connection.execute(_ONE, {"now": now, "team": key.team_id, "user": key.user_id})
            return next((self._pending(key, row) for row in rows), None)

    async def next_at(self, now: datetime) -> datetime | None:
        """When the first write that was put off may be tried again."""
        async with self._database.read() as connection:
            return await connection.scalar(_NEXT, {"now": now})

    def _pending(self, key: PersonKey, row: Any) -> PendingWrite:
        token: str | None = None
        span: Span | None = None
        memory, policy = ProfileState(), OwnStatusPolicy.COVER_AND_RESTORE
        try:
            policy = own_status(row.preferences)
            token = self._encryptor.open(row.token, "people.token", key.team_id, key.user_id)
            memory = self._states.open(row.memory, key)
            span = None if row.start_at is None else self._spans.span(row)
        except (StatusQuoError, ValueError):
            token = None  # something cannot be read: nothing may be written before it can
        return PendingWrite(
            key=key, seq=row.seq, urgency=row.urgency, since=row.wished_at, failures=row.failures,
            granted=row.grant_state == "ok", granted_at=row.granted_at, token=token, policy=policy,
            pause=pause_of(row.paused_from, row.paused_until), memory=memory, span=span, sealed=row.memory,
        )  # fmt: skip

    # ── what came of it: see `WriteResults` ─────────────────────────────────────────────────────────

    async def confirm(self, write: PendingWrite) -> bool:
        """As `WriteResults.confirm`, sharing its query with others."""
        return await self._confirm.put(write)

    async def intend(self, write: PendingWrite, state: ProfileState) -> bool:
        """As `WriteResults.intend`, sharing its transaction with others."""
        return await self._intend.put(WriteIntent(write, state))

    async def settle(self, write: PendingWrite, state: ProfileState, entry: AuditEntry | None) -> None:
        """As `WriteResults.settle`, sharing its transaction with others."""
        await self._settle.put(WriteResult(write, state, entry))

    async def drop(self, write: PendingWrite, *, unresolved: bool = False, now: datetime) -> None:
        """As `WriteResults.drop`."""
        await self._results.drop(write, unresolved=unresolved, now=now)

    async def postpone(self, write: PendingWrite, until: datetime, entry: AuditEntry | None, notice: str) -> None:
        """As `WriteResults.postpone`."""
        await self._results.postpone(write, until, entry, notice)

    async def lose_grant(self, write: PendingWrite, entry: AuditEntry) -> None:
        """As `WriteResults.lose_grant`."""
        await self._results.lose_grant(write, entry)

    # ── workspaces ──────────────────────────────────────────────────────────────────────────────────

    async def budgets(self, teams: Collection[str]) -> dict[str, str]:
        """The budgets' states as the last owners stored them."""
        async with self._database.read() as connection:
            rows = await connection.execute(_BUDGETS, {"teams": names(teams)})
            return {row.team_id: row.budget for row in rows}

    async def save_budgets(self, budgets: Mapping[str, str]) -> None:
        """Store the budgets' states."""
        if budgets:
            async with self._database.write() as connection:
                await save_budgets(connection, budgets)

    async def bot_tokens(self, teams: Collection[str]) -> dict[str, str | None]:
        """Bot tokens by workspace; None, or no entry, where there is none or none that any of our keys opens."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_BOT_TOKENS, {"teams": names(teams)})).all()
        found: dict[str, str | None] = {}
        for team_id, sealed in rows:
            try:
                found[team_id] = self._encryptor.open(sealed, "workspaces.bot_token", team_id)
            except SealError:
                log.warning("bot_token_unreadable", team_id=team_id)
        return found

    async def stale_homes(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> list[PersonKey]:
        """People whose Home tab is stale, and who have opened it within `HOME_LIVES`; none of `others`' workspaces."""
        given = {"since": now - HOME_LIVES, "most": limit, "others": names(others)}
        async with self._database.read() as connection:
            return [PersonKey(*row) for row in await connection.execute(_HOMES, given)]

    async def home_taken(self, key: PersonKey, *, stale: bool) -> None:
        """Its Home tab is being made from what is stored now (`stale` False), or could not be published (True)."""
        async with self._database.write() as connection:
            await connection.execute(
                update(Person)
                .where(Person.team_id == key.team_id, Person.user_id == key.user_id)
                .values(home_stale=stale)
            )
