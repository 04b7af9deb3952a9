"""The app's side of pictures: everything that is done to one is done in a process of its own, with limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from services.domain.errors import BadPictureError, PictureTooLargeError
from services.pictures.worker import ERRORS
from services.platform.readers import Readers

MOST_BYTES = 8 * 1024 * 1024
"""Of a picture that comes in."""

_MEMORY = 768 * 2**20
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class TakenPicture:
    """What is kept of a picture that somebody sent: a JPEG, and its pixels."""

    content: bytes = field(repr=False)
    width: int
    height: int


class PictureReader:
    """Reads pictures, one at a time: they are rare, and a large one needs memory.

    `whose` tells one person from another. Every method raises BadPictureError (also for one that takes too much),
    PictureTooLargeError and PictureMovesError.
    """

    def __init__(self, *, seconds: float = _SECONDS, memory: int = _MEMORY) -> None:
        """At most so many `seconds` and so much `memory`, in bytes, for each."""
        self._readers = Readers(
            "services.pictures.worker", ERRORS, BadPictureError, workers=1, seconds=seconds, memory=memory
        )

    async def take(self, whose: str, data: bytes) -> TakenPicture:
        """What is kept of a picture that somebody sent."""
        head, content = await self._ask(whose, {"task": "take"}, data)
        return TakenPicture(content, head["width"], head["height"])

    async def square(self, whose: str, data: bytes, crop: str) -> bytes:
        """A square of 512 to 1,024 pixels; `crop` is `centre`, `top` or `x,y,w`."""
        _, content = await self._ask(whose, {"task": "square", "crop": crop}, data)
        return content

    async def keep(self, whose: str, data: bytes) -> bytes:
        """The square that a profile shows, as Slack takes it back."""
        _, content = await self._ask(whose, {"task": "keep"}, data)
        return content

    async def sign(self, whose: str, data: bytes, name: str) -> bytes:
        """The square `data` with a ring and the sign `name`."""
        _, content = await self._ask(whose, {"task": "sign", "name": name}, data)
        return content

    async def _ask(self, whose: str, head: dict[str, str], data: bytes) -> tuple[dict[str, Any], bytes]:
        if len(data) > MOST_BYTES:
            raise PictureTooLargeError("bytes")
        said, (content,) = await self._readers.ask(whose, head, (data,))
        return said, content

    async def close(self) -> None:
        """End the process."""
        await self._readers.close()
