"""Finding leave as due work: by difference, behind the number of the facts, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import Changes
from services.domain.errors import CalendarTooCostlyError
from services.domain.leave_spelling import folded_name
from services.domain.members import WorkspaceMember
from services.domain.model import Event, PersonKey, WallTimes
from services.domain.people import leave_key
from services.engine.leases import OneProcess
from services.engine.leave import LeaveMatching
from services.platform import readers
from services.platform.crypto import Encryptor
from services.ports import Report
from services.store.calendar_tables import CALENDARS
from services.store.db import Database
from services.store.events import EventStore
from services.store.keeper import Refusals
from services.store.leave import AGAIN, HALF, UNREAD, LeaveStore
from services.store.members import MemberStore
from services.store.person_rows import mark_due
from services.store.policies import PolicyStore
from services.store.tables import PEOPLE, WORKSPACES
from services.store.workspace_numbers import NumberStore
from services.store.workspace_tables import LEAVE_TIES, LEAVES, REFUSALS
from services.usecases.leave_matcher import LeaveMatcher
from services.usecases.workspace import WorkspacePolicy
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.locks import somebody_waits
from tests.support.readers import ReaderHere

TEAM = "T1"
ANN, BEN = PersonKey(TEAM, "UANN"), PersonKey(TEAM, "UBEN")
LEE, RAY = WorkspaceMember("UANN", ("Ann Lee",)), WorkspaceMember("UBEN", ("Ben Ray",))
DAY = timedelta(days=1)


class Telling(OneProcess):
    """Counts how often the sender was told to look."""

    told = 0

    async def tell(self, transaction: AsyncConnection, typed: bool) -> None:
        assert not typed
        self.told += 1


class _Silent:
    def wake(self) -> None:
        """Nobody listens."""


@dataclass
class Office:
    """A workspace with Ann and Ben, a leave calendar, and who finds leave."""

    database: Database
    events: EventStore
    leave: LeaveStore
    members: MemberStore
    matcher: LeaveMatcher
    clock: ManualClock
    work: LeaveMatching
    leases: Telling

    def away(self, uid: str, title: str, days: int = 0) -> Event:
        start = self.clock.now() + days * DAY
        return Event("C1", uid, start, start + DAY, title=title)

    async def has(self, *events: Event) -> None:
        """Its leave calendar has these entries."""
        key = leave_key(TEAM)
        plan = await self.events.prepare(key, "C1", Changes(events=events))
        async with self.database.write() as connection:
            await self.events.apply(connection, [plan])
            await mark_due(connection, key, self.clock.now())

    async def found(self) -> list[tuple[str, str]]:
        """Whose leave is stored, and the day on which it begins."""
        rows = await self.database.fetch(sa.select(LEAVES).order_by(LEAVES.c.start_at, LEAVES.c.user_id))
        return [(row.user_id, f"{row.start_at:%d}") for row in rows]

    async def stale(self) -> list[str]:
        """Whose timeline is to be resolved anew; nobody's is from now on."""
        rows = await self.database.fetch(sa.select(PEOPLE.c.user_id).where(PEOPLE.c.stale).order_by(PEOPLE.c.user_id))
        await self.database.execute(sa.update(PEOPLE).where(PEOPLE.c.user_id != "leave").values(stale=False))
        return [row.user_id for row in rows]


