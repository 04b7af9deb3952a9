"""What concerns the rows of many people: asking for them, locking them, marking them due, telling them.

Who is meant is one parameter, a JSON array, and both databases answer from an index: so the statement is always the
same one, built and prepared once. (SQLite reads a whole table for `(team_id, user_id) IN (several pairs)`, but not for
pairs that a subquery gives.) Marking somebody due is the only thing that an event from anywhere does besides recording
its facts. What a person is told, they are told once, and not again before it has worked in between.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.sql.functions import FunctionElement

from services.domain.model import PersonKey
from services.domain.people import LEAVE
from services.domain.profile_state import DueNotice
from services.ports import Clock
from services.store.calendar_tables import ACCOUNTS, CALENDARS
from services.store.columns import UtcInstant
from services.store.db import Database, tell_sender
from services.store.effect_tables import EFFECTS
from services.store.tables import NOTICES, PEOPLE, WORKSPACES

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    Upsert = sqlite.Insert | postgresql.Insert


ROWS = 500
"""Rows in one statement, and people in one query: what keeps the loop free for a few milliseconds at most."""

_T = TypeVar("_T")


class _IsOneOf(FunctionElement[bool]):
    """That some columns are those of one of the tuples in a JSON array."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Stay as it is: SQLAlchemy would make `… = 1` of it on SQLite, which then reads the whole table."""
        return self


@compiles(_IsOneOf, "sqlite")
def _on_sqlite(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    *columns, tuples = (compiler.process(one, **how) for one in element.clauses)
    parts = ", ".join(f"json_extract(value, '$[{number}]')" for number in range(len(columns)))
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM json_each({tuples}))"  # noqa: S608  # columns and a parameter, as compiled


@compiles(_IsOneOf, "postgresql")
def _on_postgresql(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    *columns, tuples = (compiler.process(one, **how) for one in element.clauses)
    parts = ", ".join(f"value ->> {number}" for number in range(len(columns)))
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM json_array_elements(CAST({tuples} AS json)))"  # noqa: S608  # the same


def one_of(columns: Iterable[Any], parameter: str) -> ColumnElement[bool]:
    """State that these columns of a row are one of the tuples that are given as `parameter`, by `tuples(...)`."""
    return _IsOneOf(*columns, bindparam(parameter, type_=String))


def tuples(values: Iterable[Iterable[str]]) -> str:
    """Return the parameter of `one_of`."""
    return json.dumps([tuple(one) for one in values])


def of_people(table: FromClause) -> ColumnElement[bool]:
    """State that a row of `table` belongs to one of those who are given as parameters by `those(...)`."""
    return one_of((table.c.team_id, table.c.user_id), "of_people")


def of_person(table: FromClause, key: Any) -> ColumnElement[bool]:
    """State that a row of `table` belongs to the person `key`: a PersonKey, or another such table, to be joined."""
    person = key.c if isinstance(key, FromClause) else key
    return and_(table.c.team_id == person.team_id, table.c.user_id == person.user_id)


def those(keys: Iterable[PersonKey], **more: Any) -> dict[str, Any]:
    """Return the parameters of a statement with `of_people`, `more` among them."""
    return {"of_people": tuples((key.team_id, key.user_id) for key in keys), **more}


def named(column: Any, parameter: str) -> ColumnElement[bool]:
    """State that the column's value is among the strings that are given as `parameter`, by `names(...)`."""
    return one_of((column,), parameter)


def names(values: Iterable[str]) -> str:
    """Return the parameter of `named`."""
    return tuples((value,) for value in values)


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """`values` in pieces of at most `ROWS`."""
    return (values[start : start + ROWS] for start in range(0, len(values), ROWS))


_AT = bindparam("b_at", type_=UtcInstant)
_LOCK = (
    select(PEOPLE.c.team_id, PEOPLE.c.user_id)
    .where(of_people(PEOPLE))
    .order_by(PEOPLE.c.team_id, PEOPLE.c.user_id)
    .with_for_update(key_share=True)  # rows that refer to a person may be inserted meanwhile
)
_STAYING = select(PEOPLE.c.team_id, PEOPLE.c.user_id).where(of_people(PEOPLE), PEOPLE.c.leave_by.is_(None))
_MARK = (
    update(PEOPLE)
    .where(PEOPLE.c.team_id == bindparam("b_team"), PEOPLE.c.user_id == bindparam("b_user"))
    .values(
        due_at=case((or_(PEOPLE.c.due_at.is_(None), PEOPLE.c.due_at > _AT), _AT), else_=PEOPLE.c.due_at),
        stale=or_(PEOPLE.c.stale, bindparam("b_stale", type_=Boolean)),
        typed=or_(PEOPLE.c.typed, bindparam("b_typed", type_=Boolean)),
        facts_seq=PEOPLE.c.facts_seq + case((bindparam("b_stale", type_=Boolean), 1), else_=0),
    )
)
_MARK_EFFECTS = update(EFFECTS).where(of_people(EFFECTS)).values(due_at=_AT, seq=EFFECTS.c.seq + 1, failures=0)


