"""Forms of somebody who has not granted anything: they get the link, and what was filled in is done after it.

What is in a field stays what it was filled in as, whatever it would mean behind a command.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from handlers.web.oauth import ASKED, SENTENCES
from services.domain.errors import TimeInThePastError
from services.domain.model import Effect, Override, OverrideKind, PersonKey
from services.platform.settings import Settings
from services.store.retention import KeptFor
from services.store.tables import ASKS
from services.usecases.grants import Result
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at
from tests.support.stepped_app import elements

KEY = PersonKey(TEAM, ANN)


@pytest.fixture
async def app(running_app: RunningApp) -> RunningApp:
    """Ben has installed the app; Ann has never used it."""
    await running_app.joins(BEN)
    running_app.slack.add_person(ANN, "ann", team_id=TEAM, tz="Etc/UTC", locale="en-GB")
    return running_app


def typed(text: str) -> dict[str, Any]:
    return {"value": {"type": "plain_text_input", "value": text}}


def day(chosen: str) -> dict[str, Any]:
    return {"date": {"type": "datepicker", "selected_date": chosen}}


def clock(action: str, chosen: str | None) -> dict[str, Any]:
    return {action: {"type": "timepicker", "selected_time": chosen}}


async def submits(app: RunningApp, fields: dict[str, Any]) -> str:
    """They submit the form that is open; the address of the button that grants, which it gives way to."""
    answer = await app.slack.people.submit(ANN, app.slack.modals[ANN][-1].view_id, fields)
    shown = answer.json() or {}
    assert shown.get("response_action") == "update", answer.body
    (button,) = elements(shown["view"]["blocks"])
    assert button["action_id"] == "open_grant"
    return str(button["url"])


async def submits_status(app: RunningApp, text: str, emoji: str = "", until: str = "", *effects: str) -> str:
    await app.slack.people.shortcut(ANN, "set_status")
    boxes = {"value": {"type": "checkboxes", "selected_options": [{"value": one} for one in effects]}}
    fields = {"text": typed(text), "emoji": typed(emoji), "until": clock("value", until or None), "effects": boxes}
    return await submits(app, fields)


async def submits_absence(app: RunningApp, note: str, stand_in: str = "") -> str:
    """From now on until the 27th, 17:00."""
    await app.types("/ooo")
    fields = {
        "from": day("2026-11-24"), "from_time": clock("time", None),
        "to": day("2026-11-27"), "to_time": clock("time", "17:00"),
        "note": typed(note), "stand_in": {"user": {"type": "users_select", "selected_user": stand_in or None}},
    }  # fmt: skip
    return await submits(app, fields)


async def grants(app: RunningApp, link: str) -> str:
    """Their browser follows the link, and they allow it: the page at the end."""
    status, page = await app.slack.allow(link, ANN)
    assert status == 200, page
    await app.settle()
    return page


def blocks_told(app: RunningApp) -> str:
    return str([one.blocks for one in app.slack.direct_messages(ANN)])


async def made(app: RunningApp) -> list[Override]:
    assert app.service is not None
    return await app.service.stores.overrides.standing(KEY, app.clock.now())


async def paused(app: RunningApp) -> bool:
    assert app.service is not None
    view = await app.service.cases.people.get(KEY)
    assert view is not None
    return view.pause is not None


@pytest.mark.parametrize(
    "text",
    ["pause", "opt-out", "clear", "forget", "Pauze", "Who is out", "for 45m", "Meeting until 10", "Back at 3pm"],
)
async def test_text_of_a_status_is_its_text(app: RunningApp, text: str) -> None:
    page = await grants(app, await submits_status(app, text))
    assert ASKED in page
    assert app.shows() == (text, ":speech_balloon:", None)
    assert "undo_override" in blocks_told(app)
    assert not await paused(app)


@pytest.mark.parametrize("emoji", [":100:", ":tea:"])
async def test_emoji_and_end_of_a_status_are_those_of_their_fields(app: RunningApp, emoji: str) -> None:
    await grants(app, await submits_status(app, "R&D <b> for 45m :pizza:", emoji, "15:00"))
    assert app.shows() == ("R&D <b> for 45m :pizza:", emoji, at("15:00"))


async def test_effects_of_a_status_are_kept_and_their_permission_is_asked_for(app: RunningApp) -> None:
    await grants(app, await submits_status(app, "Tea", ":tea:", "15:00", "away"))
    ((text, effects),) = [(one.text, one.effects) for one in await made(app)]
    assert (text, effects) == ("Tea", {Effect.AWAY})
    assert "Waiting for your permission: " in blocks_told(app)


@pytest.mark.parametrize("note", ["Back at 3pm", "off", "until friday", "R&D <3 <b>", ""])
async def test_note_of_an_absence_is_its_note(app: RunningApp, note: str) -> None:
    await grants(app, await submits_absence(app, note, BEN))
    (one,) = await made(app)
    assert (one.kind, one.text, one.stand_in) == (OverrideKind.OUT_OF_OFFICE, note, BEN)
    assert (one.start, one.end) == (at("09:00"), at("17:00", 27))
    assert app.text() == (note or "Out of office until 27 November")


@pytest.mark.parametrize(("granted_at", "begins"), [(at("12:00", 25), at("12:00", 25)), (at("17:00", 27), None)])
async def test_absence_begins_with_the_grant_unless_it_is_over(
    app: RunningApp, granted_at: datetime, begins: datetime | None
) -> None:
    await submits_absence(app, "Fishing")
    await app.until(granted_at)
    assert app.service is not None
    with capture_logs() as logged:
        page = await grants(app, await app.service.cases.people.grant_link(KEY))
    assert [one["event"] for one in logged if one["log_level"] != "info"] == []
    assert [one.start for one in await made(app)] == ([begins] if begins else [])
    assert (ASKED if begins else SENTENCES[Result.GRANTED]) in page
    assert (TimeInThePastError.sentence() in str(app.told())) is (begins is None)
    assert await app.rows(sa.select(ASKS.c.user_id)) == []


async def test_fields_that_wait_are_sealed_exported_and_forgotten_with_their_person(app: RunningApp) -> None:
    await submits_absence(app, "Surgery", BEN)
    ((command, content),) = await app.rows(sa.select(ASKS.c.command, ASKS.c.content))
    assert command == "absence"
    assert not any(word in content for word in (b"Surgery", BEN.encode()))
    assert app.service is not None
    export = app.service.stores.export.export
    ((note, stand_in),) = [(one["note"], one["stand_in"]) for one in (await export(KEY))["asks"]]
    assert (note, stand_in) == ("Surgery", BEN)
    await app.service.cases.people.forget(KEY)
    assert "Surgery" not in str(await export(KEY))
    assert await app.rows(sa.select(ASKS.c.user_id)) == []


async def test_absence_whose_grant_takes_longer_than_a_week_is_forgotten(app: RunningApp) -> None:
    await submits_absence(app, "Fishing")
    assert app.service is not None
    stores, asked_at = app.service.stores, app.clock.now()
    await app.until(asked_at + timedelta(days=7, minutes=1))
    await stores.retention.delete_old(app.clock.now(), KeptFor.of(Settings()))
    assert SENTENCES[Result.GRANTED] in await grants(app, await app.service.cases.people.grant_link(KEY))
    assert TimeInThePastError.sentence() not in str(app.told())


@pytest.mark.parametrize(
    ("command", "kept", "expected"),
    [
        ("/quo", ":tea: Tea until 2026-11-24 15:00", ("Tea", set(), "", at("15:00"))),
        (
            "/quo", ':tea: Tea until 2026-11-24 15:00\n{"effects": ["away"], "stand_in": ""}',
            ("Tea", {Effect.AWAY}, "", at("15:00")),
        ),
        ("/ooo", "2026-11-24 09:00 - 2026-11-27 17:00 Fishing", ("Fishing", set(), "", at("17:00", 27))),
        (
            "/ooo", f'2026-11-24 09:00 - 2026-11-27 17:00 Fishing\n{{"effects": [], "stand_in": "{BEN}"}}',
            ("Fishing", set(), BEN, at("17:00", 27)),
        ),
    ],
)  # fmt: skip
async def test_form_that_an_earlier_release_kept_as_a_line_is_done(
    app: RunningApp, command: str, kept: str, expected: tuple[str, set[Effect], str, datetime]
) -> None:
    link = await submits_status(app, "Tea")
    assert app.service is not None
    sealed = app.service.stores.people._encryptor.seal(kept, "asks.content", TEAM, ANN)
    async with app.service.stores.database.write() as connection:
        await connection.execute(sa.update(ASKS).values(command=command, content=sealed))
    await grants(app, link)
    (one,) = await made(app)
    assert (one.text, one.effects, one.stand_in, one.end) == expected


async def test_what_cannot_be_opened_any_more_does_not_spoil_the_grant(app: RunningApp) -> None:
    link = await submits_status(app, "Tea")
    await app.tampers(sa.update(ASKS).values(command="absence"))
    assert SENTENCES[Result.GRANTED] in await grants(app, link)
    assert await app.rows(sa.select(ASKS.c.user_id)) == []
