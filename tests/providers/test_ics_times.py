"""Times and zones as real files write them: when it takes place."""

from __future__ import annotations

import pytest

from tests.support.icsfile import asked, at, events, ics, problems, reading, spans, starts, vevent

WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"


# ── one time ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("DTSTART:20260301T100000Z",), "03-01T10:00/03-01T10:00"),
        (("DTSTART:20260301T100000Z", "DTEND:20260301T113000Z"), "03-01T10:00/03-01T11:30"),
        (("DTSTART:20260301T100000Z", "DURATION:PT90M"), "03-01T10:00/03-01T11:30"),
        (("DTSTART:20260301T100000Z", "DTEND:20260301T090000Z"), "03-01T10:00/03-01T10:00"),
        (("DTSTART:20260301T100000Z", "DURATION:-PT1H"), "03-01T10:00/03-01T10:00"),
        # Synology Calendar
        (("DTSTART:20260301T100000Z", "DURATION:PT1W"), "03-01T10:00/03-08T10:00"),
        (("DTSTART;TZID=Europe/Berlin:20260301T100000", "DTEND:20260301T100000Z"), "03-01T09:00/03-01T10:00"),
        (("DTSTART;TZID=Europe/Berlin:20260301T100000", "DTEND;VALUE=DATE:20260302"), "03-01T09:00/03-01T23:00"),
        (("DTSTART:20260301T240000Z",), "03-02T00:00/03-02T00:00"),
        # a day in name alone: the time that stands there is meant, as other readers have it
        (("DTSTART;VALUE=DATE:20260301T100000Z", "DTEND;VALUE=DATE:20260301T113000Z"), "03-01T10:00/03-01T11:30"),
        (("DTSTART;VALUE=DATE;TZID=Europe/Berlin:20260301T100000", "DURATION:PT1H"), "03-01T09:00/03-01T10:00"),
        (("DTSTART:20260301T1000Z",), "03-01T10:00/03-01T10:00"),
        (("DTSTART:2026-03-01T10:00:00+0100",), "03-01T09:00/03-01T09:00"),
        # 28 March 2026 22:00 in Berlin, the night the clocks go forward: P1D keeps the hour, PT24H the length
        (("DTSTART;TZID=Europe/Berlin:20260328T220000", "DURATION:P1D"), "03-28T21:00/03-29T20:00"),
        (("DTSTART;TZID=Europe/Berlin:20260328T220000", "DURATION:PT24H"), "03-28T21:00/03-29T21:00"),
        # in the gap: by the offset before it; twice: the first (RFC 5545 §3.3.5)
        (("DTSTART;TZID=America/New_York:20260308T023000",), "03-08T07:30/03-08T07:30"),
        (("DTSTART;TZID=America/New_York:20261101T013000",), "11-01T05:30/11-01T05:30"),
    ],
)
def test_a_single_time_is_placed(lines: tuple[str, ...], expected: str) -> None:
    assert spans(*lines) == [expected]


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (("DTSTART;VALUE=DATE:20260301",), ("2026-03-01", "2026-03-02")),
        (("DTSTART:20260301",), ("2026-03-01", "2026-03-02")),
        (("DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260303"), ("2026-03-01", "2026-03-03")),
        (("DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260301"), ("2026-03-01", "2026-03-02")),
        (("DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260201"), ("2026-03-01", "2026-03-02")),
        (("DTSTART;VALUE=DATE:20260301", "DURATION:P2D"), ("2026-03-01", "2026-03-03")),
        (("DTSTART;VALUE=DATE:20260301", "DURATION:PT36H"), ("2026-03-01", "2026-03-03")),
        (("DTSTART;VALUE=DATE:20260301", "DTEND:20260302T000000"), ("2026-03-01", "2026-03-02")),
        (("DTSTART;VALUE=DATE:20260301", "DTEND:20260302T120000"), ("2026-03-01", "2026-03-03")),
        (
            ("DTSTART;TZID=America/New_York:20260301T000000", "DTEND;TZID=America/New_York:20260303T000000",
             "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"),
            ("2026-03-01", "2026-03-03"),
        ),
    ],
)  # fmt: skip
def test_whole_days_follow_the_persons_wall_clock(lines: tuple[str, ...], days: tuple[str, str]) -> None:
    (event,) = events(*lines)
    assert event.wall is not None
    assert (event.all_day, event.wall.start.isoformat()[:10], event.wall.end.isoformat()[:10]) == (True, *days)


