"""Profile photos at the local Slack: read, fetched without a token, set as Slack wants it, taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from emulators.faults import Fault
from emulators.slack import LocalSlack
from services.domain.errors import (
    BadPictureError,
    PictureMovesError,
    PictureTooLargeError,
    SlackRateLimitedError,
    SlackUnavailableError,
)
from services.platform.addresses import AddressRules
from services.platform.net import GuardedClient
from services.slack.client import SlackClients
from services.slack.photos import GET_PROFILE, ShownPhoto, SlackPhotos, photo_of
from tests.support.clocks import ManualClock
from tests.support.pictures import animated, corners, encoded, opened, quarters

TEAM, ANN = "T0DEMO0001", "U0ANN00001"
FACE = encoded(quarters(800, 800), "JPEG")


class _Side:
    """Slack, and what reads photos from it; `token` is Ann's."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.token = slack.grant(ANN).value
        self.clients = SlackClients(slack.api_url)
        self.guarded = GuardedClient(AddressRules())
        self.trusted = GuardedClient(AddressRules(private=True), body_limit=1_000_000)
        self.photos = SlackPhotos(self.clients, self.guarded, self.trusted, slack.api_url)

    async def close(self) -> None:
        for one in (self.clients, self.guarded, self.trusted):
            await one.close()


@pytest.fixture
async def side(clock: ManualClock) -> AsyncIterator[_Side]:
    slack = LocalSlack(clock)
    slack.add_workspace(TEAM)
    slack.add_person(ANN, "ann")
    slack.install(TEAM)
    async with slack:
        made = _Side(slack)
        yield made
        await made.close()


async def test_photo_is_set_with_its_type_and_its_crop_as_text(side: _Side) -> None:
    for data, kind in ((FACE, "image/jpeg"), (encoded(quarters(600, 600)), "image/png"),
                       (encoded(quarters(512, 512), "GIF"), "image/gif")):  # fmt: skip
        size = {"image/jpeg": 800, "image/png": 600, "image/gif": 512}[kind]
        found = await side.photos.put_on(side.token, data, size)
        picture = side.slack.photos.of(ANN)
        assert picture is not None
        assert (picture.content, picture.content_type, picture.crop) == (data, kind, (0, 0, size))
        assert (await side.photos.read(side.token)).hash == found == picture.hash


async def test_shown_square_is_fetched_without_a_token_and_is_gone_once_it_has_changed(side: _Side) -> None:
    side.slack.photos.upload(ANN, FACE, "image/jpeg")
    shown = await side.photos.read(side.token)
    assert (shown.own, shown.address.endswith("-1024")) == (True, True)
    square = opened(await side.photos.fetch(shown))
    assert (square.size, corners(square)) == ((1024, 1024), ("red", "green", "blue", "yellow"))
    assert [(one.status, one.with_token) for one in side.slack.photos.fetched] == [(200, False)]
    side.slack.photos.upload(ANN, FACE, "image/jpeg")
    with pytest.raises(SlackUnavailableError, match="404"):
        await side.photos.fetch(shown)


async def test_photo_that_is_nobodys_own_is_told_from_one_that_is(side: _Side) -> None:
    before = await side.photos.read(side.token)
    assert not before.own
    assert (await side.photos.fetch(before)).startswith(b"\x89PNG")
    await side.photos.put_on(side.token, FACE, 800)
    assert (await side.photos.read(side.token)).own
    await side.photos.take_off(side.token)
    assert await side.photos.read(side.token) == before


async def test_smaller_square_is_taken_where_there_is_no_large_one(side: _Side) -> None:
    profile = {"avatar_hash": "abcdef012345", "image_512": "https://a.example/512", "image_72": "https://a.example/72"}
    assert photo_of(profile, GET_PROFILE) == ShownPhoto("abcdef012345", False, "https://a.example/512")
    small = photo_of({"avatar_hash": "abcdef012345", "image_72": "https://a.example/72"}, GET_PROFILE)
    assert small.address == ""
    with pytest.raises(BadPictureError):
        await side.photos.fetch(small)


@pytest.mark.parametrize("profile", [None, [], {}, {"avatar_hash": 12}, {"avatar_hash": ""}])
def test_profile_without_a_hash_is_no_answer(profile: Any) -> None:
    with pytest.raises(SlackUnavailableError):
        photo_of(profile, GET_PROFILE)


@pytest.mark.parametrize(
    ("data", "side_length", "error"),
    [
        (b"\xff\xd8\xffnothing", 512, BadPictureError),
        (encoded(quarters(100, 100)), 100, BadPictureError),
        (encoded(quarters(1100, 1100)), 1100, PictureTooLargeError),
        (animated("GIF", 600), 600, PictureMovesError),
    ],
)
async def test_what_slack_refuses_has_its_own_error(
    side: _Side, data: bytes, side_length: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await side.photos.put_on(side.token, data, side_length)
    assert side.slack.photos.of(ANN) is None


async def test_refusals_and_silence_are_what_they_are_for_every_call(side: _Side) -> None:
    side.slack.faults.add(Fault("users.setPhoto", status=429, retry_after=7))
    with pytest.raises(SlackRateLimitedError) as limited:
        await side.photos.put_on(side.token, FACE, 800)
    assert limited.value.retry_after == 7
    side.slack.faults.add(Fault("users.deletePhoto", error="internal_error"))
    with pytest.raises(SlackUnavailableError):
        await side.photos.take_off(side.token)


async def test_square_is_fetched_from_the_public_internet_or_from_where_slack_is_and_nowhere_else(side: _Side) -> None:
    seen: list[str] = []

    async def give(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(body=FACE if request.path != "/large" else bytes(1_000_001))

    elsewhere = web.Application()
    elsewhere.router.add_get("/{path}", give)
    shown = await side.photos.read(side.token)
    async with TestServer(elsewhere, host="127.0.0.1") as server:
        other = replace(shown, address=str(server.make_url("/face")))
        with pytest.raises(SlackUnavailableError):
            await side.photos.fetch(other)  # on loopback, but not where SLACK_API_URL is
        here = SlackPhotos(side.clients, side.guarded, side.trusted, str(server.make_url("/api/")))
        assert await here.fetch(other) == FACE
        with pytest.raises(PictureTooLargeError):
            await here.fetch(replace(shown, address=str(server.make_url("/large"))))
    assert seen == ["/face", "/large"]
    for address in ("http://169.254.169.254/latest", "ftp://a.example/x", "https://", "https://a b/"):
        with pytest.raises((SlackUnavailableError, BadPictureError)):
            await side.photos.fetch(replace(shown, address=address))
