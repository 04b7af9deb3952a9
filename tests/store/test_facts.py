"""What a timeline is made of is asked for in few statements: each is a round trip that what is typed waits for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.domain.calendars import Changes
from services.domain.model import Event, EventType, WallTimes
from services.platform.crypto import Encryptor
from services.store.calendars import CalendarStore
from services.store.db import Database
from services.store.events import EventStore
from services.store.facts import FactStore
from tests.support.databases import BOTH
from tests.support.statements import statements
from tests.support.stored_calendars import ANN, BOB, NOW, connected

DAY = timedelta(days=1)
UNTIL, AHEAD = NOW + 8 * DAY, NOW + 60 * DAY


@pytest.fixture
def facts(database: Database, encryptor: Encryptor, store: CalendarStore) -> FactStore:
    return FactStore(database, encryptor, store._events)


def meeting(uid: str, start: datetime) -> Event:
    return Event("", uid, start, start + timedelta(hours=1))


def away(uid: str, start: datetime) -> Event:
    return Event("", uid, start, start + DAY, type=EventType.OUT_OF_OFFICE)


@BOTH
async def test_what_nobody_of_those_asked_about_has_is_not_asked_for(database: Database, facts: FactStore) -> None:
    with statements(database) as asked:
        found = await facts.load([ANN], NOW, UNTIL, ahead=AHEAD)
        found |= await facts.load([ANN, BOB], NOW, UNTIL)
    assert [one.events + one.coming for one in found.values()] == [(), ()]
    assert len(asked) == 2


@BOTH
async def test_events_of_the_window_and_what_may_be_an_absence_ahead_are_asked_for_at_once(
    database: Database, store: CalendarStore, events: EventStore, facts: FactStore
) -> None:
    c1 = (await connected(store)).connection.calendar_id
    soon, late = meeting("soon", NOW + DAY), meeting("late", UNTIL + DAY)
    at = UNTIL + timedelta(hours=20)  # elsewhere that is before the window ends
    midnight = datetime(at.year, at.month, at.day)
    day = Event("", "day", at, at + DAY, all_day=True, wall=WallTimes(midnight, midnight + DAY))
    behind, last = away("behind", UNTIL), away("last", AHEAD - DAY)
    never = away("never", AHEAD)
    async with database.write() as connection:
        plan = await events.prepare(ANN, c1, Changes(events=(soon, late, day, behind, last, never)))
        await events.apply(connection, [plan])
    with statements(database) as asked:
        (theirs,) = (await facts.load([ANN], NOW, UNTIL, ahead=AHEAD)).values()
    assert [one.uid for one in theirs.events] == ["soon", "day"]
    assert [one.uid for one in theirs.coming] == ["behind", "last"]
    assert len(asked) == 2
    (near,) = (await facts.load([ANN], NOW, UNTIL)).values()
    assert ([one.uid for one in near.events], near.coming) == (["soon", "day"], ())
