"""One contract over every provider: whatever becomes of the word that something changed, the status is right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.support.clocks import ManualClock
from tests.support.few import few
from tests.support.peers.accounts import AccountPeer
from tests.support.peers.entries import Entry
from tests.support.peers.joining import open_joined
from tests.support.peers.peer import JITTER, Deed, Peer, able, each
from tests.support.running_app import at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
TITLE = "Zeppelin talks"


@pytest.fixture
async def peer(
    request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Peer]:
    async with open_joined(request.param, clock, sqlite_url, capsys) as made:
        yield made


@pytest.mark.parametrize("peer", few(able(Deed.WATCHED)), indirect=True)
async def test_pushes_that_come_twice_in_disorder_or_not_at_all_leave_the_right_status(peer: AccountPeer) -> None:
    running_app = peer.running_app
    key = await peer.add(Entry(TITLE, at("08:30"), at("17:00")))
    await peer.connects()
    peer.disturb_pushes()
    for end in ("17:10", "17:20", "17:30"):
        await peer.change(key, end=at(end))
    await peer.calm_pushes()
    await peer.rests()
    assert running_app.shows() == (*MEETING, at("17:30"))
    peer.lose_pushes()
    await peer.change(key, end=at("18:00"))
    await peer.rests()
    assert running_app.shows() == (*MEETING, at("17:30"))
    await running_app.until(running_app.clock.now() + peer.RESTING * JITTER)  # the sweep
    assert running_app.shows() == (*MEETING, at("18:00"))
    await peer.change(key, end=at("18:30"))
    await peer.rests()
    assert running_app.shows() == (*MEETING, at("18:30"))
    assert running_app.service is not None
    pushes = next(iter(running_app.service.metrics.pushes.collect())).samples
    assert [one.value for one in pushes if one.name.endswith("total") and one.labels["outcome"] == "missed"] == [1.0]


@pytest.mark.parametrize("peer", few(able(Deed.WATCHED)[::-1]), indirect=True)
async def test_watch_is_renewed_ahead_of_its_end_for_weeks(peer: Peer) -> None:
    running_app = peer.running_app
    key = await peer.add(Entry(TITLE, at("10:00"), at("11:00")))
    await peer.connects()
    for day in range(2, 17, 2):
        await running_app.until(at("09:00") + timedelta(days=day))
        await peer.rests()
        assert peer.watches() == 1
    now = running_app.clock.now()
    await peer.move(key, now - timedelta(hours=1), now + timedelta(hours=1))
    await peer.rests()
    assert running_app.shows() == (*MEETING, now + timedelta(hours=1))


@each(1)
async def test_app_that_starts_again_between_the_word_and_the_look_has_lost_nothing(peer: Peer) -> None:
    running_app = peer.running_app
    key = await peer.add(Entry(TITLE, at("08:30"), at("17:00")))
    await peer.connects()
    assert running_app.shows() == (*MEETING, at("17:00"))
    assert running_app.service is not None
    await running_app.service.engine.stop()
    await peer.change(key, end=at("18:00"))
    await peer.arrives()
    await running_app.stop()
    assert running_app.shows() == (*MEETING, at("17:00"))
    await running_app.start()
    await peer.follows()
    assert running_app.shows() == (*MEETING, at("18:00"))
