"""Ports with a counter in front of them: what goes through is counted for `/metrics`, and nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.calendars.ports import Source
from services.domain.calendars import Changes, Connection
from services.domain.errors import AppRefusedError, CalendarError, SlackError
from services.domain.profile_state import AuditEntry, PendingWrite, ProfileState
from services.engine.profile_writer import Wishes
from services.platform.metrics import Metrics
from services.slack.client import SlackClients

_DONE = "done"


class CountedClients(SlackClients):
    """Slack's Web API, counted by method and outcome."""

    def __init__(self, base_url: str, metrics: Metrics) -> None:
        """`base_url` is SLACK_API_URL."""
        super().__init__(base_url)
        self._metrics = metrics

    async def call(self, token: str | None, method: str, **arguments: Any) -> Mapping[str, Any]:
        """As `SlackClients.call`."""
        try:
            answer = await super().call(token, method, **arguments)
        except SlackError as failure:
            self._metrics.slack_calls.labels(method, type(failure).__name__).inc()
            raise
        self._metrics.slack_calls.labels(method, "ok").inc()
        return answer


class CountedSource:
    """A source of calendars, its fetches counted."""

    def __init__(self, source: Source, provider: str, metrics: Metrics) -> None:
        """`provider` is the label."""
        self._source = source
        self._provider = provider
        self._metrics = metrics

    async def fetch(self, connection: Connection, now: datetime) -> Changes:
        """As the source's own."""
        try:
            changes = await self._source.fetch(connection, now)
        except CalendarError as failure:
            self._metrics.syncs.labels(self._provider, type(failure).__name__).inc()
            if isinstance(failure, AppRefusedError):
                self._metrics.refusing.labels(self._provider).set(1)
            raise
        self._metrics.refusing.labels(self._provider).set(0)
        self._metrics.syncs.labels(self._provider, "unchanged" if changes.unchanged else "changed").inc()
        return changes


class CountedWriteQueue:
    """What becomes of wishes, counted by outcome, and how late after its edge a status was written."""

    def __init__(self, wishes: Wishes, metrics: Metrics) -> None:
        """`wishes` records them."""
        self._wishes = wishes
        self._metrics = metrics

    async def intend(self, wish: PendingWrite, memory: ProfileState, budget: str) -> bool:
        """As `Wishes.intend`."""
        return await self._wishes.intend(wish, memory, budget)

    async def settle(self, wish: PendingWrite, memory: ProfileState, attempt: AuditEntry | None, budget: str) -> None:
        """As `Wishes.settle`."""
        await self._wishes.settle(wish, memory, attempt, budget)
        self._count(attempt)
        if attempt is not None and attempt.outcome.startswith(_DONE) and wish.span is not None:
            # a status follows the start of its span, or what was learned later: a new event, a pause that ended
            late = attempt.at - max(wish.span.start, wish.since)
            self._metrics.edge_lateness.observe(max(0.0, late.total_seconds()))

    async def drop(self, wish: PendingWrite, *, unresolved: bool = False, now: datetime) -> None:
        """As `Wishes.drop`."""
        await self._wishes.drop(wish, unresolved=unresolved, now=now)

    async def postpone(
        self, wish: PendingWrite, until: datetime, attempt: AuditEntry | None, notice: str, budget: str
    ) -> None:
        """As `Wishes.postpone`."""
        await self._wishes.postpone(wish, until, attempt, notice, budget)
        self._count(attempt, otherwise="postponed")

    async def lose_grant(self, wish: PendingWrite, attempt: AuditEntry) -> None:
        """As `Wishes.lose_grant`."""
        await self._wishes.lose_grant(wish, attempt)
        self._count(attempt)

    def _count(self, attempt: AuditEntry | None, otherwise: str = "shows_already") -> None:
        self._metrics.writes.labels(otherwise if attempt is None else attempt.outcome.partition(":")[0]).inc()
