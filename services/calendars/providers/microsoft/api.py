"""Microsoft Graph over HTTP: what is asked of a person, what its statuses mean, calls with a token, the calendars.

learn.microsoft.com/graph/permissions-reference; learn.microsoft.com/entra/identity-platform/scopes-oidc;
learn.microsoft.com/graph/errors; …/graph/throttling; …/graph/delta-query-overview ("Synchronization reset").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from yarl import URL

from services.calendars.providers.api import ApiAnswer, JsonApi, inner, name_in, text_in
from services.domain.calendars import Offer, OfferedCalendar
from services.domain.errors import (
    AccessRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarUnreachableError,
)
from services.platform.concurrency import KeyedSemaphore
from services.platform.net import GuardedClient, retry_after
from services.ports import Clock

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "Calendars.Read": "read your calendars and hear of their changes",
        "offline_access": "do so while you are away",
    }
)
REQUIRED = frozenset({"Calendars.Read"})
"""Without these there is nothing to connect. `offline_access` is never named in a token's answer: what shows that it
was given is the refresh token."""

WRITE = "Calendars.ReadWrite"
"""Asked for where somebody wants an entry in their own calendar: there is no less with which events can be written."""

_SPELT = {scope.casefold(): scope for scope in (*SCOPES, WRITE)}


def granted(scope_text: object) -> frozenset[str]:
    """Return the scopes in a token answer's `scope`; none where it is no text.

    It is separated by spaces and may name Graph's scopes in full (`https://graph.microsoft.com/Calendars.Read`, also
    of a national cloud), in any case of letters: what we ask for comes back in our spelling, without its resource.
    """
    if not isinstance(scope_text, str):
        return frozenset()
    names = (name.rstrip("/").rsplit("/", 1)[-1] for name in scope_text.split())
    return frozenset(_SPELT.get(name.casefold(), name) for name in names if name)


AT_ONCE = 4
"""Calls of one app to one mailbox at a time: learn.microsoft.com/graph/throttling-limits, Outlook service."""

_RESYNC = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
_BUSY_IF_IT_SAYS_WHEN = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_BANDWIDTH = 509
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY)
_KINDS: Mapping[int, type[CalendarError]] = {
    HTTPStatus.UNAUTHORIZED: AccessRefusedError,
    HTTPStatus.NOT_FOUND: CalendarGoneError,
    HTTPStatus.GONE: CalendarGoneError,
    HTTPStatus.TOO_MANY_REQUESTS: CalendarBusyError,
    _BANDWIDTH: CalendarBusyError,
    **dict.fromkeys(_PASSING, CalendarUnreachableError),
}


def error_for(status: int, headers: Mapping[str, str], body: Mapping[str, Any], now: datetime) -> CalendarError | None:
    """Make Graph's status a typed error, here alone; None for 2xx. `now` is UTC.

    Graph's limits hold for an app and a mailbox together, so a busy answer is this mailbox's alone.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    wait = retry_after(headers.get("retry-after"), now)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _KINDS.get(status, CalendarRefusedError if refused else CalendarUnreachableError)
    if status in _BUSY_IF_IT_SAYS_WHEN and wait is not None:
        kind = CalendarBusyError
    return kind(f"http {status} {code_of(body)}".rstrip(), retry_after=wait)


def code_of(body: Mapping[str, Any]) -> str:
    """Return the `code` of an error's body, shortened and without what is no letter or digit; "" where it has none."""
    return "".join(filter(str.isalnum, text_in(inner(body, "error", "code"), 64)))


def needs_resync(status: int, body: Mapping[str, Any]) -> bool:
    """Return whether a delta token is worth nothing any more: 410, or a 4xx whose code says so."""
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return status == HTTPStatus.GONE or (refused and code_of(body).casefold() in _RESYNC)


def calendar_path(address: str) -> str:
    """Return the path of a calendar below `me`, escaped.

    The default one's, for "" and "default", else that of its id.
    """
    return "me" if address in {"", "default"} else f"me/calendars/{escaped(address)}"


