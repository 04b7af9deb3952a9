"""What people type about a status: Monday 23 November 2026, 13:00 in Berlin unless said otherwise."""

from __future__ import annotations

import pytest

from services.domain import times
from services.domain.errors import (
    InputError,
    TextTooLongError,
    TimeInThePastError,
    TimeNotUnderstoodError,
    TooFarAwayError,
)
from tests.support.speaker import read, speaker

STATUS = [
    # a length, at the end or in front
    ("Lunch for 45m", "Lunch", "2026-11-23 13:45"),
    ("lunch 45m", "lunch", "2026-11-23 13:45"),
    ("Focus 1h30", "Focus", "2026-11-23 14:30"),
    ("Focus 1h 30m", "Focus", "2026-11-23 14:30"),
    ("Focus for 2 hours", "Focus", "2026-11-23 15:00"),
    ("x for 2 hours and 15 minutes", "x", "2026-11-23 15:15"),
    ("x for an hour", "x", "2026-11-23 14:00"),
    ("x for half an hour", "x", "2026-11-23 13:30"),
    ("x for 1.5h", "x", "2026-11-23 14:30"),
    ("x for 3 days", "x", "2026-11-26 13:00"),
    ("x for a week", "x", "2026-11-30 13:00"),
    ("for 45m Lunch", "Lunch", "2026-11-23 13:45"),
    ("Back in 10m", "Back in 10m", "2026-11-23 13:10"),
    # a number with a point is no time of day, and no day
    ("Release 2.0 until 4pm", "Release 2.0", "2026-11-23 16:00"),
    ("Release 1.5 until 4pm", "Release 1.5", "2026-11-23 16:00"),
    ("v2.0 until 4pm", "v2.0", "2026-11-23 16:00"),
    # a time of day
    ("Lunch until 13:30", "Lunch", "2026-11-23 13:30"),
    ("Lunch until 3pm", "Lunch", "2026-11-23 15:00"),
    ("Lunch till 1.30pm", "Lunch", "2026-11-23 13:30"),
    ("until 3pm Focus", "Focus", "2026-11-23 15:00"),
    ("x until 9", "x", "2026-11-23 21:00"),
    ("x until 15pm", "x", "2026-11-23 15:00"),
    ("x until 9:30", "x", "2026-11-23 21:30"),
    ("x until 2", "x", "2026-11-23 14:00"),
    ("x until 8am", "x", "2026-11-24 08:00"),
    ("Lunch until 12:30", "Lunch", "2026-11-24 12:30"),
    ("x until noon", "x", "2026-11-24 12:00"),
    ("x until midnight", "x", "2026-11-24 00:00"),
    ("x till tonight", "x", "2026-11-23 18:00"),
    ("x for the rest of the day", "x", "2026-11-24 00:00"),
    # a day
    ("x until tomorrow", "x", "2026-11-24 00:00"),
    ("x until tomorrow morning", "x", "2026-11-24 09:00"),
    ("x until friday", "x", "2026-11-27 00:00"),
    ("x until monday", "x", "2026-11-30 00:00"),
    ("On call until monday 9am", "On call", "2026-11-30 09:00"),
    ("x until monday at 9", "x", "2026-11-30 09:00"),
    ("x until next monday", "x", "2026-11-30 00:00"),
    ("x until next week", "x", "2026-11-30 00:00"),
    ("x until 24 dec", "x", "2026-12-24 00:00"),
    ("x until 24th of December 2027", "x", "2027-12-24 00:00"),
    ("x until dec 24, 2027", "x", "2027-12-24 00:00"),
    ("x until 2027-01-05", "x", "2027-01-05 00:00"),
    ("x until 2027-01-05 14:00", "x", "2027-01-05 14:00"),
    ("x until 2027-01-05T14:00", "x", "2027-01-05 14:00"),
    ("x until 03/04", "x", "2027-04-03 00:00"),
    ("x until 24.12.", "x", "2026-12-24 00:00"),
    ("x until in two days", "x", "2026-11-25 00:00"),
    # what is text
    ("Sunday roast for 45m", "Sunday roast", "2026-11-23 13:45"),
    ("May I help", "May I help", None),
    ("Lunch", "Lunch", None),
    ("", "", None),
    ("Looking for Anna", "Looking for Anna", None),
    ("Table for 2", "Table for 2", None),
    ("Baking for 12 people", "Baking for 12 people", None),
    ("Out until further notice", "Out until further notice", None),
    ("Seize the day", "Seize the day", None),
    ("Deploy 10-12", "Deploy 10-12", None),
    ("R&D <3 for 1h", "R&D <3", "2026-11-23 14:00"),
    ("Fit for 30 for 1h", "Fit for 30", "2026-11-23 14:00"),
    ("bis gleich", "bis gleich", None),
    ("Lunch until banana", "Lunch until banana", None),
    # another language than one's own
    ("x bis Freitag", "x", "2026-11-28 00:00"),
    ("Fokus 30 Minuten", "Fokus", "2026-11-23 13:30"),
    ("C++ until 3pm", "C++", "2026-11-23 15:00"),
    ("C++ 45m", "C++", "2026-11-23 13:45"),
    ("F# + C++ for 45m", "F# + C++", "2026-11-23 13:45"),
]


