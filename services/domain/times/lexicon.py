"""The words of a person's language, compiled: which run of letters means what.

Both the words and what is typed are folded to one form: no case, no accents, no width.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import product

from services.domain.times.words import INCLUDED, LANGUAGES

_SAME = {
    "’": "'", "ʼ": "'", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "〜": "~", "～": "~",
    "\u00a0": " ", "\u3000": " ", "\u202f": " ", "½": ".5", "¼": ".25", "¾": ".75",
}  # fmt: skip


class Sense(StrEnum):
    """What a word can mean. Those from DATE on are not in the word lists: `tokens` finds them."""

    MONTH = "month"
    WEEKDAY = "weekday"
    DAY = "day"
    NOW = "now"
    WEEK = "week"
    WEEKEND = "weekend"
    RELMONTH = "relmonth"
    REST = "rest"
    PART = "part"
    CLOCK = "clock"
    AMPM = "ampm"
    OCLOCK = "oclock"
    MINUTE = "minute"
    DAYMARK = "daymark"
    UNIT = "unit"
    SPELL = "spell"
    FRACTION = "fraction"
    PLUS = "plus"
    MINUS = "minus"
    PAST = "past"
    ARTICLE = "article"
    NUMBER = "number"
    ORDINAL = "ordinal"
    FOR = "for"
    UNTIL = "until"
    INCLUDING = "including"
    BEFORE = "before"
    FROM = "from"
    AFTER = "after"
    BETWEEN = "between"
    TO = "to"
    AT = "at"
    ON = "on"
    IN = "in"
    LATER = "later"
    NEXT = "next"
    COMING = "coming"
    AND = "and"
    OR = "or"
    OF = "of"
    END = "end"
    BACK = "back"
    ODD = "odd"
    VAGUE = "vague"
    LUNCH = "lunch"
    UNREAD = "unread"
    JOIN = "join"
    NAME = "name"
    TOPIC = "topic"
    SUFFIX_UNTIL = "suffix_until"
    SUFFIX_FROM = "suffix_from"
    SUFFIX_BEFORE = "suffix_before"
    SUFFIX_BACK = "suffix_back"
    DATE = "date"
    COMPACT = "compact"
    DASH = "dash"
    COMMA = "comma"
    SIGN = "sign"
    SLIP = "slip"


_OF_TIME = frozenset({
    Sense.MONTH, Sense.WEEKDAY, Sense.DAY, Sense.NOW, Sense.WEEK, Sense.WEEKEND, Sense.RELMONTH, Sense.REST, Sense.PART,
    Sense.CLOCK, Sense.AMPM, Sense.DAYMARK, Sense.UNIT, Sense.SPELL, Sense.UNREAD,
})  # fmt: skip
"""Senses of words that speak of time by themselves."""

_GLUED = frozenset({Sense.UNIT, Sense.OCLOCK, Sense.AMPM, Sense.MONTH, Sense.MINUTE, Sense.DAYMARK, Sense.LATER})
"""What may stand right behind a digit: 45m, 3pm, 24dec."""

_SLIPS = {
    Sense.WEEKDAY: "day", Sense.DAY: "day", Sense.MONTH: "day", Sense.CLOCK: "day", Sense.UNIT: "unit",
    Sense.OCLOCK: "unit", Sense.NUMBER: "number",
}  # fmt: skip
_SHORTEST_UNIT = 3
_SHORTEST_SLIP = 5
"""Letters: one slip in a shorter word is another word."""

_KINDS = frozenset(Sense)
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_ANY_END = re.compile("")
_LETTERS_END = re.compile(r"(?!'?[a-z0-9])")
_PART_END = re.compile(r"(?!'?[a-z0-9])|(?=(?:vor|nach)?mittag|abend|morgen|fruh|nacht)")
_SHORT_END = re.compile(r"(?=\.| ?(?:-|~|,|/|$|[0-9])| (?:to|until|bis|au|al|a)(?![a-z0-9]))")


def fold(text: str) -> tuple[str, list[int]]:
    """`text` without case, accents and width, and for each character of that its index in `text` (and the end).

    Of several blanks in a row the first is kept.
    Japanese voicing marks go too (で → て); the words are folded in the same way, so they still meet.
    """
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for piece in unicodedata.normalize("NFKD", _SAME.get(character, character)).casefold():
            plain = " " if piece.isspace() else _SAME.get(piece, piece)
            if not unicodedata.combining(piece) and (plain != " " or folded[-1:] != [" "]):
                folded.append(plain)
                origin.append(index)
    origin.append(len(text))
    return "".join(folded), origin


@dataclass(frozen=True, slots=True)
class Word:
    """What one form means. `weak`: only beside a number or another word of time; `strong`: by itself.

    `end` matches what may stand right behind it.
    """

    means: Mapping[Sense, str]
    weak: bool
    strong: bool
    end: re.Pattern[str]


class Lexicon:
    """The words of some languages, the person's own first."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        """`codes` are of `LANGUAGES`."""
        self.included = INCLUDED[codes[0]]
        self.english = codes[0] == "en"
        self.counted = codes[0] == "ja"  # 3日間 is "for 3 days"
        self.words: dict[str, Word] = {}
        self.off = {form for code in codes for form in _forms(LANGUAGES[code]["off"])}
        marks: dict[str, str] = defaultdict(str)
        meanings: dict[str, dict[Sense, str]] = defaultdict(dict)
        for code in codes:
            own: dict[str, dict[Sense, str]] = defaultdict(dict)
            for kind, value, form in _entries(LANGUAGES[code]):
                bare = form.rstrip("?!")
                if form != bare and code != codes[0] and kind in {Sense.WEEKDAY, Sense.MONTH}:
                    continue  # "mon" is mine in French
                own[bare][kind] = value  # the special sense stands behind the plain one
                marks[bare] += form[len(bare) :]
            for bare, means in own.items():
                meanings[bare] = means | meanings[bare]
        for form, means in meanings.items():
            weak = marks[form] != ""
            strong = not weak and Sense.NAME not in means and not _OF_TIME.isdisjoint(means)
            end = _LETTERS_END if form[-1] in _LETTERS else _ANY_END
            if "!" in marks[form]:
                end = _SHORT_END
            elif codes[0] == "de" and Sense.WEEKDAY in means and form.endswith(("tag", "abend", "woch")):
                end = _PART_END  # Freitagabend
            self.words[form] = Word(means, weak, strong, end)
        self._beginning: dict[str, list[str]] = defaultdict(list)
        for form in sorted(self.words, key=lambda form: (-len(form), form)):
            self._beginning[form[:2]].append(form)
        self._slips: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for form, word in self.words.items():
            group = next((_SLIPS[kind] for kind in _SLIPS if kind in word.means), "")
            if group and len(form) >= _SHORTEST_UNIT and " " not in form and (not word.weak or group == "unit"):
                for shorter in _shortened(form):
                    self._slips[shorter].append((form, group))

    def find(self, text: str, at: int, *, glued: bool = False) -> str:
        """Return the longest form that stands in folded `text` at `at`, "" for none; `glued`: right behind a digit."""
        for beginning in (text[at : at + 2], text[at : at + 1]):
            for form in self._beginning.get(beginning, ()):
                if text.startswith(form, at):
                    word = self.words[form]
                    if (not glued or _GLUED & word.means.keys()) and word.end.match(text, at + len(form)):
                        return form
        return ""

    def slip(self, form: str, *, counted: bool) -> str:
        """Return what kind of word ("day", "unit", "number") `form` is within one slip of; "" for none.

        `counted`: a number stands before it, so that it may be a short unit: 14 Uhrr.
        """
        for shorter in _shortened(form):
            for known, group in self._slips.get(shorter, ()):
                shortest = _SHORTEST_UNIT if counted and group == "unit" else _SHORTEST_SLIP
                if len(known) >= shortest and len(form) >= min(shortest, _SHORTEST_SLIP - 1) and one_slip(form, known):
                    return group
        return ""


