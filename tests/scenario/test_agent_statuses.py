"""An agent at the REST door reads and sets its person's status: answers, errors, and what the profile shows then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.domain.agents import May
from tests.support.agent_calls import AgentOf, agent_of
from tests.support.few import few
from tests.support.running_app import ANN, BEN, RunningApp, at


@pytest.fixture
async def agent(running_app: RunningApp) -> AsyncIterator[AgentOf]:
    """Ann's, who lives in Berlin: it is Tuesday 24 November 2026, 10:00 there."""
    await running_app.joins(tz="Europe/Berlin")
    async with agent_of(running_app) as made:
        yield made


async def test_status_set_with_an_end_is_shown_until_then(agent: AgentOf) -> None:
    answer = await agent.does("set_status", text="At the dentist", emoji=":tooth:", until="15:00")
    assert (answer.status, answer["ok"]) == (200, True)
    assert answer["sentence"] == "Your status: :tooth: At the dentist until 15:00."
    assert answer["understood"] == {
        "text": "At the dentist", "emoji": ":tooth:", "start": "2026-11-24T10:00:00+01:00",
        "end": "2026-11-24T15:00:00+01:00",
    }  # fmt: skip
    assert agent.app.shows() == ("At the dentist", ":tooth:", at("14:00"))
    now = await agent.reads("get_status")
    assert now["status"] == {"text": "At the dentist", "emoji": ":tooth:", "until": "2026-11-24T15:00:00+01:00"}
    assert (now["why"], now["next_edge"]) == ("You asked for it, until 15:00.", "2026-11-24T15:00:00+01:00")
    assert (now["paused"], now["paused_until"], now["covered"]) == (False, None, None)
    assert now["sentence"] == "Your status is :tooth: At the dentist until 15:00."


@pytest.mark.parametrize(
    ("arguments", "text", "emoji", "until"),
    few([
        ({"text": "Lunch", "minutes": 45}, "Lunch", ":speech_balloon:", "09:45"),
        ({"text": "Done until 13:30", "emoji": ":100:"}, "Done", ":100:", "12:30"),
        ({"text": "Lunch", "until": "3pm", "emoji": "🍕"}, "Lunch", ":pizza:", "14:00"),
        ({"text": "Lunch with <@U0BEN00001|Ben>\u202e", "minutes": 5}, "Lunch with @Ben", ":speech_balloon:", "09:05"),
        ({"text": "Lunch", "minutes": 45.0}, "Lunch", ":speech_balloon:", "09:45"),
        ({"text": "Lunch", "until": "2026-11-24T13:30"}, "Lunch", ":speech_balloon:", "12:30"),
        ({"text": "Lunch", "until": "2026-11-24T13:30:00Z"}, "Lunch", ":speech_balloon:", "13:30"),
        ({"text": "Lunch until 13:30"}, "Lunch", ":speech_balloon:", "12:30"),
        ({"text": ":pizza: Lunch", "until": "45m"}, "Lunch", ":pizza:", "09:45"),
        ({"text": "Lunch until 13:30", "minutes": 60}, "Lunch until 13:30", ":speech_balloon:", "10:00"),
        ({"text": "R&D <3 *all* day", "minutes": 5}, "R&D <3 *all* day", ":speech_balloon:", "09:05"),
        ({"text": "Two\nlines", "minutes": 5}, "Two lines", ":speech_balloon:", "09:05"),
    ], quick=3),
)  # fmt: skip
async def test_status_is_set_as_it_was_asked_for(
    agent: AgentOf, arguments: dict[str, Any], text: str, emoji: str, until: str
) -> None:
    answer = await agent.does("set_status", **arguments)
    assert answer.status == 200, answer.text
    assert agent.app.shows() == (text, emoji, at(until))
    assert (answer["status"]["text"], answer["understood"]["text"]) == (text, text)


