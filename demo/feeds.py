"""The people's own calendars, served as ICS feeds (RFC 5545), and what makes the app read them at once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import structlog
from aiohttp import web

from demo.books import GOOGLES, Book, DayEvent, focused
from emulators.books import LocalAccount, Moment
from emulators.google import GoogleEntry
from emulators.slack import LocalSlack

_BUSY_STATUS = {"meeting": "BUSY", "focus": "BUSY", "out_of_office": "OOF", "elsewhere": "WORKINGELSEWHERE"}


class Feed:
    """A person's calendar; `secret` is the part of its address that makes it theirs."""

    def __init__(self, name: str, address: str, zone: str) -> None:
        """`address` is the owner's e-mail address, `zone` the IANA name of what the times on its wall are in."""
        account: LocalAccount[GoogleEntry] = LocalAccount(address, name, zone, lambda *_: None)
        self._calendar = account.add_calendar(name, zone=zone)
        self.secret = secrets.token_urlsafe(18)
        self.book = Book(account, GOOGLES)

    def ics(self) -> bytes:
        """The calendar as text."""
        feed = icalendar.Calendar()
        feed.add("VERSION", "2.0")
        feed.add("PRODID", "-//Status Quo//Demo calendar//EN")
        feed.add("X-WR-CALNAME", self._calendar.name)
        feed.add("X-WR-TIMEZONE", self._calendar.zone)
        head, end, tail = feed.to_ical().partition(b"END:VCALENDAR")
        entries = [
            _entry(event_id, entry.start, entry.end, self.book.event(entry), self.book.account)
            for event_id, entry in sorted(self._calendar.entries.items())
            if not entry.cancelled
        ]
        return bytes(head + b"".join(entries) + end + tail)


@lru_cache(maxsize=2000)
def _entry(event_id: str, start: Moment, end: Moment, said: DayEvent, account: str) -> bytes:
    """An entry as text; icalendar takes its time for it, and a feed is read again and again."""
    event = icalendar.Event()
    event.add("UID", f"{event_id}@calendar.example.com")
    event.add("DTSTAMP", datetime(2026, 1, 1, tzinfo=UTC))
    event.add("DTSTART", start)
    event.add("DTEND", end)
    event.add("SUMMARY", focused(said))
    event.add("CLASS", "PRIVATE" if said.private else "PUBLIC")
    event.add("TRANSP", "TRANSPARENT" if said.free else "OPAQUE")
    event.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE" if said.free else _BUSY_STATUS[said.kind])
    event.add("ORGANIZER", "mailto:office@example.com")
    answer = "DECLINED" if said.declined else "TENTATIVE" if said.tentative else "ACCEPTED"
    event.add("ATTENDEE", f"mailto:{account}", parameters={"PARTSTAT": answer})
    return bytes(event.to_ical())


class Feeds:
    """The feeds by person, and the leave calendar of their company, on the web. `on_change` hears whose was edited."""

    def __init__(self) -> None:
        self.by_person: dict[str, Feed] = {}
        self.of_company: Feed | None = None
        self.on_change: Callable[[str], None] = lambda _user: None
        self.fetches = 0
        self.web = web.Application()
        self.web.router.add_get("/{secret}.ics", self._serve)

    async def _serve(self, request: web.Request) -> web.Response:
        self.fetches += 1
        secret = request.match_info["secret"]
        served = [*self.by_person.values(), *([self.of_company] if self.of_company else [])]
        feed = next((one for one in served if secrets.compare_digest(one.secret, secret)), None)
        if feed is None:
            raise web.HTTPNotFound
        body = feed.ics()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


def sample(now: datetime, address: str, zone: str) -> bytes:
    """A calendar file with something soon and something later in the day."""
    soon = (now + timedelta(minutes=5)).astimezone(ZoneInfo(zone))
    feed = Feed("Offsite", address, zone)
    for title, start, end in (
        ("Offsite: pricing workshop", soon.time(), (soon + timedelta(minutes=40)).time()),
        ("Offsite: dinner", time(19), time(21)),
    ):
        times = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
        feed.book.add({"title": title, "day": soon.date().isoformat(), **times})
    return feed.ics()


log = structlog.get_logger(__name__)

_PATIENCE = 5.0


class Nudges:
    """The clicks, through the app's own Home tab; edits while one is under way end in one more."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def edited(self, user_id: str) -> None:
        """That person's calendar was edited."""
        if user_id in self._tasks:
            self._again.add(user_id)
            return
        task = asyncio.create_task(self._click(user_id), name="demo-nudge")
        self._tasks[user_id] = task
        task.add_done_callback(lambda _: self._done(user_id))

    async def stop(self) -> None:
        """Click no more."""
        self._again.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, user_id: str) -> None:
        del self._tasks[user_id]
        if user_id in self._again:
            self._again.discard(user_id)
            self.edited(user_id)

    async def _click(self, user_id: str) -> None:
        found = self._menu(user_id)
        if found is None:
            with self._slack.hub.watching() as changes:
                await self._slack.people.home_opened(user_id)
                try:
                    async with asyncio.timeout(_PATIENCE):
                        while (found := self._menu(user_id)) is None:
                            await changes.get()
                except TimeoutError:
                    log.warning("calendar_not_on_home", user_id=user_id)
                    return
        await self._slack.people.click_in_view(user_id, self._slack.homes[user_id].view_id, found)

    def _menu(self, user_id: str) -> dict[str, Any] | None:
        """The first calendar's "Read it now", as the click on it is sent."""
        home = self._slack.homes.get(user_id)
        for block in home.view["blocks"] if home else ():
            accessory = block.get("accessory") or {}
            for option in accessory.get("options", ()):
                if str(option.get("value", "")).startswith("sync:"):
                    ids = {"action_id": accessory["action_id"], "block_id": block["block_id"]}
                    return {"type": "overflow", **ids, "selected_option": option}
        return None
