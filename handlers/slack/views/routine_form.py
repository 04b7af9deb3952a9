"""The form of a routine, a weekly entry that a person makes with us: shown, and read back from a submission. Pure.

Its block ids are the outside of the program: others rely on them. Every action is `value`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from typing import Any, TypeVar

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import NoTimeError, Values
from handlers.slack.views.line_answers import Errors, read_days, read_look
from handlers.slack.views.line_form import look_blocks, place_block, preview_blocks
from handlers.slack.views.lines import ListView
from services.domain.errors import EndsBeforeItStartsError, InputError, TextMissingError
from services.domain.lines import Routine
from services.domain.model import Look
from services.domain.policy import Policy
from services.store.line_json import DAYS

ROUTINE = "routine"
_ABSENT = "absent"
_T = TypeVar("_T")
NEW = Routine("", Look(), frozenset(range(5)), time(12, 30), time(13, 30))
"""What a new one begins with."""


class NoDaysError(InputError):
    """Choose at least one day."""


class SameTimeError(InputError):
    """The end has to be another time than the start."""


class NoPlaceholderError(InputError):
    """A routine has no title and no place: of what stands in braces only `{{until}}` can be used."""


def routine_form(view: ListView, line: Routine | None, *, is_new: bool = False) -> dict[str, Any]:
    """Return the form of a routine; of a new one where there is none, or it `is_new`."""
    is_new = is_new or line is None
    l10n, routine = view.l10n, line or NEW
    days = [kit.option(l10n.weekday(day), name) for day, name in enumerate(DAYS)]
    absent = [kit.option(l10n.say("Not on days on which I am away"), _ABSENT)]
    on = [_ABSENT] if routine.not_when_absent else []
    chosen_days = [DAYS[day] for day in routine.days]
    text, *rest = look_blocks(view, routine)
    blocks = [
        text,
        rest[0],
        kit.entry("days", l10n.say("Days"), kit.choices("checkboxes", "value", days, chosen_days)),
        kit.entry("from", l10n.say("From"), _time(routine.start)),
        kit.entry("to", l10n.say("Until"), _time(routine.end), hint=l10n.say("Earlier than the start: the day after.")),
        *rest[1:],
        kit.entry("first", l10n.say("First day"), _date(routine.first), optional=True),
        kit.entry("last", l10n.say("Last day"), _date(routine.last), optional=True),
        kit.entry("absent", l10n.say("Absences"), kit.choices("checkboxes", "value", absent, on), optional=True),
        place_block(view, routine),
        *preview_blocks(view),
    ]
    return kit.modal(
        ROUTINE, l10n.say("Add a routine") if is_new else l10n.say("Edit a routine"), blocks,
        submit=l10n.say("Save"), close=l10n.say("Cancel"), metadata="" if is_new else json.dumps({"id": routine.id}),
    )  # fmt: skip


def _time(at: time) -> kit.Block:
    return {"type": "timepicker", "action_id": "value", "initial_time": f"{at:%H:%M}"}


def _date(day: date | None) -> kit.Block:
    picker = {"type": "datepicker", "action_id": "value"}
    return picker if day is None else {**picker, "initial_date": day.isoformat()}


def read_routine(
    values: Values, routine_id: str, before: Routine | None, policy: Policy
) -> tuple[Routine, str | None, Errors]:
    """Read a submission: the routine, the id of the line below it where that was chosen, what is wrong, by block."""
    errors: Errors = {}
    look, effects, photo = read_look(values, before or NEW, policy, errors)
    if not look.text and "text" not in errors:
        errors["text"] = TextMissingError("a routine without a text")
    if "{title}" in (look.text or "") or "{location}" in (look.text or ""):
        errors["text"] = NoPlaceholderError("placeholder")
    days = read_days(values, errors)
    if not days:
        errors.setdefault("days", NoDaysError("no day"))
    start, end = _read(values.time, "from", errors), _read(values.time, "to", errors)
    for block, at in (("from", start), ("to", end)):
        if at is None:
            errors.setdefault(block, NoTimeError("no time"))
    if start is not None and start == end:
        errors["to"] = SameTimeError("no length")
    first, last = _read(values.date, "first", errors), _read(values.date, "last", errors)
    if first is not None and last is not None and last < first:
        errors["last"] = EndsBeforeItStartsError("last day")
    absent = values.offered("absent", {_ABSENT}, errors)
    made = replace(
        before or NEW, id=routine_id, look=look, effects=effects, photo=photo, days=days, start=start or NEW.start,
        end=end or NEW.end, first=first, last=last, not_when_absent=_ABSENT in absent,
    )  # fmt: skip
    return made, values.one("place") or None, errors


def _read(read: Callable[[str], _T | None], block: str, errors: Errors) -> _T | None:
    try:
        return read(block)
    except InputError as error:
        errors[block] = error
        return None
