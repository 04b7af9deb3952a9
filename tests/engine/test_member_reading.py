"""The members of a workspace are read where they are needed, within its limits, and what events tell is newer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.members import Role, WorkspaceMember
from services.domain.model import PersonKey
from services.domain.people import LEAVE, leave_key
from services.engine.members import AGAIN, LEASE
from services.store.calendar_tables import CALENDARS
from services.store.members import EVERY
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_tables import KEEPERS, MEMBERS
from tests.support.engine import TEAM, RunningEngine
from tests.support.replica import Replica

LIST, TEAMS = "users.list", "auth.teams.list"
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def replica(engine: RunningEngine) -> Replica:
    return engine.replica()


async def keeper_stands(engine: RunningEngine, replica: Replica) -> None:
    """As after an admin's consent."""
    await engine.person("U1")
    now = engine.clock.now()
    async with engine.database.write() as connection:
        await connection.execute(sa.insert(KEEPERS).values(team_id=TEAM, user_id="U1", consented_at=now))
        await replica.members.needed(connection, TEAM, now)


async def names(replica: Replica) -> dict[str, str]:
    return {one.user_id: one.name for one in await replica.members.all(TEAM) if one.is_colleague}


async def test_members_are_read_once_they_are_needed_and_daily(engine: RunningEngine, replica: Replica) -> None:
    await engine.person("U1")
    assert await replica.member_reading.next_due() is None
    await keeper_stands_of_known(engine, replica)
    engine.slack.add_person("U2", "bob", real_name="Bob Ray")
    engine.slack.membership.set_role("U2", "admin")
    report = await replica.member_reading.run_due()
    assert (report.done, report.changed, report.failed) == (1, 1, 0)
    bob = await replica.members.one(PersonKey(TEAM, "U2"))
    assert bob is not None
    assert (bob.name, bob.role, bob.is_admin) == ("Bob Ray", Role.ADMIN, True)
    assert await replica.members.read_at(TEAM) == engine.clock.now()
    assert await replica.member_reading.next_due() == engine.clock.now() + EVERY
    engine.slack.membership.deactivate("U2")
    engine.clock.move(hours=24)
    await replica.member_reading.run_due()
    bob = await replica.members.one(PersonKey(TEAM, "U2"))
    assert bob is not None
    assert not bob.is_colleague


async def test_reading_tells_day_by_day_of_who_is_a_member_and_taken_for_deactivated(
    engine: RunningEngine, replica: Replica
) -> None:
    await keeper_stands(engine, replica)
    await engine.person("U2")
    await replica.member_reading.run_due()
    async with engine.database.write() as connection:
        theirs = sa.update(PEOPLE).where(PEOPLE.c.user_id == "U2")
        await connection.execute(theirs.values(deactivated_at=engine.clock.now(), grant_state="deactivated"))
    assert replica.back == []
    for _ in range(2):
        engine.clock.move(hours=24)
        assert (await replica.member_reading.run_due()).changed == 1
    assert replica.back == [PersonKey(TEAM, "U2")] * 2
    engine.slack.member("U2").deleted = True
    engine.clock.move(hours=24)
    await replica.member_reading.run_due()
    assert replica.back == [PersonKey(TEAM, "U2")] * 2


async def keeper_stands_of_known(engine: RunningEngine, replica: Replica) -> None:
    now = engine.clock.now()
    async with engine.database.write() as connection:
        await connection.execute(sa.insert(KEEPERS).values(team_id=TEAM, user_id="U1", consented_at=now))
        await replica.members.needed(connection, TEAM, now)


@sqlite
async def test_many_members_are_read_within_the_limit_page_by_page(engine: RunningEngine) -> None:
    replica = engine.replica(limits={LIST: 2})
    await keeper_stands(engine, replica)
    for number in range(900):
        engine.slack.add_person(f"UM{number}", f"m{number}")
    for _ in range(3):
        await replica.member_reading.run_due()
        due = await replica.member_reading.next_due()
        assert due is not None
        engine.clock.move_to(due)
    calls = engine.calls(LIST)
    assert len(calls) == 5
    assert all(later.at - earlier.at >= timedelta(seconds=60) for earlier, later in zip(calls, calls[2:], strict=False))
    assert len(await names(replica)) == 901 + len({"USLACKBOT"} & set(await names(replica)))


