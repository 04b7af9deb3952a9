"""Absences are saved along with the timeline that they come from, on both databases, and only where they change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from services.domain.model import Visibility
from services.store.person_rows import mark_due
from services.store.workspace_tables import ABSENCES
from tests.support.databases import BOTH
from tests.support.engine import RunningEngine, absence
from tests.support.statements import statements

DAY = timedelta(days=1)


async def rows(engine: RunningEngine) -> list[Any]:
    return list(await engine.database.fetch(sa.select(ABSENCES).order_by(ABSENCES.c.start_at)))


@BOTH
async def test_absences_of_a_timeline_are_saved_with_it_and_only_what_changes(engine: RunningEngine) -> None:
    replica, now = engine.replica(), engine.clock.now()
    key = await engine.person()
    soon = absence(now + DAY, 8)
    far = replace(absence(now + 30 * DAY, 8, uid="far"), visibility=Visibility.PRIVATE)
    await engine.has(key, soon, far)
    await replica.tick()
    found = await rows(engine)
    assert [(row.start_at, row.end_at, row.told_ahead) for row in found] == [
        (soon.start, soon.end, True), (far.start, far.end, False),
    ]  # fmt: skip
    async with engine.database.write() as connection:
        await mark_due(connection, key, now)
    with statements(engine.database) as asked:
        await replica.tick()
    assert any("spans" in one for one in asked)
    assert not [one for one in asked if "absences" in one and not one.startswith("SELECT")]
    await engine.has(key, far)
    await replica.tick()
    assert [row.absence_id for row in await rows(engine)] == [found[1].absence_id]


@BOTH
async def test_of_whom_no_absence_is_stored_nor_known_none_is_asked_for(engine: RunningEngine) -> None:
    replica = engine.replica()
    key = await engine.person()
    with statements(engine.database) as asked:
        await replica.tick()
    assert any("INSERT INTO spans" in one for one in asked)
    assert not [one for one in asked if "FROM absences" in one and "FROM people" not in one]
    assert not [one for one in asked if "FROM stretches" in one and "FROM people" not in one]
    await engine.has(key, absence(engine.clock.now() + DAY, 8))
    await replica.tick()
    assert len(await rows(engine)) == 1
