"""What people type about an absence: Monday 23 November 2026, 13:00 in Berlin unless said otherwise."""

from __future__ import annotations

import pytest

from services.domain import times
from services.domain.errors import (
    EndsBeforeItStartsError,
    InputError,
    TimeInThePastError,
    TimeNotUnderstoodError,
    TooFarAwayError,
)
from tests.support.speaker import read, speaker, wall

ABSENCE = [
    ("friday", "", "2026-11-27 00:00", "2026-11-28 00:00"),
    ("monday", "", None, "2026-11-24 00:00"),
    ("today", "", None, "2026-11-24 00:00"),
    ("tomorrow", "", "2026-11-24 00:00", "2026-11-25 00:00"),
    ("next friday", "", "2026-12-04 00:00", "2026-12-05 00:00"),
    ("until monday 9am", "", None, "2026-11-30 09:00"),
    ("until friday Skiing", "Skiing", None, "2026-11-27 00:00"),
    ("Skiing until friday", "Skiing", None, "2026-11-27 00:00"),
    ("sick today", "sick", None, "2026-11-24 00:00"),
    ("until 9am", "", None, "2026-11-24 09:00"),
    ("24 dec - 2 jan", "", "2026-12-24 00:00", "2027-01-03 00:00"),
    ("24 dec - 2 jan Skiing", "Skiing", "2026-12-24 00:00", "2027-01-03 00:00"),
    ("24 Dec to 2 Jan Skiing", "Skiing", "2026-12-24 00:00", "2027-01-03 00:00"),
    ("24 dec - Skiing", "Skiing", "2026-12-24 00:00", "2026-12-25 00:00"),
    ("24 dec 2pm - 3x", "3x", "2026-12-24 14:00", "2026-12-25 00:00"),
    ("24-27 dec", "", "2026-12-24 00:00", "2026-12-28 00:00"),
    ("Dec 24-27", "", "2026-12-24 00:00", "2026-12-28 00:00"),
    ("from 24 to 27 december", "", "2026-12-24 00:00", "2026-12-28 00:00"),
    ("2026-12-24 - 2027-01-02", "", "2026-12-24 00:00", "2027-01-03 00:00"),
    ("24/12-2/1", "", "2026-12-24 00:00", "2027-01-03 00:00"),
    ("20 nov - 25 nov", "", None, "2026-11-26 00:00"),
    ("1 nov - 10 nov", "", "2027-11-01 00:00", "2027-11-11 00:00"),
    ("mon-fri", "", None, "2026-11-28 00:00"),
    ("tuesday to thursday", "", "2026-11-24 00:00", "2026-11-27 00:00"),
    ("monday - friday 5pm", "", None, "2026-11-27 17:00"),
    ("3pm - friday 9am", "", "2026-11-23 15:00", "2026-11-27 09:00"),
    ("friday 2pm - monday 9am", "", "2026-11-27 14:00", "2026-11-30 09:00"),
    ("2pm-4pm", "", "2026-11-23 14:00", "2026-11-23 16:00"),
    ("from 2pm to 4pm Dentist", "Dentist", "2026-11-23 14:00", "2026-11-23 16:00"),
    ("10:00-12:00", "", "2026-11-24 10:00", "2026-11-24 12:00"),
    ("9-5", "", None, "2026-11-23 17:00"),
    ("8-10", "", "2026-11-23 20:00", "2026-11-23 22:00"),
    ("2-4pm friday", "", "2026-11-27 14:00", "2026-11-27 16:00"),
    ("3pm", "", "2026-11-23 15:00", "2026-11-24 00:00"),
    ("friday 2pm", "", "2026-11-27 14:00", "2026-11-28 00:00"),
    ("tomorrow 2pm for 45m", "", "2026-11-24 14:00", "2026-11-24 14:45"),
    ("tomorrow for 2 days", "", "2026-11-24 00:00", "2026-11-26 00:00"),
    ("for 3 days", "", None, "2026-11-26 13:00"),
    ("2 weeks", "", None, "2026-12-07 13:00"),
    ("this afternoon", "", None, "2026-11-23 18:00"),
    ("tomorrow afternoon", "", "2026-11-24 12:00", "2026-11-24 18:00"),
    ("tonight", "", "2026-11-23 18:00", "2026-11-24 00:00"),
    ("rest of the day", "", None, "2026-11-24 00:00"),
    ("all day", "", None, "2026-11-24 00:00"),
    ("next week", "", "2026-11-30 00:00", "2026-12-07 00:00"),
    ("next month", "", "2026-12-01 00:00", "2027-01-01 00:00"),
    ("for the week", "", None, "2026-11-30 00:00"),
    ("29 feb", "", "2028-02-29 00:00", "2028-03-01 00:00"),
    ("Friday 27 November", "", "2026-11-27 00:00", "2026-11-28 00:00"),
    ("the 3rd of may", "", "2027-05-03 00:00", "2027-05-04 00:00"),
    ("in two days", "", "2026-11-25 00:00", "2026-11-26 00:00"),
]


