"""The words of titles and of members' names, so that the two can be compared. Pure.

Two words are the same where they agree in one of two folds, whatever their case, width and accents: ö is o, or ö is
oe. A title's words keep the signs that stand between them, since "Lee, Ann" is a name and "Lee | Ann" are two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.domain import leave_words

LONGEST = 1000
"""Characters of a title that is looked at."""

MOST_WORDS = 40
"""Words of one: no line of a leave calendar has more."""

_LONGEST_NAME = 200
_MOST_NAMES = 8  # of one member
_FEWEST_WORDS = 2  # that tell one person from another
_MOST_PARTS = 8  # words of one name
_GAPLESS_NAME = 4  # letters of a name without a gap: fewer may be a surname alone (長谷川)


def _of(*categories: str) -> str:
    """The characters of some of Unicode's categories, for a class of a regular expression."""
    return "".join(re.escape(sign) for sign in map(chr, range(0x10000)) if unicodedata.category(sign) in categories)


CJK = r"\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_MARKS = _of("Mn", "Mc")
_ASCII_WORD = re.compile("[a-z]+|[0-9]+|[?&+]")
_SIGNS = f"?¿&+{leave_words.CROSSED_OUT}{leave_words.BIRTHDAY_SIGNS}"
_WORD = re.compile(rf"[{CJK}]+|(?:[^\W\d_{CJK}][{_MARKS}]*)+|\d+|[{_SIGNS}]")
HAN = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_GAPLESS = re.compile(f"[{CJK}]+")
_UNSEEN = re.compile(f"[{_of('Cf')}]")
_SHORTCODE = re.compile(r"(?<!\S):([a-z][a-z0-9_+-]*):(?!\S)", re.IGNORECASE)
_BRACKET = re.compile(r"[(\[{<【〔「]")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|【[^【】]*】|〔[^〔〕]*〕|「[^「」]*」")
_WITHIN_A_NAME = re.compile(r"[\s_]+|[\s_]*[.,][\s_]*|['\u2010-\u2015-]|[\s]*[・·=][\s]*")
_ONE_UNIT = re.compile(r"['.\u2010-\u2015_-]+")  # what joins two halves of one word: Anne-Marie, O'Brien, ann.lee
_COMBINING = re.compile("[\u0300-\u036f]")
_APOSTROPHES = str.maketrans("\u2018\u2019\u201b\u0060\u00b4\u02b9\u02bb\u02bc\u2032\uff07", "'" * 10)
_LETTERS = str.maketrans({  # what Unicode does not take apart
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "th",
})  # fmt: skip
_TOLD_APART = frozenset({"férié", "fériés"})  # a holiday in French; "ferie" is a vacation in Italian and Danish
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


@dataclass(frozen=True, slots=True)
class TitleWord:
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
        return _GAPLESS.match(self.text) is not None


Words = Sequence[TitleWord]


@dataclass(frozen=True, slots=True)
class LeaveMember:
    """A member as leave is matched with: their `names` (real, displayed, first and last), their `address` or ""."""

    user_id: str
    names: tuple[str, ...]
    address: str = ""


def written(text: str) -> str:
    """`text` in one width, with one kind of apostrophe, with emoji for shortcodes and without what nobody sees."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
        text = _UNSEEN.sub("", text)
    return _SHORTCODE.sub(_emoji, text) if ":" in text else text


def _emoji(shortcode: re.Match[str]) -> str:
    """What an emoji means that is written as a shortcode: leave, a birthday, or something else."""
    name = shortcode[1].lower()
    if name in leave_words.LEAVE_SHORTCODES:
        return "🌴"
    return "🎂" if name in leave_words.BIRTHDAY_SHORTCODES else "■"


def speaks_of_leave(text: str) -> bool:
    """Whether no emoji in a text is anything but leave's: "🏠 Ann Lee" is at home, and "🎓 Ann Lee" in a course."""
    return text.isascii() or not any(
        unicodedata.category(sign) == "So" and sign not in leave_words.LEAVE_SIGNS for sign in text
    )


