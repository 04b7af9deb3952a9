"""Series, their changes and their versions as real files write them: what takes place."""

from __future__ import annotations

import pytest

from tests.support.icsfile import asked, events, ics, problems, reading, spans, starts, vevent

BERLIN = "DTSTART;TZID=Europe/Berlin:20260323T100000"
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"


# ── series ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_series_keeps_its_wall_clock_across_the_change_of_clocks() -> None:
    assert starts(BERLIN, WEEKLY) == ["2026-03-23T09:00", "2026-03-30T08:00", "2026-04-06T08:00"]


def test_a_series_in_utc_stays_in_utc() -> None:
    assert starts("DTSTART:20260323T100000Z", WEEKLY) == ["2026-03-23T10:00", "2026-03-30T10:00", "2026-04-06T10:00"]


@pytest.mark.parametrize(
    "until",
    ["20260330", "20260330T080000Z", "20260330T100000", "20260330T235959Z", "20260405T235959"],
)
def test_until_of_any_type_includes_its_last_time(until: str) -> None:
    assert starts(BERLIN, f"RRULE:FREQ=WEEKLY;UNTIL={until}") == ["2026-03-23T09:00", "2026-03-30T08:00"]


@pytest.mark.parametrize("until", ["20260330T075959Z", "20260329", "20260330T095959"])
def test_until_excludes_what_is_later(until: str) -> None:
    assert starts(BERLIN, f"RRULE:FREQ=WEEKLY;UNTIL={until}") == ["2026-03-23T09:00"]


def test_until_with_a_time_ends_a_series_of_days() -> None:
    found = events("DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=DAILY;UNTIL=20260303T120000Z")
    assert [event.occurrence for event in found] == ["20260301", "20260302", "20260303"]


@pytest.mark.parametrize("until", ["20260303", "20260302T230000Z", "20260303T000000Z", "20260303T225959Z"])
def test_until_of_a_series_of_days_is_its_last_day(until: str) -> None:
    found = events("DTSTART;VALUE=DATE:20260301", f"RRULE:FREQ=DAILY;UNTIL={until}")
    assert [event.occurrence for event in found] == ["20260301", "20260302", "20260303"]


def test_until_before_the_start_is_a_deleted_series() -> None:
    assert starts(BERLIN, "RRULE:FREQ=WEEKLY;UNTIL=20260301") == []


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=Europe/Berlin:20260330T100000",
        "EXDATE:20260330T080000Z",
        "EXDATE;TZID=America/New_York:20260330T040000",
        "EXDATE:20260330T100000",
        "EXDATE;VALUE=DATE:20260330",
        "EXDATE;TZID=Europe/Berlin:20250101T100000,20260330T100000",
        "EXDATE;TZID=W. Europe Standard Time:20260330T100000",
        "EXRULE:FREQ=DAILY;INTERVAL=7;UNTIL=20260330;BYMONTHDAY=30",
    ],
)
def test_an_exception_date_of_any_type_takes_its_occurrence(exdate: str) -> None:
    assert starts(BERLIN, WEEKLY, exdate) == ["2026-03-23T09:00", "2026-04-06T08:00"]


def test_several_lines_of_exception_dates_all_hold() -> None:
    lines = ("EXDATE:20260323T090000Z", "EXDATE;VALUE=DATE:20260406")
    assert starts(BERLIN, WEEKLY, *lines) == ["2026-03-30T08:00"]


def test_an_exception_time_takes_a_day_of_a_series_of_days() -> None:
    lines = ("DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260302T000000Z")
    assert [event.occurrence for event in events(*lines)] == ["20260301", "20260303"]


