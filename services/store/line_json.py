"""A person's list as JSON: the lines as they are stored, and the file that they are exported to and imported from.

In both a name that is not known is refused, because a condition that is misspelt must not turn a narrow rule into one
that names every event. Times of day are `HH:MM`, days `mon` to `sun` or 0 to 6.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from datetime import date, time
from itertools import pairwise
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct, field

from services.domain.errors import InputError, TooManyError
from services.domain.lines import KINDS, MOST_LINES, Line, Match, Routine, Rule, complete, put
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
    wrong,
)

VERSION = 2
"""Of the file. Version 1 was the bare list of a person's own rules."""

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[DayName, ...] = get_args(DayName)
"""By number, 0 = Monday."""


class _Match(Struct, omit_defaults=True, forbid_unknown_fields=True):
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


class _Photo(Struct, omit_defaults=True, forbid_unknown_fields=True):
    picture: Picture = Picture.PALM
    crop: Id = "centre"


class _Rule(Stored, forbid_unknown_fields=True):
    called = "rule"
    order = "deterministic"

    id: Id = ""
    name: Text = ""
    match: _Match = field(default_factory=_Match)
    show: LookJson = field(default_factory=LookJson)
    ignore: bool = False
    enabled: bool = True
    kind: Kind | None = None
    effects: set[Effect] = field(default_factory=set)
    photo: _Photo | None = None


class _Routine(Stored, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
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
    photo: _Photo | None = None
    below: Id | None = None


class _File(Struct, forbid_unknown_fields=True):
    version: Literal[2]
    lines: list[_Rule] = field(default_factory=list)
    routines: list[_Routine] = field(default_factory=list)


class _Line(Stored):
    """What tells a stored routine from a stored rule."""

    called = "rule"

    start: str = field(default="", name="from")


def line_to_json(line: Line) -> bytes:
    """A line as it is stored."""
    return _routine_json(line).to_json() if isinstance(line, Routine) else _rule_json(line).to_json()


def line_from_json(text: str | bytes) -> Line:
    """The same from a stored text. Raises InputError."""
    if _Line.from_json(text).start:
        return _routine(_Routine.from_json(text), 1)
    return _rule(_Rule.from_json(text), 1)


def lines_to_file(lines: Sequence[Line]) -> dict[str, Any]:
    """A whole list as the value of a file of version 2, which gives the same list when it is imported."""
    below = {line.id: after.id for line, after in pairwise(lines)}
    routines = [line for line in lines if isinstance(line, Routine)]
    return {
        "version": VERSION,
        "lines": [json.loads(line_to_json(line)) for line in lines if isinstance(line, Rule)],
        "routines": [
            json.loads(line_to_json(line)) | {"below": below.get(line.id, "end")} for line in reversed(routines)
        ],
    }


def written(lines: Sequence[Line]) -> str:
    """The file of a whole list as text, a line of it on a line."""
    file = lines_to_file(lines)
    parts = [
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in file[name]) + "\n ]"
        for name in ("lines", "routines")
    ]
    return f'{{"version": {VERSION},\n' + ",\n".join(parts) + "\n}"


def lines_from_file(value: object) -> tuple[Line, ...]:
    """The whole list that somebody wrote in a file, null being as good as missing. Raises InputError, TooManyError.

    An `id` that is missing is made from the position. A bare list is read as version 1; a version that is not known is
    refused, and nothing of it is read.
    """
    if isinstance(value, dict):
        version = value.get("version")
        if type(version) is not int or version != VERSION:
            is_newer = type(version) is int and version > VERSION
            reason = "a newer release wrote it, update first" if is_newer else f"has to be {VERSION}"
            raise InputError(reason, field="rules.version")
        found, at = _converted(value, _File, "rules"), "rules.lines"
    else:
        found, at = _File(2, _converted(value, list[_Rule], "rules")), "rules"
    rules = [_rule(rule, number) for number, rule in enumerate(found.lines, 1)]
    if len({rule.kind for rule in rules if rule.kind}) != sum(rule.kind is not None for rule in rules):
        raise InputError("two lines are of the same kind", field=at)
    if sum(rule.kind is None for rule in rules) + len(found.routines) > MOST_LINES:
        raise TooManyError("too many lines", field=at, most=MOST_LINES)
    lines = complete(rules)
    for number, routine in enumerate(found.routines, 1):
        lines = put(lines, _routine(routine, number), routine.below)
    ids = {rule.id for rule in rules} | {line.id for line in lines if isinstance(line, Routine)}
    if len(ids) != len(found.lines) + len(found.routines):
        raise InputError("two lines have the same id", field=at)
    return lines


