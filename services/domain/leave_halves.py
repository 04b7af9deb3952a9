"""Which half of a day the title of an all-day entry says, and what of the entry counts so. Pure.

Only what is said unambiguously counts. Half a day without a word about which half is neither: a false "Out of office"
is worse than a missed one, so who takes such a title for a whole day asks `is_partly` first.
"""

from __future__ import annotations

from services.domain import leave_words as listed
from services.domain.leave_lines import Half
from services.domain.leave_rest import length_at
from services.domain.leave_spelling import Words
from services.domain.leave_types import (
    DATE_WORDS,
    HOURS,
    MINUTES,
    SHORT_DATE_WORDS,
    Phrases,
    phrase_at,
    phrases_by_first,
    phrases_in,
)

_FORENOON = phrases_by_first(phrases_in(listed.FORENOON))
_AFTERNOON = phrases_by_first(phrases_in(listed.AFTERNOON))
_HALF = phrases_by_first(phrases_in(listed.HALVES, "半休", "半日休暇", "半日有給", "半有給", "半有休"))
_DAY = phrases_by_first(phrases_in(listed.DAYS))
_FEWEST_HOURS = 6  # that are a whole day of somebody's: of fewer nobody says which


def half_in(words: Words) -> Half:
    """Return the half of the day that the words of a title name: "" where they name none, or both."""
    forenoon, afternoon = _says(words, _FORENOON), _says(words, _AFTERNOON)
    if forenoon == afternoon:
        return ""
    return "am" if forenoon else "pm"


def is_partly(words: Words) -> bool:
    """Return whether a title speaks of less than a day, and does not say which part.

    "(half day)", 0.5 days, 3 hours.
    """
    is_short = any(phrase_at(words, at, len(words), _HALF) or _is_short(words, at) for at in range(len(words)))
    return is_short and not half_in(words)


def _says(words: Words, halves: Phrases) -> bool:
    return any(_is_half(words, at, phrase_at(words, at, len(words), halves)) for at in range(len(words)))


def _is_half(words: Words, at: int, size: int) -> bool:
    """Return whether a phrase is a half of the day.

    9 am is a time, "am 3.5." a date, "Monday morning" a part of longer.
    """
    if not size or (at and words[at - 1].number and not words[at].number):
        return False
    if size == 1 and words[at].text == "am" and at + 1 < len(words):
        following = words[at + 1]
        return not (following.number or following.text in DATE_WORDS | SHORT_DATE_WORDS)
    return True


def _is_short(words: Words, at: int) -> bool:
    """Return whether a length of less than a day begins at a word."""
    if not words[at].number or (at and words[at - 1].number):
        return False
    if length_at(words, at, len(words), MINUTES):
        return True
    if length_at(words, at, len(words), HOURS):
        return float(words[at].text[:9]) < _FEWEST_HOURS
    size = length_at(words, at, len(words), _DAY)
    is_half = words[at].text in {"0", "1"} and size > 1 and words[at + 1].number
    return is_half and (words[at].text == "0" or words[at + 1].gap in {"/", "\u2044"})
