"""The lines of a person's list as JSON, as they are stored; their file (`line_file.py`) has the same models.

A name that is not known is refused, because a condition that is misspelt must not turn a narrow rule into one that
names every event. Times of day are `HH:MM`, days `mon` to `sun` or 0 to 6.
"""

from __future__ import annotations

from datetime import date, time
from typing import Literal, get_args

import msgspec
from msgspec import Struct, field

from services.domain.lines import Line, Match, Routine, Rule
from services.domain.model import Effect, Kind, Look, Photo, Picture, ShowAs
from services.store.json_values import (
    Guests,
    Id,
    LookJson,
    Minutes,
    Stored,
    Text,
    Texts,
    TextSet,
    TimeOfDay,
    Weekday,
)

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[DayName, ...] = get_args(DayName)
"""By number, 0 = Monday."""


class MatchJson(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Which events a rule names."""

    kinds: set[Kind] = field(default_factory=set)
    title_words: Texts = field(default_factory=list)
    not_title_words: Texts = field(default_factory=list)
    location_words: Texts = field(default_factory=list)
    organizer: Texts = field(default_factory=list)
    calendar_ids: TextSet = field(default_factory=set)
    show_as: set[ShowAs] = field(default_factory=set)
    all_day: bool | None = None
    external: bool | Literal["inside", "outside"] | None = None
    recurring: bool | None = None
    days: set[Weekday | DayName] = field(default_factory=set)
    hours: tuple[TimeOfDay, TimeOfDay] | None = None
    min_guests: Guests | None = None
    max_guests: Guests | None = None
    min_minutes: Minutes | None = None
    max_minutes: Minutes | None = None


class PhotoJson(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The photo of a line."""

    picture: Picture = Picture.PALM
    crop: Id = "centre"


class RuleJson(Stored, forbid_unknown_fields=True):
    """A rule, or a kind's own line."""

    called = "rule"
    order = "deterministic"

    id: Id = ""
    name: Text = ""
    match: MatchJson = field(default_factory=MatchJson)
    show: LookJson = field(default_factory=LookJson)
    ignore: bool = False
    enabled: bool = True
    kind: Kind | None = None
    effects: set[Effect] = field(default_factory=set)
    photo: PhotoJson | None = None


class RoutineJson(Stored, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """`below` is the id of the line below it, in a file alone."""

    called = "routine"
    order = "deterministic"

    start: TimeOfDay
    end: TimeOfDay
    days: set[Weekday | DayName]
    id: Id = ""
    show: LookJson = field(default_factory=LookJson)
    first: date | None = None
    last: date | None = None
    not_when_absent: bool = False
    enabled: bool = True
    effects: set[Effect] = field(default_factory=set)
    photo: PhotoJson | None = None
    below: Id | None = None


class _Line(Stored):
    """What tells a stored routine from a stored rule."""

    called = "rule"

    start: str = field(default="", name="from")


def line_to_json(line: Line) -> bytes:
    """Return a line as it is stored."""
    return _routine_json(line).to_json() if isinstance(line, Routine) else _rule_json(line).to_json()


def line_from_json(text: str | bytes) -> Line:
    """Return the same from a stored text. Raises InputError."""
    if _Line.from_json(text).start:
        return routine_of(RoutineJson.from_json(text))
    return rule_of(RuleJson.from_json(text))


def _rule_json(rule: Rule) -> RuleJson:
    match = rule.match
    conditions = {name: getattr(match, name) for name in match.__slots__}
    conditions["external"] = None if match.external is None else "outside" if match.external else "inside"
    conditions["days"] = {DAYS[day] for day in match.days}
    conditions["hours"] = None if match.hours is None else tuple(f"{at:%H:%M}" for at in match.hours)
    return RuleJson(
        id=rule.id, name=rule.name, match=msgspec.convert(conditions, MatchJson),
        show=LookJson(rule.look.text, rule.look.emoji), ignore=rule.ignore, enabled=rule.enabled, kind=rule.kind,
        effects=set(rule.effects), photo=_photo_json(rule.photo),
    )  # fmt: skip


def rule_of(found: RuleJson) -> Rule:
    """Return the rule, or the kind's own line, which always has the kind's id and names all of its kind."""
    kind = found.kind
    return Rule(
        found.id if kind is None else kind.value, found.name,
        _match(found.match) if kind is None else Match(kinds=frozenset({kind})),
        Look(found.show.text, found.show.emoji), found.ignore, found.enabled, kind, frozenset(found.effects),
        _photo(found.photo),
    )  # fmt: skip


def _match(found: MatchJson) -> Match:
    external = found.external == "outside" if isinstance(found.external, str) else found.external
    return Match(
        kinds=frozenset(found.kinds), title_words=tuple(found.title_words),
        not_title_words=tuple(found.not_title_words), location_words=tuple(found.location_words),
        organizer=tuple(found.organizer), calendar_ids=frozenset(found.calendar_ids), show_as=frozenset(found.show_as),
        all_day=found.all_day, external=external, recurring=found.recurring, days=_days(found.days),
        hours=None if found.hours is None else (time.fromisoformat(found.hours[0]), time.fromisoformat(found.hours[1])),
        min_guests=found.min_guests, max_guests=found.max_guests, min_minutes=found.min_minutes,
        max_minutes=found.max_minutes,
    )  # fmt: skip


def _routine_json(routine: Routine) -> RoutineJson:
    return RoutineJson(
        id=routine.id, show=LookJson(routine.look.text, routine.look.emoji),
        days={*(DAYS[day] for day in routine.days)},
        start=f"{routine.start:%H:%M}", end=f"{routine.end:%H:%M}", first=routine.first, last=routine.last,
        not_when_absent=routine.not_when_absent, enabled=routine.enabled, effects=set(routine.effects),
        photo=_photo_json(routine.photo),
    )  # fmt: skip


def routine_of(found: RoutineJson) -> Routine:
    """Return the routine."""
    return Routine(
        id=found.id, look=Look(found.show.text, found.show.emoji), days=_days(found.days),
        start=time.fromisoformat(found.start), end=time.fromisoformat(found.end), first=found.first, last=found.last,
        not_when_absent=found.not_when_absent, enabled=found.enabled, effects=frozenset(found.effects),
        photo=_photo(found.photo),
    )  # fmt: skip


def _days(found: set[int | DayName]) -> frozenset[int]:
    return frozenset(DAYS.index(day) if isinstance(day, str) else day for day in found)


def _photo_json(photo: Photo | None) -> PhotoJson | None:
    return None if photo is None else PhotoJson(photo.picture, photo.crop)


def _photo(found: PhotoJson | None) -> Photo | None:
    return None if found is None else Photo(found.picture, found.crop)