def escaped(identifier: str) -> str:
    """Return an id as one segment of a path. Ids are URL-safe base64 with `=`, or may hold anything else."""
    if identifier in {".", ".."}:
        raise CalendarGoneError("no id")
    return quote(identifier, safe="-_=.")


class GraphApi(JsonApi):
    """Microsoft Graph, version 1.0."""

    def __init__(self, client: GuardedClient, base_url: str, clock: Clock) -> None:
        """`base_url` is MICROSOFT_GRAPH_URL, which ends in a slash; `clock` reads a Retry-After that is a date."""
        super().__init__(client, base_url)
        self._clock = clock
        self._turns = KeyedSemaphore(AT_ONCE)

    def onward(self, link: object) -> str:
        """Return a nextLink or deltaLink, as it is, where it leads below our base.

        Raises CalendarError for any other.
        """
        if not isinstance(link, str) or "://" not in link:
            raise CalendarError("a link that is none")
        try:
            path = URL(self.address(link), encoded=True).raw_path
        except ValueError:
            raise CalendarError("a link that is none") from None
        plain = URL(f"http://x{path}", encoded=True).path
        if not path.startswith(self.base.raw_path) or {".", ".."} & set(plain.replace("\\", "/").split("/")):
            raise CalendarError("a link to another place")
        return link

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
        """Return a happy answer, or an unhappy one whose status is `expected`. Raises a `CalendarError` for any other.

        Waits while four calls with this token are under way.
        """
        async with self._turns.of(token):
            answer = await self.send(method, path, token=token, query=query, body=body, headers=headers)
        if answer.status not in expected:
            self.require_happy(answer)
        return answer

    def require_happy(self, answer: ApiAnswer) -> None:
        """Raise what `error_for` makes of an unhappy answer."""
        error = error_for(answer.status, answer.headers, answer.body, self._clock.now())
        if error is not None:
            raise error


def entries(answer: ApiAnswer) -> list[Any]:
    """Return what a page lists. Raises CalendarError for a page without its list."""
    value = answer.body.get("value")
    if not isinstance(value, list):
        raise CalendarError("a page without its list")
    return value


# ── an account's calendars ──────────────────────────────────────────────────────────────────────────

MOST_PAGES = 20
MOST_CALENDARS = 500

_LONGEST_ID = 1024
_QUERY = {"$select": "id,name,isDefaultCalendar,owner,canEdit", "$top": "100"}


@dataclass(frozen=True, slots=True)
class MicrosoftDirectory:
    """`ports.Directory` of Microsoft 365 and Outlook.com.

    learn.microsoft.com/graph/api/user-list-calendars; learn.microsoft.com/graph/api/resources/calendar.
    """

    api: GraphApi

    async def offer(self, credential: str) -> Offer:
        """Return the account, known by its own calendar's owner, and its calendars, that one first, and shared ones."""
        found: list[Mapping[str, Any]] = []
        path, query = "me/calendars", dict(_QUERY)
        for _ in range(MOST_PAGES):
            answer = await self.api.call("GET", path, credential, query=query)
            for raw in entries(answer):
                identifier = inner(raw, "id")
                if isinstance(identifier, str) and 0 < len(identifier.strip()) <= _LONGEST_ID:
                    found.append(raw)
            onward = answer.body.get("@odata.nextLink")
            if onward is None or len(found) >= MOST_CALENDARS:
                break
            path, query = self.api.onward(onward), {}
        found.sort(key=lambda raw: raw.get("isDefaultCalendar") is not True)  # stable: the others stay in their order
        owners = [name_in(inner(raw, "owner", "address")) for raw in found]
        owner = next(filter(None, owners), "")
        if not owner:
            raise CalendarError("no calendar with an owner")
        calendars = {
            raw["id"]: OfferedCalendar(
                address=raw["id"], name=name_in(raw.get("name")) or owner, main=raw.get("isDefaultCalendar") is True
            )
            for raw in found[:MOST_CALENDARS]
        }
        own = owners[0] if found[0].get("isDefaultCalendar") is True else ""
        return Offer(owner.casefold(), owner, tuple(calendars.values()), address=own)
