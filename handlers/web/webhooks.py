"""What calendar providers tell us: that something changed, or that a watch ends. Hints, each checked by itself.

A right one marks a calendar due and nothing else; what changed is read from the provider. Google's messages are
headers alone (developers.google.com/workspace/calendar/api/guides/push); Microsoft's are batches that have to be
acknowledged within 3 seconds (learn.microsoft.com/graph/change-notifications-delivery-webhooks).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web

from handlers.background import Background, within
from services.calendars.providers.google.notifications import GooglePush, read_push
from services.calendars.providers.microsoft.notifications import Lifecycle, Notification, read_notifications, validation
from services.calendars.sync.push_receiver import PushReceiver
from services.domain.calendars import GOOGLE, MICROSOFT
from services.domain.errors import RequestError, SignatureError, TooManyRequestsError
from services.platform.metrics import Metrics

ANSWER_WITHIN = 0.5
"""Seconds until a push is acknowledged; what is not stored by then is stored afterwards. In a burst the loop adds to
it, and providers push less to those who answer late."""

AT_ONCE = 200
"""How many facts are stored at the same time, over all batches: as many as the store takes in one transaction."""

MOST_WAITING = 10_000
"""Notifications that are not stored yet. More than these are refused: they are delivered again."""

_PLAIN = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


@dataclass(slots=True)
class Backlog:
    """How many notifications were taken and are not stored yet."""

    size: int = 0


class PushOutcome(StrEnum):
    """What became of one notification."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The three routes. `background` owns what is stored after its acknowledgement."""

    pushes: PushReceiver
    metrics: Metrics
    background: Background
    answer_within: float = ANSWER_WITHIN
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    backlog: Backlog = field(default_factory=Backlog)

    def routes(self) -> list[web.RouteDef]:
        """POST alone."""
        return [
            web.post("/webhooks/google", self.google),
            web.post("/webhooks/microsoft", self.microsoft),
            web.post("/webhooks/microsoft/lifecycle", self.microsoft),
        ]

    async def google(self, request: web.Request) -> web.Response:
        """One message. One of a channel that is gone is well: Google may go on telling for a while.

        Raises RequestError for what is no message, and SignatureError for a forged one.
        """
        push = read_push(request.headers)
        if self.backlog.size >= MOST_WAITING:
            raise TooManyRequestsError("notifications wait")
        storing = self.background.start(self._of_google(push))
        if await within(storing, self.answer_within):
            storing.result()
        else:
            self.background.leave(storing, route="webhooks")
        return web.Response()

    async def _of_google(self, push: GooglePush) -> None:
        self.backlog.size += 1
        try:
            known = await self.pushes.changed(push.watch_id, push.secret, remote_id=push.resource_id)
        except SignatureError:
            self._count(GOOGLE, PushOutcome.FORGED)
            raise
        finally:
            self.backlog.size -= 1
        self._count(GOOGLE, PushOutcome.TAKEN if known else PushOutcome.UNKNOWN)

    async def microsoft(self, request: web.Request) -> web.Response:
        """A batch of notifications, or the handshake that precedes them. 202 at once, whatever the load.

        Raises RequestError for what is no batch, and SignatureError where all of it is forged.
        """
        token = request.query.get("validationToken")
        if token is not None:
            return web.Response(text=validation(token), content_type="text/plain", headers=_PLAIN)
        notifications = _distinct(read_notifications(await request.read()))
        if not notifications:
            raise RequestError("nothing in a batch")
        if self.backlog.size >= MOST_WAITING:
            raise TooManyRequestsError("notifications wait")
        storing = self.background.start(self._store(notifications))
        if not await within(storing, self.answer_within):
            self.background.leave(storing, route="webhooks")
        elif set(storing.result()) == {PushOutcome.FORGED}:
            raise SignatureError("no right secret in a batch")
        return web.Response(status=202)

    async def _store(self, notifications: Collection[Notification]) -> list[PushOutcome]:
        """Store each; one that fails stops no other. Raises the first failure at the end."""
        self.backlog.size += len(notifications)
        try:
            outcomes = await asyncio.gather(*(self._one(one) for one in notifications), return_exceptions=True)
        finally:
            self.backlog.size -= len(notifications)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, PushOutcome)]

    async def _one(self, notification: Notification) -> PushOutcome:
        async with self.gate:
            try:
                known = await self._fact(notification)
            except SignatureError:
                return self._count(MICROSOFT, PushOutcome.FORGED)
        return self._count(MICROSOFT, PushOutcome.TAKEN if known else PushOutcome.UNKNOWN)

    def _fact(self, told: Notification) -> Awaitable[bool]:
        match told.lifecycle_event:
            case Lifecycle.REAUTHORIZATION_REQUIRED:
                return self.pushes.renew(told.watch_id, told.secret)
            case Lifecycle.SUBSCRIPTION_REMOVED:
                return self.pushes.ended(told.watch_id, told.secret)
            case Lifecycle.MISSED | None:
                return self.pushes.changed(told.watch_id, told.secret, remote_id=told.subscription_id)

    def _count(self, provider: str, outcome: PushOutcome) -> PushOutcome:
        self.metrics.pushes.labels(provider, outcome.value).inc()
        return outcome


def _distinct(told: Iterable[Notification]) -> Collection[Notification]:
    """Those that ask for different things: a batch may tell ten times of one calendar, whatever happened there."""
    return {(one.watch_id, one.secret, one.subscription_id, one.lifecycle_event): one for one in told}.values()
