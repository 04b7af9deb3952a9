"""Leave as a source of a person's timeline, and the row that leave calendars hang on, which is nobody's."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from services.domain import timeline
from services.domain.calendars import FetchOutcome, Health
from services.domain.model import Event, EventType, Kind, PersonKey, ShowAs, WallTimes
from services.domain.people import LEAVE, leave_key
from services.domain.reasons import ReasonCode
from services.platform.crypto import Encryptor
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.due import DueStore
from services.store.facts import FactStore
from services.store.leave import FoundLeave
from services.store.leavers import LeaverStore
from services.store.person_rows import mark_due
from services.store.stores import Stores
from services.store.tables import NOTICES, PEOPLE
from services.store.workspace_tables import LEAVE_TIES, LEAVES, REFUSALS
from tests.support.clocks import ManualClock
from tests.support.stored_calendars import ANN, BOB, CAT, NOW, URL, claim_one, forget_due, full, meeting

DAY = timedelta(days=1)
MONDAY = WallTimes(datetime(2026, 11, 30), datetime(2026, 12, 1))


async def with_leave(database: Database, key: PersonKey, leave_id: str = "l1", **columns: object) -> None:
    row = {
        "team_id": key.team_id, "user_id": key.user_id, "leave_id": leave_id, "calendar_id": "C1",
        "start_at": NOW, "end_at": NOW + DAY,
    } | columns  # fmt: skip
    async with database.write() as connection:
        await connection.execute(sa.insert(LEAVES).values(**row))


async def with_leave_key(database: Database, team_id: str = "T1") -> PersonKey:
    async with database.write() as connection:
        row = {"team_id": team_id, "user_id": LEAVE, "created_at": NOW}
        await connection.execute(sa.insert(PEOPLE).values(row))
    return leave_key(team_id)


@pytest.fixture
def facts(database: Database, encryptor: Encryptor, store: CalendarStore) -> FactStore:
    return FactStore(database, encryptor, store._events)


async def test_leave_is_among_the_events_of_those_who_have_it_with_neither_title_nor_place(
    database: Database, facts: FactStore
) -> None:
    monday = {"wall_start": "2026-11-30T00:00:00", "wall_end": "2026-12-01T00:00:00", "all_day": True}
    away = datetime(2026, 11, 29, 23, tzinfo=NOW.tzinfo)
    await with_leave(database, ANN)
    await with_leave(database, BOB, "l2", start_at=away, end_at=away + DAY, **monday)
    await with_leave(database, CAT, "l3", start_at=NOW + 9 * DAY, end_at=NOW + 10 * DAY)
    found = await facts.load([ANN, BOB, CAT], NOW, NOW + 8 * DAY)
    plain = Event(
        calendar_id="leave", uid="leave/l1", start=NOW, end=NOW + DAY, type=EventType.OUT_OF_OFFICE,
        show_as=ShowAs.OUT_OF_OFFICE,
    )  # fmt: skip
    whole = dataclasses.replace(plain, uid="leave/l2", start=away, end=away + DAY, wall=MONDAY, all_day=True)
    assert {key: one.events for key, one in found.items()} == {ANN: (plain,), BOB: (whole,), CAT: ()}
    assert (await facts.load([ANN], NOW, NOW + DAY))[ANN].events == (plain,)


async def test_leave_on_whole_days_is_in_the_persons_own_zone_and_says_whose_calendar_it_is(
    database: Database, facts: FactStore
) -> None:
    midnight = datetime(2026, 11, 30, tzinfo=NOW.tzinfo)
    await with_leave(
        database, ANN, start_at=midnight, end_at=midnight + DAY,
        wall_start="2026-11-30T00:00:00", wall_end="2026-12-01T00:00:00", all_day=True,
    )  # fmt: skip
    loaded = (await facts.load([ANN], NOW, NOW + 8 * DAY))[ANN]
    resolved = timeline.resolve(loaded, NOW, NOW + 8 * DAY)
    (span,) = [one for one in resolved.spans if one.shows]
    berlin = ZoneInfo("Europe/Berlin")
    assert (span.start, span.end) == (datetime(2026, 11, 30, tzinfo=berlin), datetime(2026, 12, 1, tzinfo=berlin))
    assert (span.kind, span.title, span.reason.code) == (Kind.OUT_OF_OFFICE, "", ReasonCode.LEAVE)
    assert await facts.lasts(ANN, span, NOW)
    assert not await facts.lasts(ANN, span, span.end + DAY)
    assert not await facts.lasts(BOB, span, NOW)


async def test_row_of_leave_calendars_is_nobody(
    database: Database, encryptor: Encryptor, facts: FactStore, clock: ManualClock
) -> None:
    await forget_due(database)
    key = await with_leave_key(database)
    due = DueStore(database, encryptor, facts)
    for stale in (False, True):
        async with database.write() as connection:
            await mark_due(connection, key, NOW - DAY, stale=stale, typed=stale)
        assert [await due.next_due(), await due.next_stale(typed=False), await due.next_stale(typed=True)] == [None] * 3
        assert await due.claim_stale(NOW, 9, typed=stale) == {}
        async with due.batch(NOW, 9) as batch:
            assert batch.people == []
    assert await facts.load([key], NOW, NOW + DAY) == {}
    assert await facts.without_events(key) is None
    stores = Stores(database, encryptor, clock)
    assert await stores.export.export(key) == {}
    assert (await stores.health.health()).people == 3
    assert not await stores.leavers.begin(key, NOW, NOW)


async def test_leave_and_ties_of_somebody_who_is_forgotten(
    database: Database, store: CalendarStore, encryptor: Encryptor
) -> None:
    """Their leave goes; what the workspace keeps stays: whom a name means, and that they want none."""
    await with_leave(database, ANN)
    await with_leave(database, BOB, "l2")
    async with database.write() as connection:
        tie = {"team_id": "T1", "name_digest": "d", "user_id": "U1", "tied_by": "U2", "tied_at": NOW}
        await connection.execute(
            sa.insert(LEAVE_TIES).values(**tie, name=encryptor.seal("Ann", "leave_ties.name", "T1", "d"))
        )
        await connection.execute(sa.insert(REFUSALS).values(team_id="T1", user_id="U1", what="keeper", at=NOW))
    assert await LeaverStore(database, encryptor).begin(ANN, NOW, NOW + DAY)
    async with database.read() as connection:
        left = [list(await connection.scalars(sa.select(one.c.user_id))) for one in (LEAVES, LEAVE_TIES, REFUSALS)]
    assert left == [["U2"], ["U1"], ["U1"]]


async def test_leave_that_is_found_while_whose_it_is_is_forgotten_is_not_kept(
    database: Database, encryptor: Encryptor, clock: ManualClock, store: CalendarStore
) -> None:
    stores, key = Stores(database, encryptor, clock), await with_leave_key(database)
    async with database.write() as connection:
        await mark_due(connection, key, NOW)
    (claim,) = await stores.leave.claim(NOW, 9)
    assert await stores.leavers.begin(ANN, NOW, NOW + DAY)
    away = dataclasses.replace(meeting(30), type=EventType.OUT_OF_OFFICE)
    assert await stores.leave.save(claim, [FoundLeave(ANN.user_id, away, ZoneInfo("UTC"))], [], NOW) is None
    assert await database.fetch(sa.select(LEAVES.c.user_id)) == []
    assert await stores.leave.next_due() == NOW


@pytest.mark.parametrize(
    ("admins", "told"),
    [(("U1", "U2"), ["U2"]), (("U1",), ["U1"]), (("U2",), ["U2"]), ((), [])],
)
async def test_trouble_of_a_leave_calendar_is_told_to_the_admin_who_connected_it_or_else_to_the_others(
    database: Database, store: CalendarStore, admins: tuple[str, ...], told: list[str]
) -> None:
    key = await with_leave_key(database)
    async with database.write() as connection:
        await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.user_id.in_(admins)).values(admin=True))
        await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.team_id == "T2").values(admin=True))
    calendar_id = await store.add(key, "ics", URL, "feeds.example", NOW, connected_by="U2")
    broken = FetchOutcome(Health.BROKEN, NOW + DAY, problem="CalendarGoneError", failures=1, tell=True)
    await store.fail(await claim_one(store), broken, NOW)

    async def notices() -> list[SimpleNamespace]:
        rows = await database.fetch(sa.select(NOTICES.c.team_id, NOTICES.c.user_id, NOTICES.c.subject))
        return [SimpleNamespace(**row._mapping) for row in rows]

    said = [SimpleNamespace(team_id="T1", user_id=one, subject=f"calendar/{calendar_id}") for one in told]
    assert await notices() == said
    assert await store.trouble(key, calendar_id) == ("feeds.example", "CalendarGoneError")
    works = FetchOutcome(Health.OK, NOW + 2 * DAY)
    await store.save(await claim_one(store, NOW + DAY), full([meeting(30)]), works, NOW + DAY)
    assert await notices() == []
