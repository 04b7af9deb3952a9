"""Radicale, a CalDAV server that people run, on loopback in a thread: a real peer to sync with."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

import aiohttp
import radicale
from radicale import config

PASSWORD = "app-secret"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


class Radicale:
    """The server, and what a person does with another client of theirs."""

    def __init__(self, url: str, folder: Path, application: WSGIApplication) -> None:
        self.url = url
        self.application = application
        self._folder = folder

    def forget_tokens(self) -> None:
        """No sync token that was given out is known any more."""
        for tokens in self._folder.glob("collection-root/**/.Radicale.cache/sync-token"):
            shutil.rmtree(tokens)

    def address(self, calendar: str, user: str = "ann") -> str:
        return f"{self.url}/{user}/{calendar}/"

    async def make_calendar(self, calendar: str, name: str = "", component: str = "VEVENT", user: str = "ann") -> str:
        """A new, empty calendar; its address."""
        body = (
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            f"<d:displayname>{name or calendar}</d:displayname>"
            f'<c:supported-calendar-component-set><c:comp name="{component}"/></c:supported-calendar-component-set>'
            "</d:prop></d:set></c:mkcalendar>"
        )
        await self._do("MKCALENDAR", self.address(calendar, user), body.encode(), user=user)
        return self.address(calendar, user)

    async def put(self, address: str, member: str, data: bytes, user: str = "ann") -> None:
        await self._do("PUT", address + member, data, {"Content-Type": "text/calendar"}, user)

    async def delete(self, address: str, member: str = "", user: str = "ann") -> None:
        await self._do("DELETE", address + member, user=user)

    async def _do(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, user: str = "ann"
    ) -> None:
        login = aiohttp.BasicAuth(user, PASSWORD).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=body, headers={"Authorization": login, **(headers or {})}) as answer,
        ):
            assert answer.status < 300, (method, answer.status, await answer.text())


@contextmanager
def running(folder: Path) -> Iterator[Radicale]:
    """Radicale with the users ann and bob, whose password is the same."""
    users = folder / "users"
    users.write_text(f"ann:{PASSWORD}\nbob:{PASSWORD}\n")
    settings = config.load()
    settings.update(
        {
            "auth": {"type": "htpasswd", "htpasswd_filename": str(users), "htpasswd_encryption": "plain", "delay": "0"},
            "storage": {"filesystem_folder": str(folder / "collections")},
        },
        "test",
    )
    application = radicale.Application(settings)
    with serving(application) as url:
        yield Radicale(url, folder / "collections", application)


@contextmanager
def serving(application: WSGIApplication) -> Iterator[str]:
    """An application on loopback, in a thread; its address."""
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
