"""Files as they come: encodings, folding, half files, rubbish; and what an entry says besides its times."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.ical.content import calendars, content_lines
from services.domain.model import EventType, Response, ShowAs, Visibility
from tests.support.icsfile import asked, at, events, ics, problems, reading, starts, vevent

PLAIN = ics(*vevent("DTSTART:20260301T100000Z", "SUMMARY:Grüße, 世界"))
TITLE = "Grüße, 世界"


def _folded_every(size: int) -> bytes:
    """Folded by octets, so in the middle of characters too (RFC 5545 §3.1)."""
    lines = [b"\r\n ".join(line[at : at + size] for at in range(0, len(line), size)) for line in PLAIN.split(b"\r\n")]
    return b"\r\n".join(lines)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        PLAIN.replace(b"\r\n", b"\n"),
        PLAIN.replace(b"\r\n", b"\r"),
        PLAIN.replace(b"\r\n", b"\r\n\r\n"),
        codecs.BOM_UTF8 + PLAIN,
        PLAIN.decode().encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.decode().encode("utf-16-be"),
        b"\n\n" + PLAIN,
        b"  \r\n\t " + PLAIN,
        b" " + PLAIN,
        b"\r\n " + codecs.BOM_UTF8 + b" \n" + codecs.BOM_UTF8 + PLAIN,
        ("  \n" + PLAIN.decode()).encode("utf-16"),
        PLAIN.rstrip(),
        PLAIN + b"\x00\x1a",
        PLAIN.replace(b"SUMMARY", b"summary").replace(b"DTSTART", b"DtStart").replace(b"BEGIN", b"begin"),
        PLAIN.replace(b"SUMMARY", b"item1.SUMMARY;LANGUAGE=de;ALTREP=\"http://a:b/;c\""),
        _folded_every(11),
        _folded_every(12).replace(b"\r\n ", b"\n\t"),
        PLAIN.replace("Grüße".encode(), "Grü\r\nße".encode()),
    ],
)  # fmt: skip
def test_a_calendar_is_read_however_it_is_written(data: bytes) -> None:
    found = reading(data)
    assert ([event.title for event in found.events], found.problems) == ([TITLE], [])


def test_latin_1_bytes_are_read_as_what_they_were_meant() -> None:
    data = PLAIN.replace(TITLE.encode(), "Grüße – 5 €".encode("cp1252"))
    assert reading(data).events[0].title == "Grüße – 5 €"


@pytest.mark.parametrize(
    "data", [b"", b"<html><body>Sign in</body></html>", b"BEGIN:VCARD\nEND:VCARD\n", b"\xff\xfe", b"\x00" * 99]
)
def test_what_is_no_calendar_has_no_calendars(data: bytes) -> None:
    assert calendars(data) == ()


def test_a_half_file_gives_its_whole_entries_and_a_problem() -> None:
    data = ics(*vevent("DTSTART:20260301T100000Z"), *vevent("DTSTART:20260302T100000Z", "SUMMARY:x", uid="b"))
    half = data[: data.index(b"SUMMARY:x")]
    found = reading(half)
    assert [event.uid for event in found.events] == ["a"]
    assert [(problem.uid, problem.problem) for problem in found.problems] == [
        ("", "The file ends in the middle: END:VCALENDAR is missing."),
        ("b", "It has no end: END:VEVENT is missing."),
    ]


def test_an_entry_that_lost_its_end_costs_only_itself() -> None:
    broken = vevent("DTSTART:20260301T100000Z", uid="broken")[:-1]
    data = ics(*broken, *vevent("DTSTART:20260302T100000Z", uid="good"))
    assert [event.uid for event in reading(data).events] == ["good"]
    assert problems(data) == [("broken", "It has no end: END:VEVENT is missing.")]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("SUMMARY:secret",), "DTSTART is missing."),
        (("DTSTART:soon",), "DTSTART is not a date or time."),
        (("DTSTART:20260230T100000Z",), "DTSTART is a day that does not exist."),
        (("DTSTART:20260203T109900Z",), "DTSTART is a time that does not exist."),
        (("DTSTART:20260201T100000Z", "DTEND:20260101T100000Z"), "DTEND is before DTSTART: taken as no length."),
        (("DTSTART:20260201T100000Z", "RECURRENCE-ID:x"), "RECURRENCE-ID is not a date or time."),
        (("DTSTART:20260201T100000Z", "RDATE:x"), "RDATE is not a date or time."),
        (("DTSTART:20260201T100000Z", "EXDATE:x"), "EXDATE is not a date or time."),
        (("DTSTART:20260201", "RRULE:FREQ=HOURLY"), "RRULE repeats within the day, but DTSTART is a day."),
    ],
)
def test_a_broken_entry_is_a_problem_without_its_title_and_costs_no_other(lines: tuple[str, ...], problem: str) -> None:
    data = ics(*vevent(*lines, "SUMMARY:secret", uid="bad"), *vevent("DTSTART:20260301T100000Z", uid="good"))
    assert problems(data) == [("bad", problem)]
    assert "good" in {event.uid for event in reading(data).events}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("DTEND:19970701T10300Z", "DTEND is not a date or time: taken as none."),
        ("DTEND:20260231T103000Z", "DTEND is a day that does not exist: taken as none."),
        ("DURATION:P", "DURATION is not a duration: taken as none."),
    ],
)
def test_an_end_that_cannot_be_read_is_a_problem_and_leaves_the_start(line: str, problem: str) -> None:
    found = reading(ics(*vevent("DTSTART:20260301T100000Z", line)))
    assert [(event.start, event.end) for event in found.events] == [(at("2026-03-01T10:00"), at("2026-03-01T10:00"))]
    assert [said.problem for said in found.problems] == [problem]


def test_what_a_poll_proposes_is_no_event() -> None:
    poll = ("BEGIN:VPOLL", "BEGIN:VVOTER", "END:VVOTER", *vevent("DTSTART:20260301T100000Z", uid="maybe"), "END:VPOLL")
    found = reading(ics(*poll, *vevent("DTSTART:20260302T100000Z", uid="sure")))
    assert [event.uid for event in found.events] == ["sure"]


def test_other_components_are_no_events_and_no_problem() -> None:
    others = ("BEGIN:VTODO", "UID:t", "DUE:x", "END:VTODO", "BEGIN:VFREEBUSY", "FREEBUSY:x", "END:VFREEBUSY")
    found = reading(ics(*others, *vevent("DTSTART:20260301T100000Z")))
    assert ([event.uid for event in found.events], found.problems) == (["a"], [])


def test_properties_of_an_alarm_are_not_the_entrys() -> None:
    alarm = ("BEGIN:VALARM", "UID:alarm", "DURATION:PT5M", "SUMMARY:ring", "END:VALARM")
    found = reading(ics("BEGIN:VEVENT", *alarm, "UID:a", "DTSTART:20260301T100000Z", "SUMMARY:meet", "END:VEVENT"))
    assert [(event.uid, event.title, event.start == event.end) for event in found.events] == [("a", "meet", True)]


def test_an_entry_without_a_uid_has_the_same_name_on_each_reading() -> None:
    data = ics("BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", "DTSTART:20260301T100000Z", "END:VEVENT")
    again = data.replace(b"20260101", b"20260102")
    (first,), (second,) = reading(data).events, reading(again).events
    assert first.uid == second.uid != ""


def test_a_parameter_may_hold_colons_and_semicolons_in_quotes() -> None:
    (line,) = content_lines(b'ATTENDEE;CN="Doe; Jane: PhD";X-A=a^nb^^;PARTSTAT=ACCEPTED:mailto:jane@example.com')
    assert (line.params["CN"], line.params["X-A"], line.value) == ("Doe; Jane: PhD", "a\nb^", "mailto:jane@example.com")


@given(st.binary(max_size=400))
def test_any_bytes_in_a_calendar_give_events_or_problems(noise: bytes) -> None:
    body = (
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260301T100000Z\n" + noise + b"\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    found = reading(body)
    assert all(event.start <= event.end for event in found.events)


WORDS = """DTSTART DTEND DURATION RRULE RDATE EXDATE RECURRENCE-ID SEQUENCE UID BEGIN END VEVENT VTIMEZONE STANDARD
;TZID= ;VALUE=DATE ;VALUE=PERIOD ;RANGE=THISANDFUTURE : , / 00010101 99991231T235959 20260301T100000Z 20261025T023000
P1D -PT1H P9999999W Europe/Berlin FREQ=YEARLY FREQ=MONTHLY ;UNTIL=20260401 ;COUNT=3 ;BYDAY=-1MO ;BYSETPOS=-1
;BYWEEKNO=53 +9999 X"""
TOKENS = st.sampled_from([*WORDS.split(), "\n"])


@given(st.lists(TOKENS, max_size=60).map("".join))
def test_any_words_of_a_calendar_give_events_or_problems(noise: str) -> None:
    found = reading(ics(*vevent("DTSTART:20260301T100000Z", "RRULE:FREQ=DAILY;COUNT=5", noise)))
    assert len({event.id for event in found.events}) == len(found.events)


# ── what it says ────────────────────────────────────────────────────────────────────────────────────

START = "DTSTART:20260301T100000Z"
ME = asked("2026-01-01", "2027-01-01", "UTC", "Ann@Example.com")


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ((), ShowAs.BUSY),
        (("TRANSP:OPAQUE",), ShowAs.BUSY),
        (("TRANSP:transparent",), ShowAs.FREE),
        (("X-MICROSOFT-CDO-BUSYSTATUS:FREE",), ShowAs.FREE),
        (("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRANSP:TRANSPARENT"), ShowAs.OUT_OF_OFFICE),
        (("X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "TRANSP:TRANSPARENT"), ShowAs.BUSY),
        (("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",), ShowAs.TENTATIVE),
        (("X-MICROSOFT-CDO-BUSYSTATUS:WorkingElsewhere",), ShowAs.WORKING_ELSEWHERE),
    ],
)
def test_how_an_entry_blocks_time(lines: tuple[str, ...], shown: ShowAs) -> None:
    assert events(START, *lines)[0].show_as == shown


@pytest.mark.parametrize(
    ("line", "visibility"),
    [
        ("CLASS:PUBLIC", Visibility.DEFAULT),
        ("CLASS:private", Visibility.PRIVATE),
        ("CLASS:CONFIDENTIAL", Visibility.CONFIDENTIAL),
        ("CLASS:X-SECRET", Visibility.PRIVATE),
    ],
)
def test_who_may_see_an_entry(line: str, visibility: Visibility) -> None:
    assert events(START, line)[0].visibility == visibility


@pytest.mark.parametrize(
    ("lines", "response"),
    [
        (("ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.com",), Response.ACCEPTED),
        (("ATTENDEE;PARTSTAT=declined:MAILTO:ANN@EXAMPLE.COM",), Response.DECLINED),
        (("ATTENDEE;PARTSTAT=TENTATIVE:mailto:ann@example.com",), Response.TENTATIVE),
        (("ATTENDEE:mailto:ann@example.com",), Response.NEEDS_ACTION),
        (("ATTENDEE;PARTSTAT=DELEGATED:mailto:ann@example.com",), Response.DECLINED),
        (("ATTENDEE;EMAIL=ann@example.com;PARTSTAT=DECLINED:urn:uuid:1",), Response.DECLINED),
        (("ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com",), Response.NONE),
        (("ORGANIZER:mailto:ann@example.com", "ATTENDEE:mailto:ann@example.com"), Response.NONE),
    ],
)
def test_what_the_person_answered(lines: tuple[str, ...], response: Response) -> None:
    assert events(START, *lines, question=ME)[0].response == response


def test_guests_are_the_other_people() -> None:
    lines = (
        "ATTENDEE:mailto:ann@example.com", "ATTENDEE:mailto:bob@example.com", "ATTENDEE:mailto:BOB@example.com",
        "ATTENDEE;CUTYPE=ROOM:mailto:room@example.com", "ATTENDEE:mailto:cleo@example.com",
    )  # fmt: skip
    assert events(START, *lines, question=ME)[0].guests == 2


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("ORGANIZER;CN=Boss Hog:mailto:Boss@Corp.example", "Boss Hog <boss@corp.example>"),
        ('ORGANIZER;CN="Hog, Boss":MAILTO:boss@corp.example', "Hog, Boss <boss@corp.example>"),
        ("ORGANIZER:mailto:boss@corp.example", "boss@corp.example"),
        ("ORGANIZER;CN=boss@corp.example:mailto:boss@corp.example", "boss@corp.example"),
        ("ORGANIZER;CN=Boss;EMAIL=boss@corp.example:urn:uuid:1", "Boss <boss@corp.example>"),
        ("ORGANIZER;CN=Boss;EMAIL=boss@corp.example:mailto:2_GE@imip.me.com", "Boss <boss@corp.example>"),
        ("ORGANIZER;CN=Boss:invalid:nomail", "Boss"), ("ORGANIZER:urn:uuid:1", ""), ("SUMMARY:x", ""),
        (f"ORGANIZER;CN={'x' * 5000}:mailto:b@c.example", "x" * 986 + " <b@c.example>"),
    ],
)  # fmt: skip
def test_organizer_is_a_name_and_an_address(line: str, text: str) -> None:
    assert events(START, line)[0].organizer_text == text


@pytest.mark.parametrize(
    ("lines", "domains"),
    [
        ((), set()), (("ATTENDEE:mailto:ann@example.com",), set()),
        (("ATTENDEE:mailto:Bob@Corp.example", "ATTENDEE;CUTYPE=GROUP:mailto:all@corp.example"), {"corp.example"}),
        (("ATTENDEE;CUTYPE=ROOM:mailto:a@rooms.example", "ATTENDEE;CUTYPE=resource:mailto:b@things.example"), set()),
        (("ATTENDEE;EMAIL=bob@corp.example:urn:uuid:1", "ATTENDEE:urn:uuid:2", "ATTENDEE:invalid:nomail"),
         {"corp.example"}),
        (("ORGANIZER:mailto:bob@corp.example", "ATTENDEE;RSVP=TRUE:mailto:ann@example.com"), {"corp.example"}),
        (("ORGANIZER:mailto:ann@example.com", "ATTENDEE;RSVP=TRUE:mailto:bob@corp.example"), {"corp.example"}),
        (("ORGANIZER:mailto:noreply@leave.example", "ATTENDEE;RSVP=TRUE:mailto:ann@example.com"), set()),
        (("ORGANIZER:mailto:x@group.calendar.google.com", "ATTENDEE;RSVP=TRUE:mailto:ann@example.com"), set()),
        (tuple(f"ATTENDEE:mailto:x@{n:03}.example" for n in range(99)), {f"{n:03}.example" for n in range(50)}),
    ],
)  # fmt: skip
def test_domains_are_those_of_the_other_people_and_of_whoever_invites(
    lines: tuple[str, ...], domains: set[str]
) -> None:
    assert events(START, *lines, question=ME)[0].guest_domains == domains


@pytest.mark.parametrize(
    ("lines", "recurring"),
    [
        ((), [False]), (("RRULE:FREQ=DAILY;COUNT=2",), [True, True]), (("RDATE:20260302T100000Z",), [True, True]),
        (("RECURRENCE-ID:20260301T100000Z",), [True]), (("EXDATE:20260305T100000Z",), [False]),
    ],
)  # fmt: skip
def test_what_is_of_a_series_recurs(lines: tuple[str, ...], recurring: list[bool]) -> None:
    assert [event.recurring for event in events("DTSTART:20260301T100000Z", *lines)] == recurring


def test_changed_occurrence_says_itself_who_comes_and_still_recurs() -> None:
    series = vevent(START, "RRULE:FREQ=DAILY;COUNT=2", "ORGANIZER;CN=Boss:mailto:boss@corp.example")
    change = vevent("RECURRENCE-ID:20260302T100000Z", "DTSTART:20260302T150000Z", "ATTENDEE:mailto:x@other.example")
    found = sorted(reading(ics(*series, *change)).events, key=lambda event: event.start)
    assert [(event.organizer_text, set(event.guest_domains), event.recurring) for event in found] == [
        ("Boss <boss@corp.example>", set(), True),
        ("", {"other.example"}, True),
    ]


def test_texts_are_unescaped() -> None:
    (event,) = events(START, r"SUMMARY:Plan\, review\; ship\n\\o/", r"LOCATION:Room 1\, 2nd floor")
    assert (event.title, event.location) == ("Plan, review; ship\n\\o/", "Room 1, 2nd floor")


@pytest.mark.parametrize(
    ("lines", "extra", "flags"),
    [
        (("STATUS:CANCELLED",), (), (True, False)),
        (("STATUS:TENTATIVE",), (), (False, True)),
        (("STATUS:CONFIRMED",), ("METHOD:CANCEL",), (True, False)),
        (("STATUS:CONFIRMED",), ("METHOD:PUBLISH",), (False, False)),
    ],
)
def test_the_state_of_an_entry(lines: tuple[str, ...], extra: tuple[str, ...], flags: tuple[bool, bool]) -> None:
    (event,) = events(START, *lines, extra=extra)
    assert (event.cancelled, event.tentative) == flags


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("CATEGORIES:Work,Birthday",), EventType.BIRTHDAY),
        (("X-GOOGLE-EVENT-TYPE:birthday",), EventType.BIRTHDAY),
        (("CATEGORIES:Work",), EventType.DEFAULT),
    ],
)
def test_a_birthday_is_told_by_the_file(lines: tuple[str, ...], kind: EventType) -> None:
    assert events(START, *lines)[0].type == kind


def test_a_start_on_a_line_followed_by_rubbish_is_still_read() -> None:
    assert starts("DTSTART:20260301T100000Z", "SUMMARY=no colon here") == ["2026-03-01T10:00"]
