"""Inbound hooks: calendars with a secret, of which only the digest is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select, update

from services.domain.calendars import HOOK
from services.domain.model import PersonKey
from services.domain.people import zone_or
from services.platform.crypto import Encryptor
from services.store.calendar_rows import add_calendar, its_person, of_calendar, owned_by
from services.store.db import Database
from services.store.marks import lock_people
from services.store.models import Calendar, Person

_NAME = "Hook"


@dataclass(frozen=True, slots=True)
class Hook:
    """Whose hook it is, and where they are."""

    key: PersonKey
    calendar_id: str
    zone: ZoneInfo


class HookStore:
    """Makes hooks, and finds one by its secret."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` seals names."""
        self._database = database
        self._encryptor = encryptor

    async def create(self, key: PersonKey, digest: str, now: datetime) -> str:
        """Keep a hook whose secret has that digest; return its id. Raises TooManyError, NotGrantedError."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            mine = select(func.count()).where(owned_by(key), Calendar.provider == HOOK)
            number = (await connection.scalar(mine) or 0) + 1
            name = _NAME if number == 1 else f"{_NAME} {number}"
            # due once something arrives
            return await add_calendar(
                connection, self._encryptor, key, HOOK, name=name, now=now, due_at=None, secret=digest
            )

    async def rotate(self, key: PersonKey, calendar_id: str, digest: str) -> bool:
        """Give the hook another secret from now on; False where the person has no such hook."""
        mine = and_(of_calendar(Calendar, key, calendar_id), Calendar.provider == HOOK)
        async with self._database.write() as connection:
            found = await connection.execute(update(Calendar).where(mine).values(secret=digest))
        return bool(found.rowcount)

    async def find(self, digest: str) -> Hook | None:
        """Find the hook whose secret has that digest."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(Calendar.team_id, Calendar.user_id, Calendar.calendar_id, Person.zone)
                    .join(Person, its_person())
                    .where(Calendar.secret == digest, Calendar.provider == HOOK)
                )
            ).one_or_none()
        if row is None:
            return None
        return Hook(PersonKey(row.team_id, row.user_id), row.calendar_id, zone_or(row.zone, ZoneInfo("UTC")))
