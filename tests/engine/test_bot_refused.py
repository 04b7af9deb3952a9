"""A refusal of the bot's token says as much as one of a person's: whose it is, is asked once, and then it waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from emulators.faults import Fault
from tests.support.engine import TEAM, RunningEngine, meeting, until
from tests.support.faults import standing
from tests.support.few import few
from tests.support.replica import Replica

PUBLISH, TEST = "views.publish", "auth.test"
ALLOW_LIST = Fault(error="invalid_auth", times=None, team_id=TEAM)


def bot_of(engine: RunningEngine) -> str:
    """The user whom the workspace's bot is at Slack."""
    bot = engine.slack.tokens.bot(TEAM)
    assert bot is not None
    return bot.user_id


def homes(engine: RunningEngine) -> set[str]:
    """The first word of what the Home tabs show."""
    return {home.view["blocks"][0]["text"]["text"].split()[0] for home in engine.slack.homes.values()}


async def looking(engine: RunningEngine, count: int) -> Replica:
    """People who look at their Home tabs, an admin first, and nobody's status is to change; a replica that runs."""
    opened_at = engine.clock.now() + timedelta(hours=1)  # they look at it all the time
    for number in range(count):
        await engine.person(f"U{number}", home_opened_at=opened_at, home_stale=False)
    engine.slack.membership.set_role("U0", "admin")
    replica = engine.replica()
    await replica.start()
    await engine.rests()
    await until(lambda: len(engine.calls(PUBLISH)) >= count)
    await engine.rests()
    return replica


async def home_changes(engine: RunningEngine, replica: Replica, text: str) -> None:
    """What all Home tabs show is another, and nothing else."""
    replica.home.text = text
    async with engine.database.write() as connection:
        await connection.execute(sa.text("UPDATE people SET home_stale = true"))
    await engine.rests()


async def passes(engine: RunningEngine, seconds: int, step: int = 5) -> None:
    for _ in range(seconds // step):
        engine.clock.move(seconds=step)
        await engine.rests()


def said(logged: list[Any]) -> list[tuple[str, str]]:
    return [(one["event"], one["fault"]) for one in logged if one["event"].startswith("operator_fault")]


def since(engine: RunningEngine, begun: Any) -> list[str]:
    return [call.method for call in engine.slack.calls.all() if call.at >= begun]


async def test_refusal_of_everybody_is_recognised_where_only_the_bot_is_used(engine: RunningEngine) -> None:
    replica = await looking(engine, 5)
    with capture_logs() as logged:
        engine.slack.faults.add(ALLOW_LIST)
        engine.clock.move(seconds=1)
        begun = engine.clock.now()
        await home_changes(engine, replica, "New")
        assert await standing(engine.database) == [("slack_tokens", TEAM)]
        assert since(engine, begun) == [PUBLISH, TEST, TEST, TEST]  # the bot's, then those of two others
        begun = engine.clock.now() + timedelta(seconds=61)
        await passes(engine, 1200, step=20)
        assert set(since(engine, begun)) == {TEST}
        assert len(since(engine, begun)) <= 3 * 20
        engine.slack.faults.remove(ALLOW_LIST)
        await passes(engine, 80, step=20)
    assert await standing(engine.database) == []
    assert said(logged) == [("operator_fault", "slack_tokens"), ("operator_fault_over", "slack_tokens")]
    await until(lambda: homes(engine) == {"New"})
    assert [len(engine.slack.direct_messages(f"U{number}")) for number in range(5)] == [1, 0, 0, 0, 0]
    assert "It is taken again now" in engine.slack.direct_messages("U0")[0].text


@pytest.mark.parametrize(
    "code", few(["invalid_auth", "account_inactive", "token_revoked", "team_access_not_granted"], quick=2)
)
async def test_bot_that_alone_is_refused_is_asked_for_once_and_statuses_go_on(engine: RunningEngine, code: str) -> None:
    replica = await looking(engine, 5)
    refused = engine.slack.faults.add(Fault(error=code, times=None, user_id=bot_of(engine)))
    with capture_logs() as logged:
        engine.clock.move(seconds=1)
        begun = engine.clock.now()
        await home_changes(engine, replica, "New")
        assert await standing(engine.database) == [("slack_bot", TEAM)]
        assert since(engine, begun) == [PUBLISH, TEST, TEST]
        key = await engine.person("U9")
        await engine.has(key, meeting(engine.clock.now(), 600))
        await until(lambda: engine.status("U9")[0] == "In a meeting")
        begun = engine.clock.now() + timedelta(seconds=61)
        await passes(engine, 660, step=20)
        assert set(since(engine, begun)) == {TEST}
        assert len(since(engine, begun)) <= 11
        assert await engine.column(key, "grant_state") == "ok"
        engine.slack.faults.remove(refused)
        await passes(engine, 80, step=20)
    assert await standing(engine.database) == []
    assert said(logged) == [("operator_fault", "slack_bot"), ("operator_fault_over", "slack_bot")]
    await until(lambda: homes(engine) == {"New"})
    assert [len(engine.slack.direct_messages(f"U{number}")) for number in range(5)] == [1, 0, 0, 0, 0]
