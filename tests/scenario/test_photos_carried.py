"""The photo in the whole app: a picture that was sent, chosen in the form, put on while out of office, taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from emulators.slack.state import APP, PERSON
from services.domain.model import PersonKey
from services.pictures.squares import are_alike, signed
from services.store.effect_tables import PICTURES
from tests.support.few import few
from tests.support.photos import FACE, OTHER, SENT
from tests.support.running_app import ANN, RunningApp, at
from tests.support.slack_files import at_rest, sends

PUT_BACK = "I could not put your own photo back. Set it in Slack."


def _shows(app: RunningApp, content: bytes, by: str = APP) -> bool:
    picture = app.slack.photos.of(ANN)
    return picture is not None and picture.by == by and are_alike(picture.content, content)


async def _joins(app: RunningApp) -> PersonKey:
    key = await app.joins()
    app.slack.photos.upload(ANN, FACE, "image/jpeg")
    return key


async def _opens_out_of_office(app: RunningApp) -> None:
    """The form of that line, by the button of what was said last."""
    message = app.slack.direct_messages(ANN)[-1]
    (button,) = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    action = {name: button[name] for name in ("type", "action_id", "value") if name in button}
    answer = await app.slack.people.click_in_message(ANN, message.ts, action)
    assert answer.status == 200, answer.body
    await at_rest(app)


async def _chooses(app: RunningApp, picture: str) -> None:
    """She sends a picture, and chooses what is to be her photo in the form that its button opens."""
    await sends(app, "me.jpg", SENT, mimetype="image/jpeg", filetype="jpg")
    await _opens_out_of_office(app)
    await _submits(app, picture)


async def _submits(app: RunningApp, picture: str) -> str:
    """The form that is open, with that photo; what is shown then."""
    values = {
        "effects": {"value": {"type": "checkboxes", "selected_options": [{"value": "photo"}]}},
        "photo": {"value": {"type": "static_select", "selected_option": {"value": picture}}},
        "crop": {"value": {"type": "plain_text_input", "value": "centre"}},
    }
    answer = await app.slack.people.submit(ANN, app.slack.modals[ANN][-1].view_id, values)
    assert answer.status == 200, answer.body
    assert b"errors" not in answer.body, answer.body
    await app.settle()
    return str([modal.view for modal in app.slack.modals[ANN]])


@pytest.mark.parametrize(("picture", "expected"), few([("own", SENT), ("plane", signed(FACE, "plane")[0])]))
async def test_photo_is_what_was_chosen_while_out_of_office_and_her_own_after_it(
    running_app: RunningApp, picture: str, expected: bytes
) -> None:
    await _joins(running_app)
    await _chooses(running_app, picture)
    assert _shows(running_app, FACE, PERSON)
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    assert _shows(running_app, expected)
    assert "Your photo is changed until 15:00." in str(await running_app.types("/quo", "why"))
    await running_app.until(at("15:00"))
    assert _shows(running_app, FACE)
    await running_app.settle()
    assert running_app.slack.left_behind() == []
    assert running_app.slack.trespasses() == []


async def test_picture_that_was_never_sent_is_asked_for_where_it_is_chosen(running_app: RunningApp) -> None:
    await _joins(running_app)
    for picture, sent in (("own", False), ("cup", False), ("own", True)):
        if sent:
            await sends(running_app, "me.jpg", SENT, mimetype="image/jpeg", filetype="jpg")
        await running_app.types("/quo", "rules")
        whole = running_app.slack.modals[ANN][-1]
        edit = {"type": "button", "action_id": "edit_line", "value": "out_of_office"}
        assert (await running_app.slack.people.click_in_view(ANN, whole.view_id, edit)).status == 200
        shown = await _submits(running_app, picture)
        assert ("Send me the picture first" in shown) is ((picture, sent) == ("own", False))


async def test_photo_that_cannot_be_fetched_is_said_by_its_name_beside_the_status_that_is_set(
    running_app: RunningApp,
) -> None:
    await _joins(running_app)
    await _chooses(running_app, "plane")
    fault = running_app.slack.faults.add("avatars", status=404, times=None)
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    why = str(await running_app.types("/quo", "why"))
    assert "Your status is :palm_tree: *Out of office until 15:00*." in why
    assert ":warning: Change my photo: Not set yet: Slack does not answer. I keep trying." in why
    running_app.slack.faults.remove(fault)
    await running_app.until(at("14:00"))
    assert _shows(running_app, signed(FACE, "plane")[0])
    assert "Change my photo" not in str(await running_app.types("/quo", "why"))


async def test_photo_that_she_sets_meanwhile_stays_and_is_said_to(running_app: RunningApp) -> None:
    await _joins(running_app)
    await _chooses(running_app, "palm")
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    running_app.slack.photos.upload(ANN, OTHER, "image/jpeg")
    await running_app.settle()
    assert "Photo left alone: you changed it yourself." in str(await running_app.types("/quo", "why"))
    await running_app.until(at("15:00"))
    assert _shows(running_app, OTHER, PERSON)


async def test_restart_while_ours_is_on_ends_with_her_own(running_app: RunningApp) -> None:
    await _joins(running_app)
    await _chooses(running_app, "cup")
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    await running_app.stop()
    running_app.clock.move_to(at("18:00"))
    await running_app.start()
    await running_app.settle()
    assert _shows(running_app, FACE)


async def test_forget_puts_her_own_back_first_and_nothing_is_kept(running_app: RunningApp) -> None:
    key = await _joins(running_app)
    await _chooses(running_app, "house")
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    assert running_app.service is not None
    assert await running_app.service.cases.people.forget(key)
    await running_app.settle()
    assert _shows(running_app, FACE)
    assert await running_app.rows(sa.select(PICTURES.c.picture_id)) == []
    assert not running_app.told() or PUT_BACK not in running_app.told()[-1]


async def test_forget_names_the_photo_that_cannot_be_put_back(running_app: RunningApp) -> None:
    key = await _joins(running_app)
    await _chooses(running_app, "house")
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    token = running_app.slack.tokens.user(ANN)
    assert token is not None
    running_app.slack.revoke(token)
    await running_app.settle()
    assert running_app.service is not None
    assert await running_app.service.cases.people.forget(key)
    await running_app.settle()
    assert PUT_BACK in running_app.told()[-1]
    assert await running_app.rows(sa.select(PICTURES.c.picture_id)) == []


async def test_uninstall_deletes_every_picture(running_app: RunningApp) -> None:
    await _joins(running_app)
    await _chooses(running_app, "house")
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    assert len(await running_app.rows(sa.select(PICTURES.c.picture_id))) == 3
    running_app.slack.uninstall("T0DEMO0001")
    await running_app.settle()
    assert await running_app.rows(sa.select(PICTURES.c.picture_id)) == []
