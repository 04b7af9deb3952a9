"""Watches: providers' promises to tell of changes, when each is to be made or renewed, and whose push it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, case, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import Connection, Watch
from services.domain.errors import SealError
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor
from services.store.calendar_rows import (
    CLAIMED,
    KEY,
    CalendarRows,
    among,
    its_person,
    mark_home_stale,
    of_calendar,
    of_the_account,
    same,
)
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.group_commit import Grouped
from services.store.marks import lock_people
from services.store.models import Account, Calendar, Person, WatchRow
from services.store.person_filter import named, names

log = structlog.get_logger(__name__)

_UNREADABLE_FOR = timedelta(hours=6)
_AT = bindparam("b_at", type_=UtcInstant)
_NEXT_DUE = select(func.min(Calendar.watch_due_at))
_CALENDARS, _WATCHES = Calendar.__table__, WatchRow.__table__
_FIND = select(_WATCHES).where(named(_WATCHES.c.watch_id, "watch_ids"))
_HINT = (
    update(Calendar)
    .where(
        _CALENDARS.c.team_id == bindparam("b_team"),
        _CALENDARS.c.user_id == bindparam("b_user"),
        _CALENDARS.c.calendar_id == bindparam("b_calendar"),
        _CALENDARS.c.due_at > _AT,  # never one that rests (NULL), nor one that is due already
    )
    .values(due_at=_AT)
)


@dataclass(frozen=True, slots=True)
class KnownWatch:
    """A watch that we asked for; `secret` is the digest of what its pushes have to bring."""

    key: PersonKey
    calendar_id: str
    watch_id: str
    secret: str = field(repr=False)
    remote_id: str


@dataclass(frozen=True, slots=True)
class WatchTask:
    """A calendar whose watch is to be made or renewed, the watches that it has, and how often in a row that failed.

    It is left to us until `lease`.
    """

    connection: Connection
    watches: tuple[Watch, ...]
    failures: int
    lease: datetime


class WatchStore:
    """Reads and writes `watches`. Each method is one short transaction."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        """`encryptor` opens what a connection needs."""
        self._database = database
        self._rows = CalendarRows(encryptor)
        self._finds: Grouped[str, KnownWatch | None] = Grouped(self._find)
        self._hints: Grouped[tuple[KnownWatch, datetime], bool] = Grouped(self._hint)

    # ── making and renewing ─────────────────────────────────────────────────────────────────────────

    async def next_due(self) -> datetime | None:
        """Return when the first watch is to be made or renewed."""
        due: datetime | None = await self._database.scalar(_NEXT_DUE)
        return due

    async def claim(self, now: datetime, lease: datetime, limit: int) -> Sequence[WatchTask]:
        """Claim up to `limit` calendars whose watch is due, until `lease`."""
        async with self._database.write() as connection:
            claimed = (
                await connection.execute(
                    select(*KEY)
                    .where(Calendar.watch_due_at <= now)
                    .order_by(Calendar.watch_due_at)
                    .limit(limit)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            rows = await connection.execute(  # read once they are ours: see `lock_people`
                select(*_CALENDARS.columns, *CLAIMED)
                .join(Person, its_person())
                .outerjoin(Account, of_the_account())
                .where(among(claimed))
                .order_by(Calendar.watch_due_at)
            )
            found = []
            for row in rows.all():
                await connection.execute(update(Calendar).where(same(row)).values(watch_due_at=lease))
                try:
                    there = self._rows.connection(row)
                except SealError:
                    log.warning("watch_not_opened", team_id=row.team_id, calendar_id=row.calendar_id)
                    here = same(row)
                    await connection.execute(update(Calendar).where(here).values(watch_due_at=now + _UNREADABLE_FOR))
                    continue
                watches = await self._promised(connection, there)
                found.append(WatchTask(there, watches, row.watch_failures, lease))
        return found

    async def begin(self, there: Connection, watch_id: str, secret: str, now: datetime) -> None:
        """Keep a watch that is about to be asked for; `secret` is the digest of what its pushes have to bring."""
        key = there.key
        async with self._database.write() as connection:
            await connection.execute(
                insert(WatchRow).values(
                    team_id=key.team_id, watch_id=watch_id, user_id=key.user_id, calendar_id=there.calendar_id,
                    secret=secret, remote_id="", created_at=now, expires_at=None,
                )
            )  # fmt: skip

    async def promised(self, there: Connection, watch: Watch, renew_at: datetime, now: datetime) -> bool:
        """Keep a promise, and have the calendar looked at once more: what changed before it told nobody.

        False where the calendar is gone meanwhile.
        """
        async with self._database.write() as connection:
            await lock_people(connection, [there.key])
            kept = await connection.execute(
                update(WatchRow)
                .where(WatchRow.team_id == there.key.team_id, WatchRow.watch_id == watch.watch_id)
                .values(remote_id=watch.remote_id, expires_at=watch.expires_at)
            )
            if not kept.rowcount:
                return False
            sooner = case((Calendar.due_at > now, literal(now, UtcInstant)), else_=Calendar.due_at)
            await connection.execute(
                update(Calendar)
                .where(of_calendar(Calendar, there.key, there.calendar_id))
                .values(watch_due_at=renew_at, watch_failures=0, due_at=sooner)
            )
            await mark_home_stale(connection, there.key)
        return True

    async def put_off(self, task: WatchTask, until: datetime | None, failures: int) -> None:
        """Try again at `until`; None: not before somebody mends it. Made due meanwhile (it was mended), it stays so."""
        there, later = task.connection, literal(until, UtcInstant)
        due = case((Calendar.watch_due_at < task.lease, Calendar.watch_due_at), else_=later)
        async with self._database.write() as connection:
            await connection.execute(
                update(Calendar)
                .where(of_calendar(Calendar, there.key, there.calendar_id))
                .values(watch_due_at=due, watch_failures=failures)
            )

    async def drop(self, team_id: str, watch_id: str) -> None:
        """Forget a watch: it was stopped, or never came about."""
        async with self._database.write() as connection:
            await connection.execute(delete(WatchRow).where(WatchRow.team_id == team_id, WatchRow.watch_id == watch_id))

    async def _promised(self, connection: AsyncConnection, there: Connection) -> tuple[Watch, ...]:
        rows = await connection.execute(
            select(_WATCHES).where(of_calendar(WatchRow, there.key, there.calendar_id)).order_by(WatchRow.created_at)
        )
        return tuple(Watch(row.watch_id, row.remote_id, row.expires_at or row.created_at) for row in rows)

    # ── pushes that arrive ──────────────────────────────────────────────────────────────────────────

    async def find(self, watch_id: str) -> KnownWatch | None:
        """Find the watch of that id, along with others that are named at the same time."""
        return await self._finds.put(watch_id)

    async def hint(self, known: KnownWatch, now: datetime) -> None:
        """Make its calendar due, along with others of which we hear at the same time."""
        await self._hints.put((known, now))

    async def renew_now(self, known: KnownWatch, now: datetime) -> None:
        """Make the watch's renewal due."""
        async with self._database.write() as connection:
            await connection.execute(_wanted(known, now))

    async def ended(self, known: KnownWatch, now: datetime) -> None:
        """Forget a watch that its provider ended: a new one is due, and so is the calendar."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(WatchRow).where(WatchRow.team_id == known.key.team_id, WatchRow.watch_id == known.watch_id)
            )
            await connection.execute(_wanted(known, now))
            await connection.execute(_HINT, [_named(known, now)])

    async def _find(self, watch_ids: Sequence[str]) -> Sequence[KnownWatch | None]:
        (rows,) = await self._database.rows((_FIND, {"watch_ids": names(set(watch_ids))}))
        found = {row.watch_id: row for row in rows}
        return [_known(found.get(watch_id)) for watch_id in watch_ids]

    async def _hint(self, items: Sequence[tuple[KnownWatch, datetime]]) -> Sequence[bool]:
        async with self._database.write() as connection:
            wanted = {(one.key, one.calendar_id): _named(one, now) for one, now in items}
            await connection.execute(_HINT, [wanted[place] for place in sorted(wanted)])
        return [True] * len(items)


def _known(row: Row[Any] | None) -> KnownWatch | None:
    if row is None:
        return None
    return KnownWatch(PersonKey(row.team_id, row.user_id), row.calendar_id, row.watch_id, row.secret, row.remote_id)


def _named(known: KnownWatch, now: datetime) -> dict[str, Any]:
    key = known.key
    return {"b_team": key.team_id, "b_user": key.user_id, "b_calendar": known.calendar_id, "b_at": now}


def _wanted(known: KnownWatch, now: datetime) -> Any:
    return (
        update(Calendar)
        .where(of_calendar(Calendar, known.key, known.calendar_id), Calendar.watch_due_at > now)
        .values(watch_due_at=now)
    )
