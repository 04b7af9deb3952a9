"""What a person reads where Slack does not take their status: in `/quo why`, in `/quo` and on the Home tab."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from emulators.faults import Fault
from services.engine.limits import Budget
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.engine import SET
from tests.support.slack_surface import Desk, open_desk, text_of


@pytest.fixture
async def desk(sqlite_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[Desk]:
    """Ann in Berlin, Tuesday 24 November 2026, 10:00 there."""
    database = Database(sqlite_url)
    async with open_desk(database, encryptor, clock) as made:
        yield made
    await database.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("too_long", "Not set: Slack refused it."),
        ("access_denied", "Not set: your workspace's settings do not let me. A workspace admin can change that."),
    ],
)
async def test_status_that_slack_does_not_take_says_why(desk: Desk, code: str, said: str) -> None:
    fault = desk.world.slack.faults.add(Fault(SET, error=code, times=None))
    await desk.quo("Lunch for 1h")
    await desk.engine.tick()
    ((wish,), _) = await desk.engine.queue.most_urgent(desk.clock.now(), 1)
    await desk.engine.writer.carry_out(wish, desk.engine.writer.take(wish, Budget()))
    desk.clock.move(seconds=2)
    for answer in (await desk.quo("why"), await desk.quo(), await desk.publish_home()):
        assert said in text_of(answer)
        assert "Your status is" not in text_of(answer)
    desk.world.slack.faults.remove(fault)
    desk.clock.move(minutes=1)
    await desk.quo("Lunch for 30m")
    assert (await desk.shows())[0] == "Lunch"
    for answer in (await desk.quo("why"), await desk.quo(), await desk.publish_home()):
        assert said not in text_of(answer)
        assert "Your status is :speech_balloon: *Lunch*" in text_of(answer)
