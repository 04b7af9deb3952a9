"""The modals of what a person chose, settings and rules: shown, and read back from a submission. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Values
from handlers.slack.views.sentences import calendar_name, kind_name, shown
from services.domain.command_parser import LONGEST_EMOJI, emoji_of, status_text
from services.domain.errors import InputError
from services.domain.lines import Match, Rule
from services.domain.model import STATUS_TEXT_LIMIT, Kind, Look, OwnStatusPolicy, Status
from services.domain.people import Preferences, WorkingHours
from services.platform.locale import Localizer
from services.store.calendars import CalendarView

SETTINGS = "settings"
RULES = "rules"
RULE = "rule"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_LEAD = 30
_MOST_BRIDGE = 60
"""Minutes."""

_OPTIONS = "options"
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_KNOWN = frozenset({"title", "until", "location"})
_NINE, _SIX = time(9), time(18)
_SHOW, _IGNORE = "show", "ignore"
_MOST_WORDS = 20
_MOST_OPTIONS = 100
_LONGEST_NAME = 60
_LONGEST_LINE = 400  # 50 rules have to fit into the 250 kB of a view


class PlaceholderError(InputError):
    """Only `{{title}}`, `{{until}}` and `{{location}}` can stand in braces."""


class NotANumberError(InputError):
    """That is not a number in this range."""


class NoWorkingDayError(InputError):
    """Choose at least one working day, or turn the guard off."""


class HoursError(InputError):
    """The end of the working day is before its start."""


class NoConditionError(InputError):
    """Say which events the rule is about: words of the title, a kind, or a calendar."""


class NoEffectError(InputError):
    """Say what the status shall be: a text or an emoji."""


class TooManyWordsError(InputError):
    """At most 20 words, please."""


def settings(l10n: Localizer, chosen: Preferences) -> dict[str, Any]:
    """The modal, showing what is chosen."""
    blocks = [
        kit.section(l10n.say("What your status says. `{{until}}` becomes the end, `{{title}}` the event's title."))
    ]
    idle = chosen.idle or Status()
    pairs = [(kind.value, kind_name(kind, l10n), chosen.looks.get(kind, Look())) for kind in Kind]
    for name, label, show in (*pairs, ("idle", l10n.say("When nothing is on"), Look(idle.text, idle.emoji))):
        text, emoji = l10n.say("{kind}: text", kind=label), l10n.say("{kind}: emoji", kind=label)
        blocks += [
            kit.text_entry(f"{name}_text", text, initial=show.text or "", most=STATUS_TEXT_LIMIT),
            kit.text_entry(f"{name}_emoji", emoji, initial=show.emoji or "", most=LONGEST_EMOJI),
        ]
    switches = [
        kit.option(l10n.say("Count events I have not confirmed"), "count_unconfirmed"),
        kit.option(l10n.say("Titles may be shown where a text asks for them"), "titles"),
        kit.option(l10n.say("Ignore events outside of my working hours"), "guard"),
    ]
    on = {
        "count_unconfirmed": chosen.count_unconfirmed,
        "titles": chosen.titles,
        "guard": chosen.working_hours is not None,
    }
    hours = (chosen.working_hours or WorkingHours()).days
    first, last = next(iter(hours.values()), (_NINE, _SIX))
    weekdays = [kit.option(l10n.say(name), str(day)) for day, name in enumerate(WEEKDAYS)]
    policies = [
        kit.option(l10n.say("Events cover it, then it comes back"), OwnStatusPolicy.COVER_AND_RESTORE),
        kit.option(l10n.say("Mine always wins"), OwnStatusPolicy.MINE_ALWAYS_WINS),
        kit.option(l10n.say("The calendar always wins, then mine comes back"), OwnStatusPolicy.CALENDAR_ALWAYS_WINS),
    ]
    boxes = kit.choices("checkboxes", "value", switches, [name for name, is_on in on.items() if is_on])
    days = kit.choices("checkboxes", "value", weekdays, [str(day) for day in hours])
    policy = kit.choices("radio_buttons", "value", policies, [chosen.own_status])
    blocks += [
        kit.divider(),
        kit.entry("options", l10n.say("Events"), boxes, optional=True),
        kit.entry("days", l10n.say("Working days"), days, optional=True),
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


def read_settings(values: Values, before: Preferences) -> tuple[Preferences, Mapping[str, InputError]]:
    """What was chosen, and for each block that is wrong its error; nothing is to be saved while there is one."""
    errors: dict[str, InputError] = {}
    shows = {kind: _shown(values, kind.value, errors) for kind in Kind}
    idle = _shown(values, "idle", errors)
    on = values.chosen("options")
    policy = values.one("own_status") or before.own_status.value
    return replace(
        before,
        looks=MappingProxyType({kind: show for kind, show in shows.items() if show != Look()}),
        idle=Status(idle.text or "", idle.emoji or "") if idle != Look() else None,
        count_unconfirmed="count_unconfirmed" in on,
        titles="titles" in on,
        working_hours=_working_hours(values, errors) if "guard" in on else None,
        own_status=OwnStatusPolicy(policy) if policy in set(OwnStatusPolicy) else before.own_status,
        lead=_number(values, "lead", _MOST_LEAD, errors),
        bridge=_number(values, "bridge", _MOST_BRIDGE, errors),
    ), errors


def _shown(values: Values, name: str, errors: dict[str, InputError]) -> Look:
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
    return Look(text or None, emoji or None)


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


def rules(l10n: Localizer, listed: Sequence[Rule]) -> dict[str, Any]:
    """The person's rules in their order, the first that fits wins."""
    blocks: list[kit.Block] = [
        kit.section(
            l10n.say("For each event the first rule that fits decides. Events that no rule names follow your settings.")
        )
    ]
    for place, rule in enumerate(listed, 1):
        if place == 1:
            menu = kit.button(l10n.say("Delete"), "delete_rule", value=rule.id)
        else:
            up = kit.option(l10n.say("Move up"), f"up:{rule.id}")
            menu = kit.overflow("rule_menu", [up, kit.option(l10n.say("Delete"), f"delete:{rule.id}")])
        about = [
            *(kit.escape(word) for word in rule.match.title_words),
            *(kind_name(kind, l10n) for kind in Kind if kind in rule.match.kinds),
        ]
        events = ", ".join(about) or l10n.say("chosen calendars")
        status = shown(Status(rule.look.text or "", rule.look.emoji or ""))
        effect = (
            l10n.say("{events}: ignored", events=events)
            if rule.ignore
            else l10n.say("{events}: {status}", events=events, status=status)
        )
        blocks.append(kit.section(kit.cut(f"{place}. *{kit.escape(rule.name)}*\n{effect}", _LONGEST_LINE), menu))
    if not listed:
        blocks.append(kit.section(l10n.say("There are no rules yet.")))
    blocks.append(kit.actions(kit.button(l10n.say("Add a rule"), "add_rule", style="primary")))
    return kit.modal(RULES, l10n.say("Rules"), blocks, close=l10n.say("Close"))


