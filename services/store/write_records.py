"""What came of wishes: intents before a call, results after it, each many people to a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import ownership
from services.domain.model import PersonKey
from services.domain.profile_state import AuditEntry, PendingWrite, ProfileState, WriteIntent, WriteResult
from services.platform.crypto import Encryptor
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.facts import of, pause_of
from services.store.marks import insert_for, lock_people
from services.store.models import Lane, Person, ProfileStateRow
from services.store.notices import NoticeStore
from services.store.person_filter import ForPeople
from services.store.profile_states import ProfileStateStore
from services.store.writes import AuditStore

_PEOPLE, _STANDINGS = Person.__table__, ProfileStateRow.__table__
_ROWS = ForPeople(
    _PEOPLE.c.team_id,
    _PEOPLE.c.user_id,
    lambda theirs: (
        select(
            _PEOPLE.c.team_id, _PEOPLE.c.user_id, _PEOPLE.c.grant_state, _PEOPLE.c.granted_at, _PEOPLE.c.token,
            _PEOPLE.c.paused_from, _PEOPLE.c.paused_until, _STANDINGS.c.seq, _STANDINGS.c.sent, _STANDINGS.c.memory,
        )
        .join(
            _STANDINGS, (_STANDINGS.c.team_id == _PEOPLE.c.team_id) & (_STANDINGS.c.user_id == _PEOPLE.c.user_id)
        )
        .where(theirs)
    ),
)  # fmt: skip


class WriteResults:
    """Records, each method one transaction."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore, writes: AuditStore) -> None:
        """`notices` and `writes` are recorded in the same transactions."""
        self._database = database
        self._encryptor = encryptor
        self._notices = notices
        self._writes = writes
        self._standings = ProfileStateStore(encryptor)

    async def intend(self, intentions: Sequence[WriteIntent]) -> list[bool]:
        """Remember what is about to be written, before it is.

        False, and nothing may be written: the person is gone, their grant is lost or another one, they have paused, or
        the wish is not the newest: something else is wished for, it was withdrawn, or an event told that the profile
        shows something else. What is to be done stays pending.
        """
        async with self._database.write() as connection:
            rows = await self._locked(connection, [intention.wish.key for intention in intentions])
            may = [_may(intention.wish, rows.get(intention.wish.key)) for intention in intentions]
            allowed = [intention for intention, good in zip(intentions, may, strict=True) if good]
            if allowed:
                await connection.execute(
                    update(ProfileStateRow)
                    .where(
                        ProfileStateRow.team_id == bindparam("b_team"), ProfileStateRow.user_id == bindparam("b_user")
                    )
                    .values(memory=bindparam("b_memory")),
                    [
                        _place(item.wish.key) | {"b_memory": self._standings.seal(item.memory, item.wish.key)}
                        for item in allowed
                    ],
                )
                await save_budgets(connection, {item.wish.key.team_id: item.budget for item in allowed})
        return may

    async def settle(self, settlements: Sequence[WriteResult]) -> list[None]:
        """The wishes were carried out: remember what stands now, write the audit, be due when a look is worth it.

        What an event told since the wish was read is kept: a status typed between our read and our write was
        covered by it, and is put back like any other. A wish that another owner has marked is left alone (the fence).
        """
        async with self._database.write() as connection:
            rows = await self._locked(connection, [item.wish.key for item in settlements])
            alive = [item for item in settlements if item.wish.key in rows]
            kept = [item for item in alive if rows[item.wish.key].sent < item.wish.seq]
            kept.sort(key=lambda item: (item.wish.key.team_id, item.wish.key.user_id))
            if kept:
                await connection.execute(
                    update(ProfileStateRow)
                    .where(ProfileStateRow.team_id == bindparam("b_team"),
                    ProfileStateRow.user_id == bindparam("b_user"))
                    .values(
                        memory=bindparam("b_memory"), sent=bindparam("b_sent"), failures=0, not_before=None
                    ),
                    [
                        _place(item.wish.key)
                        | {"b_memory": self._merged(item, rows[item.wish.key]), "b_sent": item.wish.seq}
                        for item in kept
                    ],
                )  # fmt: skip
            await self._writes.add_many(
                connection, [(item.wish.key, item.attempt) for item in alive if item.attempt is not None]
            )
            await self._mark(connection, alive)
            await save_budgets(connection, {item.wish.key.team_id: item.budget for item in alive})
        return [None] * len(settlements)

    async def drop(self, wish: PendingWrite, *, unresolved: bool = False, now: datetime) -> None:
        """Nothing can be done for this wish (no grant, a pause). `unresolved`: its timeline is to be made first."""
        async with self._database.write() as connection:
            if unresolved:
                await connection.execute(update(Person).where(*_person(wish.key)).values(stale=True, due_at=now))
            await connection.execute(update(ProfileStateRow).where(*_fenced(wish)).values(sent=wish.seq))

    async def postpone(
        self, wish: PendingWrite, until: datetime, attempt: AuditEntry | None, notice: str, budget: str
    ) -> None:
        """It did not work and is tried again at `until`; `notice`, unless "", is a subject to tell the person."""
        async with self._database.write() as connection:
            if wish.key not in await self._locked(connection, [wish.key]):
                return
            newer = and_(
                ProfileStateRow.seq > wish.seq, ProfileStateRow.urgency == 0
            )  # typed meanwhile: that does not wait
            not_before = case((newer, ProfileStateRow.not_before), else_=literal(until, UtcInstant))
            await connection.execute(
                update(ProfileStateRow)
                .where(*_fenced(wish))
                .values(failures=ProfileStateRow.failures + 1, not_before=not_before)
            )
            if attempt is not None:
                await self._writes.add(connection, wish.key, attempt)
                await connection.execute(update(Person).where(*_person(wish.key)).values(home_stale=True))
            if notice:
                await self._notices.tell(connection, wish.key, notice)
            await save_budgets(connection, {wish.key.team_id: budget})

    async def lose_grant(self, wish: PendingWrite, attempt: AuditEntry) -> None:
        """Slack does not honour the token any more: no call is made with it, and its owner is told once.

        A grant that was given anew in the meantime stays.
        """
        async with self._database.write() as connection:
            row = (await self._locked(connection, [wish.key])).get(wish.key)
            if row is None or row.grant_state != "ok":
                return
            token = self._encryptor.open(row.token, "people.token", wish.key.team_id, wish.key.user_id)
            if token != wish.token:
                return
            await connection.execute(
                update(Person)
                .where(*_person(wish.key))
                .values(grant_state="lost", refresh_due_at=None, home_stale=True)
            )
            memory = replace(self._standings.open(row.memory, wish.key), decided="", owner="")
            await connection.execute(
                update(ProfileStateRow)
                .where(*_fenced(wish))
                .values(sent=wish.seq, memory=self._standings.seal(memory, wish.key))
            )
            await self._writes.add(connection, wish.key, attempt)
            await self._notices.tell(connection, wish.key, "grant")

    # ── in the transaction ──────────────────────────────────────────────────────────────────────────

    async def _locked(self, connection: AsyncConnection, keys: Sequence[PersonKey]) -> dict[PersonKey, Any]:
        """The rows of those of `keys` who are still there, locked until the transaction ends."""
        found = await lock_people(connection, keys)
        return {PersonKey(row.team_id, row.user_id): row for row in await connection.execute(*_ROWS(found))}

    def _merged(self, item: WriteResult, row: Any) -> bytes:
        memory = merged(item.memory, self._standings.open(row.memory, item.wish.key))
        if row.seq != item.wish.seq:
            memory = replace(memory, decided="")  # what was decided about is out of date
        return self._standings.seal(memory, item.wish.key)

    async def _mark(self, connection: AsyncConnection, settlements: Sequence[WriteResult]) -> None:
        tried = [item for item in settlements if item.attempt is not None and item.attempt.tried]
        if tried:
            theirs = of(_PEOPLE, [item.wish.key for item in tried])
            await connection.execute(update(Person).where(theirs).values(home_stale=True))
        written = [item.wish.key for item in tried if item.attempt is not None and item.attempt.written]
        if written:
            await self._notices.worked_for(connection, written, "blocked")
        for item in settlements:
            look = item.memory.look
            if look is not None:
                sooner = or_(Person.due_at.is_(None), Person.due_at > look)
                due_at = case((sooner, literal(look, UtcInstant)), else_=Person.due_at)
                await connection.execute(update(Person).where(*_person(item.wish.key)).values(due_at=due_at))


