"""What Microsoft Graph posts to us: change notifications, lifecycle notifications, and the question who we are. Pure.

learn.microsoft.com/graph/change-notifications-delivery-webhooks; …/graph/change-notifications-lifecycle-events.
Nothing here is proof of anything: whoever calls compares the secret. What a notification says is a hint.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.domain.errors import RequestError

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
    """What a subscription carries and each of its notifications brings back."""
    return f"{watch_id}.{secret}"


def read_notifications(body: bytes) -> tuple[Notification, ...]:
    """The notifications of one request, at most 1,000 of them; entries of a wrong form are left out.

    Raises RequestError for what is no collection of notifications.
    """
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
    """The text/plain answer to a request with this (already URL-decoded) `validationToken`, within ten seconds.

    Escaped, because anybody may send anything; Microsoft's own tokens hold nothing that is changed by it. Raises
    RequestError for none, and for one longer than any of Microsoft's.
    """
    if not query_token or len(query_token) > LONGEST_VALIDATION:
        raise RequestError("no validation token")
    return html.escape(query_token)
