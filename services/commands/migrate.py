"""`app.py migrate`: the database brought up to date, the steps as SQL, or whether they lead to our tables."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

from services.commands import TROUBLE
from services.platform.keys import keys_of
from services.platform.settings import Settings
from services.store import schema
from services.store.db import Database


async def migrate(config: Settings, *, check: bool) -> int:
    """Bring the database up to date; with `check` an empty one, to see whether the steps lead to its tables."""
    if config.is_sqlite and not check:
        keys_of(config)  # made along with the database
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/empty.db" if check else config.database_url)
        try:
            await schema.upgrade(database)
            step, drift = await schema.current(database), await schema.drift(database)
        finally:
            await database.close()
    print(f"{'The steps lead to' if check else 'The database is at'} step {step}.")
    for difference in drift:
        print(f"It differs from the tables of this version: {difference}", file=sys.stderr)
    return TROUBLE if drift else 0


def steps(config: Settings) -> int:
    """Return the steps as SQL."""
    print(schema.sql("sqlite" if config.is_sqlite else "postgresql"))
    return 0
