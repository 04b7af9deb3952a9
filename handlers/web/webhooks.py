"""What other programs post: calendar providers' pushes, and whatever a person gave the address of a hook.

A push is a hint, checked by itself: a right one marks a calendar due and nothing else; what changed is read from the
provider. Google's messages are headers alone (developers.google.com/workspace/calendar/api/guides/push);
Microsoft's are batches that have to be acknowledged within 3 seconds
(learn.microsoft.com/graph/change-notifications-delivery-webhooks).
To a hook comes a calendar, or a status as JSON (`text`, `emoji`, `until`, `minutes`).
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from aiohttp import web

from handlers.errors import Background, within
from handlers.slack.payloads import strict_json
from services.calendars.connections import PATH, Hooks
from services.calendars.ical.content import as_utf8, codec_of
from services.calendars.providers.google.push import GooglePush, read_push
from services.calendars.providers.microsoft.push import Lifecycle, Notification, read_notifications, validation
from services.calendars.push_subscriptions import PushReceiver
from services.domain import command_parser, times
from services.domain.calendars import GOOGLE, MICROSOFT
from services.domain.errors import InputError, TextMissingError, TimeInThePastError, TooFarAwayError
from services.domain.request_errors import RequestError, SignatureError, TooManyRequestsError, UnknownPathError
from services.domain.text import is_storable
from services.domain.times import Speaker
from services.platform.concurrency import off_loop
from services.platform.metrics import Metrics
from services.ports import Clock

ANSWER_WITHIN = 0.5
"""Seconds until a push is acknowledged; what is not stored by then is stored afterwards. In a burst the loop adds to
it, and providers push less to those who answer late."""

AT_ONCE = 200
"""How many facts are stored at the same time, over all batches: as many as the store takes in one transaction."""

MOST_WAITING = 10_000
"""Notifications that are not stored yet. More than these are refused: they are delivered again."""

LONGEST = timedelta(days=731)
"""How far off an end may be: as far as one that is typed."""

_PLAIN = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_FIELDS = frozenset({"text", "emoji", "until", "minutes"})
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_MOMENT = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d.*", re.ASCII | re.IGNORECASE)
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


class PushOutcome(StrEnum):
    """What became of one notification."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    FORGED = "forged"


@dataclass(slots=True)
class Webhooks:
    """The three routes. `background` owns what is stored after its acknowledgement, `waiting` counts it."""

    pushes: PushReceiver
    metrics: Metrics
    background: Background
    answer_within: float = ANSWER_WITHIN
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: int = 0

    def routes(self) -> list[web.RouteDef]:
        """POST alone."""
        return [
            web.post("/webhooks/google", self.google),
            web.post("/webhooks/microsoft", self.microsoft),
            web.post("/webhooks/microsoft/lifecycle", self.microsoft),
        ]

    async def google(self, request: web.Request) -> web.Response:
        """Take one message. One of a channel that is gone is well: Google may go on telling for a while.

        Raises RequestError for what is no message, and SignatureError for a forged one.
        """
        push = read_push(request.headers)
        if self.waiting >= MOST_WAITING:
            raise TooManyRequestsError("notifications wait")
        storing = self.background.start(self._of_google(push))
        if await within(storing, self.answer_within):
            storing.result()
        else:
            self.background.leave(storing, route="webhooks")
        return web.Response()

    async def _of_google(self, push: GooglePush) -> None:
        self.waiting += 1
        try:
            known = await self.pushes.changed(push.watch_id, push.secret, remote_id=push.resource_id)
        except SignatureError:
            self._count(GOOGLE, PushOutcome.FORGED)
            raise
        finally:
            self.waiting -= 1
        self._count(GOOGLE, PushOutcome.TAKEN if known else PushOutcome.UNKNOWN)

    async def microsoft(self, request: web.Request) -> web.Response:
        """Take a batch of notifications, or the handshake that precedes them. 202 at once, whatever the load.

        Raises RequestError for what is no batch, and SignatureError where all of it is forged.
        """
        token = request.query.get("validationToken")
        if token is not None:
            return web.Response(text=validation(token), content_type="text/plain", headers=_PLAIN)
        # A batch may tell ten times of one calendar, whatever happened there.
        told = read_notifications(await request.read())
        notifications = {(one.watch_id, one.secret, one.subscription_id, one.lifecycle_event): one for one in told}
        if not notifications:
            raise RequestError("nothing in a batch")
        if self.waiting >= MOST_WAITING:
            raise TooManyRequestsError("notifications wait")
        storing = self.background.start(self._store(notifications.values()))
        if not await within(storing, self.answer_within):
            self.background.leave(storing, route="webhooks")
        elif set(storing.result()) == {PushOutcome.FORGED}:
            raise SignatureError("no right secret in a batch")
        return web.Response(status=202)

    async def _store(self, notifications: Collection[Notification]) -> list[PushOutcome]:
        """Store each; one that fails stops no other. Raises the first failure at the end."""
        self.waiting += len(notifications)
        try:
            outcomes = await asyncio.gather(*(self._one(one) for one in notifications), return_exceptions=True)
        finally:
            self.waiting -= len(notifications)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, PushOutcome)]

    async def _one(self, told: Notification) -> PushOutcome:
        async with self.gate:
            try:
                match told.lifecycle_event:
                    case Lifecycle.REAUTHORIZATION_REQUIRED:
                        known = await self.pushes.renew(told.watch_id, told.secret)
                    case Lifecycle.SUBSCRIPTION_REMOVED:
                        known = await self.pushes.ended(told.watch_id, told.secret)
                    case Lifecycle.MISSED | None:
                        known = await self.pushes.changed(told.watch_id, told.secret, remote_id=told.subscription_id)
            except SignatureError:
                return self._count(MICROSOFT, PushOutcome.FORGED)
        return self._count(MICROSOFT, PushOutcome.TAKEN if known else PushOutcome.UNKNOWN)

    def _count(self, provider: str, outcome: PushOutcome) -> PushOutcome:
        self.metrics.pushes.labels(provider, outcome.value).inc()
        return outcome


