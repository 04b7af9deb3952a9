"""The way to a provider, which can be cut in every way that the real one can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

PAGE = b"<!doctype html><html><title>Sign in to the network</title><p>Please accept our terms.</html>"
FAILURES = ("500", "hang", "html", "half", "cut", "empty", "drop")
"""An error, no answer, a page of somebody else's, half of the answer, the same as if it broke off, nothing in it, and
no answer because the connection breaks."""

_ONE_HOP = ("Transfer-Encoding", "Content-Length", "Content-Encoding", "Connection", "Keep-Alive")

_INSTEAD: dict[str, Callable[[], web.Response]] = {
    "500": lambda: web.Response(status=500, text="Internal Server Error"),
    "401": lambda: web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="here"'}),
    "html": lambda: web.Response(body=PAGE, content_type="text/html"),
    "empty": lambda: web.Response(content_type="application/json"),
}


class Wire:
    """A proxy in front of `target`: what has gone over it is in `asked` and `statuses`."""

    def __init__(self) -> None:
        self.url = ""
        self.target = ""
        self.how = ""
        self.asked = 0
        self.statuses: list[int] = []
        self._whole = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    def out(self, how: str) -> None:
        """From now on every request meets that: one of FAILURES, or "401"."""
        self.how = how
        self._whole.clear()

    def back(self) -> None:
        """All is well again."""
        self.how = ""
        self._whole.set()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One request, there and back."""
        self.asked += 1
        body, how = await request.read(), self.how
        if how == "hang":
            await self._whole.wait()
        elif how == "drop" and request.transport is not None:
            request.transport.abort()
        elif how in {"", "half", "cut"}:
            answer, found = await self._forwarded(request, body)
            self.statuses.append(answer.status)
            if how == "cut":
                return await self._cut(request, found)
            return web.Response(
                body=found[: len(found) // 2] if how else found, status=answer.status, headers=_kept(answer.headers)
            )
        return _INSTEAD.get(how, web.Response)()

    async def _forwarded(self, request: web.Request, body: bytes) -> tuple[aiohttp.ClientResponse, bytes]:
        assert self._session is not None
        async with self._session.request(
            request.method, self.target + request.raw_path, data=body or None, headers=_kept(request.headers),
            allow_redirects=False,
        ) as answer:  # fmt: skip
            return answer, await answer.read()

    async def _cut(self, request: web.Request, found: bytes) -> web.StreamResponse:
        """Half of what was promised, and then the connection breaks."""
        answer = web.StreamResponse(headers={"Content-Length": str(len(found) + 2)})
        await answer.prepare(request)
        await answer.write(found[: len(found) // 2] or b"{")
        if request.transport is not None:
            request.transport.abort()
        return answer


def _kept(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Without those that are about one connection."""
    kept = CIMultiDict(headers)
    for name in _ONE_HOP:
        kept.popall(name, None)
    return kept


@asynccontextmanager
async def open_wire() -> AsyncIterator[Wire]:
    """A wire on loopback; whoever opens it says where it leads to."""
    wire = Wire()
    application = web.Application(client_max_size=2**22)
    application.router.add_route("*", "/{path:.*}", wire.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(skip_auto_headers=("User-Agent", "Accept")) as wire._session:
        try:
            yield wire
        finally:
            wire.back()
            await runner.cleanup()


def same_path(url: str, onto: str) -> str:
    """The address `url` at the server `onto`."""
    return onto + urlsplit(url).path
