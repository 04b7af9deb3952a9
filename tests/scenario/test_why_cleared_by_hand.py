"""What is cleared in Slack by hand is told as that: by /quo why, on the Home tab, to agents and to the operator."""

from __future__ import annotations

import json

import pytest

from services.commands.why import why
from services.domain.model import PersonKey
from services.platform import settings
from tests.support.agent_calls import agent_of
from tests.support.feeds import lasting
from tests.support.running_app import ANN, TEAM, RunningApp, at

NOTHING = ("", "", None)
CLEARED = "Left empty until the next event: you cleared the status yourself."


async def in_meeting(app: RunningApp) -> None:
    await app.joins(tz="Europe/Berlin")
    app.feeds["work"].has(lasting("a", at("10:00"), 60), lasting("b", at("12:00"), 60))
    await app.connects("work")
    await app.until(at("10:00"))
    await app.until(at("10:05"))


async def told(app: RunningApp) -> str:
    said: str = (await app.types("/quo", "why"))["text"]
    return said


async def test_meeting_cleared_by_hand_is_told_as_cleared_until_the_next_one(running_app: RunningApp) -> None:
    await in_meeting(running_app)
    await running_app.says("")
    assert running_app.shows() == NOTHING
    assert (await told(running_app)).splitlines() == [
        CLEARED,
        "Without that I would show :spiral_calendar_pad: *In a meeting*.",
        "Shown because of “Sync” until 12:00.",
    ]
    await running_app.until(at("12:05"))
    assert (await told(running_app)).startswith("Your status is :spiral_calendar_pad: *In a meeting* until 14:00.")


async def test_home_tells_of_a_meeting_that_was_cleared_by_hand(running_app: RunningApp) -> None:
    await in_meeting(running_app)
    await running_app.says("")
    await running_app.opens_home()
    assert CLEARED in json.dumps(running_app.slack.homes[ANN].view, ensure_ascii=False)


async def test_override_without_an_end_that_was_cleared_by_hand_is_told_as_cleared_after_a_meeting_too(
    running_app: RunningApp,
) -> None:
    await in_meeting(running_app)
    await running_app.until(at("11:05"))
    await running_app.types("/quo", "Writing")
    await running_app.until(at("11:10"))
    await running_app.says("")
    assert (await told(running_app)).startswith(CLEARED)
    await running_app.until(at("13:05"))
    assert running_app.shows() == NOTHING
    assert (await told(running_app)).startswith(f"{CLEARED}\nWithout that I would show :speech_balloon: *Writing*.")
    await running_app.until(at("13:06"))
    await running_app.says("Away", ":car:")
    assert await told(running_app) == "You set :car: *Away* yourself. I leave it alone."
    await running_app.types("/quo", "Writing")
    assert (await told(running_app)).startswith("Your status is :speech_balloon: *Writing* until you clear it.")


async def test_what_is_told_to_be_hidden_by_a_typed_status_shows_once_that_is_cleared(running_app: RunningApp) -> None:
    await in_meeting(running_app)
    await running_app.until(at("11:05"))
    await running_app.types("/quo", "Writing")
    await running_app.until(at("11:10"))
    await running_app.says("Away", ":car:")
    await running_app.until(at("13:05"))
    assert running_app.shows() == ("Away", ":car:", None)
    assert (await told(running_app)).splitlines()[1] == "Without that I would show :speech_balloon: *Writing*."
    await running_app.until(at("13:06"))
    await running_app.says("")
    assert running_app.shows() == ("Writing", ":speech_balloon:", None)


async def test_agent_is_told_of_a_meeting_that_was_cleared_by_hand(running_app: RunningApp) -> None:
    await in_meeting(running_app)
    async with agent_of(running_app) as agent:
        await running_app.says("")
        now = await agent.reads("get_status")
        assert now["status"] == {"text": "", "emoji": "", "until": None}
        assert now["why"] == CLEARED
        assert now["covered"]["text"] == "In a meeting"
        assert now["sentence"] == f"{CLEARED} Without that I would show :spiral_calendar_pad: In a meeting."


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_operator_is_told_of_a_meeting_that_was_cleared_by_hand(
    running_app: RunningApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await in_meeting(running_app)
    await running_app.says("")
    config = settings.load(running_app.environment(), dotenv=None)
    assert await why(config, PersonKey(TEAM, ANN), running_app.clock) == 0
    assert CLEARED in capsys.readouterr().out
