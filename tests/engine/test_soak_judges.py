"""`make soak` finds what it looks for: statuses lost, late, wrong, needless; and knows what Slack's limits force."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bench.soak.clock import SoakClock
from bench.soak.judge import Change, Judge, Pause, Verdict, pieces
from bench.soak.oracle import ABSENCE, FOCUS, MEETING, NOTHING, ROUTINE, Act, Days, Segment, Shown, Wish, expected
from tests.support.virtual_time import VirtualTime

MET, FOCUSED, LUNCH, OUT, MINE = (
    ("In a meeting", ":a:"), ("Focusing", ":b:"), ("Lunch", ":c:"), ("Out", ":d:"), ("Mine", ":e:")
)  # fmt: skip


def at(clock_time: str, seconds: float = 0) -> datetime:
    hour, minute = clock_time.split(":")
    return datetime(2026, 11, 30, int(hour), int(minute), tzinfo=UTC) + timedelta(seconds=seconds)


def wish(start: str, end: str, layer: int, shows: Shown, **more: datetime) -> Wish:
    return Wish(at(start), at(end), layer, shows, **more)


def told(days: Days) -> list[tuple[str, str]]:
    """When what begins to show, between eight and eight."""
    return [(f"{one.start:%H:%M}", one.shows[0]) for one in expected(days, at("08:00"), at("20:00"))]


# ── what is to be shown ─────────────────────────────────────────────────────────────────────────────


def test_highest_wins_and_neighbours_that_say_the_same_are_one() -> None:
    days = Days(
        [
            wish("09:00", "10:00", MEETING, MET), wish("10:00", "10:30", MEETING, MET),
            wish("10:15", "12:00", FOCUS, FOCUSED), wish("11:30", "13:00", ROUTINE, LUNCH),
            wish("12:30", "12:45", ABSENCE, OUT),
        ]
    )  # fmt: skip
    assert told(days) == [
        ("08:00", ""), ("09:00", MET[0]), ("10:30", FOCUSED[0]), ("12:00", LUNCH[0]), ("12:30", OUT[0]),
        ("12:45", LUNCH[0]), ("13:00", ""),
    ]  # fmt: skip


def test_entry_counts_while_it_stands_in_the_calendar() -> None:
    days = Days([wish("09:00", "10:00", MEETING, MET, known=at("09:10"), gone=at("09:40"))])
    assert told(days) == [("08:00", ""), ("09:10", MET[0]), ("09:40", "")]


def test_own_status_without_an_end_is_covered_by_what_begins_after_it() -> None:
    own = Act("own", at("09:10"), at("13:00"), MINE, endless=True)
    days = Days([wish("09:00", "10:00", MEETING, MET), wish("11:00", "12:00", FOCUS, FOCUSED)], [own])
    assert told(days) == [
        ("08:00", ""), ("09:00", MET[0]), ("09:10", MINE[0]), ("11:00", FOCUSED[0]), ("12:00", MINE[0]), ("13:00", ""),
    ]  # fmt: skip


def test_what_has_an_end_and_what_is_asked_for_stay_until_then() -> None:
    for what in ("own", "command"):
        days = Days([wish("09:00", "10:00", MEETING, MET)], [Act(what, at("08:30"), at("09:30"), MINE)])
        assert told(days) == [("08:00", ""), ("08:30", MINE[0]), ("09:30", MET[0]), ("10:00", "")]


def test_who_is_back_early_is_left_alone_until_something_else_begins() -> None:
    days = Days(
        [wish("09:00", "10:00", MEETING, MET), wish("10:00", "11:00", FOCUS, FOCUSED)],
        [Act("back", at("09:20"), at("10:00"))],
    )
    assert told(days) == [("08:00", ""), ("09:00", MET[0]), ("09:20", ""), ("10:00", FOCUSED[0]), ("11:00", "")]


# ── what was shown ──────────────────────────────────────────────────────────────────────────────────

BEGIN, RIGHT = Change(at("08:00"), NOTHING), Change(at("09:00"), MET, at("10:00"))
SEGMENTS = [
    Segment(at("08:00"), at("09:00"), NOTHING), Segment(at("09:00"), at("10:00"), MET),
    Segment(at("10:00"), at("20:00"), NOTHING),
]  # fmt: skip


def judged(
    *changes: Change, writes: list[datetime] | None = None, pauses: tuple[Pause, ...] = (),
    segments: list[Segment] | None = None,
) -> Verdict:  # fmt: skip
    judge = Judge({"T1": writes or []}, pauses, at("20:00"))
    judge.person("U1", "T1", segments or SEGMENTS, [BEGIN, *changes])
    return judge.verdict


def whats(verdict: Verdict) -> list[str]:
    return [one.what for one in verdict.faults]


def test_status_that_ends_by_itself_is_right() -> None:
    verdict = judged(Change(at("09:00", 0.5), MET, at("10:00")))
    assert whats(verdict) == []
    assert verdict.late == [0.5, 0.0]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([], ["lost"]),
        ([Change(at("09:00", 6), MET, at("10:00"))], ["late"]),
        ([Change(at("09:00"), MET, at("09:50"))], ["wrong"]),
        ([Change(at("09:00"), MET, at("10:10"))], ["late"]),
        ([Change(at("09:00"), MET)], ["lost"]),
        ([Change(at("09:00"), FOCUSED, at("10:00"))], ["lost"]),
        ([RIGHT, Change(at("09:30"), MINE), Change(at("09:31"), MET, at("10:00"))], ["wrong"]),
        ([RIGHT, Change(at("09:30"), MINE), Change(at("09:30", 4), MET, at("10:00"))], []),
    ],
)  # fmt: skip
def test_what_is_not_right_is_found(changes: list[Change], found: list[str]) -> None:
    assert whats(judged(*changes)) == found


def test_limits_force_a_write_to_wait_for_a_minute_after_the_one_so_many_before_it() -> None:
    writes = [at("09:00", 0.01 * number) for number in range(42)] + [at("09:01", 2)]
    verdict = judged(Change(at("09:01", 2), MET, at("10:00")), writes=writes)
    assert whats(verdict) == []
    assert verdict.late[0] == 62
    assert verdict.beyond_ours[0] == pytest.approx(2)
    assert verdict.beyond_slacks[0] == 62


def test_nothing_forces_a_write_that_fewer_came_before() -> None:
    writes = [at("09:00", 0.01 * number) for number in range(41)] + [at("09:01", 2)]
    assert whats(judged(Change(at("09:01", 2), MET, at("10:00")), writes=writes)) == ["late"]


@pytest.mark.parametrize(("came", "found"), [(3, []), (9, [9.0])])
def test_what_was_due_while_the_app_was_down_is_due_when_it_is_up(came: int, found: list[float]) -> None:
    down = Pause("kill", at("08:59"), at("09:04"))
    verdict = judged(Change(at("09:04", came), MET, at("10:00")), pauses=(down,))
    assert [late for late in verdict.after["kill"] if late > 5] == found
    assert whats(verdict) == ["late after kill"] * len(found)


@pytest.mark.parametrize(("made", "late"), [(26, 0.5), (25, 60.5)])
def test_after_a_kill_what_may_have_been_called_counts_as_called(made: int, late: float) -> None:
    down = Pause("kill", at("08:59"), at("09:04"))
    writes = [at("09:04")] * made + [at("09:05", 0.5)]
    verdict = judged(Change(at("09:05", 0.5), MET, at("10:00")), writes=writes, pauses=(down,))
    assert verdict.after["kill"] == [late]


def test_what_was_late_before_the_app_went_down_stays_late() -> None:
    down = Pause("kill", at("09:01"), at("09:04"))
    assert whats(judged(Change(at("09:04"), MET, at("10:00")), pauses=(down,))) == ["late"]


def test_what_shows_is_one_piece_where_it_says_the_same() -> None:
    shown = pieces([BEGIN, Change(at("09:00"), MET, at("10:00")), Change(at("09:59"), MET, at("11:00"))])
    assert [(f"{one.start:%H:%M}", one.shows) for one in shown] == [
        ("08:00", NOTHING),
        ("09:00", MET),
        ("11:00", NOTHING),
    ]


# ── the clock ───────────────────────────────────────────────────────────────────────────────────────


async def test_clock_wakes_who_waits_for_what_it_leaps_over(virtual_time: VirtualTime) -> None:
    clock = SoakClock(at("09:00"), virtual_time.now)
    waits = asyncio.create_task(clock.wait(at("10:00"), asyncio.Event()), name="somebody")
    await asyncio.sleep(0)
    assert clock.sleepers() == [(at("10:00"), "somebody")]
    clock.set(at("10:00"), virtual_time.now)
    await asyncio.wait_for(waits, 5)
    assert clock.sleepers() == []
    assert clock.now() == at("10:00")


async def test_clock_goes_as_the_world_does(virtual_time: VirtualTime) -> None:
    since = virtual_time.now
    clock, other = SoakClock(at("09:00"), since), SoakClock(at("09:00"), since)
    virtual_time.passes(60)
    assert clock.now() == other.now() == at("09:01")
    await clock.wait(at("10:00"), asyncio.Event())
    assert virtual_time.now - since == pytest.approx(3600)
    assert clock.now() == other.now() == at("10:00")


async def test_who_is_told_waits_no_longer(virtual_time: VirtualTime) -> None:
    clock, told_of = SoakClock(at("09:00"), virtual_time.now), asyncio.Event()
    waits = asyncio.create_task(clock.wait(at("10:00"), told_of))
    await asyncio.sleep(0)
    told_of.set()
    await asyncio.wait_for(waits, 5)
    assert clock.now() == at("09:00")
