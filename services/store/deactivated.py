"""People who were deactivated in Slack, and who came back.

For who is deactivated nothing is written, no calendar of theirs is looked at, no agent acts for them, and nobody is
told that they are out. What they had chosen and connected stays, sealed, for a time; if they come
back before, it goes on. What is on their profile by then is looked at anew: Slack empties it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import PUSHING, Health
from services.domain.model import PersonKey
from services.domain.people import GrantState, refresh_due
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor
from services.store.agents import end_keys
from services.store.calendar_tables import CALENDARS, WATCHES
from services.store.columns import UtcInstant
from services.store.db import Database, Store
from services.store.due import ProfileStateStore
from services.store.keeper import look_at_kept
from services.store.person_rows import (
    NoticeStore,
    lock_people,
    mark_due,
    mark_effects_due,
    of_people,
    of_person,
    those,
)
from services.store.tables import PEOPLE, PROFILE_STATES
from services.store.workspace_tables import ABSENCES, CALENDAR_ENTRIES

_OK, _DEACTIVATED = GrantState.OK.value, GrantState.DEACTIVATED.value
_SILENT = (
    update(CALENDARS)
    .where(of_people(CALENDARS))
    .values(due_at=None, leased_until=None, claim=CALENDARS.c.claim + 1, watch_due_at=None)
)
_WITHDRAWN = (
    update(PROFILE_STATES)
    .where(of_people(PROFILE_STATES), PROFILE_STATES.c.seq > PROFILE_STATES.c.sent)
    .values(seq=PROFILE_STATES.c.seq + 1, sent=PROFILE_STATES.c.seq + 1, not_before=None, failures=0)
)
_DEACTIVATION = select(PEOPLE.c.deactivated_at, PEOPLE.c.account_check_at, PEOPLE.c.grant_state, PEOPLE.c.token).where(
    PEOPLE.c.team_id == bindparam("team"),
    PEOPLE.c.user_id == bindparam("user"),
    PEOPLE.c.deactivated_at.is_not(None),
)
LOST_GRANT: Mapping[str, Any] = {
    "token": None, "refresh_token": None, "token_expires_at": None, "refresh_due_at": None,
    "refresh_seq": PEOPLE.c.refresh_seq + 1, "grant_state": GrantState.LOST.value,
}  # fmt: skip
"""What is kept of a grant that is worth nothing any more."""


def told_last(at: datetime) -> ColumnElement[bool]:
    """State that what Slack told of somebody at `at` is not older than what is known of them, or their grant."""
    known = (PEOPLE.c.moved_at, PEOPLE.c.granted_at)
    return and_(*(or_(one.is_(None), one <= literal(at, UtcInstant)) for one in known))


async def deactivate(
    connection: AsyncConnection, keys: Collection[PersonKey], at: datetime, now: datetime, *,
    check_at: datetime | None = None,
) -> list[PersonKey]:  # fmt: skip
    """Have nothing done for those of `keys` any more who are ours, as Slack told at `at`; gives them.

    What is older than what we know of them changes nothing: they came back, or granted, since. `check_at`: when Slack
    is asked whether it is so, None where it has said so. Only then are their agents' keys deleted, which nobody can
    bring back; without a grant they let nobody in.
    """
    await lock_people(connection, keys)
    theirs = select(PEOPLE.c.team_id, PEOPLE.c.user_id).where(
        of_people(PEOPLE), PEOPLE.c.deactivated_at.is_(None), PEOPLE.c.leave_by.is_(None), told_last(at)
    )
    found = [PersonKey(row.team_id, row.user_id) for row in await connection.execute(theirs, those(keys))]
    if not found:
        return []
    state = case((PEOPLE.c.grant_state == _OK, _DEACTIVATED), else_=PEOPLE.c.grant_state)
    fresh = {
        "deactivated_at": at, "account_told_at": None, "account_check_at": check_at, "admin": None,
        "grant_state": state, "refresh_due_at": None, "due_at": None, "stale": False, "typed": False,
        "home_opened_at": None, "home_stale": False,
    }  # fmt: skip
    await connection.execute(update(PEOPLE).where(of_people(PEOPLE)).values(fresh), those(found))
    await connection.execute(_SILENT, those(found))
    await connection.execute(_WITHDRAWN, those(found))
    await connection.execute(
        update(CALENDAR_ENTRIES).where(of_people(CALENDAR_ENTRIES)).values(due_at=None), those(found)
    )
    await connection.execute(delete(ABSENCES).where(of_people(ABSENCES)), those(found))
    await mark_effects_due(connection, found, now)
    await look_at_kept(connection, found, now)
    if check_at is None:
        await end_keys(connection, found)
    return found


async def reactivate(
    connection: AsyncConnection, states: ProfileStateStore, key: PersonKey, now: datetime, *, emptied: bool = True
) -> None:
    """Do everything again for somebody who came back; their calendars are read anew. The person is locked.

    `emptied`: Slack took what was on their profile, so neither they nor we have anything on it.
    """
    theirs = select(PEOPLE.c.grant_state, PEOPLE.c.refresh_token, PEOPLE.c.token_expires_at)
    row = (await connection.execute(theirs.where(of_person(PEOPLE, key)))).one()
    known: dict[str, object] = {"deactivated_at": None, "account_told_at": None, "account_check_at": None}
    if row.grant_state == _DEACTIVATED:
        known["grant_state"] = _OK
        if row.refresh_token is not None and row.token_expires_at is not None:
            known["refresh_due_at"] = refresh_due(row.token_expires_at, key.team_id, key.user_id)
    await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(known))
    well: ColumnElement[bool] = and_(of_person(CALENDARS, key), CALENDARS.c.health != Health.BROKEN)
    await connection.execute(update(CALENDARS).where(well).values(due_at=now))
    watched = and_(well, CALENDARS.c.account_id.is_not(None), CALENDARS.c.provider.in_(sorted(PUSHING)))
    await connection.execute(update(CALENDARS).where(watched).values(watch_due_at=now))
    await connection.execute(update(CALENDAR_ENTRIES).where(of_person(CALENDAR_ENTRIES, key)).values(due_at=now))
    if emptied:
        await states.save(connection, key, ProfileState())
    await mark_effects_due(connection, [key], now)
    await look_at_kept(connection, [key], now)
    await mark_due(connection, key, now)


@dataclass(frozen=True, slots=True)
class Deactivation:
    """Somebody who is taken for deactivated since `since`. `token`: what we have of theirs, None where it is lost.

    `check_at`: when Slack is asked whether it is so; None where it has said so.
    """

    since: datetime
    token: str | None = field(repr=False)
    check_at: datetime | None = None


class DeactivatedStore(Store):
    """Those who were deactivated."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore) -> None:
        super().__init__(database, encryptor)
        self._notices = notices
        self._states = ProfileStateStore(encryptor)

    async def deactivation(self, key: PersonKey) -> Deactivation | None:
        """Return since when somebody is; None where they are not deactivated: one indexed look."""
        (rows,) = await self._database.rows((_DEACTIVATION, {"team": key.team_id, "user": key.user_id}))
        if not rows:
            return None
        sealed = rows[0].token if rows[0].grant_state == _DEACTIVATED else None
        token = self._readable(sealed, "people.token", key.team_id, key.user_id)
        return Deactivation(rows[0].deactivated_at, token, rows[0].account_check_at)

    async def deactivate(self, key: PersonKey, at: datetime, now: datetime, check_at: datetime | None = None) -> bool:
        """Have nothing done for somebody any more, as Slack told at `at`; whether they are deactivated now.

        `check_at`: as in the function of that name.
        """
        async with self._database.write() as connection:
            await deactivate(connection, [key], at, now, check_at=check_at)
            theirs = select(PEOPLE.c.deactivated_at).where(of_person(PEOPLE, key))
            return await connection.scalar(theirs) is not None

    async def drop_watches(self, key: PersonKey) -> None:
        """Forget the watches of somebody who is deactivated: they are being given up."""
        await self._database.execute(delete(WATCHES).where(of_person(WATCHES, key)))

    async def reactivate(self, key: PersonKey, at: datetime, now: datetime, *, emptied: bool, lost: bool) -> bool:
        """Have everything done again for somebody, as Slack told at `at`; False where they are not deactivated.

        Where their grant is `lost`, or was before, they are told so once, with the link; with it go their agents' keys.
        That is one transaction: nothing is written in between with a token that is worth nothing, which would have them
        deactivated again.
        """
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            theirs = select(PEOPLE.c.deactivated_at, PEOPLE.c.leave_by, PEOPLE.c.grant_state, PEOPLE.c.moved_at)
            row = (await connection.execute(theirs.where(of_person(PEOPLE, key)))).one_or_none()
            if row is None or row.deactivated_at is None or row.leave_by is not None:
                return False
            lost = lost and row.grant_state == _DEACTIVATED
            known = {"moved_at": max(at, row.moved_at or at), **(LOST_GRANT if lost else {})}
            await connection.execute(update(PEOPLE).where(of_person(PEOPLE, key)).values(known))
            await reactivate(connection, self._states, key, now, emptied=emptied)
            if lost or row.grant_state == GrantState.LOST.value:
                await end_keys(connection, [key])
                await self._notices.worked(connection, "grant", key)
                await self._notices.tell(connection, key, "grant")
        return True
