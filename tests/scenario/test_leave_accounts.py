"""Leave calendars in a Google or Microsoft account that an admin connects for the workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.people import LEAVE
from services.store.calendar_tables import ACCOUNTS, CALENDARS
from tests.support.clocks import ManualClock
from tests.support.leave import lost, of_leave, workspace
from tests.support.providers_app import Vendors, open_vendors, quick_at
from tests.support.running_app import ANN, at
from tests.support.stepped_app import elements, text_of

REFUSED = "Only an admin of your workspace can do that, and Slack says that you are not one. Nothing was changed."


@pytest.fixture(params=["google", "microsoft"])
async def vendors(request: pytest.FixtureRequest, sqlite_url: str, clock: ManualClock) -> AsyncIterator[Vendors]:
    """Ann is an admin; in the main calendar of her account there is leave."""
    async with open_vendors(clock, sqlite_url, request.param) as made:
        await workspace(made.running_app)
        made.running_app.slack.membership.set_role(ANN, "admin")
        made.has("Ann Lee: vacation", at("08:30"), 180)
        made.has("Nora Nobody: vacation", at("08:30"), 180)
        yield made


async def opens(vendors: Vendors) -> Any:
    """She opens the form of the workspace."""
    await vendors.home()
    app = vendors.running_app
    button = {"type": "button", "action_id": "open_workspace"}
    assert (await app.slack.people.click_in_view(ANN, app.slack.homes[ANN].view_id, button)).status == 200
    await app.settle()
    return app.slack.modals[ANN][-1]


async def clicks(vendors: Vendors, form: Any, action_id: str, **action: Any) -> Any:
    """She clicks in it; the form that is on top then."""
    app = vendors.running_app
    click = {"type": "button", "action_id": action_id, **action}
    assert (await app.slack.people.click_in_view(ANN, form.view_id, click)).status == 200
    await vendors.rests()
    return app.slack.modals[ANN][-1]


async def leave_link(vendors: Vendors) -> str:
    return vendors.link_in((await clicks(vendors, await opens(vendors), "add_leave_calendar")).view)


async def chooses(vendors: Vendors) -> None:
    """She chooses the main calendar of the account as a leave calendar."""
    form = await opens(vendors)
    menus = [one for one in elements(form.view["blocks"]) if one.get("action_id") == "leave_calendar_menu"]
    option = next(one for one in menus[0]["options"] if one["value"].startswith("choose:"))
    form = await clicks(vendors, form, "leave_calendar_menu", type="overflow", selected_option=option)
    (boxes,) = [one["element"] for one in form.view["blocks"] if one["type"] == "input"]
    assert "initial_options" not in boxes
    chosen = {"type": "checkboxes", "selected_options": boxes["options"][:1]}
    answer = await vendors.submits({"calendars": {"chosen": chosen}})
    assert "it shows what was found" in text_of(answer["view"])


@quick_at("google")
async def test_of_an_account_nothing_is_read_before_a_calendar_is_chosen_and_then_its_leave_is_followed(
    vendors: Vendors,
) -> None:
    app = vendors.running_app
    async with vendors.browser() as session:
        link = await leave_link(vendors)
        shown = await (await session.get(link)).text()
        assert "an admin chooses which of its calendars say who is on leave" in shown
        status, page = await vendors.follows(session, link)
    assert (status, "I do not read any of its calendars yet." in page) == (200, True)
    assert "Choose its leave calendars in Slack: on my Home tab, “Manage”." in page
    assert await app.rows(sa.select(ACCOUNTS.c.user_id, ACCOUNTS.c.connected_by)) == [(LEAVE, ANN)]
    assert await app.rows(sa.select(CALENDARS)) == []
    await chooses(vendors)
    assert await app.rows(sa.select(CALENDARS.c.user_id, CALENDARS.c.connected_by)) == [(LEAVE, ANN)]
    assert (app.text(), app.shows()[2]) == ("Out of office until 11:30", at("11:30"))
    assert await of_leave(app) == [(ANN, "24 08:30", "24 11:30")]
    assert await lost(app) == [("unknown", "Nora Nobody: vacation", "Nora Nobody")]
    assert vendors.watches() == 1
    vendors.has("Ann Lee: vacation", at("11:00"), 120)
    await vendors.rests()
    assert app.shows()[2] == at("13:00")
    home = await vendors.home()
    assert "No calendar is connected yet." in text_of(home)


@quick_at("microsoft")
async def test_former_admin_who_comes_back_from_the_provider_connects_nothing(vendors: Vendors) -> None:
    app = vendors.running_app
    link = await leave_link(vendors)
    app.slack.membership.set_role(ANN, "member")
    async with vendors.browser() as session:
        status, page = await vendors.follows(session, link)
    assert (status, REFUSED in page) == (403, True)
    assert await app.rows(sa.select(ACCOUNTS)) == []


@quick_at("microsoft")
async def test_lost_account_is_told_to_the_admin_who_connected_it_with_a_link_that_mends_it(vendors: Vendors) -> None:
    app = vendors.running_app
    await vendors.connects(link=await leave_link(vendors))
    await chooses(vendors)
    told = len(app.told())
    vendors.vendor.oauth.revoke(vendors.mail)
    await app.until(at("11:00"))
    await vendors.rests()
    messages = app.slack.direct_messages(ANN)[told:]
    assert len(messages) == 1
    assert app.shows()[2] == at("11:30")  # what was found stays
    status, _ = await vendors.connects(link=vendors.link_in({"blocks": messages[0].blocks}))
    assert status == 200
    assert await app.rows(sa.select(ACCOUNTS.c.user_id, ACCOUNTS.c.state)) == [(LEAVE, "ok")]
