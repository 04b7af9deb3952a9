"""Slash commands: the acknowledgement of the whole app against a bare Bolt listener with the same signature check.

The servers and the load run in processes of their own; each of `CLIENTS` connections sends one signed command
after the other. Both kinds of command are measured: one that only reads, and one that stores a fact and commits it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import itertools
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
import sqlalchemy as sa

from bench.table import Row, percentile
from emulators.slack import LocalSlack
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from services.store.stores import Stores
from services.store.tables import PEOPLE

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
SECRET = "bench-signing-secret"  # of the stand-in
CLIENTS = 16
WARM, SECONDS = 1.0, 5.0
TYPING = 200
"""Statuses are typed by so many people in turn: nobody has hundreds of them running at the same time."""

TEAM, USER = "T0DEMO0001", "U1"


def rows() -> list[Row]:
    """Requests a second and p99 for the app and for bare Bolt, and how long the app takes to start."""
    key = new_key()
    with bare_bolt() as port:
        bare = load(port, "/quo", "why")
    with (
        tempfile.TemporaryDirectory() as folder,
        local_slack() as slack,
        app(Path(folder), slack.slack.api_url, ENCRYPTION_KEYS=key) as started,
    ):
        port, warm_start = started
        install(slack, port)
        reads = load(port, "/quo", "why")
        typing = asyncio.run(grant(slack, f"{folder}/bench.db", key))
        writes = load(port, "/quo", ":pizza: Lunch for 45m", typing)
    which = "bare Bolt listener, same signature check"
    return [
        Row("slash ack, /quo why: throughput", reads.rate, "requests/s", bare.rate, which),
        Row("slash ack, /quo why: p50", reads.at(0.5), "ms", bare.at(0.5), which, f"{CLIENTS} connections"),
        Row("slash ack, /quo why: p99", reads.at(0.99), "ms", bare.at(0.99), which),
        Row("slash ack, override stored: throughput", writes.rate, "requests/s", bare.rate, which,
            f"SQLite, full sync; {TYPING} people in turn"),
        Row("slash ack, override stored: p99", writes.at(0.99), "ms", 3000, "Slack's 3 s"),
        Row("warm start of `app.py serve`, until ready", warm_start, "s", bare_start(), "starting Bolt alone"),
    ]  # fmt: skip


class Load:
    """Latencies of requests that were answered by 200."""

    def __init__(self, seconds: float, latencies: list[float]) -> None:
        self.rate = len(latencies) / seconds
        self._latencies = latencies

    def at(self, share: float) -> float:
        """A percentile in ms."""
        return percentile(self._latencies, share) * 1000


def load(port: int, command: str, text: str, users: Sequence[str] = (USER,)) -> Load:
    """Have `users` send commands in turn, from another process: the measuring does not slow what is measured."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return Load(SECONDS, pool.apply(_run_load, (port, command, text, users)))


def _run_load(port: int, command: str, text: str, users: Sequence[str]) -> list[float]:
    return asyncio.run(_load(port, command, text, users))


async def _load(port: int, command: str, text: str, users: Sequence[str]) -> list[float]:
    latencies: list[float] = []
    turns = itertools.cycle(users)
    begin = time.perf_counter() + WARM
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CLIENTS)) as session:

        async def client(number: int) -> None:
            count = 0
            while time.perf_counter() < begin + SECONDS:
                count += 1
                body, headers = signed(command, text, f"{number}.{count}.{time.time_ns()}", user=next(turns))
                started = time.perf_counter()
                url = f"http://127.0.0.1:{port}/slack/events"
                async with session.post(url, data=body, headers=headers) as response:
                    await response.read()
                    assert response.status == 200, response.status
                if started >= begin:
                    latencies.append(time.perf_counter() - started)

        await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return latencies


