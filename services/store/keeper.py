"""An admin's consent to keep members' statuses, who does not want that, and who is worth a look.

A row of `kept` is there for everybody who has leave, whoever keeps it: who tells of leave only marks its people due.
`away_until` is None while nobody has looked at what the leave means; then it tells whose turn it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.keeper import NO_ADMIN, REVOKED, KeeperState
from services.domain.members import Role
from services.domain.model import PersonKey
from services.domain.people import GrantState, leave_key
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor, SealedBytes
from services.store import json_values
from services.store.columns import UtcInstant
from services.store.db import Database, Store, tell_sender
from services.store.leave_choices import mark_leave_due
from services.store.person_rows import NoticeStore, insert_for, mark_due, of_people, of_person, those, upsert
from services.store.refusals import KEEPER, refuse
from services.store.tables import NOTICES, PEOPLE
from services.store.workspace_tables import KEEPERS, KEPT, KEPT_WRITES, LEAVES, MEMBERS, REFUSALS

if TYPE_CHECKING:
    from services.store.due import ProfileStateStore  # these have members looked at themselves
    from services.store.members import MemberStore


SUBJECTS = {KeeperState.LOST: "keeper", KeeperState.IMPOSSIBLE: "keeper/plan"}
"""The subjects of the notices that a workspace's keeper keeps nobody any more."""

_IDLE = timedelta(days=1)
_COLUMN = "kept.memory"
_AT = bindparam("at", type_=UtcInstant)
_ANEW = {"due_at": _AT, "away_until": None, "seq": KEPT.c.seq + 1, "failures": 0, "problem": ""}
_MARK = update(KEPT).where(of_people(KEPT)).values(_ANEW)
_MARK_ALL = update(KEPT).where(KEPT.c.team_id == bindparam("team")).values(_ANEW)
_MINE = of_person(PEOPLE, KEEPERS)
_GRANTED = exists().where(_MINE, PEOPLE.c.grant_state == GrantState.OK.value, PEOPLE.c.token.is_not(None))
_DEMOTED = or_(  # as Slack told last, of the member or of the person
    exists().where(of_person(MEMBERS, KEEPERS), or_(MEMBERS.c.role < int(Role.ADMIN), ~MEMBERS.c.active)),
    exists().where(_MINE, ~PEOPLE.c.admin),
)
_WORKS = or_(KEEPERS.c.state == KeeperState.OK, KEEPERS.c.state == KeeperState.ENDING)
TAKES_OFF = exists().where(KEPT.c.team_id == KEEPERS.c.team_id, KEPT.c.owed, KEPT.c.due_at.is_not(None))
"""That something of a keeper's is on a profile, and can be taken off."""

_WORKING = select(
    KEEPERS.c.team_id, KEEPERS.c.user_id, KEEPERS.c.state, _GRANTED.label("granted"), _DEMOTED.label("demoted"),
    TAKES_OFF.label("takes_off"),
).where(_WORKS)  # fmt: skip


def forgotten_kept(now: datetime) -> ColumnElement[bool]:
    """Return the rows in `kept` of those who have no leave any more, and nothing on whose profile is ours.

    Nor is what a keeper wrote that is gone: it has run out by itself.
    """
    leave = exists().where(of_person(LEAVES, KEPT))
    idle = or_(KEPT.c.due_at.is_(None), KEPT.c.due_at < now - _IDLE)
    works = exists().where(KEEPERS.c.team_id == KEPT.c.team_id)
    return and_(~leave, idle, or_(~KEPT.c.owed, ~works))


@dataclass(frozen=True, slots=True)
class StandingKeeper:
    """A workspace's keeper: whose token it is, since when they consented, and how it is doing."""

    key: PersonKey
    consented_at: datetime
    state: KeeperState
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KeeperNews:
    """Keepers that keep, or take off, as user ids by workspace.

    `worthless`: those whose owner has no grant any more, or is no admin, each with Slack's word for it; `over`:
    those whose consent is withdrawn, and who have nothing left to take off, or cannot.
    """

    working: Mapping[str, str]
    worthless: Sequence[tuple[PersonKey, str]]
    over: Sequence[PersonKey]


@dataclass(frozen=True, slots=True)
class KeeperCounts:
    """How many members' profiles show something of ours, how many wait, and who cannot be kept, by Slack's code."""

    shown: int
    waiting: int
    refused: tuple[tuple[str, str], ...]


# ── in somebody else's transaction ──────────────────────────────────────────────────────────────────


async def mark_kept_due(connection: AsyncConnection, team_id: str, user_ids: Collection[str], at: datetime) -> None:
    """Have the profiles of these members looked at: their leave is another. Where a keeper keeps them, that is done."""
    if not user_ids:
        return
    fresh = insert_for(connection, KEPT)
    anew = {"due_at": fresh.excluded.due_at, "away_until": None, "seq": KEPT.c.seq + 1, "failures": 0, "problem": ""}
    await connection.execute(
        fresh.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=anew),
        [
            {"team_id": team_id, "user_id": user_id, "due_at": at, "seq": 1, "turn": 0, "failures": 0, "owed": False,
             "forgotten": False, "problem": ""}
            for user_id in sorted(user_ids)
        ],
    )  # fmt: skip


