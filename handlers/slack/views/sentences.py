"""Sentences that several views share: how things stand, said to the person they are about. Pure."""

from __future__ import annotations

from datetime import datetime

from handlers.slack.views.blocks import cut, escape
from services.domain import explain
from services.domain.model import Kind, Override, OverrideKind, Reason, Rule, Span, Status, Timeline
from services.platform.locale import Voice
from services.usecases.status_reader import Now

LONGEST_TITLE = 200
"""Characters of a title in a line."""

_SHORTEST = 60  # seconds; a shorter piece of a day is not worth a line


def shown(status: Status) -> str:
    """A status as mrkdwn; "" where nothing is shown."""
    parts = [status.emoji, f"*{escape(status.text)}*" if status.text else ""]
    return " ".join(part for part in parts if part)


def because(reason: Reason, voice: Voice, now: datetime, *, title: str = "", rules: tuple[Rule, ...] = ()) -> str:
    """A reason in the person's language; `title` for its owner's eyes."""
    name = next((rule.name for rule in rules if rule.id == reason.rule), "")
    until = "" if reason.until is None else voice.until(reason.until, now)
    message, facts = explain.sentence(reason, title=escape(cut(title, LONGEST_TITLE)), rule=escape(name), until=until)
    return voice.say(message, **facts)


def standing(now: Now, voice: Voice) -> list[str]:
    """What the status is now, until when and why: one line each."""
    lines = []
    if now.own is not None:
        lines.append(voice.say("You set {status} yourself. I leave it alone.", status=shown(now.own)))
    if now.span.shows:
        lines.append(_shows(now, voice))
    elif now.own is None:
        lines.append(voice.say("Nothing is shown at the moment."))
    lines.append(because(now.span.reason, voice, now.at, title=now.span.title, rules=now.facts.rules))
    if now.not_set is not None:
        lines.append(":warning: " + because(now.not_set, voice, now.at))
    if now.paused is not None:
        lines.append(paused(now.paused.end, voice, now.at))
    return lines


def _shows(now: Now, voice: Voice) -> str:
    status = shown(now.span.status)
    if now.own is not None or now.paused is not None or now.not_set is not None or not now.facts.granted:
        return voice.say("Without that I would show {status}.", status=status) if now.own else voice.say(
            "I would show {status}.", status=status
        )  # fmt: skip
    if now.until is None or now.span.status.expiration is None:
        return voice.say("Your status is {status} until you clear it.", status=status)
    return voice.say("Your status is {status} until {until}.", status=status, until=voice.until(now.until, now.at))


def paused(until: datetime | None, voice: Voice, now: datetime) -> str:
    """That the person paused me."""
    if until is None:
        return voice.say(":double_vertical_bar: Paused: I leave your status alone until you resume.")
    return voice.say(
        ":double_vertical_bar: Paused: I leave your status alone until {until}.", until=voice.until(until, now)
    )  # one sentence


def hours(span: Span, timeline: Timeline, voice: Voice) -> str:
    """From when to when, within the timeline."""
    return (
        f"{voice.time(span.start)} – {voice.time(span.end)}"
        if span.end < timeline.end
        else f"{voice.time(span.start)} –"
    )  # one expression


def timeline_lines(timeline: Timeline, voice: Voice) -> list[str]:
    """The pieces of a day that show something, one line each, with the event's title for its owner."""
    lines = []
    for span in timeline.spans:
        if not span.shows or (span.end - span.start).total_seconds() < _SHORTEST:
            continue
        title = f" · _{escape(cut(span.title, LONGEST_TITLE))}_" if span.title else ""
        lines.append(f"`{hours(span, timeline, voice)}`  {shown(span.status)}{title}")
    return lines


def when(start: datetime, end: datetime | None, now: datetime, voice: Voice) -> str:
    """From when to when something was asked for, as it was understood."""
    if start <= now:
        return (
            voice.say("until you clear it") if end is None else voice.say("until {until}", until=voice.until(end, now))
        )
    first = _starts(start, now, voice)
    if end is None:
        return voice.say("from {start} until you clear it", start=first)
    midnight = start.astimezone(voice.zone).date()
    if first == voice.day(midnight, now.astimezone(voice.zone).date()) and _is_one_day(start, end, voice):
        return voice.say("on {day}", day=first)
    return voice.say("from {start} until {until}", start=first, until=voice.until(end, now))


def _starts(start: datetime, now: datetime, voice: Voice) -> str:
    wall = start.astimezone(voice.zone)
    if wall.hour == wall.minute == 0:
        return voice.day(wall.date(), now.astimezone(voice.zone).date())
    return voice.moment(start, now)


def _is_one_day(start: datetime, end: datetime, voice: Voice) -> bool:
    wall = end.astimezone(voice.zone)
    return wall.hour == wall.minute == 0 and (wall.date() - start.astimezone(voice.zone).date()).days == 1


def asked(override: Override, now: datetime, voice: Voice) -> str:
    """An override in one line."""
    what = shown(Status(override.text, override.emoji))
    if override.kind is OverrideKind.OUT_OF_OFFICE:
        what = what or voice.say("Out of office")
    return f"{what} {when(override.start, override.end, now, voice)}"


def kind_name(kind: Kind, voice: Voice) -> str:
    """What a kind of event is called."""
    names = {
        Kind.OUT_OF_OFFICE: voice.say("Out of office"),
        Kind.MEETING: voice.say("Meeting"),
        Kind.FOCUS: voice.say("Focus time"),
        Kind.WORKING_LOCATION: voice.say("Working location"),
    }
    return names[kind]
