"""Leave is matched in a process of its own, under limits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.domain.errors import CalendarTooCostlyError
from services.domain.leave import match
from services.domain.leave_lines import LeaveLine, LeaveMember, Matched, MatchResult
from services.domain.leave_spelling import folded_name
from services.usecases.leave_matcher import MOST_LINES, LeaveMatcher

LINES = [
    LeaveLine("0", "[Urlaub] Müller, Jörg"),
    LeaveLine("1", "vacation", "ann@corp.example"),
    LeaveLine("2", "Ann Lee", categories=("Birthdays",)),
    LeaveLine("3", "Bobby – workation"),
    LeaveLine("4", "Fiona Smithson – PTO"),
]
MEMBERS = [
    LeaveMember("JOE", ("Joerg Mueller",)),
    LeaveMember("ANN", ("Ann Lee", "田中 太郎"), "ann@corp.example"),
    *(LeaveMember(f"U{number}", (f"Some Body{number}",)) for number in range(5000)),
]
TIES, TYPES = {folded_name("Bobby"): "U7"}, frozenset({"Workation"})


@pytest.fixture
async def matcher() -> AsyncIterator[LeaveMatcher]:
    found = LeaveMatcher()
    yield found
    await found.close()


async def test_matched_elsewhere_as_here(matcher: LeaveMatcher) -> None:
    found = await matcher.match("T1", LINES, MEMBERS, TIES, TYPES)

    assert found == match(LINES, MEMBERS, TIES, TYPES)
    assert [one.user_id for one in found] == ["JOE", "ANN", "", "U7", ""]
    assert found[4] == Matched("4", MatchResult.UNKNOWN, name="Fiona Smithson")
    assert await matcher.match("T1", LINES[:1], [], {}, ()) == [Matched("0", MatchResult.UNKNOWN, name="Müller, Jörg")]
    assert await matcher.match("T1", [], MEMBERS, {}, ()) == []


async def test_what_is_too_much_is_given_up_and_the_next_is_matched() -> None:
    hasty = LeaveMatcher(seconds=0.0)
    try:
        with pytest.raises(CalendarTooCostlyError):
            await hasty.match("T1", LINES, MEMBERS, TIES, TYPES)
    finally:
        await hasty.close()
    small = LeaveMatcher(memory=96 * 2**20)
    try:
        with pytest.raises(CalendarTooCostlyError, match=r"memory|ended"):
            await small.match("T1", [LeaveLine("L" * 1000, "x " * 499) for _ in range(MOST_LINES)], MEMBERS, {}, ())
        assert len(await small.match("T2", LINES, MEMBERS, TIES, TYPES)) == len(LINES)
    finally:
        await small.close()


async def test_more_lines_than_a_calendar_has_are_refused(matcher: LeaveMatcher) -> None:
    with pytest.raises(CalendarTooCostlyError, match="lines or members"):
        await matcher.match("T1", [LINES[0]] * (MOST_LINES + 1), MEMBERS, {}, ())