async def mark_all_kept_due(connection: AsyncConnection, team_id: str, at: datetime) -> None:
    """Have all of a workspace looked at: what it allows, or what it says, is another."""
    await connection.execute(_MARK_ALL, {"team": team_id, "at": at})
    tell_sender(connection)


async def look_at_kept(connection: AsyncConnection, keys: Iterable[PersonKey], at: datetime) -> None:
    """Have those of `keys` looked at who have leave: they have no grant any more, or Slack shows them as another."""
    if (await connection.execute(_MARK, those(keys, at=at))).rowcount:
        tell_sender(connection)


async def adopt_kept(
    connection: AsyncConnection, key: PersonKey, encryptor: Encryptor, profile_states: ProfileStateStore
) -> None:
    """Take what a keeper wrote for a person as written for them by themselves: they have a grant from now on.

    The person is locked. What is about to be written is part of it.
    """
    theirs = select(KEPT.c.memory).where(of_person(KEPT, key)).with_for_update()
    row = (await connection.execute(theirs)).one_or_none()
    if row is None:
        return
    if row.memory is not None:
        kept = open_kept(encryptor, row.memory, key)
        await profile_states.save(connection, key, ProfileState(kept.standing))
    nothing = {"memory": None, "owed": False, "due_at": None, "away_until": None, "problem": "", "failures": 0}
    await connection.execute(update(KEPT).where(of_person(KEPT, key)).values(**nothing, seq=KEPT.c.seq + 1))


async def leave_kept(connection: AsyncConnection, key: PersonKey, now: datetime) -> None:
    """Forget a member: they are not to be kept again, which stays known, and are no keeper any more."""
    await refuse(connection, key, KEEPER, now)
    await look_at_kept(connection, [key], now)
    await connection.execute(update(KEPT).where(of_person(KEPT, key)).values(forgotten=True))
    await connection.execute(delete(KEPT_WRITES).where(of_person(KEPT_WRITES, key)))
    await end_keeper(connection, now, of_person(KEEPERS, key))


async def end_keeper(connection: AsyncConnection, now: datetime, which: ColumnElement[bool]) -> bool:
    """Withdraw a consent: what stands of ours is taken off with the token, and then it is gone; False for none."""
    ending = update(KEEPERS).where(which)
    ended = await connection.execute(ending.values(state=KeeperState.ENDING).returning(KEEPERS.c.team_id))
    teams = [row.team_id for row in ended]
    for team_id in teams:
        await mark_all_kept_due(connection, team_id, now)
    return bool(teams)


async def forget_keeper(connection: AsyncConnection, members: MemberStore, key: PersonKey) -> None:
    """Name somebody no more in what was done with their permission, which is gone."""
    named_in = update(KEPT_WRITES).where(KEPT_WRITES.c.team_id == key.team_id, KEPT_WRITES.c.keeper_id == key.user_id)
    await connection.execute(named_in.values(keeper_id=""))
    await delete_keeper(connection, members, key)


async def delete_keeper(connection: AsyncConnection, members: MemberStore, key: PersonKey) -> None:
    """Delete the consent of somebody that is withdrawn; the members of the workspace, if nothing else needs them."""
    its = delete(KEEPERS).where(of_person(KEEPERS, key), KEEPERS.c.state == KeeperState.ENDING)
    if (await connection.execute(its)).rowcount:
        await members.no_longer_needed(connection, key.team_id)


def open_kept(encryptor: Encryptor, sealed: bytes | None, key: PersonKey) -> ProfileState:
    """Return the memory in a row's column; an empty one where there is none. Raises SealError, InputError."""
    plain = encryptor.open_bytes(sealed, _COLUMN, key.team_id, key.user_id)
    return ProfileState() if plain is None else json_values.profile_state_from_json(plain)


def seal_kept(encryptor: Encryptor, memory: ProfileState, key: PersonKey) -> SealedBytes:
    """Return the column's value for `memory`."""
    return encryptor.seal(json_values.profile_state_to_json(memory), _COLUMN, key.team_id, key.user_id)


class Refusals(Store):
    """What members do not want."""

    async def of(self, key: PersonKey) -> frozenset[str]:
        """Return what this member does not want."""
        rows = await self._database.fetch(select(REFUSALS.c.what).where(of_person(REFUSALS, key)))
        return frozenset(row.what for row in rows)

    async def put(self, key: PersonKey, what: str, now: datetime) -> None:
        """Remember it; what a keeper has on their profile is taken off."""
        async with self._database.write() as connection:
            await mark_leave_due(connection, key.team_id, now)  # first, as who finds leave locks
            await refuse(connection, key, what, now)
            await look_at_kept(connection, [key], now)

    async def delete(self, key: PersonKey, what: str, now: datetime) -> bool:
        """They do not mind any more; False where they did not."""
        async with self._database.write() as connection:
            await mark_leave_due(connection, key.team_id, now)
            theirs = delete(REFUSALS).where(of_person(REFUSALS, key), REFUSALS.c.what == what)
            done = await connection.execute(theirs)
            await look_at_kept(connection, [key], now)
            await connection.execute(update(KEPT).where(of_person(KEPT, key)).values(forgotten=False))
            if done.rowcount:  # of somebody who was forgotten no leave is kept
                await mark_due(connection, leave_key(key.team_id), now)
        return bool(done.rowcount)


