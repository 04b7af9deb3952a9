"""Each line of "From a timeline to the profile", and the readings of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.domain.decisions import GRACE, Action, Standing
from services.domain.model import NO_STATUS, OwnStatusPolicy, Pause, Span, Status
from services.domain.profile_state import stands
from services.domain.reasons import Reason, ReasonCode
from tests.support.profiles import (
    CALENDAR,
    COVERING,
    DURING,
    FREE,
    FRESH,
    LUNCH,
    LUNCH_UNTIL_NOON,
    MEETING,
    MET,
    MINE,
    OURS,
    TABLE,
    Row,
    at,
    look,
    shows,
)


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_decision_as_in_the_table(row: Row) -> None:
    _, profile, standing, span, now, action, code, status = row
    decision = look(profile, standing, span, now)
    assert (decision.action, decision.reason.code, decision.status) == (action, code, status)


@pytest.mark.parametrize(
    ("profile", "policy", "action", "code"),
    [
        (LUNCH, MINE, Action.LEAVE, ReasonCode.OWN_ALWAYS_WINS),
        (LUNCH_UNTIL_NOON, MINE, Action.LEAVE, ReasonCode.OWN_ALWAYS_WINS),
        (LUNCH, CALENDAR, Action.WRITE, ReasonCode.OWN_COVERED),
        (LUNCH_UNTIL_NOON, CALENDAR, Action.WRITE, ReasonCode.OWN_COVERED),
        (NO_STATUS, MINE, Action.WRITE, ReasonCode.PROFILE_FREE),
    ],
)
def test_policy_decides_what_is_covered(
    profile: Status, policy: OwnStatusPolicy, action: Action, code: ReasonCode
) -> None:
    decision = look(profile, FRESH, MEETING, at(10), policy=policy)
    assert (decision.action, decision.reason.code) == (action, code)


def test_calendar_always_wins_over_what_is_typed_during_but_not_over_a_clearing() -> None:
    assert look(LUNCH, DURING, MEETING, at(10, 30), policy=CALENDAR).action is Action.WRITE
    assert look(NO_STATUS, OURS, MEETING, at(10, 30), policy=CALENDAR).reason.code is ReasonCode.CLEARED_BY_HAND


def test_mine_always_wins_chosen_during_a_span_puts_back_at_once() -> None:
    decision = look(MET, COVERING, MEETING, at(10, 30), policy=MINE)
    assert (decision.action, decision.status) == (Action.RESTORE, LUNCH)


@pytest.mark.parametrize("profile", [NO_STATUS, MET, LUNCH])
def test_paused_person_is_never_written(profile: Status) -> None:
    decision = look(profile, OURS, shows(at(10), at(12)), at(10, 30), pause=Pause(at(10, 15), at(10, 45)))
    assert (decision.action, decision.reason, decision.look_again) == (
        Action.LEAVE,
        Reason(ReasonCode.PAUSED, until=at(10, 45)),
        at(10, 45),
    )


def test_what_was_covered_before_a_pause_comes_back_after_it() -> None:
    paused = look(NO_STATUS, COVERING, FREE, at(11, 10), pause=Pause(at(10, 15), at(11, 15)))
    assert look(NO_STATUS, paused.standing, FREE, at(11, 20)).status == LUNCH


@pytest.mark.parametrize(
    ("profile", "standing", "span", "now", "again"),
    [
        (LUNCH_UNTIL_NOON, FRESH, MEETING, at(10), at(12)),
        (MET, OURS, FREE, at(11), at(11) + timedelta(seconds=20)),
        (MET, replace(OURS, covered=LUNCH_UNTIL_NOON), FREE, at(11), at(12)),
        (NO_STATUS, FRESH, MEETING, at(10), None),
        (MET, OURS, MEETING, at(10, 5), None),
        (LUNCH, DURING, MEETING, at(10, 30), None),
        (MET, OURS, FREE, at(11) + GRACE, None),
    ],
)
def test_look_again_when_there_is_something_to_see(
    profile: Status, standing: Standing, span: Span, now: datetime, again: datetime | None
) -> None:
    assert look(profile, standing, span, now).look_again == again


def test_expiration_is_in_whole_seconds_and_never_past() -> None:
    ends = at(11) + timedelta(milliseconds=500)
    decision = look(NO_STATUS, FRESH, shows(at(10), ends), at(10))
    assert decision.status == MET
    assert look(NO_STATUS, FRESH, shows(at(10), ends), at(11) + timedelta(milliseconds=100)).action is Action.LEAVE


def test_override_without_end_has_no_expiration() -> None:
    span = Span(at(10), at(11), LUNCH, "override", Reason(ReasonCode.OVERRIDE), override=True)
    assert look(NO_STATUS, FRESH, span, at(10)).status == LUNCH


def test_span_that_the_window_cut_is_judged_by_where_it_began() -> None:
    cut = replace(shows(at(10, 25), at(11)), began=at(10))
    assert look(LUNCH, DURING, cut, at(10, 30)).reason.code is ReasonCode.OWN_TYPED_DURING


@pytest.mark.parametrize(
    ("standing", "wanted", "expected"),
    [
        (FRESH, NO_STATUS, False),
        (Standing(applied=LUNCH), NO_STATUS, True),
        (Standing(applied=LUNCH), LUNCH, False),
        (Standing(applied=LUNCH, pending=NO_STATUS), NO_STATUS, True),
        (Standing(pending=LUNCH), NO_STATUS, True),
        (Standing(applied=LUNCH_UNTIL_NOON), LUNCH, False),
        (Standing(applied=replace(LUNCH, expiration=at(9))), NO_STATUS, False),
        (Standing(own=LUNCH), NO_STATUS, False),
    ],
)
def test_something_of_ours_stands_that_is_not_wanted(standing: Standing, wanted: Status, *, expected: bool) -> None:
    assert stands(standing, wanted, at(10)) is expected
