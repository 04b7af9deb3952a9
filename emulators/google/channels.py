"""Push channels: `events.watch`, `channels.stop`, and the messages (…/calendar/api/guides/push)."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from emulators.books import LocalCalendar
from emulators.google.events import GoogleAccount, GoogleCalendar
from emulators.google.oauth import google_error
from emulators.pushes import PushSender, SentPush

LIFETIME = timedelta(days=7)
_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_LONGEST_TOKEN = 256


@dataclass(slots=True)
class WatchChannel:
    """One channel, as it was asked for."""

    id: str
    token: str = field(repr=False)
    address: str
    account: str
    calendar: str
    resource_id: str
    expires_at: datetime
    number: int = 0

    @property
    def resource(self) -> str:
        """The address of what is watched."""
        return f"https://www.googleapis.com/calendar/v3/calendars/{quote(self.calendar, safe='')}/events?alt=json"


class Channels:
    """The channels that are open."""

    def __init__(self, now: Callable[[], datetime], pushes: PushSender) -> None:
        self._now = now
        self._pushes = pushes
        self.open: dict[str, WatchChannel] = {}

    def watch(
        self, account: GoogleAccount, calendar: GoogleCalendar, asked: Mapping[str, Any]
    ) -> tuple[WatchChannel, dict[str, Any]]:
        """Open a channel; it, and the answer. Raises ApiError."""
        channel_id, address, token = asked.get("id"), asked.get("address"), asked.get("token", "")
        if not isinstance(channel_id, str) or not _ID.fullmatch(channel_id):
            raise google_error(400, "push.channelIdInvalid", "Channel id is invalid")
        if asked.get("type") not in {"web_hook", "webhook"}:
            raise google_error(400, "push.channelTypeUnknown", "Unknown channel type")
        if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
            raise google_error(400, "push.channelTokenTooLong", "Channel token too long")
        if not isinstance(address, str) or not _deliverable(address):
            raise google_error(400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS")
        if not calendar.pushes:
            raise google_error(
                400, "pushNotSupportedForRequestedResource", "Not supported by this resource.", "calendar"
            )
        if channel_id in self.open:
            raise google_error(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        resource = hashlib.sha256(f"{account.address} {calendar.id}".encode()).hexdigest()[:27]
        ends = self._now() + _lifetime(asked)
        channel = WatchChannel(channel_id, token, address, account.address, calendar.id, resource, ends)
        self.open[channel_id] = channel
        answer = {
            "kind": "api#channel", "id": channel_id, "resourceId": resource, "resourceUri": channel.resource,
            "expiration": str(int(ends.timestamp() * 1000)),
        }  # fmt: skip
        return channel, answer | ({"token": token} if token else {})

    def stop(self, account: GoogleAccount, asked: Mapping[str, Any]) -> None:
        """Close a channel. Raises ApiError where this account has none of that id for that resource."""
        channel = self.open.get(str(asked.get("id")))
        known = channel is not None and self._now() < channel.expires_at
        if channel is None or not known or channel.account != account.address:
            raise google_error(404, "channelUnknown", f"Channel '{asked.get('id')}' not found for project")
        if channel.resource_id != asked.get("resourceId"):
            raise google_error(404, "notFound", "Resource not found")
        del self.open[channel.id]

    def changed(self, calendar: LocalCalendar[Any], _entry_id: str, _change: str) -> None:
        """Tell every channel of a calendar."""
        for channel in list(self.open.values()):
            if channel.calendar == calendar.id:
                self.tell(channel, "exists")

    def tell(self, channel: WatchChannel, state: str) -> None:
        """Send one message, in the background; nothing where the channel has ended."""
        if self._now() >= channel.expires_at:
            self.open.pop(channel.id, None)
            return
        channel.number += 1 if state == "sync" else 1 + channel.number % 3  # increasing, but not by one
        headers = {
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
            "Accept": "*/*",
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires_at.astimezone(UTC), usegmt=True),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": channel.resource,
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.number),
        }
        headers |= {"X-Goog-Channel-Token": channel.token} if channel.token else {}
        self._pushes.send(SentPush(channel.address, headers))


def channel_of(push: SentPush) -> tuple[str, str]:
    """The id of a message's channel, and its state (`sync`, `exists`)."""
    return push.headers["X-Goog-Channel-ID"], push.headers["X-Goog-Resource-State"]


def _lifetime(asked: Mapping[str, Any]) -> timedelta:
    params = asked.get("params")
    ttl = params.get("ttl") if isinstance(params, Mapping) else None
    if ttl is None:
        return LIFETIME
    if not str(ttl).isdigit() or int(ttl) <= 0:
        raise google_error(400, "invalid", "Invalid ttl")
    return min(timedelta(seconds=int(ttl)), LIFETIME)


def _deliverable(address: str) -> bool:
    """https, and, because this is a Google on loopback, plain http to loopback."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"