class KeeperStore(Store):
    """The keepers of all workspaces."""

    def __init__(self, database: Database, encryptor: Encryptor, *, notices: NoticeStore, members: MemberStore) -> None:
        """`members` are kept while there is a keeper."""
        super().__init__(database, encryptor)
        self._notices = notices
        self._members = members

    async def of(self, team_id: str) -> StandingKeeper | None:
        """Return the workspace's keeper."""
        row = await self._database.fetch_one(select(KEEPERS).where(KEEPERS.c.team_id == team_id))
        if row is None:
            return None
        key = PersonKey(row.team_id, row.user_id)
        return StandingKeeper(key, row.consented_at, KeeperState(row.state), row.problem)

    async def consent(self, key: PersonKey, now: datetime) -> None:
        """Keep that this admin's token is the workspace's keeper, in the place of another's; everybody is looked at."""
        fresh = {"user_id": key.user_id, "consented_at": now, "state": KeeperState.OK, "problem": ""}
        async with self._database.write() as connection:
            await connection.execute(upsert(connection, KEEPERS, {"team_id": key.team_id, **fresh}, fresh))
            await self._members.needed(connection, key.team_id, now)
            told = delete(NOTICES).where(NOTICES.c.team_id == key.team_id, NOTICES.c.subject.in_(SUBJECTS.values()))
            await connection.execute(told)
            await mark_all_kept_due(connection, key.team_id, now)

    async def end(self, team_id: str, now: datetime) -> bool:
        """Withdraw the consent of the workspace's keeper; False where there is none."""
        async with self._database.write() as connection:
            return await end_keeper(connection, now, KEEPERS.c.team_id == team_id)

    async def stop(self, key: PersonKey, state: KeeperState, problem: str) -> bool:
        """Note that it can keep nobody any more: admins are told once. False where it is another, or stopped already.

        What stands of ours runs out by its expiration. One whose consent is withdrawn is gone, and nobody is told.
        """
        async with self._database.write() as connection:
            await delete_keeper(connection, self._members, key)
            its = update(KEEPERS).where(of_person(KEEPERS, key), KEEPERS.c.state == KeeperState.OK)
            done = await connection.execute(its.values(state=state, problem=problem))
            if done.rowcount != 1:
                return False
            admins = or_(PEOPLE.c.admin, PEOPLE.c.user_id == key.user_id)
            told = select(PEOPLE.c.user_id).where(PEOPLE.c.team_id == key.team_id, admins, PEOPLE.c.leave_by.is_(None))
            for row in (await connection.execute(told)).all():
                await self._notices.tell(connection, PersonKey(key.team_id, row.user_id), SUBJECTS[state])
        return True

    async def news(self) -> KeeperNews:
        """Return which keepers there are, and what is to be done about them."""
        (working,) = await self._database.rows((_WORKING, {}))
        worthless, over = list[tuple[PersonKey, str]](), list[PersonKey]()
        for row in working:
            key, is_worthless = PersonKey(row.team_id, row.user_id), row.demoted or not row.granted
            if row.state == KeeperState.ENDING and (is_worthless or not row.takes_off):
                over.append(key)
            elif row.state == KeeperState.OK and is_worthless:
                worthless.append((key, NO_ADMIN if row.demoted else REVOKED))
        return KeeperNews({row.team_id: row.user_id for row in working}, worthless, over)

    async def look_at_all(self, team_id: str, now: datetime) -> None:
        """Have the profiles of all of a workspace looked at."""
        async with self._database.write() as connection:
            await mark_all_kept_due(connection, team_id, now)

    async def finish(self, key: PersonKey) -> None:
        """Delete a consent that is withdrawn: nothing is left to be taken off, or it cannot be."""
        async with self._database.write() as connection:
            await delete_keeper(connection, self._members, key)

    async def counts(self, team_id: str, now: datetime, most: int) -> KeeperCounts:
        """Return how the workspace's keeper is doing; at most `most` of those whom it cannot keep."""
        of_team = KEPT.c.team_id == team_id
        waits = and_(of_team, KEPT.c.due_at <= now, or_(KEPT.c.away_until.is_(None), KEPT.c.away_until > now))
        refused = select(KEPT.c.user_id, KEPT.c.problem).where(of_team, KEPT.c.problem != "")
        async with self._database.read() as connection:
            shown = await connection.scalar(select(func.count()).select_from(KEPT).where(of_team, KEPT.c.owed))
            waiting = await connection.scalar(select(func.count()).select_from(KEPT).where(waits))
            rows = (await connection.execute(refused.order_by(KEPT.c.user_id).limit(most))).all()
        return KeeperCounts(shown or 0, waiting or 0, tuple((row.user_id, row.problem) for row in rows))
