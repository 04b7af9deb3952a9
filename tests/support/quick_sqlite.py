"""SQLite asked at once, on the loop of the test: its switches between threads take a tenth of the time of a scenario.

Whoever asks still goes on after the others, and waits for a writer as long as the program's own connections do.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Generator
from typing import Any, Self

import pytest

from services.store import db
from services.store.sqlite_driver import PointReader, QuickConnection

_LONGEST_WAIT = 5.0
"""Seconds for another's transaction, as the connections of the program wait."""


class ConnectionHere(QuickConnection):
    """Stands in for `services.store.db.QuickConnection`."""

    def __await__(self) -> Generator[Any, None, Self]:
        return self._connect().__await__()

    async def _connect(self) -> Self:
        if self._connection is None:
            self._connection = self._connector()
            self._connection.execute("PRAGMA busy_timeout=0").close()
        return self

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        until = time.monotonic() + _LONGEST_WAIT
        while True:
            try:
                done = fn(*args, **kwargs)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                await asyncio.sleep(0.005)  # SQLite tells nobody that a file is free again
            else:
                await asyncio.sleep(0)
                return done

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        self._running = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PointReaderHere(PointReader):
    """Stands in for `services.store.db.PointReader`."""

    def _read(self) -> None:
        group, self._waiting, self._is_reading = self._waiting, [], True
        reading: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        reading.set_result(self._execute([one for one, _ in group]))
        reading.add_done_callback(lambda done: self._answer(group, done))

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def stand_in(patch: pytest.MonkeyPatch) -> None:
    """Have SQLite asked at once."""
    patch.setattr(db, "QuickConnection", ConnectionHere)
    patch.setattr(db, "PointReader", PointReaderHere)


def ask_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in this test, unless it takes `database_threads`."""
    if "database_threads" not in request.fixturenames:
        stand_in(monkeypatch)
