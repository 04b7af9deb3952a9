"""The app as a process of its own, on a clock that somebody else sets: `python -m bench.soak.app SOCKET BASE SINCE`.

Settings come from the environment. On the Unix socket it is told, one line of JSON each: `{"set": [base, since]}` sets
the clock; `{"measure": true}` collects garbage and gives the resident memory in KiB; `{"stop": true}` is what SIGTERM
is. To all, and to `{}`, it answers `rest` (nothing is due or under way), `now`, and what is waited for, by whom.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict

from bench.soak.clock import SoakClock
from handlers.web.application import QuietRunner, listen
from services import bootstrap
from services.engine import due
from services.platform import logs, settings

LOOK = timedelta(minutes=15)
"""So often, on the clock, the app looks for what it would find by looking every few seconds of real time."""

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


async def main(path: str, base: datetime, since: float) -> None:
    """Serve until told to stop."""
    clock, stop = SoakClock(base, since), asyncio.Event()
    logs.configure("INFO", "json")
    structlog.configure(processors=[partial(_timed, clock), *structlog.get_config()["processors"]])
    config = settings.load(os.environ, dotenv=None)
    service = await bootstrap.build(config, clock=clock)
    looked = [clock.now()]
    # What leaves a tenth of a second of real time to others, at each edge: nothing is at rest meanwhile.
    due.LONGEST_REST = due.PACE
    for effect in service.effects:
        effect._after = 0.0  # noqa: SLF001 - how long it leaves to statuses is not for operators

    def answer(told: dict[str, Any]) -> dict[str, Any]:
        if "set" in told:
            to, at = told["set"]
            clock.set(datetime.fromisoformat(to), at)
            if clock.now() - looked[0] >= LOOK:  # what is looked for every few seconds of real time
                looked[0] = clock.now()
                service.engine.wake_signal.wake()
                service.engine._sender.wake(typed=False)  # noqa: SLF001 - of itself it looks in real time
        if "stop" in told:
            stop.set()
        found: dict[str, Any] = {
            "rest": service.at_rest() and not stop.is_set(),
            "now": clock.now().isoformat(),
            "waits": [[until.isoformat(), name] for until, name in clock.sleepers()],
        }
        if "measure" in told:
            gc.collect()
            found["kib"] = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_KIB
        return found

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
            await writer.drain()
        writer.close()

    runner = QuietRunner(service.web)
    await runner.setup()
    await listen(runner, config.host, config.port)
    await service.start()
    told = await asyncio.start_unix_server(hear, path)  # from here on it is known to be ready
    await stop.wait()
    await runner.cleanup()
    await service.stop()
    told.close()


def _timed(clock: SoakClock, _logger: Any, _method: str, event: EventDict) -> EventDict:
    """A line of the log with the simulated time, besides the real one."""
    return {**event, "clock": clock.now().isoformat()}


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], datetime.fromisoformat(sys.argv[2]), float(sys.argv[3])))
