"""Ports with a counter in front of them: what goes through is counted for `/metrics`, and nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.calendars.ports import Source
from services.domain.calendars import Changes, Connection
from services.domain.errors import AppRefusedError, CalendarError, SlackError
from services.platform.metrics import Metrics
from services.slack.client import SlackClients


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
