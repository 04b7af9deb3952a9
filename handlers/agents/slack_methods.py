"""Slack's own methods, as far as an agent may call them: on the profile of the person whose key it has, and no other.

Parameters and answers are the published ones (docs.slack.dev, users.profile.set, users.profile.get, users.info), as an
agent that was taught Slack's API sends and expects them; so are the names of errors.
"""

from __future__ import annotations

import asyncio
import binascii
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from handlers.agents.asker import Asker
from handlers.agents.slack_shapes import PhotoProfile, SlackProfile, SlackUser, photo_of, profile_of, user_of
from handlers.slack.context import Services
from services.domain.errors import (
    CropOutsideError,
    InputError,
)
from services.domain.profile_fields import EMOJI, TEXT, NotAStatusError

Scalar = str | int | float | bool | None
"""What a field of a profile, and any other argument, can be."""

_LONGEST_ID, _LONGEST_TOKEN, _LONGEST_NUMBER, _MOST_DIGITS = 64, 1024, 32, 5
_PIECE = 256 * 1024  # characters; a multiple of four
_DATA = re.compile(r"data:image/(?:png|jpe?g|gif);base64,", re.IGNORECASE)

_Text = Annotated[str, Meta(max_length=_LONGEST_TOKEN)]
_Token = Annotated[_Text | None, Meta(description="Not needed, and ignored: who asks is told by the key.")]
_User = Annotated[
    Annotated[str, Meta(max_length=_LONGEST_ID)] | None,
    Meta(description="Your own user id, or nothing: nobody else's profile can be reached."),
]


class SomebodyElsesProfileError(InputError):
    """An agent changes the profile of the person whose key it has, and nobody else's."""


class UserNotFoundError(InputError):
    """An agent reads the profile of the person whose key it has, and nobody else's."""


class NotAPictureError(InputError):
    """Send `image` as base64 or as a `data:` address of a PNG, JPEG or GIF, or as a part of a form. I fetch nothing."""


class ProfileTwiceError(InputError):
    """Send either `profile`, or `name` and `value`."""


class SetProfile(msgspec.Struct, forbid_unknown_fields=True):
    """What users.profile.set takes."""

    profile: Annotated[
        dict[str, Any] | str | None,
        Meta(
            description="An object, or the text of one in JSON, with `status_text`, `status_emoji` and "
            "`status_expiration` (seconds since 1970, 0 for no end); what is left out stays as it is."
        ),
    ] = None
    name: Annotated[_Text | None, Meta(description="One of those three fields, in the place of `profile`.")] = None
    value: Annotated[_Text | int | None, Meta(description="What that field is set to.")] = None
    user: _User = None
    token: _Token = None


class GetProfile(msgspec.Struct, forbid_unknown_fields=True):
    """What users.profile.get takes."""

    user: _User = None
    include_labels: Annotated[bool | _Text | None, Meta(description="Ignored.")] = None
    token: _Token = None


class GetUser(msgspec.Struct, forbid_unknown_fields=True):
    """What users.info takes."""

    user: _User = None
    include_locale: Annotated[bool | _Text | None, Meta(description="Whether to tell the language too.")] = None
    token: _Token = None


_Pixels = Annotated[str, Meta(max_length=_LONGEST_NUMBER)] | int | None


class SetPhoto(msgspec.Struct, forbid_unknown_fields=True):
    """What users.setPhoto takes. `image` is a text, or the bytes of a form's part."""

    image: Annotated[
        Any,
        Meta(
            description="A PNG, JPEG or GIF that stands still: base64, or a `data:` URL; never an address or a path.",
            extra_json_schema={"type": "string"},
        ),
    ] = None
    crop_x: Annotated[_Pixels, Meta(description="Left edge of the square that shows, in pixels of the picture.")] = None
    crop_y: Annotated[_Pixels, Meta(description="Its upper edge.")] = None
    crop_w: Annotated[_Pixels, Meta(description="Its width and height.")] = None
    user: _User = None
    token: _Token = None


