"""The HTTP server under the application: what is not even HTTP gets one sentence too.

aiohttp answers such requests itself, before any middleware, repeats the broken line (a header with a token, an
address with a link's secret) to its sender and writes it into the log with a traceback.
"""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.web_request import BaseRequest

from services.domain.errors import ListenError, RequestError, StatusQuoError

log = structlog.get_logger(__name__)

_SERVER_ERROR = 500
_SHUTDOWN_SECONDS = 5.0


async def listen(runner: web.AppRunner, host: str, port: int) -> int:
    """Have a runner that is set up listen. Its port: `port`, or the free one that was chosen for 0.

    Raises ListenError.
    """
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, UnicodeError) as error:
        raise ListenError(host, port, error) from error
    chosen: int = runner.addresses[0][1]
    return chosen


class QuietHandler(web.RequestHandler):
    """Answers broken requests without repeating them."""

    __slots__ = ()

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """One sentence with an error id; the log gets the id and the kind of error. `message` is what not to say."""
        error: StatusQuoError = StatusQuoError() if status >= _SERVER_ERROR else RequestError()
        log.info("request_broken", error=type(exc).__name__, status=status, error_id=error.id)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer is sent already")
        response = web.json_response({"error": error.sentence(), "error_id": error.id}, status=status)
        response.force_close()
        return response


class QuietServer(web.Server):
    """A server whose connections are handled quietly."""

    def __call__(self) -> web.RequestHandler:
        """A handler for a new connection."""
        handler = super().__call__()
        handler.__class__ = QuietHandler  # aiohttp has no other place to choose it
        return handler


class QuietRunner(web.AppRunner):
    """aiohttp's runner of an application, over a quiet server."""

    def __init__(self, application: web.Application) -> None:
        """Without an access log: it would hold whole addresses."""
        super().__init__(application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = QuietServer
        return server