_MOST_PROBLEMS = 20
_MISSING = re.compile(r"missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


def problems_of(value: object) -> list[InputError]:
    """What is wrong with the value of a file, field by field, as far as one can be told without the others."""
    value, found, left_out = copy.deepcopy(value), list[InputError](), set[str]()
    while len(found) < _MOST_PROBLEMS:
        try:
            lines_from_file(value)
        except InputError as error:
            if left_out & {f"{error.field}.{name}" for name in _MISSING.findall(error.reason)}:
                break  # it is missing because it was wrong
            found.append(error)
            left_out.add(error.field or "")
            if not _leave_out(value, error):
                break
        else:
            break
    return found


def _leave_out(value: Any, error: InputError) -> bool:
    """Take the field that `error` names out of `value`, so that what else is wrong shows; whether that was possible."""
    *way, last = [
        *[part for part in (error.field or "").split(".")[1:] if part != "*"], *_UNKNOWN.findall(error.reason)
    ] or [""]  # fmt: skip
    if not way:  # the version, or all of the lines
        return False
    for part in way:
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return False
    if isinstance(value, dict) and last in value:
        del value[last]
        return True
    if isinstance(value, list) and last.isdigit() and int(last) < len(value):
        del value[int(last)]
        return True
    return False


def _converted(value: object, type_: Any, name: str) -> Any:
    try:
        return msgspec.convert(_given(value), type_)
    except msgspec.MsgspecError as error:
        raise wrong(error, name) from None


def _given(value: Any) -> Any:
    """`value` without what is null or an empty list."""
    if isinstance(value, dict):
        return {name: _given(part) for name, part in value.items() if part not in (None, [])}
    return [_given(part) for part in value] if isinstance(value, list) else value


def _rule_json(rule: Rule) -> _Rule:
    match = rule.match
    conditions = {name: getattr(match, name) for name in match.__slots__}
    conditions["external"] = None if match.external is None else "outside" if match.external else "inside"
    conditions["days"] = {DAYS[day] for day in match.days}
    conditions["hours"] = None if match.hours is None else tuple(f"{at:%H:%M}" for at in match.hours)
    return _Rule(
        id=rule.id, name=rule.name, match=msgspec.convert(conditions, _Match),
        show=LookJson(rule.look.text, rule.look.emoji), ignore=rule.ignore, enabled=rule.enabled, kind=rule.kind,
        effects=set(rule.effects), photo=_photo_json(rule.photo),
    )  # fmt: skip


def _rule(found: _Rule, number: int) -> Rule:
    """The rule, which is called by its number where it has no id. A kind's own line always has the kind's name."""
    if found.kind is not None:
        rule_id, match = found.kind.value, Match(kinds=frozenset({found.kind}))
    else:
        taken = {kind.value for kind in KINDS}
        rule_id = found.id if found.id and found.id not in taken else f"rule-{number}"
        match = _match(found.match)
    return Rule(
        rule_id, found.name, match, Look(found.show.text, found.show.emoji), found.ignore, found.enabled, found.kind,
        frozenset(found.effects), _photo(found.photo),
    )  # fmt: skip


def _match(found: _Match) -> Match:
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


def _routine_json(routine: Routine) -> _Routine:
    return _Routine(
        id=routine.id, show=LookJson(routine.look.text, routine.look.emoji),
        days={*(DAYS[day] for day in routine.days)},
        start=f"{routine.start:%H:%M}", end=f"{routine.end:%H:%M}", first=routine.first, last=routine.last,
        not_when_absent=routine.not_when_absent, enabled=routine.enabled, effects=set(routine.effects),
        photo=_photo_json(routine.photo),
    )  # fmt: skip


def _routine(found: _Routine, number: int) -> Routine:
    if not found.days:
        raise InputError("names no day", field="routine.days")
    if not (found.show.text or "").strip() and not (found.show.emoji or "").strip():
        raise InputError("says nothing", field="routine.show")
    return Routine(
        id=found.id or f"routine-{number}", look=Look(found.show.text, found.show.emoji), days=_days(found.days),
        start=time.fromisoformat(found.start), end=time.fromisoformat(found.end), first=found.first, last=found.last,
        not_when_absent=found.not_when_absent, enabled=found.enabled, effects=frozenset(found.effects),
        photo=_photo(found.photo),
    )  # fmt: skip


def _days(found: set[int | DayName]) -> frozenset[int]:
    return frozenset(DAYS.index(day) if isinstance(day, str) else day for day in found)


def _photo_json(photo: Photo | None) -> _Photo | None:
    return None if photo is None else _Photo(photo.picture, photo.crop)


def _photo(found: _Photo | None) -> Photo | None:
    return None if found is None else Photo(found.picture, found.crop)
