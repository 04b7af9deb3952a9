"""A person's profile photo: read, fetched, set and taken away with their own token.

None of the methods has a `user` argument (docs.slack.dev, users.setPhoto, users.deletePhoto): they act on the token's
owner. The picture that a profile shows lives at Slack's own or at a stranger's (Gravatar's) address, which stops
working once the picture has changed; it is fetched like anything else from the network, and no token goes along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from services.domain.errors import (
    BadPictureError,
    CalendarError,
    CalendarTooLargeError,
    PictureTooLargeError,
    SlackUnavailableError,
)
from services.platform.net import GuardedClient
from services.slack.client import SlackClients

GET_PROFILE = "users.profile.get"
SET_PHOTO = "users.setPhoto"
DELETE_PHOTO = "users.deletePhoto"

_FETCH = "photo.fetch"
_SIZES = ("image_1024", "image_512")
_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif"}


@dataclass(frozen=True, slots=True)
class ShownPhoto:
    """What a profile shows: `hash` changes with the picture; `own`: it is not the one that Slack gives to everybody.

    `address` is that of the square that is shown, "" where there is none of a size that Slack takes back; `profile` all
    that Slack gave.
    """

    hash: str
    own: bool
    address: str = field(repr=False)
    profile: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


class SlackPhotos:
    """Reads and changes photos."""

    def __init__(self, clients: SlackClients, guarded: GuardedClient, trusted: GuardedClient, base_url: str) -> None:
        """`guarded` fetches from the public internet, `trusted` from where SLACK_API_URL, `base_url`, itself is."""
        self._clients = clients
        self._guarded = guarded
        self._trusted = trusted
        self._base_url = base_url

    async def read(self, token: str) -> ShownPhoto:
        """Return what the profile of the token's owner shows. Raises SlackError."""
        answer = await self._clients.call(token, GET_PROFILE, plain=True, http_verb="GET")
        return photo_of(answer.get("profile"), GET_PROFILE)

    async def fetch(self, shown: ShownPhoto) -> bytes:
        """Return the square that is shown. Raises BadPictureError, PictureTooLargeError, SlackUnavailableError."""
        if not shown.address:
            raise BadPictureError("no square is shown")
        try:
            here = URL(shown.address).origin() == URL(self._base_url).origin()
        except ValueError:
            raise BadPictureError("no address") from None
        try:
            answer = await (self._trusted if here else self._guarded).request("GET", shown.address)
        except CalendarTooLargeError as error:
            raise PictureTooLargeError(error.reason) from None
        except CalendarError as error:
            raise SlackUnavailableError(error.reason, method=_FETCH) from None
        if answer.status != HTTPStatus.OK:
            raise SlackUnavailableError(f"http_{answer.status}", method=_FETCH)
        return answer.body

    async def put_on(self, token: str, picture: bytes, side: int) -> str:
        """Set the photo of the token's owner, a square of `side` pixels; gives its hash. Raises what `set` does."""
        return (await self.set(token, picture, (0, 0, side))).hash

    async def set(self, token: str, picture: bytes, crop: tuple[int, int, int]) -> ShownPhoto:
        """Set the photo of the token's owner, of which the square at x and y of that width is shown; what is then.

        The part says its type, and numbers are text: slack-sdk sends `application/octet-stream`, and fails on integers.
        Raises SlackError, BadPictureError and the like where Slack refuses the picture.
        """
        kind = next((kind for head, kind in _TYPES.items() if picture.startswith(head)), "")
        form = aiohttp.FormData()
        form.add_field("image", picture, filename=f"photo.{kind.removeprefix('image/')}", content_type=kind)
        for name, value in zip(("crop_x", "crop_y", "crop_w"), crop, strict=True):
            form.add_field(name, str(value))
        answer = await self._clients.call(token, SET_PHOTO, plain=True, form=form)
        return photo_of(answer.get("profile"), SET_PHOTO)

    async def take_off(self, token: str) -> None:
        """Take the photo of the token's owner away: Slack's own for everybody shows again. Raises SlackError."""
        await self._clients.call(token, DELETE_PHOTO, plain=True)


def photo_of(profile: Any, method: str) -> ShownPhoto:
    """Return the photo of a profile object. Raises SlackUnavailableError for one that makes no sense.

    `avatar_hash` has 12 hexadecimal digits, the beginning of the file's name in its address. `image_original` and
    `is_custom_image` are of those who have a picture of their own (docs.slack.dev, "User presence and status").
    """
    if not isinstance(profile, Mapping):
        raise SlackUnavailableError("no_profile", method=method)
    found = profile.get("avatar_hash")
    if not isinstance(found, str) or not found:
        raise SlackUnavailableError("no_avatar_hash", method=method)
    addresses = (profile.get(size) for size in _SIZES)
    address = next((one for one in addresses if isinstance(one, str) and one.startswith(("https://", "http://"))), "")
    own = bool(profile.get("image_original") or profile.get("is_custom_image"))
    return ShownPhoto(found, own, address, profile)