def _may(wish: PendingWrite, row: Any) -> bool:
    if row is None or row.seq != wish.seq or row.sent >= wish.seq:
        return False
    if row.grant_state != "ok" or row.granted_at != wish.granted_at:
        return False
    return pause_of(row.paused_from, row.paused_until) == wish.pause


async def save_budgets(connection: AsyncConnection, budgets: Mapping[str, str]) -> None:
    """Store the state of lanes' budgets."""
    if not budgets:
        return
    insert = insert_for(connection, Lane)
    await connection.execute(
        insert.on_conflict_do_update(index_elements=["team_id"], set_={"budget": insert.excluded.budget}),
        [{"team_id": team_id, "budget": budgets[team_id]} for team_id in sorted(budgets)],
    )


def merged(memory: ProfileState, found: ProfileState) -> ProfileState:
    """`memory`, with what `found` (as it is stored now) knows from events after our look at the profile."""
    own, since, looked_at = found.standing.own, found.standing.own_since, memory.standing.looked_at
    if own is None or since is None or looked_at is None or since <= looked_at or own == memory.standing.own:
        return memory
    told = ownership.hint(memory.standing, own, since)
    return memory if told is None else replace(memory, standing=told, decided="")


def _place(key: PersonKey) -> dict[str, Any]:
    return {"b_team": key.team_id, "b_user": key.user_id}


def _person(key: PersonKey) -> tuple[Any, Any]:
    return Person.team_id == key.team_id, Person.user_id == key.user_id


def _fenced(wish: PendingWrite) -> tuple[Any, Any, Any]:
    return (
        ProfileStateRow.team_id == wish.key.team_id,
        ProfileStateRow.user_id == wish.key.user_id,
        ProfileStateRow.sent < wish.seq,
    )
