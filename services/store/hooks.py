"""Inbound hooks: calendars with a secret, of which only the digest is kept."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, insert, select, update

from services.calendars.health import Health
from services.calendars.hooks import Hook
from services.calendars.inbox import HOOK
from services.errors import NotGrantedError, TooManyError
from services.model import PersonKey
from services.people import zone_or
from services.store.calendar_rows import CalendarRows, owned_by, the_person
from services.store.calendars import MOST
from services.store.columns import Vault
from services.store.engine import Database
from services.store.models import Calendar, Person

_NAME = "Hook"


class HookStore:
    """Implements `calendars.hooks.HookRows`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """`vault` seals names."""
        self._database = database
        self._vault = vault
        self._rows = CalendarRows(vault)

    async def create(self, key: PersonKey, digest: str, now: datetime) -> str:
        """A hook whose secret has that digest; its id. Raises TooManyError, NotGrantedError for somebody unknown."""
        calendar_id = "C" + secrets.token_hex(8)
        place = (key.team_id, key.user_id, calendar_id)
        async with self._database.write() as connection:
            person = await connection.scalar(select(Person.user_id).where(the_person(key)).with_for_update())
            if person is None:
                raise NotGrantedError("unknown person")
            providers = (await connection.scalars(select(Calendar.provider).where(owned_by(key)))).all()
            if len(providers) >= MOST:
                raise TooManyError("calendars", most=MOST)
            number = providers.count(HOOK) + 1
            await connection.execute(
                insert(Calendar).values(
                    team_id=key.team_id,
                    user_id=key.user_id,
                    calendar_id=calendar_id,
                    provider=HOOK,
                    pace=calendar_id,
                    secret=digest,
                    address_digest=self._vault.sealer.digest(f"{HOOK}\n{calendar_id}".encode()),
                    health=Health.NEW,
                    created_at=now,
                    due_at=None,  # until something arrives
                    **self._rows.fresh(place, calendar_id, _NAME if number == 1 else f"{_NAME} {number}", None),
                )
            )
            await connection.execute(update(Person).where(the_person(key)).values(home_stale=True))
        return calendar_id

    async def rotate(self, key: PersonKey, calendar_id: str, digest: str) -> bool:
        """From now on the hook has another secret; False where the person has no such hook."""
        mine = and_(owned_by(key), Calendar.calendar_id == calendar_id, Calendar.provider == HOOK)
        async with self._database.write() as connection:
            found = await connection.execute(update(Calendar).where(mine).values(secret=digest))
        return bool(found.rowcount)

    async def find(self, digest: str) -> Hook | None:
        """The hook whose secret has that digest."""
        whose = and_(Person.team_id == Calendar.team_id, Person.user_id == Calendar.user_id)
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(Calendar.team_id, Calendar.user_id, Calendar.calendar_id, Person.zone)
                    .join(Person, whose)
                    .where(Calendar.secret == digest, Calendar.provider == HOOK)
                )
            ).one_or_none()
        if row is None:
            return None
        return Hook(PersonKey(row.team_id, row.user_id), row.calendar_id, zone_or(row.zone, ZoneInfo("UTC")))
