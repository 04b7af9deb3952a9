"""What came of pending writes: intents before a call, results after it, each many people to a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import ownership
from services.domain.model import PersonKey
from services.domain.profile_state import HOME_LIVES, AuditEntry, PendingWrite, ProfileState, WriteIntent, WriteResult
from services.platform.crypto import Encryptor
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.facts import pause_of
from services.store.marks import insert_for, lock_people
from services.store.models import Notice, Person, ProfileStateRow, WorkspaceBudget
from services.store.notices import NoticeStore
from services.store.person_filter import ForPeople, one_of, people
from services.store.profile_states import ProfileStateStore
from services.store.writes import AuditStore

BLOCKED = "blocked"
"""The subject of the notice that a workspace does not let the app write."""

_PEOPLE, _STATES = Person.__table__, ProfileStateRow.__table__
_MAY = (
    _PEOPLE.c.team_id, _PEOPLE.c.user_id, _PEOPLE.c.grant_state, _PEOPLE.c.granted_at, _PEOPLE.c.paused_from,
    _PEOPLE.c.paused_until, _STATES.c.seq, _STATES.c.sent,
)  # fmt: skip
"""What tells whether something may still be written."""

_SAME = (_STATES.c.team_id == _PEOPLE.c.team_id) & (_STATES.c.user_id == _PEOPLE.c.user_id)
_CHECK = ForPeople(
    _PEOPLE.c.team_id, _PEOPLE.c.user_id, lambda theirs: select(*_MAY).join(_STATES, _SAME).where(theirs)
)
_IS_BLOCKED = (
    exists()
    .where(Notice.team_id == _PEOPLE.c.team_id, Notice.user_id == _PEOPLE.c.user_id, Notice.subject == BLOCKED)
    .label("blocked")
)
_ROWS = ForPeople(
    _PEOPLE.c.team_id,
    _PEOPLE.c.user_id,
    lambda theirs: (
        select(*_MAY, _PEOPLE.c.token, _PEOPLE.c.home_opened_at, _STATES.c.memory, _IS_BLOCKED)
        .join(_STATES, _SAME)
        .where(theirs)
    ),
)
_IS = (_STATES.c.team_id == bindparam("b_team"), _STATES.c.user_id == bindparam("b_user"))
_REMEMBER = update(ProfileStateRow).where(*_IS).values(memory=bindparam("b_memory"))
_DONE = (
    update(ProfileStateRow)
    .where(*_IS)
    .values(memory=bindparam("b_memory"), sent=bindparam("b_sent"), failures=0, not_before=None)
)
_LOOK = bindparam("b_look", type_=UtcInstant)
_DUE = (
    update(Person)
    .where(_PEOPLE.c.team_id == bindparam("b_team"), _PEOPLE.c.user_id == bindparam("b_user"))
    .values(due_at=case((or_(_PEOPLE.c.due_at.is_(None), _PEOPLE.c.due_at > _LOOK), _LOOK), else_=_PEOPLE.c.due_at))
)
_HOME_STALE = update(Person).where(one_of(_PEOPLE.c.team_id, _PEOPLE.c.user_id)).values(home_stale=True)


class WriteResults:
    """Records, each method one transaction."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore, writes: AuditStore) -> None:
        """`notices` and `writes` are recorded in the same transactions."""
        self._database = database
        self._encryptor = encryptor
        self._notices = notices
        self._writes = writes
        self._states = ProfileStateStore(encryptor)

    async def confirm(self, writes: Sequence[PendingWrite]) -> list[bool]:
        """Whether each may still be written, as `intend` tells, where nothing is to be remembered before."""
        (found,) = await self._database.rows(_CHECK([write.key for write in writes]))
        rows = {PersonKey(row.team_id, row.user_id): row for row in found}
        return [_may(write, rows.get(write.key)) for write in writes]

    async def intend(self, intents: Sequence[WriteIntent]) -> list[bool]:
        """Remember what is about to be written, before it is.

        False, and nothing may be written: the person is gone, their grant is lost or another one, they have paused, or
        the write is not the newest: something else is wished for, it was withdrawn, or an event told that the profile
        shows something else. What is to be done stays pending.
        """
        async with self._database.write() as connection:
            rows = await self._locked(connection, [intent.write.key for intent in intents])
            may = [_may(intent.write, rows.get(intent.write.key)) for intent in intents]
            allowed = [intent for intent, good in zip(intents, may, strict=True) if good]
            if allowed:
                sealed = [self._states.seal(intent.state, intent.write.key) for intent in allowed]
                await connection.execute(
                    _REMEMBER,
                    [
                        _place(intent.write.key) | {"b_memory": memory}
                        for intent, memory in zip(allowed, sealed, strict=True)
                    ],
                )
        return may

    async def settle(self, results: Sequence[WriteResult]) -> list[None]:
        """The writes were carried out: remember what stands now, write the audit, be due when a look is worth it.

        What an event told since the write was read is kept: a status typed between our read and our write was
        covered by it, and is put back like any other. A write that another owner has marked is left alone (the fence).
        """
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
            await self._writes.add_many(
                connection, [(result.write.key, result.entry) for result in alive if result.entry is not None]
            )
            await self._mark(connection, alive, rows)
        return [None] * len(results)

    async def drop(self, write: PendingWrite, *, unresolved: bool = False, now: datetime) -> None:
        """Nothing can be written (no grant, a pause). `unresolved`: the person's timeline is to be made first."""
        async with self._database.write() as connection:
            if unresolved:
                await connection.execute(update(Person).where(*_person(write.key)).values(stale=True, due_at=now))
            await connection.execute(update(ProfileStateRow).where(*_fenced(write)).values(sent=write.seq))

    async def postpone(self, write: PendingWrite, until: datetime, entry: AuditEntry | None, notice: str) -> None:
        """It did not work and is tried again at `until`; `notice`, unless "", is a subject to tell the person."""
        async with self._database.write() as connection:
            if write.key not in await self._locked(connection, [write.key]):
                return
            # typed meanwhile: that does not wait
            newer = and_(ProfileStateRow.seq > write.seq, ProfileStateRow.urgency == 0)
            not_before = case((newer, ProfileStateRow.not_before), else_=literal(until, UtcInstant))
            await connection.execute(
                update(ProfileStateRow)
                .where(*_fenced(write))
                .values(failures=ProfileStateRow.failures + 1, not_before=not_before)
            )
            if entry is not None:
                await self._writes.add(connection, write.key, entry)
                await connection.execute(update(Person).where(*_person(write.key)).values(home_stale=True))
            if notice:
                await self._notices.tell(connection, write.key, notice)

    async def lose_grant(self, write: PendingWrite, entry: AuditEntry) -> None:
        """Slack does not honour the token any more: no call is made with it, and its owner is told once.

        A grant that was given anew in the meantime stays.
        """
        async with self._database.write() as connection:
            row = (await self._locked(connection, [write.key])).get(write.key)
            if row is None or row.grant_state != "ok":
                return
            token = self._encryptor.open(row.token, "people.token", write.key.team_id, write.key.user_id)
            if token != write.token:
                return
            await connection.execute(
                update(Person)
                .where(*_person(write.key))
                .values(grant_state="lost", refresh_due_at=None, home_stale=True)
            )
            state = replace(self._states.open(row.memory, write.key), decided="", owner="")
            await connection.execute(
                update(ProfileStateRow)
                .where(*_fenced(write))
                .values(sent=write.seq, memory=self._states.seal(state, write.key))
            )
            await self._writes.add(connection, write.key, entry)
            await self._notices.tell(connection, write.key, "grant")

    # ── in the transaction ──────────────────────────────────────────────────────────────────────────

    async def _locked(self, connection: AsyncConnection, keys: Sequence[PersonKey]) -> dict[PersonKey, Any]:
        """The rows of those of `keys` who are still there, locked until the transaction ends."""
        found = keys if self._database.is_sqlite else await lock_people(connection, keys)
        return {PersonKey(row.team_id, row.user_id): row for row in await connection.execute(*_ROWS(found))}

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
        """What follows from `results`, each of somebody whose row, as it was before, is in `rows`."""
        tried = [(result.write.key, result.entry) for result in results if result.entry is not None]
        homes = [key for key, entry in tried if entry.tried and _looks_at_home(rows[key], entry.at)]
        if homes:
            await connection.execute(_HOME_STALE, {"of_people": people(homes)})
        unblocked = [key for key, entry in tried if entry.written and rows[key].blocked]
        if unblocked:
            await self._notices.worked_for(connection, unblocked, BLOCKED)
        looks = [_place(result.write.key) | {"b_look": result.state.look} for result in results if result.state.look]
        if looks:
            await connection.execute(_DUE, looks)


