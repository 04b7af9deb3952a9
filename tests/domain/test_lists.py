"""What a person's list shows: who wins, routines, effects, and what is asked for without an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from services.domain import ownership
from services.domain.decisions import Standing
from services.domain.lines import Line, complete, moved, put, switched
from services.domain.model import (
    Effect,
    Event,
    EventType,
    Kind,
    Look,
    Override,
    OverrideKind,
    OwnStatusPolicy,
    PersonKey,
    Photo,
    Picture,
    Status,
    Stretch,
    Timeline,
    Visibility,
)
from services.domain.people import PersonFacts, Preferences
from services.domain.reasons import ReasonCode
from services.domain.timeline import resolve
from tests.support.lists import routine, rule

BERLIN = ZoneInfo("Europe/Berlin")


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def event(title: str, start: datetime, end: datetime, **more: object) -> Event:
    return replace(Event("c", title, start, end, title=title), **more)  # type: ignore[arg-type]  # by name


TODAY, TOMORROW = at(0), at(0, day=25)


def line(*events: Event, start: datetime = TODAY, end: datetime = TOMORROW, **more: object) -> Timeline:
    facts = PersonFacts(PersonKey("T1", "U1"), BERLIN, events=events)
    return resolve(replace(facts, **more), start, end)  # type: ignore[arg-type]  # fields by name


def shown(timeline: Timeline) -> list[tuple[str, str, str]]:
    return [
        (f"{span.start.astimezone(BERLIN):%H:%M}", f"{span.end.astimezone(BERLIN):%H:%M}", span.status.text)
        for span in timeline.spans
        if span.shows
    ]


# ── who wins ────────────────────────────────────────────────────────────────────────────────────────


def test_rule_below_the_meetings_shows_between_them() -> None:
    events = (event("On call", at(9), at(17)), event("Planning", at(10), at(11)))
    lines = put(complete(()), rule("On call", "on call"), "focus")
    expected = [("09:00", "10:00", "On call"), ("10:00", "11:00", "In a meeting"), ("11:00", "17:00", "On call")]
    assert shown(line(*events, lines=lines)) == expected
    assert shown(line(*events, lines=moved(lines, "On call", -9))) == [("09:00", "17:00", "On call")]


def test_kinds_that_are_moved_win_where_they_stand() -> None:
    events = (event("Plan", at(9), at(11)), event("Quiet", at(10), at(12), type=EventType.FOCUS))
    assert shown(line(*events)) == [("09:00", "11:00", "In a meeting"), ("11:00", "12:00", "Focusing")]
    lines = moved(complete(()), "focus", -1)
    assert shown(line(*events, lines=lines)) == [("09:00", "10:00", "In a meeting"), ("10:00", "12:00", "Focusing")]


def test_kind_that_is_switched_off_does_not_count() -> None:
    timeline = line(event("Plan", at(9), at(11)), lines=switched(complete(()), "meeting"))
    assert shown(timeline) == []
    assert [verdict.reason.code for verdict in timeline.verdicts] == [ReasonCode.LINE_OFF]
    named = put(switched(complete(()), "meeting"), rule("Planning", "plan"))
    assert shown(line(event("Plan", at(9), at(11)), lines=named)) == [("09:00", "11:00", "Planning")]


def test_rule_says_what_its_kind_says_where_it_says_nothing() -> None:
    lines = complete((rule("a", "plan", look=Look()),), {Kind.MEETING: Look("Busy", ":no_entry:")})
    assert line(event("Plan", at(9), at(11)), lines=lines).at(at(9)).status == Status("Busy", ":no_entry:", at(11))


@pytest.mark.parametrize(
    ("titles", "visibility", "look", "emoji"),
    [
        (True, Visibility.DEFAULT, Look(), ":pizza:"),
        (True, Visibility.DEFAULT, Look(emoji=":calendar:"), ":calendar:"),
        (True, Visibility.PRIVATE, Look(), ":spiral_calendar_pad:"),
        (False, Visibility.DEFAULT, Look(), ":spiral_calendar_pad:"),
    ],
)
def test_emoji_of_a_title_that_may_show_is_taken(titles: bool, visibility: Visibility, look: Look, emoji: str) -> None:
    party = event("Team 🍕 lunch 🎉", at(12), at(13), visibility=visibility)
    lines = complete((), {Kind.MEETING: look})
    assert line(party, lines=lines, preferences=Preferences(titles=titles)).at(at(12)).status.emoji == emoji
    plain = event("Lunch", at(12), at(13), visibility=visibility)
    assert line(plain, lines=complete(()), preferences=Preferences(titles=titles)).at(at(12)).status.emoji == (
        ":spiral_calendar_pad:"
    )


# ── routines ────────────────────────────────────────────────────────────────────────────────────────


def test_routine_shows_between_focus_and_working_location() -> None:
    lines = put(complete(()), routine())
    events = (
        event("Home", at(0), at(0, day=25), type=EventType.WORKING_LOCATION),
        event("Quiet", at(13), at(14), type=EventType.FOCUS),
    )
    timeline = line(*events, lines=lines)
    assert shown(timeline) == [
        ("00:00", "12:30", "Working from home"), ("12:30", "13:00", "Lunch"), ("13:00", "14:00", "Focusing"),
        ("14:00", "00:00", "Working from home"),
    ]  # fmt: skip
    span = timeline.at(at(12, 30))
    assert (span.rule, span.reason.code, span.planned, span.uid) == ("Lunch", ReasonCode.ROUTINE, True, "")
    assert shown(line(*events, lines=switched(lines, "Lunch")))[0] == ("00:00", "13:00", "Working from home")


def test_routine_is_on_its_days_from_the_first_to_the_last() -> None:
    lunch = routine(days=frozenset({0, 1, 2}), first=date(2026, 11, 24), last=date(2026, 12, 1))
    timeline = line(lines=complete((lunch,)), start=at(0, day=20), end=datetime(2026, 12, 5, tzinfo=UTC))
    days = [span.start.astimezone(BERLIN).date() for span in timeline.spans if span.shows]
    assert days == [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 30), date(2026, 12, 1)]


def test_routine_runs_over_midnight_and_belongs_to_the_day_it_starts_on() -> None:
    night = routine("Night shift", time(22), time(6), days=frozenset({1}))
    timeline = line(lines=complete((night,)), end=at(0, day=27))
    assert [(span.start, span.end) for span in timeline.spans if span.shows] == [(at(22), at(6, day=25))]
    assert shown(line(lines=complete((night,)), start=at(1, day=25), end=at(12, day=25)))[0][1:] == (
        "06:00",
        "Night shift",
    )


def test_routine_keeps_the_wall_clock_over_a_change_of_the_clock() -> None:
    lines = complete((routine("Early", time(2, 15), time(3, 30)),))
    zone = partial(datetime, tzinfo=UTC)
    spring = line(lines=lines, start=zone(2026, 3, 28), end=zone(2026, 3, 31))
    assert [(span.start, span.end) for span in spring.spans if span.shows] == [
        (zone(2026, 3, 28, 1, 15), zone(2026, 3, 28, 2, 30)),
        (zone(2026, 3, 29, 1, 15), zone(2026, 3, 29, 1, 30)),  # 2:15 is not there: as before the gap, 3:15
        (zone(2026, 3, 30, 0, 15), zone(2026, 3, 30, 1, 30)),
    ]
    gone = complete((routine("Gap", time(2, 15), time(2, 45)),))
    assert (
        len([span for span in line(lines=gone, start=zone(2026, 3, 29), end=zone(2026, 3, 30)).spans if span.shows])
        == 1
    )
    swallowed = complete((routine("Gap", time(2, 30), time(3, 15)),))
    found = line(lines=swallowed, start=zone(2026, 3, 29), end=zone(2026, 3, 29, 12))
    assert [span for span in found.spans if span.shows] == []
    autumn = line(lines=lines, start=zone(2026, 10, 24, 22), end=zone(2026, 10, 25, 12))
    assert [(span.start, span.end) for span in autumn.spans if span.shows] == [
        (zone(2026, 10, 25, 0, 15), zone(2026, 10, 25, 2, 30))
    ]


def test_routine_that_is_not_for_days_with_an_absence() -> None:
    lines = complete((routine(not_when_absent=True),))
    half = event("OOO", at(15), at(18), type=EventType.OUT_OF_OFFICE)
    timeline = line(half, lines=lines, end=at(0, day=26))
    assert [span.rule for span in timeline.spans if span.shows] == ["out_of_office", "Lunch"]
    away = Override("o", at(8), at(9), at(8), OverrideKind.OUT_OF_OFFICE)
    assert [text for _, _, text in shown(line(lines=lines, overrides=(away,)))] == ["Out of office until 09:00"]
    assert [text for _, _, text in shown(line(half, lines=complete((routine(),))))] == [
        "Lunch", "Out of office until 18:00",
    ]  # fmt: skip


def test_routine_says_its_end_and_has_an_emoji() -> None:
    lunch = replace(routine(), look=Look("Back at {until}"))
    assert line(lines=complete((lunch,))).at(at(13)).status == Status("Back at 13:30", ":speech_balloon:", at(13, 30))


# ── effects ─────────────────────────────────────────────────────────────────────────────────────────

MUTES = frozenset({Effect.DND})


def muting(*kinds: str) -> tuple[Line, ...]:
    return tuple(replace(one, effects=MUTES) if one.id in kinds else one for one in complete(()))


def test_neighbouring_spans_with_an_effect_are_one_stretch_for_it() -> None:
    events = (
        event("Plan", at(9), at(10)), event("Quiet", at(10), at(11), type=EventType.FOCUS),
        event("Talk", at(12), at(13)),
    )  # fmt: skip
    timeline = line(*events, lines=muting("meeting", "focus"))
    assert timeline.stretches == (
        Stretch(Effect.DND, at(9), at(11), rule="meeting"), Stretch(Effect.DND, at(12), at(13), rule="meeting"),
    )  # fmt: skip
    assert line(*events, lines=muting("focus")).stretches == (Stretch(Effect.DND, at(10), at(11), rule="focus"),)
    assert line(*events, lines=complete(())).stretches == ()


def test_stretch_begins_where_it_really_began_and_ends_where_it_really_ends() -> None:
    lines = muting("meeting")
    long = event("Offsite", at(9, day=23), at(18, day=28))
    timeline = line(long, lines=lines)
    assert timeline.stretches == (Stretch(Effect.DND, at(9, day=23), at(18, day=28), rule="meeting"),)
    typed = Override("o", at(8), None, at(8), text="Heads down", effects=MUTES)
    assert line(overrides=(typed,)).stretches == (
        Stretch(Effect.DND, at(8), at(0, day=25), ends=False, rule="override"),
    )


def test_other_photo_is_another_stretch() -> None:
    palm, cup = Photo(Picture.PALM), Photo(Picture.CUP, "top")
    lines = complete((
        rule("a", "one", effects=frozenset({Effect.PHOTO})),
        rule("b", "two", effects=frozenset({Effect.PHOTO}), photo=cup),
        rule("c", "three", effects=frozenset({Effect.PHOTO}), photo=palm),
    ))  # fmt: skip
    events = (event("one", at(9), at(10)), event("three", at(10), at(11)), event("two", at(11), at(12)))
    assert line(*events, lines=lines).stretches == (
        Stretch(Effect.PHOTO, at(9), at(11), rule="a", photo=palm),
        Stretch(Effect.PHOTO, at(11), at(12), rule="b", photo=cup),
    )


def test_absence_that_was_asked_for_has_the_effects_of_its_line() -> None:
    away = Override("o", at(9), at(17), at(8), OverrideKind.OUT_OF_OFFICE)
    lines = muting("out_of_office")
    assert line(lines=lines, overrides=(away,)).stretches == (Stretch(Effect.DND, at(9), at(17), rule="override"),)
    assert line(lines=switched(lines, "out_of_office"), overrides=(away,)).stretches == ()
    lunch = Override("l", at(12), at(13), at(12), text="Lunch")
    assert [one.start for one in line(lines=lines, overrides=(away, lunch)).stretches] == [at(9), at(13)]
    back = Override("b", at(10), at(17), at(10), OverrideKind.BACK)
    assert [one.end for one in line(lines=lines, overrides=(away, back)).stretches] == [at(10)]


# ── what was asked for without an end ───────────────────────────────────────────────────────────────


def typed(name: str, hour: int, end: datetime | None = None, **more: object) -> Override:
    return replace(Override(name, at(hour), end, at(hour), text=name), **more)  # type: ignore[arg-type]  # by name


def test_override_without_an_end_yields_to_what_begins_later_and_shows_again() -> None:
    events = (event("Plan", at(8), at(11)), event("Talk", at(13), at(14)))
    timeline = line(*events, overrides=(typed("Writing", 10),))
    assert shown(timeline) == [
        ("08:00", "10:00", "In a meeting"), ("10:00", "13:00", "Writing"), ("13:00", "14:00", "In a meeting"),
        ("14:00", "00:00", "Writing"),
    ]  # fmt: skip
    assert [span.status.expiration for span in timeline.spans if span.override] == [at(13), None]
    assert timeline.at(at(15)).began == at(10)


def test_own_status_typed_after_it_is_not_covered_when_it_shows_again() -> None:
    span = line(event("Talk", at(13), at(14)), overrides=(typed("Writing", 10),)).at(at(15))
    standing = Standing(
        applied=Status("In a meeting", ":x:", at(14)), applied_span=at(13), looked_at=at(13),
        wanted=Status("In a meeting", ":x:", at(14)),
    )  # fmt: skip
    decide = partial(ownership.decide, span=span, policy=OwnStatusPolicy.COVER_AND_RESTORE, pause=None, now=at(14, 1))
    theirs = Status("Gone fishing", ":fish:")
    told = ownership.hint(standing, theirs, at(13, 30))
    assert told is not None
    left = decide(theirs, told)
    assert (left.status, left.reason.code) == (None, ReasonCode.OWN_TYPED_DURING)
    written = decide(Status(), replace(standing, applied=None, applied_span=None, wanted=None))
    assert written.status == Status("Writing", ":speech_balloon:")


def test_override_with_an_end_and_a_later_one_win_over_it() -> None:
    asked = (typed("Writing", 9), typed("Lunch", 12, at(13)), typed("Reading", 15))
    assert shown(line(event("Talk", at(11), at(14)), overrides=asked)) == [
        ("09:00", "11:00", "Writing"), ("11:00", "12:00", "In a meeting"), ("12:00", "13:00", "Lunch"),
        ("13:00", "14:00", "In a meeting"), ("14:00", "15:00", "Writing"), ("15:00", "00:00", "Reading"),
    ]  # fmt: skip


def test_absence_that_was_asked_for_before_covers_it_from_its_own_start() -> None:
    away = Override("away", at(12), at(18), at(8), OverrideKind.OUT_OF_OFFICE)
    timeline = line(overrides=(away, typed("Writing", 10)))
    assert shown(timeline) == [
        ("10:00", "12:00", "Writing"), ("12:00", "18:00", "Out of office until 18:00"), ("18:00", "00:00", "Writing"),
    ]  # fmt: skip
    assert [(told.start, told.end) for told in timeline.absences] == [(at(12), at(18))]
    running = (away, typed("Writing", 10))
    assert [timeline.at(at(hour)).which_of(running) for hour in (11, 13)] == [running[1], away]
    assert timeline.at(at(9)).which_of(running) == running[1]
    assert timeline.at(at(11)).which_of([away]) is None


def test_typed_status_whose_place_it_took_keeps_no_event_from_covering_it() -> None:
    asked = (typed("Lunch", 9, at(13)), typed("Writing", 10))
    assert shown(line(event("Talk", at(11), at(12)), overrides=asked)) == [
        ("09:00", "10:00", "Lunch"), ("10:00", "11:00", "Writing"), ("11:00", "12:00", "In a meeting"),
        ("12:00", "00:00", "Writing"),
    ]  # fmt: skip


def test_absence_on_which_it_was_typed_still_hides_the_meetings_in_it() -> None:
    away = Override("away", at(9), at(18), at(8), OverrideKind.OUT_OF_OFFICE)
    timeline = line(event("Talk", at(11), at(12)), overrides=(away, typed("Writing", 10)))
    assert shown(timeline)[1:] == [("10:00", "00:00", "Writing")]


def test_who_is_back_early_from_what_covered_it_sees_it_again() -> None:
    back = Override("b", at(13, 10), at(14), at(13, 10), OverrideKind.BACK)
    timeline = line(event("Talk", at(13), at(14)), overrides=(typed("Writing", 10), back))
    assert shown(timeline)[1:] == [("13:00", "13:10", "In a meeting"), ("13:10", "00:00", "Writing")]


def test_override_without_an_end_is_never_covered_where_mine_always_wins() -> None:
    mine = Preferences(own_status=OwnStatusPolicy.MINE_ALWAYS_WINS)
    timeline = line(event("Talk", at(13), at(14)), overrides=(typed("Writing", 10),), preferences=mine)
    assert shown(timeline) == [("10:00", "00:00", "Writing")]


def test_routine_covers_it_and_idle_time_does_not() -> None:
    idle = Preferences(idle=Status("Here", ":wave:"))
    timeline = line(lines=complete((routine(),)), overrides=(typed("Writing", 10),), preferences=idle)
    assert [text for _, _, text in shown(timeline)] == ["Here", "Writing", "Lunch", "Writing"]
    assert timeline.at(at(0) + timedelta(hours=1)).rule == "idle"


def test_of_two_overrides_asked_for_at_once_the_greater_id_wins_whatever_their_ends() -> None:
    for ends in ((11, 12), (12, 11), (None, 11), (11, None)):
        asked = [
            Override(name, at(9), end and at(end), at(9), text=name) for name, end in zip(("a", "b"), ends, strict=True)
        ]
        for overrides in (asked, asked[::-1]):
            assert line(overrides=tuple(overrides)).at(at(10)).status.text == "b"


def test_routine_is_not_on_a_day_that_there_was_not() -> None:
    apia = ZoneInfo("Pacific/Apia")
    fridays = routine(start=time(9), end=time(10), days=frozenset({4}))
    facts = PersonFacts(PersonKey("T1", "U1"), apia, lines=complete((fridays,)))
    timeline = resolve(facts, datetime(2011, 12, 29, tzinfo=UTC), datetime(2012, 1, 6, 12, tzinfo=UTC))
    assert [f"{span.start.astimezone(apia):%d.%m. %H:%M}" for span in timeline.spans if span.shows] == ["06.01. 09:00"]
