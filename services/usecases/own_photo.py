"""A person's own photo, as an agent sets it by Slack's own method.

It is a fact that is stored, sealed; the photo's chore of the sender puts it on, and what Slack returned is the answer.
What is not put on in time is taken back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from services.domain.model import PersonKey
from services.pictures.reader import PictureReader
from services.ports import Clock, WakeSignal
from services.slack.client import error_for
from services.slack.photos import SET_PHOTO
from services.store.asked_photos import NOT_DONE, AskedPhoto, AskedPhotoStore, PhotoAnswer
from services.store.people import PeopleStore
from services.usecases import waiting
from services.usecases.waiting import NEXT_TRY, UNDER_WAY, NotWrittenError, pauses, require_keeping

CENTRE = "centre"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OwnPhotos:
    """Puts a photo on for whoever asks, and for nobody else."""

    store: AskedPhotoStore
    people: PeopleStore
    reader: PictureReader
    clock: Clock
    wake_signal: WakeSignal

    async def set(self, key: PersonKey, image: bytes, crop: str, request: str) -> Mapping[str, Any]:
        """Put on the square `crop` (`x,y,w` in its pixels, "" for its middle) of a picture; what Slack then returned.

        Raises BadPictureError, CropOutsideError, PictureTooLargeError, PictureMovesError, PausedError, NotGrantedError;
        NotWrittenError where it was taken back; a SlackError where Slack refused it.
        """
        await require_keeping(self.people, key, self.clock.now())
        prepared = await self.reader.prepare(f"{key.team_id}/{key.user_id}", image, crop or CENTRE)
        now, deadline = self.clock.now(), time.monotonic() + waiting.PATIENCE
        until = now + timedelta(seconds=waiting.PATIENCE)
        while not await self.store.ask(key, AskedPhoto(request, prepared.content, prepared.crop, now, until)):
            if time.monotonic() >= deadline:
                raise NotWrittenError("another one is under way")
            await asyncio.sleep(NEXT_TRY)
        self.wake_signal.wake()
        log.info("photo_asked_for", team_id=key.team_id, user_id=key.user_id, bytes=len(prepared.content))
        try:
            answer = await self._wait(key, request, deadline)
        except asyncio.CancelledError:
            self.store.outlive(self._take_back(key, request))
            raise
        if answer is None or answer.error == NOT_DONE:
            raise NotWrittenError(NOT_DONE)
        if answer.error:
            raise error_for(SET_PHOTO, answer.error)
        return answer.profile

    async def _wait(self, key: PersonKey, request: str, deadline: float) -> PhotoAnswer | None:
        """Return what came of it; None where it is taken back, or where another one took its place."""
        try:
            for pause in pauses(deadline):
                await asyncio.sleep(pause)
                if (answer := await self.store.answer_of(key, request)) is not None:
                    break
            else:
                answer = await self._take_back(key, request)
        except LookupError:
            return None
        await self.store.take_back(key, request)  # it is read
        return answer

    async def _take_back(self, key: PersonKey, request: str) -> PhotoAnswer | None:
        """Take it back; what came of it where it is done after all, by a call that was under way."""
        deadline = time.monotonic() + UNDER_WAY
        while not await self.store.take_back(key, request, anyway=time.monotonic() >= deadline):
            await asyncio.sleep(NEXT_TRY)
            if (answer := await self.store.answer_of(key, request)) is not None:
                return answer
        log.info("request_taken_back", team_id=key.team_id, user_id=key.user_id)
        return None
