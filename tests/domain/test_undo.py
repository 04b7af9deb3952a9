"""Taking back: what a change did and nothing else; where the same thing was changed since, nothing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import ChangedSinceError, TooManyError
from services.domain.lines import MOST_LINES, Line, Match, Routine, Rule, complete, moved, put, switched, without
from services.domain.model import Look, Override
from services.domain.people import Preferences
from services.domain.undo import Change, ended, list_put_back, preferences_put_back
from tests.support.profiles import at


def rule(name: str, text: str = "x") -> Rule:
    return Rule(name, name, Match(title_words=(name,)), Look(text))


LIST = complete((rule("a"), rule("b"), rule("c")))
LUNCH = Routine("lunch", Look("Lunch"), frozenset({0}), time(12), time(13))


def ids(lines: tuple[Line, ...]) -> list[str]:
    return [line.id for line in lines]


@pytest.mark.parametrize(
    "after",
    [
        put(LIST, rule("new")), put(LIST, LUNCH), put(LIST, rule("b", "y")), put(LIST, rule("b", "y"), "end"),
        moved(LIST, "a", 3), moved(LIST, "c", -2), switched(LIST, "meeting"), without(LIST, "a"), without(LIST, "c"),
        without(without(LIST, "a"), "b"), complete((rule("z"),)), complete(()), LIST[::-1], LIST,
    ],
)  # fmt: skip
def test_what_was_changed_is_put_back(after: tuple[Line, ...]) -> None:
    assert list_put_back(after, LIST, after) == LIST


LINES = [rule(name) for name in "abcdef"]
SOME = st.lists(st.sampled_from(LINES), unique_by=lambda line: line.id).map(tuple)
EDITED = st.lists(
    st.sampled_from([*LINES, *(replace(line, look=Look("y")) for line in LINES)]), unique_by=lambda line: line.id
).map(tuple)


@given(SOME, EDITED)
def test_any_change_put_back_at_once_leaves_what_was_before(before: tuple[Line, ...], after: tuple[Line, ...]) -> None:
    assert list_put_back(after, before, after) == before


@given(SOME, EDITED, EDITED)
def test_what_was_not_touched_stays_whatever_else_happens(
    before: tuple[Line, ...], after: tuple[Line, ...], now: tuple[Line, ...]
) -> None:
    was, became = ({line.id: line for line in some} for some in (before, after))
    touched = {name for name in was.keys() | became.keys() if was.get(name) != became.get(name)}
    try:
        found = {line.id: line for line in list_put_back(now, before, after)}
    except ChangedSinceError:
        return
    assert {name: line for name, line in found.items() if name not in touched} == {
        line.id: line for line in now if line.id not in touched
    }
    assert {name: found.get(name) for name in touched} == {name: was.get(name) for name in touched}


def test_other_lines_changed_since_stay_as_they_are() -> None:
    after = put(LIST, rule("b", "y"))
    now = put(switched(after, "focus"), rule("new"))
    assert list_put_back(now, LIST, after) == put(switched(LIST, "focus"), rule("new"))
    assert ids(list_put_back(without(without(LIST, "c"), "a"), LIST, without(LIST, "c"))) == ["b", "c", *ids(LIST)[3:]]


@pytest.mark.parametrize(
    ("after", "now"),
    [
        (put(LIST, rule("b", "y")), put(LIST, rule("b", "z"))),
        (put(LIST, rule("b", "y")), without(LIST, "b")),
        (put(LIST, rule("new")), put(LIST, rule("new", "z"))),
        (without(LIST, "a"), LIST),
        (moved(LIST, "a", 1), LIST),
        (moved(LIST, "a", 1), moved(LIST, "a", 2)),
    ],
)
def test_line_that_was_changed_since_is_not_put_back(after: tuple[Line, ...], now: tuple[Line, ...]) -> None:
    with pytest.raises(ChangedSinceError):
        list_put_back(now, LIST, after)


def test_settings_are_put_back_one_by_one() -> None:
    before = Preferences(lead=timedelta(minutes=1))
    after = replace(before, lead=timedelta(minutes=2), titles=True)
    now = replace(after, bridge=timedelta(minutes=5))
    assert preferences_put_back(now, before, after) == replace(before, bridge=timedelta(minutes=5))
    with pytest.raises(ChangedSinceError):
        preferences_put_back(replace(now, titles=False), before, after)


def test_no_more_is_put_back_than_one_person_can_have() -> None:
    full = complete(tuple(rule(f"r{number}") for number in range(MOST_LINES)))
    now = put(without(full, "r0"), rule("new"))
    with pytest.raises(TooManyError):
        list_put_back(now, full, without(full, "r0"))
    assert list_put_back(without(now, "new"), full, without(full, "r0")) == full


def test_change_of_what_is_shown_is_told_from_one_of_a_list_settings_or_calendars() -> None:
    assert Change(overrides=((None, None),), pause=(None, None)).is_of_status
    lines, preferences = (LIST, LIST), (Preferences(), Preferences())
    for other in (
        Change(lines=lines),
        Change(preferences=preferences),
        Change(calendar_id="c"),
        Change(account_id="a"),
    ):
        assert not other.is_of_status
        assert not replace(other, pause=(None, None)).is_of_status


def test_override_that_is_ended_ends_then_and_one_that_had_not_begun_is_gone() -> None:
    running = Override("a", at(9), None, at(9), text="Writing")
    begins, coming = replace(running, start=at(10)), replace(running, start=at(11), end=at(12))
    assert ended([running, begins, coming], at(10)) == (
        (running, replace(running, end=at(10))), (begins, None), (coming, None),
    )  # fmt: skip
