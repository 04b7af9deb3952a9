"""Somebody comes from the page to sign in at Google or Microsoft: as themselves, and with time to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Middleware

from demo.books import Book
from demo.clock import DemoClock
from services.domain.calendars import GOOGLE, MICROSOFT

_PATHS = {
    f"/{GOOGLE}/o/oauth2/v2/auth": GOOGLE,
    f"/{MICROSOFT}/common/oauth2/v2.0/authorize": MICROSOFT,
}


def signing_in(books: Mapping[str, Mapping[str, Book]], clock: DemoClock) -> Middleware:
    """The consent pages choose the account of the person that the browser's page is looked at as.

    The clock goes as the world does meanwhile: links and codes are good for minutes.
    """

    @web.middleware
    async def middleware(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        provider = _PATHS.get(request.path) if request.method == "GET" else None
        if provider is None:
            return await handler(request)
        if clock.speed > 1 and not clock.paused:
            clock.set_speed(1)
        own = books.get(request.cookies.get("person", ""))
        if own is not None and "login_hint" not in request.query:
            raise web.HTTPFound(request.rel_url.update_query(login_hint=own[provider].account))
        return await handler(request)

    return middleware
