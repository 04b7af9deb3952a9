"""Feeds from real servers into both databases: what is asked, what is believed, what an outage leaves standing."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from sqlalchemy import insert, select, update

from services.calendars.connections import CalendarView, Connections
from services.calendars.feed import FeedSource
from services.calendars.health import Claimed, Health, after_failure
from services.calendars.ics.expand import Expander
from services.calendars.pace import HostPace
from services.calendars.sync import CalendarSync
from services.errors import (
    AddressNotAllowedError,
    AlreadyConnectedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooLargeError,
    CalendarUnreachableError,
    InputError,
    NotACalendarError,
    NotAnAddressError,
    PlaceNotAllowedError,
    TooManyError,
)
from services.model import Event, PersonKey
from services.net import AddressRules, GuardedClient
from services.ports import Changes, Connection, Report, Source
from services.store.calendars import MOST, CalendarStore
from services.store.columns import Vault
from services.store.engine import Database
from services.store.events import EventStore
from services.store.models import Notice, Person, Workspace
from services.store.notices import NoticeStore
from tests.clocks import ManualClock
from tests.sites import Names, Site

ANN = PersonKey("T1", "U1")
BOB = PersonKey("T1", "U2")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nEND:VCALENDAR\r\n"
QUARTER = timedelta(minutes=15)


def calendar(*titles: str, head: str = "") -> bytes:
    """A file with an hour's meeting for each title, from 10:00 UTC on."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *head.split()]
    for number, title in enumerate(titles):
        start = NOW + timedelta(hours=1 + number)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{title}@example.org",
            "DTSTAMP:20261101T000000Z",
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
            f"DTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{title}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


