"""Messages in channels: what a serving process takes to look through 30,000 an hour, the whole of each request.

500 people of the workspace are out and want whoever mentions them told. Every message is as Slack delivers it, of some
2 KiB; a third mentions nobody, the others people who are not out. They come over a few connections that are kept, at
their rate; then as fast as they are answered, there and at a bare Bolt listener.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import tempfile
import time
from collections.abc import Awaitable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import sqlalchemy as sa

from bench import http, slack_stub
from bench.idle import cpu_seconds, family
from bench.table import Row
from bench.typed import Seed
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor, new_key
from services.store import schema
from services.store.db import Database
from services.store.effect_tables import STRETCHES
from services.store.tables import WORKSPACES

TEAM, PEOPLE, OUT = "T0BENCH001", 5_000, 500
AN_HOUR, SECONDS, CALM = 30_000, 30.0, 6.0
BURST, CONNECTIONS = 3_000, 4
SHARE = 2.0
"""Percent of a core."""


def rows() -> list[Row]:
    """The share of a core that 30,000 an hour take, and what one takes against bare Bolt."""
    return asyncio.run(_measured())


async def _measured() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        address, key = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", new_key()
        await _seed(address, key)
        async with slack_stub.running() as stub:
            port, bare_port = http.free_port(), http.free_port()
            environment = http.settings(stub.api_url, port) | {"DATABASE_URL": address, "ENCRYPTION_KEYS": key}
            app = stack.enter_context(http.process("app.py", "serve", **environment))
            bare = stack.enter_context(http.process("-m", "bench.bare_bolt", str(bare_port), http.SECRET))
            await asyncio.to_thread(http.wait_for, port, "/readyz")
            await asyncio.to_thread(http.wait_for, bare_port, "/slack/events")
            await asyncio.sleep(CALM)  # its first looks are over by then, and it knows who is out
            idle = await _used(app.pid, asyncio.sleep(SECONDS / 2)) * 2
            paced = await _used(app.pid, _send(port, round(SECONDS * AN_HOUR / 3600), SECONDS))
            ours = await _used(app.pid, _send(port, BURST))
            theirs = await _used(bare.pid, _send(bare_port, BURST))
    note = f"{OUT} of {PEOPLE:,} people are out; over {SECONDS:.0f} s, {100 * idle / SECONDS:.1f} % without any"
    return [
        Row(f"{AN_HOUR:,} messages an hour in channels", 100 * paced / SECONDS, "% of a core", SHARE, "promised", note),
        Row("a message in a channel, looked through", 1000 * ours / BURST, "ms of a core", 1000 * theirs / BURST,
            "bare Bolt listener, same signature check", "the whole request"),
    ]  # fmt: skip


async def _used(pid: int, work: Awaitable[None]) -> float:
    """Seconds of a core that the process and its descendants take while `work` is done."""
    before = sum(cpu_seconds(one) for one in family(pid))
    await work
    return sum(cpu_seconds(one) for one in family(pid)) - before


async def _send(port: int, many: int, seconds: float = 0.0) -> None:
    """Deliver messages, evenly over `seconds`, or as fast as they are answered."""
    numbers, begin = itertools.count(), time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def deliver() -> None:
            while (number := next(numbers)) < many:
                await asyncio.sleep(max(0.0, begin + seconds * number / many - time.perf_counter()))
                body = message(number)
                url = f"http://127.0.0.1:{port}/slack/events"
                async with session.post(url, data=body, headers=_signed(body)) as response:
                    assert response.status == 200, (response.status, await response.text())

        await asyncio.gather(*(deliver() for _ in range(CONNECTIONS)))


def message(number: int) -> bytes:
    """A message as Slack delivers it: its text twice, as `text` and in `blocks`."""
    people = [f"U0{PEOPLE - 1 - (number * 7 + more) % (PEOPLE - OUT)}" for more in range(number % 3)]
    words = "I have looked at the numbers of last week once more, and I think that we can go ahead as planned. " * 3
    text = words + " ".join(f"<@{user}>" for user in people)
    elements = [{"type": "text", "text": words}, *({"type": "user", "user_id": user} for user in people)]
    ts = f"{time.time():.6f}"
    event = {
        "type": "message", "user": f"U0{number % PEOPLE}", "client_msg_id": f"8a1f2c4e-0000-4000-8000-{number:012}",
        "text": text, "ts": ts, "team": TEAM, "channel": f"C0{number % 40:05}", "event_ts": ts,
        "channel_type": "channel",
        "blocks": [{"type": "rich_text", "block_id": "b1",
                    "elements": [{"type": "rich_text_section", "elements": elements}]}],
    }  # fmt: skip
    authorization = {
        "enterprise_id": None, "team_id": TEAM, "user_id": "U0BOT", "is_bot": True, "is_enterprise_install": False,
    }  # fmt: skip
    envelope = {
        "token": "x" * 24, "team_id": TEAM, "context_team_id": TEAM, "context_enterprise_id": None, "api_app_id": "A1",
        "event": event, "type": "event_callback", "event_id": f"Ev{number:09}{time.time_ns() % 1000:03}",
        "event_time": int(time.time()), "authorizations": [authorization], "is_ext_shared_channel": False,
        "event_context": "4-" + "e" * 120,
    }  # fmt: skip
    return json.dumps(envelope).encode()


def _signed(body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    digest = hmac.new(http.SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }


async def _seed(address: str, key: str) -> None:
    database = Database(address)
    await schema.upgrade(database)
    keys = [PersonKey(TEAM, f"U0{number}") for number in range(PEOPLE)]
    await Seed(database, Encryptor([key])).people(keys, None)
    now = datetime.now(UTC)
    stretches = [
        {"team_id": TEAM, "user_id": one.user_id, "effect": "reply", "start_at": now, "end_at": now + timedelta(days=2),
         "ends": True, "rule": "out_of_office", "photo": ""}
        for one in keys[:OUT]
    ]  # fmt: skip
    async with database.write() as connection:
        await connection.execute(sa.update(WORKSPACES).values(bot_scopes="channels:history,chat:write"))
        await connection.execute(sa.insert(STRETCHES), stretches)
    await database.close()
