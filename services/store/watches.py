"""What tells of changes: watches (providers' promises to push), hooks, and calendar files that arrive.

A hook is a calendar with a secret, of which only the digest is kept. Files that arrive wait in an inbox until
`CalendarStore.save` takes them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, Update, and_, bindparam, case, delete, func, insert, literal, or_, select, update

from services.domain.calendars import FILE, HOOK, Arrival, Connection, Watch
from services.domain.model import PersonKey
from services.domain.operator_errors import SealError
from services.domain.people import zone_or
from services.domain.request_errors import TooManyRequestsError
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.crypto import Encryptor
from services.store.calendar_rows import (
    BOUND,
    KEY,
    CalendarRows,
    bound,
    claimed_rows,
    mark_home_stale,
    of_calendar,
)
from services.store.calendar_tables import CALENDARS, INBOX, WATCHES
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.group_commit import Grouped
from services.store.person_rows import lock_people, named, names, of_person, tuples
from services.store.tables import PEOPLE

log = structlog.get_logger(__name__)

_UNREADABLE_FOR = timedelta(hours=6)
_AT = bindparam("b_at", type_=UtcInstant)
_NEXT_DUE = select(func.min(CALENDARS.c.watch_due_at))
_FIND = select(WATCHES).where(named(WATCHES.c.watch_id, "watch_ids"))
_HINT = (
    update(CALENDARS)
    .where(*BOUND, CALENDARS.c.due_at > _AT)  # never one that rests (NULL), nor one that is due already
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


class WatchStore(CalendarRows):
    """Reads and writes `watches`. Each method is one short transaction."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._finds: Grouped[str, KnownWatch | None] = Grouped(database, self._find)
        self._hints: Grouped[tuple[KnownWatch, datetime], bool] = Grouped(database, self._hint)

    # ── making and renewing ─────────────────────────────────────────────────────────────────────────

    async def next_due(self) -> datetime | None:
        """Return when the first watch is to be made or renewed."""
        return await self._database.scalar(_NEXT_DUE)

    async def claim(self, now: datetime, lease: datetime, limit: int) -> Sequence[WatchTask]:
        """Claim up to `limit` calendars whose watch is due, until `lease`."""
        async with self._database.write() as connection:
            due = select(*KEY).where(CALENDARS.c.watch_due_at <= now).order_by(CALENDARS.c.watch_due_at).limit(limit)
            claimed = (await connection.execute(due.with_for_update(skip_locked=True))).all()
            # read once they are ours: see `lock_people`
            ours = claimed_rows().order_by(CALENDARS.c.watch_due_at)
            found = []
            for row in (await connection.execute(ours, {"of_calendars": tuples(claimed)})).all():
                key, again = PersonKey(row.team_id, row.user_id), lease
                try:
                    there = self._connection(row)
                except SealError:
                    ids = {"team_id": row.team_id, "user_id": row.user_id, "calendar_id": row.calendar_id}
                    log.warning("watch_not_opened", **ids)
                    again = now + _UNREADABLE_FOR
                else:
                    promised = select(WATCHES).where(of_calendar(WATCHES, key, row.calendar_id))
                    watches = await connection.execute(promised.order_by(WATCHES.c.created_at))
                    known = tuple(
                        Watch(one.watch_id, one.remote_id, one.expires_at or one.created_at) for one in watches
                    )
                    found.append(WatchTask(there, known, row.watch_failures, lease))
                here = of_calendar(CALENDARS, key, row.calendar_id)
                await connection.execute(update(CALENDARS).where(here).values(watch_due_at=again))
        return found

    async def begin(self, there: Connection, watch_id: str, secret: str, now: datetime) -> None:
        """Keep a watch that is about to be asked for; `secret` is the digest of what its pushes have to bring."""
        key = there.key
        watch = insert(WATCHES).values(
            team_id=key.team_id, watch_id=watch_id, user_id=key.user_id, calendar_id=there.calendar_id, secret=secret,
            remote_id="", created_at=now, expires_at=None,
        )  # fmt: skip
        await self._database.execute(watch)

    async def promised(self, there: Connection, watch: Watch, renew_at: datetime, now: datetime) -> bool:
        """Keep a promise, and have the calendar looked at once more: what changed before it told nobody.

        False where the calendar is gone meanwhile.
        """
        async with self._database.write() as connection:
            await lock_people(connection, [there.key])
            kept = update(WATCHES).where(_is(there.key.team_id, watch.watch_id))
            kept = kept.values(remote_id=watch.remote_id, expires_at=watch.expires_at)
            if not (await connection.execute(kept)).rowcount:
                return False
            sooner = case((CALENDARS.c.due_at > now, literal(now, UtcInstant)), else_=CALENDARS.c.due_at)
            its = update(CALENDARS).where(of_calendar(CALENDARS, there.key, there.calendar_id))
            await connection.execute(its.values(watch_due_at=renew_at, watch_failures=0, due_at=sooner))
            await mark_home_stale(connection, there.key)
        return True

    async def put_off(self, task: WatchTask, until: datetime | None, failures: int) -> None:
        """Try again at `until`; None: not before somebody mends it. Made due meanwhile (it was mended), it stays so."""
        there, later = task.connection, literal(until, UtcInstant)
        due = case((CALENDARS.c.watch_due_at < task.lease, CALENDARS.c.watch_due_at), else_=later)
        its = update(CALENDARS).where(of_calendar(CALENDARS, there.key, there.calendar_id))
        await self._database.execute(its.values(watch_due_at=due, watch_failures=failures))

    async def drop(self, team_id: str, watch_id: str) -> None:
        """Forget a watch: it was stopped, or never came about."""
        await self._database.execute(delete(WATCHES).where(_is(team_id, watch_id)))

    # ── pushes that arrive ──────────────────────────────────────────────────────────────────────────

    async def find(self, watch_id: str) -> KnownWatch | None:
        """Find the watch of that id, along with others that are named at the same time."""
        return await self._finds.put(watch_id)

    async def hint(self, known: KnownWatch, now: datetime) -> None:
        """Make its calendar due, along with others of which we hear at the same time."""
        await self._hints.put((known, now))

    async def renew_now(self, known: KnownWatch, now: datetime) -> None:
        """Make the watch's renewal due."""
        await self._database.execute(_wanted(known, now))

    async def ended(self, known: KnownWatch, now: datetime) -> None:
        """Forget a watch that its provider ended: a new one is due, and so is the calendar."""
        async with self._database.write() as connection:
            await connection.execute(delete(WATCHES).where(_is(known.key.team_id, known.watch_id)))
            await connection.execute(_wanted(known, now))
            await connection.execute(_HINT, [bound(known.key, known.calendar_id) | {"b_at": now}])

    async def _find(self, watch_ids: Sequence[str]) -> Sequence[KnownWatch | None]:
        (rows,) = await self._database.rows((_FIND, {"watch_ids": names(set(watch_ids))}))
        found = {
            row.watch_id: KnownWatch(
                PersonKey(row.team_id, row.user_id), row.calendar_id, row.watch_id, row.secret, row.remote_id
            )
            for row in rows
        }
        return [found.get(watch_id) for watch_id in watch_ids]

    async def _hint(self, items: Sequence[tuple[KnownWatch, datetime]]) -> Sequence[bool]:
        async with self._database.write() as connection:
            wanted = {(one.key, one.calendar_id): bound(one.key, one.calendar_id) | {"b_at": now} for one, now in items}
            await connection.execute(_HINT, [wanted[place] for place in sorted(wanted)])
        return [True] * len(items)


