"""Scheduling messages worked into entries: what holds is what was said last, in whatever order it arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.ical import itip
from services.calendars.ical.content import calendars
from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.ics_collection import IcsCollection
from services.calendars.ical.itip import worked_in
from services.calendars.ical.reading import read_all
from services.calendars.ical.recurrence import ExpansionBudget
from services.domain.calendars import Arrival
from services.domain.errors import CalendarTooLargeError, NotACalendarError
from services.domain.model import Event
from tests.support.hooks import entry
from tests.support.hooks import itip as message
from tests.support.running_app import at

NOW = at("09:00")
WEEKLY = "RRULE:FREQ=WEEKLY"
SECOND = "RECURRENCE-ID:20261201T100000Z"


def collection_of(*bodies: bytes, whole: Sequence[int] = ()) -> IcsCollection:
    """What a calendar holds after those have arrived, a minute apart."""
    arrivals = [
        Arrival(number, NOW + timedelta(minutes=number), body, whole=number in whole)
        for number, body in enumerate(bodies)
    ]
    collection, problems = worked_in(IcsCollection(), arrivals, NOW)
    assert problems == ()
    return collection


def events_of(collection: IcsCollection, zone: str = "Etc/UTC") -> list[Event]:
    asked = ReadRequest("c", ("ann@example.com",), ZoneInfo(zone), NOW, NOW + timedelta(days=30))
    found = read_all(calendars(collection.together()), asked)
    assert found.problems == []
    return sorted(found.events, key=lambda event: (event.start, event.end))


def shown(*bodies: bytes, whole: Sequence[int] = ()) -> list[str]:
    """Start, length and fate of each event."""
    return [
        f"{event.start:%d %H:%M} {(event.end - event.start).seconds // 60}{' cancelled' if event.cancelled else ''}"
        for event in events_of(collection_of(*bodies, whole=whole))
    ]


def test_request_adds_an_entry_and_a_later_one_moves_it() -> None:
    first = message("REQUEST", entry("a", at("10:00"), 60))
    later = message("REQUEST", entry("a", at("14:00"), 30, sequence=1))
    assert shown(first) == ["24 10:00 60"]
    assert shown(first, later) == ["24 14:00 30"]
    assert shown(later, first) == ["24 14:00 30"]


def test_same_sequence_is_decided_by_the_stamp() -> None:
    one = message("REQUEST", entry("a", at("10:00"), 60, stamp="20261124T080000Z"))
    other = message("REQUEST", entry("a", at("10:00"), 90, stamp="20261124T080001Z"))
    assert shown(one, other) == shown(other, one) == ["24 10:00 90"]


def test_message_without_stamp_or_sequence_counts_as_said_when_it_arrived() -> None:
    bare = entry("a", at("10:00"), 60).replace("DTSTAMP:20261101T000000Z\r\n", "").replace("SEQUENCE:0\r\n", "")
    longer = bare.replace("T110000Z", "T120000Z")
    assert shown(message("", bare), message("", longer)) == ["24 10:00 120"]
    assert shown(message("", longer), message("", bare)) == ["24 10:00 60"]


def test_request_for_one_instance_changes_that_one_alone() -> None:
    series = message("REQUEST", entry("a", at("10:00"), 60, WEEKLY))
    moved = message("REQUEST", entry("a", at("15:00") + timedelta(days=7), 30, SECOND, stamp="20261102T000000Z"))
    expected = ["24 10:00 60", "01 15:00 30", "08 10:00 60", "15 10:00 60", "22 10:00 60"]
    assert shown(series, moved) == expected
    assert shown(moved, series) == expected


def test_instance_is_the_same_however_its_time_is_written() -> None:
    series = entry("a", at("10:00"), 60, WEEKLY)
    berlin = "RECURRENCE-ID;TZID=Europe/Berlin:20261201T110000"
    first = message("REQUEST", entry("a", at("15:00") + timedelta(days=7), 30, SECOND, sequence=1))
    second = message("REQUEST", entry("a", at("16:00") + timedelta(days=7), 30, berlin, sequence=2))
    collection = collection_of(message("REQUEST", series), first, second)
    assert len(collection.resources) == 2
    assert [f"{event.start:%d %H:%M}" for event in events_of(collection)][:3] == ["24 10:00", "01 16:00", "08 10:00"]


def test_series_that_is_said_anew_takes_its_older_changes_back() -> None:
    series = message("REQUEST", entry("a", at("10:00"), 60, WEEKLY))
    moved = message("REQUEST", entry("a", at("15:00") + timedelta(days=7), 30, SECOND, stamp="20261102T000000Z"))
    anew = message("REQUEST", entry("a", at("10:00"), 45, WEEKLY, sequence=1, stamp="20261103T000000Z"))
    expected = ["24 10:00 45", "01 10:00 45", "08 10:00 45", "15 10:00 45", "22 10:00 45"]
    assert shown(series, moved, anew) == shown(anew, moved, series) == expected


def test_cancelled_instance_and_cancelled_series_stay_as_cancelled() -> None:
    series = message("REQUEST", entry("a", at("10:00"), 60, "RRULE:FREQ=WEEKLY;COUNT=2"))
    one = message("CANCEL", entry("a", at("10:00") + timedelta(days=7), 60, SECOND, sequence=1))
    whole = message("CANCEL", entry("a", at("10:00"), 60, sequence=1))
    assert shown(series, one) == ["24 10:00 60", "01 10:00 60 cancelled"]
    assert shown(series, whole) == ["24 10:00 60 cancelled", "01 10:00 60 cancelled"]
    assert shown(series, one, whole) == ["24 10:00 60 cancelled", "01 10:00 60 cancelled"]
    assert shown(series, whole, series) == ["24 10:00 60 cancelled", "01 10:00 60 cancelled"]


def test_request_after_a_cancellation_brings_the_entry_back() -> None:
    request = entry("a", at("10:00"), 60)
    off = message("CANCEL", entry("a", at("10:00"), 60, sequence=1))
    again = message("REQUEST", entry("a", at("11:00"), 60, sequence=2))
    assert shown(message("REQUEST", request), off, again) == ["24 11:00 60"]


def test_cancellation_that_is_older_or_of_something_unknown_is_nothing() -> None:
    request = message("REQUEST", entry("a", at("10:00"), 60, sequence=3))
    assert shown(request, message("CANCEL", entry("a", at("10:00"), 60, sequence=2))) == ["24 10:00 60"]
    assert shown(request, message("CANCEL", entry("b", at("10:00"), 60, sequence=9))) == ["24 10:00 60"]
    assert shown(message("CANCEL", entry("b", at("10:00"), 60, SECOND))) == []


def test_cancellation_without_a_sequence_goes_by_its_stamp() -> None:
    request = message("REQUEST", entry("a", at("10:00"), 60, sequence=3))
    off = entry("a", at("10:00"), 60, stamp="20261124T080000Z").replace("SEQUENCE:0\r\n", "")
    assert shown(request, message("CANCEL", off)) == ["24 10:00 60 cancelled"]


def test_cancellation_from_one_instance_on_cancels_all_that_follow() -> None:
    series = message("REQUEST", entry("a", at("10:00"), 60, "RRULE:FREQ=WEEKLY;COUNT=3"))
    onwards = SECOND.replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE")
    off = message("CANCEL", entry("a", at("10:00") + timedelta(days=7), 60, onwards, sequence=1))
    assert shown(series, off) == ["24 10:00 60", "01 10:00 60 cancelled", "08 10:00 60 cancelled"]


def test_addition_brings_an_instance_more() -> None:
    series = message("REQUEST", entry("a", at("10:00"), 60, "RRULE:FREQ=WEEKLY;COUNT=2"))
    more = message("ADD", entry("a", at("17:00"), 15, sequence=1))
    nothing = message("ADD", "BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT", "BEGIN:VEVENT\r\nDTSTART:\r\nEND:VEVENT")
    assert shown(series, more, nothing) == ["24 10:00 60", "24 17:00 15", "01 10:00 60"]


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"])
def test_answers_of_attendees_change_nothing(method: str) -> None:
    request = message("REQUEST", entry("a", at("10:00"), 60))
    said = message(method, entry("a", at("12:00"), 60, sequence=5))
    assert shown(request, said) == ["24 10:00 60"]
    assert itip.count(itip.messages(said)) == 0


def test_all_day_entry_and_its_cancelled_day() -> None:
    lines = [
        "BEGIN:VEVENT", "UID:d", "DTSTAMP:20261101T000000Z", "DTSTART;VALUE=DATE:20261125", "SUMMARY:Off",
        "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT",
    ]  # fmt: skip
    off = [*lines[:2], "DTSTAMP:20261102T000000Z", "RECURRENCE-ID;VALUE=DATE:20261126", "SEQUENCE:1", "END:VEVENT"]
    collection = collection_of(message("PUBLISH", "\r\n".join(lines)), message("CANCEL", "\r\n".join(off)))
    assert [(f"{event.start:%d}", event.all_day, event.cancelled) for event in events_of(collection)] == [
        ("25", True, False), ("26", True, True), ("27", True, False),
    ]  # fmt: skip


def test_zone_of_the_senders_own_goes_with_its_entry() -> None:
    zone = [
        "BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip
    event = ["BEGIN:VEVENT", "UID:z", "DTSTART;TZID=Ours:20261124T130000", "DURATION:PT1H", "SUMMARY:x", "END:VEVENT"]
    assert shown(message("REQUEST", *zone, *event)) == ["24 10:00 60"]


def test_what_is_not_read_is_not_kept() -> None:
    long = "DESCRIPTION:private words\\, many\r\n of them\r\nand a line that lost its fold"
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:ring\r\nEND:VALARM"
    (only,) = collection_of(message("REQUEST", entry("a", at("10:00"), 60, long, alarm))).resources.values()
    assert b"private" not in only.text
    assert b"fold" not in only.text
    assert b"VALARM" not in only.text
    assert b"SUMMARY:Secret talks" in only.text


def test_whole_file_takes_the_place_of_everything() -> None:
    one, other = entry("a", at("10:00"), 60), entry("b", at("12:00"), 60)
    assert shown(message("", one, other), message("", other), whole=(0, 1)) == ["24 12:00 60"]


def test_news_about_a_file_changes_its_entry_alone() -> None:
    one, other = entry("a", at("10:00"), 60), entry("b", at("12:00"), 60)
    off = message("CANCEL", entry("a", at("10:00"), 60, sequence=1))
    assert shown(message("", one, other), off, whole=(0,)) == ["24 10:00 60 cancelled", "24 12:00 60"]


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"BEGIN:VEVENT\r\nEND:VEVENT", message("", "")[:-20], b"\x00\xff" * 50]
)
def test_what_is_no_calendar_raises(body: bytes) -> None:
    with pytest.raises(NotACalendarError):
        itip.messages(body)


def test_entry_without_an_end_is_left_out_or_refused() -> None:
    body = message("REQUEST", entry("a", at("10:00"), 60).removesuffix("END:VEVENT"), entry("b", at("12:00"), 60))
    assert [list(one.entries) for one in itip.messages(body)] == [["a", "b"]]
    assert shown(body) == ["24 12:00 60"]
    with pytest.raises(NotACalendarError):
        itip.messages(body, strict=True)


def test_what_cannot_be_worked_in_costs_itself_alone() -> None:
    good = Arrival(1, NOW, message("REQUEST", entry("a", at("10:00"), 60)))
    lost = Arrival(2, NOW, None)
    broken = Arrival(3, NOW, b"no calendar")
    collection, problems = worked_in(IcsCollection(), [lost, good, broken], NOW)
    assert len(collection.resources) == 1
    assert [problem.problem for problem in problems] == ["Something arrived that cannot be read."] * 2


def test_more_entries_than_there_is_room_for_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(itip, "MOST_ENTRIES", 3)
    many = itip.messages(message("", *(entry(f"e{number}", at("10:00"), 5) for number in range(4))))
    with pytest.raises(CalendarTooLargeError):
        itip.Entries({}).work_in(many[0], NOW)


def test_zones_that_are_repeated_for_every_entry_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(itip, "MOST_BYTES", 50_000)
    zone = f"BEGIN:VTIMEZONE\r\nTZID:Ours\r\nX-LONG:{'x' * 10_000}\r\nEND:VTIMEZONE"
    event = "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART;TZID=Ours:20261124T130000\r\nEND:VEVENT"
    many = itip.messages(message("", zone, *(event.format(number) for number in range(10))))
    with pytest.raises(CalendarTooLargeError):
        itip.Entries({}).work_in(many[0], NOW)


@dataclass(frozen=True)
class Said:
    """One message of an organizer, who counts up and never goes back in time."""

    number: int
    instance: int | None

    def body(self) -> bytes:
        stamp = f"{NOW + timedelta(minutes=self.number):%Y%m%dT%H%M%SZ}"
        if self.instance is None:
            return message(
                "REQUEST", entry("a", at("10:00"), 10 + self.number, WEEKLY, sequence=self.number, stamp=stamp)
            )
        day = at("10:00") + timedelta(weeks=self.instance)
        line = f"RECURRENCE-ID:{day:%Y%m%dT%H%M%SZ}"
        return message("REQUEST", entry("a", day, 10 + self.number, line, sequence=self.number, stamp=stamp))


@given(st.data())
def test_order_of_arrival_does_not_matter(data: st.DataObject) -> None:
    instances = data.draw(st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=6))
    said = [Said(number, instance).body() for number, instance in enumerate(instances)]
    shuffled = data.draw(st.permutations(said))
    doubled = data.draw(st.permutations([*said, *said]))
    assert collection_of(*said).resources == collection_of(*shuffled).resources == collection_of(*doubled).resources


@given(st.lists(st.sampled_from([
    b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:VEVENT", b"END:VEVENT", b"METHOD:CANCEL", b"METHOD:ADD", b"UID:a",
    b"UID:b", b"DTSTART:20261124T100000Z", b"DTSTART:rubbish", b"RECURRENCE-ID:20261124T100000Z", b"RECURRENCE-ID:x",
    b"RECURRENCE-ID;RANGE=THISANDFUTURE:20261124", b"SEQUENCE:-1", b"SEQUENCE:2", b"DTSTAMP:", b"STATUS:x", b" folded",
    b"\x01 folded", b"\xff\xfe", b"BEGIN:VTIMEZONE", b"TZID:Ours", b"END:VTIMEZONE", b"X-WR-TIMEZONE:Nowhere/At all",
    b"DTSTART;TZID=Ours:20261124T100000", b"RRULE:FREQ=DAILY", b"SUMMARY:x",
]), max_size=30))  # fmt: skip
def test_rubbish_is_refused_or_worked_in_and_never_breaks_the_shelf(lines: list[bytes]) -> None:
    body = b"\r\n".join([b"BEGIN:VCALENDAR", *lines, b"END:VEVENT", b"END:VCALENDAR", b""])
    good = message("REQUEST", entry("good", at("12:00"), 60))
    arrivals = [Arrival(1, NOW, good), Arrival(2, NOW, body), Arrival(3, NOW, body)]
    collection, _ = worked_in(IcsCollection(), arrivals, NOW)
    assert all(one.whole for one in collection.resources.values())
    asked = ReadRequest("c", (), ZoneInfo("Etc/UTC"), NOW, NOW + timedelta(days=30))
    found = read_all(calendars(collection.together()), asked)
    assert [event.uid for event in found.events].count("good") == 1


def test_rules_of_a_senders_zone_are_not_worked_out_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A VTIMEZONE may ask for years of seconds; an instance in its zone is told apart by what is written."""
    zone = [
        "BEGIN:VTIMEZONE", "TZID:{}", "BEGIN:STANDARD", "DTSTART:19000101T000000", "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0200", "RRULE:FREQ=SECONDLY", "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip
    names = [f"Ours {number}" for number in range(300)]
    lines = [line.format(name) for name in names for line in zone]
    change = "RECURRENCE-ID;TZID={}:20261201T130000"
    entries = [entry("a", at("10:00"), 5, change.format(name)) for name in names]
    steps: list[int] = []
    monkeypatch.setattr(ExpansionBudget, "spend", lambda _, taken=1: steps.append(taken))
    made = itip.Entries({})
    for one in itip.messages(message("REQUEST", *lines, *entries)):
        made.work_in(one, NOW)
    assert (len(made.put), steps) == (300, [])


def test_endless_names_of_zones_are_neither_kept_nor_looked_up() -> None:
    name = "x" * 5000
    body = message(
        "REQUEST",
        f"X-WR-TIMEZONE:{name}", "BEGIN:VTIMEZONE", f"TZID:{name}", "END:VTIMEZONE",
        entry("a", at("10:00"), 60, f"RECURRENCE-ID;TZID={name}:20261124T130000"),
    )  # fmt: skip
    (only,) = collection_of(body).resources.values()
    assert b"VTIMEZONE" not in only.text
    assert b"X-WR-TIMEZONE" not in only.text
