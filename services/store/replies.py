"""Replies to mentions: who is out and lets others be told, and who was told of whom on which day.

A row stands for "told", and is there before anybody is: so whichever replica hears of a mention, once a day is all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, or_, select, update

from services.domain import profile_state
from services.domain.errors import StatusQuoError
from services.domain.mentions import Mention, MentionAsker, OutPerson
from services.domain.model import Effect, OverrideKind, PersonKey
from services.domain.people import GrantState, zone_or
from services.platform.crypto import Encryptor
from services.slack import scopes
from services.store.columns import UtcInstant
from services.store.db import Database, Store, tell_sender
from services.store.due import ProfileStateStore
from services.store.effect_tables import REPLIES, STRETCHES
from services.store.facts import override_of
from services.store.person_rows import insert_for, lock_staying, named, names, of_person, one_of, tuples
from services.store.policies import allows_replies
from services.store.tables import OVERRIDES, PEOPLE, PROFILE_STATES, WORKSPACES
from services.store.timeline import pause_of

Intervals = tuple[tuple[datetime, datetime], ...]
OutOf = dict[str, dict[str, Intervals]]
"""By workspace and person, when they are out; in UTC, `[start, end)`."""


@dataclass(frozen=True, slots=True)
class DueReply:
    """Somebody who is to be told that `person` is out."""

    person: PersonKey
    asker_id: str
    day: str
    channel_id: str
    thread: str
    asker: MentionAsker
    created_at: datetime


_NOW = bindparam("now", type_=UtcInstant)
_MAY_REPLY = and_(
    allows_replies(),
    WORKSPACES.c.bot_token.is_not(None),
    or_(*(WORKSPACES.c.bot_scopes.contains(scope) for scope in sorted(scopes.INSTALLS[scopes.REPLIES]))),
)
_IS_REPLY = STRETCHES.c.effect == Effect.REPLY.value
_OUT = (
    select(STRETCHES.c.team_id, STRETCHES.c.user_id, STRETCHES.c.start_at, STRETCHES.c.end_at)
    .join(WORKSPACES, WORKSPACES.c.team_id == STRETCHES.c.team_id)
    .join(PEOPLE, of_person(PEOPLE, STRETCHES))
    .where(
        _IS_REPLY,
        STRETCHES.c.end_at > _NOW,
        STRETCHES.c.start_at <= bindparam("soon", type_=UtcInstant),
        _MAY_REPLY,
        PEOPLE.c.leave_by.is_(None),
        PEOPLE.c.grant_state == GrantState.OK.value,
    )
)
_ABSENT = (
    select(
        STRETCHES.c.team_id, STRETCHES.c.user_id, STRETCHES.c.end_at, STRETCHES.c.ends, PEOPLE.c.zone,
        PEOPLE.c.names, PEOPLE.c.paused_from, PEOPLE.c.paused_until, PROFILE_STATES.c.memory,
    )
    .join(PEOPLE, of_person(PEOPLE, STRETCHES))
    .join(PROFILE_STATES, of_person(PROFILE_STATES, STRETCHES))
    .where(
        one_of((STRETCHES.c.team_id, STRETCHES.c.user_id), "keys"),
        _IS_REPLY,
        STRETCHES.c.start_at <= _NOW,
        STRETCHES.c.end_at > _NOW,
        PEOPLE.c.leave_by.is_(None),
        PEOPLE.c.grant_state == GrantState.OK.value,
    )
)  # fmt: skip
_RUNNING = (
    select(OVERRIDES)
    .where(
        one_of((OVERRIDES.c.team_id, OVERRIDES.c.user_id), "keys"),
        OVERRIDES.c.kind == OverrideKind.OUT_OF_OFFICE.value,
        OVERRIDES.c.start_at <= _NOW,
        or_(OVERRIDES.c.end_at.is_(None), OVERRIDES.c.end_at > _NOW),
    )
    .order_by(OVERRIDES.c.created_at)
)
_DUE = (
    select(REPLIES)
    .where(
        REPLIES.c.due_at <= _NOW,
        exists().where(WORKSPACES.c.team_id == REPLIES.c.team_id, _MAY_REPLY),
        ~named(REPLIES.c.team_id, "others"),
    )
    .order_by(REPLIES.c.due_at)
    .limit(bindparam("most"))
)
_ASKER = select(PEOPLE.c.zone, PEOPLE.c.locale).where(
    PEOPLE.c.team_id == bindparam("team"), PEOPLE.c.user_id == bindparam("user"), PEOPLE.c.leave_by.is_(None)
)

_TOLD = select(REPLIES.c.person_id).where(
    REPLIES.c.team_id == bindparam("team"),
    REPLIES.c.asker_id == bindparam("asker"),
    REPLIES.c.day == bindparam("day"),
)


class ReplyStore(Store):
    """The replies of all workspaces."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._profile_states = ProfileStateStore(encryptor)

    async def out(self, now: datetime, soon: datetime) -> OutOf:
        """Return who may be told of: those who are out at `now` by their timeline, or will be by `soon`."""
        found: OutOf = {}
        for row in await self._database.fetch(_OUT, {"now": now, "soon": soon}):
            people = found.setdefault(row.team_id, {})
            people[row.user_id] = (*people.get(row.user_id, ()), (row.start_at, row.end_at))
        return found

    async def asker(self, home: str, user_id: str) -> MentionAsker | None:
        """Zone and language of a member, where they are one of ours."""
        (rows,) = await self._database.rows((_ASKER, {"team": home, "user": user_id}))
        return MentionAsker(rows[0].zone, rows[0].locale) if rows else None

    async def absent(self, keys: Collection[PersonKey], now: datetime) -> dict[PersonKey, OutPerson]:
        """Return those of `keys` who are out at `now` as Slack shows it, and want whoever mentions them told.

        Not who is paused, cleared their status by hand or has one of their own; nor of whom nothing can be read.
        """
        asked = {"keys": tuples((key.team_id, key.user_id) for key in keys), "now": now}
        rows = await self._database.fetch(_ABSENT, asked)
        if not rows:
            return {}
        overrides = {PersonKey(row.team_id, row.user_id): row for row in await self._database.fetch(_RUNNING, asked)}
        found: dict[PersonKey, OutPerson] = {}
        for row in rows:
            key = PersonKey(row.team_id, row.user_id)
            with suppress(StatusQuoError, ValueError):  # a key is missing, or it makes no sense: nobody else waits
                out = self._out(key, row, overrides.get(key), now)
                found |= {} if out is None else {key: out}
        return found

    def _out(self, key: PersonKey, row: Any, asked_for: Any, now: datetime) -> OutPerson | None:
        pause = pause_of(row.paused_from, row.paused_until)
        shown = profile_state.shown(self._profile_states.open(row.memory, key).standing, now)
        if shown is None or (pause is not None and pause.holds(now)):
            return None
        called = json.loads(self._encryptor.open(row.names, "people.names", key.team_id, key.user_id) or "[]")
        override = None if asked_for is None else override_of(asked_for, self._encryptor)
        return OutPerson(
            key,
            called[0] if called else "",
            zone_or(row.zone, ZoneInfo("UTC")),
            row.end_at if row.ends else shown.expiration,
            note="" if override is None else override.text,
            stand_in="" if override is None else override.stand_in,
        )

    async def untold(self, mention: Mention, people: Iterable[str], asker: MentionAsker, now: datetime) -> list[str]:
        """Return those of `people` whom the author was not told of today, their own today."""
        asked = {"team": mention.home, "asker": mention.asker_id, "day": _day(asker, now)}
        (rows,) = await self._database.rows((_TOLD, asked))
        told = {row.person_id for row in rows}
        return [user for user in people if user not in told]

    async def record(self, mention: Mention, people: Iterable[str], asker: MentionAsker, now: datetime) -> int:
        """Store that the author is to be told of each of `people`, unless they were today; of how many they were not.

        Who is leaving or gone is told of to nobody.
        """
        day = _day(asker, now)
        async with self._database.write() as connection:
            staying = await lock_staying(connection, [PersonKey(mention.home, user) for user in people])
            if not staying:
                return 0
            rows = [
                {
                    "team_id": mention.home, "asker_id": mention.asker_id, "person_id": key.user_id, "day": day,
                    "channel_id": mention.channel_id, "thread": mention.thread, "zone": asker.zone,
                    "locale": asker.locale, "created_at": mention.at, "due_at": now,
                }
                for key in sorted(staying)
            ]  # fmt: skip
            new = insert_for(connection, REPLIES).on_conflict_do_nothing().returning(REPLIES.c.person_id)
            count = len((await connection.execute(new, rows)).all())
            if count:
                tell_sender(connection)
        return count

    async def due(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> list[DueReply]:
        """Return whom to tell of what at `now`, the longest due first; none of the workspaces `others`."""
        (rows,) = await self._database.rows((_DUE, {"now": now, "most": limit, "others": names(others)}))
        return [
            DueReply(
                PersonKey(row.team_id, row.person_id), row.asker_id, row.day, row.channel_id, row.thread,
                MentionAsker(row.zone, row.locale), row.created_at,
            )
            for row in rows
        ]  # fmt: skip

    async def claim(self, reply: DueReply) -> bool:
        """Note that it is about to be told, and counts as told from now on; False where somebody else has."""
        told = update(REPLIES).where(_is(reply), REPLIES.c.due_at.is_not(None)).values(due_at=None)
        return await self._database.execute(told) == 1

    async def give_back(self, reply: DueReply, at: datetime) -> None:
        """Note that it was not told after all: to be tried again at `at`."""
        await self._database.execute(update(REPLIES).where(_is(reply)).values(due_at=at))

    async def put_off(self, reply: DueReply, until: datetime) -> None:
        """Note that it cannot be told before `until`, unless it was already."""
        later = update(REPLIES).where(_is(reply), REPLIES.c.due_at.is_not(None)).values(due_at=until)
        await self._database.execute(later)

    async def drop(self, replies: Sequence[DueReply]) -> None:
        """Nobody is told, and whoever asks again today is."""
        if replies:
            which = or_(*(_is(reply) for reply in replies))
            await self._database.execute(delete(REPLIES).where(which, REPLIES.c.due_at.is_not(None)))


def _day(asker: MentionAsker, now: datetime) -> str:
    return now.astimezone(zone_or(asker.zone, ZoneInfo("UTC"))).date().isoformat()


def _is(reply: DueReply) -> ColumnElement[bool]:
    return and_(
        REPLIES.c.team_id == reply.person.team_id,
        REPLIES.c.asker_id == reply.asker_id,
        REPLIES.c.person_id == reply.person.user_id,
        REPLIES.c.day == reply.day,
    )
