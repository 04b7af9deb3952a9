"""What people chose: their preferences and pauses, and their lists, in the table `rules`: a row a line, sealed.

A list that was never changed since the kinds' own lines are part of it has only rules; what is missing is completed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import ChangedSinceError, NotGrantedError
from services.domain.lines import Line, complete
from services.domain.model import Pause, PersonKey
from services.domain.people import Preferences
from services.domain.undo import Change
from services.store.db import Database, Store
from services.store.facts import line_of
from services.store.json_values import looks_from_json, preferences_from_json, preferences_to_json
from services.store.line_json import line_to_json
from services.store.person_rows import lock_one, lock_people, mark_due, mark_effects_due, of_person
from services.store.tables import PEOPLE, RULES
from services.store.timeline import pause_of
from services.store.undos import UndoStore

Lines = tuple[Line, ...]
"""A whole list, highest first."""


class LineStore(Store):
    """Reads and changes lists. Each change rewrites the person's whole list, which is short."""

    async def list(self, key: PersonKey) -> Lines:
        """Return the person's whole list. Raises SealError."""
        async with self._database.read() as connection:
            return await self._load(connection, key)

    async def change(
        self, key: PersonKey, now: datetime, edit: Callable[[Lines], Lines], undos: UndoStore | None = None
    ) -> str:
        """Make the list what `edit` makes of it, while nobody else changes it; what `undos` have taking that back.

        That is "" where it stays as it is. What `edit` raises changes nothing. Raises NotGrantedError for somebody
        unknown, SealError.
        """
        undo_id = ""
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            before = await self._load(connection, key)
            after = edit(before)
            if after != before:
                await connection.execute(delete(RULES).where(of_person(RULES, key)))
                rows = [
                    {
                        "team_id": key.team_id,
                        "user_id": key.user_id,
                        "rule_id": line.id,
                        "position": position,
                        "body": self._encryptor.seal(
                            line_to_json(line), "rules.body", key.team_id, key.user_id, line.id
                        ),
                    }
                    for position, line in enumerate(after)
                ]
                await connection.execute(insert(RULES), rows)
                await mark_due(connection, key, now, typed=True)
                if undos is not None:
                    undo_id = await undos.keep(connection, key, Change(lines=(before, after)), now)
        return undo_id

    async def _load(self, connection: AsyncConnection, key: PersonKey) -> Lines:
        chosen = await connection.scalar(select(PEOPLE.c.preferences).where(of_person(PEOPLE, key)))
        theirs = select(RULES).where(of_person(RULES, key)).order_by(RULES.c.position, RULES.c.rule_id)
        lines = [line_of(row, self._encryptor) for row in await connection.execute(theirs)]
        return complete(lines, looks_from_json(chosen or "{}"))


class PreferenceStore:
    """The preferences and pauses of all people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: PersonKey) -> Preferences:
        """Return what the person chose; the defaults for somebody unknown."""
        async with self._database.read() as connection:
            found = await connection.scalar(select(PEOPLE.c.preferences).where(of_person(PEOPLE, key)))
        return preferences_from_json(found or "{}")

    async def save(self, key: PersonKey, preferences: Preferences, now: datetime) -> None:
        """Keep what the person chose."""
        await self.change(key, now, lambda _: preferences)

    async def change(
        self, key: PersonKey, now: datetime, edit: Callable[[Preferences], Preferences], undos: UndoStore | None = None
    ) -> str:
        """Keep what `edit` makes of what the person chose; what `undos` have taking that back, "" where it is the same.

        What `edit` raises changes nothing.
        """
        undo_id = ""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            found = await connection.scalar(select(PEOPLE.c.preferences).where(of_person(PEOPLE, key)))
            before = preferences_from_json(found or "{}")
            after = edit(before)
            stored = preferences_to_json(after, found or "{}")
            await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(preferences=stored))
            await mark_due(connection, key, now, typed=True)
            if undos is not None and after != before:
                undo_id = await undos.keep(connection, key, Change(preferences=(before, after)), now)
        return undo_id

    async def pause(self, key: PersonKey, pause: Pause | None, now: datetime, undos: UndoStore | None = None) -> str:
        """Pause, or resume with None; what `undos` have taking that back, "" where nothing was paused before either."""
        undo_id = ""
        async with self._database.write() as connection:
            before = await self._pause(connection, key)
            is_over = before is not None and before.end is not None and before.end <= now
            await self._save_pause(connection, key, pause, now)
            if undos is not None and (pause or (before and not is_over)):
                undo_id = await undos.keep(connection, key, Change(pause=(before, pause)), now)
        return undo_id

    async def unpause(self, key: PersonKey, before: Pause | None, after: Pause | None, now: datetime) -> None:
        """Put the pause back that stood before `after` did. Raises ChangedSinceError where another one stands."""
        async with self._database.write() as connection:
            if await self._pause(connection, key) != after:
                raise ChangedSinceError("paused or resumed since")
            await self._save_pause(connection, key, before, now)

    async def _pause(self, connection: AsyncConnection, key: PersonKey) -> Pause | None:
        """Return the person's pause, which nobody else changes until the transaction ends."""
        await lock_people(connection, [key])
        stored = select(PEOPLE.c.paused_from, PEOPLE.c.paused_until).where(of_person(PEOPLE, key))
        found = (await connection.execute(stored)).first()
        return None if found is None else pause_of(*found)

    async def _save_pause(
        self, connection: AsyncConnection, key: PersonKey, pause: Pause | None, now: datetime
    ) -> None:
        start, end = (None, None) if pause is None else (pause.start, pause.end)
        fresh = update(PEOPLE).where(of_person(PEOPLE, key)).values(paused_from=start, paused_until=end)
        await connection.execute(fresh)
        await mark_due(connection, key, now, stale=False, typed=True)
        await mark_effects_due(connection, [key], now)
