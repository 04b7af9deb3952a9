"""The Home tab. Pure; at most 100 blocks and 250 kB (docs.slack.dev/surfaces/app-home)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views.changes import changed
from handlers.slack.views.digests import home_digests
from handlers.slack.views.keeper_section import kept_lines
from handlers.slack.views.keys import KeysView, home_keys
from handlers.slack.views.leave_section import counts_for_you
from handlers.slack.views.leaving import forget_button
from handlers.slack.views.lines import ListView
from handlers.slack.views.list_modal import BESIDE_ROWS, home_list
from handlers.slack.views.replies import grant_button, undo_button
from handlers.slack.views.sentences import account_line, asked, calendar_line, grouped, standing, timeline_lines
from handlers.slack.views.settings import chosen_words
from handlers.slack.views.who import team
from services.domain.calendars import FILE, HOOK
from services.platform.locale import Localizer
from services.store.absence_feeds import AbsenceFeed
from services.store.accounts import AccountView
from services.store.calendars import CalendarView
from services.store.digests import Digest
from services.store.undos import Undoable
from services.usecases.keeper import KeptView
from services.usecases.status_reader import Now
from services.usecases.who import Out

_MOST_LINES = 30
_MOST_BLOCKS = 100
_MOST_CALENDARS = 35
_MOST_OF_LIST = 35
_BESIDE_CALENDARS = 2
"""Blocks: of a Home tab, of its calendars and lines, and what stands around its calendars."""


def home(
    view: ListView,
    now: Now,
    calendars: Sequence[CalendarView],
    link: str,
    *,
    accounts: Sequence[AccountView] = (),
    again: Mapping[str, str] = MappingProxyType({}),
    digests: Sequence[Digest] = (),
    feeds: Sequence[AbsenceFeed] = (),
    undo: Undoable | None = None,
    away: Out | None = None,
    is_new: bool = False,
    kept: KeptView | None = None,
    leave: bool | None = None,
    agents: KeysView | None = None,
    workspace: Sequence[kit.Block] = (),
) -> dict[str, Any]:
    """Return the tab of somebody we know, with their list; `link` leads to the grant, "" where it is given.

    `again`: links that mend lost accounts, by account. `digests` and `feeds` are those that they made. `undo`: what
    was changed last and can be taken back. `away`: who of their workspace is out today. `is_new`: they came in the
    last days. `kept`: who keeps their status instead. `leave`: whether leave calendars count for them, None where
    nothing of them is theirs. `agents`: their keys for agents. `workspace`: the admins' part.
    """
    l10n = view.l10n
    blocks: list[kit.Block] = []
    if undo is not None:
        said = f":white_check_mark: {changed(l10n, undo.change, now.at)}"
        blocks.append(kit.section(said, undo_button(l10n, undo.undo_id)))
    if link:
        blocks += _welcome(l10n, link)
    if kept is not None:
        blocks.append(kit.section("\n".join(kept_lines(l10n, kept))))
    blocks += _status(l10n, now)
    blocks += [] if away is None else team(l10n, away)
    settings = kit.actions(kit.button(l10n.say("Settings"), "open_settings"), forget_button(l10n))
    words = " · ".join(chosen_words(l10n, view.facts.preferences))
    chosen = [kit.context(words)] if words else []
    rest = [
        *counts_for_you(l10n, leave), *home_digests(l10n, digests, feeds, allowed=not link),
        *([] if agents is None else home_keys(l10n, agents)),
        kit.header(l10n.say("Settings")), *chosen, settings, *workspace, *_support(l10n),
    ]  # fmt: skip
    room = _MOST_BLOCKS - len(blocks) - len(rest)  # for the list and the calendars, of which there may be many
    listed = home_list(view, min(_MOST_OF_LIST, room // 2 - BESIDE_ROWS), asks=is_new and not link and bool(calendars))
    rows = min(_MOST_CALENDARS, room - len(listed) - _BESIDE_CALENDARS)
    return {
        "type": "home",
        "blocks": [*blocks, *listed, *_calendars(l10n, now, calendars, accounts, again, most=rows), *rest],
    }


def stranger(l10n: Localizer, link: str) -> dict[str, Any]:
    """Return the tab of somebody of whom nothing is known, which still says what this is and what to do."""
    examples = l10n.say("Try `/quo :pizza: Lunch for 45m`, `/ooo friday` or `/quo help` in any channel.")
    start = _welcome(l10n, link) if link else [kit.section(_promise(l10n))]
    return {"type": "home", "blocks": [*start, kit.section(examples), *_support(l10n)]}


def _promise(l10n: Localizer) -> str:
    return l10n.say(
        "I keep your Slack status true: I read your calendars, set your status when an event starts, and clear it when "
        "it ends. A status that you typed yourself is never lost, and titles stay private."
    )


def _welcome(l10n: Localizer, link: str) -> list[kit.Block]:
    return [
        kit.header(l10n.say("Welcome to Status Quo")),
        kit.section(_promise(l10n)),
        kit.section(l10n.say("Two steps: allow me to set your status, then connect a calendar.")),
        kit.actions(grant_button(l10n, link), kit.button(l10n.say("Connect a calendar"), "open_connect")),
        kit.divider(),
    ]


def _status(l10n: Localizer, now: Now) -> list[kit.Block]:
    buttons = [
        kit.button(l10n.say("Set a status"), "open_override", style="primary"),
        kit.button(l10n.say("Out of office"), "open_out_of_office"),
    ]
    if now.span.planned and now.span.shows:
        buttons.append(kit.button(l10n.say("I'm back early"), "clear_override"))
    elif now.override is not None:
        buttons.append(kit.button(l10n.say("Clear"), "clear_override"))
    if now.facts.pause is not None and (now.facts.pause.end is None or now.facts.pause.end > now.at):
        buttons.append(kit.button(l10n.say("Resume"), "resume"))
    else:
        buttons.append(kit.button(l10n.say("Pause"), "pause"))
    lines = timeline_lines(now.day, l10n)[:_MOST_LINES] or [l10n.say("Nothing is planned to be shown.")]
    blocks = [
        kit.header(l10n.say("Your status now")),
        kit.section("\n".join(standing(now, l10n))),
        kit.actions(*buttons),
        kit.header(l10n.say("Today")),
        kit.section("\n".join(lines)),
    ]
    if now.coming:
        coming = [asked(override, now.at, l10n) for override in now.coming[:5]]
        blocks.append(kit.section("*" + l10n.say("Coming up") + "*\n" + "\n".join(coming)))
    return blocks


def _calendars(
    l10n: Localizer,
    now: Now,
    calendars: Sequence[CalendarView],
    accounts: Sequence[AccountView],
    again: Mapping[str, str],
    *,
    most: int,
) -> list[kit.Block]:
    rows: list[kit.Block] = []
    found = grouped(calendars, accounts)
    for account in accounts:
        rows += _account(l10n, account, again.get(account.account_id, ""))
        rows += [_calendar(l10n, line, now) for line in found.accounts[account.account_id]]
    named = (
        (l10n.say("Feeds"), found.feeds),
        (l10n.say("Hooks"), found.hooks),
        (l10n.say("Calendar files"), found.files),
    )
    for name, group in named:
        if group:
            rows.append(kit.context(name))
            rows += [_calendar(l10n, line, now) for line in group]
    if not rows:
        rows.append(kit.section(l10n.say("No calendar is connected yet.")))
    if len(rows) > most:
        rows[most - 1 :] = [kit.context(l10n.say("There are more. `/quo calendars` lists them."))]
    connect = kit.actions(kit.button(l10n.say("Connect a calendar"), "open_connect"))
    return [kit.header(l10n.say("Calendars")), *rows, connect]


def _account(l10n: Localizer, account: AccountView, link: str) -> list[kit.Block]:
    drop = kit.option(l10n.say("Disconnect the account"), f"drop:{account.account_id}")
    line = account_line(l10n, account)
    if not account.lost:
        choose = kit.option(l10n.say("Choose calendars"), f"choose:{account.account_id}")
        return [kit.section(line, kit.overflow("account_menu", [choose, drop]))]
    mend = kit.button(l10n.say("Connect again"), "connect_again" if link else "open_connect", url=link, style="primary")
    return [kit.section(line, kit.overflow("account_menu", [drop])), kit.actions(mend)]


def _calendar(l10n: Localizer, line: CalendarView, now: Now) -> kit.Block:
    options = [kit.option(l10n.say("Disconnect"), f"disconnect:{line.calendar_id}")]
    if line.provider == HOOK:
        options.insert(0, kit.option(l10n.say("Give it a new address"), f"rotate:{line.calendar_id}"))
    elif line.provider != FILE:
        options.insert(0, kit.option(l10n.say("Read it now"), f"sync:{line.calendar_id}"))
    return kit.section(calendar_line(l10n, line, now.at), kit.overflow("calendar_menu", options))


def _support(l10n: Localizer) -> list[kit.Block]:
    return [
        kit.divider(),
        kit.context(
            l10n.say("`/quo help` shows all I can do. `/quo why` says why your status is what it is. Free of charge.")
        ),
        kit.context(l10n.say("Something wrong? Ask whoever installed Status Quo in your workspace.")),
    ]
