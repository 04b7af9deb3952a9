"""Entries in people's own calendars that go with an override of theirs: which there are, and what is due of them.

A row is due where its override was changed; what is written is made out of the override as it is then. `turn` fences
whoever works on a row from whoever took it up since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Update, and_, case, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.model import Override, PersonKey
from services.domain.people import zone_or
from services.platform.crypto import Encryptor
from services.store.columns import UtcInstant
from services.store.db import Database, Store
from services.store.facts import override_of
from services.store.person_rows import NoticeStore, insert_for, lock_one, of_person
from services.store.tables import OVERRIDES, PEOPLE
from services.store.workspace_tables import CALENDAR_ENTRIES

_NEXT_DUE = select(func.min(CALENDAR_ENTRIES.c.due_at))


@dataclass(frozen=True, slots=True)
class EntryClaim:
    """A row that this process works on until `lease`, with its override (None: gone) and its person."""

    key: PersonKey
    override_id: str
    account_id: str
    remote_id: str
    written: str
    number: int
    failures: int
    turn: int
    lease: datetime
    override: Override | None
    zone: ZoneInfo
    locale: str


class EntryStore(Store):
    """The entries of all people."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore) -> None:
        super().__init__(database, encryptor)
        self._notices = notices

    async def want(self, key: PersonKey, override_id: str, account_id: str, now: datetime) -> None:
        """Have an entry for an override in that account; that it is there already is well."""
        row = {
            "team_id": key.team_id, "user_id": key.user_id, "override_id": override_id, "account_id": account_id,
            "remote_id": "", "written": "", "number": 0, "failures": 0, "turn": 0, "due_at": now,
        }  # fmt: skip
        async with self._database.write() as connection:
            if await lock_one(connection, key):
                made = insert_for(connection, CALENDAR_ENTRIES).values(row)
                await connection.execute(made.on_conflict_do_nothing())

    async def granted(self, key: PersonKey, account_id: str, now: datetime) -> int:
        """Take it that the account may be written to: what is in it is due, and what is written nowhere goes there."""
        here = or_(CALENDAR_ENTRIES.c.account_id == account_id, CALENDAR_ENTRIES.c.remote_id == "")
        due = {"due_at": now, "failures": 0, "account_id": account_id}
        its = update(CALENDAR_ENTRIES).where(of_person(CALENDAR_ENTRIES, key), here)
        return await self._database.execute(its.values(due))

    async def of(self, key: PersonKey) -> list[dict[str, Any]]:
        """Return a person's entries, for their export."""
        theirs = (
            select(CALENDAR_ENTRIES).where(of_person(CALENDAR_ENTRIES, key)).order_by(CALENDAR_ENTRIES.c.override_id)
        )
        return [
            {"override_id": row.override_id, "account_id": row.account_id, "written": row.written != ""}
            for row in await self._database.fetch(theirs)
        ]

    async def next_due(self) -> datetime | None:
        """Return when the first is due."""
        return await self._database.scalar(_NEXT_DUE)

    async def claim(self, now: datetime, lease: datetime, most: int) -> Sequence[EntryClaim]:
        """Take up some that are due at `now`, until `lease`."""
        columns = (PEOPLE.c.zone, PEOPLE.c.locale)
        due = (
            select(CALENDAR_ENTRIES, *columns)
            .join(PEOPLE, of_person(PEOPLE, CALENDAR_ENTRIES))
            .where(CALENDAR_ENTRIES.c.due_at <= now)
        )
        found = await self._database.fetch(due.order_by(CALENDAR_ENTRIES.c.due_at).limit(most))
        claims = []
        for row in found:
            key = PersonKey(row.team_id, row.user_id)
            is_it = and_(_is(key, row.override_id), CALENDAR_ENTRIES.c.turn == row.turn)
            async with self._database.write() as connection:
                taken = update(CALENDAR_ENTRIES).where(is_it, CALENDAR_ENTRIES.c.due_at <= now)
                if not (await connection.execute(taken.values(turn=row.turn + 1, due_at=lease))).rowcount:
                    continue  # another process was first
                its = and_(of_person(OVERRIDES, key), OVERRIDES.c.override_id == row.override_id)
                override = (await connection.execute(select(OVERRIDES).where(its))).one_or_none()
            claims.append(
                EntryClaim(
                    key, row.override_id, row.account_id, row.remote_id, row.written, row.number, row.failures,
                    row.turn + 1, lease, None if override is None else override_of(override, self._encryptor),
                    zone_or(row.zone, ZoneInfo("UTC")), row.locale,
                )
            )  # fmt: skip
        return claims

    async def save(self, claim: EntryClaim, due_at: datetime | None, **fresh: Any) -> bool:
        """Keep what came of it; due again at `due_at`, unless the override was changed meanwhile.

        False where somebody else has taken it up since, or it is gone.
        """
        return bool(await self._database.execute(_saving(claim, due_at, fresh)))

    async def give_up(self, claim: EntryClaim, due_at: datetime | None, failures: int) -> None:
        """Note that it cannot be written: the person is told so, once for this override. `due_at` as in `save`."""
        async with self._database.write() as connection:
            if not await lock_one(connection, claim.key):
                return
            if (await connection.execute(_saving(claim, due_at, {"failures": failures}))).rowcount:
                await self._notices.tell(connection, claim.key, f"entry/{claim.override_id}")

    async def forget(self, claim: EntryClaim) -> None:
        """There is nothing more to do for it, unless its override was changed meanwhile."""
        its = and_(_is(claim.key, claim.override_id), CALENDAR_ENTRIES.c.turn == claim.turn)
        await self._database.execute(delete(CALENDAR_ENTRIES).where(its, CALENDAR_ENTRIES.c.due_at == claim.lease))


