"""The local Slack's do not disturb, presence and photos keep Slack's own rules."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from aiohttp import ClientError, ClientSession, FormData
from PIL import Image
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulators.faults import Fault
from emulators.slack import LocalSlack
from emulators.slack.pictures import facts_of, plain_png
from emulators.slack.state import APP, PERSON, TIME, RunningSnooze
from tests.emulators.test_slack_local import schema_of
from tests.support.clocks import ManualClock

TEAM, ANN, BEN = "T0DEMO0001", "U0ANN00001", "U0BEN00001"
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


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(clock)
    slack.add_workspace(TEAM)
    slack.add_person(ANN, "ann", tz="Europe/Berlin")
    slack.add_person(BEN, "ben")
    slack.install(TEAM)
    async with slack:
        yield slack


def own(slack: LocalSlack, user: str = ANN) -> AsyncWebClient:
    return AsyncWebClient(token=slack.grant(user).value, base_url=slack.api_url)


def bot(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.install(TEAM).value, base_url=slack.api_url)


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def in_minutes(clock: ManualClock, minutes: int) -> int:
    return int((clock.now() + timedelta(minutes=minutes)).timestamp())


# ── do not disturb ──────────────────────────────────────────────────────────────────────────────────


async def test_snooze_is_set_from_query_form_and_json(slack: LocalSlack, clock: ManualClock) -> None:
    web = own(slack)
    answers = [
        await web.dnd_setSnooze(num_minutes=10),
        await web.api_call("dnd.setSnooze", data={"num_minutes": "20"}),
        await web.api_call("dnd.setSnooze", json={"num_minutes": 30}),
    ]
    assert [answer["snooze_endtime"] for answer in answers] == [in_minutes(clock, m) for m in (10, 20, 30)]
    assert answers[2].data == {
        "ok": True, "snooze_enabled": True, "snooze_endtime": in_minutes(clock, 30), "snooze_remaining": 1800,
        "snooze_is_indefinite": False,
    }  # fmt: skip


async def test_second_snooze_replaces_a_longer_one_of_the_persons_own(slack: LocalSlack, clock: ManualClock) -> None:
    slack.dnd.snooze(ANN, 120)
    await own(slack).dnd_setSnooze(num_minutes=5)
    assert slack.dnd.running(ANN) == RunningSnooze(in_minutes(clock, 5), APP)
    (change,) = slack.trespasses()
    assert (change.what, change.before.end, change.after.end) == (
        "snooze", in_minutes(clock, 120), in_minutes(clock, 5),
    )  # fmt: skip


async def test_app_that_changes_its_own_snooze_is_no_trespass(slack: LocalSlack) -> None:
    await own(slack).dnd_setSnooze(num_minutes=60)
    await own(slack).dnd_setSnooze(num_minutes=90)
    await own(slack).dnd_endSnooze()
    slack.dnd.snooze(ANN, 30)
    assert slack.trespasses() == []
    assert [(one.by, one.whose) for one in slack.changes] == [(APP, ""), (APP, APP), (APP, APP), (PERSON, "")]


async def test_snooze_ends_by_itself_without_an_event(slack: LocalSlack, clock: ManualClock) -> None:
    web = own(slack)
    await web.dnd_setSnooze(num_minutes=10)
    told = len(slack.deliveries.delivered)
    clock.move(minutes=9, seconds=59)
    assert (await web.dnd_info())["snooze_remaining"] == 1
    clock.move(seconds=1)
    body = (await web.dnd_info()).data
    assert body == {
        "ok": True, "dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, "snooze_enabled": False,
        "snooze_is_indefinite": False,
    }  # fmt: skip
    assert (slack.changes[-1].by, slack.changes[-1].after) == (TIME, None)
    assert len(slack.deliveries.delivered) == told
    assert await refused(web.dnd_endSnooze()) == "snooze_not_active"


@pytest.mark.parametrize(
    ("minutes", "error"),
    [("", "missing_duration"), ("0", "snooze_failed"), ("-5", "snooze_failed"), ("1.5", "snooze_failed"),
     ("1441", "too_long")],
)  # fmt: skip
async def test_number_of_minutes_that_slack_does_not_take(slack: LocalSlack, minutes: str, error: str) -> None:
    assert await refused(own(slack).dnd_setSnooze(num_minutes=minutes)) == error
    assert slack.dnd.running(ANN) is None


async def test_ceiling_of_a_workspace_can_be_lower(slack: LocalSlack) -> None:
    slack.workspaces[TEAM].snooze_ceiling = 60
    assert await refused(own(slack).dnd_setSnooze(num_minutes=61)) == "too_long"
    assert (await own(slack).dnd_setSnooze(num_minutes=60))["snooze_enabled"]


async def test_bot_may_read_hours_but_neither_set_nor_see_a_snooze(slack: LocalSlack) -> None:
    slack.dnd.snooze(ANN, 60)
    assert await refused(bot(slack).dnd_setSnooze(num_minutes=5)) == "not_allowed_token_type"
    seen = [await bot(slack).dnd_info(user=ANN), await own(slack, BEN).dnd_info(user=ANN)]
    assert [{name for name in answer.data if name.startswith("snooze")} for answer in seen] == [set(), set()]
    assert (await own(slack).dnd_info(user=ANN))["snooze_enabled"] is True
    assert await refused(own(slack).dnd_info(user="U0NOBODY01")) == "user_not_found"


async def test_nightly_hours_are_no_snooze(slack: LocalSlack, clock: ManualClock) -> None:
    slack.dnd.nightly(ANN, time(22), time(7))
    body = (await own(slack).dnd_info()).data
    berlin = ZoneInfo("Europe/Berlin")
    day = clock.now().astimezone(berlin).date()
    start = datetime.combine(day, time(22), berlin)
    end = datetime.combine(day + timedelta(days=1), time(7), berlin)
    assert (body["dnd_enabled"], body["snooze_enabled"], body["next_dnd_start_ts"], body["next_dnd_end_ts"]) == (
        True, False, int(start.timestamp()), int(end.timestamp()),
    )  # fmt: skip
    assert not slack.dnd.muted(ANN)
    assert await refused(own(slack).dnd_endDnd()) == "not_in_dnd"


async def test_running_hours_are_ended_for_this_night_alone(slack: LocalSlack, clock: ManualClock) -> None:
    now = clock.now().astimezone(ZoneInfo("Europe/Berlin")).time().replace(second=0)
    slack.dnd.nightly(ANN, now, time((now.hour + 1) % 24, now.minute))
    assert slack.dnd.muted(ANN)
    before = (await own(slack).dnd_info())["next_dnd_start_ts"]
    await own(slack).dnd_endDnd()
    assert not slack.dnd.muted(ANN)
    assert (await own(slack).dnd_info())["next_dnd_start_ts"] == before + 86_400


async def test_team_info_shows_hours_of_many_and_nobodys_snooze(slack: LocalSlack) -> None:
    slack.dnd.snooze(ANN, 60)
    slack.dnd.nightly(BEN, time(22), time(7))
    users = (await bot(slack).dnd_teamInfo(users=[ANN, BEN]))["users"]
    hours = {"dnd_enabled", "next_dnd_start_ts", "next_dnd_end_ts"}
    assert [set(users[user]) for user in (ANN, BEN)] == [hours, hours]
    assert (users[ANN]["dnd_enabled"], users[BEN]["dnd_enabled"]) == (False, True)
    assert await refused(bot(slack).dnd_teamInfo(users="")) == "no_users_provided"


async def test_own_snooze_is_told_to_the_app_by_the_persons_grant(slack: LocalSlack, clock: ManualClock) -> None:
    slack.dnd.snooze(BEN, 30)
    assert slack.deliveries.delivered == []  # without a grant nothing is told
    slack.grant(ANN, {"dnd:write"})
    slack.dnd.snooze(ANN, 30)
    assert slack.deliveries.delivered == []  # nor without the scope
    slack.grant(ANN, {"dnd:read"})
    slack.dnd.snooze(ANN, 60)
    slack.dnd.end(ANN)
    first, last = slack.deliveries.delivered
    assert first["authorizations"][0] | {"user_id": ANN, "is_bot": False} == first["authorizations"][0]
    assert first["event"]["user"] == ANN
    assert first["event"]["dnd_status"]["snooze_endtime"] == in_minutes(clock, 60)
    assert (last["event"]["type"], last["event"]["dnd_status"]["snooze_enabled"]) == ("dnd_updated", False)


async def test_twenty_first_snooze_of_a_workspace_in_a_minute_is_limited(slack: LocalSlack, clock: ManualClock) -> None:
    for number in range(20):
        await own(slack, (ANN, BEN)[number % 2]).dnd_setSnooze(num_minutes=30)
    with pytest.raises(SlackApiError) as caught:
        await own(slack).dnd_setSnooze(num_minutes=30)
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "60")
    await own(slack).dnd_info()
    clock.move(minutes=1)
    await own(slack).dnd_setSnooze(num_minutes=30)


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────


async def test_error_after_the_effect_has_had_its_effect(slack: LocalSlack) -> None:
    slack.faults.add(Fault("users.setPresence", error="fatal_error", after=True))
    assert await refused(own(slack).users_setPresence(presence="away")) == "fatal_error"
    assert slack.presence.away_by(ANN) == APP
    assert [call.ok for call in slack.calls.all("users.setPresence")] == [False]


async def test_fault_lets_calls_pass_first(slack: LocalSlack) -> None:
    slack.faults.add(Fault("dnd.setSnooze", error="internal_error", skip=1))
    await own(slack).dnd_setSnooze(num_minutes=5)
    assert await refused(own(slack).dnd_setSnooze(num_minutes=6)) == "internal_error"
    await own(slack).dnd_setSnooze(num_minutes=7)


@pytest.mark.parametrize(
    ("method", "scope"),
    [("dnd.setSnooze", "dnd:write"), ("dnd.info", "dnd:read"), ("users.setPresence", "users:write"),
     ("users.setPhoto", "users.profile:write"), ("emoji.list", "emoji:read")],
)  # fmt: skip
async def test_missing_scope_is_named(slack: LocalSlack, method: str, scope: str) -> None:
    token = slack.grant(BEN, {"users:read"}).value
    with pytest.raises(SlackApiError) as caught:
        await AsyncWebClient(token=token, base_url=slack.api_url).api_call(method)
    assert caught.value.response.data == {
        "ok": False, "error": "missing_scope", "needed": scope, "provided": "users:read",
    }  # fmt: skip


# ── presence ────────────────────────────────────────────────────────────────────────────────────────


async def test_away_stays_until_auto_is_sent(slack: LocalSlack, clock: ManualClock) -> None:
    await own(slack).users_setPresence(presence="away")
    clock.move(hours=100)
    slack.presence.connects(ANN, 0)
    slack.presence.connects(ANN, 2)
    assert (await own(slack).users_getPresence(user=ANN))["manual_away"] is True
    assert (await own(slack, BEN).users_getPresence(user=ANN)).data == {"ok": True, "presence": "away"}
    await own(slack).users_setPresence(presence="auto")
    assert (await own(slack).users_getPresence(user=ANN)).data == {
        "ok": True, "presence": "active", "online": True, "auto_away": False, "manual_away": False,
        "connection_count": 2, "last_activity": int(clock.now().timestamp()),
    }  # fmt: skip


async def test_auto_does_not_make_somebody_active_who_is_idle(slack: LocalSlack) -> None:
    slack.presence.connects(ANN, 1, idle=True)
    await own(slack).users_setPresence(presence="auto")
    body = (await own(slack).users_getPresence(user=ANN)).data
    assert (body["presence"], body["auto_away"], body["manual_away"]) == ("away", True, False)


async def test_presence_of_the_bots_token_is_the_bots(slack: LocalSlack) -> None:
    slack.install(TEAM, {"users:write"})
    await bot(slack).users_setPresence(presence="away")
    assert (slack.presence.of(ANN), slack.presence.of(slack.bot_of(TEAM).user_id)) == ("active", "away")


@pytest.mark.parametrize("presence", ["active", "", "AWAY"])
async def test_presence_that_slack_does_not_know(slack: LocalSlack, presence: str) -> None:
    assert await refused(own(slack).users_setPresence(presence=presence)) == "invalid_presence"


async def test_away_by_hand_that_the_app_takes_off_is_a_trespass(slack: LocalSlack) -> None:
    slack.presence.toggle(ANN, away=True)
    await own(slack).users_setPresence(presence="away")  # nothing changes: it stays the person's
    assert slack.presence.away_by(ANN) == PERSON
    await own(slack).users_setPresence(presence="auto")
    assert [(one.what, one.before, one.after) for one in slack.trespasses()] == [("presence", "away", "auto")]


async def test_person_ends_the_apps_away_by_hand(slack: LocalSlack) -> None:
    await own(slack).users_setPresence(presence="away")
    slack.presence.toggle(ANN, away=False)
    assert (await own(slack).users_getPresence(user=ANN))["manual_away"] is False
    assert slack.trespasses() == []


# ── photos ──────────────────────────────────────────────────────────────────────────────────────────


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
    assert envelope["event"]["type"] == "user_profile_changed"
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
