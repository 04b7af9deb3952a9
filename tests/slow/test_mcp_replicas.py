"""Two processes on one PostgreSQL: what Slack signed is good once, whichever of them it is sent to, also at once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from emulators.slack import AppConfig, LocalSlack
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from tests.support.command_line import Served
from tests.support.engine import until
from tests.support.mcp_wire import BOTH, request, signature, with_identity
from tests.support.running_app import ANN, BEN, TEAM, free_port

pytestmark = pytest.mark.slow

AT_ONCE = 12
"""Times that each request is sent, half of them to each process."""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_signed_request_is_good_once_over_two_processes(database_url: str, tmp_path: Path) -> None:
    clock, key = SystemClock(), new_key()
    async with LocalSlack(clock, AppConfig()) as slack, aiohttp.ClientSession() as session:
        slack.add_workspace(TEAM)
        for user, name in ((ANN, "ann"), (BEN, "ben")):
            slack.add_person(user, name, team_id=TEAM)
        served = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            port = free_port()
            settings = {
                "SLACK_SIGNING_SECRET": slack.app.signing_secret, "SLACK_CLIENT_ID": slack.app.client_id,
                "SLACK_CLIENT_SECRET": slack.app.client_secret, "SLACK_API_URL": slack.api_url,
                "SLACK_AUTHORIZE_URL": slack.authorize_url, "DATABASE_URL": database_url, "ENCRYPTION_KEYS": key,
                "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "LOG_FORMAT": "json",
            }  # fmt: skip
            served.append(Served(tmp_path / name, settings))
        slack.app.request_url = f"{served[0].url}/slack/events"

        async def send(one: Served, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
            async with session.post(f"{one.url}/mcp", data=body, headers=headers) as answer:
                return answer.status, await answer.text()

        def signed(user: str, number: int, text: str) -> tuple[bytes, dict[str, str]]:
            call = request("tools/call", number, name="set_status", arguments={"text": text, "minutes": 30})
            body = json.dumps(with_identity(call, user_id=user, team_id=TEAM)).encode()
            stamp = str(int(clock.now().timestamp()))
            kinds = {"Content-Type": "application/json", "Accept": BOTH}
            return body, kinds | signature(body, slack.app.signing_secret, stamp)

        try:
            await asyncio.gather(*(one.start() for one in served))
            for user in (ANN, BEN):
                status, page = await slack.allow(f"{served[0].url}/slack/install", user)
                assert status == 200, page
            for number, first in enumerate(served):  # after one another, from either to the other
                body, headers = signed(ANN, number, f"Said {number}")
                assert (await send(first, body, headers))[0] == 200
                for one in (*served, *reversed(served)):
                    assert (await send(one, body, headers))[0] == 401
            body, headers = signed(BEN, 7, "At once")
            answers = await asyncio.gather(*(send(served[place % 2], body, headers) for place in range(AT_ONCE)))
            assert Counter(status for status, _ in answers) == {200: 1, 401: AT_ONCE - 1}
            assert all("seen" not in said for _, said in answers)  # nobody is told why
            await until(lambda: slack.member(BEN).text == "At once", 20)
            written = [call.arguments["profile"]["status_text"] for call in slack.calls.all("users.profile.set")]
            assert Counter(written)["At once"] == 1
            # Somebody else's name under the same signature is no better at the other process.
            body, headers = signed(ANN, 8, "Forged")
            for one in served:
                assert (await send(one, body.replace(ANN.encode(), BEN.encode()), headers))[0] == 401
            assert slack.member(BEN).text == "At once"
            assert [await one.stop() for one in served] == [0, 0]
        finally:
            for one in served:
                one.kill()
