"""For whoever operates this: alive, ready, and how much of what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from services.domain.errors import StatusQuoError
from services.platform.metrics import Metrics

log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[bool]]
"""Whether one thing is as it has to be. May raise what a database raises, or a StatusQuoError."""

_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Operations:
    """`checks` by name ("database", "migrations", "worker"); `pending` counts the profiles that wait."""

    checks: Mapping[str, Check]
    metrics: Metrics
    pending: Callable[[], Awaitable[int]] | None = None

    def routes(self) -> list[web.RouteDef]:
        """Three addresses."""
        return [
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.measure),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """Alive: the loop turns."""
        return web.json_response({"status": "alive"})

    async def ready(self, _request: web.Request) -> web.Response:
        """200 where every check holds, else 503; each check by its name."""
        names = list(self.checks)
        held = await asyncio.gather(*(self._holds(name) for name in names))
        found = {name: "ok" if good else "failing" for name, good in zip(names, held, strict=True)}
        good = all(held)
        return web.json_response({"status": "ready" if good else "not ready", **found}, status=200 if good else 503)

    async def _holds(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_SECONDS):
                return await self.checks[name]()
        except (SQLAlchemyError, OSError, TimeoutError, StatusQuoError) as failure:
            log.warning("check_failed", check=name, error=type(failure).__name__)
            return False

    async def measure(self, _request: web.Request) -> web.Response:
        """Prometheus' text."""
        if self.pending is not None:
            self.metrics.pending_wishes.set(await self.pending())
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
