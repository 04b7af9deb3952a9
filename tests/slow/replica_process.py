"""One replica of the engine as a process of its own, for tests that kill it: `python -m tests.slow.replica_process`.

Reads DATABASE_URL, SLACK_API_URL and ENCRYPTION_KEYS; prints "ready"; ends at SIGTERM after its calls in flight.
"""

from __future__ import annotations

import asyncio
import os
import signal

from services.engine.leases import AdvisoryLocks, Leases, OneProcess
from services.platform.clock import SystemClock
from services.platform.crypto import Encryptor
from services.store.db import Database
from tests.support.replica import Replica


async def main() -> None:
    url = os.environ["DATABASE_URL"]
    database = Database(url)
    leases: Leases = OneProcess() if database.is_sqlite else AdvisoryLocks(url)
    replica = Replica(
        database, Encryptor(os.environ["ENCRYPTION_KEYS"].split(",")), SystemClock(), os.environ["SLACK_API_URL"],
        leases=leases, poll=1.0, look=2.0, seconds=10.0,
    )  # fmt: skip
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await replica.start()
    print("ready", flush=True)  # noqa: T201  # tells the test
    await stop.wait()
    await replica.stop()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
