"""Notices and Home tabs that cannot be done now: they wait, and keep nobody awake."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor, new_key
from services.store.tables import NOTICES, WORKSPACES
from tests.support.databases import BOTH
from tests.support.engine import TEAM, RunningEngine
from tests.support.replica import Replica

POST = "chat.postMessage"


async def told(engine: RunningEngine, subject: str = "welcome") -> tuple[Replica, PersonKey]:
    """Somebody who is to be told something, in a workspace whose engine does not run."""
    replica, key = engine.replica(), await engine.person(home_opened_at=engine.clock.now())
    async with engine.database.write() as connection:
        await replica.notices.tell(connection, key, subject)
    return replica, key


async def bot_token_is(engine: RunningEngine, sealed: bytes | None) -> None:
    async with engine.database.write() as connection:
        await connection.execute(sa.update(WORKSPACES).values(bot_token=sealed))


async def busy(engine: RunningEngine, replica: Replica, after: timedelta = timedelta()) -> list[str]:
    """The workspaces in which something is to be sent."""
    at = engine.clock.now() + after
    due = await replica.notices.due(at, 10)
    return sorted({one.team_id for one in [*(notice.key for notice in due), *await replica.homes.stale(at, 10)]})


async def pending(engine: RunningEngine) -> int:
    async with engine.database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).where(NOTICES.c.sent_at.is_(None))) or 0


async def test_notice_in_a_workspace_without_a_bot_token_wakes_no_lane_until_there_is_one(
    engine: RunningEngine,
) -> None:
    replica, _ = await told(engine)
    token = engine.encryptor.seal(engine.slack.install(TEAM).value, "workspaces.bot_token", TEAM)
    await bot_token_is(engine, None)
    await replica.sender.drain()
    assert await busy(engine, replica) == []
    await bot_token_is(engine, token)
    assert await busy(engine, replica) == [TEAM]
    await replica.sender.drain()
    assert len(engine.slack.direct_messages("U1")) == 1


@pytest.mark.parametrize("home_stale", [False, True])
async def test_bot_token_that_cannot_be_opened_keeps_its_lane_awake_once_an_hour(
    engine: RunningEngine, home_stale: bool
) -> None:
    replica, key = await told(engine)
    await engine.change(key, home_stale=home_stale)
    await bot_token_is(engine, Encryptor([new_key()]).seal("xoxb-1", "workspaces.bot_token", TEAM))
    await replica.sender.drain()
    assert await busy(engine, replica) == []
    assert await busy(engine, replica, timedelta(hours=1)) == [TEAM]
    assert await pending(engine) == 1


@BOTH
async def test_notice_that_slack_refuses_is_tried_again_later_and_later(engine: RunningEngine) -> None:
    replica, _ = await told(engine)
    engine.slack.faults.add(Fault(POST, error="restricted_action", times=None))
    for minutes in (1, 4, 16, 64):
        assert await replica.sender.drain() == engine.clock.now() + timedelta(minutes=minutes)  # by itself
        assert await busy(engine, replica) == []
        assert await busy(engine, replica, timedelta(minutes=minutes, seconds=-1)) == []
        assert await busy(engine, replica, timedelta(minutes=minutes)) == [TEAM]
        engine.clock.move(minutes=minutes)
    assert await replica.sender.drain() is None
    assert (await pending(engine), len(engine.calls(POST))) == (0, 5)


async def test_notice_that_slack_has_wait_is_sent_when_it_may_be(engine: RunningEngine) -> None:
    replica, _ = await told(engine)
    engine.slack.faults.add(Fault(POST, retry_after=7))
    ready = await replica.sender.drain()
    assert ready is not None
    assert engine.clock.now() < ready <= engine.clock.now() + timedelta(seconds=8)
    assert await pending(engine) == 1
    engine.clock.move_to(ready)
    await replica.sender.drain()
    assert await pending(engine) == 0


async def test_chore_that_fails_leaves_the_others_to_be_done(engine: RunningEngine) -> None:
    replica, key = await told(engine)
    await engine.change(key, home_stale=True)
    replica.chores[0]._notices = None  # type: ignore[attr-defined]  # whatever it is that fails
    await replica.sender.drain()
    assert replica.home.made == 1


@BOTH
async def test_home_tab_that_another_replica_has_published_since_is_published_again(engine: RunningEngine) -> None:
    key = await engine.person(home_opened_at=engine.clock.now())
    mine, other = engine.replica(), engine.replica()
    for replica, text in ((mine, "Here"), (other, "Away"), (mine, "Here")):
        replica.home.text = text
        await engine.change(key, home_stale=True)
        await replica.sender.drain()
        assert engine.slack.homes["U1"].view["blocks"][0]["text"]["text"] == f"{text} of U1"
