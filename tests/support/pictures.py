"""Pictures to test with, and looking at those that come out."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

COLOURS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (40, 60, 200), "yellow": (230, 200, 40)}
"""Of the quarters of a picture: upper left, upper right, lower left, lower right."""


def quarters(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture with a colour of its own in each quarter."""
    image = Image.new("RGB", (width, height))
    boxes = ((0, 0), (width // 2, 0), (0, height // 2), (width // 2, height // 2))
    for colour, at in zip(COLOURS.values(), boxes, strict=True):
        image.paste(colour, (*at, at[0] + (width + 1) // 2, at[1] + (height + 1) // 2))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def colour_at(image: Image.Image, x: float, y: float) -> str:
    """The name of the colour at a place, given as parts of the width and height."""
    found = image.convert("RGB").getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(found, tuple)
    return min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(COLOURS[name], found, strict=True)))


def corners(image: Image.Image) -> tuple[str, str, str, str]:
    """The colours of the four quarters."""
    upper = colour_at(image, 0.1, 0.1), colour_at(image, 0.9, 0.1)
    return *upper, colour_at(image, 0.1, 0.9), colour_at(image, 0.9, 0.9)


def animated(kind: str, side: int = 80) -> bytes:
    frames = [Image.new("L", (side, side), shade) for shade in (10, 120, 250)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
