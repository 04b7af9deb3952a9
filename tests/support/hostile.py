"""Whoever means harm: requests of any shape, and what must hold of every answer."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from tests.support.feeds import SECRET_PATH
from tests.support.running_app import RunningApp

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Browser:
    """Sends requests, and keeps what came back."""

    def __init__(self, running_app: RunningApp) -> None:
        self.running_app = running_app
        self.session = aiohttp.ClientSession()
        self.answers: list[tuple[int, str]] = []

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def send(
        self, body: bytes, content_type: str = JSON, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """POST to Slack's route, signed unless `headers` are given."""
        sent = {
            "Content-Type": content_type,
            **(self.running_app.slack.deliveries.sign(body) if headers is None else headers),
        }
        return await self.ask("POST", "/slack/events", data=BytesIO(body), headers=sent)

    async def payload(self, payload: object) -> tuple[int, str]:
        """An interaction, or a command's form, or an event; signed."""
        if isinstance(payload, dict) and payload.get("type") == "event_callback":
            return await self.send(json.dumps(payload).encode())
        if isinstance(payload, dict) and "command" in payload:
            fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in payload.items()}
            return await self.send(urlencode(fields).encode(), FORM)
        return await self.send(urlencode({"payload": json.dumps(payload)}).encode(), FORM)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        url = URL(self.running_app.url + path, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **options) as answer:
            self.answers.append((answer.status, await answer.text()))
        return self.answers[-1]


def sentence_of(text: str) -> str:
    said = json.loads(text)
    assert sorted(said) == ["error", "error_id"]
    assert "\n" not in said["error"]
    return str(said["error"])


def check_harmless(answers: list[tuple[int, str]], secrets: list[str]) -> None:
    """Every answer a 2xx, 3xx or 4xx; no traceback, no secret in any of them."""
    assert answers
    assert {status for status, _ in answers if not 200 <= status < 500} == set()
    together = "\n".join(text for _, text in answers)
    assert "Traceback" not in together
    assert [secret for secret in secrets if secret in together] == []


def secrets_of(running_app: RunningApp) -> list[str]:
    app = running_app.slack.app
    tokens = [token.value for team in running_app.slack.workspaces for token in running_app.slack.tokens.of_team(team)]
    assert len(tokens) >= 2
    return [*tokens, app.signing_secret, app.client_secret, running_app.key, SECRET_PATH]