def insert_for(connection: AsyncConnection, table: Table[Any]) -> Upsert:
    """Return the dialect's INSERT into `table`, the one that knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # all of its drivers: not for those who have SQLite

    return postgresql.insert(table)


def upsert(connection: AsyncConnection, table: Table[Any], row: Mapping[str, Any], fresh: Mapping[str, Any]) -> Upsert:
    """Return a statement that inserts `row`, or changes what is `fresh` of the row that has its key already."""
    key = [column.name for column in table.primary_key]
    return insert_for(connection, table).values(**row).on_conflict_do_update(index_elements=key, set_=dict(fresh))


async def lock_people(connection: AsyncConnection, keys: Collection[PersonKey]) -> list[PersonKey]:
    """Lock the rows of those of `keys` who are there until the transaction ends; gives them, in order.

    To be called before anything of theirs is read or changed. A statement that waits for a row of PostgreSQL gives
    the rest as it was before the wait (its manual, 13.2.1 "Read Committed"), so what is decided from is read in a
    statement of its own; and whoever locks in two orders waits for each other. SQLite's writer is alone anyway.
    """
    return [PersonKey(row.team_id, row.user_id) for row in await connection.execute(_LOCK, those(keys))]


async def lock_staying(connection: AsyncConnection, keys: Collection[PersonKey]) -> set[PersonKey]:
    """Do the same; return those who are there to stay: not gone, and not about to be."""
    if connection.dialect.name != "sqlite":  # its writer is alone: nothing is there to wait for
        await lock_people(connection, keys)
    return {PersonKey(row.team_id, row.user_id) for row in await connection.execute(_STAYING, those(keys))}


async def lock_one(connection: AsyncConnection, key: PersonKey) -> bool:
    """Return the same for one person; whether they are there to stay."""
    return key in await lock_staying(connection, [key])


async def mark_due(
    connection: AsyncConnection, key: PersonKey, at: datetime, *, stale: bool = True, typed: bool = False
) -> None:
    """Make a person due at `at`, never later than they already are; `stale` has their spans resolved anew.

    `typed`: they did it by hand, so that is before the timelines of others are. Whoever has their Home tab open has it
    published anew once that is done, and not before.
    """
    await mark_all_due(connection, {key: at}, stale=stale, typed=typed)


async def mark_all_due(
    connection: AsyncConnection, people: Mapping[PersonKey, datetime], *, stale: bool = True, typed: bool = False
) -> None:
    """Do the same for several, each at their own instant."""
    if people:
        await connection.execute(
            _MARK,
            [
                {"b_team": key.team_id, "b_user": key.user_id, "b_at": at, "b_stale": stale, "b_typed": typed}
                for key, at in sorted(people.items())
            ],  # in one order everywhere, so that replicas never deadlock
        )


async def mark_effects_due(connection: AsyncConnection, keys: Collection[PersonKey], now: datetime) -> None:
    """Have the effects of these people looked at: something else may be wanted, or may be at Slack, than is known."""
    if keys:
        await connection.execute(_MARK_EFFECTS, those(keys, b_at=now))
        tell_sender(connection)


TRIES = 5
FIRST_RETRY = timedelta(minutes=1)
"""Each of the next tries is four times as far away: the last comes after an hour and a half."""


_NOW = bindparam("now", type_=UtcInstant)
_DUE = (
    select(NOTICES.c.team_id, NOTICES.c.user_id, NOTICES.c.subject, NOTICES.c.attempts, PEOPLE.c.locale)
    .join(PEOPLE, of_person(PEOPLE, NOTICES))
    .where(
        NOTICES.c.sent_at.is_(None),
        or_(NOTICES.c.not_before.is_(None), NOTICES.c.not_before <= _NOW),
        # of workspaces with a bot that can send them
        exists().where(WORKSPACES.c.team_id == NOTICES.c.team_id, WORKSPACES.c.bot_token.is_not(None)),
        PEOPLE.c.leave_by.is_(None),
        PEOPLE.c.deactivated_at.is_(None),
        ~named(NOTICES.c.team_id, "others"),
    )
    .order_by(NOTICES.c.created_at, NOTICES.c.team_id, NOTICES.c.user_id, NOTICES.c.subject)
    .limit(bindparam("most"))
)
_WORKED = delete(NOTICES).where(of_people(NOTICES), NOTICES.c.subject == bindparam("subject"))


class NoticeStore:
    """The notices of all people."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def tell(self, connection: AsyncConnection, key: PersonKey, subject: str) -> None:
        """Have the person told about `subject`, unless they were told already. The person must exist.

        What is wrong with a leave calendar is told to the admin who connected it, or else to all other admins.
        """
        if key.user_id == LEAVE:
            for admin in await self._admins(connection, key, subject):
                await self.tell(connection, admin, subject)
            return
        done = await connection.execute(
            insert_for(connection, NOTICES)
            .values(team_id=key.team_id, user_id=key.user_id, subject=subject, created_at=self._clock.now(), attempts=0)
            .on_conflict_do_nothing(index_elements=["team_id", "user_id", "subject"])
        )
        if done.rowcount:
            tell_sender(connection)

    async def _admins(self, connection: AsyncConnection, leave: PersonKey, subject: str) -> list[PersonKey]:
        """Return who is told about a leave calendar, or an account of such."""
        kind, _, about = subject.partition("/")
        by = select(ACCOUNTS.c.connected_by).where(of_person(ACCOUNTS, leave), ACCOUNTS.c.account_id == about)
        if kind == "calendar":
            by = select(CALENDARS.c.connected_by).where(of_person(CALENDARS, leave), CALENDARS.c.calendar_id == about)
        connected_by = await connection.scalar(by)
        admins = select(PEOPLE.c.user_id).where(
            PEOPLE.c.team_id == leave.team_id, PEOPLE.c.admin.is_(True), PEOPLE.c.leave_by.is_(None),
            PEOPLE.c.user_id != LEAVE, PEOPLE.c.deactivated_at.is_(None),
        )  # fmt: skip
        found = sorted(await connection.scalars(admins))
        return [PersonKey(leave.team_id, one) for one in ([connected_by] if connected_by in found else found) if one]

    async def worked(self, connection: AsyncConnection, subject: str, *keys: PersonKey) -> None:
        """Note that it works again: the next time that it does not, these people are told again.

        Of what is of leave calendars, whoever was told.
        """
        await connection.execute(_WORKED, those(keys, subject=subject))
        for key in keys:
            if key.user_id == LEAVE:
                await connection.execute(
                    delete(NOTICES).where(NOTICES.c.team_id == key.team_id, NOTICES.c.subject == subject)
                )

    async def due(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> list[DueNotice]:
        """Notices that are to be sent at `now`, oldest first; none of the workspaces `others`."""
        (rows,) = await self._database.rows((_DUE, {"now": now, "most": limit, "others": names(others)}))
        return [DueNotice(PersonKey(row.team_id, row.user_id), row.subject, row.locale, row.attempts) for row in rows]

    async def sent(self, notice: DueNotice, at: datetime) -> None:
        """Note that it was sent, or cannot be; either way it is not tried again."""
        await self._database.execute(update(NOTICES).where(_is(notice)).values(sent_at=at))

    async def failed(self, notice: DueNotice, at: datetime) -> datetime | None:
        """Note that it could not be sent now; when it is tried again. None: given up, after `TRIES`."""
        if notice.attempts + 1 >= TRIES:
            await self.sent(notice, at)
            return None
        again: datetime = at + FIRST_RETRY * 4**notice.attempts
        fresh = {"attempts": NOTICES.c.attempts + 1, "not_before": again}
        await self._database.execute(update(NOTICES).where(_is(notice)).values(**fresh))
        return again

    async def put_off(self, team_id: str, until: datetime) -> None:
        """Send none of a workspace's before `until`."""
        unsent = update(NOTICES).where(NOTICES.c.team_id == team_id, NOTICES.c.sent_at.is_(None))
        await self._database.execute(unsent.values(not_before=until))


def _is(notice: DueNotice) -> ColumnElement[bool]:
    return and_(of_person(NOTICES, notice.key), NOTICES.c.subject == notice.subject)
