"""What people chose, and their pause: columns of their own row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update

from services.domain.model import Pause, PersonKey, Preferences
from services.store import json_values
from services.store.db import Database
from services.store.marks import lock_people, mark_due
from services.store.models import Person


class PreferenceStore:
    """The preferences and pauses of all people."""

    def __init__(self, database: Database) -> None:
        """Nothing here is sealed: preferences name no event."""
        self._database = database

    async def get(self, key: PersonKey) -> Preferences:
        """What the person chose; the defaults for somebody unknown."""
        async with self._database.read() as connection:
            found = await connection.scalar(select(Person.preferences).where(_is(key)))
        return json_values.preferences_from_json(found or "{}")

    async def save(self, key: PersonKey, preferences: Preferences, now: datetime) -> None:
        """Keep what the person chose."""
        stored = json_values.preferences_to_json(preferences)
        async with self._database.write() as connection:
            await connection.execute(update(Person).where(_is(key)).values(preferences=stored))
            await mark_due(connection, key, now, typed=True)

    async def pause(self, key: PersonKey, pause: Pause | None, now: datetime) -> Pause | None:
        """Pause, or resume with None; gives the pause that stood before."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            row = (await connection.execute(select(Person.paused_from, Person.paused_until).where(_is(key)))).first()
            start, end = (None, None) if pause is None else (pause.start, pause.end)
            await connection.execute(update(Person).where(_is(key)).values(paused_from=start, paused_until=end))
            await mark_due(connection, key, now, stale=False, typed=True)
        if row is None or row.paused_from is None:
            return None
        return Pause(row.paused_from, row.paused_until)


def _is(key: PersonKey) -> ColumnElement[bool]:
    return and_(Person.team_id == key.team_id, Person.user_id == key.user_id)
