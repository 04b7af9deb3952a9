"""What `/quo`, `/ooo` and files that somebody sent are answered: messages. Pure builders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from handlers.slack.views import blocks as kit
from handlers.slack.views import changes
from handlers.slack.views.keeper_section import kept_last, kept_lines
from handlers.slack.views.sentences import (
    LONGEST_TITLE,
    account_line,
    because,
    calendar_line,
    grouped,
    shown,
    standing,
    timeline_lines,
    unknown_emoji,
    when,
)
from services.domain.errors import InputError, NotGrantedError, StatusQuoError
from services.domain.lines import Line, Routine
from services.domain.model import Override, OverrideKind, Pause, Span, Status, Timeline
from services.domain.people import LEAVE
from services.domain.text import escape
from services.domain.undo import Change
from services.platform.locale import Localizer
from services.store.accounts import AccountView
from services.store.calendars import CalendarView
from services.usecases.keeper import KeptView
from services.usecases.status_reader import Now, Why
from services.usecases.statuses import Cleared

Reply = dict[str, Any]


_MOST_LINES = 40
_MOST_PARAGRAPHS = 5
_LONGEST_PARAGRAPH = 3000 - 100
"""Characters of a section, less room for the line that counts what is left."""

COMMANDS = (
    ("/quo :pizza: Lunch for 45m", "show a status, with an end if you like"),
    ("/quo clear", "end it; during an event: you are back early"),
    ("/quo pause 2h", "leave my status alone"),
    ("/quo resume", "keep my status again"),
    ("/quo why", "why my status is what it is"),
    ("/quo preview tuesday 10:15", "what it will be"),
    ("/quo connect", "connect a calendar"),
    ("/quo calendars", "my calendars and how they are doing"),
    ("/quo who", "who is out, and until when"),
    ("/quo digest weekdays 9:00", "post that to this channel; /quo digest off ends it"),
    ("/quo rules", "what my status says, and what happens besides"),
    ("/quo keys", "let agents keep my status: each has a key"),
    ("/quo settings", "working hours and rules of the game"),
    ("/quo opt-out", "my leave is not shown with an admin's permission; /quo opt-in allows it"),
    ("/quo forget", "delete all my data"),
    ("/ooo 24 dec - 2 jan Skiing", "be out of office; /ooo off ends it"),
)
"""An example of each command and what it does."""


def reply(lines: Sequence[str], *more: kit.Block) -> Reply:
    """Return an ephemeral answer: a paragraph, then other blocks.

    `text` is what notifications and screen readers get.
    """
    text = "\n".join(line for line in lines if line)
    return {"response_type": "ephemeral", "text": kit.cut(text, 3000), "blocks": [kit.section(text), *more]}


def paragraphs(l10n: Localizer, lines: Sequence[str]) -> list[str]:
    """`lines` as sections take them, none of them cut: what there is no room for is counted in a last line."""
    parts: list[list[str]] = [[]]
    room = _LONGEST_PARAGRAPH
    for number, line in enumerate(lines):
        if len(line) >= room and parts[-1]:
            if len(parts) == _MOST_PARAGRAPHS:
                parts[-1].append(l10n.say("… and {count} more.", count=len(lines) - number))
                break
            parts.append([])
            room = _LONGEST_PARAGRAPH
        parts[-1].append(line)
        room -= len(line) + 1
    return ["\n".join(part) for part in parts]


def listing(l10n: Localizer, lines: Sequence[str]) -> Reply:
    """Return an ephemeral answer of many lines."""
    first, *more = paragraphs(l10n, lines)
    return reply([first], *(kit.section(part) for part in more))


def help_(l10n: Localizer, now: Now | None) -> Reply:
    """Return what I can do, and what the status is now and why."""
    usage = "\n".join(f"`{example}`  {l10n.say(does)}" for example, does in COMMANDS)
    lines = standing(now, l10n) if now is not None else []
    intro = l10n.say("I keep your Slack status true: I read your calendars and set your status on time.")
    blocks = [kit.section(intro), kit.section(usage)]
    return {
        "response_type": "ephemeral",
        "text": kit.cut("\n".join([intro, *lines]), 3000),
        "blocks": [*([kit.section("\n".join(lines)), kit.divider()] if lines else []), *blocks],
    }


def posted(answer: Reply) -> Reply:
    """Return the answer as a message in the conversation, or one that stands in the place of another."""
    return {"text": answer["text"], "blocks": answer["blocks"]}


def did_you_mean(l10n: Localizer, meant: str, status: str) -> Reply:
    """Return the question after a slip of the finger, with a button for either.

    The command, or `status` as it was typed.
    """
    command = f"/quo {meant}"
    sentence = l10n.say("I do not know that. Did you mean `{command}`?", command=command)
    if not status:
        return _usage(l10n, sentence, "/quo")
    as_typed = l10n.say("My status: {text}", text=status)
    buttons = [kit.button(command, "run_meant", value=meant), kit.button(as_typed, "set_as_typed", value=status)]
    return _usage(l10n, sentence, "/quo", kit.actions(*buttons))


def is_it_so_long(l10n: Localizer, start: datetime, end: datetime, typed: str, now: datetime) -> Reply:
    """Return the question whether an absence as long as that was meant, with a button that does what was `typed`."""
    days = (end - start).days
    sentence = l10n.say(
        "Out of office {when}: that is {days} days. Is that right? Nothing was changed yet.",
        when=when(start, end, now, l10n), days=days,
    )  # fmt: skip
    return reply(
        [sentence], kit.actions(kit.button(l10n.say("Yes, {days} days", days=days), "be_out_so_long", value=typed))
    )


def usage(l10n: Localizer, error: InputError, command: str) -> Reply:
    """Return what was not understood, the usage line and an example; nothing was changed."""
    return _usage(l10n, l10n.say(error.sentence()), command)


def _usage(l10n: Localizer, sentence: str, command: str, *more: kit.Block) -> Reply:
    if command == "/ooo":
        how = l10n.say(
            "Type `/ooo [when] [note]`, for example `/ooo 24 dec - 2 jan Skiing` or `/ooo until monday 9am`."
        )
    else:
        how = l10n.say("Type `/quo [emoji] [text] [for or until when]`, for example `/quo :pizza: Lunch for 45m`.")
    if command == "/quo who":
        how = l10n.say("Type `/quo who`, `/quo who @somebody`, or when: `/quo who next week`.") + "\n" + how
    return reply([sentence, how, l10n.say("Nothing was changed. `/quo help` shows all I can do.")], *more)


def grant(l10n: Localizer, link: str, *, kept: bool) -> Reply:
    """Return the link that grants; `kept`: what was asked for is done right after."""
    lines = [may_not(l10n)]
    if kept:
        lines.append(l10n.say("What you just asked for is done right after that."))
    return reply(lines, kit.actions(grant_button(l10n, link)))


def may_not(l10n: Localizer) -> str:
    """Say that the person has not allowed us anything."""
    return l10n.say(NotGrantedError.sentence())


def grant_button(l10n: Localizer, link: str) -> kit.Block:
    """Return the button that leads to the grant."""
    return kit.button(l10n.say("Allow"), "open_grant", url=link, style="primary")


def override(l10n: Localizer, made: Override, now: datetime, pause: Pause | None = None) -> Reply:
    """Return what was understood, and how to undo it."""
    is_away = made.kind is OverrideKind.OUT_OF_OFFICE
    note = [shown(Status(made.text, made.emoji))] if is_away else []
    lines = [changes.understood(made, now, l10n), *note, *changes.set_later(pause, now, l10n)]
    return reply(lines, kit.actions(undo_button(l10n, made.id, "undo_override")))


def undo_button(l10n: Localizer, undo_id: str, action_id: str = "undo") -> kit.Block:
    """Return the button that takes back what was changed, for ten minutes."""
    return kit.button(l10n.say("Undo"), action_id, value=undo_id)


def undone(l10n: Localizer, change: Change, now: datetime) -> Reply:
    """Say that a change was taken back, and what is there again."""
    return reply(changes.undone(change, now, l10n))


def cleared(l10n: Localizer, done: Cleared, now: datetime) -> Reply:
    """Return what `clear` did."""
    return with_undo(l10n, changes.cleared(done, now, l10n), done.undo_id)


def off(l10n: Localizer, done: Cleared, now: datetime) -> Reply:
    """Say that somebody is back."""
    said = "\n".join([changes.back(done, now, l10n), *changes.still_out(done, l10n)])
    return with_undo(l10n, said, done.undo_id)


def with_undo(l10n: Localizer, said: str, undo_id: str, *more: kit.Block) -> Reply:
    """Return what was changed, with what takes it back where something does."""
    buttons = [*more, *([undo_button(l10n, undo_id)] if undo_id else [])]
    return reply([said], *([kit.actions(*buttons)] if buttons else []))


def saved(l10n: Localizer, undo_id: str) -> Reply:
    """Say that what a form held is saved."""
    return with_undo(l10n, l10n.say("Saved."), undo_id)


def pausing(l10n: Localizer, pause: Pause, now: datetime, undo_id: str = "") -> Reply:
    """Until when I leave the status alone."""
    said = changes.pausing(pause, now, l10n)
    return with_undo(l10n, said, undo_id, kit.button(l10n.say("Resume"), "resume"))


def resumed(l10n: Localizer, undo_id: str = "") -> Reply:
    """Say that the status is kept again."""
    return with_undo(l10n, l10n.say("I keep your status again."), undo_id)


def why(
    l10n: Localizer, found: Why, kept: KeptView | None = None, link: str = "", agents: Sequence[kit.Block] = ()
) -> Reply:
    """Return the status, the rule and event behind it, and each of today's events with its reason.

    `kept`: who keeps it instead, where the person has allowed us nothing themselves; `link` leads to the permission
    that something lacks; `agents`: which agent asked for what stands.
    """
    now = found.now
    listed = now.facts.lines
    lines = ["*" + l10n.say("Today's events") + "*"]
    for verdict in found.verdicts:
        event = verdict.event
        mark = ":white_check_mark:" if verdict.counted else ":heavy_minus_sign:"
        time = l10n.say("all day") if event.all_day else f"{l10n.time(event.start)} – {l10n.time(event.end)}"
        title = escape(kit.cut(event.title, LONGEST_TITLE)) or l10n.say("(no title)")
        if event.calendar_id == LEAVE:
            title = l10n.say("Your workspace's leave calendar")
        lines.append(f"{mark} `{time}` {title}: {because(verdict.reason, l10n, now.at, lines=listed)}")
    parts = paragraphs(l10n, lines) if found.verdicts else []
    if routines := _routines(l10n, now):
        parts += paragraphs(l10n, ["*" + l10n.say("Today's routines") + "*", *routines])
    more = [*agents, *(kit.section(part) for part in parts)]
    if link:
        more.insert(0, kit.actions(grant_button(l10n, link)))
    if found.last is not None:
        last = because(found.last.reason, l10n, now.at, lines=listed)
        if found.last.unknown_emoji and not now.unknown_emoji:
            last += " " + unknown_emoji(found.last.unknown_emoji, found.last.status.emoji, l10n)
        more.append(kit.context(l10n.say("Last, at {time}: {what}", time=l10n.stamp(found.last.at, now.at), what=last)))
    lines = standing(now, l10n)
    if not now.facts.granted and (kept is None or kept.refused):
        told = now.span.shows or now.own is not None  # else that nothing is shown is no wonder
        lines = [may_not(l10n), *(lines if told else lines[1:])]
    if kept is None:
        return reply(lines, *more)
    return reply([*kept_lines(l10n, kept), *lines], *kept_last(l10n, kept), *more)


def _routines(l10n: Localizer, now: Now) -> list[str]:
    """Today's routines, and what becomes of each."""
    today = now.at.astimezone(now.facts.zone).date()
    shown_today = {span.rule for span in now.day.spans}
    lines = []
    for one in now.facts.lines:
        if not isinstance(one, Routine) or today.weekday() not in one.days:
            continue
        if not (one.first or today) <= today <= (one.last or today):
            continue
        if not one.enabled:
            mark, sentence = ":heavy_minus_sign:", l10n.say("switched off in your list")
        elif one.id in shown_today:
            mark, sentence = ":white_check_mark:", l10n.say("shown")
        else:
            sentence = l10n.say("not shown: something that stands above it in your list is on, or you are away today")
            mark = ":heavy_minus_sign:"
        what = shown(Status(one.look.text or "", one.look.emoji or ""))
        lines.append(f"{mark} `{l10n.clock(one.start)} – {l10n.clock(one.end)}` {what}: {sentence}")
    return lines


