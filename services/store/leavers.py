"""People who are being forgotten.

Of a leaver only the token and the memory of what we did at Slack are kept, for a minute. By then what is ours there has
been taken back, by the sender that does it anyway: a leaver is a person on whose timeline nothing is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.decisions import Standing
from services.domain.effects import EffectMemory
from services.domain.errors import StatusQuoError
from services.domain.model import NO_STATUS, Effect, PersonKey, Span
from services.domain.people import LEAVE, GrantState
from services.domain.profile_state import ProfileState, Urgency
from services.domain.reasons import Reason, ReasonCode
from services.platform.crypto import Encryptor
from services.store.db import Database, Store
from services.store.due import ProfileStateStore
from services.store.effect_tables import EFFECTS, PICTURES, REPLIES
from services.store.effects import memory_of
from services.store.forgotten import remember_forgotten
from services.store.keeper import TAKES_OFF, forget_keeper, leave_kept
from services.store.leave_choices import mark_leave_due
from services.store.members import MemberStore
from services.store.person_rows import lock_one, lock_people, mark_effects_due, of_person
from services.store.pictures import OWN
from services.store.tables import METADATA, PEOPLE, PROFILE_STATES, WORKSPACES
from services.store.timeline import SpanStore
from services.store.workspace_tables import (
    ABSENCE_FEEDS,
    DIGESTS,
    KEEPERS,
    KEPT,
    KEPT_WRITES,
    LEAVE_TIES,
    LEAVES,
    MEMBERS,
    REFUSALS,
)

_KEPT = (PEOPLE, PROFILE_STATES, EFFECTS, PICTURES)
_OF_WORKSPACE = (
    MEMBERS, LEAVE_TIES, REFUSALS, KEEPERS, KEPT, KEPT_WRITES,
)  # fmt: skip
"""What names somebody and is the workspace's: its members, what its admins tied, and what a member does not want; and
what its keeper does, which `leave_kept` forgets."""

_AHEAD = timedelta(days=30)
_LEAVING = (
    select(
        PEOPLE.c.team_id, PEOPLE.c.user_id, PEOPLE.c.locale, PEOPLE.c.token, PEOPLE.c.grant_state,
        PEOPLE.c.leave_by, PEOPLE.c.deactivated_at, PROFILE_STATES.c.memory,
        TAKES_OFF.where(of_person(KEEPERS, PEOPLE)).label("keeps"),
    )
    .join(PROFILE_STATES, of_person(PROFILE_STATES, PEOPLE))
    .where(PEOPLE.c.leave_by.is_not(None))
    .order_by(PEOPLE.c.leave_by)
)  # fmt: skip
_THEIR_EFFECTS = select(EFFECTS.c.team_id, EFFECTS.c.user_id, EFFECTS.c.effect, EFFECTS.c.memory).join_from(
    EFFECTS, PEOPLE, and_(of_person(EFFECTS, PEOPLE), PEOPLE.c.leave_by.is_not(None), EFFECTS.c.owed)
)


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who is being forgotten, by `leave_by` at the latest.

    `granted`: something can still be taken back. `deactivated`: nobody is there to be told anything. `keeps`: they
    were the workspace's keeper, and something of that still stands on others' profiles.
    """

    key: PersonKey
    locale: str
    leave_by: datetime
    token: str | None = field(repr=False)
    granted: bool
    deactivated: bool
    keeps: bool
    standing: Standing
    effects: Mapping[Effect, EffectMemory]

    def is_ready(self, now: datetime) -> bool:
        """Return whether there is nothing (more) to wait for. What is about to be done stands in the memory too."""
        left = (self.standing.applied, self.standing.covered, self.standing.pending)
        is_left = left != (None, None, None) or bool(self.owed(now)) or self.keeps
        return not self.granted or self.token is None or self.leave_by <= now or not is_left

    def owed(self, now: datetime) -> Collection[Effect]:
        """Return what is not taken back of what effects put on."""
        return [effect for effect, memory in self.effects.items() if memory.owes(now)]