def _entries(words: Mapping[str, str]) -> Iterator[tuple[Sense, str, str]]:
    for name, alternatives in words.items():
        kind, _, value = name.partition(" ")
        if kind in _KINDS:
            yield from ((Sense(kind), value, form) for form in _forms(alternatives))
    yield from ((Sense.NUMBER, str(number), form) for number, form in _compounds(words))


def _compounds(words: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield the numbers that are put together: forty-five, fünfundvierzig, 四十五."""
    if digits := words.get("kanji"):
        for number in range(1, 100):
            tens, ones = divmod(number, 10)
            yield number, digits[tens] * (tens > 1) + digits[10] * (tens > 0) + digits[ones] * (ones > 0)
        return
    for tens, ones in product(range(20, 100, 10), range(1, 10)):
        second = words["compound one"] if ones == 1 and "compound one" in words else words[f"number {ones}"]
        for ten, one in product(_forms(words[f"number {tens}"]), _forms(second)):
            for form in _forms(words["compound"].format(tens=ten, ones=one)):
                yield tens + ones, form


def _forms(alternatives: str) -> list[str]:
    return [fold(form)[0] for form in alternatives.split("|") if form]


def _shortened(form: str) -> list[str]:
    """Return the form and the form without each of its letters.

    Two that are one slip apart have one of these in common.
    """
    return [form, *(form[:at] + form[at + 1 :] for at in range(len(form)))]


def one_slip(typed: str, meant: str) -> bool:
    """Say whether `typed` is `meant` with a letter more, a letter less, another letter, or two neighbours swapped."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    same = next((at for at, pair in enumerate(zip(typed, meant, strict=False)) if pair[0] != pair[1]), None)
    if same is None:
        return True
    left, right = typed[same:], meant[same:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or swapped


@lru_cache(maxsize=32)
def lexicon(codes: tuple[str, ...]) -> Lexicon:
    """Return the words of these languages; compiled once."""
    return Lexicon(codes)
