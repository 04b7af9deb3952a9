"""A person's list as they change it: the kinds' own lines among their rules and routines."""

from __future__ import annotations

from functools import partial

import pytest

from services.domain.errors import NothingToDoError, TooManyError
from services.domain.lines import (
    MOST_LINES,
    Line,
    PlaceGoneError,
    complete,
    known,
    moved,
    name_in,
    put,
    switched,
    without,
)
from services.domain.model import Kind, Look
from tests.support.lists import routine, rule

KINDS = ["out_of_office", "meeting", "focus", "working_location"]


def ids(lines: tuple[Line, ...]) -> list[str]:
    return [one.id for one in lines]


def test_list_of_somebody_who_chose_nothing_has_the_kinds_in_their_order() -> None:
    lines = complete((), {Kind.FOCUS: Look("Deep work")})
    assert ids(lines) == KINDS
    assert name_in(lines, "focus") == ""
    assert next(one for one in lines if one.id == "focus").look == Look("Deep work")


def test_missing_kind_comes_to_its_usual_place() -> None:
    whole = complete((rule("a"), *complete(())))
    for kind in KINDS:
        assert ids(complete([one for one in whole if one.id != kind])) == ["a", *KINDS]
    out_of_office, meeting, focus, elsewhere = complete(())
    assert ids(complete([meeting, rule("a"), elsewhere])) == [*KINDS[:2], "a", *KINDS[2:]]
    assert ids(complete([meeting, rule("a")])) == [*KINDS[:2], "a", *KINDS[2:]]
    assert ids(complete([elsewhere, rule("a")])) == [*KINDS, "a"]
    assert ids(complete([focus, out_of_office])) == ["focus", "out_of_office", "meeting", "working_location"]


def test_new_rules_come_before_the_kinds_and_routines_before_the_working_location() -> None:
    lines = put(put(put(complete(()), rule("a")), routine()), rule("b"))
    assert ids(lines) == ["a", "b", "out_of_office", "meeting", "focus", "Lunch", "working_location"]
    assert ids(put(lines, rule("c"), "focus")) == [
        "a", "b", "out_of_office", "meeting", "c", "focus", "Lunch", "working_location",
    ]  # fmt: skip
    assert ids(put(lines, rule("a"), "end"))[-1] == "a"
    assert put(lines, rule("a", "x"))[0] == rule("a", "x")
    assert ids(put(lines, rule("b", "x"), "a")) == ["b", "a", *ids(lines)[2:]]
    assert put(lines, rule("a"), "a") == lines
    for line in (rule("a"), rule("c"), routine()):
        with pytest.raises(PlaceGoneError):
            put(lines, line, "gone")
    assert (name_in(lines, "Lunch"), name_in(lines, "a"), name_in(lines, "gone")) == ("Lunch", "a", "")


def test_lines_are_moved_switched_and_deleted() -> None:
    lines = put(complete(()), rule("a"))
    assert ids(moved(lines, "a", 2)) == ["out_of_office", "meeting", "a", "focus", "working_location"]
    assert moved(lines, "a", -1) == lines
    assert ids(moved(lines, "a", 99))[-1] == "a"
    assert [one.enabled for one in switched(lines, "meeting")] == [True, True, False, True, True]
    assert switched(switched(lines, "meeting"), "meeting") == lines
    assert without(lines, "a") == complete(())
    assert known(lines, "a") == rule("a")
    for edit in (partial(moved, by=1), switched, without, known):
        with pytest.raises(NothingToDoError):
            edit(lines, "gone")
    with pytest.raises(NothingToDoError):
        without(lines, "meeting")


def test_list_is_bounded() -> None:
    lines = complete([rule(f"r{number}") for number in range(MOST_LINES)])
    with pytest.raises(TooManyError):
        put(lines, routine())
    assert put(lines, rule("r1", "x"))[1] == rule("r1", "x")