class LeaverStore(Store):
    """People who are being forgotten."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._profile_states = ProfileStateStore(encryptor)
        self._spans = SpanStore(encryptor)
        self._members = MemberStore(database, encryptor)

    async def begin(self, key: PersonKey, now: datetime, leave_by: datetime) -> bool:
        """Delete everything of the person but their token and what is remembered of their profile, and note that.

        Whatever is about to be written is withdrawn; what is on the profile is looked at anew, before all others.
        False where there is nobody, or they are leaving already. Of who never came to us themselves it is what leave
        calendars and a keeper know.
        """
        async with self._database.write() as connection:
            if key.user_id == LEAVE:
                return False
            # the workspace first, as an uninstall does: that they want no keeper outlives them, and refers to it
            home = select(WORKSPACES.c.team_id).where(WORKSPACES.c.team_id == key.team_id)
            await connection.execute(home.with_for_update(read=True, key_share=True))
            if not await lock_one(connection, key):
                return await self._forget_leave(connection, key, now)
            for table in reversed(METADATA.sorted_tables):
                if table not in (*_KEPT, *_OF_WORKSPACE) and "user_id" in table.c:
                    await connection.execute(delete(table).where(of_person(table, key)))
            await leave_kept(connection, key, now)
            await mark_leave_due(connection, key.team_id, now)  # whoever finds it now does not know of this yet
            await remember_forgotten(connection, self._encryptor, now, key.team_id, key.user_id)
            made = update(DIGESTS).where(DIGESTS.c.team_id == key.team_id, DIGESTS.c.created_by == key.user_id)
            await connection.execute(made.values(created_by=""))  # a digest is the channel's, and goes on
            given = (ABSENCE_FEEDS.c.team_id == key.team_id, ABSENCE_FEEDS.c.created_by == key.user_id)
            await connection.execute(delete(ABSENCE_FEEDS).where(*given))
            told = or_(REPLIES.c.asker_id == key.user_id, REPLIES.c.person_id == key.user_id)
            await connection.execute(delete(REPLIES).where(REPLIES.c.team_id == key.team_id, told))
            sent = PICTURES.c.picture_id == OWN  # what shows of theirs comes back first
            await connection.execute(delete(PICTURES).where(of_person(PICTURES, key), sent))
            memory = ProfileState()
            with suppress(
                StatusQuoError, ValueError
            ):  # its key is gone, or it makes no sense: nobody knows what was there
                memory = await self._profile_states.load(connection, key)
            await self._profile_states.save(connection, key, replace(memory, decided="", override=True, look=None))
            await connection.execute(
                update(PROFILE_STATES)
                .where(of_person(PROFILE_STATES, key))
                .values(seq=PROFILE_STATES.c.seq + 1, urgency=Urgency.TYPED, wished_at=now, not_before=None, failures=0)
            )
            until = now + _AHEAD
            nothing = Span(now - _AHEAD, until, NO_STATUS, "nothing", Reason(ReasonCode.NOTHING, "nothing"))
            await self._spans.replace(connection, {key: (nothing,)})
            await connection.execute(
                update(PEOPLE)
                .where(of_person(PEOPLE, key))
                .values(
                    leave_by=leave_by, due_at=now, stale=False, typed=True, resolved_until=until,
                    preferences="{}", addresses=None, paused_from=None, paused_until=None, home_opened_at=None,
                    home_stale=False,
                )
            )  # fmt: skip
            await mark_effects_due(connection, [key], now)
        return True

    async def _forget_leave(self, connection: AsyncConnection, key: PersonKey, now: datetime) -> bool:
        """Delete the leave of somebody who is no person of ours, and have nothing kept of them; False for nothing."""
        if await connection.scalar(select(PEOPLE.c.user_id).where(of_person(PEOPLE, key))) is not None:
            return False
        await mark_leave_due(connection, key.team_id, now)  # first, as who finds leave locks
        found = (await connection.execute(delete(LEAVES).where(of_person(LEAVES, key)))).rowcount
        for table in (KEPT, KEPT_WRITES):
            found += await connection.scalar(select(func.count()).where(of_person(table, key))) or 0
        if found:
            await leave_kept(connection, key, now)
            await remember_forgotten(connection, self._encryptor, now, key.team_id, key.user_id)
        return bool(found)

    async def all(self) -> Sequence[Leaver]:
        """Return everybody who is leaving, who has to be gone first before the others."""
        (rows,) = await self._database.rows((_LEAVING, {}))
        if not rows:
            return []
        (effects,) = await self._database.rows((_THEIR_EFFECTS, {}))
        memories = defaultdict[PersonKey, dict[Effect, EffectMemory]](dict)
        for row in effects:
            key, effect = PersonKey(row.team_id, row.user_id), Effect(row.effect)
            with suppress(StatusQuoError, ValueError):  # what cannot be read keeps nobody from leaving
                memories[key][effect] = memory_of(row.memory, key, effect, self._encryptor)
        return [self._leaver(row, memories) for row in rows]

    async def delete(self, leaver: Leaver) -> bool:
        """Delete what was kept of them; False where they are gone already, or have come back."""
        async with self._database.write() as connection:
            await lock_people(connection, [leaver.key])
            theirs = delete(PEOPLE).where(of_person(PEOPLE, leaver.key), PEOPLE.c.leave_by == leaver.leave_by)
            if not (await connection.execute(theirs)).rowcount:
                return False
            await forget_keeper(connection, self._members, leaver.key)
        return True

    def _leaver(self, row: Any, effects: Mapping[PersonKey, Mapping[Effect, EffectMemory]]) -> Leaver:
        key, memory, token = PersonKey(row.team_id, row.user_id), ProfileState(), None
        with suppress(StatusQuoError, ValueError):  # what cannot be read keeps nobody from leaving
            token = self._encryptor.open(row.token, "people.token", key.team_id, key.user_id)
            memory = self._profile_states.open(row.memory, key)
        granted = row.grant_state == GrantState.OK
        return Leaver(
            key, row.locale, row.leave_by, token, granted, row.deactivated_at is not None, row.keeps, memory.standing,
            effects.get(key, {}),
        )  # fmt: skip
