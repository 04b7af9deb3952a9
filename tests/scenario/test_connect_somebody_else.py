"""A link that connects a calendar, in the hands of somebody whom it does not name; and in its owner's, anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import sqlalchemy as sa

from services.store.models import Account
from tests.clocks import ManualClock
from tests.vendors import Vendors, open_vendors
from tests.whole import ANN, BEN

SOMEBODY_ELSE = "This link belongs to somebody else. Type /quo connect in your own Slack."
BENS = "ben@cloud.example"


@pytest.fixture(params=["google", "microsoft"])
async def vendors(request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock) -> AsyncIterator[Vendors]:
    async with open_vendors(clock, sqlite_url, request.param) as made:
        made.vendor.add_account(BENS)
        await made.whole.joins()
        await made.whole.joins(BEN)
        yield made


async def grants(vendors: Vendors, session: aiohttp.ClientSession, user: str) -> None:
    """Allow the app one's status once more, in this browser."""
    status, page = await vendors.follows(session, f"{vendors.whole.url}/slack/install", user)
    assert status == 200, page


async def accounts(vendors: Vendors) -> list[str]:
    return [user for (user,) in await vendors.whole.rows(sa.select(Account.user_id))]


@pytest.mark.parametrize("known", [True, False], ids=["who granted in this browser", "who never did"])
async def test_follower_of_somebody_elses_link_connects_nothing_to_them(vendors: Vendors, *, known: bool) -> None:
    link = await vendors.link(ANN)
    async with vendors.browser() as session:
        if known:
            await grants(vendors, session, BEN)
        status, page = await vendors.follows(session, link, BEN, account=BENS)
    await vendors.rests()
    assert (status, await accounts(vendors)) == (403, [])
    assert SOMEBODY_ELSE in page
