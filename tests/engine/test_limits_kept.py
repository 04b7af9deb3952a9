"""The budget of a workspace: what calendars leave to what people type, and members to their keeper."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.slack.limits import KEPT, Budget
from tests.engine.test_limits import SET, START, after, call

# ── what is left for what people type ───────────────────────────────────────────────────────────────


def calendars(budget: Budget, at: datetime) -> int:
    """How many statuses of calendars there is room for; they are written at once."""
    calls = 0
    while budget.ready_at(SET, at, keep=budget.kept_for_typed(at)) is None:
        call(budget, at)
        calls += 1
    return calls


def typed(budget: Budget, at: datetime) -> int:
    """How many typed ones there is room for; they are written at once."""
    calls = 0
    while budget.ready_at(SET, at) is None:
        budget.typed(at)
        call(budget, at)
        calls += 1
    return calls


def test_fewer_places_are_kept_for_typed_ones_each_full_minute_in_which_nobody_types() -> None:
    budget = Budget()
    assert [calendars(budget, after(60 * minute)) for minute in range(6)] == [42, 46, 48, 49, 49, 49]
    assert typed(budget, after(301)) == 1


def test_who_types_in_a_full_minute_finds_eight_places_again() -> None:
    budget = Budget()
    assert [calendars(budget, after(60 * minute)) for minute in range(4)] == [42, 46, 48, 49]
    assert typed(budget, after(190)) == 1
    assert calendars(budget, after(240)) == 42 - 1
    assert typed(budget, after(245)) == 8
    assert calendars(budget, after(300)) == 50 - 8 - 8


def test_eight_places_are_kept_again_once_no_minute_has_been_full_for_two() -> None:
    budget = Budget()
    assert [calendars(budget, after(60 * minute)) for minute in range(4)] == [42, 46, 48, 49]
    assert calendars(budget, after(180 + 121)) == 42
    assert budget.kept_for_typed(after(180 + 121)) == 8


def test_place_that_only_the_person_has_used_up_is_no_full_minute() -> None:
    budget = Budget()
    for _ in range(9):
        call(budget, START, "U1")
    assert budget.ready_at(SET, START, "U1", keep=8) == after(60)
    assert budget.kept_for_typed(after(60)) == 8


def test_clock_that_is_set_back_leaves_what_was_kept_as_it_was() -> None:
    budget = Budget()
    calendars(budget, after(60))
    budget.typed(after(61))
    assert [budget.kept_for_typed(after(at)) for at in (61, 60.95, 40, -600)] == [8, 8, 8, 8]


# ── a keeper ────────────────────────────────────────────────────────────────────────────────────────


def fits(budget: Budget, method: str, person: str = "", **how: Any) -> int:
    """How many calls there is room for; they are taken."""
    calls = 0
    while budget.ready_at(method, START, person, **how) is None and calls < 100:
        slot = budget.take(method, START, person)
        budget.done(slot, START)
        calls += 1
    return calls


def test_owner_that_died_may_have_made_the_keepers_calls_where_there_is_one() -> None:
    budget = Budget()
    budget.restore(Budget(keeper="UADMIN").to_json(START, owned=True), START, timedelta(seconds=10))
    assert budget.keeper == "UADMIN"
    assert (fits(budget, "users.profile.set"), fits(budget, KEPT)) == (50 - 8 - 4, 26 - 4)


def test_members_leave_ten_calls_to_the_keeper_while_somebody_waits_for_it() -> None:
    budget = Budget(keeper="UADMIN")
    budget.keeper_waits = True
    assert fits(budget, "users.profile.set") == 40
    for number in range(10):
        assert budget.ready_at("users.profile.set", START, f"U{number}", kept=True) is None
        budget.take("users.profile.set", START, f"U{number}")
        budget.take(KEPT, START)
    assert budget.ready_at("users.profile.set", START, kept=True) is not None


def test_members_have_all_calls_while_nobody_waits_for_the_keeper() -> None:
    assert fits(Budget(keeper="UADMIN"), "users.profile.set") == 50


def test_what_the_keeper_has_made_of_its_ten_is_left_no_more() -> None:
    budget = Budget(keeper="UADMIN", keeper_waits=True)
    for number in range(6):
        budget.take("users.profile.set", START, f"U{number}")
        budget.take(KEPT, START)
    assert fits(budget, "users.profile.set") == 50 - 4 - 6


def test_keeper_makes_26_in_a_minute_and_ten_while_members_wait() -> None:
    assert fits(Budget(keeper="UADMIN"), KEPT) == 26
    assert fits(Budget(keeper="UADMIN"), KEPT, most=10) == 10


def test_one_token_sets_no_more_than_29_profiles_its_owners_own_among_them() -> None:
    budget = Budget(keeper="UADMIN")
    assert fits(budget, "users.profile.set", "UADMIN") == 9
    assert fits(budget, KEPT) == 26 - 9
    budget = Budget(keeper="UADMIN")
    assert fits(budget, KEPT) == 26
    assert fits(budget, "users.profile.set", "UADMIN") == 3
    assert fits(budget, "users.profile.set", "UBOB") == 9