async def mark_entries_due(
    connection: AsyncConnection, key: PersonKey, overrides: Sequence[str], now: datetime
) -> None:
    """Make the entries of these overrides due: they are others now. The person is locked."""
    theirs = update(CALENDAR_ENTRIES).where(of_person(CALENDAR_ENTRIES, key))
    await connection.execute(theirs.where(CALENDAR_ENTRIES.c.override_id.in_(overrides)).values(due_at=now))


async def written_entries(database: Database, team_id: str, user_id: str = "") -> Mapping[tuple[str, str], list[str]]:
    """Return the ids of the entries that stand at providers, of a workspace or a person, by user and account."""
    stand = select(CALENDAR_ENTRIES.c.user_id, CALENDAR_ENTRIES.c.account_id, CALENDAR_ENTRIES.c.remote_id).where(
        CALENDAR_ENTRIES.c.team_id == team_id, CALENDAR_ENTRIES.c.remote_id != ""
    )
    if user_id:
        stand = stand.where(CALENDAR_ENTRIES.c.user_id == user_id)
    found: dict[tuple[str, str], list[str]] = {}
    for row in await database.fetch(stand):
        found.setdefault((row.user_id, row.account_id), []).append(row.remote_id)
    return found


async def forget_entries(connection: AsyncConnection, key: PersonKey, account_id: str) -> None:
    """Forget what is known of our entries in an account that goes."""
    theirs = of_person(CALENDAR_ENTRIES, key)
    await connection.execute(delete(CALENDAR_ENTRIES).where(theirs, CALENDAR_ENTRIES.c.account_id == account_id))


def _saving(claim: EntryClaim, due_at: datetime | None, fresh: Mapping[str, Any]) -> Update:
    again = case(
        (CALENDAR_ENTRIES.c.due_at == literal(claim.lease, UtcInstant), literal(due_at, UtcInstant)),
        else_=CALENDAR_ENTRIES.c.due_at,
    )
    its = update(CALENDAR_ENTRIES).where(_is(claim.key, claim.override_id), CALENDAR_ENTRIES.c.turn == claim.turn)
    return its.values(due_at=again, **fresh)


def _is(key: PersonKey, override_id: str) -> ColumnElement[bool]:
    return and_(of_person(CALENDAR_ENTRIES, key), CALENDAR_ENTRIES.c.override_id == override_id)
