"""What people type to connect a calendar, and the way from there to its events."""

from __future__ import annotations

import pytest

from services.calendars.ical.expand import Expander
from services.calendars.providers.ics import FeedSource
from services.domain.calendars import Health
from services.domain.errors import (
    AlreadyConnectedError,
    InputError,
    LoginInAddressError,
    NotAnAddressError,
    PlaceNotAllowedError,
    TooManyError,
)
from services.platform.addresses import AddressRules
from services.platform.crypto import Encryptor
from services.platform.net import GuardedClient
from services.ports import Report
from services.store.calendar_rows import MOST
from tests.support.databases import BOTH
from tests.support.sites import Names, Site
from tests.support.subscriptions import ANN, BOB, Subscriptions, calendar


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", NotAnAddressError),
        ("my calendar", NotAnAddressError),
        ("https://me:secret@feeds.example/a.ics", LoginInAddressError),
        ("https://" + "a" * 3000, NotAnAddressError),
        ("http://feeds.example/a.ics", NotAnAddressError),
        ("https://127.0.0.1/a.ics", PlaceNotAllowedError),
        ("https://[::ffff:10.0.0.1]/a.ics", PlaceNotAllowedError),
        ("https://2130706433/a.ics", PlaceNotAllowedError),
        ("https://feeds.example:22/a.ics", PlaceNotAllowedError),
    ],
)
async def test_address_that_cannot_be_is_refused_on_its_field(
    subscribed: Subscriptions, typed: str, kind: type[InputError]
) -> None:
    connections = subscribed.strict(AddressRules())
    with pytest.raises(InputError) as caught:
        await connections.connect_feed(ANN, typed)
    assert (type(caught.value), caught.value.field) == (kind, "feed")
    assert (list(await connections.list(ANN)), subscribed.wake_signal.rung) == ([], 0)


@BOTH
async def test_same_feed_in_another_spelling_is_connected_once(subscribed: Subscriptions) -> None:
    connections = subscribed.strict(AddressRules())
    await connections.connect_feed(ANN, "webcal://Feeds.example/a.ics")
    with pytest.raises(AlreadyConnectedError) as caught:
        await connections.connect_feed(ANN, "<https://feeds.example:443/a.ics|feeds.example/a.ics>")
    assert caught.value.field == "feed"


@BOTH
async def test_one_calendar_too_many_is_refused_on_its_field(subscribed: Subscriptions, site: Site) -> None:
    for number in range(MOST):
        await subscribed.connections.connect_feed(ANN, site.url(f"/{number}"))
    with pytest.raises(TooManyError) as caught:
        await subscribed.connections.connect_feed(ANN, site.url("/more"))
    assert caught.value.field == "feed"


@BOTH
async def test_disconnected_calendar_is_gone_with_its_events(subscribed: Subscriptions, site: Site) -> None:
    site.gives(calendar("One"))
    calendar_id = await subscribed.connections.connect_feed(ANN, site.url())
    await subscribed.run()
    await subscribed.person_is_due()
    assert await subscribed.connections.disconnect(BOB, calendar_id) is False
    assert await subscribed.connections.disconnect(ANN, calendar_id) is True
    assert (await subscribed.titles(), await subscribed.person_is_due()) == ([], True)
    assert await subscribed.sync.next_due() is None


async def test_sync_now_fetches_again_at_once(subscribed: Subscriptions, site: Site) -> None:
    site.gives(calendar("One"))
    await subscribed.connections.connect_feed(ANN, site.url())
    await subscribed.run()
    site.gives(calendar("One", "Two"))
    assert await subscribed.connections.sync_now(ANN) == 1
    assert await subscribed.connections.sync_now(BOB) == 0
    assert await subscribed.run() == Report(done=1, changed=1)
    assert await subscribed.titles() == ["One", "Two"]


async def test_name_that_leads_inside_is_refused_when_it_is_fetched(
    subscribed: Subscriptions, encryptor: Encryptor
) -> None:
    client = GuardedClient(AddressRules(), resolver=Names(evil_example=[["10.0.0.1"]]))
    subscribed.sources["ics"] = FeedSource(client, subscribed.reader)
    await subscribed.connections.connect_feed(ANN, "https://evil.example/a")
    assert await subscribed.run() == Report(done=1, failed=1)
    await client.close()
    shown = await subscribed.view()
    assert (shown.health, shown.problem, len(await subscribed.told())) == (Health.BROKEN, "AddressNotAllowedError", 1)


async def test_feed_read_by_the_real_reader_follows_its_changes(
    subscribed: Subscriptions, site: Site, client: GuardedClient
) -> None:
    expander = Expander()
    subscribed.sources["ics"] = FeedSource(client, expander)
    site.gives(calendar("One", "Two", head="X-WR-CALNAME:Family"))
    await subscribed.connections.connect_feed(ANN, site.url())
    assert await subscribed.run() == Report(done=1, changed=1)
    assert (await subscribed.titles(), (await subscribed.view()).name) == (["One", "Two"], "Family")
    assert await subscribed.wait_and_run(minutes=15) == Report(done=1)
    site.gives(calendar("One", "Three"))
    assert await subscribed.wait_and_run(minutes=15) == Report(done=1, changed=1)
    assert await subscribed.titles() == ["One", "Three"]
    site.gives(calendar("One", "Three")[:-20])
    assert await subscribed.wait_and_run(minutes=15) == Report(done=1, failed=1)
    assert await subscribed.titles() == ["One", "Three"]
    await expander.close()
