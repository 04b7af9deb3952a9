"""What is stored with a wish, before the profile has been looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.domain.decisions import Action, Standing
from services.domain.model import NO_STATUS, Span, Status
from services.domain.ownership import foresee, foreseen, hint, intent, record, withdrawn
from services.domain.profile_state import AuditEntry, stands
from services.domain.reasons import Reason, ReasonCode
from tests.support.profiles import COVERING, FREE, FRESH, LUNCH, MEETING, MET, OURS, at, idle, look, nothing, shows


@pytest.mark.parametrize(
    ("standing", "span", "pending"),
    [
        (FRESH, MEETING, MET),
        (Standing(applied=LUNCH), MEETING, MET),
        (FRESH, FREE, None),
        (FRESH, shows(at(9), at(10)), None),
        (FRESH, replace(MEETING, status=LUNCH), None),
        (FRESH, idle(at(10), at(11)), None),
        (COVERING, MEETING, None),
        (Standing(own=LUNCH), MEETING, None),
        (Standing(pending=LUNCH), MEETING, LUNCH),
    ],
    ids=["free", "ours", "nothing to show", "over", "no end", "idle", "covering", "theirs", "under way"],
)
def test_what_will_be_written_is_known_beforehand_where_nothing_of_theirs_is(
    standing: Standing, span: Span, pending: object
) -> None:
    known = foresee(standing, span, at(10))
    assert known == replace(standing, pending=pending)


def test_write_that_was_foreseen_needs_no_intent_and_any_other_does() -> None:
    before = foresee(FRESH, MEETING, at(10))
    decision = look(NO_STATUS, before, MEETING, at(10))
    assert decision.action is Action.WRITE
    assert foreseen(before, decision)
    assert not foreseen(FRESH, decision)
    assert not foreseen(before, look(LUNCH, before, MEETING, at(10)))


def test_another_emoji_alone_is_written_and_not_taken_for_done() -> None:
    other = replace(MEETING, status=replace(MET, emoji=":pizza:"))
    before = foresee(OURS, other, at(10, 5))
    decision = look(MET, before, other, at(10, 5))
    assert (decision.action, decision.status) == (Action.WRITE, other.status)
    died_before_the_call = look(MET, intent(before, decision), other, at(10, 6))
    assert (died_before_the_call.action, died_before_the_call.status) == (Action.WRITE, other.status)
    died_after_it = look(other.status, intent(before, decision), other, at(10, 6))
    assert (died_after_it.action, died_after_it.standing.applied) == (Action.LEAVE, other.status)


def test_an_emoji_that_slack_did_not_take_is_not_written_again() -> None:
    other = replace(MEETING, status=replace(MET, emoji=":unknown:"))
    kept = record(look(MET, OURS, other, at(10, 5)), MET)  # Slack left the one that was there
    assert look(MET, foresee(kept, other, at(10, 6)), other, at(10, 6)).reason.code is ReasonCode.SHOWS_ALREADY


@pytest.mark.parametrize(
    ("outcome", "tried", "written"),
    [("done", True, True), ("left", False, False), ("SlackRefusedError:profile_set_failed", True, False)],
)
def test_what_came_of_a_wish_was_tried_and_written_or_not(outcome: str, *, tried: bool, written: bool) -> None:
    entry = AuditEntry(at(10), Action.WRITE, Reason(ReasonCode.EVENT), outcome)
    assert (entry.tried, entry.written) == (tried, written)


# ── typed between our look and our write; the process dies before the record ────────────────────────

TEA = Status("Tea", ":tea:")
NOTHING_ON = nothing(at(9), at(12))


def test_status_typed_under_a_foreseen_write_that_was_not_recorded_is_what_is_covered() -> None:
    told = hint(foresee(FRESH, MEETING, at(10)), TEA, at(10, 0, 1))
    assert told is not None
    again = look(MET, told, MEETING, at(10, 1))
    assert (again.action, again.standing.covered, again.standing.own) == (Action.LEAVE, TEA, None)


def test_status_typed_under_a_foreseen_write_is_put_back_though_nobody_looked_before_its_end() -> None:
    told = hint(foresee(FRESH, MEETING, at(10)), TEA, at(10, 0, 1))
    assert told is not None
    assert look(NO_STATUS, told, FREE, at(11, 30)).status == TEA


def test_status_typed_under_a_write_that_was_recorded_is_put_back_though_nobody_looked_before_its_end() -> None:
    first = look(NO_STATUS, FRESH, MEETING, at(10))
    told = hint(record(first, MET), TEA, at(10, 0, 1))
    assert told is not None
    assert look(NO_STATUS, told, FREE, at(11, 30)).status == TEA


def test_status_typed_while_a_foreseen_write_waits_is_theirs_and_gone_once_it_is_taken_away() -> None:
    told = hint(foresee(FRESH, MEETING, at(10)), TEA, at(10, 5))
    assert told is not None
    assert look(TEA, told, MEETING, at(10, 6)).reason.code is ReasonCode.OWN_TYPED_DURING
    gone = hint(told, NO_STATUS, at(10, 7))
    assert gone is not None
    written = look(NO_STATUS, gone, MEETING, at(10, 8))
    assert (written.status, written.standing.covered) == (MET, None)


def test_status_cleared_by_hand_while_a_foreseen_write_waits_stays_cleared_after_its_end() -> None:
    """Nothing of the meeting was ever sent; the absence around it is what they took away."""
    absence = shows(at(9), at(18), "Away")
    before = foresee(Standing(applied=absence.status, applied_span=at(9), looked_at=at(9)), MEETING, at(10))
    assert before.pending == MET
    told = hint(before, NO_STATUS, at(10, 10))
    assert told is not None
    again = look(NO_STATUS, told, replace(absence, start=at(11), began=at(9)), at(11))
    assert (again.action, again.reason.code) == (Action.LEAVE, ReasonCode.CLEARED_BY_HAND)


# ── taken back, and done by Slack after all ─────────────────────────────────────────────────────────


def taken_back(profile: Status, standing: Standing) -> Standing:
    decision = look(profile, standing, MEETING, at(10))
    kept = withdrawn(intent(standing, decision), at(10, 0, 12))
    return look(profile, kept, NOTHING_ON, at(10, 0, 13)).standing


@pytest.mark.parametrize(("before", "after"), [(NO_STATUS, Action.CLEAR), (LUNCH, Action.RESTORE)])
def test_what_was_taken_back_and_is_done_after_all_is_ours_and_goes(before: Status, after: Action) -> None:
    kept = taken_back(before, FRESH)
    told = hint(kept, MET, at(10, 0, 15))
    assert told is not None
    assert stands(told, NO_STATUS, at(10, 0, 16))  # so somebody looks
    for known in (told, kept):  # or looks before the event has come
        decision = look(MET, known, NOTHING_ON, at(10, 0, 16))
        assert (decision.action, decision.status) == (after, before)
        assert decision.standing.late is None


def test_after_a_while_the_same_words_are_the_persons_own() -> None:
    kept = taken_back(NO_STATUS, FRESH)
    later = at(10, 1)
    assert look(MET, kept, NOTHING_ON, later).reason.code is ReasonCode.OWN_WITH_END
    told = hint(kept, MET, later)
    assert told is not None
    assert told.own == MET
    assert look(NO_STATUS, kept, NOTHING_ON, later).standing.late is None


def test_nothing_is_expected_of_what_was_never_about_to_be_written() -> None:
    assert withdrawn(FRESH, at(10)) == FRESH
    clearing = replace(OURS, pending=NO_STATUS)
    assert withdrawn(clearing, at(10)) == clearing
