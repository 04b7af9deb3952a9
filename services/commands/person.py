"""`app.py export` and `forget`: one person's data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from services import bootstrap
from services.bootstrap import Service
from services.commands import NOBODY, refused
from services.commands.installation import installed
from services.domain.model import PersonKey
from services.engine.effects import EffectSender
from services.engine.profile_writer import ProfileWriter
from services.platform.settings import Settings
from services.ports import Clock
from services.slack.limits import Budget
from services.store.connecting import locked_out_is_said
from services.store.write_queue import WriteQueue
from services.usecases.offboarding import Offboarding


async def export(config: Settings, key: PersonKey, clock: Clock) -> int:
    """Return everything that is kept of a person, as JSON; TROUBLE where they are not one of ours."""
    async with _program(config, clock) as program:
        found = await program.stores.export.export(key)
    if not found:
        return refused(NOBODY)
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 0


async def forget(config: Settings, key: PersonKey, clock: Clock) -> int:
    """Delete a person's data, and take back what is on their profile; TROUBLE where they are not one of ours."""
    async with _program(config, clock) as program:
        known = await program.cases.people.forget(key)
        await see_off(
            key, leaving=program.cases.leaving, queue=program.stores.write_queue, writer=program.runs.writer,
            effects=program.effects, clock=clock,
        )  # fmt: skip
    if not known:
        return refused(NOBODY)
    print("Everything is deleted.")
    return 0


async def see_off(
    key: PersonKey, *, leaving: Offboarding, queue: WriteQueue, writer: ProfileWriter,
    effects: Sequence[EffectSender], clock: Clock,
) -> None:  # fmt: skip
    """Take back what is on the profile of somebody who is being forgotten, and wait until they are gone.

    The app may run or not. Where it does, its sender has the same row at hand and decides the same: whoever records
    it first is believed, and to do it twice does no harm.
    """
    budget = Budget()
    while await leaving.is_leaving(key):
        pending = await queue.pending(key, clock.now())
        if pending is not None and writer.ready_at(pending, budget) is None:
            await writer.carry_out(pending, writer.take(pending, budget))
        for effect in effects:
            await effect.see_off(key, budget)
        await leaving.run_due()
        if await leaving.is_leaving(key):
            await clock.wait(clock.now() + timedelta(seconds=1), asyncio.Event())


@asynccontextmanager
async def _program(config: Settings, clock: Clock) -> AsyncIterator[Service]:
    """Build the program, neither listening nor working."""
    async with installed(config, clock):
        service = await bootstrap.build(config, clock=clock, worker=False)
    try:
        with locked_out_is_said():
            yield service
    finally:
        await service.stop()
