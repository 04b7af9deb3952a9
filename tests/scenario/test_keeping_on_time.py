"""Statuses change when events start, and are gone when they end: the engine against a local Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from demo.slack import LocalSlack
from services.store.columns import Vault
from services.store.engine import Database
from tests.clocks import ManualClock
from tests.world import World, meeting, until


@pytest.fixture
async def world(database: Database, vault: Vault, clock: ManualClock) -> AsyncIterator[World]:
    slack = LocalSlack(clock)
    await slack.start()
    made = World(database, vault, clock, slack)
    yield made
    await made.close()
    await slack.stop()


async def test_status_is_written_at_the_edge_with_the_end_of_its_span(world: World) -> None:
    await world.replica().start()
    key = await world.person()
    start = world.clock.now() + timedelta(hours=1)
    await world.has(key, meeting(start))
    await world.settled()
    assert world.written() == []
    world.clock.move(minutes=60)
    await until(lambda: world.written() == ["In a meeting"])
    await world.settled()
    end = int((start + timedelta(minutes=30)).timestamp())
    assert world.status() == ("In a meeting", ":spiral_calendar_pad:", end)
