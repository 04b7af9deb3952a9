"""Google's push channels: asked for, ended, and what their messages say.

developers.google.com/workspace/calendar/api/guides/push. A message says that something changed, never what, and may be
lost, doubled, or late: it is a hint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from services.calendars.ports import AccessTokens
from services.calendars.providers.api import authorized
from services.calendars.providers.google.api import GoogleApi, reasons
from services.domain.calendars import Connection, Watch
from services.domain.errors import CalendarError, PushNotPossibleError
from services.domain.request_errors import RequestError

LONGEST_WATCH_ID = 64
LONGEST_SECRET = 256
LONGEST_RESOURCE_ID = 256
MOST_MESSAGES = 2**63


class PushState(StrEnum):
    """`sync`: the channel is open. `exists`: something changed. `not_exists`: the calendar is gone."""

    SYNC = "sync"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"


@dataclass(frozen=True, slots=True)
class GooglePush:
    """A message of a channel. `number` grows from 1, with gaps. `secret` is what the channel was made with."""

    watch_id: str
    secret: str = field(repr=False)
    state: PushState
    resource_id: str
    number: int


def read_push(headers: Mapping[str, str]) -> GooglePush:
    """Return the message in a request's headers. Raises RequestError. Its secret is for the caller to compare."""
    found = {name.lower(): value for name, value in headers.items()}
    number = _header(found, "x-goog-message-number", len(str(MOST_MESSAGES)))
    if not number.isdigit() or not 0 < int(number) < MOST_MESSAGES:
        raise RequestError("x-goog-message-number")
    state = _header(found, "x-goog-resource-state", LONGEST_WATCH_ID)
    if state not in frozenset(PushState):
        raise RequestError("x-goog-resource-state")
    return GooglePush(
        _header(found, "x-goog-channel-id", LONGEST_WATCH_ID),
        _header(found, "x-goog-channel-token", LONGEST_SECRET),
        PushState(state),
        _header(found, "x-goog-resource-id", LONGEST_RESOURCE_ID),
        int(number),
    )


def _header(headers: Mapping[str, str], name: str, longest: int) -> str:
    value = headers.get(name, "")
    if not 0 < len(value) <= longest or not value.isascii() or not value.isprintable():
        raise RequestError(name)
    return value


LIFETIME = timedelta(days=7)
"""What is asked for, and Google's own default (events.watch, `params.ttl`)."""

LONGEST_LIFETIME = timedelta(days=31)

_NEVER = frozenset(
    {
        "pushNotSupportedForRequestedResource",  # holidays, birthdays and what else is made rather than kept
        "webhookUrlNotHttps",
        "webhookUrlUnauthorized",
        "webhookUrlNotValid",
    }
)
_ASKED_IN_VAIN = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class GoogleWatcher:
    """`ports.Watcher` for Google calendars: a channel per calendar."""

    api: GoogleApi
    tokens: AccessTokens
    address: str

    async def watch(self, connection: Connection, watch_id: str, secret: str, now: datetime) -> Watch:
        """Return a new channel, for seven days at most; its first message may come before this returns."""
        return await authorized(self.tokens, connection, partial(self._watch, connection, watch_id, secret, now))

    async def renew(self, connection: Connection, watch: Watch, now: datetime) -> Watch | None:
        """None: there is no renewal. A new channel is made before the old one ends, and for a while both tell."""
        return None

    async def stop(self, credential: str, watch: Watch) -> None:
        """End a channel. One that Google does not know any more is well. Raises a `CalendarError`."""
        channel = {"id": watch.watch_id, "resourceId": watch.remote_id}
        answer = await self.api.send("POST", "channels/stop", token=credential, body=channel)
        if answer.status != HTTPStatus.NOT_FOUND:
            self.api.body(answer)

    async def _watch(self, connection: Connection, watch_id: str, secret: str, now: datetime, token: str) -> Watch:
        channel = {
            "id": watch_id,
            "type": "web_hook",
            "address": self.address,
            "token": secret,
            "params": {"ttl": str(int(LIFETIME.total_seconds()))},
        }
        path = f"calendars/{quote(connection.address, safe='')}/events/watch"
        answer = await self.api.send("POST", path, token=token, body=channel)
        named = reasons(answer.body)
        if answer.status in _ASKED_IN_VAIN and named & _NEVER:
            raise PushNotPossibleError(" ".join(sorted(named)))
        body = self.api.body(answer)
        remote_id = body.get("resourceId")
        if not isinstance(remote_id, str) or not 0 < len(remote_id) <= LONGEST_RESOURCE_ID:
            raise CalendarError("a channel without a resource")
        return Watch(watch_id, remote_id, _expiration(body, now))


def _expiration(body: Mapping[str, Any], now: datetime) -> datetime:
    """Return when a channel ends: milliseconds since 1970 as a text. Optional; without it what was asked for holds.

    Raises CalendarError for one that has ended already, or that says anything else. A month ahead is as good as never.
    """
    said = body.get("expiration")
    if said is None:
        return now + LIFETIME
    latest = now + LONGEST_LIFETIME
    try:
        expires_at = datetime.fromtimestamp(min(int(said) / 1000, latest.timestamp()), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise CalendarError("a channel with an end that is no time") from None
    if expires_at <= now:
        raise CalendarError("a channel that has ended")
    return expires_at
