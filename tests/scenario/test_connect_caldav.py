"""A CalDAV account through the whole app, against Radicale: its list of calendars, and a password that is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.clocks import ManualClock
from tests.support.peers.joining import open_peer
from tests.support.peers.texts import CaldavPeer
from tests.support.providers_app import Vendors
from tests.support.running_app import ANN
from tests.support.stepped_app import text_of


@pytest.fixture
async def peer(sqlite_url: str, clock: ManualClock) -> AsyncIterator[CaldavPeer]:
    async with open_peer("caldav", clock, sqlite_url) as made:
        assert isinstance(made, CaldavPeer)
        await made.running_app.joins()
        await made.connects()
        yield made


async def chooses(peer: CaldavPeer) -> str:
    """Open the list of the account's calendars; what it says."""
    ann = Vendors(peer.running_app, None, None, "caldav")  # type: ignore[arg-type]  # what it does in Slack alone
    await peer.running_app.opens_home()
    await ann.clicks("account_menu", "choose:")
    return text_of(peer.running_app.slack.modals[ANN][-1].view)


async def test_list_is_read_again_when_calendars_are_chosen(peer: CaldavPeer) -> None:
    await peer.radicale.make_calendar("later", "Made later")
    assert "Made later" in await chooses(peer)


async def test_list_is_as_known_last_where_the_server_is_out_or_refuses(peer: CaldavPeer) -> None:
    known = await chooses(peer)
    for how in ("drop", "401"):
        peer.wire.out(how)
        assert await chooses(peer) == known


async def test_password_that_is_refused_is_called_a_password(peer: CaldavPeer) -> None:
    told = len(peer.running_app.told())
    peer.refuse()
    await peer.running_app.polled()
    (message,) = peer.running_app.told()[told:]
    assert "The server does not take the password any more. Connect the account again with a new one." in message
    await peer.running_app.opens_home()
    assert "does not take the password any more" in text_of(peer.running_app.slack.homes[ANN].view)
