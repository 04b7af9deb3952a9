"""Graph's events as ours: one table for each thing that they say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendars.providers.microsoft.events import Item, ItemKind, Removed, event, item
from services.calendars.providers.microsoft.source import DeltaState, applied, masters_to_ask_for, pruned
from services.domain.calendars import Problem
from services.domain.model import Event, Organizer, Response, ShowAs, Visibility, WallTimes

BERLIN = ZoneInfo("Europe/Berlin")
START = {"dateTime": "2026-11-24T10:00:00.0000000", "timeZone": "UTC"}
END = {"dateTime": "2026-11-24T11:30:00.0000000", "timeZone": "UTC"}
BOB = {"type": "required", "emailAddress": {"address": "Bob@contoso.example"}}


def read(raw: Any, zone: ZoneInfo = BERLIN, addresses: tuple[str, ...] = ("ann@contoso.example",)) -> Any:
    """An entry as an event, a problem, or None; with the master `raw["master"]`, where it has one."""
    master = item(raw.pop("master", None), addresses)
    found = item({"id": "E1", "start": START, "end": END, **raw}, addresses)
    assert isinstance(found, Item)
    return event(found, master if isinstance(master, Item) else None, calendar_id="C1", zone=zone)


def moment(text: str, zone: str | None = "UTC") -> dict[str, Any]:
    return {"dateTime": text, "timeZone": zone}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("free", ShowAs.FREE), ("tentative", ShowAs.TENTATIVE), ("busy", ShowAs.BUSY), ("oof", ShowAs.OUT_OF_OFFICE),
        ("workingElsewhere", ShowAs.WORKING_ELSEWHERE), ("unknown", ShowAs.BUSY), ("new word", ShowAs.BUSY),
        (None, ShowAs.BUSY), (7, ShowAs.BUSY), ("Free", ShowAs.FREE),
    ],
)  # fmt: skip
def test_show_as(word: object, meant: ShowAs) -> None:
    assert read({"showAs": word}).show_as == meant


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("normal", Visibility.DEFAULT), ("personal", Visibility.PRIVATE), ("private", Visibility.PRIVATE),
        ("confidential", Visibility.CONFIDENTIAL), ("new word", Visibility.PRIVATE), (None, Visibility.DEFAULT),
    ],
)  # fmt: skip
def test_sensitivity_that_is_not_known_is_private(word: object, meant: Visibility) -> None:
    assert read({"sensitivity": word}).visibility == meant


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("none", Response.NONE), ("organizer", Response.NONE), ("tentativelyAccepted", Response.TENTATIVE),
        ("accepted", Response.ACCEPTED), ("declined", Response.DECLINED), ("notResponded", Response.NEEDS_ACTION),
        ("new word", Response.NONE), (None, Response.NONE),
    ],
)  # fmt: skip
def test_response(word: object, meant: Response) -> None:
    assert read({"responseStatus": {"response": word}}).response == meant


def test_organizer_has_nothing_to_answer() -> None:
    assert read({"responseStatus": {"response": "notResponded"}, "isOrganizer": True}).response is Response.NONE


@pytest.mark.parametrize(
    ("raw", "title", "location"),
    [
        ({"subject": "Offer", "location": {"displayName": "Room 1"}}, "Offer", "Room 1"),
        ({"subject": None, "location": None}, "", ""),
        ({"subject": ["x"], "location": "Room 1"}, "", ""),
        ({"subject": "\ud83d half", "location": {"displayName": "x" * 5000}}, "? half", "x" * 1000),
    ],
)
def test_title_and_location(raw: dict[str, Any], title: str, location: str) -> None:
    found = read(raw)
    assert (found.title, found.location) == (title, location)


def test_organizer_tells_whose_absence_it_may_be() -> None:
    def of(address: object, *, own: bool = False) -> Organizer:
        return read({"isOrganizer": own, "organizer": {"emailAddress": {"address": address}}}).organizer

    assert read({}).organizer is Organizer.NOBODY
    assert of("ann@example.com", own=True) is Organizer.PERSON
    assert [of(address) for address in ("bob@example.com", None, 3)] == [Organizer.OTHER] * 3
    assert of("no-reply@leave.example") is Organizer.SYSTEM


def test_guests_are_other_people() -> None:
    people = [
        {"type": "required", "emailAddress": {"address": " ANN@contoso.example "}},
        {"type": "required", "emailAddress": {"address": "bob@contoso.example"}},
        {"type": "optional", "emailAddress": {"address": "BOB@contoso.example"}},
        {"type": "optional", "emailAddress": {"address": "cat@contoso.example"}},
        {"type": "resource", "emailAddress": {"address": "room@contoso.example"}},
        {"type": "required", "emailAddress": {"address": None}}, {"emailAddress": []}, None, "dan@contoso.example",
    ]  # fmt: skip
    assert read({"attendees": people}).guests == 2


@pytest.mark.parametrize(
    ("said", "guest", "categories"),
    [
        ({"attendees": [BOB], "isOrganizer": True}, "bob@contoso.example", ()),
        ({"attendees": [BOB], "isOrganizer": False}, "", ()),  # it may be the mailbox itself
        ({"attendees": [BOB]}, "", ()),
        ({"attendees": [BOB, {"emailAddress": {"address": "cat@contoso.example"}}], "isOrganizer": True}, "", ()),
        ({"attendees": [], "isOrganizer": True}, "", ()),
        ({"attendees": {}, "isOrganizer": True}, "", ()),
        ({"categories": ["Company Holidays", " Red\ntwo ", "", 7, None]}, "", ("Company Holidays", "Red two")),
        ({"categories": "Birthdays"}, "", ()),
        ({"categories": [str(number) * 99 for number in range(99)]}, "", tuple(str(one) * 64 for one in range(10))),
    ],
)  # fmt: skip
def test_of_leave_alone_the_only_guest_and_the_categories_are_kept(
    said: dict[str, Any], guest: str, categories: tuple[str, ...]
) -> None:
    raw = {"id": "E1", "start": START, "end": END, **said}
    for of_leave in (True, False):
        found = item(raw, (), of_leave=of_leave)
        assert isinstance(found, Item)
        made = event(found, None, calendar_id="C1", zone=BERLIN)
        assert isinstance(made, Event)
        assert (made.guest, made.categories) == ((guest, categories) if of_leave else ("", ()))


@pytest.mark.parametrize(
    ("organizer", "text"),
    [
        (..., ""), (None, ""), ({"emailAddress": "x"}, ""), ({"emailAddress": {"name": 7, "address": []}}, ""),
        ({"emailAddress": {"name": "Boss Hog", "address": "Boss@Corp.example"}}, "Boss Hog <Boss@Corp.example>"),
        ({"emailAddress": {"name": "Boss Hog", "address": "/o=ExchangeLabs/cn=Recipients/cn=1"}}, "Boss Hog"),
        ({"emailAddress": {"name": "x" * 5000, "address": "b@c.example"}}, "x" * 986 + " <b@c.example>"),
    ],
)  # fmt: skip
def test_organizer_is_a_name_and_an_address(organizer: Any, text: str) -> None:
    assert read({} if organizer is ... else {"organizer": organizer}).organizer_text == text


def test_domains_are_those_of_the_other_people_and_of_whoever_invites() -> None:
    def of(*guests: str, organizer: str, own: bool = False) -> set[str]:
        attendees = [{"type": "required", "emailAddress": {"address": guest}} for guest in guests]
        room = {"type": "resource", "emailAddress": {"address": "room@rooms.example"}}
        by = {"emailAddress": {"name": "Boss", "address": organizer}}
        return set(read({"attendees": [*attendees, room], "organizer": by, "isOrganizer": own}).guest_domains)

    ann, bob, cat = "ann@contoso.example", "bob@contoso.example", "cat@Customer.example"
    assert of(bob, cat, organizer=ann, own=True) == {"contoso.example", "customer.example"}
    assert of(ann, organizer=cat) == {"customer.example"}
    assert of(ann, organizer="no-reply@leave.example") == set()
    assert of("/o=ExchangeLabs/cn=1", organizer=ann, own=True) == set()
    assert of(*(f"x@{number:03}.example" for number in range(99)), organizer=ann, own=True) == {
        f"{number:03}.example" for number in range(50)
    }


def test_occurrences_and_exceptions_recur() -> None:
    assert [
        read({"type": kind, "seriesMasterId": "M1", "master": dict(MASTER)}).recurring
        for kind in ("singleInstance", "occurrence", "exception")
    ] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-11-24T10:00:00.0000000", "UTC", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00", None, datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00.1234567", "UTC", datetime(2026, 11, 24, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-24T10:00:00Z", "Pacific Standard Time", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00+05:00", "UTC", datetime(2026, 11, 24, 5, tzinfo=UTC)),
        ("2026-11-24T10:00:00", "Pacific Standard Time", datetime(2026, 11, 24, 18, tzinfo=UTC)),
        ("2026-07-24T10:00:00", "W. Europe Standard Time", datetime(2026, 7, 24, 8, tzinfo=UTC)),
        ("2026-11-24T10:00:00", "Europe/Berlin", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("2026-11-24T10:00:00", "tzone://Microsoft/Utc", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00", "tzone://Microsoft/Eastern Standard Time", datetime(2026, 11, 24, 15, tzinfo=UTC)),
        ("2026-11-24T10:00:00", "(UTC+01:00) Amsterdam, Berlin, Bern", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("2026-10-25T02:30:00", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29T02:30:00", "Europe/Berlin", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00", "Europe/Berlin", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59", "Pacific Standard Time", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times(text: str, zone: str | None, instant: datetime) -> None:
    assert read({"start": moment(text, zone)}).start == instant


@pytest.mark.parametrize(
    ("start", "problem"),
    [
        (moment("2026-11-24T10:00:00", "tzone://Microsoft/Custom"), "its time zone is not known"),
        (moment("2026-11-24T10:00:00", "Mars/Olympus"), "its time zone is not known"),
        (moment("2026-11-24T10:00:00", "x" * 5000), "its time zone is not known"),
        (moment("today"), "its times cannot be read"),
        (moment("2026-13-24T10:00:00"), "its times cannot be read"),
        (moment("0001-01-01T00:00:00+14:00"), "its times cannot be read"),
        (moment(""), "it has no start or no end"),
        (None, "it has no start or no end"),
        ("2026-11-24", "it has no start or no end"),
        ({"dateTime": 7}, "it has no start or no end"),
    ],
)
def test_times_that_cannot_be_read_are_problems(start: object, problem: str) -> None:
    assert read({"start": start, "subject": "Secret"}) == Problem("E1", problem)


@pytest.mark.parametrize(
    ("text", "zone", "original", "day"),
    [
        ("2026-11-24T00:00:00.0000000", "UTC", "Tokyo Standard Time", 24),
        ("2026-11-24T00:00:00", "Tokyo Standard Time", "", 24),
        ("2026-11-24T00:00:00", "tzone://Microsoft/Custom", "", 24),
        ("2026-11-23T23:00:00", "UTC", "W. Europe Standard Time", 24),
        ("2026-11-23T15:00:00", "UTC", "Tokyo Standard Time", 24),
        ("2026-11-24T08:00:00", "UTC", "America/Los_Angeles", 24),
        ("2026-11-23T23:00:00", "UTC", "tzone://Microsoft/Custom", 24),
        ("2026-11-23T23:00:00", "UTC", "", 24),
        ("2026-11-23T22:00:00", "UTC", "tzone://Microsoft/Custom", 24),
        ("2026-11-24T01:00:00", "UTC", "Mars/Olympus", 24),
    ],
)
def test_all_day_events_are_of_dates(text: str, zone: str, original: str, day: int) -> None:
    found = read(
        {
            "isAllDay": True, "originalStartTimeZone": original, "start": moment(text, zone),
            "end": moment("2026-11-26T00:00:00", "UTC"),
        }
    )  # fmt: skip
    assert (found.all_day, found.wall) == (True, WallTimes(datetime(2026, 11, day), datetime(2026, 11, 26)))
    assert found.start == datetime(2026, 11, day, tzinfo=BERLIN)
    assert found.placed(ZoneInfo("Asia/Tokyo")).start == datetime(2026, 11, day, tzinfo=ZoneInfo("Asia/Tokyo"))


MASTER = {
    "id": "M1", "type": "seriesMaster", "subject": "Standup", "location": {"displayName": "Room 1"}, "showAs": "oof",
    "sensitivity": "private", "isCancelled": True, "isAllDay": False, "responseStatus": {"response": "accepted"},
    "attendees": [{"emailAddress": {"address": "bob@contoso.example"}}], "start": START, "end": END,
}  # fmt: skip


def test_occurrence_is_as_its_master_says() -> None:
    found = read({"type": "occurrence", "seriesMasterId": "M1", "master": dict(MASTER)})
    assert found == Event(
        "C1", "E1", datetime(2026, 11, 24, 10, tzinfo=UTC), datetime(2026, 11, 24, 11, 30, tzinfo=UTC),
        show_as=ShowAs.OUT_OF_OFFICE, response=Response.ACCEPTED, cancelled=True, visibility=Visibility.PRIVATE,
        title="Standup", location="Room 1", guests=1, guest_domains=frozenset({"contoso.example"}), recurring=True,
    )  # fmt: skip


def test_exception_says_itself_what_it_says() -> None:
    found = read(
        {
            "type": "exception", "seriesMasterId": "M1", "subject": None, "showAs": "free", "isCancelled": False,
            "master": dict(MASTER),
        }
    )  # fmt: skip
    assert (found.title, found.show_as, found.cancelled, found.location) == ("", ShowAs.FREE, False, "Room 1")


def test_occurrence_of_an_unknown_series_is_a_problem() -> None:
    found = read({"type": "occurrence", "seriesMasterId": "M1", "master": None})
    assert found == Problem("E1", "its series is not known")


def test_exception_that_says_everything_needs_no_master() -> None:
    whole = {name: value for name, value in MASTER.items() if name not in {"id", "type"}}
    assert read({**whole, "type": "exception", "seriesMasterId": "M1"}).title == "Standup"


def test_master_is_no_event() -> None:
    assert read({"type": "seriesMaster"}) is None


@pytest.mark.parametrize("raw", [None, 7, "x", [], {}, {"id": ""}, {"id": 7}, {"id": "a\n"}, {"id": "x" * 2000}])
def test_entry_without_a_usable_id_is_nothing(raw: object) -> None:
    assert item(raw, ()) is None


def test_removed_entry_is_its_id_alone() -> None:
    assert item({"id": "E1", "@removed": {"reason": "deleted"}, "subject": "x"}, ()) == Removed("E1")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_TIMES = st.fixed_dictionaries(
    {
        "dateTime": st.datetimes().map(lambda at: at.isoformat()) | _JSON,
        "timeZone": st.sampled_from(["UTC", ""]) | _JSON,
    }
)
_NAMES = (
    "type", "seriesMasterId", "showAs", "sensitivity", "responseStatus", "isCancelled", "isAllDay", "subject",
    "location", "attendees", "originalStartTimeZone", "isOrganizer",
)  # fmt: skip


@given(
    st.fixed_dictionaries(
        {"id": st.just("E1")},
        optional={**dict.fromkeys(_NAMES, _JSON), "isAllDay": st.booleans(), "start": _TIMES, "end": _TIMES},
    )
)
def test_nothing_that_graph_may_say_breaks_the_reading(raw: dict[str, Any]) -> None:
    found = item(raw, ())
    assert isinstance(found, Item)
    result = event(found, None, calendar_id="C1", zone=BERLIN)
    assert result is None or isinstance(result, (Event, Problem))
    memory = DeltaState(datetime.now(UTC), datetime.now(UTC), "UTC", (), "link", {found.id: found})
    assert DeltaState.load(memory.dump()) == memory


# ── what a round makes of what is known ─────────────────────────────────────────────────────────────


def _single(identifier: str, master: str = "") -> Item:
    return Item(identifier, ItemKind.OCCURRENCE if master else ItemKind.SINGLE, master)


_SERIES = Item("M", ItemKind.MASTER)


@pytest.mark.parametrize(
    ("known", "came", "after"),
    [
        ([], [_single("A")], {"A"}),
        ([_single("A")], [], {"A"}),
        ([_single("A")], [Removed("A")], set()),
        ([_single("A")], [Removed("Z")], {"A"}),
        ([], [_single("A"), Removed("A")], set()),
        ([], [Removed("A"), _single("A")], {"A"}),
        ([_SERIES, _single("1", "M")], [_SERIES, _single("1", "M"), _single("2", "M")], {"M", "1", "2"}),
        ([_SERIES, _single("1", "M"), _single("2", "M")], [_SERIES, _single("1", "M"), Removed("2")], {"M", "1"}),
        ([_SERIES, _single("1", "M")], [Removed("M"), Removed("1")], set()),
        ([_SERIES, _single("1", "M")], [Removed("M"), _single("1", "M")], {"1"}),
        ([_SERIES, _single("1", "M")], [_single("1", "M"), _single("2", "M")], {"M", "1", "2"}),
        ([_SERIES, _single("1", "M"), _single("2", "M")], [_single("1", "M")], None),
        ([_SERIES, _single("1", "M"), _single("2", "M")], [_SERIES, _single("1", "M")], None),
        ([_SERIES, _single("1", "M")], [_SERIES], None),
        ([_SERIES, _single("1", "M")], [Removed("M")], None),
    ],
)
def test_round(known: list[Item], came: list[Item | Removed], after: set[str] | None) -> None:
    found = applied({entry.id: entry for entry in known}, came)
    assert (None if found is None else set(found)) == after


def test_last_of_several_holds() -> None:
    first, last = Item("A", said={}), Item("A", master="M", kind=ItemKind.OCCURRENCE)
    assert applied({}, [first, last]) == {"A": last}


def test_masters_are_kept_and_asked_for_where_they_are_needed() -> None:
    items = {entry.id: entry for entry in (_SERIES, Item("N", ItemKind.MASTER), _single("1", "M"), _single("2", "O"))}
    assert masters_to_ask_for(items) == ["O"]
    assert masters_to_ask_for(items, [_single("1", "M"), _single("9", "A")]) == ["O", "A", "M"]
    assert masters_to_ask_for(items, [_SERIES, _single("1", "M")]) == ["O"]
    assert set(pruned(items)) == {"M", "1", "2"}
