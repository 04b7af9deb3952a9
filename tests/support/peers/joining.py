"""The whole app, and one provider that it is connected to over a wire that can be cut."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from emulators.google import LocalGoogle
from emulators.microsoft import LocalMicrosoft
from tests.support import radicale_server
from tests.support.clocks import ManualClock
from tests.support.peers.accounts import MAILS, GooglePeer, MicrosoftPeer
from tests.support.peers.peer import Peer
from tests.support.peers.texts import USERS, CaldavPeer, FeedPeer, FilePeer, HookPeer
from tests.support.peers.wire import Wire, open_wire
from tests.support.running_app import open_running_app

TITLE_WORD = "Zeppelin"
"""In every title of these tests."""


@asynccontextmanager
async def open_peer(name: str, clock: ManualClock, database_url: str) -> AsyncIterator[Peer]:
    """The provider of that name; nobody is connected to it yet, and nobody has joined."""
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(open_wire())
        if name in {"google", "microsoft"}:
            yield await _with_accounts(stack, name, clock, database_url, wire)
            return
        radicale = None
        if name == "caldav":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            radicale = stack.enter_context(radicale_server.running(folder))
            for user in USERS.values():
                await radicale.make_calendar("work", user=user)
        running_app = await stack.enter_async_context(open_running_app(clock, database_url))
        wire.target = radicale.url if radicale else running_app.feeds.url
        if radicale is not None:
            yield CaldavPeer(running_app, wire, radicale)
        else:
            yield {"ics": FeedPeer, "hook": HookPeer, "file": FilePeer}[name](running_app, wire)


@asynccontextmanager
async def open_joined(
    name: str, clock: ManualClock, database_url: str, capsys: pytest.CaptureFixture[str], zone: str = "Etc/UTC"
) -> AsyncIterator[Peer]:
    """The same, where Ann has joined. Nothing of a title is in the logs afterwards."""
    async with open_peer(name, clock, database_url) as peer:
        await peer.running_app.joins(tz=zone)
        yield peer
    said = "".join(capsys.readouterr())
    sys.stdout.write(said)  # for whoever looks why a test failed
    assert "calendar_synced" in said
    assert TITLE_WORD not in said


async def _with_accounts(
    stack: AsyncExitStack, name: str, clock: ManualClock, database_url: str, wire: Wire
) -> GooglePeer | MicrosoftPeer:
    google, microsoft = LocalGoogle(clock.now), LocalMicrosoft(clock.now)
    vendor: LocalGoogle | LocalMicrosoft = google if name == "google" else microsoft
    vendor.url = wire.url
    for address in MAILS.values():
        vendor.add_account(address)
    server = await stack.enter_async_context(TestServer(vendor.web, host="127.0.0.1"))
    stack.push_async_callback(vendor.close)
    wire.target = str(server.make_url("")).rstrip("/")
    running_app = await stack.enter_async_context(open_running_app(clock, database_url, vendor.settings))
    google.client.redirect_uris.append(f"{running_app.url}/connect/google/callback")
    microsoft.client.redirect_uris = [f"{running_app.url}/connect/microsoft/callback"]
    kind = GooglePeer if name == "google" else MicrosoftPeer
    return kind(running_app, wire, google, microsoft)
