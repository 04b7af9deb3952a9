"""What is asked for without an end shows again between meetings, but over nothing that was done by hand since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.domain.decisions import Action, Standing
from services.domain.model import NO_STATUS, Span, Status
from services.domain.ownership import foresee, hint, intent, record
from tests.support.profiles import LUNCH, at, look, shows

ASKED = shows(at(9), at(10), "Writing", override=True)
MEETING = shows(at(10), at(11))
AGAIN = replace(shows(at(11), at(12), "Writing", override=True), began=at(9))
NEXT = shows(at(12), at(13))
AND_AGAIN = replace(shows(at(13), at(14), "Writing", override=True), began=at(9))


def goes_on(profile: Status, standing: Standing, *spans: Span, dies: bool = False) -> tuple[list[str], Standing]:
    """What the profile shows a second into each span; where we die, after each call and before its record."""
    shown = []
    for span in spans:
        now = max(span.start, standing.looked_at or span.start).replace(second=1)
        if profile.expiration is not None and profile.expiration <= now:
            profile = NO_STATUS
        found = look(profile, standing, span, now)
        if found.status is not None:
            profile = found.status
            standing = intent(standing, found) if dies else record(found, found.status)
        else:
            standing = found.standing
        shown.append(profile.text)
        again = look(profile, standing, span, now)
        assert again.action is Action.LEAVE
        standing = again.standing
    return shown, standing


def asked() -> tuple[Status, Standing]:
    found = look(NO_STATUS, Standing(looked_at=at(8)), ASKED, at(9, 0, 1))
    assert found.status is not None
    return found.status, record(found, found.status)


@pytest.mark.parametrize("dies", [False, True])
def test_it_shows_again_where_nothing_was_done_by_hand(dies: bool) -> None:
    shown, _ = goes_on(*asked(), MEETING, AGAIN, NEXT, AND_AGAIN, dies=dies)
    assert shown == ["In a meeting", "Writing", "In a meeting", "Writing"]


@pytest.mark.parametrize("dies", [False, True])
def test_what_was_typed_over_it_is_put_back_after_each_meeting(dies: bool) -> None:
    _, standing = asked()
    told = hint(standing, LUNCH, at(9, 30))
    assert told is not None
    shown, _ = goes_on(LUNCH, told, MEETING, AGAIN, NEXT, AND_AGAIN, dies=dies)
    assert shown == ["In a meeting", "Lunch", "In a meeting", "Lunch"]


@pytest.mark.parametrize("dies", [False, True])
def test_what_was_cleared_by_hand_does_not_come_back(dies: bool) -> None:
    _, standing = asked()
    told = hint(standing, NO_STATUS, at(9, 30))
    assert told is not None
    shown, standing = goes_on(NO_STATUS, told, MEETING, AGAIN, NEXT, AND_AGAIN, dies=dies)
    assert shown == ["In a meeting", "", "In a meeting", ""]
    assert foresee(standing, AND_AGAIN, at(13, 5)) == standing


def test_what_is_asked_for_afterwards_is_the_later_word() -> None:
    _, standing = asked()
    told = hint(standing, LUNCH, at(9, 30))
    assert told is not None
    later = shows(at(11, 30), at(12), "Reading", override=True)
    shown, standing = goes_on(LUNCH, told, MEETING, AGAIN, later)
    assert shown == ["In a meeting", "Lunch", "Reading"]
    assert standing.covered == LUNCH


# ── the same words asked for again ──────────────────────────────────────────────────────────────────

ASKED_ANEW = replace(ASKED, end=at(12), asked_at=at(9, 40))


@pytest.mark.parametrize("by_hand", [LUNCH, NO_STATUS])
@pytest.mark.parametrize("told", [False, True])
def test_the_same_words_asked_for_again_are_written_over_what_was_done_by_hand(by_hand: Status, told: bool) -> None:
    _, standing = asked()
    after = hint(standing, by_hand, at(9, 30)) if told else look(by_hand, standing, ASKED, at(9, 30)).standing
    assert after is not None
    shown, standing = goes_on(by_hand, replace(after, looked_at=at(9, 40)), ASKED_ANEW)
    assert shown == ["Writing"]
    assert standing.covered == (None if by_hand.empty else LUNCH)


def test_what_is_typed_after_the_same_words_were_asked_for_again_stays() -> None:
    _, standing = asked()
    told = hint(standing, LUNCH, at(9, 30))
    assert told is not None
    shown, standing = goes_on(LUNCH, replace(told, looked_at=at(9, 40)), ASKED_ANEW)
    tea = Status("Tea", ":tea:")
    typed = hint(standing, tea, at(9, 50))
    assert typed is not None
    assert [*shown, *goes_on(tea, typed, ASKED_ANEW)[0]] == ["Writing", "Tea"]


def test_the_same_words_asked_for_again_show_again_after_a_meeting() -> None:
    _, standing = asked()
    told = hint(standing, LUNCH, at(9, 30))
    assert told is not None
    again = replace(AGAIN, began=at(9, 40))
    shown, standing = goes_on(
        LUNCH, replace(told, looked_at=at(9, 40)), replace(ASKED_ANEW, end=at(10)), MEETING, again
    )
    assert shown == ["Writing", "In a meeting", "Writing"]
    assert standing.covered == LUNCH
