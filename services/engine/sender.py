"""Draining a workspace's lane: the most urgent wish first, several at once, never beyond the budget.

One process owns a lane while it drains it; the runner sees to that. The budget lives in memory for the time of
a drain and is stored with each mark, so that the next owner does not burst.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog

from services.domain.model import PersonKey
from services.domain.profile_state import PendingWrite
from services.engine.guard import guarded
from services.engine.limits import Budget
from services.engine.priority_semaphore import Turns
from services.engine.profile_writer import ProfileWriter, back_off
from services.engine.tick import Urgency
from services.ports import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")

AT_ONCE = 8
"""How many people of one workspace are looked after at the same time."""

ALTOGETHER = 64
"""How many people a process looks after at the same time, of all its workspaces."""

KEPT, KEPT_ALTOGETHER = 4, 16
"""Places besides those, of a workspace and of the process, for what was typed: it waits for nobody else's calls."""

READERS = 4
"""Lanes of a process that read their rows at the same time: a crowd leaves the loop and the database to others."""

FRESH = 5.0
"""Seconds of real time that wishes which were read may wait in memory: a newer one nudges, and the write is fenced."""

LOOK = 5.0
"""Seconds of real time after which a lane that waits looks at its rows: notices nudge nobody."""

STAY = timedelta(seconds=90)
"""A lane that can do nothing for longer than this gives up its owner; the sweep wakes it again."""

LONGEST_CALL = timedelta(seconds=15)


class WishRows(Protocol):
    """The lane's rows: `store.lanes.WriteQueue`."""

    async def wishes(self, team_id: str, now: datetime, limit: int) -> list[PendingWrite]: ...  # noqa: D102  # see WriteQueue
    async def busy(self, now: datetime, team_id: str = "") -> list[str]: ...  # noqa: D102  # see WriteQueue
    async def rest(self, team_id: str, now: datetime) -> tuple[datetime | None, bool]: ...  # noqa: D102  # see WriteQueue
    async def postpone(self, wish: PendingWrite, until: datetime, attempt: None, notice: str, budget: str) -> None: ...  # noqa: D102  # see WriteQueue
    async def budget(self, team_id: str) -> str: ...  # noqa: D102  # see WriteQueue
    async def save_budget(self, team_id: str, budget: str) -> None: ...  # noqa: D102  # see WriteQueue


class Chore(Protocol):
    """What a lane does when no status waits: notices, Home tabs."""

    async def run(self, team_id: str, budget: Budget) -> datetime | None:
        """Do what can be done now. When there is more to do; None when there is not."""
        ...


class Lanes:
    """Drains lanes; the runner says which and when."""

    def __init__(
        self,
        rows: WishRows,
        keeper: ProfileWriter,
        chores: tuple[Chore, ...],
        clock: Clock,
        *,
        new_budget: Callable[[], Budget] = Budget,
        at_once: int = AT_ONCE,
        look: float = LOOK,
    ) -> None:
        """`chores` are done in this order after the statuses; `look` in seconds of real time."""
        self.rows = rows
        self.keeper = keeper
        self.chores = chores
        self.clock = clock
        self.new_budget = new_budget
        self.at_once = at_once
        self.look = look
        self.people = Turns(ALTOGETHER, KEPT_ALTOGETHER)
        self.readers = Turns(READERS, READERS)
        self._draining: dict[str, _Drain] = {}
        self.stopping = False

    async def drain(self, team_id: str, *, typed: bool = False) -> None:
        """Do all that there is to do in a lane, waiting for its budget. Never raises; ends early after `stop`.

        `typed`: something in it was, so it waits for no other lane.
        """
        if self.stopping:
            return
        drain = _Drain(team_id, self, typed=typed)
        self._draining[team_id] = drain
        try:
            with guarded("lane_failed", team_id=team_id):
                await drain.run()
        finally:
            if self._draining.get(team_id) is drain:
                del self._draining[team_id]

    def nudge(self, team_id: str, *, typed: bool = False) -> bool:
        """Have a lane that is being drained by this process look again now. False when it is not, or is ending."""
        drain = self._draining.get(team_id)
        return drain is not None and drain.nudge(typed=typed)

    async def waits(self, team_id: str) -> bool:
        """Whether the lane has something to do. After `stop`, and where that cannot be read, it is the sweep's."""
        found: list[str] = []
        with guarded("lane_not_read", team_id=team_id):
            found = await self.rows.busy(self.clock.now(), team_id)
        return bool(found) and not self.stopping

    @property
    def at_rest(self) -> bool:
        """Whether each lane that is drained here waits for an instant that has not come."""
        return all(drain.at_rest for drain in self._draining.values())

    def stop(self) -> None:
        """Take up nothing new; calls in flight are finished and recorded."""
        self.stopping = True
        self.abandon()

    def abandon(self) -> None:
        """End the drains that run, each after its calls in flight; what is pending stays so for the next owner."""
        for drain in self._draining.values():
            drain.stop()