NOT_UNDERSTOOD = [
    ({"text": "Lunch", "until": "15:00", "minutes": 45}, "one_time_too_many"),
    ({"text": "<@U0BEN00001>"}, "mention_in_status"),
    ({"text": "<#C1>", "minutes": 5}, "mention_in_status"),
    ({"text": "Lunch with <@U0BEN00001>", "minutes": 5}, "mention_in_status"),
    ({"text": "\u202e", "emoji": ":pizza:", "minutes": 5}, "text_missing"),
    ({"text": "Lunch", "until": "banana"}, "time_not_understood"),
    ({"text": "Lunch", "until": "9-17"}, "time_not_understood"),
    ({"text": "Lunch", "until": "2026-13-01"}, "time_not_understood"),
    ({"text": "Lunch", "until": "2026-11-24T09:59"}, "time_in_the_past"),
    ({"text": "Lunch", "until": "2029-01-01"}, "too_far_away"),
    ({"text": "Gym 6pm"}, "time_not_understood"),
    ({"text": "for fourty minutes"}, "time_not_understood"),
    ({"text": "a" * 101, "minutes": 5}, "text_too_long"),
    ({"text": "🍕" * 51, "minutes": 5, "emoji": ":tooth:"}, "text_too_long"),
    ({"text": "a" * 1001}, "invalid_arguments"),
    ({"text": " ", "minutes": 5}, "text_missing"),
    ({"text": "", "emoji": "pizza", "minutes": 5}, "text_missing"),
    ({"text": "", "emoji": "pizza"}, "text_missing"),
    ({"text": ":pizza:", "minutes": 5}, "text_missing"),
    ({"text": "🍕"}, "text_missing"),
    ({"text": "x", "emoji": "no such thing"}, "not_an_emoji"),
    ({"text": "x", "minutes": 0}, "invalid_arguments"),
    ({"text": "x", "minutes": 1052641}, "invalid_arguments"),
    ({"text": "x", "minutes": "45"}, "invalid_arguments"),
    ({"text": "x", "user": BEN}, "invalid_arguments"),
    ({"text": None}, "invalid_arguments"),
    ({"text": "\x00"}, "invalid_arguments"),
    ({"text": "\ud800"}, "invalid_arguments"),
    ({}, "invalid_arguments"),
]  # fmt: skip


async def test_what_is_not_understood_changes_nothing(agent: AgentOf, subtests: pytest.Subtests) -> None:
    for number, (arguments, error) in enumerate(NOT_UNDERSTOOD):
        with subtests.test(number=number, error=error):
            answer = await agent.does("set_status", **arguments)
            assert (answer.status, answer["ok"], answer["error"]) == (400, False, error)
            assert answer["sentence"]
            assert agent.app.shows() == ("", "", None)
            assert (await agent.reads("get_status"))["sentence"] == "Nothing is shown at the moment."


async def test_clear_ends_what_shows_and_that_nothing_does_is_no_mistake(agent: AgentOf) -> None:
    await agent.does("set_status", text="Lunch")
    answer = await agent.does("clear_status")
    assert (answer["sentence"], answer["changed"], answer["understood"]) == ("Ended: Lunch", True, None)
    assert answer["status"] == {"text": "", "emoji": "", "until": None}
    assert agent.app.text() == ""
    again = await agent.does("clear_status")
    assert (again.status, again["changed"], again["undo_id"]) == (200, False, None)
    assert again["sentence"] == "There is nothing to change."
    back = await agent.does("undo", id=answer["undo_id"])
    assert back["sentence"] == "Back again: Lunch until you clear it"
    assert agent.app.text() == "Lunch"


async def test_read_key_reads_and_changes_nothing(running_app: RunningApp) -> None:
    await running_app.joins()
    async with agent_of(running_app, ANN, May.READ) as agent:
        assert (await agent.reads("get_status")).status == 200
        answer = await agent.does("set_status", text="Lunch")
        assert (answer.status, answer["error"]) == (403, "no_permission")
        assert running_app.text() == ""
