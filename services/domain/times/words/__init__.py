"""The words about time that people type, per language, as data.

A line is `"kind value": "alternatives"`, the kinds being those of `lexicon.Sense`; words are written as people write
them. `?` behind a word: it speaks of time only beside a number or another word of time ("may", "hours"); `!`: only
where a number, a dash, a full stop or the end follows ("Mo", "sun").
"""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.times.words.english import ENGLISH
from services.domain.times.words.french import FRENCH
from services.domain.times.words.german import GERMAN
from services.domain.times.words.japanese import JAPANESE
from services.domain.times.words.spanish import SPANISH

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH, "ja": JAPANESE
}  # fmt: skip

INCLUDED: Mapping[str, frozenset[str]] = {
    "en": frozenset(),
    "de": frozenset({"weekday", "date"}),
    "fr": frozenset({"weekday", "date"}),
    "es": frozenset({"weekday", "date"}),
    "ja": frozenset({"weekday", "date", "offset"}),
}
"""The days that "until" includes: "bis Freitag" holds Friday, "until Friday" ends when Friday begins."""
