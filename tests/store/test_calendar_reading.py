"""Events as both databases give them back: for many people, in any zone, in great number."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from services.domain.calendars import Saved
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.events import EventStore
from tests.support.statements import statements
from tests.support.stored_calendars import (
    ALL_DAY,
    ANN,
    BOB,
    CAT,
    LATER,
    NOW,
    WALL,
    WORKED,
    claim_one,
    connected,
    details,
    full,
    load,
    meeting,
)


async def test_events_are_loaded_by_overlap_for_many_people(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    for key in (ANN, CAT):
        claimed = await connected(store, key)
        await store.save(claimed, full(meeting(number) for number in range(6)), WORKED, NOW)
    start, end = NOW + timedelta(hours=2), NOW + timedelta(hours=4)
    found = await load(database, events, ANN, BOB, CAT, start=start, end=end)
    uids = ["m2@example.org", "m3@example.org"]
    assert {key: [event.uid for event in held] for key, held in found.items()} == {ANN: uids, BOB: [], CAT: uids}


async def test_all_day_events_are_found_from_any_zone(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    await store.save(await connected(store), full([ALL_DAY]), WORKED, NOW)
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
        start, end = WALL.instants(zone)
        for moment in (start, end - timedelta(seconds=1)):
            found = await load(database, events, ANN, start=moment, end=moment + timedelta(microseconds=1))
            assert [event.uid for event in found[ANN]] == ["holiday"]


async def test_wall_clock_events_follow_the_zone_and_the_others_do_not(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    await store.save(await connected(store), full([ALL_DAY, meeting(1)]), WORKED, NOW)
    tokyo = ZoneInfo("Asia/Tokyo")
    for moved in (True, False):
        async with database.write() as connection:
            assert await events.replace_zone(connection, ANN, tokyo) is moved
    found = (await load(database, events, ANN))[ANN]
    assert [(event.uid, event.start, event.end) for event in found] == [
        ("m1@example.org", meeting(1).start, meeting(1).end),
        ("holiday", *WALL.instants(tokyo)),
    ]


async def test_of_a_large_calendar_what_changed_alone_is_written(store: CalendarStore, database: Database) -> None:
    many = [meeting(number, start=NOW, end=NOW + timedelta(minutes=1)) for number in range(1_000)]
    claimed = await connected(store)
    assert await store.save(claimed, full(many), WORKED, NOW) is Saved.CHANGED
    before = await details(database)
    many[77] = meeting(77, title="Moved")
    again = await claim_one(store, LATER)
    with statements(database) as asked:
        assert await store.save(again, full(many), WORKED, LATER) is Saved.CHANGED
    after = await details(database)
    assert len(after) == 1_000
    assert [uid for uid, detail in after.items() if detail != before[uid]] == ["m77@example.org"]
    assert len(asked) < 20
