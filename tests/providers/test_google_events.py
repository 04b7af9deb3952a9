"""One item of a Google calendar as an event: what each field means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.calendars.providers.google.events import EventContext, event_of
from services.domain.model import (
    LONGEST_TEXT,
    Event,
    EventType,
    Location,
    Organizer,
    Response,
    ShowAs,
    Visibility,
    WallTimes,
)
from tests.support.google_items import ASKED, BERLIN, read

IN_TOKYO = EventContext("C1", BERLIN, ZoneInfo("Asia/Tokyo"))


def utc(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_plain_item_is_a_busy_meeting() -> None:
    assert read(summary="Sync", location="Room 1") == Event(
        "C1", "e1@google.com", utc(24, 10), utc(24, 11), title="Sync", location="Room 1"
    )


@pytest.mark.parametrize(
    ("start", "end", "instants"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", (utc(24, 10), utc(24, 11))),
        ("2026-11-24T10:00:00.250Z", "2026-11-24T11:00:00.000Z", (utc(24, 10) + timedelta(seconds=0.25), utc(24, 11))),
        ("2026-11-24t10:00:00z", "2026-11-24t11:00:00z", (utc(24, 10), utc(24, 11))),
        ("2026-11-24T05:00:00-05:00", "2026-11-24T16:30:00+05:30", (utc(24, 10), utc(24, 11))),
        ("2026-11-24T10:00:00Z", "2026-11-24T09:00:00Z", (utc(24, 10), utc(24, 10))),
        ("2026-11-24T10:00:00Z", None, (utc(24, 10), utc(24, 10))),
    ],
)
def test_instants_are_those_of_the_offset(start: str, end: str | None, instants: tuple[datetime, datetime]) -> None:
    event = read(start={"dateTime": start}, end=... if end is None else {"dateTime": end})
    assert (event.start, event.end, event.wall, event.all_day) == (*instants, None, False)


@pytest.mark.parametrize(
    ("asked", "zone", "start", "floats"),
    [
        (ASKED, "America/New_York", utc(24, 15), False),
        (IN_TOKYO, "America/New_York", utc(24, 15), False),
        (IN_TOKYO, None, utc(24, 1), False),
        (IN_TOKYO, "Nowhere/At_All", utc(24, 1), False),
        (ASKED, None, utc(24, 9), True),
        (ASKED, "Europe", utc(24, 9), True),
    ],
)
def test_time_without_an_offset_is_in_its_zone_the_calendars_or_the_persons(
    asked: EventContext, zone: str | None, start: datetime, floats: bool
) -> None:
    event = read(
        asked,
        start={"dateTime": "2026-11-24T10:00:00", "timeZone": zone},
        end={"dateTime": "2026-11-24T11:00:00", "timeZone": zone},
    )
    assert (event.start, event.end) == (start, start + timedelta(hours=1))
    wall = WallTimes(datetime(2026, 11, 24, 10), datetime(2026, 11, 24, 11))
    assert event.wall == (wall if floats else None)


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ({"date": "2026-11-27"}, 27),
        ({"date": "2026-11-25"}, 25),
        ({"date": "2026-11-24"}, 25),
        ({"date": "2026-11-20"}, 25),
        ({}, 25),
        (None, 25),
        (..., 25),
        ({"dateTime": "2026-11-27T10:00:00Z"}, 25),
    ],
)
def test_whole_days_are_wall_dates_with_an_end_that_does_not_count(end: Any, last: int) -> None:
    event = read(IN_TOKYO, start={"date": "2026-11-24"}, end=end)
    assert event.wall == WallTimes(datetime(2026, 11, 24), datetime(2026, 11, last))
    assert (event.start, event.end, event.all_day) == (utc(23, 23), utc(last - 1, 23), True)


@pytest.mark.parametrize("first", ["2027-03-28", "2026-10-25"])
def test_day_on_which_the_clocks_change_is_as_long_as_it_is(first: str) -> None:
    event = read(start={"date": first}, end=...)
    assert event.end - event.start == timedelta(hours=23 if first.startswith("2027") else 25)


def test_end_that_is_not_specified_is_the_one_that_is_given_nevertheless() -> None:
    assert read(endTimeUnspecified=True).end == utc(24, 11)


# ── which ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        ({}, ("e1@google.com", "")),
        ({"iCalUID": ...}, ("e1", "")),
        ({"iCalUID": ""}, ("e1", "")),
        ({"iCalUID": 7}, ("e1", "")),
        ({"iCalUID": "u" * 2000}, ("e1", "")),
        (
            {"recurringEventId": "e", "originalStartTime": {"dateTime": "2026-11-24T11:00:00+01:00"}},
            ("e1@google.com", "20261124T100000Z"),
        ),
        (
            {"recurringEventId": "e", "originalStartTime": {"dateTime": "2026-11-24T10:00:00Z", "timeZone": "x"}},
            ("e1@google.com", "20261124T100000Z"),
        ),
        ({"recurringEventId": "e", "originalStartTime": {"date": "2026-11-24"}}, ("e1@google.com", "20261124")),
        (
            {"recurringEventId": "e", "originalStartTime": {"dateTime": "2026-11-24T10:00:00"}},
            ("e1@google.com", "20261124T100000"),
        ),
        ({"recurringEventId": "e", "originalStartTime": {"dateTime": 7}}, ("e1", "")),
        ({"recurringEventId": "e"}, ("e1", "")),
    ],
)
def test_identity_is_the_series_and_the_original_start(fields: dict[str, Any], identity: tuple[str, str]) -> None:
    event = read(**fields)
    assert (event.uid, event.occurrence) == identity


def test_moved_occurrence_keeps_its_identity() -> None:
    original = {"recurringEventId": "e", "originalStartTime": {"dateTime": "2026-11-24T10:00:00Z"}}
    moved = read(**original, start={"dateTime": "2026-11-25T10:00:00Z"}, end={"dateTime": "2026-11-25T11:00:00Z"})
    assert moved.id == read(**original).id


# ── what ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("default", EventType.DEFAULT),
        ("fromGmail", EventType.DEFAULT),
        ("outOfOffice", EventType.OUT_OF_OFFICE),
        ("focusTime", EventType.FOCUS),
        ("workingLocation", EventType.WORKING_LOCATION),
        ("birthday", EventType.BIRTHDAY),
        ("somethingNew", EventType.DEFAULT),
        (None, EventType.DEFAULT),
        (["birthday"], EventType.DEFAULT),
        (..., EventType.DEFAULT),
    ],
)
def test_event_type(name: Any, kind: EventType) -> None:
    assert read(eventType=name).type is kind


@pytest.mark.parametrize(
    ("properties", "place", "location"),
    [
        ({"type": "homeOffice", "homeOffice": {}}, Location.HOME, ""),
        ({"type": "homeOffice"}, Location.HOME, ""),
        ({"homeOffice": None}, Location.HOME, ""),
        ({"type": "officeLocation", "officeLocation": {"label": "HQ", "deskId": "7"}}, Location.OFFICE, "HQ"),
        ({"type": "officeLocation"}, Location.OFFICE, ""),
        ({"type": "customLocation", "customLocation": {"label": "Café"}}, Location.ELSEWHERE, "Café"),
        ({"customLocation": {"label": 7}}, Location.ELSEWHERE, ""),
        ({"type": "moon"}, None, ""),
        ({"type": ["homeOffice"]}, None, ""),
        ({}, None, ""),
        (None, None, ""),
        ([], None, ""),
        (..., None, ""),
    ],
)
def test_working_location(properties: Any, place: Location | None, location: str) -> None:
    event = read(eventType="workingLocation", workingLocationProperties=properties, transparency="transparent")
    assert (event.working_location, event.location, event.show_as) == (place, location, ShowAs.FREE)


def test_only_a_working_location_has_a_place() -> None:
    assert read(workingLocationProperties={"type": "homeOffice"}).working_location is None


@pytest.mark.parametrize(
    ("organizer", "expected"),
    [
        (None, Organizer.NOBODY), ("x", Organizer.NOBODY), ({}, Organizer.OTHER),
        ({"self": True, "email": "ann@example.com"}, Organizer.PERSON),
        ({"self": "yes", "email": "bob@example.com"}, Organizer.OTHER),
        ({"email": "no-reply@leave.example"}, Organizer.SYSTEM), ({"email": "HR@example.com"}, Organizer.SYSTEM),
        ({"self": True, "email": "ja.japanese#holiday@group.v.calendar.google.com"}, Organizer.PUBLIC),
    ],
)  # fmt: skip
def test_organizer_tells_whose_absence_it_may_be(organizer: Any, expected: Organizer) -> None:
    event = read(organizer=organizer)
    assert isinstance(event, Event)
    assert event.organizer is expected


@pytest.mark.parametrize(
    ("attendees", "response", "guests"),
    [
        (..., Response.NONE, 0),
        (None, Response.NONE, 0),
        ({"self": True}, Response.NONE, 0),
        ([], Response.NONE, 0),
        ([{"self": True, "responseStatus": "accepted"}], Response.ACCEPTED, 0),
        ([{"self": True, "responseStatus": "declined"}, {"responseStatus": "accepted"}], Response.DECLINED, 1),
        ([{"responseStatus": "declined"}, {"self": True, "responseStatus": "tentative"}], Response.TENTATIVE, 1),
        ([{"self": True, "responseStatus": "needsAction"}, {"resource": True}, {}, {}], Response.NEEDS_ACTION, 2),
        ([{"self": True}, None, 7, "x", {"self": "true", "responseStatus": "declined"}], Response.NONE, 1),
        ([{"self": True, "responseStatus": ["declined"]}], Response.NONE, 0),
    ],
)
def test_own_answer_and_number_of_others(attendees: Any, response: Response, guests: int) -> None:
    event = read(attendees=attendees)
    assert (event.response, event.guests) == (response, guests)


@pytest.mark.parametrize(
    ("organizer", "text"),
    [
        (..., ""), ("x", ""), ({}, ""), ({"displayName": 7, "email": ["x"]}, ""),
        ({"displayName": "Boss  Hog", "email": "boss@corp.example"}, "Boss Hog <boss@corp.example>"),
        ({"email": "boss@corp.example"}, "boss@corp.example"),
        ({"displayName": "BOSS@corp.example", "email": "boss@corp.example"}, "boss@corp.example"),
        ({"displayName": "Boss Hog"}, "Boss Hog"),
        ({"displayName": "Team", "email": "c_1@group.calendar.google.com"}, "Team <c_1@group.calendar.google.com>"),
        ({"displayName": "\ud800" * 2000, "email": "boss@corp.example"}, "?" * 980 + " <boss@corp.example>"),
    ],
)  # fmt: skip
def test_organizer_is_a_name_and_an_address(organizer: Any, text: str) -> None:
    event = read(organizer=organizer)
    assert event.organizer_text == text
    assert len(text) <= LONGEST_TEXT


@pytest.mark.parametrize(
    ("organizer", "attendees", "domains"),
    [
        (..., ..., set()), ({"email": "bob@corp.example"}, None, {"corp.example"}),
        ({"self": True, "email": "ann@corp.example"}, [{"self": True, "email": "ann@corp.example"}], set()),
        (..., [{"email": "Bob@CORP.example"}, {"email": "cat@other.example."}], {"corp.example", "other.example"}),
        (..., [{"email": "room@rooms.example", "resource": True}, {"self": True, "email": "a@b.example"}], set()),
        (..., [{"email": "c_1@resource.calendar.google.com"}, {"email": "x@calendar.google.com"}], set()),
        ({"email": "c_1@group.calendar.google.com"}, [], set()),
        ({"email": "no-reply@leave.example"}, [], set()),
        (..., [{"email": 7}, None, {}, {"email": "nobody"}, {"email": "@x"}, {"email": "a b@c"}], set()),
        (..., [{"email": f"x@{number:03}.example"} for number in range(99)], {f"{n:03}.example" for n in range(50)}),
        (..., [{"email": "x@" + "y" * 400}], set()),
    ],
)  # fmt: skip
def test_domains_are_those_of_the_other_people(organizer: Any, attendees: Any, domains: set[str]) -> None:
    assert read(organizer=organizer, attendees=attendees).guest_domains == domains


def test_occurrence_of_a_series_recurs_also_where_it_was_changed() -> None:
    assert [read(recurringEventId=series).recurring for series in (..., None, "", 7, "e1")] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("value", "visibility"),
    [
        (..., Visibility.DEFAULT),
        (None, Visibility.DEFAULT),
        ("default", Visibility.DEFAULT),
        ("public", Visibility.PUBLIC),
        ("private", Visibility.PRIVATE),
        ("confidential", Visibility.CONFIDENTIAL),
        ("secret", Visibility.PRIVATE),
        (["public"], Visibility.PRIVATE),
        (0, Visibility.PRIVATE),
    ],
)
def test_visibility_that_is_unknown_is_private(value: Any, visibility: Visibility) -> None:
    assert read(visibility=value).visibility is visibility


def test_status_and_transparency() -> None:
    assert [read(status=status).tentative for status in ("confirmed", "tentative", None, 7)] == [
        False,
        True,
        False,
        False,
    ]
    assert [read(transparency=value).show_as for value in ("transparent", "opaque", None, ["transparent"])] == [
        ShowAs.FREE,
        ShowAs.BUSY,
        ShowAs.BUSY,
        ShowAs.BUSY,
    ]


def test_cancelled_item_is_cancelled_and_none_where_it_holds_but_ids() -> None:
    assert read(status="cancelled").cancelled
    assert event_of({"id": "e1", "status": "cancelled"}, ASKED) is None
    instance = {"id": "e1_20261124", "recurringEventId": "e1", "originalStartTime": {"date": "2026-11-24"}}
    assert event_of({**instance, "status": "cancelled"}, ASKED) is None
    assert event_of({**instance, "status": "cancelled", "start": {}, "end": None}, ASKED) is None
