"""A person's status: what they ask of it.

Nothing here writes to a Slack profile. What is asked for is a fact that is stored, its person is marked due in the same
transaction, and the engine is woken after it; the engine does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from services.domain import profile_state
from services.domain.errors import NothingToDoError, OutByCalendarError
from services.domain.model import (
    Effect,
    Kind,
    Override,
    OverrideKind,
    Pause,
    PersonKey,
)
from services.domain.text import whole_seconds
from services.domain.undo import ended
from services.ports import Clock, WakeSignal
from services.store.overrides import OverrideStore
from services.store.preferences import PreferenceStore
from services.store.undos import UndoStore
from services.usecases.status_reader import StatusReader

log = structlog.get_logger(__name__)

_BY_HAND = frozenset({OverrideKind.STATUS, OverrideKind.OUT_OF_OFFICE})


@dataclass(frozen=True, slots=True)
class Cleared:
    """What `clear` did: ended overrides, or "I am back" until `back_until`, or what was left is taken off.

    `undo_id` takes it back; "" where there is nothing to take back. `changes` are the overrides as they were before it,
    and as they are after it; None where there is none. `still_out`: a calendar has the person out of office besides.
    `again`: what they asked for without an end, which shows again because they are back.
    """

    ended: tuple[Override, ...] = ()
    back_until: datetime | None = None
    undo_id: str = ""
    changes: tuple[tuple[Override | None, Override | None], ...] = ()
    still_out: bool = False
    again: Override | None = None


@dataclass(frozen=True, slots=True)
class Statuses:
    """Takes in what people ask for. Instants are UTC."""

    overrides: OverrideStore
    preferences: PreferenceStore
    reader: StatusReader
    undos: UndoStore
    clock: Clock
    wake_signal: WakeSignal

    async def override(
        self,
        key: PersonKey,
        *,
        text: str,
        emoji: str,
        start: datetime,
        end: datetime | None,
        request: str,
        effects: frozenset[Effect] = frozenset(),
    ) -> Override:
        """Show `text` and `emoji` from `start` to `end` (UTC; None: until cleared). The same `request` counts once.

        It ends at its whole second, as Slack ends it. The id of the override takes it back.
        """
        made = Override(
            request_id(key, request), start, whole_seconds(end), self.clock.now(), text=text, emoji=emoji,
            effects=effects,
        )  # fmt: skip
        return await self._add(key, made)

    async def prolong(self, key: PersonKey, running: Override, end: datetime | None) -> Override:
        """Have a status that runs be one that was asked for now and lasts until `end`: longer, shorter, or for good."""
        now = self.clock.now()
        made = replace(running, start=now, end=whole_seconds(end), created_at=now)
        await self.overrides.put(key, made, now)
        self.wake_signal.wake()
        return made

    async def out_of_office(
        self, key: PersonKey, *, start: datetime, end: datetime | None, note: str, request: str, stand_in: str = ""
    ) -> Override:
        """Be out of office; `note` stands in place of the default text. The same `request` counts once.

        `stand_in` is the user id of whom replies name. The id of the override takes it back.
        """
        made = Override(
            request_id(key, request), start, whole_seconds(end), self.clock.now(), kind=OverrideKind.OUT_OF_OFFICE,
            text=note, stand_in=stand_in,
        )  # fmt: skip
        return await self._add(key, made)

    async def clear(self, key: PersonKey, *, request: str) -> Cleared:
        """End what the person asked for and shows; where an event or a routine shows, be back until that is over.

        What it has covered stays. Where neither shows, what is left of one on the profile is taken off. Raises
        NothingToDoError.
        """
        now = self.clock.now()
        span = await self.reader.preview_at(key, now)
        standing = await self.overrides.standing(key, now)
        running = [one for one in standing if one.start <= now and one.kind in _BY_HAND]
        if not span.planned:  # else what was asked for without an end is covered, and stays
            shown = span.which_of(running)
            if shown is not None:
                found, undo_id = await self.overrides.end(
                    key, now, kinds=_BY_HAND, override_id=shown.id, undos=self.undos
                )
                if found:
                    return self._cleared(found, undo_id, now)
            if not profile_state.stands(await self.reader.absences.standing(key), span.status, now):
                raise NothingToDoError("nothing of ours stands")
            await self.overrides.look_again(key, now)
            self.wake_signal.wake()
            return Cleared()
        back = await self._add(key, Override(request_id(key, request), now, span.end, now, kind=OverrideKind.BACK))
        after = await self.reader.preview_at(key, now)
        again = after.which_of(running) if after.shows and after.override else None
        return Cleared(back_until=span.end, undo_id=back.id, changes=((None, back),), again=again)

    async def off(self, key: PersonKey) -> Cleared:
        """Be back: end the absence that runs, or else take back those to come.

        That of a calendar goes on. Raises NothingToDoError; OutByCalendarError where there is that one alone.
        """
        now = self.clock.now()
        kinds = frozenset({OverrideKind.OUT_OF_OFFICE})
        found, undo_id = await self.overrides.end(key, now, kinds=kinds, undos=self.undos)
        if not found:
            found, undo_id = await self.overrides.cancel_coming(
                key, now, kind=OverrideKind.OUT_OF_OFFICE, undos=self.undos
            )
        span = await self.reader.preview_at(key, now)
        still_out = span.planned and span.kind is Kind.OUT_OF_OFFICE
        if not found:
            raise OutByCalendarError("a calendar's alone") if still_out else NothingToDoError("no absence")
        return replace(self._cleared(found, undo_id, now), still_out=still_out)

    async def pause(self, key: PersonKey, start: datetime, end: datetime | None) -> tuple[Pause, str]:
        """Leave the status alone from `start` until `end` (UTC), or until resumed; and what takes that back."""
        pause = Pause(start, end)
        undo_id = await self.preferences.pause(key, pause, self.clock.now(), self.undos)
        self.wake_signal.wake()
        log.info("paused", team_id=key.team_id, user_id=key.user_id)
        return pause, undo_id

    async def resume(self, key: PersonKey) -> str:
        """Keep the status again; what takes that back. Raises NothingToDoError where nothing was paused."""
        undo_id = await self.preferences.pause(key, None, self.clock.now(), self.undos)
        self.wake_signal.wake()
        if not undo_id:
            raise NothingToDoError("not paused")
        return undo_id

    async def _add(self, key: PersonKey, override: Override) -> Override:
        if await self.overrides.add(key, override, override.created_at):
            log.info("override_added", team_id=key.team_id, user_id=key.user_id, kind=override.kind.value)
        self.wake_signal.wake()
        return override

    def _cleared(self, found: Sequence[Override], undo_id: str, now: datetime) -> Cleared:
        """Have the engine look, as these were ended."""
        self.wake_signal.wake()
        return Cleared(tuple(found), undo_id=undo_id, changes=ended(found, now))


def request_id(key: PersonKey, request: str) -> str:
    """Return the id of what `request` (a trigger or view id, unique within the workspace) asks for."""
    return hashlib.sha256(f"{key.team_id}/{key.user_id}/{request}".encode()).hexdigest()[:24]
