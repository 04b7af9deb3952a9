"""What the operator has to mend costs nobody their grant, is told to no member, and is over by itself once mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from emulators.faults import Fault
from services.domain import faults as operators
from services.domain.model import PersonKey
from services.engine.leases import AdvisoryLocks
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.tables import WORKSPACES
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import GET, TEAM, RunningEngine, meeting, open_engine, until
from tests.support.faults import standing
from tests.support.replica import Replica

EXCHANGE, TEST = "oauth.v2.access", "auth.test"
ALLOW_LIST = Fault(error="invalid_auth", times=None, team_id=TEAM)
"""This machine's address is not on the app's list: Slack answers so to every token of the workspace."""


def said(logged: list[Any], event: str) -> list[str]:
    return [entry["fault"] for entry in logged if entry["event"] == event]


async def in_a_meeting(engine: RunningEngine, *user_ids: str, minutes: float = 600) -> list[PersonKey]:
    """People, known to the app, who are in a meeting now."""
    keys = [await engine.person(user_id) for user_id in user_ids]
    for key in keys:
        await engine.has(key, meeting(engine.clock.now(), minutes))
    return keys


async def bot_is(engine: RunningEngine, token: str) -> None:
    async with engine.database.write() as connection:
        sealed = engine.encryptor.seal(token, "workspaces.bot_token", TEAM)
        await connection.execute(sa.update(WORKSPACES).values(bot_token=sealed))


async def passes(engine: RunningEngine, seconds: int, step: int = 5) -> None:
    """Let so much time pass, in small steps, with all that is due at each."""
    for _ in range(seconds // step):
        engine.clock.move(seconds=step)
        await engine.rests()


def told(engine: RunningEngine) -> int:
    return sum(len(engine.slack.direct_messages(user_id)) for user_id in engine.slack.members)


async def grants(engine: RunningEngine, keys: list[PersonKey]) -> Counter[str]:
    return Counter([await engine.column(key, "grant_state") for key in keys])


# ── everybody's tokens ──────────────────────────────────────────────────────────────────────────────


async def test_address_that_slack_does_not_let_in_costs_nobody_anything(engine: RunningEngine) -> None:
    names = [f"U{number}" for number in range(30)]
    await engine.replica().start()
    keys = [await engine.person(name) for name in names]
    with capture_logs() as logged:
        engine.slack.faults.add(ALLOW_LIST)
        for key in keys:
            await engine.has(key, meeting(engine.clock.now(), 600))
        await engine.rests()
        assert await standing(engine.database) == [("slack_tokens", TEAM)]
        begun = engine.clock.now()
        for minute in range(6):
            if minute == 2:
                await engine.says(keys[3], "Writing")
            if minute == 4:
                await engine.says(keys[4], "Lunch", name="o2")
                await engine.says(keys[4], "Dessert", name="o3")
            await passes(engine, 60, step=15)
        calls = Counter((call.at - begun) // timedelta(minutes=1) for call in engine.slack.calls.all())
        assert max(count for minute, count in calls.items() if minute > 0) <= 6  # bot and two others, twice at most
        assert await grants(engine, keys) == {"ok": 30}
        assert told(engine) == 0
        engine.slack.faults.remove(ALLOW_LIST)
        await passes(engine, 65)  # it is asked once a minute by now
    texts = Counter(engine.status(name)[0] for name in names)
    assert texts == {"In a meeting": 28, "Writing": 1, "Dessert": 1}
    assert "Lunch" not in engine.written()
    assert await standing(engine.database) == []
    assert (said(logged, "operator_fault"), said(logged, "operator_fault_over")) == (["slack_tokens"], ["slack_tokens"])
    assert told(engine) == 0


async def test_persons_own_token_that_is_refused_is_theirs_and_holds_up_nobody(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(error="invalid_auth", times=None, user_id="U1"))
    await engine.replica().start()
    keys = await in_a_meeting(engine, "U1", "U2")
    await until(lambda: len(engine.slack.direct_messages("U1")) == 1)
    await until(lambda: engine.status("U2")[0] == "In a meeting")
    assert [await engine.column(key, "grant_state") for key in keys] == ["lost", "ok"]
    assert await standing(engine.database) == []


async def test_dead_bot_does_not_make_one_persons_loss_everybodys(engine: RunningEngine) -> None:
    await engine.person("U2")
    await bot_is(engine, "xoxb-dead")
    engine.slack.faults.add(Fault(error="invalid_auth", times=None, user_id="U1"))
    await engine.replica().start()
    (key,) = await in_a_meeting(engine, "U1")
    await engine.rests()
    assert await engine.column(key, "grant_state") == "lost"
    assert await standing(engine.database) == [("slack_bot", TEAM)]  # it would have told them


async def test_only_person_of_a_workspace_whose_bot_is_refused_too_keeps_their_grant(engine: RunningEngine) -> None:
    await engine.replica().start()
    engine.slack.faults.add(Fault(error="invalid_auth", times=None, user_id="U1"))
    key = await engine.person("U1")
    bot = engine.slack.install(TEAM)
    await bot_is(engine, "xoxb-dead")
    await engine.has(key, meeting(engine.clock.now(), 600))
    await engine.rests()
    assert await standing(engine.database) == [("slack_tokens", TEAM)]
    await passes(engine, 300, step=30)
    assert await engine.column(key, "grant_state") == "ok"
    await bot_is(engine, bot.value)  # installed anew: now Slack says what is the person's
    await passes(engine, 60)
    assert await engine.column(key, "grant_state") == "lost"
    assert len(engine.slack.direct_messages("U1")) == 1


async def test_refusal_that_is_over_before_anybody_asks_loses_nothing(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(GET, error="invalid_auth", user_id="U1"))
    await engine.replica().start()
    (key,) = await in_a_meeting(engine, "U1")
    await engine.rests()
    assert await engine.column(key, "grant_state") == "ok"
    engine.clock.move(seconds=2)
    await until(lambda: engine.status()[0] == "In a meeting")


async def test_grant_is_not_lost_while_slack_does_not_say_whose_fault_it_is(engine: RunningEngine) -> None:
    engine.slack.faults.add(Fault(GET, error="invalid_auth", user_id="U1"))
    engine.slack.faults.add(Fault(TEST, status=503, skip=1))  # the first asks whose the token is
    await engine.replica().start()
    (key,) = await in_a_meeting(engine, "U1")
    await engine.rests()
    assert (await engine.column(key, "grant_state"), await standing(engine.database)) == ("ok", [])
    engine.clock.move(seconds=2)
    await until(lambda: engine.status()[0] == "In a meeting")


@pytest.mark.parametrize("code", ["access_denied", "team_access_not_granted"])
async def test_app_that_is_restricted_in_a_whole_workspace_is_told_to_nobody_in_it(
    engine: RunningEngine, code: str
) -> None:
    restricted = engine.slack.faults.add(Fault(error=code, times=None, team_id=TEAM))
    await engine.replica().start()
    await in_a_meeting(engine, "U1", "U2")
    await engine.rests()
    assert await standing(engine.database) == [("slack_tokens", TEAM)]
    engine.slack.faults.remove(restricted)
    await passes(engine, 20)
    assert [engine.status(name)[0] for name in ("U1", "U2")] == ["In a meeting"] * 2
    assert told(engine) == 0


async def test_notices_wait_while_the_bot_is_refused(engine: RunningEngine) -> None:
    replica = engine.replica()
    await replica.start()
    key = await engine.person("U1")
    engine.slack.faults.add(ALLOW_LIST)
    async with engine.database.write() as connection:
        await replica.notices.tell(connection, key, "welcome")
    await passes(engine, 3600 * 3, step=600)
    assert len(engine.calls("chat.postMessage")) <= 3 * 6 + 1
    engine.slack.faults.remove(ALLOW_LIST)
    await passes(engine, 600, step=300)
    assert len(engine.slack.direct_messages("U1")) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_replicas_say_it_once_and_rest_both(engine: RunningEngine) -> None:
    for _ in range(2):
        await engine.replica(leases=AdvisoryLocks(engine.database.url)).start()
    engine.slack.faults.add(ALLOW_LIST)
    with capture_logs() as logged:
        keys = await in_a_meeting(engine, *(f"U{number}" for number in range(10)))
        await until(lambda: all(TEAM in replica.workspaces.shut for replica in engine.replicas))
        engine.slack.faults.remove(ALLOW_LIST)
        engine.clock.move(seconds=10)
        await until(lambda: [engine.status(key.user_id)[0] for key in keys] == ["In a meeting"] * 10)
        await until(lambda: not any(replica.workspaces.shut for replica in engine.replicas))
    assert (said(logged, "operator_fault"), said(logged, "operator_fault_over")) == (["slack_tokens"], ["slack_tokens"])


# ── our own credentials at Slack ────────────────────────────────────────────────────────────────────


@pytest.fixture
async def rotating(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[RunningEngine]:
    """A Slack that rotates the app's tokens."""
    async with open_engine(database, encryptor, clock, token_rotation=True) as engine:
        yield engine


