"""Rotated tokens are renewed ahead of time by exactly one replica, for idle people too, and crashes heal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.domain.errors import GrantLostError
from services.domain.model import PersonKey
from services.domain.people import RENEWAL_SPREAD, RENEWED_AHEAD, Renewed, refresh_due
from services.engine import tokens
from services.engine.tokens import AT_ONCE
from services.platform.crypto import Encryptor
from services.store.db import Database
from services.store.tables import PEOPLE, WORKSPACES
from services.store.tokens import LEASE, TokenClaim
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH
from tests.support.engine import TEAM, RunningEngine, meeting, open_engine, until

EXCHANGE = "oauth.v2.access"


@pytest.fixture
async def rotating(database: Database, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[RunningEngine]:
    """A Slack that rotates the app's tokens."""
    async with open_engine(database, encryptor, clock, token_rotation=True) as engine:
        yield engine


async def scheduled(engine: RunningEngine, user_id: str = "U1") -> tuple[PersonKey, datetime]:
    """A person whose token is to be renewed when its time comes."""
    key = await engine.person(user_id)
    expires_at = await engine.column(key, "token_expires_at")
    due_at = refresh_due(expires_at, key.team_id, key.user_id)
    async with engine.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.user_id == user_id).values(refresh_due_at=due_at))
    return key, due_at


async def token_of(engine: RunningEngine, key: PersonKey) -> str | None:
    sealed = await engine.column(key, "token")
    return engine.encryptor.open(sealed, "people.token", key.team_id, key.user_id)


async def test_token_of_an_idle_person_is_renewed_before_it_expires(rotating: RunningEngine) -> None:
    await rotating.replica().start()
    key, due_at = await scheduled(rotating)
    first = await token_of(rotating, key)
    expires_at = await rotating.column(key, "token_expires_at")
    assert RENEWED_AHEAD <= expires_at - due_at <= RENEWED_AHEAD + RENEWAL_SPREAD
    for _ in range(6):
        due_at = await rotating.column(key, "refresh_due_at")
        rotating.clock.move_to(due_at)
        await until(lambda due_at=due_at: later(rotating, key, due_at))  # type: ignore[misc]  # the loop's value
    assert await token_of(rotating, key) != first
    assert len(rotating.calls(EXCHANGE)) == 6
    await rotating.has(key, meeting(rotating.clock.now()))
    await until(lambda: rotating.status()[0] == "In a meeting")
    assert rotating.slack.direct_messages("U1") == []


async def test_token_that_lives_shorter_than_we_look_ahead_is_renewed_at_half_its_life(rotating: RunningEngine) -> None:
    class Brief:
        async def renew(self, refresh_token: str) -> Renewed:
            return Renewed("xoxp-brief", refresh_token, 600)

    replica = rotating.replica()
    replica.tokens._slack = Brief()
    key, due_at = await scheduled(rotating)
    rotating.clock.move_to(due_at)
    assert (await replica.tokens.run_due()).changed == 1
    assert await rotating.column(key, "refresh_due_at") == due_at + timedelta(seconds=300)
    assert (await replica.tokens.run_due()).done == 0


async def later(engine: RunningEngine, key: PersonKey, than: datetime) -> bool:
    found = await engine.column(key, "refresh_due_at")
    return bool(found > than + LEASE)


async def test_bots_token_is_renewed_too(rotating: RunningEngine) -> None:
    await rotating.person()
    user_id = rotating.slack.bot_of(TEAM).user_id
    bot = rotating.slack.tokens.issue("bot", TEAM, user_id, {"chat:write"}, rotate_at=rotating.clock.now())
    sealed = rotating.encryptor.seal(bot.refresh, "workspaces.bot_refresh_token", TEAM)
    async with rotating.database.write() as connection:
        await connection.execute(
            sa.update(WORKSPACES).values(bot_refresh_token=sealed, refresh_due_at=rotating.clock.now())
        )
    await rotating.replica().start()
    await until(lambda: len(rotating.calls(EXCHANGE)) == 1)

    async def renewed() -> bool:
        async with rotating.database.read() as connection:
            kept = await connection.scalar(sa.select(WORKSPACES.c.bot_token))
        return rotating.encryptor.open(kept, "workspaces.bot_token", TEAM) != bot.value

    await until(renewed)


