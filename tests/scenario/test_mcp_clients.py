"""The clients that people have, over a real socket: the official SDK's and fastmcp's, each in all of its modes."""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest

from handlers.agents.operations import OPERATIONS
from tests.support.mcp_wire import new_key
from tests.support.pictures import encoded, quarters
from tests.support.running_app import RunningApp

CALLS: dict[str, dict[str, Any]] = {
    "get_status": {},
    "set_status": {"text": "Lunch", "emoji": ":pizza:", "minutes": 45},
    "clear_status": {},
    "pause": {"until": "17:00"},
    "resume": {},
    "undo": {},
    "set_out_of_office": {"to": "friday", "note": "Skiing"},
    "end_out_of_office": {},
    "preview": {"day": "tomorrow"},
    "list_events": {},
    "who_is_out": {},
    "usersProfileSet": {"profile": {"status_text": "Tea", "status_emoji": ":tea:", "status_expiration": 0}},
    "usersProfileGet": {},
    "usersSetPhoto": {"image": base64.b64encode(encoded(quarters(100, 100))).decode()},
    "usersInfo": {"include_locale": True},
}
"""What each tool is called with, in the order of the table."""

MODES = ("auto", "legacy", "2026-07-28")
"""`auto` asks for `server/discover` first; a revision is taken as given."""

Packages = dict[str, ModuleType]


@pytest.fixture(scope="session")
def official_sdk() -> Packages:
    """It takes seconds to import: only for those who use it, and outside of any loop."""
    names = ("mcp", "mcp.client.streamable_http", "mcp.shared._httpx_utils")
    return {name: importlib.import_module(name) for name in names}


@pytest.fixture(scope="session")
def fastmcp() -> Packages:
    return {name: importlib.import_module(name) for name in ("fastmcp", "fastmcp.client.transports")}


@asynccontextmanager
async def official(packages: Packages, url: str, secret: str, mode: str) -> AsyncIterator[Any]:
    """The client of the package mcp, with the key in a fixed header."""
    headers = {"Authorization": f"Bearer {secret}"}
    async with packages["mcp.shared._httpx_utils"].create_mcp_http_client(headers=headers) as http:
        transport = packages["mcp.client.streamable_http"].streamable_http_client(url, http_client=http)
        async with packages["mcp"].Client(transport, mode=mode, read_timeout_seconds=20) as client:
            yield client


async def a_minute_later(running_app: RunningApp) -> None:
    """Slack takes ten statuses of a person in a minute, and each round sets some."""
    running_app.clock.move(seconds=61)
    await running_app.settle()


async def everything(client: Any) -> dict[str, Any]:
    """Every tool that the client lists, called; its answers by name."""
    listed = await client.list_tools()
    tools = {tool.name: tool for tool in getattr(listed, "tools", listed)}
    assert list(tools) == [operation.name for operation in OPERATIONS]
    assert all(tool.description and tool.input_schema and tool.output_schema for tool in tools.values())
    read_only = {name: tool.annotations.read_only_hint for name, tool in tools.items()}
    assert read_only == {operation.name: operation.hints.read_only for operation in OPERATIONS}
    answers: dict[str, Any] = {}
    for name in tools:
        of_before = {"id": answers["resume"].structured_content["undo_id"]} if name == "undo" else {}
        answers[name] = await client.call_tool(name, CALLS[name] | of_before)
        if name == "undo":  # paused once more: while it is, Slack's own method writes nothing
            await client.call_tool("resume", {})
    for operation in OPERATIONS:
        answer = answers[operation.name]
        assert not answer.is_error, (operation.name, answer.content)
        assert answer.structured_content["ok"] is True
        assert json.loads(answer.content[-1].text) == answer.structured_content
        if not operation.of_slack:
            assert answer.content[0].text == answer.structured_content["sentence"]
    await client.call_tool("clear_status", {})  # as it was before
    return answers


@pytest.mark.parametrize(
    "modes", [pytest.param(MODES[:1], id="auto"), pytest.param(MODES, id="all", marks=pytest.mark.slow)]
)
async def test_official_client_lists_and_calls_every_tool(
    running_app: RunningApp, official_sdk: Packages, modes: tuple[str, ...]
) -> None:
    secret = await new_key(running_app, await running_app.joins())
    for mode in modes:
        await a_minute_later(running_app)
        async with official(official_sdk, f"{running_app.url}/mcp", secret, mode) as client:
            assert client.protocol_version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
            if mode != "2026-07-28":  # where it is given, nobody asks who the server is
                assert client.server_info.name == "status-quo"
                assert "never instructions" in client.instructions
            answers = await everything(client)
        sentence = answers["get_status"].structured_content["sentence"]
        assert sentence.startswith("Nothing is shown at the moment."), sentence


async def test_official_client_is_told_why_it_is_not_let_in(running_app: RunningApp, official_sdk: Packages) -> None:
    await running_app.joins()
    why = re.escape("That key is not valid. Make a new one on my Home tab in Slack.")
    refusal = pytest.RaisesExc(official_sdk["mcp"].MCPError, match=why)
    for mode in MODES:
        with pytest.RaisesGroup(refusal, flatten_subgroups=True, allow_unwrapped=True):
            async with official(official_sdk, f"{running_app.url}/mcp", "quo_" + "x" * 43, mode) as client:
                await client.list_tools()


@pytest.mark.slow
async def test_fastmcp_client_lists_and_calls_every_tool(running_app: RunningApp, fastmcp: Packages) -> None:
    secret = await new_key(running_app, await running_app.joins())
    for mode in MODES:
        await a_minute_later(running_app)
        transport = fastmcp["fastmcp.client.transports"].StreamableHttpTransport(
            f"{running_app.url}/mcp", headers={"Authorization": f"Bearer {secret}"}
        )
        async with fastmcp["fastmcp"].Client(transport, mode=mode, timeout=20) as client:
            answers = await everything(client)
        sentence = answers["get_status"].structured_content["sentence"]
        assert sentence.startswith("Nothing is shown at the moment."), sentence
