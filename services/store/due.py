"""Who is due, and what is remembered of their profile.

Batches of people are claimed, each one short transaction on any replica. PostgreSQL skips rows that another replica
holds; a crash rolls back, and whoever was claimed is still due.

Two queues: those whose stored timeline stands, and those whose timeline is to be resolved anew, what was typed
before the others. Resolving takes long, so it is done between two transactions: one tells whose, and the number of
their facts; the other saves those whose facts have that number still.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, case, exists, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain import ownership
from services.domain.decisions import Standing
from services.domain.errors import StatusQuoError
from services.domain.model import OwnStatusPolicy, PersonKey, Span, Status
from services.domain.people import LEAVE, GrantState, PersonFacts
from services.domain.profile_state import HOME_LIVES, Claim, DuePerson, ProfileState, Resolution, Urgency
from services.platform.crypto import Encryptor, SealedBytes
from services.store import json_values
from services.store.absence_rows import ResolvedAbsences, replace_absences
from services.store.columns import UtcInstant
from services.store.db import Database, Query, Store, tell_sender
from services.store.effect_tables import STRETCHES
from services.store.facts import FactStore
from services.store.person_rows import chunks, insert_for, lock_people, of_people, of_person, those, upsert
from services.store.stretches import Stretches, replace_stretches
from services.store.tables import PEOPLE, PROFILE_STATES
from services.store.timeline import SealedSpans, SpanStore, pause_of
from services.store.workspace_tables import ABSENCES

_COLUMN = "standings.memory"
_MEMORY = select(PROFILE_STATES.c.memory).where(
    PROFILE_STATES.c.team_id == bindparam("team"), PROFILE_STATES.c.user_id == bindparam("user")
)


class ProfileStateStore:
    """Reads and writes memories, inside of somebody's transaction."""

    def __init__(self, encryptor: Encryptor) -> None:
        self._encryptor = encryptor

    def open(self, sealed: bytes | None, key: PersonKey) -> ProfileState:
        """Return the memory in a row's column; an empty one where there is none. Raises SealError."""
        plain = self._encryptor.open_bytes(sealed, _COLUMN, key.team_id, key.user_id)
        return ProfileState() if plain is None else json_values.profile_state_from_json(plain)

    def shown(self, sealed: bytes | None, key: PersonKey) -> Standing:
        """Of the memory in a row's column only what tells what the profile shows. Raises SealError, InputError."""
        plain = self._encryptor.open_bytes(sealed, _COLUMN, key.team_id, key.user_id)
        return Standing() if plain is None else json_values.standing_shown_from_json(plain)

    def seal(self, memory: ProfileState, key: PersonKey) -> SealedBytes:
        """Return the column's value for `memory`."""
        return self._encryptor.seal(json_values.profile_state_to_json(memory), _COLUMN, key.team_id, key.user_id)

    def asked(self, key: PersonKey) -> Query:
        """Return the query of the person's row: its `memory`."""
        return _MEMORY, {"team": key.team_id, "user": key.user_id}

    async def load(self, connection: AsyncConnection, key: PersonKey) -> ProfileState:
        """Return the person's memory; who changes it has locked the person before. Raises SealError."""
        return self.open(await connection.scalar(*self.asked(key)), key)

    async def save(self, connection: AsyncConnection, key: PersonKey, memory: ProfileState) -> None:
        """Remember `memory`. What waits to be written stays, but whoever has read it looks anew."""
        sealed = self.seal(memory, key)
        new = {"seq": 0, "sent": 0, "urgency": 9, "failures": 0, "memory": sealed}
        row = {"team_id": key.team_id, "user_id": key.user_id, **new}
        seq = case((is_waiting(), PROFILE_STATES.c.seq + 1), else_=PROFILE_STATES.c.seq)
        await connection.execute(upsert(connection, PROFILE_STATES, row, {"memory": sealed, "seq": seq}))

    async def is_news(self, connection: AsyncConnection, key: PersonKey, seen: Status, at: datetime) -> bool:
        """Return whether `see` would remember it; reads only."""
        return ownership.hint((await self.load(connection, key)).standing, seen, at) is not None

    async def see(self, connection: AsyncConnection, key: PersonKey, seen: Status, at: datetime) -> bool:
        """Remember that the profile showed `seen` at `at`, as an event said; the next tick then decides anew.

        False, and nothing is changed, where the event is an echo of our own write, tells nothing new, or is of
        somebody who is not ours any more.
        """
        if not await lock_people(connection, [key]):
            return False
        memory = await self.load(connection, key)
        standing = ownership.hint(memory.standing, seen, at)
        if standing is None:
            return False
        await self.save(connection, key, replace(memory, standing=standing, decided=""))
        return True