@pytest.fixture
async def office(
    database: Database, encryptor: Encryptor, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Office:
    monkeypatch.setattr(readers, "_Reader", ReaderHere)
    now = clock.now()
    events, members = EventStore(database, encryptor), MemberStore(database, encryptor)
    leave, matcher = LeaveStore(database, encryptor, events, members), LeaveMatcher()
    async with database.write() as connection:
        await connection.execute(sa.insert(WORKSPACES).values(team_id=TEAM, installed_at=now))
        people = [{"team_id": TEAM, "user_id": key.user_id, "created_at": now, "stale": False} for key in (ANN, BEN)]
        await connection.execute(sa.insert(PEOPLE), people)
        await members.needed(connection, TEAM, now)
    key = await leave.begin(PersonKey(TEAM, "UADMIN"), now)
    async with database.write() as connection:
        calendar = {"calendar_id": "C1", "provider": "ics", "address_digest": "d", "created_at": now}
        await connection.execute(sa.insert(CALENDARS).values(team_id=TEAM, user_id=key.user_id, **calendar))
    await members.put(TEAM, [LEE, RAY], read_at=now, now=now)
    policies = WorkspacePolicy(PolicyStore(database), NumberStore(database), clock, _Silent())
    leases = Telling()
    database.sender = leases.tell
    work = LeaveMatching(leave, members, policies, matcher, clock=clock)
    return Office(database, events, leave, members, matcher, clock, work, leases)


async def read(office: Office) -> None:
    """All members of the workspace are read."""
    due = await office.members.due(office.clock.now(), 9)
    assert await office.members.read(TEAM, began=office.clock.now(), due_at=due[TEAM])


@BOTH
async def test_leave_waits_for_the_members_and_then_only_those_whose_leave_changed_are_due(office: Office) -> None:
    """The sender is told of each change at once: a keeper may write for them."""
    await office.has(office.away("1", "Ann Lee: vacation"), office.away("2", "Ben Ray: vacation", 3))
    assert await office.work.run_due() == Report(done=1)
    assert await office.work.next_due() == office.clock.now() + UNREAD
    await read(office)
    assert await office.work.run_due() == Report(done=1, changed=1)
    assert await office.found() == [("UANN", "24"), ("UBEN", "27")]
    assert await office.stale() == ["UANN", "UBEN"]
    assert (await office.work.next_due(), office.leases.told) == (office.clock.now() + AGAIN, 1)
    await office.leave.look_again(TEAM, office.clock.now())
    assert await office.work.run_due() == Report(done=1)
    assert (await office.stale(), office.leases.told) == ([], 1)
    await office.has(office.away("1", "Ann Lee: vacation"), office.away("2", "Ben Ray: vacation", 4))
    assert await office.work.run_due() == Report(done=1, changed=1)
    assert (await office.found(), await office.stale()) == ([("UANN", "24"), ("UBEN", "28")], ["UBEN"])
    assert office.leases.told == 2


@BOTH
async def test_change_while_leave_is_being_found_wins(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await read(office)
    await office.has(office.away("1", "Ann Lee: vacation"))
    matching = office.matcher.match

    async def slow(*asked: object) -> object:
        monkeypatch.setattr(office.matcher, "match", matching)
        await office.has(office.away("2", "Ben Ray: vacation"))
        return await matching(*asked)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(office.matcher, "match", slow)
    assert await office.work.run_due() == Report(done=1)
    assert await office.found() == []
    assert await office.work.next_due() == office.clock.now()
    assert await office.work.run_due() == Report(done=1, changed=1)
    assert await office.found() == [("UBEN", "24")]


@BOTH
async def test_two_that_find_the_same_leave_store_it_once(office: Office) -> None:
    await read(office)
    await office.has(office.away("1", "Ann Lee: vacation"))
    (first,) = await office.leave.claim(office.clock.now(), 9)
    assert await office.leave.claim(office.clock.now(), 9) == []
    office.clock.move(minutes=2)  # the first one stands still
    assert await office.work.run_due() == Report(done=1, changed=1)
    assert await office.leave.save(first, [], [], office.clock.now()) is None
    assert await office.found() == [("UANN", "24")]


async def test_what_was_found_stays_where_it_cannot_be_found_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read(office)
    await office.has(office.away("1", "Ann Lee: vacation"))
    await office.work.run_due()

    async def costly(*asked: object) -> object:
        raise CalendarTooCostlyError("time")

    monkeypatch.setattr(office.matcher, "match", costly)
    await office.has()
    await office.has(office.away("3", "Ben Ray: vacation"))
    assert await office.work.run_due() == Report(done=1, failed=1)
    assert await office.found() == [("UANN", "24")]
    assert await office.work.next_due() == office.clock.now() + timedelta(minutes=15)


@BOTH
async def test_line_that_is_nobodys_keeps_the_days_that_it_is_on(office: Office) -> None:
    await read(office)
    days = WallTimes(datetime(2026, 12, 1), datetime(2026, 12, 3))
    whole = replace(office.away("1", "Zoe Zed: vacation", 7), all_day=True, wall=days)
    await office.has(whole, office.away("2", "Yan Yew: vacation", 8))
    await office.work.run_due()
    lines = await office.leave.lines(TEAM, office.clock.now())
    assert [(line.title, line.wall) for line in lines] == [("Zoe Zed: vacation", days), ("Yan Yew: vacation", None)]


@BOTH
async def test_half_a_day_of_which_nobody_says_which_is_told_by_whose_it_is_and_without_its_title(
    office: Office,
) -> None:
    await read(office)
    days = WallTimes(datetime(2026, 12, 1), datetime(2026, 12, 2))
    ann, ben = (office.away(name, f"{name} (Sick - half day)", 7) for name in ("Ann Lee", "Ben Ray"))
    await office.has(replace(ann, all_day=True, wall=days), replace(ben, all_day=True, wall=days))
    await office.leave.choices.refuse(BEN, office.clock.now())
    await office.work.run_due()
    assert await office.found() == []
    (line,) = await office.leave.lines(TEAM, office.clock.now())
    assert (line.result, line.user_id, line.title, line.name, line.wall) == (HALF, "UANN", "", "", days)


@BOTH
async def test_leave_of_who_refused_or_left_with_an_opt_out_is_not_stored(office: Office) -> None:
    await read(office)
    await office.members.put(
        TEAM, [WorkspaceMember("UCAT", ("Cara Wulff",))], read_at=office.clock.now(), now=office.clock.now()
    )
    refusals = [("UANN", "leave"), ("UBEN", "keeper"), ("UCAT", "keeper")]
    async with office.database.write() as connection:
        rows = [{"team_id": TEAM, "user_id": user, "what": what, "at": office.clock.now()} for user, what in refusals]
        await connection.execute(sa.insert(REFUSALS), rows)
    names = ("Ann Lee", "Ben Ray", "Cara Wulff")
    await office.has(*(office.away(str(number), f"{name}: vacation") for number, name in enumerate(names)))
    assert await office.work.run_due() == Report(done=1)  # Ben is known again, and has granted nothing
    assert await office.found() == []
    await office.database.execute(sa.update(PEOPLE).where(PEOPLE.c.user_id == "UBEN").values(grant_state="ok"))
    await office.leave.look_again(TEAM, office.clock.now())
    assert await office.work.run_due() == Report(done=1, changed=1)
    assert await office.found() == [("UBEN", "24")]  # the keeper alone is refused


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("first", "second"), [("UANN", "UBEN"), ("UBEN", "UANN")])
async def test_of_two_admins_who_tie_a_name_at_once_the_last_one_wins(
    office: Office, encryptor: Encryptor, first: str, second: str
) -> None:
    await read(office)
    tie_id, now = encryptor.digest(folded_name("Annie").encode()), office.clock.now()
    row = {"team_id": TEAM, "name_digest": tie_id, "user_id": first, "tied_by": "UADMIN", "tied_at": now}
    name = encryptor.seal("Annie", "leave_ties.name", TEAM, tie_id)
    async with office.database.write() as connection:
        await connection.execute(sa.insert(LEAVE_TIES).values(**row, name=name))
        tying = office.leave.choices.tie(TEAM, "Annie", second, tied_by="UOTHER", now=now)
        other = asyncio.create_task(tying)
        await somebody_waits(office.database)
    await other
    assert [(tie.name, tie.user_id) for tie in await office.leave.choices.ties(TEAM)] == [("Annie", second)]


@BOTH
async def test_leave_of_who_opted_out_and_is_nobody_here_is_found_again_once_they_opt_in(
    office: Office, encryptor: Encryptor
) -> None:
    await read(office)
    now, cat = office.clock.now(), PersonKey(TEAM, "UCAT")
    refusals = Refusals(office.database, encryptor)
    await office.members.put(TEAM, [WorkspaceMember("UCAT", ("Cara Wulff",))], read_at=now, now=now)
    await office.has(office.away("1", "Cara Wulff: vacation"))
    for refuses in (True, False, True):
        await (refusals.put if refuses else refusals.delete)(cat, "keeper", now)
        await office.work.run_due()
        assert await office.found() == ([] if refuses else [("UCAT", "24")])
