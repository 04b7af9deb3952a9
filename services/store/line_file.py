"""The file of a person's list: exported, and imported whole or not at all, with a sentence for each wrong field.

Beyond what is asked of what is stored, it has to make sense: people write it by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import count, pairwise
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from services.domain.command_parser import emoji_of, shown
from services.domain.errors import MentionInStatusError, NotAnEmojiError, TextMissingError, TextTooLongError
from services.domain.lines import END, KINDS, MOST_LINES, Line, Routine, Rule, complete, put
from services.domain.model import STATUS_TEXT_LIMIT, Kind
from services.domain.photos import CROP
from services.domain.text import BROKEN_PLACEHOLDER, PLACEHOLDER, PLACEHOLDERS, is_storable
from services.store.line_json import MatchJson, RoutineJson, RuleJson, line_to_json, routine_of, rule_of
from services.store.list_mistakes import ListMistakeError, Mistake, mistake_in

VERSION: Final = 2
"""Of the file. Version 1 was the bare list of a person's own rules."""

MOST_BYTES = 2**20
"""A list of fifty lines, each as long as it can be, is half of that."""

RESERVED = frozenset({*Kind, "override", "back", "idle", "nothing", END})
"""What means something else where an id may stand."""

_FACT_OF_EVENT = re.compile(r"\{(?:title|location)\}")


_Rules = Annotated[list[RuleJson], Meta(max_length=MOST_LINES + len(KINDS))]


class _File(Struct, forbid_unknown_fields=True):
    version: Literal[2]
    lines: _Rules = field(default_factory=list)
    routines: Annotated[list[RoutineJson], Meta(max_length=MOST_LINES)] = field(default_factory=list)


def lines_to_file(lines: Sequence[Line]) -> dict[str, Any]:
    """Return a whole list as the value of a file of version 2, which gives the same list when it is imported."""
    below = {line.id: after.id for line, after in pairwise(lines)}
    routines = [line for line in lines if isinstance(line, Routine)]
    return {
        "version": VERSION,
        "lines": [json.loads(line_to_json(line)) for line in lines if isinstance(line, Rule)],
        "routines": [
            json.loads(line_to_json(line)) | {"below": below.get(line.id, END)} for line in reversed(routines)
        ],
    }


def written(lines: Sequence[Line]) -> str:
    """Return the file of a whole list as text, a line of it on a line."""
    file = lines_to_file(lines)
    parts = [
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in file[name]) + "\n ]"
        for name in ("lines", "routines")
    ]
    return f'{{"version": {VERSION},\n' + ",\n".join(parts) + "\n}"


def lines_from_file(value: object) -> tuple[Line, ...]:
    """Return the whole list that somebody wrote in a file, null being as good as missing. Raises ListMistakeError.

    An `id` that is missing, or means something else, is made from the position. A bare list is read as version 1; a
    version that is not known is refused, and nothing of it is read.
    """
    if isinstance(value, dict):
        version = value.get("version")
        if type(version) is not int or version != VERSION:
            is_newer = type(version) is int and version > VERSION
            if is_newer:
                raise ListMistakeError(Mistake.NEWER, "rules.version")
            raise ListMistakeError(Mistake.NO_VERSION, "rules.version", version=VERSION)
        found, at = _converted(value, _File), "rules.lines"
    else:
        found, at = _File(VERSION, _converted(value, _Rules)), "rules"
    if sum(rule.kind is None for rule in found.lines) + len(found.routines) > MOST_LINES:
        raise ListMistakeError(Mistake.TOO_MANY, at, most=MOST_LINES)
    rules = {f"{at}.{number}": rule for number, rule in enumerate(found.lines)}
    routines = {f"rules.routines.{number}": routine for number, routine in enumerate(found.routines)}
    for path, rule in rules.items():
        _check_rule(path, rule)
    for path, routine in routines.items():
        _check_routine(path, routine)
    _give_ids(rules, routines)
    lines = complete([rule_of(rule) for rule in rules.values()])
    for path, routine in routines.items():
        if routine.below not in {None, END, *(line.id for line in lines)}:
            raise ListMistakeError(Mistake.UNKNOWN_LINE, f"{path}.below")
        lines = put(lines, routine_of(routine), routine.below)
    return lines


