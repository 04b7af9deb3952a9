"""What a fetch writes into both databases, and what it leaves alone."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from services.domain.calendars import Changes, FetchOutcome, Health, Problem, Saved
from services.domain.people import leave_key
from services.platform.crypto import Encryptor
from services.store.calendar_tables import EVENTS
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.events import EventStore
from services.store.tables import NOTICES, PEOPLE
from tests.support.stored_calendars import (
    ALL_DAY,
    ANN,
    BOB,
    LATER,
    LEASE,
    NOW,
    RICH,
    URL,
    WORKED,
    claim_one,
    connected,
    details,
    due,
    forget_due,
    full,
    load,
    meeting,
    replace,
    room,
    told,
    view,
)


async def test_events_come_back_as_they_were(store: CalendarStore, database: Database, events: EventStore) -> None:
    claimed = await connected(store)
    given = (meeting(1), RICH, ALL_DAY)
    assert await store.save(claimed, full(given), WORKED, NOW) is Saved.CHANGED
    calendar_id = claimed.connection.calendar_id
    assert await load(database, events, ANN, BOB) == {
        ANN: tuple(dataclasses.replace(event, calendar_id=calendar_id) for event in given),
        BOB: (),
    }


async def test_what_the_release_before_stored_is_read_and_written_anew_only_where_there_is_more_to_say(
    store: CalendarStore, database: Database, events: EventStore, encryptor: Encryptor
) -> None:
    plain, invited = meeting(1, location="Room 1"), meeting(2)
    claimed = await connected(store)
    await store.save(claimed, full([plain, invited]), WORKED, NOW)
    calendar_id = claimed.connection.calendar_id
    for event in (plain, invited):
        told = [event.uid, "", event.start.isoformat(), event.end.isoformat(), False, event.type, event.show_as,
                event.response, False, False, event.visibility, event.title, event.location, None, 0,
                ""]  # fmt: skip
        of = EVENTS.c.uid == event.uid
        async with database.write() as connection:
            row = (await connection.execute(select(EVENTS).where(of))).one()
            place = (ANN.team_id, ANN.user_id, calendar_id, row.event_id)
            assert json.loads(encryptor.open(row.detail, "events.detail", *place) or "") == [
                event.title,
                event.location,
            ]
            assert (row.digest, row.recurring) == (encryptor.digest(json.dumps(told).encode()), False)
    before = await details(database)
    found = await load(database, events, ANN)
    assert found[ANN] == tuple(dataclasses.replace(event, calendar_id=calendar_id) for event in (plain, invited))
    more = dataclasses.replace(invited, organizer_text="Boss <boss@corp.example>")
    assert await store.save(await claim_one(store, LATER), full([plain, more]), WORKED, LATER) is Saved.CHANGED
    after = await details(database)
    assert (after[plain.uid] == before[plain.uid], after[invited.uid] == before[invited.uid]) == (True, False)


@pytest.mark.parametrize(
    "change", [{"organizer_text": "Boss"}, {"guest_domains": frozenset({"other.example"})}, {"recurring": True}]
)
async def test_who_is_there_and_whether_it_recurs_are_changes_too(
    store: CalendarStore, database: Database, events: EventStore, change: dict[str, object]
) -> None:
    await store.save(await connected(store), full([meeting(1)]), WORKED, NOW)
    claimed = await claim_one(store, LATER)
    assert await store.save(claimed, full([meeting(1, **change)]), WORKED, LATER) is Saved.CHANGED
    found = await load(database, events, ANN)
    assert found[ANN] == (meeting(1, calendar_id=claimed.connection.calendar_id, **change),)


async def test_saved_result_shows_in_the_list_and_makes_the_person_due(
    store: CalendarStore, database: Database
) -> None:
    claimed = await connected(store)
    await forget_due(database)
    problems = (Problem("x", "has no start"),)
    await store.save(claimed, full([meeting(1), meeting(2)], name="Family", problems=problems), WORKED, NOW)
    shown = await view(store)
    assert (shown.name, shown.health, shown.events, shown.problems) == ("Family", Health.OK, 2, 1)
    assert (shown.synced_at, shown.tried_at, shown.due_at) == (NOW, NOW, LATER)
    assert await due(database) == NOW
    assert (await claim_one(store, LATER)).connection.state == b"state"


async def test_same_events_again_write_nothing_and_make_nobody_due(store: CalendarStore, database: Database) -> None:
    given = [meeting(number) for number in range(5)] + [RICH, ALL_DAY]
    assert await store.save(await connected(store), full(given), WORKED, NOW) is Saved.CHANGED
    before = await details(database)
    await forget_due(database)
    again = await store.save(await claim_one(store, LATER), full(reversed(given)), WORKED, LATER)
    assert (again, await due(database), await details(database)) == (Saved.UNCHANGED, None, before)


async def test_unchanged_feed_writes_its_health_alone(store: CalendarStore, database: Database) -> None:
    await store.save(await connected(store), full([meeting(1)]), WORKED, NOW)
    before = await details(database)
    await forget_due(database)
    unchanged = Changes(unchanged=True, state=b"state", full=False)
    again = await store.save(
        await claim_one(store, LATER), unchanged, FetchOutcome(Health.OK, LATER + timedelta(hours=1)), LATER
    )
    shown = await view(store)
    assert (again, await due(database), await details(database)) == (Saved.UNCHANGED, None, before)
    assert (shown.synced_at, shown.due_at, shown.events) == (LATER, LATER + timedelta(hours=1), 1)


async def test_only_what_changed_is_rewritten(store: CalendarStore, database: Database, events: EventStore) -> None:
    await store.save(await connected(store), full(meeting(number) for number in range(4)), WORKED, NOW)
    before = await details(database)
    moved = meeting(1, end=NOW + timedelta(hours=9))
    await store.save(await claim_one(store, LATER), full([meeting(0), moved, meeting(9)]), WORKED, LATER)
    after = await details(database)
    assert sorted(after) == ["m0@example.org", "m1@example.org", "m9@example.org"]
    assert (after["m0@example.org"] == before["m0@example.org"]) is True
    assert (after["m1@example.org"] == before["m1@example.org"]) is False
    assert [event.end for event in (await load(database, events, ANN))[ANN]][1] == moved.end


async def test_replaced_entries_lose_their_old_occurrences_and_the_others_stay(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    series = [meeting(number, uid="series", occurrence=str(number)) for number in range(3)]
    await store.save(await connected(store), full([*series, meeting(8), meeting(9)]), WORKED, NOW)
    changes = Changes(
        full=False,
        replaced=frozenset({"series", "m9@example.org", "new"}),
        events=(series[1], meeting(5, uid="new")),
        state=b"next",
    )
    assert await store.save(await claim_one(store, LATER), changes, WORKED, LATER) is Saved.CHANGED
    found = (await load(database, events, ANN))[ANN]
    assert [(event.uid, event.occurrence) for event in found] == [("series", "1"), ("new", ""), ("m8@example.org", "")]


async def test_identity_that_no_database_takes_is_made_storable(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    odd = meeting(1, uid="a\x00b\ud800", title="nul \x00 and \ud800")
    await store.save(await connected(store), full([odd]), WORKED, NOW)
    assert await store.save(await claim_one(store, LATER), full([odd]), WORKED, LATER) is Saved.UNCHANGED
    (found,) = (await load(database, events, ANN))[ANN]
    assert (found.uid, found.title) == ("a?b?", odd.title)
    gone = Changes(full=False, replaced=frozenset({odd.uid}))
    last = LATER + timedelta(minutes=15)
    await store.save(await claim_one(store, last), gone, WORKED, last)
    assert await load(database, events, ANN) == {ANN: ()}


async def test_stale_claim_writes_nothing(store: CalendarStore, database: Database, events: EventStore) -> None:
    slow = await connected(store)
    quick = await claim_one(store, LEASE)
    await store.save(quick, full([meeting(1)]), WORKED, LEASE)
    await forget_due(database)
    before = await view(store)
    assert await store.save(slow, full([meeting(2)]), WORKED, LATER) is Saved.STALE
    assert await store.fail(slow, FetchOutcome(Health.BROKEN, LATER, "X", 1, tell=True), LATER) is False
    assert (await view(store), await due(database), await told(database)) == (before, None, [])
    assert [event.uid for event in (await load(database, events, ANN))[ANN]] == ["m1@example.org"]


async def test_result_for_a_calendar_that_was_removed_meanwhile_is_dropped(
    store: CalendarStore, database: Database
) -> None:
    claimed = await connected(store)
    await store.remove(ANN, claimed.connection.calendar_id, NOW)
    assert await store.save(claimed, full([meeting(1)]), WORKED, NOW) is Saved.STALE
    assert await details(database) == {}


async def test_failure_keeps_the_events_and_what_worked_before(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    await store.save(await connected(store), full([meeting(1)], name="Family"), WORKED, NOW)
    await forget_due(database)
    retry = LATER + timedelta(minutes=1)
    failed = FetchOutcome(Health.FAILING, retry, "CalendarUnreachableError", 1)
    assert await store.fail(await claim_one(store, LATER), failed, LATER) is True
    shown = await view(store)
    assert (shown.health, shown.problem, shown.due_at) == (Health.FAILING, "CalendarUnreachableError", retry)
    assert (shown.synced_at, shown.tried_at, shown.events, shown.name) == (NOW, LATER, 1, "Family")
    assert shown.sentence == "The calendar's server does not answer. I keep trying."
    assert (await due(database), await told(database)) == (None, [])
    claimed = await claim_one(store, retry)
    assert (claimed.failures, claimed.worked_at, claimed.ever_worked) == (1, NOW, True)
    assert claimed.connection.state == b"state"


async def test_person_is_told_once_and_again_only_after_it_worked(store: CalendarStore, database: Database) -> None:
    claimed = await connected(store)
    subject = f"calendar/{claimed.connection.calendar_id}"
    broken = FetchOutcome(Health.BROKEN, LATER, "CalendarGoneError", 1, tell=True)
    await store.fail(claimed, broken, NOW)
    assert await told(database) == [subject]
    async with database.write() as connection:
        await connection.execute(update(NOTICES).values(sent_at=NOW))
    await store.fail(await claim_one(store, LATER), dataclasses.replace(broken, due_at=LATER), LATER)
    async with database.read() as connection:
        assert await connection.scalar(select(NOTICES.c.sent_at)) == NOW
    await store.save(await claim_one(store, LATER), full([]), WORKED, LATER)
    assert await told(database) == []


async def test_calendar_wanted_again_while_it_is_fetched_is_fetched_once_more_afterwards(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    first = await connected(store)
    wanted = NOW + timedelta(seconds=1)
    assert await store.due_now(ANN, wanted) == 1
    assert list(await store.claim(wanted, LEASE, room(10))) == []
    assert await store.next_due(()) == LEASE
    assert await store.save(first, full([meeting(1)]), WORKED, NOW + timedelta(seconds=2)) is Saved.CHANGED
    assert await store.next_due(()) == wanted
    again = await claim_one(store, wanted)
    assert await store.save(again, full([meeting(2)]), WORKED, wanted) is Saved.CHANGED
    assert await store.next_due(()) == LATER
    assert [event.uid for event in (await load(database, events, ANN))[ANN]] == ["m2@example.org"]


async def test_host_that_asks_for_peace_gets_it_from_all_its_calendars(store: CalendarStore) -> None:
    for number, host in enumerate(("busy.example", "busy.example", "other.example")):
        await store.add(ANN, "ics", f"{URL}?{number}", host, NOW)
    until = NOW + timedelta(minutes=30)
    await store.postpone("busy.example", until)
    assert [shown.due_at for shown in sorted(await store.of(ANN), key=lambda one: one.host)] == [until, until, NOW]


async def test_events_are_replaced_within_a_transaction_of_the_caller(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    calendar_id = await store.add(ANN, "file", "x", "", NOW)
    steps = [full([meeting(1), meeting(2)]), full([meeting(2), meeting(1)]), full([])]
    for changes, differed, left in zip(steps, [True, False, True], [2, 2, 0], strict=True):
        async with database.write() as connection:
            assert await replace(events, connection, ANN, calendar_id, changes) is differed
        assert len((await load(database, events, ANN))[ANN]) == left


async def test_guest_and_categories_are_kept_of_leave_calendars_alone(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    told = dataclasses.replace(meeting(1), guest="bob@corp.example", categories=("Holidays",))
    leave = leave_key(ANN.team_id)
    async with database.write() as connection:
        await connection.execute(insert(PEOPLE).values(team_id=leave.team_id, user_id=leave.user_id, created_at=NOW))
    for key, kept in ((ANN, meeting(1)), (leave, told)):
        claimed = await connected(store, key)
        assert await store.save(claimed, full([told]), WORKED, NOW) is Saved.CHANGED
        found = (await load(database, events, key))[key]
        assert found == (dataclasses.replace(kept, calendar_id=claimed.connection.calendar_id),)
        claims = await store.claim(LATER, LATER + timedelta(minutes=2), room())
        (again,) = [one for one in claims if one.connection.key == key]
        assert await store.save(again, full([told]), WORKED, LATER) is Saved.UNCHANGED
