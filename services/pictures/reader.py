"""The app's side of pictures: everything that is done to one is done in a process of its own, with limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.domain.errors import PictureTooLargeError
from services.pictures.worker import ERRORS
from services.platform.reader_process import Answer
from services.platform.readers import Readers

MOST_BYTES = 8 * 1024 * 1024
"""Of a picture that comes in."""

_MEMORY = 448 * 2**20
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class TakenPicture:
    """What is kept of a picture that somebody sent: a JPEG, and its pixels."""

    content: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Square:
    """A picture as Slack takes it, `side` pixels wide and high."""

    content: bytes = field(repr=False)
    side: int


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A picture as Slack takes it, and the square of it that is to show: x, y and width."""

    content: bytes = field(repr=False)
    crop: tuple[int, int, int]


class PictureReader:
    """Reads pictures, one at a time: they are rare, and a large one needs memory.

    `whose` tells one person from another. Every method raises BadPictureError, PictureTooLargeError (also for one
    that takes too much) and PictureMovesError.
    """

    def __init__(self, *, seconds: float = _SECONDS, memory: int = _MEMORY) -> None:
        """At most so many `seconds` and so much `memory`, in bytes, for each."""
        self._readers = Readers(
            "services.pictures.worker", ERRORS, PictureTooLargeError, workers=1, seconds=seconds, memory=memory
        )

    async def take(self, whose: str, data: bytes) -> TakenPicture:
        """Return what is kept of a picture that somebody sent."""
        said, (content,) = await self._ask(whose, {"task": "take"}, data)
        return TakenPicture(content, said["width"], said["height"])

    async def square(self, whose: str, data: bytes, crop: str) -> Square:
        """Return a square of it; `crop` is `centre`, `top` or `x,y,w`."""
        return await self._square(whose, {"task": "square", "crop": crop}, data)

    async def prepare(self, whose: str, data: bytes, crop: str) -> PreparedPicture:
        """Return the picture as Slack takes it, and the square of it; `crop` is `centre` or `x,y,w`.

        Raises CropOutsideError, too.
        """
        said, (content,) = await self._ask(whose, {"task": "prepare", "crop": crop}, data)
        x, y, w = said["crop"]
        return PreparedPicture(content, (x, y, w))

    async def keep(self, whose: str, data: bytes) -> Square:
        """Return the square that a profile shows, as Slack takes it back."""
        return await self._square(whose, {"task": "keep"}, data)

    async def sign(self, whose: str, data: bytes, name: str) -> Square:
        """Return the square `data` with a ring and the sign `name`."""
        return await self._square(whose, {"task": "sign", "name": name}, data)

    async def are_alike(self, whose: str, one: bytes, other: bytes) -> bool:
        """Return whether two pictures show the same, though Slack has written one of them anew."""
        said, _ = await self._ask(whose, {"task": "compare"}, one, other)
        return bool(said["alike"])

    async def _square(self, whose: str, head: dict[str, str], data: bytes) -> Square:
        said, (content,) = await self._ask(whose, head, data)
        return Square(content, said["side"])

    async def _ask(self, whose: str, head: dict[str, str], *pictures: bytes) -> Answer:
        if any(len(data) > MOST_BYTES for data in pictures):
            raise PictureTooLargeError("bytes")
        return await self._readers.ask(whose, head, pictures)

    async def close(self) -> None:
        """End the process."""
        await self._readers.close()
