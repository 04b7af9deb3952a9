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
from services.usecases.absence_lines import absence_line

LONGEST_SECTION = 2_900
"""Characters of one block, of the 3,000 that Slack takes (docs.slack.dev, "Section block")."""

LONGEST_MESSAGE = 12_000
"""Characters of all names: with some 13,000 in its blocks Slack refuses a message (`msg_blocks_too_long`)."""


def digest_message(digest: Digest, absent: Sequence[Absent], now: datetime) -> dict[str, Any]:
    """Return who is out, for the channel. Nothing in it is markup: names notify nobody."""
    schedule = digest.schedule
    l10n = Localizer(digest.locale, schedule.zone.key)
    first, end = schedule.told_days(digest.due_at or now)
    if digest.period is Period.DAILY:
        title = l10n.say("Out on {day}", day=l10n.day(first, first))
    else:
        last = end - timedelta(days=1)
        title = l10n.say("Out from {first} to {last}", first=l10n.day(first, first), last=l10n.day(last, first))
    away = [f"• {absence_line(l10n, one, now)}" for one in absent if not one.place]
    places = [f"• {absence_line(l10n, one, now)}" for one in absent if one.place]
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
    """Return the lines in as few blocks as take them; none is cut in two."""
    found: list[str] = []
    for line in lines:
        if found and len(found[-1]) + len(line) < LONGEST_SECTION:
            found[-1] += "\n" + line
        else:
            found.append(line)
    return [{"type": "section", "text": _plain(text)} for text in found]
