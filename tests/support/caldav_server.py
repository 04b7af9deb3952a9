"""A CalDAV server on loopback that does what Radicale does not: whatever a test says."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import quote, unquote

import aiohttp
from aiohttp import web

from tests.support.sites import Site

HOME = "/dav/ann/"
WORK = "/dav/ann/work/"
PASSWORD = "app-secret"

Special = Callable[["Request"], web.StreamResponse | Awaitable[web.StreamResponse] | None]

VALID_SYNC_TOKEN = b'<?xml version="1.0"?><d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>'


@dataclass(frozen=True)
class Request:
    """One request: `kind` is `sync`, `multiget`, `list` (Depth 1), `ctag`, `transparency` or `look` (Depth 0)."""

    kind: str
    path: str
    body: str

    @property
    def token(self) -> str:
        found = re.search(r"<d:sync-token>(.*?)</d:sync-token>", self.body)
        return unescape(found[1]) if found else ""

    @property
    def hrefs(self) -> list[str]:
        return [unescape(href) for href in re.findall(r"<d:href>(.*?)</d:href>", self.body)]


class CaldavServer:
    """One calendar of one person. `special` may answer instead of it, request by request."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.url = site.url(WORK)
        self.members: dict[str, tuple[int, bytes]] = {}
        self.asked: list[Request] = []
        self.special: Special = lambda _: None
        self.page = 1000
        self.href: Callable[[str], str] = lambda name: WORK + quote(name)
        self.withheld: set[str] = set()
        self.tags = True
        self.etags = True
        self.transparent: bool | None = None
        self.transparency_asked = 0
        self.start = 0
        self._log: list[str] = []
        site.answer = self._answer

    # ── what the person does ───────────────────────────────────────────────────────────────────────

    def put(self, name: str, data: bytes) -> None:
        self._log.append(name)
        self.members[name] = (len(self._log), data)

    def delete(self, name: str) -> None:
        self._log.append(name)
        del self.members[name]

    def forget_tokens(self) -> None:
        self.start = len(self._log) + 1
        self._log.append("")

    @property
    def kinds(self) -> list[str]:
        """What was asked since last time, besides the daily question whether its events take time."""
        kinds = [request.kind for request in self.asked]
        self.asked.clear()
        return kinds

    def refuse(self, kind: str, status: int, body: bytes = b"", *, tokens_only: bool = False) -> None:
        """From now on requests of that kind get this; a `status` of 0 takes it back."""

        def special(request: Request) -> web.StreamResponse | None:
            if not status or request.kind != kind or (tokens_only and not request.token):
                return None
            return web.Response(status=status, body=body)

        self.special = special

    # ── what it answers ────────────────────────────────────────────────────────────────────────────

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode()
        seen = Request(_kind(request, body), request.path_qs, body)
        if seen.kind == "transparency":
            self.transparency_asked += 1
        else:
            self.asked.append(seen)
        if request.headers.get("Authorization") != aiohttp.BasicAuth("ann", PASSWORD).encode():
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="dav"'})
        special = self.special(seen)
        if special is not None:
            return special if isinstance(special, web.StreamResponse) else await special
        return self._usual(seen)

    def _usual(self, seen: Request) -> web.Response:
        match seen.kind:
            case "sync":
                return self._sync(seen)
            case "multiget":
                return multistatus(*map(self._file, seen.hrefs))
            case "list":
                return multistatus(collection(WORK), *(self._tagged(name) for name in self.members))
            case "ctag":
                return multistatus(response(WORK, f"<s:getctag>c{len(self._log)}</s:getctag>" if self.tags else ""))
            case "transparency" if self.transparent is not None:
                said = "<c:transparent/>" if self.transparent else "<c:opaque/>"
                return multistatus(response(WORK, f"<c:schedule-calendar-transp>{said}</c:schedule-calendar-transp>"))
        return web.Response(status=404)

    def _sync(self, request: Request) -> web.Response:
        first = int(request.token.removeprefix("http://sync/?n=") or 0) if request.token else 0
        if request.token and first < self.start:
            return web.Response(status=403, body=VALID_SYNC_TOKEN)
        changed = list(dict.fromkeys(self._log[first:]))
        seen = 0
        told: list[str] = []
        for name in self._log[first : first + self.page]:
            seen += 1
            if name and name not in told:
                told.append(name)
        parts = [self._tagged(name) for name in told if name in self.members]
        if request.token:
            parts += [said(self.href(name), "404 Not Found") for name in told if name not in self.members]
        if first + seen < len(self._log) and changed:
            parts.append(CUT)
        return multistatus(*parts, f"<d:sync-token>http://sync/?n={first + seen}</d:sync-token>")

    def _tagged(self, name: str) -> str:
        return response(self.href(name), f'<d:getetag>"{self.members[name][0]}"</d:getetag>' if self.etags else "")

    def _file(self, href: str) -> str:
        name = unquote(href.rpartition("/")[2])
        if name not in self.members:
            return (
                f"<d:response><d:href>{escape(href)}</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"
            )
        version, data = self.members[name]
        if name in self.withheld:
            return response(self.href(name), f'<d:getetag>"{version}"</d:getetag>')
        text = escape(data.decode(), quote=False)
        etag = f'<d:getetag>"{version}"</d:getetag>' if self.etags else ""
        return response(self.href(name), f"{etag}<c:calendar-data>{text}</c:calendar-data>")


def _kind(request: web.Request, body: str) -> str:
    if "sync-collection" in body:
        return "sync"
    if "calendar-multiget" in body:
        return "multiget"
    if request.headers.get("Depth") == "1":
        return "list"
    return "ctag" if "getctag" in body else "transparency" if "schedule-calendar-transp" in body else "look"


def multistatus(*parts: str) -> web.Response:
    """A 207 of these responses."""
    spaces = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
    body = f'<?xml version="1.0" encoding="utf-8"?><d:multistatus {spaces}>{"".join(parts)}</d:multistatus>'
    return web.Response(status=207, body=body.encode(), content_type="application/xml")


def response(href: str, properties: str) -> str:
    """A response that gives these properties, and says that it has no DAV:nothing."""
    return (
        f"<d:response><d:href>{escape(href)}</d:href>"
        f"<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
        "<d:propstat><d:prop><d:nothing/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
    )


def said(href: str, status: str) -> str:
    """A response that says this of a resource."""
    return f"<d:response><d:href>{escape(href)}</d:href><d:status>HTTP/1.1 {status}</d:status></d:response>"


CUT = said(WORK, "507 Insufficient Storage")
"""What is said of the calendar itself where a listing does not hold all of it (RFC 6578 §3.6)."""


def collection(href: str) -> str:
    """The response of a collection itself."""
    return response(href, CALENDAR)


CALENDAR = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
"""The property of a calendar."""
