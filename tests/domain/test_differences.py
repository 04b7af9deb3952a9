"""What another list would change: each event once, with what it says and does before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain import timeline
from services.domain.differences import Difference, differences
from services.domain.lines import Line, Match, Routine, Rule, complete, put, switched
from services.domain.model import Effect, Event, Kind, Look, PersonKey, Photo, Picture, Status, Stretch
from services.domain.people import PersonFacts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MEETING = Status("In a meeting", ":spiral_calendar_pad:")


def event(uid: str, after: timedelta, title: str = "Sync", length: timedelta = HOUR) -> Event:
    return Event("c1", uid, NOW + after, NOW + after + length, title=title)


def changed(lines: tuple[Line, ...], *events: Event, days: int = 7) -> tuple[Difference, ...]:
    facts = PersonFacts(PersonKey("T1", "U1"), ZoneInfo("UTC"), lines=complete(()), events=events)
    window = (NOW, NOW + timedelta(days=days))
    old, new = (timeline.resolve(one, *window) for one in (facts, replace(facts, lines=lines)))
    return differences(old, new)


def test_same_list_changes_nothing() -> None:
    assert changed(complete(()), event("a", HOUR)) == ()


def test_each_event_that_a_rule_names_is_told_once() -> None:
    lines = put(complete(()), Rule("r", "", Match(title_words=("sync",)), Look("Syncing", ":phone:")))
    found = changed(lines, event("a", HOUR), event("b", 3 * HOUR, "Other"), event("c", 26 * HOUR))
    after = Status("Syncing", ":phone:")
    assert found == (
        Difference(NOW + HOUR, NOW + 2 * HOUR, MEETING, after, title="Sync"),
        Difference(NOW + 26 * HOUR, NOW + 27 * HOUR, MEETING, after, title="Sync"),
    )


def test_meetings_back_to_back_are_one_where_they_change_alike() -> None:
    lines = switched(complete(()), "meeting")
    found = changed(lines, event("a", HOUR), event("b", 2 * HOUR))
    assert [(one.start, one.end, one.before, one.after) for one in found] == [
        (NOW + HOUR, NOW + 3 * HOUR, MEETING, Status())
    ]


def test_effects_alone_are_a_change_and_what_the_window_cuts_ends_there() -> None:
    meeting = next(line for line in complete(()) if isinstance(line, Rule) and line.kind is Kind.MEETING)
    lines = put(complete(()), replace(meeting, effects=frozenset({Effect.DND})))
    found = changed(lines, event("a", -HOUR, length=2 * HOUR), event("b", 23 * HOUR, length=2 * HOUR), days=1)
    dnd = frozenset({Effect.DND})
    assert found == (
        Difference(NOW, NOW + HOUR, MEETING, MEETING, frozenset(), dnd, "Sync"),
        Difference(NOW + 23 * HOUR, NOW + 24 * HOUR, MEETING, MEETING, frozenset(), dnd, "Sync"),
    )


def test_routine_shows_where_nothing_was() -> None:
    lines = put(complete(()), Routine("l", Look("Lunch"), frozenset({1}), time(12), time(13)))
    (found,) = changed(lines)
    assert (found.start, found.before, found.after.text) == (NOW + 3 * HOUR, Status(), "Lunch")


def test_other_photo_in_between_is_no_edge_of_what_is_told() -> None:
    middle, end = NOW + HOUR, NOW + 2 * HOUR
    old = timeline.resolve(PersonFacts(PersonKey("T1", "U1"), ZoneInfo("UTC"), lines=complete(())), NOW, end)
    palm, plane = (Photo(picture) for picture in (Picture.PALM, Picture.PLANE))
    stretches = (
        Stretch(Effect.PHOTO, NOW, middle, rule="a", photo=palm),
        Stretch(Effect.PHOTO, middle, end, rule="b", photo=plane),
    )
    (found,) = differences(old, replace(old, stretches=stretches))
    assert (found.start, found.end, found.effects_after) == (NOW, end, {Effect.PHOTO})
