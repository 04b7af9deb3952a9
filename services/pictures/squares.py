"""Pictures in, squares out: what users.setPhoto takes (docs.slack.dev, "Methods", users.setPhoto).

That is a GIF, JPEG or PNG without moving parts, of 512 to 1,024 pixels a side. What a picture is, its bytes say, not
its name. How it is turned (EXIF) is heeded, its colours become sRGB, and nothing else that it says of itself is kept.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import pairwise

from PIL import ExifTags, Image, ImageChops, ImageCms, ImageStat

from services.domain.errors import BadPictureError, CropOutsideError, PictureMovesError, PictureTooLargeError
from services.pictures.signs import with_sign

MOST_PIXELS = 50_000_000
"""As many as large telephones make; looked at before anything is decoded."""

LEAST = 64
"""Pixels a side that a picture has at least: less is no picture of anybody."""

SMALLEST, LARGEST = 512, 1024
"""Pixels a side of what Slack takes."""

KEPT = 2048
"""Pixels of the longer side that are kept of a person's own picture, so that another part of it can be chosen later."""

CENTRE, TOP = "centre", "top"

_LARGE, _STRIP = 16_000_000, 256
"""Pixels of a picture that is scaled with less care, and rows of it that are looked at together."""

_GLANCE, _ALIKE = 32, 6.0
"""Two pictures are compared at so many pixels a side; alike, they differ by less than this on average, of 255."""

Drawn = tuple[bytes, int]
"""A square as Slack takes it, and how many pixels wide it is."""

_FORMATS = ("GIF", "JPEG", "PNG")
_MOVING = frozenset({"GIF", "PNG"})
"""What can move. A JPEG with several pictures in it (MPO) is a telephone's: its first one is meant."""

_BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)
"""What Pillow raises for bytes that are no picture, or half of one."""

_SRGB = ImageCms.createProfile("sRGB")

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_UNTURNED: Mapping[int, Callable[[Box, int, int], Box]] = {
    2: lambda box, w, _h: (w - box[2], box[1], w - box[0], box[3]),
    3: lambda box, w, h: (w - box[2], h - box[3], w - box[0], h - box[1]),
    4: lambda box, _w, h: (box[0], h - box[3], box[2], h - box[1]),
    5: lambda box, _w, _h: (box[1], box[0], box[3], box[2]),
    6: lambda box, w, _h: (box[1], w - box[2], box[3], w - box[0]),
    7: lambda box, w, h: (h - box[3], w - box[2], h - box[1], w - box[0]),
    8: lambda box, _w, h: (h - box[3], box[0], h - box[1], box[2]),
}
"""By EXIF's Orientation (6 and 8 are quarter turns): where a box of the picture as it is seen, which is w by h, lies
in it as it is stored."""

_QUARTER = 5
"""From this Orientation on, width and height change places."""

_TURNS: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def taken(data: bytes) -> tuple[bytes, int, int]:
    """Return what is kept of a picture that somebody sent: a JPEG, its width and its height.

    Raises BadPictureError, PictureTooLargeError, PictureMovesError.
    """
    image, orientation = _opened(data)
    width, height = _seen(image, orientation)
    scale = min(1.0, KEPT / max(width, height))
    size = round(width * scale), round(height * scale)
    if min(size) < LEAST:
        raise BadPictureError("too narrow")
    return _jpeg(_part(image, orientation, (0, 0, width, height), size)), *size


def square(data: bytes, crop: str) -> Drawn:
    """Return a square of a picture, a JPEG, and its side.

    `crop` is `centre`, `top`, or `x,y,w` in its pixels, and yields where the picture ends.

    Raises BadPictureError, PictureTooLargeError, PictureMovesError.
    """
    image, side = _squared(data, crop)
    return _jpeg(image), side


def prepared(data: bytes, crop: str) -> tuple[bytes, tuple[int, int, int]]:
    """Return a picture as users.setPhoto takes it, a JPEG, and the square of it that is to show: x, y and width.

    `crop` is `x,y,w` in its pixels, or `centre`. All of the picture is kept, so that another part of it can be chosen
    in Slack, unless its square would then be less than Slack shows at most.

    Raises CropOutsideError, BadPictureError, PictureTooLargeError, PictureMovesError.
    """
    image, orientation = _opened(data)
    width, height = _seen(image, orientation)
    if crop != CENTRE:
        x, y, w = (int(number) for number in crop.split(","))
        if w < 1 or x + w > width or y + w > height:
            raise CropOutsideError("crop")
    box = _box(crop, width, height)
    scale = min(1.0, LARGEST / max(width, height))
    size, side = (round(width * scale), round(height * scale)), box[2] - box[0]
    if min(size) < SMALLEST or (scale < 1.0 and side * scale < min(side, SMALLEST)):
        found, side_of_it = square(data, crop)
        return found, (0, 0, side_of_it)
    whole = _part(image, orientation, (0, 0, width, height), size)
    wide = min(round(side * scale), *size)
    left, top = (min(round(edge * scale), most - wide) for edge, most in zip(box, size, strict=False))
    return _jpeg(whole), (left, top, wide)


def kept(data: bytes) -> Drawn:
    """Return the square that a profile shows as Slack takes it back, and its side: the same bytes wherever it does.

    Raises BadPictureError, PictureTooLargeError, PictureMovesError.
    """
    image, orientation = _opened(data)
    if image.width == image.height and SMALLEST <= image.width <= LARGEST and orientation == 1:
        _part(image, orientation, (0, 0, image.width, image.height), image.size)  # half a picture is not put back
        return data, image.width
    return square(data, CENTRE)


