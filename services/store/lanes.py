"""The rows of a workspace's lane: who is to be written to, most urgent first, and what came of it.

A wish is pending while `seq > sent`. Marking it done names the `seq` that was carried out, so that a wish
made meanwhile stays pending, and a late record of a former owner of the lane changes nothing (the fence).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.errors import StatusQuoError
from services.model import OwnStatusPolicy, Pause, PersonKey, Span
from services.store.columns import UtcInstant, Vault
from services.store.due import own_status
from services.store.engine import Database
from services.store.facts import pause_of
from services.store.marks import insert_for
from services.store.models import Lane, Notice, Person, SpanRow, StandingRow, Workspace
from services.store.notices import NoticeStore
from services.store.spans import SpanStore
from services.store.standings import Memory, StandingStore
from services.store.writes import Attempt, WriteStore

_PENDING = StandingRow.seq > StandingRow.sent


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody whose profile is to be looked at, with all that this needs, as stored when it was read.

    `token` is None where there is none, or it cannot be opened; `span` None where the stored timeline has run dry.
    """

    key: PersonKey
    seq: int
    urgency: int
    failures: int
    granted: bool
    token: str | None
    policy: OwnStatusPolicy
    pause: Pause | None
    memory: Memory
    span: Span | None


@dataclass(frozen=True, slots=True)
class Home:
    """Somebody whose Home tab shows something old."""

    key: PersonKey


