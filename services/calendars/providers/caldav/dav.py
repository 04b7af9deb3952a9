"""WebDAV requests of one account, none of which ever leaves the account's origin, and the login that goes with each.

An address in an answer, or a redirect, that leads anywhere else is refused. The one exception is iCloud's:
`caldav.icloud.com` names a home on `pNN-caldav.icloud.com`, see `DavClient.toward`.
The login is Basic (RFC 7617) where a server takes it, Digest (RFC 7616) where it asks: MD5 and SHA-256, also as
`-sess`, with `qop=auth` or, for old servers, none (RFC 2069). A nonce is used again with its count raised, until the
server calls it stale or names the next one.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from services.calendars.providers.caldav.collection import (
    CALDAV,
    CALENDARSERVER,
    DAV,
    Multistatus,
    parse_multistatus,
    place,
)
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
from services.platform.addresses import LONGEST_LINK, clean
from services.platform.concurrency import LARGE, off_loop_if
from services.platform.net import GuardedClient, HttpResponse, retry_after

DIGEST = "digest"
"""What credentials hold as "login" where that is how their server is logged in to."""

_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s,"=]+'
_PART = re.compile(rf"(?:^|[\s,])([A-Za-z0-9-]+)(?:[ \t]*=[ \t]*({_VALUE}))?(?=$|[\s,])")
_LONGEST = 8192
_ALGORITHMS: Mapping[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),  # what the server asks for
}
"""By how much they are preferred."""


@dataclass(slots=True)
class Challenge:
    """What a server wants to see. `uses` counts how often its nonce was answered."""

    realm: str
    nonce: str = field(repr=False)
    algorithm: str = "MD5"
    session: bool = False
    opaque: str | None = field(default=None, repr=False)
    qop: bool = True
    stale: bool = False
    utf_8: bool = False
    uses: int = 0


class Login:
    """One user's way into one server; remembers what it asked for last."""

    def __init__(self, user: str, password: str, *, digest: bool = False) -> None:
        """With `digest` the password is not sent as it is, not even once: the server is asked first what it wants."""
        self._user = user
        self._password = password
        self._challenge: Challenge | None = None
        self._basic = not digest
        self._digest_sent = False

    @classmethod
    def of(cls, credentials: Mapping[str, object]) -> Login:
        """Return the login that a calendar's or an account's credentials hold."""
        user, password = (str(credentials.get(name) or "") for name in ("user", "password"))
        return cls(user, password, digest=credentials.get("login") == DIGEST)

    @property
    def is_digest(self) -> bool:
        """Whether the server asks for Digest."""
        return self._challenge is not None or not self._basic

    def header(self, method: str, uri: str) -> dict[str, str]:
        """Return the Authorization of the next request; `uri` is its target as it is sent (path and query)."""
        self._digest_sent = self._challenge is not None
        if self._challenge is not None:
            return {"Authorization": self._answer(self._challenge, method, uri, secrets.token_urlsafe(24))}
        if self._basic:
            return {"Authorization": f"Basic {base64.b64encode(f'{self._user}:{self._password}'.encode()).decode()}"}
        return {}

    def refused(self, asked: str) -> bool:
        """Return whether to try again after a 401 with this WWW-Authenticate: with Digest, or with its fresh nonce."""
        found = challenges(asked)
        digest = next((one for name in _ALGORITHMS for one in found if one.algorithm == name), None)
        if digest is None:
            return False
        before, self._challenge = self._challenge, digest
        # Not every server says `stale`: a nonce that it took before and takes no more is too old as well.
        return not self._digest_sent or digest.stale or (before is not None and before.uses > 1)

    def heard(self, info: str) -> None:
        """Take the Authentication-Info of an answer that was no 401 (RFC 7616 §3.5)."""
        following = dict(_parts(info)).get("nextnonce")
        if self._challenge is not None and following:
            self._challenge.nonce, self._challenge.uses = following, 0

    def _answer(self, challenge: Challenge, method: str, uri: str, cnonce: str) -> str:
        """Return the credentials for `challenge` (RFC 7616 §3.4)."""
        challenge.uses += 1
        count, hashed = f"{challenge.uses:08x}", _ALGORITHMS[challenge.algorithm]
        secret = hashed(f"{self._user}:{challenge.realm}:{self._password}".encode())
        if challenge.session:
            secret = hashed(f"{secret}:{challenge.nonce}:{cnonce}".encode())
        middle = [challenge.nonce, count, cnonce, "auth"] if challenge.qop else [challenge.nonce]
        response = hashed(":".join([secret, *middle, hashed(f"{method}:{uri}".encode())]).encode())
        name = f"username={_quoted(self._user)}"
        if not self._user.isascii() and challenge.utf_8:
            name = f"username*=UTF-8''{quote(self._user, safe='')}"
        parts = [
            name, f"realm={_quoted(challenge.realm)}", f"nonce={_quoted(challenge.nonce)}", f"uri={_quoted(uri)}",
            f"algorithm={challenge.algorithm}{'-sess' * challenge.session}", f"response={_quoted(response)}",
        ]  # fmt: skip
        if challenge.opaque is not None:
            parts.append(f"opaque={_quoted(challenge.opaque)}")
        if challenge.qop:
            parts += ["qop=auth", f"nc={count}"]
        if challenge.qop or challenge.session:
            parts.append(f"cnonce={_quoted(cnonce)}")
        return "Digest " + ", ".join(parts)


