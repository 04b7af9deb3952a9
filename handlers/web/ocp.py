"""What OCP agents call (Open Context Protocol): a registry's entries; and how Slack's methods are sent, and refused.

Each request of such an agent carries `OCP-…` headers, one of them with its whole history: they are let in
(`application.MOST_OF_A_HEADER`), and nobody reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from handlers.agents.calls import Failure, failure_of
from handlers.agents.registry import entry
from handlers.agents.slack_methods import slack_code
from services.domain.errors import InputError, StatusQuoError
from services.domain.profile_fields import NotAStatusError
from services.domain.request_errors import UnknownPathError
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.locale import Localizer

_FORM = "application/x-www-form-urlencoded"
_STATUSES = {"invalid_auth": 401, "no_permission": 403, "ratelimited": 429}
"""HTTP statuses of errors that are not about the method itself; all others come with 200, as Slack's do."""

_A_MINUTE = 60
_MOST_FIELDS = 100


class NotAnObjectError(InputError):
    """Send the arguments as a JSON object."""


@dataclass(frozen=True, slots=True)
class RegistryRoutes:
    """The registry, which needs no key and holds nothing of anybody. `base_url` is PUBLIC_URL."""

    base_url: str

    def routes(self) -> list[web.RouteDef]:
        """One address for each entry."""
        return [web.get("/registry/{name}", self.registered)]

    async def registered(self, request: web.Request) -> web.Response:
        """An entry."""
        found = entry(request.match_info["name"], self.base_url)
        if found is None:
            raise UnknownPathError("no such entry")
        return web.json_response(found)


async def slack_arguments(request: web.Request) -> Mapping[str, Any]:
    """The arguments of one of Slack's methods: in a query, a JSON object or a form, as Slack itself takes them.

    Raises NotAnObjectError, NotAStatusError.
    """
    if request.method == "GET":
        return dict(request.query)
    body = await request.read()
    if request.content_type == _FORM:
        return _form(body)
    found = await off_loop_if(len(body) >= LARGE, _object, body) if body else {}
    if not isinstance(found.get("profile"), dict | str | None):
        raise NotAStatusError("no object")
    return found


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise NotAnObjectError("no form") from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise NotAnObjectError("no JSON object") from error
    return found


def slack_refusal(error: StatusQuoError, l10n: Localizer) -> tuple[Failure, int, dict[str, str]]:
    """What Slack would answer, with a sentence of ours: its name for the error, the HTTP status, headers."""
    said = failure_of(error, l10n)
    said.error = slack_code(error)
    headers = {}
    if said.error == "ratelimited":
        seconds = error.facts.get("retry_after")
        headers["Retry-After"] = str(int(seconds) + 1 if isinstance(seconds, float | int) else _A_MINUTE)
    return said, _STATUSES.get(said.error, 200), headers
