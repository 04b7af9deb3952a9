"""Keys for agents as they are kept: how many, what of them, what they let in, and when they are gone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.domain.agents import CALLS_PER, MOST_CALLS, MOST_KEYS, May
from services.domain.errors import NotGrantedError, TooManyKeysError
from services.domain.members import WorkspaceMember
from services.domain.model import Override, Pause
from services.domain.request_errors import (
    AgentsNotAllowedError,
    ReadOnlyKeyError,
    TooManyCallsError,
    TooManyRequestsError,
    WrongKeyError,
)
from services.engine.retention import AUDIT_KEPT
from services.platform.crypto import Encryptor, digest_of, new_key
from services.store import agents
from services.store.agent_models import AgentCallsRow, AgentChangeRow, AgentKeyRow
from services.store.db import Database
from services.store.members import MemberStore
from services.store.models import Base, Person, Workspace
from services.store.schema import Rotation
from services.store.stores import Stores
from services.usecases.agents import KeyNameMissingError, KeyNameTooLongError
from services.usecases.statuses import request_id
from services.usecases.workspace import OperatorAllows
from tests.support.agents import ANN, AS_SLACKBOT, BOB, Desk, people_with_grants
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH, of_kind
from tests.support.locks import somebody_waits

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, unless a test says `BOTH`: it is about statements or locks that differ."""
    yield from of_kind(request, tmp_path)


@pytest.fixture
async def desk(database: Database, encryptor: Encryptor, clock: ManualClock) -> Desk:
    await people_with_grants(database, clock.now())
    return Desk(database, encryptor, clock)


async def count(database: Database, table: type[Base]) -> int:
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# ── making, showing, revoking ───────────────────────────────────────────────────────────────────────


async def test_key_is_shown_once_and_only_its_digest_is_anywhere_in_the_database(desk: Desk) -> None:
    made, secret = await desk.keys.make(ANN, "Claude on my laptop", May.READ)
    assert re.fullmatch(r"quo_[A-Za-z0-9_-]{43}", secret)
    await desk.calls(secret)
    (kept,) = await desk.keys.list(ANN)
    assert (kept.key_id, kept.name, kept.may, kept.made_at) == (
        made.key_id,
        "Claude on my laptop",
        May.READ,
        made.made_at,
    )
    async with desk.database.read() as connection:
        assert await connection.scalar(sa.select(AgentKeyRow.digest)) == digest_of(secret)
        for table in Base.metadata.sorted_tables:  # not even a part of it
            for row in await connection.execute(sa.select(table)):
                held = " ".join(repr(value) for value in row)
                assert secret[4:24] not in held
                assert secret[24:] not in held
                assert "Claude" not in held


async def test_last_use_is_shown_and_a_key_that_was_never_used_says_so(desk: Desk) -> None:
    secret = await desk.makes()
    assert [one.used_at for one in await desk.keys.list(ANN)] == [None]
    desk.clock.move(minutes=5)
    await desk.calls(secret)
    desk.clock.move(minutes=5)
    assert [one.used_at for one in await desk.keys.list(ANN)] == [desk.clock.now() - timedelta(minutes=5)]


async def test_name_that_says_nothing_or_is_too_long_makes_no_key(desk: Desk) -> None:
    for typed in ("", " \u202e\u200d\x07\n"):
        with pytest.raises(KeyNameMissingError):
            await desk.makes(typed)
    with pytest.raises(KeyNameTooLongError):
        await desk.makes("x" * 41)
    await desk.makes(" \u2066" + "x" * 40)
    assert [one.name for one in await desk.keys.list(ANN)] == ["x" * 40]


@BOTH
async def test_five_keys_are_the_most_and_one_that_is_revoked_makes_room(desk: Desk) -> None:
    for number in range(MOST_KEYS):
        desk.clock.move(seconds=1)
        await desk.makes(f"Agent {number}")
    with pytest.raises(TooManyKeysError):
        await desk.makes()
    await desk.makes(key=BOB)  # somebody else's are not counted
    kept = await desk.keys.list(ANN)
    assert [one.name for one in kept] == [f"Agent {number}" for number in range(MOST_KEYS)]
    assert await desk.keys.revoke(ANN, kept[2].key_id)
    await desk.makes("Agent 5")
    assert len(await desk.keys.list(ANN)) == MOST_KEYS


