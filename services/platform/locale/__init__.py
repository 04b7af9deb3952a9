"""What the app says, in the person's language, with dates and times written as they write them.

A message's id is its English sentence, with facts in braces; the catalogues are gettext files read once with
Babel, without a compile step. A person's Slack locale (`de-DE`) chooses the language; who has another one reads
English.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.pofile import read_po

from services.domain.text import ENGLISH, DefaultTexts
from services.platform.locale.localizer import Localizer, written_day, written_time

_TEXTS: dict[str, DefaultTexts] = {
    "en": ENGLISH,
    "de": replace(
        ENGLISH,
        meeting="In einer Besprechung",
        focus="Konzentriert bei der Arbeit",
        out_of_office="Abwesend",
        out_of_office_until_day="Abwesend, zurück am {until}",
        out_of_office_until_time="Abwesend bis {until} Uhr",
        home="Im Homeoffice",
        office="Im Büro",
        elsewhere="Arbeitet von unterwegs",
        elsewhere_at="Arbeitsort: {location}",
    ),
    "fr": replace(
        ENGLISH,
        meeting="En réunion",
        focus="Concentration",
        out_of_office="Absence du bureau",
        out_of_office_until_day="En congé, de retour le {until}",
        out_of_office_until_time="De retour à {until}",
        home="En télétravail",
        office="Au bureau",
        elsewhere="En déplacement",
        elsewhere_at="Travaille depuis : {location}",
    ),
    "es": replace(
        ENGLISH,
        meeting="En una reunión",
        focus="Concentración",
        out_of_office="Fuera de la oficina",
        out_of_office_until_day="Fuera de la oficina, vuelvo el {until}",
        out_of_office_until_time="Fuera de la oficina hasta las {until}",
        home="Teletrabajo",
        office="En la oficina",
        elsewhere="Trabajando en remoto",
        elsewhere_at="Trabajando desde {location}",
    ),
    "ja": replace(
        ENGLISH,
        meeting="会議中",
        focus="集中作業中",
        out_of_office="不在",
        out_of_office_until_day="不在（{until}に戻ります）",
        out_of_office_until_time="不在（{until}まで）",
        home="在宅勤務",
        office="出社中",
        elsewhere="リモート勤務",
        elsewhere_at="{location}で勤務",
    ),
}


def default_texts_for(language: str, conventions: Locale) -> DefaultTexts:
    """The texts of `language`, dates and times as `conventions` write them."""
    return replace(
        _TEXTS[language],
        format_day=partial(written_day, conventions=conventions),
        format_time=partial(written_time, conventions=conventions),
    )


LANGUAGES = ("en", "de", "fr", "es", "ja")
"""The languages that everything is said in."""

_HERE = Path(__file__).parent
_DEFAULT = "en-GB"


def language(locale: str) -> str:
    """The language to speak with somebody whose Slack is set to `locale`."""
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
    """How dates and times are written for `locale`: its own way where we speak its language, else British."""
    name = locale.replace("_", "-")
    if language(name) != name.split("-")[0].lower():
        name = _DEFAULT
    try:
        return Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language(name))


def month_first(locale: str) -> bool:
    """Whether 3/4 is 4 March."""
    return conventions(locale).territory == "US" or locale.lower() == "en" or language(locale) == "ja"


@lru_cache(maxsize=64)
def default_texts(locale: str) -> DefaultTexts:
    """The default texts of statuses for `locale`."""
    return default_texts_for(language(locale), conventions(locale))


def localizer(locale: str, zone: str) -> Localizer:
    """Somebody to speak with: their language, their conventions, their zone (an IANA name)."""
    return Localizer(locale, conventions(locale), zone, say)


__all__ = [
    "LANGUAGES",
    "Localizer",
    "catalogue",
    "conventions",
    "default_texts",
    "language",
    "localizer",
    "month_first",
    "say",
]
