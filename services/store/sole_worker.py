"""One process at a time works with an embedded database.

Two would write a status twice, and know of one another neither what is about to be written nor how much of Slack's
limits is used.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.domain.operator_errors import SettingsError

PATIENCE = 5.0
"""Seconds for a process that is ending to end: who starts the next one may not have waited for that."""

AGAIN = 0.05


@contextmanager
def sole_worker(file: Path) -> Iterator[None]:
    """Be the only process that works with the SQLite database `file`.

    Raises SettingsError where there is one already that does not end within `PATIENCE`. The lock is the process' own
    and ends with it, however it ends. Where none can be had, such as in a folder that cannot be written to, nothing is
    held: the database itself says what is wrong.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(file.with_name(f"{file.name}.worker"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield
        return
    try:
        _take(lock, file)
        yield
    finally:
        os.close(lock)


def _take(lock: int, file: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise SettingsError(
                    f"DATABASE_URL: another process works with {file} already, and SQLite has one that does. Beside it "
                    "there may be `serve --no-worker`; for more of them move to PostgreSQL"
                ) from None
            time.sleep(AGAIN)
        except OSError:
            return  # a file system that knows no locks
        else:
            return