class HookTypeError(RequestError):
    """Send a status as `application/json`, or a calendar as `text/calendar`."""

    http_status = 415


class HookFieldsError(InputError):
    """Send `text`, with `emoji` or without, and `until` or `minutes` or neither; nothing else."""


class HookTimeError(InputError):
    """That is no time. Send `until` as `2026-11-24T15:00`, `15:00` or Unix seconds, or `minutes` as a number."""


@dataclass(frozen=True, slots=True)
class HookRoutes:
    """`POST` and `DELETE /hooks/{secret}`, or `/hooks` with the secret as bearer.

    The secret is all that lets a caller in; it is in no log and no label.
    """

    hooks: Hooks
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        """Return two addresses, two methods."""
        return [
            route(path, method)
            for path in (PATH.rstrip("/"), f"{PATH}{{secret}}")
            for route, method in ((web.post, self.post), (web.delete, self.delete))
        ]

    async def post(self, request: web.Request) -> web.Response:
        """Take a status or a calendar; 202 for what is taken in and done in a moment."""
        hook = await self.hooks.find(secret_of(request))
        kind, body = request.content_type, await request.read()
        if kind == "text/calendar":
            entries = await self.hooks.take(hook, await in_utf8(body, request.charset))
            return web.json_response({"ok": True, "entries": entries}, status=202)
        if kind != "application/json":
            raise HookTypeError("content type")
        wanted = read_status(await in_utf8(body, request.charset), hook.zone, self.clock.now())
        made = await self.hooks.show(hook, text=wanted.text, emoji=wanted.emoji, end=wanted.end)
        until = None if made.end is None else made.end.isoformat().replace("+00:00", "Z")
        return web.json_response({"ok": True, "text": made.text, "emoji": made.emoji, "until": until})

    async def delete(self, request: web.Request) -> web.Response:
        """End the status that this hook shows; that there is none is well, too."""
        hook = await self.hooks.find(secret_of(request))
        return web.json_response({"ok": True, "ended": await self.hooks.end(hook)})


def secret_of(request: web.Request) -> str:
    """Return the secret of a hook: in the path, else in `Authorization: Bearer SECRET`. Raises UnknownPathError."""
    if "secret" in request.match_info:
        return request.match_info["secret"]
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise UnknownPathError("no bearer")
    return found[1]


async def in_utf8(body: bytes, charset: str | None) -> bytes:
    """Return a body in the encoding that calendars and JSON are read in. Raises HookTypeError."""
    if charset is None:
        return body
    if codec_of(charset) is None:
        raise HookTypeError("charset")
    return await off_loop(as_utf8, body, charset)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A status to show; `end` is UTC, None for until it is ended."""

    text: str
    emoji: str
    end: datetime | None


def read_status(body: bytes, zone: ZoneInfo, now: datetime) -> Wanted:
    """Return the status that is asked for, times without an offset being in `zone`.

    Raises RequestError and InputErrors.
    """
    try:
        said = strict_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RequestError("not UTF-8") from error
    if not isinstance(said, dict):
        raise HookFieldsError("JSON, but no object")
    text, emoji = said.get("text"), said.get("emoji")
    if not said.keys() <= _FIELDS or not isinstance(text, str | None) or not isinstance(emoji, str | None):
        raise HookFieldsError("fields")
    until, minutes = said.get("until"), said.get("minutes")
    if until is not None and minutes is not None:
        raise HookFieldsError("both until and minutes")
    words = command_parser.shown(_text(text))
    sign = command_parser.emoji_of(_text(emoji))
    if not words:
        raise TextMissingError("an emoji alone") if sign else HookFieldsError("no text")
    if minutes is not None:
        return Wanted(words, sign, _bounded(_after(minutes, now), now))
    return Wanted(words, sign, None if until is None else _bounded(_until(until, zone, now), now))


def _text(value: str | None) -> str:
    """Return a text that can be stored. Raises HookFieldsError."""
    text = value or ""
    if not is_storable(text):
        raise HookFieldsError("text that is no text")
    return text


def _after(minutes: object, now: datetime) -> datetime:
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not minutes > 0:
        raise HookTimeError("minutes")
    if minutes > LONGEST.total_seconds() / 60:
        raise TooFarAwayError("minutes")
    return now + timedelta(seconds=math.ceil(minutes * 60))


def _until(until: object, zone: ZoneInfo, now: datetime) -> datetime:
    """Unix seconds; `15:00`, which is today's or else tomorrow's; or ISO 8601, in `zone` where it has no offset."""
    try:
        if isinstance(until, int | float) and not isinstance(until, bool):
            return datetime.fromtimestamp(until, UTC)
        text = until.strip() if isinstance(until, str) else ""
        if clock := _CLOCK.fullmatch(text):
            return times.until_time(time(int(clock[1]), int(clock[2])), Speaker(now, zone))
        if not _MOMENT.fullmatch(text):
            raise HookTimeError("until")
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise HookTimeError("until") from error


def _bounded(end: datetime, now: datetime) -> datetime:
    """Slack knows whole seconds: an end within the current one is over."""
    end = end.replace(microsecond=0)
    if end <= now:
        raise TimeInThePastError("until")
    if end - now > LONGEST:
        raise TooFarAwayError("until")
    return end
