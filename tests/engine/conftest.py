"""The engine, on a loop that is watched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.engine import World
from tests.support.loop_watch import watched


@pytest.fixture
async def world(world: World) -> AsyncIterator[World]:
    """The same; nothing that the engine does on its loop takes longer than half a second."""
    async with watched():
        yield world
