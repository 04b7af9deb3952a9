"""Effects where several processes share PostgreSQL: carried out once, and gone on with by another one."""

from __future__ import annotations

import pytest

from emulators.slack.state import APP
from services.domain.model import Effect, Pause
from services.engine import workspaces
from services.engine.leases import AdvisoryLocks
from tests.support.effects import EffectsOf
from tests.support.engine import until
from tests.support.replica import Replica

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def more(ann: EffectsOf) -> list[Replica]:
    """Two replicas in the place of the one that thinks that it is alone."""
    await ann.replica.stop()
    ann.engine.replicas.remove(ann.replica)
    made = [ann.engine.replica(leases=AdvisoryLocks(ann.engine.database.url)) for _ in range(2)]
    for replica in made:
        await replica.start()
    ann.replica = made[0]
    return made


@pytest.mark.parametrize("pauses", [0, pytest.param(3, marks=pytest.mark.slow)])
async def test_one_of_several_replicas_carries_each_out_once(ann: EffectsOf, pauses: int) -> None:
    await more(ann)
    await ann.carries_both((0, 60))
    await until(lambda: (ann.snooze, ann.away) == ((60, APP), APP))
    for _ in range(pauses):
        await ann.pauses(Pause(ann.engine.clock.now()))
        await until(lambda: (ann.snooze, ann.away) == (None, ""))
        await ann.pauses(None)
        await until(lambda: (ann.snooze, ann.away) == ((60, APP), APP))
    await ann.carries_both()
    await until(lambda: (ann.snooze, ann.away) == (None, ""))
    changes = [(one.what, one.by) for one in ann.engine.slack.changes]
    each = 2 + 2 * pauses
    assert sorted(changes) == [("presence", "app")] * each + [("snooze", "app")] * each


async def test_replica_that_is_left_pays_what_another_one_owes(ann: EffectsOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspaces, "OTHERS", 0.1)
    first, second = await more(ann)
    await ann.carries(Effect.AWAY, (0, 10))
    await until(lambda: ann.away == APP)
    owner = next(one for one in (first, second) if one.workspaces.get(ann.key.team_id) is not None)
    await owner.stop()
    ann.engine.replicas.remove(owner)
    ann.engine.clock.move_to(ann.at(10))
    ann.engine.ring()
    await until(lambda: ann.away == "")
    assert ann.calls("users.setPresence") == 2
