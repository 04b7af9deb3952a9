"""The connect form, choosing calendars, and accounts on the Home tab: what people see and do."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from handlers.slack import modals
from services.domain.errors import (
    CalendarUnreachableError,
    CredentialsRefusedError,
    NoCalendarsError,
    TooManyError,
)
from services.store.accounts import AccountView
from services.store.models import Calendar
from tests.support import blockkit
from tests.support.account_doubles import offered
from tests.support.engine import until
from tests.support.stepped_app import ANN, SteppedApp, elements, text_of

FEED = ("url", {"type": "url_text_input", "value": "https://calendar.example.com/a.ics"})
GOOGLE = AccountView("g1", "google", "ann@example.com")


def typed(text: str) -> tuple[str, dict[str, Any]]:
    return "value", {"type": "plain_text_input", "value": text}


SERVER = {
    "caldav_url": typed("https://dav.example.com"), "caldav_user": typed("ann"),
    "caldav_password": typed("  ab cd  ef "),
}  # fmt: skip


def blocks_of(app: SteppedApp) -> list[str]:
    return [one["block_id"] for one in app.modal().view["blocks"] if one["type"] == "input"]


# ── the form ────────────────────────────────────────────────────────────────────────────────────────


async def test_connect_form_offers_providers_a_feed_caldav_and_a_hook(app: SteppedApp) -> None:
    await app.quo("connect")
    view = app.modal().view
    blockkit.check_view({key: value for key, value in view.items() if key != "notify_on_close"})
    found = [(one["action_id"], one["text"]["text"], one.get("url", "")) for one in elements(view["blocks"])
             if one["type"] == "button"]  # fmt: skip
    assert found == [
        ("connect_account_0", "Google Calendar", "https://quo.example/connect/google?link=U0ANN00001-1"),
        ("connect_account_1", "Microsoft 365", "https://quo.example/connect/microsoft?link=U0ANN00001-2"),
        ("create_hook", "Create a hook", ""),
    ]
    assert blocks_of(app) == ["feed", "caldav_url", "caldav_user", "caldav_password"]
    assert all(one["optional"] for one in view["blocks"] if one["type"] == "input")
    assert "use an app password, not your own" in text_of(view)


async def test_connect_form_makes_fresh_links_each_time(app: SteppedApp) -> None:
    links = []
    for _ in range(2):
        await app.quo("connect")
        links += [one["url"] for one in elements(app.modal().view["blocks"]) if one.get("url")]
    assert len(set(links)) == 4


async def test_click_on_a_providers_button_is_acknowledged(app: SteppedApp) -> None:
    await app.quo("connect")
    await app.click_view(app.modal(), "connect_account_0")


async def test_connect_form_with_nothing_in_it_says_what_to_fill_in(app: SteppedApp) -> None:
    await app.quo("connect")
    assert await app.submit({}) == {
        "response_action": "errors", "errors": {"feed": "Fill in an address, or use one of the buttons."},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        (("caldav_url",), ("caldav_user", "caldav_password")),
        (("caldav_user", "caldav_password"), ("caldav_url",)),
        (("caldav_password",), ("caldav_url", "caldav_user")),
    ],
)
async def test_server_that_is_filled_in_by_half_names_each_missing_field_and_saves_nothing(
    app: SteppedApp, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    before = len(await app.surface.calendars.list(app.ann))
    await app.quo("connect")
    answer = await app.submit({"feed": FEED, **{name: SERVER[name] for name in there}})
    assert answer["response_action"] == "errors"
    assert tuple(answer["errors"]) == missing
    assert set(answer["errors"].values()) == {"CalDAV needs an address, a user and a password. Fill in this one too."}
    assert app.accounts.asked == []
    assert len(await app.surface.calendars.list(app.ann)) == before


# ── a CalDAV server ─────────────────────────────────────────────────────────────────────────────────


async def test_server_is_connected_with_the_password_as_it_was_typed(app: SteppedApp) -> None:
    await app.quo("connect")
    answer = await app.submit(SERVER)
    assert answer["response_action"] == "update"
    blockkit.check_view(answer["view"])
    assert "Connected: Calendar 1. I am reading now" in text_of(answer["view"])
    assert app.accounts.asked == [("https://dav.example.com", "ann", "ab cd  ef")]
    assert "ab cd" not in text_of(answer["view"])


async def test_server_with_several_calendars_leads_on_to_the_choice(app: SteppedApp) -> None:
    app.accounts.server = offered(3)
    await app.quo("connect")
    view = (await app.submit(SERVER))["view"]
    blockkit.check_view(view)
    assert (view["callback_id"], view["private_metadata"]) == ("choose_calendars", "a1")
    assert "Connected: Calendar 1." in text_of(view)
    (boxes,) = [one for one in elements(view["blocks"]) if one["type"] == "checkboxes"]
    assert [one["text"]["text"] for one in boxes["initial_options"]] == ["Calendar 1"]


@pytest.mark.parametrize(
    ("failure", "block", "sentence"),
    [
        (CredentialsRefusedError("401", field="caldav_password"), "caldav_password",
         "The server did not accept that user and password. Some services want an app password: make one there."),
        (NoCalendarsError("none"), "caldav_url",
         "There is no calendar at that address. Check it, or use the one that the service's help gives for CalDAV."),
        (CalendarUnreachableError("x"), "caldav_url",
         "That server does not answer. Check the address, or try again in a minute."),
        (TooManyError("x", field="feed"), "caldav_url",
         "That is more than one person can have. Remove something first."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)  # fmt: skip
async def test_server_that_cannot_be_connected_says_so_at_its_field(
    app: SteppedApp, failure: Exception, block: str, sentence: str
) -> None:
    app.accounts.fails = failure
    await app.quo("connect")
    assert await app.submit(SERVER) == {"response_action": "errors", "errors": {block: sentence}}
    assert blocks_of(app) == ["feed", "caldav_url", "caldav_user", "caldav_password"]


async def test_feed_and_server_are_both_connected_also_when_the_server_needs_a_second_try(app: SteppedApp) -> None:
    app.accounts.fails = CredentialsRefusedError("401", field="caldav_password")
    await app.quo("connect")
    answer = await app.submit({"feed": FEED, **SERVER})
    assert list(answer["errors"]) == ["caldav_password"]
    app.accounts.fails = None
    answer = await app.submit({"feed": FEED, **SERVER})
    assert answer["response_action"] == "update"
    assert "Connected. I am reading it now" in text_of(answer["view"])
    assert "Connected: Calendar 1." in text_of(answer["view"])
    hosts = sorted(line.host for line in await app.surface.calendars.list(app.ann))
    assert hosts == ["", "calendar.example.com"]


async def test_wrong_feed_beside_a_server_is_said_before_the_server_is_asked(app: SteppedApp) -> None:
    await app.quo("connect")
    answer = await app.submit({"feed": ("url", {"type": "url_text_input", "value": "no address"}), **SERVER})
    assert list(answer["errors"]) == ["feed"]
    assert app.accounts.asked == []


@pytest.fixture
def slow_server(app: SteppedApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CalDAV server that answers once a test lets it, when Slack has worked our own answer in."""
    monkeypatch.setattr(modals, "SETTLES", 0.0)
    app.accounts.free.clear()


