"""Leave calendars as an admin manages them in Slack, and what a member says to leave that was found."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from services.store.calendar_tables import ACCOUNTS, CALENDARS
from services.store.workspace_tables import LEAVE_TIES
from tests.support import blockkit
from tests.support.feeds import entry
from tests.support.hooks import send
from tests.support.leave import OUT, lost, of_leave, workspace
from tests.support.running_app import ANN, BEN, RunningApp
from tests.support.stepped_app import elements, text_of

TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 11, day) for day in (24, 25, 26))
REFUSED = "Only an admin of your workspace can do that, and Slack says that you are not one. Nothing was changed."


@pytest.fixture
async def admin(running_app: RunningApp) -> RunningApp:
    """Ann, who granted, is an admin of the workspace."""
    await workspace(running_app)
    running_app.slack.membership.set_role(ANN, "admin")
    await running_app.opens_home()
    return running_app


def modal(app: RunningApp) -> Any:
    return app.slack.modals[ANN][-1]


async def clicks(app: RunningApp, action_id: str, view: Any = None, **action: Any) -> None:
    shown = view or modal(app)
    click = {"type": "button", "action_id": action_id, **action}
    answer = await app.slack.people.click_in_view(ANN, shown.view_id, click)
    assert answer.status == 200, answer.body
    await app.settle()


async def opens(app: RunningApp) -> dict[str, Any]:
    """She opens the form of the workspace; its view."""
    await app.opens_home()
    await clicks(app, "open_workspace", app.slack.homes[ANN])
    view: dict[str, Any] = modal(app).view
    blockkit.check_view(view)
    return view


async def adds(app: RunningApp, feed: str = "hr") -> dict[str, Any]:
    """She adds a leave calendar; what the form becomes."""
    await opens(app)
    await clicks(app, "add_leave_calendar")
    blockkit.check_view(modal(app).view)
    address = {"feed": {"url": {"type": "url_text_input", "value": app.feeds.address(feed)}}}
    answer = await app.slack.people.submit(ANN, modal(app).view_id, address)
    assert answer.status == 200, answer.body
    await app.settle()
    found: dict[str, Any] = answer.json()
    return found


def menu(view: dict[str, Any], what: str) -> dict[str, Any]:
    """The choice `what` of the first leave calendar's menu."""
    menus = [one for one in elements(view["blocks"]) if one.get("action_id") == "leave_calendar_menu"]
    option = next(one for one in menus[0]["options"] if one["value"].startswith(what))
    return {"type": "overflow", "selected_option": option}


async def test_admin_adds_a_feed_sees_what_was_found_and_ties_a_name(admin: RunningApp) -> None:
    admin.feeds["hr"].has(
        entry("1", WEDNESDAY, THURSDAY, "Ben Sørensen: sick leave"),
        entry("2", TUESDAY, THURSDAY, "Vacation - Annie Li"),
    )
    said = await adds(admin)
    assert said["response_action"] == "update"
    view = await opens(admin)
    text = text_of(view)
    assert "Found: members with leave: 1, entries: 1." in text
    assert f"<@{BEN}> · Wed 25 Nov" in text
    assert "sick" not in text
    assert "Vacation - Annie Li\\nTue 24 Nov – Wed 25 Nov · fits nobody" in text
    assert "Names in leave calendars that fit nobody, or two members: 1" in text_of(admin.slack.homes[ANN].view)
    (block,) = [one for one in view["blocks"] if one.get("block_id", "").startswith("tie/")]
    await clicks(admin, "tie_name", type="users_select", block_id=block["block_id"], selected_user=ANN)
    assert admin.shows()[:2] == OUT
    assert await lost(admin) == []
    view = await opens(admin)
    assert f"Annie Li → <@{ANN}>" in text_of(view)
    (untie,) = [one for one in elements(view["blocks"]) if one.get("action_id") == "untie_name"]
    await clicks(admin, "untie_name", value=untie["value"])
    assert admin.text() == ""
    assert await admin.rows(sa.select(LEAVE_TIES)) == []


async def test_name_that_is_tied_to_a_member_who_has_left_is_listed_again(admin: RunningApp) -> None:
    admin.feeds["hr"].has(entry("1", TUESDAY, THURSDAY, "Vacation - Benny S"))
    await adds(admin)
    (block,) = [one for one in (await opens(admin))["blocks"] if one.get("block_id", "").startswith("tie/")]
    await clicks(admin, "tie_name", type="users_select", block_id=block["block_id"], selected_user=BEN)
    assert "fits nobody" not in text_of(await opens(admin))
    admin.slack.membership.deactivate(BEN)
    await admin.settle()
    text = text_of(await opens(admin))
    assert ("Vacation - Benny S\\nTue 24 Nov – Wed 25 Nov · fits nobody" in text, f"<@{BEN}>" in text) == (True, True)