def test_a_floating_time_follows_the_person() -> None:
    (event,) = events("DTSTART:20260601T090000", "DURATION:PT1H", question=asked(zone="Asia/Tokyo"))
    assert event.start == at("2026-06-01T00:00")
    assert event.wall is not None
    assert event.wall.start.isoformat() == "2026-06-01T09:00:00"


def test_a_floating_time_is_in_the_calendars_zone_where_it_names_one() -> None:
    (event,) = events("DTSTART:20260601T090000", extra=("X-WR-TIMEZONE:America/New_York",))
    assert (event.start, event.wall) == (at("2026-06-01T13:00"), None)


def test_a_day_follows_the_person_though_the_calendar_names_a_zone() -> None:
    (event,) = events("DTSTART;VALUE=DATE:20260601", extra=("X-WR-TIMEZONE:America/New_York",))
    assert event.start == at("2026-05-31T22:00")


# ── zones ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tzid", "start"),
    [
        ("Europe/Berlin", "2026-07-01T08:00"),
        ("europe/berlin", "2026-07-01T08:00"),
        ('"Europe/Berlin"', "2026-07-01T08:00"),
        ("W. Europe Standard Time", "2026-07-01T08:00"),
        ("Pacific Standard Time", "2026-07-01T17:00"),
        ("Eastern Standard Time 1", "2026-07-01T14:00"),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', "2026-07-01T08:00"),
        ('"(GMT-05.00) Eastern Time (US & Canada)"', "2026-07-01T14:00"),
        ('"(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi"', "2026-07-01T04:30"),
        ('"(UTC) Dublin, Edinburgh, Lisbon, London"', "2026-07-01T09:00"),
        ('"(UTC) Coordinated Universal Time"', "2026-07-01T10:00"),
        ("/mozilla.org/20050126_1/Europe/Berlin", "2026-07-01T08:00"),
        ("/freeassociation.sourceforge.net/Tzfile/America/New_York", "2026-07-01T14:00"),
        ('"tzone://Microsoft/Utc"', "2026-07-01T10:00"),
        ("Eastern Time (US & Canada)", "2026-07-01T14:00"),
        ("US-Eastern", "2026-07-01T14:00"),
        ("GMT+02:00", "2026-07-01T08:00"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "2026-07-01T08:00"),
        ("America/New York", "2026-07-01T14:00"),
    ],
)
def test_a_zone_is_known_by_the_name_that_programs_give_it(tzid: str, start: str) -> None:
    assert starts(f"DTSTART;TZID={tzid}:20260701T100000") == [start]


