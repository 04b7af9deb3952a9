"""Two operations taken forward step by step, so that every order of their steps can be tried.

An operation stops before each statement, before each commit and before each call to Slack, and goes on when it is
told to. Where it waits for a lock of the other one, which PostgreSQL is asked for, the other one has the next turn.
SQLite has one writer: an operation stops before it takes the writer's lock, and its transaction is one step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

from services.domain.errors import StatusQuoError
from services.store.db import Database

BEGIN, COMMIT, LOCK = "begin", "COMMIT", "take the writer's lock"
A_LOOK = 0.004
"""Seconds that a step may take before the database is asked whether it waits for a lock."""

_mine: ContextVar[Stepped | None] = ContextVar("stepped", default=None)


class Stepped:
    """An operation that goes on by one step when it is told to.

    `steps` are those that it has taken since `watch`, `did` is all that it did, stepped or not.
    """

    def __init__(self, work: Callable[[], Awaitable[Any]]) -> None:
        """`work` is begun by the first step."""
        self.steps: list[str] = []
        self.did: list[str] = []
        self.outcome, self.connection, self._next = "", 0, BEGIN
        self.stands, self._go = asyncio.Event(), asyncio.Event()
        self._counts: Callable[[str], bool] = lambda what: True
        self._task = asyncio.create_task(self._run(work))

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return bool(self.outcome)

    def go(self) -> None:
        """Take the next step; `stands` is set again before the one after it."""
        self.stands.clear()
        self._go.set()

    async def until(self, last: str) -> None:
        """Go on until it has done `last`, and stands before what comes next; at once where `last` is ""."""
        await self.stands.wait()
        while not self.done and last not in ("", *self.did):
            self.go()
            await self.stands.wait()

    async def watch(self, counts: Callable[[str], bool]) -> None:
        """From here a step ends only before what `counts`; stand before the first."""
        self.steps, self._counts = [], counts
        if not self.done and not counts(self._next):
            self.go()
            await self.stands.wait()
        self.did = []

    async def pause(self, what: str) -> None:
        """Stop before `what`, if that counts. A commit counts as what came before it."""
        about = f"{COMMIT} of {self.did[-1]}" if what == COMMIT else what
        if self._counts(about):
            self._next = what
            self.stands.set()
            await self._go.wait()
            self._go.clear()
            self.steps.append(about)
        self.did.append(what)

    async def _run(self, work: Callable[[], Awaitable[Any]]) -> None:
        _mine.set(self)
        await self.pause(BEGIN)
        try:
            self.outcome = f"gave {await work()!r}"
        except (StatusQuoError, LookupError) as error:
            self.outcome = f"raised {type(error).__name__}"
        except Exception as error:
            self.outcome = f"BROKE with {type(error).__name__}: {str(error).splitlines()[0]}"
        self.stands.set()


async def step(what: str) -> None:
    """Say what comes next: an operation that is taken step by step stops here."""
    mine = _mine.get()
    if mine is not None:
        await mine.pause(what)


class SteppedDatabase(Database):
    """A database whose transactions stop before each of their steps."""

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=6)
        self._points = None  # every statement is a step
        event.listen(self.engine.sync_engine, "before_cursor_execute", self._before_statement)
        event.listen(self.engine.sync_engine, "commit", self._before_commit)
        self._writing: ContextVar[bool] = ContextVar("writing", default=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        if self.is_sqlite:
            await step(LOCK)
        token = self._writing.set(True)
        try:
            async with super().write() as connection:
                yield connection
        finally:
            self._writing.reset(token)

    def _before_statement(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        mine = _mine.get()
        if mine is None:
            return
        what = " ".join(statement.split())
        if self.is_sqlite and self._writing.get():
            mine.did.append(what)
            return
        if not self.is_sqlite:
            mine.connection = connection.connection.driver_connection.get_server_pid()
        await_only(mine.pause(what))

    def _before_commit(self, connection: Any) -> None:
        if not self.is_sqlite:
            await_only(step(COMMIT))


def orders(steps: tuple[int, int], switches: int) -> Iterator[str]:
    """Every order of `steps` steps of A and of B in which the turn changes at most `switches` times: "AABBBA"."""

    def merges(last: str, left: dict[str, int], switches: int) -> Iterator[str]:
        if not any(left.values()):
            yield ""
        for name, count in left.items():
            if count and (name == last or switches):
                rest = left | {name: count - 1}
                yield from (name + more for more in merges(name, rest, switches - (name != last)))

    yield from merges("", {"A": steps[0], "B": steps[1]}, switches + 1)


async def run(a: Stepped, b: Stepped, order: str, waits: Callable[[int], Awaitable[bool]]) -> None:
    """Take both to their ends in `order`; whoever is told to go on but waits for the other lets the other go on.

    `waits` tells whether the database connection of a process id waits for a lock.
    """
    turns = iter(order)
    both = {"A": (a, b), "B": (b, a)}
    name = order[0]
    async with asyncio.timeout(20):
        while not (a.done and b.done):
            ready = [name for name in "AB" if both[name][0].stands.is_set() and not both[name][0].done]
            if ready:  # else each waits for the other: PostgreSQL ends one of them
                name = next(turns, name)
                both[name if name in ready else ready[0]][0].go()
            for one in (a, b):
                await _stands(one, waits)


async def _stands(one: Stepped, waits: Callable[[int], Awaitable[bool]]) -> None:
    """Wait until it stands before its next step, has ended, or waits for a lock."""
    while not one.stands.is_set():
        try:
            async with asyncio.timeout(A_LOOK):
                await one.stands.wait()
        except TimeoutError:
            if one.connection and await waits(one.connection):
                return
