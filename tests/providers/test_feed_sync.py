"""Feeds into both databases: when they are fetched, and what an outage leaves standing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.calendars import Health
from services.ports import Report
from tests.support.databases import BOTH
from tests.support.few import few
from tests.support.sites import Site
from tests.support.subscriptions import ANN, EMPTY, NOW, QUARTER, Subscriptions, calendar


async def test_connected_feed_is_fetched_at_once_and_then_every_quarter_of_an_hour(
    subscribed: Subscriptions, site: Site
) -> None:
    site.gives(calendar("One", "Two", head="X-WR-CALNAME:Family"))
    calendar_id = await subscribed.connections.connect_feed(ANN, site.url("/a.ics"))
    assert (await subscribed.sync.next_due(), subscribed.wake_signal.rung) == (NOW, 1)
    assert await subscribed.run() == Report(done=1, changed=1)
    shown = await subscribed.view()
    assert (shown.calendar_id, shown.name, shown.host) == (calendar_id, "Family", "127.0.0.1")
    assert (shown.health, shown.events, shown.sentence) == (Health.OK, 2, "")
    assert (await subscribed.titles(), await subscribed.person_is_due(), subscribed.wake_signal.rung) == (
        ["One", "Two"],
        True,
        2,
    )
    assert await subscribed.sync.next_due() == NOW + QUARTER
    assert await subscribed.run() == Report()
    assert await subscribed.wait_and_run(minutes=15) == Report(done=1)
    assert (len(site.seen), await subscribed.person_is_due(), subscribed.wake_signal.rung) == (2, False, 2)


async def test_feed_that_asks_for_longer_intervals_gets_them_up_to_a_day(subscribed: Subscriptions, site: Site) -> None:
    for hours, waited in ((4, 4), (900, 24)):
        site.gives(calendar("One", head=f"REFRESH-INTERVAL;VALUE=DURATION:PT{hours}H"))
        calendar_id = await subscribed.connections.connect_feed(ANN, site.url())
        await subscribed.run()
        assert (await subscribed.view()).due_at == NOW + timedelta(hours=waited)
        await subscribed.connections.disconnect(ANN, calendar_id)


async def test_fetches_are_spread_by_chance_but_never_too_early(subscribed: Subscriptions, site: Site) -> None:
    site.gives(EMPTY)
    spread = replace(subscribed.sync, chance=lambda: 0.999)
    await subscribed.connections.connect_feed(ANN, site.url())
    await spread.run_due()
    due = (await subscribed.view()).due_at
    assert due is not None
    assert timedelta(minutes=16.4) < due - NOW < timedelta(minutes=16.5)


OUTAGES: dict[str, Callable[[Site], None]] = {
    "error": lambda site: site.gives(b"oops", 500),
    "empty": lambda site: site.gives(b""),
    "html": lambda site: site.gives(b"<html></html>", Content_Type="text/html"),
    "half": lambda site: site.gives(calendar("One", "Two")[:100]),
    "not found": lambda site: site.gives(b"", 404),
    "refused": lambda site: site.gives(b"", 403),
    "busy": lambda site: site.gives(b"", 429, Retry_After="60"),
    "circle": lambda site: site.redirects("/"),
}


@pytest.mark.parametrize("outage", few([*OUTAGES], quick=3))
async def test_outage_leaves_everything_as_it_was(subscribed: Subscriptions, site: Site, outage: str) -> None:
    site.gives(calendar("One", "Two"))
    await subscribed.connections.connect_feed(ANN, site.url())
    await subscribed.run()
    before = await subscribed.titles(), (await subscribed.view()).events, await subscribed.person_is_due()
    OUTAGES[outage](site)
    assert await subscribed.wait_and_run(minutes=15) == Report(done=1, failed=1)
    shown = await subscribed.view()
    assert (await subscribed.titles(), shown.events, True) == before
    assert await subscribed.person_is_due() is False
    assert shown.health in {Health.FAILING, Health.BROKEN}
    assert shown.sentence != ""
    site.gives(calendar("One", "Two"))
    await subscribed.connections.sync_now(ANN)
    subscribed.clock.move(minutes=2)
    assert await subscribed.run() == Report(done=1)
    assert (await subscribed.view()).health is Health.OK
    assert (await subscribed.titles(), await subscribed.person_is_due()) == (["One", "Two"], False)


@BOTH
async def test_calendar_that_is_gone_is_told_once_and_again_only_after_it_worked(
    subscribed: Subscriptions, site: Site
) -> None:
    site.gives(calendar("One"))
    calendar_id = await subscribed.connections.connect_feed(ANN, site.url())
    await subscribed.run()
    subject = f"calendar/{calendar_id}"
    site.gives(b"", 410)
    for minutes in (15, 1):
        await subscribed.wait_and_run(minutes=minutes)
        assert ((await subscribed.view()).health, await subscribed.told()) == (Health.FAILING, [])
    await subscribed.wait_and_run(minutes=2)
    assert ((await subscribed.view()).health, await subscribed.told()) == (Health.BROKEN, [(subject, False)])
    await subscribed.deliver()
    for _ in range(3):
        assert await subscribed.wait_and_run(hours=6) == Report(done=1, failed=1)
        assert await subscribed.told() == [(subject, True)]
    site.gives(calendar("One"))
    await subscribed.wait_and_run(hours=6)
    assert ((await subscribed.view()).health, await subscribed.told()) == (Health.OK, [])
    site.gives(b"", 410)
    for minutes in (15, 1, 2):
        assert await subscribed.told() == []
        await subscribed.wait_and_run(minutes=minutes)
    assert await subscribed.told() == [(subject, False)]


@BOTH
async def test_short_outage_is_nobodys_business_and_a_long_one_is_told_once(
    subscribed: Subscriptions, site: Site
) -> None:
    site.gives(calendar("One"))
    calendar_id = await subscribed.connections.connect_feed(ANN, site.url())
    await subscribed.run()
    site.gives(b"", 500)
    tries = []
    told_after = None
    subscribed.clock.move(minutes=15)
    for _ in range(9):
        await subscribed.run()
        due = await subscribed.sync.next_due()
        assert due is not None
        if told_after is None and await subscribed.told():
            told_after = subscribed.clock.now() - NOW
        tries.append((due - subscribed.clock.now()).total_seconds() / 60)
        subscribed.clock.move_to(due)
    assert tries == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert told_after == timedelta(minutes=78)
    assert await subscribed.told() == [(f"calendar/{calendar_id}", False)]
