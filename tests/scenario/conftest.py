"""The whole app, started."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.clocks import ManualClock
from tests.whole import Whole, open_whole


@pytest.fixture
async def whole(sqlite_url: str, clock: ManualClock) -> AsyncIterator[Whole]:
    """The app on SQLite; nobody has installed it yet."""
    async with open_whole(clock, sqlite_url) as made:
        yield made


@pytest.fixture
async def on_both(database_url: str, clock: ManualClock) -> AsyncIterator[Whole]:
    """The app on SQLite and on PostgreSQL."""
    async with open_whole(clock, database_url) as made:
        yield made
