"""What the database still says of somebody who was forgotten: what docs/privacy.md tells, and nothing else."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from services.domain.model import PersonKey
from services.store.tables import METADATA
from tests.support.feeds import entry
from tests.support.leave import connects_leave, workspace
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

PRIVACY = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


async def test_tables_that_name_a_forgotten_member_are_those_of_the_privacy_page(running_app: RunningApp) -> None:
    await workspace(running_app)
    running_app.feeds["hr"].has(entry("1", date(2026, 11, 24), date(2026, 12, 4), "Annie Li (Vacation)"))
    await connects_leave(running_app)
    assert running_app.service is not None
    ties = running_app.service.stores.leave.choices
    await ties.tie(TEAM, "Annie Li", ANN, tied_by=BEN, now=running_app.clock.now())
    await running_app.types("/quo", "Lunch for 45m")
    await running_app.settle()
    await running_app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await running_app.settle()
    named = await _that_name_ann(running_app)
    running_app.feeds["hr"].has(entry("2", date(2026, 12, 1), date(2026, 12, 4), "Annie Li (Vacation)"))
    await running_app.until(at("10:00"))
    await running_app.settle()
    named |= await _that_name_ann(running_app)
    told = PRIVACY.read_text().partition("What is left of somebody who is forgotten:")[2].partition("\n\nBackups")[0]
    named |= {"forgotten", "lanes"}  # as digests; and where Slack's limits were stored within a minute
    assert sorted(named) == sorted(re.findall(r"\(`(\w+)`", told))


async def _that_name_ann(app: RunningApp) -> set[str]:
    tables = METADATA.sorted_tables
    return {table.name for table in tables for row in await app.rows(sa.select(table)) if ANN in str(tuple(row))}
