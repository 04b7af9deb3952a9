"""Push subscriptions (watches) at providers, made, renewed and replaced in time; and the pushes that arrive.

A push is checked against the watch that it names, and is then no more than a hint to look. A calendar without a watch
is looked at regularly all the same (`sync`): a watch makes it quicker, never right.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.calendars.oauth import AccountTokens
from services.calendars.ports import Watcher
from services.domain.calendars import Connection, Watch
from services.domain.errors import (
    AccountLostError,
    AppRefusedError,
    CalendarError,
    CalendarUnreachableError,
    PushNotPossibleError,
)
from services.domain.request_errors import SignatureError
from services.platform.crypto import digest_of
from services.platform.logs import guarded, of_error
from services.ports import Clock, Report, WakeSignal
from services.store.watches import KnownWatch, WatchStore, WatchTask

log = structlog.get_logger(__name__)

SECONDS = 20.0
"""How long one watch may take to make or renew, in real time."""

LEASE = timedelta(seconds=25)
BATCH = 10
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)
HOPELESS_EVERY = timedelta(days=1)
"""How often it is tried again where the provider said that there will be no pushes."""

RENEWED_AT = 0.75
"""The share of a watch's life after which it is renewed."""


@dataclass(frozen=True, slots=True)
class PushSubscriptions:
    """Makes and renews push subscriptions; `ports.DueWork` over the calendars whose watch is due."""

    name = "watches"

    watches: WatchStore
    watchers: Mapping[str, Watcher]
    tokens: AccountTokens
    clock: Clock
    wake_signal: WakeSignal

    async def next_due(self) -> datetime | None:
        """Return when the first watch is to be made or renewed."""
        return await self.watches.next_due()

    async def run_due(self) -> Report:
        """Make or renew a batch of what is due, all at once."""
        now = self.clock.now()
        tasks = await self.watches.claim(now, now + LEASE, BATCH)
        done = await asyncio.gather(*(self._see_to(task) for task in tasks))
        return Report(done=len(tasks), changed=sum(done), failed=len(done) - sum(done))

    async def _see_to(self, task: WatchTask) -> bool:
        there, watcher = task.connection, self.watchers.get(task.connection.provider)
        if watcher is None:  # the provider is no longer set up here
            await self.watches.put_off(task, None, task.failures)
            return False
        ids = {"team_id": there.key.team_id, "user_id": there.key.user_id, "calendar_id": there.calendar_id}
        failure: CalendarError = CalendarError("crashed")
        with guarded("watch_crashed", **ids):
            try:
                async with asyncio.timeout(SECONDS):
                    await self._keep(task, watcher)
            except TimeoutError:
                failure = CalendarUnreachableError("takes too long")
            except CalendarError as refusal:
                failure = refusal
            else:
                return True
        delay = min(FIRST_RETRY * 2.0 ** min(task.failures, 16), LONGEST_RETRY)
        if isinstance(failure, PushNotPossibleError):
            delay = HOPELESS_EVERY
        until: datetime | None = self.clock.now() + max(delay, timedelta(seconds=failure.retry_after or 0))
        if isinstance(failure, AccountLostError):
            until = None
        if not isinstance(failure, AppRefusedError):  # that is said once, where calendars are read
            log.info("watch_failed", **ids, provider=there.provider, **of_error(failure))
        await self.watches.put_off(task, until, task.failures + 1)
        return False

    async def _keep(self, task: WatchTask, watcher: Watcher) -> None:
        there, now = task.connection, self.clock.now()
        live = [watch for watch in task.watches if watch.remote_id and now < watch.expires_at]
        kept = await watcher.renew(there, live[-1], now) if live else None
        if kept is None:
            watch_id, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
            # Its row comes first: the first push may be here before the answer.
            await self.watches.begin(there, watch_id, digest_of(secret), now)
            try:
                kept = await watcher.watch(there, watch_id, secret, now)
            except CalendarError:
                await self.watches.drop(there.key.team_id, watch_id)
                raise
        now = self.clock.now()
        if not await self.watches.promised(there, kept, now + (kept.expires_at - now) * RENEWED_AT, now):
            await self._stop(there, watcher, kept)
            return
        self.wake_signal.wake()
        for old in task.watches:
            if old.watch_id != kept.watch_id:
                await self._stop(there, watcher, old)
                await self.watches.drop(there.key.team_id, old.watch_id)

    async def _stop(self, there: Connection, watcher: Watcher, watch: Watch) -> None:
        """End one that is of no use any more; should that fail, it runs out by itself."""
        if not watch.remote_id or watch.expires_at <= self.clock.now():
            return
        ids = {"team_id": there.key.team_id, "user_id": there.key.user_id, "calendar_id": there.calendar_id}
        with guarded("watch_not_stopped", **ids, provider=there.provider):
            await watcher.stop(await self.tokens.token(there.key, there.account_id), watch)


@dataclass(frozen=True, slots=True)
class PushReceiver:
    """What the webhooks call. Each method is False for a watch that nobody knows (any more)."""

    watches: WatchStore
    clock: Clock
    wake_signal: WakeSignal

    async def changed(self, watch_id: str, secret: str, *, remote_id: str = "") -> bool:
        """Have a calendar looked at: something changed, perhaps. `remote_id` where the push names it.

        Raises SignatureError for another secret than the watch's, or another thing than it watches.
        """
        known = await self._known(watch_id, secret)
        if known is None:
            return False
        if remote_id and known.remote_id and remote_id != known.remote_id:
            raise SignatureError("a push about something else")
        await self.watches.hint(known, self.clock.now())
        self.wake_signal.wake()
        return True

    async def renew(self, watch_id: str, secret: str) -> bool:
        """Have a watch renewed, as its provider wants. Raises SignatureError."""
        known = await self._known(watch_id, secret)
        if known is None:
            return False
        await self.watches.renew_now(known, self.clock.now())
        self.wake_signal.wake()
        return True

    async def ended(self, watch_id: str, secret: str) -> bool:
        """Have a watch made anew that its provider ended, and its calendar looked at. Raises SignatureError."""
        known = await self._known(watch_id, secret)
        if known is None:
            return False
        log.info("watch_ended", **_ids(known))
        await self.watches.ended(known, self.clock.now())
        self.wake_signal.wake()
        return True

    async def _known(self, watch_id: str, secret: str) -> KnownWatch | None:
        known = await self.watches.find(watch_id)
        if known is not None and not hmac.compare_digest(known.secret, digest_of(secret)):
            log.warning("push_forged", **_ids(known))
            raise SignatureError("not the watch's secret")
        return known


def _ids(known: KnownWatch) -> dict[str, str]:
    return {"team_id": known.key.team_id, "user_id": known.key.user_id, "calendar_id": known.calendar_id}
