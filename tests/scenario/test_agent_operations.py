"""The table of what agents can ask for: agreed on by all doors, its answers as declared, and each `/quo` word in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from jsonschema import Draft202012Validator

from handlers.agents import tools as mcp_tools
from handlers.agents.failures import Failure
from handlers.agents.openapi import document
from handlers.agents.operations import BY_NAME, OPERATIONS, schema_of
from handlers.agents.registry import entry
from services.domain.agents import MOST_CALLS
from services.domain.command_parser import Name
from services.domain.model import PersonKey
from tests.support.agent_calls import AgentOf, agent_of
from tests.support.feeds import entry as vevent
from tests.support.feeds import lasting
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

OF_WORDS = {
    Name.STATUS: "set_status", Name.CLEAR: "clear_status", Name.PAUSE: "pause", Name.RESUME: "resume",
    Name.WHY: "get_status", Name.PREVIEW: "preview", Name.WHO: "who_is_out",
}  # fmt: skip
NOT_FOR_AGENTS = {
    Name.HELP: "what can be asked for is in tools/list and /openapi.json",
    Name.CONNECT: "needs a secret address, or a consent in a browser: the person's own to give",
    Name.CALENDARS: "a calendar's health is mended by the person, in a browser; list_events tells what is in them",
    Name.DIGEST: "posts into a channel, to others: the person's own to start",
    Name.RULES: "opens a form; what a status says for weeks is not changed in passing",
    Name.SETTINGS: "opens a form; among them is whether titles may be shown",
    Name.KEYS: "an agent cannot make keys for other agents",
    Name.OPT_OUT: "a standing choice about an admin's keeper: the person's own",
    Name.OPT_IN: "a standing choice about an admin's keeper: the person's own",
    Name.FORGET: "deletes everything; never on somebody's say-so",
}
VALID = {
    "get_status": [{}], "set_status": [{"text": "Lunch", "emoji": ":pizza:", "minutes": 45}, {"text": "Reading"}],
    "clear_status": [{}, {}], "pause": [{"until": "17:00"}, {}], "resume": [{}, {}], "undo": [{}],
    "set_out_of_office": [{"to": "friday", "note": "Skiing"}], "end_out_of_office": [{}, {}],
    "preview": [{}, {"day": "tomorrow"}, {"at": "12:15"}], "list_events": [{}, {"day": "tomorrow"}],
    "who_is_out": [{}, {"from": "next week"}],
}  # fmt: skip
"""What each operation is called with, one after the other."""


@pytest.fixture
async def agent(running_app: RunningApp) -> AsyncIterator[AgentOf]:
    """Ann's, who has a calendar and lives in Berlin; her colleague Ben is out. It is Tuesday, 10:00 there."""
    await running_app.joins(BEN, tz="Europe/Berlin")
    await running_app.types("/ooo", "until friday", BEN)
    await running_app.joins(tz="Europe/Berlin")
    running_app.feeds["work"].has(
        lasting("a", at("11:00"), 60, "Budget"), vevent("b", at("00:00").date(), at("00:00", 25).date(), "Vacation")
    )
    await running_app.connects("work")
    async with agent_of(running_app) as made:
        yield made


def test_every_word_of_quo_has_an_operation_or_a_reason_why_not() -> None:
    assert OF_WORDS.keys().isdisjoint(NOT_FOR_AGENTS)
    assert OF_WORDS.keys() | NOT_FOR_AGENTS.keys() == set(Name)
    assert set(OF_WORDS.values()) <= BY_NAME.keys()
    # /ooo, its `off`, the button that undoes, and what `/quo why` lists
    others = {"set_out_of_office", "end_out_of_office", "undo", "list_events"}
    assert {one.name for one in OPERATIONS if not one.of_slack} == set(OF_WORDS.values()) | others


def test_doors_agree_on_names_descriptions_and_arguments() -> None:
    described = document("https://quo.example")["paths"]
    by_id = {
        one["operationId"]: (path, method, one) for path, each in described.items() for method, one in each.items()
    }
    tools = {one["name"]: one for one in mcp_tools.tools()}
    entries = [entry(name, "https://quo.example") for name in ("slack", "status-quo")]
    registered = {one["operation_id"]: one for each in entries if each for one in each["tools"]}
    assert registered.keys() == tools.keys()
    assert list(tools) == list(by_id) == [operation.name for operation in OPERATIONS]
    for operation in OPERATIONS:
        path, method, found = by_id[operation.name]
        tool = tools[operation.name]
        assert path == f"/{operation.path}"
        assert method == ("get" if tool["annotations"]["readOnlyHint"] else "post")
        assert found["summary"] == tool["description"] == operation.sentence
        taken = set(tool["inputSchema"].get("properties", {}))
        assert set(registered[operation.name]["parameters"]) == taken
        assert registered[operation.name]["method"] == method.upper()
        assert registered[operation.name]["path"] == f"/api/v1{path}"
        assert registered[operation.name]["description"] == operation.sentence
        if method == "get":
            assert {one["name"] for one in found["parameters"]} == taken
        else:
            assert set(next(iter(found["requestBody"]["content"].values()))["schema"].get("properties", {})) == taken


