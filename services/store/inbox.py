"""Calendar files that arrived and are not worked in yet (`CalendarStore.save` takes them out)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, insert, literal, or_, select, update

from services.domain.calendars import FILE, Arrival
from services.domain.errors import SealError, TooManyRequestsError
from services.domain.model import PersonKey
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.crypto import Encryptor
from services.store.calendar_rows import CalendarRows, add_calendar, of_calendar, owned_by
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.models import Calendar, InboxRow

MOST_WAITING = 100
"""Files that may wait for one calendar; they are worked in within seconds."""

MOST_BYTES = 32 * 1024 * 1024
"""What they may have together, sealed. The first one always has room: a file may be as large as a feed."""

_COLUMN = "inbox.content"
_WAIT = 60


class InboxStore:
    """The inboxes that hooks and files are put into, and that `providers.inbox` reads."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` seals what arrives."""
        self._database = database
        self._encryptor = encryptor
        self._rows = CalendarRows(encryptor)

    async def put(
        self, key: PersonKey, calendar_id: str, content: bytes, now: datetime, *, whole: bool = False
    ) -> bool:
        """Keep a file for a calendar, which becomes due; False where the person has no such calendar.

        One that is `whole` takes the place of what waits. Raises TooManyRequestsError where too much waits already.
        """
        mine = of_calendar(Calendar, key, calendar_id)
        row = await self._row(key, calendar_id, await self._next(key, calendar_id), content, now, whole=whole)
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
            sizes = select(func.count(), func.sum(func.length(InboxRow.content)), func.max(InboxRow.seq))
            count, size, last = (await connection.execute(sizes.where(of_calendar(InboxRow, key, calendar_id)))).one()
            if whole:  # numbered after what it replaces, which may be being worked in and is taken out by its number
                await connection.execute(delete(InboxRow).where(of_calendar(InboxRow, key, calendar_id)))
            elif count >= MOST_WAITING or (size or 0) > MOST_BYTES:
                raise TooManyRequestsError("too much waits", retry_after=_WAIT)
            if row["seq"] <= (last or 0):  # another came meanwhile: sealed again, for its own number
                row = await self._row(key, calendar_id, last + 1, content, now, whole=whole)
            await connection.execute(insert(InboxRow).values(row))
        return True

    async def connect(
        self, key: PersonKey, address: str, name: str, content: bytes, *, now: datetime, whole: bool
    ) -> str:
        """Connect a new calendar of provider `file` with what is in it; return its id, which is due.

        Raises AlreadyConnectedError where there is one of that address, TooManyError, NotGrantedError.
        """
        async with self._database.write() as connection:
            calendar_id = await add_calendar(
                connection, self._encryptor, key, FILE, address=address, name=name, now=now, due_at=now
            )
            row = await self._row(key, calendar_id, 1, content, now, whole=whole)
            await connection.execute(insert(InboxRow).values(row))
        return calendar_id

    async def waiting(self, key: PersonKey, calendar_id: str) -> Sequence[Arrival]:
        """List what waits for a calendar, in the order of its arrival. What cannot be opened has no content."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(InboxRow).where(of_calendar(InboxRow, key, calendar_id)).order_by(InboxRow.seq)
            )
            rows = found.all()
        return [
            Arrival(
                row.seq, row.received_at, await off_loop_if(len(row.content) >= LARGE, self._opened, row), row.whole
            )
            for row in rows
        ]

    async def named(self, key: PersonKey, address: str) -> tuple[str, str] | None:
        """Return id and name of a person's calendar that came as the file `address`; None where they have none."""
        mine = select(Calendar).where(owned_by(key), Calendar.provider == FILE)
        async with self._database.read() as connection:
            for row in await connection.execute(mine):
                place = (row.team_id, row.user_id, row.calendar_id)
                if self._rows.text(row.address, "calendars.address", *place) == address:
                    return row.calendar_id, self._rows.text(row.name, "calendars.name", *place) or ""
        return None

    async def _next(self, key: PersonKey, calendar_id: str) -> int:
        """Return the number that the next file will have, if no other comes before it."""
        last = select(func.max(InboxRow.seq)).where(of_calendar(InboxRow, key, calendar_id))
        async with self._database.read() as connection:
            return int(await connection.scalar(last) or 0) + 1

    async def _row(
        self, key: PersonKey, calendar_id: str, seq: int, content: bytes, now: datetime, *, whole: bool
    ) -> dict[str, Any]:
        place = (key.team_id, key.user_id, calendar_id)
        return {
            "team_id": key.team_id,
            "user_id": key.user_id,
            "calendar_id": calendar_id,
            "seq": seq,
            "whole": whole,
            "received_at": now,
            "content": await off_loop_if(
                len(content) >= LARGE, lambda: self._encryptor.seal(content, _COLUMN, *place, str(seq))
            ),
        }

    def _opened(self, row: Any) -> bytes | None:
        place = (row.team_id, row.user_id, row.calendar_id, str(row.seq))
        try:
            return self._encryptor.open_bytes(row.content, _COLUMN, *place)
        except SealError:
            return None