def preview(l10n: Localizer, timeline: Timeline, day: date, today: date) -> Reply:
    """Return the timeline of a day."""
    lines = timeline_lines(timeline, l10n) or [l10n.say("Nothing is planned to be shown.")]
    return listing(l10n, [f"*{l10n.day(day, today)}*", *lines])


def preview_at(l10n: Localizer, span: Span, instant: datetime, now: datetime, lines: tuple[Line, ...]) -> Reply:
    """Return the status at an instant, and why."""
    what = shown(span.status) or l10n.say("nothing")
    first = l10n.say("{moment}: {status}", moment=l10n.stamp(instant, now), status=what)
    return reply([first, because(span.reason, l10n, now, title=span.title, lines=lines)])


def calendars(l10n: Localizer, lines: Sequence[CalendarView], accounts: Sequence[AccountView], now: datetime) -> Reply:
    """Return the connected calendars with their health, those of an account beneath it."""
    connect = kit.actions(kit.button(l10n.say("Connect a calendar"), "open_connect"))
    if not lines and not accounts:
        return reply([l10n.say("No calendar is connected yet.")], connect)
    found = grouped(lines, accounts)
    groups = [([account_line(l10n, one)], found.accounts[one.account_id]) for one in accounts]
    groups += [([], group) for group in (found.feeds, found.hooks, found.files) if group]
    parts = ["\n".join([*head, *(calendar_line(l10n, line, now) for line in group)]) for head, group in groups]
    blocks = [kit.section(part) for part in parts[:_MOST_LINES]]
    return {"response_type": "ephemeral", "text": kit.cut("\n".join(parts), 3000), "blocks": [*blocks, connect]}


def sentence(l10n: Localizer, error: StatusQuoError) -> Reply:
    """Return an error as an answer."""
    return reply([l10n.say(error.sentence())])