@pytest.mark.parametrize(
    ("rdate", "expected"),
    [
        ("RDATE:20260401T100000Z", ["03-23T09:00/03-23T10:00", "04-01T10:00/04-01T11:00"]),
        ("RDATE;TZID=America/New_York:20260401T100000", ["03-23T09:00/03-23T10:00", "04-01T14:00/04-01T15:00"]),
        ("RDATE;VALUE=DATE:20260401", ["03-23T09:00/03-23T10:00", "04-01T08:00/04-01T09:00"]),
        (
            "RDATE;VALUE=PERIOD:20260401T100000Z/20260401T103000Z",
            ["03-23T09:00/03-23T10:00", "04-01T10:00/04-01T10:30"],
        ),
        ("RDATE;VALUE=PERIOD:20260401T100000Z/PT3H", ["03-23T09:00/03-23T10:00", "04-01T10:00/04-01T13:00"]),
        ("RDATE:20260323T090000Z", ["03-23T09:00/03-23T10:00"]),
    ],
)
def test_a_further_date_of_any_type_is_added_once(rdate: str, expected: list[str]) -> None:
    assert spans(BERLIN, "DURATION:PT1H", rdate) == expected


def test_two_rules_are_joined_and_a_start_of_one_is_no_extra_of_the_other() -> None:
    lines = ("DTSTART:20260105T100000Z", "RRULE:FREQ=WEEKLY;COUNT=2", "RRULE:FREQ=MONTHLY;BYMONTHDAY=20;COUNT=2")
    assert starts(*lines) == ["2026-01-05T10:00", "2026-01-12T10:00", "2026-01-20T10:00", "2026-02-20T10:00"]


def test_a_broken_rule_leaves_its_first_time_and_a_problem() -> None:
    data = ics(*vevent(BERLIN, "RRULE:FREQ=NEVER"))
    assert (starts(BERLIN, "RRULE:FREQ=NEVER"), problems(data)) == (
        ["2026-03-23T09:00"],
        [("a", "RRULE has no frequency that I know.")],
    )


@pytest.mark.parametrize("start", ["00010101T100000", "00010101T100000Z", "19000101T100000"])
def test_an_ancient_series_is_expanded_in_the_window(start: str) -> None:
    question = asked("2026-01-01", "2026-01-03", "UTC")
    assert starts(f"DTSTART:{start}", "RRULE:FREQ=DAILY", question=question) == ["2026-01-01T10:00", "2026-01-02T10:00"]


def test_the_last_day_of_the_calendar_is_read() -> None:
    question = asked("9999-12-01", "9999-12-31", "America/New_York")
    lines = ("DTSTART;VALUE=DATE:99991230", "RRULE:FREQ=DAILY")
    assert [event.occurrence for event in events(*lines, question=question)] == ["99991230"]


def test_more_occurrences_than_may_be_listed_is_a_problem() -> None:
    data = ics(*vevent("DTSTART:20260101T000000Z", "RRULE:FREQ=MINUTELY"))
    found = reading(data, asked("2026-01-01", "2026-02-01"))
    assert (len(found.events), found.problems[0].problem) == (
        10_000,
        "It repeats more than 10,000 times: the rest is left out.",
    )


def test_a_bomb_is_a_problem_and_costs_the_others_nothing() -> None:
    bomb = vevent(
        "DTSTART:19700101T000000Z", "RRULE:FREQ=DAILY;COUNT=99999999;BYDAY=MO;BYMONTH=2;BYMONTHDAY=30", uid="bomb"
    )
    data = ics(*bomb, *vevent("DTSTART:20260301T100000Z", uid="good"))
    found = reading(data, asked("9990-01-01", "9990-02-01"))
    assert [(problem.uid, problem.problem) for problem in found.problems] == [
        ("bomb", "RRULE takes too long to expand.")
    ]
    assert [event.uid for event in reading(data).events] == ["good"]


# ── changes of single occurrences ───────────────────────────────────────────────────────────────────


SERIES = vevent(BERLIN, "DURATION:PT1H", WEEKLY, "SEQUENCE:1")


def _changed(*change: str, question_end: str = "2027-01-01", start: str = "2026-01-01") -> list[str]:
    found = reading(ics(*SERIES, *vevent(*change)), asked(start, question_end)).events
    return sorted(f"{event.start:%m-%dT%H:%M}/{event.end:%m-%dT%H:%M} {event.occurrence}" for event in found)


