"""Who is out and lets others be told; that each asker is told once a day, whichever replica hears of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.decisions import Standing
from services.domain.mentions import Mention, MentionAsker
from services.domain.model import NO_STATUS, PersonKey, Status
from services.domain.profile_state import ProfileState
from services.platform.crypto import Encryptor, SealedBytes
from services.store.db import Database
from services.store.due import ProfileStateStore
from services.store.effect_tables import REPLIES, STRETCHES
from services.store.replies import DueReply, ReplyStore
from services.store.stores import Stores
from services.store.tables import PEOPLE, PROFILE_STATES, WORKSPACES
from tests.support.clocks import ManualClock

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN, BEN = PersonKey("T1", "U1"), PersonKey("T1", "U2")
BERLIN = MentionAsker("Europe/Berlin", "de-DE")
SHOWN = Status("Out of office", ":palm_tree:", NOW + HOUR)


@pytest.fixture
async def store(database: Database, encryptor: Encryptor) -> ReplyStore:
    """Ann and Ben, both out until ten o'clock as Slack shows it, in a workspace that allows replies."""
    sealed = encryptor.seal("xoxb-1", "workspaces.bot_token", "T1")
    profile_states = ProfileStateStore(encryptor)
    async with database.write() as connection:
        await connection.execute(
            sa.insert(WORKSPACES).values(
                team_id="T1", installed_at=NOW, bot_token=sealed, bot_scopes="chat:write,groups:history"
            )
        )
        for key in (ANN, BEN):
            names = encryptor.seal('["Ann Lee", "ann"]', "people.names", key.team_id, key.user_id)
            await connection.execute(
                sa.insert(PEOPLE).values(
                    team_id=key.team_id, user_id=key.user_id, created_at=NOW, zone="Europe/Berlin", locale="de-DE",
                    grant_state="ok", names=names,
                )
            )  # fmt: skip
            await connection.execute(
                sa.insert(STRETCHES).values(
                    team_id=key.team_id, user_id=key.user_id, effect="reply", start_at=NOW - HOUR, end_at=NOW + HOUR,
                    ends=True, rule="out_of_office", photo="",
                )
            )  # fmt: skip
            await profile_states.save(connection, key, ProfileState(standing=Standing(applied=SHOWN)))
    return ReplyStore(database, encryptor)


def mention(*people: str, asker: str = "U9", channel: str = "C1") -> Mention:
    return Mention("T1", "T1", asker, people or ("U1",), channel, "1.5", NOW)


async def record(store: ReplyStore, *people: str, asker: str = "U9", now: datetime = NOW) -> int:
    return await store.record(mention(*people, asker=asker), people or ("U1",), BERLIN, now)


async def tamper(database: Database, statement: Any) -> None:
    async with database.write() as connection:
        await connection.execute(statement)


async def remember(database: Database, encryptor: Encryptor, standing: Standing) -> None:
    async with database.write() as connection:
        await ProfileStateStore(encryptor).save(connection, ANN, ProfileState(standing=standing))


# ── who is out ──────────────────────────────────────────────────────────────────────────────────────


async def test_out_are_those_whose_stretches_hold_or_begin_soon(database: Database, store: ReplyStore) -> None:
    assert await store.out(NOW, NOW + HOUR) == {"T1": dict.fromkeys(("U1", "U2"), ((NOW - HOUR, NOW + HOUR),))}
    assert await store.out(NOW + HOUR, NOW + 2 * HOUR) == {}
    assert await store.out(NOW - 3 * HOUR, NOW - 2 * HOUR) == {}
    await tamper(database, sa.update(STRETCHES).where(STRETCHES.c.user_id == "U2").values(effect="dnd"))
    assert set((await store.out(NOW, NOW))["T1"]) == {"U1"}


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(WORKSPACES).values(policy='{"replies":false}'),
        sa.update(WORKSPACES).values(bot_scopes="chat:write,im:history"),
        sa.update(WORKSPACES).values(bot_token=None),
        sa.update(PEOPLE).values(grant_state="lost"),
        sa.update(PEOPLE).values(leave_by=NOW),
    ],
    ids=["policy", "scopes", "bot", "grant", "leaving"],
)
async def test_out_is_nobody_of_whom_nothing_may_be_told(database: Database, store: ReplyStore, statement: Any) -> None:
    await tamper(database, statement)
    assert await store.out(NOW, NOW) == {}


async def test_absent_is_who_shows_it(store: ReplyStore) -> None:
    found = await store.absent([ANN, PersonKey("T1", "U9")], NOW)
    assert set(found) == {ANN}
    out = found[ANN]
    assert (out.name, out.zone.key, out.until, out.note, out.stand_in) == (
        "Ann Lee", "Europe/Berlin", NOW + HOUR, "", "",
    )  # fmt: skip
    assert await store.absent([ANN], NOW + HOUR) == {}


@pytest.mark.parametrize(
    "standing",
    [
        Standing(),
        Standing(applied=SHOWN, own=NO_STATUS),
        Standing(applied=SHOWN, own=Status("Here", ":wave:")),
        Standing(applied=Status("Out", "", NOW)),
    ],
    ids=["nothing", "cleared", "own", "over"],
)
async def test_absent_is_nobody_whose_profile_does_not_show_it(
    database: Database, encryptor: Encryptor, store: ReplyStore, standing: Standing
) -> None:
    await remember(database, encryptor, standing)
    assert await store.absent([ANN], NOW) == {}