def signed(data: bytes, name: str) -> Drawn:
    """Return the square `data` with the ring and the sign `name` (a key of `signs.SIGNS`), a JPEG, and its side.

    Raises BadPictureError, PictureTooLargeError, PictureMovesError.
    """
    image, side = _squared(data, CENTRE)
    return _jpeg(with_sign(image, name)), side


def are_alike(one: bytes, other: bytes) -> bool:
    """Return whether two pictures show the same, though one may have been scaled and written anew in between.

    Raises BadPictureError, PictureTooLargeError, PictureMovesError.
    """
    seen = []
    for data in (one, other):
        image, orientation = _opened(data)
        box = _box(CENTRE, *_seen(image, orientation))
        seen.append(_part(image, orientation, box, (_GLANCE, _GLANCE)))
    return max(ImageStat.Stat(ImageChops.difference(*seen)).mean) < _ALIKE


def _squared(data: bytes, crop: str) -> tuple[Image.Image, int]:
    image, orientation = _opened(data)
    box = _box(crop, *_seen(image, orientation))
    side = min(max(round(box[2] - box[0]), SMALLEST), LARGEST)
    return _part(image, orientation, box, (side, side)), side


def _opened(data: bytes) -> tuple[Image.Image, int]:
    """Return a picture whose head was read, and how it is turned: 1 to 8."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
        moves = image.format in _MOVING and getattr(image, "is_animated", False)
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PictureTooLargeError("pixels") from None
    except _BROKEN as error:
        raise BadPictureError(type(error).__name__) from None
    if moves:
        raise PictureMovesError("frames")
    if min(image.size) < LEAST:
        raise BadPictureError("too small")
    return image, orientation if orientation in _TURNS else 1


def _seen(image: Image.Image, orientation: int) -> tuple[int, int]:
    """Return its width and height as it is seen."""
    return (image.height, image.width) if orientation >= _QUARTER else (image.width, image.height)


def _box(crop: str, width: int, height: int) -> Box:
    """Return the square that `crop` means."""
    side = min(width, height)
    if crop == CENTRE:
        left, top = (width - side) / 2, (height - side) / 2
    elif crop == TOP:
        left, top = (width - side) / 2, 0.0
    else:
        x, y, w = (int(number) for number in crop.split(","))
        side = min(max(w, 1), side)
        left, top = float(min(max(x, 0), width - side)), float(min(max(y, 0), height - side))
    return left, top, left + side, top + side


def _part(image: Image.Image, orientation: int, box: Box, size: tuple[int, int]) -> Image.Image:
    """Scale what is in `box` of the picture as it is seen to `size`, in sRGB, on white where it is transparent.

    Of what is large only this part is decoded further; it is turned last, when it is small.
    """
    if orientation in _UNTURNED:
        box = _UNTURNED[orientation](box, *_seen(image, orientation))
    if orientation >= _QUARTER:
        size = size[1], size[0]
    wide, whole = image.width, (box[2] - box[0], box[3] - box[1])
    try:
        # A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough.
        image.draft(None, (round(wide * size[0] / whole[0]), round(image.height * size[1] / whole[1])))
        left, top, right, bottom = (round(edge * image.width / wide) for edge in box)
        found = _scaled(image, (left, top, right, bottom), size)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):  # a GIF's picture, larger than it said
        raise PictureTooLargeError("pixels") from None
    except _BROKEN as error:
        raise BadPictureError(type(error).__name__) from None
    found = _in_srgb(found, image.info.get("icc_profile"))
    white = Image.new("RGB", found.size, "white")  # has nothing of what the picture says of itself
    white.paste(found, None, found if found.mode == "RGBA" else None)
    return white.transpose(_TURNS[orientation]) if orientation in _TURNS else white


def _scaled(image: Image.Image, box: tuple[int, int, int, int], size: tuple[int, int]) -> Image.Image:
    """Return a part of the picture, scaled to `size`; in strips, so that there is no second copy of a large one."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    finer = 1 if wide * high > _LARGE else 2  # so much of the scaling is left for what does it best
    factor = max(1, min(wide // size[0], high // size[1]) // finer)
    rows = factor * max(1, _STRIP // factor)
    edges = [*range(top, bottom, rows), bottom]
    strips = [
        _plain(image.crop((left, start, right, end))).reduce(factor) for start, end in pairwise(edges)
    ]  # fmt: skip
    found = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for number, strip in enumerate(strips):
        found.paste(strip, (0, number * rows // factor))
    return found.resize(size, Image.Resampling.LANCZOS, box=(0, 0, wide / factor, high / factor))


def _plain(image: Image.Image) -> Image.Image:
    """Return the same with eight bits a channel, which can be scaled: in grey or colours, transparent where it is."""
    if image.mode == "I;16":
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in {"L", "RGB", "CMYK", "RGBA"} and "transparency" not in image.info:
        return image
    return image.convert("RGBA")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture as it looks without its colour profile; one that makes no sense is left out."""
    if profile:
        with suppress(ImageCms.PyCMSError, ValueError):
            mode = "RGBA" if image.mode == "RGBA" else "RGB"
            converted = ImageCms.profileToProfile(image, io.BytesIO(profile), _SRGB, outputMode=mode)
            return converted or image
    return image if image.mode == "RGBA" else image.convert("RGB")


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, subsampling=0)  # 4:4:4: the signs' edges stay clean
    return out.getvalue()