def is_waiting() -> ColumnElement[bool]:
    """State that something waits to be written."""
    return PROFILE_STATES.c.seq > PROFILE_STATES.c.sent


LEASE = timedelta(seconds=30)
"""How long a replica has for the timelines that it has claimed, before another one resolves them: they take it seconds,
and if it is killed meanwhile, their people are late by no more than this."""

_SOMEBODY = PEOPLE.c.user_id != LEAVE
"""Not the row of a workspace's leave calendars, which `services.store.leave` claims."""

_NEXT = select(func.min(PEOPLE.c.due_at)).where(~PEOPLE.c.stale, _SOMEBODY)
_NEXT_STALE = {
    typed: select(func.min(PEOPLE.c.due_at)).where(PEOPLE.c.stale, PEOPLE.c.typed.is_(typed), _SOMEBODY)
    for typed in (True, False)
}


def _has(table: Table[Any]) -> ColumnElement[bool]:
    return exists().where(of_person(table, PEOPLE.c))


_CLAIMED = (
    select(
        PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.locale, PEOPLE.c.grant_state, PEOPLE.c.preferences,
        PEOPLE.c.paused_from, PEOPLE.c.paused_until, PEOPLE.c.stale, PEOPLE.c.facts_seq, PEOPLE.c.due_at,
        PEOPLE.c.typed, PEOPLE.c.resolved_until, PEOPLE.c.home_opened_at, PROFILE_STATES.c.memory,
        is_waiting().label("waits"), _has(STRETCHES).label("has_stretches"), _has(ABSENCES).label("has_absences"),
    )
    .join_from(PEOPLE, PROFILE_STATES, of_person(PROFILE_STATES, PEOPLE), isouter=True)
    .where(of_people(PEOPLE))
)  # fmt: skip
_LOOKED_AT = (
    update(PEOPLE)
    .where(PEOPLE.c.team_id == bindparam("b_team"), PEOPLE.c.user_id == bindparam("b_user"))
    .values(
        due_at=bindparam("b_due"),
        stale=bindparam("b_stale"),
        typed=false(),
        resolved_until=func.coalesce(bindparam("b_until", type_=UtcInstant), PEOPLE.c.resolved_until),
        home_stale=or_(PEOPLE.c.home_stale, bindparam("b_home")),
    )
)
_WITHDRAW = update(PROFILE_STATES).where(of_people(PROFILE_STATES), is_waiting()).values(seq=PROFILE_STATES.c.seq + 1)


