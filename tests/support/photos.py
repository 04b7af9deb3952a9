"""Somebody whose timeline carries the photo effect, on the engine alone, and what their profile shows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import pytest
import sqlalchemy as sa
from PIL import Image

from emulators.slack.state import APP, PERSON
from services.domain.effects import PhotoMemory
from services.domain.model import Effect, Photo, Picture, Stretch
from services.engine.carriers import PhotoCarrier
from services.engine.effects import EffectSender
from services.pictures.squares import are_alike, signed
from services.store.effect_tables import PICTURES
from tests.support.engine import RunningEngine
from tests.support.pictures import encoded, quarters
from tests.support.replica import Replica
from tests.support.stretches import ALL, StretchesOf

GET, SET, DELETE = "users.profile.get", "users.setPhoto", "users.deletePhoto"

FACE = encoded(quarters(512, 512), "JPEG", quality=95)
OTHER = encoded(quarters(512, 512).transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95)
SENT = encoded(quarters(512, 512).transpose(Image.Transpose.ROTATE_180), "JPEG", quality=95)

Piece = tuple[float, float] | tuple[float, float, Photo]


class Sitter(StretchesOf):
    """Ann, whose photo it is; `face` is what she has of her own, None for nothing."""

    async def carries(self, *pieces: Piece) -> None:
        """Have these be the stretches, in minutes from the start, each with its photo."""
        self.plans(*pieces)
        await self.is_looked_at()

    def plans(self, *pieces: Piece) -> None:
        """The same, once somebody looks at her timeline."""
        self.stretches = tuple(
            Stretch(
                Effect.PHOTO, self.at(piece[0]), self.at(piece[1]), rule="out_of_office",
                photo=piece[2] if len(piece) > 2 else Photo(Picture.PALM),  # type: ignore[misc]  # as its length says
            )
            for piece in pieces
        )  # fmt: skip

    def uploads(self, content: bytes) -> None:
        """She sets a photo by hand."""
        self.engine.slack.photos.upload(self.key.user_id, content, "image/jpeg")

    def shows(self, content: bytes | None, *, by: str) -> bool:
        """Whether her profile shows this picture, set by PERSON or by APP; None: nothing of her own."""
        picture = self.engine.slack.photos.of(self.key.user_id)
        if picture is None or content is None:
            return picture is None and content is None
        return picture.by == by and are_alike(picture.content, content)

    def shows_ours(self, name: str = "palm", face: bytes = FACE) -> bool:
        """Whether it shows her face with our sign."""
        return self.shows(_ours(face, name), by=APP)

    def shows_own(self, face: bytes | None = FACE, *, by: str = PERSON) -> bool:
        """Whether it shows her own picture."""
        return self.shows(face, by=by)

    async def memory(self) -> PhotoMemory:
        found: PhotoMemory = await self.engine.effect(self.key, Effect.PHOTO)
        return found

    async def reason(self) -> str:
        reason = (await self.memory()).reason
        return "" if reason is None else str(reason.code)

    async def kept(self) -> set[str]:
        """Which pictures of hers are stored."""
        async with self.engine.database.read() as connection:
            return {row.picture_id for row in await connection.execute(sa.select(PICTURES.c.picture_id))}


async def sitter(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, face: bytes | None = FACE, allows: Iterable[str] = ALL
) -> Sitter:
    made = Sitter(engine, await engine.person(allows=allows))
    made.is_resolved(monkeypatch)
    if face is not None:
        made.uploads(face)
    return made


@lru_cache
def _ours(face: bytes, name: str) -> bytes:
    return signed(face, name)[0]


def carrier_of(replica: Replica) -> PhotoCarrier:
    """What carries photos out in that process."""
    senders = (one for one in replica.chores if isinstance(one, EffectSender))
    return next(one._carrier for one in senders if isinstance(one._carrier, PhotoCarrier))