async def test_end_that_is_not_known_is_the_one_that_slack_was_told(database: Database, store: ReplyStore) -> None:
    await tamper(database, sa.update(STRETCHES).values(ends=False, end_at=NOW + 9 * HOUR))
    assert (await store.absent([ANN], NOW))[ANN].until == NOW + HOUR


async def test_paused_person_is_not_absent_while_it_lasts(database: Database, store: ReplyStore) -> None:
    await tamper(database, sa.update(PEOPLE).values(paused_from=NOW - HOUR, paused_until=NOW + HOUR / 2))
    assert await store.absent([ANN], NOW) == {}
    assert set(await store.absent([ANN], NOW + HOUR / 2)) == {ANN}


# ── once a day ──────────────────────────────────────────────────────────────────────────────────────


async def test_each_asker_counts_once_a_day_of_their_own_with_each_person(store: ReplyStore) -> None:
    assert await record(store, "U1", "U2") == 2
    assert await record(store, "U1", "U2") == 0
    assert await record(store, "U1", asker="U8") == 1
    assert await store.untold(mention(), ["U1", "U2"], BERLIN, NOW) == []
    late = NOW + 15 * HOUR  # midnight in Berlin was an hour ago
    assert await store.untold(mention(), ["U1", "U2"], BERLIN, late) == ["U1", "U2"]
    assert await store.untold(mention(), ["U1"], MentionAsker("UTC", "en-US"), late - HOUR) == []
    assert await record(store, "U1", now=late) == 1


async def test_nobody_unknown_or_leaving_is_told_of(database: Database, store: ReplyStore) -> None:
    await tamper(database, sa.update(PEOPLE).where(PEOPLE.c.user_id == "U2").values(leave_by=NOW))
    assert await record(store, "U2", "U5") == 0
    assert await store.due(NOW, 10) == []


async def test_two_replicas_that_hear_of_the_same_tell_once(
    database_url: str, encryptor: Encryptor, store: ReplyStore
) -> None:
    other = Database(database_url)
    replica = ReplyStore(other, encryptor)
    askers = [f"U{number}" for number in range(20, 40)]
    counts = await asyncio.gather(
        *(record(one, "U1", "U2", asker=asker) for asker in askers for one in (store, replica))
    )
    assert sum(counts) == 2 * len(askers)
    due = await store.due(NOW, 100)
    assert len(due) == 2 * len(askers)
    claimed = await asyncio.gather(*(one.claim(reply) for reply in due for one in (store, replica)))
    assert sum(claimed) == len(due)
    assert await store.due(NOW, 100) == []
    await other.close()


async def test_due_names_the_place_and_the_asker(store: ReplyStore) -> None:
    await record(store)
    assert await store.due(NOW, 10) == [DueReply(ANN, "U9", "2026-11-24", "C1", "1.5", BERLIN, NOW)]
    assert await store.due(NOW, 10, others=["T1"]) == []


async def test_what_was_not_told_comes_again_and_what_is_dropped_may_be_asked_again(store: ReplyStore) -> None:
    await record(store)
    (reply,) = await store.due(NOW, 10)
    assert await store.claim(reply)
    await store.give_back(reply, NOW + HOUR)
    assert (await store.due(NOW, 10), await store.due(NOW + HOUR, 10)) == ([], [reply])
    await store.drop([])
    await store.drop([reply])
    assert await record(store) == 1
    (reply,) = await store.due(NOW, 10)
    await store.claim(reply)
    await store.drop([reply])  # it was told meanwhile
    assert await record(store) == 0


async def test_what_is_put_off_waits_unless_it_was_told(store: ReplyStore) -> None:
    await record(store)
    (reply,) = await store.due(NOW, 10)
    await store.put_off(reply, NOW + HOUR)
    assert (await store.due(NOW, 10), await store.due(NOW + HOUR, 10)) == ([], [reply])
    await store.claim(reply)
    await store.put_off(reply, NOW)
    assert await store.due(NOW + HOUR, 10) == []


async def test_person_who_cannot_be_read_hides_nobody_else(database: Database, store: ReplyStore) -> None:
    rubbish = SealedBytes(b"rubbish")
    await tamper(database, sa.update(PROFILE_STATES).where(PROFILE_STATES.c.user_id == "U1").values(memory=rubbish))
    assert set(await store.absent([ANN, BEN], NOW)) == {BEN}


async def test_export_names_what_a_person_asked_and_was_asked_about(
    database: Database, encryptor: Encryptor, store: ReplyStore, clock: ManualClock
) -> None:
    await record(store, "U1", asker="U2")
    await record(store, "U2", asker="U9")
    found = [
        {
            (one["asker_id"], one["person_id"])
            for one in (await Stores(database, encryptor, clock).export.export(key))["replies"]
        }
        for key in (ANN, BEN)
    ]
    assert found == [{("U2", "U1")}, {("U2", "U1"), ("U9", "U2")}]


async def test_people_who_go_take_what_was_told_of_them_along(database: Database, store: ReplyStore) -> None:
    await record(store, "U1", "U2")
    await tamper(database, sa.delete(PEOPLE).where(PEOPLE.c.user_id == "U1"))
    async with database.read() as connection:
        assert (await connection.scalars(sa.select(REPLIES.c.person_id))).all() == ["U2"]
