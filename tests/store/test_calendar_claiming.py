"""Calendars as both databases keep them: who is connected, whose turn it is, who claims."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import bindparam, select, update

from services.domain.calendars import FetchOutcome, Health
from services.domain.errors import AlreadyConnectedError, NotGrantedError, TooManyError
from services.domain.host_limits import HostLimits
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor, new_key
from services.store.calendar_rows import MOST
from services.store.calendar_tables import CALENDARS, EVENTS
from services.store.calendars import CalendarStore, CalendarView
from services.store.db import Database
from services.store.events import EventStore
from services.store.person_rows import NoticeStore, of_person
from services.store.tables import PEOPLE
from tests.support.clocks import ManualClock
from tests.support.stored_calendars import (
    ANN,
    BOB,
    CAT,
    LATER,
    LEASE,
    NOW,
    URL,
    WORKED,
    claim_one,
    connected,
    due,
    forget_due,
    full,
    load,
    meeting,
    room,
    told,
    view,
)

# ── connecting ──────────────────────────────────────────────────────────────────────────────────────


async def test_connected_calendar_is_listed_and_due_at_once(store: CalendarStore) -> None:
    calendar_id = await store.add(ANN, "ics", URL, "feeds.example", NOW)
    assert await view(store) == CalendarView(
        calendar_id=calendar_id,
        provider="ics",
        name="feeds.example",
        host="feeds.example",
        health=Health.NEW,
        problem="",
        synced_at=None,
        tried_at=None,
        due_at=NOW,
        events=0,
        problems=0,
    )
    assert await store.next_due(()) == NOW
    assert await store.of(BOB) == []


async def test_address_is_nowhere_in_clear(store: CalendarStore, database: Database) -> None:
    claimed = await connected(store)
    await store.save(claimed, full([meeting(1)], name="Family"), WORKED, NOW)
    async with database.read() as connection:
        rows = [*(await connection.execute(select(CALENDARS))).all()]
        rows += (await connection.execute(select(EVENTS))).all()
    everything = repr([list(row) for row in rows])
    assert ["4f1c" in everything, "Meeting 1" in everything, "Family" in everything] == [False, False, False]


async def test_same_address_twice_is_refused_for_one_person_and_fine_for_two(store: CalendarStore) -> None:
    await store.add(ANN, "ics", URL, "feeds.example", NOW)
    with pytest.raises(AlreadyConnectedError):
        await store.add(ANN, "ics", URL, "feeds.example", NOW)
    await store.add(BOB, "ics", URL, "feeds.example", NOW)
    assert [len(await store.of(key)) for key in (ANN, BOB)] == [1, 1]


async def test_same_address_is_recognised_after_a_new_key(
    store: CalendarStore, database: Database, keys: list[str], clock: ManualClock
) -> None:
    await store.add(ANN, "ics", URL, "feeds.example", NOW)
    rotated = Encryptor([new_key(), *keys])
    events = EventStore(database, rotated)
    with pytest.raises(AlreadyConnectedError):
        await CalendarStore(database, rotated, events, NoticeStore(database, clock)).add(
            ANN, "ics", URL, "feeds.example", NOW
        )


async def test_two_at_once_connect_one(store: CalendarStore) -> None:
    results = await asyncio.gather(
        *(store.add(ANN, "ics", URL, "feeds.example", NOW) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["AlreadyConnectedError"] * 3 + ["str"]


async def test_more_calendars_than_one_person_may_have_are_refused(store: CalendarStore) -> None:
    for number in range(MOST):
        await store.add(ANN, "ics", f"{URL}?{number}", "feeds.example", NOW)
    with pytest.raises(TooManyError):
        await store.add(ANN, "ics", URL, "feeds.example", NOW)


async def test_calendar_of_nobody_is_refused(store: CalendarStore) -> None:
    with pytest.raises(NotGrantedError):
        await store.add(PersonKey("T1", "U9"), "ics", URL, "feeds.example", NOW)


async def test_removed_calendar_takes_its_events_along_and_makes_the_person_due(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    claimed = await connected(store)
    await store.save(claimed, full([meeting(1)]), WORKED, NOW)
    broken = FetchOutcome(Health.BROKEN, due_at=LATER, problem="CalendarGoneError", failures=1, tell=True)
    await store.fail(await claim_one(store, LATER), broken, LATER)
    await forget_due(database)
    assert await store.remove(BOB, claimed.connection.calendar_id, LATER) is False
    assert await store.remove(ANN, claimed.connection.calendar_id, LATER) is True
    assert await store.remove(ANN, claimed.connection.calendar_id, LATER) is False
    assert await load(database, events, ANN) == {ANN: ()}
    assert (await store.of(ANN), await due(database), await told(database)) == ([], LATER, [])


# ── claiming ────────────────────────────────────────────────────────────────────────────────────────


async def test_claimed_calendar_carries_what_a_source_needs(
    store: CalendarStore, database: Database, encryptor: Encryptor
) -> None:
    async with database.write() as connection:
        await connection.execute(
            update(PEOPLE)
            .where(PEOPLE.c.team_id == "T1", PEOPLE.c.user_id == "U1")
            .values(addresses=encryptor.seal('["ann@example.org"]', "people.addresses", "T1", "U1"))
        )
    await store.add(ANN, "caldav", URL, "feeds.example", NOW, credentials={"user": "ann"}, name="Work")
    claimed = await claim_one(store)
    connection_ = claimed.connection
    assert (connection_.key, connection_.provider, connection_.address) == (ANN, "caldav", URL)
    assert (connection_.zone, connection_.addresses) == (ZoneInfo("Europe/Berlin"), ("ann@example.org",))
    assert (connection_.credentials, connection_.state) == ({"user": "ann"}, None)
    assert (claimed.health, claimed.failures, claimed.worked_at, claimed.ever_worked) == (Health.NEW, 0, NOW, False)
    assert (await view(store)).name == "Work"


async def test_claimed_calendar_is_not_claimed_again_before_its_lease_is_over(store: CalendarStore) -> None:
    await connected(store)
    assert list(await store.claim(NOW, LEASE, room(10))) == []
    assert await store.next_due(()) == LEASE
    assert (await claim_one(store, LEASE)).claim == 2


async def test_calendars_are_claimed_oldest_first_and_within_the_limit(store: CalendarStore) -> None:
    for minutes in (3, 1, 2, 0):
        await store.add(ANN, "ics", f"{URL}?{minutes}", f"h{minutes}.example", NOW - timedelta(minutes=minutes))
    claimed = await store.claim(NOW, LEASE, room(3))
    assert [one.host for one in claimed] == ["h3.example", "h2.example", "h1.example"]


async def test_one_host_does_not_fill_the_batch(store: CalendarStore) -> None:
    for number in range(5):
        await store.add(ANN, "ics", f"{URL}?{number}", "busy.example", NOW - timedelta(minutes=9))
    await store.add(ANN, "ics", URL, "quiet.example", NOW)
    await store.add(BOB, "ics", URL, "shut.example", NOW)
    pace = HostLimits()
    pace.refused("shut.example", NOW, 60)
    pace.begin("quiet.example", BOB, "ics")
    claimed = await store.claim(NOW, LEASE, pace)
    assert sorted(one.host for one in claimed) == ["busy.example", "busy.example", "quiet.example"]
    assert await store.next_due({"busy.example", "quiet.example"}) == NOW
    assert await store.next_due({"busy.example", "quiet.example", "shut.example"}) is None


async def test_many_claiming_at_once_share_the_calendars(store: CalendarStore) -> None:
    for number in range(20):
        await store.add(ANN, "ics", f"{URL}?{number}", f"h{number}.example", NOW)
    batches = await asyncio.gather(*(store.claim(NOW, LEASE, room(8)) for _ in range(4)))
    rest = await store.claim(NOW, LEASE, room(20))
    ids = [one.connection.calendar_id for batch in (*batches, rest) for one in batch]
    assert (len(ids), len(set(ids))) == (20, 20)


async def test_calendar_whose_key_is_lost_is_marked_and_the_others_go_on(
    store: CalendarStore, database: Database, clock: ManualClock
) -> None:
    lost = await store.add(ANN, "ics", URL, "feeds.example", NOW)
    stranger = Encryptor([new_key()])
    fresh = CalendarStore(database, stranger, EventStore(database, stranger), NoticeStore(database, clock))
    kept = await fresh.add(BOB, "ics", URL, "feeds.example", NOW)
    claimed = await fresh.claim(NOW, LEASE, room(10))
    assert [one.connection.calendar_id for one in claimed] == [kept]
    listed = await view(fresh)
    assert (listed.calendar_id, listed.health, listed.name) == (lost, Health.BROKEN, "feeds.example")
    assert listed.sentence == "The calendar could not be read. The last events I know stay."


async def test_rows_that_hold_something_else_are_marked_and_the_others_go_on(
    store: CalendarStore, database: Database, encryptor: Encryptor
) -> None:
    of_ann = await store.add(ANN, "ics", URL, "feeds.example", NOW)
    secrets, health, kept, of_cat = [
        await store.add(key, "ics", f"{URL}?{number}", "feeds.example", NOW)
        for number, key in enumerate((BOB, BOB, BOB, CAT))
    ]
    addresses = encryptor.seal("5", "people.addresses", ANN.team_id, ANN.user_id)
    credentials = encryptor.seal('["x"]', "calendars.credentials", BOB.team_id, BOB.user_id, secrets)
    async with database.write() as connection:
        await connection.execute(update(PEOPLE).where(of_person(PEOPLE, ANN)).values(addresses=addresses))
        await connection.execute(update(PEOPLE).where(of_person(PEOPLE, CAT)).values(zone="Mars/Base"))
        one = update(CALENDARS).where(CALENDARS.c.calendar_id == bindparam("one"))
        await connection.execute(one.values(credentials=credentials), {"one": secrets})
        await connection.execute(one.values(health="sick"), {"one": health})
    claimed = await store.claim(NOW, LEASE, room(10))
    zones = {one.connection.calendar_id: one.connection.zone for one in claimed}
    assert zones == {kept: ZoneInfo("Europe/Berlin"), of_cat: ZoneInfo("UTC")}
    listed = [one for key in (ANN, BOB, CAT) for one in await store.of(key)]
    assert {one.calendar_id for one in listed if one.health is Health.BROKEN} == {of_ann, secrets, health}
