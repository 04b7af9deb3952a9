"""Shelves: sets of calendar files that are read as one, and whose broken ones cost only themselves."""

from __future__ import annotations

import codecs
import dataclasses
import json
import zlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.ical import ics_collection as shelves
from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.ics_collection import IcsCollection
from services.calendars.ical.reading import READS, read
from services.domain.calendars import Changes, Connection
from services.domain.errors import CalendarTooLargeError
from services.domain.model import PersonKey
from tests.support.icsfile import ics, vevent

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ANN = Connection(
    PersonKey("T1", "U1"), "C1", "caldav", "https://dav.example/a/", ZoneInfo("Europe/Berlin"), ("a@b.org",)
)


def meeting(uid: str, day: int = 25, *lines: str) -> bytes:
    return ics(*vevent(f"DTSTART:202611{day:02}T100000Z", f"DTEND:202611{day:02}T110000Z", *lines, uid=uid))


async def expanded(collection: IcsCollection, connection: Connection = ANN, now: datetime = NOW) -> Changes:
    return collection.changes(ReadRequest.ahead(connection, now), now)


async def again(changes: Changes, now: datetime = NOW, /, dropped: tuple[str, ...] = (), **put: bytes) -> Changes:
    collection = IcsCollection.load(changes.state)
    assert collection is not None
    return await expanded(collection.with_changes(put, dropped, now=now), now=now)


def filled(**put: bytes) -> IcsCollection:
    return IcsCollection().with_changes(put, now=NOW)


def starts(changes: Changes) -> list[tuple[str, str]]:
    return sorted((event.uid, f"{event.start:%m-%dT%H:%M}") for event in changes.events)


async def test_an_empty_shelf_has_no_events() -> None:
    changes = await expanded(IcsCollection())
    assert (changes.full, changes.unchanged, changes.events, changes.problems) == (True, False, (), ())


async def test_resources_are_expanded_together_and_then_by_what_differs() -> None:
    first = await expanded(filled(one=meeting("a"), two=meeting("b", 26)))
    assert (first.full, starts(first)) == (True, [("a", "11-25T10:00"), ("b", "11-26T10:00")])
    moved = await again(first, two=meeting("b", 27))
    assert (moved.full, moved.replaced, starts(moved)) == (False, {"b"}, [("b", "11-27T10:00")])
    added = await again(moved, three=meeting("c"))
    assert (added.replaced, starts(added)) == ({"c"}, [("c", "11-25T10:00")])
    gone = await again(added, NOW, ("one", "never"))
    assert (gone.replaced, gone.events) == ({"a"}, ())
    same = await again(gone, two=meeting("b", 27))
    assert (same.unchanged, same.full, same.state) == (True, False, gone.state)


async def test_a_series_and_its_exception_in_two_resources_are_one_entry() -> None:
    series = ics(*vevent("DTSTART:20261124T100000Z", "RRULE:FREQ=DAILY;COUNT=2"))
    change = ics(*vevent("RECURRENCE-ID:20261125T100000Z", "DTSTART:20261125T150000Z"))
    assert starts(await expanded(filled(x=change, y=series))) == [("a", "11-24T10:00"), ("a", "11-25T15:00")]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<html>Sign in</html>",
        meeting("z")[:-20],
        meeting("z")[:60],
        ics("BEGIN:VEVENT", "UID:z")[:-20],
        b"BEGIN:VCALENDAR\nEND:VCALENDAR\n\x01 x",
        meeting("z") + b"BEGIN:VCALENDAR\r\n",
        codecs.BOM_UTF16_LE + b"B",
    ],
)
async def test_a_resource_that_is_no_whole_file_costs_itself_alone(broken: bytes) -> None:
    changes = await expanded(filled(a=meeting("a"), b=broken, c=meeting("c")))
    assert starts(changes) == [("a", "11-25T10:00"), ("c", "11-25T10:00")]
    assert [(problem.uid, problem.problem) for problem in changes.problems] == [("b", "It is no whole calendar file.")]
    once_more = await again(changes)
    assert (once_more.unchanged, once_more.replaced, len(once_more.problems)) == (False, frozenset(), 1)


