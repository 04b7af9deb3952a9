"""`python app.py …` as an operator runs it, on the real clock: as a process of its own, or in a thread of this one."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from unittest.mock import patch

import aiohttp

import app
from services.platform.concurrency import off_loop
from services.platform.settings import Settings
from tests.support.engine import until
from tests.support.log_lines import put_back

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
    return {name: value for name, value in os.environ.items() if name.upper() not in names} | dict(settings)


async def run(*arguments: str, cwd: Path, **settings: str) -> Ran:
    """Run a command to its end, in a thread: what this test serves goes on meanwhile. A process costs a second more."""
    return await off_loop(run_here, *arguments, cwd=cwd, **settings)


class _OfThread(io.StringIO):
    """Takes what one thread prints; all else goes where it went before."""

    def __init__(self, before: TextIO) -> None:
        super().__init__()
        self._before, self._thread = before, threading.get_ident()

    def write(self, text: str) -> int:
        return super().write(text) if threading.get_ident() == self._thread else self._before.write(text)


def run_here(*arguments: str, cwd: Path, **settings: str) -> Ran:
    """Run a command to its end, in this thread."""
    out, err = _OfThread(sys.stdout), _OfThread(sys.stderr)
    with (
        put_back(), chdir(cwd), patch.dict(os.environ, environment_of(settings), clear=True),
        redirect_stdout(out), redirect_stderr(err),
    ):  # fmt: skip
        status = app.main(arguments)
    return Ran(status, out.getvalue(), err.getvalue())


async def run_process(*arguments: str, cwd: Path, **settings: str) -> Ran:
    """Run a command to its end, as a process."""
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