@dataclass(frozen=True, slots=True)
class Batch:
    """People claimed by one transaction, which is open until the batch is left, and how to save what became of them."""

    _transaction: AsyncConnection
    people: Sequence[DuePerson]
    at: datetime
    _spans: SpanStore
    _profile_states: ProfileStateStore
    _with_stretches: frozenset[PersonKey] = frozenset()
    """Those of whom some are stored; so `_with_absences`."""
    _with_absences: frozenset[PersonKey] = frozenset()

    async def save(
        self,
        outcomes: Sequence[Resolution],
        spans: SealedSpans = MappingProxyType({}),
        stretches: Stretches = MappingProxyType({}),
        absences: Mapping[PersonKey, ResolvedAbsences] = MappingProxyType({}),
    ) -> None:
        """Write all down: due times, pending writes, memories, and the timelines of those of whom `spans` has them.

        Those have their `stretches` and `absences` replaced, too. The sender is told of what there is for it to do.

        Of whom nothing is wished any more, something may be about to be written: that is withdrawn, by raising its
        number, so that the sender looks anew instead of writing what it has read.
        """
        if not outcomes:
            return
        resolved = {outcome.key: spans[outcome.key] for outcome in outcomes if outcome.key in spans}
        await self._spans.put(self._transaction, resolved)
        carried = {key: found for key in resolved if (found := stretches.get(key, ())) or key in self._with_stretches}
        if carried:
            await replace_stretches(self._transaction, carried, self.at)
        told = {
            key: absences[key]
            for key in resolved
            if key in absences and (absences[key].absences or key in self._with_absences)
        }
        if told:
            await replace_absences(self._transaction, told, self.at)
        looked_at = [
            {
                "b_team": outcome.key.team_id,
                "b_user": outcome.key.user_id,
                "b_due": outcome.due_at,
                "b_stale": outcome.stale,
                "b_until": outcome.resolved_until,
                "b_home": outcome.home_stale,
            }
            for outcome in outcomes
        ]
        await self._transaction.execute(_LOOKED_AT, looked_at)
        await self._wish([outcome for outcome in outcomes if outcome.urgency is not None])
        waiting = {person.key for person in self.people if person.waits}
        satisfied = [outcome for outcome in outcomes if outcome.urgency is None]
        withdrawn = [outcome.key for outcome in satisfied if outcome.key in waiting]
        if withdrawn:
            await self._transaction.execute(_WITHDRAW, those(withdrawn))
        for outcome in satisfied:
            if outcome.memory is not None:
                await self._profile_states.save(self._transaction, outcome.key, outcome.memory)
        # what was done by hand may be about an effect
        if any(one.urgency is not None or one.home_stale for one in outcomes) or any(one.typed for one in self.people):
            tell_sender(self._transaction, typed=any(one.urgency == Urgency.TYPED for one in outcomes))

    async def _wish(self, outcomes: Sequence[Resolution]) -> None:
        if not outcomes:
            return
        insert = insert_for(self._transaction, PROFILE_STATES)
        sooner = and_(is_waiting(), PROFILE_STATES.c.urgency < insert.excluded.urgency)
        pending = insert.on_conflict_do_update(
            index_elements=["team_id", "user_id"],
            set_={
                "seq": PROFILE_STATES.c.seq + 1,
                "urgency": case((sooner, PROFILE_STATES.c.urgency), else_=insert.excluded.urgency),
                "wished_at": case((is_waiting(), PROFILE_STATES.c.wished_at), else_=insert.excluded.wished_at),
                # what was typed just now does not wait for the end of a back-off
                "not_before": case((insert.excluded.urgency == Urgency.TYPED, None), else_=PROFILE_STATES.c.not_before),
                "memory": func.coalesce(insert.excluded.memory, PROFILE_STATES.c.memory),
            },
        )
        rows = [
            {
                "team_id": outcome.key.team_id,
                "user_id": outcome.key.user_id,
                "seq": 1,
                "sent": 0,
                "failures": 0,
                "urgency": outcome.urgency,
                "wished_at": outcome.since or self.at,
                "memory": None if outcome.memory is None else self._profile_states.seal(outcome.memory, outcome.key),
            }
            for outcome in outcomes
        ]
        await self._transaction.execute(pending, rows)


