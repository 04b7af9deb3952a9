"""What runs when: a loop for each kind of due work, and the sender."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from services.engine.sender import Sender
from services.platform.concurrency import first_of
from services.platform.logs import guarded
from services.ports import Clock, DueWork

log = structlog.get_logger(__name__)

POLL = 1.0
"""Seconds of real time after which a loop looks for what another replica or process has made due."""

POLL_ALONE = 0.25
"""The same for a process that takes no requests: it learns so of everything that people type."""

AFTER_FAILURE = 1.0
TAKEN = 0.1
"""Seconds of real time until a loop looks again at what is due and another replica has."""

PACE = 0.02
"""Seconds of real time that a loop leaves to requests after it found nothing to do, or little (then as long as that
took): what they ask for meanwhile is done together."""

LONGEST_REST = 0.1

PATIENT = frozenset(
    {
        "tokens",
        "watches",
        "emoji",
        "members",
        "entries",
        "leave",
        "leaving",
        "retention",
        "deactivated",
        "faults",
        "given_bot",
    }
)
"""Work for which nobody waits, or that a chore of the sender does sooner: after each look its loops leave
`LONGEST_REST` to the others. A look is a read of the database, and each wake has all loops look."""

MANY = 32
"""So many done at once, there are likely more: no rest."""


class LoopWakeSignal:
    """Wakes every loop of the engine."""

    def __init__(self) -> None:
        self._events: list[asyncio.Event] = []

    def listen(self) -> asyncio.Event:
        """Return an event that is set each time; its listener clears it."""
        event = asyncio.Event()
        self._events.append(event)
        return event

    def wake(self) -> None:
        """Have every loop look at what is due."""
        for event in self._events:
            event.set()


class Engine:
    """Runs due work and the sender from `start` to `stop`."""

    def __init__(
        self,
        work: Sequence[DueWork],
        sender: Sender,
        clock: Clock,
        *,
        wake_signal: LoopWakeSignal | None = None,
        poll: float = POLL,
        pace: float = PACE,
    ) -> None:
        """`poll` and `pace` in seconds of real time; with a `pace` of 0 nothing is left to requests."""
        self.wake_signal = wake_signal or LoopWakeSignal()
        self._work = work
        self._sender = sender
        self._clock = clock
        self._poll = poll
        self._pace = pace
        self._resting: dict[str, tuple[datetime | None, asyncio.Event]] = {}
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def healthy(self) -> bool:
        """Whether every loop is running."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def works(self) -> bool:
        """Return the same, as a check of `/readyz`."""
        return self.healthy

    @property
    def at_rest(self) -> bool:
        """Whether nothing that is due at this instant is known of, and nothing is under way.

        What another process has made due is not known yet.
        """
        now = self._clock.now()
        return (
            len(self._resting) == len(self._work)
            and not any(wake.is_set() or (due is not None and due <= now) for due, wake in self._resting.values())
            and self._sender.at_rest
        )

    async def start(self) -> None:
        """Begin; due work that piled up while the app was down is taken up at once."""
        self._tasks = [asyncio.create_task(self._sender.run(self._stop), name="sender")]
        await asyncio.sleep(0)  # the sender hears what it is told from here on
        self._tasks += [asyncio.create_task(self._loop(work), name=work.name) for work in self._work]

    async def stop(self) -> None:
        """Take up nothing new, finish the calls in flight, and end."""
        self._stop.set()
        self.wake_signal.wake()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _loop(self, work: DueWork) -> None:
        wake = self.wake_signal.listen()
        while not self._stop.is_set():
            wake.clear()
            rest, began = TAKEN, time.monotonic()
            with guarded("due_work_failed", work=work.name) as result:
                due = await work.next_due()
                if due is not None and due <= self._clock.now():
                    report = await work.run_due()
                    if report.done:
                        self.wake_signal.wake()  # what came of it may be due in another loop
                        took = time.monotonic() - began
                        unhurried = self._pace and report.done < MANY
                        rest = min(max(self._pace, took), LONGEST_REST) if unhurried else 0.0
                    if report.failed:
                        log.warning("due_work_done", work=work.name, done=report.done, failed=report.failed)
                else:
                    self._resting[work.name] = due, wake
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._poll):
                            await self._clock.wait(due, wake)
                    rest = began + self._pace - time.monotonic()
                    if work.name in PATIENT and self._pace:
                        rest = max(rest, LONGEST_REST)
            self._resting.pop(work.name, None)
            if result.failed:
                rest = AFTER_FAILURE
            if rest > 0 and not self._stop.is_set():
                await first_of(self._stop, seconds=rest)