@pytest.mark.usefixtures("slow_server")
async def test_server_that_takes_long_is_looked_for_and_shown_when_it_is_there(app: SteppedApp) -> None:
    app.accounts.server = offered(2)
    await app.quo("connect")
    view = (await app.submit(SERVER))["view"]
    blockkit.check_view(view)
    assert "I am looking for your calendars…" in text_of(view)
    app.accounts.free.set()
    await until(lambda: app.modal().view["callback_id"] == "choose_calendars")
    assert "Connected: Calendar 1." in text_of(app.modal().view)


@pytest.mark.usefixtures("slow_server")
async def test_server_that_takes_long_and_refuses_brings_the_form_back_without_the_password(app: SteppedApp) -> None:
    app.accounts.fails = CredentialsRefusedError("401")
    await app.quo("connect")
    await app.submit(SERVER)
    app.accounts.free.set()
    await until(lambda: app.modal().view["callback_id"] == "connect_calendar")
    view = app.modal().view
    assert "The server did not accept that user and password." in view["blocks"][0]["text"]["text"]
    filled = {one["block_id"]: one["element"].get("initial_value", "") for one in view["blocks"]
              if one["type"] == "input"}  # fmt: skip
    assert filled == {"feed": "", "caldav_url": "https://dav.example.com", "caldav_user": "ann", "caldav_password": ""}
    assert "ab cd" not in text_of(view)


@pytest.mark.usefixtures("slow_server")
async def test_server_that_takes_long_and_breaks_leaves_nobody_waiting(app: SteppedApp) -> None:
    app.accounts.fails = RuntimeError("bug")
    await app.quo("connect")
    await app.submit(SERVER)
    app.accounts.free.set()
    await until(lambda: app.modal().view["callback_id"] == "connect_calendar")
    assert "Something went wrong on our side." in text_of(app.modal().view)


@pytest.mark.usefixtures("slow_server")
async def test_form_that_was_closed_meanwhile_is_no_trouble(app: SteppedApp) -> None:
    await app.quo("connect")
    await app.submit(SERVER)
    await app.engine.slack.people.dismiss(ANN, app.modal().view_id)
    app.accounts.free.set()
    await app.surface.background.close()
    assert len(app.surface.background) == 0
    assert list(app.accounts.accounts) == ["a1"]


async def test_server_connected_before_the_grant_ends_with_the_link_that_grants(app: SteppedApp) -> None:
    await app.engine.change(app.ann, grant_state="none")
    await app.quo("connect")
    view = (await app.submit(SERVER))["view"]
    blockkit.check_view(view)
    assert "Connected: Calendar 1." in text_of(view)
    assert "open_grant" in text_of(view)


# ── choosing calendars ──────────────────────────────────────────────────────────────────────────────


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
        await connection.execute(sa.update(Calendar).where(Calendar.user_id == ANN).values(**columns))


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
