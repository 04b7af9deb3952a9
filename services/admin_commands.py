"""What the operator's commands do to an installation that need not be running: its schema, keys and health.

Like `services/bootstrap.py` it names concrete adapters; it prints for whoever typed the command.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from services.domain.model import PersonKey
from services.engine.effects import EffectSender
from services.engine.limits import Budget
from services.engine.profile_writer import ProfileWriter
from services.platform.crypto import Encryptor
from services.platform.settings import Settings
from services.ports import Clock
from services.slack.client import SlackHealth
from services.store import schema
from services.store.db import Database
from services.store.schema import Rotation
from services.store.stores import Stores
from services.store.write_queue import WriteQueue
from services.usecases.doctor import Doctor
from services.usecases.offboarding import Offboarding

if TYPE_CHECKING:
    from services.bootstrap import Service

TROUBLE = 1


async def migrate(config: Settings, *, check: bool) -> int:
    """Bring the database up to date; with `check` an empty one, to see whether the steps lead to the models."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/empty.db" if check else config.database_url)
        try:
            await schema.upgrade(database)
            step, drift = await schema.current(database), await schema.drift(database)
        finally:
            await database.close()
    print(f"{'The steps lead to' if check else 'The database is at'} step {step}.")
    for difference in drift:
        print(f"It differs from the models: {difference}", file=sys.stderr)
    return TROUBLE if drift else 0


def steps(config: Settings) -> int:
    """The steps as SQL."""
    print(schema.sql("sqlite" if config.is_sqlite else "postgresql"))
    return 0


async def examine(config: Settings, clock: Clock) -> int:
    """One line for each thing that is looked at; TROUBLE where one is not well."""
    troubles = 0
    async with Stores.at(config.database_url, config.keys(), clock) as opened:
        slack, missing = SlackHealth(config.slack_api_url), config.missing_for_serving()
        async for finding in Doctor(database=opened.health, slack=slack, clock=clock, missing=missing).examine():
            print(f"{'ok  ' if finding.well else 'FAIL'}  {finding.subject}: {finding.sentence}")
            troubles += not finding.well
    return TROUBLE if troubles else 0


async def rotate_keys(config: Settings, clock: Clock) -> int:
    """Re-seal every secret with the newest key, with a progress bar."""
    changed = failed = 0
    async with Stores.at(config.database_url, config.keys(), clock) as opened:
        await schema.upgrade(opened.database)
        rotation = Rotation(opened.database, Encryptor(config.keys()))
        progress = Progress(console=Console(stderr=True))
        task = progress.add_task("re-sealing", total=await rotation.count())
        with progress:
            async for report in rotation.run():
                progress.advance(task, report.done)
                changed, failed = changed + report.changed, failed + report.failed
    print(f"Re-sealed {changed} values; {failed} could not be opened with any key.")
    return TROUBLE if failed else 0


async def export(config: Settings, key: PersonKey, clock: Clock) -> int:
    """Everything that is kept of a person, as JSON; TROUBLE where they are not one of ours."""
    async with _program(config, clock) as program:
        found = await program.stores.export.export(key)
    return _told(json.dumps(found, ensure_ascii=False, indent=2), known=bool(found))


async def forget(config: Settings, key: PersonKey, clock: Clock) -> int:
    """Delete a person's data, and take back what is on their profile; TROUBLE where they are not one of ours."""
    async with _program(config, clock) as program:
        known = await program.people.forget(key)
        await see_off(
            key, leaving=program.leaving, queue=program.stores.write_queue, writer=program.writer,
            effects=program.effects, clock=clock,
        )  # fmt: skip
    return _told("Everything is deleted.", known=known)


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
    """The program, neither listening nor working."""
    from services import bootstrap

    service = await bootstrap.build(config, clock=clock, worker=False)
    try:
        yield service
    finally:
        await service.stop()


def _told(text: str, *, known: bool) -> int:
    print(text if known else "Nobody of that team and user is known.", file=sys.stdout if known else sys.stderr)
    return 0 if known else TROUBLE
