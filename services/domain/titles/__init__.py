"""What an entry's title says of its person: that they are absent, or want to concentrate. Pure.

product.md, "A title that is an absence": naming an absence is not being absent. After signs, emoji and the person's
own name a title has to *start* with an absence (`titles.words`), and what follows may only say when, where, for how
long or which half of the day. Whatever else stands there makes it an ordinary title: a missed absence is better than
a false one. Case, accents, width and emoji never matter.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from services.domain.titles.names import Own, before, is_addressed, is_name, own_at, own_names
from services.domain.titles.tokens import (
    ABSENCES,
    AFTER_ABSENCE,
    AFTER_NUMBERS,
    AFTER_TIME,
    AMBIGUOUS,
    FOCUS,
    LINKED,
    LINKS,
    MISTAKEN,
    PLACES,
    PREDICATES,
    PUBLIC_CALENDARS,
    REASONS,
    TIME,
    Tokens,
    phrase_at,
    says_nothing,
    texts,
    tokens_of,
)

_MOST_BEFORE = 8  # words before an absence: a name, and which half of the day
_LAST_OF_A_MONTH = 31
_YEARS = range(1990, 2101)
_MOST_OF_A_UNIT = 999
_TOPIC = re.compile(r"[:\u2013\u2014|,;(\[【「]|\s-+\s")


class Whose(Enum):
    """Whose absence a title is."""

    NOBODYS = "nobody's"
    OWN = "own"
    ANOTHERS = "another's"


@lru_cache(maxsize=4096)
def absence(title: str, names: tuple[str, ...] = ()) -> Whose:
    """Whose absence a title is, if it is one. `names` are what its person is called.

    "Ann – vacation" is Ann's own, and another's for anybody else, or where the person's names are not known.
    """
    if says_nothing(title):
        return Whose.NOBODYS
    tokens, own = tokens_of(title), own_names(names)
    for start in range(min(len(tokens), _MOST_BEFORE + 1)):
        length = phrase_at(tokens, start, ABSENCES)
        if length and not phrase_at(tokens, start, MISTAKEN):
            end = _end_of_when_and_where(tokens, start + length, own)
            if end == len(tokens):
                return _whose(tokens, start, length, own)
            if start == 0 and tokens[end].apart and is_name(tokens[end:], tokens, known=True):
                return Whose.ANOTHERS  # "[Vacation] Bob Smith"
    return Whose.NOBODYS


@lru_cache(maxsize=4096)
def is_focus(title: str, names: tuple[str, ...] = ()) -> bool:
    """Whether a title is time to oneself: it starts so, and then only says when, or after a sign what for."""
    if says_nothing(title):
        return False
    tokens, own = tokens_of(title), own_names(names)
    start = own_at(tokens, 0, own)
    length = phrase_at(tokens, start, FOCUS)
    if not length:
        return False
    end = _end_of_when_and_where(tokens, start + length, own)
    return end == len(tokens) or (end == start + length and _names_a_topic(tokens, end))


def _names_a_topic(tokens: Tokens, at: int) -> bool:
    """Whether what follows focus is set apart: "Focus: report", not "Focus (the magazine) interview"."""
    gap = tokens[at].gap
    return _TOPIC.search(gap) is not None and not ("(" in gap and any(")" in token.gap for token in tokens[at + 1 :]))


def is_public_calendar(name: str) -> bool:
    """Whether a calendar's own name says that it is one of public holidays ("Holidays in Spain", 日本の祝日)."""
    tokens = tokens_of(name)
    return any(phrase_at(tokens, start, PUBLIC_CALENDARS) for start in range(len(tokens)))


def _whose(tokens: Tokens, start: int, length: int, own: Own) -> Whose:
    """Whose the absence at `start` is, by what stands before it."""
    front = before(tokens, start, own)
    absent = tokens[start : start + length]
    if not front.others or tokens[start - 1].text in REASONS:
        return Whose.OWN
    set_apart = tokens[start].apart or (tokens[start].gapless and tokens[start].gap != "")
    is_sure = set_apart or is_addressed(tokens[:start]) or (texts(absent) in PREDICATES and absent[0].text != "de")
    if not is_name(front.others, tokens, known=not is_sure and len(front.others) == 1):
        return Whose.NOBODYS
    return Whose.OWN if front.own > 1 else Whose.ANOTHERS  # Ana García is Ana García López


def _end_of_when_and_where(tokens: Tokens, start: int, own: Own) -> int:
    """Up to which token from `start` on nothing but times, places, lengths, absences and the own name is said."""
    at = said = start  # `said`: up to where it makes sense to stop; "until" alone says nothing
    timed = False
    while at < len(tokens):
        text = tokens[at].text
        linked = at > said or tokens[at - 1].text in LINKS or "@" in tokens[at].gap
        if length := _said_at(tokens, at, linked=linked):
            timed = True
        elif at == said and ((timed and text in AFTER_TIME) or (text in AFTER_ABSENCE and tokens[at - 1].gapless)):
            length = 1
        else:
            length = own_at(tokens, at, own)
        if length:
            at = said = at + length
        elif text in LINKS:
            at += 1
        else:
            break
    return said


def _said_at(tokens: Tokens, at: int, *, linked: bool) -> int:
    """How many tokens from `at` on are a time, length, place or another absence; `linked`: after "in" or the like."""
    token = tokens[at]
    if token.number:
        return int(_is_of_time(tokens, at))
    if token.text in AFTER_NUMBERS and tokens[at - 1].number and len(token.gap) <= 1:
        return 1
    place = phrase_at(tokens, at, PLACES)
    if linked:
        place = place or phrase_at(tokens, at, LINKED)
    elif texts(tokens[at : at + place]) in AMBIGUOUS:
        place = 0
    return max(place, phrase_at(tokens, at, ABSENCES), int(token.text in TIME))


def _is_of_time(tokens: Tokens, at: int) -> bool:
    """Whether a number may be a part of a date, a time or a length: "PTO 101" is a course."""
    value = int(tokens[at].text[:9])
    if value <= _LAST_OF_A_MONTH or value in _YEARS:
        return True
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    is_minutes = tokens[at - 1].text == "h" or (tokens[at - 1].number and tokens[at].gap in {":", "."})
    return value <= _MOST_OF_A_UNIT and (is_minutes or after in TIME or after in AFTER_NUMBERS)
