"""Clocks that change, years that end, and forms."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.domain import times
from services.domain.errors import (
    EndsBeforeItStartsError,
    InputError,
    TimeInThePastError,
    TimeNotUnderstoodError,
    TooFarAwayError,
)
from services.domain.times.lexicon import lexicon
from services.domain.times.place import Here, interval
from services.domain.times.values import Length, TimeExpression
from tests.support.speaker import BERLIN, NOW, at, speaker, wall


def test_time_that_the_zone_skips_is_read_with_the_offset_before() -> None:
    said = times.status("x until 2:30am", speaker(now="2026-03-28 23:00"))
    assert said.end == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert wall(said.end) == "2026-03-29 03:30"


def test_time_that_occurs_twice_is_the_first_and_once_that_has_passed_the_second() -> None:
    before = times.status("x until 2:30am", speaker(now="2026-10-24 23:00"))
    assert before.end == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = times.Speaker(datetime(2026, 10, 25, 0, 45, tzinfo=UTC), BERLIN)
    assert times.status("x until 2:30am", between).end == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_hours_pass_and_days_are_counted_on_the_calendar_across_a_clock_change() -> None:
    evening = speaker(now="2026-10-24 20:00")
    assert wall(times.status("x for 24h", evening).end) == "2026-10-25 19:00"
    assert wall(times.status("x for 1 day", evening).end) == "2026-10-25 20:00"


def test_date_without_a_year_is_next_years_once_it_has_passed() -> None:
    december = speaker(now="2026-12-28 10:00")
    assert wall(times.absence("2 jan", december).start) == "2027-01-02 00:00"
    running = times.absence("24 dec - 2 jan", december)
    assert (wall(running.start), wall(running.end)) == ("2026-12-28 10:00", "2027-01-03 00:00")
    january = times.absence("24 dec - 2 jan", speaker(now="2027-01-01 10:00"))
    assert (wall(january.start), wall(january.end)) == ("2027-01-01 10:00", "2027-01-03 00:00")


def test_friday_on_a_friday_is_today_and_until_friday_a_week_from_now() -> None:
    friday = speaker(now="2026-11-27 10:00")
    assert wall(times.absence("friday", friday).end) == "2026-11-28 00:00"
    assert wall(times.absence("until friday", friday).end) == "2026-12-04 00:00"
    german = speaker("de", now="2026-11-27 10:00")
    assert wall(times.absence("bis Freitag", german).end) == "2026-11-28 00:00"


def test_zones_far_from_utc_read_their_own_today() -> None:
    chatham = ZoneInfo("Pacific/Chatham")
    said = times.absence("today", speaker(now="2026-11-24 00:10", zone=chatham))
    assert wall(said.end, chatham) == "2026-11-25 00:00"


@pytest.mark.parametrize(
    ("typed", "now"),
    [("this morning", "2026-11-23 13:00"), ("friday until tomorrow", "2026-11-23 13:00"),
     ("30th of next month", "2027-01-15 10:00")],
)  # fmt: skip
def test_part_of_today_that_is_over_and_days_that_no_month_has_are_refused(typed: str, now: str) -> None:
    with pytest.raises(InputError):
        times.absence(typed, speaker(now=now))


def test_until_the_weekend_during_a_weekend_is_until_the_next_one() -> None:
    assert wall(times.absence("until the weekend", speaker(now="2026-11-22 13:00")).end) == "2026-11-28 00:00"


def test_part_of_a_weekday_that_is_over_is_next_weeks() -> None:
    said = times.absence("monday morning", speaker(now="2026-11-23 13:00"))
    assert (wall(said.start), wall(said.end)) == ("2026-11-30 06:00", "2026-11-30 12:00")


def test_unknown_language_reads_english() -> None:
    assert wall(times.absence("friday", speaker("xx")).start) == "2026-11-27 00:00"


@pytest.mark.parametrize(
    ("first", "start", "last", "end", "expected"),
    [
        ("2026-12-24", None, "2027-01-02", None, ("2026-12-24 00:00", "2027-01-03 00:00")),
        ("2026-11-23", "14:00", "2026-11-23", "15:30", ("2026-11-23 14:00", "2026-11-23 15:30")),
        ("2026-11-20", None, "2026-11-23", None, (NOW, "2026-11-24 00:00")),
    ],
)
def test_form_is_read(first: str, *, start: str | None, last: str, end: str | None, expected: tuple[str, str]) -> None:
    clocks = [None if one is None else time.fromisoformat(one) for one in (start, end)]
    found = times.by_form(date.fromisoformat(first), clocks[0], date.fromisoformat(last), clocks[1], speaker())
    assert (wall(found[0]), wall(found[1])) == expected


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [("2026-12-24", "2026-12-23", EndsBeforeItStartsError), ("2026-11-20", "2026-11-22", TimeInThePastError),
     ("2026-12-24", "2030-12-24", TooFarAwayError)],
)  # fmt: skip
def test_form_mistakes_name_their_field(first: str, last: str, error: type[InputError]) -> None:
    with pytest.raises(error) as caught:
        times.by_form(date.fromisoformat(first), None, date.fromisoformat(last), None, speaker())
    assert caught.value.field == "to"


def test_form_at_the_end_of_the_calendar_is_too_far_away() -> None:
    with pytest.raises(TooFarAwayError) as caught:
        times.by_form(date(2026, 12, 1), None, date.max, None, speaker())
    assert caught.value.field == "to"


def test_until_time_is_the_next_one() -> None:
    assert wall(times.until_time(time(13, 30), speaker())) == "2026-11-23 13:30"
    assert wall(times.until_time(time(12, 30), speaker())) == "2026-11-24 12:30"


def test_interval_of_nothing_said_is_not_understood() -> None:
    with pytest.raises(TimeNotUnderstoodError):
        interval(TimeExpression(), Here(at(NOW), BERLIN))


def test_interval_beyond_the_calendar_is_too_far_away() -> None:
    end_of_time = Here(datetime(9999, 12, 30, tzinfo=UTC), BERLIN)
    with pytest.raises(TooFarAwayError):
        interval(TimeExpression(length=Length(days=3)), end_of_time)


def test_words_are_compiled_ahead_for_every_language() -> None:
    lexicon.cache_clear()
    times.warm()
    before = lexicon.cache_info().misses
    for language in ("en", "de", "fr", "es", "ja"):
        times.status("no time in it 5", speaker(language))
    assert lexicon.cache_info().misses == before
