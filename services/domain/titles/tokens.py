"""A title as the words that are in it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.domain.titles.spelling import GAPLESS, WORD, folded
from services.domain.titles.vocabulary import Phrases, vocabulary

LONGEST = 1000
"""Characters of a title that is looked at: no absence is longer."""

_MOST_WORDS = 40
_SHORTCODE = re.compile(r"(?<!\S):[a-z][a-z0-9_+-]*:(?!\S)", re.IGNORECASE)
_SAYS_NOTHING = frozenset({"So", "Sk", "Cf", "Cn", "Co", "Cs", "Mn", "Me"})
_ASKS = re.compile("[?\u00bf\uff1f]")
_WITHIN_A_PHRASE = re.compile(r"[\s_.'\-\u2010-\u2015]*")
_APART = re.compile(r"[:\u2013\u2014|/•>·,;=()\[\]{}<【】〔〕「」『』・]|\s-+\s|\n")


@dataclass(frozen=True, slots=True)
class TitleToken:
    """A number, a word, or of Japanese a known word or what is between two; `gap` is what stands before it.

    `shape` is it as it was written, `text` the same for comparison.
    """

    text: str
    gap: str
    shape: str

    @property
    def number(self) -> bool:
        """Whether it is digits."""
        return self.text.isdecimal()

    @property
    def gapless(self) -> bool:
        """Whether it is of a script that has no gaps between words."""
        return GAPLESS.match(self.text) is not None

    @property
    def apart(self) -> bool:
        """Whether a colon, a dash or a bracket sets it apart from what stands before it."""
        return _APART.search(self.gap) is not None

    @property
    def bare(self) -> str:
        """Its text without the apostrophe of "Ann's"."""
        return self.text.rstrip("'")


Tokens = Sequence[TitleToken]


def tokens_of(title: str) -> tuple[TitleToken, ...]:
    """Return the words of a title; none where it asks something, or has more of them than an absence may have."""
    if len(title) > LONGEST or _ASKS.search(title):
        return ()
    text = folded(title)
    if not text.isascii():
        text = "".join(" " if unicodedata.category(sign) in _SAYS_NOTHING else sign for sign in text)
    text = _SHORTCODE.sub(" ", text)
    found: list[TitleToken] = []
    at = 0
    for match in WORD.finditer(text):
        gap, at = text[at : match.start()], match.end()
        for shape in _segments(match[0], after_number=bool(found) and found[-1].number and not gap):
            found.append(TitleToken(shape.casefold(), gap, shape))
            gap = ""
        if len(found) > _MOST_WORDS:
            return ()
    return tuple(found)


def phrase_at(tokens: Tokens, start: int, phrases: Phrases) -> int:
    """Return how many tokens from `start` on are one of `phrases`; 0 where none is."""
    if start >= len(tokens):
        return 0
    for phrase in phrases.get(tokens[start].text, ()):
        here = tokens[start : start + len(phrase)]
        if texts_of(here) == phrase and all(_WITHIN_A_PHRASE.fullmatch(token.gap) for token in here[1:]):
            return len(phrase)
    return 0


def texts_of(tokens: Tokens) -> tuple[str, ...]:
    """Them as they are compared."""
    return tuple(token.text for token in tokens)


def _segments(run: str, *, after_number: bool) -> Iterator[str]:
    """Yield a run of Japanese as its known words, the longest first, and what is between them; any other word as it is.

    A known word of one character is one only by itself, after a number, or after another known word.
    """
    if not GAPLESS.match(run):
        yield run
        return
    words = vocabulary()
    unknown = at = 0
    while at < len(run):
        alone = len(run) == 1 or (at == unknown and (at > 0 or after_number))
        sizes = range(min(words.longest_gapless, len(run) - at), 0 if alone else 1, -1)
        length = next((size for size in sizes if run[at : at + size] in words.known_gapless), 0)
        if not length:
            at += 1
            continue
        if unknown < at:
            yield run[unknown:at]
        yield run[at : at + length]
        unknown = at = at + length
    if unknown < at:
        yield run[unknown:]
