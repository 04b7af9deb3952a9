"""The lists of all people, in the table `rules`: a row a line, sealed.

A list that was never changed since the kinds' own lines are part of it has only rules; what is missing is completed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import NotGrantedError
from services.domain.lines import Line, complete
from services.domain.model import PersonKey
from services.store.db import Store
from services.store.json_values import looks_from_json
from services.store.line_json import line_to_json
from services.store.models import Person, RuleRow
from services.store.person_rows import lock_one, mark_due, of_person
from services.store.timeline import line_of

Lines = tuple[Line, ...]
"""A whole list, highest first."""


class LineStore(Store):
    """Reads and changes lists. Each change rewrites the person's whole list, which is short."""

    async def list(self, key: PersonKey) -> Lines:
        """The person's whole list. Raises SealError."""
        async with self._database.read() as connection:
            return await self._load(connection, key)

    async def change(self, key: PersonKey, now: datetime, edit: Callable[[Lines], Lines]) -> tuple[Lines, Lines]:
        """Make the list what `edit` makes of it, while nobody else changes it; gives what it was, and what it is.

        What `edit` raises changes nothing. Raises NotGrantedError for somebody unknown, SealError.
        """
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            before = await self._load(connection, key)
            after = edit(before)
            if after != before:
                await connection.execute(delete(RuleRow).where(of_person(RuleRow, key)))
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
                await connection.execute(insert(RuleRow), rows)
                await mark_due(connection, key, now, typed=True)
        return before, after

    async def _load(self, connection: AsyncConnection, key: PersonKey) -> Lines:
        chosen = await connection.scalar(select(Person.preferences).where(of_person(Person, key)))
        theirs = select(RuleRow).where(of_person(RuleRow, key)).order_by(RuleRow.position, RuleRow.rule_id)
        lines = [line_of(row, self._encryptor) for row in await connection.execute(theirs)]
        return complete(lines, looks_from_json(chosen or "{}"))
