"""A clock that runs, runs fast, stands still and jumps, and never passes an instant that somebody waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

FASTEST = 3600.0
_LONGEST_HOLD = 6.0
_BEAT = 0.002
_QUIET_AFTER_A_LOOK = 0.001
_QUIET_AFTER_WORK = 0.02


@dataclass(slots=True, eq=False)
class _Sleeper:
    until: datetime
    done: asyncio.Future[None]


class DemoClock:
    """Implements `services.ports.Clock`.

    Where it goes faster than the world, it stands still while those whose time has come are at work: until `busy()`
    (the app is not at rest, requests are under way) stays False for a little while. So each edge is met at its own
    time, in order, at any speed and in a jump. Real time lost that way is not made up for. Time passes for those who
    wait once `start()` was called.
    """

    def __init__(self, now: datetime, *, speed: float = 1.0, busy: Callable[[], bool] = lambda: False) -> None:
        if now.tzinfo is None:
            raise ValueError("the clock needs an aware time")
        self.busy = busy
        self.on_change: Callable[[], None] = lambda: None
        self._base = now
        self._since = time.monotonic()
        self._speed = speed
        self._paused = False
        self._held = False
        self._target: datetime | None = None
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._changed = asyncio.Event()
        self._sleepers: set[_Sleeper] = set()
        self._worked = False
        self._task: asyncio.Task[None] | None = None

    # ── ports.Clock ─────────────────────────────────────────────────────────────────────────────────

    def now(self) -> datetime:
        """The current instant, aware, in the zone that the clock was made with (UTC)."""
        if not self._runs:
            return self._base
        passed = self._base + timedelta(seconds=(time.monotonic() - self._since) * self._speed)
        earliest = self.sleepers()
        return passed if earliest is None or passed < earliest else max(earliest, self._base)

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """Return at `until` or once `wake` is set; None waits for `wake` alone. Does not clear `wake`."""
        if wake.is_set() or (until is not None and until <= self.now()):
            return
        woken = asyncio.ensure_future(wake.wait())
        sleeper = None
        waiting: set[asyncio.Future[object]] = {woken}  # type: ignore[arg-type]  # a future of any result
        if until is not None:
            sleeper = _Sleeper(until, asyncio.get_running_loop().create_future())
            self._sleepers.add(sleeper)
            waiting.add(sleeper.done)  # type: ignore[arg-type]  # a future of any result
            self._changed.set()
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            self._worked = True
        finally:
            self._hold()  # before the sleeper goes: it keeps the time from passing its instant
            if sleeper is not None:
                self._sleepers.discard(sleeper)
                sleeper.done.cancel()
            woken.cancel()

    # ── its face ────────────────────────────────────────────────────────────────────────────────────

    @property
    def speed(self) -> float:
        """Seconds of this clock for a second of the world."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether it stands still by request."""
        return self._paused

    @property
    def jumping(self) -> bool:
        """Whether it is on its way to an instant."""
        return self._target is not None

    def sleepers(self) -> datetime | None:
        """The earliest instant that somebody waits for."""
        return min((sleeper.until for sleeper in self._sleepers), default=None)

    def set_speed(self, speed: float) -> None:
        """Run `speed` times as fast as the world, up to 3,600 times; runs on if it was paused."""
        if not 0 < speed <= FASTEST:
            raise ValueError(f"speed {speed}")
        self._land()
        self._speed, self._paused = speed, False
        self._tell()

    def pause(self) -> None:
        """Stand still; a jump under way ends where it is."""
        self._land()
        self._paused = True
        self._tell()

    def tick(self) -> None:
        """Where it stands still by request, let a microsecond pass: no two things that people do are at one instant."""
        if self._paused:
            self._base += timedelta(microseconds=1)

    def resume(self) -> None:
        """Run on."""
        self._anchor()
        self._paused = False
        self._tell()

    async def jump(self, to: datetime) -> None:
        """Go to an instant, stopping at all that somebody waits for on the way; returns when it is reached.

        A jump under way is replaced. Raises ValueError for an instant that has passed.
        """
        self.aim(to)
        await self._arrived.wait()

    def aim(self, to: datetime) -> None:
        """Begin a jump. Raises ValueError for an instant that has passed."""
        self._anchor()
        if to < self._base:
            raise ValueError("time does not run backwards")
        self._target = to
        self._arrived.clear()
        self._hold()
        self._tell()

    # ── its works ───────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to wake those who wait."""
        self._since = time.monotonic()
        self._task = asyncio.create_task(self._run(), name="demo-clock")

    async def stop(self) -> None:
        """Wake nobody any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._arrived.set()

    @property
    def _runs(self) -> bool:
        return not (self._paused or self._held or self._target is not None)

    def _anchor(self, at: datetime | None = None) -> None:
        self._base = self.now() if at is None else at
        self._since = time.monotonic()

    def _land(self) -> None:
        """Stop where it is, on the way to somewhere or not."""
        self._anchor()
        self._target = None
        self._arrived.set()

    def _tell(self) -> None:
        self._changed.set()
        self.on_change()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            earliest = self.sleepers()
            if self._held:
                await self._settle()
            elif earliest is not None and earliest <= self.now():
                self._strike()
            elif self._target is not None:
                self._leap(self._target if earliest is None else min(earliest, self._target))
            elif earliest is None or not self._runs:
                await self._changed.wait()
            else:
                await self._until_changed((earliest - self.now()).total_seconds() / self._speed)

    def _strike(self) -> None:
        """Wake those whose time has come."""
        now = self.now()
        self._worked = True
        self._hold(now)
        for sleeper in list(self._sleepers):
            if sleeper.until <= now:
                self._sleepers.discard(sleeper)
                if not sleeper.done.done():
                    sleeper.done.set_result(None)

    def _leap(self, to: datetime) -> None:
        self._anchor(max(to, self._base))
        earliest = self.sleepers()
        if self._target == to and (earliest is None or earliest > to):
            self._target = None
            self._since = time.monotonic()
            self._arrived.set()
            self._tell()

    async def _until_changed(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _hold(self, at: datetime | None = None) -> None:
        """Stand still until those at work are done, where this clock goes faster than the world."""
        if not self._held and (self._speed > 1 or self._target is not None):
            self._anchor(at)
            self._held = True
            self._changed.set()

    async def _settle(self) -> None:
        end = time.monotonic() + _LONGEST_HOLD
        quiet_since: float | None = None
        while (now := time.monotonic()) < end:
            enough = _QUIET_AFTER_WORK if self._worked else _QUIET_AFTER_A_LOOK
            if quiet_since is not None and now - quiet_since >= enough:
                break
            await asyncio.sleep(_BEAT)
            if self.busy():
                self._worked, quiet_since = True, None
            elif quiet_since is None:
                quiet_since = time.monotonic()
        self._held = self._worked = False
        self._since = time.monotonic()
