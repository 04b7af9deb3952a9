"""The installation that a command is about, where there is one: a command that only looks never makes one.

In the wrong folder, or with another `DATABASE_URL`, an empty one would be made, and everything found well in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.domain.operator_errors import DatabaseError
from services.platform.keys import keys_of
from services.platform.settings import Settings
from services.ports import Clock
from services.store import schema
from services.store.connecting import locked_out_is_said
from services.store.moved import check_not_moved
from services.store.stores import Stores

WHERE = "start the app first; if it runs, run this in its folder, with its settings"


def missing(config: Settings) -> str:
    """Return what is said of an embedded database that is not there; "" where it is, or is not of that kind."""
    file = config.database_file
    return f"there is no file {file.absolute()}: {WHERE}" if config.is_sqlite and not file.is_file() else ""


@asynccontextmanager
async def installed(config: Settings, clock: Clock) -> AsyncIterator[Stores]:
    """Open its stores. Raises DatabaseError where there is none, SettingsError without keys or where it was moved."""
    if said := missing(config):
        raise DatabaseError(said)
    async with Stores.at(config.database_url, keys_of(config), clock) as stores:
        if await schema.current(stores.database) is None:
            raise DatabaseError(f"it is empty: {WHERE}")
        await check_not_moved(stores.database, config.database_file)
        with locked_out_is_said():
            yield stores
