"""Calendars and events as both databases keep them: who claims, what is written, what is left alone."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select, update

from services.calendars.connections import CalendarView
from services.calendars.health import Claimed, Health, Outcome, Saved
from services.crypto import Sealer, new_key
from services.errors import AlreadyConnectedError, NotGrantedError, TooManyError
from services.model import (
    Event,
    EventType,
    Location,
    PersonKey,
    Response,
    ShowAs,
    Visibility,
    WallTimes,
)
from services.ports import Changes, Problem
from services.store.calendars import MOST, CalendarStore
from services.store.columns import Vault
from services.store.engine import Database
from services.store.events import EventStore
from services.store.models import Calendar, EventRow, Notice, Person, Workspace
from services.store.notices import NoticeStore
from tests.clocks import ManualClock

ANN = PersonKey("T1", "U1")
BOB = PersonKey("T1", "U2")
CAT = PersonKey("T2", "U1")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LEASE = NOW + timedelta(minutes=2)
LATER = NOW + timedelta(minutes=15)
WORKED = Outcome(Health.OK, due_at=LATER)
URL = "https://feeds.example/private-4f1c/basic.ics"


@pytest.fixture
async def people(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(Workspace), [{"team_id": team, "installed_at": NOW} for team in ("T1", "T2")])
        await connection.execute(
            insert(Person),
            [
                {"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW, "zone": "Europe/Berlin"}
                for key in (ANN, BOB, CAT)
            ],
        )


@pytest.fixture
def events(database: Database, vault: Vault) -> EventStore:
    return EventStore(database, vault)


@pytest.fixture
def store(database: Database, vault: Vault, events: EventStore, people: None, clock: ManualClock) -> CalendarStore:
    return CalendarStore(database, vault, events, NoticeStore(database, clock))


def meeting(number: int, **different: object) -> Event:
    start = NOW + timedelta(hours=number)
    event = Event(
        calendar_id="", uid=f"m{number}@example.org", start=start, end=start + timedelta(hours=1),
        title=f"Meeting {number}",
    )  # fmt: skip
    return dataclasses.replace(event, **different)  # type: ignore[arg-type]  # the fields of Event


def full(events: Iterable[Event], **different: object) -> Changes:
    return dataclasses.replace(Changes(events=tuple(events), state=b"state"), **different)  # type: ignore[arg-type]  # the fields of Changes


def anywhere(_host: str) -> int:
    return 100


async def claim_one(store: CalendarStore, now: datetime = NOW) -> Claimed:
    (claimed,) = await store.claim(now, now + timedelta(minutes=2), 10, (), anywhere)
    return claimed


async def connected(store: CalendarStore, key: PersonKey = ANN, address: str = URL) -> Claimed:
    await store.add(key, "ics", address, "feeds.example", NOW)
    return await claim_one(store)


async def load(database: Database, events: EventStore, *keys: PersonKey) -> dict[PersonKey, tuple[Event, ...]]:
    async with database.read() as connection:
        return await events.load(connection, keys, NOW, NOW + timedelta(days=60))


async def due(database: Database, key: PersonKey = ANN) -> datetime | None:
    async with database.read() as connection:
        found: datetime | None = await connection.scalar(
            select(Person.due_at).where(Person.team_id == key.team_id, Person.user_id == key.user_id)
        )
        return found


async def view(store: CalendarStore, key: PersonKey = ANN) -> CalendarView:
    (one,) = await store.of(key)
    return one


async def told(database: Database) -> list[str]:
    async with database.read() as connection:
        return list(await connection.scalars(select(Notice.subject)))


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
        rows = [*(await connection.execute(select(Calendar.__table__))).all()]
        rows += (await connection.execute(select(EventRow.__table__))).all()
    everything = repr([list(row) for row in rows])
    assert ["4f1c" in everything, "Meeting 1" in everything, "Family" in everything] == [False, False, False]


async def test_same_address_twice_is_refused_for_one_person_and_fine_for_two(store: CalendarStore) -> None:
    await store.add(ANN, "ics", URL, "feeds.example", NOW)
    with pytest.raises(AlreadyConnectedError):
        await store.add(ANN, "ics", URL, "feeds.example", NOW)
    await store.add(BOB, "ics", URL, "feeds.example", NOW)
    assert [len(await store.of(key)) for key in (ANN, BOB)] == [1, 1]


async def test_same_address_is_recognised_after_a_new_key(
    store: CalendarStore, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await store.add(ANN, "ics", URL, "feeds.example", NOW)
    old = vault.sealer
    newest = new_key()
    rotated = Vault(Sealer([newest, *_keys(old)]))
    events = EventStore(database, rotated)
    with pytest.raises(AlreadyConnectedError):
        await CalendarStore(database, rotated, events, NoticeStore(database, clock)).add(
            ANN, "ics", URL, "feeds.example", NOW
        )


def _keys(sealer: Sealer) -> list[str]:
    return [
        base64.urlsafe_b64encode(fernet._signing_key + fernet._encryption_key).decode() for fernet in sealer._fernets
    ]


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
    broken = Outcome(Health.BROKEN, due_at=LATER, problem="CalendarGoneError", failures=1, tell=True)
    await store.fail(await claim_one(store, LATER), broken, LATER)
    await forget_due(database)
    assert await store.remove(BOB, claimed.connection.calendar_id, LATER) is False
    assert await store.remove(ANN, claimed.connection.calendar_id, LATER) is True
    assert await store.remove(ANN, claimed.connection.calendar_id, LATER) is False
    assert await load(database, events, ANN) == {ANN: ()}
    assert (await store.of(ANN), await due(database), await told(database)) == ([], LATER, [])


async def forget_due(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(Person).values(due_at=None, stale=False, home_stale=False))


# ── claiming ────────────────────────────────────────────────────────────────────────────────────────


async def test_claimed_calendar_carries_what_a_source_needs(
    store: CalendarStore, database: Database, vault: Vault
) -> None:
    async with database.write() as connection:
        await connection.execute(
            update(Person)
            .where(Person.team_id == "T1", Person.user_id == "U1")
            .values(addresses=vault.seal('["ann@example.org"]', "people.addresses", "T1", "U1"))
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
    assert list(await store.claim(NOW, LEASE, 10, (), anywhere)) == []
    assert await store.next_due(()) == LEASE
    assert (await claim_one(store, LEASE)).claim == 2


async def test_calendars_are_claimed_oldest_first_and_within_the_limit(store: CalendarStore) -> None:
    for minutes in (3, 1, 2, 0):
        await store.add(ANN, "ics", f"{URL}?{minutes}", f"h{minutes}.example", NOW - timedelta(minutes=minutes))
    claimed = await store.claim(NOW, LEASE, 3, (), anywhere)
    assert [one.host for one in claimed] == ["h3.example", "h2.example", "h1.example"]


async def test_one_host_does_not_fill_the_batch(store: CalendarStore) -> None:
    for number in range(5):
        await store.add(ANN, "ics", f"{URL}?{number}", "busy.example", NOW - timedelta(minutes=9))
    await store.add(ANN, "ics", URL, "quiet.example", NOW)
    await store.add(BOB, "ics", URL, "shut.example", NOW)
    claimed = await store.claim(NOW, LEASE, 10, {"shut.example"}, lambda host: 1 if host == "quiet.example" else 2)
    assert sorted(one.host for one in claimed) == ["busy.example", "busy.example", "quiet.example"]
    assert await store.next_due({"busy.example", "quiet.example"}) == NOW
    assert await store.next_due({"busy.example", "quiet.example", "shut.example"}) is None


async def test_many_claiming_at_once_share_the_calendars(store: CalendarStore) -> None:
    for number in range(20):
        await store.add(ANN, "ics", f"{URL}?{number}", f"h{number}.example", NOW)
    batches = await asyncio.gather(*(store.claim(NOW, LEASE, 8, (), anywhere) for _ in range(4)))
    rest = await store.claim(NOW, LEASE, 20, (), anywhere)
    ids = [one.connection.calendar_id for batch in (*batches, rest) for one in batch]
    assert (len(ids), len(set(ids))) == (20, 20)


async def test_calendar_whose_key_is_lost_is_marked_and_the_others_go_on(
    store: CalendarStore, database: Database, clock: ManualClock
) -> None:
    lost = await store.add(ANN, "ics", URL, "feeds.example", NOW)
    stranger = Vault(Sealer([new_key()]))
    fresh = CalendarStore(database, stranger, EventStore(database, stranger), NoticeStore(database, clock))
    kept = await fresh.add(BOB, "ics", URL, "feeds.example", NOW)
    claimed = await fresh.claim(NOW, LEASE, 10, (), anywhere)
    assert [one.connection.calendar_id for one in claimed] == [kept]
    listed = await view(fresh)
    assert (listed.calendar_id, listed.health, listed.name) == (lost, Health.BROKEN, "feeds.example")
    assert listed.sentence == "The calendar could not be read. The last events I know stay."


# ── saving ──────────────────────────────────────────────────────────────────────────────────────────

RICH = Event(
    calendar_id="",
    uid="rich",
    occurrence="20261125T090000",
    start=NOW + timedelta(days=1),
    end=NOW + timedelta(days=1, minutes=25, microseconds=7),
    type=EventType.WORKING_LOCATION,
    show_as=ShowAs.WORKING_ELSEWHERE,
    response=Response.NEEDS_ACTION,
    cancelled=True,
    tentative=True,
    visibility=Visibility.CONFIDENTIAL,
    title="Tïtle\n:pizza: 🦀",
    location="Room 1",
    working_location=Location.HOME,
    guests=7,
)
BERLIN = ZoneInfo("Europe/Berlin")
WALL = WallTimes(datetime(2026, 11, 26), datetime(2026, 11, 28))
ALL_DAY = Event(
    calendar_id="", uid="holiday", start=WALL.instants(BERLIN)[0], end=WALL.instants(BERLIN)[1], all_day=True, wall=WALL
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


async def details(database: Database) -> dict[str, object]:
    """event id → ciphertext: a rewritten row has another one, even of the same text."""
    async with database.read() as connection:
        rows = await connection.execute(select(EventRow.uid, EventRow.detail))
        return {row.uid: row.detail for row in rows}


async def test_unchanged_feed_writes_its_health_alone(store: CalendarStore, database: Database) -> None:
    await store.save(await connected(store), full([meeting(1)]), WORKED, NOW)
    before = await details(database)
    await forget_due(database)
    unchanged = Changes(unchanged=True, state=b"state", full=False)
    again = await store.save(
        await claim_one(store, LATER), unchanged, Outcome(Health.OK, LATER + timedelta(hours=1)), LATER
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
    assert await store.fail(slow, Outcome(Health.BROKEN, LATER, "X", 1, tell=True), LATER) is False
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
    failed = Outcome(Health.FAILING, retry, "CalendarUnreachableError", 1)
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
    broken = Outcome(Health.BROKEN, LATER, "CalendarGoneError", 1, tell=True)
    await store.fail(claimed, broken, NOW)
    assert await told(database) == [subject]
    async with database.write() as connection:
        await connection.execute(update(Notice).values(sent_at=NOW))
    await store.fail(await claim_one(store, LATER), dataclasses.replace(broken, due_at=LATER), LATER)
    async with database.read() as connection:
        assert await connection.scalar(select(Notice.sent_at)) == NOW
    await store.save(await claim_one(store, LATER), full([]), WORKED, LATER)
    assert await told(database) == []


async def test_calendar_wanted_again_while_it_is_fetched_is_fetched_once_more_afterwards(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    first = await connected(store)
    wanted = NOW + timedelta(seconds=1)
    assert await store.due_now(ANN, wanted) == 1
    assert list(await store.claim(wanted, LEASE, 10, (), anywhere)) == []
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


async def test_renewed_credentials_are_kept(store: CalendarStore) -> None:
    await store.add(ANN, "google", "primary", "google.example", NOW, credentials={"token": "old"})
    await store.save(await claim_one(store), full([], credentials={"token": "new"}), WORKED, NOW)
    assert (await claim_one(store, LATER)).connection.credentials == {"token": "new"}


async def test_events_are_replaced_within_a_transaction_of_the_caller(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    calendar_id = await store.add(ANN, "file", "x", "", NOW)
    steps = [full([meeting(1), meeting(2)]), full([meeting(2), meeting(1)]), Changes(unchanged=True), full([])]
    for changes, differed, left in zip(steps, [True, False, False, True], [2, 2, 2, 0], strict=True):
        async with database.write() as connection:
            assert await events.replace(connection, ANN, calendar_id, changes) is differed
        assert len((await load(database, events, ANN))[ANN]) == left


# ── reading for many, moving zones ──────────────────────────────────────────────────────────────────


async def test_events_are_loaded_by_overlap_for_many_people(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    for key in (ANN, CAT):
        claimed = await connected(store, key)
        await store.save(claimed, full(meeting(number) for number in range(6)), WORKED, NOW)
    async with database.read() as connection:
        found = await events.load(connection, [ANN, BOB, CAT], NOW + timedelta(hours=2), NOW + timedelta(hours=4))
    uids = ["m2@example.org", "m3@example.org"]
    assert {key: [event.uid for event in held] for key, held in found.items()} == {ANN: uids, BOB: [], CAT: uids}


async def test_all_day_events_are_found_from_any_zone(
    store: CalendarStore, database: Database, events: EventStore
) -> None:
    await store.save(await connected(store), full([ALL_DAY]), WORKED, NOW)
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
        start, end = WALL.instants(zone)
        for moment in (start, end - timedelta(seconds=1)):
            async with database.read() as connection:
                found = await events.load(connection, [ANN], moment, moment + timedelta(microseconds=1))
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


async def test_calendar_of_ten_thousand_events_is_written_and_diffed_in_seconds(
    store: CalendarStore, database: Database
) -> None:
    many = [meeting(number, start=NOW, end=NOW + timedelta(minutes=1)) for number in range(10_000)]
    claimed = await connected(store)
    started = time.perf_counter()
    assert await store.save(claimed, full(many), WORKED, NOW) is Saved.CHANGED
    written = time.perf_counter()
    many[77] = meeting(77, title="Moved")
    again = await claim_one(store, LATER)
    diffing = time.perf_counter()
    assert await store.save(again, full(many), WORKED, LATER) is Saved.CHANGED
    diffed = time.perf_counter()
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(EventRow)) == 10_000
    assert (written - started < 20, diffed - diffing < 5) == (True, True)
