"""Emoji by their names: the standard ones, also typed as characters, a workspace's own, and the search in both. Pure.

What Slack tells of a workspace's own is `emoji.list`: by name an address, or `alias:other`, where the other may be a
standard one (docs.slack.dev, "emoji.list"). Names are compared without case, and `-`, `_` and blanks are one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice, takewhile
from pathlib import Path

MOST_NAMES = 30_000
LONGEST_NAME = 100
EVERY = timedelta(days=1)
"""How often a workspace's own are read where no change is told of."""

DEPTH = 5
"""Aliases of aliases are followed so far."""

LATER_WORDS = 6
"""Words of a name, besides its first, that it is found by: a name of fifty would take fifty times the room."""

LONGEST_OFFERED = 75
"""Characters of a choice in a menu (docs.slack.dev, "Option object")."""

_LONGEST_TYPED = 200
_NAME = re.compile(r"[^\s:<>@&\"'`]+")
_TONED = re.compile(r":([^:]+):(?::skin-tone-[2-6]:)?")
_TONE = re.compile(r"^(.*?)[:\s]+skin-tone-([2-6])$")
_BETWEEN = re.compile(r"_+(?!$)")
_VARIATION = "\ufe0f"
_ALIAS = "alias:"


@cache
def standard_names() -> Mapping[str, str]:
    """Return the names of the standard emoji, each with its character."""
    names: Mapping[str, str] = json.loads(DATA.read_text(encoding="utf-8"))["emoji"]
    return names


@cache
def _with_tones() -> frozenset[str]:
    return frozenset(json.loads(DATA.read_text(encoding="utf-8"))["skin_tones"])


def is_name(name: object) -> bool:
    """Return whether it can be the name of an emoji, without colons.

    At most 100 characters, nothing unseen, no markup.
    """
    fits = isinstance(name, str) and len(name) <= LONGEST_NAME and name.isprintable()
    return fits and _NAME.fullmatch(str(name)) is not None


def name_of(emoji: str) -> str:
    """Return the name in `:name:`, without a skin tone; "" for what has another form."""
    found = _TONED.fullmatch(emoji)
    return found[1] if found else ""


def listed(emoji: Mapping[object, object], more: Iterable[object] = ()) -> dict[str, str]:
    """Return what there is besides our standard table: by name the name it is another one for, or "".

    `emoji` is what Slack lists as the workspace's own, `more` the standard names it lists. What is no name is left out,
    and of more than 30,000 the last by name are.
    """
    found = {
        name: target[len(_ALIAS) :] if target.startswith(_ALIAS) else ""
        for name, target in emoji.items()
        if isinstance(name, str) and isinstance(target, str) and is_name(name)
    }
    found = {name: target for name, target in found.items() if not target or is_name(target)}
    for name in more:
        if isinstance(name, str) and is_name(name) and name not in standard_names():
            found.setdefault(name, "")
    return dict(sorted(found.items())[:MOST_NAMES])


@dataclass(frozen=True, slots=True)
class EmojiTable:
    """What is kept of a workspace's own emoji: when they were read, and when they are to be read again.

    `digest` is another one whenever they are others; "" where they never were read. `cut`: there were too many.
    """

    digest: str = ""
    read_at: datetime | None = None
    due_at: datetime | None = None
    cut: bool = False

    def is_complete(self, now: datetime) -> bool:
        """Return whether what it has not does not exist: read within a day, and no change told of since."""
        if self.read_at is None or self.due_at is None or self.cut:
            return False
        return now < self.due_at == self.read_at + EVERY


