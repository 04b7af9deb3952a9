"""WebDAV requests of one account, none of which ever leaves the account's origin.

The password goes with each request, so an address in an answer, or a redirect, that leads anywhere else is refused.
The one exception is iCloud's: `caldav.icloud.com` names a home on `pNN-caldav.icloud.com`, see `DavClient.toward`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from http import HTTPStatus
from urllib.parse import urlsplit

from services.calendars.providers.caldav.login import Login
from services.calendars.providers.caldav.multistatus import CALDAV, CALENDARSERVER, DAV, Multistatus, parse_multistatus
from services.domain.errors import (
    AccessRefusedError,
    AddressNotAllowedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
    NotAnAddressError,
)
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.net import Fetcher, HttpResponse
from services.platform.net.addresses import LONGEST_LINK, clean
from services.platform.net.client import retry_after

_MOST_LOGINS = 3
"""Requests for one answer: without a challenge, with one, and with a nonce that is fresh."""

_ICLOUD = "caldav.icloud.com"
_ICLOUD_HOME = re.compile(r"p[0-9]{1,4}-caldav\.icloud\.com")
_PREFIXES = {DAV: "d", CALDAV: "c", CALENDARSERVER: "s"}
_SPACES = "".join(f' xmlns:{prefix}="{space[1:-1]}"' for space, prefix in _PREFIXES.items())

_ERRORS: Mapping[int, type[CalendarError]] = {
    HTTPStatus.UNAUTHORIZED: AccessRefusedError,
    HTTPStatus.NOT_FOUND: CalendarGoneError,
    HTTPStatus.GONE: CalendarGoneError,
    HTTPStatus.REQUEST_TIMEOUT: CalendarUnreachableError,
    HTTPStatus.TOO_EARLY: CalendarUnreachableError,
    HTTPStatus.TOO_MANY_REQUESTS: CalendarBusyError,
    HTTPStatus.SERVICE_UNAVAILABLE: CalendarBusyError,
}


def error_for(status: int, wait: float | None = None) -> CalendarError:
    """The one place where a status becomes a typed error. `wait`: seconds, of a Retry-After.

    A happy status other than 207 is an error here, too: it is no answer to what is asked (a page to sign in at, say).
    """
    if status in _ERRORS:
        kind = _ERRORS[status]
    elif HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = CalendarRefusedError
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = CalendarUnreachableError
    else:
        kind = CalendarError
    return kind(f"http {status}", retry_after=wait)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, whatever its status; `url` is where it came from, after redirects."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    held: HttpResponse | None = field(default=None, repr=False)

    async def multistatus(self, now: datetime) -> Multistatus:
        """The answer, where it is a whole 207. Raises the `CalendarError` of its status, or of what is in it."""
        if self.status != HTTPStatus.MULTI_STATUS:
            raise error_for(self.status, retry_after(self.headers.get("retry-after"), now))
        return await off_loop_if(len(self.body) >= LARGE, parse_multistatus, self.body, self.url)


class DavClient:
    """Asks one origin with one user's password."""

    def __init__(self, client: Fetcher, login: Login, origin: str) -> None:
        """`origin` is any address of the account; only its scheme, host and port count."""
        self._client = client
        self._login = login
        self._origin = _origin(origin)

    def own(self, url: str) -> str:
        """`url` where it is the account's own. Raises CalendarRefusedError where it leads elsewhere.

        Servers behind a proxy that ends TLS call themselves `http://` of the same name: that is their https here.
        """
        scheme, host, port = self._origin
        behind_a_proxy = (scheme, port) == ("https", 443) and _origin(url) == ("http", host, 80)
        if _origin(url) != self._origin and not behind_a_proxy:
            raise CalendarRefusedError("a link to another host")
        name = f"[{host}]" if ":" in host else host
        usual = {"http": 80, "https": 443}.get(scheme)
        return f"{scheme}://{name}{'' if port == usual else f':{port}'}{path_of(url) or '/'}"

    def toward(self, url: str) -> DavClient:
        """The client for an address in a calendar-home-set: this one, for the account's origin.

        iCloud alone has its homes elsewhere: on https, port 443, of hosts called `pNN-caldav.icloud.com`, for those who
        began at `caldav.icloud.com`. Raises CalendarRefusedError for everything else.
        """
        scheme, host, port = _origin(url)
        if (
            self._origin == ("https", _ICLOUD, 443)
            and (scheme, port) == ("https", 443)
            and _ICLOUD_HOME.fullmatch(host)
        ):
            return DavClient(self._client, self._login, url)
        self.own(url)
        return self

    async def propfind(self, url: str, names: Iterable[str], depth: int = 0) -> Reply:
        """The properties called `names` of a resource, and with `depth` 1 of its members (RFC 4918 §9.1)."""
        return await self._ask("PROPFIND", url, "d:propfind", _prop(names), depth)

    async def report(self, url: str, name: str, content: str, depth: int) -> Reply:
        """A report (RFC 3253 §3.6): `name` in Clark's notation, `content` as XML with our prefixes."""
        return await self._ask("REPORT", url, _tag(name), content, depth)

    async def _ask(self, method: str, url: str, tag: str, content: str, depth: int) -> Reply:
        body = f'<?xml version="1.0" encoding="utf-8"?>\n<{tag}{_SPACES}>{content}</{tag}>'.encode()
        headers = {
            "Content-Type": "application/xml; charset=utf-8",
            "Accept": "application/xml, text/xml",
            "Depth": str(depth),
        }
        target = self.own(url)
        for _ in range(_MOST_LOGINS):
            login = self._login.header(method, _uri_of(target))
            # A body is never sent on to another origin by the client: such a redirect is a CalendarRefusedError.
            answer: HttpResponse = await self._client.request(method, target, headers={**headers, **login}, body=body)
            target = self.own(answer.url)
            if answer.status != HTTPStatus.UNAUTHORIZED:
                self._login.heard(answer.headers.get("authentication-info", ""))
                break
            if not self._login.refused(answer.headers.get("www-authenticate", "")):
                break
        return Reply(answer.status, answer.headers, answer.body, target, answer)


def sync_collection(token: str, names: Iterable[str]) -> str:
    """The content of a sync-collection report (RFC 6578 §3.2); an empty `token` asks for everything.

    Without DAV:limit: some servers refuse it, and it is theirs to cut an answer short.
    """
    return f"<d:sync-token>{_text(token)}</d:sync-token><d:sync-level>1</d:sync-level>{_prop(names)}"


def multiget(paths: Iterable[str]) -> str:
    """The content of a calendar-multiget report (RFC 4791 §7.9) for these members."""
    hrefs = "".join(f"<d:href>{_text(path)}</d:href>" for path in paths)
    return _prop((f"{DAV}getetag", f"{CALDAV}calendar-data")) + hrefs


def path_of(url: str) -> str:
    """The path of an address, with its query, as it is sent."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _prop(names: Iterable[str]) -> str:
    return f"<d:prop>{''.join(f'<{_tag(name)}/>' for name in names)}</d:prop>"


def _tag(name: str) -> str:
    space, _, local = name.rpartition("}")
    return f"{_PREFIXES[space + '}']}:{local}"


def _text(text: str) -> str:
    return escape(text, quote=False)


def _uri_of(url: str) -> str:
    """The target of a request to `url` as the client sends it. Raises AddressNotAllowedError."""
    try:
        return clean(url, LONGEST_LINK).raw_path_qs
    except NotAnAddressError as error:
        raise AddressNotAllowedError(error.reason) from None


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or {"http": 80}.get(parts.scheme, 443)
