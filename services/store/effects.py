"""What happens besides the status: for how long, by the timeline, and what we did of it.

Stretches are replaced along with the spans. An effect's row is due where a stretch of it has changed, where its person
has paused, resumed, granted anew or wants to be forgotten, and at the instants that it asks for itself: nobody else's
edge costs anything. `turn` is raised before each call: whoever has read the row before may do nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, and_, bindparam, case, exists, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.effects import MEMORIES, DueEffect, EffectMemory, PhotoMemory, SnoozeMemory, is_news
from services.domain.errors import StatusQuoError
from services.domain.model import Effect, PersonKey, Photo, Stretch
from services.domain.people import GrantState
from services.domain.photos import is_photo_news
from services.domain.profile_state import AuditEntry
from services.platform.crypto import Encryptor, SealedBytes
from services.slack import scopes
from services.store import json_values
from services.store.agent_tables import ASKED_PHOTOS
from services.store.columns import UtcInstant
from services.store.db import Database, Store, tell_sender
from services.store.effect_tables import EFFECTS, STRETCHES
from services.store.grants import end_grant
from services.store.group_commit import Grouped
from services.store.person_rows import (
    NoticeStore,
    lock_people,
    named,
    names,
    of_people,
    of_person,
    those,
)
from services.store.pictures import KeptPicture, drop_pictures, keep_picture
from services.store.tables import PEOPLE
from services.store.timeline import AuditStore, pause_of

_NEXT_STRETCH = STRETCHES.alias("next_stretch")
_NOW = bindparam("now", type_=UtcInstant)
_COLUMN = "effects.memory"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_IS_OF = and_(of_person(STRETCHES, EFFECTS), STRETCHES.c.effect == EFFECTS.c.effect)
_NEXT_AT = (
    select(func.min(_NEXT_STRETCH.c.start_at))
    .where(
        of_person(_NEXT_STRETCH, EFFECTS),
        _NEXT_STRETCH.c.effect == EFFECTS.c.effect,
        _NEXT_STRETCH.c.start_at > _NOW,
    )
    .scalar_subquery()
)
_ASKED = exists().where(
    of_person(ASKED_PHOTOS, EFFECTS), ASKED_PHOTOS.c.answer.is_(None), EFFECTS.c.effect == literal_column("'photo'")
)
_WITH_ALL = (
    select(
        EFFECTS, PEOPLE.c.grant_state, PEOPLE.c.granted_at, PEOPLE.c.token, PEOPLE.c.scopes,
        PEOPLE.c.paused_from, PEOPLE.c.paused_until, PEOPLE.c.leave_by, STRETCHES.c.start_at,
        STRETCHES.c.end_at, STRETCHES.c.ends, STRETCHES.c.rule, STRETCHES.c.photo, _NEXT_AT.label("next_at"),
        _ASKED.label("asked"),
    )
    .join_from(EFFECTS, PEOPLE, of_person(PEOPLE, EFFECTS))
    .outerjoin(STRETCHES, and_(_IS_OF, STRETCHES.c.start_at <= _NOW, STRETCHES.c.end_at > _NOW))
)  # fmt: skip
_DUE = (
    _WITH_ALL.where(
        EFFECTS.c.effect == bindparam("effect"),
        EFFECTS.c.due_at <= _NOW,
        ~named(EFFECTS.c.team_id, "others"),
        or_(EFFECTS.c.owed, ~named(EFFECTS.c.team_id, "full")),
    )
    .order_by(EFFECTS.c.owed.desc(), EFFECTS.c.due_at, EFFECTS.c.team_id, EFFECTS.c.user_id)
    .limit(bindparam("most"))
)
_THEIRS = _WITH_ALL.where(EFFECTS.c.team_id == bindparam("team"), EFFECTS.c.user_id == bindparam("user"))
_FIRST_DUE = select(func.min(EFFECTS.c.due_at)).where(EFFECTS.c.effect == bindparam("effect"))
_NEXT_DUE = _FIRST_DUE.where(EFFECTS.c.due_at > _NOW)
_IS = (
    EFFECTS.c.team_id == bindparam("b_team"),
    EFFECTS.c.user_id == bindparam("b_user"),
    EFFECTS.c.effect == bindparam("b_effect"),
    EFFECTS.c.turn == bindparam("b_turn"),
)
_REMEMBERED: dict[str, Any] = {"memory": bindparam("b_memory"), "owed": bindparam("b_owed")}
_TAKEN_UP = update(EFFECTS).where(*_IS).values(**_REMEMBERED, turn=EFFECTS.c.turn + 1)
_UNCHANGED = EFFECTS.c.seq == bindparam("b_seq")
_SETTLED = (
    update(EFFECTS)
    .where(*_IS)
    .values(
        **_REMEMBERED,
        due_at=case((_UNCHANGED, bindparam("b_due", type_=UtcInstant)), else_=EFFECTS.c.due_at),
        failures=case((_UNCHANGED, bindparam("b_failures")), else_=EFFECTS.c.failures),
    )
)
_MAY = (
    select(
        EFFECTS.c.team_id, EFFECTS.c.user_id, EFFECTS.c.effect, EFFECTS.c.seq, EFFECTS.c.turn,
        PEOPLE.c.grant_state, PEOPLE.c.granted_at, PEOPLE.c.paused_from, PEOPLE.c.paused_until,
    )
    .join_from(EFFECTS, PEOPLE, of_person(PEOPLE, EFFECTS))
    .where(of_people(EFFECTS))
)  # fmt: skip
_HOME_STALE = update(PEOPLE).where(of_people(PEOPLE)).values(home_stale=True)


def memory_of(sealed: bytes | None, key: PersonKey, effect: Effect, encryptor: Encryptor) -> EffectMemory:
    """Return the memory in a row's column; an empty one where there is none. Raises SealError, InputError."""
    plain = encryptor.open_bytes(sealed, _COLUMN, key.team_id, key.user_id, effect.value)
    return MEMORIES[effect]() if plain is None else json_values.effect_memory_from_json(effect, plain)