@pytest.mark.parametrize(
    "odd",
    [
        ics("BEGIN:VEVENT", "UID:z"),
        ics(*vevent("DTSTART:soon", uid="z")),
        ics(*vevent("DTSTART:20261125T100000Z", "RRULE:FREQ=NEVER", uid="z")),
    ],
)
async def test_an_entry_that_cannot_be_read_costs_itself_alone(odd: bytes) -> None:
    changes = await expanded(filled(a=meeting("a"), b=odd, c=meeting("c")))
    assert {"a", "c"} <= {event.uid for event in changes.events}
    assert {problem.uid for problem in changes.problems} == {"z"}


@pytest.mark.parametrize(
    "written",
    [
        codecs.BOM_UTF8 + meeting("b"),
        meeting("b").decode().encode("utf-16"),
        b" \r\n\t" + meeting("b").rstrip(),
        meeting("b").replace(b"\r\n", b"\r"),
        meeting("b") + b"\r\n\x01 rubbish",
        b"rubbish\r\n" + meeting("b") + b"END:VCALENDAR\r\nBEGIN:VEVENT\r\n",
    ],
)
async def test_however_a_resource_is_written_it_stays_apart_from_its_neighbours(written: bytes) -> None:
    changes = await expanded(filled(a=meeting("a"), b=written, c=meeting("c")))
    assert [uid for uid, _ in starts(changes)] in (["a", "b", "c"], ["a", "c"])
    assert [uid for uid, _ in starts(changes)] + [problem.uid for problem in changes.problems] in (
        ["a", "b", "c"],
        ["a", "c", "b"],
    )


def zoned(uid: str, offset: str, tzid: str = "Customized Time Zone") -> bytes:
    zone = ("BEGIN:VTIMEZONE", f"TZID:{tzid}", "BEGIN:STANDARD", "DTSTART:19700101T000000",
            f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE")  # fmt: skip
    return ics(*zone, *vevent(f"DTSTART;TZID={tzid}:20261125T100000", uid=uid))


async def test_zones_of_one_name_mean_what_their_own_resource_says() -> None:
    changes = await expanded(filled(a=zoned("a", "-0500"), b=zoned("b", "+0900"), c=zoned("c", "-0500")))
    assert starts(changes) == [("a", "11-25T15:00"), ("b", "11-25T01:00"), ("c", "11-25T15:00")]


@pytest.mark.parametrize("tzid", ["Europe/Berlin", "Customized Time Zone"])
async def test_one_more_resource_with_a_known_zone_has_no_other_read_again(tzid: str) -> None:
    first = await expanded(filled(b=zoned("b", "+0100", tzid), a=zoned("a", "+0100", tzid)))
    changes = await again(first, c=zoned("c", "+0100", tzid))
    assert (changes.replaced, starts(changes)) == ({"c"}, [("c", "11-25T09:00")])


async def test_a_method_holds_for_its_own_resource() -> None:
    changes = await expanded(
        filled(a=meeting("a"), b=ics("METHOD:CANCEL", *vevent("DTSTART:20261125T100000Z", uid="b")))
    )
    assert {event.uid: event.cancelled for event in changes.events} == {"a": False, "b": True}


async def test_two_resources_of_one_uid_are_versions_and_the_newest_that_can_be_read_holds() -> None:
    old, new = meeting("a", 25, "SEQUENCE:1"), meeting("a", 26, "SEQUENCE:2")
    assert starts(await expanded(filled(x=new, y=old))) == [("a", "11-26T10:00")]
    unreadable = ics(*vevent("DTSTART:soon", "SEQUENCE:3"))
    changes = await expanded(filled(x=new, y=old, z=unreadable))
    assert (starts(changes), [problem.uid for problem in changes.problems]) == ([("a", "11-26T10:00")], ["a"])


async def test_the_window_moves_when_it_runs_short_or_the_person_does(monkeypatch: pytest.MonkeyPatch) -> None:
    daily = ics(*vevent("DTSTART:20261124T100000Z", "RRULE:FREQ=DAILY"))
    first = await expanded(filled(a=daily))
    assert len(first.events) == 60
    collection = IcsCollection.load(first.state)
    assert collection is not None
    assert collection.serves(ReadRequest.ahead(ANN, NOW), NOW + timedelta(days=30))
    late = NOW + timedelta(days=30, seconds=1)
    elsewhere = dataclasses.replace(ANN, zone=ZoneInfo("Asia/Tokyo"))
    married = dataclasses.replace(ANN, addresses=("a@b.org", "c@b.org"))
    for connection, now in ((ANN, late), (elsewhere, NOW), (married, NOW), (ANN, NOW - timedelta(days=2))):
        assert not collection.serves(ReadRequest.ahead(connection, now), now)
        asked: list[ReadRequest] = []

        def noting(
            data: bytes, question: ReadRequest, memory: bytes | None, asked: list[ReadRequest] = asked
        ) -> Changes:
            asked.append(question)
            return read(data, question, memory)

        monkeypatch.setattr(shelves, "read", noting)
        assert collection.changes(ReadRequest.ahead(connection, now), now).full
        assert asked == [
            ReadRequest("C1", connection.addresses, connection.zone, now - timedelta(days=1), now + timedelta(days=60))
        ]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (("DTSTART:20261001T100000Z", "DTEND:20261001T110000Z"), False),
        (("DTSTART;VALUE=DATE:20261001",), False),
        (("DTSTART:20261001T100000Z", "DURATION:PT1H"), False),
        (("DTSTART:20261001T100000Z", "DURATION:P8W"), True),
        (("DTSTART:20261001T100000Z", "DURATION:rubbish"), True),
        (("DTSTART:20261001T100000Z", "DURATION:P" + "9" * 5000 + "D"), True),
        (("DTSTART:20261001T100000Z", "RRULE:FREQ=DAILY;COUNT=2"), True),
        (("DTSTART:20261001T100000Z", "RDATE:20261101T100000Z"), True),
        (("DTSTART:20261001T100000Z", "DTEND:20261101T110000Z"), True),
        (("DTSTART:20261001T100000Z", "RECURRENCE-ID:20261126T100000Z"), True),
        (("DTSTART:20261001T100000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261001T100000Z"), True),
        (("DTSTART:20261001T100000Z", "RECURRENCE-ID:20261001T100000Z"), False),
        (("DTSTART:99991231T100000Z",), True),
        (("DTSTART:soon",), True),
        (("SUMMARY:no time",), True),
        (("DTSTART:20261024T100000Z",), True),
        (("DTSTART:20261021T100000Z",), False),
    ],
)  # fmt: skip
def test_only_what_is_certainly_over_is_not_kept(lines: tuple[str, ...], *, kept: bool) -> None:
    assert bool(filled(a=ics(*vevent(*lines))).resources) == kept


