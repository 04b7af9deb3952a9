"""The HTTP side: the aiohttp application, the server under it, and the addresses for whoever operates it.

Who may come in, how much they may bring, and where it goes. Whether a request comes from Slack is told from its raw
body before anything parses it (Bolt would parse first): `v0=` + hex HMAC-SHA256(signing secret,
`v0:{timestamp}:{raw body}`), no older than five minutes (docs.slack.dev, "Verifying requests from Slack").
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_request import BaseRequest
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bind_contextvars, clear_contextvars

from handlers.errors import Errors, route_of
from handlers.slack.intake import Intake
from handlers.slack.payloads import parse
from services.domain.errors import StatusQuoError
from services.domain.operator_errors import ListenError
from services.domain.request_errors import BodyTooLargeError, RequestError, SignatureError
from services.platform.concurrency import ARRIVING, Bodies
from services.platform.metrics import Metrics
from services.ports import Clock

log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[bool]]
"""Whether one thing is as it has to be. May raise what a database raises, or a StatusQuoError."""

BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 10.0
MOST_OF_A_HEADER = 64 * 1024
"""Bytes of one header: an OCP agent sends its history along (`OCP-Session`), which nobody here reads."""

TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"
SIGNATURE_AGE = 300
"""Seconds that a signature is good for, before and after its time."""

_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
_SERVER_ERROR = 500
_SHUTDOWN_SECONDS = 5.0
_CHECK_SECONDS = 3.0


def application(
    routes: Sequence[web.RouteDef],
    *,
    errors: Errors,
    metrics: Metrics,
    signatures: Signatures | None,
    intake: Intake | None,
    bodies: Bodies | None = None,
    more: Sequence[Middleware] = (),
    large: Mapping[str, LargeBody] = MappingProxyType({}),
) -> web.Application:
    """Return the application with `routes`, and POST /slack/events where there are `signatures` and an `intake`.

    Without them (Socket Mode) nothing arrives over HTTP, and nothing is taken. `bodies` bounds all requests together.
    `more` stand before the body is read; at the paths of `large` more may come.
    """
    middlewares = [measuring(metrics), errors.middleware(), *more, reading(bodies or Bodies(ARRIVING), large)]
    made = web.Application(client_max_size=BODY_LIMIT, middlewares=middlewares)
    made.add_routes(routes)
    if signatures is not None and intake is not None:
        made.router.add_post("/slack/events", taking(signatures, intake))
    return made


def measuring(metrics: Metrics) -> Middleware:
    """Count and time requests by route and status."""

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        status = 500
        clear_contextvars()  # one connection's requests may share a task
        bind_contextvars(request_id=secrets.token_hex(4))
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


@dataclass(frozen=True, slots=True)
class LargeBody:
    """What a path takes that takes more than others: `limit` bytes in `seconds`, of whom `admit` does not refuse."""

    limit: int
    seconds: float
    admit: Callable[[web.Request], Awaitable[None]]


def reading(bodies: Bodies, large: Mapping[str, LargeBody] = MappingProxyType({})) -> Middleware:
    """Read the body whole, within its limit, a time and what all bodies may have, before anything else looks at it.

    Where a large one may come, whoever sends it is admitted first.
    """

    @web.middleware
    async def read(request: web.Request, handler: Handler) -> web.StreamResponse:
        limit, seconds = BODY_LIMIT, BODY_SECONDS
        if (found := large.get(request.path)) is not None and request.method == "POST":
            await found.admit(request)
            limit, seconds = found.limit, found.seconds
        if request.content_length is not None and request.content_length > limit:
            raise BodyTooLargeError("content-length")
        body = bytearray()
        try:
            await _read(request, body, bodies, limit, seconds)
            # What `read()` remembers: aiohttp reads a body whole or in pieces, and only pieces can be counted.
            request._read_bytes = bytes(body)  # noqa: SLF001 - see above
            return await handler(request)
        finally:
            bodies.give(len(body))

    return read


async def _read(request: web.Request, body: bytearray, bodies: Bodies, limit: int, seconds: float) -> None:
    """Add to `body`; what is in it is taken from the room for bodies."""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                bodies.take(len(chunk))
                body += chunk
                if len(body) > limit:
                    raise BodyTooLargeError("body")
    except TimeoutError as error:
        raise RequestError("the body does not come") from error
    except (ConnectionError, web.RequestPayloadError) as error:  # hung up, or not what Content-Encoding says
        raise RequestError("the body cannot be read") from error


class Signatures:
    """Checks signatures with one signing secret."""

    def __init__(self, secret: str, clock: Clock) -> None:
        """`secret` is SLACK_SIGNING_SECRET; `clock` says how old a request is."""
        if not secret:
            raise ValueError("an empty secret signs nothing")
        self._secret = secret.encode()
        self._clock = clock

    def check(self, request: web.Request, body: bytes) -> str:
        """Return the signature of `body`.

        Raises SignatureError unless it was made with our secret in the last five minutes. A header that is missing,
        there twice or malformed is as bad as a wrong one.
        """
        timestamp, given = _only(request, TIMESTAMP), _only(request, SIGNATURE)
        if not _DIGITS.fullmatch(timestamp):
            raise SignatureError("timestamp is no number")
        if abs(self._clock.now().timestamp() - int(timestamp)) > SIGNATURE_AGE:
            raise SignatureError("timestamp is too far from now")
        signed = b"v0:" + timestamp.encode() + b":" + body
        expected = "v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
            raise SignatureError("signature does not match")
        return given


def _only(request: web.Request, name: str) -> str:
    values = request.headers.getall(name, ())
    if len(values) != 1:
        raise SignatureError("header is missing" if not values else "header is there twice", header=name)
    return values[0]


def taking(signatures: Signatures, intake: Intake) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of Slack's route: nothing unsigned is parsed."""

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        signature = signatures.check(request, body)
        answer = await intake.take(parse(request.content_type, body), request.headers, delivery=signature)
        kind = answer.first_headers().get("content-type", "text/plain").partition(";")[0]
        return web.Response(status=answer.status, body=answer.body.encode(), content_type=kind, charset="utf-8")

    return take


