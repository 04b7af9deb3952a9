"""Somebody who has not granted anything: gets the link that grants, and what they asked for right after it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.domain.errors import NotGrantedError
from services.domain.model import Effect, PersonKey
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.clocks import ManualClock
from tests.support.engine import TEAM
from tests.support.stepped_app import ANN, BEN, SteppedApp, elements, open_stepped_app, text_of


@pytest.fixture
async def app(sqlite_url: str, encryptor: Encryptor, clock: ManualClock) -> AsyncIterator[SteppedApp]:
    """Ann has never used the app."""
    database = Database(sqlite_url)
    async with open_stepped_app(database, encryptor, clock, known=False) as made:
        yield made
    await database.close()


async def granted(app: SteppedApp) -> None:
    """Ann allows it, and what she asked for is done, as the OAuth flow does it."""
    ask = await app.people.store.take_ask(app.ann)
    assert ask is not None
    token = app.engine.slack.grant(ANN)
    sealed = app.engine.encryptor.seal(token.value, "people.token", TEAM, ANN)
    await app.engine.change(app.ann, grant_state="ok", token=sealed, stale=True)
    await app.commands.perform(app.ann, *ask)


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
    assert await app.people.store.take_ask(app.ann) == ("/quo", typed)


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


async def test_form_sent_before_the_grant_gives_way_to_the_link_and_is_done_after_it(app: SteppedApp) -> None:
    await app.ooo()
    answer = await app.submit(
        {
            "from": ("date", {"type": "datepicker", "selected_date": "2026-11-24"}),
            "from_time": ("time", {"type": "timepicker", "selected_time": None}),
            "to": ("date", {"type": "datepicker", "selected_date": "2026-11-27"}),
            "to_time": ("time", {"type": "timepicker", "selected_time": "17:00"}),
            "note": ("value", {"type": "plain_text_input", "value": "R&D <3 <b>"}),
            "stand_in": ("user", {"type": "users_select", "selected_user": BEN}),
        }
    )
    assert answer["response_action"] == "update"
    assert elements(answer["view"]["blocks"])[0]["action_id"] == "open_grant"
    await granted(app)
    made = await app.only()
    assert (made.text, made.stand_in) == ("R&D <3 <b>", BEN)
    assert (await app.shows())[0] == "R&D <3 <b>"


async def test_status_form_sent_before_the_grant_is_done_after_it(app: SteppedApp) -> None:
    answer = await app.engine.slack.people.shortcut(ANN, "set_status")
    assert answer.status == 200
    await app.submit(
        {
            "emoji": ("value", {"type": "plain_text_input", "value": ":tea:"}),
            "text": ("value", {"type": "plain_text_input", "value": "Tea <b> until late"}),
            "until": ("time", {"type": "timepicker", "selected_time": "15:00"}),
            "effects": ("value", {"type": "checkboxes", "selected_options": [{"value": "away"}]}),
        }
    )
    await granted(app)
    made = await app.only()
    assert (made.text, made.emoji, made.effects) == ("Tea <b> until late", ":tea:", {Effect.AWAY})
    assert app.ann == PersonKey(TEAM, ANN)