def _give_ids(rules: Mapping[str, RuleJson], routines: Mapping[str, RoutineJson]) -> None:
    """Give an id to each line that has none of its own. Raises ListMistakeError where two have the same."""
    taken = set[str]()
    nameless: list[tuple[str, int, RuleJson | RoutineJson]] = []
    named: dict[str, Mapping[str, RuleJson | RoutineJson]] = {"rule": rules, "routine": routines}
    for word, lines in named.items():
        for number, (path, line) in enumerate(lines.items(), 1):
            if isinstance(line, RuleJson) and line.kind is not None:
                if line.kind in taken:
                    raise ListMistakeError(Mistake.SAME_KIND, f"{path}.kind")
                taken.add(line.kind)
            elif not line.id.strip() or line.id in RESERVED:
                nameless.append((word, number, line))
            elif line.id in taken:
                raise ListMistakeError(Mistake.SAME_ID, f"{path}.id")
            else:
                taken.add(line.id)
    for word, number, line in nameless:
        line.id = next(free for at in count(number) if (free := f"{word}-{at}") not in taken)
        taken.add(line.id)


def _check(path: str, line: RuleJson | RoutineJson) -> None:
    """Raise ListMistakeError for what no line can have; a text and an emoji become what its form makes of them."""
    if not line.id.isprintable():
        raise ListMistakeError(Mistake.NOT_SHOWN, f"{path}.id")
    if line.show.text:
        line.show.text = _text(line.show.text, f"{path}.show.text")
    text = line.show.text or ""
    if BROKEN_PLACEHOLDER.search(text):
        raise ListMistakeError(Mistake.HALF_A_PLACEHOLDER, f"{path}.show.text")
    if not set(PLACEHOLDER.findall(text)) <= PLACEHOLDERS:
        raise ListMistakeError(Mistake.NO_PLACEHOLDER, f"{path}.show.text")
    if line.show.emoji:
        try:
            line.show.emoji = emoji_of(line.show.emoji)
        except NotAnEmojiError:
            raise ListMistakeError(Mistake.NO_EMOJI, f"{path}.show.emoji") from None
    if line.photo is not None and CROP.fullmatch(line.photo.crop) is None:
        raise ListMistakeError(Mistake.NO_CROP, f"{path}.photo.crop")


def _text(text: str, path: str) -> str:
    """Return a text as the form of a line takes it. Raises ListMistakeError."""
    try:
        return shown(text)
    except TextTooLongError:
        raise ListMistakeError(Mistake.TOO_LONG, path, most=STATUS_TEXT_LIMIT) from None
    except MentionInStatusError:
        raise ListMistakeError(Mistake.MENTION, path) from None
    except TextMissingError:
        raise ListMistakeError(Mistake.NOT_SHOWN, path) from None


def _check_rule(path: str, rule: RuleJson) -> None:
    _check(path, rule)
    match = rule.match
    if rule.kind is not None and match not in (MatchJson(), MatchJson(kinds={rule.kind})):
        raise ListMistakeError(Mistake.CONDITIONS, f"{path}.match")
    for what, least, most in (
        ("guests", match.min_guests, match.max_guests),
        ("minutes", match.min_minutes, match.max_minutes),
    ):
        if least is not None and most is not None and most < least:
            raise ListMistakeError(Mistake.LESS_THAN_LEAST, f"{path}.match.max_{what}", name=f"min_{what}")


