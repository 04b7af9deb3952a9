"""A person's status, asked of by an agent: how it stands, set it, clear it, pause and resume, take things back."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.agents import arguments
from handlers.agents.answers import (
    Answer,
    Changed,
    Instant,
    ShownStatus,
    Understood,
    instant,
    instant_or_none,
    of_span,
    of_status,
    plain,
    stands,
    told,
    unmarked,
    why,
)
from handlers.agents.arguments import Emoji, Minutes, Text, UndoId, Until
from handlers.agents.asker import Asker
from handlers.slack.context import Services
from handlers.slack.views import changes
from handlers.slack.views.sentences import paused, plainly
from services.domain.errors import NoSuchEmojiError, NothingToDoError
from services.domain.model import Override, Status
from services.domain.reasons import Reason, ReasonCode
from services.usecases.status_reader import Now
from services.usecases.statuses import Cleared


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing has to be said."""


class SetStatus(msgspec.Struct, forbid_unknown_fields=True):
    """A status. Without `until` and `minutes`, a time at the end of the text is read, else it is on until cleared."""

    text: Annotated[Text, Meta(description="What it says, at most 100 characters; everybody sees it")]
    emoji: Emoji = ""
    until: Until = ""
    minutes: Minutes | UnsetType = UNSET


class SetPause(msgspec.Struct, forbid_unknown_fields=True):
    """How long my status is to be left alone; until it is resumed if nothing is said."""

    until: Until = ""


