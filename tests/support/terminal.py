"""`python app.py …` at a terminal of 80 columns: what it prints is waited for, and answered."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.command_line import ROOT, environment_of

SECONDS = 30.0
"""How long something is waited for, in real time."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """The process, and all that it has printed: without colours, with single blanks for whatever folds lines."""

    def __init__(self, process: Process, master: int) -> None:
        self.process = process
        self.raw = ""
        self._master = master
        self._seen = 0
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    @property
    def text(self) -> str:
        return " ".join(_CONTROL.sub("", self.raw).split())

    async def sees(self, text: str) -> None:
        """Wait until this was printed after what was seen before."""
        try:
            async with asyncio.timeout(SECONDS):
                while (at := self.text.find(text, self._seen)) < 0 and not self._ended:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            at = -1
        assert at >= 0, f"never printed {text!r}:\n{self.text[self._seen :]}"
        self._seen = at + len(text)

    async def answers(self, question: str, answer: str) -> None:
        await self.sees(question)
        os.write(self._master, f"{answer}\n".encode())

    async def ended(self) -> int:
        """Wait for its end; the exit status."""
        status = await self.process.wait()
        while not self._ended:
            self._more.clear()
            await self._more.wait()
        return status

    @property
    def _ended(self) -> bool:
        return self._master < 0

    def _read(self) -> None:
        try:
            some = os.read(self._master, 65536)
        except OSError:  # Linux, where nobody is at the other side any more
            some = b""
        self.raw += some.decode(errors="replace")
        if not some:
            self.close()
        self._more.set()

    def close(self) -> None:
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = -1


@asynccontextmanager
async def terminal(*arguments: str, cwd: Path, **settings: str) -> AsyncIterator[Terminal]:
    """Run a command at a terminal that is nobody's: it is killed where it has not ended by then."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "app.py"), *arguments,
        cwd=cwd, env=environment_of(settings) | {"TERM": "xterm-256color", "COLUMNS": "80"},
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    found = Terminal(process, master)
    try:
        yield found
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        found.close()
