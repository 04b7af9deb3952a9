"""What people said about leave that is found in calendars: names that admins tied to members, and "this is not me"."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.leave_spelling import folded_name
from services.domain.model import PersonKey
from services.domain.people import GrantState, leave_key
from services.store.db import Store
from services.store.person_rows import insert_for, mark_due, of_person
from services.store.refusals import LEAVE, refuse
from services.store.tables import PEOPLE
from services.store.workspace_tables import LEAVE_TIES, LEAVES, REFUSALS

_REFUSAL = select(REFUSALS.c.at).where(
    REFUSALS.c.team_id == bindparam("team"), REFUSALS.c.user_id == bindparam("user"), REFUSALS.c.what == LEAVE
)
_TO_COME = (
    select(LEAVES.c.leave_id)
    .where(
        LEAVES.c.team_id == bindparam("team"), LEAVES.c.user_id == bindparam("user"), LEAVES.c.end_at > bindparam("now")
    )
    .limit(1)
)
_NAME = "leave_ties.name"


@dataclass(frozen=True, slots=True)
class Tie:
    """A name that an admin tied to a member."""

    tie_id: str
    name: str = field(repr=False)
    user_id: str


async def mark_leave_due(connection: AsyncConnection, team_id: str, at: datetime) -> None:
    """Have the leave of a workspace found anew: members, ties, types or refusals changed. Nothing where it has none."""
    await mark_due(connection, leave_key(team_id), at)


class LeaveChoices(Store):
    """Reads and writes `leave_ties`, and of `refusals` those that are about leave."""

    # ── the members' own word ──────────────────────────────────────────────────────────────────────

    async def refuse(self, key: PersonKey, now: datetime) -> None:
        """Keep that the member said "this is not me": nothing of leave calendars is theirs from now on."""
        async with self._database.write() as connection:
            await refuse(connection, key, LEAVE, now)
            await mark_leave_due(connection, key.team_id, now)

    async def accept(self, key: PersonKey, now: datetime) -> bool:
        """Take that back; False where it was not said."""
        async with self._database.write() as connection:
            its = delete(REFUSALS).where(of_person(REFUSALS, key), REFUSALS.c.what == LEAVE)
            if not (await connection.execute(its)).rowcount:
                return False
            await mark_leave_due(connection, key.team_id, now)
        return True

    async def counts(self, key: PersonKey, now: datetime) -> bool | None:
        """Return whether leave calendars count for the member: False where they said that it is not.

        None: none does.
        """
        its = {"team": key.team_id, "user": key.user_id}
        refused, found = await self._database.rows((_REFUSAL, its), (_TO_COME, {**its, "now": now}))
        return False if refused else True if found else None

    async def refused(self, team_id: str) -> frozenset[str]:
        """List who said "this is not me", or wants no keeper and has granted nothing: nobody would read their leave.

        Those who were forgotten are among the latter, also once they have opened the Home tab again.
        """
        granted = exists().where(
            of_person(PEOPLE, REFUSALS), PEOPLE.c.leave_by.is_(None), PEOPLE.c.grant_state != GrantState.NONE.value
        )
        refusals = select(REFUSALS.c.user_id).where(
            REFUSALS.c.team_id == team_id, or_(REFUSALS.c.what == LEAVE, ~granted)
        )
        return frozenset(row.user_id for row in await self._database.fetch(refusals))

    # ── names tied by hand ──────────────────────────────────────────────────────────────────────────

    async def ties(self, team_id: str) -> list[Tie]:
        """Return the names that are tied, in order; one whose key is gone is left out."""
        rows = await self._database.fetch(
            select(LEAVE_TIES).where(LEAVE_TIES.c.team_id == team_id).order_by(LEAVE_TIES.c.tied_at)
        )
        opened = [(row, self._readable(row.name, _NAME, team_id, row.name_digest)) for row in rows]
        ties = [Tie(row.name_digest, name, row.user_id) for row, name in opened if name is not None]
        return sorted(ties, key=lambda tie: folded_name(tie.name))

    async def tie(self, team_id: str, name: str, user_id: str, *, tied_by: str, now: datetime) -> None:
        """Tie a name to a member from now on, in the place of whoever it was tied to."""
        folded = folded_name(name)
        before = [tie.tie_id for tie in await self.ties(team_id) if folded_name(tie.name) == folded]
        tie_id = self._encryptor.digest(folded.encode())
        sealed = self._encryptor.seal(name, _NAME, team_id, tie_id)
        row = {"team_id": team_id, "name_digest": tie_id, "name": sealed, "user_id": user_id, "tied_by": tied_by}
        other_key = (
            LEAVE_TIES.c.team_id == team_id,
            LEAVE_TIES.c.name_digest.in_(before),
            LEAVE_TIES.c.name_digest != tie_id,
        )
        async with self._database.write() as connection:
            await connection.execute(delete(LEAVE_TIES).where(*other_key))
            tying = insert_for(connection, LEAVE_TIES).values(**row, tied_at=now)
            fresh = {name: tying.excluded[name] for name in ("name", "user_id", "tied_by", "tied_at")}
            last_wins = tying.on_conflict_do_update(index_elements=["team_id", "name_digest"], set_=fresh)
            await connection.execute(last_wins)  # two admins may tie one name at once
            await mark_leave_due(connection, team_id, now)

    async def untie(self, team_id: str, tie_id: str, now: datetime) -> bool:
        """Untie a name; False where it is not tied."""
        async with self._database.write() as connection:
            its = delete(LEAVE_TIES).where(LEAVE_TIES.c.team_id == team_id, LEAVE_TIES.c.name_digest == tie_id)
            if not (await connection.execute(its)).rowcount:
                return False
            await mark_leave_due(connection, team_id, now)
        return True
