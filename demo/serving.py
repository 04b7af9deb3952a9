"""The demo, put together: a local Slack, calendars, a clock, the real app between them, and the page; one process."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from demo import seed
from demo.actions import Actions
from demo.agent import DemoAgent
from demo.books import Book
from demo.clock import DemoClock
from demo.feeds import Feeds, Nudges
from demo.log import DemoLog
from demo.page import DemoPage
from demo.people import OFFICE_ZONE, open_books
from demo.workplace import leave_feed
from emulators.google import LocalGoogle, google_client
from emulators.microsoft import LocalMicrosoft, microsoft_client
from emulators.slack import AppConfig, LocalSlack
from services.bootstrap import Service
from services.domain.calendars import GOOGLE, MICROSOFT
from services.domain.operator_errors import ListenError
from services.platform import settings
from services.platform.clock import SystemClock
from services.platform.crypto import new_key
from services.platform.settings import Settings
from services.ports import Clock
from services.usecases.agents import AgentKeys

START = time(8, 55)
_FEED_INTERVAL = 3600
_CONSENT_PAGES = {"/google/o/oauth2/v2/auth": GOOGLE, "/microsoft/common/oauth2/v2.0/authorize": MICROSOFT}
_FRIDAY = 4
_PACE = 0.0
"""A clock that jumps stands still until the app is at rest, so its loops leave no time to requests, which are few."""
_LARGEST_BODY = 12 * 2**20
"""Bytes: a picture of 8 MiB as base64, with room to spare."""


class Build(Protocol):
    """`services.bootstrap.build`."""

    async def __call__(self, config: Settings, *, clock: Clock, pace: float) -> Service:
        """The app, put together."""
        ...


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. `address` is the page's, `app` the app's own."""

    address: str
    app: str
    slack: LocalSlack
    clock: DemoClock
    feeds: Feeds
    google: LocalGoogle
    microsoft: LocalMicrosoft
    books: Mapping[str, Mapping[str, Book]]
    keys: AgentKeys


async def run(build: Build, host: str, port: int) -> int:
    """Run the demo until Ctrl-C or SIGTERM; the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_demo(build, host, port) as running:
        sys.stdout.write(f"\n  Status Quo, the demo:  {running.address}\n\n  Ctrl-C ends it; nothing is kept.\n\n")
        sys.stdout.flush()
        await stop.wait()
    return 0


@contextlib.asynccontextmanager
async def open_demo(
    build: Build, host: str = "127.0.0.1", port: int = 0, *, start: datetime | None = None
) -> AsyncIterator[Demo]:
    """A demo that runs, with everybody in it, from `start` on (default: `first_morning`). Port 0: any free one."""
    begin = start or first_morning(SystemClock().now())
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="statusquo-demo-")))
        clock = DemoClock(begin)
        clock.pause()
        slack = LocalSlack(clock, _registration())
        feeds = Feeds()
        first = begin.astimezone(ZoneInfo(OFFICE_ZONE)).date()
        seed.people_the_workspace(slack)
        google = LocalGoogle(clock.now, google_client(client_secret=secrets.token_hex(16)))
        microsoft = LocalMicrosoft(clock.now, microsoft_client(client_secret=secrets.token_hex(16)))
        books = open_books(feeds, google, microsoft, first)
        leave_feed(feeds, first)
        clock.start()
        stack.push_async_callback(clock.stop)

        page_socket, app_socket = _listener(host, port), _listener("127.0.0.1", 0)
        app_address = f"http://127.0.0.1:{app_socket.getsockname()[1]}"
        page_address = f"http://{_shown(host)}:{page_socket.getsockname()[1]}"
        inner = f"http://127.0.0.1:{page_socket.getsockname()[1]}" if host in {"0.0.0.0", "::"} else page_address  # noqa: S104  # compared, not bound
        _register(slack, google, microsoft, inner, app_address)
        seed.own_emoji(slack, f"{inner}/static")
        service = await build(_settings(slack, google, microsoft, app_address, directory), clock=clock, pace=_PACE)
        happened = DemoLog(slack, google, microsoft, service.stores)
        agent = DemoAgent(app_address, service.cases.agents.keys, slack)
        page = DemoPage(Actions(slack, clock, feeds, books, agent=agent, database=service.stores.database), happened)
        clock.busy = lambda: (
            bool(slack.busy or slack.deliveries.pending or google.busy or microsoft.busy) or not service.at_rest()
        )
        clock.on_change = lambda: slack.hub.publish("clock")
        nudges = Nudges(slack)
        feeds.on_change = nudges.edited

        outer = web.Application(middlewares=[signing_in(books, clock)], client_max_size=_LARGEST_BODY)
        page.add_to(outer)
        outer.add_subapp("/slack", slack.web)
        outer.add_subapp("/calendars", feeds.web)
        outer.add_subapp("/google", google.web)
        outer.add_subapp("/microsoft", microsoft.web)
        await _serve(stack, outer, page_socket)
        slack.open()
        stack.push_async_callback(slack.close)
        stack.push_async_callback(microsoft.close)
        await _serve(stack, service.web, app_socket)
        await service.start()
        stack.push_async_callback(service.stop)
        stack.push_async_callback(_closing, page, nudges, happened, agent)
        happened.start()

        await seed.bring_in(slack, feeds, service, app_address, f"{inner}/calendars", busy=clock.busy)
        seed.small_talk(slack)
        clock.resume()
        yield Demo(page_address, app_address, slack, clock, feeds, google, microsoft, books, service.cases.agents.keys)


def first_morning(now: datetime) -> datetime:
    """08:55 in the office on the day of `now`, or on Monday where that is a weekend; UTC."""
    day = now.astimezone(ZoneInfo(OFFICE_ZONE)).date()
    while day.weekday() > _FRIDAY:
        day += timedelta(days=1)
    return datetime.combine(day, START, ZoneInfo(OFFICE_ZONE)).astimezone(UTC)


def signing_in(books: Mapping[str, Mapping[str, Book]], clock: DemoClock) -> Middleware:
    """The consent pages choose the account of the person that the browser's page is looked at as.

    The clock goes as the world does meanwhile: links and codes are good for minutes.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        provider = _CONSENT_PAGES.get(request.path) if request.method == "GET" else None
        if provider is None:
            return await handler(request)
        if clock.speed > 1 and not clock.paused:
            clock.set_speed(1)
        own = books.get(request.cookies.get("person", ""))
        if own is not None and "login_hint" not in request.query:
            raise web.HTTPFound(request.rel_url.update_query(login_hint=own[provider].account))
        return await handler(request)

    return middleware


