"""What people ask of their status: show this, I am out, take it back, leave me alone.

Nothing here writes to a Slack profile. A wish is a fact that is stored, its person is marked due in the same
transaction, and the engine is woken after it; the engine does the rest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.domain import ownership
from services.domain.errors import NothingToDoError
from services.domain.model import Override, OverrideKind, Pause, PersonKey
from services.ports import Clock, WakeSignal
from services.store.overrides import OverrideStore
from services.store.preferences import PreferenceStore
from services.usecases.status_reader import StatusReader

log = structlog.get_logger(__name__)

_BY_HAND = frozenset({OverrideKind.STATUS, OverrideKind.OUT_OF_OFFICE})


@dataclass(frozen=True, slots=True)
class Cleared:
    """What `clear` did: ended overrides, or "I am back" until `back_until`, or what was left is taken off."""

    ended: tuple[Override, ...] = ()
    back_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statuses:
    """Takes in what people ask for. Instants are UTC."""

    overrides: OverrideStore
    preferences: PreferenceStore
    reader: StatusReader
    clock: Clock
    wake_signal: WakeSignal

    async def override(
        self, key: PersonKey, *, text: str, emoji: str, start: datetime, end: datetime | None, request: str
    ) -> Override:
        """Show `text` and `emoji` from `start` to `end` (UTC; None: until cleared). The same `request` counts once."""
        made = Override(request_id(key, request), start, end, self.clock.now(), text=text, emoji=emoji)
        return await self._add(key, made)

    async def out_of_office(
        self, key: PersonKey, *, start: datetime, end: datetime | None, note: str, request: str
    ) -> Override:
        """Be out of office; `note` stands in place of the default text. The same `request` counts once."""
        made = Override(
            request_id(key, request), start, end, self.clock.now(), kind=OverrideKind.OUT_OF_OFFICE, text=note
        )
        return await self._add(key, made)

    async def undo(self, key: PersonKey, override_id: str) -> Override:
        """Take an override back. Raises NothingToDoError where it is gone already."""
        removed = await self.overrides.remove(key, override_id, self.clock.now())
        if removed is None:
            raise NothingToDoError("the override is gone")
        self.wake_signal.wake()
        return removed

    async def clear(self, key: PersonKey, *, request: str) -> Cleared:
        """End what the person asked for; where nothing runs but an event, say that they are back until it is over.

        Where there is neither, what is left of either on the profile is taken off. Raises NothingToDoError.
        """
        now = self.clock.now()
        ended = await self.overrides.end(key, now, kinds=_BY_HAND)
        if ended:
            self.wake_signal.wake()
            return Cleared(ended=tuple(ended))
        span = await self.reader.preview_at(key, now)
        if not span.uid:
            if not ownership.stands(await self.reader.absences.standing(key), span.status, now):
                raise NothingToDoError("nothing of ours stands")
            await self.overrides.look_again(key, now)
            self.wake_signal.wake()
            return Cleared()
        await self._add(key, Override(request_id(key, request), now, span.end, now, kind=OverrideKind.BACK))
        return Cleared(back_until=span.end)

    async def off(self, key: PersonKey) -> list[Override]:
        """Be back: end the absence that runs, or else take back those to come. Raises NothingToDoError."""
        now = self.clock.now()
        kinds = frozenset({OverrideKind.OUT_OF_OFFICE})
        ended = await self.overrides.end(key, now, kinds=kinds)
        if not ended:
            ended = await self.overrides.cancel_coming(key, now, kind=OverrideKind.OUT_OF_OFFICE)
        if not ended:
            raise NothingToDoError("no absence")
        self.wake_signal.wake()
        return ended

    async def pause(self, key: PersonKey, start: datetime, end: datetime | None) -> Pause:
        """Leave the status alone from `start` until `end` (UTC), or until resumed."""
        pause = Pause(start, end)
        await self.preferences.pause(key, pause, self.clock.now())
        log.info("paused", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()
        return pause

    async def resume(self, key: PersonKey) -> None:
        """Keep the status again. Raises NothingToDoError where nothing was paused."""
        now = self.clock.now()
        before = await self.preferences.pause(key, None, now)
        self.wake_signal.wake()
        if before is None or (before.end is not None and before.end <= now):
            raise NothingToDoError("not paused")

    async def _add(self, key: PersonKey, override: Override) -> Override:
        if await self.overrides.add(key, override, override.created_at):
            log.info("override_added", team_id=key.team_id, user_id=key.user_id, kind=override.kind.value)
        self.wake_signal.wake()
        return override


def request_id(key: PersonKey, request: str) -> str:
    """The id of what `request` (a trigger or view id, unique within the workspace) asks for."""
    return hashlib.sha256(f"{key.team_id}/{key.user_id}/{request}".encode()).hexdigest()[:24]
