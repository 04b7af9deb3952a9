"""The budget of a workspace: never more than the limit in any window, wherever a call counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.slack.limits import KEEPER, METHODS, STATUS, Budget, Slot

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
            stored = budget.to_json(after(now), owned=False)
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


def call(budget: Budget, at: datetime, person: str = "", *, well: bool = True) -> Slot:
    """A call that is answered at once."""
    slot = budget.take(SET, at, person)
    budget.done(slot, at)
    if well:
        budget.went_well(slot)
    return slot


def refuse(budget: Budget, at: datetime, retry_after: float = 1, person: str = "") -> datetime:
    """A call that is refused at once; when it may be tried again."""
    return budget.refused(call(budget, at, person, well=False), retry_after, at)


def test_retry_after_is_obeyed_and_does_not_close_other_methods() -> None:
    budget = Budget(limits=dict(LIMITS))
    assert refuse(budget, START, 30) == after(30)
    assert budget.ready_at(SET, after(29.9)) == after(30)
    assert budget.ready_at("users.profile.get", START) is None
    assert budget.ready_at(SET, after(30)) is None


@pytest.mark.parametrize(("refusals", "pause"), [(1, 5), (2, 10), (3, 20), (4, 40), (20, 60)])
def test_refusal_without_a_time_backs_off_with_growth(refusals: int, pause: float) -> None:
    budget = Budget(limits={SET: 100})
    now = last = START
    for _ in range(refusals):
        last, now = now, refuse(budget, now, 0)
    assert (now - last).total_seconds() == pause


def test_success_ends_the_growth_of_the_pauses() -> None:
    budget = Budget(limits=dict(LIMITS))
    refuse(budget, START, 0)
    assert refuse(budget, after(100), 0) == after(110)
    call(budget, after(150))
    assert refuse(budget, after(200), 0) == after(205)


def test_calls_under_way_together_that_are_refused_are_one_refusal() -> None:
    budget = Budget(limits={SET: 40})
    slots = [budget.take(SET, START, f"U{number}") for number in range(8)]
    for slot in slots:
        budget.done(slot, after(1))
        assert budget.refused(slot, 0, after(1)) == after(6)
    assert room(budget, after(61)) == 40


def test_one_refusal_means_to_wait_that_long_and_nothing_else() -> None:
    budget = Budget(limits={SET: 48})
    refuse(budget, START, 1, "U1")
    assert room(budget, after(0.9)) == 0
    assert room(budget, after(1)) == 47  # the refused call counts, too


def test_repeated_refusals_lower_the_rate_to_no_less_than_half_for_two_minutes() -> None:
    budget = Budget(limits={SET: 48})
    for second in range(10):
        refuse(budget, after(second * 2))
    start = 18
    assert room(budget, after(start + 1)) == 28 - 10
    assert room(budget, after(start + 59.9)) == 28 - 1
    assert room(budget, after(start + 60)) == 38
    assert room(budget, after(start + 120)) == 48


@pytest.mark.parametrize("back", [0.05, 61, 121, 3600])
def test_clock_that_is_set_back_after_refusals_leaves_the_rate_as_low_as_it_was(back: float) -> None:
    budget = Budget(limits={SET: 48})
    for second in range(4):
        refuse(budget, after(second * 2))
    assert budget.ready_at(SET, after(6 - back)) == after(7)
    assert room(budget, after(8)) == 28 - 4


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 60), st.booleans()), max_size=30))
def test_rate_is_never_under_half_of_the_documented_one_and_back_after_two_minutes(
    refusals: list[tuple[float, float, bool]],
) -> None:
    for method, documented in (("users.profile.set", 50), ("users.profile.get", 100), ("chat.postMessage", 60)):
        budget, now = Budget(), 0.0
        for wait, retry_after, worked in refusals:
            slot = budget.take(method, after(now))
            budget.done(slot, after(now))
            until = budget.refused(slot, retry_after, after(now))
            assert until <= after(now + max(60, retry_after))
            now += max(wait, retry_after)
            assert budget._limit(method, after(now)) * 2 >= documented
            if worked:
                budget.went_well(budget.take(method, after(now)))
        assert budget._limit(method, after(now + 120)) == budget.limits[method]


def test_refusal_of_somebody_who_used_up_their_own_minute_holds_up_nobody_else() -> None:
    budget = Budget()
    for second in range(6):
        call(budget, after(second), "U1")
    assert refuse(budget, after(6), 40, "U1") == after(46)
    assert budget.ready_at(SET, after(6), "U1") == after(46)
    assert budget.ready_at(SET, after(6), "U2") is None
    assert room(budget, after(67)) == 50


def test_somebody_refused_again_after_others_were_served_is_refused_for_their_own_limit() -> None:
    budget = Budget()
    refuse(budget, START, 10, "U1")
    assert budget.ready_at(SET, after(9), "U2") == after(10)  # it could have been the workspace's
    call(budget, after(10), "U2")
    refuse(budget, after(11), 30, "U1")
    refuse(budget, after(41), 30, "U1")
    assert budget.ready_at(SET, after(42), "U1") == after(71)
    assert budget.ready_at(SET, after(42), "U2") is None
    assert room(budget, after(120)) == 50


def test_refusals_of_several_people_are_the_workspaces() -> None:
    budget = Budget()
    one, two = budget.take(SET, START, "U1"), budget.take(SET, START, "U2")
    for slot in (one, two):
        budget.done(slot, START)
        budget.refused(slot, 10, START)
    call(budget, after(10), "U3")
    refuse(budget, after(11), 30, "U1")
    assert budget.ready_at(SET, after(12), "U3") == after(41)


def test_person_in_a_workspace_whose_minute_is_as_full_as_theirs_is_not_to_blame() -> None:
    budget = Budget()
    for number in range(49):
        call(budget, START, "U1" if number < 7 else f"V{number}")
    refuse(budget, after(1), 20, "U1")
    assert budget.ready_at(SET, after(2), "U2") == after(60)
    assert budget.ready_at(SET, after(20.5), "U2") == after(60)
    refuse(budget, after(60), 20, "U2")
    assert budget.ready_at(SET, after(61), "U3") == after(80)


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
    budget.refused(budget.take("views.publish", after(3)), 100, after(3))
    taken_over = Budget(limits={SET: 3})
    taken_over.restore(budget.to_json(after(4), owned=False), after(4), timedelta(seconds=10))
    assert taken_over.ready_at(SET, after(5)) == after(60)
    assert taken_over.ready_at("views.publish", after(5)) == after(103)
    assert room(taken_over, after(72.9)) == 2  # the one in flight may have been answered at 13 s
    assert room(taken_over, after(73)) == 3


def test_new_owner_knows_who_was_refused_and_how_far_the_rate_is_down() -> None:
    budget = Budget()
    for second in (0, 2):
        refuse(budget, after(second))
    for second in range(3, 9):
        call(budget, after(second), "U1")
    refuse(budget, after(9), 40, "U1")
    taken_over = Budget()
    taken_over.restore(budget.to_json(after(10), owned=False), after(10), timedelta(seconds=10))
    assert room(taken_over, after(10)) == room(budget, after(10)) == 40 - 9
    assert taken_over.ready_at(SET, after(11), "U1") == after(49)
    assert taken_over.ready_at(SET, after(11), "U2") is None


def test_nothing_stored_is_an_empty_budget() -> None:
    budget = Budget(limits={SET: 1})
    budget.restore("", START, timedelta(seconds=10))
    budget.restore("{}", START, timedelta(seconds=10))
    assert budget.ready_at(SET, START) is None


@pytest.mark.parametrize(
    "stored",
    [
        "{", "[]", "null", '{"calls": []}', '{"calls": {"set": [["U1"]]}}', '{"calls": {"set": [["U1", "x", 1]]}}',
        '{"calls": {"set": [["U1", 1e300, null]]}}', '{"calls": {"set": [["U1", -1e9, null]]}}', '{"owned": 5}',
        '{"calls": {"set": [["U1", NaN, null]]}}', '{"pauses": [["set", "", 1, 1]]}', "[" * 100_000,
        '{"pauses": [["set", "", 1, 1, "", 1, 3, false]]}',
    ],
)  # fmt: skip
def test_stored_budget_that_cannot_be_read_is_that_of_an_owner_that_did_not_let_go(stored: str) -> None:
    budget = Budget(limits={SET: 18})
    assert budget.restore(stored, START, timedelta(seconds=10)) is False
    assert room(budget, START) == 15
    again = Budget(limits={SET: 18})
    assert again.restore(budget.to_json(START, owned=False), START, timedelta(seconds=10)) is True
    assert room(again, START) == 15
    assert room(budget, after(60)) == 18


def test_owner_that_did_not_let_go_may_have_made_calls_that_are_not_stored() -> None:
    stored = Budget(limits={"set": 18, "get": 48}).to_json(START, owned=True)
    budget = Budget(limits={"set": 18, "get": 48})
    budget.restore(stored, START, timedelta(seconds=10))
    for _ in range(15):
        assert budget.ready_at("set", START) is None
        budget.take("set", START)
    assert budget.ready_at("set", START) is not None
    assert budget.ready_at("set", after(60)) is None


def test_each_lane_has_calls_of_its_own_that_an_owner_may_not_have_stored() -> None:
    """A status waits for no effect, and whoever takes over from an owner that died counts what all of them may use."""
    stored = Budget().to_json(START, owned=True)
    budget = Budget()
    assert {work: budget.allowance(work) for work in METHODS} == {
        STATUS: 8, KEEPER: 4, "dnd": 3, "photo": 3, "away": 3,
    }  # fmt: skip
    budget.restore(stored, START, timedelta(seconds=10))
    left = {}
    for method in ("users.profile.set", "users.profile.get", "dnd.setSnooze", "users.setPresence", "users.setPhoto"):
        left[method] = 0
        while budget.ready_at(method, START) is None:
            budget.take(method, START)
            left[method] += 1
    assert left == {
        "users.profile.set": 50 - 8, "users.profile.get": 95 - 8 - 3, "dnd.setSnooze": 18 - 3,
        "users.setPresence": 18 - 3, "users.setPhoto": 18 - 3,
    }  # fmt: skip
