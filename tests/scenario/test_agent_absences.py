"""An agent has its person out of office, asks who is, and looks at their days: on Tuesday 24 November 2026, 10:00."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.domain.model import PersonKey
from tests.support.agent_calls import AgentOf, agent_of
from tests.support.feeds import entry, lasting
from tests.support.few import few
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at


@pytest.fixture
async def agent(running_app: RunningApp) -> AsyncIterator[AgentOf]:
    """Ann's, in Berlin."""
    await running_app.joins(tz="Europe/Berlin")
    async with agent_of(running_app) as made:
        yield made


@pytest.mark.parametrize(
    ("arguments", "start", "end"),
    few(
        [
            ({"to": "2026-11-27"}, "2026-11-24T10:00:00+01:00", "2026-11-28T00:00:00+01:00"),  # the last day
            ({"from": "24 dec", "to": "2 jan"}, "2026-12-24T00:00:00+01:00", "2027-01-03T00:00:00+01:00"),
            ({"to": "friday"}, "2026-11-24T10:00:00+01:00", "2026-11-28T00:00:00+01:00"),
            ({"to": "2026-11-27T09:00"}, "2026-11-24T10:00:00+01:00", "2026-11-27T09:00:00+01:00"),  # the instant
            ({"to": "2026-11-27T09:00:00Z"}, "2026-11-24T10:00:00+01:00", "2026-11-27T10:00:00+01:00"),
            ({"to": "until friday"}, "2026-11-24T10:00:00+01:00", "2026-11-27T00:00:00+01:00"),  # as in /ooo
            ({"from": "2026-12-24", "to": "2027-01-02"}, "2026-12-24T00:00:00+01:00", "2027-01-03T00:00:00+01:00"),
        ],
        quick=2,
    ),
)
async def test_absence_is_from_when_to_when_it_was_asked_for(
    agent: AgentOf, arguments: dict[str, Any], start: str, end: str
) -> None:
    answer = await agent.does("set_out_of_office", **arguments)
    assert answer.status == 200, answer.text
    understood = answer["understood"]
    assert (understood["start"], understood["end"], understood["text"]) == (start, end, "")
    assert (agent.app.text() == "") is (start > "2026-12")
    undone = await agent.does("undo", id=answer["undo_id"])
    assert undone["sentence"].startswith("Taken back: Out of office ")
    assert agent.app.text() == ""


async def test_absence_with_a_note_and_a_stand_in_is_kept_as_from_the_form(agent: AgentOf) -> None:
    agent.app.slack.add_person(BEN, "ben", team_id=TEAM)
    for said in (BEN, f"<@{BEN}>", f"<@{BEN}|ben>"):
        answer = await agent.does("set_out_of_office", to="friday", note="Skiing", stand_in=said)
        assert answer["sentence"] == "You are out of office until the end of Fri 27 Nov."
        assert agent.app.text() == "Skiing"
        assert agent.app.service is not None
        now = agent.app.clock.now()
        *_, kept = await agent.app.service.stores.overrides.standing(PersonKey(TEAM, ANN), now)
        assert (kept.text, kept.stand_in) == ("Skiing", BEN)


