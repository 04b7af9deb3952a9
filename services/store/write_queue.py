"""What waits to be written to profiles, most urgent first, of all workspaces; and what came of it.

A write is pending while `seq > sent`. Marking it done names the `seq` that was carried out, so that one that is wished
for meanwhile stays pending, and a late record of a former owner of the workspace changes nothing (the fence).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import ownership
from services.domain.decisions import moment_of
from services.domain.errors import StatusQuoError
from services.domain.model import OwnStatusPolicy, PersonKey, Span
from services.domain.people import GrantState
from services.domain.profile_state import (
    HOME_LIVES,
    AuditEntry,
    PendingWrite,
    ProfileState,
    Urgency,
    WriteIntent,
    WriteResult,
)
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.columns import UtcInstant
from services.store.db import Database, Store, tell_sender
from services.store.due import ProfileStateStore, is_waiting
from services.store.grants import end_grant
from services.store.group_commit import Grouped
from services.store.person_rows import (
    NoticeStore,
    chunks,
    lock_people,
    named,
    names,
    of_people,
    of_person,
    those,
)
from services.store.tables import NOTICES, PEOPLE, PROFILE_STATES, SPANS
from services.store.timeline import AuditStore, SpanStore, pause_of

log = structlog.get_logger(__name__)

_NOW = bindparam("now", type_=UtcInstant)
_PENDING = and_(is_waiting(), or_(PROFILE_STATES.c.not_before.is_(None), PROFILE_STATES.c.not_before <= _NOW))
_WRITES = (
    select(
        PROFILE_STATES.c.seq, PROFILE_STATES.c.urgency, PROFILE_STATES.c.wished_at, PROFILE_STATES.c.failures,
        PROFILE_STATES.c.memory, PROFILE_STATES.c.team_id, PROFILE_STATES.c.user_id, PEOPLE.c.grant_state,
        PEOPLE.c.granted_at, PEOPLE.c.token, PEOPLE.c.preferences, PEOPLE.c.paused_from, PEOPLE.c.paused_until,
        SPANS.c.start_at, SPANS.c.end_at, SPANS.c.rule, SPANS.c.kind, SPANS.c.override, SPANS.c.reason, SPANS.c.uid,
        SPANS.c.content,
    )
    .join_from(PROFILE_STATES, PEOPLE, of_person(PEOPLE, PROFILE_STATES))
    .outerjoin(
        SPANS, and_(of_person(SPANS, PROFILE_STATES), SPANS.c.start_at <= _NOW, SPANS.c.end_at > _NOW)
    )
    .where(_PENDING)
)  # fmt: skip
# by user before workspace: of those that are due together, each workspace has some among the first
_BY_URGENCY = (PROFILE_STATES.c.urgency, PROFILE_STATES.c.wished_at, PROFILE_STATES.c.user_id, PROFILE_STATES.c.team_id)
_CHOSEN = (  # before anything is joined to them: there may be thousands behind them
    select(PROFILE_STATES.c.team_id, PROFILE_STATES.c.user_id)
    .where(
        _PENDING,
        ~named(PROFILE_STATES.c.team_id, "others"),
        or_(PROFILE_STATES.c.urgency == Urgency.TYPED, ~named(PROFILE_STATES.c.team_id, "full")),
    )
    .order_by(*_BY_URGENCY)
    .limit(bindparam("most"))
)
_IS_CHOSEN = tuple_(PROFILE_STATES.c.team_id, PROFILE_STATES.c.user_id).in_(_CHOSEN)
_MOST_URGENT = _WRITES.where(_IS_CHOSEN).order_by(*_BY_URGENCY)
_ONE = _WRITES.where(of_people(PROFILE_STATES))
_IS_PUT_OFF = and_(
    is_waiting(), PROFILE_STATES.c.not_before > _NOW,
    PROFILE_STATES.c.not_before <= bindparam("until", type_=UtcInstant),
)  # fmt: skip
_PUT_OFF = select(PROFILE_STATES.c.team_id, PROFILE_STATES.c.user_id).where(_IS_PUT_OFF)
_HASTEN = update(PROFILE_STATES).where(of_people(PROFILE_STATES), _IS_PUT_OFF).values(not_before=_NOW)
_NEXT = select(func.min(PROFILE_STATES.c.not_before)).where(is_waiting(), PROFILE_STATES.c.not_before > _NOW)

BLOCKED = "blocked"
"""The subject of the notice that a workspace does not let the app write."""

_MAY = (
    PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.grant_state, PEOPLE.c.granted_at, PEOPLE.c.paused_from,
    PEOPLE.c.paused_until, PROFILE_STATES.c.seq, PROFILE_STATES.c.sent,
)  # fmt: skip
"""What tells whether something may still be written."""

_SAME = of_person(PROFILE_STATES, PEOPLE)
_CHECK = select(*_MAY).join(PROFILE_STATES, _SAME).where(of_people(PEOPLE))
_IS_BLOCKED = exists().where(of_person(NOTICES, PEOPLE), NOTICES.c.subject == BLOCKED).label("blocked")
_ROWS = (
    select(*_MAY, PEOPLE.c.token, PEOPLE.c.home_opened_at, PROFILE_STATES.c.memory, _IS_BLOCKED)
    .join(PROFILE_STATES, _SAME)
    .where(of_people(PEOPLE))
)
_IS = (PROFILE_STATES.c.team_id == bindparam("b_team"), PROFILE_STATES.c.user_id == bindparam("b_user"))
_REMEMBER = (
    update(PROFILE_STATES)
    .where(*_IS)
    .values(memory=bindparam("b_memory"), calling_until=bindparam("b_until", type_=UtcInstant))
)
_DONE = (
    update(PROFILE_STATES)
    .where(*_IS)
    .values(memory=bindparam("b_memory"), sent=bindparam("b_sent"), failures=0, not_before=None, calling_until=None)
)
_LOOK = bindparam("b_look", type_=UtcInstant)
_DUE = (
    update(PEOPLE)
    .where(PEOPLE.c.team_id == bindparam("b_team"), PEOPLE.c.user_id == bindparam("b_user"))
    .values(due_at=case((or_(PEOPLE.c.due_at.is_(None), PEOPLE.c.due_at > _LOOK), _LOOK), else_=PEOPLE.c.due_at))
)
_HOME_STALE = update(PEOPLE).where(of_people(PEOPLE)).values(home_stale=True)


class WriteQueue(Store):
    """Pending writes, and what came of them. Each method is one transaction."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore, writes: AuditStore) -> None:
        super().__init__(database, encryptor)
        self._notices = notices
        self._audit = writes
        self._confirm = Grouped(database, self._confirm_all)
        self._intend = Grouped(database, self._intend_all)
        self._settle = Grouped(database, self._settle_all)
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
        """Return the most urgent writes that are pending at `now`: what was typed, then absences, meetings, the rest.

        None of the workspaces `others`; of those that are `full` only what was typed. Without those that are
        `under_way` already; those that are `known` as they were read before. And whether there may be more.
        """
        given = {"now": now, "most": limit, "others": names(others), "full": names(full)}
        rows = await self._database.fetch(_MOST_URGENT, given)
        found: list[PendingWrite] = []
        for row in rows:
            key = PersonKey(row.team_id, row.user_id)
            if (begun := under_way.get(key)) is not None and begun.seq == row.seq:
                continue
            before = known.get(key)
            found.append(before if before is not None and before.seq == row.seq else self._pending(key, row))
        return found, len(rows) == limit

    async def pending(self, key: PersonKey, now: datetime) -> PendingWrite | None:
        """Return what is pending for one person at `now`."""
        rows = await self._database.fetch(_ONE, those([key], now=now))
        return self._pending(key, rows[0]) if rows else None

    async def next_at(self, now: datetime) -> datetime | None:
        """Return when the first write that was put off may be tried again."""
        (rows,) = await self._database.rows((_NEXT, {"now": now}))
        found: datetime | None = rows[0][0]
        return found

    def _pending(self, key: PersonKey, row: Any) -> PendingWrite:
        token: str | None = None
        span: Span | None = None
        memory, policy = ProfileState(), OwnStatusPolicy.COVER_AND_RESTORE
        try:
            policy = json_values.preferences_from_json(row.preferences).own_status
            token = self._encryptor.open(row.token, "people.token", key.team_id, key.user_id)
            memory = self._states.open(row.memory, key)
            span = None if row.start_at is None else self._spans.span(row)
        except (StatusQuoError, ValueError):
            token = None  # something cannot be read: nothing may be written before it can
        return PendingWrite(
            key=key, seq=row.seq, urgency=row.urgency, since=row.wished_at, failures=row.failures,
            granted=row.grant_state == GrantState.OK, granted_at=row.granted_at, token=token, policy=policy,
            pause=pause_of(row.paused_from, row.paused_until), memory=memory, span=span, sealed=row.memory,
        )  # fmt: skip

    # ── what came of it; many people to a transaction ───────────────────────────────────────────────

    async def confirm(self, write: PendingWrite) -> bool:
        """Return whether it may still be written, as `intend` tells, where nothing is to be remembered before."""
        return await self._confirm.put(write)

    async def intend(self, write: PendingWrite, state: ProfileState, until: datetime | None = None) -> bool:
        """Remember what is about to be written, before it is; `until` when the call is over in any case.

        False, and nothing may be written: the person is gone, their grant is lost or another one, they have paused, or
        the write is not the newest: something else is wished for, it was withdrawn, or an event told that the profile
        shows something else. What is to be done stays pending.
        """
        return await self._intend.put(WriteIntent(write, state, until))

    async def not_called(self, write: PendingWrite) -> None:
        """Note that what was about to be written was not: Slack refused, or no call was made. It stays pending."""
        await self._database.execute(update(PROFILE_STATES).where(_fenced(write)).values(calling_until=None))

    async def settle(self, write: PendingWrite, state: ProfileState, entry: AuditEntry | None) -> None:
        """Remember what stands now that the write was carried out, write the audit, be due when a look is worth it.

        What an event told since the write was read is kept: a status typed between our read and our write was
        covered by it, and is put back like any other. A write that another owner has marked is left alone (the fence).
        """
        await self._settle.put(WriteResult(write, state, entry))

    async def _confirm_all(self, writes: Sequence[PendingWrite]) -> list[bool]:
        (found,) = await self._database.rows((_CHECK, those([write.key for write in writes])))
        rows = {PersonKey(row.team_id, row.user_id): row for row in found}
        return [_may(write, rows.get(write.key)) for write in writes]

    async def _intend_all(self, intents: Sequence[WriteIntent]) -> list[bool]:
        async with self._database.write() as connection:
            rows = await self._locked(connection, [intent.write.key for intent in intents])
            may = [_may(intent.write, rows.get(intent.write.key)) for intent in intents]
            allowed = [intent for intent, good in zip(intents, may, strict=True) if good]
            if allowed:
                sealed = [self._states.seal(intent.state, intent.write.key) for intent in allowed]
                await connection.execute(
                    _REMEMBER,
                    [
                        _place(intent.write.key) | {"b_memory": memory, "b_until": intent.until}
                        for intent, memory in zip(allowed, sealed, strict=True)
                    ],
                )
        return may

    async def _settle_all(self, results: Sequence[WriteResult]) -> list[None]:
        async with self._database.write() as connection:
            rows = await self._locked(connection, [result.write.key for result in results])
            alive = [result for result in results if result.write.key in rows]
            done = [result for result in alive if rows[result.write.key].sent < result.write.seq]
            if done:
                done.sort(key=lambda result: (result.write.key.team_id, result.write.key.user_id))
                await connection.execute(
                    _DONE,
                    [
                        _place(result.write.key)
                        | {"b_memory": self._merged(result, rows[result.write.key]), "b_sent": result.write.seq}
                        for result in done
                    ],
                )
            lines = [(result.write.key, result.entry) for result in alive if result.entry is not None]
            await self._audit.add(connection, *lines)
            await self._mark(connection, alive, rows)
        return [None] * len(results)

    async def drop(self, write: PendingWrite, *, unresolved: bool = False, now: datetime) -> None:
        """Drop what cannot be written (no grant, a pause). `unresolved`: the person's timeline is to be made first."""
        async with self._database.write() as connection:
            if unresolved:
                await connection.execute(
                    update(PEOPLE).where(of_person(PEOPLE, write.key)).values(stale=True, due_at=now)
                )
            await connection.execute(update(PROFILE_STATES).where(_fenced(write)).values(sent=write.seq))

    async def postpone(self, write: PendingWrite, until: datetime, entry: AuditEntry | None, notice: str) -> None:
        """Note that it failed and is tried again at `until`; `notice`, unless "", is a subject to tell the person."""
        async with self._database.write() as connection:
            if write.key not in await self._locked(connection, [write.key]):
                return
            # typed meanwhile: that does not wait
            newer = and_(PROFILE_STATES.c.seq > write.seq, PROFILE_STATES.c.urgency == Urgency.TYPED)
            not_before = case((newer, PROFILE_STATES.c.not_before), else_=literal(until, UtcInstant))
            failed = {"failures": PROFILE_STATES.c.failures + 1, "not_before": not_before, "calling_until": None}
            await connection.execute(update(PROFILE_STATES).where(_fenced(write)).values(failed))
            if entry is not None:
                await self._audit.add(connection, (write.key, entry))
                await connection.execute(update(PEOPLE).where(of_person(PEOPLE, write.key)).values(home_stale=True))
            if notice:
                await self._notices.tell(connection, write.key, notice)

    async def hasten(self, now: datetime, until: datetime) -> int:
        """Have what is to be tried again by `until` be tried at `now`; how many that are."""
        rows = await self._database.fetch(_PUT_OFF, {"now": now, "until": until})
        keys = [PersonKey(row.team_id, row.user_id) for row in rows]
        for some in chunks(keys):
            async with self._database.write() as connection:
                await lock_people(connection, some)
                await connection.execute(_HASTEN, those(some, now=now, until=until))
                tell_sender(connection)
        return len(keys)

    async def lose_grant(self, write: PendingWrite, entry: AuditEntry) -> None:
        """Slack does not honour the token any more: no call is made with it, and its owner is told once.

        A grant that was given anew in the meantime stays.
        """
        async with self._database.write() as connection:
            row = (await self._locked(connection, [write.key])).get(write.key)
            if row is None or row.grant_state != GrantState.OK:
                return
            token = self._encryptor.open(row.token, "people.token", write.key.team_id, write.key.user_id)
            if token != write.token:
                return
            await end_grant(connection, self._notices, write.key, entry.at, said=entry.outcome.partition(":")[2])
            state = replace(self._states.open(row.memory, write.key), decided="", owner="")
            done = {"sent": write.seq, "memory": self._states.seal(state, write.key), "calling_until": None}
            await connection.execute(update(PROFILE_STATES).where(_fenced(write)).values(done))
            await self._audit.add(connection, (write.key, entry))

    async def _locked(self, connection: AsyncConnection, keys: Sequence[PersonKey]) -> dict[PersonKey, Any]:
        """Return the rows of those of `keys` who are still there, locked until the transaction ends."""
        found = keys if self._database.is_sqlite else await lock_people(connection, keys)
        return {PersonKey(row.team_id, row.user_id): row for row in await connection.execute(_ROWS, those(found))}

    def _merged(self, result: WriteResult, row: Any) -> bytes:
        known = result.write.sealed is not None and row.memory == result.write.sealed
        stored = result.write.memory if known else self._states.open(row.memory, result.write.key)
        state = merged(result.state, stored)
        if row.seq != result.write.seq:
            state = replace(state, decided="")  # what was decided about is out of date
        return self._states.seal(state, result.write.key)

    async def _mark(
        self, connection: AsyncConnection, results: Sequence[WriteResult], rows: Mapping[PersonKey, Any]
    ) -> None:
        """Mark due what follows from `results`, each of somebody whose row, as it was before, is in `rows`."""
        tried = [(result.write.key, result.entry) for result in results if result.entry is not None]
        opened = {key: row.home_opened_at for key, row in rows.items()}
        homes = [key for key, e in tried if e.tried and opened[key] and opened[key] > e.at - HOME_LIVES]
        if homes:
            await connection.execute(_HOME_STALE, those(homes))
        unblocked = [key for key, entry in tried if entry.written and rows[key].blocked]
        if unblocked:
            await self._notices.worked(connection, BLOCKED, *unblocked)
        looks = [_place(result.write.key) | {"b_look": result.state.look} for result in results if result.state.look]
        if looks:
            await connection.execute(_DUE, looks)


def _may(write: PendingWrite, row: Any) -> bool:
    if row is None or row.seq != write.seq or row.sent >= write.seq:
        return False
    if row.grant_state != GrantState.OK or row.granted_at != write.granted_at:
        return False
    return pause_of(row.paused_from, row.paused_until) == write.pause


def merged(state: ProfileState, found: ProfileState) -> ProfileState:
    """`state`, with what `found` (as it is stored now) knows from events after our look at the profile."""
    own, since, looked_at = found.standing.own, found.standing.own_since, state.standing.looked_at
    if own is None or since is None or looked_at is None or own == state.standing.own:
        return state
    if moment_of(own, since, state.standing) <= looked_at:
        return state
    told = ownership.hint(state.standing, own, since)
    return state if told is None else replace(state, standing=told, decided="")


def _place(key: PersonKey) -> dict[str, Any]:
    return {"b_team": key.team_id, "b_user": key.user_id}


def _fenced(write: PendingWrite) -> ColumnElement[bool]:
    return and_(of_person(PROFILE_STATES, write.key), PROFILE_STATES.c.sent < write.seq)
