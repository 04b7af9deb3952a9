"""What the program does before it is ready, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import aiohttp

from services.slack import scopes
from tests.support.clocks import ManualClock
from tests.support.command_line import ROOT
from tests.support.running_app import ANN, TEAM, RunningApp, open_running_app

_ONLY_SOMETIMES = ("PIL", "alembic", "asyncpg", "icalendar", "services.domain.leave_types", "services.commands", "yaml")


def test_starting_loads_nothing_that_most_installations_need_later_or_never() -> None:
    asked = (
        "import sys, services.bootstrap; from services.domain.titles.vocabulary import vocabulary; "
        f"print([name for name in {_ONLY_SOMETIMES} if name in sys.modules], vocabulary.cache_info().currsize)"
    )
    ended = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[] 0\n"


async def _ready(app: RunningApp) -> dict[str, str]:
    """What `/readyz` says of the program and of its bot."""
    async with aiohttp.ClientSession() as session, session.get(f"{app.url}/readyz") as answer:
        said = await answer.json()
    return {name: said[name] for name in ("status", "bot")}


async def test_first_start_while_slack_cannot_be_reached_goes_on_and_takes_the_operators_token_once_it_can(
    sqlite_url: str, clock: ManualClock
) -> None:
    async with open_running_app(clock, sqlite_url, start=False) as app:
        app.slack.add_person(ANN, "ann", team_id=TEAM)
        token = app.slack.tokens.issue("bot", TEAM, app.slack.bot_of(TEAM).user_id, scopes.BOT)
        app.more["SLACK_BOT_TOKEN"] = token.value
        outage = app.slack.faults.add("*", drop=True, times=None)
        await app.start()
        assert await _ready(app) == {"status": "not ready", "bot": "failing"}
        app.slack.faults.remove(outage)
        await app.until(app.clock.now() + timedelta(seconds=2))
        assert await _ready(app) == {"status": "ready", "bot": "ok"}
        assert (await app.types("/quo", "help"))["text"]
