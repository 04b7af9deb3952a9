"""Slack's own methods through an OCP agent, against the whole app: what is set is an override, and is answered as Slack
answers once it is written; what is not written is taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from services.domain.agents import May
from services.domain.model import PersonKey
from services.store.tables import OVERRIDES
from tests.support.feeds import lasting
from tests.support.few import few
from tests.support.ocp_app import GET, agent_of, is_published, key_of, overrides_of, sets
from tests.support.ocp_client import OcpAgent
from tests.support.running_app import ANN, BEN, SET, RunningApp, at


async def test_what_the_seeds_write_works_as_written(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with OcpAgent(running_app.url) as agent:
        assert await agent.register_api("slack", headers=headers) == [
            "usersProfileSet", "usersProfileGet", "usersSetPhoto", "usersInfo",
        ]  # fmt: skip
        until = int(at("11:00").timestamp())
        status = {"status_text": "Lunch & a walk", "status_emoji": ":pizza:", "status_expiration": until}
        answer = await agent.call_tool("usersProfileSet", {"profile": status})
        assert answer.status == 200, answer.body
        is_published(answer, SET)
        assert answer.body["username"] == "ann1"
        shown = {name: answer.body["profile"][name] for name in status}
        assert shown == status | {"status_text": "Lunch &amp; a walk"}
        assert running_app.shows() == ("Lunch & a walk", ":pizza:", at("11:00"))
        answer = await agent.call_tool("usersProfileGet")
        is_published(answer, GET)
        assert answer.body["profile"]["status_text"] == "Lunch &amp; a walk"
        answer = await agent.call_tool("usersInfo", {"user": ANN, "include_locale": "true"})
        is_published(answer, "users.info")
        assert (answer.body["user"]["id"], answer.body["user"]["locale"]) == (ANN, "en-GB")
    await running_app.settle()
    assert running_app.written() == ["Lunch & a walk"]
    assert "Lunch &amp; a walk" in str(await running_app.types("/quo", "why"))
    await running_app.until(at("11:01"))
    assert running_app.text() == ""
    assert running_app.slack.trespasses() == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    few([
        ({"profile": json.dumps({"status_text": "Lunch", "status_emoji": ":pizza:"})}, ("Lunch", ":pizza:", None)),
        (
            {"profile": {"status_text": "Lunch", "status_expiration": str(int(at("10:00").timestamp()))}},
            ("Lunch", ":speech_balloon:", at("10:00")),
        ),
        ({"profile": {"status_text": "Lunch", "status_expiration": 0}}, ("Lunch", ":speech_balloon:", None)),
        ({"profile": {"status_text": "Lunch", "status_emoji": "🍕"}}, ("Lunch", ":pizza:", None)),
        ({"name": "status_text", "value": "Lunch"}, ("Lunch", ":speech_balloon:", None)),
        ({"profile": {"status_text": "Tea"}, "user": ANN, "token": "xoxp-x"}, ("Tea", ":speech_balloon:", None)),
    ], quick=2),
)  # fmt: skip
async def test_status_is_set_however_it_is_sent(
    running_app: RunningApp, arguments: dict[str, Any], expected: tuple[str, str, Any]
) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        answer = await agent.call_tool("usersProfileSet", arguments)
        assert answer.body["ok"] is True, answer.body
        is_published(answer, SET)
    assert running_app.shows() == expected


async def test_what_is_left_out_stays_as_the_profile_shows_it(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    await running_app.says("Own", ":house:", at("12:00"))
    async with agent_of(running_app, headers) as agent:
        assert (await sets(agent, status_text="Still here"))["ok"]
        assert running_app.shows() == ("Still here", ":house:", at("12:00"))
        running_app.clock.move_to(at("09:01"))
        assert (await sets(agent, status_emoji=":pizza:"))["ok"]
        assert running_app.shows() == ("Still here", ":pizza:", at("12:00"))
        running_app.clock.move_to(at("09:02"))
        assert (await sets(agent, status_expiration=0))["ok"]
        assert running_app.shows() == ("Still here", ":pizza:", None)
        running_app.clock.move_to(at("09:03"))
        ends = {"name": "status_expiration", "value": int(at("10:30").timestamp())}
        assert (await agent.call_tool("usersProfileSet", ends)).body["ok"]
        assert running_app.shows() == ("Still here", ":pizza:", at("10:30"))
    await running_app.until(at("10:31"))
    assert running_app.shows() == ("Still here", ":house:", at("12:00"))  # an override as well, and it goes on


async def test_nothing_asked_for_changes_nothing(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        assert (await sets(agent))["ok"]
        assert (await sets(agent, status_expiration=0))["profile"]["status_text"] == ""
        assert (await sets(agent, status_text="", status_emoji=""))["profile"]["status_text"] == ""
    assert await overrides_of(running_app) == []
    assert running_app.written() == []


async def test_cleared_is_as_by_command(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    await running_app.says("Own", ":house:")
    async with agent_of(running_app, headers) as agent:
        assert (await sets(agent, status_text="Lunch", status_emoji=":pizza:"))["ok"]
        cleared = await sets(agent, status_text="", status_emoji="", status_expiration=0)
        assert cleared["profile"]["status_text"] == "Own"  # what was covered stays
        refused = await sets(agent, status_text="", status_emoji="")
        assert (refused["ok"], refused["error"]) == (False, "profile_set_failed")
        assert "in Slack itself" in refused["sentence"]
    assert running_app.shows() == ("Own", ":house:", None)


async def test_cleared_during_a_meeting_she_is_back_until_it_is_over(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    running_app.feeds["work"].has(lasting("m1", at("09:00"), 60))
    await running_app.connects("work")
    assert running_app.text() == "In a meeting"
    async with agent_of(running_app, headers) as agent:
        cleared = await sets(agent, status_text="", status_emoji="")
        assert cleared["profile"]["status_text"] == ""
    assert running_app.text() == ""
    assert [row.kind for row in await running_app.rows(sa.select(OVERRIDES.c.kind))] == ["back"]


_LONG = "x" * 101
_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"profile": {"status_text": _LONG, "status_emoji": ":pizza:"}}, "too_long"),
    ({"profile": {"status_text": "🍕" * 51}}, "too_long"),
    ({"profile": {"status_text": "", "status_emoji": ":pizza:"}}, "must_clear_both_status_text_and_status_emoji"),
    ({"profile": {"status_text": "Lunch", "status_emoji": ""}}, "must_clear_both_status_text_and_status_emoji"),
    ({"profile": {"status_text": ""}}, "must_clear_both_status_text_and_status_emoji"),
    ({"profile": "{"}, "invalid_profile"),
    ({"profile": "[]"}, "invalid_profile"),
    ({"profile": '"Lunch"'}, "invalid_profile"),
    ({"profile": "[" * 100_000}, "invalid_profile"),
    ({"profile": ["Lunch"]}, "invalid_profile"),
    ({"profile": 7}, "invalid_profile"),
    ({"profile": {"status_text": ["Lunch"]}}, "invalid_profile"),
    ({"profile": '{"status_text": {}}'}, "invalid_profile"),
    ({"name": {}, "value": "Lunch"}, "invalid_arguments"),
    ({}, "invalid_profile"),
    ({"profile": {"status_text": 7}}, "invalid_profile"),
    ({"profile": {"status_text": "Lunch", "status_expiration": True}}, "invalid_profile"),
    ({"profile": {"status_text": "Lunch", "status_expiration": 1.5}}, "invalid_profile"),
    ({"profile": {"status_text": "Lunch", "status_expiration": "soon"}}, "invalid_profile"),
    ({"profile": {"status_text": "Lunch", "status_expiration": -1}}, "invalid_profile"),
    ({"profile": {"status_text": "Lunch", "status_expiration": int(at("08:59").timestamp())}}, "invalid_profile"),
    ({"profile": {"status_text": "Lunch", "status_expiration": 10**15}}, "invalid_profile"),
    ({"profile": {"status_text": "Lunch", "real_name": "Ben"}}, "invalid_profile"),
    ({"profile": {"email": "ben@example.com"}}, "invalid_profile"),
    ({"profile": {f"Xf{number}": "" for number in range(51)}}, "invalid_profile"),
    ({"profile": {"x" * 256: ""}}, "invalid_profile"),
    ({"name": "title", "value": "Boss"}, "invalid_profile"),
    ({"name": "status_text", "value": "Lunch", "profile": {"status_text": "Tea"}}, "invalid_arguments"),
    ({"profile": {"status_text": "Lunch", "status_emoji": ":no such:"}}, "invalid_emoji_not_allowed"),
    ({"profile": {"status_text": "Lunch"}, "user": BEN}, "not_admin"),
    ({"profile": {"status_text": "Lunch"}, "user": "U0NOBODY01"}, "not_admin"),
]


async def test_what_cannot_be_set_is_refused_by_slacks_own_names_and_nothing_is_written(
    running_app: RunningApp,
) -> None:
    headers = await key_of(running_app)
    await running_app.joins(BEN)
    running_app.slack.member(ANN).is_owner = True  # nor may who manages the workspace
    await running_app.says("Own", ":house:", at("12:00"))
    async with agent_of(running_app, headers) as agent:
        for arguments, error in _REFUSED:
            answer = await agent.call_tool("usersProfileSet", arguments)
            got = answer.status, answer.body.get("ok"), answer.body.get("error")
            assert got == (200, False, error), (arguments, answer.body)
            assert answer.body["sentence"], arguments
        for tool in ("usersProfileGet", "usersInfo"):
            answer = await agent.call_tool(tool, {"user": BEN})
            assert (answer.status, answer.body["error"]) == (200, "user_not_found")
    await running_app.settle()
    assert running_app.shows() == ("Own", ":house:", at("12:00"))
    assert running_app.written() == running_app.written(BEN) == []
    assert await overrides_of(running_app) == []


async def test_no_key_a_wrong_one_one_that_reads_and_too_many_calls(running_app: RunningApp) -> None:
    reads = await key_of(running_app, may=May.READ)
    lunch = {"profile": {"status_text": "Lunch"}}
    async with agent_of(running_app, {}) as agent:
        for headers in ({}, {"Authorization": "Bearer xoxp-1"}, {"Authorization": f"Bearer quo_{'a' * 43}"}):
            answer = await agent.call_tool("usersProfileSet", lunch, headers=headers)
            assert (answer.status, answer.body["error"]) == (401, "invalid_auth")
        answer = await agent.call_tool("usersProfileSet", lunch, headers=reads)
        assert (answer.status, answer.body["error"]) == (403, "no_permission")
        assert (await agent.call_tool("usersProfileGet", headers=reads)).body["ok"]
        for _ in range(59):
            answer = await agent.call_tool("usersProfileGet", {"user": BEN}, headers=reads)
            assert answer.body["error"] == "user_not_found"
        answer = await agent.call_tool("usersProfileGet", headers=reads)
        assert (answer.status, answer.body["error"]) == (429, "ratelimited")
        assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert running_app.written() == []


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [({"retry_after": 30}, 429, "ratelimited"), ({"status": 503}, 200, "service_unavailable")],
)
async def test_what_slack_does_not_answer_is_not_promised_for_later(
    running_app: RunningApp, fault: dict[str, Any], status: int, error: str
) -> None:
    async with agent_of(running_app, await key_of(running_app)) as agent:
        await agent.call_tool("usersProfileGet")  # whose token it is, is known
        running_app.slack.faults.add(GET, times=None, **fault)
        answer = await agent.call_tool("usersProfileSet", {"profile": {"status_text": "Lunch"}})
    assert (answer.status, answer.body["error"]) == (status, error)
    assert "try again" in answer.body["sentence"]
    assert "will be done" not in answer.body["sentence"]
    assert await overrides_of(running_app) == []


async def test_headers_of_64_kib_come_through_and_what_an_agent_tells_of_itself_is_in_no_log(
    running_app: RunningApp, written: StringIO
) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        agent.goal = "goal-of-the-agent"
        agent.history = [
            {"action": "x", "parameters": {"password": f"secret-of-another-call-{n}"}} for n in range(9000)
        ]
        assert len(agent.ocp_headers()["OCP-Session"]) > 30_000
        arguments = {"profile": {"status_text": "Lunch"}, "token": "xoxp-the-callers-own"}
        assert (await agent.call_tool("usersProfileSet", arguments)).body["ok"]
        session = agent.ocp_headers()["OCP-Session"]
    async with aiohttp.ClientSession(headers=headers | {"OCP-Session": "s" * 65_000}) as raw:
        async with raw.get(f"{running_app.url}/api/v1/users.profile.get") as response:
            assert response.status == 200
        async with raw.get(f"{running_app.url}/registry/slack") as response:
            assert response.status == 200
    logged = written.getvalue()
    assert "agent_asked" in logged
    for secret in (
        "goal-of-the-agent",
        "secret-of-another-call",
        session[:40],
        "s" * 100,
        "xoxp-the-callers-own",
        "Lunch",
    ):
        assert secret not in logged
    assert headers["Authorization"].removeprefix("Bearer ") not in logged


async def test_registry_needs_no_key_and_unknown_entries_are_404(running_app: RunningApp) -> None:
    async with OcpAgent(f"{running_app.url}/api/v1") as agent:
        assert "usersProfileSet" in await agent.register_api("slack")
        others = await agent.register_api("status-quo")
        assert "getStatus" in others
        assert not {"usersProfileSet", "usersInfo"} & set(others)
        with pytest.raises(aiohttp.ClientResponseError, match="404"):
            await agent.register_api("github")


async def test_policy_without_agents_lets_none_in(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    assert running_app.service is not None
    await running_app.service.cases.workspace.policies.change(
        PersonKey("T0DEMO0001", ANN), lambda policy: replace(policy, agents=False)
    )
    async with agent_of(running_app, headers) as agent:
        for tool in ("usersProfileGet", "usersProfileSet", "usersInfo"):
            answer = await agent.call_tool(tool)
            assert (answer.status, answer.body["error"]) == (403, "no_permission")


async def test_sixty_reads_in_a_minute_are_answered_and_slack_is_asked_for_fewer(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        for _ in range(60):
            answer = await agent.call_tool("usersProfileGet")
            assert (answer.status, answer.body["ok"]) == (200, True), answer.body
        assert (await agent.call_tool("usersProfileGet")).status == 429
    assert len(running_app.slack.calls.all(GET, user=ANN)) <= 50


async def test_agent_is_not_told_that_the_grant_is_lost_while_slack_may_refuse_everybody(
    running_app: RunningApp,
) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        running_app.slack.faults.add("*", error="invalid_auth", times=None)
        for method, arguments in (("usersProfileGet", {}), ("usersInfo", {"user": ANN})):
            answer = await agent.call_tool(method, arguments)
            assert (answer.status, answer.body["error"]) == (200, "service_unavailable")
