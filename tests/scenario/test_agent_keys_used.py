"""Keys at the doors for agents: revoked and counted over all replicas, wrong ones slowed down, told nowhere."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from emulators.slack import AppConfig, LocalSlack
from services.domain.agents import MOST_CALLS, May
from services.domain.model import PersonKey
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from services.store.stores import Stores
from services.store.tables import METADATA
from tests.support.agent_calls import AgentOf, agent_of, key_of
from tests.support.agents import clicks, makes_key
from tests.support.clocks import ManualClock
from tests.support.command_line import Served
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, free_port, open_running_app
from tests.support.stepped_app import text_of

WRONG = "quo_" + "A" * 43
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_status", "arguments": {}}}


@pytest.fixture
async def agent(running_app: RunningApp) -> AsyncIterator[AgentOf]:
    await running_app.joins()
    async with agent_of(running_app) as made:
        yield made


@pytest.fixture
async def behind_proxy(database_url: str, clock: ManualClock) -> AsyncIterator[AgentOf]:
    """Ann's agent; the app stands behind a proxy on its own machine, which says who asks."""
    async with open_running_app(clock, database_url, {"TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8"}) as app:
        await app.joins()
        async with agent_of(app) as made:
            yield made


async def tries(agent: AgentOf, secret: str, **headers: str) -> tuple[int, str | None]:
    """A call with another key; its status, and how long it is told to wait."""
    answered = await AgentOf(agent.app, secret, agent.session).sends("GET", "get_status", headers=headers)
    return answered.status, answered.headers.get("Retry-After")


# ── wrong keys ──────────────────────────────────────────────────────────────────────────────────────


async def test_wrong_keys_are_told_to_wait_after_the_tenth_within_a_minute_and_a_right_one_never(
    agent: AgentOf,
) -> None:
    for number in range(10):
        assert await tries(agent, WRONG if number % 2 else "guess") == (401, None)
        agent.app.clock.move(seconds=1)
    assert await tries(agent, WRONG) == (429, "50")
    assert await tries(agent, "guess") == (429, "50")
    assert (await agent.reads("get_status")).status == 200
    other = AgentOf(agent.app, await key_of(agent.app, name="Cursor"), agent.session)
    assert (await other.does("set_status", text="Lunch")).status == 200
    async with agent.session.post(
        f"{agent.app.url}/mcp", json=CALL, headers={"Authorization": f"Bearer {WRONG}"}
    ) as answer:  # the same at each door
        assert (answer.status, answer.headers["Retry-After"]) == (429, "50")
    agent.app.clock.move(seconds=50)
    assert await tries(agent, WRONG) == (401, None)
    assert (await tries(agent, WRONG))[0] == 429


async def test_request_without_a_key_is_no_guess(agent: AgentOf) -> None:
    for _ in range(15):
        async with agent.session.get(f"{agent.app.url}/api/v1/get_status") as answer:
            assert answer.status == 401
    assert await tries(agent, WRONG) == (401, None)


async def test_each_address_has_tries_of_its_own_where_a_trusted_proxy_names_it(behind_proxy: AgentOf) -> None:
    one = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    for _ in range(10):
        assert (await tries(behind_proxy, WRONG, **one))[0] == 401
    assert (await tries(behind_proxy, WRONG, **one))[0] == 429
    # what the client itself writes to the left changes nothing, nor does another proxy of ours to the right
    assert (await tries(behind_proxy, WRONG, **{"X-Forwarded-For": "7.7.7.7, 203.0.113.9, 10.0.0.7"}))[0] == 429
    assert (await tries(behind_proxy, WRONG, **{"X-Forwarded-For": "203.0.113.9, 203.0.113.10"}))[0] == 401
    assert (await tries(behind_proxy, WRONG))[0] == 401
    for number in range(10):
        assert (await tries(behind_proxy, WRONG, **{"X-Forwarded-For": f"2001:db8:1:2::{number}"}))[0] == 401
    assert (await tries(behind_proxy, WRONG, **{"X-Forwarded-For": "2001:db8:1:2:ffff::1"}))[0] == 429
    assert (await tries(behind_proxy, WRONG, **{"X-Forwarded-For": "2001:db8:1:3::1"}))[0] == 401
    assert (await tries(behind_proxy, behind_proxy.secret, **one))[0] == 200


async def test_whoever_writes_the_header_itself_is_counted_by_its_own_address(agent: AgentOf) -> None:
    for number in range(10):
        assert (await tries(agent, WRONG, **{"X-Forwarded-For": f"203.0.113.{number}"}))[0] == 401
    assert (await tries(agent, WRONG, **{"X-Forwarded-For": "203.0.113.99"}))[0] == 429