class _Drain:
    """One drain of one lane."""

    def __init__(self, team_id: str, lanes: Lanes, *, typed: bool) -> None:
        self._team_id = team_id
        self._typed = typed
        self._rows = lanes.rows
        self._keeper = lanes.keeper
        self._chores = lanes.chores
        self._clock = lanes.clock
        self._budget = lanes.new_budget()
        self._at_once, self._look_after = lanes.at_once, lanes.look
        self._people, self._readers = lanes.people, lanes.readers
        self._look = asyncio.Event()
        self._waits_until: datetime | None = None
        self._stopping = self._ended = False
        self._tasks: dict[PersonKey, asyncio.Task[None]] = {}
        self._chore: asyncio.Task[None] | None = None
        self._chores_due = True
        self._chores_again: datetime | None = None
        self._in_hand: dict[PersonKey, int] = {}  # whose wish of which `seq` is being carried out
        self._newer: set[PersonKey] = set()  # of those, who wishes for something else by now
        self._left: set[PersonKey] = set()  # of those, whose wish is still to be done
        self._wishes: list[PendingWrite] = []
        self._read_at = 0.0
        self._nudged = False
        self._all_read = False

    def nudge(self, *, typed: bool = False) -> bool:
        self._chores_due = self._nudged = True
        if typed:
            self._typed = True
            self._readers.go_first(self._team_id)
        self._look.set()
        return not self._ended

    @property
    def at_rest(self) -> bool:
        waits = self._waits_until is not None and self._waits_until > self._clock.now()
        return waits and not (self._tasks or self._chore or self._look.is_set())

    def stop(self) -> None:
        self._stopping = True
        self._look.set()

    async def run(self) -> None:
        stored = await self._read(lambda: self._rows.budget(self._team_id))
        self._budget.restore(stored, self._clock.now(), LONGEST_CALL)
        try:
            while not self._stopping:
                self._look.clear()
                again = await self._start_what_may()
                if again is None and not self._tasks and self._chore is None and not self._nudged:
                    break
                await self._wait(again)
        finally:
            self._ended = True
            await self._finish()
        await self._rows.save_budget(self._team_id, self._budget.to_json(self._clock.now()))

    async def _start_what_may(self) -> datetime | None:
        """Take up what may be; when to look again, None where nothing is left but what runs."""
        now = self._clock.now()
        if len(self._tasks) >= self._at_once and not self._nudged:
            return now + STAY
        again: list[datetime] = []
        waiting, self._wishes = await self._waiting(), []
        started = False
        for at, wish in enumerate(waiting):
            room = self._room_at(wish, now)
            if self._stopping or room is not None:  # nor is there any for those after it: they are no more urgent
                self._wishes += waiting[at:]
                again.append(room or now)
                break
            ready = self._keeper.ready_at(wish, self._budget)
            if ready is None:
                self._start(wish)
                started = True
            else:
                self._wishes.append(wish)
                again.append(ready)
        if not started:
            again += await self._rest(now)
        return min(again, default=now + STAY if started else None)

    def _room_at(self, wish: PendingWrite, now: datetime) -> datetime | None:
        """When there is a place, and room in the workspace's budget, for a wish of that urgency; None for now."""
        places = self._at_once + (KEPT if wish.urgency == Urgency.TYPED else 0)
        return now + STAY if len(self._tasks) >= places else self._keeper.room_at(wish.urgency, self._budget)

    async def _waiting(self) -> list[PendingWrite]:
        """Wishes in the order of their urgency: those read just now, while nothing new is known of."""
        if not self._wishes and self._all_read and self._tasks and not self._nudged:
            return []  # all are taken up; the last look, once they have ended, is at the rows
        fresh = time.monotonic() - self._read_at < FRESH and not self._nudged
        if self._wishes and fresh:
            return self._wishes
        self._nudged, self._read_at = False, time.monotonic()
        most = 4 * self._at_once + len(self._tasks)
        wishes = await self._read(lambda: self._rows.wishes(self._team_id, self._clock.now(), most))
        self._typed = False
        self._all_read = len(wishes) < most
        self._newer = {wish.key for wish in wishes if self._in_hand.get(wish.key, wish.seq) != wish.seq}
        return [wish for wish in wishes if wish.key not in self._in_hand]

    async def _read(self, rows: Callable[[], Awaitable[T]]) -> T:
        """Read in turn with the other lanes."""
        async with self._readers.turn(self._team_id, first=self._typed):
            return await rows()

    async def _rest(self, now: datetime) -> list[datetime]:
        """No status can be taken up now: do the chores, and tell when there is more to do."""
        if self._chores_again is not None and self._chores_again <= now:
            self._chores_due = True
        look = self._chores_due and self._chore is None
        put_off: datetime | None = None
        if look or not self._tasks:
            self._chores_due = (
                self._chores_due and not look
            )  # before the look: what comes meanwhile is looked for again
            put_off, chores = await self._read(lambda: self._rows.rest(self._team_id, now))
            if look:
                self._chores_again = None
                self._chore = asyncio.create_task(self._do_chores()) if chores else None
        return [at for at in (put_off, self._chores_again) if at is not None and at <= now + STAY]

    async def _do_chores(self) -> None:
        again: list[datetime | None] = []
        for chore in self._chores:
            with guarded("chore_failed", team_id=self._team_id, chore=type(chore).__name__):
                again.append(await chore.run(self._team_id, self._budget))
        self._chores_again = min((at for at in again if at is not None), default=None)
        self._chore = None
        self._look.set()

    def _start(self, wish: PendingWrite) -> None:
        calls = self._keeper.take(wish, self._budget)
        task = asyncio.create_task(self._one(wish, self._keeper.keep(wish, calls)))
        self._tasks[wish.key], self._in_hand[wish.key] = task, wish.seq
        task.add_done_callback(lambda _: self._done(wish.key))

    def _done(self, key: PersonKey) -> None:
        del self._tasks[key], self._in_hand[key]
        self._nudged = self._nudged or key in self._newer or key in self._left
        self._left.discard(key)
        self._look.set()

    async def _one(self, wish: PendingWrite, work: Awaitable[bool]) -> None:
        with guarded("wish_failed", team_id=wish.key.team_id, user_id=wish.key.user_id) as result:
            async with self._people.turn(wish.key, first=wish.urgency == Urgency.TYPED):
                if not await work:
                    self._left.add(wish.key)
        if result.failed:
            until = self._clock.now() + back_off(wish.failures)
            with guarded("wish_not_postponed", team_id=wish.key.team_id, user_id=wish.key.user_id):
                await self._rows.postpone(wish, until, None, "", self._budget.to_json(self._clock.now()))

    async def _wait(self, until: datetime | None) -> None:
        self._waits_until = until
        try:
            async with asyncio.timeout(self._look_after):
                await self._clock.wait(until, self._look)
        except TimeoutError:
            self._chores_due = self._nudged = True
        finally:
            self._waits_until = None

    async def _finish(self) -> None:
        running = [*self._tasks.values(), *([] if self._chore is None else [self._chore])]
        if running:
            await asyncio.gather(*running, return_exceptions=True)
