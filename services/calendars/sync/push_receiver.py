"""Pushes that arrive: checked against the watch that they name, and then no more than a hint to look."""

from __future__ import annotations

import hmac

import structlog

from services.domain.errors import SignatureError
from services.platform.crypto import digest_of
from services.ports import Clock, WakeSignal
from services.store.watches import KnownWatch, WatchStore

log = structlog.get_logger(__name__)


class PushReceiver:
    """What the webhooks call. Each method is False for a watch that nobody knows (any more)."""

    def __init__(self, watches: WatchStore, clock: Clock, wake_signal: WakeSignal) -> None:
        """`wake_signal` wakes the loop that fetches."""
        self._watches = watches
        self._clock = clock
        self._wake_signal = wake_signal

    async def changed(self, watch_id: str, secret: str, *, remote_id: str = "") -> bool:
        """Have a calendar looked at: something changed, perhaps. `remote_id` where the push names it.

        Raises SignatureError for another secret than the watch's, or another thing than it watches.
        """
        known = await self._known(watch_id, secret)
        if known is None:
            return False
        if remote_id and known.remote_id and remote_id != known.remote_id:
            raise SignatureError("a push about something else")
        await self._watches.hint(known, self._clock.now())
        self._wake_signal.wake()
        return True

    async def renew(self, watch_id: str, secret: str) -> bool:
        """Have a watch renewed, as its provider wants. Raises SignatureError."""
        known = await self._known(watch_id, secret)
        if known is None:
            return False
        await self._watches.renew_now(known, self._clock.now())
        self._wake_signal.wake()
        return True

    async def ended(self, watch_id: str, secret: str) -> bool:
        """Have a watch made anew that its provider ended, and its calendar looked at. Raises SignatureError."""
        known = await self._known(watch_id, secret)
        if known is None:
            return False
        log.info("watch_ended", team_id=known.key.team_id, calendar_id=known.calendar_id)
        await self._watches.ended(known, self._clock.now())
        self._wake_signal.wake()
        return True

    async def _known(self, watch_id: str, secret: str) -> KnownWatch | None:
        known = await self._watches.find(watch_id)
        if known is not None and not hmac.compare_digest(known.secret, digest_of(secret)):
            log.warning("push_forged", team_id=known.key.team_id, calendar_id=known.calendar_id)
            raise SignatureError("not the watch's secret")
        return known
