"""What `/metrics` counts: outcomes and lateness, never who."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.domain.calendars import Changes, Connection
from services.domain.errors import AppRefusedError, CalendarBusyError, GrantLostError
from services.domain.model import Action, PersonKey, Reason, ReasonCode, Span, Status
from services.domain.profile_state import AuditEntry, ProfileState
from services.engine.instrumentation import CountedClients, CountedSource, CountedWriteQueue
from services.platform.metrics import Metrics
from tests.support.oauth_stub import oauth_stub

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
REASON = Reason(ReasonCode.EVENT)
SPAN = Span(NINE, NINE + timedelta(hours=1), Status("In a meeting"), "meeting", REASON)


class Ledger:
    """Records nothing, remembers the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        async def call(*_arguments: object, **_named: object) -> bool:
            self.calls.append(name)
            return True

        return call


class Sample:
    """As much of a wish as is counted."""

    def __init__(self, span: Span | None, since: datetime = NINE) -> None:
        self.span = span
        self.since = since


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


def attempt(outcome: str, *, later: float = 0.0) -> AuditEntry:
    return AuditEntry(NINE + timedelta(seconds=later), Action.WRITE, REASON, outcome)


async def test_writes_are_counted_by_outcome_and_go_on() -> None:
    metrics, ledger = Metrics(), Ledger()
    wishes, wish, memory = CountedWriteQueue(ledger, metrics), Sample(SPAN), ProfileState()
    sample: Any = wish
    assert await wishes.intend(sample, memory, "{}") is True
    await wishes.settle(sample, memory, attempt("done", later=0.2))
    await wishes.settle(sample, memory, attempt("done_with_another_emoji", later=3600))
    await wishes.settle(sample, memory, attempt("left", later=1))
    await wishes.settle(sample, memory, None)
    await wishes.postpone(sample, NINE, None, "")
    await wishes.postpone(sample, NINE, attempt("WorkspaceBlockedError"), "blocked", "{}")
    await wishes.lose_grant(sample, attempt("GrantLostError"))
    await wishes.drop(sample, now=NINE)
    assert ledger.calls == ["intend", *["settle"] * 4, *["postpone"] * 2, "lose_grant", "drop"]
    outcomes = ("done", "done_with_another_emoji", "left", "shows_already", "postponed", "WorkspaceBlockedError")
    assert [value(metrics, "statusquo_writes_total", outcome=outcome) for outcome in outcomes] == [1.0] * 6
    assert value(metrics, "statusquo_edge_lateness_seconds_count") == 2.0
    assert value(metrics, "statusquo_edge_lateness_seconds_sum") == pytest.approx(3600.2)


@pytest.mark.parametrize(
    ("since", "later", "late"),
    [
        (NINE, 7200, 7200),  # the app was down
        (NINE + timedelta(hours=1), 3601, 1),  # an event that was put in an hour after it had begun
        (NINE - timedelta(minutes=2), -60, 0),  # `lead`
    ],
)
async def test_lateness_counts_from_when_it_was_due_however_late(since: datetime, later: float, late: float) -> None:
    metrics = Metrics()
    wish: Any = Sample(SPAN, since)
    await CountedWriteQueue(Ledger(), metrics).settle(wish, ProfileState(), attempt("done", later=later))
    assert value(metrics, "statusquo_edge_lateness_seconds_count") == 1.0
    assert value(metrics, "statusquo_edge_lateness_seconds_sum") == late


async def test_fetches_are_counted_by_provider_and_outcome() -> None:
    metrics = Metrics()
    answers: list[Changes | Exception] = [
        Changes(), Changes(unchanged=True), CalendarBusyError(), AppRefusedError(), Changes(),
    ]  # fmt: skip

    class Feed:
        async def fetch(self, connection: Connection, now: datetime) -> Changes:
            found = answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

    source = CountedSource(Feed(), "ics", metrics)
    connection = Connection(PersonKey("T1", "U1"), "C1", "ics", "https://a.example/x", ZoneInfo("UTC"))
    assert await source.fetch(connection, NINE) == Changes()
    assert await source.fetch(connection, NINE) == Changes(unchanged=True)
    with pytest.raises(CalendarBusyError):
        await source.fetch(connection, NINE)
    outcomes = ("changed", "unchanged", "CalendarBusyError")
    name = "statusquo_calendar_syncs_total"
    assert [value(metrics, name, provider="ics", outcome=outcome) for outcome in outcomes] == [1.0] * 3
    with pytest.raises(AppRefusedError):
        await source.fetch(connection, NINE)
    assert value(metrics, "statusquo_provider_refuses_app", provider="ics") == 1.0
    await source.fetch(connection, NINE)
    assert value(metrics, "statusquo_provider_refuses_app", provider="ics") == 0.0


async def test_calls_of_slack_are_counted_by_method_and_outcome() -> None:
    metrics = Metrics()
    async with oauth_stub() as stub:
        stub.owners["xoxb-1"] = "U1"
        clients = CountedClients(stub.url, metrics)
        assert (await clients.call("xoxb-1", "auth.test"))["user_id"] == "U1"
        with pytest.raises(GrantLostError):
            await clients.call("xoxb-2", "auth.test")
        await clients.close()
    name = "statusquo_slack_calls_total"
    assert value(metrics, name, method="auth.test", outcome="ok") == 1.0
    assert value(metrics, name, method="auth.test", outcome="GrantLostError") == 1.0
    assert "xoxb" not in metrics.text().decode()
