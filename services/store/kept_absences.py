"""The absences of members who have no grant of their own and whose leave a keeper keeps: by that leave alone.

Who is out now is told as Slack shows it, by what is remembered of their profile; what is to come by their leave, and so
is what has begun until their turn comes. Who does not want to be kept, or that a leave calendar's lines are about them,
is told of to nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, exists, func, select

from services.domain import absences, calendars, keeper, profile_state
from services.domain.absences import FOREVER, Absence
from services.domain.errors import StatusQuoError
from services.domain.keeper import KeeperState
from services.domain.model import Event, PersonKey
from services.domain.people import GrantState, zone_or
from services.domain.profile_state import ProfileState
from services.platform.concurrency import off_loop_if
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.columns import UtcInstant
from services.store.db import Database, Store
from services.store.keeper import open_kept
from services.store.leave_rows import leave_asked, leave_in
from services.store.members import MemberStore
from services.store.person_rows import chunks, named, names, of_person
from services.store.policies import policy_from_json
from services.store.tables import PEOPLE, WORKSPACES
from services.store.timeline import pause_of
from services.store.workspace_tables import KEEPERS, KEPT, LEAVES, MEMBERS, REFUSALS

AHEAD = calendars.AHEAD
_BACK = timedelta(days=60)
_OFF_LOOP = 100
KEPT_OUT = (
    select(
        LEAVES.c.user_id, MEMBERS.c.zone, KEPT.c.memory, PEOPLE.c.preferences, PEOPLE.c.paused_from,
        PEOPLE.c.paused_until, WORKSPACES.c.policy,
    )
    .join_from(LEAVES, KEEPERS, and_(KEEPERS.c.team_id == LEAVES.c.team_id, KEEPERS.c.state == KeeperState.OK))
    .join(WORKSPACES, WORKSPACES.c.team_id == LEAVES.c.team_id)
    .join(MEMBERS, and_(of_person(MEMBERS, LEAVES), MEMBERS.c.active))
    .outerjoin(KEPT, of_person(KEPT, LEAVES))
    .outerjoin(PEOPLE, of_person(PEOPLE, LEAVES))
    .where(
        LEAVES.c.team_id == bindparam("team"),
        LEAVES.c.end_at > bindparam("window_start", type_=UtcInstant),
        LEAVES.c.start_at < bindparam("window_end", type_=UtcInstant),
        func.coalesce(PEOPLE.c.grant_state, "") != GrantState.OK.value,
        PEOPLE.c.leave_by.is_(None),
        ~exists().where(of_person(REFUSALS, LEAVES)),  # of either kind
    )
)  # fmt: skip
"""Whose leave touches the window, of those whom the keeper may keep."""

_AMONG = KEPT_OUT.where(named(LEAVES.c.user_id, "users"))


@dataclass(frozen=True, slots=True)
class KeptAbsence:
    """An absence of a member of that name; how often its times have changed, and when they did last."""

    user_id: str
    name: str
    absence: Absence
    seq: int
    changed_at: datetime


def _changes(absence: Absence, entries: Sequence[Any]) -> tuple[int, datetime]:
    """Return how often the entries that are one absence have changed (each further one is a change), and when last."""
    its = [row for row in entries if row.start_at < absence.end and row.end_at > absence.start]
    last = max((row.changed_at for row in its if row.changed_at is not None), default=absence.start)
    return sum(row.seq + 1 for row in its) - 1 if its else 0, last


class KeptAbsences(Store):
    """Reads them."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._members = MemberStore(database, encryptor)

    async def out(
        self, team_id: str, start: datetime, end: datetime, *, now: datetime, among: Collection[str] | None = None
    ) -> list[KeptAbsence]:
        """Return who is out in `[start, end)` and may be told of at `now`; in no order."""
        query, given = KEPT_OUT, {"team": team_id, "window_start": start, "window_end": end}
        if among is not None:
            query, given = _AMONG, given | {"users": names(among)}
        rows = {row.user_id: row for row in await self._database.fetch(query, given)}
        if not rows:
            return []
        leave: dict[PersonKey, list[Event]] = {}
        entries = defaultdict[str, list[Any]](list)
        for some in chunks([PersonKey(team_id, user_id) for user_id in rows]):
            found = await self._database.fetch(*leave_asked(some, now - _BACK, now + AHEAD))
            leave |= leave_in(found)
            for row in found:
                entries[row.user_id].append(row)
        told = await off_loop_if(len(rows) >= _OFF_LOOP, self._told, rows, leave, (start, end), now)
        members = await self._members.some(team_id, {user_id for user_id, _ in told})
        return [
            KeptAbsence(user_id, members[user_id].name or user_id, one, *_changes(one, entries[user_id]))
            for user_id, one in told
            if user_id in members
        ]

    def _told(
        self, rows: Mapping[str, Any], leave: Mapping[PersonKey, Sequence[Event]], window: tuple[datetime, datetime],
        now: datetime,
    ) -> list[tuple[str, Absence]]:  # fmt: skip
        found: list[tuple[str, Absence]] = []
        for key, events in leave.items():
            with suppress(StatusQuoError, ValueError):  # what cannot be read hides nobody else
                row = rows[key.user_id]
                if not policy_from_json(row.policy).keeper:
                    continue
                zone = zone_or(row.zone, ZoneInfo("UTC"))
                sources = [absences.of_event(event.placed(zone)) for event in events]
                share = row.preferences is None or json_values.preferences_from_json(row.preferences).share_absences
                whole = absences.told(
                    sources, [(now - _BACK, FOREVER)], (), (), zone, near_until=now - _BACK, share=share
                )
                pause = pause_of(row.paused_from, row.paused_until)
                paused = pause is not None and pause.holds(now)
                memory = open_kept(self._encryptor, row.memory, key)
                found += [
                    (key.user_id, one)
                    for one in whole
                    if one.start < window[1] and one.end > max(window[0], now)
                    if (one.told_ahead if one.start > now else not paused and _is_out(one, memory, now))
                ]
        return found


def _is_out(absence: Absence, memory: ProfileState, now: datetime) -> bool:
    """Return whether the profile shows what a keeper wrote, as far as we know; or will, where that is under way."""
    pending = memory.standing.pending
    under_way = pending is not None and not pending.empty
    waits = absence.told_ahead and (under_way or not keeper.has_looked(memory.decided, absence.start))
    return waits or profile_state.shown(memory.standing, now) is not None
