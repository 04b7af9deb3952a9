"""What people type about time, and what it means: Monday 23 November 2026, 13:00 in Berlin unless said otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services import when
from services.errors import (
    EndsBeforeItStartsError,
    InputError,
    TextTooLongError,
    TimeInThePastError,
    TimeNotUnderstoodError,
    TooFarAwayError,
)
from services.phrases import PhraseBook
from services.when.patterns import patterns_for
from services.when.place import Here, interval
from services.when.spoken import Length, Spoken

BERLIN = ZoneInfo("Europe/Berlin")
BOOK = PhraseBook()
NOW = "2026-11-23 13:00"


def at(wall: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.strptime(wall, "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC)


def speaker(
    language: str = "en", now: str = NOW, *, month_first: bool = False, zone: ZoneInfo = BERLIN
) -> when.Speaker:
    return when.Speaker(at(now, zone), zone, language, month_first)


def wall(instant: datetime | None, zone: ZoneInfo = BERLIN) -> str | None:
    return None if instant is None else instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def read(asked: when.Asked) -> tuple[str, str | None, str | None]:
    """Text, start (None: now) and end."""
    return asked.text, None if wall(asked.start) == NOW else wall(asked.start), wall(asked.end)


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
    ("Reading May 5", "Reading May 5", None),
    ("See you friday", "See you friday", None),
    ("R&D <3 for 1h", "R&D <3", "2026-11-23 14:00"),
    ("Fit for 30 for 1h", "Fit for 30", "2026-11-23 14:00"),
    ("bis gleich", "bis gleich", None),
    ("Fasting for 1.5 days", "Fasting for 1.5 days", None),
    # another language than one's own
    ("x bis Freitag", "x", "2026-11-28 00:00"),
    ("Fokus 30 Minuten", "Fokus", "2026-11-23 13:30"),
]


@pytest.mark.parametrize(("typed", "text", "end"), STATUS)
def test_status_takes_the_time_and_leaves_the_words(typed: str, text: str, end: str | None) -> None:
    assert read(when.status(typed, speaker(), BOOK)) == (text, None, end)


@pytest.mark.parametrize(
    ("typed", "text", "start", "end"),
    [
        ("Dentist 2pm-4pm", "Dentist", "2026-11-23 14:00", "2026-11-23 16:00"),
        ("Dentist from 2 to 4", "Dentist", "2026-11-23 14:00", "2026-11-23 16:00"),
        ("Dentist tomorrow 9-11:30", "Dentist", "2026-11-24 09:00", "2026-11-24 11:30"),
        ("Dentist friday 14:00 – 15:00", "Dentist", "2026-11-27 14:00", "2026-11-27 15:00"),
        ("Night shift 22:00-02:00", "Night shift", "2026-11-23 22:00", "2026-11-24 02:00"),
    ],
)
def test_status_may_begin_later(typed: str, text: str, start: str, end: str) -> None:
    assert read(when.status(typed, speaker(), BOOK)) == (text, start, end)


def test_status_range_that_runs_begins_now() -> None:
    assert read(when.status("Review 12:30-13:30", speaker(), BOOK)) == ("Review", None, "2026-11-23 13:30")


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
    assert read(when.status(typed, speaker(language), BOOK)) == (text, None, end)


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
    ("24 dec - 40", "40", "2026-12-24 00:00", "2026-12-25 00:00"),
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


@pytest.mark.parametrize(("typed", "note", "start", "end"), ABSENCE)
def test_absence_is_read(typed: str, note: str, start: str | None, end: str) -> None:
    assert read(when.absence(typed, speaker(), BOOK)) == (note, start, end)


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
    assert read(when.absence(typed, speaker(language), BOOK)) == (note, start, end)


@pytest.mark.parametrize(
    ("typed", "month_first", "day"),
    [("3/4", True, "2027-03-04"), ("3/4", False, "2027-04-03"), ("13/4", True, "2027-04-13"),
     ("4/13", False, "2027-04-13"), ("3/4/28", False, "2028-04-03")],
)  # fmt: skip
def test_order_of_day_and_month_follows_the_person_unless_only_one_is_possible(
    typed: str, month_first: bool, day: str
) -> None:
    found = when.absence(typed, speaker(month_first=month_first), BOOK)
    assert wall(found.start) == f"{day} 00:00"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("x until 2020-01-01", TimeInThePastError),
        ("Lunch until banana", TimeNotUnderstoodError),
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
        when.status(typed, speaker(), BOOK)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", TimeNotUnderstoodError),
        ("Skiing", TimeNotUnderstoodError),
        ("May I help", TimeNotUnderstoodError),
        ("2 people", TimeNotUnderstoodError),
        ("30 feb", TimeNotUnderstoodError),
        ("13/13", TimeNotUnderstoodError),
        ("29 feb 2027", TimeNotUnderstoodError),
        ("1 jan 2026", TimeInThePastError),
        ("1 jan 2020 - 2 jan 2020", TimeInThePastError),
        ("today 9am - today 10am", TimeInThePastError),
        ("3 jan - 1 jan", EndsBeforeItStartsError),
        ("24 dec 2027 - 2 jan 2027", EndsBeforeItStartsError),
        ("1 jan 2027 - 1 jan 2030", TooFarAwayError),
    ],
)
def test_absence_mistakes(typed: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        when.absence(typed, speaker(), BOOK)


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("", None, None), ("2h", None, "2026-11-23 15:00"), ("until 3pm", None, "2026-11-23 15:00"),
        ("3pm", None, "2026-11-23 15:00"), ("30 minutes", None, "2026-11-23 13:30"),
        ("tomorrow", "2026-11-24 00:00", "2026-11-25 00:00"), ("until friday", None, "2026-11-27 00:00"),
        ("for the rest of the day", None, "2026-11-24 00:00"), ("until in two days", None, "2026-11-25 00:00"),
    ],
)  # fmt: skip
def test_pause_is_read(typed: str, start: str | None, end: str | None) -> None:
    assert read(when.pause(typed, speaker(), BOOK)) == ("", start, end)


@pytest.mark.parametrize("typed", ["banana", "0m", "2 hours please", "until 2020-01-01"])
def test_pause_mistakes(typed: str) -> None:
    with pytest.raises(InputError):
        when.pause(typed, speaker(), BOOK)


@pytest.mark.parametrize(
    ("typed", "day", "instant"),
    [
        ("", "2026-11-23", None), ("tuesday", "2026-11-24", None), ("tuesday 10:15", "2026-11-24", "2026-11-24 10:15"),
        ("tomorrow", "2026-11-24", None), ("10:15", "2026-11-23", "2026-11-23 10:15"),
        ("3pm", "2026-11-23", "2026-11-23 15:00"),
        ("friday at 9", "2026-11-27", "2026-11-27 09:00"), ("friday at 3", "2026-11-27", "2026-11-27 15:00"),
        ("today 9:00", "2026-11-23", "2026-11-23 09:00"), ("dec 24 2pm", "2026-12-24", "2026-12-24 14:00"),
        ("2026-12-01T10:15", "2026-12-01", "2026-12-01 10:15"), ("monday", "2026-11-23", None),
        ("in two days", "2026-11-25", None),
    ],
)  # fmt: skip
def test_look_is_a_day_or_an_instant(typed: str, day: str, instant: str | None) -> None:
    found = when.look(typed, speaker(), BOOK)
    assert (found.day.isoformat(), wall(found.instant)) == (day, instant)


@pytest.mark.parametrize("typed", ["banana", "2pm-4pm", "45m", "until friday", "1 jan 2026"])
def test_look_mistakes(typed: str) -> None:
    with pytest.raises(InputError):
        when.look(typed, speaker(), BOOK)


@pytest.mark.parametrize(
    ("language", "typed", "off"),
    [("en", "off", True), ("en", " OFF ", True), ("de", "aus", True), ("fr", "fin", True), ("ja", "オフ", True),
     ("en", "office", False), ("en", "", False), ("en", "off tomorrow", False)],
)  # fmt: skip
def test_off_is_a_word_of_its_own(language: str, typed: str, off: bool) -> None:
    assert when.is_off(typed, speaker(language)) is off


# ── clocks that change, years that end ──────────────────────────────────────────────────────────────


def test_time_that_the_zone_skips_is_read_with_the_offset_before() -> None:
    said = when.status("x until 2:30am", speaker(now="2026-03-28 23:00"), BOOK)
    assert said.end == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert wall(said.end) == "2026-03-29 03:30"


def test_time_that_occurs_twice_is_the_first_and_once_that_has_passed_the_second() -> None:
    before = when.status("x until 2:30am", speaker(now="2026-10-24 23:00"), BOOK)
    assert before.end == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = when.Speaker(datetime(2026, 10, 25, 0, 45, tzinfo=UTC), BERLIN)
    assert when.status("x until 2:30am", between, BOOK).end == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_hours_pass_and_days_are_counted_on_the_calendar_across_a_clock_change() -> None:
    evening = speaker(now="2026-10-24 20:00")
    assert wall(when.status("x for 24h", evening, BOOK).end) == "2026-10-25 19:00"
    assert wall(when.status("x for 1 day", evening, BOOK).end) == "2026-10-25 20:00"


def test_date_without_a_year_is_next_years_once_it_has_passed() -> None:
    december = speaker(now="2026-12-28 10:00")
    assert wall(when.absence("2 jan", december, BOOK).start) == "2027-01-02 00:00"
    running = when.absence("24 dec - 2 jan", december, BOOK)
    assert (wall(running.start), wall(running.end)) == ("2026-12-28 10:00", "2027-01-03 00:00")
    january = when.absence("24 dec - 2 jan", speaker(now="2027-01-01 10:00"), BOOK)
    assert (wall(january.start), wall(january.end)) == ("2027-01-01 10:00", "2027-01-03 00:00")


def test_friday_on_a_friday_is_today_and_until_friday_a_week_from_now() -> None:
    friday = speaker(now="2026-11-27 10:00")
    assert wall(when.absence("friday", friday, BOOK).end) == "2026-11-28 00:00"
    assert wall(when.absence("until friday", friday, BOOK).end) == "2026-12-04 00:00"
    german = speaker("de", now="2026-11-27 10:00")
    assert wall(when.absence("bis Freitag", german, BOOK).end) == "2026-11-28 00:00"


def test_zones_far_from_utc_read_their_own_today() -> None:
    chatham = ZoneInfo("Pacific/Chatham")
    said = when.absence("today", speaker(now="2026-11-24 00:10", zone=chatham), BOOK)
    assert wall(said.end, chatham) == "2026-11-25 00:00"


def test_without_a_phrase_book_the_grammar_reads_alone() -> None:
    assert read(when.status("Lunch for 45m", speaker())) == ("Lunch", None, "2026-11-23 13:45")
    with pytest.raises(TimeNotUnderstoodError):
        when.status("x until in two days", speaker())


def test_unknown_language_reads_english() -> None:
    assert wall(when.absence("friday", speaker("xx"), BOOK).start) == "2026-11-27 00:00"


@pytest.mark.parametrize(
    ("first", "start", "last", "end", "expected"),
    [
        ("2026-12-24", None, "2027-01-02", None, ("2026-12-24 00:00", "2027-01-03 00:00")),
        ("2026-11-23", "14:00", "2026-11-23", "15:30", ("2026-11-23 14:00", "2026-11-23 15:30")),
        ("2026-11-20", None, "2026-11-23", None, (NOW, "2026-11-24 00:00")),
    ],
)
def test_form_is_read(first: str, *, start: str | None, last: str, end: str | None, expected: tuple[str, str]) -> None:
    times = [None if one is None else time.fromisoformat(one) for one in (start, end)]
    found = when.by_form(date.fromisoformat(first), times[0], date.fromisoformat(last), times[1], speaker())
    assert (wall(found[0]), wall(found[1])) == expected


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [("2026-12-24", "2026-12-23", EndsBeforeItStartsError), ("2026-11-20", "2026-11-22", TimeInThePastError),
     ("2026-12-24", "2030-12-24", TooFarAwayError)],
)  # fmt: skip
def test_form_mistakes_name_their_field(first: str, last: str, error: type[InputError]) -> None:
    with pytest.raises(error) as caught:
        when.by_form(date.fromisoformat(first), None, date.fromisoformat(last), None, speaker())
    assert caught.value.field == "to"


def test_form_at_the_end_of_the_calendar_is_too_far_away() -> None:
    with pytest.raises(TooFarAwayError) as caught:
        when.by_form(date(2026, 12, 1), None, date.max, None, speaker())
    assert caught.value.field == "to"


def test_until_time_is_the_next_one() -> None:
    assert wall(when.until_time(time(13, 30), speaker())) == "2026-11-23 13:30"
    assert wall(when.until_time(time(12, 30), speaker())) == "2026-11-24 12:30"


def test_interval_of_nothing_said_is_not_understood() -> None:
    with pytest.raises(TimeNotUnderstoodError):
        interval(Spoken(), Here(at(NOW), BERLIN))


def test_interval_beyond_the_calendar_is_too_far_away() -> None:
    end_of_time = Here(datetime(9999, 12, 30, tzinfo=UTC), BERLIN)
    with pytest.raises(TooFarAwayError):
        interval(Spoken(length=Length(days=3)), end_of_time)


@pytest.mark.parametrize(
    "phrase", ["now", "may", "3", "x", "tomorrow at 5 UTC", "a\x00b", "x" * 61, "in 99999999 years"]
)
def test_phrase_book_turns_down_what_is_no_day(phrase: str) -> None:
    assert BOOK.moment(phrase, datetime(2026, 11, 23, 13), "en", month_first=False) is None


def test_phrase_book_is_warmed_in_every_language() -> None:
    BOOK.warm()
    found = BOOK.moment("24 de diciembre", datetime(2026, 11, 23, 13), "es", month_first=False)
    assert found == (datetime(2026, 12, 24), False)


def test_patterns_are_compiled_ahead_for_every_language() -> None:
    patterns_for.cache_clear()
    when.warm()
    before = patterns_for.cache_info().misses
    for language in ("en", "de", "fr", "es", "ja"):
        when.status("no time in it 5", speaker(language), BOOK)
    assert patterns_for.cache_info().misses == before
