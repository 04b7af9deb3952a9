"""Who is due: claimed in batches, each batch one short transaction on any replica.

PostgreSQL skips rows that another replica holds; a crash rolls back, and whoever was claimed is still due.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services import codec
from services.errors import StatusQuoError
from services.model import OwnStatusPolicy, PersonKey, Span
from services.ports import PersonFacts
from services.store.columns import UtcInstant, Vault
from services.store.engine import Database
from services.store.facts import FactStore, pause_of
from services.store.keys import ForPeople, of_people
from services.store.marks import insert_for
from services.store.models import Person, StandingRow
from services.store.spans import SpanStore, chunks
from services.store.standings import StandingStore, is_waiting
from services.wishes import DuePerson, Outcome

PEOPLE = Person.__table__
STANDINGS = StandingRow.__table__
_CHUNK = 400
_CLAIMED = ForPeople(
    PEOPLE.c.team_id,
    PEOPLE.c.user_id,
    lambda theirs: (
        select(
            PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.locale, PEOPLE.c.grant_state, PEOPLE.c.preferences,
            PEOPLE.c.paused_from, PEOPLE.c.paused_until, PEOPLE.c.stale, PEOPLE.c.resolved_until, PEOPLE.c.home_opened,
            STANDINGS.c.memory, is_waiting().label("waits"),
        )
        .join_from(
            PEOPLE,
            STANDINGS,
            (STANDINGS.c.team_id == PEOPLE.c.team_id) & (STANDINGS.c.user_id == PEOPLE.c.user_id),
            isouter=True,
        )
        .where(theirs)
    ),
)  # fmt: skip


class Batch:
    """People claimed by one transaction, and how to save what became of them."""

    def __init__(
        self,
        transaction: AsyncConnection,
        people: Sequence[DuePerson],
        waiting: frozenset[PersonKey],
        at: datetime,
        stores: tuple[FactStore, SpanStore, StandingStore],
    ) -> None:
        """`transaction` is open until the batch is left; `waiting` are those whose wish has not been carried out."""
        self.transaction = transaction
        self.people = people
        self._waiting = waiting
        self._at = at
        self._facts, self._spans, self._standings = stores

    async def facts(self, keys: Sequence[PersonKey], start: datetime, end: datetime) -> Mapping[PersonKey, PersonFacts]:
        """What deciding needs of `keys`, without those whose facts cannot be read: they hold up nobody else."""
        try:
            return await self._facts.load_on(self.transaction, keys, start, end)
        except (StatusQuoError, ValueError):  # ValueError: what is stored is no JSON, or names what we do not know
            if len(keys) == 1:
                return {}
        found: dict[PersonKey, PersonFacts] = {}
        for key in keys:
            found.update(await self.facts([key], start, end))
        return found

    async def spans_at(self, keys: Sequence[PersonKey], instant: datetime) -> Mapping[PersonKey, Span]:
        """The stored spans that hold `instant`."""
        return await self._spans.at(self.transaction, keys, instant)

    async def save(self, outcomes: Sequence[Outcome]) -> None:
        """Write everything down: spans, due times, wishes, memories.

        Of whom nothing is wished any more, a lane may have a wish in hand: what it is about is withdrawn.
        """
        if not outcomes:
            return
        await self._spans.replace(
            self.transaction, {outcome.key: outcome.spans for outcome in outcomes if outcome.spans is not None}
        )
        await self._people(outcomes)
        await self._wishes([outcome for outcome in outcomes if outcome.urgency is not None])
        await self._withdraw([outcome.key for outcome in outcomes if outcome.urgency is None])
        for outcome in outcomes:
            if outcome.memory is not None:
                await self._standings.save(self.transaction, outcome.key, outcome.memory)

    async def _people(self, outcomes: Sequence[Outcome]) -> None:
        await self.transaction.execute(
            update(Person)
            .where(PEOPLE.c.team_id == bindparam("b_team"), PEOPLE.c.user_id == bindparam("b_user"))
            .values(
                due_at=bindparam("b_due"),
                stale=bindparam("b_stale"),
                resolved_until=func.coalesce(bindparam("b_until", type_=UtcInstant), PEOPLE.c.resolved_until),
                home_stale=or_(PEOPLE.c.home_stale, bindparam("b_home")),
            ),
            [
                {
                    "b_team": outcome.key.team_id,
                    "b_user": outcome.key.user_id,
                    "b_due": outcome.due_at,
                    "b_stale": outcome.stale,
                    "b_until": outcome.resolved_until,
                    "b_home": outcome.home_stale,
                }
                for outcome in outcomes
            ],
        )

    async def _wishes(self, outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return
        insert = insert_for(self.transaction, StandingRow)
        sooner = and_(is_waiting(), STANDINGS.c.urgency < insert.excluded.urgency)
        await self.transaction.execute(
            insert.on_conflict_do_update(
                index_elements=["team_id", "user_id"],
                set_={
                    "seq": STANDINGS.c.seq + 1,
                    "urgency": case((sooner, STANDINGS.c.urgency), else_=insert.excluded.urgency),
                    "wished_at": case((is_waiting(), STANDINGS.c.wished_at), else_=insert.excluded.wished_at),
                    # what was typed just now does not wait for the end of a back-off
                    "not_before": case((insert.excluded.urgency == 0, None), else_=STANDINGS.c.not_before),
                },
            ),
            [
                {
                    "team_id": outcome.key.team_id,
                    "user_id": outcome.key.user_id,
                    "seq": 1,
                    "sent": 0,
                    "failures": 0,
                    "urgency": outcome.urgency,
                    "wished_at": self._at,
                }
                for outcome in outcomes
            ],
        )

    async def _withdraw(self, keys: Sequence[PersonKey]) -> None:
        """Raise the number of a wish that waits, so that a lane looks anew instead of writing what it has in hand."""
        withdrawn = self._waiting.intersection(keys)
        if withdrawn:
            theirs = of_people(STANDINGS.c.team_id, STANDINGS.c.user_id, withdrawn)
            await self.transaction.execute(
                update(StandingRow).where(theirs, is_waiting()).values(seq=STANDINGS.c.seq + 1)
            )


class DueStore:
    """Opens batches."""

    def __init__(self, database: Database, vault: Vault, facts: FactStore) -> None:
        """`facts` loads what resolving needs."""
        self._database = database
        self._spans = SpanStore(vault)
        self._standings = StandingStore(vault)
        self._facts = facts

    async def next_due(self) -> datetime | None:
        """When the first person is due."""
        async with self._database.read() as connection:
            return await connection.scalar(select(func.min(Person.due_at)))

    @asynccontextmanager
    async def batch(self, now: datetime, limit: int) -> AsyncIterator[Batch]:
        """Claim at most `limit` of those due at `now`, the longest due first. Committed when left without error."""
        async with self._database.write() as transaction:
            claimed = await transaction.execute(
                select(Person.team_id, Person.user_id)
                .where(Person.due_at <= now)
                .order_by(Person.due_at, Person.team_id, Person.user_id)
                .limit(limit)
                .with_for_update(key_share=True, skip_locked=True)
            )
            keys = [PersonKey(row.team_id, row.user_id) for row in claimed]
            rows = {}  # read once they are ours: see `lock_people`
            for chunk in chunks(keys, _CHUNK):
                for row in await transaction.execute(*_CLAIMED(chunk)):
                    rows[PersonKey(row.team_id, row.user_id)] = row
            spans = await self._spans.at(transaction, keys, now)
            people = [self._person(rows[key], spans.get(key)) for key in keys]
            waiting = frozenset(key for key in keys if rows[key].waits)
            yield Batch(transaction, people, waiting, now, (self._facts, self._spans, self._standings))

    def _person(self, row: Any, span: Span | None) -> DuePerson:
        key = PersonKey(row.team_id, row.user_id)
        memory, policy = None, OwnStatusPolicy.COVER_AND_RESTORE
        with suppress(
            StatusQuoError, ValueError
        ):  # a key is missing, or what is stored makes no sense: nobody else waits for it
            policy = own_status(row.preferences)
            memory = self._standings.open(row.memory, key)
        return DuePerson(
            key=key,
            locale=row.locale,
            granted=row.grant_state == "ok",
            policy=policy,
            pause=pause_of(row.paused_from, row.paused_until),
            stale=row.stale,
            resolved_until=row.resolved_until,
            home_opened=row.home_opened,
            memory=memory,
            span=span,
        )


def own_status(preferences: str) -> OwnStatusPolicy:
    """The policy in a person's stored preferences."""
    if preferences == "{}":
        return OwnStatusPolicy.COVER_AND_RESTORE
    return codec.preferences_from_json(json.loads(preferences)).own_status
