from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.sync import SHORTEST, until_next_look

LONGEST = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "edge_in", "minutes"),
    [
        (TUESDAY, None, 5),
        (NIGHT, None, 15),
        (SATURDAY, None, 15),
        (TUESDAY, 10, 2.5),
        (NIGHT, 10, 2.5),
        (SATURDAY, 0, 2.5),
        (NIGHT, 15, 2.5),
        (TUESDAY, 17, 2),  # not past the time when the edge is near
        (NIGHT, 20, 5),
        (NIGHT, 60, 15),
        (TUESDAY, 15.5, 1),
        (NIGHT, -5, 15),
        (datetime(2026, 11, 24, 5, 59, tzinfo=UTC), None, 15),
        (datetime(2026, 11, 24, 6, 0, tzinfo=UTC), None, 5),  # 7:00 in Berlin
        (datetime(2026, 11, 24, 18, 0, tzinfo=UTC), None, 15),
        (datetime(2026, 11, 27, 17, 59, tzinfo=UTC), None, 5),  # a Friday
    ],
)
def test_looks_are_frequent_near_an_edge_and_at_work_and_rare_otherwise(
    now: datetime, edge_in: float | None, minutes: float
) -> None:
    edge = None if edge_in is None else now + timedelta(minutes=edge_in)
    assert until_next_look(LONGEST, now, BERLIN, edge) == timedelta(minutes=minutes)


def test_interval_shorter_than_a_minute_is_taken_as_it_is() -> None:
    assert until_next_look(timedelta(seconds=2), TUESDAY, BERLIN, TUESDAY) == timedelta(seconds=2)


@given(
    longest=st.timedeltas(timedelta(seconds=1), timedelta(days=1)),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    edge=st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=3)),
    zone=st.sampled_from(["UTC", "Pacific/Chatham", "America/St_Johns", "Europe/Berlin"]),
)
def test_wait_is_never_longer_than_asked_nor_shorter_than_a_minute(
    longest: timedelta, now: datetime, edge: timedelta | None, zone: str
) -> None:
    found = until_next_look(longest, now, ZoneInfo(zone), None if edge is None else now + edge)
    assert min(SHORTEST, longest) <= found <= longest
