"""Microsoft Graph over HTTP: what its statuses mean, and calls with a token.

learn.microsoft.com/graph/errors; …/graph/throttling; …/graph/delta-query-overview ("Synchronization reset").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from yarl import URL

from services.calendars.providers.api import ApiAnswer, JsonApi
from services.domain.errors import (
    AccessRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
)
from services.platform.concurrency import KeyedSemaphore
from services.platform.net import Fetcher
from services.platform.net.client import retry_after
from services.ports import Clock

AT_ONCE = 4
"""Calls of one app to one mailbox at a time: learn.microsoft.com/graph/throttling-limits, Outlook service."""

_RESYNC = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
_BUSY_IF_IT_SAYS_WHEN = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_BANDWIDTH = 509
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY})
_KINDS: Mapping[int, type[CalendarError]] = {
    HTTPStatus.UNAUTHORIZED: AccessRefusedError,
    HTTPStatus.NOT_FOUND: CalendarGoneError,
    HTTPStatus.GONE: CalendarGoneError,
    HTTPStatus.TOO_MANY_REQUESTS: CalendarBusyError,
    _BANDWIDTH: CalendarBusyError,
}


def error_for(status: int, headers: Mapping[str, str], body: Mapping[str, Any], now: datetime) -> CalendarError | None:
    """The one place where Graph's status becomes a typed error; None for 2xx. `now` is UTC.

    Graph's limits hold for an app and a mailbox together, so a busy answer is this mailbox's alone.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    wait = retry_after(headers.get("retry-after"), now)
    kind = _KINDS.get(status)
    if kind is None and status in _BUSY_IF_IT_SAYS_WHEN and wait is not None:
        kind = CalendarBusyError
    if kind is None:
        refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _PASSING
        kind = CalendarRefusedError if refused else CalendarUnreachableError
    return kind(f"http {status} {code_of(body)}".rstrip(), retry_after=wait)


def code_of(body: Mapping[str, Any]) -> str:
    """The `code` of an error's body, shortened and without what is no letter or digit; "" where it has none."""
    error = body.get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    return "".join(letter for letter in code[:64] if letter.isalnum()) if isinstance(code, str) else ""


def needs_resync(status: int, body: Mapping[str, Any]) -> bool:
    """Whether a delta token is worth nothing any more: 410, or a 4xx whose code says so."""
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return status == HTTPStatus.GONE or (refused and code_of(body).casefold() in _RESYNC)


def calendar_path(address: str) -> str:
    """The path of a calendar below `me`, escaped: the default one's, for "" and "default", else that of its id."""
    return "me" if address in {"", "default"} else f"me/calendars/{escaped(address)}"


def escaped(identifier: str) -> str:
    """An id as one segment of a path. Ids are URL-safe base64 with `=`, or may hold anything else."""
    if identifier in {".", ".."}:
        raise CalendarGoneError("no id")
    return quote(identifier, safe="-_=.")


class GraphApi:
    """Microsoft Graph, version 1.0."""

    def __init__(self, client: Fetcher, base_url: str, clock: Clock) -> None:
        """`base_url` is MICROSOFT_GRAPH_URL, which ends in a slash; `clock` reads a Retry-After that is a date."""
        self._json = JsonApi(client, base_url)
        self._base_path = URL(base_url, encoded=True).raw_path
        self._clock = clock
        self._turns = KeyedSemaphore(AT_ONCE)

    def onward(self, link: object) -> str:
        """A nextLink or deltaLink, as it is, where it leads below our base. Raises CalendarError for any other."""
        if not isinstance(link, str) or "://" not in link:
            raise CalendarError("a link that is none")
        try:
            path = URL(self._json.address(link), encoded=True).raw_path
        except ValueError:
            raise CalendarError("a link that is none") from None
        plain = URL(f"http://x{path}", encoded=True).path
        if not path.startswith(self._base_path) or {".", ".."} & set(plain.replace("\\", "/").split("/")):
            raise CalendarError("a link to another place")
        return link

    async def send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiAnswer:
        """The answer, whatever its status; waits while four calls with this token are under way.

        Raises a `CalendarError` for what goes wrong on the way.
        """
        async with self._turns.of(token):
            return await self._json.send(method, path, token=token, query=query, body=body, headers=headers)

    async def call(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expected: Collection[int] = (),
    ) -> ApiAnswer:
        """A happy answer, or an unhappy one whose status is `expected`. Raises a `CalendarError` for any other."""
        answer = await self.send(method, path, token, query=query, body=body, headers=headers)
        if answer.status not in expected:
            self.require_happy(answer)
        return answer

    def require_happy(self, answer: ApiAnswer) -> None:
        """Raise what `error_for` makes of an unhappy answer."""
        error = error_for(answer.status, answer.headers, answer.body, self._clock.now())
        if error is not None:
            raise error
