"""What is known of the minutes around a fault: what the clock, Slack, the app's log and its audit say of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.soak.judge import Fault
from services.domain.model import PersonKey
from services.store.timeline import AuditStore

AROUND = timedelta(seconds=90)
MOST_AUDIT = 2_000


@dataclass(frozen=True, slots=True)
class Leap:
    """The clock went from `at` to `to` at once: both ends are simulated time."""

    at: datetime
    to: datetime


@dataclass(frozen=True, slots=True)
class Called:
    """A call of one of Slack's methods that read or write somebody's profile, and Slack's answer."""

    at: datetime
    user: str
    what: str


async def told(
    fault: Fault, person: PersonKey, *, leaps: Iterable[Leap], calls: Iterable[Called], log: Sequence[str],
    audit: AuditStore,
) -> list[str]:  # fmt: skip
    """All of it, in order, a line each."""
    begin, end = fault.segment.start - AROUND, min(fault.came, fault.segment.end) + AROUND
    lines = [(one.at, f"the clock leaps to {one.to:%H:%M:%S.%f}") for one in leaps]
    lines += [(one.at, f"Slack: {one.what}") for one in calls if one.user == person.user_id]
    for entry in await audit.recent(person, MOST_AUDIT, effects=True):
        lines.append((entry.at, f"audit: {entry.action} {entry.reason.code} {entry.outcome} {entry.status.text!r}"))
    for line in log:
        if f'"{person.user_id}"' in line:
            said = json.loads(line)
            lines.append((datetime.fromisoformat(said.pop("clock")), f"log: {said}"))
    return [f"{at:%a %H:%M:%S.%f} {what}" for at, what in sorted(lines) if begin <= at <= end]
