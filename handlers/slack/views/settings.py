"""The modal of what a person chose besides their list: shown, and read back from a submission. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Values
from handlers.slack.views.fixed import as_it_was, fixed_by
from handlers.slack.views.line_answers import Errors, read_says
from handlers.slack.views.lines import days, hours
from services.domain.command_parser import LONGEST_EMOJI
from services.domain.errors import InputError, TextMissingError
from services.domain.model import STATUS_TEXT_LIMIT, OwnStatusPolicy, Status
from services.domain.people import Preferences, WorkingHours
from services.domain.policy import FixedError, Policy
from services.platform.locale import Localizer

SETTINGS = "settings"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_LEAD = 30
_MOST_BRIDGE = 60
"""Minutes."""

_NINE, _SIX = time(9), time(18)


class NotANumberError(InputError):
    """That is not a number in this range."""


class NoWorkingDayError(InputError):
    """Choose at least one working day, or turn the guard off."""


class HoursError(InputError):
    """The end of the working day is before its start."""


def own_status_names(l10n: Localizer) -> dict[OwnStatusPolicy, str]:
    """Return what becomes of a status of the person's own, as a choice of the form."""
    return {
        OwnStatusPolicy.COVER_AND_RESTORE: l10n.say("Events cover it, then it comes back"),
        OwnStatusPolicy.MINE_ALWAYS_WINS: l10n.say("Mine always wins"),
        OwnStatusPolicy.CALENDAR_ALWAYS_WINS: l10n.say("The calendar always wins, then mine comes back"),
    }


def chosen_words(l10n: Localizer, chosen: Preferences) -> list[str]:
    """Return what a person chose that is not as it is for everybody, as mrkdwn."""
    found = []
    if chosen.count_unconfirmed:
        found.append(l10n.say("Count events I have not confirmed"))
    if chosen.titles:
        found.append(l10n.say("Titles may be shown where a text asks for them"))
    if not chosen.share_absences:
        found.append(l10n.say("My coming absences are not shown to my colleagues"))
    if chosen.working_hours is not None:
        each = dict(chosen.working_hours.days)
        label = l10n.say("Ignore events outside of my working hours")
        found.append(f"{label}: {days(l10n, each)} {hours(l10n, *next(iter(each.values())))}" if each else label)
    if chosen.own_status is not OwnStatusPolicy.COVER_AND_RESTORE:
        found.append(f"{l10n.say('A status I set myself')}: {own_status_names(l10n)[chosen.own_status]}")
    minute = timedelta(minutes=1)
    if chosen.lead:
        found.append(f"{l10n.say('Minutes a status may start early')}: {chosen.lead // minute}")
    if chosen.bridge:
        found.append(f"{l10n.say('Minutes between two meetings that are bridged')}: {chosen.bridge // minute}")
    return found


def settings(l10n: Localizer, chosen: Preferences, allows: Policy) -> dict[str, Any]:
    """Return the modal, showing what is chosen, and what the workspace `allows`."""
    idle = chosen.idle or Status()
    texts = [
        kit.text_entry("idle_text", l10n.say("When nothing is on: text"), initial=idle.text, most=STATUS_TEXT_LIMIT),
        kit.text_entry("idle_emoji", l10n.say("When nothing is on: emoji"), initial=idle.emoji, most=LONGEST_EMOJI),
    ]
    if not allows.texts:
        texts = [fixed_by(l10n, allows, l10n.say("When nothing is on"))]
    in_list = l10n.say("What your status says when something is on is in your list: `/quo rules`.")
    blocks = [*texts, kit.context(in_list)]
    titles = l10n.say("Titles may be shown where a text asks for them")
    switches = [
        kit.option(l10n.say("Count events I have not confirmed"), "count_unconfirmed"),
        *([kit.option(titles, "titles")] if allows.titles else []),
        kit.option(l10n.say("Ignore events outside of my working hours"), "guard"),
    ]
    on = {
        "count_unconfirmed": chosen.count_unconfirmed,
        "titles": chosen.titles,
        "guard": chosen.working_hours is not None,
    }
    each = (chosen.working_hours or WorkingHours()).days
    first, last = next(iter(each.values()), (_NINE, _SIX))
    weekdays = [kit.option(l10n.say(name), str(day)) for day, name in enumerate(WEEKDAYS)]
    policies = [kit.option(name, policy) for policy, name in own_status_names(l10n).items()]
    boxes = kit.choices("checkboxes", "value", switches, [name for name, is_on in on.items() if is_on])
    on_days = kit.choices("checkboxes", "value", weekdays, [str(day) for day in each])
    policy = kit.choices("radio_buttons", "value", policies, [chosen.own_status])
    share = [kit.option(l10n.say("Show my coming absences to my colleagues"), "share")]
    sharing = kit.choices("checkboxes", "value", share, ["share"] if chosen.share_absences else [])
    blocks += [
        kit.divider(),
        kit.entry("options", l10n.say("Events"), boxes, optional=True),
        *([] if allows.titles else [fixed_by(l10n, allows, l10n.say("No titles in statuses"))]),
        kit.entry(
            "share_absences",
            l10n.say("What colleagues see"),
            sharing,
            optional=True,
            hint=l10n.say("And where you work, where your calendar says so. What Slack shows now is seen anyway."),
        ),
        kit.entry("days", l10n.say("Working days"), on_days, optional=True),
        kit.entry("day_from", l10n.say("Working hours from"), _time(first), optional=True),
        kit.entry("day_to", l10n.say("Working hours to"), _time(last), optional=True),
        kit.entry("own_status", l10n.say("A status I set myself"), policy),
        _minutes("lead", l10n.say("Minutes a status may start early"), chosen.lead, _MOST_LEAD),
        _minutes("bridge", l10n.say("Minutes between two meetings that are bridged"), chosen.bridge, _MOST_BRIDGE),
    ]
    return kit.modal(SETTINGS, l10n.say("Settings"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


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


def read_settings(values: Values, before: Preferences, allows: Policy) -> tuple[Preferences, Errors]:
    """Return what was chosen, and for each block that is wrong its error; nothing is to be saved while there is one.

    What the workspace does not allow stays as it was.
    """
    errors: Errors = {}
    was, fixed = before.idle or Status(), not allows.texts
    text, emoji = read_says(values, "idle_text", "idle_emoji", errors)
    idle = Status(
        as_it_was(values, "idle_text", text, was.text, errors, fixed=fixed),
        as_it_was(values, "idle_emoji", emoji, was.emoji, errors, fixed=fixed),
    )
    if idle.emoji and not idle.text and idle != was and not errors:
        errors["idle_text"] = TextMissingError("an emoji alone")  # which Slack would refuse each time nothing is on
    on, shares = values.chosen("options"), "share_absences" in values.blocks  # not in a form of the release before
    if "titles" in on and not allows.titles and not before.titles:
        errors["options"] = FixedError("titles", field="options")
    policy = values.one("own_status") or before.own_status.value
    return replace(
        before,
        idle=None if idle.empty else idle,
        count_unconfirmed="count_unconfirmed" in on,
        titles="titles" in on if allows.titles else before.titles,
        share_absences="share" in values.chosen("share_absences") if shares else before.share_absences,
        working_hours=_working_hours(values, errors) if "guard" in on else None,
        own_status=OwnStatusPolicy(policy) if policy in set(OwnStatusPolicy) else before.own_status,
        lead=_number(values, "lead", _MOST_LEAD, errors),
        bridge=_number(values, "bridge", _MOST_BRIDGE, errors),
    ), errors


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
