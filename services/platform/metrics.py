"""What an operator measures, as Prometheus counts it. No label names a person, a calendar or a workspace."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATE = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600)
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)


class Metrics:
    """The program's counters; one instance for each program, made in `services/bootstrap.py`."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()

        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(name, says, labels, registry=registry)

        self.writes = counter("statusquo_writes", "Decisions about a profile, by what came of them", "outcome")
        self.syncs = counter(
            "statusquo_calendar_syncs", "Fetches of calendars, by provider and by what came of them",
            "provider", "outcome",
        )  # fmt: skip
        self.slack_calls = counter(
            "statusquo_slack_calls", "Calls of Slack's Web API, by method and by what came of them",
            "method", "outcome",
        )  # fmt: skip
        self.deliveries = counter(
            "statusquo_deliveries", "What Slack delivered, by type and by what became of it", "type", "outcome"
        )
        self.pushes = counter(
            "statusquo_pushes", "What calendar providers told, by provider and by what became of it",
            "provider", "outcome",
        )  # fmt: skip
        self.refusing = Gauge(
            "statusquo_provider_refuses_app",
            "1 while a provider of calendars does not take this app: its secret is wrong, or its API turned off",
            ["provider"],
            registry=registry,
        )
        self.secret_expires = Gauge(
            "statusquo_secret_expires_timestamp_seconds",
            "When the client secret at a provider of calendars runs out, where that was set",
            ["provider"],
            registry=registry,
        )
        self.pending_wishes = Gauge(
            "statusquo_pending_wishes", "Profiles that wait to be written to", registry=registry
        )
        self.edge_lateness = Histogram(
            "statusquo_edge_lateness_seconds", "From when a status was due to Slack's answer",
            buckets=_LATE, registry=registry,
        )  # fmt: skip
        self.requests = Histogram(
            "statusquo_request_seconds", "Requests, by route and status", ["route", "status"],
            buckets=_QUICK, registry=registry,
        )  # fmt: skip

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
