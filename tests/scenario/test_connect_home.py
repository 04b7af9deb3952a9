"""Accounts and their calendars on the Home tab: chosen, mended, disconnected."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.errors import TooManyError
from services.store.accounts import AccountView
from services.store.calendar_tables import CALENDARS
from tests.support import blockkit
from tests.support.account_doubles import offered
from tests.support.stepped_app import ANN, SteppedApp, elements, text_of

GOOGLE = AccountView("g1", "google", "ann@example.com")


async def choose(app: SteppedApp, *names: str) -> dict[str, Any]:
    """Choose the calendars of those names in the form on top."""
    (element,) = [one for one in elements(app.modal().view["blocks"]) if one["action_id"] == "chosen"]
    options = [one for one in element["options"] if one["text"]["text"] in names]
    return await app.submit({"calendars": ("chosen", {"type": element["type"], "selected_options": options})})


async def test_calendars_of_an_account_are_chosen_by_name_from_the_home_tab(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(3), ["address-2"])
    await app.publish_home()
    await app.click_home("account_menu", "choose:g1")
    view = app.modal().view
    assert (view["callback_id"], view["private_metadata"]) == ("choose_calendars", "g1")
    assert "*ann@example.com* · Google Calendar" in text_of(view)
    answer = await choose(app, "Calendar 1", "Calendar 3")
    assert "Saved. I am reading now" in text_of(answer["view"])
    assert app.accounts.connected["g1"] == {"address-1", "address-3"}


async def test_account_with_many_calendars_has_a_menu_with_the_connected_ones_in_it(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(150), ["address-149"])
    await app.publish_home()
    await app.click_home("account_menu", "choose:g1")
    (menu,) = [one for one in elements(app.modal().view["blocks"]) if one["action_id"] == "chosen"]
    assert (menu["type"], len(menu["options"])) == ("multi_static_select", 100)
    assert [one["text"]["text"] for one in menu["initial_options"]] == ["Calendar 149"]
    await choose(app, "Calendar 7", "Calendar 149")
    assert app.accounts.connected["g1"] == {"address-7", "address-149"}


async def test_choice_that_names_other_calendars_than_the_accounts_connects_none_of_them(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(2), ["address-1"])
    await app.publish_home()
    await app.click_home("account_menu", "choose:g1")
    forged = [{"text": {"type": "plain_text", "text": "x"}, "value": value} for value in ("address-2", "x" * 150, "")]
    await app.submit({"calendars": ("chosen", {"type": "checkboxes", "selected_options": forged})})
    assert app.accounts.connected["g1"] == set()


async def test_choice_beyond_what_one_may_have_is_said_at_the_field(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(2))
    await app.publish_home()
    await app.click_home("account_menu", "choose:g1")
    app.accounts.fails = TooManyError("calendars")
    assert await choose(app, "Calendar 1") == {
        "response_action": "errors",
        "errors": {"calendars": "That is more than one person can have. Remove something first."},
    }


@pytest.mark.parametrize("what", ["choose", "drop"])
async def test_menu_of_an_account_that_is_gone_says_so(app: SteppedApp, what: str) -> None:
    app.accounts.has(GOOGLE, offered(2))
    await app.publish_home()
    app.accounts.accounts.clear()
    await app.click_home("account_menu", f"{what}:g1")
    assert "That account is not connected any more." in text_of(app.modal().view)


async def test_choice_in_an_account_that_went_meanwhile_says_so(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(2))
    await app.publish_home()
    await app.click_home("account_menu", "choose:g1")
    app.accounts.accounts.clear()
    answer = await choose(app, "Calendar 1")
    assert "That account is not connected any more." in text_of(answer["view"])


# ── the Home tab ────────────────────────────────────────────────────────────────────────────────────


async def is_of(app: SteppedApp, **columns: Any) -> None:
    """Make Ann's one calendar another's."""
    async with app.engine.database.write() as connection:
        await connection.execute(sa.update(CALENDARS).where(CALENDARS.c.user_id == ANN).values(**columns))


async def test_home_shows_each_account_with_its_calendars_beneath(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(1))
    app.accounts.has(AccountView("m1", "microsoft", "ann@work.example"), ())
    await is_of(app, provider="google", account_id="g1")
    view = await app.publish_home()
    blockkit.check_view(view)
    lines = [one["text"]["text"] for one in view["blocks"] if one["type"] == "section"]
    first = next(index for index, line in enumerate(lines) if "ann@example.com" in line)
    assert lines[first] == ":bust_in_silhouette: *ann@example.com* · Google Calendar"
    assert lines[first + 1] == ":hourglass_flowing_sand: *Calendar* · Being read for the first time. · " \
                               "looked at regularly"  # fmt: skip
    assert lines[first + 2] == ":bust_in_silhouette: *ann@work.example* · Microsoft 365"
    menus = [[option["value"] for option in one["options"]] for one in elements(view["blocks"])
             if one["type"] == "overflow"]  # fmt: skip
    assert menus == [["choose:g1", "drop:g1"], ["sync:c1", "disconnect:c1"], ["choose:m1", "drop:m1"]]


async def test_home_mends_a_lost_account_with_a_fresh_link(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(1))
    app.accounts.lose("g1")
    links = []
    for _ in range(2):
        view = await app.publish_home()
        blockkit.check_view(view)
        assert "I may no longer read this account's calendars. Connect it again." in text_of(view)
        (button,) = [one for one in elements(view["blocks"]) if one["action_id"] == "connect_again"]
        links.append(button["url"])
        assert "choose:g1" not in text_of(view)
    assert len(set(links)) == 2


async def test_home_mends_a_lost_caldav_account_with_the_form(app: SteppedApp) -> None:
    app.accounts.has(AccountView("d1", "caldav", "ann", lost=True), ())
    view = await app.publish_home()
    (button, _) = [one for one in elements(view["blocks"]) if one["action_id"] == "open_connect"]
    assert button["text"]["text"] == "Connect again"
    await app.click_home("open_connect")
    assert app.modal().view["callback_id"] == "connect_calendar"


async def test_home_disconnects_an_account_after_its_question(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(1))
    await is_of(app, provider="google", account_id="g1")
    await app.publish_home()
    await app.click_home("account_menu", "drop:g1")
    view = app.modal().view
    assert (view["callback_id"], view["private_metadata"]) == ("drop_account", "g1")
    assert "Disconnect *ann@example.com* · Google Calendar?" in text_of(view)
    assert "I forget its calendars (1)" in text_of(view)
    assert "g1" in app.accounts.accounts
    assert await app.submit({}) == {}
    assert app.accounts.accounts == {}
    assert "ann@example.com" not in text_of(app.engine.slack.homes[ANN].view)


async def test_home_gives_a_hook_a_new_address(app: SteppedApp) -> None:
    await is_of(app, provider="hook", calendar_id="hook-1")
    view = await app.publish_home()
    assert "Nothing has arrived yet." in text_of(view)
    await app.click_home("calendar_menu", "rotate:hook-1")
    assert "https://quo.example/hooks/secret-1" in text_of(app.modal().view)


async def test_home_of_a_calendar_file_can_only_be_disconnected(app: SteppedApp) -> None:
    await is_of(app, provider="file")
    view = await app.publish_home()
    (menu,) = [one for one in elements(view["blocks"]) if one["type"] == "overflow"]
    assert [one["value"] for one in menu["options"]] == ["disconnect:c1"]
    assert "Calendar files" in text_of(view)


async def test_calendars_command_lists_accounts_and_what_is_wrong(app: SteppedApp) -> None:
    app.accounts.has(GOOGLE, offered(1))
    app.accounts.lose("g1")
    await is_of(app, provider="google", account_id="g1")
    said = (await app.quo("calendars"))["text"].split("\n")
    assert said == [
        ":red_circle: *ann@example.com* · Google Calendar · I may no longer read this account's calendars. "
        "Connect it again.",
        ":hourglass_flowing_sand: *Calendar* · Being read for the first time. · looked at regularly",
    ]


async def test_hook_is_created_from_the_connect_form(app: SteppedApp) -> None:
    await app.quo("connect")
    await app.click_view(app.modal(), "create_hook")
    assert "https://quo.example/hooks/secret-1" in text_of(app.modal().view)
