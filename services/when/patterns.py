"""The words of some languages as compiled patterns over folded text. Made once for each set of languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from re import Pattern

from services.when.words import LANGUAGES, Words, folded

_LAST = r"(?![a-z0-9])"
_BEGINNINGS = (
    "until", "for_", "from_", "at", "on", "coming", "next_", "next_week", "next_month", "this_week", "rest_of_day",
    "morning", "afternoon", "evening", "noon", "midnight", "half_hour", "one",
)  # fmt: skip
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|\.)?"


def alternation(*alternatives: str) -> str:
    """One pattern for words separated by `|`; a word that ends in a letter ends where the letters end."""
    forms = folded(*(form for alternative in alternatives for form in alternative.split("|") if form))
    if not forms:
        return "(?!)"
    return "(?:" + "|".join(re.escape(form) + (_LAST if form[-1].isascii() and form[-1].isalnum() else "") for form in forms) + ")"  # fmt: skip  # noqa: E501  # one expression reads better whole


class Patterns:
    """What the grammar looks for. The attributes are named after the fields of `Words`."""

    def __init__(self, languages: Sequence[Words]) -> None:
        """`languages`: the person's own first."""
        own = languages[0]
        self.included = own.included
        self.clock_face = own is LANGUAGES["en"]

        def either(name: str) -> Pattern[str]:
            return re.compile(alternation(*(getattr(words, name) for words in languages)))

        self.until, self.suffix_until, self.literal = either("until"), either("suffix_until"), either("literal")
        self.for_, self.from_, self.to = either("for_"), either("from_"), either("to")
        self.at, self.on, self.coming, self.next = either("at"), either("on"), either("coming"), either("next_")
        self.next_week, self.next_month, self.this_week = either("next_week"), either("next_month"), either("this_week")
        self.rest_of_day, self.noon, self.midnight = either("rest_of_day"), either("noon"), either("midnight")
        self.parts = {name: either(name) for name in ("morning", "afternoon", "evening")}
        self.off, self.half_hour = either("off"), either("half_hour")
        self.days = {distance: re.compile(alternation(*(words.days[distance] for words in languages))) for distance in (2, 0, 1)}  # fmt: skip  # noqa: E501  # a table in one line
        self.weekdays = [_weekday(languages, index) for index in range(7)]
        names = [alternation(*(words.months[index] for words in languages)) for index in range(12)]
        self.dates = _dates("|".join(f"(?P<m{index}>{name})" for index, name in enumerate(names, 1)))
        self.slashed = re.compile(r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y>\d{4}|\d{2}))?(?![\d/])")
        self.day_of_month = re.compile(rf"(?P<d>\d{{1,2}}){_ORDINAL}(?![a-z\d:/])")
        self.clocks = _clocks(
            alternation(*(words.after_midnight for words in languages)),
            alternation(*(words.after_noon for words in languages)),
        )
        self.hour = re.compile(r"(?P<h>\d{1,2})(?![\d:/.%]|[a-z]|[時月日分人])")
        count = (
            rf"(?:(?P<n>\d{{1,4}}(?:[.,]\d{{1,2}})?)|(?P<one>{alternation(*(words.one for words in languages))}))\s*"
        )
        self.units = [
            (name, re.compile(count + alternation(*(getattr(words, name) for words in languages))))
            for name in ("weeks", "day_units", "hours", "minutes")
        ]
        self.compact = re.compile(rf"(?P<h>\d{{1,3}})\s?h\s?(?P<m>\d{{1,2}})(?:\s?(?:m|min))?{_LAST}")
        self.begins = _begins(languages)
        self.and_ = re.compile(r"\s*(?:,|(?:and|und|et|y)\s)?\s*")
        self.comma = re.compile(r"\s*,?\s*")


def _begins(languages: Sequence[Words]) -> Pattern[str]:
    """What a phrase about time can begin with: one look tells that a word begins none."""
    forms = [
        form
        for words in languages
        for form in (
            *(getattr(words, name) for name in _BEGINNINGS), *words.days.values(), *words.months, *words.weekdays,
            *words.short_weekdays,
        )
    ]  # fmt: skip
    return re.compile(rf"\d|午前|午後|朝|夜|{alternation(*forms)}")


def _weekday(languages: Sequence[Words], index: int) -> Pattern[str]:
    long = alternation(*(words.weekdays[index] for words in languages))
    short = alternation(*(words.short_weekdays[index] for words in languages))
    return re.compile(rf"(?:{long}\.?|{short}(?:\.|(?=\s*(?:-|$))))")


def _dates(names: str) -> list[Pattern[str]]:
    day = rf"(?P<d>\d{{1,2}}){_ORDINAL}"
    return [
        re.compile(r"(?P<y>\d{4})-(?P<mm>\d{1,2})-(?P<d>\d{1,2})(?!\d)t?"),
        re.compile(r"(?P<y>\d{4})/(?P<mm>\d{1,2})/(?P<d>\d{1,2})(?!\d)"),
        re.compile(r"(?:(?P<y>\d{4})年)?(?P<mm>\d{1,2})月(?P<d>\d{1,2})日?"),
        re.compile(rf"{day}\s*(?:of\s+|de\s+|d')?(?:{names})\.?(?:,?\s+(?:de\s+|del\s+)?(?P<y>\d{{4}})(?![\d:]))?"),
        re.compile(
            rf"(?:{names})\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:|h{_LAST}|\s?(?:am|pm){_LAST})"
            r"(?:,?\s+(?P<y>\d{4})(?![\d:]))?"
        ),
        re.compile(r"(?P<d>\d{1,2})\.\s?(?P<mm>\d{1,2})\.(?:\s?(?P<y>\d{4}|\d{2})(?![\d:]))?"),
        re.compile(r"(?P<d>\d{1,2})\.(?P<mm>\d{1,2})(?![\d.:])"),
    ]


def _clocks(before_noon: str, after_noon: str) -> list[Pattern[str]]:
    half = rf"(?:\s?(?:(?P<am>{before_noon})|(?P<pm>{after_noon})))"
    hour = rf"(?:\s?(?:uhr|h){_LAST})"
    return [
        re.compile(rf"(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?::\d{{2}})?(?![\d:])(?:{half}|{hour})?"),
        re.compile(rf"(?P<h>\d{{1,2}})\.(?P<m>\d{{2}})(?![\d.])(?:{half}|{hour})?"),
        re.compile(rf"(?P<h>\d{{1,2}})\s?h\s?(?P<m>\d{{2}})?{_LAST}"),
        re.compile(rf"(?P<h>\d{{1,2}})\s?(?:uhr|heures|horas|o'clock){_LAST}(?:\s?(?P<m>\d{{2}}){_LAST})?{half}?"),
        re.compile(rf"(?P<h>\d{{1,2}}){half}"),
        re.compile(r"(?:(?P<am>午前|朝)|(?P<pm>午後|夜))?(?P<h>\d{1,2})時(?!間)(?:(?P<m>\d{1,2})分|(?P<half>半))?"),
    ]


@lru_cache(maxsize=32)
def patterns_for(languages: tuple[str, ...]) -> Patterns:
    """The patterns for language codes such as `("de", "en")`; unknown codes are left out."""
    return Patterns([LANGUAGES[code] for code in languages if code in LANGUAGES] or [LANGUAGES["en"]])
