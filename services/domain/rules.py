"""Which of a person's rules names an event: by its facts, and by whole words of what it says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from re import Pattern
from zoneinfo import ZoneInfo

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
_LETTER = r"[^\W_]"
_MOST_LETTERS = "{0,40}"  # of a run: where words have no gaps it would be tried from everywhere to the end of the title
_SOME_WORD = r"[^\W_]{1,40}+"
_NOT_JOINED_BEFORE = r"(?<![^\W_][_\-\u2010-\u2015])"
_NOT_JOINED_AFTER = r"(?![_\-\u2010-\u2015][^\W_])"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Whose rules look at an event: the zone that the person is in, and the mail domains that are their own."""

    zone: ZoneInfo
    domains: frozenset[str] = frozenset()

    def external(self, event: Event) -> bool | None:
        """Return whether anybody at an event is of another mail domain. A subdomain of one's own is one's own, too.

        None where that cannot be told: nobody's domain is known, or not the person's own.
        """
        if not self.domains or not event.guest_domains:
            return None
        own = tuple(f".{domain}" for domain in self.domains)
        return not all(f".{domain}".endswith(own) for domain in event.guest_domains)

    def starts(self, event: Event) -> datetime | None:
        """Return when an event starts by the person's wall clock; None at the very ends of the calendar."""
        try:
            return event.start.astimezone(self.zone)
        except OverflowError:
            return None


def first_match(lines: Sequence[Line], event: Event, kind: Kind, seen: Viewpoint) -> int | None:
    """Find the first rule of the person's own that names `event`, placed and of this kind: its position, or None."""
    for position, line in enumerate(lines):
        if isinstance(line, Rule) and line.kind is None and line.enabled and matches(line.match, event, kind, seen):
            return position
    return None


def matches(match: Match, event: Event, kind: Kind, seen: Viewpoint) -> bool:
    """Return whether every condition that `match` gives holds; of words any will do. Never raises."""
    minutes = (event.end - event.start) // _MINUTE
    return (
        (not match.kinds or kind in match.kinds)
        and (not match.calendar_ids or event.calendar_id in match.calendar_ids)
        and (not match.show_as or event.show_as in match.show_as)
        and (match.all_day is None or event.all_day is match.all_day)
        and (match.recurring is None or event.recurring is match.recurring)
        and (match.min_guests is None or event.guests >= match.min_guests)
        and (match.max_guests is None or event.guests <= match.max_guests)
        and (match.min_minutes is None or minutes >= match.min_minutes)
        and (match.max_minutes is None or minutes <= match.max_minutes)
        and (match.external is None or seen.external(event) is match.external)
        and ((not match.days and match.hours is None) or _starts_then(match, seen.starts(event)))
        and (not match.title_words or has_word(event.title, match.title_words))
        and not (match.not_title_words and has_word(event.title, match.not_title_words))
        and (not match.location_words or has_word(event.location, match.location_words))
        and (not match.organizer or is_organized_by(event.organizer_text, match.organizer))
    )


def _starts_then(match: Match, start: datetime | None) -> bool:
    """Return whether an event that starts then, by the wall clock, is on one of the days and within the hours."""
    if start is None or (match.days and start.weekday() not in match.days):
        return False
    if match.hours is None:
        return True
    opens, closes = match.hours
    if opens < closes:
        return opens <= start.time() < closes
    return start.time() >= opens or start.time() < closes


def location_of(event: Event) -> Location:
    """Return where a working-location event says the person works; by its title where the source does not say."""
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
    """Return one pattern for any of `words`, longest first; those of a script without gaps need no gap around them.

    What was passed is never tried again, so that a search takes no longer than the text, whatever is in both.
    """
    gapped: list[str] = []
    gapless: list[str] = []
    for word in sorted({plain(word).strip() for word in words}, key=lambda word: (-len(word), word)):
        parts = [part for part in re.split(_BETWEEN_WORDS, word) if part]
        if not any(part.strip("*") for part in parts):
            continue
        is_gapless = _GAPLESS.search(word) is not None
        patterns = [
            _with_runs(
                part, _LETTER, _MOST_LETTERS,
                before=_NOT_JOINED_BEFORE if at == 0 and not is_gapless else "",
                after=_NOT_JOINED_AFTER if at == len(parts) - 1 and not is_gapless else "",
            )
            for at, part in enumerate(parts)
        ]  # fmt: skip
        (gapless if is_gapless else gapped).append(f"{_BETWEEN_WORDS}+".join(patterns))
    whole = [_BEFORE + "(?:" + "|".join(gapped) + ")" + _AFTER] if gapped else []
    return re.compile("|".join([*whole, *gapless]) or r"(?!)")


def _with_runs(part: str, letter: str, times: str = "*", before: str = "", after: str = "") -> str:
    """Return a pattern of `part` in which each `*` is a run of so many letters; by itself it is some word.

    Where the first or last run is empty, what stands `before` or `after` must fit. Of a piece between two stars the
    nearest is as good as any further one, so it is final: `(?>…)`.
    """
    first, *pieces = re.split(r"\*+", part)
    if not part.strip("*"):
        return _SOME_WORD
    pattern, run = re.escape(first), letter + times
    for number, piece in enumerate(map(re.escape, pieces), 1):
        nearest = f"{run}?{piece}" if piece else f"(?:{letter}{run}+|{after})"
        if not pattern:
            nearest = f"(?:{before}{piece}|{letter}{nearest})"
        pattern += nearest if number == len(pieces) else f"(?>{nearest})"
    return pattern


def has_word(text: str, words: tuple[str, ...]) -> bool:
    """Return whether `text` holds any of `words` as a whole word (or phrase), whatever its case, width or hyphens.

    A `*` in a word is any run of letters and digits, up to 40, also none: `stand*` is in "standup" and in "stand". It
    reaches over no hyphen, and is not empty next to one: in "stand-up" is `stand`, and not `stand*`. By itself it is
    any one word: `weekly * sync`. Where there is nothing else it names nothing.
    """
    return _pattern(words).search(plain(text)) is not None


def is_organized_by(text: str, words: tuple[str, ...]) -> bool:
    """Return whether an `organizer_text` is of any of `words`.

    One with an @ is a whole address, or all of a domain: `@corp.example`, in which a `*` is any run of characters, dots
    as well. Others are words of the name, or of the address before its @.
    """
    name, address = text, ""
    if text.endswith(">"):
        name, _, address = text[:-1].rpartition("<")
    elif " " not in text and "@" in text:
        name, address = "", text
    plain_words, addresses = _organizers(words)
    if address and addresses.fullmatch(plain(address)):
        return True
    return has_word(f"{address.rpartition('@')[0]} / {name}", plain_words)


@lru_cache(maxsize=1024)
def _organizers(words: tuple[str, ...]) -> tuple[tuple[str, ...], Pattern[str]]:
    """Return the words without an @, and one pattern for those with one."""
    given = sorted({plain(word).strip() for word in words})
    whole = [word for word in given if "@" in word and word.strip("*@")]
    addresses = [_with_runs(f"*{word}" if word.startswith("@") else word, "[^@]") for word in whole]
    return tuple(word for word in given if "@" not in word), re.compile("|".join(addresses) or r"(?!)")
