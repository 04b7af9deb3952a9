"""Watches that are kept in memory: what the webhooks call, without a database."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field

from services.domain.request_errors import SignatureError

WATCH = "a" * 32
SECRET = "s" * 43


@dataclass
class KeptPushes:
    """Implements `handlers.web.webhooks.Pushes`. While `free` is not set, none ends; `fails` is what goes wrong."""

    watches: dict[str, str] = field(default_factory=lambda: {WATCH: SECRET})
    told: list[tuple[str, str, str]] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    fails: Exception | None = None
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.free.set()

    async def changed(self, watch_id: str, secret: str, *, remote_id: str = "") -> bool:
        return await self._take("changed", watch_id, secret, remote_id)

    async def renew(self, watch_id: str, secret: str) -> bool:
        return await self._take("renew", watch_id, secret)

    async def ended(self, watch_id: str, secret: str) -> bool:
        return await self._take("ended", watch_id, secret)

    async def _take(self, what: str, watch_id: str, secret: str, remote_id: str = "") -> bool:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            await self.free.wait()
        finally:
            self.at_once -= 1
        if self.fails is not None:
            raise self.fails
        known = self.watches.get(watch_id)
        if known is None:
            return False
        if not hmac.compare_digest(known, secret):
            raise SignatureError("not the watch's secret")
        self.told.append((what, watch_id, remote_id))
        return True
