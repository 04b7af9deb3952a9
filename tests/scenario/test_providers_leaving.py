"""One contract over every provider: what is disconnected or forgotten is gone, here and there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from services.store.calendar_tables import ACCOUNTS, CALENDARS, EVENTS, INBOX, WATCHES
from services.store.tables import PEOPLE
from tests.support.clocks import ManualClock
from tests.support.engine import until
from tests.support.peers.accounts import GooglePeer
from tests.support.peers.entries import Entry
from tests.support.peers.joining import open_joined
from tests.support.peers.peer import Deed, Peer, each
from tests.support.running_app import ANN, BEN, RunningApp, at

MEETING = ("In a meeting", ":spiral_calendar_pad:")
NOTHING = ("", "", None)
TITLE = "Zeppelin talks"
TABLES: tuple[Any, ...] = (ACCOUNTS, CALENDARS, EVENTS, INBOX, WATCHES)


@pytest.fixture
async def peer(
    request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Peer]:
    async with open_joined(request.param, clock, sqlite_url, capsys) as made:
        yield made


async def kept(running_app: RunningApp, user: str = ANN, tables: tuple[Any, ...] = TABLES) -> dict[str, int]:
    """How many rows of a person there are, where there are any."""
    found = {
        table.name: (
            await running_app.rows(sa.select(sa.func.count()).select_from(table).where(table.c.user_id == user))
        )[0][0]
        for table in tables
    }
    return {name: count for name, count in found.items() if count}


@each(1)
async def test_what_is_disconnected_leaves_nothing_and_its_status_goes(peer: Peer) -> None:
    running_app = peer.running_app
    await running_app.joins(BEN)
    await peer.add(Entry(TITLE, at("08:30"), at("17:00")))
    await peer.add(Entry(TITLE, at("18:30"), at("19:00")))
    await peer.add(Entry(TITLE, at("08:00"), at("12:00")), BEN)
    await peer.connects()
    await peer.connects(BEN)
    bens = await kept(running_app, BEN)
    assert running_app.shows() == (*MEETING, at("17:00"))
    assert peer.watches() == (2 if peer.can(Deed.WATCHED) else 0)
    await peer.disconnects()
    assert running_app.shows() == NOTHING
    assert await kept(running_app) == {}
    await until(lambda: peer.watches() == (1 if peer.can(Deed.WATCHED) else 0))
    await running_app.until(at("18:30"))
    assert running_app.shows() == NOTHING
    assert await kept(running_app, BEN) == bens
    await peer.connects()  # and it can be had again
    assert running_app.shows() == (*MEETING, at("19:00"))


@each(0, Deed.WATCHED)
async def test_one_calendar_of_an_account_is_disconnected_and_its_watch_stopped(peer: Peer) -> None:
    running_app = peer.running_app
    await peer.add(Entry(TITLE, at("08:30"), at("17:00")))
    await peer.connects()
    await Peer.disconnects(peer)
    assert running_app.shows() == NOTHING
    assert await kept(running_app) == {"accounts": 1}
    await until(lambda: peer.watches() == 0)


@each(2)
async def test_person_who_is_forgotten_leaves_nothing_anywhere(peer: Peer) -> None:
    running_app = peer.running_app
    await peer.add(Entry(TITLE, at("08:30"), at("17:00")))
    await peer.connects()
    assert running_app.shows() == (*MEETING, at("17:00"))
    answer = await running_app.types("/quo", "forget")
    (button,) = [one for block in answer["blocks"] if block["type"] == "actions" for one in block["elements"]]
    message = [one for one in running_app.slack.messages if one.only_for == ANN][-1]
    assert (await running_app.slack.people.click_in_message(ANN, message.ts, button)).status == 200
    await running_app.settle()
    assert running_app.shows() == NOTHING
    assert await kept(running_app, ANN, (*TABLES, PEOPLE)) == {}
    await until(lambda: peer.watches() == 0)
    if isinstance(peer, GooglePeer):
        await until(peer.is_revoked)
    assert isinstance(peer, GooglePeer) is peer.can(Deed.REVOKED)
