"""Every calendar that icalendar and recurring-ical-events ship, read by us and by them: equal, or the reason is here.

The second library's own tests say which occurrences those files have, and it passes them: so does whoever agrees.
"""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from services.calendars.ical.content import calendars
from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import read_all

ICALENDAR = sorted(Path(icalendar.__file__).parent.rglob("*.ics"))
EXPANDED = sorted(Path(recurring_ical_events.__file__).parent.rglob("*.ics"))
WINDOWS = [(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 6, 1, 1, tzinfo=UTC)) for year in range(1994, 2036, 6)]

ZERO_DAYS = "DTEND equals DTSTART as a DATE: one day here, as its writers mean it; no length there"
SWAPPED = "DTEND is before DTSTART: no length and a problem here; start and end are swapped there"
DROPPED = "a value of the entry cannot be read: its good part and a problem here; the entry is dropped there"
DOMINO = "a zone name of Domino: known here; there its times float"
BUSY = "nothing but VFREEBUSY: its busy times are meetings here; it is no event there"
DIFFERENCES = {
    "freebusy/example.ics": BUSY,
    "issue_1081_freebusy_comma_separated.ics": BUSY,
    "issue_1633_freebusy_with_dates.ics": BUSY,
    "issue_27_multiple_periods_in_freebusy_multiple_freebusies.ics": BUSY,
    "issue_27_multiple_periods_in_freebusy_one_freebusy.ics": BUSY,
    "issue_798_freebusy.ics": BUSY,
    "calendars/example.ics": ZERO_DAYS,
    "Germany_Holidays.ics": ZERO_DAYS,
    "end_before_start_event.ics": SWAPPED,
    "issue_132_swapped_start_and_end.ics": SWAPPED,
    "invalid_duration.ics": "the DURATION is unreadable: none here, and a problem; the entry is dropped there",
    "issue_1081_invalid_rrule_freq.ics": "FREQ is unknown: DTSTART still takes place here; the entry is dropped there",
    "issue_165_missing_event.ics": "UNTIL and DTSTART differ in type: expanded here; the series is dropped there",
    "parsing_error.ics": "two VEVENTs without UID of which one is broken there: both are read here",
    "rfc_7529.ics": "RSCALE and SKIP: DTSTART alone and a problem here; the entry is dropped there",
    "bad_rrule_missing_until_event.ics": "a part UNTL that nobody defined: skipped here; the entry is dropped there",
    "broken_ical.ics": DROPPED,
    "issue_464_invalid_rdate.ics": DROPPED,
    "issue_722_missing_timezones.ics": DROPPED,
    "issue_201_test_matrix.ics": "DTSTART is a day, DTEND a time: whole days here, until that time there",
    "issue_75_range_parameter.ics": "UNTIL is a DATE: its whole day counts here, its first instant there",
    "issue_526_calendar_with_different_events.ics": DOMINO,
    "issue_526_calendar_with_event_subset.ics": DOMINO,
    "issue_526_calendar_with_events.ics": DOMINO,
    "issue_526_calendar_with_shuffeled_events.ics": DOMINO,
}
"""Files whose occurrences differ, and why ours are meant. A file that agrees must not be listed."""

UNREADABLE_THERE = {
    "big_bad_calendar.ics", "calendars/pacific_fiji.ics", "small_bad_calendar.ics", "pr_480_summary_with_colon.ics",
    "fuzz_testcase_0_char_in_component_name.ics", "fuzz_testcase_invalid_month.ics",
    "fuzz_testcase_vtimezone_lone_cr.ics", "issue_104_broken_calendar.ics", "issue_1050_multiple_calendars.ics",
    "multiple_calendar_components.ics", "parsing_error_in_UTC_offset.ics", "america_new_york_forward_reference.ics",
    "multiple_timezones.ics",
}  # fmt: skip
"""Files that the libraries refuse as a whole; here each gives its readable part, or the sentence that it is none."""

DEAR = {
    "issue_48_dst.ics", "issue_173_only_modifications_error.ics", "daylight_saving_time.ics", "machbar_16_feb_2019.ics",
    "x_location.ics", "issue_243_recurrence_id_is_not_identical_to_dtstart.ics", "one_day_event_repeat_every_day.ics",
    "Germany.ics", "one_event_repeat_every_3_days.ics", "issue_36_recurrence_ID_format.ics", "issue_4.ics",
    "issue_466_respect_unique_timezone.ics", "rdate.ics", "fablab_cottbus.ics", "issue_48_daylight_aware_repeats.ics",
}  # fmt: skip
"""Of all that these files take, theirs is more than half: series that go on for ever, worked out by others."""

Times = list[tuple[datetime, datetime]]


def _name(path: Path) -> str:
    """The file's name, with its folder's where two files share it."""
    return path.name if path.name not in {"example.ics", "pacific_fiji.ics"} else f"{path.parent.name}/{path.name}"


def _instant(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _theirs(data: bytes) -> list[Times] | None:
    """Their occurrences in each window; None where they refuse. What has no DTSTART is taken out: it stops them."""
    icalendar.use_zoneinfo()  # forgets the VTIMEZONEs of other files, which it would apply to this one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            component: Any = icalendar.Calendar.from_ical(data)
            if component.name != "VCALENDAR":
                whole = icalendar.Calendar()
                whole.add_component(component)
                component = whole
            component.subcomponents = [part for part in component.subcomponents if _has_start(part)]
            query = recurring_ical_events.of(component, skip_bad_series=True)
            return [
                sorted((_instant(event["DTSTART"].dt), _instant(event["DTEND"].dt)) for event in query.between(*window))
                for window in WINDOWS
            ]
        except (ValueError, AttributeError, TypeError):
            return None


def _has_start(part: Any) -> bool:
    return part.name != "VEVENT" or "DTSTART" in part


def _ours(data: bytes) -> list[Times]:
    if b"BEGIN:VCALENDAR" not in data.upper():
        data = b"BEGIN:VCALENDAR\n" + data.rstrip() + b"\nEND:VCALENDAR\n"
    found = calendars(data)
    readings = [read_all(found, ReadRequest("c", (), ZoneInfo("UTC"), *window)) for window in WINDOWS]
    return [sorted((event.start, event.end) for event in reading.events) for reading in readings]


def test_the_corpora_are_the_ones_that_the_lock_names() -> None:
    assert (len(ICALENDAR), len(EXPANDED)) == (163, 95)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.slow if path.name in DEAR else []) for path in ICALENDAR + EXPANDED],
    ids=_name,
)
def test_a_shipped_calendar_agrees_or_its_difference_is_explained(path: Path) -> None:
    data = path.read_bytes()
    ours, theirs = _ours(data), _theirs(data)
    assert (theirs is None) == (_name(path) in UNREADABLE_THERE)
    if theirs is not None:
        assert (ours != theirs) == (_name(path) in DIFFERENCES)


def test_each_explained_difference_names_a_shipped_calendar() -> None:
    names = {_name(path) for path in ICALENDAR + EXPANDED}
    assert (DIFFERENCES.keys() | UNREADABLE_THERE) - names == set()
