"""The demo's page on the web: its files, what it shows as a stream of events, and what people do on it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from demo import shown
from demo.actions import Actions, NotDoneError
from demo.books import NotAnEntryError
from demo.log import DemoLog, ToldPush
from emulators.slack import ApiCall
from emulators.slack.state import RefusalError
from services.access import identity
from services.domain.emoji import DATA as EMOJI

log = structlog.get_logger(__name__)

FILES = Path(__file__).resolve().parent / "static"
_SECTIONS = frozenset({"person", "members", "channels", "messages", "home", "modals", "calendars", "clock", "agent"})
_LOOKED_AT = frozenset({"calendars", "agent"})
"""What may be another with time alone, or is changed by what tells nobody."""
_KEY_MAY_BE_GONE = frozenset({"home", "modals", "messages"})
"""What shows that somebody did something in Slack."""
_BEAT = 0.1
"""Seconds after which the page is told how late it is where the clock runs fast."""
_TOGETHER = 0.02
"""Seconds after a change that are left to what changes with it."""
_HEARTBEAT = 1.0
_CALLS = 200
_POLICY = "default-src 'self'; img-src 'self' data: https:; frame-ancestors 'none'"


@dataclass(slots=True)
class _Viewer:
    """One open page: whose eyes it sees with, and what it has not been sent yet."""

    person: str
    dirty: set[str] = field(default_factory=lambda: set(_SECTIONS))
    calls: list[ApiCall | ToldPush] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)


class DemoPage:
    """Serves the page."""

    def __init__(self, actions: Actions, happened: DemoLog) -> None:
        self._slack, self._clock, self._books = actions.slack, actions.clock, actions.books
        self._happened, self._agent = happened, actions.agent
        self._actions = actions
        self._closing = asyncio.Event()

    def add_to(self, application: web.Application) -> None:
        """Add the page's routes."""
        application.middlewares.append(_same_origin)
        application.add_routes(
            [
                web.get("/", self._index),
                web.get("/emoji.json", self._emoji),
                web.get("/files/{file}", self._picture),
                web.get("/live", self._live),
                web.post("/do/{what}", self._do),
                web.static("/static", FILES),
            ]
        )

    def close(self) -> None:
        """End the streams."""
        self._closing.set()

    async def _index(self, request: web.Request) -> web.Response:
        if request.url.host == "localhost" and urlsplit(self._slack.url).hostname == "127.0.0.1":
            # To a browser these are two: the consent pages would not know as whom the page is looked at.
            raise web.HTTPFound(request.url.with_host("127.0.0.1"))
        page = (FILES / "index.html").read_text(encoding="utf-8")
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def _emoji(self, _request: web.Request) -> web.Response:
        standard = json.loads(EMOJI.read_bytes())["emoji"]
        return web.json_response({"emoji": standard, "own": shown.own_emoji(self._slack)})

    async def _picture(self, request: web.Request) -> web.Response:
        """A picture that somebody sent to the app, for the message in which it was."""
        file = self._slack.files.get(request.match_info["file"])
        if file is None or file.mimetype not in shown.PICTURES:
            raise web.HTTPNotFound
        return web.Response(
            body=file.content, content_type=file.mimetype, headers={"X-Content-Type-Options": "nosniff"}
        )

    async def _do(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
            answer = await self._actions.do(request.match_info["what"], body)
        except ValueError as error:
            sentence = str(error) if isinstance(error, NotAnEntryError | NotDoneError) else "That cannot be read."
            return web.json_response({"ok": False, "error": sentence}, status=400)
        except (KeyError, RefusalError) as error:
            return web.json_response({"ok": False, "error": f"Slack says: {error.args[0]}"}, status=400)
        return web.json_response({"ok": True, **answer})

    async def _live(self, request: web.Request) -> web.StreamResponse:
        person = request.query.get("person", "")
        if person not in self._books:
            person = next(iter(self._books))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        response.del_cookie(identity.COOKIE)  # each person has a browser of their own, which the app does not know yet
        await response.prepare(request)
        viewer = _Viewer(person, calls=self._happened.latest(_CALLS))
        try:
            with self._slack.hub.watching() as changes:
                await self._stream(viewer, changes, response)
        except ConnectionResetError:
            log.debug("page_left", person=person)
        return response

    async def _stream(
        self, viewer: _Viewer, changes: asyncio.Queue[dict[str, Any]], response: web.StreamResponse
    ) -> None:
        looked_at = time.monotonic()
        while not self._closing.is_set():
            while not changes.empty():
                _note(viewer, changes.get_nowait())
            if self._clock.jumping or (self._clock.speed > 1 and not self._clock.paused):
                viewer.dirty |= {"clock"}
            if time.monotonic() - looked_at >= _HEARTBEAT:
                looked_at = time.monotonic()
                viewer.dirty |= {"clock"} | _LOOKED_AT
            if viewer.dirty & _KEY_MAY_BE_GONE:
                await self._agent.look(viewer.person)
            facts = {section: self._section(section, viewer.person) for section in sorted(viewer.dirty)}
            viewer.dirty.clear()
            for section in _LOOKED_AT & facts.keys():
                same, viewer.shown[section] = facts[section] == viewer.shown.get(section), facts[section]
                if same:
                    del facts[section]
            if viewer.calls:
                calls, viewer.calls = viewer.calls, []
                facts["calls"] = [self._happened.line(entry, viewer.person) for entry in calls]
            if facts:
                await response.write(f"data: {json.dumps(facts)}\n\n".encode())
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT):
                    _note(viewer, await changes.get())
                    await asyncio.sleep(_TOGETHER)

    def _section(self, section: str, person: str) -> Any:
        show: dict[str, Callable[[], Any]] = {
            "person": lambda: person,
            "members": lambda: shown.members(self._slack),
            "channels": lambda: shown.channels(self._slack),
            "messages": lambda: shown.messages(self._slack, person),
            "home": lambda: shown.view(self._slack.homes.get(person)),
            "modals": lambda: [shown.view(state) for state in self._slack.modals.get(person, [])],
            "calendars": lambda: self._calendars_of(person),
            "clock": lambda: shown.clock(self._clock),
            "agent": lambda: self._agent.shown(person),
        }
        return show[section]()

    def _calendars_of(self, person: str) -> list[dict[str, Any]]:
        now = self._clock.now()
        return [
            shown.book(name, book, now, self._happened.last_push(person, name))
            for name, book in self._books[person].items()
        ]


def _note(viewer: _Viewer, change: dict[str, Any]) -> None:
    kind = change["kind"]
    if kind in {"call", "reason"}:
        viewer.calls.append(change["entry"])
    elif kind == "push":
        viewer.calls.append(change["entry"])
        viewer.dirty.add("calendars")
    elif kind.startswith("message"):
        viewer.dirty.add("messages")
    elif kind == "member":
        viewer.dirty.add("members")
    elif kind == "calendar" and change["user_id"] == viewer.person:
        viewer.dirty.add("calendars")
    elif kind in {"home", "modal"} and change["user_id"] == viewer.person:
        viewer.dirty.add("home" if kind == "home" else "modals")
    elif kind == "agent" and change["user_id"] == viewer.person:
        viewer.dirty.add("agent")
    elif kind == "clock":
        viewer.dirty |= {"clock", "calendars"}


@web.middleware
async def _same_origin(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Another site's page cannot act here: what the page does is JSON, and comes from the page itself."""
    origin = request.headers.get("Origin")
    if request.path.startswith("/do/"):
        foreign = origin is not None and urlsplit(origin).netloc != request.host
        if foreign or request.content_type != "application/json":
            raise web.HTTPForbidden
    return await handler(request)
