"""Google's API: the scopes, requests with a token, what an unhappy answer means, the list of calendars.

Statuses and reasons: developers.google.com/workspace/calendar/api/guides/errors and …/guides/quota; scopes and their
descriptions: the API's discovery document, `auth.oauth2.scopes`. `calendar.events.freebusy` is less, but gives no event
types, and `calendar.events.owned.readonly` leaves out the calendars that others share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from services.calendars.providers.api import LONGEST_NAME, ApiAnswer, JsonApi, inner, name_in
from services.calendars.providers.google.events import LONGEST_ID
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
from services.platform.net import GuardedClient, retry_after
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

WRITE = "https://www.googleapis.com/auth/calendar.events.owned"
"""Asked for where somebody wants an entry in their own calendar: the least with which events can be written."""

KIND = "calendar#events"
LONGEST_TOKEN = 4096
"""Characters that a page or sync token may have; it travels in an address."""

_MOST_REASONS = 20
_LONGEST_REASON = 100
_QUOTA = frozenset({"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"})
"""Limits of a calendar, or of whoever asks."""

_PROJECTS_QUOTA = frozenset({"dailyLimitExceeded"})
_KINDS: Mapping[int, type[CalendarError]] = {
    HTTPStatus.UNAUTHORIZED: AccessRefusedError,
    HTTPStatus.NOT_FOUND: CalendarGoneError,
    HTTPStatus.REQUEST_TIMEOUT: CalendarUnreachableError,
}
_NOT_SET_UP = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
"""The operator has not turned the API on for the project: nobody's calendar is broken, and asking is in vain."""


def reasons(body: Mapping[str, Any]) -> frozenset[str]:
    """Return an error's reasons: `errors[].reason`, or `details[].reason` (google.rpc.ErrorInfo); without `push.`."""
    lists = (inner(body, "error", name) for name in ("errors", "details"))
    entries = [entry for found in lists if isinstance(found, list) for entry in found[:_MOST_REASONS]]
    named = (inner(entry, "reason") for entry in entries)
    return frozenset(one.removeprefix("push.") for one in named if isinstance(one, str) and len(one) <= _LONGEST_REASON)


def error_for(status: int, headers: Mapping[str, str], body: Mapping[str, Any], now: datetime) -> CalendarError | None:
    """Make an answer of Google a typed error, here alone; None for 2xx. `headers` by lower-case name.

    Quota answers come as 403 or as 429, with the usage limit as their reason. Those of a calendar or a person hold up
    the person alone; the project's, and a 429 that names none of them, hold up all of us.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    named = reasons(body)
    what = f"http {status} {' '.join(sorted(named))}".strip()
    wait = retry_after(headers.get("retry-after"), now)
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        if named & _NOT_SET_UP:
            return AppRefusedError(what)
        if status == HTTPStatus.TOO_MANY_REQUESTS or named & (_QUOTA | _PROJECTS_QUOTA):
            everybody = bool(named & _PROJECTS_QUOTA) or not named & _QUOTA
            return CalendarBusyError(what, retry_after=wait, everybody=everybody)
        return CalendarRefusedError(what, retry_after=wait)
    kind = _KINDS.get(status, CalendarError)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None:
        kind = CalendarBusyError
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = CalendarUnreachableError
    return kind(what, retry_after=wait)


class GoogleApi(JsonApi):
    """The Calendar API, at `https://www.googleapis.com/calendar/v3/` or where the operator's setting leads."""

    def __init__(self, client: GuardedClient, base_url: str, clock: Clock) -> None:
        """`clock` tells what a Retry-After that is a date means."""
        super().__init__(client, base_url)
        self._clock = clock

    def body(self, answer: ApiAnswer, kind: str = "") -> Mapping[str, Any]:
        """Return what a happy answer holds. Raises what `error_for` says of any other.

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
    """Return the entries of a page; a page may have none, and may leave the list out then. Raises CalendarError."""
    found = body.get("items", [])
    if not isinstance(found, list):
        raise CalendarError("the entries are no list")
    return found


def token_in(body: Mapping[str, Any], name: str) -> str:
    """Return a page or sync token, which is opaque; "" where there is none.

    Raises CalendarError for what cannot be one.
    """
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


@dataclass(frozen=True, slots=True)
class GoogleDirectory:
    """`ports.Directory` for Google accounts: `calendarList.list`, or the main calendar alone where that is not allowed.

    developers.google.com/workspace/calendar/api/v3/reference/calendarList/list
    """

    api: GoogleApi

    async def offer(self, credential: str) -> Offer:
        """Return whose account a token is for, and its calendars, the main one first. Raises a `CalendarError`."""
        found: dict[str, Mapping[str, Any]] = {}
        page = ""
        try:
            for _ in range(MOST_PAGES):
                query = {**_LIST, **({"pageToken": page} if page else {})}
                answer = await self.api.send("GET", "users/me/calendarList", token=credential, query=query)
                body = self.api.body(answer, _LIST_KIND)
                found |= {entry["id"]: entry for entry in items(body) if _usable(entry)}
                page = token_in(body, "nextPageToken")
                if not page:
                    break
        except CalendarRefusedError:  # the permission to see the list was left out
            return await self._main_alone(credential)
        main = next((entry for entry in found.values() if entry.get("primary") is True), None)
        if main is None:
            return await self._main_alone(credential)
        calendars = [
            OfferedCalendar(entry["id"], _name_of(entry), main=entry.get("primary") is True) for entry in found.values()
        ]
        calendars.sort(key=lambda one: (not one.main, one.name.casefold(), one.address))
        return Offer(main["id"], _name_of(main), tuple(calendars), address=main["id"])

    async def _main_alone(self, credential: str) -> Offer:
        """Return the main calendar, whose id nobody tells without the list.

        Whoever organizes an event of their own calendar is that calendar: its address is the account's. Where there is
        none, the calendar's name has to do, which is the same address unless it was renamed.
        """
        answer = await self.api.send("GET", f"calendars/{PRIMARY}/events", token=credential, query=_GLIMPSE)
        body = self.api.body(answer, KIND)
        name = name_in(body.get("summary"))
        organizers = (inner(entry, "organizer") for entry in items(body))
        own = (name_in(inner(one, "email"), LONGEST_ID) for one in organizers if inner(one, "self") is True)
        address = next(filter(None, own), "")
        subject = address or name
        if not subject:
            raise CalendarError("an account without a name")
        return Offer(subject, name or subject, (OfferedCalendar(PRIMARY, name or subject, main=True),), address)


def _usable(entry: object) -> bool:
    """Return whether an entry is a calendar whose events can be read, with an id that can be part of an address."""
    if not isinstance(entry, Mapping) or entry.get("deleted") is True or str(entry.get("accessRole")) not in _READABLE:
        return False
    address = entry.get("id")
    if not isinstance(address, str) or not 0 < len(address) <= LONGEST_ID:
        return False
    return address.isprintable() and address not in {".", ".."}


def _name_of(entry: Mapping[str, Any]) -> str:
    """Return what the person calls the calendar, else what it is called, else its id."""
    return name_in(entry.get("summaryOverride")) or name_in(entry.get("summary")) or str(entry["id"])[:LONGEST_NAME]
