"""Who allows us their own status has it kept by themselves, from that moment on; who takes that back, by the keeper."""

from __future__ import annotations

import asyncio

import pytest

from services.domain.model import PersonKey
from services.domain.people import Member, Tokens
from services.slack import scopes
from services.store.absences import AbsenceStore
from services.store.person_rows import mark_due
from tests.support.engine import GET, SET, TEAM, RunningEngine, until
from tests.support.keeper import ADMIN, KeptWorkspace, a_kept_workspace

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def kept(engine: RunningEngine) -> KeptWorkspace:
    return await a_kept_workspace(engine)


async def test_grant_in_the_middle_of_leave_is_taken_over_without_a_flicker(kept: KeptWorkspace) -> None:
    bob = await kept.engine.person("UBOB", granted=False)
    await kept.slack_tells("UBOB")
    kept.engine.slack.type_status("UBOB", "Thesis", ":books:")
    kept.engine.clock.move(minutes=1)
    await kept.has_leave("UBOB", begins=2, ends=60)
    await kept.goes_on(2)
    assert kept.text("UBOB") == "Out of office until 10:00"
    before = len(kept.engine.calls(SET))
    token = kept.engine.slack.grant("UBOB", scopes.USER)
    await kept.replica.people.grant(
        bob, Tokens(token.value, scopes=frozenset(scopes.USER)), Member(), kept.engine.clock.now()
    )
    await kept.engine.rests()
    assert len(kept.engine.calls(SET)) == before
    assert kept.text("UBOB") == "Out of office until 10:00"
    assert (await kept.engine.memory(bob)).standing.covered is not None
    row = await kept.row(bob)
    assert (row.memory, row.owed, row.due_at) == (None, False, None)
    await kept.goes_on(60)
    assert kept.text("UBOB") == "Thesis"
    assert kept.engine.calls(SET)[-1].user_id == "UBOB"


async def test_grant_while_our_call_is_on_its_way_waits_for_it_and_writes_nothing(kept: KeptWorkspace) -> None:
    bob = await kept.engine.person("UBOB", granted=False)
    await kept.slack_tells("UBOB")
    await kept.has_leave("UBOB", begins=2, ends=60)
    await kept.engine.rests()
    go = asyncio.Event()
    kept.engine.slack.faults.add(SET, until=go, user_id=ADMIN)
    kept.engine.clock.move_to(kept.at(2))

    async def is_on_its_way() -> bool:
        return bool((await kept.row(bob)).owed)

    await until(is_on_its_way)
    token = kept.engine.slack.grant("UBOB", scopes.USER)
    await kept.replica.people.grant(
        bob, Tokens(token.value, scopes=frozenset(scopes.USER)), Member(), kept.engine.clock.now()
    )
    go.set()
    await kept.engine.rests()
    assert [call.user_id for call in kept.engine.calls(SET)] == [ADMIN]
    assert kept.text("UBOB") == "Out of office until 10:00"
    assert (await kept.engine.memory(bob)).standing.applied is not None


async def test_grant_that_is_lost_gives_the_member_back_to_the_keeper(kept: KeptWorkspace) -> None:
    bob = await kept.engine.person("UBOB")
    await kept.slack_tells("UBOB")
    await kept.has_leave("UBOB", begins=10, ends=60)
    await kept.engine.rests()
    grant = await kept.replica.people.the_grant(bob)
    assert grant is not None
    await kept.replica.people.lose_grant(bob, grant.granted_at, kept.engine.clock.now())
    await kept.goes_on(10)
    assert kept.writes("UBOB") == ["Out of office until 10:00"]


@pytest.mark.parametrize("by_hand", [False, True])
async def test_grant_that_is_lost_in_the_middle_of_leave_leaves_what_stands_to_the_keeper(
    kept: KeptWorkspace, *, by_hand: bool
) -> None:
    bob = await kept.engine.person("UBOB")
    await kept.slack_tells("UBOB")
    kept.engine.slack.type_status("UBOB", "Thesis", ":books:")
    kept.engine.clock.move(minutes=1)
    await kept.has_leave("UBOB", begins=2, ends=60)
    async with kept.engine.database.write() as connection:
        await mark_due(connection, bob, kept.engine.clock.now())
    await kept.goes_on(2)
    assert kept.text("UBOB") == "Out of office until 10:00"
    if by_hand:  # that is theirs, and nobody else's to take off
        kept.engine.slack.type_status("UBOB", "Packing", ":luggage:")
        kept.engine.clock.move(minutes=1)
        await kept.engine.rests()
    grant = await kept.replica.people.the_grant(bob)
    assert grant is not None
    await kept.replica.people.lose_grant(bob, grant.granted_at, kept.engine.clock.now())
    await kept.goes_on(10)
    absences = AbsenceStore(kept.engine.database, kept.replica.encryptor)
    out = await absences.out(TEAM, kept.at(10), kept.at(20), now=kept.at(10))
    assert ([one.user_id for one in out], kept.writes("UBOB")) == ([] if by_hand else ["UBOB"], [])
    await kept.goes_on(60)
    assert kept.text("UBOB") == ("Packing" if by_hand else "Thesis")


async def test_pause_and_own_choice_of_somebody_whose_grant_is_lost_are_heeded(kept: KeptWorkspace) -> None:
    for name, columns in (
        ("UPAUSED", {"paused_from": kept.start}), ("UMINE", {"preferences": '{"own_status": "mine_always_wins"}'}),
    ):  # fmt: skip
        await kept.engine.person(name, granted=False, **columns)
        await kept.slack_tells(name)
    kept.engine.slack.type_status("UMINE", "Thesis", ":books:")
    kept.engine.clock.move(minutes=1)
    await kept.has_leave("UPAUSED", "UMINE", begins=2)
    await kept.goes_on(2)
    assert (kept.text("UPAUSED"), kept.text("UMINE")) == ("", "Thesis")


# ── what Slack tells ────────────────────────────────────────────────────────────────────────────────


async def test_status_that_an_event_tells_of_is_known_as_typed_then(kept: KeptWorkspace) -> None:
    """It is typed and gone again between two looks: what stands afterwards is told apart by it."""
    bob = await kept.member("UBOB")
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    now = kept.engine.clock.move(minutes=3)
    kept.engine.slack.type_status("UBOB", "Here", ":wave:")
    seen = kept.status_of("UBOB")
    assert await kept.replica.kept.see(bob, seen, now, now)
    assert not await kept.replica.kept.see(bob, seen, now, now)
    await kept.engine.rests()
    assert kept.text("UBOB") == "Here"
    memory = await kept.replica.kept.standing(bob)
    assert memory is not None
    assert memory.standing.own_since == now


async def test_event_about_our_own_write_is_no_news(kept: KeptWorkspace) -> None:
    bob = await kept.member("UBOB")
    await kept.has_leave("UBOB", ends=60)
    await kept.engine.rests()
    looks = len(kept.engine.calls(GET))
    now = kept.engine.clock.now()
    assert not await kept.replica.kept.see(bob, kept.status_of("UBOB"), now, now)
    assert not await kept.replica.kept.see(PersonKey(TEAM, "UNOBODY"), kept.status_of("UBOB"), now, now)
    await kept.engine.rests()
    assert len(kept.engine.calls(GET)) == looks