@BOTH
@pytest.mark.parametrize("first", [0, 1])
async def test_of_two_keys_made_at_the_same_time_the_sixth_is_refused(
    desk: Desk, database_url: str, encryptor: Encryptor, first: int
) -> None:
    for number in range(MOST_KEYS - 1):
        await desk.makes(f"Agent {number}")
    other = Desk(Database(database_url), encryptor, desk.clock)
    pair = [desk, other] if first == 0 else [other, desk]

    async def makes(at: Desk, name: str) -> str:
        try:
            return await at.makes(name)
        except TooManyKeysError:
            return "refused"

    try:
        made = await asyncio.gather(*(makes(at, f"both {number}") for number, at in enumerate(pair)))
        assert sorted(one == "refused" for one in made) == [False, True]
        assert len(await desk.keys.list(ANN)) == MOST_KEYS
    finally:
        await other.database.close()


@on_postgresql
@pytest.mark.parametrize("what", ["made", "lost"])
async def test_key_that_waits_for_the_person_sees_what_came_first(
    desk: Desk, database_url: str, encryptor: Encryptor, what: str
) -> None:
    """On PostgreSQL a statement that waited for a row tells the rest as it was before the wait."""
    for number in range(MOST_KEYS - 1):
        await desk.makes(f"Agent {number}")
    other = Desk(Database(database_url), encryptor, desk.clock)
    try:
        async with other.database.write() as connection:
            await agents.lock_people(connection, [ANN])
            waiting = asyncio.create_task(desk.makes("late"))
            await somebody_waits(other.database)
            if what == "made":
                name = encryptor.seal("early", "agent_keys.name", "T1", "U1", "early")
                row = {"team_id": "T1", "user_id": "U1", "key_id": "early", "digest": "0" * 64, "name": name}
                await connection.execute(sa.insert(AgentKeyRow).values(**row, may="read", made_at=desk.clock.now()))
            else:
                await connection.execute(sa.update(Person).values(grant_state="lost"))
        with pytest.raises(TooManyKeysError if what == "made" else NotGrantedError):
            await waiting
    finally:
        await other.database.close()


@BOTH
async def test_revoked_key_lets_nobody_in_not_even_somebody_who_was_known_before(desk: Desk) -> None:
    secret, other = await desk.makes("one"), await desk.makes("two")
    caller = await desk.keys.caller(secret)
    await desk.calls(secret)
    assert not await desk.keys.revoke(BOB, caller.caller_id)  # it is not theirs
    await desk.calls(secret)
    assert await desk.keys.revoke(ANN, caller.caller_id)
    assert not await desk.keys.revoke(ANN, caller.caller_id)
    with pytest.raises(WrongKeyError):
        await desk.keys.caller(secret)
    with pytest.raises(WrongKeyError):  # between the two steps of one call
        await desk.call_of(caller, "set_status", writes=True)
    assert await count(desk.database, AgentCallsRow) == 0
    assert await count(desk.database, AgentChangeRow) == 0
    await desk.calls(other)


@BOTH
async def test_key_that_another_process_revokes_lets_nobody_in(
    desk: Desk, database_url: str, encryptor: Encryptor
) -> None:
    other = Desk(Database(database_url), encryptor, desk.clock)
    try:
        secret = await desk.makes()
        caller = await other.keys.caller(secret)
        await other.calls(secret)
        await desk.keys.revoke(ANN, caller.caller_id)
        with pytest.raises(WrongKeyError):
            await other.call_of(caller)
        with pytest.raises(WrongKeyError):
            await other.keys.caller(secret)
    finally:
        await other.database.close()


