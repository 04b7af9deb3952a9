"""What is done about the photo: each line of the decision, and that an own picture is never taken for ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.effects import EffectAction, PhotoMemory
from services.domain.model import Effect, Photo, Picture, Stretch
from services.domain.photos import decide_photo, is_photo_news, is_uncertain, set_by_hand
from services.domain.reasons import ReasonCode

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PALM, PLANE = Photo(Picture.PALM), Photo(Picture.PLANE)
STRETCH = Stretch(Effect.PHOTO, NOW, NOW + HOUR, rule="out_of_office", photo=PALM)
NEXT = replace(STRETCH, start=NOW + HOUR, end=NOW + 2 * HOUR, photo=PLANE)
HERS, OURS, OTHERS = "1" * 12, "2" * 12, "3" * 12
ON = PhotoMemory(until=NOW + HOUR, ours=OURS, photo=PALM, own=True, side=512)
ABOUT_TO = replace(ON, ours="", pending=HERS)
RETURNING = replace(ON, returning=True)
NOTHING = PhotoMemory(until=NOW + HOUR)


def _decided(
    memory: PhotoMemory, seen: str, stretch: Stretch | None = STRETCH, *, ours: bool = False, now: datetime = NOW
) -> tuple[EffectAction, PhotoMemory, PhotoMemory]:
    decision = decide_photo(memory, seen, stretch, now, ours=ours)
    return decision.action, replace(decision.memory, reason=None), replace(decision.before, reason=None)


def test_ours_is_put_on_where_it_is_wanted_and_what_shows_is_remembered_before() -> None:
    on = replace(NOTHING, photo=PALM)
    assert _decided(PhotoMemory(), HERS) == (EffectAction.PUT_ON, on, replace(on, pending=HERS))
    assert _decided(ABOUT_TO, HERS) == (EffectAction.PUT_ON, on, replace(on, pending=HERS))  # it was not done


def test_ours_stays_where_it_shows_and_another_one_takes_its_place() -> None:
    assert _decided(ON, OURS) == (EffectAction.LEAVE, ON, ON)
    plane = replace(ON, until=NEXT.end, photo=PLANE)
    assert _decided(ON, OURS, NEXT) == (EffectAction.PUT_ON, plane, replace(plane, pending=OURS))


def test_another_one_of_ours_that_was_not_put_on_is_tried_again_or_the_first_taken_back() -> None:
    changing = replace(ON, pending=OURS, photo=PLANE)
    action, on, before = _decided(changing, OURS, NEXT)
    assert (action, on.photo, before.pending) == (EffectAction.PUT_ON, PLANE, OURS)
    assert _decided(changing, OURS, None)[0] is EffectAction.TAKE_BACK


def test_her_own_comes_back_where_ours_shows_and_is_not_wanted() -> None:
    assert _decided(ON, OURS, None) == (EffectAction.TAKE_BACK, NOTHING, RETURNING)
    assert decide_photo(ON, OURS, None, NOW, ours=False).memory.reason is not None
    assert _decided(NOTHING, HERS, None) == (EffectAction.LEAVE, NOTHING, NOTHING)


@pytest.mark.parametrize("memory", [ON, ABOUT_TO], ids=["on", "about to"])
def test_what_she_set_is_left_and_forgotten_and_not_covered_again_in_that_stretch(memory: PhotoMemory) -> None:
    over = replace(NOTHING, over=True)
    assert _decided(memory, OTHERS) == (EffectAction.LEAVE, over, over)
    assert _decided(over, OTHERS) == (EffectAction.LEAVE, over, over)
    assert _decided(memory, OTHERS, None) == (EffectAction.LEAVE, NOTHING, NOTHING)
    assert _decided(over, OTHERS, NEXT)[0] is EffectAction.PUT_ON


def test_what_shows_after_a_crash_is_ours_where_a_look_says_so() -> None:
    assert is_uncertain(ABOUT_TO, OTHERS)
    assert not is_uncertain(ABOUT_TO, HERS)
    assert is_uncertain(ON, OTHERS)
    assert not is_uncertain(ON, OURS)
    assert not is_uncertain(PhotoMemory(), OTHERS)
    assert is_uncertain(RETURNING, OTHERS)  # theirs that was put back, or ours that Slack has put on twice
    assert not is_uncertain(replace(ON, pending=OURS), OURS)
    known = replace(ON, ours=OTHERS)
    assert _decided(ABOUT_TO, OTHERS, ours=True) == (EffectAction.LEAVE, known, known)
    assert _decided(ON, OTHERS, ours=True) == (EffectAction.LEAVE, known, known)  # Slack did it twice
    returning = replace(known, returning=True)
    assert _decided(ABOUT_TO, OTHERS, None, ours=True) == (EffectAction.TAKE_BACK, NOTHING, returning)


def test_theirs_that_we_put_back_before_a_crash_is_not_taken_for_a_change_of_theirs() -> None:
    assert _decided(RETURNING, OTHERS)[0] is EffectAction.PUT_ON
    assert _decided(RETURNING, OTHERS, None) == (EffectAction.LEAVE, NOTHING, NOTHING)
    assert _decided(RETURNING, OURS) == (EffectAction.LEAVE, ON, ON)  # it was not done
    assert _decided(RETURNING, OURS, None) == (EffectAction.TAKE_BACK, NOTHING, RETURNING)
    known = replace(ON, ours=OTHERS)
    assert _decided(RETURNING, OTHERS, ours=True) == (EffectAction.LEAVE, known, known)
    returning = replace(known, returning=True)
    assert _decided(RETURNING, OTHERS, None, ours=True) == (EffectAction.TAKE_BACK, NOTHING, returning)


def test_event_is_worth_a_look_where_it_tells_of_another_picture_than_ours() -> None:
    seen = {photo_hash: is_photo_news(ON, photo_hash) for photo_hash in (OURS, OTHERS)}
    assert seen == {OURS: False, OTHERS: True}
    assert not is_photo_news(replace(ON, pending=OURS), OTHERS)  # our own, of which no more is known yet
    assert not is_photo_news(NOTHING, OTHERS)


def test_stretch_that_is_all_but_over_is_not_worth_a_change() -> None:
    late = NOW + HOUR - timedelta(seconds=20)
    assert _decided(PhotoMemory(), HERS, now=late) == (EffectAction.LEAVE, NOTHING, NOTHING)
    assert _decided(ON, OURS, now=late) == (EffectAction.LEAVE, ON, ON)


@pytest.mark.parametrize(
    ("memory", "seen", "stretch", "code"),
    [
        (ON, OURS, STRETCH, ReasonCode.PHOTO),
        (ON, OURS, None, ReasonCode.PHOTO_BACK),
        (ON, OTHERS, STRETCH, ReasonCode.PHOTO_BY_HAND),
        (PhotoMemory(), HERS, STRETCH, ReasonCode.PHOTO),
        (NOTHING, HERS, None, None),
    ],
)
def test_each_decision_has_its_reason(
    memory: PhotoMemory, seen: str, stretch: Stretch | None, code: ReasonCode | None
) -> None:
    reason = decide_photo(memory, seen, stretch, NOW, ours=False).memory.reason
    assert (None if reason is None else reason.code) == code


@given(
    memory=st.builds(
        PhotoMemory, until=st.sampled_from([None, NOW, NOW + HOUR]), over=st.booleans(), own=st.booleans(),
        ours=st.sampled_from(["", OURS]), pending=st.sampled_from(["", HERS, OURS]),
        photo=st.sampled_from([None, PALM]),
    ),
    seen=st.sampled_from([HERS, OURS, OTHERS]), stretch=st.sampled_from([None, STRETCH, NEXT]), ours=st.booleans(),
)  # fmt: skip
def test_nothing_of_hers_is_ever_taken_back_or_forgotten(
    memory: PhotoMemory, seen: str, stretch: Stretch | None, ours: bool
) -> None:
    decision = decide_photo(memory, seen, stretch, NOW, ours=ours)
    known = bool(memory.ours) and seen == memory.ours
    if decision.action is EffectAction.TAKE_BACK:
        assert known or (ours and is_uncertain(memory, seen))
    if known:  # what is sealed is needed until hers shows again
        assert decision.before.own == memory.own
        assert decision.before.owes(NOW)
    if decision.action is EffectAction.LEAVE:
        assert decision.memory.owes(NOW) == (known or (ours and is_uncertain(memory, seen)))


def test_a_picture_of_ours_is_owed_while_it_is_or_may_be_on() -> None:
    assert [memory.owes(NOW) for memory in (NOTHING, ON, ABOUT_TO, RETURNING)] == [False, True, True, True]


def test_what_an_agent_put_on_during_a_stretch_is_hers_and_stays() -> None:
    for memory in (ON, ABOUT_TO, RETURNING, PhotoMemory(owner="digest")):
        after = set_by_hand(memory, STRETCH, NOW)
        assert after.reason is not None
        assert after.reason.code is ReasonCode.PHOTO_BY_HAND
        assert replace(after, reason=None) == PhotoMemory(until=STRETCH.end, over=True, owner=memory.owner)
        assert _decided(after, OTHERS)[0] is EffectAction.LEAVE
        assert _decided(after, OTHERS, None)[0] is EffectAction.LEAVE


def test_what_an_agent_asked_for_before_a_stretch_is_covered_by_it() -> None:
    for stretch, asked_at in ((None, NOW), (STRETCH, NOW - HOUR)):
        after = set_by_hand(PhotoMemory(), stretch, asked_at)
        assert after == PhotoMemory()
        assert _decided(after, OTHERS)[0] is EffectAction.PUT_ON
