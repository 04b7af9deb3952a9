"""A Slack that answers at once, in a process of its own: `python -m bench.slack_stub [SECONDS]`. Prints its port.

It knows just enough to be called by the engine: what each profile shows, when each users.profile.set arrived, and of
effects that nobody is muted or away, and everybody's photo.
It answers after SECONDS, and to read the profile of somebody whose id starts with "USLOW" takes `SLOW`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from sys import argv, executable

import aiohttp
from aiohttp import web

from emulators.slack.pictures import plain_png

EMPTY = {"status_text": "", "status_emoji": "", "status_expiration": 0}
PUT_ON = ("dnd.setSnooze", "users.setPresence", "users.setPhoto")
PHOTO = plain_png(512, 512, (90, 120, 150))
PATIENCE = 60.0
"""Seconds until somebody who waits for a write is told that there is none."""


SLOW = 5.0


def application(seconds: float = 0.0) -> web.Application:
    arrived: list[tuple[str, float, int]] = []
    profiles: dict[str, dict[str, object]] = {}
    put_on: Counter[str] = Counter()
    news = asyncio.Condition()

    async def api(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        user_id = request.headers["Authorization"].removeprefix("Bearer xoxp-")
        if method == "users.profile.set":
            at = time.time()
            profile = profiles[user_id] = (await request.json())["profile"]
            arrived.append((user_id, at, profile["status_expiration"]))
            async with news:
                news.notify_all()
        is_slow = user_id.startswith("USLOW") and method == "users.profile.get"
        if is_slow or seconds:
            await asyncio.sleep(SLOW if is_slow else seconds)
        if method in PUT_ON:
            put_on[method] += 1
        if method in {"dnd.info", "dnd.setSnooze"}:
            until = int(time.time()) + 60 * int(request.query.get("num_minutes", "0"))
            return web.json_response({"ok": True, "snooze_enabled": method in PUT_ON, "snooze_endtime": until})
        if method == "users.getPresence":
            return web.json_response({"ok": True, "manual_away": False})
        if method.startswith("users.profile.") or method == "users.setPhoto":
            square = {"avatar_hash": f"{put_on[method]:012x}", "image_512": f"http://{request.host}/photo"}
            return web.json_response({"ok": True, "profile": profiles.get(user_id, EMPTY) | square})
        return web.json_response({"ok": True, "user_id": user_id})

    async def log(request: web.Request) -> web.Response:
        people = int(request.query.get("people", "0"))
        async with news:
            await news.wait_for(lambda: len(profiles) >= people)
        return web.json_response(arrived)

    async def photo(_: web.Request) -> web.Response:
        return web.Response(body=PHOTO, content_type="image/png")

    async def counted(_: web.Request) -> web.Response:
        return web.json_response(put_on)

    async def until(request: web.Request) -> web.Response:
        wanted = request.match_info["user"], int(request.match_info["expiration"])
        async with asyncio.timeout(PATIENCE), news:
            await news.wait_for(lambda: any((user, end) == wanted for user, _, end in reversed(arrived)))
        return web.json_response(next(at for user, at, end in arrived if (user, end) == wanted))

    async def forget(_: web.Request) -> web.Response:
        arrived.clear()
        profiles.clear()
        return web.Response()

    app = web.Application()
    app.add_routes([web.route("*", "/api/{method}", api), web.get("/log", log), web.post("/forget", forget)])
    app.add_routes([web.get("/photo", photo), web.get("/put-on", counted)])
    app.add_routes([web.get("/until/{user}/{expiration}", until)])
    return app


class Stub:
    """The running stub."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.api_url = f"{self.url}/api/"

    async def writes(self, people: int) -> dict[str, float]:
        """When each person's status was set, as Unix seconds, once so many people's are."""
        return {user_id: at for user_id, at, _ in await self._log(people)}

    async def ends(self) -> dict[tuple[str, int], float]:
        """When a status of that end (Unix seconds) was set for that person."""
        return {(user_id, end): at for user_id, at, end in await self._log()}

    async def put_on(self) -> dict[str, int]:
        """How often each effect was put on, by method."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/put-on") as answer:
            found: dict[str, int] = await answer.json()
            return found

    async def until(self, session: aiohttp.ClientSession, user_id: str, end: int) -> float:
        """Wait until a status of that end is set; when it was."""
        async with session.get(f"{self.url}/until/{user_id}/{end}", raise_for_status=True) as answer:
            return float(await answer.json())

    async def forget(self) -> None:
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/forget"):
            return

    async def _log(self, people: int = 0) -> list[tuple[str, float, int]]:
        query = {"people": people}
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/log", params=query) as answer:
            found: list[tuple[str, float, int]] = await answer.json()
            return found


@asynccontextmanager
async def running(seconds: float = 0.0) -> AsyncIterator[Stub]:
    """A stub in a process of its own, which answers after `seconds`."""
    process = await asyncio.create_subprocess_exec(
        executable,
        "-m",
        "bench.slack_stub",
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield Stub(int(await process.stdout.readline()))
    finally:
        process.terminate()
        await process.wait()


async def main() -> None:
    runner = web.AppRunner(application(float(argv[1])), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
