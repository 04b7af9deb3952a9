"""What a digest says: who is out, and until when, in plain names that notify nobody. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from services.domain.digests import Period
from services.domain.text import escape
from services.platform.locale import Localizer
from services.store.absences import Absent
from services.store.digests import Digest

LONGEST_SECTION = 2_900
"""Characters of one block, of the 3,000 that Slack takes (docs.slack.dev, "Section block")."""

LONGEST_MESSAGE = 12_000
"""Characters of all names: with some 13,000 in its blocks Slack refuses a message (`msg_blocks_too_long`)."""


def digest_message(digest: Digest, absent: Sequence[Absent], now: datetime) -> dict[str, Any]:
    """Who is out, for the channel. Nothing in it is markup: names notify nobody."""
    schedule = digest.schedule
    l10n = Localizer(digest.locale, schedule.zone.key)
    first, end = schedule.told_days(digest.due_at or now)
    if digest.period is Period.DAILY:
        title = l10n.say("Out on {day}", day=l10n.day(first, first))
    else:
        last = end - timedelta(days=1)
        title = l10n.say("Out from {first} to {last}", first=l10n.day(first, first), last=l10n.day(last, first))
    away = [absence_line(l10n, one, now) for one in absent if not one.place]
    places = [absence_line(l10n, one, now) for one in absent if one.place]
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": title}}]
    lengths = list(accumulate(len(line) + 1 for line in (*away, *places)))
    fitting = sum(length <= LONGEST_MESSAGE for length in lengths)
    blocks += _sections(away[:fitting] or [l10n.say("Nobody is out.")])
    if places and fitting > len(away):
        blocks.append({"type": "context", "elements": [_plain(l10n.say("Working elsewhere"))]})
        blocks += _sections(places[: fitting - len(away)])
    if fitting < len(lengths):
        more = l10n.say("And {count} more: type /quo who.", count=len(lengths) - fitting)
        blocks.append({"type": "context", "elements": [_plain(more)]})
    return {"text": escape(title), "blocks": blocks}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _sections(lines: Sequence[str]) -> list[dict[str, Any]]:
    """The lines in as few blocks as take them; none is cut in two."""
    found: list[str] = []
    for line in lines:
        if found and len(found[-1]) + len(line) < LONGEST_SECTION:
            found[-1] += "\n" + line
        else:
            found.append(line)
    return [{"type": "section", "text": _plain(text)} for text in found]


def absence_line(l10n: Localizer, one: Absent, now: datetime) -> str:
    """Who, from when where that is to come, and until when. A day of their own zone is said as it is."""
    if one.place:
        match one.place:
            case "home":
                said = l10n.say("{name}: from home", name=one.name)
            case "office":
                said = l10n.say("{name}: at the office", name=one.name)
            case _:
                said = l10n.say("{name}: elsewhere", name=one.name)
        return said if one.start <= now else l10n.say("{absence}, on {day}", absence=said, day=_day(l10n, one, now))
    if one.until is None:
        said = l10n.say("{name}: away", name=one.name)
    elif one.return_day is not None:
        today = now.astimezone(l10n.zone).date()
        said = l10n.say("{name}: back on {day}", name=one.name, day=l10n.day(one.return_day, today))
    else:
        said = l10n.say("{name}: until {time}", name=one.name, time=l10n.until(one.until, now))
    return said if one.start <= now else l10n.say("{absence}, from {day} on", absence=said, day=_day(l10n, one, now))


def _day(l10n: Localizer, one: Absent, now: datetime) -> str:
    """When it begins: a day, or an instant of one."""
    if one.first_day is not None:
        return l10n.day(one.first_day, now.astimezone(l10n.zone).date())
    return l10n.moment(one.start, now)
