"""The guarded HTTP client: for addresses that a person typed, and for the providers of calendars.

The check sits where a socket is made, so that neither a redirect, nor an IP literal, nor a name that answers
differently the second time gets around it. Redirects by hand, cookies for as long as one request with its redirects,
no proxy but the operator's, and that only where it is told so: behind one no socket is made here, and what is left of
the check is that of the address as it is written. Errors carry the host alone: the path of a feed's address is its
secret.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.domain.errors import (
    AddressNotAllowedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooLargeError,
    CalendarUnreachableError,
    NotAnAddressError,
)
from services.domain.request_errors import OverloadedError
from services.platform.addresses import LONGEST_LINK, AddressRules, clean
from services.platform.concurrency import FETCHED, Bodies
from services.platform.outbound import DIRECT, Outbound, reason_of

BODY_LIMIT = 25 * 1024 * 1024
"""Bytes of an answer, decompressed."""

REDIRECTS = 5
SECONDS = 30.0
CONNECT_SECONDS = 10.0
USER_AGENT = "StatusQuo/0.1 (calendar sync)"
"""Google answers text/html to requests without one."""
LONGEST_WAIT = timedelta(days=1)

LONGEST_HEADER = 64 * 1024
"""Bytes of one line of an answer's head: portals write policies and cookies of tens of kilobytes."""

MOST_HEADERS = 512
COOKIES_BYTES = 8 * 1024
"""What the redirects on the way to one address may have us bring along: as much as most servers take."""

_CHUNK = 64 * 1024
_KEPT_ACROSS_ORIGINS = frozenset(
    {"accept", "accept-language", "content-type", "depth", "if-modified-since", "if-none-match", "user-agent"}
)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class HttpResponse:
    """What the last hop answered; `headers` by lower-case name, `body` decompressed. Neither is for a log.

    The body counts as being in memory until the response is let go of: keep it as long as the body is in use.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait from `now` (UTC) on: RFC 9110 §10.2.3, seconds or an HTTP-date; None for anything else.

    At most a day: a host cannot silence a calendar for longer.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = float(value[:9])
    else:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):  # no date, or one without a zone
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT.total_seconds())


_ERRORS: Mapping[int, type[CalendarError]] = {
    HTTPStatus.NOT_FOUND: CalendarGoneError,
    HTTPStatus.GONE: CalendarGoneError,
    HTTPStatus.TOO_MANY_REQUESTS: CalendarBusyError,
    HTTPStatus.REQUEST_TIMEOUT: CalendarUnreachableError,
    HTTPStatus.TOO_EARLY: CalendarUnreachableError,
}


def error_for(status: int, headers: Mapping[str, str], now: datetime) -> CalendarError | None:
    """Make an HTTP status a typed error, here alone; None for 2xx and 304. `now` is UTC.

    A 503 that says when to come back is a busy server (RFC 9110 §15.6.4), one that does not is a broken one.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.NOT_MODIFIED:
        return None
    wait = retry_after(headers.get("retry-after"), now)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _ERRORS.get(status)
    if kind is None:
        kind = CalendarRefusedError if refused else CalendarUnreachableError
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None:
        kind = CalendarBusyError
    return kind(f"http {status}", retry_after=wait)


