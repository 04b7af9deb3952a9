"""The sender's rounds: nobody waits for who cannot be written to, nothing spins, what is not its own is not written."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from services.domain.model import PersonKey, Status
from services.engine import notifications, sender
from services.engine.leases import OneProcess
from services.platform.clock import SystemClock
from services.slack.messages import POST
from services.store.tables import PEOPLE
from tests.engine.test_owned_workspaces import Acquiring
from tests.support.databases import BOTH
from tests.support.engine import GET, SET, RunningEngine, meeting, until
from tests.support.replica import Replica
from tests.support.statements import statements

HOUR = timedelta(hours=1)


class HeldWrites:
    """Slack, but that a write of `text` takes until `go`."""

    def __init__(self, replica: Replica, text: str) -> None:
        self._text = text
        self._profiles: Any = replica.writer._profiles
        replica.writer._profiles = self
        self.read, self.owner = self._profiles.read, self._profiles.owner
        self.held, self.go = asyncio.Event(), asyncio.Event()

    async def write(self, token: str, status: Status) -> Status:
        if status.text == self._text:
            self.held.set()
            await self.go.wait()
        written: Status = await self._profiles.write(token, status)
        return written


@BOTH
async def test_workspace_is_released_once_what_was_under_way_is_recorded(engine: RunningEngine) -> None:
    left: list[int] = []

    class Leases(Acquiring):
        async def release(self, teams: Collection[str]) -> None:
            left.append(await engine.pending())
            await super().release(teams)

    leases = Leases()
    replica = engine.replica(leases=leases)
    slack = HeldWrites(replica, "In a meeting")
    key = await engine.person()
    await engine.has(key, meeting(engine.clock.now()))
    await replica.start()
    await slack.held.wait()
    stopping = asyncio.create_task(replica.stop())
    await until(lambda: replica.sender._stopping)
    assert leases.held == [key.team_id]
    slack.go.set()
    await stopping
    assert (left, leases.held) == ([0], [])
    assert engine.status()[0] == "In a meeting"


class Uncertain(OneProcess):
    """Owns everything as long as that is certain."""

    certain = True  # type: ignore[misc]  # it changes


async def test_nothing_is_written_once_it_is_not_certain_whose_the_workspace_is(engine: RunningEngine) -> None:
    """Another process may be writing by now: the look was this process', the write is not any more."""
    leases = Uncertain()
    replica = engine.replica(leases=leases, look=0.05)
    confirm = replica.queue.confirm

    async def confirmed(write: Any) -> bool:
        may = await confirm(write)
        leases.certain = False
        return may

    replica.queue.confirm = confirmed  # type: ignore[method-assign]  # the last moment before the call
    await engine.has(await engine.person(), meeting(engine.clock.now()))
    await replica.start()
    await until(lambda: not leases.certain)
    await until(lambda: not replica.sender._tasks)
    assert engine.calls(SET) == []
    replica.queue.confirm = confirm  # type: ignore[method-assign]  # and back
    leases.certain = True
    await until(lambda: engine.written() == ["In a meeting"])
    await engine.settled()


async def one_waits_and_a_call_takes_long(engine: RunningEngine, replica: Replica, slack: HeldWrites) -> None:
    """Start; UBUSY, who may be written to once a minute, waits for their next one while USLOW's call is under way."""
    busy, end = await engine.person("UBUSY"), engine.clock.now() + HOUR
    await replica.start()
    await engine.says(busy, "One", until=end)
    await until(lambda: engine.written() == ["One"])
    await engine.says(await engine.person("USLOW", team_id="T3"), "Slow", until=end)
    await slack.held.wait()
    await engine.says(busy, "Two", until=end, name="o2")
    await until(lambda: bool(replica.sender._waiting))


