"""Emoji typed as characters → the names Slack knows them by.

Slack's own clients turn a typed emoji into `:name:` before they send it; this is for those that do not.
Names: the short names of iamcal/emoji-data, which Slack uses; read once, when the first character is met.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("emoji.json")
"""`emoji`: name → character, a character's own name before its other ones; `skin_tones`: names that take a tone."""

_VARIATION = "\ufe0f"
_TONES = {chr(0x1F3FB + index): f":skin-tone-{index + 2}:" for index in range(5)}
_FLAG_A = 0x1F1E6

_PICTURE = r"[\u231a-\u3299\U0001F000-\U0001FAFF]"
_SIGN = r"[\u00a9\u00ae\u203c-\u2319]\ufe0f"  # the sign for a trademark, arrows …: text unless said otherwise
_MORE = r"[\ufe0f\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]*"  # tones, and the tags of England's flag
_CLUSTER = re.compile(rf"[\U0001F1E6-\U0001F1FF]{{2}}|{_SIGN}|{_PICTURE}{_MORE}(?:\u200d{_PICTURE}{_MORE})*")


@cache
def _names() -> dict[str, str]:
    """Name by character, without variation selectors."""
    names: dict[str, str] = {}
    for name, character in json.loads(DATA.read_text(encoding="utf-8"))["emoji"].items():
        names.setdefault(character.replace(_VARIATION, ""), name)
    return names


def leading(text: str) -> tuple[str, int] | None:
    """The Slack name of the emoji character that `text` begins with, as `:name:`, and its length in `text`."""
    found = _CLUSTER.match(text)
    if found is None:
        return None
    cluster = found[0]
    if all(_FLAG_A <= ord(character) < _FLAG_A + 26 for character in cluster):
        country = "".join(chr(ord(character) - _FLAG_A + ord("a")) for character in cluster)
        return f":flag-{country}:", found.end()
    tone = next((_TONES[character] for character in cluster if character in _TONES), "")
    bare = "".join(character for character in cluster if character != _VARIATION and character not in _TONES)
    name = _names().get(bare)
    return None if name is None else (f":{name}:{tone}", found.end())


def trailing(text: str) -> tuple[str, int] | None:
    """The same for the emoji character at the end of `text`, and where it begins."""
    for found in _CLUSTER.finditer(text):
        if found.end() == len(text) and (read := leading(found[0])):
            return read[0], found.start()
    return None
