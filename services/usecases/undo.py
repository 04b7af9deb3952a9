"""Taking back what a command, a form or a button changed, for ten minutes and only where nothing came after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from services.calendars.accounts import Accounts
from services.calendars.connections import Connections
from services.domain.errors import ChangedSinceError, PersonsOwnChangeError, UndoGoneError
from services.domain.model import Override, PersonKey
from services.domain.undo import AccountChoice, Change, list_put_back, preferences_put_back
from services.ports import Clock, WakeSignal
from services.store.overrides import OverrideStore
from services.store.preferences import LineStore, PreferenceStore
from services.store.undos import UNDO_LIVES, Undoable, UndoStore

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Undos:
    """Remembers what people change, and takes it back."""

    store: UndoStore
    lines: LineStore
    preferences: PreferenceStore
    overrides: OverrideStore
    accounts: Accounts
    connections: Connections
    clock: Clock
    wake_signal: WakeSignal

    async def record(self, key: PersonKey, change: Change) -> str:
        """Remember `change`; the id that takes it back. An override that is new has its own id, and is remembered."""
        undo_id = await self.store.add(key, change, self.clock.now())
        self.wake_signal.wake()
        return undo_id

    async def newest(
        self, key: PersonKey, standing: Sequence[Override] | None = None, *, only_status: bool = False
    ) -> Undoable | None:
        """Find the last thing that the person changed and can take back: a change, or an override that is new.

        `standing`: the overrides that run or are to come, where they are read already. `only_status`: of the changes
        that are about what is shown and when. Raises SealError.
        """
        now = self.clock.now()
        changes = await self.store.list(key, now)
        found = next((one for one in changes if one.change.is_of_status or not only_status), None)
        for override in await self.overrides.standing(key, now) if standing is None else standing:
            until = override.created_at + UNDO_LIVES
            if until > now and (found is None or until > found.expires_at):
                found = Undoable(override.id, Change(overrides=((None, override),)), until)
        return found

    async def undo(self, key: PersonKey, undo_id: str, *, only_status: bool = False) -> Change:
        """Take a change back; what it was. Raises UndoGoneError, ChangedSinceError, TooManyError, SealError.

        `only_status`: where it is about what is shown and when, else PersonsOwnChangeError.

        What is there is compared with what the change left behind in the transaction that puts it back: so done twice
        at the same time it is done once, and after a crash in between it is refused as changed.
        """
        now = self.clock.now()
        found = await self.store.get(key, undo_id, now)
        if found is None:
            removed = await self.overrides.remove_new(key, undo_id, now, now - UNDO_LIVES)
            if removed is None:
                raise UndoGoneError("unknown, used or expired")
            self.wake_signal.wake()
            return Change(overrides=((None, removed),))
        if only_status and not found.change.is_of_status:
            raise PersonsOwnChangeError("a list, settings or calendars")
        try:
            await self._put_back(key, found.change, now)
        except ChangedSinceError:
            if await self.store.get(key, undo_id, now) is None:  # by the other one of two clicks
                raise UndoGoneError("undone meanwhile") from None
            raise
        await self.store.drop(key, undo_id)
        log.info("undone", team_id=key.team_id, user_id=key.user_id)
        self.wake_signal.wake()
        return found.change

    async def _put_back(self, key: PersonKey, change: Change, now: datetime) -> None:
        if change.lines is not None:
            before, after = change.lines
            await self.lines.change(key, now, partial(list_put_back, before=before, after=after))
        if change.preferences is not None:
            was, became = change.preferences
            await self.preferences.change(key, now, partial(preferences_put_back, before=was, after=became))
        if change.pause is not None:
            await self.preferences.unpause(key, *change.pause, now)
        if change.account is not None:
            await self._choose(key, change.account)
        if change.calendar_id and not await self.connections.disconnect(key, change.calendar_id):
            raise ChangedSinceError("disconnected since")
        if change.account_id and not await self.accounts.disconnect(key, change.account_id):
            raise ChangedSinceError("disconnected since")
        if change.overrides:
            await self.overrides.put_back(key, change.overrides, now)

    async def _choose(self, key: PersonKey, choice: AccountChoice) -> None:
        if await self.accounts.addresses(key, choice.account_id) != choice.after:
            raise ChangedSinceError("other calendars were chosen since")
        await self.accounts.choose(key, choice.account_id, choice.before)
