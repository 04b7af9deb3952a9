"""Subscriptions to calendars (learn.microsoft.com/graph/api/resources/subscription)."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from emulators.microsoft.mailbox import Account, LocalCalendar
from emulators.microsoft.push import Pushes

LONGEST = timedelta(minutes=10_070)
SHORTEST = timedelta(minutes=45)
MOST = 1000

_LONGEST_STATE = 128
_RESOURCE = re.compile(r"/?me/(?:calendars/([^/]+)/)?events/?", re.IGNORECASE)
_CHANGES = frozenset({"created", "updated", "deleted"})


class RefusalError(Exception):
    """An answer of Graph's that is not a happy one."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """As Graph writes it."""
        return {"error": {"code": self.code, "message": self.message, "innerError": {"request-id": str(uuid.uuid4())}}}


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

    def __init__(self, now: Callable[[], datetime], pushes: Pushes) -> None:
        self.longest = LONGEST
        self._now = now
        self._pushes = pushes
        self._all: dict[str, Subscription] = {}

    @property
    def all(self) -> dict[str, Subscription]:
        """Those that live."""
        for found in [found for found in self._all.values() if found.expires_at <= self._now()]:
            del self._all[found.id]
        return self._all

    def of(self, account: Account) -> list[Subscription]:
        """An account's."""
        return [found for found in self.all.values() if found.account == account.address]

    async def create(self, account: Account, body: Mapping[str, Any]) -> Subscription:
        """A new one, once both addresses have answered. Raises RefusalError."""
        made = self._asked(account, body)
        same = [s for s in self.of(account) if (s.resource, s.change_type) == (made.resource, made.change_type)]
        if same:
            raise RefusalError(
                409, "Conflict", f"Subscription Id {same[0].id} already exists for the requested combination"
            )
        if len(self.of(account)) >= MOST:
            raise RefusalError(403, "ExtensionError", "The mailbox has too many subscriptions.")
        for url in {made.notification_url, made.lifecycle_url} - {""}:
            if not await self._pushes.validates(url):
                raise RefusalError(
                    400,
                    "ValidationError",
                    "Subscription validation request failed. Notification endpoint must respond with 200 OK to"
                    " validation request.",
                )
        self._all[made.id] = made
        return made

    def one(self, account: Account, identifier: str) -> Subscription:
        """One of an account's. Raises RefusalError."""
        found = self.all.get(identifier)
        if found is None or found.account != account.address:
            raise RefusalError(404, "ResourceNotFound", "The object was not found.")
        return found

    def renew(self, account: Account, identifier: str, body: Mapping[str, Any]) -> Subscription:
        """Give one another end. Raises RefusalError."""
        found = self.one(account, identifier)
        if set(body) - {"expirationDateTime", "notificationUrl"}:
            raise RefusalError(400, "InvalidRequest", "Only its end and its address can be changed.")
        found.expires_at = self._end(body.get("expirationDateTime"))
        return found

    def delete(self, account: Account, identifier: str) -> None:
        """End one. Raises RefusalError."""
        found = self.one(account, identifier)
        del self._all[found.id]

    def changed(self, account: Account, calendar: LocalCalendar, event_id: str, change: str) -> None:
        """Tell everybody who subscribed to it of a change."""
        for found in self.of(account):
            if found.calendar_id in ("", calendar.id) and change in found.change_type.split(","):
                resource = f"Users/{account.object_id}/Events/{event_id}"
                self._pushes.queue(
                    found.notification_url,
                    {
                        **self._about(found, account),
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

    def lifecycle(self, account: Account, found: Subscription, event: str) -> None:
        """Tell who subscribed: reauthorizationRequired, missed, or subscriptionRemoved, which ends it, too."""
        if event == "subscriptionRemoved":
            self._all.pop(found.id, None)
        if found.lifecycle_url:
            self._pushes.queue(found.lifecycle_url, {**self._about(found, account), "lifecycleEvent": event})

    def _about(self, found: Subscription, account: Account) -> dict[str, Any]:
        return {
            "subscriptionId": found.id,
            "subscriptionExpirationDateTime": written(found.expires_at),
            "clientState": found.client_state,
            "tenantId": account.tenant_id,
        }

    def _asked(self, account: Account, body: Mapping[str, Any]) -> Subscription:
        text = {name: value for name, value in body.items() if isinstance(value, str)}
        changes = [change.strip() for change in text.get("changeType", "").split(",")]
        resource = _RESOURCE.fullmatch(text.get("resource", ""))
        if not set(changes) <= _CHANGES or not text.get("notificationUrl"):
            raise RefusalError(400, "InvalidRequest", "changeType or notificationUrl is missing or wrong.")
        if len(text.get("clientState", "")) > _LONGEST_STATE:
            raise RefusalError(400, "InvalidRequest", "clientState is longer than 128 characters.")
        if resource is None:
            raise RefusalError(400, "ExtensionError", "The resource does not support change notifications.")
        calendar_id = resource[1] or ""
        calendar = account.calendars.get(calendar_id)
        if calendar_id and calendar is None:
            raise RefusalError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if calendar is not None and calendar.owner != account.address:
            raise RefusalError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
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
            raise RefusalError(400, "InvalidRequest", "expirationDateTime is missing or wrong.") from None
        now = self._now()
        if end <= now:
            raise RefusalError(400, "InvalidRequest", "expirationDateTime is in the past.")
        if end > now + self.longest:
            minutes = int(self.longest.total_seconds() // 60)
            raise RefusalError(
                400, "ExtensionError", f"Subscription expiration can only be {minutes} minutes in the future."
            )
        return max(end, now + SHORTEST)


def written(at: datetime) -> str:
    """An instant as Graph writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
