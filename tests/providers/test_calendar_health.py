"""After a failure: the next try, and who is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from services.calendars.sync import after_failure
from services.domain.calendars import Claimed, Connection, Health
from services.domain.errors import (
    AddressNotAllowedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarRefusedError,
    CalendarTooLargeError,
    CalendarUnreachableError,
    NotACalendarError,
    PasswordRefusedError,
)
from tests.support.subscriptions import ANN, NOW, QUARTER

GONE = {"problem": CalendarGoneError.__name__}
HOUR_AGO = NOW - timedelta(hours=1)


def claimed(**different: object) -> Claimed:
    plain = Claimed(
        connection=Connection(ANN, "C1", "ics", "x", ZoneInfo("UTC")),
        claim=1,
        lease=NOW,
        host="h",
        health=Health.OK,
        failures=0,
        worked_at=NOW - QUARTER,
        ever_worked=True,
    )
    return dataclasses.replace(plain, **different)  # type: ignore[arg-type]  # the fields of Claimed


@pytest.mark.parametrize(
    ("error", "before", "health", "minutes", "tell"),
    [
        (CalendarUnreachableError(), {}, Health.FAILING, 1, False),
        (CalendarUnreachableError(), {"ever_worked": False}, Health.FAILING, 1, False),
        (CalendarUnreachableError(), {"failures": 2}, Health.FAILING, 4, False),
        (CalendarUnreachableError(), {"failures": 1, "worked_at": NOW - timedelta(days=1)}, Health.FAILING, 2, False),
        (CalendarUnreachableError(), {"failures": 2, "worked_at": HOUR_AGO}, Health.FAILING, 4, True),
        (CalendarUnreachableError(), {"failures": 500}, Health.FAILING, 60, False),
        (CalendarBusyError(retry_after=1800.0), {}, Health.FAILING, 30, False),
        (CalendarBusyError(retry_after=6.0), {}, Health.FAILING, 0.1, False),  # no longer than it asked for
        (CalendarBusyError(retry_after=6.0), {"failures": 3}, Health.FAILING, 8, False),  # unless it asks for ever
        (CalendarBusyError(), {}, Health.FAILING, 1, False),
        (NotACalendarError(), {}, Health.FAILING, 1, False),
        (NotACalendarError(), {"ever_worked": False}, Health.BROKEN, 360, True),
        (CalendarTooLargeError(), {"ever_worked": False}, Health.BROKEN, 360, True),
        (CalendarTooLargeError(), {}, Health.FAILING, 1, False),
        (CalendarRefusedError(), {}, Health.FAILING, 1, False),
        (CalendarGoneError(), {"failures": 1, "problem": "CalendarGoneError"}, Health.FAILING, 2, False),
        (CalendarGoneError(), {"failures": 2, "problem": "CalendarUnreachableError"}, Health.FAILING, 4, False),
        (CalendarGoneError(), {"failures": 2, "problem": "CalendarRefusedError"}, Health.BROKEN, 4, True),
        (CalendarGoneError(), {"failures": 6, "worked_at": HOUR_AGO, **GONE}, Health.BROKEN, 360, True),
        (CalendarGoneError(), {"ever_worked": False}, Health.BROKEN, 360, True),
        (PasswordRefusedError(), {}, Health.BROKEN, 360, True),
        (AddressNotAllowedError(), {}, Health.BROKEN, 360, True),
        (CalendarGoneError(retry_after=86_400.0), {"ever_worked": False}, Health.BROKEN, 1440, True),
    ],
)
def test_next_try_and_notice_after_a_failure(
    error: CalendarError, before: dict[str, object], health: Health, minutes: float, tell: bool
) -> None:
    outcome = after_failure(claimed(**before), error, NOW, QUARTER, lambda delay: delay)
    assert (outcome.health, (outcome.due_at - NOW).total_seconds() / 60, outcome.tell) == (health, minutes, tell)
    assert outcome.problem == type(error).__name__


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(CalendarUnreachableError(), (10, 20, 40, 80)), (CalendarGoneError(), (60, 120, 240, 480))],
)
def test_first_tries_are_quicker_where_changes_are_expected_at_once_but_for_who_refuses(
    error: CalendarError, seconds: Sequence[int]
) -> None:
    soon = timedelta(seconds=10)
    waits = [
        after_failure(claimed(failures=failures), error, NOW, QUARTER, lambda delay: delay, first=soon).due_at
        for failures in range(4)
    ]
    assert waits == [NOW + timedelta(seconds=one) for one in seconds]
