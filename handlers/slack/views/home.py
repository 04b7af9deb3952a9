"""The Home tab. Pure; at most 100 blocks and 250 kB (docs.slack.dev/surfaces/app-home)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.calendars import account_line, calendar_line, grouped
from handlers.slack.views.replies import forget_button, grant_button
from handlers.slack.views.sentences import asked, standing, timeline_lines
from services.domain.calendars import FILE, HOOK
from services.platform.locale import Voice
from services.store.accounts import AccountView
from services.store.calendar_rows import CalendarView
from services.usecases.status_reader import Now

_MOST_LINES = 30
_MOST_ROWS = 70


def home(
    voice: Voice,
    now: Now,
    calendars: Sequence[CalendarView],
    link: str,
    *,
    accounts: Sequence[AccountView] = (),
    again: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The tab of somebody we know; `link` leads to the grant, "" where it is given.

    `again`: links that mend lost accounts, by account.
    """
    blocks: list[kit.Block] = []
    if link:
        blocks += _welcome(voice, link)
    blocks += _status(voice, now)
    blocks += _today(voice, now)
    blocks += _calendars(voice, now, calendars, accounts, again)
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


def _calendars(
    voice: Voice,
    now: Now,
    calendars: Sequence[CalendarView],
    accounts: Sequence[AccountView],
    again: Mapping[str, str],
) -> list[kit.Block]:
    rows: list[kit.Block] = []
    found = grouped(calendars, accounts)
    for account in accounts:
        rows += _account(voice, account, again.get(account.account_id, ""))
        rows += [_calendar(voice, line, now) for line in found.accounts[account.account_id]]
    named = (
        (voice.say("Feeds"), found.feeds),
        (voice.say("Hooks"), found.hooks),
        (voice.say("Calendar files"), found.files),
    )
    for name, group in named:
        if group:
            rows.append(kit.context(name))
            rows += [_calendar(voice, line, now) for line in group]
    if not rows:
        rows.append(kit.section(voice.say("No calendar is connected yet.")))
    if len(rows) > _MOST_ROWS:
        rows[_MOST_ROWS - 1 :] = [kit.context(voice.say("There are more. `/quo calendars` lists them."))]
    connect = kit.actions(kit.button(voice.say("Connect a calendar"), "open_connect"))
    return [kit.header(voice.say("Calendars")), *rows, connect]


def _account(voice: Voice, account: AccountView, link: str) -> list[kit.Block]:
    drop = kit.option(voice.say("Disconnect the account"), f"drop:{account.account_id}")
    line = account_line(voice, account)
    if not account.lost:
        choose = kit.option(voice.say("Choose calendars"), f"choose:{account.account_id}")
        return [kit.section(line, kit.overflow("account_menu", [choose, drop]))]
    mend = kit.button(
        voice.say("Connect again"), "connect_again" if link else "open_connect", url=link, style="primary"
    )
    return [kit.section(line, kit.overflow("account_menu", [drop])), kit.actions(mend)]


def _calendar(voice: Voice, line: CalendarView, now: Now) -> kit.Block:
    options = [kit.option(voice.say("Disconnect"), f"disconnect:{line.calendar_id}")]
    if line.provider == HOOK:
        options.insert(0, kit.option(voice.say("Give it a new address"), f"rotate:{line.calendar_id}"))
    elif line.provider != FILE:
        options.insert(0, kit.option(voice.say("Read it now"), f"sync:{line.calendar_id}"))
    return kit.section(calendar_line(voice, line, now.at), kit.overflow("calendar_menu", options))


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
