"""Digests of who is out: which channel has one, when each is due, and which days were taken up.

A day is taken up before it is posted, in the transaction that makes the next one due, so it is posted once: by a
process that dies in between not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, select, update

from services.domain.digests import MOST, Period, Schedule
from services.domain.errors import TooManyError
from services.domain.model import PersonKey
from services.domain.people import zone_or
from services.store.columns import UtcInstant
from services.store.db import Database, tell_sender
from services.store.person_rows import NoticeStore, insert_for, lock_one, named, names, upsert
from services.store.tables import WORKSPACES
from services.store.workspace_tables import DIGEST_POSTS, DIGESTS, LEAVE_LINES

HOLIDAY = "holiday"
"""What is found of a line of a leave calendar that is a company holiday."""

_NOW = bindparam("now", type_=UtcInstant)
_ON = (DIGESTS.c.due_at.is_not(None), ~named(DIGESTS.c.team_id, "others"))
_NEXT = select(func.min(DIGESTS.c.due_at)).where(*_ON)
_DUE = (
    select(DIGESTS)
    .where(*_ON, DIGESTS.c.due_at <= _NOW)
    .order_by(DIGESTS.c.due_at, DIGESTS.c.team_id, DIGESTS.c.channel_id, DIGESTS.c.period)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Digest:
    """A channel's digest. `problem` is Slack's code where the channel refused it: then it is paused, and due no more.

    `silent`: nothing is posted where nobody is out. `locale` and the schedule's zone are those of whoever made it.
    """

    team_id: str
    channel_id: str
    schedule: Schedule
    locale: str
    created_by: str = ""
    silent: bool = True
    problem: str = ""
    due_at: datetime | None = None

    @property
    def period(self) -> Period:
        """What it tells of."""
        return self.schedule.period

    @property
    def day(self) -> date | None:
        """The day on which it is due next."""
        return None if self.due_at is None else self.schedule.day_of(self.due_at)


class DigestStore:
    """The digests of all workspaces."""

    def __init__(self, database: Database, notices: NoticeStore) -> None:
        self._database = database
        self._notices = notices

    async def put(self, digest: Digest, now: datetime) -> None:
        """Keep a digest in the place of the channel's one of that period. Raises TooManyError above `MOST`."""
        schedule = digest.schedule
        fresh = {
            "created_by": digest.created_by,
            "created_at": now,
            "days": "".join(map(str, sorted(schedule.days))),
            "local_time": f"{schedule.at:%H:%M}",
            "zone": schedule.zone.key,
            "locale": digest.locale,
            "silent": digest.silent,
            "problem": "",
            "due_at": schedule.next_after(now),
        }
        row = {"team_id": digest.team_id, "channel_id": digest.channel_id, "period": digest.period.value, **fresh}
        async with self._database.write() as connection:
            await connection.execute(
                select(WORKSPACES.c.team_id)
                .where(WORKSPACES.c.team_id == digest.team_id)
                .with_for_update(key_share=True)
            )
            others = select(func.count()).where(DIGESTS.c.team_id == digest.team_id, ~_is(digest))
            if (await connection.scalar(others) or 0) >= MOST:
                raise TooManyError("digests")
            await connection.execute(upsert(connection, DIGESTS, row, fresh))
            its = f"digest/{digest.channel_id}/{digest.period}"
            await self._notices.worked(connection, its, PersonKey(digest.team_id, digest.created_by))
            tell_sender(connection)

    async def end(self, team_id: str, channel_id: str, period: Period | None = None) -> int:
        """End a channel's digests, or that one; how many there were."""
        ended = delete(DIGESTS).where(DIGESTS.c.team_id == team_id, DIGESTS.c.channel_id == channel_id)
        return await self._database.execute(ended if period is None else ended.where(DIGESTS.c.period == period.value))

    async def of(self, team_id: str, channel_id: str = "") -> list[Digest]:
        """Return a workspace's digests, or a channel's, by channel and period."""
        found = select(DIGESTS).where(DIGESTS.c.team_id == team_id)
        if channel_id:
            found = found.where(DIGESTS.c.channel_id == channel_id)
        return [
            _digest_of(row)
            for row in await self._database.fetch(found.order_by(DIGESTS.c.channel_id, DIGESTS.c.period))
        ]

    # ── the sender's side ───────────────────────────────────────────────────────────────────────────

    async def next_due(self, others: Collection[str] = ()) -> datetime | None:
        """Return when the first is due, of workspaces that are not among `others`."""
        (rows,) = await self._database.rows((_NEXT, {"others": names(others)}))
        found: datetime | None = rows[0][0]
        return found

    async def due(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> Sequence[Digest]:
        """Return those that are due at `now`, the longest due first."""
        rows = await self._database.fetch(_DUE, {"now": now, "most": limit, "others": names(others)})
        return [_digest_of(row) for row in rows]

    async def take_up(self, digest: Digest, now: datetime, outcome: str = "") -> bool:
        """Take up the day that `digest` is due on; False where another process has, or it is another digest by now.

        With an `outcome` it is not to be posted. The next day is due from now on.
        """
        async with self._database.write() as connection:
            its = update(DIGESTS).where(_is(digest), DIGESTS.c.due_at == digest.due_at)
            if not (await connection.execute(its.values(due_at=digest.schedule.next_after(now)))).rowcount:
                return False
            posted = insert_for(connection, DIGEST_POSTS).values(**_post(digest), begun_at=now, outcome=outcome)
            done = await connection.execute(posted.on_conflict_do_nothing())
        return bool(done.rowcount)

    async def posted(self, digest: Digest, outcome: str) -> None:
        """Keep what came of the post that was taken up."""
        its = (DIGEST_POSTS.c[name] == value for name, value in _post(digest).items())
        await self._database.execute(update(DIGEST_POSTS).where(*its).values(outcome=outcome))

    async def give_back(self, digest: Digest, until: datetime) -> None:
        """Note that it was certainly not posted: the same day is due again at `until`."""
        async with self._database.write() as connection:
            its = (DIGEST_POSTS.c[name] == value for name, value in _post(digest).items())
            await connection.execute(delete(DIGEST_POSTS).where(*its))
            again = update(DIGESTS).where(_is(digest), DIGESTS.c.due_at.is_not(None))
            await connection.execute(again.values(due_at=until))

    async def put_off(self, digest: Digest, until: datetime) -> None:
        """Look again at `until`."""
        its = update(DIGESTS).where(_is(digest), DIGESTS.c.due_at == digest.due_at)
        await self._database.execute(its.values(due_at=until))

    async def pause(self, digest: Digest, problem: str) -> None:
        """Pause it where the channel refuses it: it is due no more; its creator is told once, if one of ours."""
        key = PersonKey(digest.team_id, digest.created_by)
        async with self._database.write() as connection:
            is_ours = await lock_one(connection, key)
            paused = update(DIGESTS).where(_is(digest), DIGESTS.c.problem == "")
            done = await connection.execute(paused.values(problem=problem, due_at=None))
            if done.rowcount and is_ours:
                await self._notices.tell(connection, key, f"digest/{digest.channel_id}/{digest.period}")

    async def is_holiday(self, team_id: str, instant: datetime) -> bool:
        """Return whether a connected leave calendar has a company holiday at `instant`."""
        holding = select(LEAVE_LINES.c.line_id).where(
            LEAVE_LINES.c.team_id == team_id,
            LEAVE_LINES.c.result == HOLIDAY,
            LEAVE_LINES.c.start_at <= instant,
            LEAVE_LINES.c.end_at > instant,
        )
        return bool(await self._database.fetch(holding.limit(1)))


def _is(digest: Digest) -> ColumnElement[bool]:
    return and_(
        DIGESTS.c.team_id == digest.team_id,
        DIGESTS.c.channel_id == digest.channel_id,
        DIGESTS.c.period == digest.period.value,
    )


def _post(digest: Digest) -> dict[str, str]:
    return {
        "team_id": digest.team_id,
        "channel_id": digest.channel_id,
        "period": digest.period.value,
        "day": str(digest.day),
    }


def _digest_of(row: Any) -> Digest:
    at = time.fromisoformat(row.local_time)
    schedule = Schedule(frozenset(map(int, row.days)), at, zone_or(row.zone, ZoneInfo("UTC")))
    return Digest(
        team_id=row.team_id, channel_id=row.channel_id, schedule=schedule, locale=row.locale,
        created_by=row.created_by, silent=row.silent, problem=row.problem, due_at=row.due_at,
    )  # fmt: skip
