"""What the app says, in the person's language, with dates and times written as they write them.

A message's id is its English sentence, with facts in braces; the catalogues are gettext files read once with
Babel, without a compile step. A person's Slack locale (`de-DE`) chooses the language; who has another one reads
English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time
from babel.messages.pofile import read_po

from services.domain.text import DefaultTexts
from services.platform.locale.texts import TEXTS

LANGUAGES = ("en", "de", "fr", "es", "ja")
"""The languages that everything is said in."""

_HERE = Path(__file__).parent
_DEFAULT = "en-GB"
_NARROW_SPACE = "\u202f"
_DAY = timedelta(days=1)
_A_MONDAY = date(2024, 1, 1)
WallTime = time
"""A time of day by the wall clock, for a class that has a `time` of its own."""


def language(locale: str) -> str:
    """Return the language to speak with somebody whose Slack is set to `locale`."""
    code = locale.replace("_", "-").split("-")[0].lower()
    return code if code in LANGUAGES else "en"


@lru_cache(maxsize=8)
def catalogue(code: str) -> dict[str, str]:
    """Message id → sentence of one language; empty for English, whose ids are its sentences."""
    if code == "en":
        return {}
    with (_HERE / f"{code}.po").open("rb") as file:
        messages = read_po(file, locale=code, abort_invalid=True)
    return {
        str(message.id): str(message.string)
        for message in messages
        if message.id and message.string and not message.fuzzy
    }


def warm() -> None:
    """Read every catalogue now rather than while the first person who speaks its language waits."""
    for code in LANGUAGES:
        catalogue(code)


def say(locale: str, message: str, **facts: object) -> str:
    """`message` in the language of `locale`, with its facts. Raises KeyError for a fact that is not given.

    A fact that ends in a full stop ("27 nov.") does not get a second one from the sentence.
    """
    sentence = catalogue(language(locale)).get(message, message)
    for name, fact in facts.items():
        if isinstance(fact, str) and fact.endswith(".") and not fact.endswith("..") and f"{{{name}}}." in sentence:
            facts[name] = fact[:-1]
    return sentence.format(**facts)


@lru_cache(maxsize=64)
def conventions(locale: str) -> Locale:
    """Return how dates and times are written for `locale`: its own way where we speak its language, else British."""
    name = locale.replace("_", "-")
    if language(name) != name.split("-")[0].lower():
        name = _DEFAULT
    try:
        return Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language(name))


def month_first(locale: str) -> bool:
    """Return whether 3/4 is 4 March."""
    return conventions(locale).territory == "US" or locale.lower() == "en" or language(locale) == "ja"


@lru_cache(maxsize=64)
def default_texts(locale: str) -> DefaultTexts:
    """Return the default texts of statuses for `locale`, dates and times as it writes them."""
    writing = conventions(locale)
    return replace(
        TEXTS[language(locale)],
        format_day=lambda day: _written_day(day, "MMMMd", writing),
        format_time=lambda at: _written_time(at, writing),
    )


def _written_time(at: time, conventions: Locale) -> str:
    """Return a time of day, with plain spaces."""
    return str(format_time(at, "short", locale=conventions)).replace(_NARROW_SPACE, " ")


def _written_day(day: date, skeleton: str, conventions: Locale) -> str:
    noon = datetime.combine(day, time(12))
    return str(format_skeleton(skeleton, noon, locale=conventions)).replace(_NARROW_SPACE, " ")


@dataclass(frozen=True, slots=True)
class Localizer:
    """Speaks with one person: sentences in their language, instants in their zone (an IANA name) and their writing."""

    locale: str
    zone_name: str

    @property
    def zone(self) -> ZoneInfo:
        """Their zone."""
        return ZoneInfo(self.zone_name)

    def say(self, message: str, **facts: object) -> str:
        """`message` with its facts."""
        return say(self.locale, message, **facts)

    def time(self, instant: datetime) -> str:
        """Return the time of day, such as `15:00` or `3:00 PM`."""
        return _written_time(instant.astimezone(self.zone).timetz().replace(tzinfo=None), conventions(self.locale))

    def clock(self, at: WallTime) -> str:
        """Return a time of day by the wall clock, such as `15:00` or `3:00 PM`."""
        return _written_time(at, conventions(self.locale))

    def weekday(self, day: int) -> str:
        """Return a day of the week (0 = Monday) in short, such as `Mon`."""
        return _written_day(_A_MONDAY + day * _DAY, "E", conventions(self.locale))

    def day(self, day: date, today: date | None = None) -> str:
        """Return a date with its weekday, such as `Fri, 27 Nov`; with the year where it is not the one of `today`."""
        skeleton = "MMMEd" if today is None or day.year == today.year else "yMMMEd"
        return _written_day(day, skeleton, conventions(self.locale))

    def moment(self, instant: datetime, now: datetime) -> str:
        """Return an instant within a sentence: `15:00`, `tomorrow, 15:00`, or `Fri 27 Nov, 15:00`."""
        today = now.astimezone(self.zone).date()
        day = instant.astimezone(self.zone).date()
        if day == today:
            return self.say("{time}", time=self.time(instant))
        if day == today + _DAY:
            return self.say("tomorrow, {time}", time=self.time(instant))
        return self.say("{day}, {time}", day=self.day(day, today), time=self.time(instant))

    def stamp(self, instant: datetime, now: datetime) -> str:
        """Return an instant by itself: `15:00`, or `Fri 27 Nov, 15:00`."""
        today = now.astimezone(self.zone).date()
        day = instant.astimezone(self.zone).date()
        return self.time(instant) if day == today else f"{self.day(day, today)}, {self.time(instant)}"

    def until(self, instant: datetime, now: datetime) -> str:
        """Return the end of something: like `moment`, but midnight is the end of the day before it."""
        wall = instant.astimezone(self.zone)
        if wall.time() != time():
            return self.moment(instant, now)
        today = now.astimezone(self.zone).date()
        last = wall.date() - _DAY
        if last == today:
            return self.say("the end of today")
        return self.say("the end of {day}", day=self.day(last, today))

    def tells(self, text: str, instant: datetime, now: datetime) -> bool:
        """Return whether a status text says its end itself: `In a call until 11:00`, `Out of office until 4 May`."""
        wall, today = instant.astimezone(self.zone), now.astimezone(self.zone).date()
        if wall.time() == time():
            end = default_texts(self.locale).format_day(wall.date())
        else:
            end = self.time(instant) if wall.date() == today else self.until(instant, now)
        return re.search(rf"(?<!\d){re.escape(end)}(?!\d)", text) is not None