def test_each_argument_is_flat_bounded_and_described() -> None:
    for operation in OPERATIONS:
        if operation.of_slack:
            continue
        for name, schema in schema_of(operation.takes).get("properties", {}).items():
            assert schema["description"], (operation.name, name)
            assert "maxLength" in schema or "maximum" in schema, (operation.name, name)


async def test_schemas_accept_what_is_answered(agent: AgentOf) -> None:
    assert VALID.keys() == {operation.name for operation in OPERATIONS if not operation.of_slack}
    for name, calls in VALID.items():
        schema = Draft202012Validator(schema_of(BY_NAME[name].gives))
        for arguments in calls:
            send = agent.reads if BY_NAME[name].hints.read_only else agent.does
            answer = await send(name, **arguments)
            agent.app.clock.move(seconds=1)
            assert answer.status == 200, (name, arguments, answer.text)
            schema.validate(answer.body)
            assert answer["ok"] is True
            assert answer["sentence"]
            assert answer.headers["Cache-Control"] == "no-store"


async def test_refusals_are_of_one_shape_and_change_nothing(agent: AgentOf) -> None:
    shape = Draft202012Validator(schema_of(Failure))
    url = "set_status"
    refused = {
        (401, "invalid_auth"): await agent.sends("GET", "get_status", headers={"Authorization": "Bearer quo_no"}),
        (404, "unknown_path"): await agent.sends("GET", "get_everything"),
        (405, "method_not_allowed"): await agent.sends("GET", url),
        (415, "not_json"): await agent.sends("POST", url, data={"text": "Lunch"}),
        (413, "body_too_large"): await agent.sends(
            "POST", url, data=BytesIO(b" " * 1_100_000), headers={"Content-Type": "application/json"}
        ),
        (400, "request"): await agent.sends("POST", url, data=b"{", headers={"Content-Type": "application/json"}),
        (400, "invalid_arguments"): await agent.sends("POST", url, json=["Lunch"]),
        (400, "nothing_to_do"): await agent.sends("POST", "undo", json={}),
    }
    for (status, error), answer in refused.items():
        shape.validate(answer.body)
        assert (answer.status, answer["ok"], answer["error"]) == (status, False, error)
    assert refused[405, "method_not_allowed"].headers["Allow"] == "POST"
    assert refused[401, "invalid_auth"].headers["WWW-Authenticate"] == "Bearer"  # no metadata of OAuth
    twice = await agent.sends("GET", "preview", params=[("day", "tuesday"), ("day", "friday")])
    in_the_address = await agent.sends("POST", "pause", params={"until": "17:00"})
    body = b'{"until": "17:00", "until": "18:00"}'
    twice_in_it = await agent.sends("POST", "pause", data=body, headers={"Content-Type": "application/json"})
    for answer in (twice, in_the_address, twice_in_it):
        assert (answer.status, answer["error"]) == (400, "invalid_arguments")
    assert (await agent.reads("get_status"))["paused"] is False
    await agent.app.settle()
    assert agent.app.text() == "Out of office until 25 November"  # her calendar's


@pytest.mark.slow
async def test_call_above_sixty_in_a_minute_is_told_when_to_come_back(agent: AgentOf) -> None:
    for _ in range(MOST_CALLS):
        assert (await agent.reads("get_status")).status == 200
    answer = await agent.reads("get_status")
    Draft202012Validator(schema_of(Failure)).validate(answer.body)
    assert (answer.status, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "60")


async def test_sentences_are_in_the_persons_language_and_plain(running_app: RunningApp) -> None:
    await running_app.joins(tz="Europe/Berlin", locale="de-DE")
    async with agent_of(running_app) as agent:
        done = await agent.does("set_status", text="Mittag *heute* `x`", until="Freitag")
        assert done["sentence"] == "Dein Status: Mittag *heute* `x` bis Fr., 27. Nov., 24:00 Uhr."
        assert done["understood"]["end"] == "2026-11-28T00:00:00+01:00"
        failed = await agent.does("set_status", text="x", until="Quatsch")
        assert failed["sentence"].startswith("Diese Zeitangabe habe ich nicht verstanden. Versuch es mit 24.12.")
        assert "`" not in failed["sentence"]


async def test_paused_person_is_told_that_it_is_set_later(agent: AgentOf) -> None:
    paused = await agent.does("pause", until="12:00")
    assert (paused["paused"], paused["paused_until"]) == (True, "2026-11-24T12:00:00+01:00")
    assert paused["sentence"] == "Paused: I leave your status alone until 12:00."
    assert (await agent.reads("get_status"))["why"] == "Left alone: you paused me until 12:00."
    done = await agent.does("set_status", text="Lunch", minutes=600)
    assert done["sentence"].endswith("You paused me, so I set it only when you resume: /quo resume.")
    assert (done["status"]["text"], agent.app.text()) == ("Out of office until 25 November",) * 2
    resumed = await agent.does("resume")
    assert (resumed["status"]["text"], resumed["paused"], agent.app.text()) == ("Lunch", False, "Lunch")
    assert (await agent.does("undo", id=resumed["undo_id"]))["paused_until"] == "2026-11-24T12:00:00+01:00"


