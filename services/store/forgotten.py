"""Who was forgotten lately, and which workspaces have uninstalled: a backup from before shall not bring them back.

Only a keyed digest of the ids is kept, with the instant: whoever is in an old backup can be compared with it, and
nobody can be read out of it. It is deleted when no backup from before is left (BACKUPS_KEPT_DAYS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.person_rows import insert_for
from services.store.workspace_tables import FORGOTTEN


@dataclass(frozen=True, slots=True)
class Forgotten:
    """That somebody was forgotten at `at`; who, is told by `digest` under the key `key_id`."""

    digest: str
    key_id: str
    at: datetime


async def remember_forgotten(
    connection: AsyncConnection, encryptor: Encryptor, now: datetime, team_id: str, user_id: str = ""
) -> None:
    """Note that this person was forgotten at `now`, or without `user_id` that the workspace has uninstalled."""
    key_id, digest = encryptor.pseudonyms(team_id, user_id)[0]
    await note(connection, [Forgotten(digest, key_id, now)])


async def note(connection: AsyncConnection, forgotten: Sequence[Forgotten]) -> None:
    """Add to those who were forgotten; the latest time counts."""
    for one in forgotten:
        row = insert_for(connection, FORGOTTEN).values(digest=one.digest, key_id=one.key_id, at=one.at)
        later: Any = row.excluded.at > FORGOTTEN.c.at
        await connection.execute(
            row.on_conflict_do_update(index_elements=["digest"], set_={"at": row.excluded.at}, where=later)
        )


async def all_forgotten(database: Database) -> list[Forgotten]:
    """Return all of them, the oldest first."""
    rows = await database.fetch(select(FORGOTTEN).order_by(FORGOTTEN.c.at, FORGOTTEN.c.digest))
    return [Forgotten(row.digest, row.key_id, row.at) for row in rows]
