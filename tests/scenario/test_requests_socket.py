"""Socket Mode against a WebSocket server on loopback that delivers, goes silent, says goodbye, and refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer
from slack_bolt.response import BoltResponse

from handlers.slack.intake import Intake
from handlers.slack.mentions import Mentions
from handlers.slack.socket import SocketMode, SocketTimeouts
from services.domain.request_errors import RequestError
from services.platform import settings
from services.platform.metrics import Metrics
from services.platform.outbound import Outbound
from services.slack.client import SlackClients
from tests.support.connect_proxy import ConnectProxy
from tests.support.engine import until
from tests.support.feeds import Feeds

QUICK = SocketTimeouts(linger=0.3, retry=0.02, longest=0.1, drain=2.0)
PINGING = replace(QUICK, ping=0.6)
"""Time enough for a busy machine to answer a ping in: half of it."""
NO_HELLO = replace(QUICK, hello=0.1)
"""For who says none, however long one waits."""


@dataclass
class Server:
    """Slack's side. `answers`: how apps.connections.open answers next, "ok" when that is empty."""

    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    acks: list[dict[str, Any]] = field(default_factory=list)
    opened: int = 0
    pings: int = 0
    asked: int = 0
    tokens: set[str] = field(default_factory=set)
    answers: list[dict[str, Any] | int] = field(default_factory=list)
    mute: bool = False  # the next connections say no hello
    deaf: bool = False  # the next connections answer no ping
    url: str = ""

    async def open(self, request: web.Request) -> web.Response:
        self.asked += 1
        self.tokens.add(request.headers.get("Authorization", ""))
        found = self.answers.pop(0) if self.answers else {"ok": True, "url": self.url.replace("http", "ws") + "/link"}
        return web.Response(status=found) if isinstance(found, int) else web.json_response(found)

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        deaf = self.deaf
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.opened += 1
        if not self.mute:
            await socket.send_json({"type": "hello", "num_connections": 1})
            self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.acks.append(json.loads(message.data))
            elif message.type is WSMsgType.PING and not deaf:
                await socket.pong(message.data)
                self.pings += 1
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    async def deliver(self, envelope_id: str, payload: dict[str, Any], **more: Any) -> None:
        await self.sockets[0].send_json({"type": "events_api", "envelope_id": envelope_id, "payload": payload, **more})