class Reader:
    """Reads files made by `calendar`; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.trouble: Exception | None = None

    async def read(
        self,
        data: bytes,
        *,
        calendar_id: str,
        addresses: tuple[str, ...],
        zone: ZoneInfo,
        start: datetime,
        end: datetime,
        memory: bytes | None,
    ) -> Changes:
        self.asked.append({"addresses": addresses, "zone": zone, "start": start, "end": end, "memory": memory})
        if self.trouble is not None:
            raise self.trouble
        digest = hashlib.sha256(data).digest()
        if digest == memory:
            return Changes(state=memory, unchanged=True, full=False)
        fields: dict[str, str] = {}
        events, name, floor = [], None, None
        for line in data.decode().splitlines():
            key, _, value = line.partition(":")
            fields[key] = value
            if key == "X-WR-CALNAME":
                name = value
            if key == "REFRESH-INTERVAL;VALUE=DURATION":
                floor = timedelta(hours=int(value.removeprefix("PT").removesuffix("H")))
            if line == "END:VEVENT":
                times = (datetime.strptime(fields[at], "%Y%m%dT%H%M%S%z") for at in ("DTSTART", "DTEND"))
                events.append(Event(calendar_id, fields["UID"], *times, title=fields["SUMMARY"]))
        return Changes(state=digest, events=tuple(events), name=name, floor=floor)


class CountingBell:
    def __init__(self) -> None:
        self.rung = 0

    def ring(self) -> None:
        self.rung += 1


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as started:
        yield started


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    opened = GuardedClient(AddressRules(private=True), seconds=5)
    yield opened
    await opened.close()


# ── the source alone ────────────────────────────────────────────────────────────────────────────────


@dataclass
class Feed:
    """A feed source, and the connection that remembers what it said last."""

    source: FeedSource
    reader: Reader
    connection: Connection
    now: datetime = NOW

    async def fetch(self) -> Changes:
        changes = await self.source.fetch(self.connection, self.now)
        self.connection = dataclasses.replace(self.connection, state=changes.state)
        return changes


@pytest.fixture
def feed(site: Site, client: GuardedClient) -> Feed:
    reader = Reader()
    connection = Connection(ANN, "C1", "ics", site.url("/private/basic.ics"), ZoneInfo("Europe/Berlin"), ("a@b.org",))
    return Feed(FeedSource(client, reader), reader, connection)


async def test_feed_is_read_for_the_person_and_sixty_days(site: Site, feed: Feed) -> None:
    site.gives(calendar("One", "Two", head="X-WR-CALNAME:Family REFRESH-INTERVAL;VALUE=DURATION:PT4H"))
    changes = await feed.fetch()
    assert [(event.title, event.start) for event in changes.events] == [
        ("One", NOW + timedelta(hours=1)),
        ("Two", NOW + timedelta(hours=2)),
    ]
    assert (changes.full, changes.unchanged, changes.name) == (True, False, "Family")
    assert changes.floor == timedelta(hours=4)
    assert feed.reader.asked == [
        {
            "addresses": ("a@b.org",),
            "zone": ZoneInfo("Europe/Berlin"),
            "start": NOW - timedelta(days=1),
            "end": NOW + timedelta(days=60),
            "memory": None,
        }
    ]
    (request,) = site.seen
    assert (request.method, request.path) == ("GET", "/private/basic.ics")
    assert request.headers["User-Agent"].startswith("StatusQuo/")
    assert {"If-None-Match", "If-Modified-Since"} & set(request.headers) == set()


async def test_unchanged_feed_costs_no_body_and_no_reading(site: Site, feed: Feed) -> None:
    stamp = format_datetime(NOW, usegmt=True)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        headers = {"ETag": '"v1"', "Last-Modified": stamp}
        known = (request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since"))
        if known == ('"v1"', stamp):
            return web.Response(status=304, headers=headers)
        return web.Response(body=calendar("One", head="REFRESH-INTERVAL;VALUE=DURATION:PT4H"), headers=headers)

    site.answer = answer
    first = await feed.fetch()
    again = await feed.fetch()
    assert again == Changes(state=first.state, unchanged=True, full=False, floor=timedelta(hours=4))
    assert (len(site.seen), len(feed.reader.asked)) == (2, 1)


async def test_server_that_ignores_conditions_gives_the_same_bytes_and_nothing_changes(site: Site, feed: Feed) -> None:
    site.gives(calendar("One", head="REFRESH-INTERVAL;VALUE=DURATION:PT4H"), ETag='"v1"')
    first = await feed.fetch()
    again = await feed.fetch()
    assert (again.unchanged, again.state, again.floor) == (True, first.state, timedelta(hours=4))


async def test_changed_feed_is_read_with_the_memory_of_the_last_reading(site: Site, feed: Feed) -> None:
    before = calendar("One")
    site.gives(before, ETag='"v1"')
    await feed.fetch()
    site.gives(calendar("One", "Two"), ETag='"v2"')
    feed.now += timedelta(days=2)
    changes = await feed.fetch()
    assert [event.title for event in changes.events] == ["One", "Two"]
    assert site.seen[1].headers["If-None-Match"] == '"v1"'
    assert feed.reader.asked[1] == feed.reader.asked[0] | {"memory": hashlib.sha256(before).digest()}
    site.gives(b"", 304)
    await feed.fetch()
    assert site.seen[2].headers["If-None-Match"] == '"v2"'


async def test_window_that_runs_short_is_read_anew_without_conditions(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    await feed.fetch()
    feed.now = NOW + timedelta(days=30)
    await feed.fetch()
    feed.now = NOW + timedelta(days=30, seconds=1)
    await feed.fetch()
    assert ["If-None-Match" in request.headers for request in site.seen] == [False, True, False]
    assert [asked["end"] for asked in feed.reader.asked] == [
        NOW + timedelta(days=60),
        NOW + timedelta(days=60),
        NOW + timedelta(days=90, seconds=1),
    ]
    assert feed.reader.asked[2]["memory"] is None


@pytest.mark.parametrize("change", [{"zone": ZoneInfo("Asia/Tokyo")}, {"addresses": ("a@b.org", "new@b.org")}])
async def test_person_who_changed_has_their_feed_read_anew(site: Site, feed: Feed, change: dict[str, object]) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    await feed.fetch()
    feed.connection = dataclasses.replace(feed.connection, **change)  # type: ignore[arg-type]  # fields of Connection
    changes = await feed.fetch()
    assert (changes.unchanged, changes.full) == (False, True)
    assert "If-None-Match" not in site.seen[1].headers
    assert feed.reader.asked[1]["memory"] is None


async def test_state_of_another_version_is_as_good_as_none(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"v1"')
    feed.connection = dataclasses.replace(feed.connection, state=b'{"version": 99, "etag": "x"}\n...')
    assert [event.title for event in (await feed.fetch()).events] == ["One"]
    assert "If-None-Match" not in site.seen[0].headers


async def test_large_feed_is_checked_and_read_like_a_small_one(site: Site, feed: Feed) -> None:
    whole = calendar("One").replace(b"VERSION:2.0", b"VERSION:2.0\r\nX-PADDING:" + b"x" * 2_000_000)
    site.gives(whole)
    assert [event.title for event in (await feed.fetch()).events] == ["One"]
    site.gives(whole[:-30])
    with pytest.raises(CalendarError) as caught:
        await feed.fetch()
    assert caught.value.reason == "only half of it"


async def test_validator_that_cannot_be_sent_back_is_not_kept(site: Site, feed: Feed) -> None:
    site.gives(calendar("One"), ETag='"ü"')
    await feed.fetch()
    await feed.fetch()
    assert "If-None-Match" not in site.seen[1].headers


@pytest.mark.parametrize(
    ("body", "answer", "kind"),
    [
        (b"", (200, {}), CalendarError),
        (b" \r\n\r\n", (200, {}), CalendarError),
        (b"<html><body>Please sign in</body></html>", (200, {"Content-Type": "text/html"}), NotACalendarError),
        (b"The words BEGIN:VCALENDAR in a text", (200, {}), NotACalendarError),
        (calendar("One", "Two")[:-40], (200, {}), CalendarError),
        (EMPTY + calendar("One")[:60], (200, {}), CalendarError),
        (b"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n", (200, {}), CalendarError),
        (calendar("One"), (206, {}), CalendarError),
        (b"", (204, {}), CalendarError),
        (b"", (304, {}), CalendarUnreachableError),
        (b"x", (400, {}), CalendarRefusedError),
        (b"x", (401, {}), CalendarRefusedError),
        (b"x", (403, {}), CalendarRefusedError),
        (calendar("One"), (404, {}), CalendarGoneError),
        (b"x", (410, {}), CalendarGoneError),
        (b"x", (429, {"Retry-After": "120"}), CalendarBusyError),
        (calendar("One"), (500, {}), CalendarUnreachableError),
        (b"x", (503, {}), CalendarUnreachableError),
    ],
)
async def test_answer_that_is_no_whole_calendar_is_never_an_empty_one(
    site: Site, feed: Feed, body: bytes, answer: tuple[int, dict[str, str]], kind: type[CalendarError]
) -> None:
    site.gives(body, answer[0], **answer[1])
    with pytest.raises(CalendarError) as caught:
        await feed.fetch()
    assert type(caught.value) is kind
    assert feed.reader.asked == []


@pytest.mark.parametrize(
    "body",
    [
        EMPTY,
        b"\xef\xbb\xbf" + EMPTY,
        EMPTY.replace(b"\r\n", b"\n"),
        EMPTY.lower(),
        b"\r\n\r\n" + EMPTY + b"\r\n<!-- made in 3 ms -->",
        EMPTY + EMPTY,
        EMPTY.rstrip(),
        EMPTY.rstrip() + b"\x00\x1a",
    ],
)
async def test_whole_calendar_in_odd_wrapping_is_read(site: Site, feed: Feed, body: bytes) -> None:
    site.gives(body)
    assert (await feed.fetch()).events == ()


# ── connect, sync, store ────────────────────────────────────────────────────────────────────────────


@dataclass
class House:
    """The use cases over a real database, one person's at a time."""

    database: Database
    events: EventStore
    store: CalendarStore
    sync: CalendarSync
    connections: Connections
    reader: Reader
    bell: CountingBell
    clock: ManualClock
    sources: dict[str, Source] = field(default_factory=dict)

    async def run(self) -> Report:
        return await self.sync.run_due()

    def short_of_time(self) -> None:
        """From here on a run has half a second."""
        self.sync = CalendarSync(
            self.store, self.sources, self.clock, self.bell, interval=QUARTER, chance=lambda: 0.0, turn=0.5
        )

    async def wait_and_run(self, **by: float) -> Report:
        self.clock.move(**by)
        return await self.run()

    async def titles(self, key: PersonKey = ANN) -> list[str]:
        async with self.database.read() as connection:
            found = await self.events.load(connection, [key], NOW - timedelta(days=1), NOW + timedelta(days=60))
        return [event.title for event in found[key]]

    async def view(self, key: PersonKey = ANN) -> CalendarView:
        (one,) = await self.connections.list(key)
        return one

    async def told(self) -> list[tuple[str, bool]]:
        async with self.database.read() as connection:
            rows = await connection.execute(select(Notice.subject, Notice.sent_at).order_by(Notice.subject))
            return [(row.subject, row.sent_at is not None) for row in rows]

    async def deliver(self) -> None:
        async with self.database.write() as connection:
            await connection.execute(update(Notice).values(sent_at=self.clock.now()))

    async def person_is_due(self, key: PersonKey = ANN) -> bool:
        """Whether the person was made due since the last time this was asked."""
        where = (Person.team_id == key.team_id, Person.user_id == key.user_id)
        async with self.database.write() as connection:
            found = await connection.scalar(select(Person.due_at).where(*where))
            await connection.execute(update(Person).where(*where).values(due_at=None, stale=False))
        return found is not None