@pytest.mark.parametrize(
    "of",
    [
        "RECURRENCE-ID;TZID=Europe/Berlin:20260330T100000",
        "RECURRENCE-ID:20260330T080000Z",
        "RECURRENCE-ID;TZID=America/New_York:20260330T040000",
        "RECURRENCE-ID:20260330T100000",
        "RECURRENCE-ID;VALUE=DATE:20260330",
    ],
)
def test_a_moved_occurrence_replaces_the_one_it_names_however_written(of: str) -> None:
    assert _changed(of, "DTSTART:20260331T120000Z", "DURATION:PT2H") == [
        "03-23T09:00/03-23T10:00 20260323T090000Z",
        "03-31T12:00/03-31T14:00 20260330T080000Z",
        "04-06T08:00/04-06T09:00 20260406T080000Z",
    ]


def test_an_occurrence_moved_into_the_window_is_in_it() -> None:
    change = ("RECURRENCE-ID:20260330T080000Z", "DTSTART:20260601T080000Z")
    assert _changed(*change, start="2026-06-01", question_end="2026-06-02") == [
        "06-01T08:00/06-01T08:00 20260330T080000Z"
    ]


def test_an_occurrence_moved_out_of_the_window_is_not_in_it() -> None:
    change = ("RECURRENCE-ID:20260330T080000Z", "DTSTART:20260601T080000Z")
    assert _changed(*change, start="2026-03-30", question_end="2026-03-31") == []


def test_a_cancelled_occurrence_is_listed_as_cancelled() -> None:
    change = vevent("RECURRENCE-ID:20260330T080000Z", "STATUS:CANCELLED")
    found = reading(ics(*SERIES, *change)).events
    assert [(event.occurrence, event.cancelled) for event in sorted(found, key=lambda event: event.start)] == [
        ("20260323T090000Z", False),
        ("20260330T080000Z", True),
        ("20260406T080000Z", False),
    ]


def test_an_instance_without_its_series_takes_place() -> None:
    lines = ("RECURRENCE-ID:20260330T080000Z", "DTSTART:20260331T120000Z")
    assert [(event.occurrence, f"{event.start:%m-%d}") for event in events(*lines)] == [("20260330T080000Z", "03-31")]


def test_of_two_changes_the_higher_sequence_holds_in_any_order() -> None:
    older = vevent(
        "RECURRENCE-ID:20260330T080000Z", "DTSTART:20260331T100000Z", "SEQUENCE:2", "DTSTAMP:20260102T000000Z"
    )
    newer = vevent(
        "RECURRENCE-ID:20260330T080000Z", "DTSTART:20260331T110000Z", "SEQUENCE:3", "DTSTAMP:20260101T000000Z"
    )
    for components in ((older, newer), (newer, older)):
        found = reading(ics(*SERIES, *components[0], *components[1])).events
        assert sorted(f"{event.start:%m-%dT%H}" for event in found) == ["03-23T09", "03-31T11", "04-06T08"]


def test_an_excluded_occurrence_stays_excluded_though_it_was_changed() -> None:
    master = vevent(BERLIN, WEEKLY, "EXDATE:20260330T080000Z")
    change = vevent("RECURRENCE-ID:20260330T080000Z", "DTSTART:20260331T100000Z")
    assert len(reading(ics(*master, *change)).events) == 2


def test_a_change_of_this_and_all_future_occurrences_moves_them_by_as_much() -> None:
    assert _changed(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260330T080000Z",
        "DTSTART;TZID=Europe/Berlin:20260331T120000",
        "DURATION:PT30M",
    ) == [
        "03-23T09:00/03-23T10:00 20260323T090000Z",
        "03-31T10:00/03-31T10:30 20260330T080000Z",
        "04-07T10:00/04-07T10:30 20260406T080000Z",
    ]


def test_a_single_change_after_a_change_of_all_future_ones_still_holds() -> None:
    onwards = vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20260330T080000Z", "DTSTART:20260330T100000Z")
    single = vevent("RECURRENCE-ID:20260406T080000Z", "DTSTART:20260408T080000Z")
    found = reading(ics(*SERIES, *onwards, *single)).events
    assert sorted(f"{event.start:%m-%dT%H}" for event in found) == ["03-23T09", "03-30T10", "04-08T08"]


