"""When colleagues may be told that somebody is out: what an absence is, and what nobody is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.absences import FOREVER, MOST, Absence, AbsenceSource, same_again, told
from services.domain.lines import complete
from services.domain.model import (
    Event,
    EventType,
    Kind,
    Location,
    Override,
    OverrideKind,
    Response,
    ShowAs,
    Visibility,
    WallTimes,
)
from services.domain.people import Preferences
from tests.support.timelines import BERLIN, at, day_off, event, line

OUT, AT_WORK = Kind.OUT_OF_OFFICE, Kind.WORKING_LOCATION
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHOLE = {"start": at(0), "end": at(0, day=30)}


def ooo(start: datetime, end: datetime | None, name: str = "o", **more: object) -> Override:
    made = Override(name, start, end, start, kind=OverrideKind.OUT_OF_OFFICE)
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def back(start: datetime, end: datetime) -> Override:
    return Override("back", start, end, start, kind=OverrideKind.BACK)


def place(where: Location, first: int, last: int, uid: str = "", **more: object) -> Event:
    return day_off(
        "", first, last, uid=uid or f"{where}{first}", type=EventType.WORKING_LOCATION, working_location=where, **more
    )


def away(**more: object) -> list[tuple[str, str]]:
    """From when to when the person is out, as day and time of UTC; the window is a week."""
    return [
        (f"{one.start:%d %H:%M}", f"{one.end:%d %H:%M}" if one.ends else "")
        for one in line(**WHOLE | more).absences
        if one.kind is OUT
    ]


# ── what an absence is ──────────────────────────────────────────────────────────────────────────────


def test_days_off_begin_and_end_with_days_of_their_zone_and_return_on_the_date_of_the_end() -> None:
    (found,) = line(day_off("Vacation", 25, 28), **WHOLE).absences
    assert (found.start, found.end) == (at(23, day=24), at(23, day=27))
    assert (found.first_day, found.return_day) == (date(2026, 11, 25), date(2026, 11, 28))  # a Saturday: not skipped
    assert (found.kind, found.ends, found.place, found.told_ahead) == (OUT, True, "", True)


def test_hours_off_have_no_day_and_what_begins_now_has_only_the_day_of_return() -> None:
    (hours,) = line(event("Vacation", at(12), at(15)), **WHOLE).absences
    assert (hours.first_day, hours.return_day) == (None, None)
    (until,) = line(overrides=(ooo(at(9), at(23, day=26)),), **WHOLE).absences
    assert (until.first_day, until.return_day) == (None, date(2026, 11, 27))


def test_leave_systems_that_know_no_whole_days_write_them_all_the_same() -> None:
    entry = event(
        "Vacation", datetime(2026, 11, 25, 0, 1, tzinfo=BERLIN), datetime(2026, 11, 26, 23, 59, tzinfo=BERLIN)
    )
    (found,) = line(entry, **WHOLE).absences
    assert (found.first_day, found.return_day) == (date(2026, 11, 25), date(2026, 11, 27))


@pytest.mark.parametrize(("zone", "day"), [("America/Santiago", date(2026, 9, 6)), ("Africa/Cairo", date(2026, 4, 24))])
def test_day_that_the_clock_begins_at_one_is_a_whole_day(zone: str, day: date) -> None:
    wall = WallTimes(datetime.combine(day, datetime.min.time()), datetime.combine(day + DAY, datetime.min.time()))
    entry = event("Vacation", at(0), at(0), all_day=True, wall=wall)
    start = datetime.combine(day, datetime.min.time(), UTC)
    (found,) = line(entry, zone=ZoneInfo(zone), start=start - DAY, end=start + 3 * DAY).absences
    assert (found.first_day, found.return_day) == (day, day + DAY)


def test_short_things_on_top_do_not_cut_an_absence_in_pieces() -> None:
    meetings_first = complete(())
    lines = (meetings_first[1], meetings_first[0], *meetings_first[2:])
    assert [one.kind for one in lines[:2]] == [Kind.MEETING, OUT]  # type: ignore[union-attr]  # the kinds' own
    events = (
        day_off("Vacation", 24, 27),
        event("Planning", at(10), at(11)),
        event("Call", at(23, day=25), at(1, day=26)),
    )
    assert away(events=events, lines=lines) == [("23 23:00", "26 23:00")]
    lunch = Override("l", at(10), at(11), at(10), text="Lunch")
    assert away(events=events, overrides=(lunch,)) == [("23 23:00", "26 23:00")]


def test_absences_that_follow_one_another_or_overlap_are_one_with_the_name_of_the_first() -> None:
    first, second = day_off("Vacation", 24, 26, uid="a"), day_off("Sick leave", 26, 28, uid="b")
    (found,) = line(first, second, event("OOO", at(12, day=25), at(12, day=26), uid="c"), **WHOLE).absences
    assert (f"{found.start:%d}", f"{found.end:%d}") == ("23", "27")
    assert found.id == line(first, **WHOLE).absences[0].id
    later = day_off("Vacation", 29, 30)
    assert away(events=(first, second, later)) == [("23 23:00", "27 23:00"), ("28 23:00", "29 23:00")]


def test_back_early_ends_it_and_what_comes_after_that_is_another_one() -> None:
    vacation = day_off("Vacation", 24, 28)
    assert away(events=(vacation,), overrides=(back(at(10), at(23, day=27)),)) == [("23 23:00", "24 10:00")]
    some_hours = back(at(10), at(12))
    pieces = line(vacation, overrides=(some_hours,), **WHOLE).absences
    assert [(f"{one.start:%d %H}", f"{one.end:%d %H}") for one in pieces] == [("23 23", "24 10"), ("24 12", "27 23")]
    assert len({one.id for one in pieces}) == 2
    assert (pieces[0].return_day, pieces[1].first_day) == (None, None)
    another = (ooo(at(9, day=29), at(12, day=29)), back(at(10, day=29), at(12, day=29)))
    assert away(events=(vacation,), overrides=another) == [
        ("23 23:00", "27 23:00"),
        ("29 09:00", "29 10:00"),
    ]
    late = event("OOO", at(11), at(14), uid="late")  # begins while they are back from the other one
    early = event("OOO", at(9), at(13), uid="early")
    assert away(events=(early, late), overrides=(replace(back(at(10), at(12)), created_at=at(11, 30)),)) == [
        ("24 09:00", "24 10:00"),
        ("24 12:00", "24 14:00"),
    ]
    whole = back(at(22, day=23), at(23, day=27))
    assert away(events=(vacation,), overrides=(whole,)) == []


def test_event_that_does_not_count_or_never_wins_is_no_absence() -> None:
    days = (24, 26)
    assert away(events=(day_off("Vacation", *days, cancelled=True),)) == []
    assert away(events=(day_off("Vacation", *days, response=Response.DECLINED),)) == []
    assert away(events=(day_off("Ann Other: vacation", *days),), names=("Bob Lee",)) == []
    assert away(events=(day_off("PTO policy review", *days),)) == []
    typed_over = Override("s", at(0, day=23), at(0, day=27), at(0), text="At a conference")
    assert away(events=(event("OOO", at(12), at(13)),), overrides=(typed_over,)) == []


def test_end_that_nobody_knows_is_told_as_such() -> None:
    (found,) = line(overrides=(ooo(at(9), None),), **WHOLE).absences
    assert (found.ends, found.end, found.return_day) == (False, FOREVER, None)


def test_what_is_over_before_the_window_is_none() -> None:
    assert (
        away(events=(event("OOO", at(9, day=23), at(12, day=23)),), overrides=(ooo(at(9, day=22), at(10, day=22)),))
        == []
    )


def test_id_is_of_what_it_comes_from_in_whichever_calendar_and_whenever_it_is() -> None:
    entry = day_off("Vacation", 25, 27, uid="u")
    (one,) = line(entry, **WHOLE).absences
    moved = day_off("Sick leave", 26, 28, uid="u", calendar_id="other")
    assert line(moved, **WHOLE).absences[0].id == one.id
    assert line(entry, moved, **WHOLE).absences[0].id == one.id
    assert line(replace(entry, occurrence="2"), **WHOLE).absences[0].id != one.id
    by_hand = line(overrides=(ooo(at(9), at(12), name="u"),), **WHOLE).absences
    assert by_hand[0].id != one.id


# ── what is told ahead ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("visibility", "is_told"),
    [
        (Visibility.DEFAULT, True),
        (Visibility.PUBLIC, True),
        (Visibility.PRIVATE, False),
        (Visibility.CONFIDENTIAL, False),
    ],
)
def test_private_absence_is_not_told_ahead(visibility: Visibility, *, is_told: bool) -> None:
    (found,) = line(day_off("Vacation", 25, 27, visibility=visibility), **WHOLE).absences
    assert found.told_ahead is is_told


def test_private_absence_that_follows_another_one_is_not_told_along_with_it() -> None:
    private = day_off("Vacation", 27, 30, uid="p", visibility=Visibility.PRIVATE)
    found = line(day_off("Vacation", 25, 27), private, **WHOLE).absences
    assert [(f"{one.end:%d}", one.told_ahead) for one in found] == [("26", True), ("29", False)]
    over_it = day_off("Vacation", 25, 27, uid="p", visibility=Visibility.PRIVATE)
    found = line(day_off("Vacation", 25, 27, uid="q"), over_it, **WHOLE).absences
    assert {one.told_ahead for one in found} == {True, False}


def test_nothing_is_told_ahead_of_who_does_not_want_it() -> None:
    facts = {"preferences": Preferences(share_absences=False), "overrides": (ooo(at(9), at(12)),)}
    found = line(day_off("Vacation", 26, 27), place(Location.HOME, 25, 26), **WHOLE | facts).absences
    assert [one.told_ahead for one in found] == [False, False, False]


# ── where they work ─────────────────────────────────────────────────────────────────────────────────


def test_working_place_of_a_day_is_told_though_meetings_stand_on_top_of_it() -> None:
    all_day = event("Workshop", at(0), at(0, day=26))
    found = line(place(Location.HOME, 24, 25), all_day, **WHOLE).absences
    assert [(one.kind, one.place, one.first_day, one.return_day) for one in found] == [
        (AT_WORK, "home", date(2026, 11, 24), date(2026, 11, 25))
    ]


def test_working_place_is_not_told_of_a_day_off_but_of_half_a_day() -> None:
    at_home = place(Location.HOME, 24, 25)
    assert [one.place for one in line(at_home, day_off("Vacation", 24, 25), **WHOLE).absences] == [""]
    halves = (event("OOO", at(23, day=23), at(11)), event("Vacation", at(11), at(23)))
    assert [one.place for one in line(at_home, *halves, **WHOLE).absences] == [""]
    assert [one.place for one in line(at_home, halves[1], **WHOLE).absences] == ["home", ""]


def test_of_two_working_places_at_once_the_one_that_would_show_is_told() -> None:
    found = line(place(Location.HOME, 24, 25, uid="a"), place(Location.OFFICE, 24, 25, uid="b"), **WHOLE).absences
    assert [one.place for one in found] == ["home"]
    twice = (place(Location.HOME, 24, 25, uid="a"), place(Location.HOME, 24, 25, uid="a", calendar_id="other"))
    assert len(line(*twice, **WHOLE).absences) == 1
    noon = event("", at(11), at(13), type=EventType.WORKING_LOCATION, working_location=Location.ELSEWHERE)
    found = line(place(Location.OFFICE, 24, 25), noon, **WHOLE).absences
    assert [one.place for one in found] == ["office", "elsewhere"]


# ── further ahead ───────────────────────────────────────────────────────────────────────────────────


def test_what_comes_behind_the_window_is_what_is_in_calendars_and_was_asked_for() -> None:
    coming = (
        event("Trip", at(9) + 20 * DAY, at(17) + 20 * DAY, type=EventType.OUT_OF_OFFICE),
        event("Sync", at(9) + 21 * DAY, at(17) + 21 * DAY),
        event("Away", at(9) + 22 * DAY, at(17) + 22 * DAY, show_as=ShowAs.OUT_OF_OFFICE),
        event("Note", at(0) + 23 * DAY, at(0) + 24 * DAY, all_day=True),
        event("Trip", at(9) + 25 * DAY, at(9) + 26 * DAY, type=EventType.OUT_OF_OFFICE, cancelled=True),
    )
    found = line(overrides=(ooo(at(0) + 30 * DAY, at(0) + 31 * DAY),), coming=coming, **WHOLE).absences
    assert [(one.start - at(0)).days for one in found] == [20, 22, 30]


def test_absence_that_the_windows_end_cuts_goes_on_behind_it_and_what_follows_belongs_to_it() -> None:
    near = event("OOO", at(9, day=29), at(0, day=30) + 3 * DAY)
    (found,) = line(near, coming=(event("OOO", near.end, near.end + DAY, uid="2"),), **WHOLE).absences
    assert (found.start, found.end) == (near.start, near.end + DAY)


def test_no_more_is_kept_than_somebody_could_mean() -> None:
    sources = [AbsenceSource(at(0) + n * HOUR, at(0) + n * HOUR + HOUR / 2, f"s{n}") for n in range(MOST + 10)]
    found = told(sources, [], [], (), BERLIN, near_until=at(0), share=True)
    assert [one.start for one in found] == [one.start for one in sources[:MOST]]


# ── the same again ──────────────────────────────────────────────────────────────────────────────────


def test_absence_whose_beginning_is_too_long_ago_to_be_read_stays_the_same() -> None:
    before = Absence("a", OUT, at(0, day=20), at(0, day=26), first_day=date(2026, 11, 20), told_ahead=True)
    after = Absence("b", OUT, at(0, day=23), at(0, day=28), return_day=date(2026, 11, 28), told_ahead=True)
    (found,) = same_again([before], [after], at(0, day=22))
    assert (found.id, found.start, found.first_day) == ("a", before.start, before.first_day)
    assert (found.end, found.return_day) == (after.end, after.return_day)
    for other in (
        replace(after, start=at(0, day=27)),  # after it has ended
        replace(after, told_ahead=False),
        replace(after, kind=AT_WORK, place="home"),
    ):
        assert same_again([before], [other], at(0, day=22)) == [other]
    assert same_again([before], [after], at(0, day=19)) == [after]  # it would be read
    assert same_again([before], [before, after], at(0, day=22)) == [before, after]
    assert [one.id for one in same_again([before], [after, replace(after, id="c")], at(0, day=22))] == ["a", "c"]


# ── what holds for all ──────────────────────────────────────────────────────────────────────────────

MOMENTS = st.integers(-30, 90).map(lambda hours: at(0) + hours * HOUR)
LASTING = st.tuples(MOMENTS, MOMENTS).map(sorted).filter(lambda both: both[0] < both[1])
ENTRIES = st.lists(
    st.tuples(LASTING, st.sampled_from(["OOO", "Sync", "Vacation"]), st.sampled_from([*Visibility])), max_size=7
)


@given(ENTRIES, st.lists(LASTING, max_size=2), st.randoms(use_true_random=False))
def test_union_of_the_absences_is_what_wins_and_the_order_of_events_is_no_matter(entries, backs, chance) -> None:  # type: ignore[no-untyped-def]  # by strategies
    events = [
        event(title, start, end, uid=f"e{n}", visibility=visibility)
        for n, ((start, end), title, visibility) in enumerate(entries)
    ]
    overrides = tuple(
        Override(f"b{n}", start, end, start, kind=OverrideKind.BACK) for n, (start, end) in enumerate(backs)
    )
    window = {"start": at(0), "end": at(0) + 2 * DAY, "overrides": overrides}
    timeline = line(*events, **window)
    chance.shuffle(events)
    assert line(*events, **window).absences == timeline.absences
    for step in range(4 * 48):
        instant = timeline.start + step * HOUR / 4
        is_out = timeline.at(instant).kind is OUT
        of_it = [one for one in timeline.absences if one.start <= instant < one.end]
        if is_out:
            assert of_it
        if timeline.at(instant).rule == "back":
            assert not of_it
    for one in timeline.absences:
        assert any(span.kind is OUT and span.start < one.end and one.start < span.end for span in timeline.spans) or (
            one.start >= timeline.end
        )
        telling = [made for made in events if made.visibility in {Visibility.DEFAULT, Visibility.PUBLIC}]
        if one.told_ahead:  # only what is no secret makes it
            assert any(made.start <= one.start < made.end for made in telling)
            assert any(made.start < one.end <= made.end for made in telling) or backs
    assert len({one.id for one in timeline.absences}) == len(timeline.absences)