@pytest.fixture
async def house(database: Database, vault: Vault, client: GuardedClient, clock: ManualClock) -> AsyncIterator[House]:
    async with database.write() as connection:
        await connection.execute(insert(Workspace), [{"team_id": "T1", "installed_at": NOW}])
        await connection.execute(
            insert(Person), [{"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW} for key in (ANN, BOB)]
        )
    events = EventStore(database, vault)
    store = CalendarStore(database, vault, events, NoticeStore(database, clock))
    reader, bell = Reader(), CountingBell()
    sources: dict[str, Source] = {"ics": FeedSource(client, reader)}
    sync = CalendarSync(store, sources, clock, bell, interval=QUARTER, chance=lambda: 0.0)
    connections = Connections(store, client.rules, clock, bell)
    yield House(database, events, store, sync, connections, reader, bell, clock, sources)
    await sync.close()


async def test_connected_feed_is_fetched_at_once_and_then_every_quarter_of_an_hour(house: House, site: Site) -> None:
    site.gives(calendar("One", "Two", head="X-WR-CALNAME:Family"))
    calendar_id = await house.connections.connect_feed(ANN, site.url("/a.ics"))
    assert (await house.sync.next_due(), house.bell.rung) == (NOW, 1)
    assert await house.run() == Report(done=1, changed=1)
    shown = await house.view()
    assert (shown.calendar_id, shown.name, shown.host) == (calendar_id, "Family", "127.0.0.1")
    assert (shown.health, shown.events, shown.sentence) == (Health.OK, 2, "")
    assert (await house.titles(), await house.person_is_due(), house.bell.rung) == (["One", "Two"], True, 2)
    assert await house.sync.next_due() == NOW + QUARTER
    assert await house.run() == Report()
    assert await house.wait_and_run(minutes=15) == Report(done=1)
    assert (len(site.seen), await house.person_is_due(), house.bell.rung) == (2, False, 2)


async def test_feed_that_asks_for_longer_intervals_gets_them_up_to_a_day(house: House, site: Site) -> None:
    for hours, waited in ((4, 4), (900, 24)):
        site.gives(calendar("One", head=f"REFRESH-INTERVAL;VALUE=DURATION:PT{hours}H"))
        calendar_id = await house.connections.connect_feed(ANN, site.url())
        await house.run()
        assert (await house.view()).due_at == NOW + timedelta(hours=waited)
        await house.connections.disconnect(ANN, calendar_id)


async def test_fetches_are_spread_by_chance_but_never_too_early(house: House, site: Site) -> None:
    site.gives(EMPTY)
    spread = CalendarSync(house.store, house.sources, house.clock, house.bell, interval=QUARTER, chance=lambda: 0.999)
    await house.connections.connect_feed(ANN, site.url())
    await spread.run_due()
    due = (await house.view()).due_at
    assert due is not None
    assert timedelta(minutes=16.4) < due - NOW < timedelta(minutes=16.5)


OUTAGES: dict[str, Callable[[Site], None]] = {
    "error": lambda site: site.gives(b"oops", 500),
    "empty": lambda site: site.gives(b""),
    "html": lambda site: site.gives(b"<html></html>", Content_Type="text/html"),
    "half": lambda site: site.gives(calendar("One", "Two")[:100]),
    "not found": lambda site: site.gives(b"", 404),
    "refused": lambda site: site.gives(b"", 403),
    "busy": lambda site: site.gives(b"", 429, Retry_After="60"),
    "circle": lambda site: site.redirects("/"),
}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_outage_leaves_everything_as_it_was(house: House, site: Site, outage: str) -> None:
    site.gives(calendar("One", "Two"))
    await house.connections.connect_feed(ANN, site.url())
    await house.run()
    before = await house.titles(), (await house.view()).events, await house.person_is_due()
    OUTAGES[outage](site)
    assert await house.wait_and_run(minutes=15) == Report(done=1, failed=1)
    shown = await house.view()
    assert (await house.titles(), shown.events, True) == before
    assert await house.person_is_due() is False
    assert shown.health in {Health.FAILING, Health.BROKEN}
    assert shown.sentence != ""
    site.gives(calendar("One", "Two"))
    await house.connections.sync_now(ANN)
    house.clock.move(minutes=2)
    assert await house.run() == Report(done=1)
    assert (await house.view()).health is Health.OK
    assert (await house.titles(), await house.person_is_due()) == (["One", "Two"], False)


async def test_calendar_that_is_gone_is_told_once_and_again_only_after_it_worked(house: House, site: Site) -> None:
    site.gives(calendar("One"))
    calendar_id = await house.connections.connect_feed(ANN, site.url())
    await house.run()
    subject = f"calendar/{calendar_id}"
    site.gives(b"", 410)
    await house.wait_and_run(minutes=15)
    assert ((await house.view()).health, await house.told()) == (Health.BROKEN, [(subject, False)])
    await house.deliver()
    for _ in range(3):
        assert await house.wait_and_run(hours=6) == Report(done=1, failed=1)
        assert await house.told() == [(subject, True)]
    site.gives(calendar("One"))
    await house.wait_and_run(hours=6)
    assert ((await house.view()).health, await house.told()) == (Health.OK, [])
    site.gives(b"", 410)
    await house.wait_and_run(minutes=15)
    assert await house.told() == [(subject, False)]


async def test_short_outage_is_nobodys_business_and_a_long_one_is_told_once(house: House, site: Site) -> None:
    site.gives(calendar("One"))
    calendar_id = await house.connections.connect_feed(ANN, site.url())
    await house.run()
    site.gives(b"", 500)
    tries = []
    told_after = None
    house.clock.move(minutes=15)
    for _ in range(9):
        await house.run()
        due = await house.sync.next_due()
        assert due is not None
        if told_after is None and await house.told():
            told_after = house.clock.now() - NOW
        tries.append((due - house.clock.now()).total_seconds() / 60)
        house.clock.move_to(due)
    assert tries == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert told_after == timedelta(minutes=78)
    assert await house.told() == [(f"calendar/{calendar_id}", False)]


@pytest.mark.parametrize("as_date", [False, True])
async def test_host_that_asks_to_wait_is_left_alone_by_everybody(house: House, site: Site, as_date: bool) -> None:
    wait = format_datetime(NOW + timedelta(minutes=45), usegmt=True) if as_date else "2700"
    site.gives(b"", 429, Retry_After=wait)
    await house.connections.connect_feed(ANN, site.url("/ann.ics"))
    await house.run()
    site.gives(calendar("One"))
    await house.connections.connect_feed(BOB, site.url("/bob.ics"))
    await house.connections.sync_now(ANN)
    assert await house.run() == Report()
    assert await house.sync.next_due() == NOW + timedelta(minutes=45)
    assert await house.wait_and_run(minutes=44) == Report()
    assert await house.wait_and_run(minutes=1) == Report(done=2, changed=2)
    assert [request.path for request in site.seen] == ["/ann.ics", "/ann.ics", "/bob.ics"]


async def test_busy_host_does_not_hold_up_another(house: House, site: Site) -> None:
    async with Site("127.0.0.2") as other:
        site.gives(b"", 503, Retry_After="600")
        other.gives(calendar("One"))
        await house.connections.connect_feed(ANN, site.url())
        await house.connections.connect_feed(BOB, other.url())
        assert await house.run() == Report(done=2, changed=1, failed=1)
    assert await house.titles(BOB) == ["One"]


async def test_one_calendars_trouble_does_not_stop_the_others(house: House, site: Site) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/bad":
            return web.Response(body=b"<html>")
        return web.Response(body=calendar(request.path[1:]))

    site.answer = answer
    for path in ("/a", "/bad", "/b"):
        await house.connections.connect_feed(ANN, site.url(path))
    assert await house.run() == Report(done=3, changed=2, failed=1)
    assert sorted(await house.titles()) == ["a", "b"]


async def test_mistake_of_ours_in_one_calendar_does_not_stop_the_others_and_leaks_nothing(
    house: House, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.gives(calendar("One"))

    class Crashing:
        async def fetch(self, connection: Connection, now: datetime) -> Changes:
            raise KeyError("Dinner with Ann")

    house.sources["odd"] = Crashing()
    await house.store.add(BOB, "odd", "x", "odd.example", NOW)
    await house.store.add(BOB, "unheard of", "x", "unheard.example", NOW)
    await house.connections.connect_feed(ANN, site.url())
    assert await house.run() == Report(done=3, changed=1, failed=2)
    assert [shown.health for shown in await house.connections.list(BOB)] == [Health.FAILING, Health.FAILING]
    assert "Dinner" not in "".join(capsys.readouterr())


async def test_slow_host_delays_only_its_own_calendars(house: House, site: Site) -> None:
    house.short_of_time()
    release = asyncio.Event()
    at_once = most = 0

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await release.wait()
        at_once -= 1
        return web.Response(body=calendar("Slow"))

    async with Site("127.0.0.2") as slow:
        slow.answer = hang
        site.gives(calendar("Quick"))
        for number in range(5):
            await house.connections.connect_feed(BOB, slow.url(f"/{number}"))
        await house.connections.connect_feed(ANN, site.url())
        started = time.monotonic()
        assert await house.run() == Report(done=1, changed=1)
        assert time.monotonic() - started < 3
        assert (await house.titles(), most) == (["Quick"], 2)
        release.set()
        reports = [await house.run() for _ in range(2)]
        assert (sum(report.done for report in reports), most) == (5, 2)


async def test_slow_fetch_that_lost_its_claim_writes_nothing(house: House, site: Site) -> None:
    house.short_of_time()
    release = asyncio.Event()
    answers = iter(["Old", "New"])

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        title = next(answers)
        if title == "Old":
            await release.wait()
        return web.Response(body=calendar(title))

    site.answer = answer
    await house.connections.connect_feed(ANN, site.url())
    assert await house.run() == Report()
    other = CalendarSync(house.store, house.sources, house.clock, house.bell, interval=QUARTER)
    house.clock.move(minutes=2)
    assert await other.run_due() == Report(done=1, changed=1)
    await house.person_is_due()
    release.set()
    assert await house.run() == Report(done=1)
    assert (await house.titles(), await house.person_is_due()) == (["New"], False)


async def test_two_replicas_share_the_work_and_fetch_each_calendar_once(house: House, site: Site) -> None:
    site.gives(calendar("One"))
    for number in range(15):
        for key in (ANN, BOB):
            await house.connections.connect_feed(key, site.url(f"/{key.user_id}/{number}"))
    replicas = [CalendarSync(house.store, house.sources, house.clock, house.bell, interval=QUARTER) for _ in range(2)]
    reports = await asyncio.gather(*(replica.run_due() for replica in replicas))
    reports += [await house.run()]
    assert sum(report.changed for report in reports) == 30
    assert len({request.path for request in site.seen}) == len(site.seen) == 30
    for replica in replicas:
        await replica.close()


async def test_fetch_broken_off_by_a_stop_is_done_after_its_lease(house: House, site: Site) -> None:
    house.short_of_time()

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    site.answer = hang
    await house.connections.connect_feed(ANN, site.url())
    await house.run()
    await house.sync.close()
    site.gives(calendar("One"))
    assert await house.run() == Report()
    assert await house.wait_and_run(minutes=2) == Report(done=1, changed=1)


async def test_forty_calendars_of_ten_hosts_are_all_fetched(house: House) -> None:
    sites = [Site(f"127.0.1.{number}") for number in range(1, 11)]
    async with asyncio.TaskGroup() as group:
        for one in sites:
            group.create_task(one.__aenter__())
    for number in range(20):
        for key in (ANN, BOB):
            one = sites[number % 10]
            one.gives(calendar("One"))
            await house.connections.connect_feed(key, one.url(f"/{number}"))
    assert await house.run() == Report(done=40, changed=40)
    assert [len(one.seen) for one in sites] == [4] * 10
    for one in sites:
        await one.__aexit__()


# ── what people type ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", NotAnAddressError),
        ("my calendar", NotAnAddressError),
        ("https://me:secret@feeds.example/a.ics", NotAnAddressError),
        ("https://" + "a" * 3000, NotAnAddressError),
        ("http://feeds.example/a.ics", NotAnAddressError),
        ("https://127.0.0.1/a.ics", PlaceNotAllowedError),
        ("https://[::ffff:10.0.0.1]/a.ics", PlaceNotAllowedError),
        ("https://2130706433/a.ics", PlaceNotAllowedError),
        ("https://feeds.example:22/a.ics", PlaceNotAllowedError),
    ],
)
async def test_address_that_cannot_be_is_refused_on_its_field(house: House, typed: str, kind: type[InputError]) -> None:
    connections = Connections(house.store, AddressRules(), house.clock, house.bell)
    with pytest.raises(InputError) as caught:
        await connections.connect_feed(ANN, typed)
    assert (type(caught.value), caught.value.field) == (kind, "feed")
    assert (list(await connections.list(ANN)), house.bell.rung) == ([], 0)


async def test_same_feed_in_another_spelling_is_connected_once(house: House) -> None:
    connections = Connections(house.store, AddressRules(), house.clock, house.bell)
    await connections.connect_feed(ANN, "webcal://Feeds.example/a.ics")
    with pytest.raises(AlreadyConnectedError) as caught:
        await connections.connect_feed(ANN, "<https://feeds.example:443/a.ics|feeds.example/a.ics>")
    assert caught.value.field == "feed"


async def test_one_calendar_too_many_is_refused_on_its_field(house: House, site: Site) -> None:
    for number in range(MOST):
        await house.connections.connect_feed(ANN, site.url(f"/{number}"))
    with pytest.raises(TooManyError) as caught:
        await house.connections.connect_feed(ANN, site.url("/more"))
    assert caught.value.field == "feed"


async def test_disconnected_calendar_is_gone_with_its_events(house: House, site: Site) -> None:
    site.gives(calendar("One"))
    calendar_id = await house.connections.connect_feed(ANN, site.url())
    await house.run()
    await house.person_is_due()
    assert await house.connections.disconnect(BOB, calendar_id) is False
    assert await house.connections.disconnect(ANN, calendar_id) is True
    assert (await house.titles(), await house.person_is_due()) == ([], True)
    assert await house.sync.next_due() is None


async def test_sync_now_fetches_again_at_once(house: House, site: Site) -> None:
    site.gives(calendar("One"))
    await house.connections.connect_feed(ANN, site.url())
    await house.run()
    site.gives(calendar("One", "Two"))
    assert await house.connections.sync_now(ANN) == 1
    assert await house.connections.sync_now(BOB) == 0
    assert await house.run() == Report(done=1, changed=1)
    assert await house.titles() == ["One", "Two"]


async def test_name_that_leads_inside_is_refused_when_it_is_fetched(house: House, vault: Vault) -> None:
    client = GuardedClient(AddressRules(), resolver=Names(evil_example=[["10.0.0.1"]]))
    house.sources["ics"] = FeedSource(client, house.reader)
    await Connections(house.store, client.rules, house.clock, house.bell).connect_feed(ANN, "https://evil.example/a")
    assert await house.run() == Report(done=1, failed=1)
    await client.close()
    shown = await house.view()
    assert (shown.health, shown.problem, len(await house.told())) == (Health.BROKEN, "AddressNotAllowedError", 1)


async def test_feed_read_by_the_real_reader_follows_its_changes(
    house: House, site: Site, client: GuardedClient
) -> None:
    expander = Expander()
    house.sources["ics"] = FeedSource(client, expander)
    site.gives(calendar("One", "Two", head="X-WR-CALNAME:Family"))
    await house.connections.connect_feed(ANN, site.url())
    assert await house.run() == Report(done=1, changed=1)
    assert (await house.titles(), (await house.view()).name) == (["One", "Two"], "Family")
    assert await house.wait_and_run(minutes=15) == Report(done=1)
    site.gives(calendar("One", "Three"))
    assert await house.wait_and_run(minutes=15) == Report(done=1, changed=1)
    assert await house.titles() == ["One", "Three"]
    site.gives(calendar("One", "Three")[:-20])
    assert await house.wait_and_run(minutes=15) == Report(done=1, failed=1)
    assert await house.titles() == ["One", "Three"]
    await expander.close()


# ── after a failure ─────────────────────────────────────────────────────────────────────────────────


def claimed(**different: object) -> Claimed:
    plain = Claimed(
        connection=Connection(ANN, "C1", "ics", "x", ZoneInfo("UTC")),
        claim=1,
        lease=NOW,
        host="h",
        health=Health.OK,
        failures=0,
        worked_at=NOW - QUARTER,
        ever_worked=True,
    )
    return dataclasses.replace(plain, **different)  # type: ignore[arg-type]  # the fields of Claimed


@pytest.mark.parametrize(
    ("error", "before", "health", "minutes", "tell"),
    [
        (CalendarUnreachableError(), {}, Health.FAILING, 1, False),
        (CalendarUnreachableError(), {"ever_worked": False}, Health.FAILING, 1, False),
        (CalendarUnreachableError(), {"failures": 2}, Health.FAILING, 4, False),
        (CalendarUnreachableError(), {"failures": 1, "worked_at": NOW - timedelta(days=1)}, Health.FAILING, 2, False),
        (CalendarUnreachableError(), {"failures": 2, "worked_at": NOW - timedelta(hours=1)}, Health.FAILING, 4, True),
        (CalendarUnreachableError(), {"failures": 500}, Health.FAILING, 60, False),
        (CalendarBusyError(retry_after=1800.0), {}, Health.FAILING, 30, False),
        (NotACalendarError(), {}, Health.FAILING, 1, False),
        (NotACalendarError(), {"ever_worked": False}, Health.BROKEN, 360, True),
        (CalendarTooLargeError(), {"ever_worked": False}, Health.BROKEN, 360, True),
        (CalendarTooLargeError(), {}, Health.FAILING, 1, False),
        (CalendarRefusedError(), {}, Health.BROKEN, 360, True),
        (CalendarGoneError(), {}, Health.BROKEN, 360, True),
        (AddressNotAllowedError(), {}, Health.BROKEN, 360, True),
        (CalendarGoneError(retry_after=86_400.0), {}, Health.BROKEN, 1440, True),
    ],
)
def test_next_try_and_notice_after_a_failure(
    error: CalendarError, before: dict[str, object], health: Health, minutes: float, tell: bool
) -> None:
    outcome = after_failure(claimed(**before), error, NOW, QUARTER, lambda delay: delay)
    assert (outcome.health, (outcome.due_at - NOW).total_seconds() / 60, outcome.tell) == (health, minutes, tell)
    assert outcome.problem == type(error).__name__


def test_host_that_names_no_time_is_left_alone_longer_each_time_until_it_answers() -> None:
    pace = HostPace()
    waits = [(pace.refused("h", NOW, None) - NOW).total_seconds() / 60 for _ in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    pace.answered("h")
    later = NOW + timedelta(hours=2)
    assert pace.refused("h", later, None) == later + timedelta(minutes=1)


def test_pace_opens_a_host_again_when_its_peace_is_over_and_not_before() -> None:
    pace = HostPace(total=3, per_host=2)
    until = pace.refused("h", NOW, 60.0)
    pace.answered("h")
    assert (pace.shut(NOW), pace.opens(NOW), until) == (frozenset({"h"}), until, NOW + timedelta(minutes=1))
    assert (pace.shut(until), pace.opens(until)) == (frozenset(), None)
    for _ in range(2):
        pace.begin("h")
    assert (pace.shut(NOW), pace.free, pace.free_at("h"), pace.free_at("other")) == (frozenset({"h"}), 1, 0, 2)
    pace.end("h")
    assert (pace.shut(NOW), pace.free) == (frozenset(), 2)
