"""Whose name stands in a title: the person's own, or another's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from services.domain.titles.tokens import (
    AFTER_NUMBERS,
    AFTER_TIME,
    COPULAS,
    GIVEN_NAMES,
    HALVES,
    HONORIFICS,
    LINKS,
    LONGEST,
    NOT_NAMES,
    PARTICLES,
    TIME,
    TitleToken,
    Tokens,
    phrase_at,
    spellings,
    words_in,
)

_MOST_OF_A_NAME = 4


@dataclass(frozen=True, slots=True)
class Own:
    """The words of a person's names; `certain` are those that can be nothing else and stand alone."""

    every: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()


@lru_cache(maxsize=1024)
def own_names(names: tuple[str, ...]) -> Own:
    """The words of `names` in each spelling: Jörg, Joerg, Jorg; 山田, 太郎, 山田太郎."""
    found: set[str] = set()
    for spelling in (spelling for name in names for spelling in spellings(name[:LONGEST].casefold())):
        parts = [word.rstrip("'") for word in words_in(spelling)]
        found.update(parts)
        found.update(part.replace("ae", "a").replace("oe", "o").replace("ue", "u") for part in parts)
        found.update(("".join(parts), "".join(reversed(parts))))  # as Japanese writes them, and addresses
    every = frozenset(word for word in found if word and not word.isdecimal())
    return Own(every, frozenset(word for word in every - NOT_NAMES if len(word) > 1))


def own_at(tokens: Tokens, start: int, own: Own) -> int:
    """How many tokens from `start` on are the person's own name, with what belongs to it ("Ann's", 山田さん)."""
    length = whole = 0
    for token in tokens[start:]:
        initial = len(token.text) == 1 and any(word.startswith(token.text) for word in own.every)
        if token.bare not in own.every and not initial:
            break
        length += 1
        whole += token.bare in own.every
    if not whole or (length == 1 and tokens[start].bare not in own.certain):
        return 0
    after = tokens[start + length].text if start + length < len(tokens) else ""
    belongs = after in HONORIFICS or (after == "s" and tokens[start + length - 1].text.endswith("'"))
    return length + int(belongs)


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before an absence: how many words of the own name, and which words that are none of it."""

    own: int
    others: Tokens


def before(tokens: Tokens, start: int, own: Own) -> Before:
    """What stands before the token at `start`, without what says which half of the day, and without "is"."""
    others: list[TitleToken] = []
    front = tokens[:start]
    at = mine = 0
    while at < start:
        if length := own_at(front, at, own):
            mine += length
        elif length := length_at(tokens[: start + 1], at):
            length = min(length, start - at)  # 3 days of vacation, 3 días libres
        elif not (length := phrase_at(front, at, HALVES)):
            length = 1
            if not ((at > 0 and front[at].text in COPULAS) or _says_when(front[at], tokens[start])):
                others.append(front[at])
        at += length
    return Before(mine, others)


def length_at(tokens: Tokens, start: int) -> int:
    """How many tokens from `start` on say how long: 3 days, 0.5 d, 1/2, 8 hours."""
    at = start
    while at < len(tokens) and tokens[at].number and (at == start or tokens[at].gap in {"/", ".", ","}):
        at += 1
    if at == start:
        return 0
    if at < len(tokens) and (tokens[at].text in AFTER_NUMBERS or tokens[at].text in TIME):
        return at + 1 - start
    return at - start if at > start + 1 and tokens[at - 1].gap == "/" else 0


def _says_when(token: TitleToken, absent: TitleToken) -> bool:
    """Whether a word says when, as Japanese does before it says what: 明日から休暇."""
    is_time = token.text in TIME or token.text in AFTER_TIME or token.text in LINKS
    return (token.gapless and is_time) or (absent.gapless and token.number)


def is_addressed(front: Tokens) -> bool:
    """Whether words before an absence show by their form that they are a name: 田中さん, "Bob's"."""
    return any(token.text in HONORIFICS or token.text == "s" for token in front)


def is_name(tokens: Tokens, title: Tokens, *, known: bool) -> bool:
    """Whether words of a title may be a person's name; where it has to be `known`, one of them is a given name.

    Where the title has capitals and small letters, a name has a capital.
    """
    parts = [token for token in tokens if token.text not in HONORIFICS and token.text != "s"]
    if not 0 < len(parts) <= _MOST_OF_A_NAME or any(token.number for token in parts):
        return False
    if all(len(token.bare) == 1 for token in parts):
        return False
    if len(parts) > 1 and parts[-1].bare in PARTICLES:
        return False  # Calendrier de congés
    if any(len(token.bare) > 1 and token.bare in NOT_NAMES and token.bare not in PARTICLES for token in parts):
        return False
    given = any(token.bare in GIVEN_NAMES for token in parts)
    if given and len(parts) == 1:
        return True
    letters = "".join(token.shape for token in title)
    one_case = letters in {letters.upper(), letters.lower()}
    capitals = all(token.shape[0].isupper() or token.gapless or token.bare in PARTICLES for token in parts)
    return (given or not known) and (one_case or capitals)
