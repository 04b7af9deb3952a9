"""The rules modal and the form of one rule. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.calendars import calendar_name
from handlers.slack.views.sentences import kind_name, shown
from handlers.slack.views.state import Values
from services.domain.command_parser import LONGEST_EMOJI, emoji_of, status_text
from services.domain.errors import InputError
from services.domain.model import STATUS_TEXT_LIMIT, Kind, Match, Rule, Show, Status
from services.platform.locale import Localizer
from services.store.calendar_rows import CalendarView

RULES = "rules"
RULE = "rule"

_SHOW, _IGNORE = "show", "ignore"
_MOST_WORDS = 20
_MOST_OPTIONS = 100
_LONGEST_NAME = 60
_LONGEST_LINE = 400  # 50 rules have to fit into the 250 kB of a view


class NoConditionError(InputError):
    """Say which events the rule is about: words of the title, a kind, or a calendar."""


class NoEffectError(InputError):
    """Say what the status shall be: a text or an emoji."""


class TooManyWordsError(InputError):
    """At most 20 words, please."""


def rules(l10n: Localizer, listed: Sequence[Rule]) -> dict[str, Any]:
    """The person's rules in their order, the first that fits wins."""
    blocks: list[kit.Block] = [
        kit.section(
            l10n.say("For each event the first rule that fits decides. Events that no rule names follow your settings.")
        )
    ]
    for place, rule in enumerate(listed, 1):
        options = [kit.option(l10n.say("Delete"), f"delete:{rule.id}")]
        if place > 1:
            options.insert(0, kit.option(l10n.say("Move up"), f"up:{rule.id}"))
        menu = (
            kit.overflow("rule_menu", options)
            if len(options) > 1
            else kit.button(l10n.say("Delete"), "delete_rule", value=rule.id)
        )
        blocks.append(
            kit.section(kit.cut(f"{place}. *{kit.escape(rule.name)}*\n{_effect(l10n, rule)}", _LONGEST_LINE), menu)
        )
    if not listed:
        blocks.append(kit.section(l10n.say("There are no rules yet.")))
    blocks.append(kit.actions(kit.button(l10n.say("Add a rule"), "add_rule", style="primary")))
    return kit.modal(RULES, l10n.say("Rules"), blocks, close=l10n.say("Close"))


def _effect(l10n: Localizer, rule: Rule) -> str:
    about = [
        *(kit.escape(word) for word in rule.match.title_words),
        *(kind_name(kind, l10n) for kind in Kind if kind in rule.match.kinds),
    ]
    what = ", ".join(about) or l10n.say("chosen calendars")
    if rule.ignore:
        return l10n.say("{events}: ignored", events=what)
    return l10n.say(
        "{events}: {status}", events=what, status=shown(Status(rule.show.text or "", rule.show.emoji or ""))
    )


def rule(l10n: Localizer, calendars: Sequence[CalendarView]) -> dict[str, Any]:
    """The form of a new rule."""
    kinds = [kit.option(kind_name(kind, l10n), kind.value) for kind in Kind]
    effects = [
        kit.option(l10n.say("Show this status"), _SHOW),
        kit.option(l10n.say("Ignore the event"), _IGNORE),
    ]
    blocks = [
        kit.entry(
            "words",
            l10n.say("Words in the title"),
            kit.text_input("value", placeholder="1:1, sync, interview", most=500),
            optional=True,
            hint=l10n.say("Separated by commas; any one of them will do."),
        ),
        kit.entry("kinds", l10n.say("Kinds"), kit.choices("checkboxes", "value", kinds, ()), optional=True),
    ]
    if calendars:
        options = [kit.option(calendar_name(l10n, line), line.calendar_id) for line in calendars[:_MOST_OPTIONS]]
        menu = kit.choices("multi_static_select", "value", options, ())
        blocks.append(kit.entry("calendars", l10n.say("Calendars"), menu, optional=True))
    blocks += [
        kit.entry("effect", l10n.say("Then"), kit.choices("radio_buttons", "value", effects, [_SHOW])),
        kit.entry("emoji", l10n.say("Emoji"), kit.text_input("value", most=LONGEST_EMOJI), optional=True),
        kit.entry("text", l10n.say("Text"), kit.text_input("value", most=STATUS_TEXT_LIMIT), optional=True),
    ]
    return kit.modal(RULE, l10n.say("Add a rule"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


def read(values: Values, rule_id: str, calendars: Sequence[str]) -> Rule:
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
    show = Show() if ignore else Show(text or None, emoji or None)
    return Rule(rule_id, name or RULE, Match(kinds=kinds, title_words=words, calendar_ids=named), show, ignore=ignore)