async def test_client_secret_that_slack_refuses_costs_no_token(rotating: RunningEngine) -> None:
    engine = rotating
    keys = [await engine.person(f"U{number}", refresh_due_at=engine.clock.now()) for number in range(20)]
    engine.slack.membership.set_role("U7", "admin")
    await bot_is(engine, engine.slack.install(TEAM).value)
    replica = engine.replica(client_secret="old")
    kept = [await engine.column(key, "refresh_token") for key in keys]
    with capture_logs() as logged:
        await replica.start()
        await passes(engine, 3600, step=100)
        tried = len(engine.calls(EXCHANGE))
        assert 6 <= tried <= 20  # four at first, then one each five minutes
        assert [await engine.column(key, "refresh_token") for key in keys] == kept
        assert await grants(engine, keys) == {"ok": 20}
        assert await standing(engine.database) == [("slack_client", ""), ("slack_client", TEAM)]
        assert [len(engine.slack.direct_messages("U7")), told(engine)] == [1, 1]
        assert "Slack does not take Status Quo any more" in engine.slack.direct_messages("U7")[0].text
        replica = await engine.replaced(replica)
        await passes(engine, 400, step=100)
        await until(lambda: len(engine.calls(EXCHANGE)) == tried + 21)
        await engine.rests()
    assert await standing(engine.database) == []
    assert [call.ok for call in engine.calls(EXCHANGE)[tried:]].count(True) == 20  # and whether it is taken was asked
    assert (said(logged, "operator_fault"), said(logged, "operator_fault_over")) == (["slack_client"], ["slack_client"])
    assert told(engine) == 1


