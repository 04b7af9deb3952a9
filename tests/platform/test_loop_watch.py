"""The watch over the loop sees what computes on it and what holds the interpreter, not a machine that is busy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.support import loop_watch
from tests.support.loop_watch import LoopWatch, watched
from tests.support.virtual_time import VirtualTime


class Machine:
    """How long what a test does takes: no second of it passes."""

    def __init__(self, virtual_time: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> None:
        self._time = virtual_time
        self._of_thread = self._of_process = 0.0
        monkeypatch.setattr(time, "thread_time", lambda: self._of_thread)
        monkeypatch.setattr(time, "process_time", lambda: self._of_process)

    def computes(self, seconds: float) -> None:
        """The loop's own thread does."""
        self._of_thread += seconds
        self.others_compute(seconds)

    def others_compute(self, seconds: float) -> None:
        """Another thread does, and holds the interpreter."""
        self._of_process += seconds
        self.stands(seconds)

    def stands(self, seconds: float) -> None:
        """Others have the processor."""
        self._time.passes(seconds)


@pytest.fixture
def machine(virtual_time: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(loop_watch, "slowness", lambda: 1.0)
    return Machine(virtual_time, monkeypatch)


async def _watching(does: Callable[[], None]) -> None:
    async with watched(0.5):
        await asyncio.sleep(0.03)
        does()


async def test_what_computes_on_the_loop_is_seen(machine: Machine) -> None:
    with pytest.raises(AssertionError, match="of its own"):
        await _watching(lambda: machine.computes(0.6))


async def test_what_holds_the_interpreter_in_a_thread_is_seen_with_some_room(machine: Machine) -> None:
    await _watching(lambda: machine.others_compute(0.7))
    with pytest.raises(AssertionError, match="by threads"):
        await _watching(lambda: machine.others_compute(0.9))


async def test_loop_that_stands_still_is_not(machine: Machine) -> None:
    await _watching(lambda: machine.stands(10))


async def test_machine_that_takes_longer_for_everything_is_not(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_watch, "slowness", lambda: 3.0)
    await _watching(lambda: machine.computes(1.4))
    with pytest.raises(AssertionError, match="of its own"):
        await _watching(lambda: machine.computes(1.6))


def test_what_is_computed_while_the_loop_does_not_run_is_not_seen_and_what_is_at_the_end_of_a_run_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = LoopWatch()

    async def begins() -> Machine:
        machine = Machine(VirtualTime(monkeypatch), monkeypatch)
        watch.start()
        return machine

    async def rests() -> None:
        await asyncio.sleep(0.03)

    async def computes() -> None:
        await rests()
        machine.computes(0.15)

    async def ends() -> None:
        watch.stop()

    with asyncio.Runner() as runner:
        machine = runner.run(begins())
        machine.computes(3)
        runner.run(rests())
        machine.computes(3)
        assert watch.worst == 0
        runner.run(computes())
        worst = watch.worst
        assert 0.1 < worst <= 0.15
        machine.computes(3)
        runner.run(ends())
    assert watch.worst == worst
