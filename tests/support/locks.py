"""PostgreSQL's locks, so that a test can open two transactions in the order it means."""

from __future__ import annotations

import sqlalchemy as sa

from services.store.db import Database
from tests.support.engine import until

_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def somebody_waits(database: Database) -> None:
    """Wait until a transaction waits for a row that another one holds."""

    async def waits() -> bool:
        async with database.read() as connection:
            return bool(await connection.scalar(_WAITING))

    await until(waits)