async def test_what_was_kept_goes_when_it_is_over_and_the_window_moves() -> None:
    first = await expanded(filled(a=meeting("a"), b=b"half"))
    later = await again(first, NOW + timedelta(days=80))
    collection = IcsCollection.load(later.state)
    assert collection is not None
    assert (set(collection.resources), later.events) == ({"b"}, ())


def test_a_calendar_without_events_is_not_kept() -> None:
    todo = ics("BEGIN:VTODO", "UID:t", "END:VTODO")
    assert filled(a=todo, b=ics()).resources == {}
    assert filled(a=meeting("a")).with_changes({"a": todo}, now=NOW).resources == {}


async def test_descriptions_and_attachments_are_not_kept() -> None:
    said = ("DESCRIPTION;LANGUAGE=de:Gehalt von Bob\\nund", "\t von Eve", "X-ALT-DESC;FMTTYPE=text/html:<b>Gehalt</b>",
            "ATTACH:https://files.example/gehalt.pdf", "comment:Gehalt", "SUMMARY:Talk",
            "LOCATION:Room 4")  # fmt: skip
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:Gehalt", "END:VALARM")
    changes = await expanded(filled(a=meeting("1", 25, *said, *alarm)))
    kept = IcsCollection.load(changes.state)
    assert kept is not None
    assert b"gehalt" not in kept.resources["a"].text.lower()
    assert b"Eve" not in kept.resources["a"].text
    assert [(event.title, event.location) for event in changes.events] == [("Talk", "Room 4")]
    assert changes.problems == ()


def test_a_shelf_comes_back_as_it_was() -> None:
    collection = dataclasses.replace(
        filled(**{"/a ü/\n.ics": meeting("a"), "b": b"half"}),
        tag="http://sync/1",
        extra={"etags": {"/a": '"1"'}},
        start=NOW,
        until=NOW + timedelta(days=60),
        zone="Europe/Berlin",
        addresses=("a@b.org",),
        reads=READS,
        memory=b"\n\x00memory",
    )
    assert IcsCollection.load(collection.dump()) == collection
    assert IcsCollection.load(IcsCollection().dump()) == IcsCollection()
    assert "half" not in repr(collection)
    assert IcsCollection.cover(collection.dump()) == dataclasses.replace(collection, resources={}, memory=None)
    other = dataclasses.replace(collection, tag="http://sync/2")
    assert IcsCollection.load(other.over(collection.dump())) == other