class DueStore(Store):
    """Opens batches."""

    def __init__(self, database: Database, encryptor: Encryptor, facts: FactStore) -> None:
        super().__init__(database, encryptor)
        self.spans = SpanStore(encryptor)
        self._profile_states = ProfileStateStore(encryptor)
        self._facts = facts

    async def next_due(self) -> datetime | None:
        """Return when the first of those is due whose timeline stands."""
        return await self._database.scalar(_NEXT)

    async def next_stale(self, *, typed: bool) -> datetime | None:
        """Return when the first timeline is to be resolved anew, of those who typed or of the others."""
        return await self._database.scalar(_NEXT_STALE[typed])

    @asynccontextmanager
    async def batch(self, now: datetime, limit: int) -> AsyncIterator[Batch]:
        """Claim at most `limit` of those due at `now` whose timeline stands, the longest due first.

        Committed when left without error.
        """
        async with self._database.write() as transaction:
            theirs = _due(now, ~PEOPLE.c.stale, limit).with_for_update(key_share=True, skip_locked=True)
            keys = [PersonKey(row.team_id, row.user_id) for row in await transaction.execute(theirs)]
            rows = await self._rows(transaction, keys)
            spans = await self.spans.at(transaction, keys, now)
            people = [self._person(row, spans.get(key), row.due_at, now) for key, row in rows.items()]
            yield Batch(transaction, people, now, self.spans, self._profile_states)

    async def claim_stale(self, now: datetime, limit: int, *, typed: bool) -> dict[PersonKey, Claim]:
        """At most `limit` of those whose timeline is to be resolved anew, the longest due first."""
        theirs = _due(now, and_(PEOPLE.c.stale, PEOPLE.c.typed.is_(typed)), limit)
        # SQLite: no other process could take them up meanwhile. Typed: were one to, the first that is done wins.
        if typed or self._database.is_sqlite:
            rows = await self._database.fetch(theirs)
        else:
            async with self._database.write() as transaction:
                rows = (await transaction.execute(theirs.with_for_update(key_share=True, skip_locked=True))).all()
                keys = [PersonKey(row.team_id, row.user_id) for row in rows]
                ours = update(PEOPLE).where(of_people(PEOPLE)).values(due_at=now + LEASE)
                await transaction.execute(ours, those(keys))
        return {PersonKey(row.team_id, row.user_id): Claim(row.facts_seq, row.due_at) for row in rows}

    async def facts(
        self, keys: Sequence[PersonKey], start: datetime, end: datetime, *, ahead: datetime | None = None
    ) -> Mapping[PersonKey, PersonFacts]:
        """Return what deciding needs of `keys`, without those whose facts cannot be read: they hold up nobody else.

        With what may be absences until `ahead`.
        """
        try:
            return await self._facts.load(keys, start, end, ahead=ahead)
        except (StatusQuoError, ValueError):  # ValueError: what is stored is no JSON, or names what we do not know
            if len(keys) == 1:
                return {}
        found: dict[PersonKey, PersonFacts] = {}
        for key in keys:
            found.update(await self.facts([key], start, end, ahead=ahead))
        return found

    async def spans_at(self, keys: Sequence[PersonKey], instant: datetime) -> Mapping[PersonKey, Span]:
        """Return the stored spans that hold `instant`."""
        async with self._database.read() as connection:
            return await self.spans.at(connection, keys, instant)

    @asynccontextmanager
    async def unchanged(self, claimed: Mapping[PersonKey, Claim], now: datetime) -> AsyncIterator[Batch]:
        """Lock those of `claimed` whose facts are as they were then. Committed when left without error."""
        async with self._database.write() as transaction:
            rows = await self._rows(transaction, await lock_people(transaction, claimed))
            people = [
                self._person(row, None, claimed[key].due_at, now)
                for key, row in rows.items()
                if row.stale and row.facts_seq == claimed[key].facts_seq
            ]
            stretches = frozenset(key for key, row in rows.items() if row.has_stretches)
            absences = frozenset(key for key, row in rows.items() if row.has_absences)
            yield Batch(transaction, people, now, self.spans, self._profile_states, stretches, absences)

    async def _rows(self, transaction: AsyncConnection, keys: Sequence[PersonKey]) -> dict[PersonKey, Any]:
        """Return the rows of people who are locked already, in the order of `keys`: see `lock_people`."""
        rows = {}
        for chunk in chunks(keys):
            for row in await transaction.execute(_CLAIMED, those(chunk)):
                rows[PersonKey(row.team_id, row.user_id)] = row
        return {key: rows[key] for key in keys}

    def _person(self, row: Any, span: Span | None, due_at: datetime, now: datetime) -> DuePerson:
        key = PersonKey(row.team_id, row.user_id)
        memory, policy = None, OwnStatusPolicy.COVER_AND_RESTORE
        # where a key is missing, or what is stored makes no sense, nobody else waits for it
        with suppress(StatusQuoError, ValueError):
            policy = json_values.preferences_from_json(row.preferences).own_status
            memory = self._profile_states.open(row.memory, key)
        return DuePerson(
            key=key,
            locale=row.locale,
            granted=row.grant_state == GrantState.OK,
            policy=policy,
            pause=pause_of(row.paused_from, row.paused_until),
            due_at=due_at,
            typed=row.typed,
            waits=bool(row.waits),
            resolved_until=row.resolved_until,
            looks_at_home=row.home_opened_at is not None and row.home_opened_at > now - HOME_LIVES,
            memory=memory,
            span=span,
        )


def _due(now: datetime, condition: ColumnElement[bool], limit: int) -> Select[str, str, int, datetime | None]:
    return (
        select(PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.facts_seq, PEOPLE.c.due_at)
        .where(condition, PEOPLE.c.due_at <= now, _SOMEBODY)
        .order_by(PEOPLE.c.due_at, PEOPLE.c.team_id, PEOPLE.c.user_id)
        .limit(limit)
    )
