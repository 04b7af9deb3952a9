"""Who holds up the event loop: while it does not turn, a thread of its own takes the stack that it stands in.

The loop looks at the time ten times a second and counts how late that was. The thread wakes where the loop should have
looked long ago, and no more than four times a second else. A stack is files, lines and functions, never values.

A loop is late for four reasons, and the line in the log says which: `code` computes or waits on it; other `threads`
keep the interpreter (`re` and `json` do, however long they take); `garbage` was collected; or the process
`stood_still`: neither did the thread run, nor was anything computed, as on a machine that is stopped or has too little
processor.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

TICK = 0.1
BLOCKED = 0.25
"""Seconds between two looks of the loop; seconds that it may be late."""

STUCK = 5.0
"""Seconds after which a loop that still stands is told of; else once it goes on, with how long it took."""

QUIET = 10.0
"""Seconds without another line after one; the next says how many there would have been."""

_MOST_FRAMES = 20
_MOST_THREADS, _FRAMES_OF_A_THREAD = 4, 5
_WHOLE = 2
"""The generation of the garbage collector that looks at everything: the others take a millisecond."""

_IDLE = ("threading.py", "queue.py", "selectors.py", "concurrent/futures/thread.py", "aiosqlite/core.py")
"""Where a thread waits for something to do. One of aiosqlite's that works does so in another file, or in SQLite, which
keeps no interpreter."""

_ROOT = f"{Path(__file__).resolve().parents[2]}/"


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was seen while the loop was to look at `due`."""

    due: float
    cause: str
    stack: list[str]


class LoopWatch:
    """Watches the loop in which `start` is called, until `stop`."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        """`observe` is given how late each look was, in seconds."""
        self._observe = observe
        self._stopping = threading.Event()
        self._handle: asyncio.TimerHandle | None = None
        self._due = self._computed = 0.0
        self._planned = 0.0  # until when the thread sleeps
        self._overslept = 0.0, 0.0  # when it last woke much later than that, and by how much
        self._collected = self._collecting_since = 0.0
        self._taken: _Taken | None = None
        self._told_at = float("-inf")
        self._told_due = 0.0
        self._more = 0

    def start(self) -> None:
        """Begin, in the loop that runs."""
        self._loop, self._loop_thread = asyncio.get_running_loop(), threading.get_ident()
        gc.callbacks.append(self._collects)
        self._next(self._loop.time())
        self._thread = threading.Thread(target=self._watch, name="statusquo-loop-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and the thread with it. Nothing where it was not begun."""
        if self._handle is None:
            return
        self._handle.cancel()
        self._stopping.set()
        self._thread.join()
        gc.callbacks.remove(self._collects)

    # ── on the loop ─────────────────────────────────────────────────────────────────────────────────

    def _next(self, now: float) -> None:
        """Look again in a while from `now`, so that what happens during this look is seen by the next one."""
        self._computed, self._collected = time.process_time(), 0.0
        self._due = now + TICK
        self._handle = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        late = max(0.0, now - self._due)
        self._observe(late)
        if late > BLOCKED:
            cause, stack = self._why(now, late)
            self._tell(self._due, late, cause, stack)
        self._next(now)

    def _why(self, now: float, late: float) -> tuple[str, list[str]]:
        taken = self._taken if self._taken is not None and self._taken.due == self._due else None
        woke, overslept = self._overslept
        thread_late = max(now - self._planned, overslept if woke >= self._due else 0.0)
        if self._collected > late / 2:
            return "garbage", []
        computed = time.process_time() - self._computed
        if thread_late > late / 2 and computed < min(late / 4, BLOCKED):
            return "stood_still", []
        if taken is not None:
            return taken.cause, taken.stack
        return "threads", self._others()  # it was over before the thread could look

    def _collects(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] != _WHOLE:
            return
        if phase == "start":
            self._collecting_since = time.monotonic()
        else:
            self._collected += time.monotonic() - self._collecting_since

    # ── in the thread ───────────────────────────────────────────────────────────────────────────────

    def _watch(self) -> None:
        while True:
            due, now = self._due, time.monotonic()
            rest = due + BLOCKED - now if now < due + BLOCKED else TICK
            self._planned = now + rest
            if self._stopping.wait(rest):
                return
            now = time.monotonic()
            if now > self._planned + BLOCKED / 2:
                self._overslept = now, now - self._planned
            if due != self._due or now < due + BLOCKED:
                continue
            if self._taken is None or self._taken.due != due:
                self._take(due)
            elif now > due + STUCK and self._told_due != due:
                self._tell(due, now - due, self._taken.cause, self._taken.stack)

    def _take(self, due: float) -> None:
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - there is no other way
        if frame is None:
            return
        stack = list(_stack(frame))
        cause = "code"
        if frame.f_code.co_filename.endswith("selectors.py"):  # the loop itself only waits for its turn
            cause, stack = "threads", self._others()
        if due == self._due:  # else it goes on already: that was the stack of something else
            self._taken = _Taken(due, cause, stack[-_MOST_FRAMES:])

    def _others(self) -> list[str]:
        """Return where other threads are that do not wait for work, the innermost frames of each."""
        ours = {self._loop_thread, self._thread.ident}
        found = []
        for number, frame in sys._current_frames().items():  # noqa: SLF001 - as above
            if number not in ours and not _waits(frame):
                found.append(list(_stack(frame))[-_FRAMES_OF_A_THREAD:])
        return [line for stack in found[:_MOST_THREADS] for line in stack]

    def _tell(self, due: float, late: float, cause: str, stack: list[str]) -> None:
        now = time.monotonic()
        if due != self._told_due and now - self._told_at < QUIET:
            self._more += 1
            return
        self._told_at, self._told_due, more, self._more = now, due, self._more, 0
        log.warning("loop_blocked", seconds=round(late, 2), cause=cause, stack=stack, more=more)


def _waits(frame: FrameType) -> bool:
    """Return whether a thread waits for something to do: a worker of a pool, or of a library's queue."""
    name = frame.f_code.co_filename
    return name.endswith(_IDLE)


def _stack(frame: FrameType) -> Iterator[str]:
    """Yield the frames of what the loop, or a pool, runs, outermost first: what runs that itself is left out."""
    found: list[FrameType] = []
    at: FrameType | None = frame
    while at is not None and not at.f_code.co_filename.endswith(("asyncio/events.py", "concurrent/futures/thread.py")):
        found.append(at)
        at = at.f_back
    for one in reversed(found):
        yield f"{_short(one.f_code.co_filename)}:{one.f_lineno} {one.f_code.co_name}"


def _short(path: str) -> str:
    """Return a file of ours by its path from the root, one of a library by its path within that."""
    if path.startswith(_ROOT) and "site-packages/" not in path:
        return path.removeprefix(_ROOT)
    return path.rpartition("site-packages/")[2] if "site-packages/" in path else "/".join(path.split("/")[-2:])