async def test_undo_without_an_id_takes_back_the_newest_change_one_by_one(agent: AgentOf) -> None:
    await agent.does("set_status", text="Tea")
    agent.app.clock.move(seconds=1)
    await agent.does("pause")
    first, second, third = [await agent.does("undo") for _ in range(3)]
    assert (first["sentence"], first["paused"]) == ("I keep your status again.", False)
    assert second["sentence"] == "Taken back: Tea until you clear it"
    assert (third.status, third["error"]) == (400, "nothing_to_do")
    gone = await agent.does("undo", id="f" * 24)
    assert (gone.status, gone["error"]) == (400, "undo_gone")


async def test_agent_takes_back_no_change_of_a_list_settings_or_calendars(agent: AgentOf) -> None:
    await agent.app.chooses(options={"type": "checkboxes", "selected_options": [{"value": "titles"}]})
    answer = await agent.does("undo")  # the newest are the settings, and the calendar that she has just connected
    assert (answer.status, answer["error"]) == (400, "nothing_to_do")
    assert agent.app.service is not None
    newest = await agent.app.service.stores.undos.list(PersonKey(TEAM, ANN), agent.app.clock.now())
    for one in newest:
        answer = await agent.does("undo", id=one.undo_id)
        assert (answer.status, answer["error"]) == (400, "persons_own_change")
    assert len(newest) == 2


async def test_endless_status_that_an_event_covers_is_told_as_covered(agent: AgentOf) -> None:
    await agent.does("set_status", text="Reading")
    assert (await agent.reads("get_status"))["covered"] is None
    agent.app.feeds["work"].has(lasting("a", at("11:00"), 60, "Budget"))
    await agent.app.until(at("11:10"))
    await agent.app.read_again()
    now = await agent.reads("get_status")
    assert now["status"]["text"] == "In a meeting"
    assert now["covered"] == {"text": "Reading", "emoji": "", "until": None}


async def test_status_typed_in_slack_is_told_as_ones_own(running_app: RunningApp) -> None:
    await running_app.joins(tz="Europe/Berlin")
    await running_app.says("Typed by hand", ":wave:", at("12:00"))
    async with agent_of(running_app) as agent:
        now = await agent.reads("get_status")
        assert now["status"] == {"text": "Typed by hand", "emoji": ":wave:", "until": "2026-11-24T13:00:00+01:00"}
        assert now["sentence"] == "You set :wave: Typed by hand yourself. I leave it alone."
        done = await agent.does("set_status", text="Lunch", until="11:00")
        assert done["status"]["text"] == running_app.text() == "Lunch"  # one's own word goes over anything
        covered = (await agent.reads("get_status"))["covered"]
        assert (covered["text"], covered["until"]) == ("Typed by hand", "2026-11-24T13:00:00+01:00")


async def test_status_that_shows_is_not_told_as_covered(running_app: RunningApp) -> None:
    await running_app.joins(tz="Europe/Berlin")
    await running_app.says("Typed by hand", ":wave:", at("12:00"))
    async with agent_of(running_app) as agent:
        await agent.does("set_status", text="Lunch", emoji=":pizza:", until="11:00")
        await running_app.says("Typed by hand", ":wave:", at("12:00"))
        await running_app.settle()
        now = await agent.reads("get_status")
        assert (now["status"]["text"], now["covered"]["text"]) == ("Typed by hand", "Lunch")
        assert now["covered"]["until"] == "2026-11-24T11:00:00+01:00"
        await running_app.until(at("10:10"))
        now = await agent.reads("get_status")
        assert (now["status"]["text"], now["covered"]) == ("Typed by hand", None)


async def test_pause_leaves_an_endless_status_uncovered(agent: AgentOf) -> None:
    await agent.does("set_status", text="Reading")
    await agent.does("pause")
    agent.app.feeds["work"].has(lasting("a", at("11:00"), 60, "Budget"))
    await agent.app.until(at("11:10"))
    await agent.app.read_again()
    now = await agent.reads("get_status")
    assert (now["status"]["text"], now["covered"]) == ("Reading", None)


async def test_emoji_that_the_workspace_does_not_have_changes_nothing(running_app: RunningApp) -> None:
    running_app.slack.emoji.add(TEAM, "partyparrot")
    await running_app.joins(add="emoji")
    async with agent_of(running_app) as agent:
        answer = await agent.does("set_status", text="Lunch", emoji="no_such_emoji")
        assert (answer.status, answer["error"]) == (400, "no_such_emoji")
        assert running_app.text() == ""
        await agent.does("set_status", text="Lunch", emoji="partyparrot")
        assert running_app.shows()[:2] == ("Lunch", ":partyparrot:")