def signed(
    command: str, text: str, trigger: str, *, team: str = TEAM, user: str = USER
) -> tuple[bytes, dict[str, str]]:
    """A slash command as Slack sends it (v0 signature)."""
    body = urlencode(
        {"command": command, "text": text, "team_id": team, "user_id": user, "channel_id": "C1", "trigger_id": trigger,
         "response_url": "http://127.0.0.1:9/none", "api_app_id": "A0DEMO0001"}
    ).encode()  # fmt: skip
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process, ended by SIGTERM."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=20)


@contextmanager
def bare_bolt() -> Iterator[int]:
    """The peer: Bolt's own server with one listener that acknowledges."""
    port = free_port()
    with process("-m", "bench.bare_bolt", str(port), SECRET):
        wait_for(port, "/slack/events")
        yield port


def bare_start() -> float:
    """Seconds until the bare listener answers."""
    port, started = free_port(), time.perf_counter()
    with process("-m", "bench.bare_bolt", str(port), SECRET):
        wait_for(port, "/slack/events")
        return time.perf_counter() - started


@contextmanager
def app(folder: Path, api_url: str, port: int = 0, **more: str) -> Iterator[tuple[int, float]]:
    """`app.py serve`, compiled and on a database that is up to date, and the seconds until it was ready.

    `more`: settings.
    """
    port = port or free_port()
    environment = settings(api_url, port) | {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bench.db"} | more
    with process("app.py", "migrate", **environment) as migrating:
        migrating.wait(timeout=60)
    with process("-m", "compileall", "-q", "app.py", "handlers", "services") as compiling:
        compiling.wait(timeout=60)
    started = time.perf_counter()
    with process("app.py", "serve", **environment):
        wait_for(port, "/readyz")
        yield port, time.perf_counter() - started


def settings(api_url: str, port: int) -> dict[str, str]:
    """What the app is told of a stand-in for Slack."""
    return {
        "SLACK_SIGNING_SECRET": SECRET, "SLACK_CLIENT_ID": "111.222", "SLACK_CLIENT_SECRET": "local-client-secret",
        "SLACK_API_URL": api_url, "PORT": str(port), "LOG_LEVEL": "ERROR",
    }  # fmt: skip


@contextmanager
def local_slack() -> Iterator[InThread]:
    """A stand-in Slack in a thread of its own."""
    running = InThread()
    try:
        yield running
    finally:
        running.stop()


class InThread:
    """A local Slack, and how to have it do something from another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.slack = LocalSlack(SystemClock())
        self.slack.app.signing_secret = SECRET
        self.slack.add_person(USER, "ann", team_id=TEAM)
        self.do(self.slack.start())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the Slack's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def stop(self) -> None:
        """End it."""
        self.do(self.slack.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def install(slack: InThread, port: int) -> None:
    """Install and grant, as a person does in a browser."""
    slack.slack.app.redirect_urls = [f"http://localhost:{port}"]
    status, page = slack.do(slack.slack.allow(f"http://localhost:{port}/slack/install", USER))
    assert status == 200, page  # HTTP


async def grant(slack: InThread, database: str, key: str) -> list[str]:
    """Have `TYPING` more people of the workspace grant; who they are."""
    users = [f"UTYPES{number}" for number in range(TYPING)]
    async with Stores.at(f"sqlite+aiosqlite:///{database}", [key], SystemClock()) as stores:
        now, seal, rows = datetime.now(UTC), stores.encryptor.seal, []
        for user in users:
            slack.slack.add_person(user, user.lower(), team_id=TEAM)
            token = seal(slack.slack.grant(user).value, "people.token", TEAM, user)
            rows.append(
                {"team_id": TEAM, "user_id": user, "created_at": now, "granted_at": now, "grant_state": "ok",
                 "token": token, "due_at": now, "stale": True}
            )  # fmt: skip
        async with stores.database.write() as connection:
            await connection.execute(sa.insert(PEOPLE), rows)
    return users


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, path: str) -> None:
    """Until something answers there without a server error."""
    end = time.perf_counter() + 30
    while time.perf_counter() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError(f"nothing answers at {path}")
