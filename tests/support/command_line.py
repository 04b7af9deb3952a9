"""`python app.py …` as an operator runs it: a process of its own, on the real clock."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from services.platform.settings import Settings
from tests.support.engine import until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str


def environment_of(settings: Mapping[str, str]) -> dict[str, str]:
    """This process' environment without any setting of the app's, and `settings`."""
    names = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in names} | dict(settings)


async def run(*arguments: str, cwd: Path, **settings: str) -> Ran:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "app.py"), *arguments,
        cwd=cwd, env=environment_of(settings), stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


class Served:
    """`app.py serve`, which may be killed and started again."""

    def __init__(self, cwd: Path, settings: Mapping[str, str]) -> None:
        self.cwd = cwd
        self.settings = dict(settings)
        self.log = cwd / "serve.log"
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings['PORT']}"

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, str(ROOT / "app.py"), "serve",
                cwd=self.cwd, env=environment_of(self.settings), stdin=DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        await until(self._ready, 60)

    async def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def kill(self) -> None:
        """kill -9, at this very instant."""
        assert self.process is not None
        if self.process.returncode is None:
            os.kill(self.process.pid, signal.SIGKILL)

    async def ended(self) -> int:
        assert self.process is not None
        return await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
        return await self.process.wait()