async def test_what_has_not_the_shape_of_a_key_is_wrong_without_a_look_into_the_database(desk: Desk) -> None:
    await desk.database.close()
    for secret in (
        "", "quo_", "quo_" + "a" * 42, "quo_" + "a" * 44, "QUO_" + "a" * 43, "quo_" + "ä" * 43, "\ud800",
        "quo_" + "a" * 43 + "\n", "xoxp-1-2-3", "quo_" + "١" * 43,
    ):  # fmt: skip
        with pytest.raises(WrongKeyError):
            await desk.keys.caller(secret)


async def test_key_that_was_never_made_is_wrong(desk: Desk) -> None:
    await desk.makes()
    with pytest.raises(WrongKeyError):
        await desk.keys.caller("quo_" + "a" * 43)


# ── who may have one ────────────────────────────────────────────────────────────────────────────────


async def no_grant(stores: Stores, clock: ManualClock) -> None:
    async with stores.database.write() as connection:
        await connection.execute(sa.update(Person).values(grant_state="none", granted_at=None))


async def lost(stores: Stores, clock: ManualClock) -> None:
    assert await stores.people.lose_grant(ANN, clock.now(), clock.now())


async def leaving(stores: Stores, clock: ManualClock) -> None:
    async with stores.database.write() as connection:
        await connection.execute(sa.insert(Base.metadata.tables["standings"]).values(team_id="T1", user_id="U1"))
    assert await stores.leavers.begin(ANN, clock.now(), clock.now() + timedelta(minutes=1))


@BOTH
@pytest.mark.parametrize("happened", [no_grant, lost, leaving])
async def test_without_a_grant_no_key_is_made_and_one_that_was_lets_nobody_in(
    desk: Desk, encryptor: Encryptor, happened: Callable[[Stores, ManualClock], Awaitable[None]]
) -> None:
    secret = await desk.makes()
    caller = await desk.keys.caller(secret)
    await happened(Stores(desk.database, encryptor, desk.clock), desk.clock)
    with pytest.raises(NotGrantedError):
        await desk.makes()
    with pytest.raises(WrongKeyError):
        await desk.keys.caller(secret)
    if happened is not no_grant:  # it is gone, not only closed
        assert await count(desk.database, AgentKeyRow) == 0
        with pytest.raises(WrongKeyError):
            await desk.call_of(caller)


async def test_members_who_are_read_as_deactivated_have_no_keys_any_more(desk: Desk, encryptor: Encryptor) -> None:
    """Where all members of a workspace are read: the event that tells of one may have been lost."""
    secrets = {key: await desk.makes(key=key) for key in (ANN, BOB)}
    now, members = desk.clock.now(), MemberStore(desk.database, encryptor)
    async with desk.database.write() as connection:
        await connection.execute(sa.update(Workspace).values(members_due_at=now))
    ann, bob = WorkspaceMember("U1", deleted=True), WorkspaceMember("U2")
    await members.put("T1", [ann, bob], read_at=now, now=now)
    with pytest.raises(WrongKeyError):
        await desk.keys.caller(secrets[ANN])
    await desk.calls(secrets[BOB])


async def test_slackbot_is_not_let_in_for_somebody_who_is_leaving_or_gone(desk: Desk, encryptor: Encryptor) -> None:
    await desk.call_of(AS_SLACKBOT)
    stores = Stores(desk.database, encryptor, desk.clock)
    await leaving(stores, desk.clock)
    with pytest.raises(WrongKeyError):
        await desk.call_of(AS_SLACKBOT)
    async with desk.database.write() as connection:
        await connection.execute(sa.delete(Person))
    with pytest.raises(WrongKeyError):
        await desk.call_of(AS_SLACKBOT)


async def test_where_agents_are_switched_off_nothing_works_and_keys_stay(desk: Desk, encryptor: Encryptor) -> None:
    secret = await desk.makes()
    caller = await desk.keys.caller(secret)
    by_operator = Desk(desk.database, encryptor, desk.clock, OperatorAllows(agents=False))

    async def works_not(where: Desk) -> None:
        with pytest.raises(AgentsNotAllowedError):
            await where.keys.caller(secret)
        with pytest.raises(AgentsNotAllowedError):
            await where.call_of(caller)
        with pytest.raises(AgentsNotAllowedError):
            await where.call_of(AS_SLACKBOT)
        with pytest.raises(AgentsNotAllowedError):
            await where.makes("another")

    await works_not(by_operator)
    await desk.policies.change(ANN, lambda before: replace(before, agents=False))
    await works_not(desk)
    assert len(await desk.keys.list(ANN)) == 1
    await desk.policies.change(ANN, lambda before: replace(before, agents=True))
    await desk.calls(secret)


