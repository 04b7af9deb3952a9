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
from services.platform.locale import Voice
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


def rules(voice: Voice, listed: Sequence[Rule]) -> dict[str, Any]:
    """The person's rules in their order, the first that fits wins."""
    blocks: list[kit.Block] = [
        kit.section(
            voice.say(
                "For each event the first rule that fits decides. Events that no rule names follow your settings."
            )
        )
    ]
    for place, rule in enumerate(listed, 1):
        options = [kit.option(voice.say("Delete"), f"delete:{rule.id}")]
        if place > 1:
            options.insert(0, kit.option(voice.say("Move up"), f"up:{rule.id}"))
        menu = (
            kit.overflow("rule_menu", options)
            if len(options) > 1
            else kit.button(voice.say("Delete"), "delete_rule", value=rule.id)
        )
        blocks.append(
            kit.section(kit.cut(f"{place}. *{kit.escape(rule.name)}*\n{_effect(voice, rule)}", _LONGEST_LINE), menu)
        )
    if not listed:
        blocks.append(kit.section(voice.say("There are no rules yet.")))
    blocks.append(kit.actions(kit.button(voice.say("Add a rule"), "add_rule", style="primary")))
    return kit.modal(RULES, voice.say("Rules"), blocks, close=voice.say("Close"))


def _effect(voice: Voice, rule: Rule) -> str:
    about = [
        *(kit.escape(word) for word in rule.match.title_words),
        *(kind_name(kind, voice) for kind in Kind if kind in rule.match.kinds),
    ]
    what = ", ".join(about) or voice.say("chosen calendars")
    if rule.ignore:
        return voice.say("{events}: ignored", events=what)
    return voice.say(
        "{events}: {status}", events=what, status=shown(Status(rule.show.text or "", rule.show.emoji or ""))
    )


def rule(voice: Voice, calendars: Sequence[CalendarView]) -> dict[str, Any]:
    """The form of a new rule."""
    kinds = [kit.option(kind_name(kind, voice), kind.value) for kind in Kind]
    effects = [
        kit.option(voice.say("Show this status"), _SHOW),
        kit.option(voice.say("Ignore the event"), _IGNORE),
    ]
    blocks = [
        kit.entry(
            "words",
            voice.say("Words in the title"),
            kit.text_input("value", placeholder="1:1, sync, interview", most=500),
            optional=True,
            hint=voice.say("Separated by commas; any one of them will do."),
        ),
        kit.entry("kinds", voice.say("Kinds"), kit.choices("checkboxes", "value", kinds, ()), optional=True),
    ]
    if calendars:
        options = [kit.option(calendar_name(voice, line), line.calendar_id) for line in calendars[:_MOST_OPTIONS]]
        menu = kit.choices("multi_static_select", "value", options, ())
        blocks.append(kit.entry("calendars", voice.say("Calendars"), menu, optional=True))
    blocks += [
        kit.entry("effect", voice.say("Then"), kit.choices("radio_buttons", "value", effects, [_SHOW])),
        kit.entry("emoji", voice.say("Emoji"), kit.text_input("value", most=LONGEST_EMOJI), optional=True),
        kit.entry("text", voice.say("Text"), kit.text_input("value", most=STATUS_TEXT_LIMIT), optional=True),
    ]
    return kit.modal(RULE, voice.say("Add a rule"), blocks, submit=voice.say("Save"), close=voice.say("Cancel"))


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
