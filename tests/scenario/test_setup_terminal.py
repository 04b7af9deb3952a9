"""`app.py setup` at a terminal, against the local Slack, Google and Microsoft."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulators.google.server import LocalGoogle
from emulators.microsoft.server import LocalMicrosoft
from emulators.slack import AppConfig, LocalSlack
from services.platform.clock import SystemClock
from tests.support.command_line import Served, run
from tests.support.running_app import free_port
from tests.support.terminal import Terminal, terminal

pytestmark = pytest.mark.slow

CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET = "1234567890.9876543210", f"{'a1' * 16}", f"{'b2' * 16}"


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    app = AppConfig(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, signing_secret=SIGNING_SECRET)
    async with LocalSlack(SystemClock(), app) as found:
        yield found


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def answer_for_slack(at: Terminal, url: str = "http://127.0.0.1:9") -> None:
    """Every question about Slack, with what is pasted wrong most often."""
    await at.answers("1 or 2 (1):", "")
    await at.answers("quo.example.com:", "quo.example.net/status")
    await at.sees("It must be scheme, host and port alone")
    await at.answers("quo.example.com:", url)
    await at.sees(f'"redirect_urls": [ "{url}/slack/oauth_redirect" ]')
    await at.answers("Client ID:", "xoxb-1-2")
    await at.sees("That is a bot token, which belongs elsewhere.")
    await at.answers("Client ID:", "99.99")
    await at.answers("Client Secret (not shown as you paste):", "c3" * 16)
    await at.sees("FAIL Slack app: Slack knows no app with this SLACK_CLIENT_ID")
    await at.answers("Client ID:", CLIENT_ID)
    await at.sees("FAIL Slack app: Slack does not take this SLACK_CLIENT_SECRET")
    await at.answers("Client Secret (not shown as you paste):", CLIENT_SECRET)
    await at.sees("ok Slack app: Slack takes the client id and secret")
    await at.answers("Signing Secret (not shown as you paste):", CLIENT_SECRET)
    await at.sees("That is the client secret; the signing secret stands below it.")
    await at.answers("Signing Secret (not shown as you paste):", SIGNING_SECRET)


async def test_setup_leads_from_nothing_to_a_doctor_without_a_fail(tmp_path: Path, slack: LocalSlack) -> None:
    now = SystemClock().now
    async with LocalGoogle(now) as google, LocalMicrosoft(now) as microsoft:
        around = {"SLACK_API_URL": slack.api_url, "GOOGLE_TOKEN_URL": f"{google.url}/token"}
        around |= {"MICROSOFT_AUTHORITY": f"{microsoft.url}/common", "MICROSOFT_GRAPH_URL": microsoft.graph_url}
        async with terminal("setup", cwd=tmp_path, **around) as at:
            await answer_for_slack(at)
            await at.answers("1 or 2 (1):", "")
            await at.answers("Is there one [y/n] (n):", "y")
            await at.sees("http://127.0.0.1:9/connect/google/callback")
            await at.answers("Client ID:", google.client.client_id)
            await at.answers("Client secret (not shown as you paste):", google.client.client_secret)
            await at.sees("ok Google Calendar: takes the client id and secret")
            await at.answers("Is there one [y/n] (n):", "y")
            await at.answers("Application (client) ID:", microsoft.client.client_id)
            await at.answers("Value of the client secret (not shown as you paste):", microsoft.client.client_id)
            await at.sees("That is an id. The secret is its Value")
            await at.answers("Value of the client secret (not shown as you paste):", microsoft.client.client_secret)
            await at.sees("ok Microsoft 365: takes the client id and secret; set MICROSOFT_SECRET_EXPIRES")
            await at.answers("Expires, such as 2028-11-30", "2999-01-01")
            await at.sees("ok Microsoft 365: takes the client id and secret; the secret runs out on 2999-01-01")
            assert await at.ended() == 0
    written = (tmp_path / ".env").read_text()
    assert "FAIL" not in at.text.partition("What the doctor finds")[2]
    for line in ("ok database: up to date", "warn public address: http://127.0.0.1:9 does not answer", "1 make run",
                 "open http://127.0.0.1:9/slack/install"):  # fmt: skip
        assert line in at.text.partition("What the doctor finds")[2]
    assert (mode(tmp_path / ".env"), mode(tmp_path / "var" / "encryption.keys")) == (0o600, 0o600)
    secrets = (CLIENT_SECRET, SIGNING_SECRET, google.client.client_secret, microsoft.client.client_secret)
    assert [secret in written for secret in secrets] == [True] * 4
    assert [secret for secret in secrets if secret in at.raw] == []
    assert sorted(os.listdir(tmp_path)) == [".env", "var"]


async def test_setup_at_a_terminal_without_colours_keeps_to_80_columns(tmp_path: Path, slack: LocalSlack) -> None:
    more = {"SLACK_API_URL": slack.api_url, "NO_COLOR": "1"}
    async with terminal("setup", cwd=tmp_path, **more) as at:
        await answer_for_slack(at)
        await at.answers("1 or 2 (1):", "")
        await at.answers("Is there one [y/n] (n):", "")
        await at.answers("Is there one [y/n] (n):", "")
        assert await at.ended() == 0
    assert "\x1b[3" not in at.raw
    outside = at.raw.partition('{\r\n  "_metadata"')[0] + at.raw.partition("\r\n}\r\n")[2]
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip() for line in re.split(r"[\r\n]+", outside)]
    assert [line for line in lines if len(line) > 80] == []


async def test_setup_that_is_stopped_leaves_what_was_finished_and_nothing_half(
    tmp_path: Path, slack: LocalSlack
) -> None:
    async with terminal("setup", cwd=tmp_path, SLACK_API_URL=slack.api_url) as at:
        await at.answers("1 or 2 (1):", "")
        await at.answers("quo.example.com:", "quo.example.com")
        await at.answers("Client ID:", CLIENT_ID)
        await at.sees("Client Secret (not shown as you paste):")
        at.process.send_signal(signal.SIGINT)
        assert await at.ended() == 1
    assert at.text.endswith("Stopped. What was finished is in .env; run it again to go on.")
    assert (tmp_path / ".env").read_text() == "PUBLIC_URL=https://quo.example.com\n"
    assert os.listdir(tmp_path) == [".env"]


async def test_what_setup_wrote_serves_is_installed_and_then_the_doctor_finds_all_well(
    tmp_path: Path, slack: LocalSlack
) -> None:
    port = free_port()
    url, around = f"http://127.0.0.1:{port}", {"SLACK_API_URL": slack.api_url}
    async with terminal("setup", cwd=tmp_path, **around) as at:
        await answer_for_slack(at, url)
        for question in ("1 or 2 (1):", "Is there one [y/n] (n):", "Is there one [y/n] (n):"):
            await at.answers(question, "")
        assert await at.ended() == 0
    slack.add_person("U0ANN00001", "ann")
    served = Served(tmp_path, {"PORT": str(port), "SLACK_AUTHORIZE_URL": slack.authorize_url, **around})
    await served.start()
    try:
        status, page = await slack.allow(f"{url}/slack/install", "U0ANN00001")
        assert status == 200, page
        slack.app.request_url = f"{url}/slack/events"
        assert (await slack.people.command("U0ANN00001", "/ooo", "friday")).status == 200
        ran = await run("doctor", cwd=tmp_path, **around)
    finally:
        await served.stop()
    assert (ran.status, [line for line in ran.out.splitlines() if not line.startswith("ok")]) == (0, [])
    assert "signing secret: was right at" in ran.out
    assert "workspace Acme: scopes as in manifest.yml" in ran.out
