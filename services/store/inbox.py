"""Calendar files that arrived and are not worked in yet (`CalendarStore.save` takes them out)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, literal, or_, select, update

from services.calendars.inbox import Arrival
from services.errors import SealError, TooManyRequestsError
from services.model import PersonKey
from services.store.calendar_rows import CalendarRows, owned_by
from services.store.columns import UtcInstant, Vault
from services.store.engine import Database
from services.store.models import Calendar, InboxRow

MOST_WAITING = 100
"""Files that may wait for one calendar; they are worked in within seconds."""

MOST_BYTES = 32 * 1024 * 1024
"""What they may have together, sealed. The first one always has room: a file may be as large as a feed."""

_COLUMN = "inbox.content"
_WAIT = 60


class InboxStore:
    """Implements `calendars.inbox.Inbox`, and the inboxes that hooks and files are put into."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """`vault` seals what arrives."""
        self._database = database
        self._vault = vault
        self._rows = CalendarRows(vault)

    async def put(
        self, key: PersonKey, calendar_id: str, content: bytes, now: datetime, *, whole: bool = False
    ) -> bool:
        """Keep a file for a calendar, which becomes due; False where the person has no such calendar.

        One that is `whole` takes the place of what waits. Raises TooManyRequestsError where too much waits already.
        """
        mine = and_(owned_by(key), Calendar.calendar_id == calendar_id)
        sooner = or_(Calendar.due_at.is_(None), Calendar.due_at > now)
        async with self._database.write() as connection:
            # first of all, because it locks the row: two that arrive at once must not get the same number
            found = await connection.execute(
                update(Calendar)
                .where(mine)
                .values(due_at=case((sooner, literal(now, UtcInstant)), else_=Calendar.due_at))
            )
            if not found.rowcount:
                return False
            if whole:
                await connection.execute(delete(InboxRow).where(_of(key, calendar_id)))
            sizes = select(func.count(), func.sum(func.length(InboxRow.content)), func.max(InboxRow.seq))
            count, size, last = (await connection.execute(sizes.where(_of(key, calendar_id)))).one()
            if count >= MOST_WAITING or (size or 0) > MOST_BYTES:
                raise TooManyRequestsError("too much waits", retry_after=_WAIT)
            seq = (last or 0) + 1
            await connection.execute(
                insert(InboxRow).values(
                    team_id=key.team_id,
                    user_id=key.user_id,
                    calendar_id=calendar_id,
                    seq=seq,
                    whole=whole,
                    received_at=now,
                    content=self._vault.seal(content, _COLUMN, key.team_id, key.user_id, calendar_id, str(seq)),
                )
            )
        return True

    async def waiting(self, key: PersonKey, calendar_id: str) -> Sequence[Arrival]:
        """What waits for a calendar, in the order of its arrival. What cannot be opened any more has no content."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(InboxRow).where(_of(key, calendar_id)).order_by(InboxRow.seq))
            return [Arrival(row.seq, row.received_at, self._opened(row), whole=row.whole) for row in rows]

    async def named(self, key: PersonKey, provider: str, address: str) -> str | None:
        """The id of a person's calendar of that provider and address; None where they have none."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(Calendar.calendar_id, Calendar.address).where(owned_by(key), Calendar.provider == provider)
            )
            for calendar_id, sealed in rows:
                if self._rows.text(sealed, "calendars.address", key.team_id, key.user_id, calendar_id) == address:
                    return str(calendar_id)
        return None

    def _opened(self, row: Any) -> bytes | None:
        place = (row.team_id, row.user_id, row.calendar_id, str(row.seq))
        try:
            return self._vault.open_bytes(row.content, _COLUMN, *place)
        except SealError:
            return None


def _of(key: PersonKey, calendar_id: str) -> ColumnElement[bool]:
    return and_(InboxRow.team_id == key.team_id, InboxRow.user_id == key.user_id, InboxRow.calendar_id == calendar_id)
