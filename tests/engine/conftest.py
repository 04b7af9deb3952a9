"""The engine, on a loop that is watched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.effects import EffectsOf, with_effects
from tests.support.engine import RunningEngine
from tests.support.loop_watch import watched
from tests.support.stretches import ALL


@pytest.fixture
async def engine(engine: RunningEngine) -> AsyncIterator[RunningEngine]:
    """The same; nothing that the engine does on its loop takes longer than half a second."""
    async with watched():
        yield engine


@pytest.fixture
async def ann(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> EffectsOf:
    """Somebody who has allowed all effects, known to a replica that runs."""
    return await with_effects(engine, monkeypatch, ALL)