@pytest.mark.parametrize("month_first", [True, False])
@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("12/24-1/2", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("24/12-2/1", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("12/5/2026 - 12/24/2026", "2026-12-05 00:00", "2026-12-25 00:00"),
    ],
)
def test_dates_of_one_line_have_one_order(typed: str, start: str, end: str, month_first: bool) -> None:
    assert read(times.absence(typed, speaker(month_first=month_first))) == ("", start, end)


@pytest.mark.parametrize(("typed", "note", "start", "end"), ABSENCE)
def test_absence_is_read(typed: str, note: str, start: str | None, end: str) -> None:
    assert read(times.absence(typed, speaker())) == (note, start, end)


@pytest.mark.parametrize(
    ("language", "typed", "note", "start", "end"),
    [
        ("de", "bis Freitag", "", None, "2026-11-28 00:00"),
        ("de", "24. Dezember bis 2. Januar Skifahren", "Skifahren", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("de", "24.12. - 2.1. Ski", "Ski", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("de", "24.12.-2.1.", "", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("de", "nächste Woche", "", "2026-11-30 00:00", "2026-12-07 00:00"),
        ("de", "morgen Nachmittag", "", "2026-11-24 12:00", "2026-11-24 18:00"),
        ("de", "Mo-Mi", "", None, "2026-11-26 00:00"),
        ("de", "von Dienstag bis Freitag", "", "2026-11-24 00:00", "2026-11-28 00:00"),
        ("fr", "jusqu’à demain", "", None, "2026-11-24 00:00"),
        ("fr", "jusqu'à vendredi", "", None, "2026-11-28 00:00"),
        ("fr", "du 24 décembre au 2 janvier Ski", "Ski", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("fr", "lundi prochain", "", None, "2026-11-24 00:00"),
        ("es", "hasta el viernes", "", None, "2026-11-28 00:00"),
        ("es", "del 24 de diciembre al 2 de enero", "", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("es", "la próxima semana", "", "2026-11-30 00:00", "2026-12-07 00:00"),
        ("es", "mañana por la mañana", "", "2026-11-24 06:00", "2026-11-24 12:00"),
        ("ja", "金曜日まで", "", None, "2026-11-28 00:00"),
        ("ja", "来週の金曜日まで", "", None, "2026-12-05 00:00"),
        ("ja", "12月24日から1月2日まで スキー", "スキー", "2026-12-24 00:00", "2027-01-03 00:00"),
        ("ja", "午後3時から5時まで", "", "2026-11-23 15:00", "2026-11-23 17:00"),
        ("ja", "今日の午後", "", None, "2026-11-23 18:00"),
        ("ja", "3日間", "", None, "2026-11-26 13:00"),
        ("en", "金曜日まで", "", None, "2026-11-28 00:00"),
        ("en", "hasta el viernes", "", None, "2026-11-28 00:00"),
    ],
)
def test_absence_in_other_languages(language: str, *, typed: str, note: str, start: str | None, end: str) -> None:
    assert read(times.absence(typed, speaker(language))) == (note, start, end)


@pytest.mark.parametrize(
    ("typed", "month_first", "day"),
    [("3/4", True, "2027-03-04"), ("3/4", False, "2027-04-03"), ("13/4", True, "2027-04-13"),
     ("4/13", False, "2027-04-13"), ("3/4/28", False, "2028-04-03")],
)  # fmt: skip
def test_order_of_day_and_month_follows_the_person_unless_only_one_is_possible(
    typed: str, month_first: bool, day: str
) -> None:
    found = times.absence(typed, speaker(month_first=month_first))
    assert wall(found.start) == f"{day} 00:00"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", TimeNotUnderstoodError),
        ("Skiing", TimeNotUnderstoodError),
        ("May I help", TimeNotUnderstoodError),
        ("2 people", TimeNotUnderstoodError),
        ("24 dec - 40", TimeNotUnderstoodError),
        ("30 feb", TimeNotUnderstoodError),
        ("13/13", TimeNotUnderstoodError),
        ("29 feb 2027", TimeNotUnderstoodError),
        ("1 jan 2026", TimeInThePastError),
        ("1 jan 2020 - 2 jan 2020", TimeInThePastError),
        ("today 9am - today 10am", TimeInThePastError),
        ("3 jan - 1 jan", EndsBeforeItStartsError),
        ("24 dec 2027 - 2 jan 2027", EndsBeforeItStartsError),
        ("friday - tomorrow", EndsBeforeItStartsError),
        ("1 jan 2027 - 1 jan 2030", TooFarAwayError),
    ],
)
def test_absence_mistakes(typed: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        times.absence(typed, speaker())
