"""deploy/Caddyfile in a real Caddy: what is let through, to whom it is said to belong, and what is in its log.

It is started as compose.yaml starts it, for an address that ends in a slash.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from tests.support.containerfile import ROOT
from tests.support.engine import until
from tests.support.needed import missing
from tests.support.running_app import free_port

pytestmark = pytest.mark.slow

SECRET = "okapi-4711"


@dataclass
class Proxied:
    """A Caddy, and behind it a server that notes who asks for what."""

    url: str
    log: Path
    runner: web.AppRunner
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, path: str, **headers: str) -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.url + path, ssl=False, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status


def started(command: list[str], folder: Path, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[Proxied]:
    if not shutil.which("caddy"):
        missing("Caddy")
    port = free_port()

    async def note(request: web.Request) -> web.Response:
        made.asked.append((request.path_qs, request.headers["X-Forwarded-For"]))
        return web.Response(text="there")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", note)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made = Proxied(f"https://localhost:{port}", tmp_path / "log", runner)
    # Port 80, from which it leads to https, belongs to nobody's tests.
    text = (
        (ROOT / "deploy" / "Caddyfile").read_text().replace("admin off\n", f"admin off\n\thttp_port {free_port()}\n", 1)
    )
    (tmp_path / "Caddyfile").write_text(text)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "SITE": f"{made.url}/", "UPSTREAM_HOST": "127.0.0.1",
        "UPSTREAM_PORT": str(runner.addresses[0][1]),
    }  # fmt: skip
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    command = [part.replace("$$", "$") for part in compose["services"]["proxy"]["command"]]
    command[-1] = command[-1].replace("/etc/caddy/Caddyfile", "Caddyfile")
    process = started(command, tmp_path, environment, made.log)

    async def answers() -> bool:
        assert process.poll() is None, made.log.read_text()
        try:
            return await made.ask("/") == 200
        except aiohttp.ClientError:
            return False

    try:
        await until(answers, 30)
        made.asked.clear()
        yield made
    finally:
        process.terminate()
        process.wait(20)
        await runner.cleanup()


async def test_everything_is_led_to_the_app_but_what_is_the_operators_own(proxied: Proxied) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9"}
    assert await proxied.ask(f"/slack/oauth_redirect?code={SECRET}", **forged) == 200
    assert await proxied.ask("/readyz/more") == 200
    for path in ("/healthz", "/readyz", "/metrics", "/metrics?x=1", "//metrics", "/%6detrics"):
        assert await proxied.ask(path) == 404, path
    assert proxied.asked == [(f"/slack/oauth_redirect?code={SECRET}", "127.0.0.1"), ("/readyz/more", "127.0.0.1")]


async def test_log_says_that_somebody_asked_and_holds_no_secret(proxied: Proxied) -> None:
    bearer = {"Authorization": f"Bearer {SECRET}", "Cookie": f"a={SECRET}", "Referer": f"https://x/{SECRET}"}
    for path in (f"/hooks/{SECRET}", f"/absences/{SECRET}.ics", f"/connect/google?link={SECRET}", "/mcp"):
        assert await proxied.ask(path, **bearer) == 200
    await proxied.runner.cleanup()
    assert await proxied.ask(f"/hooks/{SECRET}", **bearer) == 502  # of that it logs an error, too
    log = proxied.log.read_text()
    assert SECRET not in log
    for logged in ('"uri":"/hooks"', '"uri":"/absences"', '"uri":"/connect"', '"uri":"/mcp"', '"status":502'):
        assert logged in log
