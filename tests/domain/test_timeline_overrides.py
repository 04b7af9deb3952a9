"""What was asked for over what the calendar says: statuses, absences, and being back early."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from services.domain.decisions import Action, Standing
from services.domain.lines import complete
from services.domain.model import Kind, Look, Override, OverrideKind, OwnStatusPolicy, Status
from services.domain.ownership import decide
from services.domain.people import Preferences
from services.domain.reasons import Reason, ReasonCode
from tests.support.timelines import at, day_off, event, line, own, shown

MEET = "In a meeting"


def override(name: str, start: datetime, end: datetime | None, made: datetime, **more: object) -> Override:
    return replace(Override(name, start, end, made, text=name, emoji="pizza"), **more)  # type: ignore[arg-type]  # by name


def test_newest_override_wins_and_gives_way_to_the_older_at_its_end() -> None:
    overrides = [
        override("long", at(9), at(12), at(9)),
        override("short", at(10), at(10, 30), at(10)),
        override("never", at(11), at(11), at(11)),
    ]
    timeline = line(event("Sync", at(8), at(13)), overrides=overrides)
    assert shown(timeline) == [
        ("08:00", "09:00", MEET),
        ("09:00", "10:00", "long"),
        ("10:00", "10:30", "short"),
        ("10:30", "12:00", "long"),
        ("12:00", "13:00", MEET),
    ]
    assert [span.override for span in timeline.spans if span.shows] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("second", "asked_at"),
    [
        ((at(10), None, at(10)), at(10)),
        ((at(10), at(11), at(10)), at(10)),
        ((at(9), None, at(10)), at(10)),  # of a whole day, asked for while it runs
        ((at(14), None, at(10)), None),  # yet to come
        ((at(9), None, at(9)), None),
    ],
)
def test_same_words_asked_for_again_are_one_span_that_knows_when(
    second: tuple[datetime, datetime | None, datetime], asked_at: datetime | None
) -> None:
    overrides = (override("o1", at(9), None, at(9), text="Writing"), override("o2", *second, text="Writing"))
    found = line(overrides=overrides).at(at(13))
    assert (found.start, found.status.expiration, found.asked_at) == (at(9), None, asked_at)


def test_same_words_asked_for_again_with_a_later_end_are_one_span_until_then() -> None:
    overrides = (
        override("o1", at(9), at(12), at(9), text="Writing"),
        override("o2", at(10), at(13), at(10), text="Writing"),
    )
    found = line(overrides=overrides).at(at(11))
    assert (found.start, found.status.expiration, found.asked_at) == (at(9), at(13), at(10))


def _words_of_the_meeting(name: str, start: datetime, end: datetime) -> Override:
    return override(name, start, end, start, text="In a meeting", emoji=":spiral_calendar_pad:")


def test_words_of_the_meeting_that_are_asked_for_begin_a_span_of_their_own_and_go_on_with_it() -> None:
    said = _words_of_the_meeting("o1", at(10, 20), at(10, 40))
    meeting, asked = line(event("Sync", at(10), at(11)), overrides=(said,)).spans[1:3]
    assert (meeting.start, meeting.end, meeting.override) == (at(10), at(10, 20), False)
    assert (asked.start, asked.end, asked.override, asked.began) == (at(10, 20), at(11), True, None)
    assert asked.status == replace(meeting.status, expiration=at(11))
    again = _words_of_the_meeting("o2", at(10, 50), at(10, 55))
    found = line(event("Sync", at(10), at(11)), overrides=(said, again)).at(at(10, 50))
    assert (found.start, found.end, found.override) == (at(10, 50), at(11), True)


def test_words_of_the_meeting_end_with_what_was_asked_for_where_what_is_typed_always_wins() -> None:
    said = _words_of_the_meeting("o1", at(10, 20), at(10, 40))
    mine = Preferences(own_status=OwnStatusPolicy.MINE_ALWAYS_WINS)
    spans = line(event("Sync", at(10), at(11)), overrides=(said,), preferences=mine).spans[1:4]
    assert [(span.end, span.override) for span in spans] == [(at(10, 20), False), (at(10, 40), True), (at(11), False)]


def test_words_of_the_meeting_are_written_over_what_was_typed_in_it() -> None:
    own = Status("own", ":cat:")
    standing = Standing(own=own, own_since=at(10, 10), looked_at=at(10, 10))
    before = line(event("Sync", at(10), at(11))).at(at(10, 20))
    policy = OwnStatusPolicy.COVER_AND_RESTORE
    left = decide(own, standing, before, policy=policy, pause=None, now=at(10, 20))
    assert (left.action, left.reason.code) == (Action.LEAVE, ReasonCode.OWN_TYPED_DURING)
    said = _words_of_the_meeting("o1", at(10, 20), at(10, 40))
    span = line(event("Sync", at(10), at(11)), overrides=(said,)).at(at(10, 20))
    written = decide(own, left.standing, span, policy=policy, pause=None, now=at(10, 20))
    assert (written.action, written.standing.covered) == (Action.WRITE, own)


def test_override_without_end_reaches_the_end_of_the_window_without_expiration() -> None:
    span = line(overrides=[override("gone", at(9), None, at(9))]).spans[-1]
    assert (span.start, span.end, span.status) == (at(9), at(0, day=25), Status("gone", ":pizza:", None))
    assert span.reason.until is None


def test_back_early_shows_nothing_until_it_ends() -> None:
    back = override("back", at(10, 20), at(11), at(10, 20), kind=OverrideKind.BACK)
    timeline = line(event("Sync", at(10), at(11, 30)), overrides=[back])
    assert shown(timeline) == [("10:00", "10:20", MEET), ("11:00", "11:30", MEET)]
    span = timeline.at(at(10, 30))
    assert (span.rule, span.reason.code, span.override) == ("back", ReasonCode.BACK_EARLY, True)


def test_back_early_from_the_last_event_has_no_end_to_tell() -> None:
    back = override("back", at(10, 20), at(11), at(10, 20), kind=OverrideKind.BACK)
    span = line(event("Sync", at(10), at(11)), overrides=[back]).at(at(10, 30))
    assert (span.end, span.reason) == (at(0, day=25), Reason(ReasonCode.BACK_EARLY, "back", None))


def test_override_without_text_or_emoji() -> None:
    overrides = [override("", at(9), at(10), at(9), emoji=""), override("Lunch", at(10), at(11), at(9), emoji="")]
    assert shown(line(overrides=overrides)) == [("10:00", "11:00", "Lunch")]
    assert line(overrides=overrides).at(at(10)).status.emoji == ":speech_balloon:"


@pytest.mark.parametrize(
    ("text", "show", "end", "expected"),
    [
        ("", {}, at(12), "Out of office until 13:00"),
        ("", {}, at(12, day=26), "Out of office until 26 November"),
        ("", {}, None, "Out of office"),
        ("Skiing", {}, at(12), "Skiing"),
        ("", {Kind.OUT_OF_OFFICE: Look("Away till {until}")}, at(12), "Away till 13:00"),
        ("", {Kind.OUT_OF_OFFICE: Look("Away till {until}")}, None, "Out of office"),
        ("", {Kind.OUT_OF_OFFICE: Look("{title}")}, None, "Out of office"),
    ],
)
def test_out_of_office_override_says(text: str, show: dict[Kind, Look], end: datetime | None, expected: str) -> None:
    asked = override("o", at(9), end, at(9), kind=OverrideKind.OUT_OF_OFFICE, text=text, emoji="")
    span = line(overrides=[asked], lines=complete((), show)).at(at(9))
    assert (span.status.text, span.status.emoji, span.kind) == (expected, ":palm_tree:", Kind.OUT_OF_OFFICE)


def test_absence_names_the_end_of_its_whole_stretch() -> None:
    events = [day_off("Vacation", 24, 26), day_off("Holiday", 26, 28), event("Dentist", at(9), at(10))]
    timeline = line(*events, lines=(own("r1", "dentist", text="Dentist"),), end=at(0, day=30))
    assert [span.status.text for span in timeline.spans if span.shows] == [
        "Out of office until 28 November",
        "Dentist",
        "Out of office until 28 November",
    ]


def test_absence_with_a_gap_names_each_end() -> None:
    events = [
        event("Sick", at(8), at(9)),
        event("Sick", at(10), at(11), "s2"),
        event("Sick", at(10, 30), at(11, 30), "s3"),
    ]
    assert shown(line(*events)) == [
        ("08:00", "09:00", "Out of office until 10:00"),
        ("10:00", "11:30", "Out of office until 12:30"),
    ]


def test_absence_asked_for_and_in_the_calendar_is_one_stretch() -> None:
    asked = override("o", at(9), at(11), at(9), kind=OverrideKind.OUT_OF_OFFICE, text="", emoji="")
    timeline = line(event("Sick", at(10), at(14)), overrides=[asked])
    assert shown(timeline) == [("09:00", "14:00", "Out of office until 15:00")]