def _is(team_id: str, watch_id: str) -> ColumnElement[bool]:
    return and_(WATCHES.c.team_id == team_id, WATCHES.c.watch_id == watch_id)


def _wanted(known: KnownWatch, now: datetime) -> Update:
    its = of_calendar(CALENDARS, known.key, known.calendar_id)
    return update(CALENDARS).where(its, CALENDARS.c.watch_due_at > now).values(watch_due_at=now)


@dataclass(frozen=True, slots=True)
class Hook:
    """Whose hook it is, and where they are."""

    key: PersonKey
    calendar_id: str
    zone: ZoneInfo


class HookStore(CalendarRows):
    """Makes hooks, and finds one by its secret."""

    async def create(self, key: PersonKey, digest: str, now: datetime) -> str:
        """Keep a hook whose secret has that digest; return its id. Raises TooManyError, NotGrantedError."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            mine = select(func.count()).where(of_person(CALENDARS, key), CALENDARS.c.provider == HOOK)
            number = (await connection.scalar(mine) or 0) + 1
            name = "Hook" if number == 1 else f"Hook {number}"
            # due once something arrives
            return await self._add(connection, key, HOOK, name=name, now=now, due_at=None, secret=digest)

    async def rotate(self, key: PersonKey, calendar_id: str, digest: str) -> bool:
        """Give the hook another secret from now on; False where the person has no such hook."""
        mine = and_(of_calendar(CALENDARS, key, calendar_id), CALENDARS.c.provider == HOOK)
        return bool(await self._database.execute(update(CALENDARS).where(mine).values(secret=digest)))

    async def find(self, digest: str) -> Hook | None:
        """Find the hook whose secret has that digest."""
        hooks = select(*KEY, PEOPLE.c.zone).join(PEOPLE, of_person(PEOPLE, CALENDARS))
        hooks = hooks.where(
            CALENDARS.c.secret == digest, CALENDARS.c.provider == HOOK, PEOPLE.c.deactivated_at.is_(None)
        )
        row = await self._database.fetch_one(hooks)
        if row is None:
            return None
        return Hook(PersonKey(row.team_id, row.user_id), row.calendar_id, zone_or(row.zone, ZoneInfo("UTC")))


MOST_WAITING = 100
"""Files that may wait for one calendar; they are worked in within seconds."""

MOST_BYTES = 32 * 1024 * 1024
"""What they may have together, sealed. The first one always has room: a file may be as large as a feed."""

_COLUMN = "inbox.content"
_WAIT = 60


class InboxStore(CalendarRows):
    """The inboxes that hooks and files are put into, and that `providers.inbox` reads."""

    async def put(
        self, key: PersonKey, calendar_id: str, content: bytes, now: datetime, *, whole: bool = False
    ) -> bool:
        """Keep a file for a calendar, which becomes due; False where the person has no such calendar.

        One that is `whole` takes the place of what waits. Raises TooManyRequestsError where too much waits already.
        """
        mine = of_calendar(CALENDARS, key, calendar_id)
        newest = select(func.max(INBOX.c.seq)).where(of_calendar(INBOX, key, calendar_id))
        async with self._database.read() as connection:
            seq = int(await connection.scalar(newest) or 0) + 1
        row = await self._row(key, calendar_id, seq, content, now, whole=whole)
        sooner = or_(CALENDARS.c.due_at.is_(None), CALENDARS.c.due_at > now)
        async with self._database.write() as connection:
            # first of all, because it locks the row: two that arrive at once must not get the same number
            due_at = case((sooner, literal(now, UtcInstant)), else_=CALENDARS.c.due_at)
            if not (await connection.execute(update(CALENDARS).where(mine).values(due_at=due_at))).rowcount:
                return False
            sizes = select(func.count(), func.sum(func.length(INBOX.c.content)), func.max(INBOX.c.seq))
            count, size, last = (await connection.execute(sizes.where(of_calendar(INBOX, key, calendar_id)))).one()
            if whole:  # numbered after what it replaces, which may be being worked in and is taken out by its number
                await connection.execute(delete(INBOX).where(of_calendar(INBOX, key, calendar_id)))
            elif count >= MOST_WAITING or (size or 0) > MOST_BYTES:
                raise TooManyRequestsError("too much waits", retry_after=_WAIT)
            if row["seq"] <= (last or 0):  # another came meanwhile: sealed again, for its own number
                row = await self._row(key, calendar_id, last + 1, content, now, whole=whole)
            await connection.execute(insert(INBOX).values(row))
        return True

    async def connect(
        self, key: PersonKey, address: str, name: str, content: bytes, *, now: datetime, whole: bool
    ) -> str:
        """Connect a new calendar of provider `file` with what is in it; return its id, which is due.

        Raises AlreadyConnectedError where there is one of that address, TooManyError, NotGrantedError.
        """
        async with self._database.write() as connection:
            calendar_id = await self._add(connection, key, FILE, address=address, name=name, now=now, due_at=now)
            row = await self._row(key, calendar_id, 1, content, now, whole=whole)
            await connection.execute(insert(INBOX).values(row))
        return calendar_id

    async def waiting(self, key: PersonKey, calendar_id: str) -> Sequence[Arrival]:
        """List what waits for a calendar, in the order of its arrival. What cannot be opened has no content."""
        its = select(INBOX).where(of_calendar(INBOX, key, calendar_id)).order_by(INBOX.c.seq)
        found = []
        for row in await self._database.fetch(its):
            content = await off_loop_if(len(row.content) >= LARGE, self._opened, row)
            found.append(Arrival(row.seq, row.received_at, content, row.whole))
        return found

    async def named(self, key: PersonKey, address: str) -> tuple[str, str] | None:
        """Return id and name of a person's calendar that came as the file `address`; None where they have none."""
        mine = select(CALENDARS).where(of_person(CALENDARS, key), CALENDARS.c.provider == FILE)
        for row in await self._database.fetch(mine):
            if self._address(key, row) == address:
                place = (key.team_id, key.user_id, row.calendar_id)
                return row.calendar_id, self._readable(row.name, "calendars.name", *place) or ""
        return None

    async def _row(
        self, key: PersonKey, calendar_id: str, seq: int, content: bytes, now: datetime, *, whole: bool
    ) -> dict[str, Any]:
        place = (key.team_id, key.user_id, calendar_id, str(seq))
        sealed = await off_loop_if(len(content) >= LARGE, lambda: self._encryptor.seal(content, _COLUMN, *place))
        return {
            "team_id": key.team_id,
            "user_id": key.user_id,
            "calendar_id": calendar_id,
            "seq": seq,
            "whole": whole,
            "received_at": now,
            "content": sealed,
        }

    def _opened(self, row: Any) -> bytes | None:
        place = (row.team_id, row.user_id, row.calendar_id, str(row.seq))
        try:
            return self._encryptor.open_bytes(row.content, _COLUMN, *place)
        except SealError:
            return None