@lru_cache(maxsize=65536)
def folds(word: str) -> tuple[str, str]:
    """A word in both folds: ö is o, and ö is oe."""
    if word.isascii():
        low = word.lower()
        return low, low
    low = unicodedata.normalize("NFC", word.casefold())
    if low in _TOLD_APART:
        return low, low
    return _bare(low), _bare(low.translate(_UMLAUTS))


def _bare(low: str) -> str:
    """A small-lettered word without accents; kana keep their marks."""
    return unicodedata.normalize("NFC", _COMBINING.sub("", unicodedata.normalize("NFKD", low))).translate(_LETTERS)


def words_of(text: str) -> list[TitleWord]:
    """The words of a text that `written` gave."""
    found, at = [], 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        found.append(TitleWord(*folds(match[0]), text[at:start], start, end, match[0][0].isupper()))
        at = end
    return found


def phrases_of(text: str) -> set[tuple[str, ...]]:
    """A phrase as the words it is compared by, in each fold."""
    found = words_of(written(text[:_LONGEST_NAME]))
    return {tuple(word.text for word in found), tuple(word.other for word in found)} - {()}


def folded_name(text: str) -> str:
    """What a name is tied by: its words without case and accents, in an order of their own ("Lee, Ann" is "Ann Lee").

    "" of what has no word.
    """
    return _tied([word for word in words_of(written(text[:LONGEST])) if not word.sign])


def _tied(words: Words) -> str:
    if words and all(word.gapless for word in words):
        return "".join(word.text for word in words)
    return " ".join(sorted(word.text for word in words))


class NameIndex:
    """Who is called what. `is_type` says whether some words are an absence: no name with one in it is a name.

    A name is one by which its member is found where it has two words besides initials ("J. Smith"), particles
    ("van der Berg") and numbers: "Anne-Marie" and "O'Brien" are one. Of a script without gaps it has a gap, or is
    at least four letters of Han long (田中太郎; 長谷川 may be a surname alone).
    """

    def __init__(
        self,
        members: Iterable[LeaveMember],
        ties: Mapping[str, str],
        types: Collection[tuple[str, ...]],
        asked: Collection[str],
    ) -> None:
        """`asked` are the words of all titles, in each fold: a name with another one is in none of them."""
        self._asked = frozenset(asked) | leave_words.ADDRESSED | leave_words.HONORIFICS
        self._ties = ties
        self._types = types
        self._longest_type = max(map(len, types), default=0)
        self._users: dict[tuple[str, ...], frozenset[str]] = {}
        self._gapless: dict[str, frozenset[str]] = {}
        self._words: set[str] = {word for name in ties for word in name.split(" ")}
        self._longest = max((name.count(" ") + 1 for name in ties), default=0)
        for member in members:
            for name in member.names[:_MOST_NAMES]:
                if self._may_be_asked(name):
                    self._add(member.user_id, name)

    def _may_be_asked(self, name: str) -> bool:
        """Whether all words of a name are in titles: most members are on leave at no time that is asked about."""
        if len(name) > _LONGEST_NAME:
            return False
        text = written(name)
        if _BRACKET.search(text):
            text = _BRACKETED.sub(" ", text)
        if text.isascii():
            return self._asked.issuperset(_ASCII_WORD.findall(text.lower()))
        return all(
            not self._asked.isdisjoint(folds(word)) or _GAPLESS.match(word) is not None for word in _WORD.findall(text)
        )

    def _add(self, user_id: str, name: str) -> None:
        parts = name_words(name)
        if not 0 < len(parts) <= _MOST_PARTS:
            return
        for spelling in {tuple(part.text for part in parts), tuple(part.other for part in parts)}:
            if self._has_type(spelling):
                return
        if all(part.gapless for part in parts):
            self._add_gapless(user_id, [part.text for part in parts])
        if _full_words(parts) < _FEWEST_WORDS:
            return
        self._longest = max(self._longest, len(parts))
        for key in {tuple(sorted(part.text for part in parts)), tuple(sorted(part.other for part in parts))}:
            self._users[key] = self._users.get(key, frozenset()) | {user_id}
            self._words.update(key)

    def _add_gapless(self, user_id: str, parts: list[str]) -> None:
        """A name that may stand without a gap: with its parts in either order, where it is known where it parts."""
        whole = "".join(parts)
        is_long = len(whole) >= _GAPLESS_NAME
        if is_long and ((len(parts) > 1 and HAN.search(whole)) or all(map(HAN.match, whole))):
            for key in {whole, "".join(reversed(parts))}:
                self._gapless[key] = self._gapless.get(key, frozenset()) | {user_id}

    def _has_type(self, words: tuple[str, ...]) -> bool:
        return any(
            words[at : at + size] in self._types
            for at in range(len(words))
            for size in range(1, min(self._longest_type, len(words) - at) + 1)
        )

    def runs(self, words: Words) -> list[Run]:
        """Every run of a title's words that is somebody's name."""
        found = []
        known = [word.text in self._words or word.other in self._words for word in words]
        for start in range(len(words)):
            commas = 0
            for end in range(start + 1, min(start + max(self._longest, 2), len(words)) + 1):
                if end > start + 1:
                    gap = words[end - 1].gap
                    commas += "," in gap
                    if commas > 1 or not _WITHIN_A_NAME.fullmatch(gap):
                        break
                elif not known[start] and not words[start].gapless:
                    break
                if run := self._run(words, start, end):
                    found.append(run)
        return found

    def _run(self, words: Words, start: int, end: int) -> Run | None:
        part = words[start:end]
        users = self._called(part)
        tie = self._ties.get(_tied(part))
        if tie is not None:
            # Of several of one name it is the tied one; who is called so and was not thought of makes it two.
            users = frozenset({tie}) if tie in users else users | {tie}
        return Run(start, end, users, tied=tie is not None) if users else None

    def _called(self, part: Words) -> frozenset[str]:
        """Who is called so, with two words as the title has them: "Ann-Lee" is one."""
        users: frozenset[str] = frozenset()
        if sum(not _ONE_UNIT.fullmatch(word.gap) for word in part[1:]) >= _FEWEST_WORDS - 1:
            for key in {tuple(sorted(word.text for word in part)), tuple(sorted(word.other for word in part))}:
                users |= self._users.get(key, frozenset())
        if all(word.gapless for word in part):
            users |= self._gapless.get("".join(word.text for word in part), frozenset())
        return users


