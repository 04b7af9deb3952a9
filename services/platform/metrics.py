"""What an operator measures, as Prometheus counts it. No label names a person, a calendar or a workspace."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from services import VERSION

_LATE = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600)
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)
_LAG = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)


class Metrics:
    """The program's counters; one instance for each program, made in `services/bootstrap.py`."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()

        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(name, says, labels, registry=registry)

        def gauge(name: str, says: str, *labels: str) -> Gauge:
            return Gauge(name, says, labels, registry=registry)

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
        self.faults = gauge(
            "statusquo_operator_fault",
            "1 while there is something that the operator has to mend, by what it is",
            "fault",
        )
        self.secret_expires = gauge(
            "statusquo_secret_expires_timestamp_seconds",
            "When the client secret at a provider of calendars runs out, where that was set",
            "provider",
        )
        self.errors = counter(
            "statusquo_errors",
            "Warnings and errors in the log, by the line's event and by the class of the error",
            "event", "error",
        )  # fmt: skip
        self.database_up = gauge("statusquo_database_up", "1 where the database answered the last question for numbers")
        self.pending_wishes = gauge(
            "statusquo_pending_wishes", "Profiles that wait to be written to, by the size of their workspace", "size"
        )
        self.late_statuses = gauge(
            "statusquo_late_statuses",
            "Those late by more than 5 s: for Slack's limits, another try, the operator, or for no such reason",
            "waits_for",
        )
        self.calendars = gauge(
            "statusquo_calendars", "Calendars, by provider and by how reading them went last", "provider", "health"
        )
        self.people = gauge("statusquo_people", "People, by whether they have allowed us to set their status", "grant")
        self.workspaces = gauge("statusquo_workspaces", "Workspaces that have installed the app")
        self.tokens_ending = gauge(
            "statusquo_tokens_ending",
            "What ends soon and should have been renewed by now: people's and bots' tokens, promises to push",
            "what",
        )
        self.budget_used = gauge(
            "statusquo_budget_used_ratio",
            "Calls of a minute's allowance that are used, by method: of the workspace that has used most of it",
            "method",
        )
        self.loop_lag = Histogram(
            "statusquo_loop_lag_seconds", "How late the event loop was, each time it was looked at",
            buckets=_LAG, registry=registry,
        )  # fmt: skip
        gauge("statusquo_info", "1, and which version this process runs", "version").labels(VERSION).set(1)
        self.edge_lateness = Histogram(
            "statusquo_edge_lateness_seconds", "From when a status was due to Slack's answer",
            buckets=_LATE, registry=registry,
        )  # fmt: skip
        self.requests = Histogram(
            "statusquo_request_seconds", "Requests, by route and status", ["route", "status"],
            buckets=_QUICK, registry=registry,
        )  # fmt: skip

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
