"""The leave calendars of a workspace, for its admins: connected ones, what was found, what fits nobody, tied names.

Pure. An entry's title is in the lines that fit nobody, or two people, alone: those an admin has to put right.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import Block
from handlers.slack.views.sentences import account_line, calendar_line, grouped
from handlers.slack.views.workspace import Section
from services.domain.calendars import TEAM
from services.domain.text import escape, tidy
from services.platform.locale import Localizer
from services.store.accounts import AccountView
from services.store.calendars import CalendarView
from services.store.leave import HALF, ComingLeave, ListedLine
from services.usecases.leave import LeaveOverview

TIE = "tie/"
"""What the id of a block begins with that ties a line's name; the line's id follows."""

_MOST_CALENDARS = 12
_MOST_NAMES = 10
_MOST_TIES = 8
_MOST_HALVES = 8


def leave_section(l10n: Localizer, overview: LeaveOverview, now: datetime) -> Section:
    """Return what admins see of them at `now`."""
    names = names_to_tie([line for line in overview.lines if line.result != HALF])
    broken = [one for one in overview.calendars if one.sentence] + [one for one in overview.accounts if one.lost]
    problems = []
    if broken:
        problems.append(l10n.say("Leave calendars that cannot be read: {count}", count=len(broken)))
    if names:
        problems.append(l10n.say("Names in leave calendars that fit nobody, or two members: {count}", count=len(names)))
    home = []
    if overview.calendars:
        counts = l10n.say(
            "connected: {calendars}, members with leave ahead: {people}",
            calendars=len(overview.calendars), people=overview.found.people,
        )  # fmt: skip
        home.append(f"*{l10n.say('Leave calendars')}*: {counts}")
    return Section(modal=tuple(_modal(l10n, overview, names, now)), home=tuple(home), problems=tuple(problems))


def names_to_tie(lines: Sequence[ListedLine]) -> list[ListedLine]:
    """Return the next line of each name, or title where no name was made out in it."""
    first: dict[str, ListedLine] = {}
    for line in lines:
        first.setdefault(line.name.casefold() or line.title.casefold(), line)
    return list(first.values())


def _modal(l10n: Localizer, overview: LeaveOverview, names: Sequence[ListedLine], now: datetime) -> list[Block]:
    about = l10n.say(
        "Members are found in them by e-mail or whole name, and nothing is guessed. Shown is “Out of office until …”, "
        "never the kind of leave."
    )
    blocks = [kit.header(l10n.say("Leave calendars")), kit.context(about), *_connected(l10n, overview, now)]
    blocks.append(kit.actions(kit.button(l10n.say("Add a leave calendar"), "add_leave_calendar")))
    if not overview.calendars:
        return blocks
    if overview.ready:
        found = [
            l10n.say(
                "Found: members with leave: {people}, entries: {entries}.",
                people=overview.found.people, entries=overview.found.entries,
            ),
            *(f"<@{one.user_id}> · {_days(l10n, one, now)}" for one in overview.found.coming),
        ]  # fmt: skip
    else:
        found = [l10n.say(":hourglass_flowing_sand: I am reading the members of the workspace.")]
    blocks.append(kit.section("\n".join(found)))
    if names:
        blocks.append(kit.section(f"*{l10n.say('Fits nobody, or two members')}*"))
        blocks += [_line(l10n, line, now) for line in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        blocks.append(kit.context(l10n.say("and {count} more, later ones", count=len(names) - _MOST_NAMES)))
    halves = [line for line in overview.lines if line.result == HALF]
    if halves:
        said = [f"<@{line.user_id}> · {_days(l10n, line, now)}" for line in halves[:_MOST_HALVES]]
        if len(halves) > _MOST_HALVES:
            said.append(l10n.say("and {count} more, later ones", count=len(halves) - _MOST_HALVES))
        title = l10n.say("Half a day, and not said which: it does not count")
        blocks.append(kit.section("\n".join([f"*{title}*", *said])))
    if overview.ties:
        blocks.append(kit.section(f"*{l10n.say('Names tied to members')}*"))
        for tie in overview.ties[:_MOST_TIES]:
            untie = kit.button(l10n.say("Untie"), "untie_name", value=tie.tie_id)
            blocks.append(kit.section(f"{escape(tidy(tie.name))} → <@{tie.user_id}>", untie))
    if len(overview.ties) > _MOST_TIES:
        blocks.append(kit.context(l10n.say("and {count} more", count=len(overview.ties) - _MOST_TIES)))
    return blocks


def _connected(l10n: Localizer, overview: LeaveOverview, now: datetime) -> list[Block]:
    rows, found = list[Block](), grouped(overview.calendars, overview.accounts)
    for account in overview.accounts:
        rows.append(_account(l10n, account))
        rows += [_calendar(l10n, line, now) for line in found.accounts[account.account_id]]
    rows += [_calendar(l10n, line, now) for line in found.feeds]
    if not rows:
        return [kit.section(l10n.say("No leave calendar is connected yet."))]
    if len(rows) > _MOST_CALENDARS:
        more = kit.context(l10n.say("and {count} more", count=len(rows) - _MOST_CALENDARS + 1))
        rows[_MOST_CALENDARS - 1 :] = [more]
    return rows


def _account(l10n: Localizer, account: AccountView) -> Block:
    options = [kit.option(l10n.say("Disconnect the account"), f"drop:{account.account_id}")]
    if not account.lost:
        options.insert(0, kit.option(l10n.say("Choose calendars"), f"choose:{account.account_id}"))
    return kit.section(account_line(l10n, account), kit.overflow("leave_calendar_menu", options))


def _calendar(l10n: Localizer, line: CalendarView, now: datetime) -> Block:
    options = [kit.option(l10n.say("Remove"), f"remove:{line.calendar_id}")]
    if line.provider == TEAM:
        options.insert(0, kit.option(l10n.say("Give it a new address"), f"rotate:{line.calendar_id}"))
    else:
        options.insert(0, kit.option(l10n.say("Read it now"), f"sync:{line.calendar_id}"))
    return kit.section(calendar_line(l10n, line, now), kit.overflow("leave_calendar_menu", options))


def _line(l10n: Localizer, line: ListedLine, now: datetime) -> Block:
    fits = l10n.say("fits two members") if line.result == "two" else l10n.say("fits nobody")
    title = escape(tidy(line.title))  # a feed's, so anybody's: on one line, and nothing in it turns the rest around
    said = f"{title}\n{_days(l10n, line, now)} · {fits}"
    if not line.name:
        return kit.section(said)
    name = kit.cut(tidy(line.name), 60)
    select: Block = {
        "type": "users_select", "action_id": "tie_name",
        "placeholder": kit.plain(l10n.say("{name} is …", name=name), 150),
    }  # fmt: skip
    return {**kit.section(said, select), "block_id": f"{TIE}{line.line_id}"}


def _days(l10n: Localizer, found: ListedLine | ComingLeave, now: datetime) -> str:
    today = now.astimezone(l10n.zone).date()
    start, end = found.start.astimezone(l10n.zone), found.end.astimezone(l10n.zone)
    if found.wall is not None:
        start, end = found.wall.start, found.wall.end
    first, last = start.date(), (end - timedelta.resolution).date()
    return l10n.day(first, today) if first == last else f"{l10n.day(first, today)} – {l10n.day(last, today)}"


def team_hook(l10n: Localizer, address: str) -> Block:
    """Return the modal with the address of a team hook, which is shown once."""
    line = '[{"email": "ann@example.com", "from": "2026-12-01", "to": "2026-12-04", "kind": "vacation"}]'
    lines = [
        l10n.say("Have your leave system post everybody's leave to this address, as a JSON list:"),
        f"```{address}```",
        f"```curl {address} -H 'Content-Type: application/json' -d '{escape(line)}'```",
        l10n.say(
            "Each post takes the place of the one before. `from` and `to` are days, both included; `half` is `am` or "
            "`pm`. Keep the address secret: I show it only now. If it is lost or known to others, give it a new one."
        ),
    ]
    return kit.modal("hook", l10n.say("Your team hook"), [kit.section(one) for one in lines], close=l10n.say("Close"))


def counts_for_you(l10n: Localizer, counts: bool | None) -> list[Block]:
    """On a member's Home tab: that leave calendars count for them, or that they said that it is not them."""
    if counts is None:
        return []
    if counts:
        said = l10n.say(":palm_tree: A leave calendar of your workspace counts for you.")
        return [kit.section(said, kit.button(l10n.say("This is not me"), "leave_not_me"))]
    said = l10n.say("You said that leave in your workspace's calendars is not yours, so it does not count.")
    return [kit.section(said, kit.button(l10n.say("It is mine"), "leave_is_me"))]