def _check_routine(path: str, routine: RoutineJson) -> None:
    _check(path, routine)
    if not (routine.show.text or "").strip():
        raise ListMistakeError(Mistake.SAYS_NOTHING, f"{path}.show")
    if _FACT_OF_EVENT.search(routine.show.text or ""):
        raise ListMistakeError(Mistake.NO_EVENT, f"{path}.show.text")
    if routine.first is not None and routine.last is not None and routine.last < routine.first:
        raise ListMistakeError(Mistake.ENDS_BEFORE, f"{path}.last")


_MOST_PROBLEMS = 20


def problems_of(value: object) -> list[ListMistakeError]:
    """Return what is wrong with the value of a file, field by field, as far as one can be told without the others."""
    try:
        left = _Left(_given(value))  # a copy
    except RecursionError:
        return [ListMistakeError(Mistake.TOO_DEEP, "rules")]
    found = list[ListMistakeError]()
    while len(found) < _MOST_PROBLEMS:
        try:
            lines_from_file(left.value)
        except ListMistakeError as error:
            field = left.place_of(error)
            if error.mistake is Mistake.MISSING_FIELD and f"{field}.{error.names}" in left.without:
                break  # it is missing because it was wrong
            if not (error.mistake is Mistake.NO_HOURS and any(one.startswith(f"{field}.") for one in left.without)):
                found.append(ListMistakeError(error.mistake, field, **error.sentence_facts))
            if not left.leave_out(error):
                break
        else:
            break
    return found


class _Left:
    """What is left of a value, so that what else is wrong shows; of lists the places that were there are remembered."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.without = set[str]()
        self._numbers: dict[int, list[int]] = {}  # of a list, by its id: the numbers that its parts had

    def place_of(self, error: ListMistakeError) -> str:
        """Return the path of the field that `error` names, in the whole value."""
        value, parts = self.value, list[str]()
        for part in (error.field or "").split(".")[1:]:
            if isinstance(value, list) and part.isdigit() and int(part) < len(value):
                parts.append(str(self._numbers_of(value)[int(part)]))
                value = value[int(part)]
            else:
                parts.append(part)
                value = value.get(part) if isinstance(value, dict) else None
        return ".".join(["rules", *parts])

    def leave_out(self, error: ListMistakeError) -> bool:
        """Take out the field that `error` names; whether that was possible."""
        place = self.place_of(error)
        *way, last = [
            *[part for part in (error.field or "").split(".")[1:] if part != "*"],
            *([error.names] if error.mistake is Mistake.UNKNOWN_FIELD else []),
        ] or [""]
        if not way:  # the version, or all of the lines
            return False
        value = self.value
        for part in way:
            if isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            elif isinstance(value, dict) and part in value:
                value = value[part]
            else:
                return False
        if isinstance(value, dict) and last in value:
            del value[last]
        elif isinstance(value, list) and last.isdigit() and int(last) < len(value):
            del self._numbers_of(value)[int(last)], value[int(last)]
        else:
            return False
        self.without.add(place)
        return True

    def _numbers_of(self, value: list[Any]) -> list[int]:
        return self._numbers.setdefault(id(value), list(range(len(value))))


def _converted(value: object, type_: Any) -> Any:
    try:
        _check_characters(value, "rules")
        return msgspec.convert(_given(value), type_)
    except RecursionError:
        raise ListMistakeError(Mistake.TOO_DEEP, "rules") from None
    except msgspec.MsgspecError as error:
        raise mistake_in(error) from None


def _check_characters(value: object, path: str) -> None:
    """Raise ListMistakeError for a text or a name with a NUL or half a surrogate pair, which no form can send."""
    if isinstance(value, dict):
        for name, part in value.items():
            _check_characters(name, path)
            _check_characters(part, f"{path}.{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            _check_characters(part, f"{path}.{number}")
    elif isinstance(value, str) and not is_storable(value):
        raise ListMistakeError(Mistake.NOT_SHOWN, path)


def _given(value: Any) -> Any:
    """`value` without what is null or an empty list."""
    if isinstance(value, dict):
        return {name: _given(part) for name, part in value.items() if part not in (None, [])}
    return [_given(part) for part in value] if isinstance(value, list) else value
