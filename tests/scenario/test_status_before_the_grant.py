"""What somebody had typed in Slack before they allowed us anything."""

from __future__ import annotations

from services.domain.decisions import GRACE
from tests.support.running_app import ANN, TEAM, RunningApp, at


async def test_status_that_was_typed_before_the_grant_is_known_and_comes_back(running_app: RunningApp) -> None:
    running_app.slack.add_person(ANN, "ann", team_id=TEAM)
    running_app.slack.type_status(ANN, "Typed long ago", ":wave:")
    await running_app.joins()
    why = str(await running_app.types("/quo", "why"))
    assert "You set :wave: *Typed long ago* yourself. I leave it alone." in why
    assert running_app.text() == "Typed long ago"
    await running_app.types("/quo", "Lunch for 30m")
    await running_app.settle()
    assert running_app.text() == "Lunch"
    await running_app.until(at("09:30") + GRACE)
    assert running_app.text() == "Typed long ago"
