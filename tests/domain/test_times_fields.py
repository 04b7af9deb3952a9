"""What stands in fields of their own: ISO 8601 or words. Monday 23 November 2026, 13:00 in Berlin."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from services.domain.errors import (
    EndsBeforeItStartsError,
    InputError,
    OneTimeTooManyError,
    TextTooLongError,
    TimeInThePastError,
    TimeNotUnderstoodError,
    TooFarAwayError,
)
from services.domain.times import fields
from tests.support.speaker import at, speaker, wall

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("language", "said", "end"),
    [
        ("en", "3pm", "2026-11-23 15:00"), ("en", "until 3pm", "2026-11-23 15:00"), ("en", "9:00", "2026-11-23 21:00"),
        ("en", "45m", "2026-11-23 13:45"), ("en", "for 2 hours", "2026-11-23 15:00"),
        ("en", "in 2 hours", "2026-11-23 15:00"), ("en", "2h", "2026-11-23 15:00"),
        ("en", "monday 9am", "2026-11-30 09:00"), ("en", "end of day", "2026-11-24 00:00"),
        # "until" a day ends when it begins in English, and includes it elsewhere
        ("en", "friday", "2026-11-27 00:00"), ("en", "until friday", "2026-11-27 00:00"),
        ("en", "tomorrow", "2026-11-24 00:00"), ("de", "Freitag", "2026-11-28 00:00"),
        ("de", "bis Freitag", "2026-11-28 00:00"), ("fr", "vendredi", "2026-11-28 00:00"),
        ("es", "viernes", "2026-11-28 00:00"), ("ja", "金曜日", "2026-11-28 00:00"), ("ja", "明日", "2026-11-25 00:00"),
        ("ja", "15時", "2026-11-23 15:00"), ("fr", "jusqu’à 15h", "2026-11-23 15:00"),
        ("fr", "2 heures", "2026-11-23 15:00"),
        # ISO 8601 speaks no language
        ("en", "2026-11-27", "2026-11-27 00:00"), ("de", "2026-11-27", "2026-11-27 00:00"),
        ("ja", "2026-11-27", "2026-11-27 00:00"), ("en", "2026-11-27T15:00", "2026-11-27 15:00"),
        ("en", " 2026-11-27t15:00:59.999z ", "2026-11-27 16:00"), ("en", "2026-11-27 15:00+02:00", "2026-11-27 14:00"),
        ("en", "2026-11-27T15:00-0800", "2026-11-28 00:00"),
    ],
)  # fmt: skip
def test_until_is_read(language: str, said: str, end: str) -> None:
    assert wall(fields.until(said, speaker(language))) == end


@pytest.mark.parametrize(
    ("language", "said", "error"),
    [
        ("en", "", TimeNotUnderstoodError), ("en", "banana", TimeNotUnderstoodError),
        ("en", "9-17", TimeNotUnderstoodError), ("en", "24 dec - 2 jan", TimeNotUnderstoodError),
        ("en", "friday for 2 hours", TimeNotUnderstoodError), ("en", "3pm or so", TimeNotUnderstoodError),
        ("en", "2026-13-01", TimeNotUnderstoodError), ("en", "2026-02-29", TimeNotUnderstoodError),
        ("en", "2026-11-27T25:00", TimeNotUnderstoodError), ("en", "2026-11-27T15:00+99:00", TimeNotUnderstoodError),
        ("en", "2026-11-27T15:00 please", TimeNotUnderstoodError), ("en", "20261127", TimeNotUnderstoodError),
        ("fr", "15h", TimeNotUnderstoodError), ("es", "2h30", TimeNotUnderstoodError),
        ("en", "2026-11-23", TimeInThePastError), ("en", "2026-11-23T13:00", TimeInThePastError),
        ("en", "2028-11-24", TooFarAwayError), ("en", "0001-01-01", TooFarAwayError),
        ("en", "9999-12-31", TooFarAwayError), ("en", "9999-12-31T23:30:00-05:00", TooFarAwayError),
        ("en", "0001-01-01T00:30:00+05:00", TooFarAwayError), ("en", "0001-01-01T00:30", TooFarAwayError),
        ("en", "a" * 301, TextTooLongError),
    ],
)  # fmt: skip
def test_until_mistakes(language: str, said: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        fields.until(said, speaker(language))


def test_until_a_time_that_comes_twice_is_the_one_that_is_still_to_come() -> None:
    before = speaker(now="2026-10-24 12:00")  # at 3:00 on the 25th it is 2:00 again
    assert fields.until("2026-10-25T02:30:15", before) == at("2026-10-25 02:30").replace(second=15)
    assert fields.until("2026-10-25T02:30+01:00", before) == at("2026-10-25 03:30").replace(hour=1)


def test_minutes_pass_and_are_bounded() -> None:
    assert wall(fields.minutes(45, speaker())) == "2026-11-23 13:45"
    assert fields.minutes(fields.LONGEST_MINUTES, speaker()) == at("2028-11-23 13:00")
    with pytest.raises(TooFarAwayError):
        fields.minutes(fields.LONGEST_MINUTES + 1, speaker())
    with pytest.raises(TimeInThePastError):
        fields.minutes(0, speaker())


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        # a day is the last one, an instant when they are back
        ("", "2026-11-27", "2026-11-23 13:00", "2026-11-28 00:00"),
        ("", "friday", "2026-11-23 13:00", "2026-11-28 00:00"),
        ("", "2026-11-27T09:00", "2026-11-23 13:00", "2026-11-27 09:00"),
        ("", "monday 9am", "2026-11-23 13:00", "2026-11-30 09:00"), ("", "3pm", "2026-11-23 13:00", "2026-11-23 15:00"),
        ("", "next week", "2026-11-23 13:00", "2026-12-07 00:00"),
        ("", "today", "2026-11-23 13:00", "2026-11-24 00:00"),
        # "until" and lengths mean what they do in /ooo
        ("", "until friday", "2026-11-23 13:00", "2026-11-27 00:00"),
        ("", "2 weeks", "2026-11-23 13:00", "2026-12-07 13:00"),
        ("", "24 dec - 2 jan", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("24 dec", "2 jan", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("2026-12-24", "2027-01-02", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("tomorrow 2pm", "4pm", "2026-11-24 14:00", "2026-11-24 16:00"),
        ("3pm", "friday", "2026-11-23 15:00", "2026-11-28 00:00"),
        ("tomorrow", "3 days", "2026-11-24 00:00", "2026-11-27 00:00"),
        ("tomorrow", "until friday", "2026-11-24 00:00", "2026-11-28 00:00"),
        # one in words, one in ISO: a weekday is the first one from the beginning on
        ("2026-12-01", "friday", "2026-12-01 00:00", "2026-12-05 00:00"),
        ("2026-12-01T14:00", "4pm", "2026-12-01 14:00", "2026-12-01 16:00"),
        ("2026-12-01", "3 days", "2026-12-01 00:00", "2026-12-04 00:00"),
        ("tomorrow", "2026-11-30", "2026-11-24 00:00", "2026-12-01 00:00"),
        # what has begun begins now
        ("2026-11-01", "2026-11-25", "2026-11-23 13:00", "2026-11-26 00:00"),
        ("2026-11-01", "wednesday", "2026-11-23 13:00", "2026-11-26 00:00"),
    ],
)  # fmt: skip
def test_away_is_read(first: str, last: str, start: str, end: str) -> None:
    assert tuple(map(wall, fields.away(first, last, speaker()))) == (start, end)


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [
        ("", "", TimeNotUnderstoodError), ("", "banana", TimeNotUnderstoodError),
        ("banana", "friday", TimeNotUnderstoodError),
        ("24 dec - 2 jan", "3 jan", TimeNotUnderstoodError), ("tomorrow", "24 dec - 2 jan", TimeNotUnderstoodError),
        ("2026-12-01", "24 dec - 2 jan", TimeNotUnderstoodError), ("2026-12-01", "in 2 days", TimeNotUnderstoodError),
        ("45m", "friday", TimeNotUnderstoodError), ("45m", "2026-12-01", TimeNotUnderstoodError),
        ("2026-11-30", "2026-11-24", EndsBeforeItStartsError), ("friday", "2026-11-24", EndsBeforeItStartsError),
        ("friday", "tomorrow", EndsBeforeItStartsError), ("next week", "today", EndsBeforeItStartsError),
        ("2026-11-01", "2026-11-20", TimeInThePastError), ("", "2026-11-22", TimeInThePastError),
        ("", "2028-11-24", TooFarAwayError), ("9999-12-31", "friday", TooFarAwayError),
        ("", "9999-12-31", TooFarAwayError),
    ],
)  # fmt: skip
def test_away_mistakes(first: str, last: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        fields.away(first, last, speaker())


def test_away_in_french_hours_that_may_be_a_time_of_day_ask_back() -> None:
    with pytest.raises(TimeNotUnderstoodError):
        fields.away("", "15h", speaker("fr"))


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        ("next week", "", "2026-11-30 00:00", "2026-12-07 00:00"),
        ("2026-11-27", "", "2026-11-27 00:00", "2026-11-28 00:00"),
        ("2026-11-27T15:00", "", "2026-11-27 15:00", "2026-11-28 00:00"),
        ("until friday", "", "2026-11-23 13:00", "2026-11-27 00:00"),
        ("", "friday", "2026-11-23 13:00", "2026-11-28 00:00"),
        ("monday", "friday", "2026-11-23 13:00", "2026-11-28 00:00"),
    ],
)  # fmt: skip
def test_period_is_read(first: str, last: str, start: str, end: str) -> None:
    assert tuple(map(wall, fields.period(first, last, speaker()))) == (start, end)


@pytest.mark.parametrize(
    ("day", "instant", "found"),
    [
        ("", "", ("2026-11-23", None)), ("friday", "", ("2026-11-27", None)), ("2026-11-27", "", ("2026-11-27", None)),
        ("tuesday 10:15", "", ("2026-11-24", "2026-11-24 10:15")),
        ("2026-11-27T10:00", "", ("2026-11-27", "2026-11-27 10:00")),
        ("", "2026-11-27T10:00", ("2026-11-27", "2026-11-27 10:00")), ("", "3pm", ("2026-11-23", "2026-11-23 15:00")),
        ("", "2026-11-23T08:00", ("2026-11-23", "2026-11-23 08:00")),
    ],
)  # fmt: skip
def test_look_is_a_day_or_an_instant(day: str, instant: str, found: tuple[str, str | None]) -> None:
    looked = fields.look(day, instant, speaker())
    assert (looked.day.isoformat(), wall(looked.instant)) == found


@pytest.mark.parametrize(
    ("day", "instant", "error"),
    [
        ("friday", "3pm", OneTimeTooManyError), ("", "friday", TimeNotUnderstoodError),
        ("", "2026-11-27", TimeNotUnderstoodError), ("banana", "", TimeNotUnderstoodError),
        ("2026-11-22", "", TimeInThePastError), ("", "2026-11-22T23:59", TimeInThePastError),
        ("2028-11-24", "", TooFarAwayError),
    ],
)  # fmt: skip
def test_look_mistakes(day: str, instant: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        fields.look(day, instant, speaker())


@pytest.mark.parametrize(
    ("instant", "zone"), [("9999-12-31T23:59:59Z", ZoneInfo("Europe/Berlin")), ("0001-01-01T00:00Z", NEW_YORK)], ids=str
)
def test_instant_that_has_no_date_where_they_are_is_too_far_off(instant: str, zone: ZoneInfo) -> None:
    there = speaker(zone=zone)
    with pytest.raises(TooFarAwayError):
        fields.look("", instant, there)
    with pytest.raises(TooFarAwayError):
        fields.period(instant, "", there)


def test_day_is_the_persons_own() -> None:
    there = speaker(now="2026-11-23 22:00", zone=NEW_YORK)
    assert wall(fields.until("2026-11-24", there), NEW_YORK) == "2026-11-24 00:00"
    assert fields.look("", "", there).day.isoformat() == "2026-11-23"