class PhotoSet(msgspec.Struct, kw_only=True):
    """What users.setPhoto answers."""

    ok: bool = True
    profile: PhotoProfile


class ProfileSet(msgspec.Struct, kw_only=True):
    """What users.profile.set answers."""

    ok: bool = True
    username: str
    profile: SlackProfile


class ProfileShown(msgspec.Struct, kw_only=True):
    """What users.profile.get answers."""

    ok: bool = True
    profile: SlackProfile


class UserShown(msgspec.Struct, kw_only=True):
    """What users.info answers."""

    ok: bool = True
    user: SlackUser


async def set_profile(services: Services, asker: Asker, asked: SetProfile) -> ProfileSet:
    """users.profile.set: an override of the person's own, answered once it is written."""
    if asked.user and asked.user != asker.key.user_id:
        raise SomebodyElsesProfileError("another user")
    found = await services.profile.set(asker.key, _profile(asked), asker.request)
    return ProfileSet(username=found.username, profile=profile_of(found.profile))


async def get_profile(services: Services, asker: Asker, asked: GetProfile) -> ProfileShown:
    """users.profile.get."""
    _require_own(asker, asked.user)
    return ProfileShown(profile=profile_of((await services.profile.reading.get(asker.key)).profile))


async def get_user(services: Services, asker: Asker, asked: GetUser) -> UserShown:
    """users.info."""
    _require_own(asker, asked.user)
    locale = asked.include_locale is True or str(asked.include_locale).lower() in {"true", "1"}
    return UserShown(user=user_of(await services.profile.reading.info(asker.key, locale=locale)))


async def set_photo(services: Services, asker: Asker, asked: SetPhoto) -> PhotoSet:
    """users.setPhoto: put on by the sender, and the person's own from then on; answered once it is."""
    if asked.user and asked.user != asker.key.user_id:
        raise SomebodyElsesProfileError("another user")
    given = [_pixels(one) for one in (asked.crop_x, asked.crop_y, asked.crop_w)]
    if given[2] is None and given != [None, None, None]:
        raise CropOutsideError("no width")
    crop = "" if given[2] is None else ",".join(str(one or 0) for one in given)
    image = asked.image if isinstance(asked.image, bytes) else await _decoded(asked.image)
    return PhotoSet(profile=photo_of(await services.photos.set(asker.key, image, crop, asker.request)))


def _pixels(value: str | int | None) -> int | None:
    """Pixels in a text or a number. Raises CropOutsideError."""
    if value is None or value == "":
        return None
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise CropOutsideError("no pixels")
    return int(text)


async def _decoded(image: object) -> bytes:
    """Decode base64, or a `data:` URL of it; piece by piece, so that nobody waits for a large one.

    Raises NotAPictureError.
    """
    if not isinstance(image, str) or not image or not image.isascii():
        raise NotAPictureError("no text")
    found = _DATA.match(image)
    text = "".join(image[found.end() if found else 0 :].split())
    parts = []
    try:
        for at in range(0, len(text), _PIECE):
            parts.append(binascii.a2b_base64(text[at : at + _PIECE], strict_mode=True))
            await asyncio.sleep(0)
    except binascii.Error as error:
        raise NotAPictureError("no base64") from error
    return b"".join(parts)


def _require_own(asker: Asker, user: str | None) -> None:
    if user and user != asker.key.user_id:
        raise UserNotFoundError("another user")


def _profile(asked: SetProfile) -> dict[str, Any]:
    """Return the fields that are to be set. Raises NotAStatusError, ProfileTwiceError."""
    if asked.profile is None:
        if asked.name is None:
            raise NotAStatusError("no profile")
        value: Any = asked.value
        if asked.name in {TEXT, EMOJI} and isinstance(value, int):
            value = str(value)
        return {asked.name: value}
    if asked.name is not None or asked.value is not None:
        raise ProfileTwiceError("both")
    if isinstance(asked.profile, dict):
        return asked.profile
    try:
        found: dict[str, Any] = msgspec.json.decode(asked.profile, type=dict[str, Scalar])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise NotAStatusError("no JSON object") from error
    return found
