"""What is read of the bytes of a PNG, JPEG or GIF: format, size, whether it moves; and a plain picture to begin with.

PNG: w3.org/TR/png-3 (chunks, their CRC, `acTL` of an animated one); GIF: the GIF89a specification; JPEG: ITU-T T.81.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BARE = {0x01, *range(0xD0, 0xD9)}
_GRAPHIC, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_MARKER = 0xFF


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
    """Read a picture's bytes to their end. Raises NoPictureError."""
    try:
        if content.startswith(_PNG):
            return _png(content)
        if content.startswith(_JPEG):
            return _jpeg(content)
        if content[:6] in {b"GIF87a", b"GIF89a"}:
            return _gif(content)
    except (IndexError, struct.error, zlib.error) as error:
        raise NoPictureError("cut off") from error
    raise NoPictureError("neither PNG nor JPEG nor GIF")


def _png(content: bytes) -> PictureFacts:
    at, animated, data, kind = len(_PNG), False, zlib.decompressobj(), b""
    width = height = rows = 0
    while kind != b"IEND":
        (length,), kind = struct.unpack_from(">I", content, at), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", content, at + 8 + length)
        if crc != zlib.crc32(kind + body):
            raise NoPictureError("a chunk is broken")
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", body)
        elif kind == b"IDAT":
            rows += len(data.decompress(body))
        animated |= kind == b"acTL"
        at += 12 + length
    if not width or not height or rows < height:
        raise NoPictureError("no pixels")
    return PictureFacts("image/png", width, height, animated)


def _jpeg(content: bytes) -> PictureFacts:
    if not content.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise NoPictureError("cut off")
    at = 2
    while True:
        marker = content[at + 1]
        if content[at] != _MARKER:
            raise NoPictureError("no marker where one must be")
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return PictureFacts("image/jpeg", width, height)
        at += 2 if marker in _BARE else 2 + struct.unpack_from(">H", content, at + 2)[0]


def _gif(content: bytes) -> PictureFacts:
    width, height, packed = struct.unpack_from("<HHB", content, 6)
    at, frames = 13 + _colours(packed), 0
    while (kind := content[at]) != _END:
        if kind == _GRAPHIC:
            frames += 1
            at += 11 + _colours(content[at + 9])
        elif kind == _EXTENSION:
            at += 2
        else:
            raise NoPictureError("an unknown block")
        while content[at]:
            at += 1 + content[at]
        at += 1
    if not frames:
        raise NoPictureError("no pixels")
    return PictureFacts("image/gif", width, height, frames > 1)


def _colours(packed: int) -> int:
    """The bytes of a colour table, if there is one."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


@lru_cache(maxsize=64)
def plain_png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A PNG of one colour (red, green, blue; 0–255)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # one byte a pixel, of a palette
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    return _PNG + chunk(b"IHDR", header) + chunk(b"PLTE", bytes(colour)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
