"""Agents: `tools/call get_status` at the whole app, beside `/quo why`, which answers the same question.

Both by `CLIENTS` connections from a process of their own. The calls are of many keys in turn: none has more than sixty
a minute.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bench import http
from bench.table import Row
from services.domain.agents import MOST_KEYS, AgentKey, May
from services.domain.model import PersonKey
from services.platform.clock import SystemClock
from services.platform.crypto import digest_of, new_key
from services.store.stores import Stores

CALL = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_status", "arguments": {}}}
).encode()
HEADERS = {
    "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-11-25",
}  # fmt: skip


def rows() -> list[Row]:
    """Requests a second and p99, against `/quo why`."""
    key = new_key()
    with (
        tempfile.TemporaryDirectory() as folder,
        http.local_slack() as slack,
        http.app(Path(folder), slack.slack.api_url, ENCRYPTION_KEYS=key) as started,
    ):
        port, _ = started
        http.install(slack, port)
        people = asyncio.run(http.grant(slack, f"{folder}/bench.db", key))
        secrets = asyncio.run(_keys(people, f"{folder}/bench.db", key))
        typed = http.load(port, "/quo", "why", people)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            called = http.Load(http.SECONDS, pool.apply(_run, (port, secrets)))
    note = f"{http.CLIENTS} connections; {len(secrets):,} keys of {len(people)} people in turn"
    return [
        Row("MCP tools/call get_status: throughput", called.rate, "requests/s", typed.rate, "/quo why", note),
        Row("MCP tools/call get_status: p99", called.at(0.99), "ms", typed.at(0.99), "/quo why",
            "each call is counted, and its key noted as used, in a transaction"),
    ]  # fmt: skip


async def _keys(people: Sequence[str], database: str, key: str) -> list[str]:
    """The secrets of new keys, as many as the people can have."""
    secrets: list[str] = []
    async with Stores.at(f"sqlite+aiosqlite:///{database}", [key], SystemClock()) as stores:
        for user, number in itertools.product(people, range(MOST_KEYS)):
            secret = f"quo_{user}{number}".ljust(47, "x")
            made = AgentKey(f"{number:016}", f"Agent {number}", May.READ, datetime.now(UTC))
            await stores.agents.add(PersonKey(http.TEAM, user), made, digest_of(secret))
            secrets.append(secret)
    return secrets


def _run(port: int, secrets: Sequence[str]) -> list[float]:
    return asyncio.run(_load(port, secrets))


async def _load(port: int, secrets: Sequence[str]) -> list[float]:
    latencies: list[float] = []
    turns, begin = itertools.cycle(secrets), time.perf_counter() + http.WARM
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=http.CLIENTS)) as session:

        async def client() -> None:
            while (started := time.perf_counter()) < begin + http.SECONDS:
                headers = {**HEADERS, "Authorization": f"Bearer {next(turns)}"}
                async with session.post(f"http://127.0.0.1:{port}/mcp", data=CALL, headers=headers) as response:
                    answer = await response.json()
                    assert answer["result"]["isError"] is False, answer
                if started >= begin:
                    latencies.append(time.perf_counter() - started)

        await asyncio.gather(*(client() for _ in range(http.CLIENTS)))
    return latencies
