"""What is stored with a wish, before the profile has been looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.domain.model import NO_STATUS, Action, Reason, ReasonCode, Span, Standing
from services.domain.ownership import foresee, foreseen
from services.domain.profile_state import AuditEntry
from tests.support.profiles import COVERING, FREE, FRESH, LUNCH, MEETING, MET, at, idle, look, shows


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


@pytest.mark.parametrize(
    ("outcome", "tried", "written"),
    [("done", True, True), ("left", False, False), ("SlackRefusedError:profile_set_failed", True, False)],
)
def test_what_came_of_a_wish_was_tried_and_written_or_not(outcome: str, *, tried: bool, written: bool) -> None:
    entry = AuditEntry(at(10), Action.WRITE, Reason(ReasonCode.EVENT), outcome)
    assert (entry.tried, entry.written) == (tried, written)
