"""One sender over all workspaces that this process owns: the most urgent pending write first, within the limits.

It reads the most urgent writes of all workspaces at once, carries out several at the same time, and looks again when
it is told of something new, when one has ended, or when a limit lets it go on. Its chores go on beside: effects,
replies to mentions, notices, Home tabs, and seeing people off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from services.domain.model import PersonKey
from services.domain.profile_state import PendingWrite, Urgency
from services.engine.failures import back_off
from services.engine.leases import Leases
from services.engine.profile_writer import ProfileWriter
from services.engine.workspaces import OTHERS, OwnedWorkspace, OwnedWorkspaces
from services.platform.logs import guarded
from services.ports import Clock
from services.slack.calls import Calls
from services.slack.limits import STATUS
from services.store.write_queue import WriteQueue

log = structlog.get_logger(__name__)

AT_ONCE, KEPT_AT_ONCE = 8, 4
"""How many people of one workspace are written to at the same time; how many more, where they typed."""

PLACES, KEPT_PLACES = 64, 16
"""The same for all workspaces of this process together."""

BESIDE_TYPED = 16
"""How many of `PLACES` are used while something typed is under way: the processor is left to it."""

PAGE = 128
"""How many pending writes are read at once, besides those under way."""

FRESH = 0.5
"""Seconds of real time for which what was read is good enough, unless somebody types."""

LOOK = 3.0
"""Seconds of real time after which the rows are looked at in any case: what was told may have been lost."""

CHORES_EVERY = 0.5
"""Seconds of real time between two looks for notices and Home tabs while there are statuses to write."""

RETRY = timedelta(seconds=1)


class Chore(Protocol):
    """What is done beside the writing: notices, Home tabs, effects, seeing people off."""

    async def run(self) -> datetime | None:
        """Do what can be done now. When there is more to do; None when there is not.

        That is now where something was done that others may go on with: they are done once nothing is left.
        """
        ...


@dataclass(slots=True)
class _Slot:
    """A chore's own: none waits for another one. `again` is when it asked to be done.

    `went_on`: it asked for more the last time.
    """

    chore: Chore
    due: bool = True
    began: float = float("-inf")
    again: datetime | None = None
    went_on: bool = False
    task: asyncio.Task[None] | None = None


class Sender:
    """Writes to Slack; nothing else does."""

    def __init__(
        self,
        queue: WriteQueue,
        writer: ProfileWriter,
        workspaces: OwnedWorkspaces,
        *,
        chores: Sequence[Chore],
        leases: Leases,
        clock: Clock,
        at_once: int = AT_ONCE,
        look: float = LOOK,
    ) -> None:
        """`chores` are done side by side; `look` in seconds of real time."""
        self._queue = queue
        self._writer = writer
        self._workspaces = workspaces
        self._chores = [_Slot(chore) for chore in chores]
        self._leases = leases
        self._clock = clock
        self._at_once = at_once
        self._look_after = look
        self._wake = asyncio.Event()
        self._waiting: list[PendingWrite] = []
        self._read_at = float("-inf")
        self._look_now = True  # something new is known of that cannot wait
        self._look_soon = False  # something new is known of
        self._more = False  # there were more rows than were read
        self._passed_over = False  # workspaces were busy, so that their rows were not read
        self._full: dict[str, datetime] = {}  # workspaces without room, but for what is typed, and until when
        self._closed: dict[str, datetime] = {}  # those without any room
        self._ended = False  # somebody's write has ended since the rows were read
        self._just_ended: set[PersonKey] = set()
        self._next_at: datetime | None = None
        self._under_way: dict[PersonKey, PendingWrite] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._typed = 0
        self._resting = False
        self._rests_until: datetime | None = None
        self._stopping = False

    # ── from outside ────────────────────────────────────────────────────────────────────────────────

    def wake(self, typed: bool) -> None:  # a callback of one argument
        """Have it look at the rows; at once where somebody typed."""
        self._look_now |= typed
        self._look_soon = True
        self._have_chores_done()
        self._wake.set()

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way, and there is nothing to do before an instant that has not come."""
        until = self._rests_until
        return self._resting and not self._wake.is_set() and (until is None or until > self._clock.now())

    async def run(self, stop: asyncio.Event) -> None:
        """Write until `stop` is set, and what is under way then is recorded."""
        recorded, letting_go = asyncio.Event(), asyncio.Event()
        holding = [
            asyncio.create_task(self._leases.run(self.wake, self._workspaces.lost, letting_go)),
            asyncio.create_task(self._workspaces.run(recorded, self._budgets_stored)),
        ]
        stopped = asyncio.create_task(self._take_nothing_up_after(stop))
        try:
            while not self._stopping:
                again: datetime | None = self._clock.now() + RETRY
                with guarded("sender_failed") as result:
                    again = await self.drain()
                if not self._stopping:
                    await self._wait(again, failed=result.failed)
        finally:
            running = [*self._tasks, *(slot.task for slot in self._chores if slot.task is not None)]
            await asyncio.gather(*running, return_exceptions=True)
            recorded.set()
            await asyncio.gather(stopped, holding[1], return_exceptions=True)
            letting_go.set()
            await asyncio.gather(holding[0], return_exceptions=True)

    async def drain(self) -> datetime | None:
        """Do all that can be done now, and wait for it to end. When there is more to do; None when there is not."""
        self._look_now = True
        self._have_chores_done()
        while True:
            self._wake.clear()
            again = await self._round()
            if not self._tasks and self._workspaces.awaited:
                await self._workspaces.store()
                self._budgets_stored()
            elif self._stopping or not (self._tasks or self._chores_under_way or self._wake.is_set()):
                return again
            else:
                await self._wait(again)

    def _budgets_stored(self) -> None:
        self._look_soon |= self._passed_over
        self._have_chores_done()
        self._wake.set()

    async def _take_nothing_up_after(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping = True
        self._wake.set()

    # ── one round ───────────────────────────────────────────────────────────────────────────────────

    async def _round(self) -> datetime | None:
        """Read the rows if that is worth it, and take up what may be; when to go on by itself."""
        again = [] if self._look_now else self._start_what_may()
        if self._is_worth_a_look():  # while what was started goes on
            await self._look()
            again = self._start_what_may()
        for slot in self._chores:
            self._start_chore(slot)
        chores = (self._begins_at(slot) for slot in self._chores)
        return min((at for at in (*again, self._next_at, *chores) if at is not None), default=None)

    def _is_worth_a_look(self) -> bool:
        if self._look_now or (self._next_at is not None and self._next_at <= self._clock.now()):
            return True
        if self._more and len(self._tasks) < self._places(typed=False) // 2:
            return True  # those that were read have to wait for each other
        old = time.monotonic() - self._read_at > FRESH
        if self._waiting:
            return old and self._look_soon
        last = not self._under_way or (old and bool(self._full))
        return self._look_soon or self._more or (self._ended and last)

    async def _look(self) -> None:
        """Read the most urgent writes of the workspaces that are this process' own, or nobody's yet."""
        self._look_now = self._look_soon = self._ended = False
        self._just_ended.clear()
        self._read_at, now = time.monotonic(), self._clock.now()
        self._full = {team_id: at for team_id, at in self._full.items() if at > now}
        self._closed = {team_id: at for team_id, at in self._closed.items() if at > now}
        busy = {
            one.team_id
            for one in self._workspaces.owned
            if (one.under_way[STATUS] or one.unsaved[STATUS]) and self._is_busy(one)
        }
        self._passed_over = bool(busy)
        kept = [pending for pending in self._waiting if pending.key.team_id in busy]
        most = PAGE + len(self._under_way)
        found, self._more = await self._queue.most_urgent(
            now, most, others=self._workspaces.others | self._closed.keys(), full=self._full.keys() | busy,
            under_way=self._under_way, known={pending.key: pending for pending in self._waiting},
        )  # fmt: skip
        put_off = None if self._more else await self._queue.next_at(now)
        again = (*self._full.values(), *self._closed.values(), put_off)
        self._next_at = min((at for at in again if at is not None), default=None)
        await self._workspaces.own({pending.key.team_id for pending in found})
        self._waiting = []
        read = {pending.key for pending in found}
        found += (one for one in kept if one.key not in read)
        for pending in sorted(found, key=lambda one: (one.urgency, one.since, one.key.user_id)):
            if pending.key in self._under_way or pending.key in self._just_ended:
                self._look_soon = True  # what was read may be out of date, or is for once this one has ended
            elif self._workspaces.get(pending.key.team_id) is not None:
                self._waiting.append(pending)
        if self._more and not self._waiting and self._workspaces.others:
            self._wake.set()  # all of them are others': without those there are more

    def _start_what_may(self) -> list[datetime]:
        """Start what there is a place and room for; gives when people who have used up their own limit may go on."""
        again: list[datetime] = []
        left: list[PendingWrite] = []
        busy: set[tuple[str, bool]] = set()
        for at, pending in enumerate(self._waiting):
            typed, team_id = pending.urgency == Urgency.TYPED, pending.key.team_id
            if self._stopping or len(self._tasks) >= self._places(typed=typed):
                left += self._waiting[at:]  # nor is there a place for those after it: they are no more urgent
                break
            workspace = self._workspaces.get(team_id)
            if workspace is None or team_id in self._closed or (team_id in self._full and not typed):
                self._look_soon |= workspace is None  # else it is read anew once there is room
            elif pending.key.user_id in workspace.kept:
                left.append(pending)
            elif (team_id, typed) in busy or self._is_busy(workspace, typed=typed):
                busy.add((team_id, typed))
                left.append(pending)
            elif not self._workspaces.may_take(workspace, pending.key.user_id):
                left.append(pending)
            elif (ready := self._writer.ready_at(pending, workspace.budget)) is None:
                self._start(pending, workspace)
            elif (room := self._writer.room_at(pending.urgency, workspace.budget)) is None:
                left.append(pending)
                again.append(ready)
            else:
                (self._closed if typed else self._full)[team_id] = room
                self._next_at = min(room, self._next_at or room)
                if self._more:
                    self._wake.set()  # without those of this workspace there are others
        self._waiting = left
        return again

    def _is_busy(self, workspace: OwnedWorkspace, *, typed: bool = False) -> bool:
        """Say whether as many of its people are written to as may be, or as can be before its budget is stored."""
        places = self._at_once + (KEPT_AT_ONCE if typed else 0)
        return workspace.under_way[STATUS] >= places or not self._workspaces.may_take(workspace)

    def _places(self, *, typed: bool) -> int:
        return PLACES + KEPT_PLACES if typed else BESIDE_TYPED if self._typed else PLACES

    def _start(self, pending: PendingWrite, workspace: OwnedWorkspace) -> None:
        calls = self._writer.take(pending, workspace.budget, partial(self._workspaces.still_has, workspace))
        self._workspaces.take(workspace, pending.key.user_id)
        self._under_way[pending.key] = pending
        self._typed += pending.urgency == Urgency.TYPED
        task = asyncio.create_task(self._one(pending, workspace, calls))
        self._tasks.add(task)
        task.add_done_callback(self._over)

    async def _one(self, pending: PendingWrite, workspace: OwnedWorkspace, calls: Calls) -> None:
        ids = {"team_id": pending.key.team_id, "user_id": pending.key.user_id}
        done = False
        with guarded("profile_not_written", **ids) as result:
            done = await self._writer.carry_out(pending, calls)
        if result.failed:
            with guarded("write_not_postponed", **ids):
                await self._queue.postpone(pending, self._clock.now() + back_off(pending.failures), None, "")
        self._workspaces.ended(workspace)
        self._typed -= pending.urgency == Urgency.TYPED
        del self._under_way[pending.key]
        self._just_ended.add(pending.key)
        self._ended = True
        self._have_chores_done()
        self._look_soon |= not done
        self._reopen(workspace)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()  # not before: whoever goes on at once would find its place taken

    def _reopen(self, workspace: OwnedWorkspace) -> None:
        """Have its rows read again where there is room sooner than was thought: a write was not needed."""
        for without_room, urgency in ((self._closed, Urgency.TYPED), (self._full, Urgency.REST)):
            if workspace.team_id in without_room and self._writer.room_at(urgency, workspace.budget) is None:
                del without_room[workspace.team_id]
                self._look_soon = True

    @property
    def _chores_under_way(self) -> bool:
        return any(slot.task is not None for slot in self._chores)

    def _have_chores_done(self, but: _Slot | None = None) -> None:
        for slot in self._chores:
            slot.due |= slot is not but

    def _start_chore(self, slot: _Slot) -> None:
        due = slot.due or (slot.again is not None and slot.again <= self._clock.now())
        may = not self._tasks or time.monotonic() - slot.began >= CHORES_EVERY
        if due and may and slot.task is None and not self._stopping:
            slot.due, slot.began, slot.again = False, time.monotonic(), None
            slot.task = asyncio.create_task(self._do_chore(slot))

    def _begins_at(self, slot: _Slot) -> datetime | None:
        """When a chore that is due is begun, or asked to be: a moment that has come would be waited for in circles."""
        if slot.task is not None:
            return None  # it is begun anew once it has ended
        if not self._tasks:
            return slot.again
        now, held = self._clock.now(), timedelta(seconds=CHORES_EVERY - (time.monotonic() - slot.began))
        again = now if slot.due else slot.again
        return None if again is None else max(again, now + held)

    async def _do_chore(self, slot: _Slot) -> None:
        with guarded("chore_failed", chore=type(slot.chore).__name__):
            slot.again = await slot.chore.run()
        went_on = slot.again is not None and slot.again <= self._clock.now()
        if slot.went_on and not went_on:
            self._have_chores_done(but=slot)  # who is forgotten leaves once the last of ours is taken back
        slot.went_on, slot.task = went_on, None
        self._wake.set()

    async def _wait(self, until: datetime | None, *, failed: bool = False) -> None:
        self._rests_until = until
        self._resting = not (self._tasks or self._chores_under_way or self._look_soon or failed)
        with suppress(TimeoutError):
            patience = min(self._look_after, OTHERS) if self._workspaces.others else self._look_after
            if self._look_soon:
                patience = min(patience, FRESH)
            async with asyncio.timeout(patience):
                await self._clock.wait(until, self._wake)
        if not self._wake.is_set():
            self._look_soon = True
            self._have_chores_done()
        self._resting = False