def is_within_a_name(words: Words) -> bool:
    """Whether what stands between some words of a title may stand within a name: "Lee, Ann", not "Lee | Ann"."""
    gaps = [word.gap for word in words[1:]]
    return (
        sum("," in gap for gap in gaps) <= 1
        and all(map(_WITHIN_A_NAME.fullmatch, gaps))
        and not any(word.sign for word in words)
    )


@dataclass(frozen=True, slots=True)
class Run:
    """The words of a title from `start` to before `end`, and who is called so; `tied` where an admin said it."""

    start: int
    end: int
    users: frozenset[str]
    tied: bool = False


def name_words(name: str) -> list[TitleWord]:
    """The words of a member's name, without what stands in brackets and how people are addressed ("Dr.", さん)."""
    parts = words_of(_BRACKETED.sub(" ", written(name)))
    if any(part.sign for part in parts):
        return []  # "Ann & Bob" are two
    while parts and parts[0].text in leave_words.ADDRESSED:
        parts = parts[1:]
    while parts and parts[-1].text in leave_words.HONORIFICS:
        parts = parts[:-1]
    return parts


def _full_words(parts: Words) -> int:
    """How many words of a name tell one person from another."""
    turned = any("," in part.gap for part in parts)  # "Berg, Anna van der"
    count, full = 0, False
    for at, part in enumerate(parts):
        if at == 0 or not _ONE_UNIT.fullmatch(part.gap):
            count, full = count + full, False
        initial = len(part.text) == 1 and part.text.upper() != part.text
        particle = part.text in leave_words.PARTICLES and (turned or at < len(parts) - 1)
        full = full or not (initial or part.number or particle or part.text in leave_words.SUFFIXES)
    return count + full