def test_a_shelf_as_it_was_written_before_is_opened_and_read_anew() -> None:
    text = meeting("a").replace(b"\r\n", b"\n")
    head = {"tag": "t", "extra": {}, "start": None, "until": None, "zone": "", "addresses": [], "memory": None,
            "resources": [["k", len(text), True, "2026-11-26"]]}  # fmt: skip
    state = b"shelf 1\n" + zlib.compress(json.dumps(head).encode() + b"\n" + text)
    assert IcsCollection.load(state) == filled(k=text)
    assert IcsCollection.cover(state) == IcsCollection()


async def test_what_a_release_stored_that_read_less_is_expanded_anew_once() -> None:
    first = await expanded(filled(a=meeting("a")))
    collection = IcsCollection.load(first.state)
    assert collection is not None
    before = dataclasses.replace(collection, reads=READS - 1)
    asked = ReadRequest.ahead(ANN, NOW)
    assert (before.serves(asked, NOW), collection.serves(asked, NOW)) == (False, True)
    again = await expanded(before, now=NOW + timedelta(minutes=15))
    assert (again.full, again.unchanged, starts(again)) == (True, False, starts(first))
    cover = IcsCollection.cover(again.state)
    assert cover is not None
    assert cover.reads == READS


@pytest.mark.parametrize("state", [None, b"", b'{"version": 1}\n', b"shelf 99\n..."])
def test_a_state_of_another_version_is_as_good_as_none(state: bytes | None) -> None:
    assert IcsCollection.load(state) is None


def test_a_shelf_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_BYTES", 1000)
    with pytest.raises(CalendarTooLargeError):
        filled(**{f"k{number}": meeting(f"u{number}") for number in range(20)})


async def test_a_large_shelf_comes_back_like_a_small_one() -> None:
    changes = await expanded(filled(a=meeting("a", 25, "X-PADDING:" + "x" * 400_000)))
    collection = IcsCollection.load(changes.state)
    assert collection is not None
    assert collection.together().endswith(b"END:VCALENDAR\n")
    assert starts(changes) == [("a", "11-25T10:00")]


FILES = [
    meeting("a"),
    meeting("a", 26, "SEQUENCE:1"),
    meeting("b"),
    ics(*vevent("DTSTART:20261120T100000Z", "RRULE:FREQ=DAILY;COUNT=9", uid="b")),
    ics(*vevent("RECURRENCE-ID:20261125T100000Z", "DTSTART:20261125T150000Z", uid="b")),
    zoned("c", "-0500"),
    zoned("d", "+0900"),
    ics("METHOD:CANCEL", *vevent("DTSTART:20261125T100000Z", uid="b")),
    ics(*vevent("DTSTART:20250101T100000Z", uid="old")),
    meeting("e")[:-9],
    b"\x01 x",
]
STEPS = st.lists(
    st.dictionaries(st.sampled_from("pqrs"), st.one_of(st.none(), st.integers(0, len(FILES) - 1)), max_size=3),
    max_size=6,
)


@given(steps=STEPS)
async def test_whatever_came_and_went_the_events_are_those_of_a_fresh_shelf(steps: list[dict[str, int | None]]) -> None:
    content: dict[str, bytes] = {}
    changes = await expanded(IcsCollection())
    held: dict[str, object] = {event.id: event for event in changes.events}
    for step in steps:
        put = {key: FILES[index] for key, index in step.items() if index is not None}
        dropped = tuple(key for key, index in step.items() if index is None)
        content = {key: data for key, data in (content | put).items() if key not in dropped}
        changes = await again(changes, NOW, dropped, **put)
        if changes.full:
            held = {}
        held = {id_: event for id_, event in held.items() if event.uid not in changes.replaced}  # type: ignore[attr-defined]  # events
        held |= {event.id: event for event in changes.events}
        fresh = await expanded(filled(**content))
        assert held == {event.id: event for event in fresh.events}