async def listen(runner: web.AppRunner, host: str, port: int, *, refused: type[ListenError] = ListenError) -> int:
    """Have a runner that is set up listen. Its port: `port`, or the free one that was chosen for 0.

    Raises `refused`.
    """
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, UnicodeError) as error:
        raise refused(host, port, error) from error
    chosen: int = runner.addresses[0][1]
    return chosen


class QuietHandler(web.RequestHandler):
    """Answers broken requests without repeating them."""

    __slots__ = ()

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer a sentence with an error id; the log gets that and the kind of error. `message` is not to be said."""
        error: StatusQuoError = StatusQuoError() if status >= _SERVER_ERROR else RequestError()
        log.info("request_broken", error=type(exc).__name__, status=status, error_id=error.id)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer is sent already")
        response = web.json_response({"error": error.sentence(), "error_id": error.id}, status=status)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Log what goes wrong, but for the rest of a body that cannot be read, which is no fault of ours."""
        if not isinstance(kwargs.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kwargs)


class QuietServer(web.Server):
    """A server whose connections are handled quietly."""

    def __call__(self) -> web.RequestHandler:
        """Return a handler for a new connection."""
        handler = super().__call__()
        handler.__class__ = QuietHandler  # aiohttp has no other place to choose it
        return handler


class QuietRunner(web.AppRunner):
    """aiohttp's runner of an application, over a quiet server."""

    def __init__(self, application: web.Application) -> None:
        """Without an access log: it would hold whole addresses."""
        super().__init__(
            application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, max_field_size=MOST_OF_A_HEADER
        )

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = QuietServer
        return server


@dataclass(frozen=True, slots=True)
class Operations:
    """`checks` by name ("database", "migrations", "worker"); `measure` brings `metrics` up to date.

    With `apart` the metrics are where the operator alone comes, by METRICS_PORT.
    """

    checks: Mapping[str, Check]
    metrics: Metrics
    measure: Callable[[], Awaitable[None]]
    apart: bool = False

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where everybody comes: all three, without /metrics where they are apart."""
        return [route for route in self.own_routes() if not self.apart or route.path != "/metrics"]

    def own_routes(self) -> list[web.RouteDef]:
        """Return all three, for the operator's own listener."""
        return [
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.measured),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """Alive: the loop turns."""
        return web.json_response({"status": "alive"})

    async def ready(self, _request: web.Request) -> web.Response:
        """200 where every check holds, else 503; each check by its name."""
        names = list(self.checks)
        held = await asyncio.gather(*(self._holds(name) for name in names))
        found = {name: "ok" if good else "failing" for name, good in zip(names, held, strict=True)}
        good = all(held)
        return web.json_response({"status": "ready" if good else "not ready", **found}, status=200 if good else 503)

    async def _holds(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                return await self.checks[name]()
        except (SQLAlchemyError, OSError, TimeoutError, StatusQuoError) as failure:
            log.warning("check_failed", check=name, error=type(failure).__name__)
            return False

    async def measured(self, _request: web.Request) -> web.Response:
        """Prometheus' text."""
        await self.measure()
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
