"""The demo's agent: what can be asked when, and what it makes of whatever the app answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock, Mock
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from demo.agent import MASKED, DemoAgent, sentences
from demo.clock import DemoClock
from demo.seed import people_the_workspace
from emulators.slack import LocalSlack
from services.domain.agents import AgentKey, May
from services.usecases.agents import AgentKeys

MONDAY = datetime(2026, 3, 23, 8, 55, tzinfo=UTC)
"""Six days before the clocks change in London."""
MAYA, SECRET = "U0MAYA0001", "quo_" + "s" * 43


@pytest.mark.parametrize(
    ("now", "until", "end"),
    [
        ("2026-11-23T00:05", "three", "2026-11-23T15:00"),
        ("2026-11-23T13:59", "three", "2026-11-23T15:00"),
        ("2026-11-23T14:00", "four", "2026-11-23T16:00"),
        ("2026-11-23T21:30", "eleven", "2026-11-23T23:00"),
        ("2026-11-23T22:00", "midnight", "2026-11-24T00:00"),
        ("2026-12-31T23:59", "one", "2027-01-01T01:00"),
    ],
)
def test_the_hour_at_which_one_is_back_is_still_to_come(now: str, until: str, end: str) -> None:
    dentist = sentences(datetime.fromisoformat(now).replace(tzinfo=ZoneInfo("Europe/Berlin")))[0]
    assert (dentist.says, dentist.arguments["until"]) == (f"I’m at the dentist until {until}", end)


@pytest.mark.parametrize(
    ("today", "day", "last"),
    [
        ("2026-11-23", "Friday", "2026-11-26"),
        ("2026-11-25", "Friday", "2026-11-26"),
        ("2026-11-26", "Wednesday", "2026-12-01"),
        ("2026-11-29", "Wednesday", "2026-12-01"),
    ],
)
def test_out_until_a_day_is_out_to_the_end_of_the_one_before(today: str, day: str, last: str) -> None:
    out = sentences(datetime.fromisoformat(today).replace(tzinfo=ZoneInfo("Europe/Berlin")))[1]
    assert (out.says, out.arguments) == (f"I’m out until {day}", {"to": last})


@asynccontextmanager
async def agent(answer: str, status: int, *, to_undo: str = "") -> AsyncIterator[tuple[DemoAgent, list[web.Request]]]:
    """An agent, and what the app heard that answers it so; `to_undo` is another answer to that tool."""
    heard: list[web.Request] = []

    async def mcp(request: web.Request) -> web.Response:
        await request.read()
        heard.append(request)
        is_undo = request.headers["Mcp-Name"] == "undo"
        return web.Response(text=to_undo if is_undo and to_undo else answer, status=status)

    app = web.Application()
    app.router.add_post("/mcp", mcp)
    slack, keys = LocalSlack(DemoClock(MONDAY)), Mock(AgentKeys)
    people_the_workspace(slack)
    keys.make = AsyncMock(return_value=(AgentKey("k1", "Demo agent", May.WRITE, MONDAY), SECRET))
    async with TestServer(app) as server:
        asks = DemoAgent(str(server.make_url("")).rstrip("/"), keys, slack)
        yield asks, heard
        await asks.close()


ANSWERS: list[tuple[dict[str, Any] | str, int, str, str]] = [
    ("<h1>Bad gateway</h1>", 502, "The app answered 502.", "http_502"),
    ({"error": {"code": 429, "message": "Wait.", "data": {"error": "ratelimited"}}}, 429, "Wait.", "ratelimited"),
    ({"error": {"code": -32602, "message": "There is no such tool"}}, 400, "There is no such tool", "-32602"),
    ({"result": {"isError": True, "content": [{"type": "text", "text": "Too late."}]}}, 200, "Too late.", "isError"),
    ({"result": {"content": [], "structuredContent": {"sentence": "You are out."}}}, 200, "You are out.", ""),
]


@pytest.mark.parametrize(("answer", "status", "said", "error"), ANSWERS)
async def test_whatever_the_app_answers_is_shown_and_the_key_is_not(
    answer: dict[str, Any] | str, status: int, said: str, error: str
) -> None:
    async with agent(answer if isinstance(answer, str) else json.dumps(answer), status) as (asks, heard):
        await asks.ask(MAYA, "who")
        shown = asks.shown(MAYA)
    assert [request.headers["Authorization"] for request in heard] == [f"Bearer {SECRET}"]
    body = await heard[0].json()
    assert (body["method"], heard[0].headers["Mcp-Name"]) == ("tools/call", body["params"]["name"])
    (exchange,) = shown["asked"]
    assert (exchange["status"], exchange["answer"], exchange["error"]) == (status, said, error)
    assert f"Bearer {MASKED}" in exchange["sent"]
    assert SECRET not in json.dumps(shown)


async def test_an_app_that_is_gone_is_told_of_and_what_is_no_sentence_is_refused() -> None:
    async with agent("", 200) as (asks, heard):
        with pytest.raises(KeyError):
            await asks.ask(MAYA, "rm")
    await asks.ask(MAYA, "dentist")
    await asks.close()
    (exchange,) = asks.shown(MAYA)["asked"]
    assert (exchange["answer"], exchange["status"], heard) == ("The app did not answer.", 0, [])


async def test_what_was_asked_is_undone_from_the_newest_on_and_told_with_its_reason() -> None:
    given = {"sentence": "Your status is 🍕 Lunch.", "why": "You asked for it.", "undo_id": "u1"}
    answer = json.dumps({"result": {"content": [], "structuredContent": given}})
    undone = json.dumps({"result": {"content": [], "structuredContent": {"sentence": "Taken back", "undo_id": None}}})
    async with agent(answer, 200, to_undo=undone) as (asks, heard):
        for which in ("dentist", "out", "undo", "undo", "undo"):
            await asks.ask(MAYA, which)
        tools = [request.headers["Mcp-Name"] for request in heard]
        asked = asks.shown(MAYA)["asked"]
        await asks.ask(MAYA, "why")
        told = asks.shown(MAYA)["asked"][-1]
    assert tools == ["set_status", "set_out_of_office", "undo", "undo"]
    assert [exchange["undone"] for exchange in asked[:2]] == [True, True]
    assert "nothing to call" in asked[-1]["answer"]
    assert (told["answer"], told["more"]) == ("Your status is 🍕 Lunch.", ["You asked for it."])
