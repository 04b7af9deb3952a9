"""Members whose status a keeper keeps: who is due, what is remembered of their profiles, and the audit of it.

As of effects: `turn` is raised before each call, and whoever has read the row before may do nothing any more; a result
carries the `seq` that it was read with, so that what was made due meanwhile stays due. Who has a grant of their own is
left out by the queries themselves.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, exists, insert, literal, or_, select, update

from services.domain import ownership
from services.domain.decisions import Action
from services.domain.errors import StatusQuoError
from services.domain.keeper import KeeperState, Leave, owes
from services.domain.members import Role
from services.domain.model import OwnStatusPolicy, Pause, PersonKey, Status
from services.domain.people import GrantState, zone_or
from services.domain.profile_state import AuditEntry, ProfileState
from services.platform.crypto import Encryptor
from services.store import json_values
from services.store.columns import UtcInstant
from services.store.db import Database, Store, tell_sender
from services.store.due import ProfileStateStore, is_waiting
from services.store.keeper import open_kept, seal_kept
from services.store.leave_rows import wall_of
from services.store.person_rows import named, names, of_people, of_person, those
from services.store.refusals import KEEPER, LEAVE
from services.store.tables import PEOPLE, PROFILE_STATES
from services.store.workspace_tables import KEEPERS, KEPT, KEPT_WRITES, LEAVES, MEMBERS, REFUSALS
from services.store.write_queue import merged

_ADMIN, _ADMIN_MEMBER = PEOPLE.alias("keeper_person"), MEMBERS.alias("keeper_member")
_NOW = bindparam("now", type_=UtcInstant)
_CONTENT = "kept_writes.content"
_ANY_ZONE = timedelta(days=1)
"""Leave whose stored end is so long ago may end later where its member is by now."""


def _refuses(what: str) -> ColumnElement[bool]:
    return exists().where(of_person(REFUSALS, KEPT), REFUSALS.c.what == what)


_WORKS = and_(
    KEEPERS.c.team_id == KEPT.c.team_id,
    or_(KEEPERS.c.state == KeeperState.OK, KEEPERS.c.state == KeeperState.ENDING),
)
_WITH_ALL = (
    select(
        KEPT, KEEPERS.c.user_id.label("keeper_id"), KEEPERS.c.state.label("keeper_state"), KEEPERS.c.consented_at,
        _ADMIN.c.token.label("keeper_token"), _ADMIN_MEMBER.c.role.label("keeper_role"),
        _ADMIN_MEMBER.c.read_at.label("keeper_read_at"), MEMBERS.c.role, MEMBERS.c.active, MEMBERS.c.read_at,
        MEMBERS.c.zone, MEMBERS.c.locale, PEOPLE.c.zone.label("person_zone"),
        PEOPLE.c.locale.label("person_locale"), PEOPLE.c.grant_state, PEOPLE.c.preferences, PEOPLE.c.paused_from,
        PEOPLE.c.paused_until, or_(_refuses(KEEPER), _refuses(LEAVE)).label("refused"),
        PROFILE_STATES.c.memory.label("own_memory"),
    )
    .join_from(KEPT, KEEPERS, _WORKS)
    .outerjoin(_ADMIN, and_(of_person(_ADMIN, KEEPERS), _ADMIN.c.grant_state == GrantState.OK.value))
    .outerjoin(_ADMIN_MEMBER, of_person(_ADMIN_MEMBER, KEEPERS))
    .outerjoin(MEMBERS, of_person(MEMBERS, KEPT))
    .outerjoin(PEOPLE, of_person(PEOPLE, KEPT))
    .outerjoin(PROFILE_STATES, of_person(PROFILE_STATES, KEPT))
)  # fmt: skip
_DUE_NOW = and_(KEPT.c.due_at <= _NOW, ~named(KEPT.c.team_id, "others"))
_UNPLACED = (
    _WITH_ALL.where(_DUE_NOW, KEPT.c.away_until.is_(None))
    .order_by(KEPT.c.due_at, KEPT.c.team_id, KEPT.c.user_id)
    .limit(bindparam("most"))
)
_NEXT_TO_DO = (
    _WITH_ALL.where(_DUE_NOW, KEPT.c.away_until.is_not(None))
    .order_by(KEPT.c.away_until.desc(), KEPT.c.due_at, KEPT.c.team_id, KEPT.c.user_id)
    .limit(bindparam("most"))
)
_NEXT_DUE = (
    select(KEPT.c.due_at).join_from(KEPT, KEEPERS, _WORKS).where(KEPT.c.due_at > _NOW).order_by(KEPT.c.due_at).limit(1)
)
_THEIR_LEAVE = select(LEAVES).where(of_people(LEAVES), LEAVES.c.end_at > bindparam("since", type_=UtcInstant))
_BUSY = select(PROFILE_STATES.c.team_id).where(
    is_waiting(), or_(PROFILE_STATES.c.not_before.is_(None), PROFILE_STATES.c.not_before <= _NOW),
    named(PROFILE_STATES.c.team_id, "teams"),
).distinct()  # fmt: skip
_MAY = (
    select(KEPT.c.seq, KEPT.c.turn, KEEPERS.c.user_id, KEEPERS.c.state, KEEPERS.c.consented_at, PEOPLE.c.grant_state,
           _refuses(KEEPER).label("refused"))
    .join_from(KEPT, KEEPERS, _WORKS)
    .outerjoin(PEOPLE, of_person(PEOPLE, KEPT))
)  # fmt: skip
_RECENT = (
    select(KEPT_WRITES)
    .where(KEPT_WRITES.c.team_id == bindparam("team"), KEPT_WRITES.c.user_id == bindparam("user"))
    .order_by(KEPT_WRITES.c.at.desc(), KEPT_WRITES.c.write_id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class KeptMember:
    """Somebody whose profile is to be looked at by a keeper, as stored when it was read.

    `role` and `keeper_role` are None where they are not known; `role_read_at` and `keeper_read_at` tell how old they
    are. `token` is the keeper's. `may`: neither refused, nor is the consent withdrawn, nor are they gone.
    """

    key: PersonKey
    seq: int
    turn: int
    failures: int
    owed: bool
    placed: bool
    keeper_id: str
    keeper_state: KeeperState
    consented_at: datetime
    token: str | None = field(repr=False)
    keeper_role: Role | None
    keeper_read_at: datetime | None
    role: Role | None
    role_read_at: datetime | None
    granted: bool
    may: bool
    zone: ZoneInfo | None
    locale: str
    policy: OwnStatusPolicy
    pause: Pause | None
    leave: tuple[Leave, ...]
    memory: ProfileState
    readable: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """What somebody's leave means: when they are due, and until when they are away then; None: not at all."""

    member: KeptMember
    due_at: datetime | None
    away_until: datetime | None


