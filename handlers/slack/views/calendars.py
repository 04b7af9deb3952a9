"""Calendars as their owner sees them: where they come from, name, health, last look. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.slack.views.blocks import cut, escape
from services.domain.calendars import FILE, HOOK, named
from services.platform.locale import Localizer
from services.store.accounts import AccountView
from services.store.calendar_rows import CalendarView

_LONGEST_NAME = 80
_MARKS = {"ok": ":large_green_circle:", "new": ":hourglass_flowing_sand:", "failing": ":large_yellow_circle:"}


@dataclass(frozen=True, slots=True)
class CalendarGroups:
    """A person's calendars by where they come from, each group in its own order."""

    accounts: dict[str, list[CalendarView]]
    feeds: list[CalendarView]
    hooks: list[CalendarView]
    files: list[CalendarView]


def grouped(lines: Sequence[CalendarView], accounts: Sequence[AccountView]) -> CalendarGroups:
    """The groups. Every account has one, whether or not a calendar of it is connected."""
    found = CalendarGroups({account.account_id: [] for account in accounts}, [], [], [])
    others = {HOOK: found.hooks, FILE: found.files}
    for line in lines:
        found.accounts.get(line.account_id, others.get(line.provider, found.feeds)).append(line)
    return found


def account_name(account: AccountView) -> str:
    """What an account is called, for mrkdwn: its own name and its provider's."""
    name = escape(cut(account.name.strip(), _LONGEST_NAME))
    return f"*{name}* · {named(account.provider)}" if name else f"*{named(account.provider)}*"


def account_line(l10n: Localizer, account: AccountView) -> str:
    """One account, and what is wrong with it."""
    if account.lost:
        return f":red_circle: {account_name(account)} · {l10n.say(account.trouble)}"
    return f":bust_in_silhouette: {account_name(account)}"


def calendar_name(l10n: Localizer, line: CalendarView) -> str:
    """What a calendar is called: its own name, else its host, else just that."""
    return cut(line.name.strip() or line.host, _LONGEST_NAME) or l10n.say("Calendar")


def calendar_line(l10n: Localizer, line: CalendarView, now: datetime) -> str:
    """One calendar: name, what is wrong with it, when it was last read, and how changes become known."""
    parts = [f"{_MARKS.get(line.health, ':red_circle:')} *{escape(calendar_name(l10n, line))}*"]
    if line.sentence:
        parts.append(l10n.say(line.sentence))
    if line.synced_at is not None:
        parts.append(l10n.say("Last read: {moment}", moment=l10n.stamp(line.synced_at, now)))
    elif line.provider == HOOK:
        parts.append(l10n.say("Nothing has arrived yet."))
    elif not line.sentence:
        parts.append(l10n.say("Being read for the first time."))
    if line.problems:
        parts.append(l10n.say("Entries that I could not read: {count}", count=line.problems))
    if line.provider not in {HOOK, FILE} and not line.sentence:
        parts.append(l10n.say("told of changes at once") if line.watched else l10n.say("looked at regularly"))
    return " · ".join(parts)
