"""Messages that nobody would send on purpose: each is answered in the protocol's own way, and none breaks anything."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest

from tests.support.mcp_wire import Wire, new_headers, new_key, new_request, request
from tests.support.running_app import ANN, TEAM, RunningApp

WORDS = [
    None, True, False, 0, -1, 1.5, 1e308, 1 << 70, "", "x", "ping", "tools/call", "tools/list", "initialize",
    "2.0", "get_status", "set_status", "undo", "2026-07-28", "2025-06-18", "\x7f", "é", "🍕" * 40, "a" * 300,
    "\u202e", [], {}, [[]], {"slack": {"user_id": ANN, "team_id": TEAM}}, {"text": "x"}, {"": None}, "<!channel>",
    "{text}", "0x10", "NaN",
]  # fmt: skip
NAMES = [
    "jsonrpc", "id", "method", "params", "name", "arguments", "_meta", "text", "minutes", "until", "emoji", "id", "day",
    "to", "from", "cursor", "protocolVersion", "slack", "result", "error", "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities", "é",
]  # fmt: skip
TOOLS = [
    "get_status", "set_status", "clear_status", "preview", "list_events", "who_is_out", "undo", "set_out_of_office",
    "pause", "resume", "nothing",
]  # fmt: skip


def changed(chance: random.Random, part: Any, depth: int = 0) -> Any:
    """`part` with something in it replaced, added or left out."""
    if not isinstance(part, dict) or chance.random() < 0.2 or depth > 4:
        return chance.choice(WORDS)
    found = dict(part)
    name = chance.choice([*found, *NAMES] if found else NAMES)
    how = chance.random()
    if how < 0.25:
        found.pop(name, None)
    elif how < 0.55 and isinstance(found.get(name), dict):
        found[name] = changed(chance, found[name], depth + 1)
    else:
        found[name] = chance.choice(WORDS)
    return found


def seeds(chance: random.Random) -> dict[str, Any]:
    """A message that is right, or nearly so."""
    tool = chance.choice(TOOLS)
    arguments = {name: chance.choice(WORDS) for name in chance.sample(NAMES, chance.randrange(3))}
    made = [
        request("tools/call", chance.randrange(9), name=tool, arguments=arguments),
        new_request("tools/call", "n", name=tool, arguments=arguments),
        request("initialize", protocolVersion=chance.choice(WORDS)),
        new_request("server/discover"),
        request("tools/list"),
    ]
    return chance.choice(made)


async def fuzz(running_app: RunningApp, count: int, seed: int) -> Counter[int]:
    """Send so many; how often each status came."""
    chance = random.Random(seed)  # noqa: S311 - the same run each time
    ann = await running_app.joins()
    keys = [await new_key(running_app, ann, str(number)) for number in range(3)]
    statuses: Counter[int] = Counter()
    for number in range(count):
        message: Any = seeds(chance)
        headers = new_headers(message)
        for _ in range(chance.randrange(3)):
            message = changed(chance, message)
        if chance.random() < 0.05:
            message = [message] * chance.randrange(4)
        if chance.random() < 0.5:
            headers.pop(chance.choice(list(headers)))
        body = json.dumps(message).encode()
        if chance.random() < 0.1:
            body = body[: chance.randrange(len(body) + 1)] + chance.choice([b"", b"\xff", b"]", b"\\ud800"])
        wire = Wire(running_app, keys[number % 3] if chance.random() < 0.8 else "")
        said = await wire.send(body, headers if wire.bearer else wire.signed(body) | headers)
        statuses[said.status] += 1
        assert said.status < 500, (message, headers, said)
        if said.body is not None:
            for one in said.body if isinstance(said.body, list) else [said.body]:
                assert one["jsonrpc"] == "2.0", said
                assert ("result" in one) != ("error" in one), said
        if number % 50 == 49:
            running_app.clock.move(seconds=61)
            await running_app.settle()
    return statuses


async def test_no_message_breaks_anything(running_app: RunningApp) -> None:
    statuses = await fuzz(running_app, 100, 1)
    assert {200, 202, 400, 401, 415} <= set(statuses), statuses


@pytest.mark.slow
async def test_no_message_of_many_breaks_anything(running_app: RunningApp) -> None:
    await fuzz(running_app, 4000, 2)
