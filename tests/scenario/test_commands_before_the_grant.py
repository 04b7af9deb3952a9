"""Somebody who has not granted anything: gets the link that grants, and what they asked for right after it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.domain.asks import AskedLine
from services.domain.errors import NotGrantedError, NothingToDoError, TimeInThePastError
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.engine import TEAM
from tests.support.stepped_app import ANN, SteppedApp, elements, local, open_stepped_app, text_of


@pytest.fixture
async def app(sqlite_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[SteppedApp]:
    """Ann has never used the app."""
    database = Database(sqlite_url)
    async with open_stepped_app(database, encryptor, clock, known=False) as made:
        yield made
    await database.close()


async def granted(app: SteppedApp) -> bool:
    """Ann allows it, and what she asked for is done, as the OAuth flow does it; whether it could be."""
    asked = await app.people.store.take_ask(app.ann)
    assert asked is not None
    token = app.engine.slack.grant(ANN)
    sealed = app.engine.encryptor.seal(token.value, "people.token", TEAM, ANN)
    await app.engine.change(app.ann, grant_state="ok", token=sealed, stale=True)
    return await app.commands.perform(app.ann, *asked)


@pytest.mark.parametrize(
    ("command", "typed", "shown"),
    [("/quo", ":pizza: Lunch for 45m", "Lunch"), ("/ooo", "today Ill", "Ill")],
)
async def test_what_was_asked_for_before_the_grant_is_done_right_after_it(
    app: SteppedApp, command: str, typed: str, shown: str
) -> None:
    answer = await app.type(command, typed)
    (button,) = elements(answer["blocks"])
    assert button["url"].startswith("https://quo.example/slack/install?link=")
    assert "What you just asked for is done right after that." in answer["text"]
    assert await app.standing() == []
    await granted(app)
    assert (await app.shows())[0] == shown
    direct = [one for one in app.engine.slack.messages if not one.only_for][-1]
    assert "undo_override" in text_of({"blocks": direct.blocks})


async def test_why_says_that_nothing_may_be_set_and_how_to_allow_it(app: SteppedApp) -> None:
    answer = await app.quo("why")
    assert answer["text"].splitlines() == [NotGrantedError.sentence(), "Nothing is on."]
    (button,) = [one for one in elements(answer["blocks"]) if one.get("action_id") == "open_grant"]
    assert button["url"].startswith("https://quo.example/slack/install?link=")
    await app.quo("Lunch for 45m")
    await granted(app)
    answer = await app.quo("why")
    assert NotGrantedError.sentence() not in answer["text"]
    assert "open_grant" not in text_of(answer)


@pytest.mark.parametrize("typed", ["Lunch\n{}", 'Lunch\n{"effects": ["dance"], "stand_in": ""}', "Lunch\nand tea"])
async def test_lines_that_were_typed_are_one_status(app: SteppedApp, typed: str) -> None:
    await app.quo(typed)
    await granted(app)
    made = await app.only()
    assert (made.text, made.effects) == (" ".join(typed.split()), frozenset())


@pytest.mark.parametrize("typed", ["pause 2h", "clear", "resume"])
async def test_what_needs_a_grant_asks_for_it(app: SteppedApp, typed: str) -> None:
    answer = await app.quo(typed)
    assert "I may not set your status yet." in answer["text"]
    assert await app.people.store.take_ask(app.ann) == (AskedLine("/quo", typed), app.clock.now())


async def test_absence_that_is_called_off_before_the_grant_does_not_begin_with_it(app: SteppedApp) -> None:
    await app.ooo("tomorrow")
    answer = await app.ooo("off")
    assert "I may not set your status yet." in answer["text"]
    assert not await granted(app)
    assert await app.standing() == []
    assert NothingToDoError.sentence() in app.engine.slack.messages[-1].text


async def test_what_is_not_understood_is_not_kept(app: SteppedApp) -> None:
    await app.quo("Lunch until Firday")
    assert await app.people.store.take_ask(app.ann) is None


@pytest.mark.parametrize("typed", ["preview", "who", "calendars"])
async def test_what_needs_no_grant_is_answered(app: SteppedApp, typed: str) -> None:
    answer = await app.quo(typed)
    assert answer["response_type"] == "ephemeral"
    assert "I may not set your status yet." not in answer["text"]


async def test_help_offers_the_grant(app: SteppedApp) -> None:
    answer = await app.quo("help")
    assert [one["action_id"] for one in elements(answer["blocks"])] == ["open_grant"]


async def test_status_that_was_no_slip_is_not_asked_about_again(app: SteppedApp) -> None:
    await app.quo("pauze")
    await app.click_message("set_as_typed")
    await granted(app)
    assert (await app.only()).text == "pauze"


async def test_long_absence_is_asked_about_once(app: SteppedApp) -> None:
    await app.ooo("1 jan - 4 jul")
    assert await app.people.store.take_ask(app.ann) is None
    await app.click_message("be_out_so_long")
    await granted(app)
    assert local((await app.only()).start) == "2027-01-01 00:00"


async def test_times_are_those_of_when_they_were_typed(app: SteppedApp) -> None:
    await app.ooo("tomorrow")
    app.clock.move(hours=24)
    assert await granted(app)
    made = await app.only()
    assert (local(made.start), local(made.end or made.start)) == ("2026-11-25 10:00", "2026-11-26 00:00")


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("pause 2h", "2026-11-24 12:00"),
        ("pause until 3pm", "2026-11-24 15:00"),
        ("pause until tomorrow 9am", "2026-11-25 09:00"),
    ],
)
async def test_pause_ends_when_it_would_have_if_it_had_been_allowed_at_once(
    app: SteppedApp, typed: str, until: str
) -> None:
    await app.quo(typed)
    granted_at = app.clock.move(minutes=90)
    await granted(app)
    view = await app.people.get(app.ann)
    assert view is not None
    assert view.pause is not None
    assert (view.pause.start, local(view.pause.end or granted_at)) == (granted_at, until)
    assert "resume" in str(app.engine.slack.messages[-1].blocks)


@pytest.mark.parametrize("typed", ["pause 2h", "pause until noon"])
async def test_pause_that_is_over_before_the_grant_is_not_begun_and_said_to_be_over(
    app: SteppedApp, typed: str
) -> None:
    await app.quo(typed)
    app.clock.move(hours=2)
    assert not await granted(app)
    view = await app.people.get(app.ann)
    assert view is not None
    assert view.pause is None
    assert TimeInThePastError.sentence() in app.engine.slack.messages[-1].text


async def test_what_is_over_before_the_grant_is_not_shown_and_said_to_be_over(app: SteppedApp) -> None:
    await app.quo("Lunch for 45m")
    app.clock.move(hours=1)
    assert not await granted(app)
    assert await app.standing() == []
    assert TimeInThePastError.sentence() in app.engine.slack.messages[-1].text
