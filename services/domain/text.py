"""What may stand in a status: one tidy line of at most 100 characters, and an emoji's name in colons."""

from __future__ import annotations

import re
import unicodedata

from services.domain.model import STATUS_TEXT_LIMIT

_ELLIPSIS = "…"
_ZERO_WIDTH_JOINER = "\u200d"
_SPACE = re.compile(r"\s+")
# Controls, surrogates, byte-order marks and the marks that turn the direction of what follows.
_UNSAFE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
# https://docs.slack.dev/messaging/formatting-message-text: <@U…>, <#C…|name>, <!here>, <https://…|label>.
_SPECIAL = re.compile(r"<!(channel|here|everyone)(?:\|[^<>]*)?>")
_LABELLED = re.compile(r"<[!@#]?[^<>|\s][^<>|]*\|([^<>]*)>")
_LINK = re.compile(r"<((?:https?://|mailto:)[^<>|\s]*)>")
_REFERENCE = re.compile(r"<[!@#][^<>]*>")
_OPENING = re.compile(r"<+(?=[!@#])")
_EMOJI_IN_TEXT = re.compile(r":[^\s:]+:(?::skin-tone-[2-6]:)?")
_EMOJI = re.compile(r":?([^\s:<>&]{1,100})(?::(:skin-tone-[2-6]):?|:?)")


def tidy(text: str) -> str:
    """`text` on one line, without controls and without Slack's markup for mentions and links, cut to size."""
    text = _UNSAFE.sub("", _SPACE.sub(" ", text))
    if "<" in text:
        text = _SPECIAL.sub(r"\1", text)
        text = _REFERENCE.sub("", _LINK.sub(r"\1", _LABELLED.sub(r"\1", text)))
        text = _OPENING.sub("", text)
    return cut(_SPACE.sub(" ", text).strip())


def tidy_emoji(emoji: str) -> str:
    """`palm_tree` or `:palm_tree:` as `:palm_tree:`; "" for what is no emoji's name. A skin tone stays."""
    found = _EMOJI.fullmatch(emoji.strip())
    if found is None:
        return ""
    name, tone = found.groups()
    return f":{name}:{tone}:" if tone else f":{name}:"


def cut(text: str, limit: int = STATUS_TEXT_LIMIT) -> str:
    """`text` in at most `limit` characters, ending in "…" where something is missing.

    Never cuts inside of what a reader sees as one character, nor inside of `:emoji:`.
    """
    if length(text) <= limit:
        return text
    used, keep, index = len(_ELLIPSIS), 0, 0
    while (used := used + length(text[index])) <= limit:
        index += 1
        keep = index if _breaks(text, index) else keep
    for found in _EMOJI_IN_TEXT.finditer(text):
        if found.start() < keep < found.end():
            keep = found.start()
    return text[:keep].rstrip() + _ELLIPSIS


def length(text: str) -> int:
    """How many characters of Slack's 100 a text takes.

    What lies outside of the basic plane counts twice: Slack does not say how it counts it, and no way counts it more.
    """
    return len(text) + sum(character > "\uffff" for character in text)


def _breaks(text: str, index: int) -> bool:
    """Whether text may be cut before `index`: the rules of UAX #29 that matter for names and emoji."""
    character, before = text[index], text[index - 1]
    if _ZERO_WIDTH_JOINER in {character, before}:
        return False
    if unicodedata.category(character) in {"Mn", "Me", "Mc"} or "\U0001f3fb" <= character <= "\U0001f3ff":
        return False
    if "\U000e0020" <= character <= "\U000e007f":  # the tags that spell a flag
        return False
    if _is_regional(character) and _is_regional(before):
        return _regionals_before(text, index) % 2 == 0
    return not ("\u1160" <= character <= "\u11ff")  # a Hangul vowel or final belongs to what stands before


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _regionals_before(text: str, index: int) -> int:
    start = index
    while start > 0 and _is_regional(text[start - 1]):
        start -= 1
    return index - start
