"""Digests of a workspace that Slack has told to slow down."""

from __future__ import annotations

from datetime import timedelta

from emulators.faults import Fault
from tests.scenario.test_digests import POST, Room
from tests.support.engine import until
from tests.support.office import project_in
from tests.support.running_app import BEN, TEAM, RunningApp, at


async def test_those_that_wait_for_slack_leave_the_program_at_rest_until_then(running_app: RunningApp) -> None:
    app, first = running_app, await project_in(running_app)
    others = [app.slack.talk.create(name, TEAM, set(first.members)) for name in ("sales", "support")]
    for channel in others:
        app.slack.talk.invite_app(channel.channel_id)
    rooms = [Room(app, channel) for channel in (first, *others)]
    for room in rooms:
        await room.types("weekdays 9:00")
    await app.types("/ooo", "until 3 dec", BEN)
    app.slack.faults.add(Fault(POST, retry_after=30, times=1))
    await app.until(at("07:59", 25))
    app.clock.move(minutes=1)
    await until(lambda: app.slack.calls.all(POST)[-1].error == "ratelimited" and app.service.at_rest())
    await app.until(app.clock.now() + timedelta(seconds=31))
    assert [len(room.posted) for room in rooms] == [1, 1, 1]