async def test_stand_in_whom_slack_does_not_tell_of_now_is_to_be_named_again(agent: AgentOf) -> None:
    agent.app.slack.add_person(BEN, "ben", team_id=TEAM)
    agent.app.slack.faults.add("users.info", retry_after=20)
    answer = await agent.does("set_out_of_office", to="friday", stand_in=BEN)
    assert (answer.status, answer["error"]) == (429, "ratelimited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "try again" in answer["sentence"]


NOT_UNDERSTOOD = [
    ({}, "invalid_arguments"),
    ({"to": ""}, "time_not_understood"),
    ({"to": "banana"}, "time_not_understood"),
    ({"from": "24 dec - 2 jan", "to": "3 jan"}, "time_not_understood"),
    ({"from": "2026-12-24", "to": "2026-12-23"}, "ends_before_it_starts"),
    ({"to": "2026-11-23"}, "time_in_the_past"),
    ({"to": "2030-01-01"}, "too_far_away"),
    ({"to": "friday", "note": "a" * 101}, "text_too_long"),
    ({"to": "friday", "note": "Ask <@U0BEN00001>"}, "mention_in_status"),
    ({"to": "friday", "stand_in": ANN}, "stand_in"),
    ({"to": "friday", "stand_in": "U0NOBODY01"}, "not_a_colleague"),
    ({"to": "friday", "stand_in": "@ben"}, "not_a_colleague"),
    ({"to": "friday", "stand_in": "USLACKBOT"}, "not_a_person"),
    ({"to": "friday", "stand_in": "U0BOT00001"}, "not_a_person"),
    ({"to": "friday", "stand_in": "U0GONE0001"}, "not_a_colleague"),
    ({"to": "friday", "stand_in": "U0STRANGE1"}, "not_a_colleague"),
]  # fmt: skip


async def test_absence_that_is_not_understood_changes_nothing(agent: AgentOf, subtests: pytest.Subtests) -> None:
    slack = agent.app.slack
    slack.add_person("U0BOT00001", "bot", team_id=TEAM, bot_id="B0BOT00001")
    slack.add_person("U0GONE0001", "gone", team_id=TEAM).deleted = True
    slack.add_person("U0STRANGE1", "stranger", team_id="T0OTHER001")
    for number, (arguments, error) in enumerate(NOT_UNDERSTOOD):
        with subtests.test(number=number, error=error):
            answer = await agent.does("set_out_of_office", **arguments)
            assert (answer.status, answer["error"]) == (400, error), answer.text
            assert agent.app.text() == ""


async def test_end_of_an_absence_is_being_back_and_that_there_is_none_is_no_mistake(agent: AgentOf) -> None:
    await agent.does("set_out_of_office", to="friday")
    back = await agent.does("end_out_of_office")
    assert back["sentence"] == "Welcome back. You are not out of office any more."
    assert (agent.app.text(), back["status"]["text"]) == ("", "")
    await agent.does("set_out_of_office", **{"from": "2026-12-24", "to": "2027-01-02"})
    coming = await agent.does("end_out_of_office")
    assert coming["sentence"] == "Taken back: Out of office from Thu 24 Dec until the end of Sat, 2 Jan 2027"
    none = await agent.does("end_out_of_office")
    assert (none.status, none["changed"], none["undo_id"]) == (200, False, None)


async def test_absence_of_the_calendar_goes_on_and_what_ends_it_is_said(agent: AgentOf) -> None:
    app, how = agent.app, "Your calendar has you out of office. /quo clear shows nothing until that is over."
    app.feeds["work"].has(lasting("a", at("08:00"), 48 * 60, "Vacation", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"))
    await app.connects("work")
    await agent.does("set_out_of_office", to="friday", note="Skiing")
    ended = await agent.does("end_out_of_office")
    assert (ended["sentence"], ended["changed"]) == (f"Ended: Skiing {how}", True)
    alone = await agent.does("end_out_of_office")
    assert (alone["sentence"], alone["changed"]) == (how, False)
    assert alone["status"]["text"].startswith("Out of office")
    typed = await app.types("/ooo", "off")
    assert typed["text"].startswith("Your calendar has you out of office.")
    await app.types("/ooo", "until friday Skiing")
    assert (await app.types("/ooo", "off"))["text"].endswith("`/quo clear` shows nothing until that is over.")
    await agent.does("clear_status")
    assert (await agent.does("end_out_of_office"))["sentence"] == "There is nothing to change."
    assert app.text() == ""


async def test_who_is_out_gives_names_and_return_days(agent: AgentOf) -> None:
    app = agent.app
    assert (await agent.reads("who_is_out"))["sentence"] == "Nobody is out, as far as I know."
    await app.joins(BEN, tz="America/New_York")
    await app.types("/ooo", "until friday", BEN)
    today = await agent.reads("who_is_out")
    name = today["people"][0]["name"]
    assert today["people"] == [{"name": name, "until": "2026-11-27", "begins": None}]  # a day is never converted
    assert today["sentence"] == "Who is out, today: 1"
    await app.types("/ooo", "off", BEN)
    await app.types("/ooo", "14 dec - 18 dec", BEN)
    assert (await agent.reads("who_is_out"))["people"] == []
    ahead = {"name": name, "until": "2026-12-19", "begins": "2026-12-14"}
    for query in ({"from": "2026-12-14", "to": "2026-12-18"}, {"from": "14 dec"}, {"to": "2026-12-31"}):
        assert (await agent.reads("who_is_out", **query))["people"] == [ahead], query
    assert (await agent.reads("who_is_out", **{"from": "2026-12-20"}))["people"] == []
    wrong = await agent.reads("who_is_out", **{"from": "2026-12-19", "to": "2026-12-14"})
    assert (wrong.status, wrong["error"]) == (400, "ends_before_it_starts")


async def test_preview_tells_spans_with_reasons(agent: AgentOf) -> None:
    agent.app.feeds["work"].has(lasting("a", at("10:00"), 60, "Budget"), lasting("b", at("13:00", 25), 30, "Sync"))
    await agent.app.connects("work")
    day = await agent.reads("preview")
    assert [(one["start"][11:16], one["end"][11:16], one["text"]) for one in day["spans"]] == [
        ("00:00", "11:00", ""), ("11:00", "12:00", "In a meeting"), ("12:00", "00:00", ""),
    ]  # fmt: skip
    assert day["sentence"] == "Tue 24 Nov: 11:00 – 12:00 :spiral_calendar_pad: In a meeting"
    assert day["spans"][1]["reason"] == "Shown because of your calendar until 12:00."
    for query in ({"day": "2026-11-25"}, {"day": "tomorrow"}):
        tomorrow = await agent.reads("preview", **query)
        assert tomorrow["sentence"] == "Wed 25 Nov: 14:00 – 14:30 :spiral_calendar_pad: In a meeting"
    await agent.does("set_out_of_office", to="friday")
    away = await agent.reads("preview", day="thursday")
    assert away["sentence"] == "Thu 26 Nov: all day :palm_tree: Out of office until 28 November"
    assert [one["reason"] for one in away["spans"]] == ["You asked for it, until the end of Fri 27 Nov."]
    await agent.does("undo")
    for query in ({"at": "11:30"}, {"at": "2026-11-24T11:30"}, {"day": "today 11:30"}):
        instant = await agent.reads("preview", **query)
        assert [one["text"] for one in instant["spans"]] == ["In a meeting"], query
        assert instant["sentence"] == "11:30: :spiral_calendar_pad: In a meeting"
    assert (await agent.reads("preview", day="2026-11-26"))["sentence"].endswith("Nothing is planned to be shown.")
    for query in ({"day": "friday", "at": "11:30"}, {"at": "friday"}, {"day": "2026-11-23"}, {"day": "next"}):
        assert (await agent.reads("preview", **query)).status == 400, query


async def test_events_are_listed_with_why_they_count_or_not(agent: AgentOf) -> None:
    agent.app.feeds["work"].has(
        lasting("a", at("10:00"), 60, "Budget"),
        lasting("b", at("12:00"), 30, "Maybe", "STATUS:TENTATIVE"),
        entry("c", at("00:00").date(), at("00:00", 25).date(), "Inventory"),
    )
    await agent.app.connects("work")
    day = await agent.reads("list_events")
    assert day["sentence"] == "Events, Tue 24 Nov: 3; counted: 1"
    assert [(one["start"], one["counted"], one["untrusted_title"]) for one in day["events"]] == [
        ("2026-11-24", False, "Inventory"),
        ("2026-11-24T11:00:00+01:00", True, "Budget"),
        ("2026-11-24T13:00:00+01:00", False, "Maybe"),
    ]
    assert day["events"][0]["end"] == "2026-11-25"
    assert day["events"][2]["reason"] == "Ignored: it is tentative, or you have not answered it."
    assert (await agent.reads("list_events", day="2026-11-25"))["events"] == []
    assert (await agent.reads("list_events", day="yesterday")).status == 400


async def test_agent_of_one_person_changes_nothing_of_another(agent: AgentOf) -> None:
    await agent.app.joins(BEN)
    await agent.does("set_out_of_office", to="friday")
    async with agent_of(agent.app, BEN) as other:
        assert (await other.reads("get_status"))["status"]["text"] == ""
        assert (await other.does("end_out_of_office"))["changed"] is False
        agent.app.clock.move(seconds=1)  # of two at one instant nobody knows the newer
        mine = await agent.does("set_status", text="Lunch")
        assert (await other.does("undo", id=mine["undo_id"])).status == 400
    assert agent.app.text() == "Lunch"
