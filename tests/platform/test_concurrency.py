"""Waiting for one of several things."""

from __future__ import annotations

import asyncio
import contextlib

from services.platform.concurrency import first_of


async def test_whoever_is_stopped_while_waiting_leaves_nothing_that_waits() -> None:
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(first_of(asyncio.Event(), asyncio.Event(), seconds=60))
    while len(asyncio.all_tasks() - before) < 3:
        await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
