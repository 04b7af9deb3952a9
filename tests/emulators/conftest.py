"""The local Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from emulators.slack import LocalSlack
from tests.support.clocks import ManualClock
from tests.support.local_slack import ANN, BEN, TEAM


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[LocalSlack]:
    """A workspace that the app is installed in, with Ann, in Berlin, and Ben."""
    slack = LocalSlack(clock)
    slack.add_workspace(TEAM)
    slack.add_person(ANN, "ann", tz="Europe/Berlin")
    slack.add_person(BEN, "ben")
    slack.install(TEAM)
    async with slack:
        yield slack
