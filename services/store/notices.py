"""What a person is told once, and not again before it has worked in between."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import PersonKey
from services.domain.profile_state import DueNotice
from services.ports import Clock
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.marks import insert_for
from services.store.models import Notice, Person, Workspace
from services.store.person_filter import named, names, one_of, people

TRIES = 5
FIRST_RETRY = timedelta(minutes=1)
"""Each of the next tries is four times as far away: the last comes after an hour and a half."""


_NOW = bindparam("now", type_=UtcInstant)
_DUE = (
    select(Notice.team_id, Notice.user_id, Notice.subject, Notice.attempts, Person.locale)
    .join(Person, (Person.team_id == Notice.team_id) & (Person.user_id == Notice.user_id))
    .where(
        Notice.sent_at.is_(None),
        or_(Notice.not_before.is_(None), Notice.not_before <= _NOW),
        # of workspaces with a bot that can send them
        exists().where(Workspace.team_id == Notice.team_id, Workspace.bot_token.is_not(None)),
        Person.leave_by.is_(None),
        ~named(Notice.team_id, "others"),
    )
    .order_by(Notice.created_at, Notice.team_id, Notice.user_id, Notice.subject)
    .limit(bindparam("most"))
)
_WORKED_FOR = delete(Notice).where(one_of(Notice.team_id, Notice.user_id), Notice.subject == bindparam("subject"))


class NoticeStore:
    """The notices of all people."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """`clock` dates them."""
        self._database = database
        self._clock = clock

    async def tell(self, connection: AsyncConnection, key: PersonKey, subject: str) -> None:
        """Have the person told about `subject`, unless they were told already. The person must exist."""
        await connection.execute(
            insert_for(connection, Notice)
            .values(team_id=key.team_id, user_id=key.user_id, subject=subject, created_at=self._clock.now(), attempts=0)
            .on_conflict_do_nothing(index_elements=["team_id", "user_id", "subject"])
        )

    async def worked(self, connection: AsyncConnection, key: PersonKey, subject: str) -> None:
        """It works again: the next time that it does not, the person is told again."""
        await connection.execute(delete(Notice).where(*_is(key, subject)))

    async def worked_for(self, connection: AsyncConnection, keys: Collection[PersonKey], subject: str) -> None:
        """The same for several people."""
        await connection.execute(_WORKED_FOR, {"of_people": people(keys), "subject": subject})

    async def due(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> list[DueNotice]:
        """Notices that are to be sent at `now`, oldest first; none of the workspaces `others`."""
        async with self._database.read() as connection:
            rows = await connection.execute(_DUE, {"now": now, "most": limit, "others": names(others)})
            return [
                DueNotice(PersonKey(row.team_id, row.user_id), row.subject, row.locale, row.attempts) for row in rows
            ]

    async def sent(self, notice: DueNotice, at: datetime) -> None:
        """It was sent, or cannot be; either way it is not tried again."""
        async with self._database.write() as connection:
            await connection.execute(update(Notice).where(*_is(notice.key, notice.subject)).values(sent_at=at))

    async def failed(self, notice: DueNotice, at: datetime) -> None:
        """It could not be sent now: tried again later, given up after `TRIES`."""
        if notice.attempts + 1 >= TRIES:
            await self.sent(notice, at)
            return
        async with self._database.write() as connection:
            await connection.execute(
                update(Notice)
                .where(*_is(notice.key, notice.subject))
                .values(attempts=Notice.attempts + 1, not_before=at + FIRST_RETRY * 4**notice.attempts)
            )

    async def put_off(self, team_id: str, until: datetime) -> None:
        """None of a workspace's can be sent before `until`."""
        async with self._database.write() as connection:
            await connection.execute(
                update(Notice).where(Notice.team_id == team_id, Notice.sent_at.is_(None)).values(not_before=until)
            )


def _is(key: PersonKey, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (Notice.team_id == key.team_id, Notice.user_id == key.user_id, Notice.subject == subject)
