"""The Home tab. Pure; at most 100 blocks and 250 kB (docs.slack.dev/surfaces/app-home)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.views import blocks as kit
from handlers.views.calendars import CalendarLine, calendar_line
from handlers.views.replies import forget_button, grant_button
from handlers.views.sentences import asked, standing, timeline_lines
from services.locale import Voice
from services.status import Now

_MOST_LINES = 30
_MOST_CALENDARS = 20


def home(voice: Voice, now: Now, calendars: Sequence[CalendarLine], link: str) -> dict[str, Any]:
    """The tab of somebody we know; `link` leads to the grant, "" where it is given."""
    blocks: list[kit.Block] = []
    if link:
        blocks += _welcome(voice, link)
    blocks += _status(voice, now)
    blocks += _today(voice, now)
    blocks += _calendars(voice, now, calendars)
    blocks += _rest(voice)
    return {"type": "home", "blocks": blocks}


def stranger(voice: Voice, link: str) -> dict[str, Any]:
    """The tab of somebody of whom nothing is known, which still says what this is and what to do."""
    examples = voice.say("Try `/quo :pizza: Lunch for 45m`, `/ooo friday` or `/quo help` in any channel.")
    start = _welcome(voice, link) if link else [kit.section(_promise(voice))]
    return {"type": "home", "blocks": [*start, kit.section(examples), *_support(voice)]}


def _promise(voice: Voice) -> str:
    return voice.say(
        "I keep your Slack status true: I read your calendars, set your status when an event starts, and clear it when "
        "it ends. A status that you typed yourself is never lost, and titles stay private."
    )


def _welcome(voice: Voice, link: str) -> list[kit.Block]:
    return [
        kit.header(voice.say("Welcome to Status Quo")),
        kit.section(_promise(voice)),
        kit.section(voice.say("Two steps: allow me to set your status, then connect a calendar.")),
        kit.actions(grant_button(voice, link), kit.button(voice.say("Connect a calendar"), "open_connect")),
        kit.divider(),
    ]


def _status(voice: Voice, now: Now) -> list[kit.Block]:
    buttons = [
        kit.button(voice.say("Set a status"), "open_override", style="primary"),
        kit.button(voice.say("Out of office"), "open_out_of_office"),
    ]
    if now.override is not None:
        buttons.append(kit.button(voice.say("Clear"), "clear_override"))
    elif now.span.uid and now.span.shows:
        buttons.append(kit.button(voice.say("I'm back early"), "clear_override"))
    if now.facts.pause is not None and (now.facts.pause.end is None or now.facts.pause.end > now.at):
        buttons.append(kit.button(voice.say("Resume"), "resume"))
    else:
        buttons.append(kit.button(voice.say("Pause"), "pause"))
    return [
        kit.header(voice.say("Your status now")),
        kit.section("\n".join(standing(now, voice))),
        kit.actions(*buttons),
    ]


def _today(voice: Voice, now: Now) -> list[kit.Block]:
    lines = timeline_lines(now.day, voice)[:_MOST_LINES] or [voice.say("Nothing is planned to be shown.")]
    blocks = [kit.header(voice.say("Today")), kit.section("\n".join(lines))]
    if now.coming:
        coming = [asked(override, now.at, voice) for override in now.coming[:5]]
        blocks.append(kit.section("*" + voice.say("Coming up") + "*\n" + "\n".join(coming)))
    return blocks


def _calendars(voice: Voice, now: Now, calendars: Sequence[CalendarLine]) -> list[kit.Block]:
    blocks = [kit.header(voice.say("Calendars"))]
    if not calendars:
        blocks.append(kit.section(voice.say("No calendar is connected yet.")))
    for line in calendars[:_MOST_CALENDARS]:
        menu = kit.overflow(
            "calendar_menu",
            [
                kit.option(voice.say("Read it now"), f"sync:{line.calendar_id}"),
                kit.option(voice.say("Disconnect"), f"disconnect:{line.calendar_id}"),
            ],
        )
        blocks.append(kit.section(calendar_line(voice, line, now.at), menu))
    blocks.append(kit.actions(kit.button(voice.say("Connect a calendar"), "open_connect")))
    return blocks


def _rest(voice: Voice) -> list[kit.Block]:
    return [
        kit.header(voice.say("Settings")),
        kit.actions(
            kit.button(voice.say("Settings"), "open_settings"),
            kit.button(voice.say("Rules"), "open_rules"),
            forget_button(voice),
        ),
        *_support(voice),
    ]


def _support(voice: Voice) -> list[kit.Block]:
    return [
        kit.divider(),
        kit.context(
            voice.say("`/quo help` shows all I can do. `/quo why` says why your status is what it is. Free of charge.")
        ),
        kit.context(voice.say("Something wrong? Ask whoever installed Status Quo in your workspace.")),
    ]
