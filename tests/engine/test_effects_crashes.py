"""The process dies between any two calls of an effect: the right end within a minute of the restart, nothing twice."""

from __future__ import annotations

import asyncio

import pytest

from emulators.slack.state import APP
from services.domain.model import Effect, Pause
from tests.support.crashes import dies_at
from tests.support.effects import EffectsOf
from tests.support.engine import until
from tests.support.replica import Replica

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DND, AWAY = Effect.DND, Effect.AWAY
READS = {Effect.DND: "snooze", Effect.AWAY: "is_away_by_hand"}
PUTS_ON = {Effect.DND: "set_snooze", Effect.AWAY: "set_presence"}
TAKES_BACK = {Effect.DND: "end_snooze", Effect.AWAY: "set_presence"}
SEEN = {Effect.DND: "snooze", Effect.AWAY: "presence"}
slow = pytest.mark.slow
STEPS = [
    (step, after) for step in ("the look", "the intent", "the call", "the record") for after in (False, True)
]  # fmt: skip

QUICK = {
    (DND, "the call", True), (AWAY, "the record", False),
}  # fmt: skip
"""What is tried always; the others where there is time."""

EACH = pytest.mark.parametrize(
    ("effect", "step", "after"),
    [
        pytest.param(effect, *step, marks=[] if (effect, *step) in QUICK else slow)
        for effect in (DND, AWAY)
        for step in STEPS
    ],
)


def dies(replica: Replica, effect: Effect, step: str, calls: dict[Effect, str], *, after: bool) -> asyncio.Event:
    """Have `replica` die at a step of the effect, once; the event tells that it has."""
    owner, name = {
        "the look": (replica.presence, READS[effect]),
        "the intent": (replica.effects, "take_up"),
        "the call": (replica.presence, calls[effect]),
        "the record": (replica.effects, "settle"),
    }[step]
    return dies_at(replica, owner, name, after=after)


async def restarted(ann: EffectsOf, died: asyncio.Event) -> None:
    """Another process starts in the place of the one that has died, and half a minute passes."""
    await until(died.is_set)
    ann.replica = await ann.engine.replaced(ann.replica)
    ann.engine.clock.move(seconds=30)
    await ann.engine.rests()


def seen(ann: EffectsOf, effect: Effect) -> list[str]:
    """What a person would see us do: who changed the effect, and whether it is on then."""
    changes = [one for one in ann.engine.slack.changes if one.what == SEEN[effect]]
    return [f"{one.by}: {'on' if one.after not in (None, 'auto') else 'off'}" for one in changes]


@EACH
async def test_death_while_it_is_put_on(ann: EffectsOf, effect: Effect, step: str, *, after: bool) -> None:
    await ann.carries(effect, (10, 40))
    died = dies(ann.replica, effect, step, PUTS_ON, after=after)
    ann.engine.clock.move_to(ann.at(10))
    await restarted(ann, died)
    assert seen(ann, effect) == ["app: on"]
    assert await ann.reason(effect) in {"muted", "away"}
    await ann.goes_on(41)
    assert ann.engine.slack.left_behind() == ann.engine.slack.trespasses() == []
    assert seen(ann, effect)[1:] == ["time: off" if effect is Effect.DND else "app: off"]


@EACH
async def test_death_while_it_is_taken_back(ann: EffectsOf, effect: Effect, step: str, *, after: bool) -> None:
    await ann.carries(effect, (0, 40), (60, 70))
    died = dies(ann.replica, effect, step, TAKES_BACK, after=after)
    ann.engine.clock.move_to(ann.at(10))
    ann.stretches = ann.stretches[1:]
    await ann.engine.change(ann.key, stale=True, preferences="{}")
    await restarted(ann, died)
    assert seen(ann, effect) == ["app: on", "app: off"]
    await ann.goes_on(60)
    assert seen(ann, effect)[2:] == ["app: on"]
    await ann.goes_on(71)
    assert ann.engine.slack.left_behind() == ann.engine.slack.trespasses() == []


@EACH
async def test_death_of_one_that_is_started_after_the_end(
    ann: EffectsOf, effect: Effect, step: str, *, after: bool
) -> None:
    await ann.carries(effect, (10, 40))
    died = dies(ann.replica, effect, step, PUTS_ON, after=after)
    ann.engine.clock.move_to(ann.at(10))
    await until(died.is_set)
    ann.engine.clock.move_to(ann.at(41))
    await restarted(ann, died)
    assert ann.engine.slack.left_behind() == ann.engine.slack.trespasses() == []
    assert len(seen(ann, effect)) in {0, 2}


@pytest.mark.parametrize(
    ("step", "after"),
    [pytest.param(*one, marks=[] if one in {("the intent", True), ("the call", True)} else slow) for one in STEPS],
)
async def test_death_while_a_pause_takes_it_back_and_own_ones_after_it(
    ann: EffectsOf, step: str, *, after: bool
) -> None:
    """What the person does by hand between the death and the restart is theirs."""
    await ann.carries_both((0, 40))
    died = dies(ann.replica, Effect.DND, step, TAKES_BACK, after=after)
    paused = asyncio.create_task(ann.pauses(Pause(ann.engine.clock.now())))
    await until(died.is_set)
    paused.cancel()
    ann.engine.slack.dnd.snooze("U1", 20)
    await restarted(ann, died)
    assert ann.snooze == (20, "person")
    assert ann.away == ""
    assert ann.engine.slack.trespasses() == []


@pytest.mark.parametrize("step", ["the intent", "the call"])
async def test_own_snooze_set_between_the_death_and_the_restart_is_neither_shortened_nor_ended(
    ann: EffectsOf, step: str
) -> None:
    await ann.carries(Effect.DND, (10, 40))
    died = dies(ann.replica, Effect.DND, step, PUTS_ON, after=True)
    ann.engine.clock.move_to(ann.at(10))
    await until(died.is_set)
    ann.engine.slack.dnd.snooze("U1", 15)
    await restarted(ann, died)
    assert ann.snooze == (25, "person")
    await ann.goes_on(25)
    assert ann.snooze == (40, APP)
    assert ann.engine.slack.trespasses() == []


@pytest.mark.parametrize("after", [False, True])
async def test_away_set_before_a_payment_is_recorded_goes_with_ours(ann: EffectsOf, *, after: bool) -> None:
    """Slack tells no more than that she is away: ours and hers cannot be told apart, and ours would stay for ever."""
    await ann.carries(Effect.AWAY, (0, 40))
    died = dies(ann.replica, Effect.AWAY, "the call", TAKES_BACK, after=after)
    ann.engine.clock.move_to(ann.at(40))
    await until(died.is_set)
    ann.engine.slack.presence.toggle("U1", away=True)
    await restarted(ann, died)
    assert ann.away == ""