class OwnEmoji:
    """The emoji of a workspace besides the standard ones, made to be searched; `names` as `listed` gives them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        ends = {name: end for name in names if (end := self._end(name))}
        self._aliases: defaultdict[str, list[str]] = defaultdict(list)
        for name, end in sorted(ends.items()):
            if end != name:
                self._aliases[end].append(name)
        self.index = _Index(ends)

    def __len__(self) -> int:
        return len(self._names)

    def aliases(self, name: str) -> list[str]:
        """Other names for the emoji called `name`, which is no alias itself."""
        return self._aliases.get(name, [])

    def _end(self, name: str) -> str:
        """Return what a name is one for in the end; "" where that is gone, too far away, or itself."""
        for _ in range(DEPTH + 1):
            target = self._names.get(name)
            if not target:
                return name if target is not None or name in standard_names() else ""
            name = target
        return ""


class _Index:
    """Names in the order of what they are found by."""

    def __init__(self, names: Iterable[str]) -> None:
        whole = [(_key(name), name) for name in names]
        self._whole = sorted(whole)
        self._parts = sorted((key[at:], name) for key, name in whole for at in _later_words(key))

    def equal(self, key: str) -> list[str]:
        """Return the names that are `key`."""
        return [name for found, name in self._from(self._whole, key) if found == key]

    def beginning(self, key: str, most: int) -> list[tuple[str, str]]:
        """Return the first `most` names that begin with `key`, each behind what it is sorted by."""
        return list(islice(self._from(self._whole, key), most))

    def holding(self, key: str, most: int) -> list[tuple[str, str]]:
        """Return the first `most` names of which a later word begins with `key`, sorted from that word on."""
        return list(islice(self._from(self._parts, key), most))

    @staticmethod
    def _from(entries: list[tuple[str, str]], key: str) -> Iterator[tuple[str, str]]:
        return takewhile(lambda entry: entry[0].startswith(key), islice(entries, bisect_left(entries, (key,)), None))


def _later_words(key: str) -> Iterator[int]:
    """Yield where they begin."""
    return islice((found.end() for found in _BETWEEN.finditer(key)), LATER_WORDS)


@cache
def _standard() -> _Index:
    return _Index(standard_names())


NOTHING = OwnEmoji({})
"""Of a workspace of which nothing is known."""


def search(text: str, own: OwnEmoji = NOTHING, limit: int = 100, *, complete: bool = False) -> list[str]:
    """Return the emoji that somebody may mean who has typed `text` so far, as `:name:`, at most `limit`.

    First what is called so, then what begins so, then what has a word that does, each by name. A character, and
    `:name:`, finds itself; with both colons its skin tones come after it. Where `own` is not `complete`, a `:name:`
    that nothing is known of is given as it is.
    """
    text = text[:_LONGEST_TYPED].strip()
    character = _called(text)
    if character:
        bare = name_of(character)
        return _offered([character, f":{bare}:", *_toned(bare), *(f":{name}:" for name in own.aliases(bare))], limit)
    if (sign := leading_emoji(text)) and sign[1] < len(text):  # "🍕 pizza": as a menu shows what is chosen
        rest = search(text[sign[1] :], own, limit, complete=complete)
        return _offered([one for one in (_called(text[: sign[1]]), *rest) if one], limit)
    closed = text[:1] == text[-1:] == ":"
    words, tone = text.strip(":").strip(), ""
    if found := _TONE.match(words):
        words, tone = found[1], found[2]
    key = _key(words)
    if not key.strip("_"):
        return []
    indexes = (_standard(), own.index)
    if not any(index.beginning(key, 1) or index.holding(key, 1) for index in indexes):
        key = key.replace("_", "")  # "thumbs up" is called thumbsup
    exact = sorted({name for index in indexes for name in index.equal(key)}, key=lambda name: (name != words, name))
    first: list[str] = []
    for name in exact:
        toned = _toned(name)
        first += [one for one in toned if tone and one.endswith(f"-{tone}:")]
        first += [f":{name}:", *(toned if closed or tone else [])]
    if closed and not exact and not complete and is_name(words):
        first.append(f":{words}:")
    beginning = sorted(entry for index in indexes for entry in index.beginning(key, limit))
    holding = sorted((name, at) for index in indexes for at, name in index.holding(key, limit))
    return _offered([*first, *(f":{name}:" for _, name in beginning), *(f":{name}:" for name, _ in holding)], limit)


def _offered(found: Iterable[str], limit: int) -> list[str]:
    return list(islice((one for one in dict.fromkeys(found) if len(one) <= LONGEST_OFFERED), limit))


def _key(text: str) -> str:
    """Return what a name is found by."""
    return re.sub(r"[-\s]", "_", unicodedata.normalize("NFKC", text).casefold())


def _called(text: str) -> str:
    """`:name:` of the character that `text` is, with its skin tone; "" where it is none, or has no name."""
    name = short_names().get(text.replace(_VARIATION, ""))
    if name is not None:
        return f":{name}:"
    found = leading_emoji(text)
    if found is None or found[1] != len(text) or name_of(found[0]) not in standard_names():
        return ""
    return found[0] if name_of(found[0]) in _with_tones() else f":{name_of(found[0])}:"


def _toned(name: str) -> list[str]:
    return [f":{name}::skin-tone-{tone}:" for tone in range(2, 7)] if name in _with_tones() else []


# ── emoji typed as characters ──────────────────────────────────────────────────────────────────────
#
# Slack's own clients turn a typed emoji into `:name:` before they send it; this is for those that do not.
# Names: the short names of iamcal/emoji-data, which Slack uses; read once, when the first character is met.

DATA = Path(__file__).with_name("emoji.json")
"""`emoji`: name → character, a character's own name before its other ones; `skin_tones`: names that take a tone."""

