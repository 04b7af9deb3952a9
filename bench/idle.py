"""100,000 people of whom nobody has anything to do: what a serving process takes for being there."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import http, slack_stub
from bench.table import Row
from bench.typed import Seed, on_both
from services.domain.model import PersonKey
from services.platform.crypto import Encryptor, new_key
from services.store import schema
from services.store.db import Database

PEOPLE, A_WORKSPACE = 100_000, 100
SECONDS, CALM = 20.0, 5.0
"""For so long it is measured, and so long after it was ready: its first looks are over by then."""

SHARE, MEMORY = 2.0, 300.0
"""Percent of a core, and MiB."""


def rows() -> list[Row]:
    return on_both(_measured)


async def _measured(name: str, url: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        address, key = url or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", new_key()
        await _seed(address, key)
        async with slack_stub.running() as stub:
            port = http.free_port()
            environment = http.settings(stub.api_url, port) | {"DATABASE_URL": address, "ENCRYPTION_KEYS": key}
            process = stack.enter_context(http.process("app.py", "serve", **environment))
            await asyncio.to_thread(http.wait_for, port, "/readyz")
            await asyncio.sleep(CALM)
            before = sum(cpu_seconds(pid) for pid in family(process.pid))
            await asyncio.sleep(SECONDS)
            running = family(process.pid)
            used = sum(cpu_seconds(pid) for pid in running) - before
            memory = sum(mebibytes(pid) for pid in running)
    idle = f"{PEOPLE:,} idle people, {name}"
    return [
        Row(f"{idle}: processor", 100 * used / SECONDS, "% of a core", SHARE, "promised", f"over {SECONDS:.0f} s"),
        Row(f"{idle}: memory", memory, "MiB", MEMORY, "promised", f"{len(running)} processes, shared pages by share"),
    ]


async def _seed(address: str, key: str) -> None:
    database = Database(address)
    await schema.upgrade(database)
    seed = Seed(database, Encryptor([key]))
    keys = [PersonKey(f"T{number // A_WORKSPACE}", f"U{number}") for number in range(PEOPLE)]
    for first in range(0, PEOPLE, 5_000):
        await seed.people(keys[first : first + 5_000], None)
    await database.close()


# ── what the kernel says: see proc(5) ───────────────────────────────────────────────────────────────


def family(pid: int) -> list[int]:
    """The ids of a process and its descendants."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(one for listed in tasks for child in listed.read_text().split() for one in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """What a process has taken of the processor, in seconds of a core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mebibytes(pid: int) -> float:
    """What memory a process takes, shared pages by its share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