class _ThreadResolver(AbstractResolver):
    """getaddrinfo in threads of its own: name servers that never answer must not hold up those who ask for Slack."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="resolve-calendar")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
            )
        except UnicodeError as error:  # a label longer than DNS allows
            raise OSError("not a host name") from error
        return [
            ResolveResult(
                hostname=host,
                host=str(sockaddr[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, sockaddr in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _GuardedResolver(AbstractResolver):
    """Refuses a name as soon as one of its addresses is refused: a mixed answer is a rebinding attempt."""

    def __init__(self, inner: AbstractResolver, rules: AddressRules) -> None:
        self._inner = inner
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answers = await self._inner.resolve(host, port, family)
        for answer in answers:
            self._rules.check_ip(answer["host"])
        return answers

    async def close(self) -> None:
        await self._inner.close()


class GuardedClient:
    """One session for all calendars. Create it anywhere, use it in one loop, close it at the end."""

    def __init__(
        self,
        rules: AddressRules,
        *,
        resolver: AbstractResolver | None = None,
        seconds: float = SECONDS,
        body_limit: int = BODY_LIMIT,
        outbound: Outbound = DIRECT,
        bodies: Bodies | None = None,
    ) -> None:
        """`seconds` are for a whole request with redirects; `bodies` bounds what all answers have together.

        Where `outbound` has a proxy, that resolves names: it, not we, then has to refuse private addresses.
        """
        self.rules = rules
        self._resolver = _GuardedResolver(resolver or _ThreadResolver(), rules)
        self._seconds = seconds
        self._body_limit = body_limit
        self._outbound = outbound
        self._bodies = bodies or Bodies(FETCHED)
        self._direct: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        redirects: int = REDIRECTS,
    ) -> HttpResponse:
        """Return the answer to a request, whatever its status; `error_for` tells what an unhappy one means.

        Raises AddressNotAllowedError, CalendarTooLargeError, CalendarRefusedError for a redirect that may not be
        followed, and CalendarUnreachableError for everything that goes wrong on the way.
        """
        try:
            target = clean(url, LONGEST_LINK)
        except NotAnAddressError as error:
            raise AddressNotAllowedError(error.reason) from None
        host = target.host
        # "from None" throughout: the texts of aiohttp's errors hold the whole address, which is a secret
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(method.upper(), target, dict(headers or {}), body, redirects)
        except TimeoutError:
            raise CalendarUnreachableError("timeout", host=host) from None
        except (aiohttp.ClientError, OSError) as error:
            raise CalendarUnreachableError(reason_of(error), host=host) from None

    async def close(self) -> None:
        """Close every connection."""
        for session in (self._direct, self._proxied):
            if session is not None:
                await session.close()
        self._direct = self._proxied = None
        await self._resolver.close()

    async def _follow(
        self, method: str, url: URL, headers: dict[str, str], body: bytes | None, left: int
    ) -> HttpResponse:
        cookies = aiohttp.CookieJar(unsafe=True)  # of this request alone; unsafe: hosts without a name have them too
        while True:
            self.rules.check(url)
            response, location = await self._once(method, url, headers, body, cookies)
            if location is None:
                return response
            if left <= 0:
                raise CalendarUnreachableError("too many redirects", host=url.host)
            left -= 1
            try:
                onward = clean(str(url.join(URL(location, encoded=location.isascii()))), LONGEST_LINK)
            except (ValueError, NotAnAddressError):
                raise CalendarUnreachableError("redirect to nowhere", host=url.host) from None
            if url.scheme == "https" and onward.scheme == "http" and not self.rules.private:
                raise AddressNotAllowedError("redirect to http", host=url.host)
            if response.status == HTTPStatus.SEE_OTHER or (method == "POST" and response.status in {301, 302}):
                method, body = ("HEAD" if method == "HEAD" else "GET"), None  # RFC 9110 §15.4
            if onward.origin() != url.origin():
                if body is not None:
                    raise CalendarRefusedError("redirect of a body to another origin", host=url.host)
                headers = {name: value for name, value in headers.items() if name.lower() in _KEPT_ACROSS_ORIGINS}
            url = onward

    async def _once(
        self, method: str, url: URL, headers: dict[str, str], body: bytes | None, cookies: aiohttp.CookieJar
    ) -> tuple[HttpResponse, str | None]:
        brought = cookies.filter_cookies(url).output(attrs=[], header="", sep=";").strip()
        if 0 < len(brought) <= COOKIES_BYTES:
            headers = {**headers, "Cookie": brought}
        way = self._outbound.way(url)
        session = self._through_proxy() if way else self._guarded()
        async with session.request(method, url, headers=headers, data=body, allow_redirects=False, **way) as answer:
            cookies.update_cookies(answer.cookies, url)
            fields = {name.lower(): value for name, value in answer.headers.items()}
            if "www-authenticate" in fields:  # several of them are common, and are one list (RFC 9110 §11.6.1)
                fields["www-authenticate"] = ", ".join(answer.headers.getall("WWW-Authenticate"))
            location = fields.get("location") if answer.status in {301, 302, 303, 307, 308} else None
            content = bytearray()
            with ExitStack() as broken_off:
                broken_off.callback(lambda: self._bodies.give(len(content)))
                if location is None:
                    await self._read(answer, content)
                broken_off.pop_all()
            response = HttpResponse(answer.status, fields, bytes(content), str(url))
            self._bodies.give_with(response, len(content))
            return response, location

    async def _read(self, answer: aiohttp.ClientResponse, content: bytearray) -> None:
        """Add to `content`; what is in it is taken from the room for bodies."""
        if (answer.content_length or 0) > self._body_limit:
            raise CalendarTooLargeError("content-length", host=answer.url.host)
        async for chunk in answer.content.iter_chunked(_CHUNK):  # decompressed piece by piece: a bomb stops here
            try:
                self._bodies.take(len(chunk))
            except OverloadedError:
                raise CalendarUnreachableError("no room at the moment", host=answer.url.host) from None
            content += chunk
            if len(content) > self._body_limit:
                raise CalendarTooLargeError("body", host=answer.url.host)

    def _guarded(self) -> aiohttp.ClientSession:
        if self._direct is None:
            self._direct = self._session(
                aiohttp.TCPConnector(
                    resolver=self._resolver,
                    socket_factory=self._socket,
                    use_dns_cache=False,  # the addresses that were checked are those that are connected to, at once
                    ssl=self._outbound.tls,
                    limit=64,
                    keepalive_timeout=15,
                )
            )
        return self._direct

    def _through_proxy(self) -> aiohttp.ClientSession:
        """Ask through the operator's proxy, which may be anywhere: no address is checked on the way to it."""
        if self._proxied is None:
            self._proxied = self._session(aiohttp.TCPConnector(ssl=self._outbound.tls, limit=64, keepalive_timeout=15))
        return self._proxied

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=self._seconds, sock_connect=CONNECT_SECONDS),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
        )

    def _socket(self, info: Any) -> socket.socket:
        """Make the socket; aiohttp calls this with the final address of every connection, IP literals included."""
        family, kind, proto, _, sockaddr = info
        self.rules.check_ip(str(sockaddr[0]))
        return socket.socket(family=family, type=kind, proto=proto)