class Undo(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be taken back."""

    id: UndoId = ""


class StatusNow(Answer):
    """How the status stands; `why` says where it comes from, and `next_edge` is when it will be another one."""

    status: ShownStatus
    why: str
    next_edge: Instant | None
    paused: bool
    paused_until: Annotated[str, Meta(description="Null also where I paused it until I resume")] | None
    covered: Annotated[ShownStatus, Meta(description="What would show without `status`")] | None


async def get_status(services: Services, asker: Asker, _asked: Nothing) -> StatusNow:
    """Return how things stand, as `/quo` tells it."""
    now, l10n = await services.reader.now(asker.key), asker.who.l10n
    lines, pause = told(asker, now), now.paused
    if pause is not None:
        lines.append(unmarked(paused(pause.end, l10n, now.at)))
    return StatusNow(
        sentence=" ".join(lines),
        status=stands(asker, now),
        why=lines[0] if now.own is not None else why(l10n, _reason(now), now),
        next_edge=instant_or_none(asker, now.until),
        paused=pause is not None,
        paused_until=None if pause is None else instant_or_none(asker, pause.end),
        covered=_covered(asker, now),
    )


async def set_status(services: Services, asker: Asker, asked: SetStatus) -> Changed:
    """Show a status at once. An emoji that the workspace does not have changes nothing."""
    said = arguments.status(asked.text, asked.emoji, asked.until, asked.minutes, asker.who.speaker)
    if said.emoji in await services.emoji.gone(asker.key.team_id, [said.emoji]):
        raise NoSuchEmojiError("emoji", field="emoji")
    made = await services.statuses.override(
        asker.key, text=said.text, emoji=said.emoji, start=said.start, end=said.end, request=asker.request
    )
    return await of_override(services, asker, made)


async def of_override(services: Services, asker: Asker, made: Override) -> Changed:
    """Return what was understood of a status or an absence; it is written over whatever shows now."""
    now, l10n = await services.reader.now(asker.key), asker.who.l10n
    lines = [
        changes.understood(made, now.at, l10n, plainly),
        *map(plain, changes.set_later(now.facts.pause, now.at, l10n)),
    ]
    understood = Understood(made.text, made.emoji, instant(asker, made.start), instant_or_none(asker, made.end))
    return changed(asker, replace(now, own=None, left_empty=False), lines, understood=understood, undo_id=made.id)


async def clear_status(services: Services, asker: Asker, _asked: Nothing) -> Changed:
    """End what shows; that nothing does is no mistake."""
    try:
        done = await services.statuses.clear(asker.key, request=asker.request)
    except NothingToDoError as error:
        return await nothing_to_do(services, asker, error)
    return await of_cleared(services, asker, done, changes.cleared)


async def of_cleared(services: Services, asker: Asker, done: Cleared, say: changes.SayCleared) -> Changed:
    """Return what was ended, as `say` tells it."""
    now, l10n = await services.reader.now(asker.key), asker.who.l10n
    lines = [say(done, now.at, l10n, plainly), *map(plain, changes.still_out(done, l10n))]
    return changed(asker, now, lines, undo_id=done.undo_id)


async def pause(services: Services, asker: Asker, asked: SetPause) -> Changed:
    """Leave the status alone from now on."""
    end = arguments.until_or_none(asked.until, asker.who.speaker)
    made, undo_id = await services.statuses.pause(asker.key, asker.who.speaker.now, end)
    understood = Understood("", "", instant(asker, made.start), instant_or_none(asker, made.end))
    now = await services.reader.now(asker.key)
    lines = [unmarked(changes.pausing(made, now.at, asker.who.l10n))]
    return changed(asker, now, lines, understood=understood, undo_id=undo_id)


async def resume(services: Services, asker: Asker, _asked: Nothing) -> Changed:
    """Keep the status again; that it was not paused is no mistake."""
    try:
        undo_id = await services.statuses.resume(asker.key)
    except NothingToDoError as error:
        return await nothing_to_do(services, asker, error)
    now = await services.reader.now(asker.key)
    return changed(asker, now, [asker.who.l10n.say("I keep your status again.")], undo_id=undo_id)


async def undo(services: Services, asker: Asker, asked: Undo) -> Changed:
    """Take a change back, the newest one where none is named.

    No agent can change a list, settings or calendars, so it cannot take such a change of the person's back either.
    """
    undo_id = asked.id.strip()
    if not undo_id:
        newest = await services.undos.newest(asker.key, only_status=True)
        if newest is None:
            raise NothingToDoError("nothing to undo")
        undo_id = newest.undo_id
    change = await services.undos.undo(asker.key, undo_id, only_status=True)
    now = await services.reader.now(asker.key)
    return changed(asker, now, [unmarked(line) for line in changes.undone(change, now.at, asker.who.l10n, plainly)])


async def nothing_to_do(services: Services, asker: Asker, error: NothingToDoError) -> Changed:
    """Say that all is already as it was asked for."""
    now, sentence = await services.reader.now(asker.key), plain(asker.who.l10n.say(error.sentence()))
    answer = changed(asker, now, [sentence])
    answer.changed = False
    return answer


def changed(
    asker: Asker, now: Now, lines: list[str], *, understood: Understood | None = None, undo_id: str = ""
) -> Changed:
    """Say that something was changed, and how things stand now."""
    return Changed(
        sentence=" ".join(lines),
        understood=understood,
        undo_id=undo_id or None,
        status=stands(asker, now),
        paused=now.paused is not None,
        paused_until=None if now.paused is None else instant_or_none(asker, now.paused.end),
    )


def _reason(now: Now) -> Reason:
    """Return why the profile shows what it shows."""
    if now.paused is not None:
        return Reason(ReasonCode.PAUSED, until=now.paused.end)
    if not now.facts.granted:
        return Reason(ReasonCode.NO_GRANT)
    if now.left_empty:
        return Reason(ReasonCode.CLEARED_BY_HAND)
    return now.not_set or now.span.reason


def _covered(asker: Asker, now: Now) -> ShownStatus | None:
    """Return what is hidden by what shows.

    While a status of the person's own is left alone, or what they cleared is left empty, what would show without that;
    else a status of their own, or one that they asked for without end, which comes back.
    """
    if now.own is not None or now.left_empty:
        hidden = now.span.shows and not (now.own is not None and now.left_empty)
        return of_span(asker, now.span, now.facts, now.until) if hidden else None
    if now.covered is not None:
        return of_status(asker, now.covered)
    asked = now.override
    if asked is None or now.span.override or not (asked.text or asked.emoji):
        return None
    if now.paused is not None and now.ours is not None and now.ours.text == asked.text:  # it is still there
        return None
    return of_status(asker, Status(asked.text, asked.emoji, asked.end))
