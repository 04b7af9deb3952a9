"""The peer of the push benches: a plain aiohttp loop that makes the same HTTP calls as the app, and nothing else.

No database, no rules, nothing that is remembered but the provider's token: a push comes in, the events are listed, the
profile is read, the status is set. `python -m bench.bare_sync`: reads its accounts as JSON from stdin, prints its port.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from bench.providers import MOVING, Provider
from services.calendars.providers.google.events import FIELDS

AT_ONCE = 32
"""As many as the app fetches at the same time."""

_LIST = {
    "singleEvents": "true", "maxResults": "2500", "prettyPrint": "false",
    "fields": f"kind,summary,timeZone,nextPageToken,nextSyncToken,items({FIELDS})",
}  # fmt: skip


@dataclass(slots=True)
class Follower:
    """One calendar: where it is listed, with which token, whose status it makes, and what tells of changes."""

    provider: str
    url: str
    token: str
    user_id: str
    since: str = ""

    async def listed(self, session: aiohttp.ClientSession) -> datetime | None:
        """List what the app lists; the end of the entry that moves."""
        return await (self._google(session) if self.provider == "google" else self._microsoft(session))

    async def _google(self, session: aiohttp.ClientSession) -> datetime | None:
        if self.since and not (await self._get(session, self.url, {**_LIST, "syncToken": self.since}))["items"]:
            return None
        body = await self._get(
            session, self.url, {**_LIST, **dict(zip(("timeMin", "timeMax"), _window(), strict=True))}
        )
        self.since = body["nextSyncToken"]
        return next(datetime.fromisoformat(i["end"]["dateTime"]) for i in body["items"] if i["summary"] == MOVING)

    async def _microsoft(self, session: aiohttp.ClientSession) -> datetime | None:
        window = dict(zip(("startDateTime", "endDateTime"), _window(), strict=True))
        link, query, end = self.since or self.url, {} if self.since else window, None
        while True:
            body = await self._get(session, link, query)
            for found in body["value"]:
                if found.get("subject") == MOVING:
                    end = datetime.fromisoformat(found["end"]["dateTime"][:19]).replace(tzinfo=UTC)
            link, query, self.since = body.get("@odata.nextLink", ""), {}, body.get("@odata.deltaLink", "")
            if self.since:
                return end

    async def _get(self, session: aiohttp.ClientSession, url: str, query: dict[str, str]) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token}", "Prefer": 'outlook.timezone="UTC", odata.maxpagesize=100'
        }  # fmt: skip
        async with session.get(url, params=query or None, headers=headers, raise_for_status=True) as answer:
            return json.loads(await answer.read())


def application(followers: list[Follower], slack: str, session: aiohttp.ClientSession) -> web.Application:
    gate, tasks = asyncio.Semaphore(AT_ONCE), set[asyncio.Task[None]]()

    async def push(request: web.Request) -> web.Response:
        if "validationToken" in request.query:
            return web.Response(text=request.query["validationToken"])
        await request.read()
        task = asyncio.create_task(follow(followers[int(request.match_info["number"])]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return web.Response()

    async def follow(follower: Follower) -> None:
        async with gate:
            end = await follower.listed(session)
            if end is None:
                return
            headers = {"Authorization": f"Bearer xoxp-{follower.user_id}"}
            async with session.get(f"{slack}users.profile.get", headers=headers) as answer:
                await answer.json()
            status = {"status_text": "In a meeting", "status_emoji": ":spiral_calendar_pad:",
                      "status_expiration": int(end.timestamp())}  # fmt: skip
            async with session.post(f"{slack}users.profile.set", headers=headers, json={"profile": status}) as answer:
                await answer.json()

    app = web.Application()
    app.add_routes([web.post("/push/{number}", push)])
    return app


@asynccontextmanager
async def running(provider: Provider, mails: list[str], slack: str) -> AsyncIterator[str]:
    """The loop in a process of its own, told of the changes of these accounts, each the one of a user `peer-N`."""
    accounts = [
        [provider.name, provider.calendar(mail), provider.connected(mail)[1].access, f"peer-{number}"]
        for number, mail in enumerate(mails)
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare_sync", slack, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(accounts).encode() + b"\n")
        url = f"http://127.0.0.1:{int(await process.stdout.readline())}"
        for number, mail in enumerate(mails):
            await provider.tell(mail, f"{url}/push/{number}")
        yield url
    finally:
        process.terminate()
        await process.wait()


def _window() -> tuple[str, str]:
    now = datetime.now(UTC)
    begin, end = now - timedelta(days=1), now + timedelta(days=60)
    return f"{begin:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


async def main() -> None:
    followers = [Follower(*account) for account in json.loads(sys.stdin.readline())]
    async with aiohttp.ClientSession() as session:
        for follower in followers:
            await follower.listed(session)
        runner = web.AppRunner(application(followers, sys.argv[1], session), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