@sqlite
async def test_slack_that_says_wait_is_asked_for_the_same_page_when_it_said(
    engine: RunningEngine, replica: Replica
) -> None:
    await keeper_stands(engine, replica)
    engine.slack.faults.add(Fault(LIST, retry_after=40))
    await replica.member_reading.run_due()
    assert await replica.member_reading.next_due() == engine.clock.now() + timedelta(seconds=40)
    engine.clock.move(seconds=40)
    await replica.member_reading.run_due()
    assert "U1" in await names(replica)


ORG, FIRST, SECOND = "E0ORG00001", "T0FIRST001", "T0SECOND01"


async def org_stands(engine: RunningEngine, replica: Replica) -> None:
    """The app is an org's, with two workspaces; Ann is in both, and manages one."""
    slack, now = engine.slack, engine.clock.now()
    slack.membership.org(ORG, FIRST, SECOND)
    for user_id, team_id in (("UANN", FIRST), ("UBEN", SECOND), ("UCAT", SECOND)):
        slack.add_person(user_id, user_id.lower(), team_id=team_id)
    slack.membership.also_in["UANN"] = {SECOND}
    slack.membership.set_role("UANN", "admin")
    slack.membership.org_admins.add("UBEN")
    bot = engine.encryptor.seal(slack.install(ORG).value, "workspaces.bot_token", ORG)
    org = {"team_id": ORG, "enterprise_id": ORG, "org_wide": True, "name": "", "installed_at": now, "bot_token": bot}
    async with engine.database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(org))
        await replica.members.needed(connection, ORG, now)


@sqlite
async def test_members_of_an_org_are_those_of_each_of_its_workspaces_with_their_role_in_the_org(
    engine: RunningEngine, replica: Replica
) -> None:
    await org_stands(engine, replica)
    assert (await replica.member_reading.run_due()).changed == 1
    assert [call.arguments.get("team_id") for call in engine.calls(LIST)] == [FIRST, SECOND]
    people = {one.user_id: one.role for one in await replica.members.all(ORG) if one.is_colleague}
    people = {user_id: role for user_id, role in people.items() if user_id in {"UANN", "UBEN", "UCAT"}}
    assert people == {"UANN": Role.MEMBER, "UBEN": Role.ADMIN, "UCAT": Role.MEMBER}
    engine.clock.move(hours=24)
    await replica.member_reading.run_due()
    assert len(await replica.members.all(ORG)) >= len(people)
    assert await replica.members.read_at(ORG) == engine.clock.now()


@sqlite
async def test_reading_of_an_org_goes_on_where_its_limit_had_it_wait(engine: RunningEngine) -> None:
    replica = engine.replica(limits={LIST: 1, TEAMS: 1})
    await org_stands(engine, replica)
    assert (await replica.member_reading.run_due()).changed == 0
    due = await replica.member_reading.next_due()
    assert due is not None
    engine.clock.move_to(due)
    assert (await replica.member_reading.run_due()).changed == 1
    assert len(engine.calls(TEAMS)) == 1
    assert {"UANN", "UBEN", "UCAT"} <= (await names_in(replica)).keys()


async def names_in(replica: Replica) -> dict[str, str]:
    return {one.user_id: one.name for one in await replica.members.all(ORG) if one.is_colleague}


@sqlite
async def test_user_object_of_an_org_keeps_its_role_there(engine: RunningEngine, replica: Replica) -> None:
    await org_stands(engine, replica)
    await replica.member_reading.run_due()
    slack, token = engine.slack, engine.slack.tokens.bot(ORG)
    assert token is not None
    found = await replica.roles.member(token.value, "UANN", await replica.members.homes(ORG))
    assert (found.role, found.is_colleague, found.is_admin) == (Role.MEMBER, True, False)
    assert (await replica.roles.member(token.value, "UBEN", {ORG})).is_admin
    assert slack.membership.orgs == {ORG: {FIRST, SECOND}}


