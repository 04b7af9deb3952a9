"""Most scenarios have people who are there already: it is to be as if they had gone through Slack's pages."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.store.tables import METADATA
from services.store.workspace_tables import WORKSPACE_BUDGETS
from tests.support.few import few
from tests.support.running_app import ANN, BEN, TEAM, RunningApp

OTHER = "T0OTHER001"


@pytest.mark.parametrize("add", few(["", "replies", "digests", "emoji"], quick=2))
async def test_who_joins_a_scenario_is_kept_and_told_like_who_goes_through_the_pages(
    running_app: RunningApp, add: str
) -> None:
    app = running_app
    app.slack.add_person(ANN, "ann", team_id=TEAM, tz="Europe/Berlin", locale="de-DE")
    await app.walks_through_the_pages(ANN, add)
    await app.settle()
    await app.joins(BEN, team=OTHER, tz="Europe/Berlin", locale="de-DE", add=add)
    ann, ben = [await everything_of(app, team) for team in (TEAM, OTHER)]
    assert ann["people"]
    assert ann == ben
    assert app.told(ANN) == app.told(BEN)


async def everything_of(app: RunningApp, team_id: str) -> dict[str, list[dict[str, Any]]]:
    """What is stored of a workspace with one person, with the same names for each; what is sealed is there or not."""
    found = {}
    for table in METADATA.sorted_tables:
        # calls of the last minute are kept once a real second: now, or soon
        if "team_id" in table.c and table is not WORKSPACE_BUDGETS:
            rows = await app.rows(sa.select(table).where(table.c.team_id == team_id))
            found[table.name] = [
                {name: alike(value) for name, value in row._mapping.items() if not name.startswith("bot_")}
                for row in rows
            ]
    return found


def alike(value: Any) -> Any:
    if isinstance(value, bytes):
        return "sealed"
    names = {TEAM: "TEAM", OTHER: "TEAM", ANN: "PERSON", BEN: "PERSON"}
    return names.get(value, value) if isinstance(value, str) else value
