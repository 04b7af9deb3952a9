"""The local Slack's photos keep Slack's own rules."""

from __future__ import annotations

import io
from typing import Any

import jsonschema
import pytest
from aiohttp import ClientError, ClientSession, FormData
from PIL import Image

from emulators.faults import Fault
from emulators.slack import LocalSlack
from emulators.slack.pictures import facts_of, plain_png
from emulators.slack.state import APP, PERSON
from tests.support.local_slack import ANN, bot, own, refused, schema_of

RED, BLUE = plain_png(600, 600, (200, 0, 0)), plain_png(800, 512, (0, 0, 200))


def written(kind: str, *frames: Image.Image) -> bytes:
    into = io.BytesIO()
    frames[0].save(into, kind, save_all=len(frames) > 1, append_images=frames[1:])
    return into.getvalue()


def colour_at(content: bytes, *at: int) -> tuple[int, ...]:
    with Image.open(io.BytesIO(content)) as image:
        found = image.convert("RGB").getpixel((at[0], at[1]))
    assert isinstance(found, tuple)
    return found


GREEN, BLACK = Image.new("RGB", (600, 600), (0, 128, 0)), Image.new("RGB", (600, 600))
GIF = written("GIF", GREEN)


async def set_photo(slack: LocalSlack, content: bytes = RED, kind: str = "image/png", **crop: str) -> dict[str, Any]:
    form = FormData(crop)
    form.add_field("image", content, filename="face.png", content_type=kind)
    headers = {"Authorization": f"Bearer {slack.grant(ANN).value}"}
    async with (
        ClientSession() as session,
        session.post(f"{slack.api_url}users.setPhoto", data=form, headers=headers) as answer,
    ):
        body: dict[str, Any] = await answer.json()
        return body


async def fetched(address: str, **headers: str) -> tuple[int, bytes]:
    async with ClientSession(headers=headers) as session, session.get(address) as answer:
        return answer.status, await answer.read()


async def profile(slack: LocalSlack) -> dict[str, Any]:
    found: dict[str, Any] = (await own(slack).users_profile_get())["profile"]
    return found


async def test_set_photo_answer_has_the_published_shape(slack: LocalSlack) -> None:
    body = await set_photo(slack, crop_x="10", crop_y="20", crop_w="512")
    jsonschema.Draft7Validator(schema_of("users.setPhoto")).validate(body)
    picture = slack.photos.of(ANN)
    assert picture is not None
    assert (picture.crop, picture.width, picture.content == RED) == ((10, 20, 512), 600, True)
    shown = await profile(slack)
    assert shown["is_custom_image"] is True
    assert {name: shown[name] for name in body["profile"]} == body["profile"]
    info = (await bot(slack).users_info(user=ANN)).data
    jsonschema.Draft7Validator(schema_of("users.info")).validate(info)


async def test_sdk_sends_a_picture_with_its_content_type_only_with_a_name(slack: LocalSlack) -> None:
    nameless, named = io.BytesIO(RED), io.BytesIO(RED)
    named.name = "face.png"
    assert await refused(own(slack).users_setPhoto(image=nameless)) == "bad_image"
    answer = await own(slack).users_setPhoto(image=named, crop_x="0", crop_y="0", crop_w="600")
    assert answer["profile"]["avatar_hash"] == (await profile(slack))["avatar_hash"]
    assert slack.calls.all("users.setPhoto")[-1].arguments["image"] == f"image/png, {len(RED)} bytes"


