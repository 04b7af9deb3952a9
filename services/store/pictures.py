"""Pictures of people, sealed: the one that somebody sent for their absences, and their own photo while ours is on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from services.domain.errors import NotGrantedError
from services.domain.model import PersonKey
from services.platform.concurrency import off_loop
from services.store.db import Store
from services.store.effect_models import PictureRow
from services.store.person_rows import lock_one, of_person, upsert

OWN = "own"
"""The picture that a person sent."""

_COLUMN = "pictures.content"


class PictureStore(Store):
    """Reads and writes them; a person has one of each kind."""

    async def put_own(self, key: PersonKey, content: bytes, now: datetime) -> None:
        """Keep the picture that a person sent, in the place of the one before. Raises NotGrantedError."""
        sealed = await off_loop(self._encryptor.seal, content, _COLUMN, key.team_id, key.user_id, OWN)
        fresh = {"content": sealed, "created_at": now}
        row = {"team_id": key.team_id, "user_id": key.user_id, "picture_id": OWN, **fresh}
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            await connection.execute(upsert(connection, PictureRow, row, fresh))

    async def read(self, key: PersonKey, picture_id: str) -> bytes | None:
        """A picture of a person; None where there is none. Raises SealError."""
        mine = select(PictureRow.content).where(of_person(PictureRow, key), PictureRow.picture_id == picture_id)
        rows = await self._database.fetch(mine, {})
        if not rows:
            return None
        return await off_loop(
            self._encryptor.open_bytes, rows[0].content, _COLUMN, key.team_id, key.user_id, picture_id
        )