async def _closing(page: DemoPage, nudges: Nudges, happened: DemoLog, agent: DemoAgent) -> None:
    page.close()
    await nudges.stop()
    await happened.stop()
    await agent.close()


async def _serve(stack: contextlib.AsyncExitStack, application: web.Application, listener: socket.socket) -> None:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener).start()


def _listener(host: str, port: int) -> socket.socket:
    """A listening socket; on any free port where `port` is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (port, 0):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, wanted))
        except (OSError, UnicodeError) as error:
            listener.close()
            if not wanted or not isinstance(error, OSError) or error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise ListenError(host, wanted, error) from error
            sys.stderr.write(f"Port {wanted} is taken; another one is used.\n")
            continue
        listener.listen(128)
        listener.setblocking(False)
        return listener
    raise OSError(f"nothing can be bound on {host}")


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104  # compared, not bound


def _registration() -> AppConfig:
    """The app, without an id: with one its pages would lead people on to the Slack of the real world."""
    return AppConfig(
        app_id="", client_id="1111.2222", client_secret=secrets.token_hex(16), signing_secret=secrets.token_hex(16)
    )


def _register(slack: LocalSlack, google: LocalGoogle, microsoft: LocalMicrosoft, here: str, app_address: str) -> None:
    """Tell each where it is served itself, and where the app is."""
    slack.url, google.url, microsoft.url = f"{here}/slack", f"{here}/google", f"{here}/microsoft"
    slack.app.request_url = f"{app_address}/slack/events"
    slack.app.redirect_urls = [f"{app_address}/slack/oauth_redirect"]
    google.client.redirect_uris = [f"{app_address}/connect/google/callback"]
    microsoft.client.redirect_uris = [f"{app_address}/connect/microsoft/callback"]


def _settings(
    slack: LocalSlack, google: LocalGoogle, microsoft: LocalMicrosoft, app_address: str, directory: Path
) -> Settings:
    return settings.load(
        {
            "SLACK_SIGNING_SECRET": slack.app.signing_secret,
            "SLACK_CLIENT_ID": slack.app.client_id,
            "SLACK_CLIENT_SECRET": slack.app.client_secret,
            "SLACK_API_URL": slack.api_url,
            "SLACK_AUTHORIZE_URL": slack.authorize_url,
            **google.settings,
            **microsoft.settings,
            "DATABASE_URL": f"sqlite+aiosqlite:///{directory}/demo.db",
            "ENCRYPTION_KEYS": new_key(),
            "PUBLIC_URL": app_address,
            "ALLOW_PRIVATE_ADDRESSES": "true",
            "FEED_INTERVAL": str(_FEED_INTERVAL),
        },
        dotenv=None,
    )
