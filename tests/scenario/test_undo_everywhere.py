"""Undo: what was changed is taken back, from its answer or the Home tab: once, for ten minutes, if it is unchanged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.domain.errors import ChangedSinceError, UndoGoneError
from services.domain.lines import Match, Rule, put
from services.domain.model import Look, OverrideKind, Pause
from services.domain.undo import Change
from services.store.accounts import AccountView
from tests.support import blockkit
from tests.support.account_doubles import offered
from tests.support.engine import meeting
from tests.support.stepped_app import ANN, BEN, SteppedApp, elements, text_of

GONE = "That can no longer be undone: it is undone already, or was more than ten minutes ago."
CHANGED = "That was changed again since. What is there now stays as it is."
OFFICE_HOURS = {"options": ("value", {"type": "checkboxes", "selected_options": [{"value": "count_unconfirmed"}]})}


async def undoes(app: SteppedApp, user: str = ANN) -> str:
    """Click Undo in the last answer; what it says then."""
    message = app.message(user)
    button = next(one for one in elements(message.blocks) if one.get("action_id", "").startswith("undo"))
    answer = await app.engine.slack.people.click_in_message(user, message.ts, {**button})
    assert answer.status == 200, answer.body
    return message.text


async def undoes_at_home(app: SteppedApp) -> str:
    """Click Undo in the Home tab; what it shows then."""
    await app.publish_home()
    await app.click_home("undo")
    view = app.engine.slack.homes[ANN].view
    blockkit.check_view(view)
    return text_of(view)


async def pause_of(app: SteppedApp) -> Pause | None:
    view = await app.people.get(app.ann)
    assert view is not None
    return view.pause


async def test_status_that_was_set_is_taken_back(app: SteppedApp) -> None:
    await app.quo(":pizza: Lunch for 45m")
    assert (await app.shows())[0] == "Lunch"
    assert await undoes(app) == "Taken back: :pizza: *Lunch* until 10:45"
    assert await app.shows() == ("", "", 0)


async def test_status_that_was_cleared_is_there_again(app: SteppedApp) -> None:
    await app.quo(":pizza: Lunch for 45m")
    before = await app.standing()
    await app.quo("clear")
    assert await app.shows() == ("", "", 0)
    assert await undoes(app) == "Back again: :pizza: *Lunch* until 10:45"
    assert await app.standing() == before
    assert (await app.shows())[:2] == ("Lunch", ":pizza:")


async def test_being_back_early_is_taken_back(app: SteppedApp) -> None:
    await app.engine.has(app.ann, meeting(app.clock.now(), 60))
    assert (await app.shows())[0] == "In a meeting"
    await app.quo("clear")
    assert await app.shows() == ("", "", 0)
    assert await undoes(app) == "I show again what your calendar says."
    assert (await app.shows())[0] == "In a meeting"


@pytest.mark.parametrize("asked", ["friday", "24 dec - 2 jan Skiing", "until 3pm"])
async def test_absence_is_taken_back_and_its_end_too(app: SteppedApp, asked: str) -> None:
    await app.ooo(asked)
    before = await app.standing()
    assert len(before) == 1
    assert before[0].kind is OverrideKind.OUT_OF_OFFICE
    await app.ooo("off")
    assert await app.standing() == []
    assert (await undoes(app)).startswith("Back again: ")
    assert await app.standing() == before


async def test_pause_and_resume_are_taken_back(app: SteppedApp) -> None:
    await app.quo("pause 2h")
    first = await pause_of(app)
    assert first is not None
    await app.quo("resume")
    assert await undoes(app) == ":double_vertical_bar: Paused: I leave your status alone until 12:00."
    assert await pause_of(app) == first
    await app.quo("pause")
    assert await undoes(app) == ":double_vertical_bar: Paused: I leave your status alone until 12:00."
    assert await pause_of(app) == first


async def test_settings_are_taken_back_beside_the_command_that_opened_them(app: SteppedApp) -> None:
    before = await app.preferences.get(app.ann)
    await app.quo("settings")
    assert await app.submit(OFFICE_HOURS) == {}
    await app.surface.background.close()
    assert (await app.preferences.get(app.ann)).count_unconfirmed
    assert app.message().text == "Saved."
    assert await undoes(app) == "Your settings are as they were before."
    assert await app.preferences.get(app.ann) == before


async def test_absence_of_a_form_is_answered_and_undone_beside_its_command(app: SteppedApp) -> None:
    await app.ooo()
    days = {name: ("date", {"type": "datepicker", "selected_date": "2026-12-24"}) for name in ("from", "to")}
    await app.submit(days)
    await app.surface.background.close()
    assert app.message().text == "You are out of office on Thu 24 Dec."
    assert await undoes(app) == "Taken back: Out of office on Thu 24 Dec"
    assert await app.standing() == []


async def test_home_offers_to_undo_what_was_done_last_and_for_ten_minutes(app: SteppedApp) -> None:
    assert "undo" not in [one["action_id"] for one in elements((await app.publish_home())["blocks"])]
    await app.quo("settings")
    await app.submit(OFFICE_HOURS)
    app.clock.move_to(app.clock.now() + timedelta(seconds=1))
    await app.quo("Lunch")
    assert "You asked for this: *Lunch* until you clear it" in text_of(await app.publish_home())
    assert "Your settings are saved." in await undoes_at_home(app)
    assert await app.standing() == []
    assert '"undo"' not in await undoes_at_home(app)
    await app.publish_home()
    await app.click_home("pause")
    app.clock.move_to(app.clock.now() + timedelta(minutes=10))
    view = await app.publish_home()
    assert "undo" not in [one["action_id"] for one in elements(view["blocks"])]


async def test_undo_is_refused_after_ten_minutes(app: SteppedApp) -> None:
    await app.quo("Lunch")
    app.clock.move_to(app.clock.now() + timedelta(minutes=10))
    assert await undoes(app) == GONE
    assert len(await app.standing()) == 1
    await app.quo("pause")
    app.clock.move_to(app.clock.now() + timedelta(minutes=10))
    assert await undoes(app) == GONE
    assert await pause_of(app) is not None


async def test_undo_is_refused_where_the_same_thing_was_changed_since(app: SteppedApp) -> None:
    await app.quo("pause")
    message = app.message()
    button = next(one for one in elements(message.blocks) if one["action_id"] == "undo")
    await app.quo("pause 2h")
    paused = await pause_of(app)
    await app.engine.slack.people.click_in_message(ANN, message.ts, {**button})
    assert message.text == CHANGED
    assert await pause_of(app) == paused
    await app.quo("settings")
    await app.submit(OFFICE_HOURS)
    await app.surface.background.close()
    saved = app.message()
    button = next(one for one in elements(saved.blocks) if one["action_id"] == "undo")
    kept = replace(await app.preferences.get(app.ann), count_unconfirmed=False, titles=True)
    await app.preferences.save(app.ann, kept, app.clock.now())
    await app.engine.slack.people.click_in_message(ANN, saved.ts, {**button})
    assert saved.text == CHANGED
    assert await app.preferences.get(app.ann) == kept


async def test_undo_at_home_that_is_refused_says_so_and_changes_nothing(app: SteppedApp) -> None:
    await app.publish_home()
    await app.click_home("pause")
    home = app.engine.slack.homes[ANN]
    await app.quo("pause 2h")
    paused = await pause_of(app)
    button = next(one for one in elements(home.view["blocks"]) if one["action_id"] == "undo")
    await app.engine.slack.people.click_in_view(ANN, home.view_id, button)
    assert CHANGED in text_of(app.modal().view)
    assert await pause_of(app) == paused


async def test_list_is_put_back_line_by_line(app: SteppedApp) -> None:
    rule = Rule("r1", "Plans", Match(title_words=("plan",)), Look("Planning"))
    first = await app.surface.settings.change_lines(app.ann, lambda lines: put(lines, rule))
    other = Rule("r2", "Syncs", Match(title_words=("sync",)), Look("Syncing"))
    await app.surface.settings.change_lines(app.ann, lambda lines: put(lines, other))
    await app.surface.undos.undo(app.ann, first)
    assert "r1" not in [line.id for line in await app.lines.list(app.ann)]
    assert "r2" in [line.id for line in await app.lines.list(app.ann)]


async def test_two_clicks_at_once_undo_once(app: SteppedApp) -> None:
    await app.quo("pause")
    before = app.message()
    button = next(one for one in elements(before.blocks) if one["action_id"] == "undo")
    undoing = [app.surface.undos.undo(app.ann, button["value"]) for _ in range(3)]
    ended = await asyncio.gather(*undoing, return_exceptions=True)
    assert sum(isinstance(one, Change) for one in ended) == 1
    assert all(isinstance(one, Change | UndoGoneError | ChangedSinceError) for one in ended)
    assert await pause_of(app) is None


async def test_nobody_undoes_what_somebody_else_did(app: SteppedApp) -> None:
    await app.quo("pause")
    theirs: dict[str, Any] = next(one for one in elements(app.message().blocks) if one["action_id"] == "undo")
    await app.quo("pause", BEN)
    message = app.message(BEN)
    await app.engine.slack.people.click_in_message(BEN, message.ts, {**theirs})
    assert message.text == GONE
    assert await pause_of(app) is not None
    await app.quo("Lunch")
    mine = next(one for one in elements(app.message().blocks) if one["action_id"] == "undo_override")
    await app.quo("why", BEN)
    await app.engine.slack.people.click_in_message(BEN, app.message(BEN).ts, {**mine})
    assert len(await app.standing()) == 1


async def test_feed_that_was_connected_is_disconnected_again(app: SteppedApp) -> None:
    await app.quo("connect")
    address = ("url", {"type": "url_text_input", "value": "https://calendar.example.com/a.ics"})
    answer = await app.submit({"feed": address})
    blockkit.check_view(answer["view"])
    assert len(await app.surface.calendars.list(app.ann)) == 2
    await app.click_view(app.modal(), "undo")
    assert "The calendar is disconnected again." in text_of(app.modal().view)
    assert [line.calendar_id for line in await app.surface.calendars.list(app.ann)] == ["c1"]


async def test_calendars_of_an_account_are_chosen_as_before(app: SteppedApp) -> None:
    app.accounts.has(AccountView("a1", "google", "ann@example.com"), offered(3), ["address-1"])
    await app.publish_home()
    await app.click_home("account_menu", "choose:a1")
    boxes = next(one for one in app.modal().view["blocks"] if one.get("block_id") == "calendars")["element"]
    chosen = [one for one in boxes["options"] if one not in boxes["initial_options"]]
    answer = await app.submit({"calendars": ("chosen", {"type": "checkboxes", "selected_options": chosen})})
    assert app.accounts.connected["a1"] == {"address-2", "address-3"}
    blockkit.check_view(answer["view"])
    await app.click_view(app.modal(), "undo")
    assert "I read the same calendars as before." in text_of(app.modal().view)
    assert app.accounts.connected["a1"] == {"address-1"}
    assert "undo" not in [one["action_id"] for one in elements((await app.publish_home())["blocks"])]


async def test_account_that_was_connected_is_disconnected_again_but_one_that_was_there_stays(app: SteppedApp) -> None:
    server = {"caldav_url": "https://dav.example.com", "caldav_user": "ann", "caldav_password": "x"}
    values = {name: ("value", {"type": "plain_text_input", "value": value}) for name, value in server.items()}
    await app.quo("connect")
    await app.submit(values)
    assert set(app.accounts.accounts) == {"a1"}
    assert "The account is disconnected again." in await _undone(app)
    assert app.accounts.accounts == {}
    for _ in range(2):
        await app.quo("connect")
        await app.submit(values)
    assert "undo" not in [one["action_id"] for one in elements(app.modal().view["blocks"])]


async def _undone(app: SteppedApp) -> str:
    await app.click_view(app.modal(), "undo")
    return text_of(app.modal().view)
