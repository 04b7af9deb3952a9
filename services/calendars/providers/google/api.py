"""Google's API: requests with a token, and what an unhappy answer means.

Statuses and reasons: developers.google.com/workspace/calendar/api/guides/errors and …/guides/quota.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from services.calendars.providers.api import ApiAnswer, JsonApi
from services.domain.errors import (
    AccessRefusedError,
    AppRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
)
from services.platform.net.client import retry_after
from services.ports import Clock

LONGEST_TOKEN = 4096
"""Characters that a page or sync token may have; it travels in an address."""

_MOST_REASONS = 20
_LONGEST_REASON = 100
_QUOTA = frozenset({"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"})
"""Limits of a calendar, or of whoever asks."""

_PROJECTS_QUOTA = frozenset({"dailyLimitExceeded"})
_NOT_SET_UP = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
"""The operator has not turned the API on for the project: nobody's calendar is broken, and asking is in vain."""


def reasons(body: Mapping[str, Any]) -> frozenset[str]:
    """The reasons that an error answer names, without the `push.` that some carry.

    Both shapes: `error.errors[].reason`, and the newer `error.details[].reason` (google.rpc.ErrorInfo).
    """
    error = body.get("error")
    if not isinstance(error, Mapping):
        return frozenset()
    return frozenset(reason.removeprefix("push.") for reason in _named(error))


def _named(error: Mapping[str, Any]) -> Iterator[str]:
    for name in ("errors", "details"):
        entries = error.get(name)
        for entry in entries[:_MOST_REASONS] if isinstance(entries, list) else ():
            reason = entry.get("reason") if isinstance(entry, Mapping) else None
            if isinstance(reason, str) and len(reason) <= _LONGEST_REASON:
                yield reason


def error_for(status: int, headers: Mapping[str, str], body: Mapping[str, Any], now: datetime) -> CalendarError | None:
    """The one place where an answer of Google becomes a typed error; None for 2xx. `headers` by lower-case name.

    Quota answers come as 403 or as 429, with the usage limit as their reason. Those of a calendar or a person hold up
    the person alone; the project's, and a 429 that names none of them, hold up all of us.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    named = reasons(body)
    what = f"http {status} {' '.join(sorted(named))}".strip()
    wait = retry_after(headers.get("retry-after"), now)
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return _refused(status, named, what, wait)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None:
        return CalendarBusyError(what, retry_after=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return CalendarUnreachableError(what, retry_after=wait)
    return _REFUSALS.get(status, CalendarError)(what, retry_after=wait)


def _refused(status: int, named: frozenset[str], what: str, wait: float | None) -> CalendarError:
    if named & _NOT_SET_UP:
        return AppRefusedError(what)
    if status == HTTPStatus.TOO_MANY_REQUESTS or named & (_QUOTA | _PROJECTS_QUOTA):
        everybody = bool(named & _PROJECTS_QUOTA) or not named & _QUOTA
        return CalendarBusyError(what, retry_after=wait, everybody=everybody)
    return CalendarRefusedError(what, retry_after=wait)


_REFUSALS: Mapping[int, type[CalendarError]] = {
    HTTPStatus.UNAUTHORIZED: AccessRefusedError,
    HTTPStatus.NOT_FOUND: CalendarGoneError,
}


class GoogleApi:
    """The Calendar API, at `https://www.googleapis.com/calendar/v3/` or where the operator's setting leads."""

    def __init__(self, api: JsonApi, clock: Clock) -> None:
        """`clock` tells what a Retry-After that is a date means."""
        self._api = api
        self._clock = clock

    async def get(self, path: str, token: str, query: Mapping[str, str]) -> ApiAnswer:
        """The answer to a GET, whatever its status. Raises a `CalendarError` for what goes wrong on the way."""
        return await self._api.send("GET", path, token=token, query=query)

    async def post(self, path: str, token: str, body: Mapping[str, Any]) -> ApiAnswer:
        """The answer to a POST, whatever its status. Raises a `CalendarError` for what goes wrong on the way."""
        return await self._api.send("POST", path, token=token, body=body)

    def body(self, answer: ApiAnswer, kind: str = "") -> Mapping[str, Any]:
        """What a happy answer holds. Raises what `error_for` says of any other.

        With a `kind` (such as `calendar#events`) the answer must say that it is one, or at least hold entries: an
        object that does neither is no empty list, it is no answer at all.
        """
        error = error_for(answer.status, answer.headers, answer.body, self._clock.now())
        if error is not None:
            raise error
        if kind and answer.body.get("kind", kind if "items" in answer.body else "") != kind:
            raise CalendarError("the answer is of another kind")
        return answer.body


def items(body: Mapping[str, Any]) -> list[Any]:
    """The entries of a page; a page may have none, and may leave the list out then. Raises CalendarError."""
    found = body.get("items", [])
    if not isinstance(found, list):
        raise CalendarError("the entries are no list")
    return found


def token_in(body: Mapping[str, Any], name: str) -> str:
    """A page or sync token, which is opaque; "" where there is none. Raises CalendarError for what cannot be one."""
    token = body.get(name)
    if token is None or token == "":
        return ""
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN or not (token.isascii() and token.isprintable()):
        raise CalendarError(f"{name} is no token")
    return token
