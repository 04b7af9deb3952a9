"""The connect form: what people see and do."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.slack import modals
from services.domain.errors import (
    CalendarUnreachableError,
    CredentialsRefusedError,
    NoCalendarsError,
    TooManyError,
)
from services.store.accounts import AccountView
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