def challenges(asked: str) -> list[Challenge]:
    """Return the Digest challenges in a WWW-Authenticate that we can answer, in order.

    Several headers joined by commas.
    """
    found: list[dict[str, str]] = []
    for name, value in _parts(asked):
        if value is None:  # a scheme, whose parameters follow; or what Negotiate and the like write
            found.append({"": name.lower()})
        elif found:
            found[-1].setdefault(name.lower(), value)
    return [one for one in map(_challenge, found) if one is not None]


def _challenge(fields: Mapping[str, str]) -> Challenge | None:
    algorithm, _, session = fields.get("algorithm", "MD5").upper().partition("-SESS")
    offered = [one.strip().lower() for one in fields.get("qop", "").split(",") if one.strip()]
    usable = "auth" in offered or not offered
    if fields.get("") != "digest" or not fields.get("nonce") or algorithm not in _ALGORITHMS or session or not usable:
        return None
    return Challenge(
        realm=fields.get("realm", ""),
        nonce=fields["nonce"],
        algorithm=algorithm,
        session=fields.get("algorithm", "").upper().endswith("-SESS"),
        opaque=fields.get("opaque"),
        qop=bool(offered),
        stale=fields.get("stale", "").lower() == "true",
        utf_8=fields.get("charset", "").upper() == "UTF-8",
    )


def _parts(text: str) -> list[tuple[str, str | None]]:
    """Return words and parameters of a header, in order: a parameter has a value."""
    found: list[tuple[str, str | None]] = []
    for part in _PART.finditer(text[:_LONGEST]):
        value: str | None = part[2]
        if value is not None and value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.append((part[1], value))
    return found


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


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
    """Make a status a typed error, here alone. `wait`: seconds, of a Retry-After.

    A happy status other than 207 is an error here, too: it is no answer to what is asked (a page to sign in at, say).
    """
    other = CalendarError
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        other = CalendarUnreachableError
    elif status >= HTTPStatus.BAD_REQUEST:
        other = CalendarRefusedError
    return _ERRORS.get(status, other)(f"http {status}", retry_after=wait)


