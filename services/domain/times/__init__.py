"""What people type about time → instants. Pure.

`status` reads `/quo`: only what is unmistakably about time is taken out of the text, so that "Sunday roast for
45m" keeps its Sunday. `absence` reads `/ooo`, where a time is expected. Both leave the rest of the words as
they were typed. Every function gives aware UTC instants in the future, in order, or raises an InputError. No word of
time is lost on the way: see `reading`.

`fields` reads what stands in a field of its own, which may be ISO 8601 as well.

`lexicon` compiles the `words` of a language, `tokens` cuts a line with them, `moments` and `grammar` read what is said
(`values`), `reading` decides which of it is time and which text, and `place` puts it on the clock and the calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from services.domain.errors import (
    EndsBeforeItStartsError,
    TextTooLongError,
    TimeInThePastError,
    TimeNotUnderstoodError,
    TooFarAwayError,
)
from services.domain.times.lexicon import fold, lexicon
from services.domain.times.place import MOST, Here, interval, office
from services.domain.times.reading import Reading
from services.domain.times.values import Moment, TimeExpression, TimeOfDay
from services.domain.times.words import LANGUAGES

LONGEST_INPUT = 300
"""Characters of one command that are looked at; more is an error, not a wait."""


@dataclass(frozen=True, slots=True)
class Speaker(Here):
    """Who types, where and when: their language (`de`), and how they order numbers in dates."""

    language: str = "en"
    month_first: bool = False

    def languages(self) -> Iterator[tuple[str, ...]]:
        """Yield their own language with English, then each other one."""
        own = self.language if self.language in LANGUAGES else "en"
        yield _with_english(own)
        yield from (_with_english(other) for other in LANGUAGES if other not in {own, "en"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a line says: the words that are not about time, and when (UTC).

    `end` is None where no time was said; `start` is now then. `emoji`, "" without one, is `command_parser`'s to find.
    """

    text: str
    start: datetime
    end: datetime | None
    emoji: str = ""


@dataclass(frozen=True, slots=True)
class DayOrInstant:
    """A day to look at, or an instant (UTC) of it."""

    day: date
    instant: datetime | None = None


def status(text: str, speaker: Speaker) -> Asked:
    """Return a status with its time ("Lunch for 45m", "until 3pm Focus").

    Raises TimeNotUnderstoodError for half a time. Where the text says when somebody is back ("Back in an hour"), it
    keeps its words and ends then.
    """
    text = _bounded(text)
    asks: bool | None = None
    for reading in _readings(text, speaker):
        if (phrase := reading.status()) is not None:
            said = phrase.said
            if not said.returns:
                return Asked(reading.text(phrase), *interval(said, speaker))
            back = said if said.end is not None else TimeExpression(end=said.start)
            return Asked(text, *interval(back, speaker))
        asks = reading.asks() if asks is None else asks
        asks = asks or bool(reading.sure)
    if asks:
        raise TimeNotUnderstoodError("a time of which a part is left")
    return Asked(text, speaker.now, None)


def absence(text: str, speaker: Speaker) -> Asked:
    """Return when somebody is away, and their note.

    Raises TimeNotUnderstoodError where no time is said, or half of one.
    """
    text = _bounded(text)
    for reading in _readings(text, speaker):
        if (phrase := reading.absence()) is not None:
            note = reading.text(phrase)
            if not any(read.names_a_day() for read in _readings(note, speaker)):  # of any language
                return Asked(note, *interval(phrase.said, speaker))
    raise TimeNotUnderstoodError("no time in it, or a part of one is left")


def is_off(text: str, speaker: Speaker) -> bool:
    """Return whether somebody says that they are back: `/ooo off`."""
    folded, _ = fold(text.strip())
    return any(folded in lexicon(languages).off for languages in speaker.languages())


def pause(text: str, speaker: Speaker) -> Asked:
    """Return how long to leave a status alone; no end where nothing was typed. A bare time of day is its end."""
    text = _bounded(text)
    if not text:
        return Asked("", speaker.now, None)
    said = expression(text, speaker)
    alone = said.end is None and said.length is None and not said.sure
    if alone and said.start is not None and said.start.clock is not None and said.start.day is None:
        said = TimeExpression(end=said.start)
    return Asked("", *interval(said, speaker))


def look(text: str, speaker: Speaker) -> DayOrInstant:
    """Return a day, or an instant, to look at: today where nothing was typed. A time of day alone is today's."""
    text = _bounded(text)
    if not text:
        return DayOrInstant(speaker.today)
    said = expression(text, speaker)
    if said.start is None or said.end is not None or said.length is not None:
        raise TimeNotUnderstoodError("neither a day nor an instant")
    clock = said.start.clock and office(said.start.clock)
    if clock is not None and said.start.day is None:
        return DayOrInstant(speaker.today, speaker.instant(speaker.today, clock))
    start, _ = interval(said if clock is None else TimeExpression(start=Moment(said.start.day)), speaker)
    day = speaker.date_of(start)
    if clock is not None:
        return DayOrInstant(day, speaker.instant(day, clock))
    return DayOrInstant(day, start if said.start.after is not None and said.start.after.minutes else None)


def by_form(
    first: date, first_time: time | None, last: date, last_time: time | None, speaker: Speaker
) -> tuple[datetime, datetime]:
    """From the first day (or a time of it) to the end of the last (or a time of it); the past begins now.

    Raises EndsBeforeItStartsError, TimeInThePastError or TooFarAwayError for the block `to` (`to_time`).
    """
    field = "to_time" if last_time and first == last else "to"
    try:
        start = speaker.instant(first, _clock(first_time) if first_time else TimeOfDay(0))
        end = speaker.instant(last, _clock(last_time) if last_time else TimeOfDay(24))
        if end <= start:
            raise EndsBeforeItStartsError("form", field=field)
        if end <= speaker.now:
            raise TimeInThePastError("form", field=field)
        if end - speaker.now > MOST:
            raise TooFarAwayError("form", field=field)
    except OverflowError as error:
        raise TooFarAwayError("form", field=field) from error
    return max(start, speaker.now), end


def until_time(at: time, speaker: Speaker) -> datetime:
    """Return the next time it is `at`: today's, or tomorrow's where that has passed."""
    return interval(TimeExpression(end=Moment(None, _clock(at))), speaker)[1]


def warm() -> None:
    """Compile every language's words now rather than while the first person waits."""
    for code in LANGUAGES:
        lexicon(_with_english(code))


def _with_english(code: str) -> tuple[str, ...]:
    """Return a language and English, which everybody may type."""
    return (code,) if code == "en" else (code, "en")


def _clock(at: time) -> TimeOfDay:
    return TimeOfDay(at.hour, at.minute)


def expression(text: str, speaker: Speaker) -> TimeExpression:
    """Return what a text says that is about time and nothing else. Raises TimeNotUnderstoodError, TextTooLongError."""
    text = _bounded(text)
    for reading in _readings(text, speaker):
        if (said := reading.whole()) is not None:
            return said
    raise TimeNotUnderstoodError("not a time")


def _readings(text: str, speaker: Speaker) -> Iterator[Reading]:
    """Yield the line in each language, the person's own first; in another one only if more of it is of time."""
    own = 0
    for languages in speaker.languages():
        reading = Reading(text, languages, month_first=speaker.month_first)
        if not own or reading.covered() > own:
            yield reading
        own = own or reading.covered()


def _bounded(text: str) -> str:
    if len(text) > LONGEST_INPUT:
        raise TextTooLongError("the whole input")
    return text.strip()
