"""The process dies between any two steps of what a keeper does: the right profile after the restart, nothing twice."""

from __future__ import annotations

import asyncio

import pytest

from services.domain.people import Member, Tokens
from services.slack import scopes
from tests.support.crashes import dies_at
from tests.support.engine import RunningEngine, until
from tests.support.keeper import KeptWorkspace, a_kept_workspace

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OUT = "Out of office until 10:00"
STEPS = [(step, after) for step in ("the look", "the intent", "the call", "the record") for after in (False, True)]
QUICK = {("the intent", True), ("the call", True)}
EACH = pytest.mark.parametrize(
    ("step", "after"), [pytest.param(*one, marks=[] if one in QUICK else pytest.mark.slow) for one in STEPS]
)


@pytest.fixture
async def kept(engine: RunningEngine) -> KeptWorkspace:
    made = await a_kept_workspace(engine)
    await made.member("UBOB")
    engine.slack.type_status("UBOB", "Thesis", ":books:")
    engine.clock.move(minutes=1)
    return made


def dies(kept: KeptWorkspace, step: str, *, after: bool) -> asyncio.Event:
    """Have the replica die at that step, once; the event tells that it has."""
    replica = kept.replica
    owner, name = {
        "the look": (replica.kept_profiles, "read_of"),
        "the intent": (replica.kept, "take_up"),
        "the call": (replica.kept_profiles, "set_for"),
        "the record": (replica.kept, "settle"),
    }[step]
    return dies_at(replica, owner, name, after=after)


async def restarted(kept: KeptWorkspace, died: asyncio.Event) -> None:
    """Another process starts in the place of the one that has died, and half a minute passes."""
    await until(died.is_set)
    kept.replica = await kept.engine.replaced(kept.replica)
    kept.engine.clock.move(seconds=30)
    await kept.engine.rests()


@EACH
async def test_death_while_a_status_is_set_over_an_own_one(kept: KeptWorkspace, step: str, *, after: bool) -> None:
    await kept.has_leave("UBOB", begins=10, ends=60)
    await kept.engine.rests()
    died = dies(kept, step, after=after)
    kept.engine.clock.move_to(kept.at(10))
    await restarted(kept, died)
    assert kept.writes("UBOB") == [OUT]
    await kept.goes_on(60)
    assert kept.engine.status("UBOB")[:2] == ("Thesis", ":books:")
    assert kept.writes("UBOB") == [OUT, "Thesis"]


@EACH
async def test_death_while_the_covered_one_is_put_back(kept: KeptWorkspace, step: str, *, after: bool) -> None:
    await kept.has_leave("UBOB", begins=10, ends=60)
    await kept.goes_on(10)
    died = dies(kept, step, after=after)
    kept.engine.clock.move(minutes=1)
    await kept.has_no_leave("UBOB")
    kept.replica.sender.wake(typed=False)
    await restarted(kept, died)
    assert kept.text("UBOB") == "Thesis"
    assert kept.writes("UBOB") == [OUT, "Thesis"]


@EACH
async def test_what_is_typed_between_the_death_and_the_restart_stays(
    kept: KeptWorkspace, step: str, *, after: bool
) -> None:
    await kept.has_leave("UBOB", begins=10, ends=60)
    await kept.engine.rests()
    died = dies(kept, step, after=after)
    kept.engine.clock.move_to(kept.at(10))
    await until(died.is_set)
    kept.engine.clock.move(seconds=40)
    kept.engine.slack.type_status("UBOB", "Here", ":wave:")
    now = kept.engine.clock.now()
    seen = kept.status_of("UBOB")
    await kept.replica.kept.see(kept.key("UBOB"), seen, now, now)
    await restarted(kept, died)
    assert kept.text("UBOB") == "Here"
    await kept.goes_on(61)
    assert kept.text("UBOB") == "Here"


@EACH
async def test_grant_after_a_death_takes_over_what_was_written_or_is_about_to_be(
    kept: KeptWorkspace, step: str, *, after: bool
) -> None:
    bob = await kept.engine.person("UBOB", granted=False)
    await kept.has_leave("UBOB", begins=10, ends=60)
    await kept.engine.rests()
    died = dies(kept, step, after=after)
    kept.engine.clock.move_to(kept.at(10))
    await until(died.is_set)
    token = kept.engine.slack.grant("UBOB", scopes.USER)
    await kept.replica.people.grant(
        bob, Tokens(token.value, scopes=frozenset(scopes.USER)), Member(), kept.engine.clock.now()
    )
    await restarted(kept, died)
    assert kept.text("UBOB") == OUT
    written = [call.arguments["profile"]["status_text"] for call in kept.engine.calls("users.profile.set") if call.ok]
    assert written == [OUT]
    await kept.goes_on(60)
    assert kept.text("UBOB") == "Thesis"