def _may(write: PendingWrite, row: Any) -> bool:
    if row is None or row.seq != write.seq or row.sent >= write.seq:
        return False
    if row.grant_state != "ok" or row.granted_at != write.granted_at:
        return False
    return pause_of(row.paused_from, row.paused_until) == write.pause


def _looks_at_home(row: Any, now: datetime) -> bool:
    return row.home_opened_at is not None and row.home_opened_at > now - HOME_LIVES


async def save_budgets(connection: AsyncConnection, budgets: Mapping[str, str]) -> None:
    """Store the state of budgets, by workspace."""
    if not budgets:
        return
    insert = insert_for(connection, WorkspaceBudget)
    await connection.execute(
        insert.on_conflict_do_update(index_elements=["team_id"], set_={"budget": insert.excluded.budget}),
        [{"team_id": team_id, "budget": budgets[team_id]} for team_id in sorted(budgets)],
    )


def merged(state: ProfileState, found: ProfileState) -> ProfileState:
    """`state`, with what `found` (as it is stored now) knows from events after our look at the profile."""
    own, since, looked_at = found.standing.own, found.standing.own_since, state.standing.looked_at
    if own is None or since is None or looked_at is None or since <= looked_at or own == state.standing.own:
        return state
    told = ownership.hint(state.standing, own, since)
    return state if told is None else replace(state, standing=told, decided="")


def _place(key: PersonKey) -> dict[str, Any]:
    return {"b_team": key.team_id, "b_user": key.user_id}


def _person(key: PersonKey) -> tuple[Any, Any]:
    return Person.team_id == key.team_id, Person.user_id == key.user_id


def _fenced(write: PendingWrite) -> tuple[Any, Any, Any]:
    return (
        ProfileStateRow.team_id == write.key.team_id,
        ProfileStateRow.user_id == write.key.user_id,
        ProfileStateRow.sent < write.seq,
    )