@dataclass(frozen=True, slots=True)
class KeptWrite:
    """A line of the audit, and whose token it was."""

    keeper_id: str
    entry: AuditEntry


class KeptStore(Store):
    """Kept members who are due, and what came of them. Each method is one transaction."""

    def __init__(self, database: Database, encryptor: Encryptor) -> None:
        super().__init__(database, encryptor)
        self._profile_states = ProfileStateStore(encryptor)

    async def unplaced(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> list[KeptMember]:
        """Return those who are due, and of whom it is not known what for; none of the workspaces `others`."""
        return await self._found(_UNPLACED, now, limit, others)

    async def due(self, now: datetime, limit: int, *, others: Collection[str] = ()) -> list[KeptMember]:
        """Return those for whom something is to be done: to be taken off first, then the longest absence."""
        return await self._found(_NEXT_TO_DO, now, limit, others)

    async def next_due(self, now: datetime) -> datetime | None:
        """Return when the first of those is due who are not due at `now`."""
        (rows,) = await self._database.rows((_NEXT_DUE, {"now": now}))
        found: datetime | None = rows[0][0] if rows else None
        return found

    async def busy(self, now: datetime, teams: Iterable[str]) -> set[str]:
        """Return those of the workspaces `teams` in which members' own statuses wait to be written."""
        rows = await self._database.fetch(_BUSY, {"now": now, "teams": names(teams)})
        return {row.team_id for row in rows}

    async def place(self, placed: Sequence[Placed]) -> None:
        """Remember when they are due, where nobody made them due meanwhile; who never is any more is deleted."""
        async with self._database.write() as connection:
            for one in sorted(placed, key=lambda one: one.member.key):
                same = _is(one.member, anew=True)
                if one.due_at is None and not one.member.leave and not one.member.owed:
                    await connection.execute(delete(KEPT).where(same))
                    continue
                await connection.execute(
                    update(KEPT).where(same).values(due_at=one.due_at, away_until=one.away_until, problem="")
                )

    async def take_up(self, member: KeptMember, memory: ProfileState) -> KeptMember | None:
        """Remember what is about to be written, before it is; the member as they are stored then.

        None, and nothing may be written: they have a grant of their own, or refused meanwhile, or the consent is
        withdrawn or another one, or something else is known since they were read. They stay due.
        """
        async with self._database.write() as connection:
            locked = select(KEPT.c.seq).where(of_person(KEPT, member.key)).with_for_update()
            if (await connection.execute(locked)).one_or_none() is None:
                return None
            row = (await connection.execute(_MAY.where(of_person(KEPT, member.key)))).one_or_none()
            if row is None or not _may(member, row):
                return None
            taken = {"memory": seal_kept(self._encryptor, memory, member.key), "owed": True, "turn": member.turn + 1}
            await connection.execute(update(KEPT).where(of_person(KEPT, member.key)).values(taken))
        return replace(member, turn=member.turn + 1, memory=memory, owed=True)

    async def settle(
        self, member: KeptMember, memory: ProfileState, due_at: datetime | None, away_until: datetime | None,
        entry: AuditEntry | None = None, *, problem: str = "", failures: int = 0,
    ) -> None:  # fmt: skip
        """Remember what stands now, write the audit, and have them due at `due_at`, or at once if made due anew.

        What an event told meanwhile is kept.
        """
        async with self._database.write() as connection:
            stored = select(KEPT.c.seq, KEPT.c.turn, KEPT.c.memory, KEPT.c.forgotten).where(of_person(KEPT, member.key))
            row = (await connection.execute(stored.with_for_update())).one_or_none()
            if row is None or row.turn != member.turn:
                return
            if row.forgotten and not owes(memory.standing):
                await connection.execute(delete(KEPT).where(of_person(KEPT, member.key)))
                return
            anew = row.seq != member.seq
            if anew:
                memory = merged(memory, open_kept(self._encryptor, row.memory, member.key))
            values: dict[str, Any] = {
                "memory": seal_kept(self._encryptor, memory, member.key), "owed": owes(memory.standing),
            }  # fmt: skip
            if not anew:
                values |= {"due_at": due_at, "away_until": away_until, "problem": problem, "failures": failures}
            await connection.execute(update(KEPT).where(of_person(KEPT, member.key)).values(values))
            if entry is not None and not row.forgotten:
                await connection.execute(insert(KEPT_WRITES), self._row(member, entry))
                stale = update(PEOPLE).where(of_person(PEOPLE, member.key)).values(home_stale=True)
                await connection.execute(stale)

    async def put_off(self, member: KeptMember, until: datetime, problem: str = "") -> None:
        """Note that it could not be looked at: tried again at `until`, unless they are made due anew before."""
        later = {"due_at": until, "failures": member.failures + 1, "problem": problem}
        await self._database.execute(update(KEPT).where(_is(member, anew=True)).values(later))

    async def see(self, key: PersonKey, seen: Status, at: datetime, now: datetime) -> bool:
        """Remember that the profile showed `seen` at `at`, as an event said; False where that is no news.

        Also of somebody whose turn has not come yet: what they typed since their leave began is theirs.
        """
        known = or_(KEPT.c.memory.is_not(None), KEPT.c.due_at <= now)
        keeps = exists().where(KEEPERS.c.team_id == KEPT.c.team_id, KEEPERS.c.state == KeeperState.OK)
        theirs = select(KEPT.c.memory).where(of_person(KEPT, key), known, keeps)
        row = await self._database.fetch_one(theirs)
        if row is None or ownership.hint(open_kept(self._encryptor, row.memory, key).standing, seen, at) is None:
            return False
        async with self._database.write() as connection:
            row = (await connection.execute(theirs.with_for_update())).one_or_none()
            if row is None:
                return False
            memory = open_kept(self._encryptor, row.memory, key)
            standing = ownership.hint(memory.standing, seen, at)
            if standing is None:
                return False
            values = {
                "memory": seal_kept(self._encryptor, replace(memory, standing=standing), key), "seq": KEPT.c.seq + 1,
                "due_at": case((KEPT.c.due_at < now, KEPT.c.due_at), else_=literal(now, UtcInstant)),
                "away_until": None,
            }  # fmt: skip
            await connection.execute(update(KEPT).where(of_person(KEPT, key)).values(values))
            tell_sender(connection)
        return True

    # ── what is told of it ──────────────────────────────────────────────────────────────────────────

    async def standing(self, key: PersonKey) -> ProfileState | None:
        """Return what a keeper remembers of the member's profile; None for nothing. Raises SealError."""
        row = await self._database.fetch_one(select(KEPT.c.memory).where(of_person(KEPT, key)))
        return None if row is None or row.memory is None else open_kept(self._encryptor, row.memory, key)

    async def recent(self, key: PersonKey, limit: int) -> list[KeptWrite]:
        """Return the newest lines of the audit about a member, newest first. Raises SealError."""
        (rows,) = await self._database.rows((_RECENT, {"team": key.team_id, "user": key.user_id, "most": limit}))
        return [KeptWrite(row.keeper_id, self._entry(row)) for row in rows]

    def _row(self, member: KeptMember, entry: AuditEntry) -> dict[str, object]:
        write_id, status = secrets.token_hex(12), entry.status
        content = json_values.Attempted(status.text, status.emoji, status.expiration).to_json()
        return {
            "team_id": member.key.team_id, "write_id": write_id, "user_id": member.key.user_id,
            "keeper_id": member.keeper_id, "at": entry.at, "action": entry.action.value,
            "reason": json_values.reason_to_json(entry.reason), "outcome": entry.outcome,
            "content": self._encryptor.seal(content, _CONTENT, member.key.team_id, write_id),
        }  # fmt: skip

    def _entry(self, row: Any) -> AuditEntry:
        plain = self._encryptor.open_bytes(row.content, _CONTENT, row.team_id, row.write_id)
        content = json_values.Attempted.from_json(plain or "{}")
        return AuditEntry(
            row.at, Action(row.action), json_values.reason_from_json(row.reason), row.outcome,
            status=Status(content.text, content.emoji, content.ends),
        )  # fmt: skip

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────

    async def _found(self, asked: Any, now: datetime, limit: int, others: Collection[str]) -> list[KeptMember]:
        (rows,) = await self._database.rows((asked, {"now": now, "most": limit, "others": names(others)}))
        keys = [PersonKey(row.team_id, row.user_id) for row in rows]
        leave = defaultdict[PersonKey, list[Leave]](list)
        if keys:
            (found,) = await self._database.rows((_THEIR_LEAVE, those(keys, since=now - _ANY_ZONE)))
            for row in found:
                leave[PersonKey(row.team_id, row.user_id)].append(Leave(row.start_at, row.end_at, wall_of(row)))
        return [self._member(row, tuple(leave[key]), now) for key, row in zip(keys, rows, strict=True)]

    def _member(self, row: Any, leave: tuple[Leave, ...], now: datetime) -> KeptMember:
        key = PersonKey(row.team_id, row.user_id)
        token, memory, policy = None, ProfileState(), OwnStatusPolicy.COVER_AND_RESTORE
        try:
            if row.preferences is not None:
                policy = json_values.preferences_from_json(row.preferences).own_status
            memory = open_kept(self._encryptor, row.memory, key)
            if row.memory is None and row.grant_state != GrantState.OK:
                memory = self._left_behind(row.own_memory, key, now)
            token = self._encryptor.open(row.keeper_token, "people.token", key.team_id, row.keeper_id)
            readable = True
        except (StatusQuoError, ValueError):  # nothing may be written before it can be read
            readable = False
        state = KeeperState(row.keeper_state)
        zone = row.zone or row.person_zone
        return KeptMember(
            key=key, seq=row.seq, turn=row.turn, failures=row.failures, owed=row.owed,
            placed=row.away_until is not None, keeper_id=row.keeper_id, keeper_state=state,
            consented_at=row.consented_at, token=token, keeper_role=_role(row.keeper_role),
            keeper_read_at=row.keeper_read_at, role=_role(row.role), role_read_at=row.read_at,
            granted=row.grant_state == GrantState.OK,
            may=state is KeeperState.OK and not row.refused and row.active is not False,
            zone=zone_or(zone, ZoneInfo("UTC")) if zone else None, locale=row.locale or row.person_locale or "en-US",
            policy=policy, pause=None if row.paused_from is None else Pause(row.paused_from, row.paused_until),
            leave=leave, memory=memory, readable=readable,
        )  # fmt: skip

    def _left_behind(self, sealed: bytes | None, key: PersonKey, now: datetime) -> ProfileState:
        """Return what still stands of ours on the profile of somebody whose own grant is lost, with what it covers.

        What they set by hand through us is theirs.
        """
        own = self._profile_states.open(sealed, key)
        lasts = own.standing.applied is not None and own.standing.applied.lasts(now)
        return ProfileState(own.standing) if lasts and not own.override else ProfileState()


def _role(stored: int | None) -> Role | None:
    return None if stored is None else Role(stored)


def _is(member: KeptMember, *, anew: bool) -> ColumnElement[bool]:
    """State that a row is as it was read; `anew`: nor was it made due anew."""
    same = and_(of_person(KEPT, member.key), KEPT.c.turn == member.turn)
    return and_(same, KEPT.c.seq == member.seq) if anew else same


def _may(member: KeptMember, row: Any) -> bool:
    if (row.seq, row.turn) != (member.seq, member.turn) or row.grant_state == GrantState.OK:
        return False
    if (row.user_id, row.state, row.consented_at) != (
        member.keeper_id, member.keeper_state, member.consented_at
    ):  # fmt: skip
        return False
    return member.may is False or not row.refused
