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

from services.domain.agents import MOST_KEYS, May
from services.domain.errors import NotGrantedError, TooManyKeysError
from services.domain.members import WorkspaceMember
from services.domain.request_errors import (
    AgentsNotAllowedError,
    WrongKeyError,
)
from services.platform.crypto import Encryptor, digest_of, new_key
from services.store import agents
from services.store.agent_tables import AGENT_CALLS, AGENT_CHANGES, AGENT_KEYS
from services.store.db import Database
from services.store.members import MemberStore
from services.store.rotation import Rotation
from services.store.stores import Stores
from services.store.tables import METADATA, PEOPLE, WORKSPACES
from services.usecases.agents import KeyNameMissingError, KeyNameTooLongError
from services.usecases.workspace import OperatorAllows
from tests.support.agents import ANN, AS_SLACKBOT, BOB, KeyProcess
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH, of_kind
from tests.support.locks import somebody_waits

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, unless a test says `BOTH`: it is about statements or locks that differ."""
    yield from of_kind(request, tmp_path)


# ── making, showing, revoking ───────────────────────────────────────────────────────────────────────


async def test_key_is_shown_once_and_only_its_digest_is_anywhere_in_the_database(process: KeyProcess) -> None:
    made, secret = await process.keys.make(ANN, "Claude on my laptop", May.READ)
    assert re.fullmatch(r"quo_[A-Za-z0-9_-]{43}", secret)
    await process.calls(secret)
    (kept,) = await process.keys.list(ANN)
    assert (kept.key_id, kept.name, kept.may, kept.made_at) == (
        made.key_id,
        "Claude on my laptop",
        May.READ,
        made.made_at,
    )
    async with process.database.read() as connection:
        assert await connection.scalar(sa.select(AGENT_KEYS.c.digest)) == digest_of(secret)
        for table in METADATA.sorted_tables:  # not even a part of it
            for row in await connection.execute(sa.select(table)):
                held = " ".join(repr(value) for value in row)
                assert secret[4:24] not in held
                assert secret[24:] not in held
                assert "Claude" not in held


async def test_last_use_is_shown_and_a_key_that_was_never_used_says_so(process: KeyProcess) -> None:
    secret = await process.makes()
    assert [one.used_at for one in await process.keys.list(ANN)] == [None]
    process.clock.move(minutes=5)
    await process.calls(secret)
    process.clock.move(minutes=5)
    assert [one.used_at for one in await process.keys.list(ANN)] == [process.clock.now() - timedelta(minutes=5)]


async def test_name_that_says_nothing_or_is_too_long_makes_no_key(process: KeyProcess) -> None:
    for typed in ("", " \u202e\u200d\x07\n"):
        with pytest.raises(KeyNameMissingError):
            await process.makes(typed)
    with pytest.raises(KeyNameTooLongError):
        await process.makes("x" * 41)
    await process.makes(" \u2066" + "x" * 40)
    assert [one.name for one in await process.keys.list(ANN)] == ["x" * 40]


@BOTH
async def test_five_keys_are_the_most_and_one_that_is_revoked_makes_room(process: KeyProcess) -> None:
    for number in range(MOST_KEYS):
        process.clock.move(seconds=1)
        await process.makes(f"Agent {number}")
    with pytest.raises(TooManyKeysError):
        await process.makes()
    await process.makes(key=BOB)  # somebody else's are not counted
    kept = await process.keys.list(ANN)
    assert [one.name for one in kept] == [f"Agent {number}" for number in range(MOST_KEYS)]
    assert await process.keys.revoke(ANN, kept[2].key_id)
    await process.makes("Agent 5")
    assert len(await process.keys.list(ANN)) == MOST_KEYS


@BOTH
@pytest.mark.parametrize("first", [0, 1])
async def test_of_two_keys_made_at_the_same_time_the_sixth_is_refused(
    process: KeyProcess, database_url: str, encryptor: Encryptor, first: int
) -> None:
    for number in range(MOST_KEYS - 1):
        await process.makes(f"Agent {number}")
    other = KeyProcess(Database(database_url), encryptor, process.clock)
    pair = [process, other] if first == 0 else [other, process]

    async def makes(at: KeyProcess, name: str) -> str:
        try:
            return await at.makes(name)
        except TooManyKeysError:
            return "refused"

    try:
        made = await asyncio.gather(*(makes(at, f"both {number}") for number, at in enumerate(pair)))
        assert sorted(one == "refused" for one in made) == [False, True]
        assert len(await process.keys.list(ANN)) == MOST_KEYS
    finally:
        await other.database.close()


@on_postgresql
@pytest.mark.parametrize("what", ["made", "lost"])
async def test_key_that_waits_for_the_person_sees_what_came_first(
    process: KeyProcess, database_url: str, encryptor: Encryptor, what: str
) -> None:
    """On PostgreSQL a statement that waited for a row tells the rest as it was before the wait."""
    for number in range(MOST_KEYS - 1):
        await process.makes(f"Agent {number}")
    other = KeyProcess(Database(database_url), encryptor, process.clock)
    try:
        async with other.database.write() as connection:
            await agents.lock_people(connection, [ANN])
            waiting = asyncio.create_task(process.makes("late"))
            await somebody_waits(other.database)
            if what == "made":
                name = encryptor.seal("early", "agent_keys.name", "T1", "U1", "early")
                row = {"team_id": "T1", "user_id": "U1", "key_id": "early", "digest": "0" * 64, "name": name}
                await connection.execute(sa.insert(AGENT_KEYS).values(**row, may="read", made_at=process.clock.now()))
            else:
                await connection.execute(sa.update(PEOPLE).values(grant_state="lost"))
        with pytest.raises(TooManyKeysError if what == "made" else NotGrantedError):
            await waiting
    finally:
        await other.database.close()


@BOTH
async def test_revoked_key_lets_nobody_in_not_even_somebody_who_was_known_before(process: KeyProcess) -> None:
    secret, other = await process.makes("one"), await process.makes("two")
    caller = await process.keys.caller(secret)
    await process.calls(secret)
    assert not await process.keys.revoke(BOB, caller.caller_id)  # it is not theirs
    await process.calls(secret)
    assert await process.keys.revoke(ANN, caller.caller_id)
    assert not await process.keys.revoke(ANN, caller.caller_id)
    with pytest.raises(WrongKeyError):
        await process.keys.caller(secret)
    with pytest.raises(WrongKeyError):  # between the two steps of one call
        await process.call_of(caller, "set_status", writes=True)
    assert await process.count(AGENT_CALLS) == 0
    assert await process.count(AGENT_CHANGES) == 0
    await process.calls(other)


@BOTH
async def test_key_that_another_process_revokes_lets_nobody_in(
    process: KeyProcess, database_url: str, encryptor: Encryptor
) -> None:
    other = KeyProcess(Database(database_url), encryptor, process.clock)
    try:
        secret = await process.makes()
        caller = await other.keys.caller(secret)
        await other.calls(secret)
        await process.keys.revoke(ANN, caller.caller_id)
        with pytest.raises(WrongKeyError):
            await other.call_of(caller)
        with pytest.raises(WrongKeyError):
            await other.keys.caller(secret)
    finally:
        await other.database.close()


async def test_what_has_not_the_shape_of_a_key_is_wrong_without_a_look_into_the_database(process: KeyProcess) -> None:
    await process.database.close()
    for secret in (
        "", "quo_", "quo_" + "a" * 42, "quo_" + "a" * 44, "QUO_" + "a" * 43, "quo_" + "ä" * 43, "\ud800",
        "quo_" + "a" * 43 + "\n", "xoxp-1-2-3", "quo_" + "١" * 43,
    ):  # fmt: skip
        with pytest.raises(WrongKeyError):
            await process.keys.caller(secret)


async def test_key_that_was_never_made_is_wrong(process: KeyProcess) -> None:
    await process.makes()
    with pytest.raises(WrongKeyError):
        await process.keys.caller("quo_" + "a" * 43)


# ── who may have one ────────────────────────────────────────────────────────────────────────────────


async def no_grant(stores: Stores, clock: ManualClock) -> None:
    async with stores.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(grant_state="none", granted_at=None))


async def lost(stores: Stores, clock: ManualClock) -> None:
    assert await stores.people.lose_grant(ANN, clock.now(), clock.now())


async def leaving(stores: Stores, clock: ManualClock) -> None:
    async with stores.database.write() as connection:
        await connection.execute(sa.insert(METADATA.tables["standings"]).values(team_id="T1", user_id="U1"))
    assert await stores.leavers.begin(ANN, clock.now(), clock.now() + timedelta(minutes=1))


@BOTH
@pytest.mark.parametrize("happened", [no_grant, lost, leaving])
async def test_without_a_grant_no_key_is_made_and_one_that_was_lets_nobody_in(
    process: KeyProcess, encryptor: Encryptor, happened: Callable[[Stores, ManualClock], Awaitable[None]]
) -> None:
    secret = await process.makes()
    caller = await process.keys.caller(secret)
    await happened(Stores(process.database, encryptor, process.clock), process.clock)
    with pytest.raises(NotGrantedError):
        await process.makes()
    with pytest.raises(WrongKeyError):
        await process.keys.caller(secret)
    if happened is not no_grant:  # it is gone, not only closed
        assert await process.count(AGENT_KEYS) == 0
        with pytest.raises(WrongKeyError):
            await process.call_of(caller)


async def test_members_who_are_read_as_deactivated_have_no_keys_any_more(
    process: KeyProcess, encryptor: Encryptor
) -> None:
    """Where all members of a workspace are read: the event that tells of one may have been lost."""
    secrets = {key: await process.makes(key=key) for key in (ANN, BOB)}
    now, members = process.clock.now(), MemberStore(process.database, encryptor)
    async with process.database.write() as connection:
        await connection.execute(sa.update(WORKSPACES).values(members_due_at=now))
    ann, bob = WorkspaceMember("U1", deleted=True), WorkspaceMember("U2")
    await members.put("T1", [ann, bob], read_at=now, now=now)
    with pytest.raises(WrongKeyError):
        await process.keys.caller(secrets[ANN])
    await process.calls(secrets[BOB])


async def test_slackbot_is_not_let_in_for_somebody_who_is_leaving_or_gone(
    process: KeyProcess, encryptor: Encryptor
) -> None:
    await process.call_of(AS_SLACKBOT)
    stores = Stores(process.database, encryptor, process.clock)
    await leaving(stores, process.clock)
    with pytest.raises(WrongKeyError):
        await process.call_of(AS_SLACKBOT)
    async with process.database.write() as connection:
        await connection.execute(sa.delete(PEOPLE))
    with pytest.raises(WrongKeyError):
        await process.call_of(AS_SLACKBOT)


async def test_where_agents_are_switched_off_nothing_works_and_keys_stay(
    process: KeyProcess, encryptor: Encryptor
) -> None:
    secret = await process.makes()
    caller = await process.keys.caller(secret)
    by_operator = KeyProcess(process.database, encryptor, process.clock, OperatorAllows(agents=False))

    async def works_not(where: KeyProcess) -> None:
        with pytest.raises(AgentsNotAllowedError):
            await where.keys.caller(secret)
        with pytest.raises(AgentsNotAllowedError):
            await where.call_of(caller)
        with pytest.raises(AgentsNotAllowedError):
            await where.call_of(AS_SLACKBOT)
        with pytest.raises(AgentsNotAllowedError):
            await where.makes("another")

    await works_not(by_operator)
    await process.policies.change(ANN, lambda before: replace(before, agents=False))
    await works_not(process)
    assert len(await process.keys.list(ANN)) == 1
    await process.policies.change(ANN, lambda before: replace(before, agents=True))
    await process.calls(secret)


# ── what is given of them ───────────────────────────────────────────────────────────────────────────


async def test_export_has_keys_and_audit_without_secret_or_digest(process: KeyProcess, encryptor: Encryptor) -> None:
    secret = await process.makes("Cursor")
    await process.calls(secret, "set_status", writes=True, request="a")
    async with process.database.write() as connection:
        await connection.execute(sa.insert(METADATA.tables["standings"]).values(team_id="T1", user_id="U1"))
    exported = await Stores(process.database, encryptor, process.clock).export.export(ANN)
    now = process.clock.now().isoformat().replace("+00:00", "Z")
    (kept,) = await process.keys.list(ANN)
    assert exported["agent_keys"] == [
        {"key_id": kept.key_id, "name": "Cursor", "may": "write", "made_at": now, "used_at": now}
    ]
    assert exported["agent_changes"] == [{"at": now, "agent": "Cursor", "operation": "set_status"}]
    assert secret[4:] not in str(exported)
    assert digest_of(secret) not in str(exported)


async def test_names_are_read_after_a_rotation_and_a_key_whose_name_is_lost_works_and_can_be_revoked(
    process: KeyProcess, encryptor: Encryptor, keys: list[str]
) -> None:
    secret = await process.makes("Cursor")
    await process.calls(secret, "set_status", writes=True, request="a")
    fresh = new_key()
    reports = [report async for report in Rotation(process.database, Encryptor([fresh, *keys])).run() if report.done]
    assert sum(report.changed for report in reports) == 2
    rotated = KeyProcess(process.database, Encryptor([fresh]), process.clock)
    assert [one.name for one in await rotated.keys.list(ANN)] == ["Cursor"]
    assert [one.agent for one in await rotated.store.changes(ANN)] == ["Cursor"]
    (kept,) = await process.keys.list(ANN)  # whose key does not open it any more
    assert kept.name == ""
    await process.calls(secret)
    assert await process.keys.revoke(ANN, kept.key_id)
