"""How Slack's own methods are sent to us over HTTP, as Slack itself takes them, and how they are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from handlers.agents.asker import Asker
from handlers.agents.calls import Agents
from handlers.agents.failures import Failure, failure_of, slack_code
from handlers.agents.operations import API, BY_NAME
from handlers.agents.slack_methods import Scalar
from handlers.errors import retry_after
from handlers.web.application import LargeBody
from services.domain.agents import May
from services.domain.errors import InputError, StatusQuoError
from services.domain.profile_fields import NotAStatusError
from services.domain.request_errors import ReadOnlyKeyError
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.locale import Localizer

_SET_PHOTO = BY_NAME["usersSetPhoto"]
MOST_OF_A_PHOTO = 12 * 1024 * 1024
"""Bytes of a request with a photo: of the 8 MiB that one may have, base64 makes a third more."""

_PHOTO_SECONDS = 30.0
_MOST_OF_A_PROFILE = 64 * 1024
"""Bytes: fifty fields with their longest names are less than a fifth of it."""

PHOTOS = f"{API}/{_SET_PHOTO.path}"
ASKER = web.RequestKey("asker", Asker)
"""Who sends a request, where that was known before its body was read."""

_FORM, _PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
_LONGEST_BOUNDARY, _LONGEST_HEAD = 70, 4096
_NAME = re.compile(rb'^content-disposition:[^\r\n]*?[;\s]name="([^"\r\n]{1,64})"', re.IGNORECASE | re.MULTILINE)
_STATUSES = {"invalid_auth": 401, "no_permission": 403, "ratelimited": 429}
"""HTTP statuses of errors that are not about the method itself; all others come with 200, as Slack's do."""

_A_MINUTE = {"Retry-After": "60"}
_MOST_FIELDS = 100


class NotAnObjectError(InputError):
    """Send the arguments as a JSON object."""


@dataclass(frozen=True, slots=True)
class Photos:
    """Who may send a photo is known before it is read."""

    agents: Agents

    def large(self) -> dict[str, LargeBody]:
        """Return what is taken where photos come."""
        return {PHOTOS: LargeBody(MOST_OF_A_PHOTO, _PHOTO_SECONDS, self.admit)}

    async def admit(self, request: web.Request) -> None:
        """Let in whoever has a key that may write. Raises WrongKeyError, ReadOnlyKeyError, AgentsNotAllowedError."""
        asker = await self.agents.by_request(request)
        if asker.caller.may is not May.WRITE:
            raise ReadOnlyKeyError("read-only key", operation=_SET_PHOTO.name)
        request[ASKER] = asker


async def slack_arguments(request: web.Request) -> Mapping[str, Any]:
    """Return the arguments of one of Slack's methods: in a query, a JSON object or a form, as Slack itself takes them.

    Raises NotAnObjectError, NotAStatusError.
    """
    if request.method == "GET":
        return dict(request.query)
    body = await request.read()
    if request.content_type == _PARTS:
        return await off_loop_if(len(body) >= LARGE, parts_of, body, request.headers.get("Content-Type", ""))
    if request.content_type == _FORM:
        return _form(body)
    kind = _PhotoBody if request.path == PHOTOS else _SetBody
    return await off_loop_if(len(body) >= LARGE, _object, body, kind) if body else {}


def _form(body: bytes) -> dict[str, str]:
    if len(body) > _MOST_OF_A_PROFILE:  # a photo comes as a part
        raise NotAnObjectError("too long a form")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise NotAnObjectError("no form") from error


def parts_of(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the parts of a form by name (RFC 7578), `image` as bytes, others as texts. Raises NotAnObjectError."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = str(header.get_param("boundary") or "")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
        raise NotAnObjectError("no boundary")
    _, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode(), _MOST_FIELDS)
    found: dict[str, Any] = {}
    for piece in pieces:
        if piece.startswith(b"--"):
            return found
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head[:_LONGEST_HEAD])
        if not blank or name is None:
            raise NotAnObjectError("no name")
        try:
            found[name[1].decode()] = content if name[1] == b"image" else content.decode()
        except UnicodeDecodeError as error:
            raise NotAnObjectError("no text") from error
    raise NotAnObjectError("no end")


class _SetBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What users.profile.set may be sent."""

    profile: dict[str, Scalar] | Scalar = None
    name: Scalar = None
    value: Scalar = None
    user: Scalar = None
    token: Scalar = None


class _PhotoBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What users.setPhoto may be sent."""

    image: Scalar = None
    crop_x: Scalar = None
    crop_y: Scalar = None
    crop_w: Scalar = None
    user: Scalar = None
    token: Scalar = None


def _object(body: bytes, kind: type[_SetBody | _PhotoBody]) -> dict[str, Any]:
    """Return the members of a JSON object, as far as they are those of `kind`: texts, numbers, and a profile of such.

    Nothing else is made of a body: millions of empty lists fit into one. Raises NotAnObjectError, NotAStatusError.
    """
    if kind is _SetBody and len(body) > _MOST_OF_A_PROFILE:
        raise NotAStatusError("too long")
    try:
        found: dict[str, Any] = msgspec.to_builtins(msgspec.json.decode(body, type=kind))
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        if "$.profile" in str(error):
            raise NotAStatusError("no object of texts and numbers") from error
        raise NotAnObjectError("no JSON object of texts and numbers") from error
    if not isinstance(found.get("profile"), dict | str | None):
        raise NotAStatusError("no object")
    return found


def slack_refusal(error: StatusQuoError, l10n: Localizer) -> tuple[Failure, int, dict[str, str]]:
    """Return what Slack would answer, with a sentence of ours: its name for the error, the HTTP status, headers."""
    said = failure_of(error, l10n)
    said.error = slack_code(error)
    headers = (retry_after(error) or _A_MINUTE) if said.error == "ratelimited" else {}
    return said, _STATUSES.get(said.error, 200), dict(headers)
