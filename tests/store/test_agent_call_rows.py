"""Calls of agents as they are counted and kept: sixty a minute over all replicas; the audit of what was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.domain.agents import CALLS_PER, MOST_CALLS, May
from services.domain.model import Override, Pause
from services.domain.request_errors import (
    ReadOnlyKeyError,
    TooManyCallsError,
    TooManyRequestsError,
)
from services.platform.crypto import Encryptor
from services.platform.settings import Settings
from services.store import agents
from services.store.agent_tables import AGENT_CHANGES
from services.store.db import Database
from services.store.retention import KeptFor
from services.store.stores import Stores
from services.usecases.statuses import request_id
from tests.support.agents import ANN, AS_SLACKBOT, BOB, KeyProcess
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH, of_kind

KEPT = KeptFor.of(Settings())


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, unless a test says `BOTH`: it is about statements or locks that differ."""
    yield from of_kind(request, tmp_path)


async def test_read_only_key_changes_nothing_and_is_not_counted_for_trying(process: KeyProcess) -> None:
    secret = await process.makes(may=May.READ)
    for _ in range(MOST_CALLS + 1):
        with pytest.raises(ReadOnlyKeyError):
            await process.calls(secret, "set_status", writes=True)
    await process.calls(secret)
    assert await process.count(AGENT_CHANGES) == 0


# ── sixty a minute ──────────────────────────────────────────────────────────────────────────────────


async def test_sixty_calls_a_minute_and_the_next_is_told_how_long_to_wait(process: KeyProcess) -> None:
    secret, other = await process.makes("one"), await process.makes("two")
    for _ in range(MOST_CALLS):
        await process.calls(secret)
        process.clock.move(seconds=0.5)
    for _ in range(3):  # what is refused is not counted
        with pytest.raises(TooManyCallsError) as refused:
            await process.calls(secret)
        assert refused.value.facts["retry_after"] == 30
        assert isinstance(refused.value, TooManyRequestsError)
    await process.calls(other)
    await process.call_of(AS_SLACKBOT)
    process.clock.move(seconds=30)
    await process.calls(secret)
    with pytest.raises(TooManyCallsError) as refused:
        await process.calls(secret)
    assert refused.value.facts["retry_after"] == 1


@BOTH
async def test_calls_that_come_together_share_a_transaction_and_the_limit(
    process: KeyProcess, database_url: str, encryptor: Encryptor
) -> None:
    other = KeyProcess(Database(database_url), encryptor, process.clock)
    try:
        secret = await process.makes()
        caller = await process.keys.caller(secret)
        tried = await asyncio.gather(
            *(at.call_of(caller) for _ in range(50) for at in (process, other)), return_exceptions=True
        )
        assert [type(one) for one in tried].count(type(None)) == MOST_CALLS
        assert [type(one) for one in tried].count(TooManyCallsError) == 100 - MOST_CALLS
        process.clock.move(seconds=CALLS_PER.total_seconds())
        await other.calls(secret)
    finally:
        await other.database.close()


async def test_calls_that_a_wrong_clock_has_counted_hold_up_nobody_and_the_limit_stays(
    process: KeyProcess, encryptor: Encryptor
) -> None:
    secret = await process.makes()
    ahead = KeyProcess(process.database, encryptor, ManualClock(process.clock.now() + timedelta(hours=1)))
    for where in (ahead, process):
        for _ in range(MOST_CALLS):
            await where.calls(secret)
        with pytest.raises(TooManyCallsError) as refused:
            await where.calls(secret)
        assert refused.value.facts["retry_after"] == 60


async def test_slackbot_has_sixty_a_minute_for_each_person(process: KeyProcess) -> None:
    for _ in range(MOST_CALLS):
        await process.call_of(AS_SLACKBOT)
    with pytest.raises(TooManyCallsError):
        await process.call_of(AS_SLACKBOT)
    await process.call_of(replace(AS_SLACKBOT, key=BOB))


# ── the audit ───────────────────────────────────────────────────────────────────────────────────────


@BOTH
async def test_what_stands_is_known_by_its_request_and_a_pause_by_its_instant(process: KeyProcess) -> None:
    secret = await process.makes("Cursor")
    now = process.clock.now()
    await process.calls(secret, "set_status", writes=True, request="a")
    await process.calls(secret, "get_status", request="b")
    process.clock.move(minutes=1)
    await process.calls(secret, "pause", writes=True, request="c")
    made = Override(request_id(ANN, "a"), now, None, now, text="Lunch")
    by_hand = Override(request_id(ANN, "z"), now, None, now, text="Tea")
    pause = Pause(process.clock.now(), None)
    (paused, asked) = await process.keys.asked(ANN, [made, by_hand], pause)
    assert (asked.override, asked.change.agent, asked.change.at) == (made, "Cursor", now)
    assert (paused.override, paused.change.operation, paused.change.at) == (None, "pause", pause.start)
    assert await process.keys.asked(ANN, [by_hand], Pause(now, None)) == []
    assert await process.keys.asked(BOB, [made], pause) == []
    assert await process.keys.asked(ANN, [], None) == []


async def test_audit_lasts_longer_than_its_key_but_no_longer_than_any_audit(
    process: KeyProcess, encryptor: Encryptor
) -> None:
    stores = Stores(process.database, encryptor, process.clock)
    secret = await process.makes("Cursor")
    await process.calls(secret, "set_status", writes=True, request="a")
    (kept,) = await process.keys.list(ANN)
    await process.keys.revoke(ANN, kept.key_id)
    now = process.clock.now()
    await stores.retention.delete_old(now + KEPT.audit, KEPT)
    assert [one.agent for one in await process.store.changes(ANN)] == ["Cursor"]
    await stores.retention.delete_old(now + KEPT.audit + timedelta(seconds=1), KEPT)
    assert await process.store.changes(ANN) == []


@BOTH
async def test_of_one_persons_audit_only_the_newest_are_kept(
    process: KeyProcess, encryptor: Encryptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "MOST_CHANGES", 2)
    for name, key in (("Cursor", ANN), ("Claude", BOB)):
        secret = await process.makes(name, key=key)
        for number in range(3):
            process.clock.move(seconds=1)
            await process.calls(secret, "set_status" if number else "pause", writes=True, request=str(number))
    stores = Stores(process.database, encryptor, process.clock)
    assert await stores.retention.delete_old(process.clock.now(), KEPT) == 2
    for key in (ANN, BOB):
        assert [one.operation for one in await process.store.changes(key)] == ["set_status", "set_status"]
