"""What was asked for over what the calendar says: statuses, absences, and being back early."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from services.domain.lines import complete
from services.domain.model import Kind, Look, Override, OverrideKind, Status
from services.domain.reasons import ReasonCode
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


def test_meeting_in_which_what_it_says_is_asked_for_is_no_override() -> None:
    said = override("o1", at(10, 20), at(11), at(10, 20), text="In a meeting", emoji=":spiral_calendar_pad:")
    found = line(event("Sync", at(10), at(11)), overrides=(said,)).at(at(10))
    assert (found.end, found.override, found.asked_at) == (at(11), False, None)


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