async def test_read_only_key_changes_nothing_and_is_not_counted_for_trying(desk: Desk) -> None:
    secret = await desk.makes(may=May.READ)
    for _ in range(MOST_CALLS + 1):
        with pytest.raises(ReadOnlyKeyError):
            await desk.calls(secret, "set_status", writes=True)
    await desk.calls(secret)
    assert await count(desk.database, AgentChangeRow) == 0


# ── sixty a minute ──────────────────────────────────────────────────────────────────────────────────


async def test_sixty_calls_a_minute_and_the_next_is_told_how_long_to_wait(desk: Desk) -> None:
    secret, other = await desk.makes("one"), await desk.makes("two")
    for _ in range(MOST_CALLS):
        await desk.calls(secret)
        desk.clock.move(seconds=0.5)
    for _ in range(3):  # what is refused is not counted
        with pytest.raises(TooManyCallsError) as refused:
            await desk.calls(secret)
        assert refused.value.facts["retry_after"] == 30
        assert isinstance(refused.value, TooManyRequestsError)
    await desk.calls(other)
    await desk.call_of(AS_SLACKBOT)
    desk.clock.move(seconds=30)
    await desk.calls(secret)
    with pytest.raises(TooManyCallsError) as refused:
        await desk.calls(secret)
    assert refused.value.facts["retry_after"] == 1


@BOTH
async def test_calls_that_come_together_share_a_transaction_and_the_limit(
    desk: Desk, database_url: str, encryptor: Encryptor
) -> None:
    other = Desk(Database(database_url), encryptor, desk.clock)
    try:
        secret = await desk.makes()
        caller = await desk.keys.caller(secret)
        tried = await asyncio.gather(
            *(at.call_of(caller) for _ in range(50) for at in (desk, other)), return_exceptions=True
        )
        assert [type(one) for one in tried].count(type(None)) == MOST_CALLS
        assert [type(one) for one in tried].count(TooManyCallsError) == 100 - MOST_CALLS
        desk.clock.move(seconds=CALLS_PER.total_seconds())
        await other.calls(secret)
    finally:
        await other.database.close()


async def test_calls_that_a_wrong_clock_has_counted_hold_up_nobody_and_the_limit_stays(
    desk: Desk, encryptor: Encryptor
) -> None:
    secret = await desk.makes()
    ahead = Desk(desk.database, encryptor, ManualClock(desk.clock.now() + timedelta(hours=1)))
    for where in (ahead, desk):
        for _ in range(MOST_CALLS):
            await where.calls(secret)
        with pytest.raises(TooManyCallsError) as refused:
            await where.calls(secret)
        assert refused.value.facts["retry_after"] == 60


async def test_slackbot_has_sixty_a_minute_for_each_person(desk: Desk) -> None:
    for _ in range(MOST_CALLS):
        await desk.call_of(AS_SLACKBOT)
    with pytest.raises(TooManyCallsError):
        await desk.call_of(AS_SLACKBOT)
    await desk.call_of(replace(AS_SLACKBOT, key=BOB))


# ── the audit ───────────────────────────────────────────────────────────────────────────────────────


