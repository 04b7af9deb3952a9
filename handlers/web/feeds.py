"""`GET /absences/{secret}.ics`: who is out, as a calendar that other programs subscribe to.

The secret is all that lets a caller in; it is in no log and no label. What a program has already is not sent again
(RFC 9110 §13.1.2: `If-None-Match` compares weakly).
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import ETag, web

from services.usecases.feeds import FEED_PATH, AbsenceFeeds

_ANY = "*"
_HEADERS = {
    "Cache-Control": "private, max-age=300",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class FeedRoutes:
    """One address, GET and HEAD."""

    feeds: AbsenceFeeds

    def routes(self) -> list[web.RouteDef]:
        """Return the address, ending in `.ics`: some programs take no other one for a calendar."""
        return [web.get(f"{FEED_PATH}{{secret}}.ics", self.get)]

    async def get(self, request: web.Request) -> web.Response:
        """Return the calendar, or 304."""
        found = await self.feeds.read(request.match_info["secret"])
        known = request.if_none_match or ()
        if any(one.value in (found.etag, _ANY) for one in known):
            response = web.Response(status=304, headers=_HEADERS)
        else:
            response = web.Response(body=found.content, content_type="text/calendar", charset="utf-8", headers=_HEADERS)
        response.etag = ETag(found.etag)
        return response
