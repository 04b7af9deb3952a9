"""Digests of who is out: the answers to `/quo digest`, the form, and the lines on the Home tab. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from handlers.slack.views import blocks as kit
from handlers.slack.views.blocks import NoTimeError, Values
from handlers.slack.views.feed_section import feed_button, home_feeds
from handlers.slack.views.replies import Reply, reply
from services.domain.digests import WORKING_DAYS, Period, Schedule
from services.domain.errors import InputError, NotAChannelError, StatusQuoError
from services.domain.request_errors import UnknownRequestError
from services.platform.locale import Localizer
from services.store.absence_feeds import AbsenceFeed
from services.store.digests import Digest

DIGEST = "digest"
"""The form's callback."""

MAKE, END = "make_digest", "end_digest"
_MOST = 10
_WORKING, _SILENT = "working_days", "silent"
_USAGE = "Type `/quo digest weekdays 9:00` or `/quo digest mondays 9:00`, and `/quo digest off` to end it."


def made(l10n: Localizer, digest: Digest) -> Reply:
    """Say that a digest will be posted, when first, and how it is ended."""
    schedule = digest.schedule
    when = _when(l10n, schedule)
    if digest.due_at is None:
        raise ValueError("a digest that was made is due")
    first = l10n.day(schedule.day_of(digest.due_at))
    told = l10n.say("I post here who of this channel is out: {when}, {zone} time.", when=when, zone=schedule.zone.key)
    starts = l10n.say("First on {day}.", day=first)
    return reply([f"{told} {starts}", l10n.say("Anybody in this channel can end it: `/quo digest off`.")])


def ended(l10n: Localizer, count: int) -> Reply:
    """Return what became of a channel's digests."""
    if count:
        return reply([l10n.say("No digest is posted here any more.")])
    return reply([l10n.say("This channel has no digest."), l10n.say(_USAGE)])


def stand(l10n: Localizer, digests: Sequence[Digest]) -> Reply:
    """Return which digests a channel has, and how to make one."""
    lines = []
    for one in digests:
        lines.append(l10n.say("Who is out is posted here: {when}.", when=_line(l10n, one)))
        if one.problem:
            lines.append(":warning: " + l10n.say("Paused: I can no longer post there."))
    return reply([*(lines or [l10n.say("This channel has no digest.")]), l10n.say(_USAGE)])


def refused(l10n: Localizer, error: StatusQuoError, link: str) -> Reply:
    """Return why there is none; `link`, where there is one, leads an admin to the permission that is missing."""
    blocks = [kit.actions(kit.button(l10n.say("Allow"), "open_install", url=link, style="primary"))] if link else []
    return reply([l10n.say(error.sentence())], *blocks)


def usage(l10n: Localizer, *, misunderstood: bool = False) -> Reply:
    """Return how a digest is asked for."""
    return reply([l10n.say("I did not understand when.") if misunderstood else "", l10n.say(_USAGE)])


def home_digests(
    l10n: Localizer, digests: Sequence[Digest], feeds: Sequence[AbsenceFeed], *, allowed: bool
) -> list[kit.Block]:
    """Return the digests that somebody made and the feeds that they were given, each with what ends it.

    Where `allowed`, with buttons that make another.
    """
    rows = [*digest_rows(l10n, digests, _MOST), *home_feeds(l10n, feeds)]
    if allowed:
        rows.append(kit.actions(kit.button(l10n.say("Post who is out to a channel"), MAKE), feed_button(l10n)))
    return [kit.header(l10n.say("Digests and calendars of who is out")), *rows] if rows else []


def digest_rows(l10n: Localizer, digests: Sequence[Digest], most: int) -> list[kit.Block]:
    """Return the first `most` digests, each with a button that ends it, and how many more there are."""
    rows = [
        kit.section(_channel_line(l10n, one), kit.button(l10n.say("End"), END, value=f"{one.channel_id}:{one.period}"))
        for one in digests[:most]
    ]
    if len(digests) > most:
        rows.append(kit.context(l10n.say("… and {count} more.", count=len(digests) - most)))
    return rows


def _channel_line(l10n: Localizer, digest: Digest) -> str:
    line = f"<#{digest.channel_id}>  {_line(l10n, digest)}"
    if digest.problem:
        line += "\n:warning: " + l10n.say("Paused: I can no longer post there.")
    return line


def _line(l10n: Localizer, digest: Digest) -> str:
    return f"{_when(l10n, digest.schedule)}, {digest.schedule.zone.key}"


def _when(l10n: Localizer, schedule: Schedule) -> str:
    at = l10n.clock(schedule.at)
    if schedule.days == WORKING_DAYS:
        return l10n.say("working days at {time}", time=at)
    days = ", ".join(l10n.weekday(day) for day in sorted(schedule.days))
    return l10n.say("every {day} at {time}", day=days, time=at)


# ── the form ────────────────────────────────────────────────────────────────────────────────────────


def digest_form(l10n: Localizer) -> dict[str, Any]:
    """Return the form of a digest; its time of day is in the zone of whoever fills it in."""
    days = [kit.option(l10n.say("Working days, about that day"), _WORKING)]
    days += [kit.option(l10n.say("Every {day}, about seven days", day=l10n.weekday(day)), str(day)) for day in range(7)]
    silent = [kit.option(l10n.say("Post nothing when nobody is out"), _SILENT)]
    blocks = [
        kit.channel_entry(l10n.say("Channel"), hint=l10n.say("One that you and I are in.")),
        kit.entry("days", l10n.say("Days"), kit.choices("static_select", "value", days, [_WORKING])),
        kit.entry("time", l10n.say("Time"), {"type": "timepicker", "action_id": "value", "initial_time": "09:00"}),
        kit.entry(
            "silent", l10n.say("Quiet days"), kit.choices("checkboxes", "value", silent, [_SILENT]), optional=True
        ),
    ]
    return kit.modal(DIGEST, l10n.say("Who is out"), blocks, submit=l10n.say("Save"), close=l10n.say("Cancel"))


def read_digest(values: Values, zone: ZoneInfo) -> tuple[str, Schedule | None, bool, dict[str, InputError]]:
    """Return the channel, when, whether quiet days are silent, and what is wrong, by block."""
    errors: dict[str, InputError] = {}
    channel = values.conversation("channel")
    if not channel:
        errors["channel"] = NotAChannelError("no channel")
    offered = {_WORKING, *map(str, range(7))}
    days = values.offered("days", offered, errors) or [_WORKING]
    silent = _SILENT in values.offered("silent", {_SILENT}, errors)
    at = None
    try:
        at = values.time("time")
    except InputError as error:
        errors["time"] = error
    if at is None:
        errors.setdefault("time", NoTimeError("no time"))
        return channel, None, silent, errors
    on = WORKING_DAYS if days[0] == _WORKING else frozenset({int(days[0])})
    return channel, Schedule(on, at, zone), silent, errors


def named_digest(value: str) -> tuple[str, Period]:
    """Return the channel and the period in the value of a button of `digest_rows`. Raises UnknownRequestError."""
    channel, _, period = value.partition(":")
    if period not in set(Period):
        raise UnknownRequestError("no such period")
    return channel, Period(period)
