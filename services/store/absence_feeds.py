"""Feeds of who is out: secret addresses at which a channel's absences, or a workspace's, can be subscribed to.

Of a secret its digest is kept. A feed that is `gone` stays, so that its address says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update

from services.domain.errors import TooManyError
from services.domain.model import PersonKey
from services.store.db import Database
from services.store.person_rows import lock_one
from services.store.workspace_tables import ABSENCE_FEEDS

MOST = 10
"""Feeds of one person."""


@dataclass(frozen=True, slots=True)
class AbsenceFeed:
    """A feed. `channel_id` is "" for one of the whole workspace. `locale` is what its entries are written in.

    `created_by` is who was given its address last; it is `gone` once they are not where they have to be.
    """

    team_id: str
    feed_id: str
    channel_id: str
    created_by: str
    created_at: datetime
    locale: str
    gone: bool = False

    @property
    def creator(self) -> PersonKey:
        """Who was given its address last."""
        return PersonKey(self.team_id, self.created_by)


class AbsenceFeedStore:
    """The feeds of all workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, feed: AbsenceFeed, digest: str) -> None:
        """Keep a feed whose secret has that digest. Raises TooManyError above `MOST`."""
        async with self._database.write() as connection:
            await lock_one(connection, feed.creator)
            mine = and_(ABSENCE_FEEDS.c.team_id == feed.team_id, ABSENCE_FEEDS.c.created_by == feed.created_by)
            if (await connection.scalar(select(func.count()).select_from(ABSENCE_FEEDS).where(mine)) or 0) >= MOST:
                raise TooManyError("feeds")
            row = {
                "team_id": feed.team_id, "feed_id": feed.feed_id, "channel_id": feed.channel_id,
                "created_by": feed.created_by, "created_at": feed.created_at, "locale": feed.locale, "secret": digest,
                "gone": False,
            }  # fmt: skip
            await connection.execute(insert(ABSENCE_FEEDS).values(row))

    async def rotate(self, feed: AbsenceFeed, created_by: str, digest: str) -> bool:
        """Give a feed another secret, which `created_by` is given; False where it is there no more."""
        fresh = {"secret": digest, "created_by": created_by, "gone": False}
        return bool(await self._database.execute(update(ABSENCE_FEEDS).where(_is(feed)).values(fresh)))

    async def end(self, feed: AbsenceFeed) -> bool:
        """Forget a feed; whether it was there."""
        return bool(await self._database.execute(delete(ABSENCE_FEEDS).where(_is(feed))))

    async def mark_gone(self, feed: AbsenceFeed) -> None:
        """Mark it as gone: its creator is not where they have to be. One that has another creator by now is left."""
        its = update(ABSENCE_FEEDS).where(_is(feed), ABSENCE_FEEDS.c.created_by == feed.created_by)
        await self._database.execute(its.values(gone=True))

    async def find(self, digest: str) -> AbsenceFeed | None:
        """Find the feed whose secret has that digest."""
        row = await self._database.fetch_one(select(ABSENCE_FEEDS).where(ABSENCE_FEEDS.c.secret == digest))
        return None if row is None else _feed_of(row)

    async def get(self, team_id: str, feed_id: str) -> AbsenceFeed | None:
        """Return the feed of that id."""
        its = select(ABSENCE_FEEDS).where(ABSENCE_FEEDS.c.team_id == team_id, ABSENCE_FEEDS.c.feed_id == feed_id)
        row = await self._database.fetch_one(its)
        return None if row is None else _feed_of(row)

    async def of_person(self, key: PersonKey) -> list[AbsenceFeed]:
        """Return the feeds of channels that a person was given, oldest first."""
        return await self._list(
            and_(ABSENCE_FEEDS.c.created_by == key.user_id, ABSENCE_FEEDS.c.channel_id != ""), key.team_id
        )

    async def of_workspace(self, team_id: str) -> list[AbsenceFeed]:
        """Return the feeds of a workspace as a whole, oldest first."""
        return await self._list(ABSENCE_FEEDS.c.channel_id == "", team_id)

    async def given_to(self, key: PersonKey) -> list[AbsenceFeed]:
        """Return all feeds that a person was given, oldest first."""
        return await self._list(ABSENCE_FEEDS.c.created_by == key.user_id, key.team_id)

    async def _list(self, which: ColumnElement[bool], team_id: str) -> list[AbsenceFeed]:
        found = select(ABSENCE_FEEDS).where(ABSENCE_FEEDS.c.team_id == team_id, which)
        rows = await self._database.fetch(found.order_by(ABSENCE_FEEDS.c.created_at, ABSENCE_FEEDS.c.feed_id))
        return [_feed_of(row) for row in rows]


def _is(feed: AbsenceFeed) -> ColumnElement[bool]:
    return and_(ABSENCE_FEEDS.c.team_id == feed.team_id, ABSENCE_FEEDS.c.feed_id == feed.feed_id)


def _feed_of(row: Any) -> AbsenceFeed:
    return AbsenceFeed(
        row.team_id, row.feed_id, row.channel_id, row.created_by, row.created_at, row.locale, row.gone
    )  # fmt: skip
