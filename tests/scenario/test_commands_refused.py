"""What a person reads where Slack does not take their status: in `/quo why`, in `/quo` and on the Home tab."""

from __future__ import annotations

import pytest

from emulators.faults import Fault
from services.slack.limits import Budget
from tests.support.engine import SET
from tests.support.stepped_app import SteppedApp, text_of


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("too_long", "Not set: Slack refused it."),
        ("access_denied", "Not set: your workspace's settings do not let me. A workspace admin can change that."),
    ],
)
async def test_status_that_slack_does_not_take_says_why(app: SteppedApp, code: str, said: str) -> None:
    fault = app.engine.slack.faults.add(Fault(SET, error=code, times=None))
    await app.quo("Lunch for 1h")
    await app.replica.tick()
    ((wish,), _) = await app.replica.queue.most_urgent(app.clock.now(), 1)
    await app.replica.writer.carry_out(wish, app.replica.writer.take(wish, Budget()))
    app.clock.move(seconds=2)
    for answer in (await app.quo("why"), await app.quo(), await app.publish_home()):
        assert said in text_of(answer)
        assert "Your status is" not in text_of(answer)
    app.engine.slack.faults.remove(fault)
    app.clock.move(minutes=1)
    await app.quo("Lunch for 30m")
    assert (await app.shows())[0] == "Lunch"
    for answer in (await app.quo("why"), await app.quo(), await app.publish_home()):
        assert said not in text_of(answer)
        assert "Your status is :speech_balloon: *Lunch*" in text_of(answer)
