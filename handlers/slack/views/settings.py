"""The settings modal: what a person may choose, shown and read back. Pure.

`read` takes the values of a submission and gives Preferences, or the sentence for each block that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.sentences import kind_name
from handlers.slack.views.state import Values
from services.domain.command_parser import LONGEST_EMOJI, emoji_of, status_text
from services.domain.errors import InputError
from services.domain.model import STATUS_TEXT_LIMIT, Kind, OwnStatusPolicy, Preferences, Show, Status, WorkingHours
from services.platform.locale import Localizer

SETTINGS = "settings"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_LEAD = 30
MOST_BRIDGE = 60

_OPTIONS = "options"
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_KNOWN = frozenset({"title", "until", "location"})
_NINE, _SIX = time(9), time(18)


class PlaceholderError(InputError):
    """Only `{{title}}`, `{{until}}` and `{{location}}` can stand in braces."""


class NotANumberError(InputError):
    """That is not a number in this range."""


class NoWorkingDayError(InputError):
    """Choose at least one working day, or turn the guard off."""


class HoursError(InputError):
    """The end of the working day is before its start."""


def settings(l10n: Localizer, chosen: Preferences) -> dict[str, Any]:
    """The modal, showing what is chosen."""
    blocks: list[kit.Block] = [
        kit.section(l10n.say("What your status says. `{{until}}` becomes the end, `{{title}}` the event's title."))
    ]
    for kind in Kind:
        show = chosen.show.get(kind, Show())
        blocks += _pair(l10n, kind.value, kind_name(kind, l10n), show.text or "", show.emoji or "")
    idle = chosen.idle or Status()
    blocks += _pair(l10n, "idle", l10n.say("When nothing is on"), idle.text, idle.emoji)
    blocks.append(kit.divider())
    blocks += _switches(l10n, chosen)
    blocks += _hours(l10n, chosen.working_hours)
    blocks.append(_policy(l10n, chosen.own_status))
    blocks += [
        _minutes("lead", l10n.say("Minutes a status may start early"), chosen.lead, MOST_LEAD),
        _minutes("bridge", l10n.say("Minutes between two meetings that are bridged"), chosen.bridge, MOST_BRIDGE),
    ]
    return kit.modal(SETTINGS, l10n.say("Settings"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


def _pair(l10n: Localizer, name: str, label: str, text: str, emoji: str) -> list[kit.Block]:
    return [
        kit.entry(
            f"{name}_text",
            l10n.say("{kind}: text", kind=label),
            kit.text_input("value", initial=text, most=STATUS_TEXT_LIMIT),
            optional=True,
        ),
        kit.entry(
            f"{name}_emoji",
            l10n.say("{kind}: emoji", kind=label),
            kit.text_input("value", initial=emoji, most=LONGEST_EMOJI),
            optional=True,
        ),
    ]


def _switches(l10n: Localizer, chosen: Preferences) -> list[kit.Block]:
    switches = [
        kit.option(l10n.say("Count events I have not confirmed"), "count_unconfirmed"),
        kit.option(l10n.say("Titles may be shown where a text asks for them"), "titles"),
        kit.option(l10n.say("Ignore events outside of my working hours"), "guard"),
    ]
    on = [
        name
        for name, is_on in (
            ("count_unconfirmed", chosen.count_unconfirmed),
            ("titles", chosen.titles),
            ("guard", chosen.working_hours is not None),
        )
        if is_on
    ]
    return [
        kit.entry(
            _OPTIONS, l10n.say("Events"), kit.choices("checkboxes", "value", switches, on), optional=True
        )
    ]  # fmt: skip


def _hours(l10n: Localizer, hours: WorkingHours | None) -> list[kit.Block]:
    days = (hours or WorkingHours()).days
    first, last = next(iter(days.values()), (_NINE, _SIX))
    names = [l10n.say(name) for name in WEEKDAYS]
    options = [kit.option(name, str(day)) for day, name in enumerate(names)]
    return [
        kit.entry(
            "days",
            l10n.say("Working days"),
            kit.choices("checkboxes", "value", options, [str(day) for day in days]),
            optional=True,
        ),
        kit.entry("day_from", l10n.say("Working hours from"), _time(first), optional=True),
        kit.entry("day_to", l10n.say("Working hours to"), _time(last), optional=True),
    ]


def _policy(l10n: Localizer, chosen: OwnStatusPolicy) -> kit.Block:
    texts = {
        OwnStatusPolicy.COVER_AND_RESTORE: l10n.say("Events cover it, then it comes back"),
        OwnStatusPolicy.MINE_ALWAYS_WINS: l10n.say("Mine always wins"),
        OwnStatusPolicy.CALENDAR_ALWAYS_WINS: l10n.say("The calendar always wins, then mine comes back"),
    }
    options = [kit.option(text, policy.value) for policy, text in texts.items()]
    label = l10n.say("A status I set myself")
    return kit.entry("own_status", label, kit.choices("radio_buttons", "value", options, [chosen.value]))


def _minutes(name: str, label: str, value: timedelta, most: int) -> kit.Block:
    element = {
        "type": "number_input",
        "action_id": "value",
        "is_decimal_allowed": False,
        "min_value": "0",
        "max_value": str(most),
        "initial_value": str(value // timedelta(minutes=1)),
    }
    return kit.entry(name, label, element, optional=True)


def _time(value: time) -> kit.Block:
    return {"type": "timepicker", "action_id": "time", "initial_time": f"{value:%H:%M}"}


def read(values: Values, before: Preferences) -> tuple[Preferences, Mapping[str, InputError]]:
    """What was chosen, and for each block that is wrong its error; nothing is to be saved while there is one."""
    errors: dict[str, InputError] = {}
    show = {}
    for kind in Kind:
        said = _shown(values, kind.value, errors)
        if said != Show():
            show[kind] = said
    idle = _shown(values, "idle", errors)
    on = values.chosen(_OPTIONS)
    policy = values.one("own_status") or before.own_status.value
    return replace(
        before,
        show=MappingProxyType(show),
        idle=Status(idle.text or "", idle.emoji or "") if idle != Show() else None,
        count_unconfirmed="count_unconfirmed" in on,
        titles="titles" in on,
        working_hours=_working_hours(values, errors) if "guard" in on else None,
        own_status=OwnStatusPolicy(policy) if policy in set(OwnStatusPolicy) else before.own_status,
        lead=_number(values, "lead", MOST_LEAD, errors),
        bridge=_number(values, "bridge", MOST_BRIDGE, errors),
    ), errors


def _shown(values: Values, name: str, errors: dict[str, InputError]) -> Show:
    text = values.text(f"{name}_text")
    try:
        status_text(text)
        if any(found not in _KNOWN for found in _PLACEHOLDER.findall(text)):
            raise PlaceholderError("placeholder")
    except InputError as error:
        errors[f"{name}_text"] = error
    emoji = ""
    try:
        emoji = emoji_of(values.text(f"{name}_emoji"))
    except InputError as error:
        errors[f"{name}_emoji"] = error
    return Show(text or None, emoji or None)


def _working_hours(values: Values, errors: dict[str, InputError]) -> WorkingHours | None:
    first, last = values.time("day_from") or _NINE, values.time("day_to") or _SIX
    days = sorted(int(day) for day in values.chosen("days") if day.isdigit())
    if not days:
        errors["days"] = NoWorkingDayError("no day")
        return None
    if last <= first:
        errors["day_to"] = HoursError("hours")
        return None
    return WorkingHours(MappingProxyType(dict.fromkeys(days, (first, last))))


def _number(values: Values, name: str, most: int, errors: dict[str, InputError]) -> timedelta:
    typed = values.text(name) or "0"
    if not typed.isascii() or not typed.isdigit() or int(typed) > most:
        errors[name] = NotANumberError(name)
        return timedelta()
    return timedelta(minutes=int(typed))