_VARIATION = "\ufe0f"
_TONES = {chr(0x1F3FB + index): f":skin-tone-{index + 2}:" for index in range(5)}
_FLAG_A = 0x1F1E6
_PAIRS = {  # two people of different skin tones are written as a sequence, of one tone as one character
    "🫱\u200d🫲": "handshake",
    "👩\u200d🤝\u200d👨": "man_and_woman_holding_hands",
    "👨\u200d🤝\u200d👨": "two_men_holding_hands",
    "👩\u200d🤝\u200d👩": "two_women_holding_hands",
    "🧑\u200d❤\u200d🧑": "couple_with_heart",
    "🧑\u200d❤\u200d💋\u200d🧑": "couplekiss",
}

_PICTURE = r"[\u231a-\u3299\U0001F000-\U0001FAFF]"
_SIGN = r"[\u00a9\u00ae\u203c-\u2319]\ufe0f"  # the sign for a trademark, arrows …: text unless said otherwise
_MORE = r"[\ufe0f\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]*"  # tones, and the tags of England's flag
_KEY = r"(?<![0-9])[0-9#*]\ufe0f?\u20e3"
_JOINED = rf"\u200d(?:{_PICTURE}|[\u2194\u2195]){_MORE}"  # with an arrow: heads that shake and nod
_CLUSTER = re.compile(rf"[\U0001F1E6-\U0001F1FF]{{2}}|{_KEY}|{_SIGN}|{_PICTURE}{_MORE}(?:{_JOINED})*")


@cache
def short_names() -> dict[str, str]:
    """Name by character, without variation selectors."""
    names: dict[str, str] = {}
    for name, character in json.loads(DATA.read_text(encoding="utf-8"))["emoji"].items():
        names.setdefault(character.replace(_VARIATION, ""), name)
    return names | _PAIRS


def is_regional(character: str) -> bool:
    """Return whether it is half a flag: a letter of a country's code."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def leading_emoji(text: str) -> tuple[str, int] | None:
    """Return the Slack name of the emoji character that `text` begins with, as `:name:`, and its length in `text`."""
    found = _CLUSTER.match(text)
    if found is None:
        return None
    cluster = found[0]
    if all(map(is_regional, cluster)):
        if len(cluster) == 1:  # half a flag
            return None
        country = "".join(chr(ord(character) - _FLAG_A + ord("a")) for character in cluster)
        return f":flag-{country}:", found.end()
    tone = next((_TONES[character] for character in cluster if character in _TONES), "")
    bare = "".join(character for character in cluster if character != _VARIATION and character not in _TONES)
    name = short_names().get(bare)
    return None if name is None else (f":{name}:{tone}", found.end())


def first_emoji(text: str) -> str:
    """Return the Slack name of the first emoji character in `text`, as `:name:`; "" where there is none."""
    names = (leading_emoji(found[0]) for found in _CLUSTER.finditer(text))
    return next((read[0] for read in names if read is not None), "")


def trailing_emoji(text: str) -> tuple[str, int] | None:
    """Return the same for the emoji character at the end of `text`, and where it begins."""
    for found in _CLUSTER.finditer(text):
        if found.end() == len(text) and (read := leading_emoji(found[0])):
            return read[0], found.start()
    return None
