"""Subscriptions to calendars (learn.microsoft.com/graph/api/resources/subscription)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from emulators.microsoft.events import MicrosoftAccount, MicrosoftCalendar
from emulators.oauth import ApiError
from emulators.pushes import PushSender, SentPush

LONGEST = timedelta(minutes=10_070)
SHORTEST = timedelta(minutes=45)
_MOST_TOGETHER = 100
_MOST = 1000

_LONGEST_STATE = 128
_RESOURCE = re.compile(r"/?me/(?:calendars/([^/]+)/)?events/?", re.IGNORECASE)
_CHANGES = frozenset({"created", "updated", "deleted"})


def graph_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> ApiError:
    """An unhappy answer as Graph writes it, to be raised."""
    inner = {"request-id": str(uuid.uuid4())}
    return ApiError(status, {"error": {"code": code, "message": message, "innerError": inner}}, headers)


@dataclass(slots=True)
class Subscription:
    """Who is told what, until when. `calendar_id` is empty for all calendars of the account."""

    id: str
    account: str
    resource: str
    calendar_id: str
    change_type: str
    notification_url: str
    lifecycle_url: str
    client_state: str
    expires_at: datetime

    def body(self, *, with_state: bool = False) -> dict[str, Any]:
        """As Graph writes it; the client's state only to who has just sent it."""
        return {
            "id": self.id,
            "resource": self.resource,
            "changeType": self.change_type,
            "notificationUrl": self.notification_url,
            "lifecycleNotificationUrl": self.lifecycle_url or None,
            "clientState": self.client_state if with_state else None,
            "expirationDateTime": written(self.expires_at),
        }


