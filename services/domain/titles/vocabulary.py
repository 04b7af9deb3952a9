"""The words and phrases that titles are read by, as they are compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from services.domain.titles import names as proper
from services.domain.titles import words
from services.domain.titles.spelling import GAPLESS, spellings, words_in

Phrases = Mapping[str, tuple[tuple[str, ...], ...]]  # by their first word, the longest first


class Vocabulary:
    """All of them, made of `words` and `names`."""

    def __init__(self) -> None:
        self.absences = _phrases_of(words.ABSENT, words.LEAVE, words.PUBLIC_HOLIDAYS)
        self.predicates = frozenset(map(words_in, _listed(words.ABSENT)))
        self.public_calendars = _phrases_of(words.PUBLIC_CALENDARS)
        self.focus = _phrases_of(words.FOCUS)
        self.first_words = self.absences.keys() | self.focus.keys()
        self.mistaken = _phrases_of(words.MISTAKEN)
        self.halves = _phrases_of(words.HALVES, words.SELVES)
        self.reasons = _words_of(words.REASONS)
        self.places = _phrases_of(proper.COUNTRIES, proper.CITIES, proper.REGIONS)
        self.linked = _phrases_of(proper.SPOTS, proper.BOTH)
        self.ambiguous = frozenset(map(words_in, _listed(proper.SPOTS, proper.BOTH)))
        self.time = _words_of(words.TIME)
        self.after_numbers = _words_of(words.AFTER_NUMBERS)
        self.after_time = _words_of(words.AFTER_TIME)
        self.after_absence = _words_of(words.AFTER_ABSENCE)
        self.links = _words_of(words.LINKS)
        self.honorifics = _words_of(words.HONORIFICS)
        self.copulas = _words_of(words.COPULAS) | self.honorifics
        self.particles = _words_of(words.NAME_PARTICLES)
        self.given_names = frozenset(proper.GIVEN_NAMES.split())
        not_names = _words_of(proper.NOT_NAMES) | self.time | self.links | self.absences.keys()
        self.not_names = not_names - self.given_names
        self.known_gapless = frozenset(
            phrase
            for phrase in _listed(
                words.ABSENT, words.LEAVE, words.PUBLIC_HOLIDAYS, words.PUBLIC_CALENDARS, words.FOCUS, words.TIME,
                words.AFTER_NUMBERS, words.AFTER_TIME, words.AFTER_ABSENCE, words.LINKS, words.COPULAS,
                words.HONORIFICS, words.SELVES, words.REASONS,
                proper.NOT_NAMES, proper.COUNTRIES, proper.CITIES, proper.REGIONS,
            )
            if GAPLESS.fullmatch(phrase)
        )  # fmt: skip
        self.longest_gapless = max(map(len, self.known_gapless))


@cache
def vocabulary() -> Vocabulary:
    """Give that of the whole program. It is made when it is first asked for, which takes some 15 ms."""
    return Vocabulary()


def _listed(*lists: str) -> Iterator[str]:
    """Yield the phrases of lists of `words` or `names`, in each spelling."""
    for listed in lists:
        for phrase in listed.split("|"):
            yield from spellings(" ".join(phrase.split()))


def _words_of(*lists: str) -> frozenset[str]:
    return frozenset("".join(words_in(phrase)) for phrase in _listed(*lists))


def _phrases_of(*lists: str) -> Phrases:
    found: dict[str, set[tuple[str, ...]]] = {}
    for phrase in map(words_in, _listed(*lists)):
        found.setdefault(phrase[0], set()).add(phrase)
    return {first: tuple(sorted(phrases, key=len, reverse=True)) for first, phrases in found.items()}
