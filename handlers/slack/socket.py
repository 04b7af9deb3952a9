"""Socket Mode: Slack's deliveries over WebSockets that we open, for where nothing can be reached from outside.

docs.slack.dev, "Using Socket Mode": apps.connections.open gives an address, `hello` opens, each envelope is
acknowledged by its id within three seconds, `disconnect` tells (about ten seconds ahead) that a connection ends.

Two connections are kept, so that one can be replaced without a gap. A connection on which nothing is heard, not
even the answer to a ping, is taken for dead and replaced. Why not the SDK's client: docs/architecture.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from structlog.contextvars import bind_contextvars
from yarl import URL

from handlers.errors import known, record, sheltered
from handlers.slack.intake import Intake
from services.domain.errors import SlackError, SlackRateLimitedError, SlackUnavailableError
from services.domain.request_errors import RequestError
from services.platform.outbound import reason_of
from services.slack.client import SlackClients

log = structlog.get_logger(__name__)

_LARGEST = 4 * 1024 * 1024
_GOODBYE = 2.0
_OK = 200
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class SocketTimeouts:
    """Seconds of real time.

    ping    between two pings; a connection that does not answer one within half of it is dead
    hello   how long a new connection may take until it is open, and then until it says hello
    linger  how long a connection that is to end is still read, for what is on its way
    retry   the first pause after a failure; each further one doubles it
    longest the longest pause
    drain   how long `stop` waits for what is being worked on
    """

    ping: float = 10.0
    hello: float = 10.0
    linger: float = 15.0
    retry: float = 1.0
    longest: float = 60.0
    drain: float = 5.0


class SocketMode:
    """Keeps connections from `start` to `stop`."""

    def __init__(
        self,
        intake: Intake,
        slack: SlackClients,
        app_token: str,
        *,
        connections: int = 2,
        at_once: int = 100,
        patience: SocketTimeouts | None = None,
    ) -> None:
        """`app_token` is SLACK_APP_TOKEN; at most `at_once` deliveries are worked on at a time."""
        self._intake = intake
        self._slack = slack
        self._token = app_token
        self._connections = connections
        self._patience = patience or SocketTimeouts()
        self._room = asyncio.Semaphore(at_once)
        self._open = 0
        self._stopping = False
        self._keepers: set[asyncio.Task[None]] = set()
        self._working: set[asyncio.Task[None]] = set()
        self._held: set[aiohttp.ClientWebSocketResponse] = set()
        self._session: aiohttp.ClientSession | None = None

    @property
    def connected(self) -> bool:
        """Whether Slack can deliver: at least one connection has said hello and not ended."""
        return self._open > 0

    async def works(self) -> bool:
        """Return the same, as a check of `/readyz`."""
        return self.connected

    async def start(self) -> None:
        """Open the connections, in the background."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._patience.hello),
            connector=aiohttp.TCPConnector(ssl=self._slack.outbound.tls),
        )
        for _ in range(self._connections):
            self._spawn(self._keep(), self._keepers)

    async def stop(self) -> None:
        """Take nothing more, finish and acknowledge what is being worked on, close."""
        self._stopping = True
        if self._working:
            await asyncio.wait(self._working, timeout=self._patience.drain)
        for task in (*self._keepers, *self._working):
            task.cancel()
        await asyncio.gather(*self._keepers, *self._working, return_exceptions=True)
        for connection in self._held:  # one whose reader was cancelled before its first step
            await _close(connection)
        if self._session is not None:
            await self._session.close()

    def _spawn(self, work: Coroutine[Any, Any, None], owned: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        owned.add(task)
        task.add_done_callback(owned.discard)

    async def _keep(self) -> None:
        """Keep one connection open: replace it when it is to end, and try again, ever slower, when it fails."""
        failures = 0
        while not self._stopping:
            ending = asyncio.Event()
            try:
                connection = await self._connect()
            except (SlackError, aiohttp.ClientError, TimeoutError, OSError) as failure:
                failures += 1
                pause = self._pause(failures, failure)
                why = failure.reason if isinstance(failure, SlackError) else reason_of(failure)
                log.warning(
                    "socket_refused", error=type(failure).__name__, reason=why, failures=failures,
                    pause=round(pause, 3),
                )  # fmt: skip
                await asyncio.sleep(pause)
                continue
            failures = 0
            self._held.add(connection)
            reader = asyncio.create_task(self._read(connection, ending))
            self._keepers.add(reader)
            reader.add_done_callback(self._keepers.discard)
            await ending.wait()
            if reader.done():
                await asyncio.sleep(self._patience.retry * random.uniform(0.5, 1))  # noqa: S311 - spreads, hides nothing

    def _pause(self, failures: int, failure: Exception) -> float:
        if isinstance(failure, SlackRateLimitedError) and failure.retry_after:
            return failure.retry_after
        longest: float = min(self._patience.longest, self._patience.retry * 2 ** min(failures - 1, 10))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads reconnects, hides nothing

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        """Return a connection that has said hello. Raises SlackError, aiohttp.ClientError, TimeoutError."""
        if self._session is None:
            raise RuntimeError("not started")
        found = await self._slack.call(self._token, "apps.connections.open")
        address = found.get("url")
        if not isinstance(address, str) or not address.startswith(("wss://", "ws://")):
            raise SlackUnavailableError("no address", method="apps.connections.open")
        async with asyncio.timeout(self._patience.hello):  # a proxy, or a server, may take it and never answer
            connection = await self._session.ws_connect(
                address,
                heartbeat=self._patience.ping,
                max_msg_size=_LARGEST,
                timeout=aiohttp.ClientWSTimeout(ws_close=_GOODBYE),
                **self._slack.outbound.way(URL(address)),
            )
        said: dict[str, Any] = {}
        try:
            async with asyncio.timeout(self._patience.hello):
                said = _message(await connection.receive())
        finally:
            if said.get("type") != "hello":
                await _close(connection)
        if said.get("type") != "hello":
            raise SlackUnavailableError(str(said.get("reason") or "no hello"), method="apps.connections.open")
        return connection

    async def _read(self, connection: aiohttp.ClientWebSocketResponse, ending: asyncio.Event) -> None:
        """Work on what comes until the connection ends; sets `ending` as soon as it is to be replaced."""
        self._open += 1
        log.info("socket_open", open=self._open)
        reason = "closed"
        try:
            async with asyncio.timeout(None) as limit:
                while True:
                    received = await connection.receive()
                    if received.type in _ENDS:
                        reason = type(connection.exception()).__name__ if connection.exception() else reason
                        break
                    message = _message(received)
                    if message.get("type") == "disconnect":
                        reason = str(message.get("reason") or "disconnect")
                        if not ending.is_set():
                            self._open -= 1
                        ending.set()
                        limit.reschedule(asyncio.get_running_loop().time() + self._patience.linger)
                    elif isinstance(message.get("envelope_id"), str) and not self._stopping:
                        await self._room.acquire()
                        self._spawn(self._work(connection, message), self._working)
        except TimeoutError:
            log.info("socket_lingered", reason=reason)
        finally:
            if not ending.is_set():
                self._open -= 1
            ending.set()
            with contextlib.suppress(asyncio.CancelledError):
                await _close(connection)
            self._held.discard(connection)
            log.info("socket_ended", reason=reason, open=self._open)

    async def _work(self, connection: aiohttp.ClientWebSocketResponse, envelope: dict[str, Any]) -> None:
        """Take one envelope and acknowledge it, unless it failed on our side: then Slack sends it again."""
        bind_contextvars(request_id=secrets.token_hex(4))
        try:
            answer = await sheltered(self._answer(envelope), route="socket")
            if answer is not None:
                await connection.send_str(json.dumps(answer))
        except (aiohttp.ClientError, ConnectionError) as failure:  # it is delivered again, and known then
            log.info("socket_not_acknowledged", error=type(failure).__name__)
        finally:
            self._room.release()

    async def _answer(self, envelope: dict[str, Any]) -> dict[str, Any] | None:
        payload = envelope.get("payload")
        acknowledged: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        attempt = envelope.get("retry_attempt")
        headers = {} if attempt is None else {"x-slack-retry-num": str(attempt)}
        try:
            response = await self._intake.take(
                payload if isinstance(payload, dict) else {}, headers, delivery=envelope["envelope_id"]
            )
        except RequestError as failure:
            record(failure, known(failure), route="socket")
            return acknowledged
        if response.status >= _SERVER_ERROR:
            return None
        if response.status == _OK and response.body and envelope.get("accepts_response_payload"):
            is_json = response.first_headers().get("content-type", "").startswith("application/json")
            acknowledged["payload"] = json.loads(response.body) if is_json else {"text": response.body}
        return acknowledged


async def _close(connection: aiohttp.ClientWebSocketResponse) -> None:
    """Say goodbye, and leave no timer behind: at the other side's goodbye aiohttp sets its heartbeat going again."""
    try:
        await connection.close()
    finally:
        connection._cancel_heartbeat()  # noqa: SLF001 - nothing public does


_ENDS = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)


def _message(received: aiohttp.WSMessage) -> dict[str, Any]:
    """Return the JSON object in a message; an empty one where it is none."""
    if received.type is not aiohttp.WSMsgType.TEXT:
        return {}
    try:
        found = json.loads(received.data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