@BOTH
async def test_what_stands_is_known_by_its_request_and_a_pause_by_its_instant(desk: Desk) -> None:
    secret = await desk.makes("Cursor")
    now = desk.clock.now()
    await desk.calls(secret, "set_status", writes=True, request="a")
    await desk.calls(secret, "get_status", request="b")
    desk.clock.move(minutes=1)
    await desk.calls(secret, "pause", writes=True, request="c")
    made = Override(request_id(ANN, "a"), now, None, now, text="Lunch")
    by_hand = Override(request_id(ANN, "z"), now, None, now, text="Tea")
    pause = Pause(desk.clock.now(), None)
    (paused, asked) = await desk.keys.asked(ANN, [made, by_hand], pause)
    assert (asked.override, asked.change.agent, asked.change.at) == (made, "Cursor", now)
    assert (paused.override, paused.change.operation, paused.change.at) == (None, "pause", pause.start)
    assert await desk.keys.asked(ANN, [by_hand], Pause(now, None)) == []
    assert await desk.keys.asked(BOB, [made], pause) == []
    assert await desk.keys.asked(ANN, [], None) == []


async def test_audit_lasts_longer_than_its_key_but_no_longer_than_any_audit(desk: Desk, encryptor: Encryptor) -> None:
    stores = Stores(desk.database, encryptor, desk.clock)
    secret = await desk.makes("Cursor")
    await desk.calls(secret, "set_status", writes=True, request="a")
    (kept,) = await desk.keys.list(ANN)
    await desk.keys.revoke(ANN, kept.key_id)
    now = desk.clock.now()
    await stores.retention.delete_old(now + AUDIT_KEPT, audit_before=now)
    assert [one.agent for one in await desk.store.changes(ANN)] == ["Cursor"]
    await stores.retention.delete_old(now + AUDIT_KEPT, audit_before=now + timedelta(seconds=1))
    assert await desk.store.changes(ANN) == []


@BOTH
async def test_of_one_persons_audit_only_the_newest_are_kept(
    desk: Desk, encryptor: Encryptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "MOST_CHANGES", 2)
    for name, key in (("Cursor", ANN), ("Claude", BOB)):
        secret = await desk.makes(name, key=key)
        for number in range(3):
            desk.clock.move(seconds=1)
            await desk.calls(secret, "set_status" if number else "pause", writes=True, request=str(number))
    stores = Stores(desk.database, encryptor, desk.clock)
    assert await stores.retention.delete_old(desk.clock.now(), audit_before=desk.clock.now() - AUDIT_KEPT) == 2
    for key in (ANN, BOB):
        assert [one.operation for one in await desk.store.changes(key)] == ["set_status", "set_status"]


async def test_export_has_keys_and_audit_without_secret_or_digest(desk: Desk, encryptor: Encryptor) -> None:
    secret = await desk.makes("Cursor")
    await desk.calls(secret, "set_status", writes=True, request="a")
    async with desk.database.write() as connection:
        await connection.execute(sa.insert(Base.metadata.tables["standings"]).values(team_id="T1", user_id="U1"))
    exported = await Stores(desk.database, encryptor, desk.clock).export.export(ANN)
    now = desk.clock.now().isoformat().replace("+00:00", "Z")
    (kept,) = await desk.keys.list(ANN)
    assert exported["agent_keys"] == [
        {"key_id": kept.key_id, "name": "Cursor", "may": "write", "made_at": now, "used_at": now}
    ]
    assert exported["agent_changes"] == [{"at": now, "agent": "Cursor", "operation": "set_status"}]
    assert secret[4:] not in str(exported)
    assert digest_of(secret) not in str(exported)


async def test_names_are_read_after_a_rotation_and_a_key_whose_name_is_lost_works_and_can_be_revoked(
    desk: Desk, encryptor: Encryptor, keys: list[str]
) -> None:
    secret = await desk.makes("Cursor")
    await desk.calls(secret, "set_status", writes=True, request="a")
    fresh = new_key()
    reports = [report async for report in Rotation(desk.database, Encryptor([fresh, *keys])).run() if report.done]
    assert sum(report.changed for report in reports) == 2
    rotated = Desk(desk.database, Encryptor([fresh]), desk.clock)
    assert [one.name for one in await rotated.keys.list(ANN)] == ["Cursor"]
    assert [one.agent for one in await rotated.store.changes(ANN)] == ["Cursor"]
    (kept,) = await desk.keys.list(ANN)  # whose key does not open it any more
    assert kept.name == ""
    await desk.calls(secret)
    assert await desk.keys.revoke(ANN, kept.key_id)