class Subscriptions:
    """All of them, by id; those that ran out are gone."""

    def __init__(self, now: Callable[[], datetime], pushes: PushSender) -> None:
        self.longest = LONGEST
        self._now = now
        self._pushes = pushes
        self._all: dict[str, Subscription] = {}
        self._waiting: dict[str, list[dict[str, Any]]] = {}

    @property
    def all(self) -> dict[str, Subscription]:
        """Those that live."""
        for found in [found for found in self._all.values() if found.expires_at <= self._now()]:
            del self._all[found.id]
        return self._all

    def of(self, account: MicrosoftAccount) -> list[Subscription]:
        """An account's."""
        return [found for found in self.all.values() if found.account == account.address]

    async def create(self, account: MicrosoftAccount, body: Mapping[str, Any]) -> Subscription:
        """A new one, once both addresses have answered. Raises ApiError."""
        made = self._asked(account, body)
        same = [s for s in self.of(account) if (s.resource, s.change_type) == (made.resource, made.change_type)]
        if same:
            raise graph_error(
                409, "Conflict", f"Subscription Id {same[0].id} already exists for the requested combination"
            )
        if len(self.of(account)) >= _MOST:
            raise graph_error(403, "ExtensionError", "The mailbox has too many subscriptions.")
        for url in {made.notification_url, made.lifecycle_url} - {""}:
            if not await self._validates(url):
                raise graph_error(
                    400,
                    "ValidationError",
                    "Subscription validation request failed. Notification endpoint must respond with 200 OK to"
                    " validation request.",
                )
        self._all[made.id] = made
        return made

    def one(self, account: MicrosoftAccount, identifier: str) -> Subscription:
        """One of an account's. Raises ApiError."""
        found = self.all.get(identifier)
        if found is None or found.account != account.address:
            raise graph_error(404, "ResourceNotFound", "The object was not found.")
        return found

    def renew(self, account: MicrosoftAccount, identifier: str, body: Mapping[str, Any]) -> Subscription:
        """Give one another end. Raises ApiError."""
        found = self.one(account, identifier)
        if set(body) - {"expirationDateTime", "notificationUrl"}:
            raise graph_error(400, "InvalidRequest", "Only its end and its address can be changed.")
        found.expires_at = self._end(body.get("expirationDateTime"))
        return found

    def delete(self, account: MicrosoftAccount, identifier: str) -> None:
        """End one. Raises ApiError."""
        found = self.one(account, identifier)
        del self._all[found.id]

    def changed(self, account: MicrosoftAccount, calendar: MicrosoftCalendar, event_id: str, change: str) -> None:
        """Tell everybody who subscribed to it of a change."""
        for found in self.of(account):
            if found.calendar_id in ("", calendar.id) and change in found.change_type.split(","):
                resource = f"Users/{_uuid(account.address)}/Events/{event_id}"
                self._queue(
                    found.notification_url,
                    {
                        **_about(found),
                        "changeType": change,
                        "resource": resource,
                        "resourceData": {
                            "@odata.type": "#Microsoft.Graph.Event",
                            "@odata.id": resource,
                            "@odata.etag": f'W/"{secrets.token_hex(8)}"',
                            "id": event_id,
                        },
                    },
                )

    def lifecycle(self, found: Subscription, event: str) -> None:
        """Tell who subscribed: reauthorizationRequired, missed, or subscriptionRemoved, which ends it, too."""
        if event == "subscriptionRemoved":
            self._all.pop(found.id, None)
        if found.lifecycle_url:
            self._queue(found.lifecycle_url, {**_about(found), "lifecycleEvent": event})

    def _queue(self, url: str, notification: dict[str, Any]) -> None:
        """Have a notification sent soon, with whatever else goes to that address."""
        waiting = self._waiting.setdefault(url, [])
        waiting.append(notification)
        if len(waiting) == 1:
            self._pushes.soon(self._flush(url))

    async def _flush(self, url: str) -> None:
        await asyncio.sleep(0)  # what is changed in one go is told in one go
        waiting = self._waiting.pop(url, [])
        for index in range(0, len(waiting), _MOST_TOGETHER):
            self._pushes.send(SentPush(url, body={"value": waiting[index : index + _MOST_TOGETHER]}))

    async def _validates(self, url: str) -> bool:
        """Whether who lives at `url` answers to our question as they should."""
        token = f"Validation: Testing client application reachability, Request-Id: {secrets.token_hex(16)}"
        asked = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode({'validationToken': token})}"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            async with self._pushes.session.post(asked, headers=headers) as answer:
                good = (answer.status, answer.content_type, await answer.text()) == (200, "text/plain", token)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
        return good

    def _asked(self, account: MicrosoftAccount, body: Mapping[str, Any]) -> Subscription:
        text = {name: value for name, value in body.items() if isinstance(value, str)}
        changes = [change.strip() for change in text.get("changeType", "").split(",")]
        resource = _RESOURCE.fullmatch(text.get("resource", ""))
        if not set(changes) <= _CHANGES or not text.get("notificationUrl"):
            raise graph_error(400, "InvalidRequest", "changeType or notificationUrl is missing or wrong.")
        if len(text.get("clientState", "")) > _LONGEST_STATE:
            raise graph_error(400, "InvalidRequest", "clientState is longer than 128 characters.")
        if resource is None:
            raise graph_error(400, "ExtensionError", "The resource does not support change notifications.")
        calendar_id = resource[1] or ""
        calendar = account.calendars.get(calendar_id)
        if calendar_id and calendar is None:
            raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if calendar is not None and calendar.owner != account.address:
            raise graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return Subscription(
            id=str(uuid.uuid4()),
            account=account.address,
            resource=text["resource"],
            calendar_id=calendar_id,
            change_type=",".join(changes),
            notification_url=text["notificationUrl"],
            lifecycle_url=text.get("lifecycleNotificationUrl", ""),
            client_state=text.get("clientState", ""),
            expires_at=self._end(body.get("expirationDateTime")),
        )

    def _end(self, value: object) -> datetime:
        try:
            end = datetime.fromisoformat(str(value)).astimezone(UTC)
        except ValueError:
            raise graph_error(400, "InvalidRequest", "expirationDateTime is missing or wrong.") from None
        now = self._now()
        if end <= now:
            raise graph_error(400, "InvalidRequest", "expirationDateTime is in the past.")
        if end > now + self.longest:
            minutes = int(self.longest.total_seconds() // 60)
            raise graph_error(
                400, "ExtensionError", f"Subscription expiration can only be {minutes} minutes in the future."
            )
        return max(end, now + SHORTEST)


def written(at: datetime) -> str:
    """An instant as Graph writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _about(found: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": found.id,
        "subscriptionExpirationDateTime": written(found.expires_at),
        "clientState": found.client_state,
        "tenantId": _uuid(found.account.rpartition("@")[2]),
    }


def _uuid(seed: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16], version=4))
