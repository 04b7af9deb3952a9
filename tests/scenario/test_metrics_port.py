"""METRICS_PORT: a listener of the operator's own, in whichever process."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

import app as program
from services import bootstrap
from services.platform import settings
from services.platform.crypto import new_key
from tests.support.engine import until
from tests.support.running_app import free_port

SLACK = dict.fromkeys(("SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"), "1.2")


async def status(port: int, path: str) -> int:
    """What is answered at that port of loopback; 0 where nobody listens."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status
    except aiohttp.ClientConnectorError:
        return 0


@asynccontextmanager
async def served(given: dict[str, str], ready: int, *, listens: bool) -> AsyncIterator[None]:
    """The program on the real clock, until the port `ready` says so; ended as an operator ends it."""
    config = settings.load(given, dotenv=None)
    running = asyncio.create_task(bootstrap.serve(config, listens=listens, worker=True))
    try:
        await until(lambda: _is(ready, "/readyz", 200, running))
        yield
        signal.raise_signal(signal.SIGTERM)
        assert await running == 0
    finally:
        running.cancel()


async def _is(port: int, path: str, wanted: int, running: asyncio.Task[int]) -> bool:
    assert not running.done(), running.result()
    return await status(port, path) == wanted


async def test_worker_answers_health_readiness_and_metrics_there_and_listens_nowhere_else(sqlite_url: str) -> None:
    port, metrics = free_port(), free_port()
    given = {"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": new_key(), "PORT": str(port), "METRICS_PORT": str(metrics)}
    async with served(given, metrics, listens=False):
        paths = ("/healthz", "/readyz", "/metrics", "/slack/install")
        assert [await status(metrics, path) for path in paths] == [200, 200, 200, 404]
        assert await status(port, "/healthz") == 0
    assert await status(metrics, "/healthz") == 0


async def test_metrics_are_there_and_not_where_everybody_comes(sqlite_url: str) -> None:
    port, metrics = free_port(), free_port()
    given = {"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": new_key(), "PORT": str(port), "METRICS_PORT": str(metrics)}
    async with served({**given, **SLACK}, port, listens=True):
        paths = ("/healthz", "/readyz", "/metrics", "/slack/install", "/webhooks/google")
        assert [await status(metrics, path) for path in paths] == [200, 200, 200, 404, 404]
        assert [await status(port, path) for path in paths[:3]] == [200, 200, 404]


def test_metrics_port_in_use_is_one_line_that_names_the_setting(
    sqlite_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        first.listen()
        taken = first.getsockname()[1]
        for name, value in {
            "DATABASE_URL": sqlite_url,
            "ENCRYPTION_KEYS": new_key(),
            "METRICS_PORT": str(taken),
        }.items():
            monkeypatch.setenv(name, value)
        assert program.main(["worker"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "[info" not in line]
    assert line == (
        "The metrics cannot listen at that address. Choose another one with METRICS_HOST and METRICS_PORT."
        f" (127.0.0.1:{taken}: address already in use)"
    )
