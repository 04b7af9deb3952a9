"""Subscriptions of Microsoft Graph: asked for, kept alive, ended, and what Graph posts to us of them.

learn.microsoft.com/graph/api/resources/subscription; …/graph/outlook-change-notifications-overview;
…/graph/change-notifications-delivery-webhooks; …/graph/change-notifications-lifecycle-events. Nothing that is posted is
proof of anything: whoever calls compares the secret. What a notification says is a hint.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from services.calendars.ports import AccessTokens
from services.calendars.providers.api import ApiAnswer, authorized, inner, text_in
from services.calendars.providers.microsoft.api import GraphApi, calendar_path, code_of, escaped
from services.domain.calendars import Connection, Watch
from services.domain.errors import CalendarError, CalendarUnreachableError, PushNotPossibleError
from services.domain.request_errors import RequestError

MOST_NOTIFICATIONS = 1000
LONGEST_CLIENT_STATE = 128
"""learn.microsoft.com/graph/api/resources/subscription"""
LONGEST_VALIDATION = 2048

_WATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,87}")
_SUBSCRIPTION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CHANGES = frozenset({"created", "updated", "deleted"})


class Lifecycle(StrEnum):
    """What a lifecycle notification asks for: renew, watch anew, read everything anew."""

    REAUTHORIZATION_REQUIRED = "reauthorizationRequired"
    SUBSCRIPTION_REMOVED = "subscriptionRemoved"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Notification:
    """That something changed in a watched calendar (`change`), or of the watch itself (`lifecycle_event`)."""

    watch_id: str
    secret: str = field(repr=False)
    subscription_id: str
    change: str = ""
    lifecycle_event: Lifecycle | None = None


def client_state(watch_id: str, secret: str) -> str:
    """Return what a subscription carries and each of its notifications brings back."""
    return f"{watch_id}.{secret}"


def read_notifications(body: bytes) -> tuple[Notification, ...]:
    """Return the notifications of one request, without those of a wrong form. Raises RequestError for no collection."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError("no JSON") from None
    value = found.get("value") if isinstance(found, dict) else None
    if not isinstance(value, list):
        raise RequestError("no notifications")
    read = (_notification(entry) for entry in value[:MOST_NOTIFICATIONS])
    return tuple(notification for notification in read if notification is not None)


def _notification(entry: object) -> Notification | None:
    if not isinstance(entry, Mapping):
        return None
    state, subscription = entry.get("clientState"), entry.get("subscriptionId")
    if not isinstance(state, str) or not isinstance(subscription, str) or len(state) > LONGEST_CLIENT_STATE:
        return None
    watch_id, _, secret = state.partition(".")
    if not (_WATCH_ID.fullmatch(watch_id) and _SECRET.fullmatch(secret) and _SUBSCRIPTION_ID.fullmatch(subscription)):
        return None
    change, lifecycle = entry.get("changeType"), entry.get("lifecycleEvent")
    if isinstance(lifecycle, str) and lifecycle in set(Lifecycle):
        return Notification(watch_id, secret, subscription, lifecycle_event=Lifecycle(lifecycle))
    if lifecycle is None and isinstance(change, str) and change in _CHANGES:
        return Notification(watch_id, secret, subscription, change=change)
    return None


def validation(query_token: str) -> str:
    """Return the text/plain answer to a request with this (already URL-decoded) `validationToken`, within ten seconds.

    Escaped, because anybody may send anything; Microsoft's own tokens hold nothing that is changed by it. Raises
    RequestError for none, and for one longer than any of Microsoft's.
    """
    if not query_token or len(query_token) > LONGEST_VALIDATION:
        raise RequestError("no validation token")
    return html.escape(query_token)


LIFE = timedelta(minutes=10_070)
"""Just under seven days: what Graph takes for Outlook's events without their data."""

_SUBSCRIPTIONS = "subscriptions"
_MOST_PAGES = 20
_LONGEST_ID = 128
_LONGEST_MESSAGE = 4096
_WE_WERE_AWAY = "ValidationError"
"""Graph asked our addresses, and got no answer that it takes: while a proxy or we are started, that passes."""

_TOO_LONG = re.compile(r"expiration can only be (\d{1,6}) minutes")
"""What Graph answers to a life that it does not give."""

LONGEST_LIFE = timedelta(days=31)
"""What is believed of a subscription's life."""


