"""Deciding twice, dying in between, and what events tell about a profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.domain.decisions import Action, Decision, Standing
from services.domain.model import NO_STATUS, Span, Status
from services.domain.ownership import hint, intent, record
from services.domain.reasons import Reason, ReasonCode
from tests.support.profiles import (
    COVERING,
    DURING,
    FREE,
    FRESH,
    LUNCH,
    MEETING,
    MET,
    OURS,
    TABLE,
    at,
    look,
    nothing,
    shows,
)

# ── twice, and dying in between ─────────────────────────────────────────────────────────────────────


def done(before: Standing, decision: Decision, returned: Status | None = None) -> Standing:
    if decision.status is None:
        return decision.standing
    assert intent(before, decision).pending == decision.status
    return record(decision, decision.status if returned is None else returned)


WRITING = [row[1:5] for row in TABLE if row[5] is not Action.LEAVE]


@pytest.mark.parametrize(("profile", "standing", "span", "now"), WRITING)
def test_deciding_twice_writes_once(profile: Status, standing: Standing, span: Span, now: datetime) -> None:
    first = look(profile, standing, span, now)
    assert first.status is not None
    second = look(first.status, done(standing, first), span, now + timedelta(seconds=1))
    assert second.action is Action.LEAVE


@pytest.mark.parametrize(("profile", "standing", "span", "now"), WRITING)
def test_dying_between_call_and_record_writes_once(
    profile: Status, standing: Standing, span: Span, now: datetime
) -> None:
    first = look(profile, standing, span, now)
    assert first.status is not None
    second = look(first.status, intent(standing, first), span, now + timedelta(seconds=1))
    assert second.action is Action.LEAVE
    assert second.standing.pending is None
    assert second.standing.covered == first.standing.covered


@pytest.mark.parametrize(("profile", "standing", "span", "now"), WRITING)
def test_dying_before_the_call_decides_the_same(profile: Status, standing: Standing, span: Span, now: datetime) -> None:
    first = look(profile, standing, span, now)
    second = look(profile, intent(standing, first), span, now)
    assert (second.action, second.status) == (first.action, first.status)


def test_slack_returning_another_emoji_writes_once() -> None:
    first = look(NO_STATUS, FRESH, MEETING, at(10))
    returned = replace(MET, emoji=":calendar:")
    second = look(returned, done(FRESH, first, returned), MEETING, at(10, 1))
    assert second.reason.code is ReasonCode.SHOWS_ALREADY
    died = look(returned, intent(FRESH, first), MEETING, at(10, 1))
    assert (died.reason.code, died.standing.applied) == (ReasonCode.SHOWS_ALREADY, returned)


def test_dying_after_a_call_and_waking_after_its_end_puts_back() -> None:
    first = look(LUNCH, FRESH, MEETING, at(10))
    assert look(NO_STATUS, intent(FRESH, first), FREE, at(11, 30)).status == LUNCH


def test_what_is_put_back_is_the_persons_again() -> None:
    first = look(MET, COVERING, FREE, at(11))
    standing = done(COVERING, first)
    again = look(LUNCH, standing, shows(at(12), at(13)), at(12))
    assert (again.reason.code, again.standing.covered) == (ReasonCode.OWN_COVERED, LUNCH)
    # an event added later that had begun already: it was set before that one too
    late = look(LUNCH, standing, shows(at(10, 55), at(13)), at(11, 5))
    assert late.reason.code is ReasonCode.OWN_COVERED


def test_several_layers_put_the_own_status_back_at_the_end() -> None:
    standing, profile = FRESH, LUNCH
    for span, now, expected in [
        (MEETING, at(10), MET),
        (shows(at(10, 20), at(10, 40), "Dentist", override=True), at(10, 20), None),
        (shows(at(10, 40), at(11)), at(10, 40), MET),
        (FREE, at(11), LUNCH),
    ]:
        decision = look(profile, standing, span, now)
        assert decision.status == (span.status if expected is None else expected)
        standing, profile = done(standing, decision), decision.status or NO_STATUS
    assert standing.covered is None


def test_own_typed_over_our_cover_replaces_what_was_covered() -> None:
    tea = Status("Tea", ":tea:")
    left = look(tea, COVERING, MEETING, at(10, 30))
    assert (left.reason.code, left.standing.covered) == (ReasonCode.OWN_TYPED_DURING, None)
    covered = look(tea, left.standing, shows(at(10, 40), at(11), "1:1"), at(10, 40))
    assert covered.standing.covered == tea


def test_retyping_what_is_covered_and_removing_it_forgets_it() -> None:
    retyped = look(LUNCH, COVERING, MEETING, at(10, 30))
    assert retyped.reason.code is ReasonCode.OWN_TYPED_DURING
    removed = look(NO_STATUS, retyped.standing, FREE, at(11))
    assert (removed.action, removed.standing.covered) == (Action.LEAVE, None)


def test_put_back_that_shows_already_is_not_written() -> None:
    asked = Span(at(10), at(11), LUNCH, "override", Reason(ReasonCode.OVERRIDE), override=True)
    same_text = look(LUNCH, FRESH, asked, at(10))
    over = look(LUNCH, same_text.standing, FREE, at(11))
    assert (over.action, over.reason.code, over.standing.applied) == (Action.LEAVE, ReasonCode.OWN_LEFT, None)


def test_our_clearing_is_not_taken_for_one_by_hand() -> None:
    cleared = look(MET, OURS, nothing(at(9), at(12)), at(10, 5))
    again = look(NO_STATUS, intent(OURS, cleared), MEETING, at(10, 6))
    assert (again.action, again.status) == (Action.WRITE, MET)


# ── events as hints ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("standing", "seen", "when"),
    [
        (OURS, MET, at(10, 1)),  # our own echo
        (replace(FRESH, pending=MET), MET, at(10, 1)),  # the echo that overtook our record
        (replace(OURS, pending=NO_STATUS), NO_STATUS, at(10, 1)),  # our own clearing
        (OURS, NO_STATUS, at(9, 59)),  # older than our last look
        (OURS, NO_STATUS, at(11)),  # expired
        (FRESH, NO_STATUS, at(10)),  # there was nothing
        (DURING, LUNCH, at(10, 30)),  # known
        (replace(OURS, own=NO_STATUS, own_since=at(10, 10)), NO_STATUS, at(10, 30)),
    ],
)
def test_hint_with_nothing_new_is_none(standing: Standing, seen: Status, when: datetime) -> None:
    assert hint(standing, seen, when) is None


@pytest.mark.parametrize("when", [at(9, 59), at(10)])
def test_hint_no_newer_than_the_last_look_is_no_evidence_but_worth_a_look(when: datetime) -> None:
    assert hint(OURS, LUNCH, when) is OURS


def test_hint_of_a_typed_status_is_evidence_of_when() -> None:
    told = hint(OURS, LUNCH, at(10, 20))
    assert told == replace(OURS, own=LUNCH, own_since=at(10, 20), looked_at=at(10, 20))


def test_hint_before_the_first_look_is_taken() -> None:
    assert hint(Standing(), LUNCH, at(10)) == Standing(own=LUNCH, own_since=at(10), looked_at=at(10))


def test_hint_of_a_clearing_leaves_the_span_alone() -> None:
    told = hint(OURS, NO_STATUS, at(10, 20))
    assert told is not None
    decision = look(NO_STATUS, told, MEETING, at(10, 21))
    assert (decision.reason.code, decision.standing.own_since) == (ReasonCode.CLEARED_BY_HAND, at(10, 20))


def test_hint_that_the_own_status_is_gone_lets_us_write_again() -> None:
    told = hint(DURING, NO_STATUS, at(10, 30))
    assert told is not None
    assert look(NO_STATUS, told, MEETING, at(10, 31)).status == MET


def test_wrong_hint_is_set_right_by_the_next_read() -> None:
    told = hint(COVERING, Status("Old echo", ":tea:"), at(10, 20))
    assert told is not None
    decision = look(MET, told, MEETING, at(10, 21))
    assert (decision.reason.code, decision.standing.covered) == (ReasonCode.SHOWS_ALREADY, LUNCH)


# ── typed between our look and our write; the event comes after the write ───────────────────────────

TEA = Status("Tea", ":tea:")
ENDS = [row[1:5] for row in TABLE if row[5] in {Action.RESTORE, Action.CLEAR}]


def test_status_typed_under_our_write_is_what_is_covered() -> None:
    first = look(LUNCH, FRESH, MEETING, at(10))
    told = hint(done(FRESH, first), TEA, at(10) + timedelta(seconds=1))
    assert told is not None
    second = look(MET, told, MEETING, at(10, 1))
    assert (second.action, second.standing.covered, second.standing.own) == (Action.LEAVE, TEA, None)


def test_status_typed_after_our_write_is_left_alone() -> None:
    first = look(LUNCH, FRESH, MEETING, at(10))
    told = hint(done(FRESH, first), TEA, at(10) + timedelta(seconds=1))
    assert told is not None
    assert look(TEA, told, MEETING, at(10, 1)).reason.code is ReasonCode.OWN_TYPED_DURING


@pytest.mark.parametrize(("profile", "standing", "span", "now"), ENDS)
def test_status_typed_under_our_putting_back_or_clearing_is_put_back(
    profile: Status, standing: Standing, span: Span, now: datetime
) -> None:
    first = look(profile, standing, span, now)
    assert first.status is not None
    told = hint(done(standing, first), TEA, now + timedelta(seconds=1))
    assert told is not None
    assert hint(told, first.status, now + timedelta(seconds=2)) is None, "our own echo"
    second = look(first.status, told, span, now + timedelta(seconds=3))
    assert second.status == TEA or (second.status == span.status and second.standing.covered == TEA)


@pytest.mark.parametrize(("profile", "standing", "span", "now"), ENDS)
def test_status_typed_long_after_our_putting_back_and_taken_away_again_stays_away(
    profile: Status, standing: Standing, span: Span, now: datetime
) -> None:
    first = look(profile, standing, span, now)
    assert first.status is not None
    told = hint(done(standing, first), TEA, now + timedelta(minutes=5))
    assert told is not None
    assert look(first.status, told, span, now + timedelta(minutes=5, seconds=1)).action is Action.LEAVE