@BOTH
async def test_two_replicas_renew_each_token_exactly_once(rotating: RunningEngine, database_url: str) -> None:
    other = Database(database_url)
    try:
        for number in range(12):
            await rotating.person(f"U{number}", refresh_due_at=rotating.clock.now())
        replicas = [rotating.replica(), rotating.replica(database=other)]
        reports = await asyncio.gather(*(replica.tokens.run_due() for replica in replicas for _ in range(2)))
        assert sum(report.changed for report in reports) == 12
        assert sorted(call.arguments["grant_type"] for call in rotating.calls(EXCHANGE)) == ["refresh_token"] * 12
        assert all(call.ok for call in rotating.calls(EXCHANGE))
    finally:
        await other.close()


async def test_renewals_of_a_slow_slack_that_wait_are_left_to_whoever_is_free(
    rotating: RunningEngine, database_url: str
) -> None:
    """A claim is as long as one call: what is claimed and has to wait would outlive it."""
    other = Database(database_url)
    called, answer = asyncio.Event(), asyncio.Event()
    try:
        for number in range(20):
            await rotating.person(f"U{number}", refresh_due_at=rotating.clock.now())
        slow, free = rotating.replica(), rotating.replica(database=other)
        exchange = slow.tokens._slack.renew

        async def slowly(refresh_token: str) -> Renewed:
            called.set()
            await answer.wait()
            return await exchange(refresh_token)

        slow.tokens._slack.renew = slowly  # type: ignore[method-assign]  # Slack takes its time to answer this replica
        held = asyncio.create_task(slow.tokens.run_due())
        await called.wait()
        while (await free.tokens.run_due()).done:
            pass
        assert len(rotating.calls(EXCHANGE)) == 20 - AT_ONCE
        answer.set()
        assert (await held).changed == AT_ONCE
        assert all(call.ok for call in rotating.calls(EXCHANGE))
    finally:
        await other.close()


@BOTH
async def test_refusal_of_a_claim_that_another_has_taken_over_loses_nothing(rotating: RunningEngine) -> None:
    replica = rotating.replica()
    key, due_at = await scheduled(rotating)
    rows = replica.tokens._rows
    (late,) = await rows.claim(due_at, due_at + LEASE, 10)
    (ours,) = await rows.claim(due_at + LEASE, due_at + 2 * LEASE, 10)
    await rows.lost(late, due_at)  # the other one has used the refresh token, and does not have its answer yet
    assert await rotating.column(key, "grant_state") == "ok"
    assert await rows.renewed(ours, Renewed("xoxp-new", "xoxe-new", 43_200), due_at, due_at)
    assert await token_of(rotating, key) == "xoxp-new"


@BOTH
async def test_exchange_without_an_answer_ends_before_its_claim(
    rotating: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "SECONDS", 0.01)
    replica = rotating.replica()
    key, due_at = await scheduled(rotating)
    rotating.clock.move_to(due_at)
    replica.tokens._slack.renew = never  # type: ignore[method-assign]  # a Slack that does not answer
    assert (await replica.tokens.run_due()).failed == 1
    assert await rotating.column(key, "grant_state") == "ok"
    assert await rotating.column(key, "refresh_due_at") == due_at + tokens.RETRY


async def never(_: str) -> Any:
    await asyncio.Event().wait()


def test_claim_of_a_renewal_is_longer_than_its_exchange() -> None:
    assert timedelta(seconds=1.5 * tokens.SECONDS) <= tokens.LEASE


async def test_expired_token_is_renewed_when_a_call_says_so(rotating: RunningEngine) -> None:
    await rotating.replica().start()
    key = await rotating.person()  # nobody scheduled its renewal
    rotating.clock.move(hours=13)
    await rotating.has(key, meeting(rotating.clock.now()))
    await until(lambda: rotating.status()[0] == "In a meeting")
    assert len(rotating.calls(EXCHANGE)) == 1


async def test_refresh_token_that_slack_does_not_know_loses_the_grant_and_tells_once(rotating: RunningEngine) -> None:
    rotating.slack.faults.add(Fault(EXCHANGE, error="invalid_refresh_token", times=None))
    await rotating.replica().start()
    key, due_at = await scheduled(rotating)
    rotating.clock.move_to(due_at)
    for _ in range(2):  # it is refused, then told
        await rotating.rests()
    assert len(rotating.slack.direct_messages("U1")) == 1
    assert await rotating.column(key, "grant_state") == "lost"
    rotating.clock.move(hours=24)
    await rotating.settled()
    assert len(rotating.calls(EXCHANGE)) == 1
    assert len(rotating.slack.direct_messages("U1")) == 1


