"""What people type about time → instants. Pure; one phrase book from outside may help (`Phrases`).

`status` reads `/quo`: only what is unmistakably about time is taken out of the text, so that "Sunday roast for
45m" keeps its Sunday. `absence` reads `/ooo`, where a time is expected. Both leave the rest of the words as
they were typed. Every function gives aware UTC instants in the future, in order, or raises an InputError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from services.errors import (
    EndsBeforeItStartsError,
    TextTooLongError,
    TimeInThePastError,
    TimeNotUnderstoodError,
    TooFarAwayError,
)
from services.when.grammar import Grammar
from services.when.patterns import patterns_for
from services.when.place import Here, interval, office
from services.when.spoken import Clock, Day, DayKind, Moment, Spoken
from services.when.words import LANGUAGES, fold

LONGEST_INPUT = 300
"""Characters of one command that are looked at; more is an error, not a wait."""

_PHRASE_WORDS = 6
_SMALL_TALK = 5  # "table for 2" is text, "for 45" a length without its unit
_FOR_NUMBER = re.compile(r"[-+]?(\d+)(\S*)$")


class Phrases(Protocol):
    """A book of phrases: `services.phrases` adapts a library to it."""

    def moment(self, phrase: str, now: datetime, language: str, *, month_first: bool) -> tuple[datetime, bool] | None:
        """The naive wall time of a phrase, `now` being naive in the same zone, and whether it names a time of day."""
        ...


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who types: the instant (UTC), their zone, their language (`de`), how they order numbers in dates."""

    now: datetime
    zone: ZoneInfo
    language: str = "en"
    month_first: bool = False

    def languages(self) -> Iterator[tuple[str, ...]]:
        """Their own language with English, then each other one."""
        own = self.language if self.language in LANGUAGES else "en"
        yield (own, "en")
        for other in LANGUAGES:
            if other not in {own, "en"}:
                yield (other,)


@dataclass(frozen=True, slots=True)
class Asked:
    """The words that are not about time, and when. `end` is None where no time was said; `start` is now then."""

    text: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """A day to look at, or an instant (UTC) of it."""

    day: date
    instant: datetime | None = None


def warm() -> None:
    """Compile the patterns of every language now rather than while the first person waits (about 0.4 s)."""
    for code in LANGUAGES:
        patterns_for((code, "en"))
        patterns_for((code,))


def status(text: str, speaker: Speaker, phrases: Phrases | None = None) -> Asked:
    """A status with its time, which stands at the end ("Lunch for 45m") or in front ("until 3pm Focus")."""
    text = _bounded(text)
    here = Here(speaker.now, speaker.zone)
    folded, origin = fold(text)
    starts = _word_starts(folded)
    for languages in speaker.languages():
        grammar = _grammar(languages, folded, speaker)
        for at in starts:
            found = grammar.phrase(at)
            if grammar.is_noon(at) and at == 0:
                continue  # "Mittag bis 13:30" is lunch
            if found and found[0].sure and not folded[found[1] :].strip():
                keep = text if _in_front(folded, at) else text[: origin[at]]
                return Asked(_trimmed(keep), *interval(found[0], here))
        found = grammar.phrase(0)
        if found and found[0].sure and _ends_word(folded, found[1]):
            return Asked(_trimmed(text[origin[found[1]] :]), *interval(found[0], here))
        for at in reversed(starts):
            if (marker := grammar.marker(at)) is None:
                continue
            name, begin = marker
            rest = text[origin[begin] :]
            if name == "for":
                _refuse_odd_length(folded[begin:])
            elif not grammar.is_literal(begin) and not text.isspace():
                said = _from_book(rest, speaker, phrases)
                if said is not None:
                    return Asked(_trimmed(text[: origin[at]]), *interval(Spoken(end=said), here))
                raise TimeNotUnderstoodError("what follows until")
    return Asked(text, speaker.now, None)


def absence(text: str, speaker: Speaker, phrases: Phrases | None = None) -> Asked:
    """When somebody is away, and their note. Raises TimeNotUnderstoodError where no time is said."""
    text = _bounded(text)
    here = Here(speaker.now, speaker.zone)
    folded, origin = fold(text)
    for languages in speaker.languages():
        grammar = _grammar(languages, folded, speaker)
        found = grammar.phrase(0)
        if found and _ends_word(folded, found[1]):
            return Asked(_trimmed(text[origin[found[1]] :]), *interval(found[0], here))
        for at in _word_starts(folded):
            found = grammar.phrase(at)
            if found and not folded[found[1] :].strip():
                return Asked(_trimmed(text[: origin[at]]), *interval(found[0], here))
    return _absence_by_book(text, speaker, phrases, here)


def is_off(text: str, speaker: Speaker) -> bool:
    """Whether somebody says that they are back: `/ooo off`."""
    folded, _ = fold(text)
    return any(_grammar(languages, folded, speaker).off() for languages in speaker.languages())


def pause(text: str, speaker: Speaker, phrases: Phrases | None = None) -> Asked:
    """How long to leave a status alone; no end where nothing was typed. A bare time of day is its end."""
    text = _bounded(text)
    if not text:
        return Asked("", speaker.now, None)
    said = _all_of(text, speaker, phrases)
    if said.start is not None and said.start.day is None and said.end is None and said.length is None:
        said = Spoken(end=said.start)
    return Asked("", *interval(said, Here(speaker.now, speaker.zone)))


