"""The engine, on a loop that is watched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.databases import of_kind
from tests.support.effects import EffectsOf, with_effects
from tests.support.engine import RunningEngine
from tests.support.loop_watch import watched
from tests.support.quick_sqlite import ask_here
from tests.support.stretches import ALL


@pytest.fixture(autouse=True)
def _sqlite_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_here(request, monkeypatch)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database: SQLite, and in the slow run PostgreSQL, on which an engine that
    looks for work all the time is dear; a test that is about what differs there says `BOTH`."""
    yield from of_kind(request, tmp_path)


@pytest.fixture
async def engine(engine: RunningEngine) -> AsyncIterator[RunningEngine]:
    """The same; nothing that the engine does on its loop takes longer than half a second."""
    async with watched():
        yield engine


@pytest.fixture
async def ann(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> EffectsOf:
    """Somebody who has allowed all effects, known to a replica that runs."""
    return await with_effects(engine, monkeypatch, ALL)
