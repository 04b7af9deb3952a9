"""How the time goes: it leaps where nothing is to be done, and goes as the world does where something is."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.soak.clock import SoakClock
from bench.soak.process import AppProcess
from bench.soak.story import Leap
from bench.soak.world import World

BEAT = 0.004
"""Seconds of real time between two looks whether all is at rest."""

CALM = 2
"""So many looks in a row."""

SHORTEST_LEAP = timedelta(milliseconds=100)
HOUSEKEEPING = frozenset(
    {"calendars", "watches", "tokens", "emoji", "members", "entries", "leave", "retention", "leaving"}
)
"""Work of the app whose instants are spread over the day on purpose, and which no status waits for: polls, renewals.
The clock leaps to the next multiple of `GRID` after them, so that those of some minutes are done together."""

GRID = timedelta(minutes=5)


class Course:
    """Does what is on the agenda when its time has come."""

    def __init__(self, clock: SoakClock, world: World, app: AppProcess, deadline: float) -> None:
        """`deadline` is an instant of `time.monotonic`."""
        self._clock, self._world, self._app, self._deadline = clock, world, app, deadline
        self._agenda: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = []
        self._numbers = itertools.count()
        self.leaps: list[Leap] = []

    def at(self, instant: datetime, do: Callable[[], Awaitable[None]]) -> None:
        """Have something done."""
        heapq.heappush(self._agenda, (instant, next(self._numbers), do))

    async def until(self, end: datetime) -> None:
        """Let time go by until then, or until there is no real time left."""
        calm = 0
        while (now := self._clock.now()) < end and time.monotonic() < self._deadline:
            if self._agenda and self._agenda[0][0] <= now:
                await heapq.heappop(self._agenda)[2]()
                calm = 0
                continue
            waits = await self._rests()
            calm = 0 if waits is None else calm + 1
            if waits is None or calm < CALM:
                await asyncio.sleep(BEAT)
                continue
            calm = 0
            agenda = [self._agenda[0][0]] if self._agenda else []
            to = min([end, *agenda, *waits])
            if to - self._clock.now() > SHORTEST_LEAP:
                await self._leap(to)
            else:
                await asyncio.sleep(max(BEAT, (to - self._clock.now()).total_seconds()))

    async def settled(self, seconds: float) -> None:
        """Let time go by as the world does until all rests, so many seconds at most. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            calm = 0
            while calm < 5 * CALM:
                calm = 0 if await self._rests() is None else calm + 1
                await asyncio.sleep(BEAT)

    @property
    def leapt(self) -> timedelta:
        return sum((one.to - one.at for one in self.leaps), timedelta())

    @property
    def out_of_time(self) -> bool:
        return time.monotonic() >= self._deadline

    async def _rests(self) -> list[datetime] | None:
        """For what the app and the world wait where both are at rest; else None."""
        if self._world.busy:
            return None
        told: dict[str, Any] = await self._app.tell() if self._app.up else {"rest": True, "waits": []}
        if not told["rest"] or self._world.busy:
            return None
        now = self._clock.now()
        theirs = [_rounded(datetime.fromisoformat(until), name) for until, name in told["waits"]]
        return [until for until in (*theirs, *(one for one, _ in self._clock.sleepers())) if until > now]

    async def _leap(self, to: datetime) -> None:
        self.leaps.append(Leap(self._clock.now(), to))
        since = time.monotonic()
        self._clock.set(to, since)  # Slack's before the app's: it never counts a call too early
        if self._app.up:
            await self._app.set_clock(to, since)


def _rounded(until: datetime, name: str) -> datetime:
    if name not in HOUSEKEEPING:
        return until
    seconds, grid = until.timestamp(), GRID.total_seconds()
    return datetime.fromtimestamp(-(-seconds // grid) * grid, UTC)
