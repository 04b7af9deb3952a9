"""What `/metrics` counts: outcomes and lateness, never who."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.calendars.sync import CalendarSync
from services.domain.calendars import Changes, Claimed, Connection, Health
from services.domain.decisions import Action
from services.domain.errors import CalendarBusyError, GrantLostError, WorkspaceBlockedError
from services.domain.model import OwnStatusPolicy, PersonKey, Span, Status
from services.domain.profile_state import AuditEntry, PendingWrite, ProfileState
from services.domain.reasons import Reason, ReasonCode
from services.engine.due import LoopWakeSignal
from services.engine.profile_writer import ProfileWriter
from services.platform.metrics import Metrics
from services.slack.client import SlackClients
from tests.support.clocks import ManualClock
from tests.support.faults import UNASKED, theirs
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


def pending_write(span: Span, since: datetime = NINE) -> PendingWrite:
    return PendingWrite(
        key=PersonKey("T1", "U1"), seq=1, urgency=2, since=since, failures=0, granted=True, granted_at=None,
        token="xoxp-1", policy=OwnStatusPolicy.COVER_AND_RESTORE, pause=None, memory=ProfileState(), span=span,
    )  # fmt: skip


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


def entry(outcome: str, *, later: float = 0.0) -> AuditEntry:
    return AuditEntry(NINE + timedelta(seconds=later), Action.WRITE, REASON, outcome)


def writer(metrics: Metrics, ledger: Ledger) -> ProfileWriter:
    queue: Any = ledger
    nobody: Any = None
    return ProfileWriter(
        nobody, queue, ManualClock(NINE), nobody, metrics, unknown_emoji=nobody, judge=theirs,
        wake_signal=LoopWakeSignal(),
    )  # fmt: skip


async def test_writes_are_counted_by_outcome_and_recorded() -> None:
    metrics, ledger = Metrics(), Ledger()
    profiles, pending, state = writer(metrics, ledger), pending_write(SPAN), ProfileState()
    for outcome, later in (("done", 0.2), ("done_with_another_emoji", 3600), ("left", 1)):
        await profiles._settle(pending, state, entry(outcome, later=later))
    await profiles._settle(pending, state, None)
    await profiles._postpone(pending, NINE, None)
    await profiles._failed(pending, WorkspaceBlockedError("access_denied"))
    await profiles._failed(pending, GrantLostError("token_revoked"))
    assert ledger.calls == [*["settle"] * 4, *["postpone"] * 2, "lose_grant"]
    outcomes = (
        "done", "done_with_another_emoji", "left", "shows_already", "postponed", "WorkspaceBlockedError",
        "GrantLostError",
    )  # fmt: skip
    assert [value(metrics, "statusquo_writes_total", outcome=outcome) for outcome in outcomes] == [1.0] * 7
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
    await writer(metrics, Ledger())._settle(pending_write(SPAN, since), ProfileState(), entry("done", later=later))
    assert value(metrics, "statusquo_edge_lateness_seconds_count") == 1.0
    assert value(metrics, "statusquo_edge_lateness_seconds_sum") == late


async def test_fetches_are_counted_by_provider_and_outcome() -> None:
    metrics = Metrics()
    answers: list[Changes | Exception] = [
        Changes(), Changes(unchanged=True), CalendarBusyError(),
    ]  # fmt: skip

    class Feed:
        async def fetch(self, connection: Connection, now: datetime) -> Changes:
            found = answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

    unused: Any = Ledger()
    sync = CalendarSync(
        unused,
        {"ics": Feed()},
        ManualClock(NINE),
        unused,
        interval=timedelta(minutes=15),
        metrics=metrics,
        faults=UNASKED,
    )
    connection = Connection(PersonKey("T1", "U1"), "C1", "ics", "https://a.example/x", ZoneInfo("UTC"))
    claimed = Claimed(connection, 1, NINE + timedelta(minutes=2), "a.example", Health.OK, 0, NINE, ever_worked=True)
    assert await sync._fetch(claimed) == Changes()
    assert await sync._fetch(claimed) == Changes(unchanged=True)
    with pytest.raises(CalendarBusyError):
        await sync._fetch(claimed)
    outcomes = ("changed", "unchanged", "CalendarBusyError")
    name = "statusquo_calendar_syncs_total"
    assert [value(metrics, name, provider="ics", outcome=outcome) for outcome in outcomes] == [1.0] * 3


async def test_calls_of_slack_are_counted_by_method_and_outcome() -> None:
    metrics = Metrics()
    async with oauth_stub() as stub:
        stub.owners["xoxb-1"] = "U1"
        clients = SlackClients(stub.url, metrics)
        assert (await clients.call("xoxb-1", "auth.test"))["user_id"] == "U1"
        with pytest.raises(GrantLostError):
            await clients.call("xoxb-2", "auth.test")
        await clients.close()
    name = "statusquo_slack_calls_total"
    assert value(metrics, name, method="auth.test", outcome="ok") == 1.0
    assert value(metrics, name, method="auth.test", outcome="GrantLostError") == 1.0
    assert "xoxb" not in metrics.text().decode()
