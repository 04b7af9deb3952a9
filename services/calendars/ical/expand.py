"""Reading what strangers sent away from the app: a few worker processes with limits on time and memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from services.calendars.ical.entry import ReadRequest
from services.calendars.ical.reading import ReadState
from services.calendars.ical.worker import COUNT, ERRORS, READY, changes_from_parts, lengths, packed
from services.domain.calendars import AHEAD, Changes
from services.domain.errors import (
    CalendarTooCostlyError,
    NotACalendarError,
    RequestError,
)
from services.platform.concurrency import LARGE, off_loop, off_loop_if

log = structlog.get_logger(__name__)

_ROOT = Path(__file__).resolve().parents[3]
_LARGE = 4 * 2**20
"""After a body of this many bytes a worker is ended: what it took from the system, it would keep."""

_PIECE = 64 * 1024
"""Bytes that are written at once: what a pipe holds, so that no second copy of a body waits for its reader."""

_START = 30.0
"""Seconds that a process may take until it can be asked."""


class _Worker:
    """One process, started when it is first needed and again after it was killed."""

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds = seconds
        self._memory = memory
        self._process: Process | None = None

    async def ask(self, head: dict[str, Any], blobs: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """The head and the blobs of the answer. Raises CalendarTooCostlyError; then the process is gone."""
        answered = False
        try:
            process = await self._running()
            async with asyncio.timeout(self._seconds):
                answer = await self._talk(process, head, blobs)
                answered = answer[0].get("reason") != "memory"
                return answer
        except TimeoutError:
            raise CalendarTooCostlyError("time", seconds=self._seconds) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise CalendarTooCostlyError("the reader ended") from None
        finally:
            # Also when the asking task is cancelled: half a conversation cannot be continued.
            if not answered or sum(map(len, blobs)) > _LARGE:
                await self.end()

    async def _running(self) -> Process:
        """The process, ready to be asked: what its start takes is no calendar's fault."""
        process = self._process
        if process is None or process.returncode is not None:
            # Nothing of the app's environment but what Python needs: no credentials near a stranger's file.
            kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZDIR", "VIRTUAL_ENV") if name in os.environ}
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.calendars.ical.worker", str(self._memory),
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**kept, "PYTHONPATH": str(_ROOT)}, start_new_session=True,
            )  # fmt: skip
            if process.stdout is not None:
                async with asyncio.timeout(_START):
                    await process.stdout.readexactly(len(READY))
        return process

    async def _talk(
        self, process: Process, head: dict[str, Any], blobs: Sequence[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        if process.stdin is None or process.stdout is None:
            raise ConnectionError("no pipes")
        for part in packed(head, blobs):
            for at in range(0, len(part), _PIECE):
                process.stdin.write(memoryview(part)[at : at + _PIECE])
                await process.stdin.drain()
        (count,) = COUNT.unpack(await process.stdout.readexactly(COUNT.size))
        sizes = lengths(await process.stdout.readexactly(count * COUNT.size))
        answer, *found = [await process.stdout.readexactly(size) for size in sizes]
        said: dict[str, Any] = json.loads(answer)
        return said, found

    async def end(self) -> None:
        """Kill the process, if there is one, and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


class Expander:
    """Reads calendars in at most `workers` processes at a time, each for at most `seconds` and `memory` bytes.

    A file that is too much costs its own reader alone: the others go on in the other processes.
    """

    def __init__(self, workers: int = 2, seconds: float = 20.0, memory: int = 768 * 2**20) -> None:
        self._workers = [_Worker(seconds, memory) for _ in range(workers)]
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for worker in self._workers:
            self._idle.put_nowait(worker)
        self._suspects: set[str] = set()
        self._one_suspect = asyncio.Lock()

    async def read(self, data: bytes, asked: ReadRequest, memory: bytes | None) -> Changes:
        """The events of `data`; with the `memory` of an earlier reading only what changed since.

        `state` of the result is the next `memory`. Raises NotACalendarError for what is no whole calendar,
        CalendarTooCostlyError for one that would take too much; then `memory` stays good.
        """
        before = await off_loop_if(len(data) >= LARGE, ReadState.of_same, memory, data, asked)
        if before is not None:
            return Changes(state=memory, unchanged=True, full=False, name=before.name, floor=before.floor)
        return await self.changes("read", asked.calendar_id, asked.as_json(), (data, memory or b""))

    async def changes(self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Changes:
        """What a task of a reader process (`ical.worker`) makes of `head` and `blobs`. Raises a `CalendarError`."""
        answer, found = await self.ask(task, calendar_id, head, blobs)
        changes = await off_loop(changes_from_parts, answer, found, calendar_id)
        log.debug(
            "calendar_read",
            calendar_id=calendar_id,
            bytes=sum(map(len, blobs)),
            events=len(changes.events),
            problems=len(changes.problems),
            full=changes.full,
        )
        return changes

    async def ask(
        self, task: str, calendar_id: str, head: dict[str, Any], blobs: Sequence[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The answer of a task as it is. Raises a `CalendarError`."""
        # A calendar that was too much once waits for the others like it: they never hold every process.
        async with self._one_suspect if calendar_id in self._suspects else nullcontext():
            worker = await self._idle.get()
            try:
                answer, found = await worker.ask({**head, "task": task}, blobs)
            except CalendarTooCostlyError:
                self._suspects.add(calendar_id)
                raise
            finally:
                self._idle.put_nowait(worker)
        if "error" in answer:
            raise ERRORS[answer["error"]](answer["reason"])
        self._suspects.discard(calendar_id)
        return answer, found

    async def close(self) -> None:
        """End the processes; whatever they were reading is given up."""
        for worker in self._workers:
            await worker.end()


class UnreadableCalendarError(RequestError):
    """That is not a calendar that I can read. Send a whole `.ics` file."""

    http_status = 422


@dataclass(frozen=True, slots=True)
class Looked:
    """What was sent: how many `entries` it is about, whether it stands `alone` rather than being news about another.

    Its own `name`, if it has one, and its `events` from now on as far as we look ahead.
    """

    entries: int
    alone: bool
    name: str | None = field(repr=False)
    events: int


async def readable(
    expander: Expander, data: bytes, name: str, zone: ZoneInfo, now: datetime, *, strict: bool = False
) -> Looked:
    """What `data` says. `name` tells one sender from another.

    Raises UnreadableCalendarError for what is no calendar, takes too long to expand, or, where `strict`, has entries
    without an end.
    """
    asked = ReadRequest(name, (), zone, now, now + AHEAD)
    try:
        said, _ = await expander.ask("look", name, {**asked.as_json(), "strict": strict}, (data,))
    except (NotACalendarError, CalendarTooCostlyError) as error:
        raise UnreadableCalendarError(error.reason) from None
    return Looked(**said)
