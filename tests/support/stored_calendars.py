"""Calendars and events as they are kept: samples, and what the stores say about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.domain.calendars import Changes, Claimed, FetchOutcome, Health
from services.domain.host_limits import HostLimits
from services.domain.model import Event, EventType, Location, PersonKey, Response, ShowAs, Visibility, WallTimes
from services.store.calendar_tables import EVENTS
from services.store.calendars import CalendarStore, CalendarView
from services.store.db import Database
from services.store.events import EventStore
from services.store.tables import NOTICES, PEOPLE

ANN = PersonKey("T1", "U1")
BOB = PersonKey("T1", "U2")
CAT = PersonKey("T2", "U1")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LEASE = NOW + timedelta(minutes=2)
MONTHS = timedelta(days=60)
LATER = NOW + timedelta(minutes=15)
WORKED = FetchOutcome(Health.OK, due_at=LATER)
URL = "https://feeds.example/private-4f1c/basic.ics"


def meeting(number: int, **different: object) -> Event:
    start = NOW + timedelta(hours=number)
    event = Event(
        calendar_id="", uid=f"m{number}@example.org", start=start, end=start + timedelta(hours=1),
        title=f"Meeting {number}",
    )  # fmt: skip
    return dataclasses.replace(event, **different)  # type: ignore[arg-type]  # the fields of Event


def full(events: Iterable[Event], **different: object) -> Changes:
    return dataclasses.replace(Changes(events=tuple(events), state=b"state"), **different)  # type: ignore[arg-type]  # the fields of Changes


def room(total: int = 100) -> HostLimits:
    """Nothing is under way, and `total` calendars may be fetched at once, all of one host and person."""
    return HostLimits(total, total, total + 1, kept=0)


async def claim_one(store: CalendarStore, now: datetime = NOW) -> Claimed:
    (claimed,) = await store.claim(now, now + timedelta(minutes=2), room())
    return claimed


async def connected(store: CalendarStore, key: PersonKey = ANN, address: str = URL) -> Claimed:
    await store.add(key, "ics", address, "feeds.example", NOW)
    return await claim_one(store)


async def load(
    database: Database, events: EventStore, *keys: PersonKey, start: datetime = NOW, end: datetime = NOW + MONTHS
) -> dict[PersonKey, tuple[Event, ...]]:
    rows = await database.fetch(*events.asked(keys, start, end))
    return dict.fromkeys(keys, ()) | await events.open(rows)


async def replace(
    events: EventStore, connection: AsyncConnection, key: PersonKey, calendar_id: str, changes: Changes
) -> bool:
    plan = await events.prepare(key, calendar_id, changes)
    await events.apply(connection, [plan])
    return not plan.empty


async def due(database: Database, key: PersonKey = ANN) -> datetime | None:
    async with database.read() as connection:
        found: datetime | None = await connection.scalar(
            select(PEOPLE.c.due_at).where(PEOPLE.c.team_id == key.team_id, PEOPLE.c.user_id == key.user_id)
        )
        return found


async def view(store: CalendarStore, key: PersonKey = ANN) -> CalendarView:
    (one,) = await store.of(key)
    return one


async def told(database: Database) -> list[str]:
    async with database.read() as connection:
        return list(await connection.scalars(select(NOTICES.c.subject)))


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────


async def forget_due(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(PEOPLE).values(due_at=None, stale=False, home_stale=False))


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
    organizer_text="Bøss <boss@corp.example>",
    guest_domains=frozenset({"corp.example", "日本.example"}),
    recurring=True,
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


async def details(database: Database) -> dict[str, object]:
    """event id → ciphertext: a rewritten row has another one, even of the same text."""
    async with database.read() as connection:
        rows = await connection.execute(select(EVENTS.c.uid, EVENTS.c.detail))
        return {row.uid: row.detail for row in rows}