async def test_what_becomes_due_right_after_a_look_is_seen_while_one_waits_and_a_call_takes_long(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FRESH", 0.1)
    replica = engine.replica(person_limit=1, look=60)
    slack = HeldWrites(replica, "Slow")
    now, other = engine.clock.now(), await engine.person("UOTHER", team_id="T2")
    await one_waits_and_a_call_takes_long(engine, replica, slack)
    await engine.has(other, meeting(now))
    with suppress(AssertionError):
        await until(lambda: engine.written("UOTHER") == ["In a meeting"], 3)
    slack.go.set()
    assert engine.written("UOTHER") == ["In a meeting"]


async def test_engine_is_not_at_rest_before_it_has_read_what_it_was_told_of(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is used for a moment where somebody waits, here for their own next minute."""
    monkeypatch.setattr(sender, "FRESH", 0.1)
    replica = engine.replica(person_limit=1, look=60, poll=60)
    slack = HeldWrites(replica, "Slow")
    await one_waits_and_a_call_takes_long(engine, replica, slack)
    await until(lambda: not replica.sender._look_soon)
    await engine.has(await engine.person("UMEET", team_id="T2"), meeting(engine.clock.now()))
    await until(lambda: replica.sender._look_soon or engine.written("UMEET") == ["In a meeting"])
    slack.go.set()
    await until(lambda: replica.engine.at_rest)
    assert engine.written("UMEET") == ["In a meeting"]


async def test_people_who_typed_where_there_is_no_room_hold_up_no_other_workspace(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PAGE", 8)
    replica = engine.replica(limits={SET: 2, GET: 95})
    now = engine.clock.now()
    for number in range(20):
        await engine.says(await engine.person(f"U{number}"), "Lunch", until=now + HOUR)
    await replica.start()
    await until(lambda: len(engine.written()) == 2)
    await until(engine.ticked)
    await engine.has(await engine.person("UMEET", team_id="T2"), meeting(now))
    await engine.says(await engine.person("UTYPED", team_id="T3"), "Lunch", until=now + HOUR)
    await until(lambda: {"UMEET", "UTYPED"} <= {call.user_id for call in engine.calls(SET)}, 3)
    assert len(engine.written()) == 4
    engine.clock.move(seconds=61)
    await until(lambda: len(engine.written()) == 6)


async def test_notices_and_home_tabs_that_wait_for_a_minute_spin_not_and_hold_up_no_other_workspace(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "MANY", 4)
    replica = engine.replica(limits={SET: 48, GET: 95, POST: 2, "views.publish": 2}, look=60, poll=60)
    keys = [await engine.person(f"U{number}", stale=False) for number in range(12)]
    other = await engine.person("UOTHER", team_id="T2", stale=False)
    async with engine.database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(home_opened_at=engine.clock.now(), home_stale=True))
        for key in (*keys, other):
            await replica.notices.tell(connection, key, "welcome")
            engine.clock.move(seconds=0.001)
    await replica.start()
    await until(lambda: sent_to(engine, other) == 2, 3)
    await until(lambda: replica.engine.at_rest, 3)
    assert sum(sent_to(engine, key) for key in keys) == 4
    with statements(engine.database) as executed:
        for _ in range(20):
            await engine.pending()
    others = [one for one in executed if "FROM standings" not in one and "lanes" not in one]  # budgets are stored
    assert others == []
    engine.clock.move(seconds=61)
    await until(lambda: sum(sent_to(engine, key) for key in keys) == 8, 3)


def sent_to(engine: RunningEngine, key: PersonKey) -> int:
    """How many notices and Home tabs somebody has got."""
    return len(engine.slack.direct_messages(key.user_id)) + len(
        [call for call in engine.slack.calls.all() if call.method == "views.publish" and call.ok
         and call.arguments["user_id"] == key.user_id]
    )  # fmt: skip


async def test_chore_whose_time_has_come_spins_not_while_a_call_is_under_way(engine: RunningEngine) -> None:
    """It was begun a moment ago, and is due once more: statuses go before it."""
    replica, done, rounds = engine.replica(look=60, poll=60), asyncio.Event(), Counter[str]()
    slack, clock = HeldWrites(replica, "In a meeting"), engine.clock

    class Chore:
        async def run(self) -> None:
            done.set()

    async def wait(until: datetime | None, wake: asyncio.Event) -> None:
        rounds["ended"] += 1
        await clock.wait(until, wake)

    await engine.has(await engine.person(), meeting(clock.now()))
    await replica.start()
    await slack.held.wait()
    began = time.monotonic() + 3600  # it waits however slow this machine is
    replica.sender._chores.append(sender._Slot(Chore(), due=False, began=began, again=clock.now()))
    replica.sender._clock = SimpleNamespace(now=clock.now, wait=wait)  # type: ignore[assignment]
    replica.sender.wake(typed=False)
    for _ in range(500):  # turns of the loop, in which it could go in circles
        await asyncio.sleep(0)
    meanwhile = done.is_set(), rounds["ended"] < 20
    slack.go.set()
    assert meanwhile == (False, True)
    await until(done.is_set)


async def test_chore_that_becomes_due_while_a_call_takes_long_is_begun_without_a_look(engine: RunningEngine) -> None:
    """It was begun a moment ago, so it waits a little; the call may take many seconds."""
    replica, done = engine.replica(look=60, poll=60), asyncio.Event()
    slack = HeldWrites(replica, "In a meeting")

    class Chore:
        async def run(self) -> None:
            done.set()

    await engine.has(await engine.person(), meeting(engine.clock.now()))
    await replica.start()
    await slack.held.wait()
    replica.sender._chores.append(sender._Slot(Chore(), began=time.monotonic()))
    replica.sender._clock = SystemClock()
    replica.sender.wake(typed=False)
    await until(done.is_set)
    assert not slack.go.is_set()
    slack.go.set()


@BOTH
async def test_chore_with_nothing_to_do_reads_once(engine: RunningEngine) -> None:
    replica = engine.replica()
    await engine.person()
    for chore in replica.chores:
        with statements(engine.database) as executed:
            assert await chore.run() is None
        assert len(executed) == 1, executed


class Left:
    """Work for a chore: `run` does one piece of it at a time, and the last one leaves some to `other`."""

    def __init__(self, clock: Any, pieces: int = 0, other: Left | None = None) -> None:
        self.clock, self.pieces, self.other = clock, pieces, other

    async def run(self) -> datetime | None:
        if not self.pieces:
            return None
        self.pieces -= 1
        if not self.pieces and self.other is not None:
            self.other.pieces += 1
        return self.clock.now()  # type: ignore[no-any-return]  # a clock's


async def test_what_a_chore_leaves_to_another_one_is_done_without_a_look(engine: RunningEngine) -> None:
    replica = engine.replica(look=60, poll=60)
    last = Left(engine.clock)
    first = Left(engine.clock, 3, last)
    replica.sender._chores = [sender._Slot(chore) for chore in (last, first)]
    await replica.start()
    await until(lambda: not first.pieces and not last.pieces and replica.sender.at_rest)


async def test_engine_is_not_at_rest_where_its_last_look_failed(engine: RunningEngine) -> None:
    replica = engine.replica(look=0.05)
    rested: list[bool] = []
    most_urgent = replica.queue.most_urgent

    async def fails(*args: Any, **options: Any) -> Any:
        rested.append(replica.sender.at_rest)
        raise OSError("database is away")

    replica.queue.most_urgent = fails  # type: ignore[method-assign]  # until it is back
    await engine.has(await engine.person(), meeting(engine.clock.now()))
    await replica.start()
    await until(lambda: replica.sender.at_rest or len(rested) >= 3)
    assert not replica.sender.at_rest
    assert not any(rested)
    replica.queue.most_urgent = most_urgent  # type: ignore[method-assign]  # it is
    await until(lambda: replica.engine.at_rest)
    assert engine.written() == ["In a meeting"]


async def test_person_is_written_to_no_more_than_ten_times_a_minute_though_the_process_is_killed(
    engine: RunningEngine,
) -> None:
    """Whatever was stored of the budget: of each person no more than one write is not."""
    first, key, until_then = engine.replica(), await engine.person(), engine.clock.now() + HOUR
    save, stores = first.budgets.save_budgets, asyncio.Event()

    async def never(budgets: Any) -> None:
        if stores.is_set():
            await asyncio.Event().wait()
        await save(budgets)

    first.budgets.save_budgets = never  # type: ignore[method-assign]  # a database that hangs
    await first.start()
    await first.workspaces.own({key.team_id})
    stores.set()
    await types_in_turn(engine, key, range(8), until_then)
    for task in (*first.engine._tasks, *first.sender._tasks):
        task.cancel()
    engine.replicas.remove(first)
    await engine.replica().start()
    await types_in_turn(engine, key, range(8, 14), until_then)
    assert len(engine.calls(SET)) <= 10
    await first.clients.close()


async def types_in_turn(engine: RunningEngine, key: PersonKey, numbers: range, end: datetime) -> None:
    """Somebody types one status after the other, each once all that may be done about the last one is done."""
    for number in numbers:
        await engine.says(key, f"Text {number}", until=end, name=f"o{number:02}")
        await until(engine.ticked)
        await until(lambda: all(one.workspaces.awaited or one.engine.at_rest for one in engine.running))
        engine.clock.move(seconds=1)


@BOTH
async def test_people_who_wait_until_a_budget_is_stored_are_written_to_right_after(engine: RunningEngine) -> None:
    replica = engine.replica(look=60, poll=60)
    now, save = engine.clock.now(), replica.budgets.save_budgets

    async def slowly(budgets: Any) -> None:
        await until(lambda: not replica.sender._tasks)
        await save(budgets)

    replica.budgets.save_budgets = slowly  # type: ignore[method-assign]  # a busy database
    for number in range(20):
        await engine.has(await engine.person(f"U{number}"), meeting(now))
    await replica.start()
    await until(lambda: len(engine.written()) == 20, 6)


async def test_who_becomes_due_while_a_budget_is_to_be_stored_is_written_to_right_after(engine: RunningEngine) -> None:
    """Their workspace is passed over until then, and a call of another one goes on all the while."""
    replica = engine.replica(look=60, poll=60)
    slack, now = HeldWrites(replica, "Slow"), engine.clock.now()
    save, may = replica.budgets.save_budgets, asyncio.Event()

    async def saves(budgets: Any) -> None:
        await may.wait()
        await save(budgets)

    await replica.start()
    await engine.says(await engine.person("USLOW", team_id="T3"), "Slow", until=now + HOUR)
    await slack.held.wait()
    await replica.workspaces.own({(await engine.person("U0")).team_id})
    replica.budgets.save_budgets = saves  # type: ignore[method-assign]  # a busy database
    for number in range(8):
        await engine.has(await engine.person(f"U{number + 1}"), meeting(now))
    await until(lambda: len(engine.written()) == 8)
    await engine.has(await engine.person("ULAST"), meeting(now))
    await until(engine.ticked)
    await until(lambda: not replica.sender._look_soon)
    assert engine.written("ULAST") == []
    may.set()
    with suppress(AssertionError):
        await until(lambda: engine.written("ULAST") == ["In a meeting"], 3)
    slack.go.set()
    assert engine.written("ULAST") == ["In a meeting"]


async def test_sender_that_is_told_to_stop_right_before_a_round_does_not_wait_for_anything_else(
    engine: RunningEngine,
) -> None:
    replica = engine.replica(look=60, poll=60)
    wait = replica.sender._wait

    async def told_to_stop(until: datetime | None, **options: Any) -> None:
        await wait(until, **options)
        if engine.calls():
            replica.engine._stop.set()
            while not replica.sender._stopping:
                await asyncio.sleep(0)

    replica.sender._wait = told_to_stop  # type: ignore[method-assign]  # the last moment before the next round
    for number in range(3):
        await engine.has(await engine.person(f"U{number}"), meeting(engine.clock.now()))
    await replica.start()
    async with asyncio.timeout(5):
        await replica.engine._stop.wait()
        await replica.stop()
