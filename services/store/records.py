"""What came of wishes: intents before a call, results after it, each many people to a transaction.

Rows are locked in one order everywhere: people, then standings, and people in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.model import PersonKey
from services.store.columns import UtcInstant, Vault
from services.store.engine import Database
from services.store.facts import of, pause_of
from services.store.marks import insert_for
from services.store.models import Lane, Person, StandingRow
from services.store.notices import NoticeStore
from services.store.standings import StandingStore
from services.store.writes import WriteStore
from services.wishes import Attempt, Intention, Memory, Settlement, Wish

_PEOPLE = Person.__table__


class WishRecords:
    """Records, each method one transaction."""

    def __init__(self, database: Database, vault: Vault, notices: NoticeStore, writes: WriteStore) -> None:
        """`notices` and `writes` are recorded in the same transactions."""
        self._database = database
        self._vault = vault
        self._notices = notices
        self._writes = writes
        self._standings = StandingStore(vault)

    async def intend(self, intentions: Sequence[Intention]) -> list[bool]:
        """Remember what is about to be written, before it is.

        False, and nothing may be written: the person, their grant or the wish is gone, there is a newer wish, they
        have paused, or an event told that the profile was changed within `read`. What is to be done stays pending.
        """
        async with self._database.write() as connection:
            rows = await self._locked(connection, [intention.wish.key for intention in intentions])
            may = [self._may(intention, rows.get(intention.wish.key)) for intention in intentions]
            allowed = [intention for intention, good in zip(intentions, may, strict=True) if good]
            if allowed:
                await connection.execute(
                    update(StandingRow)
                    .where(StandingRow.team_id == bindparam("b_team"), StandingRow.user_id == bindparam("b_user"))
                    .values(memory=bindparam("b_memory")),
                    [
                        _place(item.wish.key) | {"b_memory": self._standings.seal(item.memory, item.wish.key)}
                        for item in allowed
                    ],
                )
                await save_budgets(connection, {item.wish.key.team_id: item.budget for item in allowed})
        return may

    async def settle(self, settlements: Sequence[Settlement]) -> list[None]:
        """The wishes were carried out: remember what stands now, write the audit, be due when a look is worth it.

        What an event told since the wish was read is kept: a status typed between our read and our write was
        covered by it, and is put back like any other. A wish that another owner has marked is left alone (the fence).
        """
        async with self._database.write() as connection:
            rows = await self._locked(connection, [item.wish.key for item in settlements])
            alive = [item for item in settlements if item.wish.key in rows]
            kept = [item for item in alive if rows[item.wish.key].sent < item.wish.seq]
            if kept:
                await connection.execute(
                    update(StandingRow)
                    .where(StandingRow.team_id == bindparam("b_team"), StandingRow.user_id == bindparam("b_user"))
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

    async def drop(self, wish: Wish, *, unresolved: bool = False, now: datetime) -> None:
        """Nothing can be done for this wish (no grant, a pause). `unresolved`: its timeline is to be made first."""
        async with self._database.write() as connection:
            if unresolved:
                await connection.execute(update(Person).where(*_person(wish.key)).values(stale=True, due_at=now))
            await connection.execute(update(StandingRow).where(*_fenced(wish)).values(sent=wish.seq))

    async def postpone(self, wish: Wish, until: datetime, attempt: Attempt | None, notice: str, budget: str) -> None:
        """It did not work and is tried again at `until`; `notice`, unless "", is a subject to tell the person."""
        async with self._database.write() as connection:
            if wish.key not in await self._locked(connection, [wish.key]):
                return
            await connection.execute(
                update(StandingRow).where(*_fenced(wish)).values(failures=StandingRow.failures + 1, not_before=until)
            )
            if attempt is not None:
                await self._writes.add(connection, wish.key, attempt)
            if notice:
                await self._notices.tell(connection, wish.key, notice)
            await save_budgets(connection, {wish.key.team_id: budget})

    async def lose_grant(self, wish: Wish, attempt: Attempt) -> None:
        """Slack does not honour the token any more: no call is made with it, and its owner is told once.

        A grant that was given anew in the meantime stays.
        """
        async with self._database.write() as connection:
            row = (await self._locked(connection, [wish.key])).get(wish.key)
            if row is None or row.grant_state != "ok":
                return
            token = self._vault.open(row.token, "people.token", wish.key.team_id, wish.key.user_id)
            if token != wish.token:
                return
            await connection.execute(
                update(Person)
                .where(*_person(wish.key))
                .values(grant_state="lost", refresh_due_at=None, home_stale=True)
            )
            memory = replace(self._standings.open(row.memory, wish.key), decided="", owner="")
            await connection.execute(
                update(StandingRow)
                .where(*_fenced(wish))
                .values(sent=wish.seq, memory=self._standings.seal(memory, wish.key))
            )
            await self._writes.add(connection, wish.key, attempt)
            await self._notices.tell(connection, wish.key, "grant")

    # ── in the transaction ──────────────────────────────────────────────────────────────────────────

    async def _locked(self, connection: AsyncConnection, keys: Sequence[PersonKey]) -> dict[PersonKey, Any]:
        """The rows of those of `keys` who are still there, locked until the transaction ends."""
        rows = await connection.execute(
            select(
                Person.team_id, Person.user_id, Person.grant_state, Person.token, Person.paused_from,
                Person.paused_until, StandingRow.seq, StandingRow.sent, StandingRow.memory,
            )
            .join(StandingRow, (StandingRow.team_id == Person.team_id) & (StandingRow.user_id == Person.user_id))
            .where(of(_PEOPLE, keys))
            .order_by(Person.team_id, Person.user_id)
            .with_for_update(of=Person)
        )  # fmt: skip
        return {PersonKey(row.team_id, row.user_id): row for row in rows}

    def _may(self, intention: Intention, row: Any) -> bool:
        wish = intention.wish
        if row is None or row.grant_state != "ok" or row.seq != wish.seq or row.sent >= wish.seq:
            return False
        if pause_of(row.paused_from, row.paused_until) != wish.pause:
            return False
        seen = self._standings.open(row.memory, wish.key).standing
        return seen.own_since is None or not intention.read[0] < seen.own_since <= intention.read[1]

    def _merged(self, item: Settlement, row: Any) -> bytes:
        found = self._standings.open(row.memory, item.wish.key)
        return self._standings.seal(merged(item.memory, found), item.wish.key)

    async def _mark(self, connection: AsyncConnection, settlements: Sequence[Settlement]) -> None:
        written = [item.wish.key for item in settlements if item.attempt is not None and item.attempt.written]
        if written:
            await connection.execute(update(Person).where(of(_PEOPLE, written)).values(home_stale=True))
        for item in settlements:
            look = item.memory.look
            if look is not None:
                sooner = or_(Person.due_at.is_(None), Person.due_at > look)
                due_at = case((sooner, literal(look, UtcInstant)), else_=Person.due_at)
                await connection.execute(update(Person).where(*_person(item.wish.key)).values(due_at=due_at))


async def save_budgets(connection: AsyncConnection, budgets: Mapping[str, str]) -> None:
    """Store the state of lanes' budgets."""
    if not budgets:
        return
    insert = insert_for(connection, Lane)
    await connection.execute(
        insert.on_conflict_do_update(index_elements=["team_id"], set_={"budget": insert.excluded.budget}),
        [{"team_id": team_id, "budget": budgets[team_id]} for team_id in sorted(budgets)],
    )


def merged(memory: Memory, found: Memory) -> Memory:
    """`memory`, with what `found` (as it is stored now) knows from events after our look at the profile."""
    seen, looked_at = found.standing, memory.standing.looked_at
    if seen.own is None or seen.own_since is None or looked_at is None or seen.own_since <= looked_at:
        return memory
    if seen.own == memory.standing.own:
        return memory
    if memory.standing.applied is not None and not seen.own.empty:
        return replace(memory, standing=replace(memory.standing, covered=seen.own), decided="")
    return replace(memory, standing=replace(memory.standing, own=seen.own, own_since=seen.own_since), decided="")


def _place(key: PersonKey) -> dict[str, Any]:
    return {"b_team": key.team_id, "b_user": key.user_id}


def _person(key: PersonKey) -> tuple[Any, Any]:
    return Person.team_id == key.team_id, Person.user_id == key.user_id


def _fenced(wish: Wish) -> tuple[Any, Any, Any]:
    return StandingRow.team_id == wish.key.team_id, StandingRow.user_id == wish.key.user_id, StandingRow.sent < wish.seq
