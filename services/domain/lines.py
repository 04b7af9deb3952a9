"""The lines of a person's ordered list: their own rules, the kinds' own lines, and routines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time

from services.domain.model import Effect, Kind, Look, Photo, ShowAs


@dataclass(frozen=True, slots=True)
class Match:
    """Which events a rule names. Every condition given must hold; an empty match names every event.

    Words are whole words, `*` stands for any run of letters in one. `external`: a guest, or none, is outside of the
    person's own mail domains. `days` (0 = Monday) and `hours` tell when an event starts by the person's wall clock;
    hours that do not end after they start run over midnight.
    """

    kinds: frozenset[Kind] = frozenset()
    title_words: tuple[str, ...] = ()
    not_title_words: tuple[str, ...] = ()
    location_words: tuple[str, ...] = ()
    organizer: tuple[str, ...] = ()
    calendar_ids: frozenset[str] = frozenset()
    show_as: frozenset[ShowAs] = frozenset()
    all_day: bool | None = None
    external: bool | None = None
    recurring: bool | None = None
    days: frozenset[int] = frozenset()
    hours: tuple[time, time] | None = None
    min_guests: int | None = None
    max_guests: int | None = None
    min_minutes: int | None = None
    max_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a person's ordered list: match → look and effects. `ignore`: matching events do not count.

    A kind's own line has its `kind`, whose name is its id; it names all events of that kind that no other rule names.
    """

    id: str
    name: str
    match: Match = Match()
    look: Look = field(default_factory=Look)
    ignore: bool = False
    enabled: bool = True
    kind: Kind | None = None
    effects: frozenset[Effect] = frozenset()
    photo: Photo | None = None


@dataclass(frozen=True, slots=True)
class Routine:
    """One line that stands for a weekly entry which the person made with us.

    `start` and `end` are wall-clock times in their zone, on each of `days` (0 = Monday) from the `first` to the `last`
    day, both included; an end that is not after the start is on the day after. `not_when_absent`: not on days of which
    any part is an absence.
    """

    id: str
    look: Look
    days: frozenset[int]
    start: time
    end: time
    first: date | None = None
    last: date | None = None
    not_when_absent: bool = False
    enabled: bool = True
    effects: frozenset[Effect] = frozenset()
    photo: Photo | None = None


Line = Rule | Routine
"""A line of a person's list; the highest that something of an instant belongs to is what their status says."""
