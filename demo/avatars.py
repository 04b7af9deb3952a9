"""Small drawn portraits, as SVG, so that the demo needs no pictures of real people."""

from __future__ import annotations

from dataclasses import dataclass

_HAIR_BEHIND = {
    "long": '<path d="M24 46c-3-30 56-38 54 0l5 38H19z" fill="{hair}"/>',
    "bob": '<path d="M25 62V42c0-32 50-32 50 0v20c-3 4-9 4-11 0H36c-3 4-8 4-11 0z" fill="{hair}"/>',
    "puffs": '<circle cx="27" cy="30" r="13" fill="{hair}"/><circle cx="73" cy="30" r="13" fill="{hair}"/>',
    "curly": "".join(
        f'<circle cx="{x}" cy="{y}" r="10" fill="{{hair}}"/>'
        for x, y in ((31, 34), (38, 26), (50, 22), (62, 26), (69, 34), (72, 43), (28, 43))
    ),
    "short": "",
}
_HAIR_BEFORE = {
    "long": '<path d="M30 45c0-30 40-30 40 0-9-2-18-6-22-12-3 6-9 10-18 12z" fill="{hair}"/>',
    "bob": '<path d="M30 46c0-31 40-31 40 0-4-7-11-10-20-10s-16 3-20 10z" fill="{hair}"/>',
    "puffs": '<path d="M30 43c0-29 40-29 40 0-9-8-31-8-40 0z" fill="{hair}"/>',
    "curly": '<path d="M30 42c1-27 39-27 40 0-8-6-32-6-40 0z" fill="{hair}"/>',
    "short": '<path d="M30 44c-2-24 42-26 40 0-3-7-6-10-9-11-8 3-18 3-25 0-3 2-5 6-6 11z" fill="{hair}"/>',
}
_GLASSES = (
    '<g fill="none" stroke="#2b2b36" stroke-width="1.8"><circle cx="42.5" cy="47" r="5.4"/>'
    '<circle cx="57.5" cy="47" r="5.4"/><path d="M47.9 46.5h4.2"/></g>'
)
_BEARD = '<path d="M32 50c0 24 36 24 36 0 1 26-36 26-36 0z" fill="{hair}" opacity=".92"/>'


@dataclass(frozen=True, slots=True)
class Portrait:
    """Colours (CSS) and features of a portrait."""

    background: str
    skin: str
    hair_colour: str
    hair: str
    top: str
    glasses: bool = False
    beard: bool = False


def avatar(look: Portrait) -> str:
    """The portrait as an SVG document, 100 by 100."""
    behind = _HAIR_BEHIND[look.hair].format(hair=look.hair_colour)
    before = _HAIR_BEFORE[look.hair].format(hair=look.hair_colour)
    beard = _BEARD.format(hair=look.hair_colour) if look.beard else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f'<rect width="100" height="100" fill="{look.background}"/>{behind}'
        f'<path d="M14 102c0-24 16-32 36-32s36 8 36 32z" fill="{look.top}"/>'
        f'<path d="M42 62h16v12c0 7-16 7-16 0z" fill="{look.skin}"/><path d="M42 66c5 5 11 5 16 0v4c-5 4-11 4-16 0z" '
        f'fill="#000" opacity=".12"/><ellipse cx="50" cy="48" rx="19" ry="22" fill="{look.skin}"/>{beard}{before}'
        '<circle cx="42.5" cy="47" r="2.1" fill="#22222a"/><circle cx="57.5" cy="47" r="2.1" fill="#22222a"/>'
        '<path d="M43.5 57.5c3.5 4 9.500 4 13 0" fill="none" stroke="#8a3b34" stroke-width="2" stroke-linecap="round"/>'
        f"{_GLASSES if look.glasses else ''}</svg>"
    )
