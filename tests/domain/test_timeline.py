"""From events to a timeline: who wins, where spans meet, what they say and until when."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.domain.lines import Match, Rule, complete
from services.domain.model import (
    Event,
    EventType,
    Kind,
    Location,
    Look,
    PersonKey,
    ShowAs,
    Status,
    Visibility,
    WallTimes,
)
from services.domain.people import PersonFacts, Policy, Preferences
from services.domain.reasons import ReasonCode
from services.domain.timeline import resolve
from tests.support.timelines import at, day_off, event, line, own, shown

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MEET, FOCUS = "In a meeting", "Focusing"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([event("Sync", at(10), at(11))], [("10:00", "11:00", MEET)]),
        # a short meeting inside of a long one ends, and the long one goes on; both say the same
        ([event("Sync", at(10), at(12)), event("1:1", at(10, 30), at(11))], [("10:00", "12:00", MEET)]),
        ([event("Sync", at(10), at(11)), event("1:1", at(11), at(12))], [("10:00", "12:00", MEET)]),
        ([event("Sync", at(10), at(11)), event("1:1", at(11, 1), at(12))],
         [("10:00", "11:00", MEET), ("11:01", "12:00", MEET)]),
        # out of office > meeting > focus > working location
        ([event("Focus", at(9), at(12)), event("Sync", at(10), at(11))],
         [("09:00", "10:00", FOCUS), ("10:00", "11:00", MEET), ("11:00", "12:00", FOCUS)]),
        ([event("Sync", at(9), at(12)), event("Sick", at(10), at(11))],
         [("09:00", "10:00", MEET), ("10:00", "11:00", "Out of office until 12:00"), ("11:00", "12:00", MEET)]),
        ([event("Home", at(8), at(12), type=EventType.WORKING_LOCATION, working_location=Location.HOME),
          event("Focus", at(9), at(10))],
         [("08:00", "09:00", "Working from home"), ("09:00", "10:00", FOCUS), ("10:00", "12:00", "Working from home")]),
        # across the window's borders
        ([event("Sync", at(23, day=23), at(1))], [("00:00", "01:00", MEET)]),
        ([event("Sync", at(23), at(1, day=25))], [("23:00", "00:00", MEET)]),
        ([event("Sync", at(10), at(10)), event("1:1", at(12), at(11))], []),
    ],
)  # fmt: skip
def test_who_wins_and_where_spans_meet(events: list[Event], expected: list[tuple[str, str, str]]) -> None:
    assert shown(line(*events)) == expected


def test_window_that_ends_in_an_event_changes_nothing_of_when_its_reason_says_that_it_ends() -> None:
    last = line(event("Sync", at(23), at(1, day=25))).spans[-1]
    assert (last.end, last.reason.until) == (at(0, day=25), at(1, day=25))


def test_permuted_input_resolves_the_same() -> None:
    events = [event("Sync", at(10), at(12), f"u{i}", calendar_id=f"c{i}") for i in range(3)] + [
        event("Sick", at(11), at(13))
    ]
    found = {repr(line(*order, lines=TITLED, preferences=TITLES)) for order in itertools.permutations(events)}
    assert len(found) == 1


TITLES = Preferences(titles=True)
TITLE = {Kind.MEETING: Look("{title}"), Kind.FOCUS: Look("{title}")}
TITLED = complete((), TITLE)


@pytest.mark.parametrize(
    ("one", "other", "winner"),
    [
        ((10, 12), (9, 13), "one"),  # the later start
        ((10, 12), (10, 13), "other"),  # then the later end
        ((10, 12), (10, 12), "one"),  # then the smaller id
    ],
)
def test_tie_between_two_events_of_one_rule(one: tuple[int, int], other: tuple[int, int], winner: str) -> None:
    events = [event("one", at(one[0]), at(one[1]), "a"), event("other", at(other[0]), at(other[1]), "b")]
    assert line(*events, lines=TITLED, preferences=TITLES).at(at(11)).status.text == winner


def test_own_rules_come_before_the_defaults_in_their_order() -> None:
    events = [event("Dentist", at(10), at(12)), event("Standup", at(10, 30), at(11)), event("Sick", at(10), at(11, 30))]
    rules = (
        own("off", "sick", enabled=False),
        own("r1", "standup", text="Standing"),
        own("r2", "dentist", text="Teeth"),
    )
    timeline = line(*events, lines=rules)
    assert shown(timeline) == [("10:00", "10:30", "Teeth"), ("10:30", "11:00", "Standing"), ("11:00", "12:00", "Teeth")]
    assert [span.rule for span in timeline.spans if span.shows] == ["r2", "r1", "r2"]


def test_rule_that_ignores_makes_room() -> None:
    timeline = line(event("Standup", at(10), at(11)), lines=(own("r1", "standup", ignore=True),))
    assert shown(timeline) == []
    assert [verdict.reason.code for verdict in timeline.verdicts] == [ReasonCode.IGNORED_BY_RULE]


def test_all_day_follows_the_persons_zone_across_summer_time() -> None:
    wall = WallTimes(datetime(2026, 10, 25), datetime(2026, 10, 26))
    vacation = event("Vacation", at(0), at(0), all_day=True, wall=wall)
    window = {"start": datetime(2026, 10, 24, tzinfo=UTC), "end": datetime(2026, 10, 27, tzinfo=UTC)}
    berlin = line(vacation, **window).spans[1]
    assert (berlin.start, berlin.end) == (
        datetime(2026, 10, 24, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )
    auckland = line(vacation, **window, zone=ZoneInfo("Pacific/Auckland")).spans[1]
    assert (auckland.start, auckland.end) == (
        datetime(2026, 10, 24, 11, tzinfo=UTC),
        datetime(2026, 10, 25, 11, tzinfo=UTC),
    )
    assert berlin.status.text == auckland.status.text == "Out of office until 26 October"


@pytest.mark.parametrize(
    ("gap", "bridge", "expected"),
    [
        (5, 5, [("10:00", "12:00", MEET)]),
        (6, 5, [("10:00", "11:00", MEET), ("11:06", "12:00", MEET)]),
        (5, 0, [("10:00", "11:00", MEET), ("11:05", "12:00", MEET)]),
    ],
)
def test_gap_between_meetings_is_bridged(gap: int, bridge: int, expected: list[tuple[str, str, str]]) -> None:
    events = [event("Sync", at(10), at(11)), event("1:1", at(11, gap), at(12)), event("Inner", at(10, 10), at(10, 20))]
    assert shown(line(*events, preferences=Preferences(bridge=bridge * MINUTE))) == expected


def test_bridge_says_what_ended_last_and_covers_focus_but_no_gap_to_focus() -> None:
    preferences = replace(TITLES, bridge=5 * MINUTE)
    events = [event("Sync", at(10), at(11)), event("1:1", at(11, 5), at(12)), event("Focus", at(11), at(13))]
    timeline = line(*events, lines=TITLED, preferences=preferences)
    assert shown(timeline) == [("10:00", "11:05", "Sync"), ("11:05", "12:00", "1:1"), ("12:00", "13:00", "Focus")]


def test_bridge_is_a_reason_of_its_own_where_it_says_something_else() -> None:
    titles = {"lines": TITLED, "preferences": replace(TITLES, bridge=5 * MINUTE)}
    sick = event("Sick", at(10, 59), at(11, 2))
    timeline = line(event("Sync", at(10), at(11)), event("1:1", at(11, 5), at(12)), sick, **titles)
    assert timeline.at(at(11, 3)).reason.code is ReasonCode.BRIDGED


def test_bridge_goes_on_with_the_higher_of_two_that_ended_together() -> None:
    preferences = replace(TITLES, bridge=5 * MINUTE)
    events = [event("Early", at(9), at(11)), event("Late", at(10), at(11)), event("Next", at(11, 5), at(12))]
    for order in itertools.permutations(events):
        assert line(*order, lines=TITLED, preferences=preferences).at(at(11, 2)).status.text == "Late"


def test_lead_starts_early_by_no_more_and_not_for_a_day() -> None:
    preferences = Preferences(lead=10 * MINUTE)
    assert shown(line(event("Sync", at(10), at(11)), preferences=preferences)) == [("09:50", "11:00", MEET)]
    assert line(day_off("Sick", 24, 25), preferences=preferences, start=at(0, day=23)).at(at(22, 55, 23)).shows is False


def test_idle_fills_the_gaps_and_expires_at_the_next_edge() -> None:
    preferences = Preferences(idle=Status("Here", "wave"))
    timeline = line(event("Sync", at(10), at(11)), preferences=preferences)
    assert shown(timeline) == [("00:00", "10:00", "Here"), ("10:00", "11:00", MEET), ("11:00", "00:00", "Here")]
    assert [span.rule for span in timeline.spans] == ["idle", "meeting", "idle"]
    assert all(span.status.expiration == span.end for span in timeline.spans)


PLACES = Preferences(titles=True)


@pytest.mark.parametrize(
    ("given", "titles", "looks", "text", "emoji"),
    [
        (event("x", at(10), at(11)), False, {}, MEET, ":spiral_calendar_pad:"),
        (event("Focus", at(10), at(11)), False, {}, FOCUS, ":headphones:"),
        (event("x", at(10), at(11), show_as=ShowAs.WORKING_ELSEWHERE, location="Cafe"), False, {},
         "Working remotely", ":round_pushpin:"),
        (event("x", at(10), at(11), show_as=ShowAs.WORKING_ELSEWHERE, location="Cafe"), True, {}, "Working from Cafe",
         ":round_pushpin:"),
        (event("x", at(10), at(11), show_as=ShowAs.WORKING_ELSEWHERE), True, {}, "Working remotely", ":round_pushpin:"),
        (event("WFH", at(10), at(11), show_as=ShowAs.WORKING_ELSEWHERE), False, {}, "Working from home", ":house:"),
        (event("Office", at(10), at(11), type=EventType.WORKING_LOCATION), False, {}, "Working from the office",
         ":office:"),
        (event("x", at(10), at(11)), False, {Kind.MEETING: Look("Busy until {until}", "no_entry")},
         "Busy until 12:00", ":no_entry:"),
        (event("x", at(10), at(11)), False, {Kind.MEETING: Look("", "a b")}, MEET, ":spiral_calendar_pad:"),
        (event("x", at(10), at(11), type=EventType.FOCUS), False, {}, FOCUS, ":headphones:"),
        (event("<!here> {until}", at(10), at(11)), True, TITLE, "here {until}", ":spiral_calendar_pad:"),
        (event("List<T|U> for <@ you> & <!doctype>", at(10), at(11)), True, TITLE, "List<T|U> for <@ you> & <!doctype>",
         ":spiral_calendar_pad:"),
        (event("\x00", at(10), at(11)), True, TITLE, MEET, ":spiral_calendar_pad:"),
    ],
)  # fmt: skip
def test_what_an_event_says(given: Event, *, titles: bool, looks: dict[Kind, Look], text: str, emoji: str) -> None:
    status = line(given, lines=complete((), looks), preferences=Preferences(titles=titles)).at(at(10)).status
    assert (status.text, status.emoji) == (text, emoji)


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("turned_on", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("template", ["{title}", "At {location}"])
def test_title_shows_only_if_default_turned_on_and_allowed(
    visibility: Visibility, *, turned_on: bool, allowed: bool, template: str
) -> None:
    secret = event("Secret", at(10), at(11), visibility=visibility, location="Secret place")
    rules = (Rule("r1", "all", Match(), Look(template)),)
    timeline = line(secret, lines=rules, preferences=Preferences(titles=turned_on), policy=Policy(titles=allowed))
    open_title = visibility is Visibility.DEFAULT and turned_on and allowed
    expected = {"{title}": "Secret", "At {location}": "At Secret place"}[template] if open_title else MEET
    assert timeline.at(at(10)).status.text == expected


def test_rule_says_before_the_person_and_the_person_before_the_kind() -> None:
    rules = (Rule("r1", "x", Match(title_words=("sync",)), Look(emoji="sync")),)
    lines = complete(rules, {Kind.MEETING: Look("Busy", "no_entry")})
    assert line(event("Sync", at(10), at(11)), lines=lines).at(at(10)).status == Status("Busy", ":sync:", at(11))


def test_span_is_named_after_its_winner_where_it_enters_the_window() -> None:
    events = [event("a", at(22, day=23), at(1)), event("b", at(0, 30), at(2)), event("z", at(1, 30), at(3))]
    span = line(*events).spans[0]
    assert (span.uid, span.title, span.start, span.began, span.end) == ("a", "a", at(0), at(22, day=23), at(3))
    later = line(*events, start=at(2, 30)).spans[0]
    assert (later.uid, later.start, later.began) == ("z", at(2, 30), at(22, day=23))


def test_verdicts_cover_all_that_overlaps_sorted() -> None:
    events = [
        event("late", at(12), at(13)),
        event("declined", at(9), at(10), cancelled=True),
        event("no length", at(0), at(0)),
        event("before", at(20, day=23), at(0)),
        event("after", at(0, day=25), at(1, day=25)),
        event("into", at(20, day=23), at(0, 1)),
        event("backwards", at(3), at(1)),
    ]
    found = [(verdict.event.title, verdict.counted) for verdict in line(*events).verdicts]
    assert found == [("into", True), ("no length", False), ("backwards", False), ("declined", False), ("late", True)]


def test_empty_window_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        line(start=at(1), end=at(1))


def test_instant_outside_of_the_window_has_no_span() -> None:
    with pytest.raises(LookupError):
        line(event("Sync", at(10), at(11))).at(at(0, day=25))


@pytest.mark.uncounted
def test_ten_thousand_overlapping_events_are_not_quadratic() -> None:
    events = [event("x", at(0) + i * MINUTE, at(0) + (3 * i + 9000) * MINUTE, f"u{i}") for i in range(10_000)]
    timeline = line(*events, lines=TITLED, preferences=TITLES, end=at(0) + 60 * DAY)
    assert len(timeline.spans) == 2  # one title: one span, then nothing


def test_end_of_the_window_is_not_told_as_the_end_of_having_nothing() -> None:
    start = datetime(2026, 11, 24, tzinfo=UTC)
    (span,) = resolve(PersonFacts(PersonKey("T1", "U1"), ZoneInfo("UTC")), start, start + timedelta(days=40)).spans
    assert (span.end, span.reason.until) == (start + timedelta(days=40), None)
