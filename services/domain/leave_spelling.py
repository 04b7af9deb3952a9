"""The words of titles and names, in spellings that can be compared. Pure.

Two words are the same where they agree in one of two folds, whatever their case, width and accents: ö is o, or ö is
oe. A title's words keep the signs that stand between them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from services.domain import leave_words

LONGEST = 1000
"""Characters of a title that is looked at."""

MOST_WORDS = 40
"""Words of one: no line of a leave calendar has more."""

_LONGEST_PHRASE = 200


def _of(*categories: str) -> str:
    """Return the characters of some of Unicode's categories, for a class of a regular expression."""
    return "".join(re.escape(sign) for sign in map(chr, range(0x10000)) if unicodedata.category(sign) in categories)


CJK = r"\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
ASCII_WORD = re.compile("[a-z]+|[0-9]+|[?&+]")
_SIGNS = f"?¿&+{leave_words.CROSSED_OUT}{leave_words.BIRTHDAY_SIGNS}"
HAN = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
GAPLESS = re.compile(f"[{CJK}]+")
_SHORTCODE = re.compile(r"(?<!\S):([a-z][a-z0-9_+-]*):(?!\S)", re.IGNORECASE)
_COMBINING = re.compile("[\u0300-\u036f]")
_APOSTROPHES = str.maketrans("\u2018\u2019\u201b\u0060\u00b4\u02b9\u02bb\u02bc\u2032\uff07", "'" * 10)
_LETTERS = str.maketrans({  # what Unicode does not take apart
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "th",
})  # fmt: skip
_TOLD_APART = frozenset({"férié", "fériés"})  # a holiday in French; "ferie" is a vacation in Italian and Danish
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


@cache
def word_pattern() -> re.Pattern[str]:
    """Give that of a word, a number or a sign. To look through Unicode for what may stand in it takes some 10 ms."""
    return re.compile(rf"[{CJK}]+|(?:[^\W\d_{CJK}][{_of('Mn', 'Mc')}]*)+|\d+|[{_SIGNS}]")


@cache
def _unseen() -> re.Pattern[str]:
    return re.compile(f"[{_of('Cf')}]")


class TitleWord(NamedTuple):
    """A word or a number: `text` and `other` are its two folds, `gap` is what stands between it and the word before.

    A sign that asks, joins or crosses out is one too, so that it is never passed over. `start` and `end` are its
    place in the text that `written` gives.
    """

    text: str
    other: str
    gap: str
    start: int
    end: int
    capital: bool = False

    @property
    def sign(self) -> bool:
        """Whether it is such a sign."""
        return not self.text[0].isalnum()

    @property
    def number(self) -> bool:
        """Whether it is digits."""
        return self.text.isdecimal()

    @property
    def gapless(self) -> bool:
        """Whether it is of a script that has no gaps between words."""
        return GAPLESS.match(self.text) is not None


Words = Sequence[TitleWord]


def written(text: str) -> str:
    """`text` in one width, with one kind of apostrophe, with emoji for shortcodes and without what nobody sees."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
        text = _unseen().sub("", text)
    return _SHORTCODE.sub(_emoji, text) if ":" in text else text


def _emoji(shortcode: re.Match[str]) -> str:
    """Return what an emoji means that is written as a shortcode: leave, a birthday, or something else."""
    name = shortcode[1].lower()
    if name in leave_words.LEAVE_SHORTCODES:
        return "🌴"
    return "🎂" if name in leave_words.BIRTHDAY_SHORTCODES else "■"


def speaks_of_leave(text: str) -> bool:
    """Return whether no emoji in a text is anything but leave's.

    "🏠 Ann Lee" is at home, and "🎓 Ann Lee" in a course.
    """
    return text.isascii() or not any(
        unicodedata.category(sign) == "So" and sign not in leave_words.LEAVE_SIGNS for sign in text
    )


@lru_cache(maxsize=65536)
def folds(word: str) -> tuple[str, str]:
    """Return a word in both folds: ö is o, and ö is oe."""
    if word.isascii():
        low = word.lower()
        return low, low
    low = unicodedata.normalize("NFC", word.casefold())
    if low in _TOLD_APART:
        return low, low
    return _bare(low), _bare(low.translate(_UMLAUTS))


def _bare(low: str) -> str:
    """Return a small-lettered word without accents; kana keep their marks."""
    return unicodedata.normalize("NFC", _COMBINING.sub("", unicodedata.normalize("NFKD", low))).translate(_LETTERS)


def words_of(text: str) -> list[TitleWord]:
    """Return the words of a text that `written` gave: of those of one that has too many, the first ones."""
    found, at = [], 0
    for match in islice(word_pattern().finditer(text), MOST_WORDS + 1):
        start, end = match.span()
        found.append(TitleWord(*folds(match[0]), text[at:start], start, end, match[0][0].isupper()))
        at = end
    return found


def phrases_of(text: str) -> set[tuple[str, ...]]:
    """Return a phrase as the words it is compared by, in each fold."""
    found = words_of(written(text[:_LONGEST_PHRASE]))
    return {tuple(word.text for word in found), tuple(word.other for word in found)} - {()}


def folded_name(text: str) -> str:
    """Return what ties a name: its words without case and accents, in any order ("Lee, Ann" is "Ann Lee").

    "" of what has no word.
    """
    return tied_by([word for word in words_of(written(text[:LONGEST])) if not word.sign])


def tied_by(words: Words) -> str:
    """Return what the words of a name are tied by."""
    if words and all(word.gapless for word in words):
        return "".join(word.text for word in words)
    return " ".join(turned(word.text for word in words))


def turned(words: Iterable[str]) -> tuple[str, ...]:
    """Return words that follow each other in a round, from wherever: "García López, María" is "María García López".

    "María López García" is somebody else.
    """
    given = tuple(words)
    if len(given) == 2:  # noqa: PLR2004  # as most names: the same, sooner
        return given if given[0] <= given[1] else given[::-1]
    return min((given[at:] + given[:at] for at in range(len(given))), default=())