def test_an_all_day_change_in_utc_names_the_persons_day() -> None:
    master = vevent("DTSTART;VALUE=DATE:20260601", "RRULE:FREQ=DAILY;COUNT=3")
    change = vevent("RECURRENCE-ID:20260601T220000Z", "DTSTART;VALUE=DATE:20260610")
    found = reading(ics(*master, *change)).events
    assert sorted((event.occurrence, f"{event.wall.start:%m-%d}") for event in found if event.wall) == [
        ("20260601", "06-01"), ("20260602", "06-10"), ("20260603", "06-03"),
    ]  # fmt: skip


# ── several versions ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("SEQUENCE:1", "DTSTAMP:20260109T000000Z"), ("SEQUENCE:2", "DTSTAMP:20260101T000000Z")),
        (("SEQUENCE:2", "DTSTAMP:20260101T000000Z"), ("SEQUENCE:2", "DTSTAMP:20260109T000000Z")),
        (("LAST-MODIFIED:20260101T000000Z",), ("LAST-MODIFIED:20260109T000000Z",)),
        (("SEQUENCE:9",), ("SEQUENCE:10",)),
    ],
)
def test_of_two_versions_the_newer_one_holds_in_any_order(older: tuple[str, ...], newer: tuple[str, ...]) -> None:
    first = vevent("DTSTART:20260301T100000Z", *older)
    second = vevent("DTSTART:20260302T100000Z", *newer)
    for data in (ics(*first, *second), ics(*second, *first)):
        assert [f"{event.start:%m-%d}" for event in reading(data).events] == ["03-02"]


def test_entries_that_share_a_uid_without_an_order_are_all_kept() -> None:
    data = ics(*vevent("DTSTART:20260301T100000Z"), *vevent("DTSTART:20260302T100000Z"))
    found = reading(data).events
    assert [(f"{event.start:%m-%d}", event.occurrence) for event in found] == [
        ("03-01", "20260301T100000Z"),
        ("03-02", "20260302T100000Z"),
    ]


def test_a_series_and_its_change_in_calendars_of_their_own_belong_together() -> None:
    change = vevent("RECURRENCE-ID:20260330T080000Z", "DTSTART:20260331T100000Z")
    found = reading(ics(*SERIES) + ics(*change)).events
    assert sorted(f"{event.start:%m-%dT%H}" for event in found) == ["03-23T09", "03-31T10", "04-06T08"]


def test_a_former_version_of_the_series_with_a_recurrence_id_is_no_occurrence() -> None:
    left_over = vevent(
        "DTSTART;VALUE=DATE:20260729", "RRULE:FREQ=WEEKLY", "RECURRENCE-ID;VALUE=DATE:20260729", "SEQUENCE:1"
    )
    series = vevent("DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=WEEKLY;UNTIL=20260720", "SEQUENCE:2")
    found = reading(ics(*left_over, *series)).events
    assert sorted(event.occurrence for event in found) == ["20260701", "20260708", "20260715"]


# ── the window ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ("20260109T230000Z", "20260110T000000Z", False),
        ("20260109T230000Z", "20260110T000001Z", True),
        ("20260110T000000Z", "20260110T000000Z", True),
        ("20260110T235959Z", "20260111T010000Z", True),
        ("20260111T000000Z", "20260111T010000Z", False),
        ("20260111T000000Z", "20260111T000000Z", False),
        ("20250101T000000Z", "20270101T000000Z", True),
    ],
)
def test_the_window_is_half_open(start: str, end: str, inside: bool) -> None:
    question = asked("2026-01-10", "2026-01-11", "UTC")
    assert bool(starts(f"DTSTART:{start}", f"DTEND:{end}", question=question)) == inside


def test_a_long_occurrence_that_began_before_the_window_is_in_it() -> None:
    question = asked("2026-03-28", "2026-03-29", "UTC")
    assert starts("DTSTART:20260301T000000Z", "DURATION:P10D", "RRULE:FREQ=WEEKLY", question=question) == [
        "2026-03-22T00:00"
    ]