# ── counted, revoked ────────────────────────────────────────────────────────────────────────────────


async def test_minute_of_a_key_is_one_at_all_doors_and_waiting_as_told_is_enough(agent: AgentOf) -> None:
    headers = {"Authorization": f"Bearer {agent.secret}"}
    for _ in range(MOST_CALLS // 2):
        assert (await agent.reads("get_status")).status == 200
        async with agent.session.post(f"{agent.app.url}/mcp", json=CALL, headers=headers) as answer:
            assert answer.status == 200
            assert "error" not in await answer.json()
        agent.app.clock.move(seconds=1)
    refused = await agent.reads("get_status")
    assert (refused.status, refused["error"], refused.headers["Retry-After"]) == (429, "ratelimited", "30")
    async with agent.session.post(f"{agent.app.url}/mcp", json=CALL, headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
    assert (await agent.does("set_status", text="Lunch")).status == 429
    assert agent.app.text() == ""
    agent.app.clock.move(seconds=30)
    assert (await agent.reads("get_status")).status == 200


async def test_key_that_is_revoked_in_slack_is_401_at_the_next_call(running_app: RunningApp) -> None:
    await running_app.joins()
    secret = await makes_key(running_app.slack, ANN)
    async with aiohttp.ClientSession() as session:
        agent = AgentOf(running_app, secret, session)
        assert (await agent.reads("get_status")).status == 200
        await running_app.types("/quo", "keys")
        revoke = next(
            block["accessory"]["action_id"]
            for block in running_app.slack.modals[ANN][-1].view["blocks"]
            if block.get("accessory", {}).get("action_id", "").startswith("revoke_")
        )
        await clicks(running_app.slack, ANN, revoke)
        assert (await agent.reads("get_status")).status == 401
        assert (await agent.does("set_status", text="Lunch")).status == 401
        assert running_app.text() == ""


async def test_where_the_workspace_allows_no_agents_every_door_says_so_and_keys_work_again_afterwards(
    agent: AgentOf,
) -> None:
    assert agent.app.service is not None
    policies, ben = agent.app.service.cases.workspace.policies, PersonKey(TEAM, BEN)
    headers = {"Authorization": f"Bearer {agent.secret}"}
    await policies.change(ben, lambda before: replace(before, agents=False))
    refused = await agent.does("set_status", text="Lunch")
    assert (refused.status, refused["error"]) == (403, "agents_not_allowed")
    assert refused["sentence"] == "Agents are not allowed here: the workspace's policy, or its operator, says so."
    for message in (CALL, CALL | {"method": "tools/list", "params": {}}):
        async with agent.session.post(f"{agent.app.url}/mcp", json=message, headers=headers) as answer:
            assert answer.status == 403
    assert agent.app.text() == ""
    await policies.change(ben, lambda before: replace(before, agents=True))
    assert (await agent.does("set_status", text="Lunch")).status == 200
    assert agent.app.text() == "Lunch"


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_minute_and_revocation_hold_over_two_processes(database_url: str, tmp_path: Path) -> None:
    clock, key = SystemClock(), new_key()
    async with LocalSlack(clock, AppConfig()) as slack:
        slack.add_workspace(TEAM)
        slack.add_person(ANN, "ann", team_id=TEAM)
        served = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            port = free_port()
            settings = {
                "SLACK_SIGNING_SECRET": slack.app.signing_secret, "SLACK_CLIENT_ID": slack.app.client_id,
                "SLACK_CLIENT_SECRET": slack.app.client_secret, "SLACK_API_URL": slack.api_url,
                "SLACK_AUTHORIZE_URL": slack.authorize_url, "DATABASE_URL": database_url, "ENCRYPTION_KEYS": key,
                "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json",
            }  # fmt: skip
            served.append(Served(tmp_path / name, settings))
        slack.app.request_url = f"{served[0].url}/slack/events"
        try:
            await asyncio.gather(*(one.start() for one in served))
            status, page = await slack.allow(f"{served[0].url}/slack/install", ANN)
            assert status == 200, page
            secret = await makes_key(slack, ANN)
            headers = {"Authorization": f"Bearer {secret}"}
            async with aiohttp.ClientSession(headers=headers) as session:

                async def call(one: Served) -> tuple[int, int]:
                    async with session.get(f"{one.url}/api/v1/get_status") as answer:
                        return answer.status, int(answer.headers.get("Retry-After", 0))

                began = clock.now()
                answers = await asyncio.gather(*(call(one) for _ in range(MOST_CALLS) for one in served))
                took = (clock.now() - began).total_seconds()
                assert took < 50, "too slow a machine for this to tell anything"
                assert Counter(status for status, _ in answers) == {200: MOST_CALLS, 429: MOST_CALLS}
                assert all(60 - took - 1 <= wait <= 60 for status, wait in answers if status == 429)
                stores = Stores.at(database_url, [key], clock)  # a third process, such as a command line
                async with stores:
                    (kept,) = await stores.agents.keys(PersonKey(TEAM, ANN))
                    assert await stores.agents.revoke(PersonKey(TEAM, ANN), kept.key_id)
                for one in served:
                    assert (await call(one))[0] == 401
            assert [await one.stop() for one in served] == [0, 0]
            for one in served:
                assert secret[4:] not in one.log.read_text()
        finally:
            for one in served:
                one.kill()


# ── in nothing that is told ─────────────────────────────────────────────────────────────────────────


async def test_key_is_in_no_log_no_error_no_export_and_nowhere_in_the_database(
    running_app: RunningApp, written: StringIO
) -> None:
    await running_app.joins()
    await running_app.joins(BEN)
    assert running_app.service is not None
    secret, read_only = await makes_key(running_app.slack, ANN, "My Claude"), await key_of(running_app, may=May.READ)
    told: list[str] = []
    async with aiohttp.ClientSession() as session:
        for one in (secret, read_only, secret[:-1], secret + "x", f"{secret} {secret}"):
            bearer = {"Authorization": f"Bearer {one}"}
            for method, path, more in (
                ("GET", "/api/v1/get_status", {}),
                ("GET", f"/api/v1/get_status?key={one}", {}),
                ("GET", f"/api/v1/{one}", {}),
                ("POST", "/api/v1/set_status", {"json": {"text": "Lunch", "token": one}}),
                ("POST", "/api/v1/set_status", {"data": one}),
                ("POST", "/api/v1/set_status", {"json": {"text": "Lunch", "minutes": one}}),
                ("POST", "/mcp", {"json": CALL}),
                ("POST", "/mcp", {"json": CALL | {"method": one}}),
                ("POST", "/mcp", {"data": one}),
                ("POST", f"/hooks/{one}", {"json": {"text": "Lunch"}}),
            ):
                async with session.request(method, running_app.url + path, headers=bearer, **more) as answer:
                    told.append(json.dumps(dict(answer.headers)) + await answer.text())
                    assert answer.status < 500
    await running_app.settle()
    exported = await running_app.service.stores.export.export(PersonKey(TEAM, ANN))
    assert {one["name"] for one in exported["agent_keys"]} == {"My Claude", "Claude"}
    held = [
        " ".join(repr(value) for value in row)
        for table in METADATA.sorted_tables
        for row in await running_app.rows(sa.select(table))
    ]
    for hidden in (secret[4:46], read_only[4:46]):
        assert hidden not in written.getvalue()
        assert hidden not in json.dumps(exported, default=str)
        assert not any(hidden in row for row in held)
        assert not any(hidden in answer for answer in told)
        assert hidden not in json.dumps(running_app.slack.homes[ANN].view)


# ── whose doing it is ───────────────────────────────────────────────────────────────────────────────


async def test_why_names_the_agent_of_a_status_an_absence_and_a_pause_that_stand(agent: AgentOf) -> None:
    await agent.does("set_status", text="At the dentist", until="15:00")
    said = text_of(await agent.app.types("/quo", "why"))
    assert "Asked by agent *Claude*, 09:00: *At the dentist* until 15:00" in said
    agent.app.clock.move(seconds=1)
    await agent.app.types("/quo", "Back in an hour")
    assert "Asked by agent" not in text_of(await agent.app.types("/quo", "why"))
    agent.app.clock.move(seconds=59)
    await agent.does("pause")
    said = text_of(await agent.app.types("/quo", "why"))
    assert "Asked by agent *Claude*, 09:01: a pause" in said
    assert "At the dentist" not in said
    await agent.does("resume")
    await agent.does("set_out_of_office", to="friday", note="Skiing")
    said = text_of(await agent.app.types("/quo", "why"))
    assert "a pause" not in said
    assert "Asked by agent *Claude*, 09:01: *Skiing* until" in said


async def test_who_asks_stays_known_after_the_key_is_gone(agent: AgentOf) -> None:
    await agent.does("set_status", text="At the dentist", until="15:00")
    assert agent.app.service is not None
    keys = agent.app.service.cases.agents.keys
    (kept,) = await keys.list(PersonKey(TEAM, ANN))
    await keys.revoke(PersonKey(TEAM, ANN), kept.key_id)
    assert "Asked by agent *Claude*" in text_of(await agent.app.types("/quo", "why"))
