"""Agents of people: their keys, and messages of MCP as any program can send them, also what no client would send."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from handlers.agents.revisions import CAPABILITIES, STATELESS, VERSION
from services.domain.agents import May
from services.domain.model import PersonKey
from tests.support.running_app import ANN, TEAM, RunningApp

BOTH = "application/json, text/event-stream"


async def new_key(running_app: RunningApp, key: PersonKey, name: str = "Claude", may: May = May.WRITE) -> str:
    """The secret of a new key of somebody who has allowed their status."""
    assert running_app.service is not None
    _, secret = await running_app.service.cases.agents.keys.make(key, name, may)
    return secret


@dataclass(frozen=True, slots=True)
class Said:
    """What the app answered: `body` is None for an empty one."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["result"]
        return found

    @property
    def code(self) -> int:
        """The code of the error."""
        found: int = self.body["error"]["code"]
        return found

    @property
    def text(self) -> str:
        """The first text of what a tool gave."""
        found: str = self.result["content"][0]["text"]
        return found


@dataclass
class Wire:
    """Sends to /mcp as whoever it is told to be."""

    running_app: RunningApp
    bearer: str = field(default="", repr=False)
    path: str = "/mcp"

    @property
    def url(self) -> str:
        return self.running_app.url + self.path

    async def send(
        self, body: bytes, headers: Mapping[str, str] | Sequence[tuple[str, str]] = (), *, method: str = "POST"
    ) -> Said:
        """One request with exactly these headers, and `bearer` where there is one."""
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        if self.bearer:
            pairs.append(("Authorization", f"Bearer {self.bearer}"))
        skipped = {"Content-Type", "Accept", "User-Agent"}
        async with (
            aiohttp.ClientSession(skip_auto_headers=skipped) as session,
            session.request(
                method, self.url, data=io.BytesIO(body) if body else None, headers=pairs, allow_redirects=False
            ) as answer,
        ):
            raw = await answer.read()
            found = {name.lower(): value for name, value in answer.headers.items()}
            is_json = answer.content_type == "application/json"
            return Said(answer.status, json.loads(raw) if raw and is_json else raw or None, found)

    async def old(self, message: object, version: str = "2025-11-25", **more: str) -> Said:
        """A message of the era of `initialize`; `version` is what its header says, "" for none."""
        headers = {"Content-Type": "application/json", "Accept": BOTH}
        headers |= {"MCP-Protocol-Version": version} if version else {}
        return await self.send(json.dumps(message).encode(), headers | more)

    async def new(self, message: dict[str, Any], **more: str) -> Said:
        """A request of 2026-07-28, with the headers that it has to have; `more` replaces them, "" takes one away."""
        headers = new_headers(message) | more
        return await self.send(json.dumps(message).encode(), {name: value for name, value in headers.items() if value})

    async def call(self, name: str, **arguments: Any) -> Said:
        """A tool called by a client of 2025-11-25."""
        return await self.old(request("tools/call", name=name, arguments=arguments))

    async def by_slackbot(
        self, message: object, *, user: str = ANN, team: str = TEAM, secret: str = "", **more: str
    ) -> Said:
        """A request of Slackbot's, which names `user`."""
        body = json.dumps(with_identity(message, user_id=user, team_id=team)).encode()
        return await self.send(body, self.signed(body, secret) | more)

    def signed(self, body: bytes, secret: str = "", timestamp: str = "") -> dict[str, str]:
        """The headers of a request that Slack signs."""
        slack = self.running_app.slack
        stamp = timestamp or str(int(slack.clock.now().timestamp()))
        return {"Content-Type": "application/json", "Accept": BOTH} | signature(
            body, secret or slack.app.signing_secret, stamp
        )


def signature(body: bytes, secret: str, timestamp: str) -> dict[str, str]:
    """Slack's signature (docs.slack.dev, "Verifying requests from Slack")."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def request(method: str, number: object = 1, **params: Any) -> dict[str, Any]:
    """A request of the era of `initialize`."""
    return {"jsonrpc": "2.0", "id": number, "method": method, **({"params": params} if params else {})}


def new_request(method: str, number: object = 1, version: str = STATELESS, **params: Any) -> dict[str, Any]:
    """A request of 2026-07-28."""
    meta = {VERSION: version, CAPABILITIES: {}, **params.pop("_meta", {})}
    return request(method, number, **params, _meta=meta)


def new_headers(message: Mapping[str, Any]) -> dict[str, str]:
    """What the headers of such a request repeat."""
    params = message.get("params", {})
    headers = {
        "Content-Type": "application/json", "Accept": BOTH, "Mcp-Method": str(message["method"]),
        "MCP-Protocol-Version": str(params.get("_meta", {}).get(VERSION, STATELESS)),
    }  # fmt: skip
    return headers | ({"Mcp-Name": params["name"]} if isinstance(params.get("name"), str) else {})


def with_identity(message: object, **identity: object) -> object:
    """The same message, which says who asks."""
    if not isinstance(message, dict):
        return message
    params = message.get("params", {})
    return {**message, "params": {**params, "_meta": {**params.get("_meta", {}), "slack": identity}}}