def _sealed(memory: EffectMemory, key: PersonKey, effect: Effect, encryptor: Encryptor) -> dict[str, Any]:
    """Return the columns of `memory`. That something runs out by itself within a minute matters not here."""
    sealed: SealedBytes | None = None
    if memory != MEMORIES[effect]():
        plain = json_values.effect_memory_to_json(memory)
        sealed = encryptor.seal(plain, _COLUMN, key.team_id, key.user_id, effect.value)
    return {"memory": sealed, "owed": memory.owes(_LONG_AGO)}


async def keep_memory(
    connection: AsyncConnection, encryptor: Encryptor, key: PersonKey, effect: Effect, memory: EffectMemory
) -> None:
    """Remember `memory` of an effect that nobody looks at meanwhile."""
    theirs = update(EFFECTS).where(of_person(EFFECTS, key), EFFECTS.c.effect == effect.value)
    await connection.execute(theirs.values(**_sealed(memory, key, effect, encryptor)))


class EffectStore(Store):
    """Effects that are due, and what came of them."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore, audit: AuditStore) -> None:
        super().__init__(database, encryptor)
        self._notices = notices
        self._audit = audit
        self._take_up = Grouped(database, self._take_up_all)
        self._settle = Grouped(database, self._settle_all)

    async def due(
        self, effect: Effect, now: datetime, limit: int, *, others: Collection[str] = (), full: Collection[str] = ()
    ) -> list[DueEffect]:
        """Return those that are due at `now`, what may have to be taken back first, then the longest due.

        None of the workspaces `others`; of those that are `full` only what may have to be taken back.
        """
        given = {
            "effect": effect.value, "now": now, "others": names(others), "full": names(full), "most": limit
        }  # fmt: skip
        (rows,) = await self._database.rows((_DUE, given))
        return [self._effect(row, now) for row in rows]

    async def first_due(self, effect: Effect) -> datetime | None:
        """Return when the first of all is due, or was."""
        (rows,) = await self._database.rows((_FIRST_DUE, {"effect": effect.value}))
        found: datetime | None = rows[0][0]
        return found

    async def next_due(self, effect: Effect, now: datetime) -> datetime | None:
        """Return when the first of those is due that are not due at `now`."""
        (rows,) = await self._database.rows((_NEXT_DUE, {"effect": effect.value, "now": now}))
        found: datetime | None = rows[0][0]
        return found

    async def of(self, key: PersonKey, now: datetime) -> list[DueEffect]:
        """Return all effects of a person at `now`, whether they are due or not."""
        (rows,) = await self._database.rows((_THEIRS, {"team": key.team_id, "user": key.user_id, "now": now}))
        return [self._effect(row, now) for row in rows]

    async def owed(self, key: PersonKey) -> frozenset[Effect]:
        """Return the effects of which something of ours is, or may be, at Slack."""
        theirs = select(EFFECTS.c.effect).where(of_person(EFFECTS, key), EFFECTS.c.owed)
        return frozenset(Effect(row.effect) for row in await self._database.fetch(theirs))

    async def see_snooze(self, key: PersonKey, until: datetime | None, now: datetime) -> bool:
        """Have do not disturb looked at, as it was seen to be snoozed `until`, or not; False where that is no news."""
        memory = await self._memory(key, Effect.DND)
        if not isinstance(memory, SnoozeMemory) or not is_news(memory, until, now):
            return False
        await self._hint(key, Effect.DND, now)
        return True

    async def see_photo(self, key: PersonKey, photo_hash: str, now: datetime) -> bool:
        """Have the photo looked at, as the one of that hash was seen to show; False where that is no news."""
        memory = await self._memory(key, Effect.PHOTO)
        if not isinstance(memory, PhotoMemory) or not is_photo_news(memory, photo_hash):
            return False
        await self._hint(key, Effect.PHOTO, now)
        return True

    async def _memory(self, key: PersonKey, effect: Effect) -> EffectMemory | None:
        theirs = and_(of_person(EFFECTS, key), EFFECTS.c.effect == effect.value)
        row = await self._database.fetch_one(select(EFFECTS.c.memory).where(theirs))
        return None if row is None else memory_of(row.memory, key, effect, self._encryptor)

    async def _hint(self, key: PersonKey, effect: Effect, now: datetime) -> None:
        theirs = and_(of_person(EFFECTS, key), EFFECTS.c.effect == effect.value)
        async with self._database.write() as connection:
            await connection.execute(update(EFFECTS).where(theirs).values(due_at=now, seq=EFFECTS.c.seq + 1))
            tell_sender(connection)

    async def take_up(
        self, due: DueEffect, memory: EffectMemory, pictures: Sequence[KeptPicture] = ()
    ) -> DueEffect | None:
        """Remember what is about to be done, before it is, with its `pictures`; the effect as it is stored then.

        None, and nothing may be done: something else is wanted since it was read, somebody else has taken it up, the
        person has paused, or their grant is lost or another one. It stays due.
        """
        return await self._take_up.put((due, memory, pictures))

    async def settle(
        self, due: DueEffect, memory: EffectMemory, due_at: datetime | None, entry: AuditEntry | None = None,
        *, failures: int = 0,
    ) -> None:  # fmt: skip
        """Remember what stands now, write the audit, and look again at `due_at`, or at once if it was made due anew."""
        await self._settle.put(_Settled(due, memory, due_at, entry, failures))

    async def put_off(self, due: DueEffect, until: datetime) -> None:
        """Note that it could not be looked at, or read: tried again at `until`, unless it is made due anew before."""
        later = {"due_at": until, "failures": due.failures + 1}
        same = and_(EFFECTS.c.seq == due.seq, EFFECTS.c.turn == due.turn, EFFECTS.c.effect == due.effect.value)
        await self._database.execute(update(EFFECTS).where(of_person(EFFECTS, due.key), same).values(later))

    async def lack(self, due: DueEffect, missing: Collection[str]) -> None:
        """Slack says that the token may not do this: it lacks these scopes, and its owner is asked for them anew.

        Those of a grant that was given anew in the meantime stay.
        """
        async with self._database.write() as connection:
            await lock_people(connection, [due.key])
            theirs = select(PEOPLE.c.scopes, PEOPLE.c.granted_at).where(of_person(PEOPLE, due.key))
            row = (await connection.execute(theirs)).one_or_none()
            if row is None or row.granted_at != due.granted_at:
                return
            left = {"scopes": scopes.joined(scopes.parse(row.scopes) - frozenset(missing)), "home_stale": True}
            await connection.execute(update(PEOPLE).where(of_person(PEOPLE, due.key)).values(left))

    async def lose_grant(self, due: DueEffect, entry: AuditEntry, now: datetime) -> None:
        """Slack does not honour the token any more: no call is made with it, and its owner is told once.

        A grant that was given anew in the meantime stays.
        """
        async with self._database.write() as connection:
            await lock_people(connection, [due.key])
            theirs = select(PEOPLE.c.token, PEOPLE.c.grant_state).where(of_person(PEOPLE, due.key))
            row = (await connection.execute(theirs)).one_or_none()
            if row is None or row.grant_state != GrantState.OK:
                return
            if self._encryptor.open(row.token, "people.token", due.key.team_id, due.key.user_id) != due.token:
                return
            await end_grant(connection, self._notices, due.key, now, said=entry.outcome.partition(":")[2])
            await self._audit.add(connection, (due.key, entry))

    async def _take_up_all(self, asked: Sequence[_TakenUp]) -> list[DueEffect | None]:
        async with self._database.write() as connection:
            keys = {due.key for due, _, _ in asked}
            if not self._database.is_sqlite:
                await lock_people(connection, keys)
            rows = {
                (PersonKey(row.team_id, row.user_id), row.effect): row
                for row in await connection.execute(_MAY, those(keys))
            }
            found: list[DueEffect | None] = []
            for due, memory, pictures in asked:
                row = rows.pop((due.key, due.effect.value), None)  # of two who ask for the same, one alone may
                may = row is not None and _may(due, row)
                if may:
                    await connection.execute(_TAKEN_UP, _place(due) | self._remembered(due, memory))
                    for picture in pictures:
                        await keep_picture(connection, picture)
                found.append(replace(due, turn=due.turn + 1, memory=memory) if may else None)
        return found

    async def _settle_all(self, settled: Sequence[_Settled]) -> list[None]:
        async with self._database.write() as connection:
            keys = {one.due.key for one in settled}
            alive = keys if self._database.is_sqlite else set(await lock_people(connection, keys))
            for one in sorted(settled, key=lambda one: (one.due.key, one.due.effect)):
                given = self._remembered(one.due, one.memory) | {"b_due": one.due_at, "b_seq": one.due.seq}
                done = await connection.execute(_SETTLED, _place(one.due) | given | {"b_failures": one.failures})
                if done.rowcount and one.entry is not None and one.due.key in alive:
                    await self._audit.add(connection, (one.due.key, one.entry))
                    await connection.execute(_HOME_STALE, those([one.due.key]))
            photos = [one.due.key for one in settled if one.due.effect is Effect.PHOTO]
            await drop_pictures(connection, photos)
        return [None] * len(settled)

    def _effect(self, row: Row[Any], now: datetime) -> DueEffect:
        key, effect = PersonKey(row.team_id, row.user_id), Effect(row.effect)
        stretch, token, memory = None, None, MEMORIES[effect]()
        try:
            if row.start_at is not None:
                photo = msgspec.json.decode(row.photo, type=Photo) if row.photo else None
                stretch = Stretch(effect, row.start_at, row.end_at, ends=row.ends, rule=row.rule, photo=photo)
            memory = memory_of(row.memory, key, effect, self._encryptor)
            token = self._encryptor.open(row.token, "people.token", key.team_id, key.user_id)
            readable = True
        except (StatusQuoError, msgspec.MsgspecError, ValueError):  # nothing may be done before it can be read
            readable = False
        return DueEffect(
            key=key, effect=effect, read_at=now, seq=row.seq, turn=row.turn, failures=row.failures,
            granted=row.grant_state == GrantState.OK, granted_at=row.granted_at, token=token,
            scopes=scopes.parse(row.scopes), pause=pause_of(row.paused_from, row.paused_until),
            leaving=row.leave_by is not None, memory=memory, stretch=stretch, next_at=row.next_at,
            due_at=row.due_at, readable=readable, asked=row.asked,
        )  # fmt: skip

    def _remembered(self, due: DueEffect, memory: EffectMemory) -> dict[str, Any]:
        columns = _sealed(memory, due.key, due.effect, self._encryptor)
        return {f"b_{name}": value for name, value in columns.items()}


_TakenUp = tuple[DueEffect, EffectMemory, Sequence[KeptPicture]]


@dataclass(frozen=True, slots=True)
class _Settled:
    due: DueEffect
    memory: EffectMemory
    due_at: datetime | None
    entry: AuditEntry | None
    failures: int


def _place(due: DueEffect) -> dict[str, Any]:
    return {
        "b_team": due.key.team_id, "b_user": due.key.user_id, "b_effect": due.effect.value, "b_turn": due.turn
    }  # fmt: skip


def _may(due: DueEffect, row: Any) -> bool:
    if (row.seq, row.turn) != (due.seq, due.turn):
        return False
    if row.grant_state != GrantState.OK or row.granted_at != due.granted_at:
        return False
    return pause_of(row.paused_from, row.paused_until) == due.pause
