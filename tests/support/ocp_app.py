"""An OCP agent with a key of a person's, before the whole app; and what its answers are published to be."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from jsonschema import Draft4Validator, FormatChecker

from services.domain.agents import May
from services.store.tables import OVERRIDES
from tests.support.ocp_client import Answered, OcpAgent
from tests.support.running_app import ANN, SET, RunningApp

GET = "users.profile.get"
_PUBLISHED = Path(__file__).parents[1] / "fixtures/slack-api"


def is_published(answer: Answered, method: str) -> None:
    """The answer is one that `method` is published to give."""
    schema: Any = json.loads((_PUBLISHED / f"{SET if method == GET else method}.json").read_text())["response"]
    if method == GET:
        schema = {"type": "object", "properties": {"profile": schema["properties"]["profile"]}, "required": ["profile"]}
    Draft4Validator(schema, format_checker=FormatChecker()).validate(answer.body)
    if method == "users.info":  # `items` says nothing of an object: it is held to the one that it is
        Draft4Validator(schema["properties"]["user"]["items"][0]).validate(answer.body["user"])


async def key_of(app: RunningApp, user: str = ANN, may: May = May.WRITE) -> dict[str, str]:
    """The header with a key of somebody who joins."""
    key = await app.joins(user)
    assert app.service is not None
    _, secret = await app.service.cases.agents.keys.make(key, "My agent", may)
    return {"Authorization": f"Bearer {secret}"}


@asynccontextmanager
async def agent_of(app: RunningApp, headers: dict[str, str]) -> AsyncIterator[OcpAgent]:
    """An agent that has learned Slack's methods from the app's registry."""
    async with OcpAgent(f"{app.url}/api/v1") as agent:
        await agent.register_api("slack", headers=headers)
        yield agent


async def sets(agent: OcpAgent, **fields: Any) -> Any:
    """What users.profile.set answers to these fields of a profile."""
    answer = await agent.call_tool("usersProfileSet", {"profile": fields})
    assert answer.status == 200, answer.body
    if answer.body["ok"]:
        is_published(answer, SET)
    return answer.body


async def overrides_of(app: RunningApp) -> list[Any]:
    return await app.rows(sa.select(OVERRIDES.c.override_id))
