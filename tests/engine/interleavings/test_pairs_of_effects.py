"""An effect that is being carried out, and whatever else happens at the same time: as in `test_pairs`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.lines import Rule
from services.domain.model import Effect, Pause
from services.slack import scopes
from services.store.tables import PEOPLE
from tests.engine.interleavings.stage import ANN, Replica, Stage
from tests.engine.interleavings.test_pairs import (
    OPERATIONS,
    Operation,
    Pair,
    Recorder,
    report,
)
from tests.support.engine import meeting

MINUTES = timedelta(minutes=1)
LOOK = "presence.get"
CALL = "presence.set"


async def carries(replica: Replica, stage: Stage) -> object:
    return await replica.carry(stage.effect)


async def pauses(replica: Replica, stage: Stage) -> object:
    return await replica.stores.preferences.pause(ANN, Pause(stage.now), stage.now)


EFFECTS = {
    "look": Operation(carries, begins_after=LOOK),
    "call": Operation(carries, begins_after=CALL),
    "pause": Operation(pauses),
    **{name: OPERATIONS[name] for name in ("tick", "forget", "grant", "uninstall", "key rotation")},
}


async def begin(stage: Stage) -> None:
    """Her meetings are to mute her and show her as away."""
    effects = frozenset({Effect.DND, Effect.AWAY})
    await stage.before.stores.lines.change(
        ANN,
        stage.now,
        lambda lines: tuple(
            replace(line, effects=effects) if isinstance(line, Rule) and line.id == "meeting" else line
            for line in lines
        ),
    )
    allowed = scopes.joined([*scopes.USER, *scopes.USER_OPTIONAL])
    await stage.database.execute(PEOPLE.update().values(scopes=allowed))


async def away_begins(stage: Stage) -> None:
    """A meeting begins; that she is away for it is in the sender's hand, and she is due once more."""
    await begin(stage)
    await stage.has(meeting(stage.now, 60))
    await stage.effect_in_hand()
    await stage.has(meeting(stage.now, 45))


async def away_ends(stage: Stage) -> None:
    """She is away for a meeting that was cancelled; that she is back is in the sender's hand."""
    await begin(stage)
    await stage.has(meeting(stage.now - 30 * MINUTES, 60))
    await stage.before.settle()
    assert stage.slack.besides() == (True, True)
    await stage.has()
    await stage.effect_in_hand()


EVERY = [(first, second) for first in ("look", "call") for second in EFFECTS if (first, second) != ("call", "look")]
FEW = (("look", "look"), ("look", "tick"), ("call", "pause"), ("call", "forget"), ("look", "uninstall"))


@pytest.mark.parametrize("database_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True)
@pytest.mark.parametrize("few", [pytest.param(False, id="all", marks=pytest.mark.slow), pytest.param(True, id="few")])
@pytest.mark.parametrize(
    "moment", [pytest.param(away_begins, marks=pytest.mark.slow), away_ends], ids=lambda moment: moment.__name__
)
async def test_effect_and_something_else_at_once_end_as_one_after_the_other(
    stage: Stage,
    moment: object,
    few: bool,
    record_property: Recorder,
) -> None:
    """Each with an effect that is about to call, and with one that has called."""
    assert callable(moment)
    await stage.build(moment)
    pairs = [Pair(stage, names, EFFECTS) for names in (FEW if few else EVERY)]
    for pair in pairs:
        await pair.examine(switches=2, most=1)
    report(pairs, record_property)