@dataclass
class Taker:
    """An intake that answers as it is told."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    response: BoltResponse = field(default_factory=lambda: BoltResponse(status=200, body=""))
    fails: Exception | None = None
    gate: asyncio.Event | None = None

    async def take(self, payload: dict[str, Any], headers: Any = None, *, delivery: str = "") -> BoltResponse:
        self.taken.append(payload)
        self.headers.append(dict(headers or {}))
        if self.gate is not None:
            await self.gate.wait()
        if self.fails is not None:
            raise self.fails
        return self.response


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    application = web.Application()
    application.router.add_post("/api/apps.connections.open", found.open)
    application.router.add_get("/link", found.link)
    async with TestServer(application, host="127.0.0.1") as listening:
        found.url = str(listening.make_url("")).rstrip("/")
        yield found


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def patience() -> SocketTimeouts:
    return QUICK


@pytest.fixture
async def mode(server: Server, taker: Taker, patience: SocketTimeouts) -> AsyncIterator[SocketMode]:
    """Two connections, not started yet."""
    clients = SlackClients(server.url + "/api/")
    found = SocketMode(taker, clients, "xapp-sample", patience=patience)
    yield found
    await found.stop()
    await clients.close()


async def test_two_connections_are_opened_with_the_app_token(server: Server, mode: SocketMode) -> None:
    assert not mode.connected
    await mode.start()
    await until(lambda: len(server.sockets) == 2)
    await until(lambda: mode.connected)
    assert server.tokens == {"Bearer xapp-sample"}


async def test_connections_go_through_the_proxy(server: Server, taker: Taker, tmp_path: Path) -> None:
    async with ConnectProxy(tmp_path, "slack.test") as proxy:
        proxy.sites["slack.test:443"], server.url = server.url, "https://slack.test"
        outbound = Outbound.of(settings.load(proxy.settings(), dotenv=None))
        clients = SlackClients("https://slack.test/api/", outbound=outbound)
        mode = SocketMode(taker, clients, "xapp-sample", patience=QUICK)
        await mode.start()
        await until(lambda: len(server.sockets) == 2)
        await server.deliver("e1", {"type": "event_callback"})
        await until(lambda: server.acks == [{"envelope_id": "e1"}])
        await mode.stop()
        await clients.close()
        assert set(proxy.asked) == {"slack.test:443"}


async def test_server_that_takes_a_connection_and_never_answers_is_asked_again(
    server: Server, taker: Taker, tmp_path: Path
) -> None:
    async with ConnectProxy(tmp_path, "slack.test", "wss.test") as proxy, Feeds() as silent:
        silent["x"].falls_silent()
        proxy.sites |= {"slack.test:443": server.url, "wss.test:443": silent.url}
        server.answers = [{"ok": True, "url": f"wss://wss.test{urlsplit(silent.address('x')).path}"}] * 2
        server.url = "https://slack.test"
        outbound = Outbound.of(settings.load(proxy.settings(), dotenv=None))
        clients = SlackClients("https://slack.test/api/", outbound=outbound)
        mode = SocketMode(taker, clients, "xapp-sample", patience=NO_HELLO)
        await mode.start()
        await until(lambda: silent["x"].hits == 2)
        await until(lambda: len(server.sockets) == 2)
        silent["x"].speaks()
        await mode.stop()
        await clients.close()


async def test_envelope_is_taken_and_acknowledged_by_its_id(server: Server, mode: SocketMode, taker: Taker) -> None:
    await mode.start()
    await until(lambda: bool(server.sockets))
    await server.deliver("e1", {"type": "event_callback"}, retry_attempt=1, retry_reason="timeout")
    await until(lambda: bool(server.acks))
    assert taker.taken == [{"type": "event_callback"}]
    assert taker.headers == [{"x-slack-retry-num": "1"}]
    assert server.acks == [{"envelope_id": "e1"}]


async def test_message_in_a_channel_is_acknowledged_before_bolt_and_the_database(server: Server) -> None:
    nothing: Any = None  # whoever asks one of these fails
    intake = Intake(
        nothing, nothing, nothing, nothing, Mentions(None), errors=nothing, clock=nothing, metrics=Metrics()
    )
    clients = SlackClients(server.url + "/api/")
    mode = SocketMode(intake, clients, "xapp-sample", patience=QUICK)
    await mode.start()
    await until(lambda: server.sockets)
    event = {"type": "message", "channel_type": "channel", "channel": "C1", "user": "U1", "text": "<@U2>", "ts": "1.2"}
    await server.deliver("e-1", {"type": "event_callback", "team_id": "T1", "event": event})
    await until(lambda: server.acks == [{"envelope_id": "e-1"}])
    await mode.stop()
    await clients.close()


@pytest.mark.parametrize(
    ("body", "accepts", "acknowledged"),
    [
        ({"response_action": "clear"}, True, {"envelope_id": "e1", "payload": {"response_action": "clear"}}),
        ("Paused.", True, {"envelope_id": "e1", "payload": {"text": "Paused."}}),
        ("Paused.", False, {"envelope_id": "e1"}),
    ],
)
async def test_answer_travels_in_the_acknowledgement_where_it_may(
    server: Server, mode: SocketMode, taker: Taker, *, body: Any, accepts: bool, acknowledged: dict[str, Any]
) -> None:
    taker.response = BoltResponse(status=200, body=body)
    await mode.start()
    await until(lambda: bool(server.sockets))
    await server.deliver("e1", {"command": "/quo"}, accepts_response_payload=accepts)
    await until(lambda: bool(server.acks))
    assert server.acks == [acknowledged]


async def test_envelope_that_failed_on_our_side_is_left_for_slack_to_send_again(
    server: Server, mode: SocketMode, taker: Taker
) -> None:
    await mode.start()
    await until(lambda: bool(server.sockets))
    taker.response = BoltResponse(status=500, body="")
    await server.deliver("e1", {"type": "event_callback"})
    await until(lambda: len(taker.taken) == 1)
    taker.fails = OSError("the database is away")
    await server.deliver("e2", {"type": "event_callback"})
    await until(lambda: len(taker.taken) == 2)
    taker.fails = RequestError("nonsense")
    await server.deliver("e3", {"type": "nonsense"})
    await until(lambda: bool(server.acks))
    assert server.acks == [{"envelope_id": "e3"}]


@pytest.mark.parametrize("patience", [replace(QUICK, linger=3600)])
async def test_connection_that_is_to_end_is_replaced_at_once_and_read_to_its_end(
    server: Server, mode: SocketMode
) -> None:
    await mode.start()
    await until(lambda: len(server.sockets) == 2)
    old = server.sockets[0]
    await old.send_json({"type": "disconnect", "reason": "warning"})
    await until(lambda: server.opened == 3)
    await old.send_json({"type": "events_api", "envelope_id": "late", "payload": {"type": "event_callback"}})
    await until(lambda: bool(server.acks))
    assert server.acks == [{"envelope_id": "late"}]
    await old.close()
    await until(lambda: len(server.sockets) == 2)
    assert mode.connected


async def test_connection_that_was_to_end_and_does_not_is_closed(server: Server, mode: SocketMode) -> None:
    await mode.start()
    await until(lambda: len(server.sockets) == 2)
    old = server.sockets[0]
    await old.send_json({"type": "disconnect", "reason": "warning"})
    await until(lambda: old.closed)
    await until(lambda: len(server.sockets) == 2)
    assert mode.connected


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled", "too_many_websockets"])
async def test_disconnect_for_any_reason_leads_to_new_connections(
    server: Server, mode: SocketMode, reason: str
) -> None:
    await mode.start()
    await until(lambda: len(server.sockets) == 2)
    for socket in list(server.sockets):
        await socket.send_json({"type": "disconnect", "reason": reason})
        await socket.close()
    await until(lambda: server.opened == 4 and len(server.sockets) == 2)
    await server.deliver("e1", {"type": "event_callback"})
    await until(lambda: server.acks == [{"envelope_id": "e1"}])


@pytest.mark.parametrize("patience", [PINGING])
async def test_connection_that_goes_silent_is_replaced(server: Server, mode: SocketMode) -> None:
    server.deaf = True
    await mode.start()
    await until(lambda: server.opened == 2)
    server.deaf = False
    await until(lambda: server.opened == 4)
    await until(lambda: mode.connected)
    pings = server.pings
    await until(lambda: server.pings >= pings + 4)  # two of each
    assert server.opened == 4  # those that answer pings stay


async def test_connection_that_breaks_off_is_replaced(server: Server, mode: SocketMode) -> None:
    await mode.start()
    await until(lambda: len(server.sockets) == 2)
    for socket in list(server.sockets):
        transport = socket._req.transport  # type: ignore[union-attr]  # there is one while it is open
        assert transport is not None
        transport.abort()
    await until(lambda: server.opened == 4)


async def test_connection_without_a_hello_is_given_up(server: Server, mode: SocketMode) -> None:
    mode._patience = NO_HELLO
    server.mute = True
    await mode.start()
    await until(lambda: server.opened == 2)
    assert not mode.connected
    mode._patience, server.mute = QUICK, False
    await until(lambda: mode.connected)


async def test_refusals_are_tried_again_until_slack_relents(server: Server, mode: SocketMode) -> None:
    server.answers = [
        {"ok": False, "error": "invalid_auth"}, {"ok": False, "error": "internal_error"}, 503, {"ok": True},
        {"ok": True, "url": "http://127.0.0.1:1/"}, {"ok": True, "url": "ws://127.0.0.1:1/"},
    ]  # fmt: skip
    await mode.start()
    await until(lambda: len(server.sockets) == 2)
    assert server.asked == 8


async def test_garbage_between_envelopes_does_no_harm(server: Server, mode: SocketMode, taker: Taker) -> None:
    await mode.start()
    await until(lambda: bool(server.sockets))
    for garbage in ("", "null", "[]", "{", '{"type":"unknown"}', '{"envelope_id": 5}', "[" * 50_000):
        await server.sockets[0].send_str(garbage)
    await server.sockets[0].send_bytes(b"\x00\xff")
    await server.deliver("e1", {"type": "event_callback"})
    await until(lambda: bool(server.acks))
    assert (server.acks, len(taker.taken), server.opened) == ([{"envelope_id": "e1"}], 1, 2)


@pytest.mark.parametrize("patience", [PINGING])
async def test_stop_finishes_what_is_being_worked_on(server: Server, mode: SocketMode, taker: Taker) -> None:
    taker.gate = asyncio.Event()
    await mode.start()
    await until(lambda: bool(server.sockets))
    await server.deliver("e1", {"type": "event_callback"})
    await until(lambda: bool(taker.taken))
    stopping = asyncio.create_task(mode.stop())
    pings = server.pings
    await until(lambda: stopping.done() or server.pings >= pings + 2)
    assert not stopping.done()
    taker.gate.set()
    await stopping
    await until(lambda: server.acks == [{"envelope_id": "e1"}])
    await until(lambda: not server.sockets)
    assert not mode.connected


async def test_stop_closes_a_connection_that_nobody_has_begun_to_read_and_pings_no_more(
    server: Server, mode: SocketMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, made, stopping = mode._connect, [], []

    async def connected() -> ClientWebSocketResponse:
        made.append(await connect())
        stopping.append(asyncio.create_task(mode.stop()))  # its step comes before the reader's first
        return made[-1]

    monkeypatch.setattr(mode, "_connect", connected)
    await mode.start()
    await until(lambda: bool(stopping))
    await asyncio.gather(*stopping)
    assert [connection._response.connection for connection in made] == [None] * len(made)
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # asyncio's
    assert [repr(timer) for timer in scheduled if "heartbeat" in repr(timer)] == []
