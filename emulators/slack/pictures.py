"""What is read of a picture's bytes (PNG, JPEG, GIF), the square that is shown of it, and a picture of one colour.

docs.slack.dev/reference/methods/users.setPhoto: the crop box is square; without one "the image will be letterboxed".
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, UnidentifiedImageError

_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif"}
_MOST_READ = 4_096
_FEW, _TOLERANCE = 8, 6
_WHITE = (255, 255, 255)
Crop = tuple[int, int, int]


class NoPictureError(ValueError):
    """The bytes are no whole picture of one of the three formats."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """`content_type` as the bytes themselves say it, size in pixels, and whether there is more than one frame."""

    content_type: str
    width: int
    height: int
    animated: bool = False


def facts_of(content: bytes) -> PictureFacts:
    """Read a picture to its end, unless it is far too large anyway. Raises NoPictureError."""
    try:
        with Image.open(io.BytesIO(content), formats=list(_FORMATS)) as image:
            width, height = image.size
            animated = getattr(image, "is_animated", False)
            if max(width, height) <= _MOST_READ:
                image.load()
            return PictureFacts(_FORMATS[image.format or ""], width, height, animated)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, KeyError, Image.DecompressionBombError) as error:
        raise NoPictureError(str(error)) from error


@lru_cache(maxsize=64)
def square(content: bytes, crop: Crop | None, side: int) -> bytes:
    """The square that is shown, as a PNG of `side` by `side` pixels: the crop box, or all of it with bars."""
    return _png(_square(content, crop).resize((side, side)))


def alike(one: tuple[bytes, Crop | None], other: tuple[bytes, Crop | None]) -> bool:
    """Whether two pictures (content, crop) show the same face, however they were scaled and packed in between."""
    first, second = (
        _square(content, crop).resize((_FEW, _FEW), Image.Resampling.BOX).tobytes() for content, crop in (one, other)
    )
    return max(abs(a - b) for a, b in zip(first, second, strict=True)) <= _TOLERANCE


def _square(content: bytes, crop: Crop | None) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        shown = image.convert("RGB")
    if crop is not None:
        x, y, wide = crop
        shown = shown.crop((x, y, x + wide, y + wide))
    elif shown.width != shown.height:
        most = max(shown.size)
        bars = Image.new("RGB", (most, most), _WHITE)
        bars.paste(shown, ((most - shown.width) // 2, (most - shown.height) // 2))
        shown = bars
    return shown


@lru_cache(maxsize=64)
def plain_png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A PNG of one colour (red, green, blue; 0–255)."""
    return _png(Image.new("RGB", (width, height), colour))


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
