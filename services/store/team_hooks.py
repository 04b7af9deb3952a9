"""Hooks by which leave systems send the leave of a workspace, and the entries that each of them sent last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from services.domain.calendars import TEAM, Changes, Health
from services.domain.model import Event, PersonKey
from services.domain.people import LEAVE, leave_key
from services.domain.request_errors import TooManyRequestsError
from services.platform.crypto import Encryptor
from services.store.calendar_rows import CalendarRows, of_calendar
from services.store.calendar_tables import CALENDARS, EVENTS
from services.store.db import Database
from services.store.events import EventStore
from services.store.person_rows import lock_people, mark_due

NAME = "Team hook"
_TRIES = 5
_CLAIM = select(CALENDARS.c.claim).where(
    CALENDARS.c.team_id == bindparam("team"), CALENDARS.c.user_id == LEAVE,
    CALENDARS.c.calendar_id == bindparam("calendar"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TeamHook:
    """Whose hook it is."""

    team_id: str
    calendar_id: str


class TeamHookStore(CalendarRows):
    """Makes hooks, finds one by its secret, and keeps what was sent to it."""

    def __init__(self, database: Database, encryptor: Encryptor, events: EventStore) -> None:
        super().__init__(database, encryptor)
        self._events = events

    async def create(self, key: PersonKey, digest: str, connected_by: str, now: datetime) -> str:
        """Keep a hook whose secret has that digest; return its id. Raises TooManyError, NotGrantedError.

        `key` is what the workspace's leave calendars hang on.
        """
        async with self._database.write() as connection:
            # due never: what is sent is worked in at once
            return await self._add(
                connection, key, TEAM, name=NAME, now=now, due_at=None, secret=digest, connected_by=connected_by
            )

    async def rotate(self, team_id: str, calendar_id: str, digest: str) -> bool:
        """Give a hook another secret from now on; False where the workspace has no such hook."""
        its = of_calendar(CALENDARS, leave_key(team_id), calendar_id), CALENDARS.c.provider == TEAM
        return bool(await self._database.execute(update(CALENDARS).where(*its).values(secret=digest)))

    async def find(self, digest: str) -> TeamHook | None:
        """Find the hook whose secret has that digest."""
        its = CALENDARS.c.secret == digest, CALENDARS.c.provider == TEAM, CALENDARS.c.user_id == LEAVE
        row = await self._database.fetch_one(select(CALENDARS.c.team_id, CALENDARS.c.calendar_id).where(*its))
        return None if row is None else TeamHook(row.team_id, row.calendar_id)

    async def replace(self, hook: TeamHook, entries: Sequence[Event], now: datetime, *, all_of_it: bool) -> bool | None:
        """Make `entries` the whole of what the hook sent; None where it is gone.

        False, and nothing is changed, where they are fewer than half of what there was, unless that is meant:
        `all_of_it`. Raises TooManyRequestsError where others send to it all the time.
        """
        key = leave_key(hook.team_id)
        its = of_calendar(CALENDARS, key, hook.calendar_id)
        for _ in range(_TRIES):
            seen = await self._database.scalar(_CLAIM, {"team": hook.team_id, "calendar": hook.calendar_id})
            if seen is None:
                return None
            plan = await self._events.prepare(key, hook.calendar_id, Changes(events=tuple(entries)))
            async with self._database.write() as connection:
                await lock_people(connection, [key])
                before = select(func.count()).where(of_calendar(EVENTS, key, hook.calendar_id))
                if not all_of_it and 2 * len(entries) < (await connection.scalar(before) or 0):
                    return False
                taken = {"claim": seen + 1, "health": Health.OK, "synced_at": now, "tried_at": now, "problem": ""}
                held = update(CALENDARS).where(its, CALENDARS.c.claim == seen).values(taken)
                if not (await connection.execute(held)).rowcount:
                    continue  # another list came meanwhile, or the hook is gone
                await self._events.apply(connection, [plan])
                if not plan.empty:
                    await mark_due(connection, key, now)
                return True
        raise TooManyRequestsError("too many lists at once", retry_after=1)
