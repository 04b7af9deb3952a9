"""The phrase book: dateparser behind `when.Phrases`, asked only where our own grammar found a time's place.

dateparser reads a lone "may", "3" or "now" as a time; those are turned down, because they are words.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from dateparser.date import DateDataParser

from services import when

_LONGEST = 60
_LANGUAGES = frozenset({"en", "de", "fr", "es", "ja"})
_EXACT_ENOUGH = frozenset({"day", "week", "time"})


class PhraseBook:
    """Reads phrases such as "the 3rd of may", "in two days" or "24 de diciembre"."""

    def warm(self) -> None:
        """Load the languages, ours and dateparser's, ahead of the first person's three seconds."""
        when.warm()
        for language in sorted(_LANGUAGES):
            self.moment("tomorrow", datetime(2026, 1, 1, 12), language, month_first=False)  # noqa: DTZ001  # a wall time

    def moment(self, phrase: str, now: datetime, language: str, *, month_first: bool) -> tuple[datetime, bool] | None:
        """The naive wall time, and whether the phrase names a time of day; None where it is no day."""
        if len(phrase) > _LONGEST or len(phrase) < 3 or not phrase.isprintable():  # noqa: PLR2004  # "at 3" is no phrase
            return None
        parser = _parser(language if language in _LANGUAGES else "en", month_first, now)
        found = parser.get_date_data(phrase)
        if found.date_obj is None or found.period not in _EXACT_ENOUGH or found.date_obj.replace(tzinfo=None) == now:
            return None
        if found.date_obj.tzinfo is not None:
            return None  # "UTC" and its like are not what people mean here
        return found.date_obj, found.period == "time"


@lru_cache(maxsize=32)
def _parser(language: str, month_first: bool, now: datetime) -> DateDataParser:
    return DateDataParser(
        languages=[language] if language == "en" else [language, "en"],
        settings={
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": now,
            "RETURN_TIME_AS_PERIOD": True,
            "DATE_ORDER": "MDY" if month_first else "DMY",
        },
    )
