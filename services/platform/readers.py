"""Reading what strangers sent away from the app: a few processes with limits on time and memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from services.domain.errors import StatusQuoError
from services.platform.reader_process import COUNT, READY, Answer, ErrorsByName, lengths, packed

_ROOT = Path(__file__).resolve().parents[2]
_LARGE = 4 * 2**20
"""After a body of this many bytes a process is ended: what it took from the system, it would keep."""

_PIECE = 64 * 1024
"""Bytes that are written at once: what a pipe holds, so that no second copy of a body waits for its reader."""

_START = 30.0
"""Seconds that a process may take until it can be asked."""


class _Reader:
    """One process of `module`, started when it is first needed and again after it was killed."""

    def __init__(self, module: str, costly: type[StatusQuoError], seconds: float, memory: int) -> None:
        self._module = module
        self._costly = costly
        self._seconds = seconds
        self._memory = memory
        self._process: Process | None = None

    async def ask(self, head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
        """Return the head and the blobs of the answer. Raises `costly`; then the process is gone."""
        answered = False
        try:
            process = await self._running()
            async with asyncio.timeout(self._seconds):
                answer = await self._talk(process, head, blobs)
                answered = answer[0].get("reason") != "memory"
                return answer
        except TimeoutError:
            raise self._costly("time", seconds=self._seconds) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise self._costly("the reader ended") from None
        finally:
            # Also when the asking task is cancelled: half a conversation cannot be continued.
            if not answered or sum(map(len, blobs)) > _LARGE:
                await self.end()

    async def _running(self) -> Process:
        """Return the process, ready to be asked: what its start takes is not the fault of what it is asked."""
        process = self._process
        if process is None or process.returncode is not None:
            # Nothing of the app's environment but what Python needs: no credentials near a stranger's file.
            kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZDIR", "VIRTUAL_ENV") if name in os.environ}
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, str(self._memory),
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**kept, "PYTHONPATH": str(_ROOT)}, start_new_session=True,
            )  # fmt: skip
            if process.stdout is not None:
                async with asyncio.timeout(_START):
                    await process.stdout.readexactly(len(READY))
        return process

    async def _talk(self, process: Process, head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
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


class Readers:
    """At most `workers` processes of `module` at a time, each for at most `seconds` and `memory` bytes a question.

    `errors` are those that it answers with, `costly` the one for what is too much. That costs its own process alone:
    the others go on in the other ones.
    """

    def __init__(
        self,
        module: str,
        errors: ErrorsByName,
        costly: type[StatusQuoError],
        *,
        workers: int,
        seconds: float,
        memory: int,
    ) -> None:
        self._errors = errors
        self._costly = costly
        self._readers = [_Reader(module, costly, seconds, memory) for _ in range(workers)]
        self.idle: asyncio.LifoQueue[_Reader] = asyncio.LifoQueue()
        for reader in self._readers:
            self.idle.put_nowait(reader)
        self._suspects: set[str] = set()
        self._one_suspect = asyncio.Lock()

    async def ask(self, whose: str, head: dict[str, Any], blobs: Sequence[bytes]) -> Answer:
        """Return the answer to a question about something of `whose`. Raises one of the `errors`, or `costly`."""
        # Who was too much once waits for the others like it: they never hold every process.
        async with self._one_suspect if whose in self._suspects else nullcontext():
            reader = await self.idle.get()
            try:
                answer, found = await reader.ask(head, blobs)
            except self._costly:
                self._suspects.add(whose)
                raise
            finally:
                self.idle.put_nowait(reader)
        if "error" in answer:
            raise self._errors[answer["error"]](answer["reason"])
        self._suspects.discard(whose)
        return answer, found

    async def close(self) -> None:
        """End the processes; whatever they were reading is given up."""
        for reader in self._readers:
            await reader.end()
