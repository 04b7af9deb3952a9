"""What the operator's commands do to an installation that need not be running: its schema, keys and health.

Like `app.py`, whose commands call it, it names concrete adapters; it prints for whoever typed the command.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress

from services.domain.model import PersonKey
from services.engine.limits import Budget
from services.engine.profile_writer import ProfileWriter
from services.platform.crypto import Encryptor
from services.platform.settings import Settings
from services.ports import Clock
from services.slack.health import SlackHealth
from services.store import schema
from services.store.db import Database
from services.store.rotation import Rotation
from services.store.stores import Stores
from services.store.write_queue import WriteQueue
from services.usecases.doctor import Doctor
from services.usecases.offboarding import Leaving

TROUBLE = 1


async def stores(config: Settings, clock: Clock) -> Stores:
    """Every store over one database, brought up to date. Raises DatabaseError where there is none to be had."""
    opened = Stores.at(config.database_url, config.keys(), clock)
    await schema.upgrade(opened.database)
    return opened


async def migrate(config: Settings, *, check: bool) -> int:
    """Bring the database up to date; with `check` an empty one, to see whether the steps lead to the models."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/empty.db" if check else config.database_url)
        try:
            await schema.upgrade(database)
            step, drift = await schema.current(database), await schema.drift(database)
        finally:
            await database.close()
    _say(f"{'The steps lead to' if check else 'The database is at'} step {step}.")
    for difference in drift:
        sys.stderr.write(f"It differs from the models: {difference}\n")
    return TROUBLE if drift else 0


def steps(config: Settings) -> int:
    """The steps as SQL."""
    _say(schema.sql("sqlite" if config.is_sqlite else "postgresql"))
    return 0


async def examine(config: Settings, clock: Clock) -> int:
    """One line for each thing that is looked at; TROUBLE where one is not well."""
    troubles = 0
    async with Stores.at(config.database_url, config.keys(), clock) as opened:
        slack, missing = SlackHealth(config.slack_api_url), config.missing_for_serving()
        async for finding in Doctor(database=opened.health, slack=slack, clock=clock, missing=missing).examine():
            _say(f"{'ok  ' if finding.well else 'FAIL'}  {finding.subject}: {finding.sentence}")
            troubles += not finding.well
    return TROUBLE if troubles else 0


async def rotate_keys(config: Settings, clock: Clock) -> int:
    """Re-seal every secret with the newest key, with a progress bar."""
    changed = failed = 0
    async with await stores(config, clock) as opened:
        rotation = Rotation(opened.database, Encryptor(config.keys()))
        progress = Progress(console=Console(stderr=True))
        task = progress.add_task("re-sealing", total=await rotation.count())
        with progress:
            async for report in rotation.run():
                progress.advance(task, report.done)
                changed, failed = changed + report.changed, failed + report.failed
    _say(f"Re-sealed {changed} values; {failed} could not be opened with any key.")
    return TROUBLE if failed else 0


async def see_off(key: PersonKey, *, leaving: Leaving, wishes: WriteQueue, keeper: ProfileWriter, clock: Clock) -> None:
    """Take back what is on the profile of somebody who is being forgotten, and wait until they are gone.

    The app may run or not. Where it does, its lane has the same row at hand and decides the same: whoever records
    it first is believed, and to do it twice does no harm.
    """
    while await leaving.is_leaving(key):
        for wish in await wishes.wishes(key.team_id, clock.now(), 1, only=key.user_id):
            await keeper.keep(wish, keeper.take(wish, Budget()))
        await leaving.run_due()
        if await leaving.is_leaving(key):
            await clock.wait(clock.now() + timedelta(seconds=1), asyncio.Event())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