@dataclass(frozen=True, slots=True)
class MicrosoftWatcher:
    """`ports.Watcher` for calendars of Microsoft 365 and Outlook.com."""

    api: GraphApi
    tokens: AccessTokens
    address: str
    lifecycle_address: str

    async def watch(self, connection: Connection, watch_id: str, secret: str, now: datetime) -> Watch:
        """Return a new subscription, whose notifications carry `watch_id` and `secret`.

        Graph asks our two addresses for an answer before it gives its own. An older subscription of ours to the same
        calendar is ended first, because Graph takes one for an app, a person and a resource. Raises a
        `CalendarError`: PushNotPossibleError where Graph reads our request and wants none of it (the calendar is
        somebody else's), CalendarUnreachableError where our addresses did not answer it.
        """
        return await authorized(
            self.tokens, connection, lambda token: self._watch(token, connection, client_state(watch_id, secret), now)
        )

    async def renew(self, connection: Connection, watch: Watch, now: datetime) -> Watch | None:
        """Return the same subscription for longer, which authorizes it anew as well; None where it is gone."""
        path = f"{_SUBSCRIPTIONS}/{escaped(watch.remote_id)}"

        async def renewed(token: str) -> Watch | None:
            answer = await self._lasting("PATCH", path, token, {}, now=now, expected=HTTPStatus.NOT_FOUND)
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            return replace(watch, expires_at=_expiry(answer.body, now))

        return await authorized(self.tokens, connection, renewed)

    async def stop(self, credential: str, watch: Watch) -> None:
        """End a subscription."""
        await self._delete(credential, watch.remote_id)

    async def _watch(self, token: str, connection: Connection, state: str, now: datetime) -> Watch:
        wanted = {
            "changeType": "created,updated,deleted",
            "notificationUrl": self.address,
            "lifecycleNotificationUrl": self.lifecycle_address,
            "resource": f"{calendar_path(connection.address)}/events",
            "clientState": state,
        }
        answer = await self._lasting("POST", _SUBSCRIPTIONS, token, wanted, now=now, expected=HTTPStatus.CONFLICT)
        if answer.status == HTTPStatus.CONFLICT:
            await self._end_older(token, wanted)
            answer = await self._lasting("POST", _SUBSCRIPTIONS, token, wanted, now=now, expected=HTTPStatus.CONFLICT)
        if answer.status == HTTPStatus.CONFLICT:
            raise CalendarUnreachableError("another subscription to this calendar lives")
        identifier = answer.body.get("id")
        if not isinstance(identifier, str) or not 0 < len(identifier) <= _LONGEST_ID:
            raise CalendarError("a subscription without an id")
        return Watch(state.partition(".")[0], identifier, _expiry(answer.body, now))

    async def _lasting(
        self, method: str, path: str, token: str, wanted: Mapping[str, Any], *, now: datetime, expected: int
    ) -> ApiAnswer:
        """Return a request for as long a life as Graph gives: where it is less than we know of, it says how much."""
        refused = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
        life = LIFE
        for _ in range(2):
            body = {**wanted, "expirationDateTime": f"{(now + life).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"}
            answer = await self.api.call(method, path, token, body=body, expected=(*refused, expected))
            allowed = _TOO_LONG.search(text_in(inner(answer.body, "error", "message"), _LONGEST_MESSAGE))
            if answer.status != HTTPStatus.BAD_REQUEST or allowed is None:
                break
            if not timedelta() < timedelta(minutes=int(allowed[1])) < life:
                break
            life = timedelta(minutes=int(allowed[1]))
        if answer.status in refused and code_of(answer.body) == _WE_WERE_AWAY:
            raise CalendarUnreachableError("our address did not answer")
        if answer.status in refused:
            raise PushNotPossibleError(f"http {answer.status}")
        return answer

    async def _end_older(self, token: str, wanted: Mapping[str, Any]) -> None:
        """End the subscriptions to the same resource that tell the same address."""
        path = _SUBSCRIPTIONS
        older: list[str] = []
        for _ in range(_MOST_PAGES):
            answer = await self.api.call("GET", path, token)
            value = answer.body.get("value")
            older += [found["id"] for found in (value if isinstance(value, list) else []) if _is_ours(found, wanted)]
            onward = answer.body.get("@odata.nextLink")
            if onward is None:
                break
            path = self.api.onward(onward)
        for identifier in older:
            await self._delete(token, identifier)

    async def _delete(self, token: str, identifier: str) -> None:
        path = f"{_SUBSCRIPTIONS}/{escaped(identifier)}"
        await self.api.call("DELETE", path, token, expected=(HTTPStatus.NOT_FOUND, HTTPStatus.GONE))


def _is_ours(found: object, wanted: Mapping[str, Any]) -> bool:
    identifier, resource = inner(found, "id"), inner(found, "resource")
    if not identifier or not isinstance(identifier, str) or not isinstance(resource, str):
        return False
    ours = wanted["resource"].casefold(), wanted["notificationUrl"]
    return (resource.strip("/").casefold(), inner(found, "notificationUrl")) == ours


def _expiry(body: Mapping[str, Any], now: datetime) -> datetime:
    """Return when a subscription ends, UTC.

    Graph writes seven digits of fraction; a month ahead is as good as never.
    """
    try:
        at = datetime.fromisoformat(text_in(body.get("expirationDateTime"), _LONGEST_ID))
        expires_at = now if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        expires_at = now
    if expires_at <= now:
        raise CalendarError("a subscription without an end")
    return min(expires_at, now + LONGEST_LIFE)
