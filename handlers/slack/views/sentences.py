"""What several views say alike: how a person's status and calendars stand, told to that person. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.slack.views.blocks import cut
from services.domain import reasons
from services.domain.calendars import FILE, HOOK, TEAM, named
from services.domain.lines import Line, name_in
from services.domain.model import Effect, Kind, Override, OverrideKind, Status, Timeline
from services.domain.reasons import NOT_SET, Reason, ReasonCode
from services.domain.text import escape
from services.platform.locale import Localizer
from services.store.accounts import AccountView
from services.store.calendars import CalendarView
from services.usecases.status_reader import Now

LONGEST_TITLE = 200
"""Characters of a title in a line."""

_LONGEST_NAME = 80
_NOT_DONE = NOT_SET | {ReasonCode.NOT_PERMITTED}
_MARKS = {"ok": ":large_green_circle:", "new": ":hourglass_flowing_sand:", "failing": ":large_yellow_circle:"}
SHORTEST = 60
"""Seconds; a shorter piece of a day is not worth a line."""

Show = Callable[[Status], str]
"""How a status is written within a sentence: as mrkdwn (`shown`), or plainly, for who does not read that."""


def shown(status: Status) -> str:
    """Return a status as mrkdwn; "" where nothing is shown."""
    parts = [status.emoji, f"*{escape(status.text)}*" if status.text else ""]
    return " ".join(part for part in parts if part)


def plainly(status: Status) -> str:
    """Return a status as plain text; "" where nothing is shown."""
    return " ".join(part for part in (status.emoji, status.text) if part)


def because(reason: Reason, l10n: Localizer, now: datetime, *, title: str = "", lines: tuple[Line, ...] = ()) -> str:
    """Return a reason in the person's language; `title` for its owner's eyes."""
    name = name_in(lines, reason.rule)
    until = "" if reason.until is None else l10n.until(reason.until, now)
    message, facts = reasons.sentence(reason, title=escape(cut(title, LONGEST_TITLE)), rule=escape(name), until=until)
    return l10n.say(message, **facts)


def status_now(now: Now, l10n: Localizer, show: Show = shown) -> list[str]:
    """Return what the status is now and until when, in a sentence or two."""
    lines = []
    status = show(now.span.status)
    if now.own is not None:
        lines.append(l10n.say("You set {status} yourself. I leave it alone.", status=show(now.own)))
        if now.span.shows and not now.left_empty:
            lines.append(l10n.say("Without that I would show {status}.", status=status))
    elif not now.span.shows:
        lines.append(l10n.say("Nothing is shown at the moment."))
    elif now.left_empty:
        lines.append(because(Reason(ReasonCode.CLEARED_BY_HAND), l10n, now.at))
        lines.append(l10n.say("Without that I would show {status}.", status=status))
    elif now.paused is not None or now.not_set is not None or not now.facts.granted:
        lines.append(l10n.say("I would show {status}.", status=status))
    elif now.until is None or now.span.status.expiration is None:
        lines.append(l10n.say("Your status is {status} until you clear it.", status=status))
    else:
        until = l10n.until(now.until, now.at)
        if l10n.tells(now.span.status.text, now.until, now.at):
            lines.append(l10n.say("Your status is {status}.", status=status))
        else:
            lines.append(l10n.say("Your status is {status} until {until}.", status=status, until=until))
    return lines


def standing(now: Now, l10n: Localizer) -> list[str]:
    """Return what the status is now, until when and why: one line each."""
    lines = status_now(now, l10n)
    if now.own is None or not now.left_empty:
        lines.append(because(now.span.reason, l10n, now.at, title=now.span.title, lines=now.facts.lines))
    if now.unknown_emoji and now.own is None:
        lines.append(unknown_emoji(now.unknown_emoji, now.span.status.emoji, l10n))
    if now.not_set is not None:
        lines.append(":warning: " + because(now.not_set, l10n, now.at))
    lines += [_beside(effect, reason, now, l10n) for effect, reason in now.effects if effect not in now.still_on]
    lines += [":warning: " + still_on(effect, l10n) for effect in Effect if effect in now.still_on]
    if now.paused is not None:
        lines.append(paused(now.paused.end, l10n, now.at))
    return lines


def _beside(effect: Effect, reason: Reason, now: Now, l10n: Localizer) -> str:
    said = because(reason, l10n, now.at, lines=now.facts.lines)
    if reason.code not in _NOT_DONE:
        return said  # it says what it is about
    return f":warning: {effect_names(l10n)[effect]}: {said}"


def effect_names(l10n: Localizer) -> dict[Effect, str]:
    """Return what an effect does, as a choice of a form."""
    return {
        Effect.DND: l10n.say("Mute notifications"),
        Effect.AWAY: l10n.say("Set me away"),
        Effect.PHOTO: l10n.say("Change my photo"),
        Effect.REPLY: l10n.say("Answer whoever mentions me"),
    }


def still_on(effect: Effect, l10n: Localizer) -> str:
    """Say that something of ours is over, and cannot be taken back."""
    if effect is Effect.DND:
        return l10n.say("Your notifications are still muted by me. To end that I need your permission again.")
    if effect is Effect.AWAY:
        return l10n.say("I have set you away, and you still are. To take it back I need your permission again.")
    return l10n.say("Your photo is still the one that I put on. To put yours back I need your permission again.")


def unknown_emoji(emoji: str, shown_instead: str, l10n: Localizer) -> str:
    """Say that Slack does not know an emoji."""
    seen = escape(shown_instead)
    return l10n.say("Slack does not know {emoji} any more, so {shown} is shown.", emoji=escape(emoji), shown=seen)


def paused(until: datetime | None, l10n: Localizer, now: datetime) -> str:
    """Say that the person paused me."""
    if until is None:
        return l10n.say(":double_vertical_bar: Paused: I leave your status alone until you resume.")
    end = l10n.until(until, now)
    return l10n.say(":double_vertical_bar: Paused: I leave your status alone until {until}.", until=end)


def timeline_lines(timeline: Timeline, l10n: Localizer) -> list[str]:
    """Return the pieces of a day that show something, one line each, with the event's title for its owner."""
    lines = []
    for span in timeline.spans:
        if not span.shows or (span.end - span.start).total_seconds() < SHORTEST:
            continue
        end = f" {l10n.time(span.end)}" if span.end < timeline.end else ""
        title = f" · _{escape(cut(span.title, LONGEST_TITLE))}_" if span.title else ""
        lines.append(f"`{l10n.time(span.start)} –{end}`  {shown(span.status)}{title}")
    return lines