async def test_calendar_that_is_removed_takes_its_leave_along(admin: RunningApp) -> None:
    admin.feeds["hr"].has(entry("1", TUESDAY, THURSDAY, "Ann Lee: vacation"))
    await adds(admin)
    assert admin.shows()[:2] == OUT
    hits = admin.feeds["hr"].hits
    await clicks(admin, "leave_calendar_menu", **menu(await opens(admin), "sync"))
    assert admin.feeds["hr"].hits == hits + 1
    assert "I am reading the leave calendars now." in text_of(modal(admin).view)
    await clicks(admin, "leave_calendar_menu", **menu(await opens(admin), "remove"))
    assert admin.text() == ""
    assert await admin.rows(sa.select(CALENDARS)) == []
    assert "No leave calendar is connected yet." in text_of(modal(admin).view)


async def test_address_that_is_none_is_refused_at_its_field_and_nothing_is_connected(admin: RunningApp) -> None:
    await opens(admin)
    await clicks(admin, "add_leave_calendar")
    for value, sentence in (
        ("ftp://feeds.example/a.ics", "That is not the address of a calendar."),
        ("", "Fill in an address, or use one of the buttons."),
    ):
        state = {"feed": {"url": {"type": "url_text_input", "value": value}}}
        answer = await admin.slack.people.submit(ANN, modal(admin).view_id, state)
        assert answer.json()["response_action"] == "errors"
        assert sentence[:20] in answer.json()["errors"]["feed"] or value
    assert await admin.rows(sa.select(CALENDARS)) == []


async def test_team_hook_is_made_shown_once_and_given_a_new_address(admin: RunningApp) -> None:
    await opens(admin)
    await clicks(admin, "add_leave_calendar")
    await clicks(admin, "create_team_hook")
    hooks = [_address(modal(admin).view)]
    assert hooks[0].startswith(f"{admin.url}/hooks/team/")
    await clicks(admin, "leave_calendar_menu", **menu(await opens(admin), "rotate"))
    hooks.append(_address(modal(admin).view))
    line = [{"email": "ann@example.com", "from": "2026-11-24", "to": "2026-11-25", "kind": "vacation"}]
    assert [(await send(hook, line))[0] for hook in hooks] == [404, 200]
    await admin.settle()
    assert admin.shows()[:2] == OUT


def _address(view: dict[str, Any]) -> str:
    text = text_of(view)
    start = text.index("```http") + 3
    return text[start : text.index("```", start)]


async def test_who_is_no_admin_any_more_is_refused_at_every_button(admin: RunningApp) -> None:
    admin.feeds["hr"].has(entry("1", TUESDAY, THURSDAY, "Vacation - Annie Li"))
    await adds(admin)
    view = await opens(admin)
    (block,) = [one for one in view["blocks"] if one.get("block_id", "").startswith("tie/")]
    given: dict[str, dict[str, Any]] = {
        "add_leave_calendar": {},
        "create_team_hook": {},
        "leave_calendar_menu": menu(view, "remove"),
        "tie_name": {"type": "users_select", "block_id": block["block_id"], "selected_user": ANN},
        "untie_name": {"value": "x"},
    }
    for action, click in given.items():
        admin.slack.membership.set_role(ANN, "admin")
        await opens(admin)
        admin.slack.membership.set_role(ANN, "member")
        await clicks(admin, action, **click)
        assert REFUSED in str(modal(admin).view), action
    assert len(await admin.rows(sa.select(CALENDARS))) == 1
    assert await admin.rows(sa.select(LEAVE_TIES)) == []


async def test_form_of_a_former_admin_connects_nothing(admin: RunningApp) -> None:
    await opens(admin)
    await clicks(admin, "add_leave_calendar")
    admin.slack.membership.set_role(ANN, "member")
    address = {"feed": {"url": {"type": "url_text_input", "value": admin.feeds.address("hr")}}}
    answer = await admin.slack.people.submit(ANN, modal(admin).view_id, address)
    assert REFUSED in str(answer.json())
    assert await admin.rows(sa.select(CALENDARS)) == []
    assert await admin.rows(sa.select(ACCOUNTS)) == []


async def test_member_says_that_it_is_not_them_and_takes_that_back(admin: RunningApp) -> None:
    admin.feeds["hr"].has(entry("1", TUESDAY, THURSDAY, "Ann Lee: vacation"))
    assert "leave_not_me" not in str(admin.slack.homes[ANN].view)
    await adds(admin)
    await admin.opens_home()
    home = admin.slack.homes[ANN]
    assert "A leave calendar of your workspace counts for you." in text_of(home.view)
    await clicks(admin, "leave_not_me", home)
    assert (admin.text(), await of_leave(admin)) == ("", [])
    home = admin.slack.homes[ANN]
    assert "leave_not_me" not in str(home.view)
    await clicks(admin, "leave_is_me", home)
    assert admin.shows()[:2] == OUT
    assert await of_leave(admin) == [(ANN, "24 00:00", "26 00:00")]
