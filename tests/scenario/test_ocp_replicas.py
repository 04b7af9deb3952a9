"""Slack's own methods at a replica that does no work of its own: another one writes, and the answer comes here."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from aiohttp import web

from handlers.web.application import QuietRunner
from services import bootstrap
from services.engine.due import POLL_ALONE
from services.platform import settings
from services.store.agent_tables import ASKED_PHOTOS
from services.store.tables import OVERRIDES
from services.usecases import waiting
from tests.support.ocp_app import is_published, key_of
from tests.support.ocp_client import OcpAgent
from tests.support.photos import SENT
from tests.support.running_app import ANN, SET, RunningApp, at, free_port

LUNCH = {"status_text": "Lunch", "status_emoji": ":pizza:", "status_expiration": int(at("11:00").timestamp())}


@asynccontextmanager
async def replica_of(app: RunningApp) -> AsyncIterator[str]:
    """The address of another process' worth of the app, which listens and does nothing else."""
    port = free_port()
    place = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    config = settings.load(app.environment() | place, dotenv=None)
    service = await bootstrap.build(config, clock=app.clock, worker=False)
    runner = QuietRunner(service.web)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await service.start()
    try:
        yield place["PUBLIC_URL"]
    finally:
        await runner.cleanup()
        await service.stop()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_answer_comes_from_a_replica_that_another_one_writes_for(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await key_of(running_app)
    running_app.polls(POLL_ALONE)
    async with replica_of(running_app) as url, OcpAgent(url) as agent:
        await agent.register_api("slack", headers=headers)
        answer = await agent.call_tool("usersProfileSet", {"profile": LUNCH})
        assert answer.body["ok"], answer.body
        is_published(answer, SET)
        assert running_app.shows() == ("Lunch", ":pizza:", at("11:00"))
        answer = await agent.call_tool("usersSetPhoto", {"image": base64.b64encode(SENT).decode()})
        assert answer.body["ok"], answer.body
        is_published(answer, "users.setPhoto")
        assert running_app.slack.photos.of(ANN) is not None
        await running_app.settle()
        await running_app.stop()
        monkeypatch.setattr(waiting, "PATIENCE", 0.1)  # nobody writes any more
        tea = LUNCH | {"status_text": "Tea", "status_emoji": ":tea:"}
        answer = await agent.call_tool("usersProfileSet", {"profile": tea})
        assert answer.body.get("error") == "request_timeout"
        answer = await agent.call_tool("usersSetPhoto", {"image": base64.b64encode(SENT).decode()})
        assert answer.body.get("error") == "request_timeout"
        answer = await agent.call_tool("usersProfileSet", {"profile": {"status_text": "", "status_emoji": ""}})
        assert answer.body.get("error") == "request_timeout"
    photo = running_app.slack.photos.of(ANN)
    await running_app.start()
    await running_app.settle()
    assert running_app.shows() == ("Lunch", ":pizza:", at("11:00"))
    assert running_app.written() == ["Lunch"]
    assert running_app.slack.photos.of(ANN) == photo
    assert len(await running_app.rows(sa.select(OVERRIDES.c.override_id))) == 1
    assert await running_app.rows(sa.select(ASKED_PHOTOS.c.request)) == []


async def test_methods_are_learned_from_the_description_as_well(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with OcpAgent("https://registry.example") as agent:
        tools = await agent.register_api("mine", spec_url=f"{running_app.url}/openapi.json", headers=headers)
        assert {"usersProfileSet", "usersProfileGet", "usersSetPhoto", "usersInfo", "setStatus", "whoIsOut"} <= set(
            tools
        )
        answer = await agent.call_tool("usersProfileSet", {"profile": LUNCH, "nothing": "is sent of this"})
        assert answer.body["ok"], answer.body
        answer = await agent.call_tool("usersSetPhoto", {"image": base64.b64encode(SENT).decode(), "crop_w": 512})
        assert answer.body["ok"], answer.body
        assert (await agent.call_tool("usersInfo", {"include_locale": "true"})).body["user"]["locale"] == "en-GB"
        assert (await agent.call_tool("getStatus")).body["status"]["text"] == "Lunch"
