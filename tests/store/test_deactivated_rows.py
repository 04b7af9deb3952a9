"""What is stored of those who were deactivated, where Slack tells of it by its list of members alone."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from services.domain.members import Role, WorkspaceMember
from services.platform.crypto import Encryptor
from services.store.calendar_tables import CALENDARS
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.deactivated import DeactivatedStore
from services.store.members import MemberStore
from services.store.person_rows import NoticeStore
from services.store.tables import PEOPLE, WORKSPACES
from tests.support.clocks import ManualClock
from tests.support.subscriptions import ANN, BOB, NOW


def listed(user_id: str, *, deleted: bool) -> WorkspaceMember:
    return WorkspaceMember(
        user_id, ("Somebody",), "", "UTC", "en-US", Role.MEMBER, bot=False, deleted=deleted, stranger=False
    )


async def test_daily_reading_of_all_members_puts_to_rest_and_brings_back(
    database: Database, encryptor: Encryptor, clock: ManualClock, people: None, store: CalendarStore
) -> None:
    members = MemberStore(database, encryptor)
    async with database.write() as connection:
        await connection.execute(sa.update(WORKSPACES).values(members_due_at=NOW))
        await connection.execute(
            sa.update(PEOPLE).values(grant_state="ok", token_expires_at=NOW + timedelta(hours=12), granted_at=NOW)
        )
    await store.add(ANN, "ics", address="https://a.example/a.ics", host="a.example", name="A", now=NOW)
    await members.put("T1", [listed(one.user_id, deleted=False) for one in (ANN, BOB)], read_at=NOW, now=NOW)

    async def found() -> dict[str, tuple[str, bool]]:
        rows = await database.fetch(
            sa.select(PEOPLE.c.user_id, PEOPLE.c.grant_state, PEOPLE.c.deactivated_at).where(PEOPLE.c.team_id == "T1")
        )
        return {row.user_id: (row.grant_state, row.deactivated_at is not None) for row in rows}

    later = NOW + timedelta(days=1)
    gone = [listed(ANN.user_id, deleted=True), listed(BOB.user_id, deleted=False)]
    await members.put("T1", gone, read_at=later, now=later)
    assert await found() == {ANN.user_id: ("deactivated", True), BOB.user_id: ("ok", False)}
    assert [row.due_at for row in await database.fetch(sa.select(CALENDARS.c.due_at))] == [None]
    deactivated = DeactivatedStore(database, encryptor, NoticeStore(database, clock))
    assert (await deactivated.first_at(), await deactivated.since(later, 10)) == (later, [ANN])
    latest = later + timedelta(days=1)
    await members.put("T1", [listed(ANN.user_id, deleted=False)], read_at=latest, now=latest)
    assert await found() == {ANN.user_id: ("ok", False), BOB.user_id: ("ok", False)}
    assert [row.due_at for row in await database.fetch(sa.select(CALENDARS.c.due_at))] == [latest]
    assert (await deactivated.first_at(), await deactivated.since(latest, 10)) == (None, [])
