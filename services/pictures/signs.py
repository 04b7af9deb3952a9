"""The pictures of our own: a person's square with a coloured ring, and a drawn sign in a badge at its lower right.

Everything is drawn at four times its size and scaled down, so that edges are smooth. Signs are drawn on a field of
100 by 100 units, whose origin is at its upper left. Slack shows pictures from 1,024 pixels down to some 36, with
corners rounded by about an eighth: the badge keeps away from the corner, and the ring fills it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from PIL import Image, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]

_FINER = 4
"""Pixels drawn for one that is kept, along each side."""

_WHITE: Colour = (255, 255, 255)

_RING = 0.058
"""How wide the ring is; this and what follows are parts of the square's side."""

_INSIDE = 0.2
"""The radius of the ring's inner corners."""

_BADGE = 0.23
"""The badge's radius, its white edge included."""

_EDGE = 0.026
_FIELD = 0.76
"""How much of the badge's width its sign has."""

_FROM_CORNER = 0.252
"""How far the badge's middle is from the right and from the bottom."""


class _Pen:
    """Draws with one colour, in units, on a field `side` pixels wide."""

    def __init__(self, draw: ImageDraw.ImageDraw, left: float, top: float, side: float) -> None:
        self._draw = draw
        self._left, self._top, self._unit = left, top, side / 100

    def at(self, point: Point) -> Point:
        return self._left + point[0] * self._unit, self._top + point[1] * self._unit

    def fill(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon([self.at(point) for point in points], fill=colour)

    def disc(self, middle: Point, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        x, y = self.at(middle)
        r = radius * self._unit
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line with round ends and corners."""
        self._draw.line([self.at(point) for point in points], fill=colour, width=round(width * self._unit))
        for point in points:
            self.disc(point, width / 2, colour)

    def block(self, box: tuple[float, float, float, float], radius: float, colour: Colour) -> None:
        """Fill a rectangle with rounded corners."""
        self._draw.rounded_rectangle((*self.at(box[:2]), *self.at(box[2:])), radius * self._unit, fill=colour)


def _arc(middle: Point, radius: Point, start: float, end: float) -> list[Point]:
    """Points of an ellipse from `start` to `end` degrees, clockwise from the right."""
    turns = [math.radians(start + (end - start) * step / 48) for step in range(49)]
    return [(middle[0] + radius[0] * math.cos(turn), middle[1] + radius[1] * math.sin(turn)) for turn in turns]


def _curve(start: Point, towards: Point, end: Point) -> list[Point]:
    """Points of a quadratic Bézier curve."""
    found = []
    for step in range(25):
        t = step / 24
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        found.append(tuple(a * p + b * q + c * r for p, q, r in zip(start, towards, end, strict=True)))
    return [(x, y) for x, y in found]


def _palm(pen: _Pen, _ground: Colour) -> None:
    crown = (53.0, 34.0)
    pen.fill([*_curve((46, 84), (44, 58), (50, 33)), *_curve((57, 33), (53, 58), (57, 84))], _WHITE)
    pen.fill(_arc((51, 86), (29, 11), 180, 360), _WHITE)
    for bow, tip, back in (
        ((36, 12), (15, 38), (37, 27)),
        ((30, 30), (21, 62), (43, 42)),
        ((52, 8), (28, 14), (45, 26)),
        ((70, 12), (91, 38), (69, 27)),
        ((78, 30), (84, 62), (63, 42)),
        ((56, 8), (79, 14), (62, 26)),
    ):
        pen.fill([*_curve(crown, bow, tip), *_curve(tip, back, crown)], _WHITE)


def _thermometer(pen: _Pen, ground: Colour) -> None:
    pen.line([(44, 20), (44, 62)], 29, _WHITE)
    pen.disc((44, 70), 24, _WHITE)
    pen.line([(44, 38), (44, 68)], 10, ground)
    pen.disc((44, 70), 14, ground)
    for y in (20, 36):
        pen.line([(69, y), (80, y)], 8, _WHITE)


def _headphones(pen: _Pen, _ground: Colour) -> None:
    pen.line(_arc((50, 54), (32, 34), 180, 360), 9, _WHITE)
    pen.block((12, 52, 34, 84), 9, _WHITE)
    pen.block((66, 52, 88, 84), 9, _WHITE)


def _plane(pen: _Pen, _ground: Colour) -> None:
    # Upright, then turned by 45 degrees: it climbs to the right.
    body = [(50, 6), *_curve((50, 6), (57, 12), (57, 24)), (57, 40), (94, 62), (94, 71), (57, 60), (57, 78), (70, 88)]
    half = [*body, (70, 95), (50, 89)]
    outline = [*half, *((100 - x, y) for x, y in reversed(half))]
    turn = math.radians(45)
    turned = [
        (
            50 + (x - 50) * math.cos(turn) - (y - 52) * math.sin(turn),
            50 + (x - 50) * math.sin(turn) + (y - 52) * math.cos(turn),
        )
        for x, y in outline
    ]
    pen.fill(turned, _WHITE)


def _house(pen: _Pen, ground: Colour) -> None:
    pen.block((66, 18, 76, 46), 1, _WHITE)
    pen.fill([(50, 16), (88, 50), (12, 50)], _WHITE)
    pen.line([(14, 49), (50, 17), (86, 49)], 9, _WHITE)
    pen.block((23, 44, 77, 83), 4, _WHITE)
    pen.block((42, 58, 58, 84), 2, ground)


def _cup(pen: _Pen, _ground: Colour) -> None:
    pen.line(_arc((70, 58), (15, 13), -90, 90), 9, _WHITE)
    side = [*_curve((74, 42), (74, 84), (56, 84)), *_curve((34, 84), (16, 84), (16, 42))]
    pen.fill([(16, 42), (74, 42), *side], _WHITE)
    for x in (34, 56):
        steam = [*_curve((x, 31), (x - 10, 24), (x, 18)), *_curve((x, 18), (x + 8, 12), (x, 5))]
        pen.line(steam, 7, _WHITE)


SIGNS: Mapping[str, tuple[Colour, Callable[[_Pen, Colour], None]]] = {
    "palm": ((10, 148, 120), _palm),
    "thermometer": ((222, 60, 70), _thermometer),
    "headphones": ((104, 76, 205), _headphones),
    "plane": ((0, 126, 224), _plane),
    "house": ((222, 98, 16), _house),
    "cup": ((142, 92, 58), _cup),
}
"""Each sign's colour, and how it is drawn."""


def with_sign(square: Image.Image, name: str) -> Image.Image:
    """`square` (RGB) with the ring and the badge of that name (a key of `SIGNS`)."""
    colour, _ = SIGNS[name]
    side = square.width
    found = square.copy()
    found.paste(colour, (0, 0), _ring(side))
    radius = math.ceil(side * _BADGE)
    left = round(side * (1 - _FROM_CORNER)) - radius
    badge, shape = _badge(2 * radius, name)
    found.paste(badge, (left, left), shape)
    return found


def _ring(side: int) -> Image.Image:
    """Return where the ring is: everything outside of a rounded square."""
    fine = side * _FINER
    mask = Image.new("L", (fine, fine), 255)
    width = round(fine * _RING)
    ImageDraw.Draw(mask).rounded_rectangle((width, width, fine - 1 - width, fine - 1 - width), fine * _INSIDE, fill=0)
    return mask.reduce(_FINER)


def _badge(side: int, name: str) -> tuple[Image.Image, Image.Image]:
    """Return the badge, and where in its square it is."""
    colour, draw_sign = SIGNS[name]
    fine = side * _FINER
    badge, shape = Image.new("RGB", (fine, fine), _WHITE), Image.new("L", (fine, fine), 0)
    ImageDraw.Draw(shape).ellipse((0, 0, fine - 1, fine - 1), fill=255)
    draw = ImageDraw.Draw(badge)
    edge = fine * _EDGE / _BADGE / 2
    draw.ellipse((edge, edge, fine - 1 - edge, fine - 1 - edge), fill=colour)
    field = (fine - 2 * edge) * _FIELD
    draw_sign(_Pen(draw, (fine - field) / 2, (fine - field) / 2, field), colour)
    return badge.reduce(_FINER), shape.reduce(_FINER)