@pytest.mark.parametrize(
    ("tzid", "winter", "summer"),
    [
        ("Dublin, Edinburgh, Lisbon, London", "10:00", "09:00"),
        ("Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "09:00", "08:00"),
        ("Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "09:00", "08:00"),
        ("Bruxelles, Copenhague, Madrid, Paris", "09:00", "08:00"),
        ("Dublín, Edimburgo, Lisboa, Londres", "10:00", "09:00"),
        ("Athen, Bukarest", "08:00", "07:00"),
        ("大阪、札幌、東京", "01:00", "01:00"),
        ("Canberra, Melbourne, Sydney", "23:00", "00:00"),
        ("Mitteleuropäische Zeit", "09:00", "08:00"),
        ("Mitteleuropäische Sommerzeit", "09:00", "08:00"),
        ("Heure normale d’Europe centrale", "09:00", "08:00"),
        ("Hora estándar romance", "09:00", "08:00"),
        ("Hora de Europa central", "09:00", "08:00"),
        ("Romanische Zeit", "09:00", "08:00"),
        ("東京 (標準時)", "01:00", "01:00"),
        ("日本標準時", "01:00", "01:00"),
        ("Pacific Normalzeit", "18:00", "17:00"),
        ("Wien", "09:00", "08:00"),
        ("PST", "18:00", "17:00"), ("PDT", "18:00", "17:00"), ("EDT", "15:00", "14:00"), ("CEST", "09:00", "08:00"),
        ("MEZ", "09:00", "08:00"), ("JST", "01:00", "01:00"), ("AEST", "23:00", "00:00"), ("EST", "15:00", "15:00"),
        ("CET", "09:00", "08:00"),
    ],
)  # fmt: skip
def test_zone_by_what_exchange_and_people_call_it(tzid: str, winter: str, summer: str) -> None:
    found = [start[11:] for day in ("0115", "0715") for start in starts(f'DTSTART;TZID="{tzid}":2026{day}T100000')]
    assert found == [winter, summer]


@pytest.mark.parametrize(
    "tzid",
    ["CST", "IST", "BST", "AST", "Hora estándar de Europa occidental", "Rome, New York", "Home", "Customized, Time"],
)
def test_zone_that_may_be_several_stays_a_problem(tzid: str) -> None:
    data = ics(*vevent(f'DTSTART;TZID="{tzid}":20260715T100000'))
    assert [problem for _, problem in problems(data)] == [
        f'The time zone "{tzid}" is unknown: its times are taken as local.'
    ]


def test_an_unknown_zone_floats_and_is_a_problem() -> None:
    data = ics(*vevent("DTSTART;TZID=Customized Time Zone:20260701T100000"))
    (event,) = reading(data).events
    assert event.wall is not None
    assert problems(data) == [("a", 'The time zone "Customized Time Zone" is unknown: its times are taken as local.')]


CUSTOM = (
    "BEGIN:VTIMEZONE", "TZID:Customized Time Zone",
    "BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0130", "TZOFFSETTO:+0030",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
    "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0030", "TZOFFSETTO:+0130",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT",
    "END:VTIMEZONE",
)  # fmt: skip


@pytest.mark.parametrize(
    ("wall", "start"),
    [
        ("20260101T100000", "2026-01-01T09:30"),
        ("20260701T100000", "2026-07-01T08:30"),
        ("20260329T023000", "2026-03-29T02:00"),  # in the gap: by the offset before
        ("20261025T023000", "2026-10-25T01:00"),  # twice: the first
        ("20261025T030000", "2026-10-25T02:30"),
    ],
)
def test_a_zone_of_the_files_own_follows_its_rules(wall: str, start: str) -> None:
    assert starts(f"DTSTART;TZID=Customized Time Zone:{wall}", extra=CUSTOM) == [start]


def test_a_series_in_a_zone_of_the_files_own_keeps_its_wall_clock() -> None:
    assert starts("DTSTART;TZID=Customized Time Zone:20260322T100000", WEEKLY, extra=CUSTOM) == [
        "2026-03-22T09:30", "2026-03-29T08:30", "2026-04-05T08:30",
    ]  # fmt: skip


def test_a_known_name_wins_over_the_files_stale_copy() -> None:
    stale = tuple(line.replace("Customized Time Zone", "Europe/Berlin") for line in CUSTOM)
    assert starts("DTSTART;TZID=Europe/Berlin:20260701T100000", extra=stale) == ["2026-07-01T08:00"]


# ── the window ──────────────────────────────────────────────────────────────────────────────────────


def own_zone(name: str) -> tuple[str, ...]:
    """A VTIMEZONE of this name, seven hours ahead of UTC all year."""
    standard = ("BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0700", "TZOFFSETTO:+0700", "END:STANDARD")
    return ("BEGIN:VTIMEZONE", f"TZID:{name}", *standard, "END:VTIMEZONE")


@pytest.mark.parametrize(
    ("written", "line"),
    [
        # Outlook 2007: the name is TEXT, so its comma is escaped; as a parameter it is quoted instead
        (r"Kuala Lumpur\, Singapore", 'DTSTART;TZID="Kuala Lumpur, Singapore":20260301T093000'),
        (r"Kuala Lumpur\, Singapore", r'DTSTART;TZID="Kuala Lumpur\, Singapore":20260301T093000'),
        # an IANA name in another case, with a VTIMEZONE that is not that zone's: Google, for an imported event
        ("Europe/lisbon", "DTSTART;TZID=Europe/lisbon:20260301T093000"),
    ],
)
def test_a_zone_of_the_file_is_found_however_its_name_is_written(written: str, line: str) -> None:
    assert starts(line, extra=own_zone(written)) == ["2026-03-01T02:30"]


def test_an_iana_name_in_another_case_is_that_zone_where_the_file_has_none() -> None:
    assert starts("DTSTART;TZID=europe/lisbon:20260701T093000") == ["2026-07-01T08:30"]


def test_an_iana_name_wins_over_the_zone_of_the_file() -> None:
    assert starts("DTSTART;TZID=Europe/Lisbon:20260701T093000", extra=own_zone("Europe/Lisbon")) == ["2026-07-01T08:30"]
