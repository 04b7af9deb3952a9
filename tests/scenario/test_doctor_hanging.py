"""What never answers costs the doctor one limit of time, and not one each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from services.commands import doctor
from services.platform import settings
from services.platform.crypto import Encryptor, new_key
from services.store.db import Database
from services.store.tables import WORKSPACES
from services.usecases import findings
from tests.support.clocks import ManualClock


class Silent:
    """A server that takes connections, and answers none; how many were open at once."""

    def __init__(self) -> None:
        self.open = self.most = 0

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        while await reader.read(4096):
            pass
        self.open -= 1
        writer.close()

    async def close(self) -> None:
        self._server.close()


@pytest.fixture
async def silent() -> AsyncIterator[tuple[Silent, str]]:
    server = Silent()
    yield server, await server.start()
    await server.close()


async def test_all_that_is_silent_is_asked_side_by_side_and_said_so(
    silent: tuple[Silent, str], sqlite_url: str, capsys: pytest.CaptureFixture[str], clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    server, url = silent
    key = new_key()
    database = Database(sqlite_url)
    async with database.write() as connection:
        for team_id in ("T1", "T2"):
            sealed = Encryptor([key]).seal("xoxb-1", "workspaces.bot_token", team_id)
            row = {"team_id": team_id, "name": team_id, "bot_token": sealed, "installed_at": clock.now()}
            await connection.execute(sa.insert(WORKSPACES).values(row))
    await database.close()
    config = settings.load(
        {
            "DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": key, "PUBLIC_URL": url, "SLACK_API_URL": f"{url}/api/",
            "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s", "SLACK_SIGNING_SECRET": "s",
            "SLACK_APP_TOKEN": "xapp-1", "SLACK_BOT_TOKEN": "xoxb-1",
            "GOOGLE_CLIENT_ID": "g", "GOOGLE_CLIENT_SECRET": "s", "GOOGLE_TOKEN_URL": f"{url}/token",
            "MICROSOFT_CLIENT_ID": "m", "MICROSOFT_CLIENT_SECRET": "s", "MICROSOFT_AUTHORITY": f"{url}/common",
        },
        dotenv=None,
    )  # fmt: skip
    monkeypatch.setattr(findings, "SECONDS", 1.0)
    assert await doctor.examine(config, clock) == 1
    lines = {line[6:].partition(": ")[0]: line.partition(": ")[2] for line in capsys.readouterr().out.splitlines()}
    said = "no answer within 1 s"
    asked = ("Slack", "Slack app", "app token", "bot token", "Google Calendar", "Microsoft 365")
    assert {name: lines[name] for name in asked} == dict.fromkeys(asked, said)
    assert lines["public address"].startswith(f"{url} does not answer (nothing within 1 s)")
    assert {lines[f"workspace {name}"] for name in ("T1", "T2")} == {"cannot be asked, because Slack cannot be reached"}
    assert server.most == 7
