"""`/api/v1/…` and `/openapi.json`: what agents can ask for, over plain HTTP with a key as bearer (contract.md).

What only reads is a GET with a query, what changes something a POST with a JSON object. Answers are JSON and never
cached. Nothing that an agent sends is logged or repeated, its key least of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from handlers.agents.calls import Agents
from handlers.agents.failures import InvalidArgumentsError, failure_of
from handlers.agents.openapi import document
from handlers.agents.operations import API, OPERATIONS, Operation
from handlers.errors import accepted_locale, record, retry_after, route_of, status_of
from handlers.slack.payloads import strict_json
from handlers.web.slack_api import ASKER, slack_arguments, slack_refusal
from services.domain.errors import SlackRateLimitedError, StatusQuoError
from services.domain.request_errors import MethodNotAllowedError, NotJsonError, RequestError, UnknownPathError
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.locale import Localizer

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_SPEAKS = web.RequestKey("speaks", Localizer)
_UNAUTHORIZED, _TOO_MANY = 401, 429
_BY_PATH: Mapping[str, Operation] = {operation.path: operation for operation in OPERATIONS}


@dataclass(frozen=True, slots=True)
class AgentRoutes:
    """The operations over HTTP. `base_url` is PUBLIC_URL."""

    agents: Agents
    base_url: str

    def routes(self) -> list[web.RouteDef]:
        """Return one route for all below `/api/v1/`, so that its errors are of one shape; and what describes them."""

        @cache  # made when it is first asked for: that takes a third as long as all else that a start does
        def described() -> bytes:
            return msgspec.json.encode(document(self.base_url))

        async def describe(_request: web.Request) -> web.Response:
            return _json(described())

        return [web.get("/openapi.json", describe), web.route("*", f"{API}/{{operation:.*}}", self.call)]

    async def call(self, request: web.Request) -> web.Response:
        """Do what is asked for."""
        operation = _BY_PATH.get(request.match_info["operation"])
        if operation is None:
            raise UnknownPathError("no such operation")
        if request.method != operation.method:
            raise MethodNotAllowedError("method", allow=operation.method)
        asker = request.get(ASKER) or await self.agents.by_request(request)
        request[_SPEAKS] = asker.who.l10n
        if operation.of_slack:
            arguments, strict = await slack_arguments(request), request.content_type == "application/json"
        else:
            arguments = _query(request) if operation.hints.read_only else await _body(request)
            strict = not operation.hints.read_only
        answer = await self.agents.call(asker, operation, arguments, strict=strict)
        return _json(msgspec.json.encode(answer))


@web.middleware
async def refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Says why something was not done, in the shape that agents know, also where its body was not even read."""
    if not request.path.startswith(f"{API}/"):
        return await handler(request)
    try:
        return await handler(request)
    except StatusQuoError as error:
        return _refused(request, error)


def _query(request: web.Request) -> dict[str, str]:
    """Return the arguments of a GET. Raises InvalidArgumentsError for one that is there twice."""
    if len(request.query) != len(set(request.query)):
        raise InvalidArgumentsError("An argument is there twice")
    return dict(request.query)


async def _body(request: web.Request) -> dict[str, Any]:
    """Return the arguments of a POST, none where it has no body. Raises RequestError, InvalidArgumentsError."""
    if request.query:
        raise InvalidArgumentsError("The arguments of a change go into the body, none into the address")
    body = await request.read()
    if not body:
        return {}
    if request.content_type != "application/json":
        raise NotJsonError("content type")
    said = await off_loop_if(len(body) >= LARGE, _object, body)
    if not isinstance(said, dict):
        raise InvalidArgumentsError("Expected `object`")
    return said


def _object(body: bytes) -> object:
    try:
        return strict_json(body.decode("utf-8-sig"), _once)
    except UnicodeDecodeError as error:
        raise RequestError("not UTF-8") from error


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, of which each member is there once. Raises InvalidArgumentsError."""
    found = dict(members)
    if len(found) != len(members):
        raise InvalidArgumentsError("An argument is there twice")
    return found


def _refused(request: web.Request, error: StatusQuoError) -> web.Response:
    status, headers = status_of(error), retry_after(error)
    record(error, error, route=route_of(request))
    l10n = request.get(_SPEAKS) or Localizer(accepted_locale(request), "UTC")
    operation = _BY_PATH.get(request.match_info.get("operation", ""))
    said = failure_of(error, l10n)
    if isinstance(error, SlackRateLimitedError):  # of an agent's call nothing is done later: it has to come again
        status = _TOO_MANY
    if operation is not None and operation.of_slack and request.method == operation.method:
        said, status, headers = slack_refusal(error, l10n)
    if isinstance(allow := error.facts.get("allow"), str):
        headers["Allow"] = allow
    if status == _UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"  # and nothing more: with metadata of OAuth, editors ignore their key
    return _json(msgspec.json.encode(said), status, headers)


def _json(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    whole = {**_HEADERS, **(headers or {})}
    return web.Response(body=body, status=status, content_type="application/json", headers=whole)
