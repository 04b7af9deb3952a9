"""Turns: so many at once, in order, and those who go first before the others."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from services.engine.priority_semaphore import Turns


class People:
    """Who has a place, in the order in which they got it."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.came: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def comes(self, name: str, *, first: bool = False) -> None:
        self.leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._stay(name, first=first))
        await self.pause()

    async def _stay(self, name: str, *, first: bool) -> None:
        async with self.turns.turn(name, first=first):
            self.came.append(name)
            await self.leave[name].wait()

    async def leaves(self, name: str) -> None:
        self.leave[name].set()
        await self.pause()

    async def gives_up(self, name: str) -> None:
        self.tasks[name].cancel()
        await self.pause()

    async def pause(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def end(self) -> None:
        for task in self.tasks.values():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_kept_places_are_for_those_who_go_first_alone() -> None:
    people = People(Turns(2, 1))
    for name in "abc":
        await people.comes(name)
    assert people.came == ["a", "b"]
    await people.comes("typed", first=True)
    assert people.came == ["a", "b", "typed"]
    await people.comes("typed too", first=True)
    await people.leaves("a")
    assert people.came == ["a", "b", "typed", "typed too"]
    await people.leaves("typed")
    await people.leaves("typed too")
    assert people.came[4:] == ["c"]
    await people.end()


async def test_who_waits_can_be_had_to_go_first() -> None:
    people = People(Turns(1, 1))
    for name in "abc":
        await people.comes(name)
    people.turns.go_first("c")
    people.turns.go_first("nobody")
    await people.pause()
    assert people.came == ["a", "c"]
    await people.end()


@pytest.mark.parametrize("first", [False, True])
async def test_who_gives_up_leaves_no_place_taken(first: bool) -> None:
    people = People(Turns(1, 0))
    await people.comes("a")
    await people.comes("b", first=first)
    await people.gives_up("b")
    await people.comes("c")
    people.leave["a"].set()
    await people.gives_up("c") if first else await people.pause()
    await people.comes("d")
    await people.leaves("c")
    assert people.came[-1] == "d"
    await people.end()
