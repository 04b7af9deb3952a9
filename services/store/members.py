"""The members of a workspace, with or without a grant: kept, sealed, while a leave calendar or a keeper stands.

All are read once a day, by pages (`services/engine/members.py`); in between Slack tells of who joins and who changes.
What an event tells is newer than a reading that began before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from msgspec import field
from sqlalchemy import bindparam, case, delete, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import StatusQuoError
from services.domain.members import Role, WorkspaceMember
from services.domain.model import PersonKey
from services.domain.people import LEAVE, homes_of, leave_key
from services.platform.concurrency import off_loop
from services.store.calendar_tables import CALENDARS
from services.store.columns import UtcInstant
from services.store.db import Store
from services.store.deactivated import deactivate
from services.store.json_values import Stored
from services.store.keeper import look_at_kept
from services.store.person_rows import chunks, insert_for, mark_due, named, names, of_person
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_tables import KEEPERS, MEMBERS

EVERY = timedelta(days=1)
"""How often all are read: Slack tells of changes, but may lose some."""

_NOW = bindparam("now", type_=UtcInstant)
_THEIRS = ~named(WORKSPACES.c.team_id, "others")
_NEXT = select(func.min(WORKSPACES.c.members_due_at)).where(_THEIRS)
_DUE = (
    select(WORKSPACES.c.team_id, WORKSPACES.c.members_due_at)
    .where(WORKSPACES.c.members_due_at <= _NOW, _THEIRS)
    .order_by(WORKSPACES.c.members_due_at, WORKSPACES.c.team_id)
    .limit(bindparam("most"))
)
_IS_IT = WORKSPACES.c.team_id == bindparam("team")
_ORG, _IS_ORG = select(WORKSPACES.c.enterprise_id).where(_IS_IT), select(WORKSPACES.c.org_wide).where(_IS_IT)
_KEEPS = select(WORKSPACES.c.team_id).where(
    WORKSPACES.c.team_id == bindparam("team"), WORKSPACES.c.members_due_at.is_not(None)
)
_ALL = select(MEMBERS).where(MEMBERS.c.team_id == bindparam("team")).order_by(MEMBERS.c.user_id)
_SOME = _ALL.where(named(MEMBERS.c.user_id, "asked"))
_BACK = (
    select(PEOPLE.c.team_id, PEOPLE.c.user_id)
    .join(MEMBERS, of_person(MEMBERS, PEOPLE))
    .where(
        PEOPLE.c.team_id == bindparam("team"), PEOPLE.c.deactivated_at.is_not(None), PEOPLE.c.leave_by.is_(None),
        MEMBERS.c.active, MEMBERS.c.read_at >= bindparam("began", type_=UtcInstant),
    )
    .order_by(PEOPLE.c.user_id)
)  # fmt: skip
_COLUMN = "members.detail"


class MemberStore(Store):
    """The members of all workspaces that need to know theirs."""

    # ── who needs them ──────────────────────────────────────────────────────────────────────────────

    async def needed(self, connection: AsyncConnection, team_id: str, now: datetime) -> None:
        """Have the members of a workspace read and kept from now on, in the transaction that gives it a reason to."""
        due_at = case(
            (WORKSPACES.c.members_due_at.is_(None), literal(now, UtcInstant)), else_=WORKSPACES.c.members_due_at
        )
        await connection.execute(
            update(WORKSPACES).where(WORKSPACES.c.team_id == team_id).values(members_due_at=due_at)
        )

    async def no_longer_needed(self, connection: AsyncConnection, team_id: str) -> bool:
        """Delete the members of a workspace that has neither a leave calendar nor a keeper any more; whether so.

        In the transaction that removes one of them.
        """
        calendars = exists().where(CALENDARS.c.team_id == team_id, CALENDARS.c.user_id == LEAVE)
        keeper = exists().where(KEEPERS.c.team_id == team_id)
        if await connection.scalar(select(literal(1)).where(or_(calendars, keeper))):
            return False
        await connection.execute(delete(MEMBERS).where(MEMBERS.c.team_id == team_id))
        nothing = {"members_due_at": None, "members_read_at": None}
        await connection.execute(update(WORKSPACES).where(WORKSPACES.c.team_id == team_id).values(nothing))
        return True

    # ── reading all of them ─────────────────────────────────────────────────────────────────────────

    async def next_due(self, others: Collection[str] = ()) -> datetime | None:
        """Return when the next workspace's are to be read, of those that are not among `others`."""
        (rows,) = await self._database.rows((_NEXT, {"others": names(others)}))
        found: datetime | None = rows[0][0]
        return found

    async def due(self, now: datetime, limit: int, others: Collection[str] = ()) -> dict[str, datetime]:
        """Return the workspaces whose members are to be read at `now`, each with since when; the longest due first."""
        rows = await self._database.fetch(_DUE, {"now": now, "most": limit, "others": names(others)})
        return {row.team_id: row.members_due_at for row in rows}

    async def put_off(self, team_id: str, due_at: datetime, until: datetime) -> bool:
        """Have them due at `until` instead of `due_at`; False where that has changed meanwhile."""
        its = update(WORKSPACES).where(WORKSPACES.c.team_id == team_id, WORKSPACES.c.members_due_at == due_at)
        return bool(await self._database.execute(its.values(members_due_at=until)))

    async def read(self, team_id: str, *, began: datetime, due_at: datetime) -> bool:
        """Note that all were read, from `began` on: who was not among them is none any more. False as in `put_off`."""
        async with self._database.write() as connection:
            its = update(WORKSPACES).where(WORKSPACES.c.team_id == team_id, WORKSPACES.c.members_due_at == due_at)
            done = await connection.execute(its.values(members_due_at=began + EVERY, members_read_at=began))
            if not done.rowcount:
                return False
            gone = delete(MEMBERS).where(MEMBERS.c.team_id == team_id, MEMBERS.c.read_at < began)
            await connection.execute(gone)
            await mark_due(connection, leave_key(team_id), began)
        return True

    async def back(self, team_id: str, began: datetime) -> list[PersonKey]:
        """Return who is taken for deactivated here, but was among the members that were read from `began` on."""
        rows = await self._database.fetch(_BACK, {"team": team_id, "began": began})
        return [PersonKey(row.team_id, row.user_id) for row in rows]

    async def put(
        self, team_id: str, members: Sequence[WorkspaceMember], *, read_at: datetime, now: datetime, listed: bool = True
    ) -> set[str]:
        """Keep `members` as Slack told of them at `read_at`, where nothing newer is known; gives who is new or another.

        `listed`: by users.list, whose word it is as well who of our people is deactivated; an event may be late.
        Nothing is kept of a workspace that needs none. The leave calendars of the workspace are matched anew.
        """
        changed: set[str] = set()
        for some in chunks(members):
            changed |= await self._put(team_id, some, read_at, now, listed=listed)
        return changed

    async def _put(
        self, team_id: str, members: Sequence[WorkspaceMember], read_at: datetime, now: datetime, *, listed: bool
    ) -> set[str]:
        rows = {member.user_id: member for member in members}
        async with self._database.write() as connection:
            needing = select(WORKSPACES.c.team_id).where(
                WORKSPACES.c.team_id == team_id, WORKSPACES.c.members_due_at.is_not(None)
            )
            if (await connection.execute(needing.with_for_update(key_share=True))).first() is None:
                return set()
            asked = {"team": team_id, "asked": names(rows)}
            found = {row.user_id: row for row in await connection.execute(_SOME, asked)}
            newer = {user_id for user_id, row in found.items() if row.read_at > read_at}
            same = {user_id for user_id, row in found.items() if self._known(row) == rows[user_id]}
            changed = rows.keys() - newer - same
            if changed:
                insert = insert_for(connection, MEMBERS)
                fresh = {
                    name: insert.excluded[name] for name in ("role", "active", "zone", "locale", "detail", "read_at")
                }
                put = insert.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=fresh)
                await connection.execute(
                    put, [self._row(team_id, rows[user_id], read_at) for user_id in sorted(changed)]
                )
                await mark_due(connection, leave_key(team_id), now)
            if listed and (gone := [PersonKey(team_id, one) for one in sorted(changed) if rows[one].deleted]):
                await deactivate(connection, gone, read_at, now)  # an event that tells of it may not have reached us
            await look_at_kept(connection, (PersonKey(team_id, one) for one in changed), now)
            seen = update(MEMBERS).where(MEMBERS.c.team_id == team_id, named(MEMBERS.c.user_id, "asked"))
            await connection.execute(seen.values(read_at=read_at), {"asked": names(same - newer)})
        return changed

    # ── asking for them ─────────────────────────────────────────────────────────────────────────────

    async def keeps(self, team_id: str) -> bool:
        """Return whether the members of that workspace are kept."""
        (rows,) = await self._database.rows((_KEEPS, {"team": team_id}))
        return bool(rows)

    async def homes(self, team_id: str) -> frozenset[str]:
        """Return the ids whose members are of that install (`homes_of`)."""
        org = await self._database.scalar(_ORG, {"team": team_id})
        return homes_of(team_id, org)

    async def is_org(self, team_id: str) -> bool:
        """Return whether that install is an org's, with many workspaces."""
        return bool(await self._database.scalar(_IS_ORG, {"team": team_id}))

    async def read_at(self, team_id: str) -> datetime | None:
        """Return when all members of the workspace were read last; None where that is not done yet."""
        async with self._database.read() as connection:
            return await connection.scalar(select(WORKSPACES.c.members_read_at).where(WORKSPACES.c.team_id == team_id))

    async def all(self, team_id: str) -> list[WorkspaceMember]:
        """Return all that are kept of a workspace, whatever they are, by id. Raises SealError."""
        return await self._opened(await self._database.fetch(_ALL, {"team": team_id}))

    async def some(self, team_id: str, user_ids: Iterable[str]) -> dict[str, WorkspaceMember]:
        """Return those of `user_ids` who are kept. Raises SealError."""
        rows = await self._database.fetch(_SOME, {"team": team_id, "asked": names(user_ids)})
        return {member.user_id: member for member in await self._opened(rows)}

    async def one(self, key: PersonKey) -> WorkspaceMember | None:
        """Return one of them; None where nothing is kept of them. Raises SealError."""
        return (await self.some(key.team_id, [key.user_id])).get(key.user_id)

    async def _opened(self, rows: Sequence[Any]) -> list[WorkspaceMember]:
        found: list[WorkspaceMember] = []
        for some in chunks(rows):  # so that a thread leaves the loop its share
            found += await off_loop(self._members, some)
        return found

    def _members(self, rows: Sequence[Any]) -> list[WorkspaceMember]:
        return [self._member(row) for row in rows]

    def _row(self, team_id: str, member: WorkspaceMember, read_at: datetime) -> dict[str, object]:
        kept = _Kept(list(member.names), member.address, member.bot, member.deleted, member.stranger)
        return {
            "team_id": team_id,
            "user_id": member.user_id,
            "role": int(member.role),
            "active": member.is_colleague,
            "zone": member.zone,
            "locale": member.locale,
            "detail": self._encryptor.seal(kept.to_json(), _COLUMN, team_id, member.user_id),
            "read_at": read_at,
        }

    def _member(self, row: Any) -> WorkspaceMember:
        kept = _Kept.from_json(self._encryptor.open_bytes(row.detail, _COLUMN, row.team_id, row.user_id) or b"{}")
        return WorkspaceMember(
            user_id=row.user_id, names=tuple(kept.names), address=kept.address, zone=row.zone, locale=row.locale,
            role=Role(row.role), bot=kept.bot, deleted=kept.deleted, stranger=kept.stranger,
        )  # fmt: skip

    def _known(self, row: Any) -> WorkspaceMember | None:
        """Return the same; None where its key is gone, or another version kept it: then it is kept anew."""
        with suppress(StatusQuoError, ValueError):
            return self._member(row)
        return None


class _Kept(Stored, omit_defaults=True):
    """What of a member is sealed."""

    called = "member"

    names: list[str] = field(default_factory=list)
    address: str = ""
    bot: bool = False
    deleted: bool = False
    stranger: bool = False
