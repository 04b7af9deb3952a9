"""A server on loopback, and the client that may visit it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.platform.net import AddressRules, GuardedClient
from tests.sites import Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as started:
        yield started


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    """The client of an intranet: it may visit the sites on loopback."""
    opened = GuardedClient(AddressRules(private=True))
    yield opened
    await opened.close()