@pytest.mark.parametrize(
    ("content", "kind", "error"),
    [
        (plain_png(1025, 600, (0, 0, 0)), "image/png", "too_large"),
        (plain_png(511, 600, (0, 0, 0)), "image/png", "bad_image"),
        (RED[: len(RED) // 2], "image/png", "bad_image"),
        (RED[:60] + b"x" + RED[61:], "image/png", "bad_image"),
        (RED, "image/jpeg", "bad_image"),
        (RED, "application/octet-stream", "bad_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "bad_image"),
        (b"", "image/png", "bad_image"),
        (written("GIF", GREEN, BLACK), "image/gif", "too_many_frames"),
        (written("PNG", GREEN, BLACK), "image/png", "too_many_frames"),
        (GIF[:-400], "image/gif", "bad_image"),
        (written("JPEG", GREEN)[:-400], "image/jpeg", "bad_image"),
        (written("WEBP", GREEN), "image/png", "bad_image"),
    ],
)
async def test_picture_that_slack_does_not_take(slack: LocalSlack, content: bytes, kind: str, error: str) -> None:
    assert await set_photo(slack, content, kind) == {"ok": False, "error": error}
    assert slack.photos.of(ANN) is None


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "PNG"])
async def test_three_formats_are_taken(slack: LocalSlack, kind: str) -> None:
    content = written(kind, GREEN)
    assert (await set_photo(slack, content, f"image/{kind.lower()}"))["ok"] is True
    shown = await profile(slack)
    assert await fetched(shown["image_original"]) == (200, content)
    _, square = await fetched(shown["image_192"])
    assert (facts_of(square).width, colour_at(square, 96, 96)[0] < 10) == (192, True)


@pytest.mark.parametrize("crop", [("0", "0", "601"), ("-1", "0", "512"), ("0", "", "512"), ("100", "0", "512")])
async def test_crop_box_outside_of_the_picture(slack: LocalSlack, crop: tuple[str, str, str]) -> None:
    body = await set_photo(slack, crop_x=crop[0], crop_y=crop[1], crop_w=crop[2])
    assert body["error"] in {"bad_image", "invalid_arguments"}
    assert slack.photos.of(ANN) is None


async def test_square_that_is_shown_is_the_crop_box(slack: LocalSlack) -> None:
    half = Image.new("RGB", (1024, 512), (250, 0, 0))
    half.paste((0, 0, 250), (512, 0, 1024, 512))
    await set_photo(slack, written("PNG", half), crop_x="500", crop_y="0", crop_w="512")
    _, square = await fetched((await profile(slack))["image_512"])
    assert (colour_at(square, 5, 5), colour_at(square, 500, 500)) == ((250, 0, 0), (0, 0, 250))
    await set_photo(slack, written("PNG", half))
    _, bars = await fetched((await profile(slack))["image_1024"])
    assert [colour_at(bars, 10, y) for y in (10, 512, 1010)] == [(255, 255, 255), (250, 0, 0), (255, 255, 255)]


async def test_what_the_app_leaves_behind_is_named_until_it_is_undone(slack: LocalSlack) -> None:
    half = Image.new("RGB", (1024, 600), (250, 0, 0))
    half.paste((0, 0, 250), (512, 0, 1024, 600))
    slack.photos.upload(ANN, written("JPEG", half), "image/jpeg", crop=(200, 0, 600))
    _, face = await fetched((await profile(slack))["image_512"])
    assert slack.left_behind() == []
    await set_photo(slack)
    await own(slack).dnd_setSnooze(num_minutes=5)
    await own(slack).users_setPresence(presence="away")
    assert slack.left_behind() == [(ANN, "snooze"), (ANN, "presence"), (ANN, "photo")]
    await own(slack).dnd_endSnooze()
    await own(slack).users_setPresence(presence="auto")
    await own(slack).users_deletePhoto()
    assert slack.left_behind() == [(ANN, "photo")]  # the default one is not their own
    await set_photo(slack, face, crop_x="0", crop_y="0", crop_w="512")
    assert slack.left_behind() == []
    slack.photos.remove(ANN)
    assert slack.left_behind() == []


async def test_faults_meet_those_who_fetch_pictures(slack: LocalSlack) -> None:
    slack.photos.upload(ANN, RED)
    address = (await profile(slack))["image_original"]
    slack.faults.add(Fault("avatars", status=503))
    slack.faults.add(Fault("avatars", body=b"x" * 10))
    slack.faults.add(Fault("avatars", truncate=True))
    answers = [await fetched(address) for _ in range(4)]
    assert [(status, len(body)) for status, body in answers] == [
        (503, len(RED)), (200, 10), (200, len(RED) // 2), (200, len(RED)),
    ]  # fmt: skip
    slack.faults.add(Fault("avatars", drop=True, times=None))  # aiohttp asks again by itself
    with pytest.raises(ClientError):
        await fetched(address)


async def test_old_address_dies_with_the_picture(slack: LocalSlack) -> None:
    slack.photos.upload(ANN, RED)
    first = await profile(slack)
    assert (await fetched(first["image_original"])) == (200, RED)
    slack.photos.upload(ANN, RED)
    second = await profile(slack)
    assert first["avatar_hash"] != second["avatar_hash"]
    assert [(await fetched(first[f"image_{size}"]))[0] for size in ("1024", "512", "original")] == [404] * 3
    assert (await fetched(second["image_1024"], Authorization="Bearer xoxp-1"))[0] == 200
    assert [(one.status, one.with_token) for one in slack.photos.fetched[-2:]] == [(404, False), (200, True)]


async def test_profile_without_an_own_picture_has_default_ones_that_work(slack: LocalSlack) -> None:
    default = await profile(slack)
    assert not {"image_original", "is_custom_image"} & default.keys()
    status, body = await fetched(default["image_512"])
    assert (status, facts_of(body).width) == (200, 512)
    slack.photos.upload(ANN, RED)
    await own(slack).users_deletePhoto()
    assert await profile(slack) == default
    assert (slack.changes[-1].by, slack.changes[-1].before.by, slack.changes[-1].after) == (APP, PERSON, None)


async def test_new_picture_is_told_as_a_changed_profile(slack: LocalSlack) -> None:
    slack.photos.upload(ANN, BLUE, crop=(0, 0, 512))
    (envelope,) = slack.deliveries.delivered
    assert envelope["event"]["type"] == "user_change"
    assert envelope["event"]["user"]["profile"]["avatar_hash"] == (await profile(slack))["avatar_hash"]
    slack.photos.remove(ANN)
    slack.photos.remove(ANN)
    assert len(slack.deliveries.delivered) == 2


async def test_profile_set_does_not_touch_the_picture(slack: LocalSlack) -> None:
    before = await profile(slack)
    await own(slack).users_profile_set(profile={"image_512": "https://example.com/x.png", "status_text": "A"})
    after = await profile(slack)
    assert {n: v for n, v in before.items() if n.startswith("image_")} == {
        n: v for n, v in after.items() if n.startswith("image_")
    }
