"""Which of a person's rules names an event, by its facts and by whole words of its title and location."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from re import Pattern

from services.domain.lines import Line, Match, Rule
from services.domain.model import Event, Kind, Location

_READ_AT_MOST = 500
"""Characters of a title that are looked at; a calendar may hold titles of a megabyte."""

_BETWEEN_WORDS = r"[\s_\-\u2010-\u2015]+"

_HOME = (
    "home", "wfh", "work from home", "working from home", "home office", "homeoffice", "zuhause", "zu hause",
    "télétravail", "teletravail", "à la maison", "teletrabajo", "en casa", "desde casa", "在宅", "在宅勤務", "自宅",
    "テレワーク",
)  # fmt: skip
_OFFICE = (
    "office", "at the office", "in the office", "büro", "im büro", "bureau", "oficina", "出社", "会社", "オフィス"
)  # fmt: skip

_NO_GAPS = r"\u3040-\u30ff\u3400-\u9fff"
"""Kana and Han: scripts whose words are written without gaps."""
_BEFORE = rf"(?<![^\W_{_NO_GAPS}])"
_AFTER = rf"(?![^\W_{_NO_GAPS}])"
_GAPLESS = re.compile(f"[{_NO_GAPS}]")
_MINUTE = timedelta(minutes=1)


def first_match(lines: Sequence[Line], event: Event, kind: Kind) -> int | None:
    """The position of the first rule of the person's own that names `event`, placed and of this kind; else None."""
    for position, line in enumerate(lines):
        if isinstance(line, Rule) and line.kind is None and line.enabled and matches(line.match, event, kind):
            return position
    return None


def matches(match: Match, event: Event, kind: Kind) -> bool:
    """Whether every condition that `match` gives holds; words are whole words, any of them will do."""
    minutes = (event.end - event.start) // _MINUTE
    return (
        (not match.kinds or kind in match.kinds)
        and (not match.calendar_ids or event.calendar_id in match.calendar_ids)
        and (not match.show_as or event.show_as in match.show_as)
        and (match.all_day is None or event.all_day is match.all_day)
        and (match.min_guests is None or event.guests >= match.min_guests)
        and (match.max_guests is None or event.guests <= match.max_guests)
        and (match.min_minutes is None or minutes >= match.min_minutes)
        and (match.max_minutes is None or minutes <= match.max_minutes)
        and (not match.title_words or has_word(event.title, match.title_words))
        and (not match.location_words or has_word(event.location, match.location_words))
    )


def location_of(event: Event) -> Location:
    """Where a working-location event says the person works; by its title where the source does not say."""
    if event.working_location is not None:
        return event.working_location
    if has_word(event.title, _HOME):
        return Location.HOME
    return Location.OFFICE if has_word(event.title, _OFFICE) else Location.ELSEWHERE


# ── whole words, also where words have no gaps ──────────────────────────────────────────────────────


def plain(text: str) -> str:
    """`text` for comparison: NFKC, casefolded, and no more of it than is looked at."""
    text = text[:_READ_AT_MOST]
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=1024)
def _pattern(words: tuple[str, ...]) -> Pattern[str]:
    """One pattern for any of `words`, longest first; those of a script without gaps need no gap around them."""
    gapped: list[str] = []
    gapless: list[str] = []
    for word in sorted({plain(word).strip() for word in words}, key=lambda word: (-len(word), word)):
        parts = [re.escape(part) for part in re.split(_BETWEEN_WORDS, word) if part]
        if not parts:
            continue
        body = _BETWEEN_WORDS.join(parts)
        (gapless if _GAPLESS.search(word) else gapped).append(body)
    whole = [_BEFORE + "(?:" + "|".join(gapped) + ")" + _AFTER] if gapped else []
    return re.compile("|".join([*whole, *gapless]) or r"(?!)")


def has_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether `text` holds any of `words` as a whole word (or phrase), whatever its case, width or hyphens."""
    return _pattern(words).search(plain(text)) is not None