class LaneStore:
    """Wishes, standings, audit and budget of lanes. Each method is one transaction."""

    def __init__(self, database: Database, vault: Vault, notices: NoticeStore, writes: WriteStore) -> None:
        """`notices` and `writes` are recorded in the same transactions."""
        self._database = database
        self._vault = vault
        self._notices = notices
        self._writes = writes
        self._spans = SpanStore(vault)
        self._standings = StandingStore(vault)

    # ── what there is to do ─────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def busy(self, now: datetime) -> AsyncIterator[tuple[AsyncConnection, list[str]]]:
        """A transaction, and the workspaces whose lane has something to do at `now`."""
        async with self._database.write() as transaction:
            unsent = select(Notice.team_id).where(Notice.sent_at.is_(None))
            homes = select(Person.team_id).where(Person.home_opened, Person.home_stale)
            wishes = select(StandingRow.team_id).where(_PENDING, _not_before(now))
            teams = (await transaction.execute(wishes.union(unsent, homes))).scalars().all()
            yield transaction, sorted(teams)

    async def wishes(self, team_id: str, now: datetime, limit: int, busy: Collection[PersonKey]) -> list[Wish]:
        """The most urgent pending wishes of a workspace at `now`, without those of `busy` people."""
        statement = (
            select(
                StandingRow.seq, StandingRow.urgency, StandingRow.failures, StandingRow.memory, StandingRow.team_id,
                StandingRow.user_id, Person.grant_state, Person.token, Person.preferences, Person.paused_from,
                Person.paused_until, SpanRow.start_at, SpanRow.end_at, SpanRow.rule, SpanRow.kind, SpanRow.override,
                SpanRow.reason, SpanRow.uid, SpanRow.content,
            )
            .join_from(StandingRow, Person, _same(StandingRow, Person))
            .outerjoin(
                SpanRow, and_(_same(StandingRow, SpanRow), SpanRow.start_at <= now, SpanRow.end_at > now)
            )
            .where(StandingRow.team_id == team_id, _PENDING, _not_before(now))
            .order_by(StandingRow.urgency, StandingRow.wished_at, StandingRow.user_id)
            .limit(limit)
        )  # fmt: skip
        if busy:
            statement = statement.where(StandingRow.user_id.not_in([key.user_id for key in busy]))
        async with self._database.read() as connection:
            return [self._wish(row) for row in await connection.execute(statement)]

    async def next_try(self, team_id: str, now: datetime) -> datetime | None:
        """When the first wish that is put off may be tried again."""
        async with self._database.read() as connection:
            return await connection.scalar(
                select(func.min(StandingRow.not_before)).where(
                    StandingRow.team_id == team_id, _PENDING, StandingRow.not_before > now
                )
            )

    def _wish(self, row: Any) -> Wish:
        key = PersonKey(row.team_id, row.user_id)
        token: str | None = None
        span: Span | None = None
        memory, policy = Memory(), OwnStatusPolicy.COVER_AND_RESTORE
        try:
            policy = own_status(row.preferences)
            token = self._vault.open(row.token, "people.token", key.team_id, key.user_id)
            memory = self._standings.open(row.memory, key)
            span = None if row.start_at is None else self._spans.span(row)
        except (StatusQuoError, ValueError):
            token = None  # something cannot be read: nothing may be written before it can
        return Wish(
            key=key, seq=row.seq, urgency=row.urgency, failures=row.failures, granted=row.grant_state == "ok",
            token=token, policy=policy, pause=pause_of(row.paused_from, row.paused_until),
            memory=memory, span=span,
        )  # fmt: skip

    # ── what came of a wish ─────────────────────────────────────────────────────────────────────────

    async def intend(self, wish: Wish, memory: Memory, read: tuple[datetime, datetime], budget: str) -> bool:
        """Remember what is about to be written, before it is.

        False, and nothing may be written: the person, their grant or the wish is gone, they have paused, or an
        event told that the profile was changed within `read`: between its read and now. The wish stays pending.
        """
        async with self._database.write() as connection:
            row = (
                await connection.execute(
                    select(Person.grant_state, Person.paused_from, Person.paused_until)
                    .where(*_is(Person, wish.key))
                    .with_for_update()
                )
            ).one_or_none()
            if row is None or row.grant_state != "ok" or pause_of(row.paused_from, row.paused_until) != wish.pause:
                return False
            seen = (await self._standings.load(connection, wish.key)).standing
            if seen.own_since is not None and read[0] < seen.own_since <= read[1]:
                return False
            result = await connection.execute(
                update(StandingRow)
                .where(*_is(StandingRow, wish.key), StandingRow.sent < wish.seq)
                .values(memory=self._standings.seal(memory, wish.key))
            )
            await self._save_budget(connection, wish.key.team_id, budget)
            return result.rowcount == 1

    async def settle(self, wish: Wish, memory: Memory, attempt: Attempt | None, budget: str) -> None:
        """The wish was carried out: remember what stands now, write the audit, and be due when a look is worth it.

        What an event told since the wish was read is kept: a status typed between our read and our write was
        covered by it, and is put back like any other.
        """
        async with self._database.write() as connection:
            alive = await connection.scalar(select(Person.user_id).where(*_is(Person, wish.key)).with_for_update())
            if alive is None:
                return
            found = await self._standings.load(connection, wish.key)
            await connection.execute(
                update(StandingRow)
                .where(*_is(StandingRow, wish.key), StandingRow.sent < wish.seq)
                .values(
                    memory=self._standings.seal(_merged(memory, found), wish.key),
                    sent=wish.seq,
                    failures=0,
                    not_before=None,
                )
            )
            if attempt is not None:
                await self._writes.add(connection, wish.key, attempt)
            values: dict[str, Any] = {"home_stale": True} if attempt is not None and attempt.outcome == "done" else {}
            if memory.look is not None:
                sooner = or_(Person.due_at.is_(None), Person.due_at > memory.look)
                values["due_at"] = _case(sooner, memory.look)
            if values:
                await connection.execute(update(Person).where(*_is(Person, wish.key)).values(**values))
            await self._save_budget(connection, wish.key.team_id, budget)

    async def drop(self, wish: Wish, *, unresolved: bool = False, now: datetime) -> None:
        """Nothing can be done for this wish (no grant, a pause). `unresolved`: its timeline is to be made first."""
        async with self._database.write() as connection:
            if unresolved:
                await connection.execute(update(Person).where(*_is(Person, wish.key)).values(stale=True, due_at=now))
            await connection.execute(
                update(StandingRow)
                .where(*_is(StandingRow, wish.key), StandingRow.sent < wish.seq)
                .values(sent=wish.seq)
            )

    async def postpone(self, wish: Wish, until: datetime, attempt: Attempt | None, notice: str, budget: str) -> None:
        """It did not work and is tried again at `until`; `notice`, unless "", is a subject to tell the person."""
        async with self._database.write() as connection:
            alive = await connection.scalar(select(Person.user_id).where(*_is(Person, wish.key)).with_for_update())
            if alive is None:
                return
            await connection.execute(
                update(StandingRow)
                .where(*_is(StandingRow, wish.key), StandingRow.sent < wish.seq)
                .values(failures=StandingRow.failures + 1, not_before=until)
            )
            if attempt is not None:
                await self._writes.add(connection, wish.key, attempt)
            if notice:
                await self._notices.tell(connection, wish.key, notice)
            await self._save_budget(connection, wish.key.team_id, budget)

    async def lose_grant(self, wish: Wish, attempt: Attempt) -> None:
        """Slack does not honour the token any more: no call is made with it, and its owner is told once.

        A grant that was given anew in the meantime stays.
        """
        async with self._database.write() as connection:
            row = (
                await connection.execute(
                    select(Person.token, Person.grant_state).where(*_is(Person, wish.key)).with_for_update()
                )
            ).one_or_none()
            if row is None:
                return
            token = self._vault.open(row.token, "people.token", wish.key.team_id, wish.key.user_id)
            if token != wish.token or row.grant_state != "ok":
                return
            await connection.execute(
                update(Person)
                .where(*_is(Person, wish.key))
                .values(grant_state="lost", refresh_due_at=None, home_stale=True)
            )
            memory = replace(await self._standings.load(connection, wish.key), decided="", owner="")
            await connection.execute(
                update(StandingRow)
                .where(*_is(StandingRow, wish.key), StandingRow.sent < wish.seq)
                .values(sent=wish.seq, memory=self._standings.seal(memory, wish.key))
            )
            await self._writes.add(connection, wish.key, attempt)
            await self._notices.tell(connection, wish.key, "grant")

    # ── the lane's own ──────────────────────────────────────────────────────────────────────────────

    async def budget(self, team_id: str) -> str:
        """The budget's state as the last owner of the lane stored it."""
        async with self._database.read() as connection:
            return await connection.scalar(select(Lane.budget).where(Lane.team_id == team_id)) or ""

    async def save_budget(self, team_id: str, budget: str) -> None:
        """Store the budget's state."""
        async with self._database.write() as connection:
            await self._save_budget(connection, team_id, budget)

    async def _save_budget(self, connection: AsyncConnection, team_id: str, budget: str) -> None:
        await connection.execute(
            insert_for(connection, Lane)
            .values(team_id=team_id, budget=budget)
            .on_conflict_do_update(index_elements=["team_id"], set_={"budget": budget})
        )

    async def bot_token(self, team_id: str) -> str | None:
        """The workspace's bot token; None where it is not installed (any more). Raises SealError."""
        async with self._database.read() as connection:
            sealed = await connection.scalar(select(Workspace.bot_token).where(Workspace.team_id == team_id))
        return self._vault.open(sealed, "workspaces.bot_token", team_id)

    async def homes(self, team_id: str, limit: int) -> list[Home]:
        """People of the workspace who have opened their Home tab and whose tab is stale; it counts as fresh now."""
        async with self._database.write() as connection:
            users = (
                await connection.execute(
                    select(Person.user_id)
                    .where(Person.team_id == team_id, Person.home_opened, Person.home_stale)
                    .order_by(Person.user_id)
                    .limit(limit)
                )
            ).scalars()
            return [Home(PersonKey(team_id, user_id)) for user_id in users]

    async def home_taken(self, key: PersonKey, *, stale: bool) -> None:
        """Its Home tab is being made from what is stored now (`stale` False), or could not be published (True)."""
        async with self._database.write() as connection:
            await connection.execute(update(Person).where(*_is(Person, key)).values(home_stale=stale))

    async def anything_left(self, team_id: str) -> bool:
        """Whether the lane has pending wishes, put off or not."""
        async with self._database.read() as connection:
            found = await connection.scalar(select(exists().where(StandingRow.team_id == team_id, _PENDING)))
            return bool(found)


def _merged(memory: Memory, found: Memory) -> Memory:
    seen, looked_at = found.standing, memory.standing.looked_at
    if seen.own is None or seen.own_since is None or looked_at is None or seen.own_since <= looked_at:
        return memory
    if seen.own == memory.standing.own:
        return memory
    if memory.standing.applied is not None and not seen.own.empty:
        return replace(memory, standing=replace(memory.standing, covered=seen.own), decided="")
    return replace(memory, standing=replace(memory.standing, own=seen.own, own_since=seen.own_since), decided="")


def _is(table: type[Person] | type[StandingRow], key: PersonKey) -> tuple[Any, Any]:
    return table.team_id == key.team_id, table.user_id == key.user_id


def _same(left: Any, right: Any) -> Any:
    return and_(left.team_id == right.team_id, left.user_id == right.user_id)


def _not_before(now: datetime) -> Any:
    return or_(StandingRow.not_before.is_(None), StandingRow.not_before <= now)


def _case(condition: Any, instant: datetime) -> Any:
    return case((condition, literal(instant, UtcInstant)), else_=Person.due_at)
