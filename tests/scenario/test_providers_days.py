"""One contract over every provider: whole days are the person's own, across the clocks' change and wherever they go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.clocks import ManualClock
from tests.support.peers.entries import Entry
from tests.support.peers.joining import open_joined
from tests.support.peers.peer import Peer, each
from tests.support.running_app import ANN

NOTHING = ("", "", None)


def utc(day: int, hour: int) -> datetime:
    """An hour of a day of October 2026."""
    return datetime(2026, 10, day, hour, tzinfo=UTC)


@pytest.fixture
async def peer(
    request: pytest.FixtureRequest, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Peer]:
    """Ann is in Berlin, on the day before its clocks go back."""
    async with open_joined(request.param, ManualClock(utc(24, 12)), sqlite_url, capsys, "Europe/Berlin") as made:
        yield made


@each(0)
async def test_absence_of_whole_days_lasts_from_midnight_to_midnight_wherever_the_person_is(peer: Peer) -> None:
    running_app = peer.running_app
    await peer.add(Entry("Vacation in Iceland", date(2026, 10, 25), date(2026, 10, 26), away=True))
    await peer.add(Entry("Vacation in Iceland", date(2026, 10, 27), date(2026, 10, 29), away=True))
    await peer.connects()
    assert running_app.shows() == NOTHING
    await running_app.until(utc(24, 22) - timedelta(seconds=1))
    assert running_app.shows() == NOTHING
    await running_app.until(utc(24, 22))
    away = ("Out of office until 26 October", ":palm_tree:")
    assert running_app.shows() == (*away, utc(25, 23))  # this day has 25 hours
    await running_app.until(utc(25, 12))
    running_app.slack.set_zone(ANN, "America/New_York")
    await peer.rests()
    assert running_app.shows() == (*away, utc(26, 4))
    await running_app.until(utc(26, 4))
    assert running_app.shows() == NOTHING
    await running_app.until(utc(27, 4) - timedelta(seconds=1))
    assert running_app.shows() == NOTHING
    await running_app.until(utc(27, 4))
    assert running_app.shows() == ("Out of office until 29 October", ":palm_tree:", utc(29, 4))
    running_app.slack.set_zone(ANN, "Asia/Tokyo")
    await peer.rests()
    assert running_app.shows() == ("Out of office until 29 October", ":palm_tree:", utc(28, 15))
