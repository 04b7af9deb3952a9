"""Connecting Google and Microsoft 365 from Slack, through the whole app: what people click, see, and get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from emulators.faults import Fault
from services.calendars.providers.google import api as google_api
from services.store.calendar_tables import ACCOUNTS, CALENDARS, WATCHES
from tests.support import blockkit
from tests.support.clocks import ManualClock
from tests.support.providers_app import NAMES, Vendors, open_vendors, quick_at
from tests.support.running_app import ANN, BEN, at
from tests.support.stepped_app import text_of

EXPIRED = "This link has expired or was used already. Ask for a new one in Slack with <code>/quo</code>."


@pytest.fixture(params=["google", "microsoft"])
async def vendors(request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock) -> AsyncIterator[Vendors]:
    async with open_vendors(clock, sqlite_url, request.param) as made:
        await made.running_app.joins()
        yield made


async def test_account_connected_from_slack_sets_the_status_and_is_followed_by_pushes(vendors: Vendors) -> None:
    running_app = vendors.running_app
    entry = vendors.has("Plan", at("08:30"))
    status, page = await vendors.connects()
    assert status == 200
    assert f"Your {NAMES[vendors.name]} account {vendors.mail} is connected: " in page
    assert "app_redirect?app=" in page
    assert (running_app.text(), running_app.shows()[2]) == ("In a meeting", at("09:30"))
    vendors.main.move(entry.id, at("09:00"), at("10:00"))
    await vendors.rests()
    assert running_app.shows()[2] == at("10:00")
    vendors.main.cancel(entry.id)
    await vendors.rests()
    assert running_app.text() == ""


@quick_at("google")
async def test_home_tab_shows_the_account_its_calendar_and_that_it_is_told_of_changes(vendors: Vendors) -> None:
    await vendors.connects()
    view = await vendors.home()
    blockkit.check_view({key: value for key, value in view.items() if key in {"type", "blocks"}})
    said = text_of(view)
    assert f"*{vendors.mail}* · {NAMES[vendors.name]}" in said
    assert "told of changes at once" in said
    listed = (await vendors.running_app.types("/quo", "calendars"))["text"].split("\n")
    assert listed[0] == f":bust_in_silhouette: *{vendors.mail}* · {NAMES[vendors.name]}"
    assert "told of changes at once" in listed[1]


@quick_at("microsoft")
async def test_other_calendars_of_the_account_are_chosen_by_name(vendors: Vendors) -> None:
    vendors.add_calendar("Team")
    _, page = await vendors.connects()
    assert "It has more calendars that I can read (1). Choose them on my Home tab in Slack." in page
    await vendors.home()
    await vendors.clicks("account_menu", "choose:")
    modal = vendors.running_app.slack.modals[ANN][-1].view
    (boxes,) = [one["element"] for one in modal["blocks"] if one["type"] == "input"]
    assert "Team" in [one["text"]["text"] for one in boxes["options"]]
    answer = await vendors.submits(
        {"calendars": {"chosen": {"type": "checkboxes", "selected_options": boxes["options"]}}}
    )
    assert "Saved. I am reading now" in text_of(answer["view"])
    assert len(await vendors.running_app.rows(sa.select(CALENDARS.c.calendar_id))) == 2
    assert "*Team*" in text_of(await vendors.home())


@quick_at("google")
async def test_disconnected_account_leaves_nothing_here_and_no_watch_there(vendors: Vendors) -> None:
    vendors.has("Plan", at("08:30"))
    await vendors.connects()
    assert vendors.watches() == 1
    await vendors.home()
    await vendors.clicks("account_menu", "drop:")
    assert await vendors.submits({}) is None
    for table in (ACCOUNTS.c.account_id, CALENDARS.c.calendar_id, WATCHES.c.watch_id):
        assert await vendors.running_app.rows(sa.select(table)) == []
    assert vendors.running_app.text() == ""
    assert "No calendar is connected yet." in text_of(vendors.running_app.slack.homes[ANN].view)
    await vendors.running_app.stop()
    assert vendors.watches() == 0


async def test_denied_consent_and_left_out_permissions_are_a_page_and_keep_nothing(vendors: Vendors) -> None:
    status, page = await vendors.connects(allow=False)
    assert status == 200
    assert "Nothing was changed: you did not allow it." in page
    left_out = google_api.REQUIRED if vendors.name == "google" else "offline_access"
    status, page = await vendors.connects(without=(left_out,))
    assert status == 200
    assert "Nothing was connected: a permission was left out." in page
    assert await vendors.running_app.rows(sa.select(ACCOUNTS.c.account_id)) == []


async def test_link_is_good_once_for_ten_minutes_and_for_its_provider_alone(vendors: Vendors) -> None:
    used, late, other = [await vendors.link() for _ in range(3)]
    await vendors.connects(link=used)
    vendors.running_app.clock.move(minutes=1)
    swapped = other.replace("/connect/google?", "/connect/microsoft?") if vendors.name == "google" else other.replace(
        "/connect/microsoft?", "/connect/google?"
    )  # fmt: skip
    async with vendors.browser() as session:
        for link in (used, swapped):
            status, page = await vendors.comes_back(session, link)
            assert (status, EXPIRED in page) == (400, True)
        vendors.running_app.clock.move(minutes=9)
        status, page = await vendors.comes_back(session, late)
        assert (status, EXPIRED in page) == (400, True)


@quick_at("microsoft")
async def test_state_is_good_once_and_in_its_browser_alone(vendors: Vendors) -> None:
    async with vendors.browser() as anns, vendors.browser() as eves:
        back = await vendors.consents(anns, await vendors.link())
        await vendors.consents(eves, await vendors.link())  # another browser, with a cookie of its own
        assert (await vendors.comes_back(eves, back))[0] == 400
        status, page = await vendors.comes_back(anns, back)
        assert (status, "is connected" in page) == (200, True)
        assert (await vendors.comes_back(anns, back))[0] == 400
    await vendors.rests()


async def test_provider_that_is_down_at_the_end_connects_nothing_and_says_so(vendors: Vendors) -> None:
    async with vendors.browser() as session:
        back = await vendors.consents(session, await vendors.link())
        if vendors.name == "google":
            vendors.google.faults.add("/token", status=503, times=None)
        else:
            vendors.microsoft.faults.add(Fault("token", status=503, times=None))
        status, page = await vendors.comes_back(session, back)
    assert (status, "so nothing was connected" in page) == (503, True)
    assert await vendors.running_app.rows(sa.select(ACCOUNTS.c.account_id)) == []


async def test_lost_account_is_told_once_and_mended_by_the_link_of_the_message(vendors: Vendors) -> None:
    await vendors.connects()
    told = len(vendors.running_app.told())
    if vendors.name == "google":
        vendors.google.oauth.revoke(vendors.mail)
    else:
        vendors.microsoft.oauth.revoke(vendors.mail)
    await vendors.running_app.until(vendors.running_app.clock.now() + timedelta(hours=2))
    await vendors.rests()
    (message,) = vendors.running_app.slack.direct_messages(ANN)[told:]
    assert message.text.startswith(f"{NAMES[vendors.name]} ({vendors.mail}): I may no longer read")
    assert "Connect again" in text_of(await vendors.home())
    vendors.running_app.clock.move(hours=3)  # a message is read later than a form
    status, page = await vendors.connects(link=vendors.link_in({"blocks": message.blocks}))
    assert (status, "is connected" in page) == (200, True)
    assert "Connect again" not in text_of(await vendors.home())
    assert len(vendors.running_app.slack.direct_messages(ANN)) == told + 1


@quick_at("google")
async def test_page_before_the_grant_offers_it(vendors: Vendors) -> None:
    vendors.running_app.slack.add_person(BEN, "ben", team_id="T0DEMO0001", locale="de-DE")
    status, page = await vendors.connects(BEN)
    assert status == 200
    assert '<html lang="de-DE">' in page
    assert "Ein Schritt fehlt noch" in page
    assert "/slack/install?link=" in page


@quick_at("microsoft")
async def test_page_in_slack_that_opens_is_the_apps(vendors: Vendors) -> None:
    _, page = await vendors.connects()
    assert f"https://slack.com/app_redirect?app={vendors.running_app.slack.app.app_id}&amp;team=T0DEMO0001" in page
