"""Somebody whose timeline carries the photo effect, on the engine alone, and what their profile shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from emulators.slack.state import APP, PERSON
from services.domain import timeline
from services.domain.effects import PhotoMemory
from services.domain.model import Effect, Pause, PersonKey, Photo, Picture, Stretch, Timeline
from services.domain.timeline import resolve
from services.engine.carriers import PhotoCarrier
from services.engine.effects import EffectSender
from services.pictures.squares import are_alike, signed
from services.slack import scopes
from services.store.effect_models import PictureRow
from services.store.preferences import PreferenceStore
from tests.support.engine import RunningEngine
from tests.support.pictures import encoded, quarters
from tests.support.replica import Replica

ALL = frozenset(scopes.USER) | frozenset(scopes.USER_OPTIONAL)
GET, SET, DELETE = "users.profile.get", "users.setPhoto", "users.deletePhoto"

FACE = encoded(quarters(512, 512), "JPEG", quality=95)
OTHER = encoded(quarters(512, 512).transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95)
SENT = encoded(quarters(512, 512).transpose(Image.Transpose.ROTATE_180), "JPEG", quality=95)

Piece = tuple[float, float] | tuple[float, float, Photo]


class Sitter:
    """Ann, whose photo it is; `face` is what she has of her own, None for nothing."""

    def __init__(self, engine: RunningEngine, key: PersonKey) -> None:
        self.engine, self.key = engine, key
        self.start = engine.clock.now()
        self.stretches: tuple[Stretch, ...] = ()

    def at(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    async def carries(self, *pieces: Piece) -> None:
        """Have these be the stretches, in minutes from the start, each with its photo."""
        self.plans(*pieces)
        await self.engine.change(self.key, stale=True, preferences="{}")
        await self.engine.rests()

    def plans(self, *pieces: Piece) -> None:
        """The same, once somebody looks at her timeline."""
        self.stretches = tuple(
            Stretch(
                Effect.PHOTO, self.at(piece[0]), self.at(piece[1]), rule="out_of_office",
                photo=piece[2] if len(piece) > 2 else Photo(Picture.PALM),  # type: ignore[misc]  # as its length says
            )
            for piece in pieces
        )  # fmt: skip

    def resolve(self, *facts: Any) -> Timeline:
        """What the resolver says, and these stretches."""
        return replace(resolve(*facts), stretches=self.stretches)

    async def goes_on(self, minutes: float) -> None:
        """Time passes until so many minutes from the start."""
        self.engine.clock.move_to(self.at(minutes))
        await self.engine.rests()

    async def pauses(self, pause: Pause | None) -> None:
        await PreferenceStore(self.engine.database).pause(self.key, pause, self.engine.clock.now())
        self.engine.ring()
        await self.engine.rests()

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

    def calls(self, *methods: str) -> int:
        return len(self.engine.calls(*methods, user=self.key.user_id))

    async def memory(self) -> PhotoMemory:
        found: PhotoMemory = await self.engine.effect(self.key, Effect.PHOTO)
        return found

    async def reason(self) -> str:
        reason = (await self.memory()).reason
        return "" if reason is None else str(reason.code)

    async def kept(self) -> set[str]:
        """Which pictures of hers are stored."""
        async with self.engine.database.read() as connection:
            return {row.picture_id for row in await connection.execute(sa.select(PictureRow.picture_id))}


async def sitter(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, face: bytes | None = FACE, allows: Iterable[str] = ALL
) -> Sitter:
    made = Sitter(engine, await engine.person(allows=allows))
    monkeypatch.setattr(timeline, "resolve", made.resolve)
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
