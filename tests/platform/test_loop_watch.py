"""The watch over the loop sees what computes on it and what holds the interpreter, not a machine that is busy."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

import pytest

from services.platform.concurrency import off_loop
from tests.support.loop_watch import LoopWatch, watched


def _compute(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def _watching(compute: Callable[[], Awaitable[object]]) -> None:
    async with watched(0.05):
        await asyncio.sleep(0.03)
        await compute()


async def test_what_computes_on_the_loop_is_seen() -> None:
    async def compute() -> None:
        _compute(0.15)

    with pytest.raises(AssertionError, match="of its own"):
        await _watching(compute)


@pytest.mark.slow
async def test_what_holds_the_interpreter_in_a_thread_is_seen() -> None:
    slow, text = re.compile(r"\n+[ \t]"), "\n" * 14_000
    with pytest.raises(AssertionError, match="by threads"):
        await _watching(lambda: off_loop(slow.sub, "", text))


async def test_what_takes_turns_in_a_thread_and_a_loop_that_stands_still_are_not() -> None:
    async with watched(0.1):
        await off_loop(_compute, 0.1)
        time.sleep(0.3)  # noqa: ASYNC251 - as if others had the machine: a loop that is not late at all would show nothing


@pytest.mark.slow
def test_what_is_computed_while_the_loop_does_not_run_is_not_seen_and_what_is_at_the_end_of_a_run_is() -> None:
    async def computes() -> None:
        await asyncio.sleep(0.03)
        _compute(0.15)

    async def does(work: Callable[[], None]) -> None:
        work()

    watch = LoopWatch()
    with asyncio.Runner() as runner:
        runner.run(does(watch.start))
        _compute(0.3)
        runner.run(asyncio.sleep(0.03))
        _compute(0.3)
        assert watch.worst < 0.1
        runner.run(computes())
        assert 0.1 < watch.worst < 0.25
        _compute(0.3)
        runner.run(does(watch.stop))
    assert watch.worst < 0.25
