"""Some routes of the app served on loopback, without what they do not need; and a browser to visit them with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from handlers.errors import Errors
from handlers.web.application import QuietRunner, application
from services.platform.locale import say
from services.platform.metrics import Metrics


@dataclass
class Served:
    """A server at `url`."""

    url: str
    metrics: Metrics

    def browser(self) -> aiohttp.ClientSession:
        """A browser with cookies of its own."""
        return aiohttp.ClientSession(
            self.url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept": "text/html"}
        )

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Status and text of an answer."""
        async with (
            aiohttp.ClientSession(self.url, max_field_size=32768) as session,
            session.request(method, path, allow_redirects=False, **options) as answer,
        ):
            return answer.status, await answer.text()


@asynccontextmanager
async def serving(routes: Sequence[web.RouteDef], metrics: Metrics | None = None) -> AsyncIterator[Served]:
    """The routes, with the middlewares of the app."""
    nobody: Any = None  # no listener of Slack's is reached from here
    metrics = metrics or Metrics()
    errors = Errors(say, nobody, nobody, nobody)
    runner = QuietRunner(application(routes, errors=errors, metrics=metrics, signatures=None, intake=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Served(f"http://127.0.0.1:{runner.addresses[0][1]}", metrics)
    finally:
        await runner.cleanup()
