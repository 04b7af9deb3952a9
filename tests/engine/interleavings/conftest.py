"""The stage, which every suite of pairs shares."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.platform.crypto import new_key
from services.store import rotation
from tests.engine.interleavings.stage import Stage
from tests.engine.interleavings.steps import SteppedDatabase
from tests.support.clocks import ManualClock

SEALED = ("people.token", "standings.memory", "effects.memory", "overrides.content")


@pytest.fixture
async def stage(database_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    columns = [column for column in rotation.sealed_columns() if str(column) in SEALED]
    monkeypatch.setattr(rotation, "sealed_columns", lambda: columns)  # the others take time and are of no interest
    database = SteppedDatabase(database_url)
    opened = Stage(database, clock, [new_key(), new_key()])
    await opened.open()
    yield opened
    await opened.close()
    await database.close()
