"""Which members a title names. Pure.

A name is a whole run of words, whichever part is first; what stands between them counts: "Lee, Ann" is a name, and
"Lee | Ann" are two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from services.domain import leave_words
from services.domain.leave_lines import LeaveMember
from services.domain.leave_spelling import (
    ASCII_WORD,
    GAPLESS,
    HAN,
    TitleWord,
    Words,
    folds,
    tied_by,
    turned,
    word_pattern,
    words_of,
    written,
)
from services.domain.leave_types import Types, has_type

_LONGEST_NAME = 200
_MOST_NAMES = 8  # of one member
_FEWEST_WORDS = 2  # that tell one person from another
MOST_PARTS = 10
"""Words of one name."""

_GAPLESS_NAME = 4  # letters of a name without a gap: fewer may be a surname alone (長谷川)
_BRACKET = re.compile(r"[(\[{<【〔「]")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|【[^【】]*】|〔[^〔〕]*〕|「[^「」]*」")
_WITHIN_A_NAME = re.compile(r"[\s_]+|[\s_]*[.,][\s_]*|['\u2010-\u2015-]|[\s]*[・·=][\s]*")
_ONE_UNIT = re.compile(r"['.\u2010-\u2015_-]+")  # what joins two halves of one word: Anne-Marie, O'Brien, ann.lee


class NameIndex:
    """Who is called what: nobody by a name that has a type of leave in it, or is but dates ("Good Friday").

    A name is one by which its member is found where it has two words besides initials ("J. Smith"), particles
    ("van der Berg") and numbers: "Anne-Marie" and "O'Brien" are one. Of a script without gaps it has a gap, or is
    at least four letters of Han long (田中太郎; 長谷川 may be a surname alone).
    """

    def __init__(
        self,
        members: Iterable[LeaveMember],
        ties: Mapping[str, str],
        types: Types,
        asked: Collection[str],
    ) -> None:
        """`asked` are the words of all titles, in each fold: a name with another one is in none of them."""
        self._asked = frozenset(asked) | leave_words.ADDRESSED | leave_words.HONORIFICS
        self._ties = ties
        self._types = types
        self._users: dict[tuple[str, ...], frozenset[str]] = {}
        self._gapless: dict[str, frozenset[str]] = {}
        tied = [name.split(" ") for name in ties]
        self._words: set[str] = {word for words in tied for word in words}
        self._longest = min(max(map(len, tied), default=0), MOST_PARTS)
        for member in members:
            for name in member.names[:_MOST_NAMES]:
                if self._may_be_asked(name):
                    self._add(member.user_id, name)

    def _may_be_asked(self, name: str) -> bool:
        """Return whether all words of a name are in titles.

        Most members are on leave at no time that is asked about.
        """
        if len(name) > _LONGEST_NAME:
            return False
        if not _BRACKET.search(name):
            for word in name.split():
                if word.lower() not in self._asked and word.isascii() and word.isalpha():
                    return False  # told without looking at its other letters
        text = _BRACKETED.sub(" ", written(name))
        if text.isascii():
            return self._asked.issuperset(ASCII_WORD.findall(text.lower()))
        return all(
            not self._asked.isdisjoint(folds(word)) or GAPLESS.match(word) is not None
            for word in word_pattern().findall(text)
        )

    def _add(self, user_id: str, name: str) -> None:
        parts = name_words(name)
        is_gapless = all(part.gapless for part in parts)
        has_two = _full_words(parts) >= _FEWEST_WORDS
        if len(parts) > MOST_PARTS or not (has_two or is_gapless):
            return
        if has_type(parts, self._types) or all(map(self._types.knows, parts)):
            return
        if is_gapless:
            self._add_gapless(user_id, [part.text for part in parts])
        if has_two:
            self._longest = max(self._longest, len(parts))
            for key in {turned(part.text for part in parts), turned(part.other for part in parts)}:
                self._users[key] = self._users.get(key, frozenset()) | {user_id}
                self._words.update(key)

    def _add_gapless(self, user_id: str, parts: list[str]) -> None:
        """Add a name that may stand without a gap: with its parts in either order, where it is known where it parts."""
        whole = "".join(parts)
        is_long = len(whole) >= _GAPLESS_NAME
        if is_long and ((len(parts) > 1 and HAN.search(whole)) or all(map(HAN.match, whole))):
            for key in {whole, "".join(reversed(parts))}:
                self._gapless[key] = self._gapless.get(key, frozenset()) | {user_id}

    def runs(self, words: Words) -> list[Run]:
        """Return every run of a title's words that is somebody's name."""
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
        tie = self._ties.get(tied_by(part)) if self._ties else None
        if tie is not None:
            # Of several of one name it is the tied one; who is called so and was not thought of makes it two.
            users = frozenset({tie}) if tie in users else users | {tie}
        return Run(start, end, users, tied=tie is not None) if users else None

    def _called(self, part: Words) -> frozenset[str]:
        """Return who is called so, with two words as the title has them: "Ann-Lee" is one."""
        users: frozenset[str] = frozenset()
        if sum(not _ONE_UNIT.fullmatch(word.gap) for word in part[1:]) >= _FEWEST_WORDS - 1:
            for key in {turned(word.text for word in part), turned(word.other for word in part)}:
                users |= self._users.get(key, frozenset())
        if all(word.gapless for word in part):
            users |= self._gapless.get("".join(word.text for word in part), frozenset())
        return users


def is_within_a_name(words: Words) -> bool:
    """Return whether what stands between some words of a title may stand within a name: "Lee, Ann", not "Lee | Ann"."""
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
    """Return the words of a member's name, without what is in brackets and how people are addressed ("Dr.", さん)."""
    parts = words_of(_BRACKETED.sub(" ", written(name)))
    if any(part.sign for part in parts):
        return []  # "Ann & Bob" are two
    while parts and parts[0].text in leave_words.ADDRESSED:
        parts = parts[1:]
    while parts and parts[-1].text in leave_words.HONORIFICS:
        parts = parts[:-1]
    return parts


def _full_words(parts: Words) -> int:
    """Return how many words of a name tell one person from another."""
    turned = any("," in part.gap for part in parts)  # "Berg, Anna van der"
    count, full = 0, False
    for at, part in enumerate(parts):
        if at == 0 or not _ONE_UNIT.fullmatch(part.gap):
            count, full = count + full, False
        initial = len(part.text) == 1 and part.text.upper() != part.text
        particle = part.text in leave_words.PARTICLES and (turned or at < len(parts) - 1)
        full = full or not (initial or part.number or particle or part.text in leave_words.SUFFIXES)
    return count + full
