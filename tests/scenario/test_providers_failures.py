"""One contract over every provider: whatever goes wrong there, nothing is cleared, and it mends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.platform import net
from services.platform.net import GuardedClient
from services.wiring import calendars as wiring
from tests.support.clocks import ManualClock
from tests.support.peers.entries import Entry
from tests.support.peers.joining import open_joined
from tests.support.peers.peer import Deed, Peer, each
from tests.support.peers.wire import FAILURES
from tests.support.running_app import at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
TITLE = "Zeppelin talks"
LONGEST_RETRY = timedelta(minutes=67)
"""An hour, spread."""


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[GuardedClient]:
    """What the app asks providers by."""
    made: list[GuardedClient] = []

    def one_more(*args: Any, **options: Any) -> GuardedClient:
        made.append(GuardedClient(*args, **options))
        return made[-1]

    monkeypatch.setattr(wiring, "GuardedClient", one_more)
    return made


@pytest.fixture
async def peer(
    request: pytest.FixtureRequest,
    sqlite_url: str,
    clock: ManualClock,
    capsys: pytest.CaptureFixture[str],
    clients: list[GuardedClient],
) -> AsyncIterator[Peer]:
    async with open_joined(request.param, clock, sqlite_url, capsys) as made:
        yield made


@each(1, Deed.ASKED)
async def test_outage_of_any_kind_clears_nothing_is_told_once_and_ends_by_itself(
    peer: Peer, clients: list[GuardedClient]
) -> None:
    running_app = peer.running_app
    await peer.add(Entry(TITLE, at("08:30"), at("20:00")))
    await peer.add(Entry(TITLE, at("21:00"), at("22:00")))
    key = await peer.add(Entry(TITLE, at("08:00", 25), at("18:00", 25)))
    await peer.connects()
    told = len(running_app.told())
    for how in FAILURES:
        peer.wire.out(how)
        for client in clients:
            client._seconds = 0.2 if how == "hang" else net.SECONDS  # nothing comes, however long one waits
        asked = peer.wire.asked
        await running_app.until(running_app.clock.now() + LONGEST_RETRY)
        assert peer.wire.asked > asked
        assert running_app.shows() == (*MEETING, at("20:00")), how
    assert running_app.written() == ["In a meeting"]
    await running_app.until(at("21:00"))
    assert running_app.shows() == (*MEETING, at("22:00"))
    await running_app.until(at("08:00", 25))
    assert running_app.shows() == (*MEETING, at("18:00", 25))
    await peer.change(key, end=at("18:30", 25))
    await running_app.until(running_app.clock.now() + LONGEST_RETRY)
    assert running_app.shows() == (*MEETING, at("18:00", 25))
    assert len(running_app.told()) == told + 1
    peer.wire.back()
    await running_app.until(running_app.clock.now() + LONGEST_RETRY)
    assert running_app.shows() == (*MEETING, at("18:30", 25))
    assert len(running_app.told()) == told + 1


@each(2, Deed.TOKEN)
async def test_token_that_the_provider_forgot_clears_nothing_and_the_next_change_is_seen(peer: Peer) -> None:
    running_app = peer.running_app
    key = await peer.add(Entry(TITLE, at("08:30"), at("17:00")))
    gone = await peer.add(Entry(TITLE, at("17:30"), at("18:00")))
    await peer.connects()
    peer.forget_tokens()
    await running_app.until(at("10:00"))
    await peer.rests()
    assert running_app.shows() == (*MEETING, at("17:00"))
    peer.forget_tokens()
    peer.wire.statuses.clear()
    await peer.change(key, end=at("17:10"))
    await peer.follows()
    assert {403, 409, 410} & set(peer.wire.statuses)
    assert running_app.shows() == (*MEETING, at("17:10"))
    peer.forget_tokens()
    await peer.cancel(gone)
    await peer.follows()
    await running_app.until(at("17:30"))
    assert running_app.shows() == NOTHING
    assert running_app.written() == ["In a meeting"] * 2


@each(3, Deed.RENEWED)
async def test_access_that_is_refused_is_renewed_and_nobody_notices(peer: Peer) -> None:
    running_app = peer.running_app
    key = await peer.add(Entry(TITLE, at("08:30"), at("17:00")))
    await peer.connects()
    told = len(running_app.told())
    peer.expire_access()
    await peer.change(key, end=at("18:00"))
    await peer.follows()
    assert 401 in peer.wire.statuses
    assert running_app.shows() == (*MEETING, at("18:00"))
    await running_app.until(at("15:00"))  # and by time alone
    await peer.change(key, end=at("16:00"))
    await peer.follows()
    assert running_app.shows() == (*MEETING, at("16:00"))
    assert len(running_app.told()) == told


@each(3, Deed.ACCOUNT)
async def test_account_that_is_lost_is_told_once_and_mended_by_what_the_message_says(peer: Peer) -> None:
    running_app = peer.running_app
    key = await peer.add(Entry(TITLE, at("08:30"), at("20:00")))
    await peer.connects()
    told = len(running_app.told())
    peer.refuse()
    await peer.change(key, end=at("19:00"))
    for hours in (2, 4):
        await running_app.until(at("09:00") + timedelta(hours=hours))
        await peer.rests()
        assert running_app.shows() == (*MEETING, at("20:00"))
    asked = peer.wire.asked
    await running_app.until(at("13:30"))
    assert peer.wire.asked == asked
    assert len(running_app.told()) == told + 1
    await peer.mends()
    await peer.rests()
    assert running_app.shows() == (*MEETING, at("19:00"))
    await peer.change(key, end=at("18:30"))
    await peer.follows()
    assert running_app.shows() == (*MEETING, at("18:30"))
    assert len(running_app.told()) == told + 1
