"""Hosts that do not answer: how much of what is fetched at once they may take, of one person's and of everybody's."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa

from services.domain.calendars import Changes, Connection
from services.domain.model import PersonKey
from services.store.tables import PEOPLE
from tests.support.databases import BOTH
from tests.support.subscriptions import ANN, BOB, NOW, Subscriptions


class Hosts:
    """A provider whose hosts answer only once they are released."""

    def __init__(self) -> None:
        self.asked: Counter[PersonKey] = Counter()
        self.release = asyncio.Event()

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        self.asked[connection.key] += 1
        await self.release.wait()
        return Changes()


@pytest.fixture
async def slow(subscribed: Subscriptions) -> AsyncIterator[Hosts]:
    """Feeds and CalDAV servers of many hosts, all of them slow; whatever else there is answers at once."""
    hosts, quick = Hosts(), Hosts()
    quick.release.set()
    subscribed.sources.update(ics=hosts, caldav=hosts, google=quick, hook=quick)
    subscribed.sync = replace(subscribed.sync, turn=0.05)
    yield hosts
    hosts.release.set()
    await subscribed.sync.close()


async def connects(subscribed: Subscriptions, key: PersonKey, provider: str, many: int = 1) -> None:
    for number in range(many):
        host = f"{provider}{number}.{key.user_id}.example"
        await subscribed.store.add(key, provider, f"https://{host}/{number}", host, subscribed.clock.now())


def quick(subscribed: Subscriptions) -> Hosts:
    hosts = subscribed.sources["google"]
    assert isinstance(hosts, Hosts)
    return hosts


async def runs(subscribed: Subscriptions, holds: Callable[[], bool]) -> None:
    """Run until it holds, and once more."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        await subscribed.run()
    await subscribed.run()


async def rests(subscribed: Subscriptions) -> None:
    """What may not be fetched now is not waited for in vain: nothing is due, though calendars are."""
    for _ in range(50):
        due = await subscribed.sync.next_due()
        if due is not None and due > subscribed.clock.now():
            return
        await subscribed.run()
    pytest.fail("it asks again and again")


@BOTH
async def test_one_persons_slow_hosts_take_three_places_and_leave_them_one_for_what_pushes(
    subscribed: Subscriptions, slow: Hosts
) -> None:
    await connects(subscribed, ANN, "ics", 6)
    await connects(subscribed, ANN, "caldav", 6)
    await connects(subscribed, BOB, "ics", 2)
    await runs(subscribed, lambda: slow.asked.total() >= 5)
    assert slow.asked == {ANN: 3, BOB: 2}
    await connects(subscribed, ANN, "google", 3)
    await runs(subscribed, lambda: quick(subscribed).asked.total() >= 3)
    await rests(subscribed)
    slow.release.set()
    await runs(subscribed, lambda: slow.asked == {ANN: 12, BOB: 2})


@BOTH
async def test_everybodys_slow_hosts_leave_places_for_what_pushes_and_for_hooks(
    subscribed: Subscriptions, slow: Hosts
) -> None:
    many = [PersonKey("T1", f"V{number}") for number in range(12)]
    async with subscribed.database.write() as connection:
        await connection.execute(
            sa.insert(PEOPLE), [{"team_id": key.team_id, "user_id": key.user_id, "created_at": NOW} for key in many]
        )
    for key in many:
        await connects(subscribed, key, "ics", 3)
    await runs(subscribed, lambda: slow.asked.total() >= 24)
    assert slow.asked.total() == 24
    await connects(subscribed, ANN, "ics")
    for provider in ("google", "hook"):
        await connects(subscribed, BOB, provider)
    await runs(subscribed, lambda: quick(subscribed).asked.total() >= 2)
    await rests(subscribed)
    assert slow.asked.total() == 24
    slow.release.set()
    await runs(subscribed, lambda: slow.asked.total() >= 37)