@pytest.mark.parametrize(("secret", "stands"), [("old", True), ("local-client-secret", False)])
async def test_client_secret_that_was_put_right_is_noticed_at_the_start(
    engine: RunningEngine, secret: str, stands: bool
) -> None:
    replica = engine.replica(client_secret="old")
    await engine.person()
    await replica.faults.met(operators.OperatorFault.SLACK_CLIENT, "bad_client_secret", TEAM)
    replica = await engine.replaced(replica, client_secret=secret)
    await passes(engine, 600, step=100)  # no token is to be renewed, and nobody installs
    assert await standing(engine.database) == ([("slack_client", ""), ("slack_client", TEAM)] if stands else [])
    assert len(engine.calls(EXCHANGE)) == 1


# ── whom it is told ─────────────────────────────────────────────────────────────────────────────────


async def test_admins_who_use_the_app_are_told_once_and_again_only_after_it_was_well(engine: RunningEngine) -> None:
    replica = engine.replica()
    await replica.start()
    for number in range(9):
        await engine.person(f"U{number}")
        engine.slack.membership.set_role(f"U{number}", "member" if number < 4 else "admin")
    google = operators.OperatorFault.GOOGLE_CLIENT

    async def met(times: int) -> None:
        for _ in range(times):
            await replica.faults.met(google, "invalid_client", TEAM)
            engine.ring()
            await passes(engine, 1200, step=600)

    await met(3)
    once = {f"U{number}": 0 if number < 4 or number > 6 else 1 for number in range(9)}
    assert {name: len(engine.slack.direct_messages(name)) for name in once} == once
    assert "Google Calendar" in engine.slack.direct_messages("U4")[0].text
    await replica.faults.over(google)
    await met(1)
    assert {name: len(engine.slack.direct_messages(name)) for name in once} == {name: 2 * n for name, n in once.items()}
    await passes(engine, 3600 * 25, step=3600)  # nobody meets it any more: it is over
    assert await standing(engine.database) == []


@BOTH
async def test_refusal_of_one_address_is_named_and_over_at_the_first_exchange(engine: RunningEngine) -> None:
    replica: Replica = engine.replica()
    await engine.person()
    address = "https://quo.example/slack/oauth_redirect"
    await replica.faults.met(operators.OperatorFault.SLACK_REDIRECT, address)
    ((found,),) = [await replica.faults.look()]
    assert operators.sentence(found) == (
        f"does not take this app's redirect address since 2026-11-24 09:00 UTC ({address}): "
        "add that address to the app's redirect addresses there, or mend PUBLIC_URL and restart"
    )
    await replica.faults.over(operators.OperatorFault.SLACK_REDIRECT)
    assert await standing(engine.database) == []
