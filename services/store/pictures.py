"""Pictures of people, sealed: what somebody sent for absences; their own photo and ours, while ours is on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import NotGrantedError
from services.domain.model import Effect, PersonKey
from services.platform.concurrency import off_loop
from services.platform.crypto import SealedBytes
from services.store.db import Store
from services.store.effect_tables import EFFECTS, PICTURES
from services.store.person_rows import lock_one, of_people, of_person, those, upsert

OWN = "own"
"""The picture that a person sent."""

ORIGINAL, OURS = "original", "ours"
"""What their profile showed before ours was put on; and ours, as it was put on."""

_COLUMN = "pictures.content"
_DROP = delete(PICTURES).where(
    of_people(PICTURES),
    PICTURES.c.picture_id != OWN,
    ~exists().where(of_person(EFFECTS, PICTURES), EFFECTS.c.effect == Effect.PHOTO.value, EFFECTS.c.owed),
)


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture that is to be stored, sealed for its place."""

    key: PersonKey
    picture_id: str
    content: SealedBytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PlainPicture:
    """A picture for its person's own eyes."""

    picture_id: str
    content: bytes = field(repr=False)
    created_at: datetime


async def keep_picture(connection: AsyncConnection, picture: KeptPicture) -> None:
    """Store a picture in the place of the one before. The person must exist."""
    fresh = {"content": picture.content, "created_at": picture.created_at}
    of = {"team_id": picture.key.team_id, "user_id": picture.key.user_id, "picture_id": picture.picture_id}
    await connection.execute(upsert(connection, PICTURES, of | fresh, fresh))


async def drop_pictures(connection: AsyncConnection, keys: Collection[PersonKey]) -> None:
    """Delete what was kept of these people's photos where nothing of ours is on any more."""
    if keys:
        await connection.execute(_DROP, those(keys))


class PictureStore(Store):
    """Reads and writes them; a person has one of each kind."""

    async def sealed(self, key: PersonKey, picture_id: str, content: bytes, now: datetime) -> KeptPicture:
        """Return a picture as it can be stored."""
        place = key.team_id, key.user_id, picture_id
        return KeptPicture(key, picture_id, await off_loop(self._encryptor.seal, content, _COLUMN, *place), now)

    async def put_own(self, key: PersonKey, content: bytes, now: datetime) -> None:
        """Keep the picture that a person sent, and have it put on where it was waited for. Raises NotGrantedError."""
        picture = await self.sealed(key, OWN, content, now)
        waits = update(EFFECTS).where(of_person(EFFECTS, key), EFFECTS.c.effect == Effect.PHOTO.value)
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise NotGrantedError("unknown person")
            await keep_picture(connection, picture)
            await connection.execute(waits.values(due_at=now, seq=EFFECTS.c.seq + 1))

    async def has_own(self, key: PersonKey) -> bool:
        """Return whether a picture is kept that the person sent."""
        mine = select(PICTURES.c.created_at).where(of_person(PICTURES, key), PICTURES.c.picture_id == OWN)
        return await self._database.fetch_one(mine) is not None

    async def of(self, key: PersonKey) -> list[PlainPicture]:
        """Return all that is kept of a person. Raises SealError."""
        mine = select(PICTURES.c.picture_id, PICTURES.c.content, PICTURES.c.created_at)
        found = []
        for row in await self._database.fetch(mine.where(of_person(PICTURES, key)).order_by(PICTURES.c.picture_id)):
            place = key.team_id, key.user_id, row.picture_id
            content = await off_loop(self._encryptor.open_bytes, row.content, _COLUMN, *place)
            found.append(PlainPicture(row.picture_id, content or b"", row.created_at))
        return found

    async def read(self, key: PersonKey, picture_id: str) -> bytes | None:
        """Return a picture of a person; None where there is none. Raises SealError."""
        mine = select(PICTURES.c.content).where(of_person(PICTURES, key), PICTURES.c.picture_id == picture_id)
        row = await self._database.fetch_one(mine)
        if row is None:
            return None
        place = key.team_id, key.user_id, picture_id
        return await off_loop(self._encryptor.open_bytes, row.content, _COLUMN, *place)
