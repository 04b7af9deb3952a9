"""Google's API: the scopes, requests with a token, what an unhappy answer means, the list of calendars.

Statuses and reasons: developers.google.com/workspace/calendar/api/guides/errors and …/guides/quota; scopes and their
descriptions: the API's discovery document, `auth.oauth2.scopes`. `calendar.events.freebusy` is less, but gives no event
types, and `calendar.events.owned.readonly` leaves out the calendars that others share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from services.calendars.providers.api import ApiAnswer, JsonApi
from services.calendars.providers.google.events import LONGEST_ID, LONGEST_NAME, sound
from services.domain.calendars import Offer, OfferedCalendar
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

REQUIRED = "https://www.googleapis.com/auth/calendar.events.readonly"
"""Without this one there is nothing to read."""

LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
"""Without this one the main calendar is offered alone: Google lets people leave single permissions out."""

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        REQUIRED: "read events: when, of which type, one's own answer; and hear of their changes",
        LIST: "offer an account's calendars by name",
    }
)


KIND = "calendar#events"
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


PRIMARY = "primary"
"""What the API calls the main calendar of whoever asks."""

MOST_PAGES = 10

_LIST_KIND = "calendar#calendarList"
_READABLE = frozenset({"reader", "writerWithoutPrivateAccess", "writer", "owner"})
_LIST = {
    "minAccessRole": "reader",  # with less there is free and busy, but no events
    "maxResults": "250",
    "fields": "kind,nextPageToken,items(id,summary,summaryOverride,primary,accessRole,deleted)",
}
_GLIMPSE = {"maxResults": "50", "fields": "kind,summary,items(organizer(email,self))"}


class GoogleDirectory:
    """`ports.Directory` for Google accounts."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    async def offer(self, credential: str) -> Offer:
        """Whose account a token is for, and its calendars, the main one first. Raises a `CalendarError`."""
        try:
            entries = await self._entries(credential)
        except CalendarRefusedError:  # the permission to see the list was left out
            return await self._main_alone(credential)
        main = next((entry for entry in entries if entry.get("primary") is True), None)
        if main is None:
            return await self._main_alone(credential)
        calendars = sorted(map(_offered, entries), key=lambda one: (not one.main, one.name.casefold(), one.address))
        return Offer(main["id"], _name_of(main), tuple(calendars), address=main["id"])

    async def _entries(self, credential: str) -> Sequence[Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        page = ""
        for _ in range(MOST_PAGES):
            query = {**_LIST, **({"pageToken": page} if page else {})}
            body = self._api.body(await self._api.get("users/me/calendarList", credential, query), _LIST_KIND)
            found |= {entry["id"]: entry for entry in items(body) if _usable(entry)}
            page = token_in(body, "nextPageToken")
            if not page:
                break
        return list(found.values())

    async def _main_alone(self, credential: str) -> Offer:
        """The main calendar, whose id nobody tells without the list.

        Whoever organizes an event of their own calendar is that calendar: its address is the account's. Where there is
        none, the calendar's name has to do, which is the same address unless it was renamed.
        """
        body = self._api.body(await self._api.get(f"calendars/{PRIMARY}/events", credential, _GLIMPSE), KIND)
        name = _text(body.get("summary"))
        organizers = [entry.get("organizer") for entry in items(body) if isinstance(entry, Mapping)]
        own = [one for one in organizers if isinstance(one, Mapping) and one.get("self") is True]
        address = next(filter(None, (_text(one.get("email"), LONGEST_ID) for one in own)), "")
        subject = address or name
        if not subject:
            raise CalendarError("an account without a name")
        return Offer(subject, name or subject, (OfferedCalendar(PRIMARY, name or subject, main=True),), address)


def _usable(entry: object) -> bool:
    """Whether an entry is a calendar whose events can be read, with an id that can be part of an address."""
    if not isinstance(entry, Mapping) or entry.get("deleted") is True or str(entry.get("accessRole")) not in _READABLE:
        return False
    address = entry.get("id")
    if not isinstance(address, str) or not 0 < len(address) <= LONGEST_ID:
        return False
    return address.isprintable() and address not in {".", ".."}


def _offered(entry: Mapping[str, Any]) -> OfferedCalendar:
    return OfferedCalendar(entry["id"], _name_of(entry), main=entry.get("primary") is True)


def _name_of(entry: Mapping[str, Any]) -> str:
    """What the person calls the calendar, else what it is called, else its id."""
    return _text(entry.get("summaryOverride")) or _text(entry.get("summary")) or str(entry["id"])[:LONGEST_NAME]


def _text(value: object, longest: int = LONGEST_NAME) -> str:
    return sound(value.strip()[:longest]) if isinstance(value, str) else ""
