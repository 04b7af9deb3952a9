"""users.setPhoto through an OCP agent, against the whole app: put on by the sender, and her own from then on."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from PIL import Image

from emulators.slack.state import APP, PERSON
from services.domain.agents import May
from services.domain.model import PersonKey
from services.pictures.squares import are_alike, signed, square
from services.platform.concurrency import off_loop
from services.store import db
from services.store.agent_tables import ASKED_PHOTOS
from services.store.effect_tables import EFFECTS, PICTURES
from services.usecases import waiting
from tests.support.engine import until
from tests.support.few import few
from tests.support.ocp_app import agent_of, is_published, key_of
from tests.support.ocp_client import Answered, OcpAgent
from tests.support.photos import FACE, OTHER, SENT
from tests.support.pictures import animated, encoded, quarters
from tests.support.running_app import ANN, BEN, TEAM, RunningApp, at

SET_PHOTO, GET = "users.setPhoto", "users.profile.get"


def _text(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def _shows(app: RunningApp, content: bytes, by: str = APP) -> bool:
    """Whether this square of a picture is what is shown of her."""
    picture = app.slack.photos.of(ANN)
    if picture is None or picture.by != by:
        return False
    shown = picture.content
    if picture.crop is not None:
        shown = square(shown, ",".join(map(str, picture.crop)))[0]
    return are_alike(shown, content)


async def _sets(agent: OcpAgent, image: Any, **crop: Any) -> Answered:
    answer = await agent.call_tool("usersSetPhoto", {"image": image, **crop})
    assert answer.status == 200, answer.body
    if answer.body["ok"]:
        is_published(answer, SET_PHOTO)
    return answer


async def _refuses(agent: OcpAgent, image: Any, error: str, **crop: Any) -> None:
    answer = await _sets(agent, image, **crop)
    assert (answer.body["ok"], answer.body.get("error")) == (False, error), answer.body
    assert answer.body["sentence"]


async def _has_a_photo_line(app: RunningApp, picture: str = "palm") -> None:
    """Her list changes her photo while she is out of office."""
    await app.types("/quo", "rules")
    whole = app.slack.modals[ANN][-1]
    edit = {"type": "button", "action_id": "edit_line", "value": "out_of_office"}
    assert (await app.slack.people.click_in_view(ANN, whole.view_id, edit)).status == 200
    values = {
        "effects": {"value": {"type": "checkboxes", "selected_options": [{"value": "photo"}]}},
        "photo": {"value": {"type": "static_select", "selected_option": {"value": picture}}},
        "crop": {"value": {"type": "plain_text_input", "value": "centre"}},
    }
    answer = await app.slack.people.submit(ANN, app.slack.modals[ANN][-1].view_id, values)
    assert answer.status == 200, answer.body
    await app.settle()


async def _left(app: RunningApp) -> list[str]:
    rows = await app.rows(sa.select(PICTURES.c.picture_id))
    return sorted(row.picture_id for row in rows)


async def _is_put_off(app: RunningApp) -> bool:
    """Whether the call of Slack is known to have failed."""
    return bool(await app.rows(sa.select(EFFECTS.c.effect).where(EFFECTS.c.failures > 0)))


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.5)


@pytest.mark.parametrize("kind", few(["JPEG", "PNG", "GIF"]))
async def test_photo_is_put_on_with_its_square_and_stays(running_app: RunningApp, kind: str) -> None:
    headers = await key_of(running_app)
    picture = encoded(quarters(1000, 800), kind)
    async with agent_of(running_app, headers) as agent:
        answer = await _sets(agent, _text(picture), crop_x="100", crop_y=0, crop_w="700")
        assert answer.body["ok"], answer.body
        shown = running_app.slack.photos.of(ANN)
        assert shown is not None
        assert (shown.width, shown.height, shown.crop) == (1000, 800, (100, 0, 700))
        assert answer.body["profile"]["avatar_hash"] == shown.hash
        assert _shows(running_app, square(picture, "100,0,700")[0])
        again = await _sets(agent, f"data:image/jpeg;base64,{_text(SENT)}")
        assert again.body["ok"]
        assert _shows(running_app, SENT)
    await running_app.settle()
    await running_app.until(at("18:00"))
    assert _shows(running_app, SENT)
    assert await _left(running_app) == []
    assert await running_app.rows(sa.select(ASKED_PHOTOS.c.request)) == []


async def test_large_one_is_made_as_slack_takes_it_and_its_square_goes_along(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    picture = encoded(quarters(3000, 2000), "JPEG")
    async with agent_of(running_app, headers) as agent:
        for crop in ((0, 0, 2000), (1500, 1000, 700), (2400, 1400, 600)):
            names = dict(zip(("crop_x", "crop_y", "crop_w"), crop, strict=True))
            assert (await _sets(agent, _text(picture), **names)).body["ok"]
            assert _shows(running_app, square(picture, ",".join(map(str, crop)))[0]), crop
        assert (await _sets(agent, _text(encoded(quarters(90, 120))))).body["ok"]
        assert _shows(running_app, square(encoded(quarters(90, 120)), "centre")[0])


async def test_photo_comes_as_a_part_of_a_form_too(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with aiohttp.ClientSession(headers=headers) as session:
        form = aiohttp.FormData()
        form.add_field("image", SENT, filename="me.jpg", content_type="image/jpeg")
        for name, value in (("crop_x", "0"), ("crop_y", "0"), ("crop_w", "512"), ("token", "xoxp-x")):
            form.add_field(name, value)
        async with session.post(f"{running_app.url}/api/v1/users.setPhoto", data=form) as response:
            said = await response.json()
        assert said["ok"], said
        is_published(Answered(200, said, {}), SET_PHOTO)
        assert _shows(running_app, SENT)
        url = f"{running_app.url}/api/v1/users.setPhoto"
        async with session.post(url, data={"image": "A" * 100_000}) as response:
            assert (response.status, (await response.json())["error"]) == (200, "invalid_arguments")
        for body in (b"", b"--B\r\n", b"--B\r\nno name\r\n\r\nx\r\n--B--"):
            content_type = {"Content-Type": "multipart/form-data; boundary=B"}
            async with session.post(url, data=body, headers=content_type) as response:
                said = await response.json()
            assert (response.status, said["error"]) == (200, "invalid_arguments")


async def test_what_is_no_picture_is_refused_by_slacks_names_and_nothing_is_fetched_or_opened(
    running_app: RunningApp, reader_processes: None
) -> None:
    headers = await key_of(running_app)
    half = encoded(quarters(600, 600), "JPEG")[:2000]
    wide = _text(await off_loop(encoded, Image.new("L", (9000, 9000))))  # 81 megapixels
    async with agent_of(running_app, headers) as agent:
        await _refuses(agent, _text(animated("GIF", 600)), "too_many_frames")
        await _refuses(agent, _text(half), "bad_image")
        await _refuses(agent, _text(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "bad_image")
        await _refuses(agent, wide, "too_large")
        for image in (
            "",
            "no base64!",
            "https://example.com/a.png",
            "file:///etc/passwd",
            "/etc/hostname",
            7,
            None,
            "é",
        ):
            await _refuses(agent, image, "bad_image")
        picture = _text(encoded(quarters(600, 512)))
        for crop in ((0, 0, 513), (100, 0, 512), (0, 1, 512), (0, 0, 0), ("-1", 0, 512), ("a", 0, 512), (0, 0, "1e2")):
            names = dict(zip(("crop_x", "crop_y", "crop_w"), crop, strict=True))
            await _refuses(agent, picture, "invalid_arguments", **names)
        await _refuses(agent, picture, "invalid_arguments", crop_x=1)
        await _refuses(agent, picture, "not_admin", user=BEN)
    assert running_app.slack.photos.of(ANN) is None
    assert not running_app.feeds.busy


async def test_twelve_mib_are_taken_here_alone_and_only_from_who_may_write(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    reads = await key_of(running_app, BEN, May.READ)
    url = f"{running_app.url}/api/v1/users.setPhoto"
    large = {"image": "A" * 11_000_000}

    async def sends(to: str, body: Any, with_key: dict[str, str]) -> tuple[int, str]:
        sent, kind = io.BytesIO(json.dumps(body).encode()), {"Content-Type": "application/json"}
        async with aiohttp.ClientSession() as session, session.post(to, data=sent, headers=with_key | kind) as response:
            return response.status, (await response.json())["error"]

    assert await sends(url, large, headers) == (200, "bad_image")
    assert await sends(url, {"image": "A" * 13_000_000}, headers) == (200, "too_large")
    assert await sends(f"{running_app.url}/api/v1/users.profile.set", large, headers) == (200, "too_large")
    assert await sends(url, {"image": "A" * 12_000_000}, headers) == (200, "too_large")  # nine of 8 MiB
    # nothing of these is read: they are answered while their bodies never come
    for with_key, expected in (({}, (401, "invalid_auth")), (reads, (403, "no_permission"))):
        async with aiohttp.ClientSession() as session:
            never = asyncio.Event()

            async def body(never: asyncio.Event = never) -> Any:
                yield b'{"image": "'
                await never.wait()

            async with session.post(url, data=body(), headers=with_key | {"Content-Type": "application/json"}) as got:
                assert (got.status, (await got.json())["error"]) == expected
            never.set()


async def test_while_ours_is_on_hers_counts_as_changed_by_hand_and_nothing_is_put_over_it(
    running_app: RunningApp,
) -> None:
    headers = await key_of(running_app)
    running_app.slack.photos.upload(ANN, FACE, "image/jpeg")
    await _has_a_photo_line(running_app)
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    assert _shows(running_app, signed(FACE, "palm")[0])
    running_app.clock.move_to(at("09:30"))
    async with agent_of(running_app, headers) as agent:
        assert (await _sets(agent, _text(OTHER))).body["ok"]
    await running_app.settle()
    assert _shows(running_app, OTHER)
    assert "Photo left alone: you changed it yourself." in str(await running_app.types("/quo", "why"))
    await running_app.until(at("14:00"))
    assert _shows(running_app, OTHER)
    await running_app.until(at("15:01"))
    assert _shows(running_app, OTHER)
    assert await _left(running_app) == []
    # the next absence covers it, and puts it back
    await running_app.types("/ooo", "until 17:00")
    await running_app.settle()
    assert _shows(running_app, signed(OTHER, "palm")[0])
    await running_app.until(at("17:01"))
    assert _shows(running_app, OTHER)


async def test_the_very_picture_that_ours_is_is_hers_from_then_on(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    running_app.slack.photos.upload(ANN, FACE, "image/jpeg")
    await _has_a_photo_line(running_app)
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    ours = running_app.slack.photos.of(ANN)
    assert ours is not None
    running_app.clock.move_to(at("09:30"))
    async with agent_of(running_app, headers) as agent:
        assert (await _sets(agent, _text(ours.content))).body["ok"]
    await running_app.settle()
    await running_app.until(at("15:01"))
    assert _shows(running_app, signed(FACE, "palm")[0])


async def test_asked_for_before_an_absence_it_is_covered_and_put_back(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    running_app.slack.photos.upload(ANN, FACE, "image/jpeg")
    await _has_a_photo_line(running_app)
    await running_app.types("/ooo", "from 10:00 until 15:00")
    async with agent_of(running_app, headers) as agent:
        assert (await _sets(agent, _text(OTHER))).body["ok"]
    await running_app.until(at("10:00"))
    assert _shows(running_app, signed(OTHER, "palm")[0])
    await running_app.until(at("15:01"))
    assert _shows(running_app, OTHER)


@pytest.mark.usefixtures("patience")
async def test_not_put_on_in_time_it_is_taken_back(running_app: RunningApp, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await key_of(running_app)
    running_app.slack.photos.upload(ANN, FACE, "image/jpeg")
    fault = running_app.slack.faults.add(GET, status=503, times=None)
    async with agent_of(running_app, headers) as agent:
        await _refuses(agent, _text(OTHER), "request_timeout")
        running_app.slack.faults.remove(fault)
        running_app.slack.faults.add(SET_PHOTO, retry_after=30)
        running_app.clock.move_to(at("09:05"))
        await _refuses(agent, _text(OTHER), "request_timeout")
        monkeypatch.setattr(waiting, "PATIENCE", 10.0)  # from here on there is an answer
        running_app.slack.faults.add(SET_PHOTO, error="bad_image")
        running_app.clock.move_to(at("09:10"))
        await _refuses(agent, _text(OTHER), "bad_image")
        await running_app.types("/quo", "pause")
        await _refuses(agent, _text(OTHER), "profile_set_failed")
    await running_app.types("/quo", "resume")
    for clock_time in ("09:15", "10:00", "18:00"):
        await running_app.until(at(clock_time))
        assert _shows(running_app, FACE, PERSON)
    assert await running_app.rows(sa.select(ASKED_PHOTOS.c.request)) == []


async def test_done_by_slack_without_an_answer_what_shows_tells_it(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    running_app.slack.photos.upload(ANN, FACE, "image/jpeg")
    running_app.slack.faults.add(SET_PHOTO, after=True, drop=True)
    async with agent_of(running_app, headers) as agent:
        asking = asyncio.create_task(_sets(agent, _text(OTHER)))
        await until(lambda: _is_put_off(running_app))
        running_app.clock.move_to(at("09:01"))
        answer = await asking
        assert answer.body["ok"], answer.body
    await running_app.settle()
    assert _shows(running_app, OTHER)


async def test_program_that_ends_while_slack_is_called_finds_what_came_of_it(
    running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "LONGEST_END", 0.2)  # whatever came of it, nobody is told any more
    headers = await key_of(running_app)
    running_app.slack.photos.upload(ANN, FACE, "image/jpeg")
    await _has_a_photo_line(running_app)
    await running_app.types("/ooo", "until 15:00")
    await running_app.settle()
    running_app.clock.move_to(at("09:30"))
    running_app.slack.faults.add(SET_PHOTO, after=True, drop=True)
    async with agent_of(running_app, headers) as agent:
        asking = asyncio.create_task(_sets(agent, _text(OTHER)))
        await until(lambda: _is_put_off(running_app))
        await running_app.stop()
        (answer,) = await asyncio.gather(asking, return_exceptions=True)
    # what shows may have been told to the program before it ended
    assert isinstance(answer, aiohttp.ClientError | AssertionError) or answer.body["ok"], answer.body
    running_app.clock.move_to(at("09:40"))
    await running_app.start()
    await running_app.settle()
    assert _shows(running_app, OTHER)
    await running_app.until(at("15:01"))
    assert _shows(running_app, OTHER)
    assert await _left(running_app) == []


async def test_export_and_forget_know_of_it(running_app: RunningApp) -> None:
    headers = await key_of(running_app)
    async with agent_of(running_app, headers) as agent:
        assert (await _sets(agent, _text(OTHER))).body["ok"]
    await running_app.settle()
    assert running_app.service is not None
    assert await running_app.service.cases.people.forget(PersonKey(TEAM, ANN))
    await running_app.settle()
    assert await running_app.rows(sa.select(ASKED_PHOTOS.c.request)) == []
    assert _shows(running_app, OTHER)  # it is her own
