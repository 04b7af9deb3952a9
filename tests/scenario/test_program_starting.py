"""What the program does before it is ready, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import aiohttp
import pytest

from emulators.faults import Fault
from services import bootstrap
from services.domain.titles.vocabulary import vocabulary
from services.platform import locale
from services.slack import scopes
from services.slack.profile import TEST
from tests.support.clocks import ManualClock
from tests.support.command_line import ROOT
from tests.support.engine import until
from tests.support.running_app import ANN, TEAM, RunningApp, open_running_app

_ONLY_SOMETIMES = ("PIL", "alembic", "asyncpg", "icalendar", "services.domain.leave_types", "services.commands", "yaml")


@pytest.mark.slow
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


async def _asked_within(app: RunningApp, seconds: int, outage: Fault) -> list[float]:
    """After how many seconds, by twos, Slack is asked whose the token is."""
    app.slack.add_person(ANN, "ann", team_id=TEAM)
    token = app.slack.tokens.issue("bot", TEAM, app.slack.bot_of(TEAM).user_id, scopes.BOT)
    app.more["SLACK_BOT_TOKEN"] = token.value
    app.slack.faults.add(outage)
    began = app.clock.now()
    await app.start()
    for after in range(2, seconds + 1, 2):
        await app.until(began + timedelta(seconds=after))
    return [(call.at - began).total_seconds() for call in app.slack.calls.all(TEST)]


async def test_slack_that_is_out_for_long_is_asked_twice_a_minute_so_that_its_answer_is_soon_known(
    sqlite_url: str, clock: ManualClock
) -> None:
    async with open_running_app(clock, sqlite_url, start=False) as app:
        assert await _asked_within(app, 120, Fault("*", status=503, times=None)) == [0, 2, 6, 14, 30, 60, 90, 120]


async def test_slack_that_says_wait_is_asked_no_sooner(sqlite_url: str, clock: ManualClock) -> None:
    async with open_running_app(clock, sqlite_url, start=False) as app:
        assert await _asked_within(app, 60, Fault(TEST, retry_after=20, times=2)) == [0, 20, 40]


async def test_words_of_every_language_are_ready_a_second_after_the_start(
    sqlite_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "WARM_AFTER", 0.0)
    locale.catalogue.cache_clear()
    vocabulary.cache_clear()
    async with open_running_app(clock, sqlite_url):
        await until(lambda: locale.catalogue.cache_info().currsize == len(locale.LANGUAGES))
        await until(lambda: vocabulary.cache_info().currsize == 1)
