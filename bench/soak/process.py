"""The app's process: started, stopped, killed, and told the time."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from bench.soak.clock import SoakClock

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN, STOPS_WITHIN, ANSWERS_WITHIN = 60.0, 60.0, 60.0
"""Seconds of real time."""


class AppDiedError(RuntimeError):
    """It ended though nobody had told it to."""


@dataclass
class AppProcess:
    """`settings` are its environment; what it writes goes to `log`."""

    folder: Path
    settings: Mapping[str, str]
    clock: SoakClock
    log: IO[bytes]
    starts: int = 0
    _process: asyncio.subprocess.Process | None = None
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def up(self) -> bool:
        return self._process is not None

    @property
    def number(self) -> int | None:
        """Of the process."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start it, until it serves and works."""
        self.starts += 1
        path = self.folder / f"told-{self.starts}"
        base, since = self.clock.origin
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "GOOGLE_"))}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.soak.app", str(path), base.isoformat(), repr(since),
            cwd=ROOT, env={**clean, **self.settings}, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        async with asyncio.timeout(STARTS_WITHIN):
            while not path.exists():
                if self._process.returncode is not None:
                    raise AppDiedError(f"exit status {self._process.returncode}")
                await asyncio.sleep(0.01)
            while True:
                with suppress(ConnectionRefusedError):  # it is bound, and does not listen yet
                    self._reader, self._writer = await asyncio.open_unix_connection(path, limit=2**24)
                    return
                await asyncio.sleep(0.01)

    async def tell(self, **what: Any) -> dict[str, Any]:
        """Tell it something; how it is. Raises AppDiedError."""
        if self._reader is None or self._writer is None:
            raise AppDiedError("it is not running")
        async with self._lock, asyncio.timeout(ANSWERS_WITHIN):
            self._writer.write(json.dumps(what).encode() + b"\n")
            line = await self._reader.readline()
        if not line:
            raise AppDiedError("it hung up")
        found: dict[str, Any] = json.loads(line)
        return found

    async def set_clock(self, to: datetime, at: float) -> None:
        """Have it be `to` there since the instant `at` of the machine's monotonic clock."""
        await self.tell(set=[to.isoformat(), at])

    async def stop(self) -> None:
        """Have it end as SIGTERM does: what is under way is finished."""
        await self.tell(stop=True)
        await self._ended()

    async def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self._ended()

    async def _ended(self) -> None:
        process, self._process = self._process, None
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
        if process is not None:
            async with asyncio.timeout(STOPS_WITHIN):
                await process.wait()
