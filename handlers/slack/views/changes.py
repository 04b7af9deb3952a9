"""What a person had changed, in sentences: as it was understood, what ended, and what was taken back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from handlers.slack.views.sentences import Show, asked, paused, shown, when
from services.domain.errors import OutByCalendarError
from services.domain.model import Override, OverrideKind, Pause, Status
from services.domain.undo import Change
from services.platform.locale import Localizer
from services.usecases.statuses import Cleared

SayCleared = Callable[[Cleared, datetime, Localizer, Show], str]
"""Tells what was ended."""


def understood(made: Override, now: datetime, l10n: Localizer, show: Show = shown) -> str:
    """Return what was asked for, as it was understood."""
    time = when(made.start, made.end, now, l10n)
    if made.kind is OverrideKind.OUT_OF_OFFICE:
        return l10n.say("You are out of office {when}.", when=time)
    return l10n.say("Your status: {status} {when}.", status=show(Status(made.text, made.emoji)), when=time)


def set_later(pause: Pause | None, now: datetime, l10n: Localizer) -> list[str]:
    """Say that what was asked for is set only once the person resumes, where they paused me."""
    if pause is None or not pause.holds(now):
        return []
    return [l10n.say("You paused me, so I set it only when you resume: `/quo resume`.")]


def pausing(pause: Pause, now: datetime, l10n: Localizer) -> str:
    """Until when I leave the status alone."""
    if pause.start > now:
        return l10n.say("I leave your status alone {when}.", when=when(pause.start, pause.end, now, l10n))
    return paused(pause.end, l10n, now)


def cleared(done: Cleared, now: datetime, l10n: Localizer, show: Show = shown) -> str:
    """Return what `clear` did."""
    if done.again is not None:
        return "\n".join([l10n.say("Welcome back."), understood(done.again, now, l10n, show)])
    if done.back_until is not None:
        return l10n.say("Welcome back. I show nothing until {until}.", until=l10n.until(done.back_until, now))
    if done.ended:
        return l10n.say("Ended: {what}", what=_listed(done.ended, now, l10n, show))
    return l10n.say("I take your status off.")


def back(done: Cleared, now: datetime, l10n: Localizer, show: Show = shown) -> str:
    """Say that somebody is back, or will not be away; of who is out by a calendar, that what they asked for is over."""
    if done.still_out:
        return l10n.say("Ended: {what}", what=_listed(done.ended, now, l10n, show))
    if all(override.start > now for override in done.ended):
        return l10n.say("Taken back: {what}", what=_listed(done.ended, now, l10n, show))
    return l10n.say("Welcome back. You are not out of office any more.")


def still_out(done: Cleared, l10n: Localizer) -> list[str]:
    """Say that a calendar has the person out all the same, and what ends that."""
    return [l10n.say(OutByCalendarError.sentence())] if done.still_out else []


def _listed(overrides: Sequence[Override], now: datetime, l10n: Localizer, show: Show) -> str:
    names = [
        show(Status(made.text, made.emoji)) or l10n.say("Out of office")
        if made.start <= now
        else asked(made, now, l10n, show)
        for made in overrides
    ]
    return ", ".join(names)


def undone(change: Change, now: datetime, l10n: Localizer, show: Show = shown) -> list[str]:
    """Say that a change was taken back, and what is there again."""
    lines = []
    for before, after in change.overrides:
        if before is not None:
            lines.append(l10n.say("Back again: {what}", what=asked(before, now, l10n, show)))
        elif after is not None and after.kind is OverrideKind.BACK:
            lines.append(l10n.say("I show again what your calendar says."))
        elif after is not None:
            lines.append(l10n.say("Taken back: {what}", what=asked(after, now, l10n, show)))
    if change.pause is not None:
        pause = change.pause[0]
        holds = pause is not None and pause.holds(now)
        lines.append(paused(pause.end, l10n, now) if pause and holds else l10n.say("I keep your status again."))
    if change.preferences is not None:
        lines.append(l10n.say("Your settings are as they were before."))
    if change.lines is not None:
        lines.append(l10n.say("Your list is as it was before."))
    if change.account is not None:
        lines.append(l10n.say("I read the same calendars as before."))
    if change.calendar_id:
        lines.append(l10n.say("The calendar is disconnected again."))
    if change.account_id:
        lines.append(l10n.say("The account is disconnected again."))
    return lines


def changed(l10n: Localizer, change: Change, now: datetime) -> str:
    """Return what was changed, in a sentence."""
    said = ""
    if change.lines is not None:
        said = l10n.say("Your list is saved.")
    elif change.preferences is not None:
        said = l10n.say("Your settings are saved.")
    elif change.account is not None or change.calendar_id or change.account_id:
        said = l10n.say("Your calendars are saved.")
    elif change.pause is not None:
        pause = change.pause[1]
        said = l10n.say("I keep your status again.") if pause is None else paused(pause.end, l10n, now)
    for before, after in change.overrides[:1]:
        if before is not None:
            what = shown(Status(before.text, before.emoji)) or l10n.say("Out of office")
            said = l10n.say("Ended: {what}", what=what)
        elif after is None or after.kind is OverrideKind.BACK:
            said = l10n.say("Welcome back.")
        else:
            said = l10n.say("You asked for this: {what}", what=asked(after, now, l10n))
    return said or l10n.say("Saved.")
