"""Push channels: `events.watch`, `channels.stop`, and the messages (…/calendar/api/guides/push).

Messages are real requests. They are sent again after 500, 502, 503 and 504 and where nobody answers; any other answer
that is no success is given up on, as the guide says.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from emulators.google.calendars import Account, Calendar
from emulators.google.faults import ApiError, Faults

LIFETIME = timedelta(days=7)
ANSWER_SECONDS = 10.0
PAUSES = (0.05, 0.2, 1.0)
"""Real seconds before a message is sent again."""

_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_LONGEST_TOKEN = 256
_SUCCESS = frozenset({102, 200, 201, 202, 204})
_AGAIN = frozenset({0, 500, 502, 503, 504})


@dataclass(slots=True)
class Channel:
    """One channel, as it was asked for."""

    id: str
    token: str = field(repr=False)
    address: str
    account: str
    calendar: str
    resource_id: str
    expires_at: datetime
    number: int = 0


@dataclass(slots=True)
class Push:
    """A message, and the status of the last answer to it (0: none yet, or nobody answered)."""

    channel_id: str
    state: str
    number: int
    address: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    status: int = 0
    tries: int = 0


class Channels:
    """The channels that are open, and what is on its way."""

    def __init__(self, now: Callable[[], datetime], faults: Faults) -> None:
        self._now = now
        self._faults = faults
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Push] = []
        self.on_answer: Callable[[Push], None] = lambda _: None
        self.open: dict[str, Channel] = {}
        self.sent: deque[Push] = deque(maxlen=1000)

    @property
    def busy(self) -> bool:
        """Whether messages are on their way."""
        return bool(self._tasks)

    def watch(self, account: Account, calendar: Calendar, asked: Mapping[str, Any]) -> tuple[Channel, dict[str, Any]]:
        """Open a channel; it, and the answer. Raises ApiError."""
        channel_id, address, token = asked.get("id"), asked.get("address"), asked.get("token", "")
        if not isinstance(channel_id, str) or not _ID.fullmatch(channel_id):
            raise ApiError(400, "push.channelIdInvalid", "Channel id is invalid")
        if asked.get("type") not in {"web_hook", "webhook"}:
            raise ApiError(400, "push.channelTypeUnknown", "Unknown channel type")
        if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
            raise ApiError(400, "push.channelTokenTooLong", "Channel token too long")
        if not isinstance(address, str) or not _deliverable(address):
            raise ApiError(400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS")
        if not calendar.pushes:
            raise ApiError(
                400, "pushNotSupportedForRequestedResource", "Push notifications are not supported by this resource.",
                "calendar",
            )  # fmt: skip
        if channel_id in self.open:
            raise ApiError(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        resource = hashlib.sha256(f"{account.address} {calendar.id}".encode()).hexdigest()[:27]
        channel = Channel(
            channel_id, token, address, account.address, calendar.id, resource, self._now() + self._lifetime(asked)
        )
        self.open[channel_id] = channel
        answer = {
            "kind": "api#channel",
            "id": channel_id,
            "resourceId": resource,
            "resourceUri": _resource(channel),
            "expiration": str(int(channel.expires_at.timestamp() * 1000)),
        }
        return channel, answer | ({"token": token} if token else {})

    def stop(self, account: Account, asked: Mapping[str, Any]) -> None:
        """Close a channel. Raises ApiError where this account has none of that id for that resource."""
        channel = self.open.get(str(asked.get("id")))
        known = channel is not None and self._now() < channel.expires_at
        if channel is None or not known or channel.account != account.address:
            raise ApiError(404, "channelUnknown", f"Channel '{asked.get('id')}' not found for project")
        if channel.resource_id != asked.get("resourceId"):
            raise ApiError(404, "notFound", "Resource not found")
        del self.open[channel.id]

    def changed(self, calendar: Calendar) -> None:
        """Tell every channel of a calendar."""
        for channel in list(self.open.values()):
            if channel.calendar == calendar.id:
                self.tell(channel, "exists")

    def tell(self, channel: Channel, state: str) -> None:
        """Send one message, in the background; nothing where the channel has ended."""
        if self._now() >= channel.expires_at:
            self.open.pop(channel.id, None)
            return
        channel.number += 1 if state == "sync" else 1 + channel.number % 3  # increasing, but not by one
        if self._faults.lose > 0:
            self._faults.lose -= 1
            return
        push = Push(channel.id, state, channel.number, channel.address, _headers(channel, state))
        for _ in range(2 if self._faults.twice else 1):
            if self._faults.hold:
                self._held.append(push)
            else:
                self._send(push)

    async def release(self, *, backwards: bool = False) -> None:
        """Send what was held back, one after the other, the last one first if it is to be `backwards`."""
        held, self._held = self._held, []
        for push in reversed(held) if backwards else held:
            await self._deliver(push)

    async def settled(self) -> None:
        """Wait until every message was taken, or given up on."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Drop what is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _lifetime(self, asked: Mapping[str, Any]) -> timedelta:
        params = asked.get("params")
        ttl = params.get("ttl") if isinstance(params, Mapping) else None
        if ttl is None:
            return LIFETIME
        if not str(ttl).isdigit() or int(ttl) <= 0:
            raise ApiError(400, "invalid", "Invalid ttl")
        return min(timedelta(seconds=int(ttl)), LIFETIME)

    def _send(self, push: Push) -> None:
        task = asyncio.create_task(self._deliver(push), name="google-push")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, push: Push) -> None:
        self.sent.append(push)
        for pause in (0.0, *PAUSES):
            await asyncio.sleep(pause)
            push.tries += 1
            push.status = await self._post(push)
            self.on_answer(push)
            if push.status not in _AGAIN:
                return

    async def _post(self, push: Push) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS), trust_env=False)
        try:
            async with self._session.post(push.address, headers=push.headers, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


def _deliverable(address: str) -> bool:
    """https, and, because this is a Google on loopback, plain http to loopback."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"


def _resource(channel: Channel) -> str:
    return f"https://www.googleapis.com/calendar/v3/calendars/{quote(channel.calendar, safe='')}/events?alt=json"


def _headers(channel: Channel, state: str) -> dict[str, str]:
    headers = {
        "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
        "Accept": "*/*",
        "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Expiration": format_datetime(channel.expires_at.astimezone(UTC), usegmt=True),
        "X-Goog-Resource-ID": channel.resource_id,
        "X-Goog-Resource-URI": _resource(channel),
        "X-Goog-Resource-State": state,
        "X-Goog-Message-Number": str(channel.number),
    }
    return headers | ({"X-Goog-Channel-Token": channel.token} if channel.token else {})
