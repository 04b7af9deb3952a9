"""Agents that call the running app over its socket, as a person whose key they have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from services.domain.agents import May
from services.domain.model import PersonKey
from tests.support.running_app import ANN, TEAM, RunningApp


@dataclass
class Answered:
    """What an agent got."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


@dataclass
class AgentOf:
    """An agent with a key, at the REST door."""

    app: RunningApp
    secret: str
    session: aiohttp.ClientSession

    async def reads(self, operation: str, **query: str) -> Answered:
        """It asks for something, and changes nothing."""
        return await self.sends("GET", operation, params=query)

    async def does(self, operation: str, **arguments: Any) -> Answered:
        """It has something changed, and all that follows from it happens."""
        answered = await self.sends("POST", operation, json=arguments)
        await self.app.settle()
        return answered

    async def sends(self, method: str, operation: str, **more: Any) -> Answered:
        """A request as it is told."""
        headers = {"Authorization": f"Bearer {self.secret}", **more.pop("headers", {})}
        url = f"{self.app.url}/api/v1/{operation}"
        async with self.session.request(method, url, headers=headers, **more) as response:
            text = await response.text()
            body = await response.json() if response.content_type == "application/json" else None
            return Answered(response.status, body, dict(response.headers), text)


async def key_of(app: RunningApp, user: str = ANN, may: May = May.WRITE, name: str = "Claude") -> str:
    """The secret of a new key."""
    assert app.service is not None
    _, secret = await app.service.cases.agents.keys.make(PersonKey(TEAM, user), name, may)
    return secret


@asynccontextmanager
async def agent_of(app: RunningApp, user: str = ANN, may: May = May.WRITE) -> AsyncIterator[AgentOf]:
    """An agent with a new key of somebody who has allowed us their status."""
    async with aiohttp.ClientSession() as session:
        yield AgentOf(app, await key_of(app, user, may), session)