@pytest.mark.parametrize(("typed", "text", "end"), STATUS)
def test_status_takes_the_time_and_leaves_the_words(typed: str, text: str, end: str | None) -> None:
    assert read(times.status(typed, speaker())) == (text, None, end)


@pytest.mark.parametrize(
    ("typed", "text", "start", "end"),
    [
        ("Dentist 2pm-4pm", "Dentist", "2026-11-23 14:00", "2026-11-23 16:00"),
        ("Dentist from 2 to 4", "Dentist", "2026-11-23 14:00", "2026-11-23 16:00"),
        ("Dentist tomorrow 9-11:30", "Dentist", "2026-11-24 09:00", "2026-11-24 11:30"),
        ("Dentist friday 14:00 – 15:00", "Dentist", "2026-11-27 14:00", "2026-11-27 15:00"),
        ("Night shift 22:00-02:00", "Night shift", "2026-11-23 22:00", "2026-11-24 02:00"),
        ("Interview 3 until 4pm", "Interview", "2026-11-23 15:00", "2026-11-23 16:00"),
    ],
)
def test_status_may_begin_later(typed: str, text: str, start: str, end: str) -> None:
    assert read(times.status(typed, speaker())) == (text, start, end)


def test_status_range_that_runs_begins_now() -> None:
    assert read(times.status("Review 12:30-13:30", speaker())) == ("Review", None, "2026-11-23 13:30")


@pytest.mark.parametrize(
    ("language", "typed", "text", "end"),
    [
        ("de", "Mittag bis 13:30", "Mittag", "2026-11-23 13:30"),
        ("de", "Fokus für 2 Stunden", "Fokus", "2026-11-23 15:00"),
        ("de", "Kaffee für eine halbe Stunde", "Kaffee", "2026-11-23 13:30"),
        ("de", "Urlaub bis Freitag", "Urlaub", "2026-11-28 00:00"),
        ("de", "Urlaub bis zum 4. Mai", "Urlaub", "2027-05-05 00:00"),
        ("de", "x bis morgen 9 Uhr", "x", "2026-11-24 09:00"),
        ("de", "x bis 15 Uhr 30", "x", "2026-11-23 15:30"),
        ("de", "x bis 8:30", "x", "2026-11-24 08:30"),
        ("de", "Bis gleich!", "Bis gleich!", None),
        ("fr", "Pause jusqu’à 14h30", "Pause", "2026-11-23 14:30"),
        ("fr", "Pause jusqu'à 14h", "Pause", "2026-11-23 14:00"),
        ("fr", "Déjeuner pendant 45 minutes", "Déjeuner", "2026-11-23 13:45"),
        ("fr", "x jusqu’à demain", "x", "2026-11-24 00:00"),
        ("fr", "x jusqu’au 24 décembre", "x", "2026-12-25 00:00"),
        ("es", "Reunión hasta las 3 de la tarde", "Reunión", "2026-11-23 15:00"),
        ("es", "Comida durante una hora", "Comida", "2026-11-23 14:00"),
        ("es", "x hasta mañana", "x", "2026-11-24 00:00"),
        ("es", "Hasta luego", "Hasta luego", None),
        ("ja", "ランチ45分", "ランチ", "2026-11-23 13:45"),
        ("ja", "集中 2時間半", "集中", "2026-11-23 15:30"),
        ("ja", "会議 15時30分まで", "会議", "2026-11-23 15:30"),
        ("ja", "会議 午後3時まで", "会議", "2026-11-23 15:00"),
        ("ja", "休み 金曜日まで", "休み", "2026-11-28 00:00"),
        ("ja", "外出 3時間まで", "外出", "2026-11-23 16:00"),
        ("ja", "外出 今日中まで", "外出", "2026-11-24 00:00"),
        ("ja", "出張 明日まで", "出張", "2026-11-25 00:00"),
    ],
)
def test_status_in_other_languages(language: str, typed: str, text: str, end: str | None) -> None:
    assert read(times.status(typed, speaker(language))) == (text, None, end)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("x until 2020-01-01", TimeInThePastError),
        ("Fasting for 1.5 days", TimeNotUnderstoodError),
        ("Lunch until 12:75", TimeNotUnderstoodError),
        ("Lunch for 45", TimeNotUnderstoodError),
        ("Lunch for 45x", TimeNotUnderstoodError),
        ("Lunch for -5m", TimeNotUnderstoodError),
        ("Lunch for 0m", TimeNotUnderstoodError),
        ("x for 900 days", TooFarAwayError),
        ("x for 99999999m", TimeNotUnderstoodError),
        ("x until 2199-01-01", TooFarAwayError),
        ("x until 2500-01-01", TooFarAwayError),
        ("a" * 301, TextTooLongError),
    ],
)
def test_status_mistakes(typed: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        times.status(typed, speaker())
