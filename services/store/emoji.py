"""The emoji of a workspace's own: when they are to be read from Slack, and what was read.

Whoever reads them puts the due time off first, and what comes of it changes that time only where it is still the same:
a change that is told of meanwhile is read, too, and after a crash they are due again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, func, literal, select, update

from services.domain.emoji import MOST_NAMES, EmojiTable
from services.platform.concurrency import off_loop
from services.store.columns import UtcInstant
from services.store.db import Database
from services.store.person_rows import chunks, insert_for, named, names
from services.store.tables import WORKSPACES
from services.store.workspace_tables import EMOJI

_NOW = bindparam("now", type_=UtcInstant)
_THEIRS = ~named(WORKSPACES.c.team_id, "others")
_NEXT = select(func.min(WORKSPACES.c.emoji_due_at)).where(_THEIRS)
_DUE = (
    select(WORKSPACES.c.team_id, WORKSPACES.c.emoji_due_at)
    .where(WORKSPACES.c.emoji_due_at <= _NOW, _THEIRS)
    .order_by(WORKSPACES.c.emoji_due_at, WORKSPACES.c.team_id)
    .limit(bindparam("most"))
)
_TABLE = select(WORKSPACES.c.emoji_digest, WORKSPACES.c.emoji_read_at, WORKSPACES.c.emoji_due_at).where(
    WORKSPACES.c.team_id == bindparam("team")
)
_HAS = select(EMOJI.c.name).where(EMOJI.c.team_id == bindparam("team"), EMOJI.c.name == bindparam("name"))
_SOME = select(EMOJI.c.name).where(EMOJI.c.team_id == bindparam("team"), named(EMOJI.c.name, "asked"))
_NAMES = select(EMOJI.c.name, EMOJI.c.alias_of).where(EMOJI.c.team_id == bindparam("team"))

_CUT = "cut:"
"""What a digest begins with where there were more names than are kept."""


class EmojiStore:
    """The tables of all workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next_due(self, others: Collection[str] = ()) -> datetime | None:
        """Return when the first table is to be read, of workspaces that are not among `others`."""
        (rows,) = await self._database.rows((_NEXT, {"others": names(others)}))
        found: datetime | None = rows[0][0]
        return found

    async def due(self, now: datetime, limit: int, others: Collection[str] = ()) -> dict[str, datetime]:
        """Return the workspaces whose tables are to be read at `now`, each with since when; the longest due first."""
        rows = await self._database.fetch(_DUE, {"now": now, "most": limit, "others": names(others)})
        return {row.team_id: row.emoji_due_at for row in rows if row.emoji_due_at is not None}

    async def put_off(self, team_id: str, due_at: datetime, until: datetime | None) -> bool:
        """Have it due at `until` instead of `due_at` (None: not before the next install); False where that changed."""
        its = update(WORKSPACES).where(WORKSPACES.c.team_id == team_id, WORKSPACES.c.emoji_due_at == due_at)
        return bool(await self._database.execute(its.values(emoji_due_at=until)))

    async def mark(self, team_id: str, at: datetime) -> bool:
        """Have it due at `at` where that is sooner; False where it is not, or where it may not be read."""
        (rows,) = await self._database.rows((_TABLE, {"team": team_id}))
        if not any(row.emoji_due_at is not None and row.emoji_due_at > at for row in rows):
            return False  # as most of those that come in a flood
        its = update(WORKSPACES).where(WORKSPACES.c.team_id == team_id, WORKSPACES.c.emoji_due_at > at)
        return bool(await self._database.execute(its.values(emoji_due_at=at)))

    async def save(
        self, team_id: str, found: Mapping[str, str], *, read_at: datetime, due_at: datetime, until: datetime
    ) -> bool:
        """Keep `found`, as `emoji.listed` gives it, in the place of what was kept; whether it is something else.

        It is due again at `until`, or sooner where it is not due at `due_at` any more.
        """
        digest = await off_loop(_digest, found)
        again = case((WORKSPACES.c.emoji_due_at == due_at, literal(until, UtcInstant)), else_=WORKSPACES.c.emoji_due_at)
        async with self._database.write() as connection:
            its = select(WORKSPACES.c.emoji_digest).where(WORKSPACES.c.team_id == team_id)
            kept = await connection.scalar(its.with_for_update(key_share=True))
            if kept is None:
                return False  # uninstalled meanwhile
            if kept != digest:
                before = {row.name: row.alias_of or "" for row in await connection.execute(_NAMES, {"team": team_id})}
                gone = delete(EMOJI).where(EMOJI.c.team_id == team_id, named(EMOJI.c.name, "gone"))
                for some in chunks([name for name in before if name not in found]):
                    await connection.execute(gone, {"gone": names(some)})
                insert = insert_for(connection, EMOJI)
                put = insert.on_conflict_do_update(
                    index_elements=["team_id", "name"], set_={"alias_of": insert.excluded.alias_of}
                )
                for some in chunks([name for name, target in found.items() if before.get(name) != target]):
                    rows = [{"team_id": team_id, "name": name, "alias_of": found[name] or None} for name in some]
                    await connection.execute(put, rows)
            new = {"emoji_digest": digest, "emoji_read_at": read_at, "emoji_due_at": again}
            await connection.execute(update(WORKSPACES).where(WORKSPACES.c.team_id == team_id).values(new))
        return kept != digest

    async def table(self, team_id: str) -> EmojiTable:
        """Return how the workspace's table stands."""
        return (await self.look(team_id, ""))[0]

    async def look(self, team_id: str, name: str) -> tuple[EmojiTable, bool]:
        """Return how its table stands, and whether it has `name`."""
        asked = (_TABLE, {"team": team_id}), (_HAS, {"team": team_id, "name": name})
        rows, has = await self._database.rows(*asked)
        return _table_of(rows), bool(has)

    async def without(self, team_id: str, asked: Collection[str]) -> tuple[EmojiTable, set[str]]:
        """Return how its table stands, and which of the names `asked` it does not have."""
        some = {"team": team_id, "asked": names(asked)}
        rows, has = await self._database.rows((_TABLE, {"team": team_id}), (_SOME, some))
        return _table_of(rows), set(asked) - {row.name for row in has}

    async def names(self, team_id: str) -> dict[str, str]:
        """Return what `save` kept."""
        return {row.name: row.alias_of or "" for row in await self._database.fetch(_NAMES, {"team": team_id})}


def _table_of(rows: Sequence[Any]) -> EmojiTable:
    if not rows:
        return EmojiTable()
    row = rows[0]
    return EmojiTable(row.emoji_digest, row.emoji_read_at, row.emoji_due_at, row.emoji_digest.startswith(_CUT))


def _digest(found: Mapping[str, str]) -> str:
    whole = json.dumps(sorted(found.items()), separators=(",", ":")).encode()
    return (_CUT if len(found) >= MOST_NAMES else "") + hashlib.sha256(whole).hexdigest()[:32]
