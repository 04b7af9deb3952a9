"""What a person is told once, and not again before it has worked in between."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.model import PersonKey
from services.ports import Clock
from services.store.engine import Database
from services.store.marks import insert_for
from services.store.models import Notice, Person
from services.wishes import DueNotice

TRIES = 5


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

    async def due(self, team_id: str, limit: int) -> list[DueNotice]:
        """Notices of a workspace that are not sent yet, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(Notice.user_id, Notice.subject, Notice.attempts, Person.locale)
                .join(Person, (Person.team_id == Notice.team_id) & (Person.user_id == Notice.user_id))
                .where(Notice.team_id == team_id, Notice.sent_at.is_(None))
                .order_by(Notice.created_at, Notice.user_id, Notice.subject)
                .limit(limit)
            )
            return [DueNotice(PersonKey(team_id, row.user_id), row.subject, row.locale, row.attempts) for row in rows]

    async def sent(self, notice: DueNotice, at: datetime) -> None:
        """It was sent, or cannot be; either way it is not tried again."""
        async with self._database.write() as connection:
            await connection.execute(update(Notice).where(*_is(notice.key, notice.subject)).values(sent_at=at))

    async def failed(self, notice: DueNotice, at: datetime) -> None:
        """It could not be sent now; given up after `TRIES`."""
        if notice.attempts + 1 >= TRIES:
            await self.sent(notice, at)
            return
        async with self._database.write() as connection:
            await connection.execute(
                update(Notice).where(*_is(notice.key, notice.subject)).values(attempts=Notice.attempts + 1)
            )


def _is(key: PersonKey, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (Notice.team_id == key.team_id, Notice.user_id == key.user_id, Notice.subject == subject)
