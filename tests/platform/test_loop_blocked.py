"""What holds up the loop is said once it goes on: how long, why, and in which function; never a value."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import signal
import sys
import threading
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from structlog.testing import capture_logs

from services.platform import loop_watch
from services.platform.concurrency import off_loop
from services.platform.loop_watch import LoopWatch
from tests.support.command_line import ROOT
from tests.support.engine import until
from tests.support.virtual_time import VirtualTime

SECRET = "Board: layoffs"


@asynccontextmanager
async def watched(quiet: float = 0.0) -> AsyncIterator[tuple[list[Any], list[float]]]:
    """The lines that are logged meanwhile, and how late the loop was each time."""
    lateness: list[float] = []
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(loop_watch, "QUIET", quiet)
    watch = LoopWatch(lateness.append)
    with capture_logs() as logged:
        watch.start()
        await until(lambda: lateness)
        yield logged, lateness
        looks = len(lateness)
        await until(lambda: len(lateness) > looks)
        watch.stop()
    monkeypatch.undo()
    assert not any(one.name == "statusquo-loop-watch" for one in threading.enumerate())


def blocks(title: str, seconds: float) -> None:
    assert title == SECRET
    time.sleep(seconds)  # the thread that watches waits by the machine's clock


def computes(_title: str, seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.mark.parametrize("how", [blocks, computes])
async def test_what_holds_up_the_loop_is_told_with_its_stack_and_without_its_values(
    how: Callable[[str, float], None],
) -> None:
    async def handler(title: str) -> None:
        how(title, 0.5)

    async with watched() as (logged, lateness):
        await asyncio.create_task(handler(SECRET))
    (line,) = (line for line in logged if "handler" in str(line["stack"]))  # others use this machine, too
    assert (line["event"], line["log_level"], line["cause"]) == ("loop_blocked", "warning", "code")
    assert line["seconds"] in {round(late, 2) for late in lateness}
    outer, inner = line["stack"][:2]
    assert re.fullmatch(r"tests/platform/test_loop_blocked\.py:\d+ handler", outer)
    assert re.fullmatch(rf"tests/platform/test_loop_blocked\.py:\d+ {how.__name__}", inner)
    assert SECRET not in str(line)


async def test_loop_that_turns_is_not_told_of_and_each_look_is_counted(virtual_time: VirtualTime) -> None:
    async with watched() as (logged, lateness):
        lateness.clear()
        await asyncio.sleep(5.05 * loop_watch.TICK)
        assert lateness == pytest.approx([0.0] * 5, abs=1e-6)
    assert logged == []


@pytest.mark.slow
async def test_thread_that_keeps_the_interpreter_is_named_and_not_the_loop_that_waits_for_it() -> None:
    slow, text = re.compile(r"\n+[ \t]"), "\n" * 12_000

    def library(what: str) -> None:
        slow.sub("", what)

    idle = [await aiosqlite.connect(":memory:") for _ in range(5)]  # as the pool of the database has them
    async with watched() as (logged, _):
        await off_loop(library, text)
    for connection in idle:
        await connection.close()
    line = logged[0]
    assert line["cause"] == "threads"
    stack = [one for one in line["stack"] if not one.startswith("execnet/")]  # pytest's own
    assert stack == [] or "library" in " ".join(stack)  # it may be over before anybody can look


async def test_collecting_garbage_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_watch, "BLOCKED", 0.02)
    garbage = [[number] for number in range(300_000)]
    async with watched() as (logged, lateness):
        logged.clear()  # what made the garbage
        looks = len(lateness)
        await until(lambda: len(lateness) > looks)
        end = time.monotonic() + 2 * loop_watch.TICK  # so that a look is late however quick the machine is
        while time.monotonic() < end:
            gc.collect()
    assert garbage
    assert "garbage" in {line["cause"] for line in logged}


async def test_lines_are_few_however_often_the_loop_stands() -> None:
    async with watched(quiet=60) as (logged, lateness):
        for _ in range(2):
            looks = len(lateness)
            blocks(SECRET, 0.4)
            await until(lambda looks=looks: len(lateness) > looks + 1)  # type: ignore[misc]
    assert [line["more"] for line in logged] == [0]
    assert sum(late > 0.25 for late in lateness) >= 2


async def test_loop_that_does_not_go_on_is_told_of_while_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_watch, "STUCK", 0.3)
    async with watched() as (logged, _):
        end = time.monotonic() + 10
        while not logged and time.monotonic() < end:
            time.sleep(0.01)  # noqa: ASYNC251 - the loop is to stand until the thread that watches has told
        assert [(line["cause"], line["seconds"] >= loop_watch.STUCK) for line in logged] == [("code", True)]


STOPPED = """
import asyncio, json, sys
from services.platform import logs, loop_watch
from services.platform.loop_watch import LoopWatch

loop_watch.QUIET = 0

async def main():
    logs.configure("INFO", "json", sys.stdout)
    watch = LoopWatch(lambda late: print(json.dumps({"late": late}), flush=True))
    watch.start()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    watch.stop()

asyncio.run(main())
"""


async def test_process_that_is_stopped_has_nobody_to_blame() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", STOPPED, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    await child.stdout.readline()
    os.kill(child.pid, signal.SIGSTOP)
    await until(lambda: "(stopped)" in Path(f"/proc/{child.pid}/status").read_text())
    await asyncio.sleep(0.8)  # another process stands still for so long, by the machine's clock
    os.kill(child.pid, signal.SIGCONT)
    line: dict[str, Any] = {}
    while line.get("seconds", 0) < 0.5:
        line = json.loads(await child.stdout.readline())
    child.stdin.write(b"\n")
    await child.communicate()
    assert (line["event"], line["cause"], line["stack"]) == ("loop_blocked", "stood_still", [])