def look(text: str, speaker: Speaker, phrases: Phrases | None = None) -> Look:
    """A day, or an instant, to look at: today where nothing was typed. A time of day alone is today's."""
    text = _bounded(text)
    here = Here(speaker.now, speaker.zone)
    if not text:
        return Look(here.today)
    said = _all_of(text, speaker, phrases)
    if said.start is None or said.end is not None or said.length is not None:
        raise TimeNotUnderstoodError("neither a day nor an instant")
    day = here.today
    if said.start.day is not None:
        start, _ = interval(Spoken(start=Moment(said.start.day)), here)
        day = start.astimezone(speaker.zone).date()
    return Look(day, None if said.start.clock is None else here.instant(day, office(said.start.clock)))


def by_form(
    first: date, first_time: time | None, last: date, last_time: time | None, speaker: Speaker
) -> tuple[datetime, datetime]:
    """From the first day (or a time of it) to the end of the last (or a time of it); the past begins now.

    Raises EndsBeforeItStartsError, TimeInThePastError or TooFarAwayError for the block `to` (`to_time`).
    """
    here = Here(speaker.now, speaker.zone)
    field = "to_time" if last_time and first == last else "to"
    try:
        start = here.instant(first, _clock(first_time) if first_time else Clock(0))
        end = here.instant(last, _clock(last_time) if last_time else Clock(24))
        if end <= start:
            raise EndsBeforeItStartsError("form", field=field)
        if end <= speaker.now:
            raise TimeInThePastError("form", field=field)
        if end - speaker.now > here.most:
            raise TooFarAwayError("form", field=field)
    except OverflowError as error:
        raise TooFarAwayError("form", field=field) from error
    return max(start, speaker.now), end


def until_time(at: time, speaker: Speaker) -> datetime:
    """The next time it is `at`: today's, or tomorrow's where that has passed."""
    return interval(Spoken(end=Moment(None, _clock(at))), Here(speaker.now, speaker.zone))[1]


def _clock(at: time) -> Clock:
    return Clock(at.hour, at.minute)


def _all_of(text: str, speaker: Speaker, phrases: Phrases | None) -> Spoken:
    folded, _ = fold(text)
    for languages in speaker.languages():
        found = _grammar(languages, folded, speaker).phrase(0)
        if found and not folded[found[1] :].strip():
            return found[0]
    marker = _marker(text, speaker)
    moment = _from_book(text[marker[1] :] if marker else text, speaker, phrases)
    if moment is None:
        raise TimeNotUnderstoodError("not a time")
    return Spoken(end=moment) if marker and marker[0] == "until" else Spoken(start=moment)


def _marker(text: str, speaker: Speaker) -> tuple[str, int] | None:
    """The marker that `text` begins with, and where in `text` what follows it begins."""
    folded, origin = fold(text)
    for languages in speaker.languages():
        if found := _grammar(languages, folded, speaker).marker(0):
            return found[0], origin[found[1]]
    return None


def _absence_by_book(text: str, speaker: Speaker, phrases: Phrases | None, here: Here) -> Asked:
    marker = _marker(text, speaker)
    begin = marker[1] if marker else 0
    words = text[begin:].split()
    for count in range(min(_PHRASE_WORDS, len(words)), 0 if marker else 1, -1):
        moment = _from_book(" ".join(words[:count]), speaker, phrases)
        if moment is not None:
            said = Spoken(end=moment) if marker and marker[0] == "until" else Spoken(start=moment)
            return Asked(" ".join(words[count:]), *interval(said, here))
    raise TimeNotUnderstoodError("no time in it")


def _from_book(phrase: str, speaker: Speaker, phrases: Phrases | None) -> Moment | None:
    words = phrase.split()
    if phrases is None or not words or len(words) > _PHRASE_WORDS:
        return None
    wall_now = speaker.now.astimezone(speaker.zone).replace(tzinfo=None)
    found = phrases.moment(" ".join(words), wall_now, speaker.language, month_first=speaker.month_first)
    if found is None:
        return None
    wall, timed = found
    day = Day(DayKind.DATE, wall.day, wall.month, wall.year)
    return Moment(day, Clock(wall.hour, wall.minute) if timed else None)


def _bounded(text: str) -> str:
    if len(text) > LONGEST_INPUT:
        raise TextTooLongError("the whole input")
    return text.strip()


def _grammar(languages: tuple[str, ...], folded: str, speaker: Speaker) -> Grammar:
    return Grammar(patterns_for(languages), folded, month_first=speaker.month_first)


def _word_starts(folded: str) -> list[int]:
    """Where a word begins; in a script without spaces, every character."""
    starts = []
    for at, character in enumerate(folded):
        before = folded[at - 1] if at else " "
        joined = before.isascii() and before.isalnum() and character.isascii()
        if character != " " and not joined and not (before in ":-/." and character.isdigit()):
            starts.append(at)
    return starts


def _ends_word(folded: str, at: int) -> bool:
    return at == len(folded) or not folded[at].isalnum() or not folded[at].isascii() or not folded[at - 1].isascii()


def _in_front(folded: str, at: int) -> bool:
    """Whether the length belongs to the text: "Back in 10m" keeps its words and still ends."""
    return re.search(r"(?:^|\s)(?:in|dans|en)\s*$", folded[:at]) is not None and folded[at].isdigit()


def _refuse_odd_length(folded: str) -> None:
    found = _FOR_NUMBER.match(folded.strip())
    if found and (found[2] or folded.strip()[0] in "+-" or int(found[1]) >= _SMALL_TALK):
        raise TimeNotUnderstoodError("a length without a unit")


def _trimmed(text: str) -> str:
    return text.strip().strip(",;-–—").strip()


__all__ = [
    "LONGEST_INPUT",
    "Asked",
    "Look",
    "Phrases",
    "Speaker",
    "absence",
    "by_form",
    "is_off",
    "look",
    "pause",
    "status",
    "until_time",
    "warm",
]
