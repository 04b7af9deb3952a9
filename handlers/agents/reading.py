"""What agents read: how the status stands, and why."""

from __future__ import annotations

import msgspec

from handlers.agents.asker import Asker
from handlers.slack.context import Services
from handlers.slack.views import sentences


class Answer(msgspec.Struct, kw_only=True):
    """What every answer has: that it was done, and one sentence about it."""

    ok: bool = True
    sentence: str


class GetStatus(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing has to be said."""


class ShownStatus(msgspec.Struct):
    """A status; `until` is ISO 8601 in the person's zone, null where it has no end."""

    text: str
    emoji: str
    until: str | None


class StatusNow(Answer):
    """How the status stands."""

    status: ShownStatus
    why: str


async def get_status(services: Services, asker: Asker, _asked: GetStatus) -> StatusNow:
    """How things stand, as `/quo` tells it."""
    now = await services.reader.now(asker.key)
    said = sentences.standing(now, asker.who.l10n)
    status = now.own or now.span.status
    until = None if now.until is None else now.until.astimezone(asker.who.view.zone).isoformat()
    return StatusNow(sentence=said[0], status=ShownStatus(status.text, status.emoji, until), why=said[-1])
