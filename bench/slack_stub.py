"""A Slack that answers at once, in a process of its own: `python -m bench.slack_stub`. Prints its port.

It knows just enough to be called by the engine, and when each users.profile.set arrived.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from sys import executable

import aiohttp
from aiohttp import web

EMPTY = {"ok": True, "profile": {"status_text": "", "status_emoji": "", "status_expiration": 0}}


def application() -> web.Application:
    arrived: list[tuple[str, float]] = []

    async def api(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        user_id = request.headers["Authorization"].removeprefix("Bearer xoxp-")
        if method == "users.profile.set":
            arrived.append((user_id, time.time()))
            return web.json_response({"ok": True, "profile": (await request.json())["profile"]})
        if method == "users.profile.get":
            return web.json_response(EMPTY)
        return web.json_response({"ok": True, "user_id": user_id})

    async def log(_: web.Request) -> web.Response:
        return web.json_response(arrived)

    async def forget(_: web.Request) -> web.Response:
        arrived.clear()
        return web.Response()

    app = web.Application()
    app.add_routes([web.route("*", "/api/{method}", api), web.get("/log", log), web.post("/forget", forget)])
    return app


class Stub:
    """The running stub."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.api_url = f"{self.url}/api/"

    async def writes(self) -> dict[str, float]:
        """When each person's status was set, as Unix seconds."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/log") as answer:
            return dict(await answer.json())

    async def forget(self) -> None:
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/forget"):
            return


@asynccontextmanager
async def running() -> AsyncIterator[Stub]:
    """A stub in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        executable, "-m", "bench.slack_stub", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        yield Stub(int(await process.stdout.readline()))
    finally:
        process.terminate()
        await process.wait()


async def main() -> None:
    runner = web.AppRunner(application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
