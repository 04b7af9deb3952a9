"""Pictures sent to the app: kept as the person's own, sealed, one at a time; or refused in a sentence."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from PIL import Image

from emulators.faults import Fault
from services.domain.model import PersonKey
from services.store.effect_tables import PICTURES
from services.store.pictures import OWN
from tests.support.few import few
from tests.support.pictures import animated, corners, encoded, opened, quarters
from tests.support.running_app import ANN, BEN, TEAM, RunningApp
from tests.support.slack_files import sends
from tests.support.stepped_app import elements

KEPT = "Your picture is kept, {} pixels."
BAD = "I cannot use that picture. Send a whole PNG, JPEG or GIF that is at least 64 pixels wide and high."
LARGE = "That picture is too large. Send one of at most 8 MiB and 50 million pixels."
MOVES = "That picture moves. Send one that stands still."


async def _own(running_app: RunningApp) -> Image.Image | None:
    assert running_app.service is not None
    content = await running_app.service.stores.pictures.read(PersonKey(TEAM, ANN), OWN)
    return None if content is None else opened(content)


async def _sends(running_app: RunningApp, name: str, content: bytes, mimetype: str) -> None:
    await sends(running_app, name, content, mimetype=mimetype, filetype=name.rpartition(".")[2])


async def test_picture_becomes_the_persons_own_and_the_next_one_takes_its_place(running_app: RunningApp) -> None:
    await running_app.joins()
    await _sends(running_app, "me.png", encoded(quarters(900, 600)), "image/png")
    assert running_app.told()[-1].startswith(KEPT.format("900 × 600"))
    await _sends(running_app, "holiday.jpg", encoded(quarters(700, 800).rotate(180), "JPEG"), "image/jpeg")
    assert running_app.told()[-1].startswith(KEPT.format("700 × 800"))
    found = await _own(running_app)
    assert found is not None
    assert (found.format, found.size, corners(found)) == ("JPEG", (700, 800), ("yellow", "blue", "green", "red"))
    rows = await running_app.rows(sa.select(PICTURES.c.picture_id, PICTURES.c.content))
    assert [row.picture_id for row in rows] == [OWN]
    assert b"JFIF" not in rows[0].content
    assert running_app.slack.photos.of(ANN) is None  # nothing is changed in Slack by sending it


async def test_picture_is_known_by_what_it_holds_not_by_its_name(running_app: RunningApp) -> None:
    await running_app.joins()
    await _sends(running_app, "me.png", encoded(quarters(100, 90), "GIF"), "image/png")
    assert running_app.told()[-1].startswith(KEPT.format("100 × 90"))
    await _sends(running_app, "me.jpeg", b"%PDF-1.7", "image/jpeg")
    assert running_app.told()[-1] == BAD
    found = await _own(running_app)
    assert found is not None
    assert found.size == (100, 90)


@pytest.mark.parametrize(
    ("name", "content", "mimetype", "sentence"),
    few(
        [
            ("me.gif", animated("GIF"), "image/gif", MOVES),
            ("me.png", animated("PNG"), "image/png", MOVES),
            ("me.png", encoded(quarters(600, 600))[:500], "image/png", BAD),
            ("me.webp", encoded(quarters(600, 600), "WEBP"), "image/webp", BAD),
            ("me.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", BAD),
            ("me.jpg", encoded(Image.effect_noise((64, 64), 9)) + bytes(8 * 1024 * 1024), "image/jpeg", LARGE),
        ],
        quick=2,
    ),
    ids=["gif", "apng", "half", "webp", "svg", "bytes"],
)
async def test_picture_that_cannot_be_used_is_refused_in_a_sentence(
    running_app: RunningApp, name: str, content: bytes, mimetype: str, sentence: str
) -> None:
    await running_app.joins()
    await _sends(running_app, name, content, mimetype)
    assert running_app.told()[-1] == sentence
    assert await _own(running_app) is None
    if sentence == LARGE:
        assert not running_app.slack.conversations.given  # nor was it fetched


async def test_picture_that_slack_does_not_give_is_not_lost_for_the_other_news_of_it(running_app: RunningApp) -> None:
    await running_app.joins()
    before = len(running_app.told())
    running_app.slack.faults.add(Fault("files.info", error="internal_error"))
    await _sends(running_app, "me.png", encoded(quarters(100, 90)), "image/png")
    assert [one.partition(".")[0] for one in running_app.told()[before:]] == [
        "Slack does not answer at the moment", "Your picture is kept, 100 × 90 pixels",
    ]  # fmt: skip


async def test_picture_of_somebody_who_has_not_granted_yet_is_kept_for_them(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.slack.add_person(BEN, "ben")
    picture = encoded(quarters(100, 90))
    await sends(running_app, "me.png", picture, BEN, mimetype="image/png", filetype="png")
    assert running_app.told(BEN)[-1].startswith(KEPT.format("100 × 90"))
    assert [row.user_id for row in await running_app.rows(sa.select(PICTURES.c.user_id))] == [BEN]


async def test_picture_is_forgotten_with_everything_else(running_app: RunningApp) -> None:
    await running_app.joins()
    await _sends(running_app, "me.png", encoded(quarters(100, 90)), "image/png")
    assert running_app.service is not None
    assert await running_app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await running_app.settle()
    assert await running_app.rows(sa.select(PICTURES.c.user_id)) == []


async def test_button_of_the_answer_opens_the_absence_with_the_picture_chosen(running_app: RunningApp) -> None:
    await running_app.joins()
    await _sends(running_app, "me.png", encoded(quarters(600, 600)), "image/png")
    message = next(one for one in reversed(running_app.slack.messages) if one.text.startswith("Your picture is kept"))
    (button,) = (part for part in elements(message.blocks) if part.get("action_id") == "choose_picture")
    answer = await running_app.slack.people.click_in_message(ANN, message.ts, {**button})
    assert answer.status == 200, answer.body
    form = running_app.slack.modals[ANN][-1].view
    chosen = {block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"}
    assert chosen["photo"]["initial_option"]["value"] == "own"
    assert [option["value"] for option in chosen["effects"]["initial_options"]] == ["photo"]