@sqlite
@pytest.mark.parametrize(
    "fault", [Fault(LIST, status=503), Fault(LIST, drop=True), Fault(LIST, error="limit_required")]
)
async def test_reading_that_fails_keeps_what_was_known_and_begins_anew(
    engine: RunningEngine, replica: Replica, fault: Fault
) -> None:
    await keeper_stands(engine, replica)
    await replica.member_reading.run_due()
    known = await names(replica)
    engine.clock.move(hours=24)
    engine.slack.faults.add(replace(fault, times=None))
    assert (await replica.member_reading.run_due()).failed == 1
    assert await names(replica) == known
    assert await replica.member_reading.next_due() == engine.clock.now() + AGAIN


@sqlite
async def test_reading_of_a_process_that_died_is_begun_anew_by_another(engine: RunningEngine, replica: Replica) -> None:
    await keeper_stands(engine, replica)
    due = await replica.member_reading.next_due()
    assert due is not None
    assert await replica.members.put_off(TEAM, due, engine.clock.now() + LEASE)
    assert (await replica.member_reading.run_due()).done == 0
    engine.clock.move_to(engine.clock.now() + LEASE)
    assert (await replica.member_reading.run_due()).changed == 1


@sqlite
async def test_what_an_event_told_is_newer_than_a_reading_that_began_before(
    engine: RunningEngine, replica: Replica
) -> None:
    await keeper_stands(engine, replica)
    began, now = engine.clock.now(), engine.clock.now() + timedelta(seconds=5)
    told = WorkspaceMember("U7", ("Ann Lee-Ray",), zone="Europe/Berlin")
    read = WorkspaceMember("U7", ("Ann Lee",), zone="Europe/Berlin")
    assert await replica.members.put(TEAM, [told], read_at=now, now=now) == {"U7"}
    assert await replica.members.put(TEAM, [read], read_at=began, now=now) == set()
    assert await replica.members.one(PersonKey(TEAM, "U7")) == told
    assert await replica.members.put(TEAM, [told], read_at=now, now=now) == set()


async def test_change_of_members_has_the_leave_found_anew(engine: RunningEngine, replica: Replica) -> None:
    await keeper_stands(engine, replica)
    now = engine.clock.now()
    async with engine.database.write() as connection:
        await connection.execute(sa.insert(PEOPLE).values(team_id=TEAM, user_id=LEAVE, created_at=now))
    await replica.members.put(TEAM, [WorkspaceMember("U7", ("Ann Lee",))], read_at=now, now=now)
    assert await _leave_is_due(engine)


async def _leave_is_due(engine: RunningEngine) -> bool:
    key = leave_key(TEAM)
    its = sa.select(PEOPLE.c.stale).where(PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id)
    async with engine.database.read() as connection:
        return bool(await connection.scalar(its))


@sqlite
async def test_members_go_with_the_last_that_needs_them(engine: RunningEngine, replica: Replica) -> None:
    await keeper_stands(engine, replica)
    await replica.member_reading.run_due()
    now, key = engine.clock.now(), leave_key(TEAM)
    async with engine.database.write() as connection:
        await connection.execute(sa.insert(PEOPLE).values(team_id=TEAM, user_id=LEAVE, created_at=now))
        calendar = {"calendar_id": "c1", "provider": "ics", "address_digest": "d1", "created_at": now}
        await connection.execute(sa.insert(CALENDARS).values(team_id=TEAM, user_id=key.user_id, **calendar))
        await connection.execute(sa.delete(KEEPERS))
        assert not await replica.members.no_longer_needed(connection, TEAM)
    assert await names(replica)
    async with engine.database.write() as connection:
        await connection.execute(sa.delete(CALENDARS).where(CALENDARS.c.user_id == LEAVE))
        assert await replica.members.no_longer_needed(connection, TEAM)
    async with engine.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(MEMBERS)) == 0
        assert await connection.scalar(sa.select(WORKSPACES.c.members_due_at)) is None
    assert await replica.members.put(TEAM, [WorkspaceMember("U7")], read_at=now, now=now) == set()
