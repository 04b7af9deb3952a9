"""Events whose time says no more than the second, which is the one in which we looked or wrote.

Slack's `event_ts` of a `user_change` is such as 1653440565.001100: a second, and a counter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.domain.decisions import Action, Standing, moment_of
from services.domain.model import NO_STATUS, Span, Status
from services.domain.ownership import hint, intent, record
from services.domain.profile_state import ProfileState
from services.domain.reasons import Reason, ReasonCode
from services.store.write_queue import merged
from tests.support.profiles import FREE, FRESH, LUNCH, MEETING, MET, at, look, shows

LOOKED = at(10) + timedelta(milliseconds=400)
CUT, COUNTED = at(10), at(10) + timedelta(microseconds=1100)
TEA = Status("Tea", ":tea:")


def written(before: Status = NO_STATUS, known: Standing = FRESH) -> Standing:
    return record(look(before, known, MEETING, LOOKED), MET)


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        (CUT, LOOKED + timedelta(microseconds=1)), (COUNTED, LOOKED + timedelta(microseconds=1)),
        (at(10) + timedelta(milliseconds=300), at(10) + timedelta(milliseconds=300)),
        (at(9, 59, 59), at(9, 59, 59)), (at(10, 0, 1), at(10, 0, 1)),
    ],
    ids=["cut", "counted", "to the millisecond", "the second before", "the second after"],
)  # fmt: skip
def test_event_of_the_very_second_may_be_newer_than_our_look(stamp: datetime, moment: datetime) -> None:
    assert moment_of(TEA, stamp, Standing(looked_at=LOOKED)) == moment


@pytest.mark.parametrize("stamp", [CUT, COUNTED])
@pytest.mark.parametrize("before", [NO_STATUS, LUNCH], ids=["empty before", "Lunch before"])
def test_status_typed_between_our_look_and_our_write_is_put_back(stamp: datetime, before: Status) -> None:
    told = hint(written(before), TEA, stamp)
    assert told is not None
    ours = look(MET, told, MEETING, at(10, 1))
    assert (ours.action, ours.standing.covered) == (Action.LEAVE, TEA)
    over = look(NO_STATUS, ours.standing, FREE, at(11))
    assert (over.action, over.status) == (Action.RESTORE, TEA)


def test_status_that_is_told_of_before_the_write_is_recorded_is_put_back_too() -> None:
    decision = look(NO_STATUS, FRESH, MEETING, LOOKED)
    told = hint(intent(FRESH, decision), TEA, CUT)
    assert told is not None
    state = ProfileState(standing=record(decision, MET))
    assert merged(state, replace(state, standing=told)).standing.covered == TEA


def test_status_that_is_told_of_where_the_look_is_not_stored_is_put_back_too() -> None:
    told = hint(replace(FRESH, pending=MET), TEA, CUT)
    assert told is not None
    state = ProfileState(standing=written())
    assert merged(state, replace(state, standing=told)).standing.covered == TEA


def test_what_was_told_before_our_look_changes_nothing() -> None:
    state = ProfileState(standing=written())
    told = replace(FRESH, own=TEA, own_since=at(9, 59, 59))
    assert merged(state, replace(state, standing=told)) == state


def test_status_cleared_by_hand_in_the_second_of_our_write_stays_cleared() -> None:
    told = hint(written(), NO_STATUS, CUT)
    assert told is not None
    again = look(NO_STATUS, told, MEETING, at(10, 1))
    assert (again.action, again.reason.code) == (Action.LEAVE, ReasonCode.CLEARED_BY_HAND)


def test_late_echo_of_what_was_covered_is_no_status_that_was_typed() -> None:
    covering = written(LUNCH)
    assert hint(covering, LUNCH, CUT) == covering


def test_late_echo_of_what_we_wrote_before_is_no_status_that_was_typed() -> None:
    other = shows(at(9), at(12), "Focusing")
    before = record(look(NO_STATUS, Standing(looked_at=at(9)), other, at(9, 30)), other.status)
    after = written(other.status, before)
    assert hint(after, other.status, CUT) == after
    cleared = record(look(other.status, before, FREE, at(10)), NO_STATUS)
    again = written(NO_STATUS, cleared)
    assert hint(again, other.status, CUT) == again


def test_late_echo_of_what_was_undone_within_the_second_loses_nothing_of_theirs() -> None:
    asked = Span(at(9), at(18), Status("Focus", ":dart:"), "override", Reason(ReasonCode.OVERRIDE), override=True)
    typed = record(look(LUNCH, FRESH, asked, at(10) + timedelta(milliseconds=100)), asked.status)
    undone = look(asked.status, typed, FREE, at(10) + timedelta(milliseconds=700))
    assert (undone.action, undone.status) == (Action.RESTORE, LUNCH)
    restored = record(undone, LUNCH)
    assert hint(restored, asked.status, COUNTED) == restored
    assert look(LUNCH, restored, FREE, at(10, 0, 5)).action is Action.LEAVE


BEFORE = shows(at(9), at(10))
LUNCH_UNTIL_TEN = replace(LUNCH, expiration=at(10))


@pytest.mark.parametrize(
    "known",
    [
        Standing(applied=BEFORE.status, applied_span=at(9), looked_at=at(9)),
        replace(FRESH, pending=BEFORE.status),
        replace(FRESH, own=LUNCH_UNTIL_TEN, own_since=at(9)),
    ],
    ids=["ours", "ours, not recorded", "theirs"],
)
def test_end_of_what_stood_before_is_no_clearing_by_hand(known: Standing) -> None:
    after = written(known=known)
    assert after.applied == MET
    assert hint(after, NO_STATUS, COUNTED) is None


def test_status_cleared_by_hand_in_the_second_of_our_write_is_so_long_after_another_ended() -> None:
    ended = look(NO_STATUS, Standing(applied=BEFORE.status, applied_span=at(9), looked_at=at(9)), FREE, at(10))
    later = shows(at(11), at(12))
    after = record(look(NO_STATUS, ended.standing, later, at(11) + timedelta(milliseconds=400)), later.status)
    told = hint(after, NO_STATUS, at(11))
    assert told is not None
    assert told.own == NO_STATUS


def test_late_echo_of_our_clearing_is_set_right_by_the_next_look() -> None:
    told = hint(written(), NO_STATUS, CUT)
    assert told is not None
    assert look(MET, told, MEETING, at(10, 1)).reason.code is ReasonCode.SHOWS_ALREADY
