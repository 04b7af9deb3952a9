"""The lines of a person's ordered list: their own rules, the kinds' own lines, and routines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from types import MappingProxyType

from services.domain.errors import InputError, NothingToDoError, TooManyError
from services.domain.model import Effect, Kind, Look, Photo, ShowAs

KINDS = (Kind.OUT_OF_OFFICE, Kind.MEETING, Kind.FOCUS, Kind.WORKING_LOCATION)
"""The kinds in the order of their own lines, where nobody has moved them."""

END = "end"
"""What stands for the place below all lines, where the id of the line below is asked for."""

MOST_LINES = 50
"""Rules and routines that one person can have, besides the kinds' own lines."""


MOST_GUESTS, MOST_MINUTES = 100_000, 60 * 24 * 366
"""The largest numbers that a rule may ask for."""


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


class PlaceGoneError(InputError):
    """That line is not in your list any more. Choose another place."""


# ── the whole list ──────────────────────────────────────────────────────────────────────────────────


def complete(lines: Sequence[Line], looks: Mapping[Kind, Look] = MappingProxyType({})) -> tuple[Line, ...]:
    """Give the whole list: `lines` in their order, and the own line of each kind that has none.

    It comes below those of all kinds that are usually higher, right above the next of the others, else to the end.
    `looks` are what such lines say.
    """
    if not lines and not looks:
        return _OWN_LINES
    there = {line.kind for line in lines if isinstance(line, Rule)}
    whole = list(lines)
    for order, kind in enumerate(KINDS):
        if kind in there:
            continue
        places = {line.kind: at for at, line in enumerate(whole) if isinstance(line, Rule) and line.kind is not None}
        lowest = max((places[one] for one in KINDS[:order]), default=-1)
        below = min((places[one] for one in KINDS[order:] if places.get(one, -1) > lowest), default=len(whole))
        whole.insert(below, _own_line(kind, looks.get(kind, Look())))
    return tuple(whole)


def _own_line(kind: Kind, look: Look) -> Rule:
    return Rule(kind.value, "", Match(kinds=frozenset({kind})), look, kind=kind)


_OWN_LINES = tuple(_own_line(kind, Look()) for kind in KINDS)
"""The list of somebody who has none of their own."""


def kind_line(lines: Sequence[Line], kind: Kind) -> int:
    """Find the position of the own line of `kind` in a whole list."""
    return next(at for at, line in enumerate(lines) if _is_kinds(line, kind))


def name_in(lines: Sequence[Line], line_id: str) -> str:
    """Say what the person calls a line of theirs; "" for the kinds' own, and where it is gone."""
    line = next((line for line in lines if line.id == line_id), None)
    if isinstance(line, Routine):
        return line.look.text or line.look.emoji or ""
    return "" if line is None else line.name


def put(lines: Sequence[Line], line: Line, below: str | None = None) -> tuple[Line, ...]:
    """Put `line` in the place of the one with its id, or into the list; above the line with the id `below`, if given.

    A new rule is put before the kinds' own lines, a new routine before the working location. `below` may be `END`.
    Raises TooManyError, PlaceGoneError.
    """
    whole, at = list(lines), _at(lines, line.id)
    if at is not None:
        whole[at] = line
        if below in {None, line.id}:
            return tuple(whole)
        del whole[at]
    elif sum(not _is_kinds(one) for one in whole) >= MOST_LINES:
        raise TooManyError("lines", most=MOST_LINES)
    kinds = (Kind.WORKING_LOCATION,) if isinstance(line, Routine) else KINDS
    usual = next((at for at, one in enumerate(whole) if _is_kinds(one, *kinds)), None)
    place = usual if below is None else _at(whole, below)
    if place is None and below not in {None, END}:
        raise PlaceGoneError("the line below is gone", field="place")
    whole.insert(len(whole) if place is None else place, line)
    return tuple(whole)


def moved(lines: Sequence[Line], line_id: str, by: int) -> tuple[Line, ...]:
    """Move a line `by` places down, up where negative, as far as the list goes. Raises NothingToDoError."""
    whole, at = list(lines), _known(lines, line_id)
    line = whole.pop(at)
    whole.insert(max(0, at + by), line)
    return tuple(whole)


def switched(lines: Sequence[Line], line_id: str) -> tuple[Line, ...]:
    """Switch a line off, or on again. Raises NothingToDoError."""
    at = _known(lines, line_id)
    line = lines[at]
    return (*lines[:at], replace(line, enabled=not line.enabled), *lines[at + 1 :])


def without(lines: Sequence[Line], line_id: str) -> tuple[Line, ...]:
    """Delete a line that is no kind's own. Raises NothingToDoError."""
    at = _known(lines, line_id)
    if _is_kinds(lines[at]):
        raise NothingToDoError("a kind's own line stays")
    return (*lines[:at], *lines[at + 1 :])


def _at(lines: Sequence[Line], line_id: str) -> int | None:
    return next((at for at, line in enumerate(lines) if line.id == line_id), None)


def known(lines: Sequence[Line], line_id: str) -> Line:
    """Give the line with that id. Raises NothingToDoError."""
    return lines[_known(lines, line_id)]


def _known(lines: Sequence[Line], line_id: str) -> int:
    at = _at(lines, line_id)
    if at is None:
        raise NothingToDoError("the line is gone")
    return at


def _is_kinds(line: Line, *kinds: Kind) -> bool:
    """Return whether it is the own line of one of `kinds`, of any where none is given."""
    return isinstance(line, Rule) and line.kind in (kinds or KINDS)
