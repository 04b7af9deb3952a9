"""After a failure: the next try, who is told, and which hosts are left alone."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from services.calendars.sync.polling import after_failure
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
)
from services.domain.host_limits import HostLimits
from services.domain.model import PersonKey
from tests.support.subscriptions import ANN, NOW, QUARTER


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
        (CalendarUnreachableError(), {"failures": 2, "worked_at": NOW - timedelta(hours=1)}, Health.FAILING, 4, True),
        (CalendarUnreachableError(), {"failures": 500}, Health.FAILING, 60, False),
        (CalendarBusyError(retry_after=1800.0), {}, Health.FAILING, 30, False),
        (CalendarBusyError(retry_after=6.0), {}, Health.FAILING, 0.1, False),  # no longer than it asked for
        (CalendarBusyError(retry_after=6.0), {"failures": 3}, Health.FAILING, 8, False),  # unless it asks for ever
        (CalendarBusyError(), {}, Health.FAILING, 1, False),
        (NotACalendarError(), {}, Health.FAILING, 1, False),
        (NotACalendarError(), {"ever_worked": False}, Health.BROKEN, 360, True),
        (CalendarTooLargeError(), {"ever_worked": False}, Health.BROKEN, 360, True),
        (CalendarTooLargeError(), {}, Health.FAILING, 1, False),
        (CalendarRefusedError(), {}, Health.BROKEN, 360, True),
        (CalendarGoneError(), {}, Health.BROKEN, 360, True),
        (AddressNotAllowedError(), {}, Health.BROKEN, 360, True),
        (CalendarGoneError(retry_after=86_400.0), {}, Health.BROKEN, 1440, True),
    ],
)
def test_next_try_and_notice_after_a_failure(
    error: CalendarError, before: dict[str, object], health: Health, minutes: float, tell: bool
) -> None:
    outcome = after_failure(claimed(**before), error, NOW, QUARTER, lambda delay: delay)
    assert (outcome.health, (outcome.due_at - NOW).total_seconds() / 60, outcome.tell) == (health, minutes, tell)
    assert outcome.problem == type(error).__name__


def test_first_tries_are_quicker_where_changes_are_expected_at_once() -> None:
    waits = [
        after_failure(
            claimed(failures=failures), CalendarUnreachableError(), NOW, QUARTER, lambda delay: delay,
            first=timedelta(seconds=10),
        ).due_at
        for failures in range(4)
    ]  # fmt: skip
    assert waits == [NOW + timedelta(seconds=seconds) for seconds in (10, 20, 40, 80)]


def test_host_that_names_no_time_is_left_alone_longer_each_time_until_it_answers() -> None:
    pace = HostLimits()
    waits = [(pace.refused("h", NOW, None) - NOW).total_seconds() / 60 for _ in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    pace.answered("h")
    later = NOW + timedelta(hours=2)
    assert pace.refused("h", later, None) == later + timedelta(minutes=1)
    quick = [(pace.refused("a", NOW, None, timedelta(seconds=10)) - NOW).total_seconds() for _ in range(11)]
    assert quick == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


def test_pace_opens_a_host_again_when_its_peace_is_over_and_not_before() -> None:
    pace = HostLimits(total=3, per_host=2, kept=0)
    until = pace.refused("h", NOW, 60.0)
    pace.answered("h")
    assert (pace.shut(NOW), pace.opens(NOW), until) == (frozenset({"h"}), until, NOW + timedelta(minutes=1))
    assert (pace.shut(until), pace.opens(until)) == (frozenset(), None)
    ann, bob = PersonKey("T1", "U1"), PersonKey("T1", "U2")
    for key in (ann, bob):
        pace.begin("h", key, "ics")
    assert (pace.shut(NOW), pace.free) == (frozenset({"h"}), 1)
    assert pace.may_begin([("h", ann, "ics"), ("other", ann, "ics"), ("other", bob, "ics")]) == [False, True, False]
    pace.end("h", ann, "ics")
    assert (pace.shut(NOW), pace.free) == (frozenset(), 2)


def test_pace_shuts_people_and_polled_providers_whose_places_are_taken() -> None:
    pace, ann = HostLimits(total=8, kept=4), PersonKey("T1", "U1")
    for number in range(3):
        pace.begin(f"h{number}", ann, "ics")
    assert pace.shut(NOW) == {"polled:T1/U1"}
    pace.begin("account", ann, "google")
    assert pace.shut(NOW) == {"polled:T1/U1", "person:T1/U1"}
    pace.begin("h9", PersonKey("T1", "U2"), "caldav")
    assert pace.shut(NOW) == {"polled:T1/U1", "person:T1/U1", "provider:ics", "provider:caldav"}
    pace.end("h0", ann, "ics")
    assert pace.shut(NOW) == set()