def rule(l10n: Localizer, calendars: Sequence[CalendarView]) -> dict[str, Any]:
    """The form of a new rule."""
    kinds = [kit.option(kind_name(kind, l10n), kind.value) for kind in Kind]
    effects = [
        kit.option(l10n.say("Show this status"), _SHOW),
        kit.option(l10n.say("Ignore the event"), _IGNORE),
    ]
    words_hint = l10n.say("Separated by commas; any one of them will do.")
    blocks = [
        kit.text_entry(
            "words", l10n.say("Words in the title"), placeholder="1:1, sync, interview", most=500, hint=words_hint
        ),
        kit.entry("kinds", l10n.say("Kinds"), kit.choices("checkboxes", "value", kinds, ()), optional=True),
    ]
    if calendars:
        options = [kit.option(calendar_name(l10n, line), line.calendar_id) for line in calendars[:_MOST_OPTIONS]]
        menu = kit.choices("multi_static_select", "value", options, ())
        blocks.append(kit.entry("calendars", l10n.say("Calendars"), menu, optional=True))
    blocks += [
        kit.entry("effect", l10n.say("Then"), kit.choices("radio_buttons", "value", effects, [_SHOW])),
        kit.text_entry("emoji", l10n.say("Emoji"), most=LONGEST_EMOJI),
        kit.text_entry("text", l10n.say("Text"), most=STATUS_TEXT_LIMIT),
    ]
    return kit.modal(RULE, l10n.say("Add a rule"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


def read_rule(values: Values, rule_id: str, calendars: Sequence[str]) -> Rule:
    """The rule of a submission. Raises an InputError that names its block."""
    words = tuple(dict.fromkeys(word for part in values.text("words").split(",") if (word := part.strip())))
    if len(words) > _MOST_WORDS:
        raise TooManyWordsError("words", field="words")
    kinds = frozenset(Kind(kind) for kind in values.chosen("kinds") if kind in set(Kind))
    named = frozenset(chosen for chosen in values.chosen("calendars") if chosen in calendars)
    if not words and not kinds and not named:
        raise NoConditionError("no condition", field="words")
    ignore = values.one("effect") == _IGNORE
    text = status_text(values.text("text"))
    emoji = emoji_of(values.text("emoji"))
    if not ignore and not text and not emoji:
        raise NoEffectError("no effect", field="text")
    name = ", ".join(words) or text or emoji
    name = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    show = Look() if ignore else Look(text or None, emoji or None)
    return Rule(rule_id, name or RULE, Match(kinds=kinds, title_words=words, calendar_ids=named), show, ignore=ignore)
