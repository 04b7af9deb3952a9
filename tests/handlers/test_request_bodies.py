"""What bodies together may have in memory, arriving and fetched: who finds no room is told to come again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from handlers.errors import Errors
from handlers.web.application import QuietRunner, reading
from services.domain.errors import CalendarUnreachableError
from services.domain.request_errors import OverloadedError, RequestError
from services.platform.addresses import AddressRules
from services.platform.concurrency import Bodies
from services.platform.locale import say
from services.platform.net import GuardedClient
from tests.support.engine import until
from tests.support.sites import Site


@asynccontextmanager
async def served(bodies: Bodies, handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    errors = Errors(say, None, None, None)  # type: ignore[arg-type]  # nobody has to be known, nothing shown
    application = web.Application(middlewares=[errors.middleware(), reading(bodies)])
    application.router.add_post("/", handler)
    runner = QuietRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_body_that_finds_no_room_is_asked_to_come_again_and_the_others_are_answered() -> None:
    bodies, goes_on, there = Bodies(100_000), asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        there.set()
        await goes_on.wait()
        return web.json_response({"bytes": len(await request.read())})

    async with served(bodies, slow) as url, aiohttp.ClientSession() as session:
        first = asyncio.create_task(session.post(url, data=b"x" * 60_000))
        await there.wait()
        async with session.post(url, data=b"x" * 60_000) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
            assert json.loads(await refused.text())["error"] == OverloadedError.sentence()
        goes_on.set()
        assert await (await first).json() == {"bytes": 60_000}
        async with session.post(url, data=b"x" * 60_000) as answered:
            assert answered.status == 200
    assert bodies.held == 0


async def test_body_that_cannot_be_read_is_no_fault_of_ours() -> None:
    async def whole(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
    bodies = Bodies(100_000)
    with capture_logs() as logged:
        async with served(bodies, whole) as url:
            place = urlsplit(url)
            answer, away = await asyncio.open_connection(place.hostname, place.port)
            away.write(head + b"Content-Encoding: gzip\r\n\r\nabcd")
            assert (await answer.readline()).split()[1] == b"400"
            assert RequestError.sentence().encode() in await answer.read()
            away.close()
            _, away = await asyncio.open_connection(place.hostname, place.port)
            away.write(head + b"\r\na")
            await away.drain()
            await until(lambda: bodies.held)
            away.close()
            await until(lambda: not bodies.held)
    assert [one["event"] for one in logged if one["log_level"] in {"warning", "error"}] == []


async def test_answer_counts_until_it_is_let_go_of(site: Site) -> None:
    bodies = Bodies(100_000)
    client = GuardedClient(AddressRules(private=True), bodies=bodies)
    site.gives(b"x" * 60_000)
    try:
        held = await client.request("GET", site.url("/a"))
        with pytest.raises(CalendarUnreachableError, match="no room"):
            await client.request("GET", site.url("/b"))
        assert bodies.held == len(held.body)
        del held
        assert bodies.held == 0
        assert len((await client.request("GET", site.url("/c"))).body) == 60_000
        assert bodies.held == 0
    finally:
        await client.close()