class DavClient:
    """Asks one origin with one user's password."""

    def __init__(self, client: GuardedClient, login: Login, origin: str) -> None:
        """`origin` is any address of the account; only its scheme, host and port count."""
        self._client = client
        self._login = login
        self._origin = _origin(origin)

    def own(self, url: str) -> str:
        """`url` as the account's own, https where a proxy ends TLS. Raises CalendarRefusedError for any other."""
        scheme, host, port = self._origin
        behind_a_proxy = (scheme, port) == ("https", 443) and _origin(url) == ("http", host, 80)
        if _origin(url) != self._origin and not behind_a_proxy:
            raise CalendarRefusedError("a link to another host")
        return place(scheme, host, port) + (path_of(url) or "/")

    def toward(self, url: str) -> DavClient:
        """Return the client for an address in a calendar-home-set: this one, for the account's origin.

        iCloud alone has its homes elsewhere: on https, port 443, of hosts called `pNN-caldav.icloud.com`, for those who
        began at `caldav.icloud.com`. Raises CalendarRefusedError for everything else.
        """
        scheme, host, port = _origin(url)
        is_home = (scheme, port) == ("https", 443) and _ICLOUD_HOME.fullmatch(host)
        if is_home and self._origin == ("https", _ICLOUD, 443):
            return DavClient(self._client, self._login, url)
        self.own(url)
        return self

    async def propfind(self, url: str, names: Iterable[str], depth: int = 0) -> HttpResponse:
        """Return the properties called `names` of a resource, and with `depth` 1 of its members (RFC 4918 §9.1)."""
        return await self._ask("PROPFIND", url, "d:propfind", _prop(names), depth)

    async def report(self, url: str, name: str, content: str, depth: int) -> HttpResponse:
        """Return a report (RFC 3253 §3.6): `name` in Clark's notation, `content` as XML with our prefixes."""
        return await self._ask("REPORT", url, _tag(name), content, depth)

    async def _ask(self, method: str, url: str, tag: str, content: str, depth: int) -> HttpResponse:
        body = f'<?xml version="1.0" encoding="utf-8"?>\n<{tag}{_SPACES}>{content}</{tag}>'.encode()
        headers = {
            "Content-Type": "application/xml; charset=utf-8",
            "Accept": "application/xml, text/xml",
            "Depth": str(depth),
        }
        target = self.own(url)
        for _ in range(_MOST_LOGINS):
            try:
                uri = clean(target, LONGEST_LINK).raw_path_qs  # as the client sends it
            except NotAnAddressError as error:
                raise AddressNotAllowedError(error.reason) from None
            login = self._login.header(method, uri)
            # A body is never sent on to another origin by the client: such a redirect is a CalendarRefusedError.
            answer = await self._client.request(method, target, headers={**headers, **login}, body=body)
            target = self.own(answer.url)
            if answer.status != HTTPStatus.UNAUTHORIZED:
                self._login.heard(answer.headers.get("authentication-info", ""))
                break
            if not self._login.refused(answer.headers.get("www-authenticate", "")):
                break
        return answer

    async def multistatus(self, answer: HttpResponse, now: datetime) -> Multistatus:
        """Return what is in an answer, where it is a whole 207. Raises the `CalendarError` of its status or content."""
        if answer.status != HTTPStatus.MULTI_STATUS:
            raise error_for(answer.status, retry_after(answer.headers.get("retry-after"), now))
        return await off_loop_if(len(answer.body) >= LARGE, parse_multistatus, answer.body, self.own(answer.url))


def sync_collection(token: str, names: Iterable[str]) -> str:
    """Return the content of a sync-collection report (RFC 6578 §3.2), without DAV:limit, which some servers refuse."""
    return f"<d:sync-token>{escape(token, quote=False)}</d:sync-token><d:sync-level>1</d:sync-level>{_prop(names)}"


def multiget(paths: Iterable[str]) -> str:
    """Return the content of a calendar-multiget report (RFC 4791 §7.9) for these members."""
    hrefs = "".join(f"<d:href>{escape(path, quote=False)}</d:href>" for path in paths)
    return _prop((f"{DAV}getetag", f"{CALDAV}calendar-data")) + hrefs


def path_of(url: str) -> str:
    """Return the path of an address, with its query, as it is sent."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _prop(names: Iterable[str]) -> str:
    return f"<d:prop>{''.join(f'<{_tag(name)}/>' for name in names)}</d:prop>"


def _tag(name: str) -> str:
    space, _, local = name.rpartition("}")
    return f"{_PREFIXES[space + '}']}:{local}"


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or {"http": 80}.get(parts.scheme, 443)
