"""What an operator's monitoring is told besides what is counted as it happens: asked for when it asks, kept a while.

The database is asked by as many processes as are looked at, each time they are: so what it answers is kept for some
seconds, what looks at every row for a minute. Where it does not answer, `statusquo_database_up` says so and its
numbers are gone, never out of date; everything else is told all the same.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.domain.faults import OperatorFault
from services.engine.workspaces import LONGEST_CALL, OwnedWorkspaces
from services.platform.concurrency import off_loop
from services.platform.metrics import Metrics
from services.ports import Clock
from services.slack.limits import KEPT_FOR_TYPED, Budget
from services.slack.profile import GET, SET
from services.store.measures import MeasureStore, PendingWrites

log = structlog.get_logger(__name__)

FRESH, FRESH_NUMBERS = 5.0, 60.0
"""Seconds of real time for which what waits is kept, and what there is."""

SECONDS = 4.0
"""How long the database may take: whoever looks gives up after ten, as Prometheus does."""

SIZES = ((10, "1-10"), (100, "11-100"), (1000, "101-1000"))
"""Workspaces by how many people of them use the app, up to and including the number."""

LARGEST = "1001+"


class Measuring:
    """Brings `metrics` up to date. `workspaces` are those that this process owns."""

    def __init__(self, metrics: Metrics, store: MeasureStore, workspaces: OwnedWorkspaces, clock: Clock) -> None:
        self._metrics = metrics
        self._store = store
        self._workspaces = workspaces
        self._clock = clock
        self._asking = asyncio.Lock()
        self._waiting_at = self._numbers_at = float("-inf")

    async def measure(self) -> None:
        """Bring them up to date, as far as they are not; never raises for a database that does not answer."""
        self._budgets(self._clock.now())
        async with self._asking:  # whoever looks at the same time is told the same
            if time.monotonic() - self._waiting_at < FRESH:
                return
            try:
                async with asyncio.timeout(SECONDS):
                    await self._ask(self._clock.now())
            except (SQLAlchemyError, OSError, TimeoutError) as failure:
                log.warning("not_measured", error=type(failure).__name__)
                self._forget()
            self._waiting_at = time.monotonic()

    def _budgets(self, now: datetime) -> None:
        most: dict[str, float] = {}
        for workspace in self._workspaces.owned:
            for method, share in workspace.budget.used(now).items():
                most[method] = max(share, most.get(method, 0.0))
        self._metrics.budget_used.clear()
        for method, share in most.items():
            self._metrics.budget_used.labels(method).set(share)

    async def _ask(self, now: datetime) -> None:
        metrics, waiting = self._metrics, await self._store.waiting(now)
        late = await off_loop(_late, waiting, now)
        late["other"] += await self._store.undecided(now)
        pending: Counter[str] = Counter(dict.fromkeys([*(name for _, name in SIZES), LARGEST], 0))
        for one in waiting:
            pending[size(one.people)] += one.pending
        for name, count in pending.items():
            metrics.pending_wishes.labels(name).set(count)
        for reason, count in late.items():
            metrics.late_statuses.labels(reason).set(count)
        standing = await self._store.faults()
        for fault in OperatorFault:
            metrics.faults.labels(fault.value).set(fault.value in standing)
        metrics.database_up.set(1)
        if time.monotonic() - self._numbers_at < FRESH_NUMBERS:
            return
        numbers = await self._store.numbers(now)
        metrics.people.clear()
        for grant, count in numbers.people.items():
            metrics.people.labels(grant).set(count)
        metrics.calendars.clear()
        for (provider, health), count in numbers.calendars.items():
            metrics.calendars.labels(provider, health).set(count)
        for what, count in numbers.ending.items():
            metrics.tokens_ending.labels(what).set(count)
        metrics.workspaces.set(numbers.workspaces)
        self._numbers_at = time.monotonic()

    def _forget(self) -> None:
        """Forget what was known of the database."""
        metrics = self._metrics
        metrics.database_up.set(0)
        metrics.workspaces.set(float("nan"))
        for gauge in (
            metrics.pending_wishes, metrics.late_statuses, metrics.people, metrics.calendars, metrics.tokens_ending,
            metrics.faults,
        ):  # fmt: skip
            gauge.clear()
        self._numbers_at = float("-inf")


def size(people: int) -> str:
    """Return which of `SIZES` a workspace of so many people is."""
    return next((name for most, name in SIZES if people <= most), LARGEST)


def _late(waiting: Sequence[PendingWrites], now: datetime) -> dict[str, int]:
    """Return how many statuses are late, by what they wait for.

    Another try, a limit of Slack's, the operator, or whoever.
    """
    late = {"limit": 0, "retry": 0, "fault": 0, "other": 0}
    for one in waiting:
        late["retry"] += one.put_off
        is_full = one.late and not one.shut and _is_full(one.budget, now)
        late["fault" if one.shut else "limit" if is_full else "other"] += one.late
    return late


def _is_full(stored: str, now: datetime) -> bool:
    budget = Budget()
    if not budget.restore(stored, now, LONGEST_CALL):
        return False
    return any(budget.ready_at(method, now, keep=KEPT_FOR_TYPED) is not None for method in (GET, SET))
