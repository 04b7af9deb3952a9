"""From a member's leave to what an admin's keeper shows of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.decisions import GRACE, Standing
from services.domain.keeper import Leave, Plan, begun, continued, has_looked, next_look, owes, plan
from services.domain.model import Kind, Status, WallTimes

START = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return START + hours * HOUR


def leave(begins: float, ends: float) -> Leave:
    return Leave(at(begins), at(ends))


def says(start: datetime, end: datetime) -> tuple[str, str]:
    return f"{(start - START) / HOUR:g} to {(end - START) / HOUR:g}", ":palm_tree:"


def seen(found: Plan) -> tuple[str, float | None, float | None, float | None]:
    """Text, next edge, until, following; in hours from the start."""
    edges = (found.next_at, found.until, found.following)
    return found.span.status.text, *(None if one is None else (one - START) / HOUR for one in edges)


@pytest.mark.parametrize(
    ("pieces", "hour", "shown"),
    [
        ([], 0, ("", None, None, None)),
        ([(1, 2)], 0, ("", 1, 2, 1)),
        ([(1, 2)], 1, ("1 to 2", 2, 2, None)),
        ([(1, 2)], 2, ("", None, None, None)),
        ([(1, 3), (2, 4)], 2, ("1 to 4", 4, 4, None)),
        ([(1, 4), (2, 3)], 3.5, ("1 to 4", 4, 4, None)),
        ([(2, 3), (1, 2)], 1, ("1 to 3", 3, 3, None)),
        ([(1, 2), (3, 4)], 1, ("1 to 2", 2, 2, 3)),
        ([(1, 2), (3, 4)], 2, ("", 3, 4, 3)),
        ([(1, 1), (3, 2)], 1, ("", None, None, None)),
    ],
)
def test_leave_that_touches_is_one_span(
    pieces: list[tuple[float, float]], hour: float, shown: tuple[str, float | None, float | None, float | None]
) -> None:
    found = plan([leave(*piece) for piece in pieces], at(hour), says)
    assert seen(found) == shown
    assert found.span.kind == (Kind.OUT_OF_OFFICE if found.span.shows else None)
    assert not found.span.shows or found.span.status.expiration == found.span.end


def test_whole_days_are_read_in_the_members_zone() -> None:
    days = WallTimes(datetime(2026, 11, 24), datetime(2026, 11, 26))
    (one,) = (Leave(at(0), at(48), days),)
    there = plan([one], at(0), says, zone=ZoneInfo("Pacific/Auckland"))
    assert (there.span.start, there.span.end) == (at(-13), at(35))
    assert plan([one], at(0), says).span.end == at(48)


def test_whoever_is_not_to_be_kept_shows_nothing() -> None:
    assert plan([leave(0, 9)], at(1), says, may=False) == Plan(plan([], at(1), says).span)


def test_leave_goes_on_from_where_it_began_though_its_first_day_is_forgotten() -> None:
    first = plan([leave(0, 24), leave(24, 48)], at(1), says).span
    later = plan([leave(24, 48)], at(25), says).span
    assert continued(later, begun(first)).began == at(0)
    again = continued(later, begun(first))
    assert continued(plan([leave(48, 72)], at(50), says).span, begun(again)).began == at(0)
    assert continued(plan([leave(49, 72)], at(50), says).span, begun(again)).began is None
    assert continued(later, "").began is None
    nothing = plan([], at(1), says).span
    assert begun(nothing) == ""
    assert continued(nothing, begun(first)) == nothing


def test_what_stands_or_may_stand_is_owed() -> None:
    status = Status("Out of office", ":palm_tree:", at(9))
    assert not owes(Standing(own=status, wanted=status, looked_at=at(1)))
    for name in ("applied", "pending", "covered"):
        assert owes(Standing(**{name: status}))


def test_end_is_looked_at_a_little_later_unless_something_is_to_be_put_back() -> None:
    found = plan([leave(0, 9)], at(1), says)
    status = found.span.status
    assert next_look(found, Standing(applied=status), None) == at(9) + GRACE
    assert next_look(found, Standing(applied=status, covered=Status("Thesis")), None) == at(9)
    assert next_look(found, Standing(own=Status("Thesis")), at(3)) == at(3)
    assert next_look(plan([leave(2, 3)], at(1), says), Standing(applied=status), None) == at(2)
    assert next_look(plan([], at(1), says), Standing(), None) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8), st.integers(0, 40))
def test_shows_leave_exactly_while_somebody_is_on_leave(pieces: list[tuple[int, int]], hour: int) -> None:
    found = plan([leave(*piece) for piece in pieces], at(hour), says)
    assert found.span.shows == any(begins <= hour < ends for begins, ends in pieces)
    edges = [found.next_at, found.following]
    assert all(edge is None or edge > at(hour) for edge in edges)
    if found.span.shows:
        assert found.span.start <= at(hour) < found.span.end == found.next_at


def test_profile_was_looked_at_for_a_leave_once_it_was_decided_about() -> None:
    first, second = plan([leave(0, 24)], at(1), says).span, plan([leave(30, 48)], at(31), says).span
    assert not has_looked("", at(0))
    assert has_looked(begun(first), at(0))
    assert not has_looked(begun(first), at(30))
    assert has_looked(begun(second), at(30))
