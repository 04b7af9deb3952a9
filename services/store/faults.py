"""What the operator has to mend, as long as it stands: who sees it first says it, whoever sees it over says that.

A fault of the installation is a row of its own (`team_id` "") beside one for each workspace that meets it, whose
admins are told once. One that is a workspace's alone has no other row than that.

Faults are met as often as something is tried, so what this process has met or read lately is kept in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.errors import AppRefusedError
from services.domain.faults import OperatorFault, StandingFault
from services.domain.model import PersonKey
from services.domain.people import LEAVE, GrantState
from services.platform.crypto import Encryptor
from services.ports import Clock
from services.store.calendar_tables import CALENDARS
from services.store.db import Database, Store
from services.store.person_rows import NoticeStore, insert_for, lock_staying
from services.store.tables import NOTICES, PEOPLE, WORKSPACES
from services.store.workspace_tables import OPERATOR_FAULTS

log = structlog.get_logger(__name__)

FIRST_LOOK = timedelta(seconds=5)
"""From when a workspace's tokens are refused until it is looked at for the first time whether they are taken."""

KNOWN_FOR = timedelta(minutes=10)
"""For how long one that is known to stand is not noted down again."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LONGEST = 255
_OF_CALENDARS = frozenset({OperatorFault.GOOGLE_CLIENT, OperatorFault.MICROSOFT_CLIENT})
STANDING = select(OPERATOR_FAULTS).order_by(OPERATOR_FAULTS.c.since, OPERATOR_FAULTS.c.team_id, OPERATOR_FAULTS.c.fault)


@dataclass(frozen=True, slots=True)
class DueFault:
    """One that is to be looked at again: whether it is over, or whom to tell of it. `tries` counts such looks."""

    fault: OperatorFault
    team_id: str
    tries: int
    since: datetime


class FaultStore(Store):
    """The faults that stand. Each method is one transaction at most."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore, clock: Clock) -> None:
        super().__init__(database, encryptor)
        self._notices = notices
        self._clock = clock
        self._known: dict[tuple[OperatorFault, str], datetime] = {}  # with when each was noted down here

    async def met(self, fault: OperatorFault, detail: str, team_id: str = "") -> bool:
        """Note that what is done for that workspace, or for nobody yet (""), meets the fault; log it if it is new.

        Where it is a workspace's, it is looked at again. Return whether it is new.
        """
        now = self._clock.now()
        noted_at = self._known.get((fault, team_id))
        if noted_at is not None and now - noted_at < KNOWN_FOR:
            return False
        alone = fault.of_workspace
        due_at = now + FIRST_LOOK if alone else now
        async with self._database.write() as connection:
            fresh = {"fault": fault.value, "seen_at": now, "detail": detail[:_LONGEST]}
            new = not alone and await self._insert(connection, fresh | {"team_id": "", "due_at": None})
            if team_id and await self._is_there(connection, team_id):
                first = await self._insert(connection, fresh | {"team_id": team_id, "due_at": due_at})
                new = first if alone else new
        self._known[fault, team_id] = now
        if new:
            log.error("operator_fault", fault=fault.value, detail=detail, team_id=team_id)
        return new

    async def over(self, fault: OperatorFault, team_id: str = "", admins: Collection[str] = ()) -> bool:
        """Note that what meets it where it stands has worked, in that workspace or everywhere (""), so it is over.

        These `admins` of the workspace are told then. Costs nothing where none is known here. Where a provider of
        calendars did not take us, it stands as long as it refuses one of them still. Return whether it stood until now.
        """
        if not any(known is fault and team_id in ("", home) for known, home in self._known):
            return False
        async with self._database.write() as connection:
            staying = await self._staying(connection, team_id, admins)
            if not await self._delete(connection, fault, team_id):
                return False
            for key in staying:
                await self._notices.tell(connection, key, f"fault/{fault.value}")
        self._known = {
            (known, home): at
            for (known, home), at in self._known.items()
            if known is not fault or team_id not in ("", home)
        }
        log.info("operator_fault_over", fault=fault.value, team_id=team_id)
        return True

    async def look(self) -> list[StandingFault]:
        """Read all that stand, the oldest first; from now on they are known here."""
        (rows,) = await self._database.rows((STANDING, {}))
        standing = [fault_of(row) for row in rows]
        self._known = {
            (one.fault, one.team_id): self._known.get((one.fault, one.team_id), _LONG_AGO) for one in standing
        }
        return standing

    async def forget(self, before: datetime) -> None:
        """Take for over those of the installation that nobody has met since `before`: whoever could would have.

        One of a provider that refuses a calendar still is taken as met: we were down meanwhile.
        """
        old = select(OPERATOR_FAULTS.c.fault).where(
            OPERATOR_FAULTS.c.team_id == "", OPERATOR_FAULTS.c.seen_at <= before
        )
        over = []
        async with self._database.write() as connection:
            for fault in [OperatorFault(one) for one in (await connection.scalars(old)).all()]:
                if await self._delete(connection, fault):
                    over.append(fault)
                else:
                    met = update(OPERATOR_FAULTS).where(_is(fault.value, "")).values(seen_at=self._clock.now())
                    await connection.execute(met)
        for fault in over:
            log.info("operator_fault_over", fault=fault.value)

    async def claim(self, now: datetime, until: datetime, limit: int) -> list[DueFault]:
        """Claim at most `limit` that are due; no other replica looks at them before `until`."""
        due = (
            select(OPERATOR_FAULTS)
            .where(OPERATOR_FAULTS.c.due_at <= now)
            .order_by(OPERATOR_FAULTS.c.due_at)
            .limit(limit)
        )
        async with self._database.write() as connection:
            rows = (await connection.execute(due.with_for_update(skip_locked=True))).all()
            for row in rows:
                await connection.execute(
                    update(OPERATOR_FAULTS).where(_is(row.fault, row.team_id)).values(due_at=until)
                )
        return [DueFault(OperatorFault(row.fault), row.team_id, row.tries, row.since) for row in rows]

    async def look_again(self, due: DueFault, until: datetime, now: datetime | None = None) -> None:
        """Look at it again at `until`; it was met at `now`, unless that is None."""
        later: dict[str, Any] = {"tries": due.tries + 1, "due_at": until}
        later |= {} if now is None else {"seen_at": now}
        await self._database.execute(update(OPERATOR_FAULTS).where(_is(due.fault, due.team_id)).values(**later))

    async def tell(self, due: DueFault, admins: Collection[str]) -> bool:
        """Have these admins of the workspace told of it, once; False where it is over, or they were."""
        async with self._database.write() as connection:
            staying = await self._staying(connection, due.team_id, admins)
            told = update(OPERATOR_FAULTS).where(_is(due.fault, due.team_id), OPERATOR_FAULTS.c.due_at.is_not(None))
            if (await connection.execute(told.values(due_at=None))).rowcount != 1:
                return False
            for key in staying:
                await self._notices.tell(connection, key, f"fault/{due.fault.value}")
        return True

    # ── whom to ask ─────────────────────────────────────────────────────────────────────────────────

    async def other_tokens(self, team_id: str, user_id: str, now: datetime, most: int) -> list[str]:
        """Read tokens, at most `most`, of any other people of the workspace, which have not run out."""
        lives = or_(PEOPLE.c.token_expires_at.is_(None), PEOPLE.c.token_expires_at > now)
        theirs = (
            select(PEOPLE.c.user_id, PEOPLE.c.token)
            .where(
                PEOPLE.c.team_id == team_id, PEOPLE.c.user_id != user_id, PEOPLE.c.grant_state == GrantState.OK.value,
                PEOPLE.c.token.is_not(None), PEOPLE.c.leave_by.is_(None), lives,
            )
            .order_by(func.random())
            .limit(most)
        )  # fmt: skip
        rows = await self._database.fetch(theirs)
        opened = (self._readable(row.token, "people.token", team_id, row.user_id) for row in rows)
        return [token for token in opened if token is not None]

    async def may_be_admins(self, team_id: str, most: int) -> list[str]:
        """Read who of the workspace's people may be admins: those who were last, then those who were never asked for.

        At most `most`.
        """
        people = (
            select(PEOPLE.c.user_id)
            .where(
                PEOPLE.c.team_id == team_id, PEOPLE.c.user_id != LEAVE, PEOPLE.c.leave_by.is_(None),
                PEOPLE.c.deactivated_at.is_(None), PEOPLE.c.admin.is_distinct_from(False),
            )
            .order_by(PEOPLE.c.admin.is_(None), PEOPLE.c.created_at, PEOPLE.c.user_id)
            .limit(most)
        )  # fmt: skip
        return [row.user_id for row in await self._database.fetch(people)]

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────

    async def _is_there(self, connection: AsyncConnection, team_id: str) -> bool:
        """Return whether the workspace is there, and stays until the transaction ends."""
        row = select(WORKSPACES.c.team_id).where(WORKSPACES.c.team_id == team_id)
        return await connection.scalar(row.with_for_update(read=True, key_share=True)) is not None

    async def _staying(self, connection: AsyncConnection, team_id: str, admins: Collection[str]) -> list[PersonKey]:
        """Return those of `admins` who are there to stay, locked."""
        keys = [PersonKey(team_id, one) for one in admins]
        return sorted(await lock_staying(connection, keys)) if keys else []

    async def _insert(self, connection: AsyncConnection, row: Mapping[str, Any]) -> bool:
        """Insert the row; False where it is there already, and was met once more. It stays until the end of it all."""
        insert = insert_for(connection, OPERATOR_FAULTS).values(**row, since=row["seen_at"], tries=0)
        again = update(OPERATOR_FAULTS).where(_is(row["fault"], row["team_id"]))
        again = again.values({name: row[name] for name in ("seen_at", "detail")})
        while True:
            new = await connection.execute(insert.on_conflict_do_nothing(index_elements=["team_id", "fault"]))
            if new.rowcount == 1 or (await connection.execute(again)).rowcount == 1:  # else it has just been deleted
                return new.rowcount == 1

    async def _delete(self, connection: AsyncConnection, fault: OperatorFault, team_id: str = "") -> bool:
        """Delete a fault's rows, and what admins were told of it: they are told again the next time. Whether it stood.

        Its first row is locked before the others are read: whoever meets it in another workspace has that first, too.
        """
        first = select(OPERATOR_FAULTS.c.fault).where(_is(fault.value, team_id)).with_for_update()
        if (await connection.execute(first)).first() is None:
            return False
        refused = exists().where(CALENDARS.c.provider == fault.whose, CALENDARS.c.problem == AppRefusedError.__name__)
        if fault in _OF_CALENDARS and await connection.scalar(select(refused)):
            return False
        its = and_(OPERATOR_FAULTS.c.fault == fault.value, *([OPERATOR_FAULTS.c.team_id == team_id] if team_id else []))
        for row in (await connection.execute(select(OPERATOR_FAULTS.c.team_id).where(its))).all():
            told = and_(NOTICES.c.team_id == row.team_id, NOTICES.c.subject == f"fault/{fault.value}")
            await connection.execute(delete(NOTICES).where(told))
        await connection.execute(delete(OPERATOR_FAULTS).where(its))
        return True


def fault_of(row: Any) -> StandingFault:
    """Return the fault in a row of `STANDING`."""
    return StandingFault(OperatorFault(row.fault), row.team_id, row.since, row.seen_at, row.detail, row.due_at)


def _is(fault: str, team_id: str) -> ColumnElement[bool]:
    return and_(OPERATOR_FAULTS.c.team_id == team_id, OPERATOR_FAULTS.c.fault == fault)
