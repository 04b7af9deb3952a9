"""How fast leave is matched with members: a large company's calendar with all of its people."""

from __future__ import annotations

import asyncio
import random
import time

from bench.table import Row
from services.domain.leave import match
from services.domain.leave_lines import LeaveLine, LeaveMember, MatchResult
from services.usecases.leave_matcher import LeaveMatcher

LINES, MEMBERS = 2000, 20_000
LIMIT = 1.0
_GIVEN = (
    "Ann", "Jörg", "Łukasz", "María", "Anne-Marie", "Zoë", "Søren", "François", "Jan", "Teresa", "Ngọc", "Ana", "Émile",
    "Björk", "Petr", "John",
)  # fmt: skip
_SHAPES = (
    "[Paid vacation] {name}", "{name} (Paid Vacation - 9 days)", "Absence - {name}", "{last}, {first}: Urlaub",
    "{name} – krank (0,5 Tage)", "Congés payés | {name}", "{name}'s birthday", "Bob {name} on leave",
)  # fmt: skip


def rows() -> list[Row]:
    chance = random.Random(1)  # noqa: S311 - sample data
    people = [
        (f"{chance.choice(_GIVEN)} {_letters(number)}", f"Müller-{_letters(number * 7)}") for number in range(MEMBERS)
    ]
    members = [
        LeaveMember(f"U{number}", (f"{first} {last}", f"{last}, {first}", first), f"p{number}@example.com")
        for number, (first, last) in enumerate(people)
    ]
    lines = [
        LeaveLine(str(number), chance.choice(_SHAPES).format(name=f"{first} {last}", first=first, last=last))
        for number, (first, last) in enumerate(chance.sample(people, LINES))
    ]
    began = time.perf_counter()
    found = match(lines, members, {})
    alone = time.perf_counter() - began
    assert sum(line.result is MatchResult.MATCHED for line in found) > LINES / 2
    asked, held = asyncio.run(_in_its_process(lines, members))
    what = f"leave matching, {LINES:,} lines against {MEMBERS:,} members"
    return [
        Row(what, alone, "s", LIMIT, "limit", "one process, pure Python"),
        Row(
            "the same asked of its process, which runs",
            asked,
            "s",
            LIMIT,
            "limit",
            f"the loop stood {held:.0f} ms at most",
        ),
    ]


def _letters(number: int) -> str:
    """A name of its own for a number."""
    name = ""
    while number or not name:
        number, rest = divmod(number, 20)
        name += "abcdefghijklmnoprstu"[rest]
    return f"Q{name}x"


async def _in_its_process(lines: list[LeaveLine], members: list[LeaveMember]) -> tuple[float, float]:
    """Seconds until the answer is there, and the longest that the loop stood still meanwhile, in milliseconds."""
    matcher = LeaveMatcher()
    await matcher.match("T1", lines[:1], members[:1], {})
    held, stop = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal held
        while not stop.is_set():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            held = max(held, time.perf_counter() - before - 0.001)

    watching = asyncio.create_task(watch())
    began = time.perf_counter()
    await matcher.match("T1", lines, members, {})
    took = time.perf_counter() - began
    stop.set()
    await watching
    await matcher.close()
    return took, held * 1000