def when(start: datetime, end: datetime | None, now: datetime, l10n: Localizer) -> str:
    """From when to when something was asked for, as it was understood."""
    if start <= now:
        return l10n.say("until you clear it") if end is None else l10n.say("until {until}", until=l10n.until(end, now))
    begins = start.astimezone(l10n.zone)
    is_midnight = begins.hour == begins.minute == 0
    first = l10n.day(begins.date(), now.astimezone(l10n.zone).date()) if is_midnight else l10n.moment(start, now)
    if end is None:
        return l10n.say("from {start} until you clear it", start=first)
    ends = end.astimezone(l10n.zone)
    if is_midnight and ends.hour == ends.minute == 0 and (ends.date() - begins.date()).days == 1:
        return l10n.say("on {day}", day=first)
    return l10n.say("from {start} until {until}", start=first, until=l10n.until(end, now))


def asked(override: Override, now: datetime, l10n: Localizer, show: Show = shown) -> str:
    """Return an override in one line."""
    what = show(Status(override.text, override.emoji))
    if override.kind is OverrideKind.OUT_OF_OFFICE:
        what = what or l10n.say("Out of office")
    return f"{what} {when(override.start, override.end, now, l10n)}"


def kind_name(kind: Kind, l10n: Localizer) -> str:
    """Return what a kind of event is called."""
    names = {
        Kind.OUT_OF_OFFICE: l10n.say("Out of office"),
        Kind.MEETING: l10n.say("Meeting"),
        Kind.FOCUS: l10n.say("Focus time"),
        Kind.WORKING_LOCATION: l10n.say("Working location"),
    }
    return names[kind]


@dataclass(frozen=True, slots=True)
class CalendarGroups:
    """A person's calendars by where they come from, each group in its own order."""

    accounts: dict[str, list[CalendarView]]
    feeds: list[CalendarView]
    hooks: list[CalendarView]
    files: list[CalendarView]


def grouped(lines: Sequence[CalendarView], accounts: Sequence[AccountView]) -> CalendarGroups:
    """Return the groups. Every account has one, whether or not a calendar of it is connected."""
    found = CalendarGroups({account.account_id: [] for account in accounts}, [], [], [])
    others = {HOOK: found.hooks, FILE: found.files}
    for line in lines:
        found.accounts.get(line.account_id, others.get(line.provider, found.feeds)).append(line)
    return found


def account_name(account: AccountView) -> str:
    """Return what an account is called, for mrkdwn: its own name and its provider's."""
    name = escape(cut(account.name.strip(), _LONGEST_NAME))
    return f"*{name}* · {named(account.provider)}" if name else f"*{named(account.provider)}*"


def account_line(l10n: Localizer, account: AccountView) -> str:
    """Return one account, and what is wrong with it."""
    if account.lost:
        return f":red_circle: {account_name(account)} · {l10n.say(account.trouble)}"
    return f":bust_in_silhouette: {account_name(account)}"


def calendar_name(l10n: Localizer, line: CalendarView) -> str:
    """Return what a calendar is called: its own name, else its host, else just that."""
    return cut(line.name.strip() or line.host, _LONGEST_NAME) or l10n.say("Calendar")


def calendar_line(l10n: Localizer, line: CalendarView, now: datetime) -> str:
    """Return one calendar: name, what is wrong with it, when it was last read, and how changes become known."""
    parts = [f"{_MARKS.get(line.health, ':red_circle:')} *{escape(calendar_name(l10n, line))}*"]
    if line.sentence:
        parts.append(l10n.say(line.sentence))
    if line.synced_at is not None:
        parts.append(l10n.say("Last read: {moment}", moment=l10n.stamp(line.synced_at, now)))
    elif line.provider in {HOOK, TEAM}:
        parts.append(l10n.say("Nothing has arrived yet."))
    elif not line.sentence:
        parts.append(l10n.say("Being read for the first time."))
    if line.problems:
        parts.append(l10n.say("Entries that I could not read: {count}", count=line.problems))
    if line.provider not in {HOOK, FILE, TEAM} and not line.sentence:
        parts.append(l10n.say("told of changes at once") if line.watched else l10n.say("looked at regularly"))
    return " · ".join(parts)
