"""Locking people, and marking them due: the only thing that an event from anywhere does besides recording its facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, bindparam, case, or_, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import PersonKey
from services.store.columns import UtcInstant
from services.store.models import Base, Person
from services.store.person_filter import ForPeople

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    Upsert = sqlite.Insert | postgresql.Insert

_AT = bindparam("b_at", type_=UtcInstant)
_PEOPLE = Person.__table__
_LOCK = ForPeople(
    _PEOPLE.c.team_id,
    _PEOPLE.c.user_id,
    lambda theirs: (
        select(_PEOPLE.c.team_id, _PEOPLE.c.user_id)
        .where(theirs)
        .order_by(_PEOPLE.c.team_id, _PEOPLE.c.user_id)
        .with_for_update(key_share=True)  # rows that refer to a person may be inserted meanwhile
    ),
)
_STAYING = ForPeople(
    _PEOPLE.c.team_id,
    _PEOPLE.c.user_id,
    lambda theirs: select(_PEOPLE.c.team_id, _PEOPLE.c.user_id).where(theirs, _PEOPLE.c.leave_by.is_(None)),
)
_MARK = (
    update(Person)
    .where(_PEOPLE.c.team_id == bindparam("b_team"), _PEOPLE.c.user_id == bindparam("b_user"))
    .values(
        due_at=case((or_(_PEOPLE.c.due_at.is_(None), _PEOPLE.c.due_at > _AT), _AT), else_=_PEOPLE.c.due_at),
        stale=or_(_PEOPLE.c.stale, bindparam("b_stale", type_=Boolean)),
        typed=or_(_PEOPLE.c.typed, bindparam("b_typed", type_=Boolean)),
        facts_seq=_PEOPLE.c.facts_seq + case((bindparam("b_stale", type_=Boolean), 1), else_=0),
        home_stale=True,
    )
)


def insert_for(connection: AsyncConnection, table: type[Base]) -> Upsert:
    """The dialect's INSERT into `table`, the one that knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # all of its drivers: not for those who have SQLite

    return postgresql.insert(table)


async def lock_people(connection: AsyncConnection, keys: Collection[PersonKey]) -> list[PersonKey]:
    """Lock the rows of those of `keys` who are there until the transaction ends; gives them, in order.

    To be called before anything of theirs is read or changed. A statement that waits for a row of PostgreSQL gives
    the rest as it was before the wait (its manual, 13.2.1 "Read Committed"), so what is decided from is read in a
    statement of its own; and whoever locks in two orders waits for each other. SQLite's writer is alone anyway.
    """
    return [PersonKey(row.team_id, row.user_id) for row in await connection.execute(*_LOCK(keys))]


async def lock_staying(connection: AsyncConnection, keys: Collection[PersonKey]) -> set[PersonKey]:
    """The same; gives those who are there to stay: not gone, and not about to be."""
    if connection.dialect.name != "sqlite":  # its writer is alone: nothing is there to wait for
        await lock_people(connection, keys)
    return {PersonKey(row.team_id, row.user_id) for row in await connection.execute(*_STAYING(keys))}


async def lock_one(connection: AsyncConnection, key: PersonKey) -> bool:
    """The same for one person; whether they are there to stay."""
    return key in await lock_staying(connection, [key])


async def mark_due(
    connection: AsyncConnection, key: PersonKey, at: datetime, *, stale: bool = True, typed: bool = False
) -> None:
    """Make a person due at `at`, never later than they already are; `stale` has their spans resolved anew.

    `typed`: they did it by hand, so that is before the timelines of others are.
    """
    await mark_all_due(connection, {key: at}, stale=stale, typed=typed)


async def mark_all_due(
    connection: AsyncConnection, people: Mapping[PersonKey, datetime], *, stale: bool = True, typed: bool = False
) -> None:
    """The same for several, each at their own instant."""
    if people:
        await connection.execute(
            _MARK,
            [
                {"b_team": key.team_id, "b_user": key.user_id, "b_at": at, "b_stale": stale, "b_typed": typed}
                for key, at in sorted(people.items(), key=lambda one: (one[0].team_id, one[0].user_id))
            ],  # in one order everywhere, so that replicas never deadlock
        )
