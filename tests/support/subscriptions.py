"""A person's subscriptions over a real database, with a reader that keeps what it was asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from services.calendars.accounts import ProviderCleanup
from services.calendars.connections import Connections
from services.calendars.ical.entry import ReadRequest
from services.calendars.ports import Source
from services.calendars.sync import CalendarSync
from services.domain.calendars import Changes
from services.domain.model import Event, PersonKey
from services.platform.addresses import AddressRules
from services.ports import Report
from services.store.accounts import AccountStore
from services.store.calendars import CalendarStore, CalendarView
from services.store.db import Database
from services.store.events import EventStore
from services.store.tables import NOTICES, PEOPLE
from tests.support.clocks import ManualClock
from tests.support.engine import CountingWakeSignal, until
from tests.support.sites import Site

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
        self.asked: list[tuple[ReadRequest, bytes | None]] = []
        self.trouble: Exception | None = None

    async def read(self, data: bytes, asked: ReadRequest, memory: bytes | None) -> Changes:
        self.asked.append((asked, memory))
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
                events.append(Event(asked.calendar_id, fields["UID"], *times, title=fields["SUMMARY"]))
        return Changes(state=digest, events=tuple(events), name=name, floor=floor)


@dataclass
class Subscriptions:
    """The use cases over a real database, one person's at a time."""

    database: Database
    events: EventStore
    store: CalendarStore
    sync: CalendarSync
    connections: Connections
    reader: Reader
    wake_signal: CountingWakeSignal
    clock: ManualClock
    accounts: AccountStore
    sources: dict[str, Source] = field(default_factory=dict)

    async def run(self) -> Report:
        return await self.sync.run_due()

    async def run_out_of_time(self, site: Site) -> Report:
        """A run whose turn is over before `site` answers; it has been asked by then."""
        usual, self.sync.turn = self.sync.turn, 0.02
        report = await self.run()
        self.sync.turn = usual
        await until(lambda: site.seen)
        return report

    def short_of_time(self) -> None:
        """From here on a run has half a second."""
        self.sync = replace(self.sync, turn=0.5)

    def strict(self, rules: AddressRules) -> Connections:
        """Connecting under other rules."""
        return Connections(
            self.store,
            rules,
            self.clock,
            self.wake_signal,
            accounts=self.accounts,
            cleanup=ProviderCleanup({}, {}, self.clock),
        )

    async def wait_and_run(self, **by: float) -> Report:
        self.clock.move(**by)
        return await self.run()

    async def titles(self, key: PersonKey = ANN) -> list[str]:
        asked = self.events.asked([key], NOW - timedelta(days=1), NOW + timedelta(days=60))
        found = await self.events.open(await self.database.fetch(*asked))
        return [event.title for event in found.get(key, ())]

    async def view(self, key: PersonKey = ANN) -> CalendarView:
        (one,) = await self.connections.list(key)
        return one

    async def told(self) -> list[tuple[str, bool]]:
        async with self.database.read() as connection:
            rows = await connection.execute(select(NOTICES.c.subject, NOTICES.c.sent_at).order_by(NOTICES.c.subject))
            return [(row.subject, row.sent_at is not None) for row in rows]

    async def deliver(self) -> None:
        async with self.database.write() as connection:
            await connection.execute(update(NOTICES).values(sent_at=self.clock.now()))

    async def person_is_due(self, key: PersonKey = ANN) -> bool:
        """Whether the person was made due since the last time this was asked."""
        where = (PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id)
        async with self.database.write() as connection:
            found = await connection.scalar(select(PEOPLE.c.due_at).where(*where))
            await connection.execute(update(PEOPLE).where(*where).values(due_at=None, stale=False))
        return found is not None
