"""The budget of a workspace's lane: never more than the limit in any window, wherever a call counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.budget import Budget, Slot

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
SET = "users.profile.set"
LIMITS = {SET: 6}
WINDOW = 60.0


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def most_in_any_window(instants: list[float]) -> int:
    ordered = sorted(instants)
    return max((sum(first <= other < first + WINDOW for other in ordered) for first in ordered), default=0)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 8),  # how long the caller waits before it asks
            st.floats(0, 9),  # how long the call takes
            st.floats(0, 1),  # when within the call Slack counts it
            st.sampled_from(["U1", "U2", "U3"]),
            st.booleans(),  # whether a new owner takes over before
        ),
        max_size=60,
    )
)
@settings(max_examples=150)
def test_slack_never_sees_more_than_the_limit_in_any_window(
    asked: list[tuple[float, float, float, str, bool]],
) -> None:
    budget = Budget(limits=dict(LIMITS), person_limit=3)
    seen: list[tuple[float, str]] = []
    flying: list[tuple[float, Slot]] = []
    now = 0.0
    for wait, lasts, counted, person, moved in asked:
        now += wait
        for ended, slot in [entry for entry in flying if entry[0] <= now]:
            budget.done(slot, after(ended))
            flying.remove((ended, slot))
        if moved and not flying:
            stored = budget.to_json(after(now))
            budget = Budget(limits=dict(LIMITS), person_limit=3)
            budget.restore(stored, after(now), timedelta(seconds=10))
        if budget.ready_at(SET, after(now), person) is None:
            flying.append((now + lasts, budget.take(SET, after(now), person)))
            seen.append((now + lasts * counted, person))
    assert most_in_any_window([at for at, _ in seen]) <= 6
    for person in ("U1", "U2", "U3"):
        assert most_in_any_window([at for at, who in seen if who == person]) <= 3


def test_a_burst_within_the_limit_is_let_through_at_once() -> None:
    budget = Budget(limits=dict(LIMITS))
    for number in range(6):
        assert budget.ready_at(SET, START, f"U{number}") is None
        budget.done(budget.take(SET, START, f"U{number}"), START)
    assert budget.ready_at(SET, START) == after(60)
    assert budget.ready_at(SET, after(60)) is None


def test_another_method_has_a_window_of_its_own() -> None:
    budget = Budget(limits={SET: 1, "users.profile.get": 1})
    budget.done(budget.take(SET, START), START)
    assert budget.ready_at("users.profile.get", START) is None


def test_call_that_was_given_back_takes_no_room() -> None:
    budget = Budget(limits={SET: 1})
    budget.give_back(budget.take(SET, START))
    assert budget.ready_at(SET, START) is None


def test_call_in_flight_takes_room_until_a_window_after_its_answer() -> None:
    budget = Budget(limits={SET: 1})
    slot = budget.take(SET, START)
    asked_again = budget.ready_at(SET, after(65))
    assert asked_again is not None
    assert after(65) < asked_again < after(66)
    budget.done(slot, after(70))
    assert budget.ready_at(SET, after(71)) == after(130)


def test_retry_after_is_obeyed_and_does_not_close_other_methods() -> None:
    budget = Budget(limits=dict(LIMITS))
    assert budget.refused(SET, 30, START) == after(30)
    assert budget.ready_at(SET, after(29.9)) == after(30)
    assert budget.ready_at("users.profile.get", START) is None
    assert budget.ready_at(SET, after(30)) is None


@pytest.mark.parametrize(("refusals", "pause"), [(1, 5), (2, 10), (3, 20), (4, 40), (20, 300)])
def test_refusal_without_a_time_backs_off_with_growth(refusals: int, pause: float) -> None:
    budget = Budget(limits=dict(LIMITS))
    now = START
    for _ in range(refusals):
        until = budget.refused(SET, 0, now)
        assert until > now
        last, now = now, until
    assert (now - last).total_seconds() == pause


def test_success_ends_the_growth_of_the_pauses() -> None:
    budget = Budget(limits=dict(LIMITS))
    budget.refused(SET, 0, START)
    budget.refused(SET, 0, after(100))
    budget.went_well(SET)
    assert budget.refused(SET, 0, after(200)) == after(205)


def test_refusal_teaches_a_lower_limit_and_good_windows_raise_it_again() -> None:
    budget = Budget(limits={SET: 40})
    for _ in range(20):
        budget.done(budget.take(SET, START), START)
    budget.refused(SET, 10, START)
    assert room(budget, after(61)) == 19
    assert room(budget, after(71)) == 23  # a quarter more for each good window since the pause
    assert room(budget, after(3600)) == 40


def room(budget: Budget, now: datetime) -> int:
    """How many calls fit in at `now`."""
    slots = []
    while budget.ready_at(SET, now) is None:
        slots.append(budget.take(SET, now))
    for slot in slots:
        budget.give_back(slot)
    return len(slots)


def test_new_owner_goes_on_where_the_last_one_stopped() -> None:
    budget = Budget(limits={SET: 3})
    budget.done(budget.take(SET, START, "U1"), START)
    budget.done(budget.take(SET, after(1), "U2"), after(2))
    budget.take(SET, after(3), "U3")
    budget.refused("views.publish", 100, after(3))
    taken_over = Budget(limits={SET: 3})
    taken_over.restore(budget.to_json(after(4)), after(4), timedelta(seconds=10))
    assert taken_over.ready_at(SET, after(5)) == after(60)
    assert taken_over.ready_at("views.publish", after(5)) == after(103)
    assert room(taken_over, after(72.9)) == 2  # the one in flight may have been answered at 13 s
    assert room(taken_over, after(73)) == 3


def test_nothing_stored_is_an_empty_budget() -> None:
    budget = Budget(limits={SET: 1})
    budget.restore("", START, timedelta(seconds=10))
    budget.restore("{}", START, timedelta(seconds=10))
    assert budget.ready_at(SET, START) is None
