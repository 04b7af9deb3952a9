"""Marking somebody due: the only thing that an event from anywhere does besides recording its facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BindParameter, Boolean, and_, bindparam, case, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.model import PersonKey
from services.store.columns import UtcInstant
from services.store.models import Base, Person, StandingRow

Upsert = sqlite.Insert | postgresql.Insert

_AT = bindparam("b_at", type_=UtcInstant)
_PEOPLE = Person.__table__
_MARK = (
    update(Person)
    .where(_PEOPLE.c.team_id == bindparam("b_team"), _PEOPLE.c.user_id == bindparam("b_user"))
    .values(
        due_at=case((or_(_PEOPLE.c.due_at.is_(None), _PEOPLE.c.due_at > _AT), _AT), else_=_PEOPLE.c.due_at),
        stale=or_(_PEOPLE.c.stale, bindparam("b_stale", type_=Boolean)),
        home_stale=True,
    )
)


def insert_for(connection: AsyncConnection, table: type[Base]) -> Upsert:
    """The dialect's INSERT into `table`, the one that knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


async def mark_due(connection: AsyncConnection, key: PersonKey, at: datetime, *, stale: bool = True) -> None:
    """Make a person due at `at`, never later than they already are; `stale` has their spans resolved anew."""
    await mark_all_due(connection, {key: at}, stale=stale)


async def mark_all_due(
    connection: AsyncConnection, people: Mapping[PersonKey, datetime], *, stale: bool = True
) -> None:
    """The same for several, each at their own instant."""
    if people:
        await connection.execute(
            _MARK,
            [
                {"b_team": key.team_id, "b_user": key.user_id, "b_at": at, "b_stale": stale}
                for key, at in sorted(people.items(), key=lambda one: (one[0].team_id, one[0].user_id))
            ],  # in one order everywhere, so that replicas never deadlock
        )


async def wish(connection: AsyncConnection, key: PersonKey, at: datetime, urgency: int) -> None:
    """Have a person's lane look at their profile. A wish that waits already keeps its place, or gets a better one."""
    row = {"team_id": key.team_id, "user_id": key.user_id}
    insert = insert_for(connection, StandingRow).values(seq=1, sent=0, urgency=urgency, wished_at=at, failures=0, **row)
    waiting = StandingRow.seq > StandingRow.sent
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["team_id", "user_id"],
            set_={
                "seq": StandingRow.seq + 1,
                "urgency": case((and_(waiting, StandingRow.urgency < urgency), StandingRow.urgency), else_=urgency),
                "wished_at": case((waiting, StandingRow.wished_at), else_=_instant(at)),
            },
        )
    )


async def is_waiting(connection: AsyncConnection, key: PersonKey) -> bool:
    """Whether a wish of this person is pending."""
    found = await connection.scalar(
        select(StandingRow.seq > StandingRow.sent).where(
            StandingRow.team_id == key.team_id, StandingRow.user_id == key.user_id
        )
    )
    return bool(found)


def _instant(at: datetime) -> BindParameter[datetime]:
    # inside CASE a bare value would be bound as the database's own idea of a datetime
    return literal(at, UtcInstant)
