"""Calendars that a real server on loopback gives out, and the text of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from aiohttp import web

SECRET_PATH = "private-4711aa"
"""Part of every feed's address: it is a secret, and must not be found anywhere but in the fetch itself."""


@dataclass
class Feed:
    """One feed: what the server answers, and how often it was asked."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hits: int = 0
    _speaks: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._speaks.set()

    def has(self, *entries: str) -> None:
        """From now on it is a calendar of these entries."""
        self.status, self.body = 200, calendar(*entries)

    def falls_silent(self) -> None:
        """From now on nobody gets an answer, until it speaks again."""
        self._speaks.clear()

    def speaks(self) -> None:
        """Everybody gets an answer, also who waits for one."""
        self._speaks.set()

    async def answers(self) -> None:
        """Wait until it speaks."""
        await self._speaks.wait()


class Feeds:
    """A server of feeds, each at an address of its own."""

    def __init__(self) -> None:
        self.url = ""
        self.busy = 0
        self._feeds: dict[str, Feed] = {}
        self._runner: web.AppRunner | None = None

    def __getitem__(self, name: str) -> Feed:
        return self._feeds.setdefault(name, Feed(calendar()))

    def address(self, name: str) -> str:
        """Where the feed of that name is."""
        _ = self[name]
        return f"{self.url}/{SECRET_PATH}/{name}.ics"

    async def __aenter__(self) -> Feeds:
        application = web.Application()
        application.router.add_get(f"/{SECRET_PATH}/{{name}}.ics", self._give)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _give(self, request: web.Request) -> web.Response:
        feed = self[request.match_info["name"]]
        feed.hits += 1
        self.busy += 1
        try:
            await feed.answers()
            return web.Response(
                body=feed.body, status=feed.status, headers={"Content-Type": "text/calendar", **feed.headers}
            )
        finally:
            self.busy -= 1


def calendar(*entries: str) -> bytes:
    """A VCALENDAR of these components."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Calendar//EN", *entries, "END:VCALENDAR"]
    return ("\r\n".join(lines) + "\r\n").encode()


def entry(uid: str, start: datetime | date, end: datetime | date, title: str = "Sync", *lines: str) -> str:
    """A VEVENT from `start` to `end` (aware times, or dates with the end exclusive), with more lines as they are."""
    return "\r\n".join(
        [
            "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z",
            f"DTSTART{_moment(start)}", f"DTEND{_moment(end)}", f"SUMMARY:{title}", *lines, "END:VEVENT",
        ]
    )  # fmt: skip


def lasting(uid: str, start: datetime, minutes: float, title: str = "Sync", *lines: str) -> str:
    """A VEVENT of so many minutes."""
    return entry(uid, start, start + timedelta(minutes=minutes), title, *lines)


def _moment(value: datetime | date) -> str:
    if isinstance(value, datetime):
        return f":{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";VALUE=DATE:{value:%Y%m%d}"
