"""When a digest is posted, read as people type it, and across changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.digests import WORKING_DAYS, Period, Schedule, is_off, schedule
from services.domain.errors import TimeNotUnderstoodError
from services.domain.times import Speaker

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)  # a Saturday
SAID = [
    ("weekdays 9:00", WORKING_DAYS, time(9)), ("mondays 9:00", {0}, time(9)), ("weekdays at 9", WORKING_DAYS, time(9)),
    ("daily 9", WORKING_DAYS, time(9)), ("Fridays 4pm", {4}, time(16)), ("every day at noon", WORKING_DAYS, time(12)),
    ("täglich um 9 Uhr", WORKING_DAYS, time(9)), ("jeden Montag um 9:30", {0}, time(9, 30)),
    ("werktags 8:15", WORKING_DAYS, time(8, 15)), ("lundis 9h", {0}, time(9)),
    ("tous les jours à 9h", WORKING_DAYS, time(9)), ("el lunes a las 9:00", {0}, time(9)),
    ("laborables 9:00", WORKING_DAYS, time(9)), ("平日 9:00", WORKING_DAYS, time(9)),
    ("毎週月曜日 9時", {0}, time(9)), ("sunday 18:00", {6}, time(18)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "days", "at"), SAID)
def test_schedule_is_read_in_each_language(text: str, days: set[int], at: time) -> None:
    assert schedule(text, Speaker(NOW, BERLIN, "en")) == Schedule(frozenset(days), at, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "", "weekdays", "9:00", "mondays in 2 hours", "mondays tomorrow", "monday 9:00 for 2h", "someday 9:00",
        "mondays 25:00", "mondays 9:00 please", "weekdays 9:00 " + "x" * 400,
    ],
)  # fmt: skip
def test_half_understood_schedule_is_not_understood(text: str) -> None:
    with pytest.raises(TimeNotUnderstoodError):
        schedule(text, Speaker(NOW, BERLIN, "en"))


@pytest.mark.parametrize(("text", "off"), [("off", True), (" Aus ", True), ("オフ", True), ("weekdays 9:00", False)])
def test_end_of_a_digest_is_asked_for_in_each_language(text: str, off: bool) -> None:
    assert is_off(text) is off


def test_digest_on_one_day_tells_of_seven() -> None:
    weekly = Schedule(frozenset({0}), time(9), BERLIN)
    due = weekly.next_after(NOW)
    assert due == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert weekly.period is Period.WEEKLY
    assert weekly.told_days(due) == (date(2026, 11, 30), date(2026, 12, 7))
    assert weekly.told_of(due) == (due, datetime(2026, 12, 6, 23, 0, tzinfo=UTC))
    daily = Schedule(WORKING_DAYS, time(9), BERLIN)
    assert daily.period is Period.DAILY
    assert daily.told_of(due) == (due, datetime(2026, 11, 30, 23, 0, tzinfo=UTC))
    assert daily.noon_of(due) == datetime(2026, 11, 30, 11, 0, tzinfo=UTC)


def test_local_minute_stays_across_changes_of_the_clock() -> None:
    before = Schedule(WORKING_DAYS, time(9), BERLIN).next_after(datetime(2026, 10, 23, 6, tzinfo=UTC))
    after = Schedule(WORKING_DAYS, time(9), BERLIN).next_after(before)
    assert (before, after) == (datetime(2026, 10, 23, 7, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC))
    leapt_over = Schedule(frozenset({6}), time(2, 30), BERLIN).next_after(datetime(2026, 3, 28, tzinfo=UTC))
    assert leapt_over == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 3:30, where 2:30 is left out


@given(
    instant=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    at=st.times().map(lambda found: found.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]),
)
def test_next_is_later_on_a_day_of_the_schedule_and_there_is_none_before(
    instant: datetime, days: frozenset[int], at: time, zone: str
) -> None:
    asked = Schedule(days, at, ZoneInfo(zone))
    due = asked.next_after(instant)
    assert instant < due <= instant + timedelta(days=8)
    assert asked.next_after(due - timedelta(microseconds=1)) == due
    assert asked.next_after(due) > due