async def test_outage_of_the_exchange_is_retried_and_costs_nobody_their_grant(rotating: RunningEngine) -> None:
    rotating.slack.faults.add(Fault(EXCHANGE, status=503))
    await rotating.replica().start()
    key, due_at = await scheduled(rotating)
    rotating.clock.move_to(due_at)
    await until(lambda: len(rotating.calls(EXCHANGE)) == 1)
    await until(lambda: later_than_now(rotating, key))
    rotating.clock.move(minutes=1)
    await until(lambda: later(rotating, key, rotating.clock.now()))
    assert await rotating.column(key, "grant_state") == "ok"
    assert len(rotating.calls(EXCHANGE)) == 2


async def later_than_now(engine: RunningEngine, key: PersonKey) -> bool:
    found = await engine.column(key, "refresh_due_at")
    return bool(found > engine.clock.now() + LEASE)


async def test_death_between_the_answer_and_its_record_heals_within_slacks_grace(rotating: RunningEngine) -> None:
    class Killed(BaseException):
        pass

    async def die(*_: Any) -> None:
        raise Killed

    doomed = rotating.replica()
    key, due_at = await scheduled(rotating)
    rotating.clock.move_to(due_at)
    doomed.tokens._rows.renewed = die  # type: ignore[method-assign]  # the moment is what is tested
    used = rotating.slack.tokens.user("U1")
    assert used is not None
    refresh = used.refresh
    with pytest.raises(Killed):
        await doomed.tokens.run_due()
    used.refresh = refresh  # Slack's short grace for a refresh token that was used
    rotating.clock.move(seconds=LEASE.total_seconds())
    await rotating.replica().start()
    await until(lambda: later(rotating, key, rotating.clock.now()))
    assert await rotating.column(key, "grant_state") == "ok"
    await rotating.has(key, meeting(rotating.clock.now()))
    await until(lambda: rotating.status()[0] == "In a meeting")


@BOTH
async def test_grant_given_anew_during_a_renewal_is_kept(rotating: RunningEngine) -> None:
    replica = rotating.replica()
    key, due_at = await scheduled(rotating)
    rotating.clock.move_to(due_at)
    rows = replica.tokens._rows
    (claim,) = await rows.claim(due_at, due_at + LEASE, 10)
    fresh = rotating.encryptor.seal("xoxe-1-fresh", "people.refresh_token", key.team_id, key.user_id)
    await rotating.change(key, refresh_token=fresh)
    assert not await rows.renewed(claim, Renewed("xoxp-old", "xoxe-old", 43_200), due_at, due_at)
    await rows.lost(claim, due_at)
    assert await rotating.column(key, "grant_state") == "ok"


async def test_renewal_survives_a_new_encryption_key_in_between(rotating: RunningEngine) -> None:
    replica = rotating.replica()
    key, due_at = await scheduled(rotating)
    rotating.clock.move_to(due_at)
    rows = replica.tokens._rows
    (claim,) = await rows.claim(due_at, due_at + LEASE, 10)
    assert claim.refresh is not None
    resealed = rotating.encryptor.seal(claim.refresh, "people.refresh_token", key.team_id, key.user_id)
    await rotating.change(key, refresh_token=resealed)
    assert await rows.renewed(claim, Renewed("xoxp-new", "xoxe-new", 43_200), due_at, due_at)
    assert await token_of(rotating, key) == "xoxp-new"


async def test_token_without_a_refresh_token_is_lost_when_it_expires(rotating: RunningEngine) -> None:
    replica = rotating.replica()
    key = await rotating.person()
    await rotating.change(key, refresh_token=None)
    with pytest.raises(GrantLostError):
        await replica.tokens.refresh(key)


def test_what_is_claimed_does_not_print_its_secret() -> None:
    assert "xoxe" not in repr(TokenClaim("T1", "U1", "xoxe-1-secret", 1)) + repr(Renewed("xoxe.xoxp", "xoxe-1", 1))


def test_renewals_are_spread_over_a_quarter_of_an_hour(clock: ManualClock) -> None:
    expires_at = clock.now() + timedelta(hours=12)
    dues = [refresh_due(expires_at, "T1", f"U{number}") for number in range(200)]
    assert max(dues) <= expires_at - RENEWED_AHEAD
    assert min(dues) >= expires_at - RENEWED_AHEAD - RENEWAL_SPREAD
    assert max(dues) - min(dues) > RENEWAL_SPREAD * 0.9
