"""The aiohttp application: who may come in, how much they may bring, and where it goes.

The signature is checked here, on the raw body, before anything parses it: Bolt would parse first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from slack_bolt.response import BoltResponse

from handlers.errors import Errors, route_of
from handlers.slack.intake import SIGNATURE, Intake, Signatures
from handlers.slack.payloads import parse
from services.domain.errors import BodyTooLargeError, RequestError, SignatureError, UnknownPathError
from services.platform.concurrency import ARRIVING, Bodies
from services.platform.metrics import Metrics

BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 10.0
EVENTS = "/slack/events"


def application(
    routes: Sequence[web.RouteDef],
    *,
    errors: Errors,
    metrics: Metrics,
    signatures: Signatures | None,
    intake: Intake | None,
    bodies: Bodies | None = None,
) -> web.Application:
    """The application with `routes`, and POST /slack/events where there are `signatures` and an `intake`.

    Without them (Socket Mode) nothing arrives over HTTP, and nothing is taken. `bodies` bounds all requests together.
    """
    application_ = web.Application(
        client_max_size=BODY_LIMIT,
        middlewares=[
            measuring(metrics),
            errors.middleware(),
            reading(bodies or Bodies(ARRIVING)),
            verifying(signatures),
        ],
    )
    application_.add_routes(routes)
    if intake is not None:
        application_.router.add_post(EVENTS, taking(intake))
    return application_


def measuring(metrics: Metrics) -> Middleware:
    """Counts and times requests by route and status."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as answer:
            status = answer.status
            raise
        finally:
            metrics.requests.labels(route_of(request), str(status)).observe(time.perf_counter() - started)
        return response

    return measure


def reading(bodies: Bodies) -> Middleware:
    """Reads the body whole, within its limit, a time and what all bodies may have, before anything else looks at it."""

    @web.middleware
    async def read(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.content_length is not None and request.content_length > BODY_LIMIT:
            raise BodyTooLargeError("content-length")
        body = bytearray()
        try:
            await _read(request, body, bodies)
            # What `read()` remembers: aiohttp reads a body whole or in pieces, and only pieces can be counted.
            request._read_bytes = bytes(body)  # noqa: SLF001 - see above
            return await handler(request)
        finally:
            bodies.give(len(body))

    return read


async def _read(request: web.Request, body: bytearray, bodies: Bodies) -> None:
    """Add to `body`; what is in it is taken from the room for bodies."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                bodies.take(len(chunk))
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise BodyTooLargeError("body")
    except TimeoutError as error:
        raise RequestError("the body does not come") from error


def verifying(signatures: Signatures | None) -> Middleware:
    """Lets nothing unsigned through to Slack's route."""

    @web.middleware
    async def verify(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == EVENTS and request.method == "POST":
            if signatures is None:
                raise UnknownPathError("nothing is taken over HTTP")
            signatures.check(request.headers, await request.read())
            request[_VERIFIED] = True
        return await handler(request)

    return verify


def taking(intake: Intake) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of Slack's route."""

    async def take(request: web.Request) -> web.Response:
        if not request.get(_VERIFIED):
            raise SignatureError("reached without a signature")
        payload = parse(request.content_type, await request.read())
        return answer_of(await intake.take(payload, request.headers, delivery=request.headers[SIGNATURE]))

    return take


def answer_of(response: BoltResponse) -> web.Response:
    """Bolt's response as aiohttp's."""
    kind = response.first_headers().get("content-type", "text/plain").partition(";")[0]
    return web.Response(status=response.status, body=response.body.encode(), content_type=kind, charset="utf-8")


_VERIFIED = web.RequestKey("verified", bool)
