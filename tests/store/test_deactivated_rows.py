"""What is stored of those who were deactivated, and who came back."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from services.domain.members import Role, WorkspaceMember
from services.platform.crypto import Encryptor
from services.store.account_checks import AccountCheckStore
from services.store.calendar_tables import CALENDARS
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.deactivated import DeactivatedStore, Deactivation
from services.store.members import MemberStore
from services.store.person_rows import NoticeStore, of_person
from services.store.tables import NOTICES, PEOPLE, WORKSPACES
from tests.support.clocks import ManualClock
from tests.support.subscriptions import ANN, BOB, NOW


def listed(user_id: str, *, deleted: bool) -> WorkspaceMember:
    return WorkspaceMember(
        user_id, ("Somebody",), "", "UTC", "en-US", Role.MEMBER, bot=False, deleted=deleted, stranger=False
    )


async def test_list_of_all_members_deactivates_and_names_who_is_back_and_changes_nothing_of_theirs(
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
    checks = AccountCheckStore(database, encryptor)
    assert await checks.next_due(timedelta(days=30)) == later + timedelta(days=30)
    latest = later + timedelta(days=1)
    await members.put("T1", [listed(ANN.user_id, deleted=False)], read_at=latest, now=latest)
    assert await found() == {ANN.user_id: ("deactivated", True), BOB.user_id: ("ok", False)}
    assert [row.due_at for row in await database.fetch(sa.select(CALENDARS.c.due_at))] == [None]
    assert (await members.back("T1", latest), await members.back("T1", latest + timedelta(seconds=1))) == ([ANN], [])
    again = latest + timedelta(days=1)  # nobody is another than the day before
    assert await members.put("T1", [listed(ANN.user_id, deleted=False)], read_at=again, now=again) == set()
    assert await members.back("T1", again) == [ANN]
    assert await deactivated.reactivate(ANN, again, again, emptied=True, lost=False)
    assert await members.back("T1", again) == []
    assert await found() == {ANN.user_id: ("ok", False), BOB.user_id: ("ok", False)}
    assert [row.due_at for row in await database.fetch(sa.select(CALENDARS.c.due_at))] == [again]
    assert await checks.next_due(timedelta(days=30)) is None


async def test_who_is_back_with_a_grant_that_is_over_has_no_token_and_is_told_in_the_same_transaction(
    database: Database, encryptor: Encryptor, clock: ManualClock, people: None
) -> None:
    token = encryptor.seal("xoxp-1", "people.token", ANN.team_id, ANN.user_id)
    async with database.write() as connection:
        its = sa.update(PEOPLE).where(of_person(PEOPLE, ANN))
        await connection.execute(its.values(grant_state="ok", token=token, granted_at=NOW))
    deactivated = DeactivatedStore(database, encryptor, NoticeStore(database, clock))
    first, second, third, fourth = (NOW + timedelta(minutes=minutes) for minutes in (1, 2, 3, 4))
    assert await deactivated.deactivate(ANN, first, first)
    assert await deactivated.deactivation(ANN) == Deactivation(first, "xoxp-1")
    assert await deactivated.reactivate(ANN, third, third, emptied=True, lost=True)
    assert not await deactivated.reactivate(ANN, third, third, emptied=True, lost=True)
    columns = (PEOPLE.c.grant_state, PEOPLE.c.token, PEOPLE.c.deactivated_at)
    row = await database.fetch_one(sa.select(*columns).where(of_person(PEOPLE, ANN)))
    assert row is not None
    assert tuple(row) == ("lost", None, None)
    told = await database.fetch(sa.select(NOTICES.c.user_id, NOTICES.c.subject))
    assert [tuple(one) for one in told] == [(ANN.user_id, "grant")]
    assert not await deactivated.deactivate(ANN, second, fourth)  # an event of before that comes late
    assert await deactivated.deactivate(ANN, fourth, fourth)
    assert await deactivated.deactivation(ANN) == Deactivation(fourth, None)
    assert await deactivated.reactivate(ANN, second, fourth, emptied=True, lost=False)  # late too, and so by Slack now
    assert not await deactivated.deactivate(ANN, second + timedelta(seconds=1), fourth)
